// SMTP without a login by OpenSMTPD. That mail arrived is seen by Dovecot's IMAP.
import { randomUUID } from 'node:crypto';
import { SmtpClient } from '@fivewire/smtp';
import { describe, expect, test } from 'vitest';
import { arrived } from '../deliver.js';
import { type Door, options, refuses, verified } from '../doors.js';

const opensmtpd: Door = { server: 'opensmtpd', port: 'smtps', security: 'implicit-tls' };
const address = (user: string) => `${user}@example.test`;
const body = 'A dot:\r\n.\r\n..two\r\nend\r\n';
const message = (subject: string) =>
  `From: bob@example.test\r\nTo: alice@example.test\r\nSubject: ${subject}\r\n\r\n${body}`;

describe('SMTP by OpenSMTPD', () => {
  test('sends to each recipient, says which one was refused, and goes on', async () => {
    const { auth: _, ...way } = options(opensmtpd);
    const smtp = await SmtpClient.connect(way);
    const subject = randomUUID();
    const from = address('alice');
    try {
      expect(smtp.security).toMatchObject(verified(opensmtpd));
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

refuses([opensmtpd], ({ auth: _, ...way }) => SmtpClient.connect(way));
