/** SEARCH, ESEARCH and VANISHED (RFC 9051 §7.3.4; RFC 3501 §7.2.5; RFC 4731; RFC 7162 §3.2.10). */
import { close, isDigit, type Lexer, open } from './lexer.js';
import { restOf } from './same-line.js';
import { appendNumber, parseRanges, UidSet } from './sequence-set.js';

export interface SearchData {
  uids: UidSet;
  /** The highest MODSEQ among them, when the search asked about MODSEQ. */
  modSeq: string | undefined;
}

/**
 * "SEARCH" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]: a million numbers in one pass, no token each. Ranges and
 * commas, which some servers write here as well, are read as what they mean.
 */
export function parseSearch(lexer: Lexer): SearchData {
  const { text } = lexer;
  const bounds: number[] = [];
  let i = lexer.pos;
  let value = 0;
  let from = 0;
  const append = (): void => {
    if (value > Number.MAX_SAFE_INTEGER) throw lexer.fail('nz-number');
    if (value > 0 && from > 0) bounds.push(Math.min(from, value), Math.max(from, value));
    else if (value > 0) appendNumber(bounds, value);
    value = 0;
    from = 0;
  };
  if (lexer.nil()) return { uids: UidSet.empty, modSeq: undefined };
  for (; i < text.length; i++) {
    const octet = text.charCodeAt(i);
    const digit = octet - 48;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (octet === 32 || octet === 44) append();
    else if (octet === 58 && value > 0 && from === 0) {
      from = value;
      value = 0;
    } else break;
  }
  append();
  lexer.pos = i;
  let modSeq: string | undefined;
  if (!lexer.atEnd && restOf(lexer.frame, i) === undefined) {
    const loose = bounds.length === 0 ? looseSet(lexer) : undefined;
    if (loose !== undefined) {
      lexer.note('SEARCH: its numbers stand in quotes or parentheses');
      return { uids: loose, modSeq };
    }
    lexer.open('nz-number');
    if (lexer.keyword() !== 'MODSEQ') throw lexer.fail('MODSEQ');
    lexer.spaces();
    modSeq = lexer.digits('mod-sequence-value');
    lexer.expect(close, ')');
  }
  return { uids: UidSet.ofRanges(bounds), modSeq };
}

export interface ExtendedSearchData {
  /** The tag of the search that it answers; some servers leave it out. */
  tag: string | undefined;
  /** Whether the numbers are UIDs. */
  uid: boolean;
  min: number | undefined;
  max: number | undefined;
  count: number | undefined;
  all: UidSet | undefined;
  /** The same as it was written: the order is what a sorted result means. */
  allText: string;
  /** Of those found, the ones in the window that was asked for (RFC 9394). `undefined`: none was asked for. */
  partial: UidSet | undefined;
  /** That window, as the server writes it. */
  partialRange: string;
  modSeq: string | undefined;
  /** Some of it could not be read. */
  isUnread: boolean;
  /** What came into the result of a search that is kept up to date, or left it, in this order (CONTEXT, RFC 5267 §4.3). */
  updates?: { added: boolean; uids: UidSet }[];
}

/** esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data) */
export function parseExtendedSearch(lexer: Lexer): ExtendedSearchData {
  const data: ExtendedSearchData = {
    tag: undefined,
    uid: false,
    min: undefined,
    max: undefined,
    count: undefined,
    all: undefined,
    allText: '',
    partial: undefined,
    partialRange: '',
    modSeq: undefined,
    isUnread: false,
  };
  lexer.spaces();
  if (lexer.peek() === open) {
    lexer.list('search-correlator', () => {
      const name = lexer.keyword();
      lexer.spaces();
      const value = lexer.astring('tag-string');
      if (name === 'TAG') data.tag = value;
    });
  }
  for (lexer.spaces(); !lexer.atEnd; lexer.spaces()) {
    const name = lexer.keyword('search-return-data');
    if (name === 'UID') {
      data.uid = true;
      continue;
    }
    lexer.spaces();
    const read = returnData[name];
    if (read === undefined) lexer.skipValue('search-return-value');
    else read(lexer, data);
  }
  return data;
}

