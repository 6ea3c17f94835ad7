/** The commands of NNTP, RFC 3977 §5 to §8, RFC 4642, RFC 4643, RFC 6048. */
import { claimed } from '../impostor/conversation.js';
import { splitMessage } from '../message.js';
import type { Newsgroup } from '../news-store.js';
import { offeredMechanisms } from '../sasl-server.js';
import { authinfo } from './authinfo.js';
import { activeLine, lists } from './lists.js';
import type { NntpSession } from './nntp-session.js';
import { header, overview } from './overview.js';
import { matchesWildmat } from './wildmat.js';

interface Command {
  /** Refused with 480 where the server wants a login first. */
  needsAuth?: boolean;
  /** Refused with 401 before MODE READER on a mode-switching server. */
  needsReader?: boolean;
  run(at: NntpSession, words: string[]): Promise<void>;
}

const reading = { needsAuth: true, needsReader: true };
const maxArticleOctets = 32 << 20;

export const commands: Readonly<Record<string, Command>> = {
  CAPABILITIES: {
    run: (at) =>
      at.block('101 Capability list:', claimed(at.session, at.context, capabilities(at))),
  },

  MODE: {
    async run(at, [mode]) {
      if (mode?.toUpperCase() !== 'READER') return at.reply('501 Unknown mode');
      at.reader = true;
      await at.reply(at.mayPost ? '200 Posting allowed' : '201 Posting prohibited');
    },
  },

  STARTTLS: {
    async run(at) {
      if (!at.session.canStartTls) return at.reply('502 TLS is not to be had here');
      if (at.user !== undefined) return at.reply('502 Not after authentication');
      // RFC 4642 §2.2.2: all that was learned before is forgotten.
      at.group = undefined;
      at.current = undefined;
      at.pendingUser = undefined;
      await at.session.startTls('382 Continue with TLS negotiation');
    },
  },

  AUTHINFO: {
    async run(at, [kind = '', ...words]) {
      if (at.user !== undefined) return at.reply('502 Already authenticated');
      if (!at.session.allowsCredentials) return at.reply('483 Encryption required');
      const how = authinfo[kind.toUpperCase()];
      await (how ? how(at, words) : at.reply('501 USER, PASS or SASL'));
    },
  },

  GROUP: {
    ...reading,
    async run(at, [name = '']) {
      const group = at.news.group(name);
      if (!group) return at.reply('411 No such group');
      select(at, group);
      await at.reply(`211 ${counts(group)} ${group.name}`);
    },
  },

  LISTGROUP: {
    ...reading,
    async run(at, [name, range = '1-']) {
      const group = name === undefined ? at.group : at.news.group(name);
      if (!group)
        return at.reply(name === undefined ? '412 No group selected' : '411 No such group');
      select(at, group);
      const found = at.range(range);
      const numbers = typeof found === 'string' ? [] : found.map(({ number }) => String(number));
      await at.block(`211 ${counts(group)} ${group.name} list follows`, numbers);
    },
  },

  LAST: { ...reading, run: (at) => step(at, -1) },
  NEXT: { ...reading, run: (at) => step(at, 1) },

  ARTICLE: show(220, (octets) => octets),
  HEAD: show(221, (octets) => withoutEmptyLine(splitMessage(octets).header)),
  BODY: show(222, (octets) => splitMessage(octets).body),
  STAT: show(223, () => undefined),

  OVER: { ...reading, run: overview },
  XOVER: { ...reading, run: overview },
  HDR: { ...reading, run: (at, words) => header(at, words, '225 Headers follow') },
  XHDR: { ...reading, run: (at, words) => header(at, words, '221 Headers follow') },

  LIST: {
    ...reading,
    async run(at, [kind = 'ACTIVE', argument]) {
      const list = lists[kind.toUpperCase()];
      await (list ? list(at, argument) : at.reply('501 Unknown LIST'));
    },
  },

  NEWGROUPS: {
    ...reading,
    async run(at, [date = '', time = '']) {
      const since = parseDate(date, time);
      if (!since) return at.reply('501 Syntax error');
      const groups = [...at.news.groups.values()].filter(({ created }) => created >= since);
      await at.block('231 New newsgroups follow', groups.map(activeLine));
    },
  },

  NEWNEWS: {
    ...reading,
    async run(at, [wildmat = '', date = '', time = '']) {
      const since = parseDate(date, time);
      if (!since) return at.reply('501 Syntax error');
      const fresh = [...at.news.articles.values()].filter(
        ({ arrived, numbers }) =>
          arrived >= since && [...numbers.keys()].some((name) => matchesWildmat(wildmat, name)),
      );
      await at.block(
        '230 New articles follow',
        fresh.map(({ messageId }) => messageId),
      );
    },
  },

  DATE: { run: (at) => at.reply(`111 ${timestamp(new Date())}`) },

  HELP: { run: (at) => at.block('100 Help text follows', Object.keys(commands)) },

  POST: {
    ...reading,
    async run(at) {
      if (!at.mayPost) return at.reply('440 Posting not permitted');
      await at.reply('340 Send the article');
      const octets = await at.session.dotBody(maxArticleOctets);
      const reason = file(at, octets, true);
      await at.reply(reason === undefined ? '240 Article received' : `441 ${reason}`);
    },
  },

  IHAVE: {
    needsAuth: true,
    async run(at, [messageId = '']) {
      if (!/^<[^>\s]+>$/.test(messageId)) return at.reply('501 Syntax error');
      if (at.news.article(messageId)) return at.reply('435 Not wanted');
      await at.reply('335 Send it');
      const octets = await at.session.dotBody(maxArticleOctets);
      const reason = file(at, octets, false);
      await at.reply(reason === undefined ? '235 Transferred' : `437 ${reason}`);
    },
  },

  QUIT: {
    async run(at) {
      at.over = true;
      await at.reply('205 Bye');
    },
  },
};

