import { createSmtpPool, SmtpClient } from '@fivewire/smtp';
import { startSmtpServer } from '@fivewire/test-servers';
import { user } from '../../support/credentials.js';
import type { Driver } from './driver.js';

export const smtp: Driver<SmtpClient> = {
  protocol: 'smtp',
  alpn: undefined,
  inClear: /^(?:EHLO \S+|STARTTLS)$/,
  start: (options) => startSmtpServer(options),
  connect: (options) => SmtpClient.connect(options),
  pool: (options) => createSmtpPool(options),
  poolResumes: true,
  command: (client) =>
    client.send(
      { from: `${user}@example.test`, to: `${user}@example.test` },
      'Subject: x\r\n\r\nx',
    ),
};
