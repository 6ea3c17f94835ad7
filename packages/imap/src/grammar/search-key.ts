/** search-key (RFC 9051 §6.4.4; RFC 5032 WITHIN; RFC 7162 MODSEQ; RFC 8474 ids; Gmail's X-GM-RAW) from an object. */
import { UsageError, unknownOption } from 'tls-context-core';
import { type Argument, atom, date, list, number, string, syntax, uidSet } from './encoder.js';
import type { Uids } from './sequence-set.js';

/**
 * What to look for. All conditions given must hold; a list of texts means each of them. `{}` finds every message.
 * Dates are days: a Date counts by its day in UTC, a string is `YYYY-MM-DD`.
 */
export interface SearchQuery {
  uid?: Uids;
  /** Sequence numbers. */
  sequence?: Uids;
  seen?: boolean;
  answered?: boolean;
  flagged?: boolean;
  deleted?: boolean;
  draft?: boolean;
  /** Messages with this flag or keyword. */
  keyword?: string | readonly string[];
  /** Messages without it. */
  unkeyword?: string | readonly string[];
  from?: string | readonly string[];
  to?: string | readonly string[];
  cc?: string | readonly string[];
  bcc?: string | readonly string[];
  subject?: string | readonly string[];
  /** In the body. */
  body?: string | readonly string[];
  /** Anywhere in header or body. */
  text?: string | readonly string[];
  /** Header fields by name: the text to find in it, or `true` for the field to be there. */
  header?: Readonly<Record<string, string | true>>;
  /** By the day on which the message arrived (INTERNALDATE). */
  before?: Date | string;
  on?: Date | string;
  since?: Date | string;
  /** By the Date field. */
  sentBefore?: Date | string;
  sentOn?: Date | string;
  sentSince?: Date | string;
  /** In octets: above, below. */
  larger?: number;
  smaller?: number;
  /** Arrived within, or longer ago than, so many seconds (WITHIN). */
  younger?: number;
  older?: number;
  /** Changed since this MODSEQ, a decimal string (CONDSTORE). */
  modSeq?: string;
  /** By when the messages came into this mailbox (SAVEDATE, RFC 8514). */
  savedBefore?: Date | string;
  savedOn?: Date | string;
  savedSince?: Date | string;
  /** Not by the letter, but as the server's index sees it (SEARCH=FUZZY, RFC 6203). */
  fuzzy?: SearchQuery;
  /** OBJECTID. */
  emailId?: string;
  threadId?: string;
  /** A search in Gmail's own language (X-GM-EXT-1). */
  gmailRaw?: string;
  /** At least one of these. */
  or?: readonly SearchQuery[];
  /** All of these: for conditions that one object cannot hold twice. */
  and?: readonly SearchQuery[];
  /** None of what this finds. */
  not?: SearchQuery;
}

/** The query as search program: `CHARSET UTF-8` first where it holds more than ASCII (RFC 9051 §6.4.4). */
export function searchProgram(query: SearchQuery, utf8: boolean): Argument[] {
  const keys = searchKeys(query);
  const ascii = utf8 || isAscii(query, 0);
  return ascii ? keys : [syntax('CHARSET UTF-8'), ...keys];
}

/**
 * One argument a condition; `ALL` for none.
 * @throws UsageError `ERR_ARGUMENT` for a condition that does not exist or a value of the wrong kind
 */
export function searchKeys(query: SearchQuery, depth = 0): Argument[] {
  if (typeof query !== 'object' || query === null || Array.isArray(query)) {
    throw wrong('query', 'an object such as { seen: false, from: "alice" }');
  }
  if (depth > deepest) throw wrong('query', `nested at most ${deepest} deep`);
  const keys = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const write = conditions[name];
    if (write === undefined) {
      throw unknownOption(`query.${name}`, Object.keys(conditions));
    }
    return write(value, name, depth);
  });
  return keys.length === 0 ? [syntax('ALL')] : keys;
}

const deepest = 32;

type Condition = (value: unknown, name: string, depth: number) => Argument[];

const pair = (key: string, argument: Argument): Argument[] => [syntax(key), argument];

/** SEEN / UNSEEN */
const flagged =
  (yes: string): Condition =>
  (value, name) => {
    if (typeof value !== 'boolean') throw wrong(name, 'true or false');
    return [syntax(value ? yes : `UN${yes}`)];
  };

const each =
  (key: string, argument: (text: string, name: string) => Argument): Condition =>
  (value, name) =>
    (Array.isArray(value) ? value : [value]).flatMap((text) => pair(key, argument(text, name)));

const texts = (key: string): Condition => each(key, string);
const keywords = (key: string): Condition => each(key, atom);
const day =
  (key: string): Condition =>
  (value) =>
    pair(key, date(value as Date));
const count =
  (key: string): Condition =>
  (value, name) =>
    pair(key, number(value as number, name));

