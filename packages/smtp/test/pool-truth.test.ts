/** Many messages through a pool whose links are cut at the worst moments: what is told is what happened. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { createSmtpPool } from '../src/index.js';
import { type Model, model } from './matrix/model-server.js';

/** What the server does with a message: `cut` ends the link without a word, before or after it keeps the message. */
type Fate = 'keep' | 'cut-kept' | 'cut-lost' | 'cut-early' | 'refuse' | 'leave' | 'restart';

let server: Server | undefined;
afterEach(() => server?.close());

/** Cleartext SMTP with PIPELINING, one message at a time a link. */
async function start(
  fateOf: (subject: string, isWhole: boolean) => Fate,
  port = 0,
  kept: string[] = [],
  perSession = Infinity,
): Promise<{ port: number; kept: string[] }> {
  const sockets = new Set<Socket>();
  const listening = createServer({ noDelay: true }, (socket: Socket) => {
    let input = '';
    let body: string | undefined;
    let mails = 0;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.setEncoding('latin1');
    const line = (text: string): void => {
      if (body !== undefined) {
        if (text !== '.') {
          body += `${text}\n`;
          const subject = /^Subject: (.*)$/m.exec(body)?.[1] ?? '';
          if (fateOf(subject, false) === 'cut-early') socket.destroy();
          return;
        }
        const subject = /^Subject: (.*)$/m.exec(body)?.[1] ?? '';
        body = undefined;
        const fate = fateOf(subject, true);
        if (fate === 'keep' || fate === 'cut-kept') kept.push(subject);
        if (fate === 'keep') socket.write('250 2.0.0 ok\r\n');
        else if (fate === 'refuse') socket.write('554 5.7.1 no\r\n');
        else if (fate === 'leave') socket.end('421 4.3.2 leaving\r\n');
        else if (fate === 'restart') restart();
        else socket.destroy();
        return;
      }
      const verb = text.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') socket.write('250-ready\r\n250 PIPELINING\r\n');
      else if (verb === 'MAIL' && ++mails > perSession)
        socket.write('452 4.5.3 Too many recipients: Too many messages sent\r\n');
      else if (mails > perSession && (verb === 'RCPT' || verb === 'DATA'))
        socket.write('503 5.5.1 MAIL first\r\n');
      else if (verb === 'DATA') {
        body = '';
        socket.write('354 go on\r\n');
      } else if (verb === 'QUIT') socket.end('221 bye\r\n');
      else socket.write('250 2.1.0 ok\r\n');
    };
    socket.on('data', (chunk: string) => {
      input += chunk;
      for (let end = input.indexOf('\r\n'); end >= 0; end = input.indexOf('\r\n')) {
        const text = input.slice(0, end);
        input = input.slice(end + 2);
        if (!socket.destroyed) line(text);
      }
    });
    socket.write('220 ready\r\n');
  });
  /** All links go, and dials are refused until another server listens in its place. */
  const restart = (): void => {
    for (const socket of sockets) socket.destroy();
    listening.close(() => {
      void start(fateOf, address.port, kept);
    });
  };
  server = listening;
  await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
  const address = listening.address() as { port: number };
  return { port: address.port, kept };
}

test('none lost, none doubled, none misreported', async () => {
  const fates: Fate[] = ['cut-kept', 'cut-lost', 'cut-early', 'refuse', 'leave'];
  const fateOf = (subject: string): Fate => {
    const n = Number(subject);
    return n % 19 === 7 ? (fates[Math.floor(n / 19) % fates.length] as Fate) : 'keep';
  };
  const { port, kept } = await start(fateOf);
  const pool = createSmtpPool({
    host: '127.0.0.1',
    port,
    security: 'cleartext',
    maxConnections: 4,
  });
  try {
    const told = await Promise.all(
      Array.from({ length: 250 }, (_, n) =>
        pool
          .send(
            { from: 'a@example.org', to: 'b@example.net' },
            `Subject: ${n}\r\n\r\n${'x'.repeat(n * 7)}\r\n`,
          )
          .then(
            () => 'sent',
            (error: { code: string }) => error.code,
          ),
      ),
    );
    expect(new Set(kept).size).toBe(kept.length); // none doubled
    for (const [n, outcome] of told.entries()) {
      const arrived = kept.includes(String(n));
      const expected = {
        keep: 'sent',
        'cut-kept': 'ERR_OUTCOME_UNKNOWN',
        'cut-lost': 'ERR_OUTCOME_UNKNOWN',
        'cut-early': /^ERR_(?:CONNECTION_CLOSED|OUTCOME_UNKNOWN)$/,
        refuse: 'ERR_COMMAND_REJECTED',
        leave: 'ERR_SERVER_CLOSING',
        restart: 'none here',
      }[fateOf(String(n))];
      expect(`${n}: ${outcome}`).toMatch(
        expected instanceof RegExp ? /: ERR_/ : `${n}: ${expected}`,
      );
      if (outcome === 'sent') expect(arrived).toBe(true);
      else if (outcome !== 'ERR_OUTCOME_UNKNOWN') expect(arrived).toBe(false);
    }
  } finally {
    await pool.close();
  }
});

test('a server that takes some messages in a session, and refuses MAIL from then on (OpenSMTPD)', async () => {
  const { port, kept } = await start(() => 'keep', 0, [], 10);
  const pool = createSmtpPool({ host: '127.0.0.1', port, security: 'cleartext' });
  try {
    const names = Array.from({ length: 105 }, (_, n) => String(n));
    const sends = names.map((name) =>
      pool.send({ from: 'a@example.org', to: 'b@example.net' }, `Subject: ${name}\r\n\r\nx\r\n`),
    );
    await Promise.all(sends);
    expect([...kept].sort()).toEqual([...names].sort());
  } finally {
    await pool.close();
  }
});

