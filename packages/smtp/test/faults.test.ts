/**
 * A server that stalls, floods, closes, answers early or answers nonsense, and a caller whose body breaks: a typed
 * error within the deadline, nothing half delivered, nothing left open.
 */
import { Duplex, Readable } from 'node:stream';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { isFivewireError, SmtpClient } from '../src/index.js';
import {
  type Accident,
  cleartext,
  closing,
  connectTo,
  failure,
  lmtpOpening,
  opening,
  play,
} from './dialogue.js';

const from = 'alice@example.org';
const to = 'bob@example.net';
const pipelining = opening('PIPELINING', '8BITMIME');
const envelope = `
  C: MAIL FROM:<alice@example.org>
  C: RCPT TO:<bob@example.net>
  C: DATA
  S: 250 ok
  S: 250 ok
  S: 354 go`;
const envelope8 = envelope.replace('.org>', '.org> BODY=8BITMIME');
const timers = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('an accident after each octet that the server sends', () => {
  const scripts = {
    pipelined: `${pipelining}${envelope}
      C: x
      C: .
      S: 250-2.0.0 ok
      S: 250 2.0.0 ok`,
    stepwise: `${opening('AUTH PLAIN')}
      C: AUTH PLAIN AGFsaWNlAHNlY3JldA==
      S: 235 ok
      C: MAIL FROM:<alice@example.org>
      S: 250 ok
      C: RCPT TO:<bob@example.net>
      S: 250 ok
      C: DATA
      S: 354 go
      C: x
      C: .
      S: 250 ok`,
  };
  const octets = (script: string): number =>
    [...script.matchAll(/S: ?(.*)/g)].reduce((sum, [, text = '']) => sum + text.length + 2, 0);

  for (const [name, script] of Object.entries(scripts)) {
    test.each(['close', 'reset', 'silence', 'babble'] as const)(`${name}: %s`, async (then) => {
      const before = timers();
      const total = octets(script);
      const goAhead = octets(script.slice(0, script.indexOf('354 go') + 6));
      const seen = new Set<string>();
      const attempt = async (accident: Accident): Promise<void> => {
        const peer = play(script, 'whole', accident);
        // Where the server goes, the defaults of minutes stay: a timer left behind would be seen.
        const timeouts =
          then === 'silence'
            ? { greeting: 40, reply: 40, stall: 40, dataEnd: 40, close: 40 }
            : undefined;
        const auth = name === 'stepwise' ? { auth: { user: 'alice', password: 'secret' } } : {};
        const connecting = connectTo(peer, {
          ...(timeouts && { timeouts }),
          allowCleartextAuth: true,
          ...auth,
        });
        const client = await connecting.catch((error: unknown) => error as Error);
        let outcome: unknown = client;
        if (client instanceof SmtpClient) {
          outcome = await client.send({ from, to }, 'x').catch((error: unknown) => error);
          await client.quit();
          expect((await client.closed).reason).not.toBe('');
        }
        const whole = accident.after >= total;
        if (whole && then !== 'babble') expect(outcome).toMatchObject({ bytes: 1 });
        else if (isFivewireError(outcome)) {
          seen.add(outcome.code);
          expect(outcome).toMatchObject({ connection: 'closed', host: 'mx.example.test' });
          // Once the dot is out, only the server knows; before its go-ahead nothing can have been taken.
          if (peer.received.includes('\r\n.\r\n')) expect(outcome.code).toBe('ERR_OUTCOME_UNKNOWN');
          if (accident.after < goAhead) expect(outcome.code).not.toBe('ERR_OUTCOME_UNKNOWN');
        } else {
          // Babble behind a whole reply comes too late to hurt this message.
          expect(then).toBe('babble');
          expect(outcome).toMatchObject({ bytes: 1 });
        }
        expect(peer.stream.destroyed).toBe(true);
      };
      for (let at = 0; at <= total; at += 40) {
        const some = Array.from({ length: Math.min(40, total + 1 - at) }, (_, i) => at + i);
        await Promise.all(some.map((after) => attempt({ after, then })));
      }
      expect(seen.size).toBeGreaterThan(1);
      // Without a timer of our own, which would be counted.
      for (let i = 0; i < 100_000 && timers() > before; i++) await setImmediate();
      expect(timers()).toBeLessThanOrEqual(before);
    });
  }
});