const conditions: Record<string, Condition> = {
  uid: (value) => pair('UID', uidSet(value as Uids)),
  sequence: (value) => [uidSet(value as Uids)],
  seen: flagged('SEEN'),
  answered: flagged('ANSWERED'),
  flagged: flagged('FLAGGED'),
  deleted: flagged('DELETED'),
  draft: flagged('DRAFT'),
  keyword: keywords('KEYWORD'),
  unkeyword: keywords('UNKEYWORD'),
  from: texts('FROM'),
  to: texts('TO'),
  cc: texts('CC'),
  bcc: texts('BCC'),
  subject: texts('SUBJECT'),
  body: texts('BODY'),
  text: texts('TEXT'),
  header: (value, name) => {
    if (typeof value !== 'object' || value === null)
      throw wrong(name, 'an object of field names and texts');
    return Object.entries(value).flatMap(([field, text]) => [
      syntax('HEADER'),
      string(field, name),
      text === true ? syntax('""') : string(text, name),
    ]);
  },
  before: day('BEFORE'),
  on: day('ON'),
  since: day('SINCE'),
  sentBefore: day('SENTBEFORE'),
  sentOn: day('SENTON'),
  sentSince: day('SENTSINCE'),
  larger: count('LARGER'),
  smaller: count('SMALLER'),
  younger: count('YOUNGER'),
  older: count('OLDER'),
  modSeq: (value, name) => {
    if (typeof value !== 'string' || !/^\d{1,20}$/.test(value))
      throw wrong(name, 'a decimal string');
    return pair('MODSEQ', syntax(value));
  },
  savedBefore: day('SAVEDBEFORE'),
  savedOn: day('SAVEDON'),
  savedSince: day('SAVEDSINCE'),
  fuzzy: (value, _name, depth) => pair('FUZZY', group(searchKeys(value as SearchQuery, depth + 1))),
  emailId: keywords('EMAILID'),
  threadId: keywords('THREADID'),
  gmailRaw: texts('X-GM-RAW'),
  or: (value, name, depth) => {
    if (!Array.isArray(value) || value.length === 0)
      throw wrong(name, 'a list of at least one query');
    return [anyOf(value.map((query) => group(searchKeys(query, depth + 1))))];
  },
  and: (value, name, depth) => {
    if (!Array.isArray(value)) throw wrong(name, 'a list of queries');
    return value.map((query) => group(searchKeys(query, depth + 1)));
  },
  not: (value, _name, depth) => pair('NOT', group(searchKeys(value as SearchQuery, depth + 1))),
};
Object.setPrototypeOf(conditions, null);

/** Conditions that need an extension, and the capabilities of which one has to be there. */
const needs: Readonly<Record<string, readonly string[]>> = {
  younger: ['WITHIN'],
  older: ['WITHIN'],
  modSeq: ['CONDSTORE'],
  savedBefore: ['SAVEDATE'],
  savedOn: ['SAVEDATE'],
  savedSince: ['SAVEDATE'],
  fuzzy: ['SEARCH=FUZZY'],
  emailId: ['OBJECTID'],
  threadId: ['OBJECTID'],
  gmailRaw: ['X-GM-EXT-1'],
};

/** What the query needs beyond plain SEARCH: each condition with the capabilities of which one has to be there. */
export function* neededBy(query: SearchQuery): IterableIterator<[string, readonly string[]]> {
  const open: unknown[] = [query];
  for (let found = open.pop(); found !== undefined; found = open.pop()) {
    if (typeof found !== 'object' || found === null) continue;
    for (const [name, value] of Object.entries(found)) {
      if (value === undefined) continue;
      const anyOf = needs[name];
      if (Object.hasOwn(needs, name) && anyOf !== undefined) yield [name, anyOf];
      if (name === 'not' || name === 'fuzzy') open.push(value);
      else if ((name === 'or' || name === 'and') && Array.isArray(value)) open.push(...value);
    }
  }
}

/** OR takes two keys. A balanced tree keeps the nesting of many alternatives low: servers limit it. */
function anyOf(keys: readonly Argument[]): Argument {
  if (keys.length === 1) return keys[0] as Argument;
  const middle = keys.length >> 1;
  const [left, right] = [anyOf(keys.slice(0, middle)), anyOf(keys.slice(middle))];
  return (writer) => {
    writer.text('OR ');
    left(writer);
    writer.text(' ');
    right(writer);
  };
}

const group = (keys: readonly Argument[]): Argument =>
  keys.length === 1 ? (keys[0] as Argument) : list(keys);

function isAscii(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return /^[\x00-\x7f]*$/.test(value);
  if (typeof value !== 'object' || value === null || depth > deepest * 2) return true;
  const opaque = value instanceof Date || (Symbol.iterator in value && !Array.isArray(value));
  if (opaque) return true;
  return Object.values(value).every((inner) => isAscii(inner, depth + 1));
}

const wrong = (argument: string, expected: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} must be ${expected}`, { argument });
