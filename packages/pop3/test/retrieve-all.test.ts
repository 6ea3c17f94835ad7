/** Many messages in a pipeline, and calls made while they come. */
import { createServer, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../tls-context-core/test/manual-clock.js';
import { Pop3Client, type Pop3Options } from '../src/index.js';
import { failure, loggedIn, play } from './dialogue.js';

const retr = (n: number, body = `m${n}`) => `S: +OK\nS: ${body}\nS: .`;

describe('retrieveAll', () => {
  it('asks ahead, in order, and tells each refusal by its item', async () => {
    const dialogue = loggedIn(
      `C: RETR 1\nC: RETR 2\nC: RETR 3\n${retr(1)}\nS: -ERR gone\n${retr(3)}`,
    );
    const result = await play(dialogue, async (pop) => {
      const seen: unknown[] = [];
      for await (const item of pop.retrieveAll([1, 2, 3])) {
        seen.push(
          item.ok ? [item.number, await text(item.message)] : [item.number, item.error.code],
        );
      }
      return seen;
    });
    expect(result).toEqual([
      [1, 'm1\r\n'],
      [2, 'ERR_COMMAND_REJECTED'],
      [3, 'm3\r\n'],
    ]);
  });

  it('asks one at a time where the server has no PIPELINING, or window says so', async () => {
    const dialogue = loggedIn(`C: RETR 1\n${retr(1)}\nC: RETR 2\n${retr(2)}`, ['USER']);
    const read = async (pop: Pop3Client, window?: number) => {
      const seen: string[] = [];
      const options = window === undefined ? {} : { window };
      for await (const item of pop.retrieveAll([1, 2], options)) {
        if (item.ok) seen.push(await text(item.message));
      }
      return seen;
    };
    expect(await play(dialogue, (pop) => read(pop))).toEqual(['m1\r\n', 'm2\r\n']);
    const pipelining = loggedIn(`C: RETR 1\n${retr(1)}\nC: RETR 2\n${retr(2)}`);
    expect(await play(pipelining, (pop) => read(pop, 1))).toEqual(['m1\r\n', 'm2\r\n']);
  });

  it('finds what came in pieces before the loop was there for it', async () => {
    const numbers = Array.from({ length: 12 }, (_, i) => i + 1);
    const listener = createServer((socket) => {
      socket.setNoDelay(true).write('+OK\r\n');
      let said: Promise<unknown> = Promise.resolve();
      const say = async (pieces: readonly string[]): Promise<void> => {
        for (const piece of pieces) {
          socket.write(piece);
          await sleep(0);
        }
      };
      socket.on('data', (octets) => {
        const text = String(octets);
        const pieces = text.startsWith('CAPA')
          ? ['+OK\r\nPIPELINING\r\n.\r\n']
          : [...text.matchAll(/\d+/g)].flatMap(([n]) => ['+OK', '\r\n', `m${n}`, '\r\n.\r\n']);
        said = said.then(() => say(pieces));
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const pop = await Pop3Client.connect({ host: '127.0.0.1', port, security: 'cleartext' });
    const seen: string[] = [];
    for await (const item of pop.retrieveAll(numbers)) {
      if (!item.ok) throw item.error;
      seen.push(await text(item.message));
      await sleep(3);
    }
    expect(seen).toEqual(numbers.map((number) => `m${number}\r\n`));
    pop.close();
    listener.close();
  });

  it('gives what is here of a longer message, where its end does not come', async () => {
    const begun = `${'x'.repeat(98)}\r\n`.repeat(700);
    const sockets: Socket[] = [];
    const listener = createServer((socket) => {
      sockets.push(socket);
      socket.write('+OK\r\n');
      socket.on('data', (octets) => {
        const asks = String(octets).startsWith('RETR');
        socket.write(asks ? `+OK\r\n${begun}` : '+OK\r\nPIPELINING\r\n.\r\n');
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const pop = await Pop3Client.connect({ host: '127.0.0.1', port, security: 'cleartext' });
    const seen: string[] = [];
    for await (const item of pop.retrieveAll([1, 2])) {
      if (!item.ok) throw item.error;
      let message = '';
      for await (const piece of item.message) {
        message += piece;
        if (message === begun) sockets[0]?.write('.\r\n+OK\r\ne\r\n.\r\n');
      }
      seen.push(message);
    }
    expect(seen).toEqual([begun, 'e\r\n']);
    pop.close();
    for (const socket of sockets) socket.destroy();
    listener.close();
  });

  it('skips what is not read, and drops what is under way when the loop is left', async () => {
    const dialogue = loggedIn(
      `C: RETR 1\nC: RETR 2\nC: RETR 3\n${retr(1)}\n${retr(2)}\n${retr(3)}\nC: NOOP\nS: +OK`,
    );
    const result = await play(dialogue, async (pop) => {
      const seen: number[] = [];
      for await (const item of pop.retrieveAll([1, 2, 3])) {
        seen.push(item.number);
        if (seen.length === 2) break;
      }
      await pop.noop();
      return seen;
    });
    expect(result).toEqual([1, 2]);
  });

  it('takes calls inside the loop: what is under way is held for later', async () => {
    const dialogue = loggedIn(
      `C: RETR 1\nC: RETR 2\n${retr(1)}\nC: DELE 1\n${retr(2)}\nS: +OK\nC: DELE 2\nS: +OK`,
    );
    const result = await play(dialogue, async (pop) => {
      const seen: string[] = [];
      for await (const item of pop.retrieveAll([1, 2])) {
        if (!item.ok) throw item.error;
        seen.push(await text(item.message));
        await pop.delete(item.number);
      }
      return [seen, pop.marked];
    });
    expect(result).toEqual([
      ['m1\r\n', 'm2\r\n'],
      [1, 2],
    ]);
  });

  it('tells a number that is none by its item, and gives the rest', async () => {
    const dialogue = loggedIn(`C: RETR 1\nC: RETR 3\n${retr(1)}\n${retr(3)}`);
    const result = await play(dialogue, async (pop) => {
      const seen: unknown[] = [];
      for await (const item of pop.retrieveAll([1, 0, 3])) {
        seen.push(item.ok ? await text(item.message) : [item.number, item.error.code]);
      }
      return seen;
    });
    expect(result).toEqual(['m1\r\n', [0, 'ERR_ARGUMENT'], 'm3\r\n']);
  });

  it('says which items were given before the connection broke', async () => {
    const dialogue = loggedIn(`C: RETR 4\nC: RETR 7\n${retr(4)}\nCLOSE`);
    const result = await play(dialogue, async (pop) => {
      const given = async () => {
        for await (const item of pop.retrieveAll([4, 7])) if (item.ok) await text(item.message);
      };
      return (({ code, given }) => ({ code, given }))(await failure(given()));
    });
    expect(result).toEqual({ code: 'ERR_CONNECTION_CLOSED', given: { count: 1, last: 4 } });
  });

  it('refuses a bad window and bad numbers', async () => {
    await play(loggedIn('C: NOOP\nS: +OK'), async (pop) => {
      for (const window of [0, -1, 1.5, Number.NaN]) {
        expect(() => pop.retrieveAll([1], { window })).toThrow(
          expect.objectContaining({ code: 'ERR_ARGUMENT' }),
        );
      }
      await pop.noop();
    });
  });

  it('takes the numbers from an async iterable', async () => {
    const dialogue = loggedIn(`C: RETR 1\nC: RETR 2\n${retr(1)}\n${retr(2)}\nC: NOOP\nS: +OK`);
    const result = await play(dialogue, async (pop) => {
      async function* numbers() {
        yield 1;
        yield 2;
      }
      const seen: number[] = [];
      for await (const item of pop.retrieveAll(numbers())) seen.push(item.number);
      await pop.noop();
      return seen;
    });
    expect(result).toEqual([1, 2]);
  });
});

describe('calls made at once', () => {
  it('share the connection, each in its turn', async () => {
    const dialogue = loggedIn(`C: STAT\nC: RETR 1\nC: NOOP\nS: +OK 1 2\n${retr(1)}\nS: +OK`);
    const result = await play(dialogue, async (pop) =>
      Promise.all([pop.stat(), text(pop.retrieve(1)), pop.noop()]),
    );
    expect(result).toEqual([{ count: 1, octets: 2 }, 'm1\r\n', undefined]);
  });

  it('a call inside a loop over a listing works', async () => {
    const dialogue = loggedIn(
      `C: LIST\nS: +OK\nS: 1 4\nS: 2 4\nS: .\nC: RETR 1\n${retr(1)}\nC: RETR 2\n${retr(2)}`,
    );
    const result = await play(dialogue, async (pop) => {
      const seen: string[] = [];
      for await (const row of pop.list()) {
        if (row.ok) seen.push(await text(pop.retrieve(row.number)));
      }
      return seen;
    });
    expect(result).toEqual(['m1\r\n', 'm2\r\n']);
  });

  it('a call inside a loop over a body works', async () => {
    const dialogue = loggedIn(`C: RETR 1\n${retr(1)}\nC: NOOP\nS: +OK`);
    await play(dialogue, async (pop) => {
      let first = true;
      for await (const _ of pop.retrieve(1)) {
        if (first) await pop.noop();
        first = false;
      }
    });
  });
});

describe('with big messages', () => {
  /** A server of endless patience: RETR n gives n MiB. */
  async function bigServer(options: Partial<Pop3Options> = {}) {
    const asked: string[] = [];
    const sockets = new Set<Socket>();
    const line = Buffer.from(`${'x'.repeat(1022)}\r\n`);
    const mebibyte = Buffer.concat(Array.from({ length: 1024 }, () => line));
    const listener = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.write('+OK\r\n');
      let input = '';
      socket.on('data', (chunk) => {
        input += chunk;
        const lines = input.split('\r\n');
        input = lines.pop() ?? '';
        for (const command of lines) {
          asked.push(command);
          const [verb, argument] = command.split(' ');
          if (verb === 'CAPA') socket.write('+OK\r\nPIPELINING\r\nUSER\r\n.\r\n');
          else if (verb === 'RETR') {
            socket.write('+OK\r\n');
            for (let i = 0; i < Number(argument) % 1_000; i++) socket.write(mebibyte);
            socket.write('.\r\n');
          } else socket.write('+OK\r\n');
        }
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const pop = await Pop3Client.connect({
      host: '127.0.0.1',
      port,
      security: 'cleartext',
      ...options,
    } as Pop3Options);
    return {
      pop,
      asked,
      close() {
        pop.close();
        for (const socket of sockets) socket.destroy();
        listener.close();
      },
    };
  }

  it('a call that waits for a body whose consumer has stopped throws, and again at once', async () => {
    const clock = manualClock();
    const { pop, close } = await bigServer({ limits: { aheadOctets: 1 << 20 } });
    try {
      const message = pop.retrieve(8);
      const reader = message[Symbol.asyncIterator]();
      await reader.next();
      const refused = failure(pop.noop());
      while (message.readableLength < 1 << 20)
        await new Promise((resolve) => setImmediate(resolve));
      clock.pass(60_001); // `timeouts.stall`
      expect(await refused).toMatchObject({
        code: 'ERR_WOULD_DEADLOCK',
        connection: 'usable',
        command: 'NOOP',
        message: expect.stringContaining('RETR 8'),
      });
      expect((await failure(pop.noop())).code).toBe('ERR_WOULD_DEADLOCK');
      // The body itself is untouched.
      let octets = 0;
      for (let next = await reader.next(); !next.done; next = await reader.next()) {
        octets += (next.value as Buffer).length;
      }
      expect(octets).toBeGreaterThan(7 << 20);
      await pop.noop();
    } finally {
      clock.restore();
      close();
    }
  });

  it('messages that can not be held for the loop are asked for again', async () => {
    const { pop, asked, close } = await bigServer({ limits: { aheadOctets: 1 << 20 } });
    try {
      const sizes: number[] = [];
      for await (const item of pop.retrieveAll([1, 3, 4, 2])) {
        if (!item.ok) throw item.error;
        sizes.push((await buffer(item.message)).length >> 20);
        await pop.noop();
      }
      expect(sizes).toEqual([1, 3, 4, 2]);
      expect(asked.filter((line) => line === 'RETR 3')).toHaveLength(2);
    } finally {
      close();
    }
  });

  it('a big body that is given up ends the connection', async () => {
    const { pop, close } = await bigServer();
    try {
      for await (const _ of pop.retrieve(8)) break;
      expect((await pop.closed).error?.code).toBe('ERR_LOCAL_IO');
      expect((await failure(pop.noop())).code).toBe('ERR_LOCAL_IO');
    } finally {
      close();
    }
  });

  it('a slow reader holds the server back', async () => {
    const { pop, close } = await bigServer();
    try {
      const before = process.memoryUsage().arrayBuffers;
      const body = pop.retrieve(200);
      const reader = body[Symbol.asyncIterator]();
      await reader.next();
      await sleep(300);
      expect(body.readableLength).toBeLessThan(2 << 20);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300 << 20);
      body.destroy();
    } finally {
      close();
    }
  });
});
