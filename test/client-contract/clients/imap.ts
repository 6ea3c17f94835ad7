import * as module from '@fivewire/imap';
import { createImapPool, ImapClient } from '@fivewire/imap';
import type { Subject } from '../subject.js';

const message = 'Subject: x\r\n\r\nx\r\n';
const verb = (line: string): string => (line.split(' ')[1] ?? '').toUpperCase();

const untagged: Readonly<Record<string, string>> = {
  CAPABILITY:
    '* CAPABILITY IMAP4rev1 NAMESPACE ID SPECIAL-USE QUOTA QUOTASET ACL METADATA JMAPACCESS MULTIAPPEND CATENATE UNAUTHENTICATE LITERAL+\r\n',
  LOGOUT: '* BYE bye\r\n',
};

export const imap: Subject<ImapClient> = {
  protocol: 'imap',
  module,
  Client: ImapClient,
  createPool: (options) => createImapPool({ id: false, ...options } as never),
  speaker: {
    greeting: '* OK ready\r\n',
    verb,
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
    command: (client, options) => client.command('NOOP', [], options),
  },
  others: ['quit', 'close', 'watch', 'sync', 'authenticate'],
  nestedConnect: {
    'auth.pass': { auth: { user: 'a', password: 'b', pass: 'c' } },
    'iterations.mx': { iterations: { mx: 5 } },
  },
};
