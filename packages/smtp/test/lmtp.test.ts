/** LMTP: RFC 2033. */
import { expect, test } from 'vitest';
import { closing, connectTo, dialogue, failure, lmtpOpening, play } from './dialogue.js';

const lmtp = { protocol: 'lmtp' } as const;
const from = 'alice@example.org';
const envelope = `
  C: MAIL FROM:<alice@example.org>
  C: RCPT TO:<bob@example.net>
  C: RCPT TO:<nobody@example.net>
  C: RCPT TO:<carol>
  C: DATA
  S: 250 ok
  S: 250 ok
  S: 550 5.1.1 No such user
  S: 250 ok
  S: 354 go
  C: x
  C: .`;
const to = ['bob@example.net', 'nobody@example.net', 'carol'];

dialogue(
  'after the dot there is a reply for each recipient that was accepted',
  `${lmtpOpening('PIPELINING')}${envelope}
  S: 452 4.2.2 Quota exceeded
  S: 250-2.0.0 carol
  S: 250 2.0.0 has it
  ${closing}`,
  async (client) => {
    expect(await client.send({ from, to }, 'x')).toMatchObject({
      accepted: [{ address: 'carol', reply: { code: 250, text: 'carol\nhas it' } }],
      refused: [
        { address: 'nobody@example.net', reply: { code: 550 }, transient: false },
        { address: 'bob@example.net', reply: { code: 452 }, transient: true },
      ],
      reply: { code: 250, text: 'carol\nhas it' },
    });
  },
  lmtp,
);

dialogue(
  'all refused after the dot is an error, and the next message goes on',
  `${lmtpOpening('PIPELINING')}${envelope}
  S: 452 4.2.2 Quota exceeded
  S: 554 5.6.0 Virus
  ${envelope}
  S: 250 ok
  S: 250 ok
  ${closing}`,
  async (client) => {
    expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
      code: 'ERR_RECIPIENTS_REJECTED',
      protocol: 'lmtp',
      connection: 'usable',
      retry: 'never',
      recipients: [
        { address: 'nobody@example.net', reply: { code: 550 } },
        { address: 'bob@example.net', reply: { code: 452 } },
        { address: 'carol', reply: { code: 554, text: 'Virus' } },
      ],
    });
    expect((await client.send({ from, to }, 'x')).accepted).toHaveLength(2);
  },
  lmtp,
);

const chunks = (name: string) => `C: MAIL FROM:<alice@example.org>
  C: RCPT TO:<${name}1>
  C: RCPT TO:<${name}2>
  C: BDAT 3 LAST
  C: x`;

test('fewer replies than recipients: what answers the next message is not taken for them', async () => {
  const peer = play(`${lmtpOpening('PIPELINING', 'CHUNKING')}
    ${chunks('a')}
    S: 250 ok
    S: 250 ok
    S: 250 ok
    S: 554 5.6.0 for all of them
    STALL`);
  const client = await connectTo(peer, { ...lmtp, chunking: true, timeouts: { dataEnd: 50 } });
  const outcomes = [];
  const messages = ['a', 'b'].map((name) => ({
    envelope: { from, to: [`${name}1`, `${name}2`] },
    body: 'x',
  }));
  try {
    for await (const outcome of client.sendMany(messages, { window: 2 })) outcomes.push(outcome);
  } catch {}
  expect(outcomes[0]).toMatchObject({
    ok: false,
    error: { code: 'ERR_OUTCOME_UNKNOWN', recipients: [{ address: 'a1', reply: { code: 554 } }] },
  });
  expect(peer.received).not.toContain('b1');
});

test.each(['DATA', 'BDAT'])(
  'a reply more than recipients, to %s: whose they are is not known',
  async (way) => {
    const data = `C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<a1>
    C: RCPT TO:<a2>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 250 ok
    S: 354 go
    C: x
    C: .`;
    const bdat = `${chunks('a')}\nS: 250 ok\nS: 250 ok\nS: 250 ok`;
    const peer = play(`${lmtpOpening('PIPELINING', 'CHUNKING')}
    ${way === 'DATA' ? data : bdat}
    S: 250 2.0.0 a1
    S: 250 2.0.0 a1
    S: 550 5.2.2 a2`);
    const client = await connectTo(peer, { ...lmtp, chunking: way === 'BDAT' });
    const calls = [
      client.send({ from, to: ['a1', 'a2'] }, 'x'),
      client.send({ from, to: 'b' }, 'x'),
    ];
    const [first, second] = await Promise.all(calls.map(failure));
    expect(first).toMatchObject({ code: 'ERR_OUTCOME_UNKNOWN' });
    expect(second).toMatchObject({ connection: 'closed' });
    expect(peer.received).not.toContain('TO:<b>');
  },
);

dialogue(
  'a local part alone is no reverse-path in SMTP, and no recipient either',
  `${lmtpOpening().replace('LHLO', 'EHLO')}${closing}`,
  async (client) => {
    expect(await failure(client.send({ from, to: 'carol' }, 'x'))).toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  },
);