describe('after the end of the message', () => {
  test.each([
    ['CLOSE', 'ERR_CONNECTION_CLOSED'],
    ['RESET', 'ERR_CONNECTION_CLOSED'],
    ['STALL', 'ERR_TIMEOUT'],
    ['S: 25', 'ERR_MALFORMED_RESPONSE'],
    ['S: 354 go on', 'ERR_MALFORMED_RESPONSE'],
    ['S: hello', 'ERR_MALFORMED_RESPONSE'],
  ])('%s leaves the outcome unknown', async (then, cause) => {
    const peer = play(`${pipelining}${envelope}
      C: x
      C: .
      ${then}`);
    const client = await connectTo(peer, { timeouts: { dataEnd: 30 } });
    const error = await failure(client.send({ from, to }, 'x'));
    expect(error).toMatchObject({
      code: 'ERR_OUTCOME_UNKNOWN',
      connection: 'closed',
      retry: 'never',
      phase: 'transfer',
      octets: 1,
      protocol: 'smtp',
      cause: { code: cause },
    });
    expect(error.hint).toMatch(/twice/);
  });

  test('421 is an answer: it was not taken', async () => {
    const peer = play(`${pipelining}${envelope}
      C: x
      C: .
      S: 421 4.3.2 Shutting down
      CLOSE`);
    const client = await connectTo(peer);
    expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
      code: 'ERR_SERVER_CLOSING',
      retry: 'later',
    });
  });

  test('LMTP: what is known of some recipients is told', async () => {
    const peer = play(`${lmtpOpening('PIPELINING')}
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: RCPT TO:<carol@example.net>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: x
      C: .
      S: 250 2.0.0 bob has it
      S: 421 4.3.2 Shutting down
      CLOSE`);
    const client = await connectTo(peer, { protocol: 'lmtp' });
    const error = await failure(client.send({ from, to: [to, 'carol@example.net'] }, 'x'));
    expect(error).toMatchObject({
      code: 'ERR_OUTCOME_UNKNOWN',
      cause: { code: 'ERR_SERVER_CLOSING' },
      recipients: [{ address: to, reply: { code: 250 } }],
    });
    expect(error.recipients).toHaveLength(1);
  });

  test('closed by its user', async () => {
    const peer = play(`${pipelining}${envelope}
      C: x
      C: .
      STALL`);
    const client = await connectTo(peer);
    const sending = failure(client.send({ from, to }, 'x'));
    await peer.played;
    client.close();
    expect(await sending).toMatchObject({ code: 'ERR_OUTCOME_UNKNOWN' });
    expect(await client.closed).toMatchObject({ reason: 'close' });
  });
});

/** A body of which the second piece never comes. */
async function* hanging(): AsyncGenerator<string> {
  yield 'x\r\n';
  await new Promise(() => {});
}

describe('a reply before the end of the message', () => {
  test.each([
    ['552 5.3.4 Too big', { code: 'ERR_COMMAND_REJECTED', reply: { code: 552 }, transient: false }],
    ['452 4.3.1 Disk full', { code: 'ERR_COMMAND_REJECTED', transient: true }],
    ['421 4.3.0 Bye', { code: 'ERR_SERVER_CLOSING' }],
    ['250 ok', { code: 'ERR_MALFORMED_RESPONSE' }],
    ['nonsense', { code: 'ERR_MALFORMED_RESPONSE' }],
  ])('%s', async (reply, expected) => {
    const peer = play(`${pipelining}${envelope8}
      C: x
      S: ${reply}
      STALL`);
    const client = await connectTo(peer);
    const [error, behind] = await Promise.all([
      failure(client.send({ from, to }, hanging())),
      failure(client.noop()),
    ]);
    expect(error).toMatchObject({ ...expected, connection: 'closed', phase: 'transfer' });
    expect(behind).toMatchObject({ connection: 'closed' });
    expect(behind.code).not.toBe('ERR_COMMAND_REJECTED');
    expect(peer.received).not.toContain('\r\n.\r\n');
    expect(peer.stream.destroyed).toBe(true);
  });

  test('and another after it: the next message is not taken for what it is not', async () => {
    const peer = play(`${opening('PIPELINING')}${envelope}
      C: x
      C: .
      S: 552 5.3.4 Too big
      S: 250 2.0.0 Queued
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<carol@example.net>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      STALL`);
    const client = await connectTo(peer);
    const [one, two] = await Promise.all([
      failure(client.send({ from, to }, 'x')),
      failure(client.send({ from, to: 'carol@example.net' }, 'y')),
    ]);
    expect(one).toMatchObject({ code: 'ERR_COMMAND_REJECTED', reply: { code: 552 } });
    expect(two).toMatchObject({ code: 'ERR_MALFORMED_RESPONSE', connection: 'closed' });
    expect(peer.received).not.toContain('y\r\n');
  });
});

