import { createImapPool, ImapClient } from '@fivewire/imap';
import { startImapServer } from '@fivewire/test-servers';
import type { Driver } from './driver.js';

export const imap: Driver<ImapClient> = {
  protocol: 'imap',
  alpn: 'imap',
  inClear: /^\S+ (?:CAPABILITY|STARTTLS)$/,
  start: (options) => startImapServer(options),
  connect: (options) => ImapClient.connect(options),
  pool: (options) => createImapPool(options),
  poolResumes: true,
  command: (client) => client.status('INBOX', ['messages']),
};
