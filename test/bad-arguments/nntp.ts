/** The methods of NntpClient, and what can be wrong with their arguments. */
import type { NntpClient } from '@fivewire/nntp';
import { type Argument, callOptions, type Method, option, type Table } from './table.js';
import {
  type BadValues,
  body,
  count,
  date,
  optionalCount,
  optionalFlag,
  optionalList,
  optionalPositive,
  optionalText,
  optionalWord,
  text,
  textOrEmpty,
  without,
} from './values.js';

type Client = NntpClient;

const id: BadValues = {
  ...without(optionalText, 'a number'),
  ...without(optionalCount, 'a numeral'),
  'no angle brackets': '1@example.org',
  'a space inside': '<1 @example.org>',
  'two at once': '<1@example.org><2@example.org>',
};
const range: BadValues = {
  ...without(id, 'an empty object', 'an empty array'),
  'a span of nothing': {},
  'a span from a text': { from: '1' },
  'a span from -1': { from: -1 },
  'a span to NaN': { from: 1, to: Number.NaN },
  'a span with a misspelled end': { from: 1, until: 2 },
};
const since: BadValues = { ...date, 'the year 10000': new Date(253_402_300_800_000) };
const group: BadValues = { ...text, 'a space': 'a b', 'a wildmat': 'a.*' };
const wildmat: BadValues = { ...optionalText, 'a space': 'a b' };

const named = (
  gives: Method<Client>['gives'],
  call: (nntp: Client, id: never, options?: never) => unknown,
): Method<Client> => ({
  gives,
  arguments: {
    id: { bad: id, call },
    ...optionsAfter((nntp, options) => call(nntp, 1 as never, options)),
  },
});

const optionsAfter = (
  call: (nntp: Client, options: never) => unknown,
): Record<string, Argument<Client>> => callOptions<Client>(call);

const listing = (call: (nntp: Client, options: never) => unknown): Method<Client> => ({
  gives: 'rows',
  arguments: { ...callOptions<Client>(call), ...option<Client>('wildmat', wildmat, call) },
});

const plainListing = (call: (nntp: Client, options: never) => unknown): Method<Client> => ({
  gives: 'rows',
  arguments: callOptions<Client>(call),
});

const plain = (call: (nntp: Client, options: never) => unknown): Method<Client> => ({
  gives: 'promise',
  arguments: callOptions<Client>(call),
});

