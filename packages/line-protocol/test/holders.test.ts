/** Bodies and listings that hold the reading turn at their consumer's pace, and what happens to calls that wait behind. */
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../tls-context-core/test/manual-clock.js';
import {
  askAhead,
  type BodyCommand,
  CommandError,
  commandLine,
  DotDecoder,
  type LineConnectionOptions,
  type PacedBody,
  ReplyBody,
  ReplyQueue,
  RowReader,
  Rows,
} from '../src/index.js';
import { connectionPair, settled, tick } from './pair.js';

let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});
afterEach(() => clock.restore());

const wait = { phase: 'transfer' as const, timeout: 0 };

const joined = async (body: AsyncIterable<Buffer>): Promise<string> => {
  let all = '';
  for await (const piece of body) all += piece;
  return all;
};

/** A protocol of `+` and `-` lines, whose bodies and listings end with a dot. */
async function protocol(aheadOctets = 1_000, options: Partial<LineConnectionOptions> = {}) {
  const pair = await connectionPair(options);
  const { connection } = pair;
  const queue = new ReplyQueue(connection, { stray: () => undefined });
  const received: string[] = [];
  pair.server.on('data', (chunk) =>
    received.push(...chunk.toString().split('\r\n').filter(Boolean)),
  );
  const status = async (): Promise<string> => {
    const line = await connection.readLine(wait);
    if (line.startsWith('+')) return line.slice(1);
    throw new CommandError('ERR_COMMAND_REJECTED', line);
  };
  const source = { queue, connection, aheadOctets };
  const command = (verb: string): BodyCommand<string> => ({
    text: verb,
    readHead: status,
    decoder: () => new DotDecoder(),
    wait,
  });
  const body = (verb: string, signal?: AbortSignal) =>
    new ReplyBody<string>({ ...source, signal }, command(verb), true);
  const reader = (verb: string, mayCut = false, signal?: AbortSignal) =>
    new RowReader<string>({
      queue,
      connection,
      line: commandLine(verb),
      pipelined: true,
      readHead: async () => (await status()) !== 'none',
      parse: (line) => (line === 'skip' ? undefined : line),
      wait,
      aheadOctets,
      maxRows: 100,
      mayCut,
      signal,
    });
  const call = (verb: string) =>
    queue.run(async (turn) => {
      connection.send(commandLine(verb));
      turn.wrote();
      await turn.toRead();
      return status();
    });
  return { ...pair, queue, received, source, command, body, reader, call };
}