function capabilities(at: NntpSession): string[] {
  const { session, context } = at;
  const mechanisms = offeredMechanisms(at.environment);
  const login = at.user === undefined && session.allowsCredentials;
  const lines = [
    'VERSION 2',
    'IMPLEMENTATION fivewire-test-servers',
    ...(at.reader ? ['READER'] : ['MODE-READER']),
    ...(at.mayPost ? ['POST', 'IHAVE'] : []),
    'OVER MSGID',
    'HDR',
    'NEWNEWS',
    'LIST ACTIVE NEWSGROUPS OVERVIEW.FMT HEADERS COUNTS ACTIVE.TIMES',
    ...(session.canStartTls && at.user === undefined ? ['STARTTLS'] : []),
    ...(login ? [`AUTHINFO USER${mechanisms.length > 0 ? ' SASL' : ''}`] : []),
    ...(login && mechanisms.length > 0 ? [`SASL ${mechanisms.join(' ')}`] : []),
  ];
  return lines.filter((line) => context.shows(line.split(' ')[0] as string));
}

function select(at: NntpSession, group: Newsgroup): void {
  at.group = group;
  at.current = group.articles.size > 0 ? group.low : undefined;
}

function counts(group: Newsgroup): string {
  // An empty group is "0 0 0" or has low = high + 1, RFC 3977 §6.1.1.2.
  return `${group.articles.size} ${group.low} ${group.high}`;
}

async function step(at: NntpSession, direction: 1 | -1): Promise<void> {
  if (!at.group) return at.reply('412 No group selected');
  const { current } = at;
  if (current === undefined) return at.reply('420 No current article');
  const numbers = [...at.group.articles.keys()];
  const next =
    direction > 0
      ? numbers.find((number) => number > current)
      : numbers.findLast((number) => number < current);
  if (next === undefined)
    return at.reply(direction > 0 ? '421 No next article' : '422 No previous article');
  at.current = next;
  await at.reply(`223 ${next} ${at.group.articles.get(next)?.messageId}`);
}

/** ARTICLE, HEAD, BODY and STAT differ in what of the article they send. */
function show(code: number, part: (octets: Buffer) => Buffer | undefined): Command {
  return {
    ...reading,
    async run(at, [argument]) {
      const found = at.find(argument);
      if (typeof found === 'string') return at.reply(found);
      if (!argument?.startsWith('<')) at.current = found.number;
      const line = `${code} ${found.number} ${found.article.messageId}`;
      const octets = part(found.article.octets);
      await (octets ? at.octets(line, octets) : at.reply(line));
    },
  };
}

function withoutEmptyLine(header: Buffer): Buffer {
  return header.subarray(0, Math.max(0, header.length - 2));
}

/** RFC 3977 §7.3.2: `[yy]yymmdd hhmmss`; a year without century is the nearest past one. */
function parseDate(date: string, time: string): Date | undefined {
  const match = /^(\d\d)?(\d\d)(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)$/.exec(`${date} ${time}`);
  if (!match) return undefined;
  const [century, year, month, day, ...clock] = match.slice(1).map((part) => Number(part ?? NaN));
  const thisYear = new Date().getUTCFullYear();
  const inThisCentury = Math.floor(thisYear / 100) * 100 + (year as number);
  const guessed = inThisCentury > thisYear ? inThisCentury - 100 : inThisCentury;
  const full = Number.isNaN(century) ? guessed : (century as number) * 100 + (year as number);
  const [hour, minute, second] = clock;
  return new Date(Date.UTC(full, (month as number) - 1, day, hour, minute, second));
}

/** `yyyymmddhhmmss`, RFC 3977 §7.1. */
function timestamp(date: Date): string {
  return date.toISOString().replace(/\D/g, '').slice(0, 14);
}

/** Files an article; the reason why not is the reply's text. */
function file(at: NntpSession, octets: Buffer | undefined, injected: boolean): string | undefined {
  if (!octets) return 'Too big.';
  try {
    at.news.add(octets, { injected });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
