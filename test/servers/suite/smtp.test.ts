// SMTP against Postfix and Dovecot's submission, LMTP against Dovecot. That mail arrived is seen by Dovecot's IMAP.
import { randomBytes, randomUUID } from 'node:crypto';
import { SmtpClient } from '@fivewire/smtp';
import { describe, expect, test } from 'vitest';
import { arrived } from './deliver.js';
import { type Door, options, refuses, verified } from './doors.js';

const submission: Door[] = [
  { server: 'postfix', port: 'submissions', security: 'implicit-tls' },
  { server: 'postfix', port: 'submission', security: 'starttls' },
  { server: 'dovecot', port: 'submissions', security: 'implicit-tls' },
  { server: 'dovecot', port: 'submission', security: 'starttls' },
];

const lmtp: Door[] = [
  { server: 'dovecot', port: 'lmtps', security: 'implicit-tls' },
  { server: 'dovecot', port: 'lmtp', security: 'starttls' },
];

const message = (subject: string, body = 'A dot:\r\n.\r\n..two\r\nend\r\n') =>
  `From: bob@example.test\r\nTo: alice@example.test\r\nSubject: ${subject}\r\n\r\n${body}`;

const address = (user: string) => `${user}@example.test`;

describe.each(submission)('SMTP by $server, $security', (door) => {
  test('logs in and sends to each recipient', async () => {
    const smtp = await SmtpClient.connect(options(door));
    const subject = randomUUID();
    try {
      expect(smtp.security).toMatchObject(verified(door));
      const envelope = { from: address('alice'), to: [address('alice'), address('bob')] };
      const result = await smtp.send(envelope, message(subject));
      expect(result.accepted).toHaveLength(2);
      expect(result.refused).toHaveLength(0);
    } finally {
      await smtp.quit();
    }
    expect(await arrived('alice', subject)).toContain('A dot:\r\n.\r\n..two\r\nend\r\n');
    await arrived('bob', subject);
  });

  test('says which recipient was refused, and sends to the other', async () => {
    const smtp = await SmtpClient.connect(options(door));
    const subject = randomUUID();
    try {
      const envelope = { from: address('alice'), to: [address('nobody'), address('bob')] };
      const result = await smtp.send(envelope, message(subject));
      expect(result.accepted).toMatchObject([{ address: address('bob') }]);
      expect(result.refused).toMatchObject([{ address: address('nobody') }]);
    } finally {
      await smtp.quit();
    }
    await arrived('bob', subject);
  });

  test('a message that nobody may have is an error, and the session goes on', async () => {
    const smtp = await SmtpClient.connect(options(door));
    const subject = randomUUID();
    try {
      await expect(
        smtp.send({ from: address('alice'), to: [address('nobody')] }, message(subject)),
      ).rejects.toMatchObject({ code: 'ERR_RECIPIENTS_REJECTED', connection: 'usable' });
      await smtp.send({ from: address('alice'), to: [address('bob')] }, message(subject));
    } finally {
      await smtp.quit();
    }
    await arrived('bob', subject);
  });

  test('a body of a megabyte arrives octet by octet', async () => {
    const smtp = await SmtpClient.connect(options(door));
    const subject = randomUUID();
    const body = randomBytes(1 << 19)
      .toString('hex')
      .replace(/.{70}/g, '$&\r\n.');
    try {
      await smtp.send(
        { from: address('alice'), to: [address('bob')] },
        message(subject, `${body}\r\n`),
      );
    } finally {
      await smtp.quit();
    }
    expect(await arrived('bob', subject)).toContain(`\r\n\r\n${body}\r\n`);
  });

  test('a wrong password is an AuthenticationError', async () => {
    const wrong = { ...options(door), auth: { user: 'alice', password: 'wrong' } };
    await expect(SmtpClient.connect(wrong)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });
});

test('SMTP between servers: no login, BDAT, many messages in a pipeline', async () => {
  const door = { server: 'postfix', port: 'smtp', security: 'starttls' } as const;
  const { auth: _, ...rest } = options(door);
  const smtp = await SmtpClient.connect({ ...rest, chunking: true });
  const subjects = Array.from({ length: 10 }, () => randomUUID());
  try {
    expect(smtp.security).toMatchObject(verified(door));
    const messages = subjects.map((subject) => ({
      envelope: { from: null, to: address('bob') },
      body: message(subject),
    }));
    const outcomes = [];
    for await (const outcome of smtp.sendMany(messages)) outcomes.push(outcome);
    expect(outcomes).toMatchObject(subjects.map((_, index) => ({ index, ok: true })));
  } finally {
    await smtp.quit();
  }
  for (const subject of subjects) await arrived('bob', subject);
});

describe.each(lmtp)('LMTP by $security', (door) => {
  test('delivers with a reply for each recipient', async () => {
    const { auth: _, ...rest } = options(door);
    const client = await SmtpClient.connect({ ...rest, protocol: 'lmtp' });
    const subject = randomUUID();
    try {
      expect(client.security).toMatchObject(verified(door));
      const envelope = { from: address('bob'), to: ['alice', 'nobody', 'bob'].map(address) };
      const result = await client.send(envelope, message(subject));
      expect(result.accepted).toMatchObject([
        { address: address('alice') },
        { address: address('bob') },
      ]);
      expect(result.refused).toMatchObject([{ address: address('nobody') }]);
    } finally {
      await client.quit();
    }
    await arrived('alice', subject);
    await arrived('bob', subject);
  });
});

refuses(submission, (options) => SmtpClient.connect(options));
refuses(lmtp, ({ auth: _, ...options }) => SmtpClient.connect({ ...options, protocol: 'lmtp' }));