const returnData: Record<string, (lexer: Lexer, data: ExtendedSearchData) => void> = {
  MIN: (lexer, data) => {
    data.min = numberOf(lexer, data, 'MIN');
  },
  MAX: (lexer, data) => {
    data.max = numberOf(lexer, data, 'MAX');
  },
  COUNT: (lexer, data) => {
    data.count = numberOf(lexer, data, 'COUNT');
  },
  ALL: (lexer, data) => {
    const start = lexer.pos;
    // Nothing is found: then there ought to be no ALL.
    if (lexer.atEnd || lexer.nil()) return;
    const loose = /["( ]/.test(lexer.text.slice(start)) ? looseRun(lexer) : undefined;
    if (loose !== undefined) lexer.note('ALL: a set in another form');
    // 0 is no message: nothing is found.
    if (loose === undefined && /^0(?: |$)/.test(lexer.text.slice(start, start + 2))) {
      lexer.pos++;
      return;
    }
    data.all = loose ?? parseUidSet(lexer);
    const text = lexer.text.slice(start, lexer.pos);
    data.allText = loose === undefined ? text : (text.match(/[\d:]+/g) ?? []).join(',');
  },
  PARTIAL: (lexer, data) => {
    lexer.open('search-return-data');
    data.partialRange = lexer.astring('partial-range');
    lexer.spaces();
    data.partial = lexer.nil() ? UidSet.empty : parseUidSet(lexer);
    lexer.spaces();
    lexer.expect(close, ') of PARTIAL');
    lexer.closed();
  },
  ADDTO: (lexer, data) => parseUpdates(lexer, data, true),
  REMOVEFROM: (lexer, data) => parseUpdates(lexer, data, false),
  MODSEQ: (lexer, data) => {
    data.modSeq = lexer.attempt('MODSEQ', () => lexer.digits('mod-sequence-value'));
  },
};
/** What cannot be read, or is not there, is unknown; what stands around it is not. */
function numberOf(lexer: Lexer, data: ExtendedSearchData, name: string): number | undefined {
  const isMissing = lexer.atEnd || /^[a-z]/i.test(lexer.text.slice(lexer.pos, lexer.pos + 1));
  const value =
    isMissing && !/^nil(?: |$)/i.test(lexer.text.slice(lexer.pos, lexer.pos + 4))
      ? undefined
      : lexer.attempt(name, () => lexer.number());
  if (value === undefined) data.isUnread = true;
  return value;
}

Object.setPrototypeOf(returnData, null);

/** "(" context-position SP sequence-set *(SP context-position SP sequence-set) ")": the positions are those of a sorted result. */
function parseUpdates(lexer: Lexer, data: ExtendedSearchData, added: boolean): void {
  data.updates ??= [];
  const { updates } = data;
  lexer.list('search-return-data', () => {
    lexer.number('context-position');
    lexer.spaces();
    updates.push({ added, uids: parseUidSet(lexer) });
  });
}

export interface VanishedData {
  /** Told by a resynchronisation, about the past: sequence numbers do not change. */
  earlier: boolean;
  uids: UidSet;
}

/** expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids */
export function parseVanished(lexer: Lexer): VanishedData {
  let earlier = false;
  if (lexer.peek() === open) {
    lexer.list('(EARLIER)', () => {
      if (lexer.keyword() === 'EARLIER') earlier = true;
    });
    lexer.spaces();
  }
  const uids = looseSet(lexer) ?? parseUidSet(lexer);
  if (!lexer.atEnd) throw lexer.fail('the end of the sequence-set');
  return { earlier, uids };
}

/**
 * A set in quotes or parentheses, with spaces or too many commas in it, or with 0 or `*` for an end: what it means is plain.
 * @returns `undefined` for a set as it should be, and for what is none
 */
function looseSet(lexer: Lexer): UidSet | undefined {
  const { text, pos } = lexer;
  if (isSet.test(text.slice(pos))) return undefined;
  const bounds: number[] = [];
  for (const word of text.slice(pos).split(/[ ,"()]+/)) {
    if (word === '') continue;
    const [, from, to = from] = /^(\d{1,15})(?::(\d{1,15}|\*))?$/.exec(word) ?? [];
    if (from === undefined) return undefined;
    const ends = [Number(from), to === '*' ? highestUid : Number(to)];
    if (Math.max(...ends) > 0) bounds.push(Math.max(1, Math.min(...ends)), Math.max(...ends));
  }
  if (bounds.length === 0) return undefined;
  lexer.pos = text.length;
  return UidSet.ofRanges(bounds);
}

/** The same where other data may follow: `ALL "3,5"`, `ALL (3 5) COUNT 2`, `ALL 3 5`. */
function looseRun(lexer: Lexer): UidSet | undefined {
  const { text, pos } = lexer;
  const [run = ''] =
    /^(?:"[\d:, ]+"|\([\d:, ]+\)|\d[\d:,]*(?: +\d[\d:,]*)+)(?= |$)/.exec(text.slice(pos)) ?? [];
  const bounds: number[] = [];
  for (const word of run.split(/[ ,"()]+/)) {
    const [, from, to = from] = /^(\d{1,15})(?::(\d{1,15}))?$/.exec(word) ?? [];
    if (from !== undefined && Number(from) > 0)
      bounds.push(Math.min(Number(from), Number(to)), Math.max(Number(from), Number(to)));
    else if (word !== '') return undefined;
  }
  if (bounds.length === 0) return undefined;
  lexer.pos = pos + run.length;
  return UidSet.ofRanges(bounds);
}

const isSet = /^[1-9]\d*(?:[:,][1-9]\d*)*$/;
const highestUid = 4_294_967_295;

/** A server's sequence-set: no `*` in it. */
function parseUidSet(lexer: Lexer): UidSet {
  const bounds: number[] = [];
  const end = isDigit(lexer.peek()) ? parseRanges(lexer.text, lexer.pos, bounds) : lexer.pos;
  if (end === lexer.pos || bounds.includes(Number.POSITIVE_INFINITY))
    throw lexer.fail('sequence-set');
  lexer.pos = end;
  return UidSet.ofRanges(bounds);
}
