import { inspect } from 'node:util';
import { createFtpPool, FtpClient, type FtpPool } from '@fivewire/ftp';
import { ImapClient, type Mailbox, type MessageBase } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { SmtpClient } from '@fivewire/smtp';
import type { TestServers } from '@fivewire/test-servers';
import { ftpClientTable, ftpTable } from './ftp.js';
import { imapTable, mailboxTable, messageTable } from './imap.js';
import { nntpTable } from './nntp.js';
import { pop3Table } from './pop3.js';
import { smtpTable } from './smtp.js';
import { describeBadArguments, type Subject } from './suite.js';
import { dispose, type Table } from './table.js';
import { newest, type Protocol, startWorld, wayIn } from './world.js';

const noArguments = { close: 'takes nothing', [dispose]: 'takes nothing' };
const poolRow = 'in connect.test.ts';

interface Kind<C> {
  name: string;
  protocol: Protocol;
  table: Table<C>;
  exempt?: Readonly<Record<string, string>>;
  open(servers: TestServers): Promise<C>;
  talk: Subject<C>['talk'];
  close: Subject<C>['close'];
}

function describeClient<C>({ protocol, open, ...kind }: Kind<C>): void {
  let servers: TestServers;
  describeBadArguments<C>({
    exempt: noArguments,
    ...kind,
    async start() {
      servers = await startWorld(protocol);
      return {
        ...kind,
        open: () => open(servers),
        heard: () => newest(servers[protocol].connections).lines,
      };
    },
    stop: () => servers.close(),
  });
}

describeClient<FtpClient>({
  name: 'FtpClient',
  protocol: 'ftp',
  table: ftpClientTable,
  open: (servers) => FtpClient.connect(wayIn(servers, 'ftp')),
  talk: (ftp) => ftp.command('NOOP'),
  close: async (ftp) => ftp.close(),
});
describeClient<FtpPool>({
  name: 'FtpPool',
  protocol: 'ftp',
  table: ftpTable,
  exempt: { ...noArguments, acquire: poolRow, use: poolRow, session: poolRow },
  async open(servers) {
    const pool = createFtpPool(wayIn(servers, 'ftp'));
    await pool.command('NOOP');
    return pool;
  },
  talk: (pool) => pool.command('NOOP'),
  close: (pool) => pool.close(),
});
describeClient<ImapClient>({
  name: 'ImapClient',
  protocol: 'imap',
  table: imapTable,
  open: (servers) => ImapClient.connect(wayIn(servers, 'imap')),
  talk: (imap) => imap.noop(),
  close: async (imap) => imap.close(),
});

const clientOf = new WeakMap<object, ImapClient>();
describeClient<Mailbox>({
  name: 'Mailbox',
  protocol: 'imap',
  table: mailboxTable,
  exempt: { ...noArguments, onClose: 'internal' },
  async open(servers) {
    const imap = await ImapClient.connect(wayIn(servers, 'imap'));
    const box = await imap.open('INBOX');
    clientOf.set(box, imap);
    return box;
  },
  talk: async (box) => clientOf.get(box)?.noop(),
  close: async (box) => clientOf.get(box)?.close(),
});
describeClient<MessageBase>({
  name: 'Message',
  protocol: 'imap',
  table: messageTable,
  exempt: {
    toJSON: 'takes nothing',
    attachments: 'takes nothing',
    [String(inspect.custom)]: "Node's",
  },
  async open(servers) {
    const imap = await ImapClient.connect(wayIn(servers, 'imap'));
    const [row] = await (await imap.open('INBOX')).fetch(1, { size: true }).toArray();
    if (row === undefined) throw new Error('no message');
    clientOf.set(row, imap);
    return row;
  },
  talk: async (row) => clientOf.get(row)?.noop(),
  close: async (row) => clientOf.get(row)?.close(),
});
describeClient<Pop3Client>({
  name: 'Pop3Client',
  protocol: 'pop3',
  table: pop3Table,
  open: (servers) => Pop3Client.connect(wayIn(servers, 'pop3')),
  talk: (pop) => pop.noop(),
  close: async (pop) => pop.close(),
});
describeClient<SmtpClient>({
  name: 'SmtpClient',
  protocol: 'smtp',
  table: smtpTable,
  open: (servers) => SmtpClient.connect(wayIn(servers, 'smtp')),
  talk: (smtp) => smtp.noop(),
  close: async (smtp) => smtp.close(),
});
describeClient<NntpClient>({
  name: 'NntpClient',
  protocol: 'nntp',
  table: nntpTable,
  open: (servers) => NntpClient.connect(wayIn(servers, 'nntp')),
  talk: (nntp) => nntp.date(),
  close: async (nntp) => nntp.close(),
});