describe('ReplyBody', () => {
  it('sends nothing until it is read, and nothing at all when it is destroyed before', async () => {
    const { body, call, received, server, close } = await protocol();
    const [kept, dropped] = [body('A'), body('B')];
    dropped.destroy();
    await tick();
    expect(received).toEqual([]);
    const reading = text(kept);
    const after = call('C');
    await expect.poll(() => received).toEqual(['A', 'C']);
    server.write('+\r\nx\r\n..y\r\n.\r\n+c\r\n');
    expect(await reading).toBe('x\r\n.y\r\n');
    expect(await after).toBe('c');
    expect(kept.past).toBe(true);
    close();
  });

  it('dropped while its command waits for its turn is never sent', async () => {
    const { body, queue, connection, received, server, close } = await protocol();
    const first = queue.run(async () => {
      connection.send(commandLine('A'));
      return connection.readLine(wait);
    });
    const second = body('B');
    second.resume();
    await tick();
    second.destroy();
    server.write('+a\r\n');
    await first;
    await tick();
    expect(received).toEqual(['A']);
    close();
  });

  it('reads ahead for a call that waits behind it, with no consumer reading', async () => {
    const { body, call, server, close } = await protocol();
    const held = body('A');
    server.write('+head\r\n');
    expect(await held.head()).toBe('head');
    const after = call('B');
    server.write(`${'x'.repeat(500)}\r\n.\r\n+b\r\n`);
    expect(await after).toBe('b');
    expect(await text(held)).toHaveLength(502);
    close();
  });

  it('tells those who wait when it is too long to be held, and they may wait again once it is read', async () => {
    const { body, call, connection, server, close } = await protocol(1_000);
    const held = body('A');
    const iterator = held[Symbol.asyncIterator]();
    server.write(`+\r\n${'x'.repeat(2_000_000)}\r\n.\r\n+b\r\n+b\r\n`);
    await iterator.next();
    const refused = settled(call('B'));
    while (held.readableLength < 1_000) await tick(1);
    clock.pass(60_001); // `timeouts.stall`
    expect(await refused).toMatchObject({
      code: 'ERR_WOULD_DEADLOCK',
      connection: 'usable',
      message: expect.stringContaining('the body of A'),
    });
    // As long as the consumer does not move, there is nothing more to learn.
    expect(await settled(call('B'))).toMatchObject({ code: 'ERR_WOULD_DEADLOCK' });
    for (let next = await iterator.next(); !next.done; next = await iterator.next());
    const after = call('C');
    server.write('+c\r\n');
    expect(await after).toBe('c');
    expect(connection.isOpen).toBe(true);
    close();
  });

  it('lets calls wait as long as the consumer lives, however slow it is', async () => {
    const { body, call, server, close } = await protocol(1_000);
    const held = body('A');
    const iterator = held[Symbol.asyncIterator]();
    server.write(`+\r\n${'x'.repeat(3_000_000)}\r\n.\r\n+b\r\n`);
    let octets = (await iterator.next()).value.length;
    const after = call('B');
    for (;;) {
      await tick();
      clock.pass(59_000);
      const { done, value } = await iterator.next();
      if (done) break;
      octets += value.length;
    }
    expect(octets).toBe(3_000_002);
    expect(await after).toBe('b');
    close();
  });

  it('counts the pieces that a consumer takes of what is held for it', async () => {
    const { body, call, server, close } = await protocol(2_000_000);
    const held = body('A');
    server.write(`+\r\n${'x'.repeat(3_000_000)}\r\n.\r\n+b\r\n`);
    await held.head();
    const after = call('B');
    let taken = 0;
    while (taken < 3_000_002) {
      await tick(1);
      clock.pass(59_000);
      const piece = (held.read(10_000) ?? held.read()) as Buffer | null;
      taken += piece?.length ?? 0;
    }
    expect(await after).toBe('b');
    close();
  });

  it('given up early is drained when short, and ends the connection when long', async () => {
    for (const [octets, open] of [
      [100_000, true],
      [3_000_000, false],
    ] as const) {
      const { body, call, connection, server, close } = await protocol();
      server.write(`+\r\n${'x'.repeat(octets)}\r\n.\r\n+b\r\n`);
      for await (const _ of body('A')) break;
      expect(await settled(call('B'))).toEqual(
        open ? 'fulfilled' : expect.objectContaining({ code: 'ERR_LOCAL_IO' }),
      );
      expect(connection.isOpen).toBe(open);
      close();
    }
  });

  it('is abandoned by its signal, before and within', async () => {
    const { body, call, connection, server, close } = await protocol();
    const controller = new AbortController();
    const held = body('A', controller.signal);
    const reading = settled(text(held));
    server.write('+\r\nx\r\n');
    await tick();
    controller.abort();
    expect(await reading).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    const after = call('B');
    server.write('y\r\n.\r\n+b\r\n');
    expect(await after).toBe('b');
    expect(await settled(text(body('C', controller.signal)))).toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(connection.isOpen).toBe(true);
    close();
  });
});

