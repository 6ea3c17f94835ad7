/** Many messages on one connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Message, SendOutcome } from '../src/index.js';
import { closing, connectTo, dialogue, failure, opening, play } from './dialogue.js';

const message = (to: string, body = 'x'): Message => ({
  envelope: { from: 'alice@example.org', to: `${to}@example.net` },
  body,
});

const transaction = (to: string, rcpt = '250 ok'): string => `
  C: MAIL FROM:<alice@example.org>
  S: 250 ok
  C: RCPT TO:<${to}@example.net>
  S: ${rcpt}
  ${
    rcpt.startsWith('2')
      ? `C: DATA
  S: 354 go
  C: x
  C: .
  S: 250 ${to} has it`
      : `C: RSET
  S: 250 ok`
  }`;

const collect = async (outcomes: AsyncIterable<SendOutcome>): Promise<SendOutcome[]> => {
  const all = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
};

dialogue(
  'outcomes come in order; one that fails does not stop the others',
  `${opening()}${transaction('a')}${transaction('b', '550 5.1.1 no')}${transaction('c')}${closing}`,
  async (client) => {
    const messages = [message('a'), message('b'), message('bad address'), message('c')];
    expect(await collect(client.sendMany(messages))).toMatchObject([
      { index: 0, ok: true, result: { reply: { text: 'a has it' } } },
      { index: 1, ok: false, error: { code: 'ERR_RECIPIENTS_REJECTED' } },
      { index: 2, ok: false, error: { code: 'ERR_ARGUMENT' } },
      { index: 3, ok: true, result: { reply: { text: 'c has it' } } },
    ]);
  },
);

dialogue('none at all', `${opening()}${closing}`, async (client) => {
  expect(await collect(client.sendMany([]))).toEqual([]);
});

dialogue(
  'a call inside the loop works',
  `${opening()}${transaction('a')}${transaction('b')}
  C: NOOP
  S: 250 ok
  C: NOOP
  S: 250 ok
  ${closing}`,
  async (client) => {
    let count = 0;
    const many = client.sendMany([message('a'), message('b')]);
    for await (const outcome of many) {
      expect(outcome.ok).toBe(true);
      if (++count === 2) await Promise.all([client.noop(), client.noop()]);
    }
    expect(count).toBe(2);
  },
);

test('no more messages are taken than the window allows, and an outcome does not wait for the next message', async () => {
  const peer = play(
    `${opening()}${transaction('a')}${transaction('b')}${transaction('c')}${closing}`,
  );
  const client = await connectTo(peer);
  let taken = 0;
  let release = (): void => {};
  const messages = (async function* () {
    for (const to of ['a', 'b', 'c']) {
      taken++;
      yield message(to);
      if (to === 'b')
        await new Promise<void>((resolve) => {
          release = resolve;
        });
    }
  })();
  const iterator = client.sendMany(messages, { window: 2 })[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toMatchObject({ index: 0, ok: true });
  await sleep(5);
  expect(taken).toBeLessThanOrEqual(3);
  expect((await iterator.next()).value).toMatchObject({ index: 1, ok: true });
  release();
  expect((await iterator.next()).value).toMatchObject({ index: 2, ok: true });
  expect((await iterator.next()).done).toBe(true);
  await client.quit();
  await peer.played;
});

test('the connection is lost: what was taken has its outcome, then the loop throws', async () => {
  const peer = play(`${opening()}${transaction('a')}
    C: MAIL FROM:<alice@example.org>
    S: 421 4.7.0 Enough
    CLOSE`);
  const client = await connectTo(peer);
  const outcomes: SendOutcome[] = [];
  let taken = 0;
  const error = await failure(
    (async () => {
      const endless = (function* () {
        for (;;) {
          taken++;
          yield message('a');
        }
      })();
      for await (const outcome of client.sendMany(endless)) outcomes.push(outcome);
    })(),
  );
  expect(error).toMatchObject({ code: 'ERR_SERVER_CLOSING' });
  expect(outcomes[0]).toMatchObject({ ok: true });
  expect(outcomes[1]).toMatchObject({ ok: false, error: { code: 'ERR_SERVER_CLOSING' } });
  expect(outcomes).toHaveLength(taken);
});

test('the messages themselves break: those under way are awaited, the error is thrown', async () => {
  const peer = play(`${opening()}${transaction('a')}${closing}`);
  const client = await connectTo(peer);
  const messages = (async function* () {
    yield message('a');
    throw new Error('database gone');
  })();
  const error = await failure(collect(client.sendMany(messages)));
  expect(error.message).toBe('database gone');
  await client.quit();
  await peer.played;
});

test('leaving the loop waits for those under way and ends the source', async () => {
  const peer = play(`${opening()}${transaction('a')}${transaction('b')}${closing}`);
  const client = await connectTo(peer);
  let ended = false;
  const messages = (function* () {
    try {
      yield message('a');
      yield message('b');
      yield message('c');
    } finally {
      ended = true;
    }
  })();
  for await (const outcome of client.sendMany(messages, { window: 2 })) {
    expect(outcome.index).toBe(0);
    break;
  }
  expect(ended).toBe(true);
  expect(peer.received.split('\n').filter((line) => line.startsWith('DATA'))).toHaveLength(2);
  await client.quit();
  await peer.played;
});

test('bad windows', async () => {
  const peer = play(`${opening()}${closing}`);
  const client = await connectTo(peer);
  for (const window of [0, -1, 1.5, Number.NaN, '2' as never])
    expect(() => client.sendMany([], { window })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'window' }),
    );
  await client.quit();
  await peer.played;
});

const pair = (to: string, last: string): string => `
  C: MAIL FROM:<alice@example.org>
  C: RCPT TO:<${to}@example.net>
  C: DATA${last}`;

dialogue(
  'a window of two: other calls find their turn between the messages, and nothing is mixed up',
  `${opening('PIPELINING')}${pair('a', '')}
  S: 250 ok
  S: 250 ok
  S: 354 go
  C: x
  C: .
  C: RSET${pair('b', '')}
  S: 250 a has it
  S: 250 reset
  S: 250 ok
  S: 550 5.1.1 no b
  S: 554 5.5.1 nobody
  C: RSET
  S: 250 reset
  C: NOOP
  S: 250 ok${pair('c', '')}
  S: 250 ok
  S: 250 ok
  S: 354 go
  C: x
  C: .
  S: 250 c has it
  ${closing}`,
  async (client) => {
    const outcomes = client
      .sendMany([message('a'), message('b'), message('c')], { window: 2 })
      [Symbol.asyncIterator]();
    const first = outcomes.next();
    const noop = client.noop();
    expect((await first).value).toMatchObject({
      ok: true,
      result: { reply: { text: 'a has it' } },
    });
    expect((await outcomes.next()).value).toMatchObject({
      index: 1,
      ok: false,
      error: { code: 'ERR_RECIPIENTS_REJECTED' },
    });
    expect((await outcomes.next()).value).toMatchObject({ index: 2, ok: true });
    expect((await outcomes.next()).done).toBe(true);
    await noop;
  },
);

test('a source that fails: the outcomes of what was taken come first', async () => {
  const peer = play(`${opening()}${transaction('a')}${closing}`);
  const client = await connectTo(peer);
  const messages = (function* () {
    yield message('a');
    throw new Error('database gone');
  })();
  const outcomes: SendOutcome[] = [];
  const error = await failure(
    (async () => {
      for await (const outcome of client.sendMany(messages, { window: 3 })) outcomes.push(outcome);
    })(),
  );
  expect(error.message).toBe('database gone');
  expect(outcomes).toMatchObject([{ index: 0, ok: true }]);
  await client.quit();
  await peer.played;
});

test('the connection goes with a window open: each message has its own error', async () => {
  const peer = play(`${opening('PIPELINING', 'CHUNKING')}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<a@example.net>
    C: BDAT 3 LAST
    C: x
    C: RSET
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<b@example.net>
    C: BDAT 3 LAST
    C: x
    S: 250 ok
    S: 250 ok
    S: 250 a has it
    S: 250 reset
    S: 250 ok
    CLOSE`);
  const client = await connectTo(peer, { chunking: true });
  const outcomes: SendOutcome[] = [];
  const error = await failure(
    (async () => {
      const many = client.sendMany([message('a'), message('b'), message('bad address')], {
        window: 3,
      });
      for await (const outcome of many) outcomes.push(outcome);
      throw new Error('over');
    })(),
  );
  expect(error.message).toBe('over');
  expect(outcomes).toMatchObject([
    { index: 0, ok: true },
    { index: 1, ok: false, error: { code: 'ERR_OUTCOME_UNKNOWN', host: 'mx.example.test' } },
    { index: 2, ok: false, error: { code: 'ERR_ARGUMENT' } },
  ]);
});
