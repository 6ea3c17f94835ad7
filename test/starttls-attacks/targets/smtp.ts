import { SmtpClient } from '@fivewire/smtp';
import { startSmtpServer } from '@fivewire/test-servers';
import { user } from '../../support/credentials.js';
import { seen, type Target } from './target.js';

const address = `${user}@example.test`;

export const smtp: Target<SmtpClient> = {
  name: 'smtp',
  inClear: /^(?:EHLO \S+|STARTTLS|QUIT)$/,
  startTls: /^STARTTLS$/,
  start: (options) => startSmtpServer({ ...options, requireAuth: true }),
  connect: (options) => SmtpClient.connect(options),
  mainWork: ['sent'],
  forbidden: ['STARTTLS', 'AUTH', 'EHLO', 'LHLO', 'HELO'],
  async look(client) {
    return {
      capabilities: [...client.capabilities],
      sent: await seen(() =>
        client.send({ from: address, to: address }, 'Subject: Honest\r\n\r\nHello.\r\n'),
      ),
    };
  },
};

export const lmtp: Target<SmtpClient> = {
  ...smtp,
  name: 'lmtp',
  inClear: /^(?:LHLO \S+|STARTTLS|QUIT)$/,
  start: (options) => startSmtpServer({ ...options, requireAuth: true, lmtp: true }),
  connect: (options) => SmtpClient.connect({ ...options, protocol: 'lmtp' }),
};
