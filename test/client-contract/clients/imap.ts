import * as module from '@fivewire/imap';
import { createImapPool, ImapClient, type Mailbox } from '@fivewire/imap';
import type { Lent, Subject } from '../subject.js';

const message = 'Subject: x\r\n\r\nx\r\n';
const verb = (line: string): string => (line.split(' ')[1] ?? '').toUpperCase();

const untagged: Readonly<Record<string, string>> = {
  CAPABILITY:
    '* CAPABILITY IMAP4rev1 STARTTLS NAMESPACE ID SPECIAL-USE QUOTA QUOTASET ACL METADATA JMAPACCESS MULTIAPPEND CATENATE UNAUTHENTICATE LITERAL+ SORT THREAD=REFERENCES X-GM-EXT-1 UIDPLUS MOVE REPLACE ESEARCH CONDSTORE PREVIEW LIST-STATUS LIST-EXTENDED\r\n',
  SELECT:
    '* FLAGS (\\Seen)\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n',
  LOGOUT: '* BYE bye\r\n',
};

const mailboxMethods = {
  fetch: (box, options) => box.fetch(1, { flags: true }, options),
  search: (box, options) => box.search({ seen: true }, options),
  count: (box, options) => box.count({ seen: true }, options),
  summary: (box, options) => box.summary({ seen: true }, options),
  sort: (box, options) => box.sort('date', {}, options),
  thread: (box, options) => box.thread('REFERENCES', {}, options),
  addFlags: (box, options) => box.addFlags(1, ['\\Seen'], options),
  removeFlags: (box, options) => box.removeFlags(1, ['\\Seen'], options),
  setFlags: (box, options) => box.setFlags(1, ['\\Seen'], options),
  addLabels: (box, options) => box.addLabels(1, ['x'], options),
  removeLabels: (box, options) => box.removeLabels(1, ['x'], options),
  setLabels: (box, options) => box.setLabels(1, ['x'], options),
  replace: (box, options) => box.replace(1, message, options),
  move: (box, options) => box.move(1, 'Old', options),
  copy: (box, options) => box.copy(1, 'Old', options),
  expunge: (box, options) => box.expunge(1, options),
} satisfies Lent<ImapClient, Mailbox>['methods'];

export const imap: Subject<ImapClient> = {
  protocol: 'imap',
  module,
  Client: ImapClient,
  createPool: (options) => createImapPool({ id: false, ...options } as never),
  speaker: {
    greeting: '* OK ready\r\n',
    verb,
    startTls: 'STARTTLS',
    answer: (line) => `${untagged[verb(line)] ?? ''}${line.split(' ', 1)[0]} OK done\r\n`,
  },
  schemes: [
    ['imaps', 993],
    ['imap', 143],
  ],
  verb: 'NOOP',
  refusal: 'NO no',
  leaving: '* BYE shutting down\r\n',
  crowded: '* BYE Too many connections\r\n',
  unwelcome: '* BYE [CONTACTADMIN] Connections from your address are not allowed\r\n',
  quitVerb: 'LOGOUT',
  credentialVerb: 'LOGIN',
  methods: {
    list: (client, options) => client.list(options),
    namespaces: (client, options) => client.namespaces(options),
    status: (client, options) => client.status('INBOX', ['messages'], options),
    open: (client, options) => client.open('INBOX', options),
    create: (client, options) => client.create('New', options),
    delete: (client, options) => client.delete('Old', options),
    rename: (client, options) => client.rename('Old', 'New', options),
    subscribe: (client, options) => client.subscribe('Old', options),
    unsubscribe: (client, options) => client.unsubscribe('Old', options),
    append: (client, options) => client.append('INBOX', message, options),
    personal: (client, options) => client.personal('Sent', options),
    find: (client, options) => client.find({ specialUse: '\\Sent', ...options }),
    appendMany: (client, options) => client.appendMany('INBOX', [{ body: message }], options),
    catenate: (client, options) => client.catenate('INBOX', [{ text: message }], options),
    quota: (client, options) => client.quota('INBOX', options),
    setQuota: (client, options) => client.setQuota('', { STORAGE: 1 }, options),
    acl: (client, options) => client.acl('INBOX', options),
    myRights: (client, options) => client.myRights('INBOX', options),
    listRights: (client, options) => client.listRights('INBOX', 'bob', options),
    setRights: (client, options) => client.setRights('INBOX', 'bob', 'lr', options),
    deleteRights: (client, options) => client.deleteRights('INBOX', 'bob', options),
    metadata: (client, options) => client.metadata('INBOX', ['/private/comment'], options),
    setMetadata: (client, options) =>
      client.setMetadata('INBOX', { '/private/comment': null }, options),
    jmapAccess: (client, options) => client.jmapAccess(options),
    unauthenticate: (client, options) => client.unauthenticate(options),
    noop: (client, options) => client.noop(options),
    sync: (client, options) => client.sync('INBOX', undefined, {}, options),
    command: (client, options) => client.command('NOOP', [], options),
  },
  // The signal ends watch and follow without an error, and authenticate has a secret to keep: in their own tests.
  others: ['quit', 'close', 'watch', 'authenticate'],
  forms: {
    'list, all of it': (client) => client.list({ status: ['messages'] }),
    'appendMany, all of a message': (client) =>
      client.appendMany('INBOX', [{ body: message, flags: ['\\Seen'], date: new Date(0) }]),
    'open, going on': (client) =>
      client.open('INBOX', { resync: { uidValidity: 1, modSeq: '5' } as never }),
    watch: (client) => client.watch(['INBOX'], { timeout: 5 }),
    authenticate: (client) => client.authenticate({ user: 'a', password: 'b' }, { timeout: 5 }),
    'sync, its items': (client) => client.sync('INBOX', undefined, { flags: true }, {}),
  },
  maps: ['setQuota[1]', 'setMetadata[1]', 'open[1].resync'],
  lent: {
    name: 'mailbox',
    open: (client) => client.open('INBOX') as Promise<never>,
    others: ['close', 'onClose', 'follow'],
    methods: mailboxMethods,
    forms: {
      'fetch, all of it': (box: Mailbox) =>
        box.fetch(1, { flags: true }, { partial: [1, 5] } as never),
      'search, nested': (box: Mailbox) =>
        box.search({ or: [{ seen: true }, { and: [{ not: { flagged: true } }] }] } as never, {}),
      'follow, nested': (box: Mailbox) => box.follow({ not: { seen: true } }, {}),
      'count, nested': (box: Mailbox) => box.count({ not: { seen: true } }),
      'summary, nested': (box: Mailbox) => box.summary({ not: { seen: true } }),
      'sort, nested': (box: Mailbox) => box.sort('date', { not: { seen: true } }),
      'thread, nested': (box: Mailbox) => box.thread('REFERENCES', { not: { seen: true } }),
    },
  } as Lent<ImapClient>,
  nestedConnect: {
    'auth.pass': { auth: { user: 'a', password: 'b', pass: 'c' } },
    'iterations.mx': { iterations: { mx: 5 } },
  },
};
