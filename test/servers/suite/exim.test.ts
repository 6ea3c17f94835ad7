// Submission by Exim. That mail arrived is seen by Dovecot's IMAP.
import { randomUUID } from 'node:crypto';
import { SmtpClient } from '@fivewire/smtp';
import { describe, expect, test } from 'vitest';
import { arrived } from './deliver.js';
import { type Door, options, refuses, verified } from './doors.js';

const exim: Door[] = [
  { server: 'exim', port: 'submissions', security: 'implicit-tls' },
  { server: 'exim', port: 'submission', security: 'starttls' },
];
const address = (user: string) => `${user}@example.test`;
const body = 'A dot:\r\n.\r\n..two\r\nend\r\n';
const message = (subject: string) =>
  `From: bob@example.test\r\nTo: alice@example.test\r\nSubject: ${subject}\r\n\r\n${body}`;

describe.each(exim)('SMTP by $server, $security', (door) => {
  test('sends to each recipient, says which one was refused, and goes on', async () => {
    const smtp = await SmtpClient.connect(options(door));
    const subject = randomUUID();
    const from = address('alice');
    try {
      expect(smtp.security).toMatchObject(verified(door));
      const to = ['alice', 'nobody', 'bob'].map(address);
      const result = await smtp.send({ from, to }, message(subject));
      expect(result.accepted).toMatchObject([{ address: to[0] }, { address: to[2] }]);
      expect(result.refused).toMatchObject([{ address: to[1] }]);
      await expect(
        smtp.send({ from, to: [address('nobody')] }, message(subject)),
      ).rejects.toMatchObject({ code: 'ERR_RECIPIENTS_REJECTED', connection: 'usable' });
    } finally {
      await smtp.quit();
    }
    expect(await arrived('alice', subject)).toContain(body);
    await arrived('bob', subject);
  });
});

describe.each(exim)('Exim by $security', (door) => {
  test('a wrong password is an AuthenticationError', async () => {
    const wrong = { ...options(door), auth: { user: 'alice', password: 'wrong' } };
    await expect(SmtpClient.connect(wrong)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });
});

refuses(exim, (way) => SmtpClient.connect(way));

test('a series with BDAT and a window: each arrives octet for octet', async () => {
  const door = exim[0] as Door;
  const smtp = await SmtpClient.connect({ ...options(door), chunking: true });
  const subjects = Array.from({ length: 8 }, () => randomUUID());
  const envelope = { from: address('alice'), to: address('alice') };
  try {
    expect(smtp.capabilities.has('CHUNKING')).toBe(true);
    const messages = subjects.map((subject) => ({ envelope, body: message(subject) }));
    for await (const outcome of smtp.sendMany(messages, { window: 8 }))
      expect(outcome).toMatchObject({ ok: true });
  } finally {
    await smtp.quit();
  }
  for (const subject of subjects) expect(await arrived('alice', subject)).toContain(body);
});
