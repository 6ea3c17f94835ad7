import * as module from '@fivewire/pop3';
import { createPop3Pool, Pop3Client } from '@fivewire/pop3';
import type { Subject } from '../subject.js';

const verb = (line: string): string => (line.split(' ', 1)[0] ?? '').toUpperCase();

const answers: Readonly<Record<string, string>> = {
  CAPA: '+OK\r\nSTLS\r\nUIDL\r\nTOP\r\n.\r\n',
  STAT: '+OK 1 100\r\n',
  LIST: '+OK\r\n1 100\r\n.\r\n',
  UIDL: '+OK\r\n1 a\r\n.\r\n',
  RETR: '+OK\r\nSubject: x\r\n\r\nx\r\n.\r\n',
  TOP: '+OK\r\nSubject: x\r\n\r\n.\r\n',
};

export const pop3: Subject<Pop3Client> = {
  protocol: 'pop3',
  module,
  Client: Pop3Client,
  createPool: (options) => createPop3Pool(options as never),
  speaker: {
    greeting: '+OK ready\r\n',
    verb,
    startTls: 'STLS',
    answer: (line) => answers[verb(line)] ?? '+OK\r\n',
  },
  schemes: [
    ['pop3s', 995],
    ['pop3', 110],
  ],
  verb: 'NOOP',
  question: 'CAPA',
  refusal: '-ERR no\r\n',
  leaving: '-ERR [SYS/TEMP] shutting down\r\n',
  crowded: '-ERR [IN-USE] Too many connections\r\n',
  unwelcome: '-ERR [SYS/PERM] Blocked\r\n',
  quitVerb: 'QUIT',
  credentialVerb: 'PASS',
  methods: {
    stat: (client, options) => client.stat(options),
    list: (client, options) => client.list(options),
    uidl: (client, options) => client.uidl(options),
    retrieve: (client, options) => client.retrieve(1, options),
    top: (client, options) => client.top(1, 0, options),
    retrieveAll: (client, options) => client.retrieveAll([1], options),
    delete: (client, options) => client.delete(1, options),
    languages: (client, options) => client.languages(options),
    language: (client, options) => client.language('en', options),
    reset: (client, options) => client.reset(options),
    noop: (client, options) => client.noop(options),
    command: (client, options) => client.command('NOOP', [], options),
  },
  others: ['quit', 'close'],
  nestedConnect: { 'auth.pass': { auth: { user: 'a', password: 'b', pass: 'c' } } },
};
