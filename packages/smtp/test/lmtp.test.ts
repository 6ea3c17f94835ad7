/** LMTP: RFC 2033. */
import { expect } from 'vitest';
import { closing, dialogue, failure, lmtpOpening } from './dialogue.js';

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

dialogue(
  'a local part alone is no reverse-path in SMTP, and no recipient either',
  `${lmtpOpening().replace('LHLO', 'EHLO')}${closing}`,
  async (client) => {
    expect(await failure(client.send({ from, to: 'carol' }, 'x'))).toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  },
);