export const nntpTable: Table<Client> = {
  group: {
    gives: 'promise',
    arguments: {
      name: { bad: group, call: (nntp, bad) => nntp.group(bad) },
      ...callOptions<Client>((nntp, options) => nntp.group('test.group', options)),
    },
  },
  listGroup: {
    gives: 'rows',
    arguments: {
      name: { bad: group, call: (nntp, bad) => nntp.listGroup(bad) },
      ...callOptions<Client>((nntp, options) => nntp.listGroup('test.group', options)),
      ...option<Client>('from', optionalCount, (nntp, options) =>
        nntp.listGroup('test.group', options),
      ),
      ...option<Client>('to', optionalCount, (nntp, options) =>
        nntp.listGroup('test.group', options),
      ),
    },
  },
  overview: {
    gives: 'rows',
    arguments: {
      range: { bad: range, call: (nntp, bad) => nntp.overview(bad) },
      ...callOptions<Client>((nntp, options) => nntp.overview({ from: 1 }, options)),
      ...option<Client>('window', optionalPositive, (nntp, options) =>
        nntp.overview({ from: 1 }, options),
      ),
    },
  },
  header: {
    gives: 'rows',
    arguments: {
      field: {
        bad: { ...text, 'a colon inside': 'a:b' },
        call: (nntp, bad) => nntp.header(bad, 1),
      },
      range: { bad: range, call: (nntp, bad) => nntp.header('Subject', bad) },
      ...callOptions<Client>((nntp, options) => nntp.header('Subject', 1, options)),
    },
  },
  xpat: {
    gives: 'rows',
    arguments: {
      field: {
        bad: { ...text, 'a colon inside': 'a:b' },
        call: (nntp, bad) => nntp.xpat(bad, 1, '*'),
      },
      range: { bad: range, call: (nntp, bad) => nntp.xpat('Subject', bad, '*') },
      patterns: {
        bad: { 'a space': 'a b', 'an empty text': '', 'an empty list': [], 'a number': 7 },
        call: (nntp, bad) => nntp.xpat('Subject', 1, bad),
      },
      ...callOptions<Client>((nntp, options) => nntp.xpat('Subject', 1, '*', options)),
    },
  },
  article: named('promise', (nntp, bad, options) => nntp.article(bad, options)),
  head: named('promise', (nntp, bad, options) => nntp.head(bad, options)),
  body: named('promise', (nntp, bad, options) => nntp.body(bad, options)),
  stat: named('promise', (nntp, bad, options) => nntp.stat(bad, options)),
  articles: {
    gives: 'rows',
    arguments: {
      ids: {
        bad: without(count, 'an empty array', 'an array of itself', 'a numeral'),
        call: (nntp, bad) => nntp.articles(bad),
      },
      ...callOptions<Client>((nntp, options) => nntp.articles([1], options)),
      ...option<Client>('window', optionalPositive, (nntp, options) => nntp.articles([1], options)),
    },
  },
  next: plain((nntp, options) => nntp.next(options)),
  last: plain((nntp, options) => nntp.last(options)),
  listActive: listing((nntp, options) => nntp.listActive(options)),
  listActiveTimes: listing((nntp, options) => nntp.listActiveTimes(options)),
  listNewsgroups: listing((nntp, options) => nntp.listNewsgroups(options)),
  listCounts: listing((nntp, options) => nntp.listCounts(options)),
  listSubscriptions: listing((nntp, options) => nntp.listSubscriptions(options)),
  listDistribPats: plainListing((nntp, options) => nntp.listDistribPats(options)),
  listDistributions: plainListing((nntp, options) => nntp.listDistributions(options)),
  listModerators: plainListing((nntp, options) => nntp.listModerators(options)),
  listMotd: plainListing((nntp, options) => nntp.listMotd(options)),
  listHeaders: {
    gives: 'rows',
    arguments: {
      by: { bad: optionalWord, call: (nntp, bad) => nntp.listHeaders(bad) },
      ...callOptions<Client>((nntp, options) => nntp.listHeaders('RANGE', options)),
    },
  },
  listOverviewFormat: plain((nntp, options) => nntp.listOverviewFormat(options)),
  newGroups: {
    gives: 'rows',
    arguments: {
      since: { bad: since, call: (nntp, bad) => nntp.newGroups(bad) },
      ...callOptions<Client>((nntp, options) => nntp.newGroups(new Date(), options)),
    },
  },
  newNews: {
    gives: 'rows',
    arguments: {
      wildmat: {
        bad: { ...wildmat, undefined: undefined },
        call: (nntp, bad) => nntp.newNews(bad, new Date()),
      },
      since: { bad: since, call: (nntp, bad) => nntp.newNews('*', bad) },
      ...callOptions<Client>((nntp, options) => nntp.newNews('*', new Date(), options)),
    },
  },
  date: plain((nntp, options) => nntp.date(options)),
  help: plain((nntp, options) => nntp.help(options)),
  post: {
    gives: 'promise',
    arguments: {
      article: { bad: body, call: (nntp, bad) => nntp.post(bad) },
      ...callOptions<Client>((nntp, options) => nntp.post('Subject: x\n\nx\n', options)),
      ...option<Client>('again', optionalFlag, (nntp, options) =>
        nntp.post('Subject: x\n\nx\n', options),
      ),
    },
  },
  feed: {
    gives: 'rows',
    arguments: {
      articles: {
        bad: without(count, 'an empty array', 'an array of itself', 'a numeral'),
        call: (nntp, bad) => nntp.feed(bad),
      },
      ...callOptions<Client>((nntp, options) => nntp.feed([], options)),
      ...option<Client>('window', optionalPositive, (nntp, options) => nntp.feed([], options)),
      ...option<Client>('check', optionalFlag, (nntp, options) => nntp.feed([], options)),
    },
  },
  archive: {
    gives: 'rows',
    arguments: {
      name: { bad: group, call: (nntp, bad) => nntp.archive(bad) },
      ...callOptions<Client>((nntp, options) => nntp.archive('test.group', undefined, options)),
      ...option<Client>('window', optionalPositive, (nntp, options) =>
        nntp.archive('test.group', undefined, options),
      ),
      ...option<Client>('limit', optionalPositive, (nntp, options) =>
        nntp.archive('test.group', undefined, options),
      ),
    },
  },
  command: {
    gives: 'promise',
    arguments: {
      verb: {
        bad: { ...text, 'a verb with an argument': 'LIST ACTIVE', 'a refused verb': 'authinfo' },
        call: (nntp, bad) => nntp.command(bad),
      },
      args: { bad: optionalList, call: (nntp, bad) => nntp.command('LIST', bad) },
      'args[0]': { bad: textOrEmpty, call: (nntp, bad) => nntp.command('LIST', [bad]) },
      ...callOptions<Client>((nntp, options) => nntp.command('DATE', [], options)),
      ...option<Client>('multiline', optionalFlag, (nntp, options) =>
        nntp.command('DATE', [], options),
      ),
    },
  },
  quit: plain((nntp, options) => nntp.quit(options)),
};