describe('RowReader', () => {
  const collect = async <T>(rows: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const row of rows) all.push(row);
    return all;
  };

  it('gives rows as they come, without dot stuffing, and leaves out what can not be parsed', async () => {
    const { reader, server, close } = await protocol();
    const rows = new Rows(() => reader('L'));
    const all = rows.toArray();
    for (const piece of ['+\r\na\r', '\n..b\r\nsk', 'ip\r\n', '\r\nc\r\n.', '\r\n']) {
      server.write(piece);
      await tick(2);
    }
    expect(await all).toEqual(['a', '.b', '', 'c']);
    close();
  });

  it('knows answers without rows, and refusals', async () => {
    const { reader, call, server, close } = await protocol();
    server.write('+none\r\n');
    expect(await new Rows(() => reader('L')).toArray()).toEqual([]);
    server.write('-no\r\n');
    expect(await settled(new Rows(() => reader('M')).toArray())).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
    });
    server.write('+n\r\n');
    expect(await call('N')).toBe('n');
    close();
  });

  it('answers overlapping next() calls in order', async () => {
    const { reader, server, close } = await protocol();
    const rows = reader('L');
    const all = [rows.next(), rows.next(), rows.next()];
    server.write('+\r\na\r\n');
    await tick();
    server.write('b\r\n.\r\n');
    const results = await Promise.all(all);
    expect(results.map(({ value }) => value)).toEqual(['a', 'b', undefined]);
    expect((await rows.next()).done).toBe(true);
    close();
  });

  it('reads ahead for a call inside the loop', async () => {
    const { reader, call, server, close } = await protocol();
    server.write('+\r\na\r\nb\r\n');
    const seen: string[] = [];
    for await (const row of { [Symbol.asyncIterator]: () => reader('L') }) {
      seen.push(row);
      if (row !== 'a') continue;
      const inner = call('B');
      server.write('c\r\n.\r\n+b\r\n');
      expect(await inner).toBe('b');
    }
    expect(seen).toEqual(['a', 'b', 'c']);
    close();
  });

  it('throws away what can not be held where it can be asked for again, and refuses the call elsewhere', async () => {
    for (const mayCut of [true, false]) {
      const { reader, call, server, close } = await protocol(200);
      const rows = reader('L', mayCut);
      const lines = Array.from({ length: 50 }, (_, i) => `row ${i} ${'x'.repeat(50)}\r\n`).join('');
      server.write(`+\r\n${lines}.\r\n+b\r\n`);
      await rows.next();
      const refused = settled(call('B'));
      await tick();
      clock.pass(60_001); // `timeouts.stall`
      const inner = await refused;
      if (mayCut) {
        expect(inner).toBe('fulfilled');
        const rest = await collect({ [Symbol.asyncIterator]: () => rows });
        expect(rest.length).toBeLessThan(10);
        expect(rows.cut).toBe(true);
      } else {
        expect(inner).toMatchObject({ code: 'ERR_WOULD_DEADLOCK' });
        expect(await collect({ [Symbol.asyncIterator]: () => rows })).toHaveLength(49);
        expect(rows.cut).toBe(false);
      }
      close();
    }
  });

  it('left early, or abandoned by its signal, is read to its end', async () => {
    const { reader, call, server, close } = await protocol();
    const controller = new AbortController();
    server.write('+\r\na\r\n');
    for await (const _ of { [Symbol.asyncIterator]: () => reader('L') }) break;
    const first = call('B');
    server.write('b\r\n.\r\n+b\r\n');
    expect(await first).toBe('b');
    const rows = reader('M', false, controller.signal);
    server.write('+\r\na\r\n');
    await rows.next();
    const next = settled(rows.next());
    controller.abort();
    expect(await next).toMatchObject({ code: 'ERR_ABORTED' });
    const second = call('C');
    server.write('b\r\n.\r\n+c\r\n');
    expect(await second).toBe('c');
    close();
  });

  it('gives what came before the server left, however slow its consumer; then the connection is over', async () => {
    const { reader, connection, server, close } = await protocol();
    server.end('+\r\na\r\nb\r\n.\r\n');
    const seen: string[] = [];
    for await (const row of { [Symbol.asyncIterator]: () => reader('L') }) {
      seen.push(row);
      await tick(30);
    }
    expect(seen).toEqual(['a', 'b']);
    expect((await connection.closed).reason).toBe('server');
    close();
  });

  it('stops at maxRows, at silence, and at the end of the connection', async () => {
    const many = await protocol();
    many.server.write(`+\r\n${'r\r\n'.repeat(200)}`);
    expect(await settled(new Rows(() => many.reader('L')).toArray())).toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
      limit: 'rows',
    });
    many.close();
    const cut = await protocol();
    cut.server.write('+\r\na\r\n');
    const rows = cut.reader('L');
    await rows.next();
    const next = settled(rows.next());
    cut.server.end();
    expect(await next).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
    cut.close();
  });
});