describe('unasked replies', () => {
  test('421 while idle: noticed, and told to the next call', async () => {
    const peer = play(`${opening()}S: 421 4.4.2 Idle too long\nCLOSE`);
    const client = await connectTo(peer);
    const notices = [];
    for await (const notice of client.notices) notices.push(notice);
    expect(notices).toEqual([{ kind: '421', text: '4.4.2 Idle too long' }]);
    expect(await failure(client.noop())).toMatchObject({ code: 'ERR_SERVER_CLOSING' });
    expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
      code: 'ERR_SERVER_CLOSING',
    });
    await client.quit();
    expect(await client.closed).toMatchObject({ reason: 'error' });
  });

  test('anything else ends the connection', async () => {
    const peer = play(`${opening()}S: 250 ok`);
    const client = await connectTo(peer);
    expect(await failure(client.noop())).toMatchObject({ code: 'ERR_MALFORMED_RESPONSE' });
    await client.quit();
  });
});

describe('a reply too many, which comes when other calls wait already', () => {
  const twice = `C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    C: x
    C: .
    S: 250 2.0.0 taken
    S: 250 2.0.0 taken`;

  test.each(['send', 'sendMany'])('%s: it is no answer to the next message', async (way) => {
    const peer = play(`${pipelining}${twice}`);
    const client = await connectTo(peer);
    const message = { envelope: { from, to }, body: 'x\r\n' };
    const outcomes: unknown[] = [];
    if (way === 'send')
      for (const sent of [1, 2, 3].map(() => client.send(message.envelope, message.body)))
        outcomes.push(await sent.catch((error) => error.code));
    else
      try {
        for await (const one of client.sendMany([message, message, message]))
          outcomes.push(one.ok ? one.result : (one.error as { code: string }).code);
      } catch {}
    expect(outcomes[0]).toMatchObject({ accepted: [{ address: to }] });
    expect(outcomes[1]).toBe('ERR_MALFORMED_RESPONSE');
    expect(peer.received.match(/MAIL/g)).toHaveLength(1);
  });
});

test('a reply too many to RSET is no answer to the next message of many', async () => {
  const peer = play(`${pipelining}C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: DATA
    S: 250 ok
    S: 550 no
    S: 503 no
    C: RSET
    S: 250 ok
    S: 250 ok`);
  const client = await connectTo(peer);
  const codes: unknown[] = [];
  const message = { envelope: { from, to }, body: 'x\r\n' };
  try {
    for await (const one of client.sendMany([message, message], { window: 2 }))
      codes.push(one.ok ? one.result : (one.error as { code: string }).code);
  } catch {}
  expect(codes).toEqual(['ERR_RECIPIENTS_REJECTED', 'ERR_MALFORMED_RESPONSE']);
  expect(peer.received.match(/MAIL/g)).toHaveLength(1);
});

