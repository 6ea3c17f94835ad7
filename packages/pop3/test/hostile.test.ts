/** A server that stalls, closes, floods or answers nonsense at any octet: a typed error in time, and nothing left over. */
import { getEventListeners } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestServers } from '@fivewire/test-servers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import { isFivewireError, Pop3Client } from '../src/index.js';

let unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await sleep(0);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const timeouts = { connect: 500, greeting: 150, tls: 500, reply: 120, stall: 120, close: 100 };

/** One of everything, pipelined and nested. */
async function session(options: object): Promise<void> {
  const pop = await Pop3Client.connect({ timeouts, ...options });
  try {
    await pop.stat();
    await pop.list().toArray();
    for await (const row of pop.uidl()) if (row.ok) await pop.noop();
    await text(pop.top(1, 0));
    for await (const item of pop.retrieveAll([1, 2])) {
      if (item.ok) await text(item.message);
      await pop.delete(item.number);
    }
    await pop.quit();
  } finally {
    pop.close();
    await pop.closed;
  }
}

async function world(faults: object) {
  const servers = await startTestServers({
    protocols: ['pop3'],
    users: { alice: 'secret' },
    faults,
  });
  for (const n of [1, 2]) {
    servers.mail.deliver('alice', `From: bob@example.org\r\nSubject: ${n}\r\n\r\n.dot\r\nend\r\n`);
  }
  const options = (security: 'implicit-tls' | 'starttls') => ({
    host: servers.host,
    port: servers.ports.pop3[security],
    security,
    serverHostname: 'localhost',
    tls: { ca: servers.ca.certificate },
    auth: { user: 'alice', password: 'secret' },
  });
  return { servers, options };
}

describe.each(['implicit-tls', 'starttls'] as const)('over %s', (security) => {
  it('a healthy session, then the same one broken at each of its octets', async () => {
    const { servers, options } = await world({});
    try {
      await session(options(security));
      const total = servers.pop3.connections[0]?.sent ?? 0;
      expect(total).toBeGreaterThan(400);
      const inbox = servers.mail.inbox('alice');
      const stride = Math.ceil(total / 15);
      for (const kind of ['cut', 'reset', 'close-notify', 'stall'] as const) {
        for (let at = 0; at < total; at += stride) {
          while (inbox.messages.length < 2) {
            servers.mail.deliver('alice', 'Subject: again\r\n\r\nx\r\n');
          }
          servers.pop3.faults =
            kind === 'stall'
              ? { stallAt: at }
              : { cutAfter: at, cut: kind === 'cut' ? 'fin' : kind };
          const before = servers.pop3.connections.length;
          let error: unknown;
          await session(options(security)).catch((caught: unknown) => {
            error = caught;
          });
          // Where all that is missing is the farewell, there may be no error; nor where the answer to CAPA was, which then is not asked for.
          const wasDialledAgain = servers.pop3.connections.length - before === 2;
          if (error !== undefined) expect(isFivewireError(error), String(error)).toBe(true);
          else expect(at > total * 0.8 || wasDialledAgain, `${kind} at ${at}`).toBe(true);
        }
      }
      expect(servers.problems).toEqual([]);
    } finally {
      await servers.close();
    }
  }, 60_000);
});

describe('in clear', () => {
  /** Answers each line by what `answer` says; counts what stays open. */
  async function liar(answer: (line: string, socket: Socket) => string | undefined) {
    const sockets = new Set<Socket>();
    const listener = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      const greeting = answer('', socket);
      if (greeting !== undefined) socket.write(greeting);
      socket.on('data', (chunk) => {
        for (const line of chunk.toString('latin1').split('\r\n').slice(0, -1)) {
          const text = answer(line, socket);
          if (text !== undefined && !socket.destroyed) socket.write(text, 'latin1');
        }
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    return {
      options: {
        host: '127.0.0.1',
        port,
        security: 'cleartext' as const,
        allowCleartextAuth: true,
        auth: { user: 'alice', password: 'secret' },
      },
      sockets,
      close: () => {
        for (const socket of sockets) socket.destroy();
        listener.close();
      },
    };
  }

  it('nonsense in place of any answer is a typed error, and the socket is closed', async () => {
    const word = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 60 }),
      fc.constantFrom('+OK', '-ERR', '+', '.', '', '+OK 1 2', '-ERR [IN-USE] x', '+ x', '1 2'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(word, { maxLength: 4 }), { maxLength: 14 }),
        async (script) => {
          let at = 0;
          const server = await liar(() => {
            const lines = script[at++];
            return lines?.map((line) => `${line}\r\n`).join('');
          });
          try {
            await session(server.options).catch((error: unknown) => {
              if (!isFivewireError(error)) throw error;
            });
            await expect.poll(() => server.sockets.size).toBe(0);
          } finally {
            server.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('a flood is stopped by limits (CVE-2013-1752)', async () => {
    const flood = 'x'.repeat(1 << 16);
    for (const start of ['+OK', '+OK\r\n']) {
      const server = await liar((line, socket) => {
        if (line === '') return '+OK\r\n';
        if (line !== 'CAPA') return '+OK\r\n';
        const pour = () => {
          while (!socket.destroyed && socket.write(flood + (start === '+OK' ? '' : '\r\n')));
        };
        socket.on('drain', pour);
        socket.write(start);
        pour();
        return undefined;
      });
      try {
        const error = await session(server.options).catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: 'ERR_LIMIT_EXCEEDED' });
      } finally {
        server.close();
      }
    }
  });

  it('leaves no timer, socket or listener behind', async () => {
    const resources = () =>
      process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocketWrap|TLSWrap/.test(name))
        .length;
    const before = resources();
    const server = await liar((line) => {
      if (line === 'STAT') return undefined;
      return line === 'CAPA' ? '+OK\r\nUSER\r\n.\r\n' : '+OK\r\n';
    });
    const controller = new AbortController();
    for (let i = 0; i < 5; i++) {
      await session({ ...server.options, signal: controller.signal }).catch(() => {});
    }
    server.close();
    await expect.poll(resources).toBeLessThanOrEqual(before);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});
