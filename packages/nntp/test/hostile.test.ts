/** A server that stalls, closes, floods or answers nonsense at any octet: a typed error in time, and nothing left over. */
import { getEventListeners } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestServers } from '@fivewire/test-servers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import { Article, createNntpPool, isFivewireError, NntpClient } from '../src/index.js';

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

const timeouts = { connect: 500, greeting: 120, tls: 500, reply: 120, stall: 120, close: 100 };

/** One of everything, pipelined and nested. */
async function session(options: object): Promise<void> {
  const nntp = await NntpClient.connect({ timeouts, ...options });
  try {
    for await (const { name } of nntp.listActive())
      await nntp.stat(`<${name}@absent>`).catch(ignore);
    await nntp.date();
    const { low, high } = await nntp.group('test.fivewire');
    for await (const row of nntp.overview({ from: low, to: high })) {
      await text((await nntp.article(row.number)).body);
    }
    for await (const item of nntp.articles([low, high, high + 1])) {
      if (item.ok) await text(item.article.body);
    }
    await nntp.header('Subject', { from: low, to: high }).toArray();
    await nntp.post(
      new Article({ from: 'a@b.example', newsgroups: 'test.fivewire', subject: 's', body: '.\n' }),
    );
    await nntp.quit();
  } finally {
    nntp.close();
    await nntp.closed;
  }
}

/** Refusals are part of the session; broken connections are not. */
function ignore(error: { connection?: string }): void {
  if (error.connection !== 'usable') throw error;
}

async function world() {
  const servers = await startTestServers({
    protocols: ['nntp'],
    users: { alice: 'secret' },
    groups: ['test.fivewire', 'test.other'],
  });
  const options = (security: 'implicit-tls' | 'starttls') => ({
    host: servers.host,
    port: servers.ports.nntp[security],
    security,
    serverHostname: 'localhost',
    tls: { ca: servers.ca.certificate },
    auth: { user: 'alice', password: 'secret' },
  });
  return { servers, options };
}

describe.each(['implicit-tls', 'starttls'] as const)('over %s', (security) => {
  it('a healthy session, then the same one broken at many of its octets', async () => {
    const { servers, options } = await world();
    try {
      const nntp = await NntpClient.connect(options(security));
      for (const subject of ['one', 'two']) {
        await nntp.post(
          new Article({
            from: 'a@b.example',
            newsgroups: 'test.fivewire',
            subject,
            body: '.dot\n',
          }),
        );
      }
      await nntp.quit();
      await session(options(security));
      const total = servers.nntp.connections[1]?.sent ?? 0;
      expect(total).toBeGreaterThan(1_000);
      const stride = Math.ceil(total / 15);
      for (const kind of ['fin', 'reset', 'close-notify', 'stall'] as const) {
        for (let at = 0; at < total; at += stride) {
          servers.nntp.faults = kind === 'stall' ? { stallAt: at } : { cutAfter: at, cut: kind };
          const error = await session(options(security)).catch((caught: unknown) => caught);
          // Where all that is missing is the farewell, there may be no error.
          if (error !== undefined) expect(isFivewireError(error), String(error)).toBe(true);
          else expect(at).toBeGreaterThan(total * 0.8);
        }
      }
      expect(servers.problems).toEqual([]);
    } finally {
      await servers.close();
    }
  }, 60_000);
});

describe('in clear', () => {
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
          const reply = answer(line, socket);
          if (reply !== undefined && !socket.destroyed) socket.write(reply, 'latin1');
        }
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    return {
      options: { host: '127.0.0.1', port, security: 'cleartext' as const },
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
      fc.constantFrom(
        '200 x',
        '101',
        '.',
        '',
        '211 1 1 1 x',
        '224',
        '220 1 <a@b>',
        '480',
        '400',
        '215',
        '340',
        '500',
        '111 2',
      ),
    );
    const scripts = fc.array(fc.array(word, { maxLength: 4 }), { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        let at = 0;
        const server = await liar(() => script[at++]?.map((line) => `${line}\r\n`).join(''));
        try {
          await session(server.options).catch((error: unknown) => {
            if (!isFivewireError(error)) throw error;
          });
          await expect.poll(() => server.sockets.size).toBe(0);
        } finally {
          server.close();
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it.each([
    ['a line without end', 'CAPABILITIES', '101'],
    ['lines without end', 'CAPABILITIES', '101\r\n'],
    ['a header without end', 'ARTICLE', '220 1 <a@b>\r\n'],
    ['rows without end', 'OVER', '224\r\n'],
  ])('%s are stopped by limits (newspost CVE-2005-0101)', async (_, verb, start) => {
    const line = start.endsWith('\r\n')
      ? (verb === 'ARTICLE' ? 'a: b\r\n' : '1\ta\r\n').repeat(5_000)
      : 'x'.repeat(1 << 16);
    const server = await liar((command, socket) => {
      if (command === '') return '200 hi\r\n';
      if (!command.startsWith(verb)) {
        return command === 'CAPABILITIES' ? '101\r\nREADER\r\nOVER\r\n.\r\n' : '211 3 1 3 x\r\n';
      }
      const pour = () => {
        while (!socket.destroyed && socket.write(line));
      };
      socket.on('drain', pour);
      socket.write(start);
      pour();
      return undefined;
    });
    try {
      const error = await (async () => {
        const nntp = await NntpClient.connect({ ...server.options, limits: { rows: 100_000 } });
        await nntp.group('x');
        if (verb === 'ARTICLE') await nntp.article(1);
        for await (const _row of nntp.overview({ from: 1, to: 3 }));
      })().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'ERR_LIMIT_EXCEEDED', connection: 'closed' });
    } finally {
      server.close();
    }
  });

  it('leaves no timer, socket or listener behind', async () => {
    const resources = () =>
      process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocketWrap|TLSWrap/.test(name))
        .length;
    const before = resources();
    const server = await liar((line) => {
      if (line === '') return '200 hi\r\n';
      return line === 'CAPABILITIES' ? '101\r\nREADER\r\n.\r\n' : undefined;
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

describe('a pool', () => {
  it('lends connections, resumes TLS sessions, and says goodbye', async () => {
    const { servers, options } = await world();
    const pool = createNntpPool({ ...options('implicit-tls'), maxConnections: 2 });
    try {
      const dates = await Promise.all(
        Array.from({ length: 6 }, () => pool.use((nntp) => nntp.date())),
      );
      expect(dates).toHaveLength(6);
      expect(pool.size).toBeLessThanOrEqual(2);
      await pool.use(async (nntp) => nntp.close());
      expect(await pool.use(async (nntp) => nntp.security.verified)).toBe(true);
    } finally {
      await pool.close();
      expect(servers.nntp.connections.every(({ lines }) => lines.length > 0)).toBe(true);
      await servers.close();
    }
  });

  it('takes no stream', () => {
    expect(() => createNntpPool({ host: 'h', stream: {} } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});
