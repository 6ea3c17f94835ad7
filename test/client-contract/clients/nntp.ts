import * as module from '@fivewire/nntp';
import { createNntpPool, NntpClient } from '@fivewire/nntp';
import type { Subject } from '../subject.js';

const verb = (line: string): string => (line.split(' ', 1)[0] ?? '').toUpperCase();
const id = '<1@example.org>';

const answers: Readonly<Record<string, string>> = {
  CAPABILITIES:
    '101 list\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\nPOST\r\nNEWNEWS\r\nOVER MSGID\r\nHDR\r\nLIST ACTIVE NEWSGROUPS OVERVIEW.FMT HEADERS COUNTS ACTIVE.TIMES SUBSCRIPTIONS DISTRIB.PATS DISTRIBUTIONS MODERATORS MOTD\r\n.\r\n',
  GROUP: '211 1 1 1 test.group\r\n',
  STAT: `223 1 ${id}\r\n`,
  DATE: '111 20260101000000\r\n',
  HELP: '100 help\r\n.\r\n',
  QUIT: '205 bye\r\n',
  AUTHINFO: '281 welcome\r\n',
  STARTTLS: '382 go on\r\n',
};

export const nntp: Subject<NntpClient> = {
  protocol: 'nntp',
  module,
  Client: NntpClient,
  createPool: (options) => createNntpPool(options as never),
  speaker: {
    greeting: '200 ready\r\n',
    verb,
    startTls: 'STARTTLS',
    answer: (line) => answers[verb(line)] ?? '500 what\r\n',
  },
  schemes: [
    ['nntps', 563],
    ['nntp', 119],
  ],
  verb: 'DATE',
  question: 'CAPABILITIES',
  refusal: '503 no\r\n',
  leaving: '400 shutting down\r\n',
  crowded: '502 Too many connections\r\n',
  unwelcome: '502 You have no permission to talk\r\n',
  quitVerb: 'QUIT',
  credentialVerb: 'AUTHINFO',
  methods: {
    group: (client, options) => client.group('test.group', options),
    listGroup: (client, options) => client.listGroup('test.group', options),
    overview: (client, options) => client.overview(id, options),
    header: (client, options) => client.header('Subject', id, options),
    xpat: (client, options) => client.xpat('Subject', id, '*', options),
    article: (client, options) => client.article(id, options),
    head: (client, options) => client.head(id, options),
    body: (client, options) => client.body(id, options),
    stat: (client, options) => client.stat(id, options),
    articles: (client, options) => client.articles([id], options),
    archive: (client, options) => client.archive('test.group', undefined, options),
    next: (client, options) => client.next(options),
    last: (client, options) => client.last(options),
    listActive: (client, options) => client.listActive(options),
    listActiveTimes: (client, options) => client.listActiveTimes(options),
    listNewsgroups: (client, options) => client.listNewsgroups(options),
    listCounts: (client, options) => client.listCounts(options),
    listSubscriptions: (client, options) => client.listSubscriptions(options),
    listDistribPats: (client, options) => client.listDistribPats(options),
    listDistributions: (client, options) => client.listDistributions(options),
    listModerators: (client, options) => client.listModerators(options),
    listMotd: (client, options) => client.listMotd(options),
    listHeaders: (client, options) => client.listHeaders(undefined, options),
    listOverviewFormat: (client, options) => client.listOverviewFormat(options),
    newGroups: (client, options) => client.newGroups(new Date(0), options),
    newNews: (client, options) => client.newNews('*', new Date(0), options),
    date: (client, options) => client.date(options),
    help: (client, options) => client.help(options),
    post: (client, options) => client.post('Subject: x\r\n\r\nx\r\n', options),
    command: (client, options) => client.command('DATE', [], options),
  },
  others: ['quit', 'close', 'feed'],
  forms: {
    overview: (client) => client.overview({ from: 1, to: 5 }),
    header: (client) => client.header('Subject', { from: 1, to: 5 }),
    xpat: (client) => client.xpat('Subject', { from: 1, to: 5 }, '*'),
    listGroup: (client) => client.listGroup('test.group', { from: 1, to: 5 }),
    archive: (client) =>
      client.archive('test.group', { group: 'test.group', low: 1, high: 5, last: 3 }, {}),
  },
  maps: ['archive[1]'],
  nestedConnect: { 'auth.pass': { auth: { user: 'a', password: 'b', pass: 'c' } } },
};