describe('askAhead', () => {
  type Item = [string, PacedBody | string];

  async function loop(
    keys: Iterable<string> | AsyncIterable<string>,
    window = 3,
    options: { signal?: AbortSignal; pipelined?: () => boolean } = {},
  ) {
    const world = await protocol(5_000);
    const items = askAhead<string, string, Item>(keys, {
      ...world.source,
      argument: 'keys',
      pipelined: () => true,
      ...options,
      command: world.command,
      give: (key, body) => [key, body],
      refuse: (key, error) => [key, error.message],
      window,
    });
    return { ...world, items };
  }

  it('keeps a window under way, and gives refusals their place', async () => {
    const { items, received, server, close } = await loop(['A', 'B', 'C', 'D', 'E']);
    const first = items.next();
    await expect.poll(() => received).toEqual(['A', 'B', 'C']);
    server.write('+\r\na\r\n.\r\n-no\r\n+\r\nc\r\n.\r\n');
    const seen: string[] = [];
    const read = async ([key, body]: Item) =>
      seen.push(`${key} ${typeof body === 'string' ? body : await text(body)}`);
    await read((await first).value as Item);
    for (let i = 0; i < 2; i++) await read((await items.next()).value as Item);
    server.write('+\r\nd\r\n.\r\n+\r\ne\r\n.\r\n');
    for await (const item of items) await read(item);
    expect(seen).toEqual(['A a\r\n', 'B -no', 'C c\r\n', 'D d\r\n', 'E e\r\n']);
    close();
  });

  it('ends its source, and gets past what it asked for, when the loop is left', async () => {
    let ended = false;
    async function* source() {
      try {
        for (;;) yield 'A';
      } finally {
        ended = true;
      }
    }
    const { items, call, server, close } = await loop(source());
    server.write('+\r\na\r\n.\r\n+\r\nb\r\n.\r\n+\r\nc\r\n.\r\n');
    server.on('data', (line) => String(line).includes('D') && server.write('+d\r\n'));
    for await (const _ of items) break;
    expect(ended).toBe(true);
    expect(await call('D')).toBe('d');
    close();
  });

  const bodyOf = (octets: number, text = 'x') => `+\r\n${text.repeat(octets)}\r\n.\r\n`;

  it('serves a call inside the loop: what is under way is held, what can not be is asked for again', async () => {
    const { items, call, received, server, close } = await loop(['A', 'B', 'C', 'D']);
    const sizes: [string, number][] = [];
    server.on('data', (chunk) => {
      for (const verb of chunk.toString().split('\r\n').filter(Boolean))
        server.write(verb === 'N' ? '+n\r\n' : bodyOf(6_000));
    });
    for await (const [key, body] of items) {
      if (key === 'A') expect(await call('N')).toBe('n');
      sizes.push([key, (await text(body as PacedBody)).length]);
    }
    expect(sizes).toEqual(['A', 'B', 'C', 'D'].map((key) => [key, 6_002]));
    // 5,000 octets may be held: after B there was no room for C.
    expect(received).toEqual(['A', 'B', 'C', 'N', 'D', 'C']);
    close();
  });

  it('a call waits while a body in the loop is read, and is refused once its consumer has stopped', async () => {
    const { items, call, server, close } = await loop(['A', 'B']);
    server.write(`${bodyOf(1_000_000) + bodyOf(1)}+n\r\n`);
    const [, body] = (await items.next()).value as [string, PacedBody];
    const pieces = body[Symbol.asyncIterator]();
    await pieces.next();
    const waits = call('N');
    for (let at = 0; at < 4; at++) {
      await tick();
      clock.pass(59_000);
      await pieces.next();
    }
    const refused = settled(waits);
    await tick();
    clock.pass(60_001); // `timeouts.stall`
    expect(await refused).toMatchObject({ code: 'ERR_WOULD_DEADLOCK', connection: 'usable' });
    close();
  });

  it('ends with its signal, and gets past what it asked for', async () => {
    const controller = new AbortController();
    const { items, call, server, close } = await loop(['A', 'B'], 3, { signal: controller.signal });
    server.write('+\r\na\r\n');
    const [, body] = (await items.next()).value as [string, PacedBody];
    const reading = settled(text(body));
    await tick();
    controller.abort();
    expect(await reading).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    expect(await settled(items.next())).toMatchObject({ code: 'ERR_ABORTED', command: 'B' });
    const after = call('C');
    server.write(`\r\n.\r\n${bodyOf(1)}+c\r\n`);
    expect(await after).toBe('c');
    expect((await items.next()).done).toBe(true);
    close();
  });

  it('answers overlapping next() calls in order, and a return() among them', async () => {
    const { items, server, close } = await loop(['A', 'B', 'C']);
    const all = [items.next(), items.next(), items.return(), items.next()];
    server.write(bodyOf(1) + bodyOf(1) + bodyOf(1));
    const keys = (await Promise.all(all)).map(({ done, value }) => (done ? 'done' : value?.[0]));
    expect(keys).toEqual(['A', 'B', 'done', 'done']);
    close();
  });

  it('asks for the others again where commands may no longer go out ahead', async () => {
    let pipelined = true;
    const options = { pipelined: () => pipelined };
    const { items, received, server, queue, connection, close } = await loop(
      ['A', 'B'],
      3,
      options,
    );
    // Holds the turn to write until pipelining has been given up.
    const first = queue.run(async () => {
      connection.send(commandLine('N'));
      return connection.readLine(wait);
    });
    const next = items.next();
    await tick();
    pipelined = false;
    server.write('+\r\n');
    await first;
    await tick();
    server.write(bodyOf(1));
    expect((await next).value?.[0]).toBe('A');
    const second = items.next();
    await expect.poll(() => received).toEqual(['N', 'A', 'B']);
    server.write(bodyOf(1));
    expect((await second).value?.[0]).toBe('B');
    close();
  });

  it('gives each body whole, however the octets are cut', async () => {
    const wire = '+\r\na\r\n..b\r\n.\r\n-no\r\n+\r\n.\r\n+\r\nd\r\n.\r\n';
    for (let cut = 1; cut < wire.length; cut++) {
      const { items, server, close } = await loop(['A', 'B', 'C', 'D'], 4);
      server.write(wire.slice(0, cut));
      const seen: string[] = [];
      const reading = (async () => {
        for await (const [key, body] of items)
          seen.push(`${key} ${typeof body === 'string' ? body : await joined(body)}`);
      })();
      await tick(2);
      server.write(wire.slice(cut));
      await reading;
      expect(seen).toEqual(['A a\r\n.b\r\n', 'B -no', 'C ', 'D d\r\n']);
      close();
    }
  });

  it('throws when the connection breaks', async () => {
    const { items, server, close } = await loop(['A', 'B']);
    server.write('+\r\na\r\n.\r\n');
    await items.next();
    server.destroy();
    expect(await settled(items.next())).toMatchObject({ connection: 'closed' });
    expect((await items.next()).done).toBe(true);
    close();
  });
});