describe('a body that breaks', () => {
  test('before its first piece: nothing is sent, the connection goes on', async () => {
    const peer = play(`${opening()}C: NOOP\nS: 250 ok\n${closing}`);
    const client = await connectTo(peer);
    const body = Readable.from(
      (async function* () {
        await sleep(1);
        throw new Error('no such file');
        // biome-ignore lint/correctness/noUnreachable: a generator must yield
        yield '';
      })(),
    );
    const error = await failure(client.send({ from, to }, body));
    expect(error).toMatchObject({ code: 'ERR_LOCAL_IO', connection: 'usable' });
    expect((error.cause as Error).message).toBe('no such file');
    await client.noop();
    await client.quit();
    await peer.played;
  });

  test.each([
    ['throws', () => Promise.reject(new Error('disk gone'))],
    ['yields a number', () => Promise.resolve(7 as never)],
  ])('in the middle (%s): the connection ends without an end of data', async (_, second) => {
    const peer = play(`${pipelining}${envelope8}
      C: x
      STALL`);
    const client = await connectTo(peer);
    const body = (async function* () {
      yield 'x\r\n';
      yield await (second as () => Promise<string>)();
    })();
    const error = await failure(client.send({ from, to }, body));
    expect(error).toMatchObject({
      code: 'ERR_LOCAL_IO',
      connection: 'closed',
      host: expect.any(String),
    });
    expect(peer.received).not.toContain('\r\n.\r\n');
    expect(peer.stream.destroyed).toBe(true);
    expect(await failure(client.noop())).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
  });

  test('while it waits for its turn', async () => {
    const peer = play(`${pipelining}${envelope8}
      C: x
      STALL`);
    const client = await connectTo(peer, { timeouts: { dataEnd: 60 } });
    const first = failure(client.send({ from, to }, hanging(), { timeout: 60 }));
    const body = new Readable({ read() {} });
    body.push('first piece');
    const second = failure(client.send({ from, to }, body));
    await sleep(5);
    body.destroy(new Error('gone')); // would end the process, did nobody listen
    await sleep(5);
    client.close();
    await first;
    expect(await second).toMatchObject({ connection: 'closed' });
  });

  test('a stream that was not read to its end is destroyed', async () => {
    const peer = play(`${pipelining}
      C: MAIL FROM:<alice@example.org> BODY=8BITMIME
      C: RCPT TO:<bob@example.net>
      C: DATA
      S: 550 5.7.1 No
      S: 503 5.5.1 No
      S: 503 5.5.1 No
      ${closing}`);
    const client = await connectTo(peer);
    const body = new Readable({ read() {} });
    body.push('Subject: x\n\nx');
    await failure(client.send({ from, to }, body));
    await expect.poll(() => body.destroyed).toBe(true);
    await client.quit();
    await peer.played;
  });
});

describe('AbortSignal', () => {
  const aborting = (client: SmtpClient, signal: AbortSignal, body: unknown = 'x') =>
    failure(client.send({ from, to }, body as string, { signal }));

  test('before the call', async () => {
    const peer = play(`${opening()}C: NOOP\nS: 250 ok\n${closing}`);
    const client = await connectTo(peer);
    expect(await aborting(client, AbortSignal.abort('why'))).toMatchObject({
      code: 'ERR_ABORTED',
      cause: 'why',
      connection: 'usable',
    });
    await client.noop();
    await client.quit();
    await peer.played;
  });

  test('while the body has not begun', async () => {
    const peer = play(`${opening()}${closing}`);
    const client = await connectTo(peer);
    const stop = new AbortController();
    const body = new Readable({ read() {} });
    const error = aborting(client, stop.signal, body);
    stop.abort();
    expect(await error).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    await client.quit();
    await peer.played;
  });

  test('in the queue: dropped, the one before it is not harmed', async () => {
    const peer = play(`${opening()}
      C: MAIL FROM:<alice@example.org>
      S: 250 ok
      C: RCPT TO:<bob@example.net>
      S: 250 ok
      C: DATA
      S: 354 go
      C: x
      C: .
      S: 250 ok
      ${closing}`);
    const client = await connectTo(peer);
    const stop = new AbortController();
    const first = client.send({ from, to }, 'x');
    const second = aborting(client, stop.signal);
    stop.abort();
    expect(await second).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    expect((await first).bytes).toBe(1);
    await client.quit();
    await peer.played;
  });

  test('while the server thinks about the envelope: the connection ends', async () => {
    const peer = play(`${pipelining}
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: DATA
      STALL`);
    const client = await connectTo(peer);
    const stop = new AbortController();
    const error = aborting(client, stop.signal);
    await peer.played;
    stop.abort();
    expect(await error).toMatchObject({
      code: 'ERR_ABORTED',
      connection: 'closed',
      retry: 'reconnect',
      host: 'mx.example.test',
    });
    expect(peer.stream.destroyed).toBe(true);
    expect(await failure(client.noop())).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
  });

  test('while the body hangs: the connection ends without an end of data', async () => {
    const peer = play(`${pipelining}${envelope8}
      C: x
      STALL`);
    const client = await connectTo(peer);
    const stop = new AbortController();
    const error = aborting(client, stop.signal, hanging());
    await peer.played;
    stop.abort();
    expect(await error).toMatchObject({ code: 'ERR_ABORTED', connection: 'closed' });
    expect(peer.stream.destroyed).toBe(true);
    expect(peer.received).not.toContain('\r\n.\r\n');
  });

  test('after the end of the message: only the waiting ends', async () => {
    const peer = play(`${pipelining}${envelope}
      C: x
      C: .
      PAUSE
      S: 250 queued
      C: NOOP
      S: 250 noop
      ${closing}`);
    const client = await connectTo(peer);
    const stop = new AbortController();
    const error = aborting(client, stop.signal);
    while (!peer.received.includes('\r\n.\r\n')) await sleep(1);
    stop.abort();
    const aborted = await error;
    expect(aborted).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    expect(aborted.hint).toMatch(/may deliver/);
    peer.resume();
    await client.noop();
    await client.quit();
    await peer.played;
  });

  test('behind another message: that one is heard first', async () => {
    const peer = play(`${pipelining}${envelope}
      C: x
      C: .
      C: RSET
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: DATA
      PAUSE
      S: 250 queued
      S: 250 reset
      S: 250 ok
      S: 250 ok
      S: 354 go
      STALL`);
    const client = await connectTo(peer);
    const many = client.sendMany([{ envelope: { from, to }, body: 'x' }], { window: 2 });
    const first = many[Symbol.asyncIterator]().next();
    await sleep(1);
    const stop = new AbortController();
    const second = aborting(client, stop.signal, 'y');
    while (!/\n\.\r\n.*DATA/s.test(peer.received)) await sleep(1);
    stop.abort();
    expect(await second).toMatchObject({ code: 'ERR_ABORTED', connection: 'closed' });
    peer.resume();
    expect((await first).value).toMatchObject({ ok: true, result: { reply: { text: 'queued' } } });
    expect((await client.closed).reason).toBe('error');
    await peer.played;
    expect(peer.received).not.toContain('y\r\n');
  });

  test('leaves no listener behind', async () => {
    const peer = play(`${pipelining}${envelope}
      C: x
      C: .
      S: 250 ok
      C: NOOP
      S: 250 ok
      ${closing}`);
    const client = await connectTo(peer);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    const removed = new Set();
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      removed.add(args[1]);
      remove(...args);
    };
    await client.send({ from, to }, 'x', { signal });
    await client.noop({ signal });
    await client.quit();
    expect(listeners).toBeGreaterThan(0);
    await expect.poll(() => removed.size).toBe(listeners);
  });
});