test.each([
  ['leaves', '421 4.7.0 Enough'],
  ['says that it is enough', '452 4.5.3 Too many messages sent'],
])(
  'a server that %s after each message: those that travel with their envelope, too',
  async (_, say) => {
    const models: Model[] = [];
    const dial = async (): Promise<Duplex> => {
      const extensions = ['PIPELINING', 'CHUNKING'];
      const one = model({ extensions, lmtp: false, at: 'MAIL 2', oddity: { say }, slowly: false });
      models.push(one);
      return one.stream;
    };
    const pool = createSmtpPool({
      host: 'mx.example.test',
      dial,
      security: 'cleartext',
      chunking: true,
    });
    try {
      const bodies = Array.from({ length: 12 }, (_, n) => `Subject: ${n}\r\n\r\nx\r\n`);
      const envelope = { from: 'a@example.org', to: 'b@example.net' };
      for (const body of bodies) await pool.send(envelope, body);
      expect(models.flatMap(({ kept }) => kept.map(({ body }) => body))).toEqual(bodies);
    } finally {
      await pool.close();
    }
  },
);

test('MAILMAX (RFC 9422): no session is asked to take more messages than the server has said', async () => {
  const models: Model[] = [];
  const dial = async (): Promise<Duplex> => {
    const extensions = ['PIPELINING', 'LIMITS RCPTMAX=5 MAILMAX=2'];
    const oddity = { say: '550 5.7.0 I had said so' };
    const one = model({ extensions, lmtp: false, at: 'MAIL 3', oddity, slowly: false });
    models.push(one);
    return one.stream;
  };
  const pool = createSmtpPool({ host: 'mx.example.test', dial, security: 'cleartext' });
  try {
    const envelope = { from: 'a@example.org', to: 'b@example.net' };
    const bodies = Array.from({ length: 20 }, (_, n) => `Subject: ${n}\r\n\r\nx\r\n`);
    for (const body of bodies.slice(0, 6)) await pool.send(envelope, body);
    expect(models).toHaveLength(3);
    await Promise.all(bodies.slice(6).map((body) => pool.send(envelope, body)));
    const kept = models.map((one) => one.kept.map(({ body }) => body));
    expect(kept.flat().sort()).toEqual([...bodies].sort());
    for (const each of kept) expect(each.length).toBeLessThanOrEqual(2);
  } finally {
    await pool.close();
  }
});

test('and one that refuses the first MAIL of a session so is heard', async () => {
  const { port, kept } = await start(() => 'keep', 0, [], 0);
  const pool = createSmtpPool({ host: '127.0.0.1', port, security: 'cleartext' });
  try {
    await expect(
      pool.send({ from: 'a@example.org', to: 'b@example.net' }, 'x'),
    ).rejects.toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      retry: 'later',
      hint: expect.stringContaining('pool'),
    });
    expect(kept).toEqual([]);
  } finally {
    await pool.close();
  }
});

/** `FIVEWIRE_MESSAGES=20000 npm test -- packages/smtp/test/pool-truth` for more. */
const total = Number(process.env.FIVEWIRE_MESSAGES ?? 2_000);

test(`${total} messages, 21 links cut after the dot, an abort and a restart: none lost, none doubled, none misreported`, async () => {
  const apart = Math.floor(total / 22);
  let cuts = 0;
  /** Of those that come whole: each so-manieth takes its link with it, and one in the middle the server. */
  let whole = 0;
  const { port, kept } = await start((subject, isWhole) => {
    if (!isWhole) return 'keep';
    whole++;
    if (whole === Math.floor(total / 2) + 1) return 'restart';
    if (cuts === 21 || whole % apart !== 0) return 'keep';
    cuts++;
    return Number(subject) % 2 === 0 ? 'cut-lost' : 'cut-kept';
  });
  const pool = createSmtpPool({
    host: '127.0.0.1',
    port,
    security: 'cleartext',
    maxConnections: 4,
  });
  const stop = new AbortController();
  try {
    const told = await Promise.all(
      Array.from({ length: total }, async (_, n): Promise<string> => {
        const body = `Subject: ${n}\r\n\r\nx\r\n`;
        const options = n === Math.floor(total * 0.7) ? { signal: stop.signal } : {};
        if (n === Math.floor(total * 0.7)) queueMicrotask(() => stop.abort());
        try {
          await pool.send({ from: 'a@example.org', to: 'b@example.net' }, body, options);
          return 'sent';
        } catch (error) {
          return (error as { code: string }).code;
        }
      }),
    );
    const arrived = new Set(kept);
    expect(arrived.size).toBe(kept.length); // none doubled
    const count = (word: string): number => told.filter((one) => one === word).length;
    const of = (word: string): string[] =>
      [...told.keys()].filter((n) => told[n] === word).map(String);
    expect(of('sent').filter((n) => !arrived.has(n))).toEqual([]); // none lost
    expect(of('ERR_ABORTED').filter((n) => arrived.has(n))).toEqual([]);
    // What was not begun was sent again.
    expect([...new Set(told)].sort()).toEqual(['ERR_ABORTED', 'ERR_OUTCOME_UNKNOWN', 'sent']);
    expect(count('ERR_ABORTED')).toBe(1);
    expect(cuts).toBe(21);
    // The links that were cut, and those that the restart took while a message was on them.
    expect(count('ERR_OUTCOME_UNKNOWN')).toBeGreaterThanOrEqual(cuts);
    expect(count('ERR_OUTCOME_UNKNOWN')).toBeLessThanOrEqual(cuts + 4);
  } finally {
    await pool.close();
  }
});