describe('deadlines', () => {
  test('a call may have its own', async () => {
    const peer = play(`${opening()}C: NOOP\nSTALL`);
    const client = await connectTo(peer);
    expect(await failure(client.noop({ timeout: 20 }))).toMatchObject({
      code: 'ERR_TIMEOUT',
      milliseconds: 20,
      phase: 'command',
      command: 'NOOP',
      connection: 'closed',
    });
  });

  test('a server that takes no more of the body', async () => {
    const peer = play(`${pipelining}${envelope}\nSTALL`);
    const thin = new Duplex({
      highWaterMark: 1024,
      read() {},
      write(chunk: Buffer, _, done) {
        if (chunk.length > 1_000) return; // never done
        peer.stream.write(chunk);
        done();
      },
    });
    peer.stream.on('data', (chunk: Buffer) => thin.push(chunk));
    const client = await SmtpClient.connect({
      ...cleartext,
      stream: thin,
      timeouts: { stall: 30 },
    });
    const error = await failure(client.send({ from, to }, 'x'.repeat(1_000_000)));
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'transfer', connection: 'closed' });
    expect(thin.destroyed).toBe(true);
  });

  test('goodbye is bounded, and never throws', async () => {
    const peer = play(`${opening()}C: QUIT\nSTALL`);
    const client = await connectTo(peer, { timeouts: { close: 20 } });
    await client.quit();
    await client.quit();
    expect(peer.stream.destroyed).toBe(true);
    const other = play(`${pipelining}${envelope}\nC: x\nC: .\nSTALL`);
    const busy = await connectTo(other, { timeouts: { close: 20 } });
    const sending = failure(busy.send({ from, to }, 'x'));
    await other.played;
    await busy[Symbol.asyncDispose]();
    expect(await sending).toMatchObject({ code: 'ERR_OUTCOME_UNKNOWN' });
    expect(await busy.closed).toMatchObject({ reason: 'close' });
  });
});
