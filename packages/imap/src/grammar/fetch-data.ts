/**
 * FETCH and UIDFETCH responses (RFC 9051 §7.5.2; RFC 9586 §3.3): one row of a mailbox.
 *
 * The row is read item by item. ENVELOPE and BODYSTRUCTURE are stepped over and kept as slices, to be parsed when a consumer asks.
 * An item that makes no sense is stepped over too and noted in `problems`: it never costs the row.
 */
import type { RemoteProtocolError } from 'tls-context-core';
import { type BodyPart, readStructure } from './body-structure.js';
import { parseDateTime } from './date-time.js';
import { Envelope, readEnvelope } from './envelope.js';
import { bareFlags, parseFlags } from './flags.js';
import type { Frame, FrameLiteral } from './frame.js';
import {
  backslash,
  close,
  closingQuote,
  endsValue,
  type FrameSlice,
  isDigit,
  isMalformed,
  Lexer,
  open,
  openBracket,
  quote,
  wholeNumber,
} from './lexer.js';
import { givenBack } from './literal-length.js';
import { decodeMailboxName } from './mailbox-name.js';
import { restOf, upTo } from './same-line.js';

/** The value of one `BODY[section]<origin>`, `BINARY[section]<origin>` or `RFC822…` item. */
export interface FetchSection {
  /** In upper case, without quotes: `''`, `'HEADER'`, `'1.2'`, `'1.MIME'`, `'HEADER.FIELDS (DATE FROM)'`. */
  readonly section: string;
  /** Decoded by the server (RFC 3516). */
  readonly binary: boolean;
  /** Where in the section the octets begin, when the server sent a part of it. */
  readonly origin: number | undefined;
  /** The octets; `null` for NIL; `undefined` where a literal's octets went elsewhere. */
  readonly octets: Buffer | null | undefined;
  /** How many octets the server announced. */
  readonly size: number;
}

/** What one FETCH response says. Items that it does not have are `undefined`. */
export interface FetchData {
  /** The sequence number; 0 for UIDFETCH, which has none. */
  sequence: number;
  uid: number | undefined;
  flags: readonly string[] | undefined;
  size: number | undefined;
  internalDate: Date | undefined;
  /** As it was read with its row (`plain-row.ts`), or where it stands. */
  envelope: Envelope | FrameSlice | undefined;
  /** BODYSTRUCTURE, or BODY where that is all there is. */
  structure: BodyPart | FrameSlice | undefined;
  sections: FetchSection[];
  /** A decimal string (RFC 7162). */
  modSeq: string | undefined;
  /** `null` where the server does not know it. */
  saveDate: Date | null | undefined;
  /** PREVIEW (RFC 8970), its octets; `null` where there is none yet. */
  preview: string | null | undefined;
  /** EMAILID and THREADID (RFC 8474); `null` for NIL, which says that there is none. */
  emailId: string | null | undefined;
  threadId: string | null | undefined;
  /** X-GM-MSGID, X-GM-THRID, X-GM-LABELS. */
  gmailMessageId: string | undefined;
  gmailThreadId: string | undefined;
  gmailLabels: string[] | undefined;
  /** What could not be read, in words for people. */
  problems: string[];
  /** It ends inside a quoted string: the next line may belong to it. */
  torn: boolean;
}

/**
 * msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP …) ")"
 *
 * Where that leaves problems, once more with loose ends: a value that has no end then ends where the next item begins. Taken is what
 * gives more items; but never a UID that is not the only one.
 */
export function parseFetchData(lexer: Lexer, number: number, isUid: boolean): FetchData {
  const { pos, depth } = lexer;
  const row = readRow(lexer, number, isUid);
  if (row.problems.length === 0 && !lexer.wentOn) return row;
  const isAlone = restOf(lexer.frame, lexer.pos) === undefined;
  const frame = isAlone ? lexer.frame : upTo(lexer.frame, lexer.pos);
  const again = (from: Frame, isLoose: boolean): FetchData => {
    const other = new Lexer(from, lexer.limits, pos);
    other.depth = depth;
    other.looseQuotes = isLoose;
    return readRow(other, number, isUid);
  };
  const shorter = givenBack(frame);
  if (shorter !== undefined) {
    const other = again(shorter, false);
    other.problems.unshift(tooLong);
    if (known(other) >= known(row) && other.problems.length <= row.problems.length) return other;
  }
  const other = again(frame, true);
  if (row.uid !== undefined) other.uid = row.uid;
  else if (other.problems.some((problem) => twoUids.test(problem))) other.uid = undefined;
  return known(other) > known(row) ? { ...other, torn: row.torn } : row;
}

const tooLong = 'row: a literal in it is announced longer than it is';
const twoUids = /^UID: \d+, too$/;

/** How many items a row has. */
function known({ sections, problems: _, torn: __, ...items }: FetchData): number {
  return sections.length + Object.values(items).filter((value) => value !== undefined).length;
}

function readRow(lexer: Lexer, number: number, isUid: boolean): FetchData {
  const row = emptyRow(isUid ? 0 : number, isUid ? number : undefined);
  const { depth } = lexer;
  do {
    try {
      if (lexer.resumed === 0) openRow(lexer, row);
      while (nextItem(lexer, row, depth + 1)) fetchItem(lexer, row);
      lexer.closed();
    } catch (error) {
      row.problems.push(note('row', error));
      row.torn = torn.has((error as RemoteProtocolError).expected as string);
    }
  } while (lexer.looseQuotes && lexer.resumed++ < mostTimes && goesOnAtItem(lexer, depth + 1));
  return row;
}

const bare = 'row: no parentheses around it';

/** Some servers leave the parentheses out. */
function openRow(lexer: Lexer, row: FetchData): void {
  if (lexer.peek() === open || !isItemName(lexer)) lexer.open('msg-att');
  else {
    lexer.depth++;
    row.problems.push(bare);
  }
}

/** So often a row that makes no sense is taken up again where an item begins: what has no end is looked for to the end each time. */
const mostTimes = 20;

function goesOnAtItem(lexer: Lexer, depth: number): boolean {
  const next = nextItemFrom(lexer, lexer.pos);
  if (next === undefined) return false;
  lexer.rewind(next, depth);
  return true;
}

function nextItemFrom({ text }: Pick<Lexer, 'text'>, pos: number): number | undefined {
  nextItemAt.lastIndex = pos;
  return nextItemAt.exec(text)?.index;
}

const openBrace = 123;
const comma = 44;
const endOfRow = ') of msg-att';
/** What a row lacks that may go on in the next line: a string with a line break in it, or a literal announced short. */
const torn = new Set([closingQuote, endOfRow]);

/** A row of which nothing is known yet; all properties there from the start, so that all rows have one hidden class. */
export const emptyRow = (sequence: number, uid: number | undefined): FetchData => ({
  sequence,
  uid,
  flags: undefined,
  size: undefined,
  internalDate: undefined,
  envelope: undefined,
  structure: undefined,
  sections: [],
  modSeq: undefined,
  saveDate: undefined,
  preview: undefined,
  emailId: undefined,
  threadId: undefined,
  gmailMessageId: undefined,
  gmailThreadId: undefined,
  gmailLabels: undefined,
  problems: [],
  torn: false,
});

/**
 * Domino puts items into parentheses of their own: `(UID 11 (ENVELOPE (…)) BODYSTRUCTURE (…))` (MailKit#943); others close the
 * row behind a body and go on: `(UID 11 BODY[] {5}…) FLAGS (\Seen))`.
 */
function nextItem(lexer: Lexer, row: FetchData, depth: number): boolean {
  for (;;) {
    skipBlanks(lexer, row);
    if (lexer.peek() === open) lexer.open('msg-att');
    else if (lexer.accept(close)) {
      if (lexer.depth > depth) lexer.closed();
      else if (!lexer.atEnd) {
        if (restOf(lexer.frame, lexer.pos) !== undefined) return false;
        lexer.wentOn = true;
        lexer.spaces();
        if (isItemName(lexer)) return true;
        if (/[^) ]/.test(lexer.text.slice(lexer.pos)))
          row.problems.push('row: it goes on behind its end');
        return false;
      } else return false;
    } else if (lexer.atEnd) {
      if (row.problems.includes(bare)) return false;
      throw lexer.fail(endOfRow);
    } else return true;
  }
}

/** Spaces, and the line breaks of a row that was torn: then a literal before them may have been announced too short. */
function skipBlanks(lexer: Lexer, row: FetchData): void {
  lexer.spaces();
  let isTorn = false;
  while (lexer.accept(13) || lexer.accept(10)) {
    lexer.spaces();
    isTorn = true;
  }
  if (isTorn && !row.problems.includes(goesOn)) row.problems.push(goesOn);
}

const goesOn = 'row: it goes on in the next line; the length of what stands before may be wrong';

function fetchItem(lexer: Lexer, row: FetchData): void {
  const name = itemName(lexer);
  if (lexer.peek() === openBracket) {
    bracketItem(lexer, row, name);
    return;
  }
  const read = items.get(name) ?? stepOver;
  const before = fieldOf(row, name);
  takeValue(lexer, row, name, () => read(lexer, row));
  if (before === undefined || fieldOf(row, name) === before) return;
  // The first one, as for the UID: nobody can tell which is right.
  row.problems.push(`${name}: it came twice`);
  Object.assign(row, { [fields[name] as string]: before });
}

/** The items that have one place in a row. */
const fields: Readonly<Record<string, keyof FetchData>> = {
  FLAGS: 'flags',
  'RFC822.SIZE': 'size',
  INTERNALDATE: 'internalDate',
  ENVELOPE: 'envelope',
  BODYSTRUCTURE: 'structure',
  MODSEQ: 'modSeq',
  SAVEDATE: 'saveDate',
  PREVIEW: 'preview',
  EMAILID: 'emailId',
  THREADID: 'threadId',
  'X-GM-MSGID': 'gmailMessageId',
  'X-GM-THRID': 'gmailThreadId',
  'X-GM-LABELS': 'gmailLabels',
};

const fieldOf = (row: FetchData, name: string): unknown => {
  const field = fields[name];
  return field === undefined ? undefined : row[field];
};

/** What is no value costs this item, and not those behind it. */
function takeValue(lexer: Lexer, row: FetchData, name: string, read: () => void): void {
  lexer.spaces();
  if (lacksValue(lexer)) {
    row.problems.push(`${name}: no value`);
    return;
  }
  const { pos, depth } = lexer;
  try {
    read();
    if (lexer.looseQuotes && words.has(name) && holdsItem(lexer, pos))
      throw lexer.fail(') of the list');
  } catch (error) {
    row.problems.push(note(name, error));
    if (lexer.looseQuotes) stepToNextItem(lexer, pos, depth);
    else lexer.stepOver('the value of a FETCH item', pos, depth);
  }
}

/** Whether the value that began at `pos` took in the beginning of an item. It is looked for within the value alone. */
function holdsItem({ text, pos: end }: Lexer, pos: number): boolean {
  const value = { text: text.slice(pos, end + longestName) };
  return (nextItemFrom(value, 0) ?? end) < end - pos;
}

/** Lists in which nothing stands that looks like another item. */
const words = new Set(['FLAGS', 'X-GM-LABELS']);

/** Over a value, which may have no end: it goes no further than to the next item. */
function stepToNextItem(lexer: Lexer, pos: number, depth: number): void {
  const next = lexer.resumed++ < mostTimes ? nextItemFrom(lexer, pos) : undefined;
  try {
    lexer.stepOver('the value of a FETCH item', pos, depth);
    if (next === undefined || lexer.pos <= next) return;
  } catch (error) {
    if (!isMalformed(error) || next === undefined) throw error;
  }
  lexer.rewind(next, depth);
}

const stepOver = (lexer: Lexer): void => lexer.skipValue('the value of a FETCH item');

/** The row ends here, or the next item begins: `RFC822.SIZE FLAGS (\\Seen)`. No value looks like the name of an item. */
function lacksValue(lexer: Lexer): boolean {
  return lexer.peek() === close || isItemName(lexer);
}

/** Whether the name of an item stands here, and behind it a space or a bracket. */
function isItemName(lexer: Lexer): boolean {
  nextName.lastIndex = lexer.pos;
  const [, name, bracket] = nextName.exec(lexer.text) ?? [];
  if (name === undefined) return false;
  return bracket === '[' ? sections.has(name.toUpperCase()) : items.has(name.toUpperCase());
}

const nextName = /([a-z][a-z\d.-]{1,20})([ [])/iy;
/** The beginning of an item that is known, as servers write it. */
const nextItemAt =
  / (?:UID|FLAGS|RFC822(?:\.SIZE|\.HEADER|\.TEXT)?|INTERNALDATE|ENVELOPE|BODY(?:STRUCTURE)?|BINARY|MODSEQ|SAVEDATE|PREVIEW|EMAILID|THREADID|X-GM-(?:MSGID|THRID|LABELS))[ []/g;
/** A string is over where the row is, or another item begins. */
const behindString = new RegExp(`${nextItemAt.source}|\\)$`, 'y');
const sections = new Set(['BODY', 'BODY.PEEK', 'BINARY', 'BINARY.PEEK', 'BINARY.SIZE', 'RFC822']);

/** With a space behind it. A row without spaces is not looked through for each of its items. */
const longestName = 'BODYSTRUCTURE '.length;

/** A name ends at a space, a bracket or a parenthesis. */
function itemName(lexer: Lexer): string {
  const { text } = lexer;
  const start = lexer.pos;
  const ahead = text.slice(start, start + longestName);
  const length = ahead.indexOf(' ');
  const known = ahead.slice(0, length);
  if (length > 0 && items.has(known)) {
    lexer.countToken();
    lexer.pos = start + length;
    return known;
  }
  let i = start;
  for (; i < text.length; i++) {
    const octet = text.charCodeAt(i);
    if (
      octet <= 32 ||
      octet === openBracket ||
      octet === open ||
      octet === close ||
      octet === quote
    )
      break;
  }
  if (i === start) throw lexer.fail('the name of a FETCH item');
  lexer.countToken();
  lexer.pos = i;
  const name = text.slice(start, i);
  if (items.has(name)) return name;
  // `UID: 11`
  const bareName = name.replace(/[:,]$/, '').toUpperCase();
  return items.has(bareName) ? bareName : name.toUpperCase();
}

/** Each item's reader. Unknown items are stepped over. */
const itemReaders: Record<string, (lexer: Lexer, row: FetchData) => void> = {
  UID: (lexer, row) => {
    const uid = uniqueId(lexer);
    if (uid === 0) row.problems.push('UID: 0 is none (RFC 9051 §2.3.1.1)');
    else if (row.uid !== undefined && row.uid !== uid) row.problems.push(`UID: ${uid}, too`);
    else row.uid = uid;
  },
  FLAGS: (lexer, row) => {
    if (lexer.peek() !== open && lexer.nil()) row.problems.push('FLAGS: NIL');
    else {
      const before = lexer.notes.length;
      row.flags = lexer.peek() === backslash ? bareFlags(lexer) : parseFlags(lexer);
      for (const problem of lexer.notes.slice(before)) row.problems.push(`FLAGS: ${problem}`);
    }
  },
  'RFC822.SIZE': (lexer, row) => {
    row.size = messageSize(lexer, row);
  },
  INTERNALDATE: (lexer, row) => {
    row.internalDate = dateTime(lexer);
  },
  ENVELOPE: (lexer, row) => {
    row.envelope = isLooseList(lexer)
      ? new Envelope(looseList(lexer, row, 'ENVELOPE', readEnvelope).raw)
      : keptList(lexer, row, 'ENVELOPE');
  },
  BODYSTRUCTURE: (lexer, row) => {
    row.structure = structureOf(lexer, row);
  },
  BODY: (lexer, row) => {
    const structure = structureOf(lexer, row);
    row.structure ??= structure;
  },
  RFC822: (lexer, row) => pushSection(lexer, row, '', false, undefined),
  'RFC822.HEADER': (lexer, row) => pushSection(lexer, row, 'HEADER', false, undefined),
  'RFC822.TEXT': (lexer, row) => pushSection(lexer, row, 'TEXT', false, undefined),
  MODSEQ: (lexer, row) => {
    row.modSeq = onlyOne(lexer, row, 'MODSEQ', () => wholeDigits(lexer, 'MODSEQ'));
  },
  SAVEDATE: (lexer, row) => {
    const read = (): Date | null => (lexer.nil() ? null : dateTime(lexer));
    row.saveDate = lexer.peek() === open ? onlyOne(lexer, row, 'SAVEDATE', read) : read();
  },
  PREVIEW: (lexer, row) => {
    if (lexer.peek() !== open) row.preview = textOrNil(lexer, row, 'PREVIEW');
    else {
      // By a draft of RFC 8970: `PREVIEW (FUZZY "text")`.
      row.problems.push('PREVIEW: a list in place of a string');
      lexer.list('PREVIEW', () => {
        row.preview = lexer.nstring('PREVIEW');
      });
    }
  },
  EMAILID: (lexer, row) => {
    row.emailId = objectId(lexer, row, 'EMAILID');
    if (row.emailId === null) row.problems.push('EMAILID: NIL');
  },
  THREADID: (lexer, row) => {
    row.threadId = objectId(lexer, row, 'THREADID');
  },
  'X-GM-MSGID': (lexer, row) => {
    row.gmailMessageId = wholeDigits(lexer, 'X-GM-MSGID');
  },
  'X-GM-THRID': (lexer, row) => {
    row.gmailThreadId = wholeDigits(lexer, 'X-GM-THRID');
  },
  'X-GM-LABELS': (lexer, row) => {
    const labels: string[] = [];
    row.gmailLabels = labels;
    if (lexer.nil()) return;
    lexer.list('X-GM-LABELS', () => {
      if (lexer.peek() === open) {
        lexer.skipValue('label');
        row.problems.push('X-GM-LABELS: a list in place of a label');
      } else labels.push(decodeMailboxName(lexer.astring('label')));
    });
  },
};
const items = new Map(Object.entries(itemReaders));

const structureOf = (lexer: Lexer, row: FetchData): BodyPart | FrameSlice | undefined =>
  isLooseList(lexer)
    ? looseList(lexer, row, 'BODYSTRUCTURE', readStructure).part
    : keptList(lexer, row, 'BODYSTRUCTURE');

/** What is asked as a string comes as one, or as NIL; an atom in its place is taken for its text, and noted. */
function textOrNil(lexer: Lexer, row: FetchData, name: string): string | null {
  const octet = lexer.peek();
  if (octet === quote) return lexer.quotedBefore(behindString);
  const start = lexer.pos;
  const text = lexer.nstring(name);
  // A literal stands as its announcement.
  if (text !== null && lexer.text.slice(start, lexer.pos) === text)
    row.problems.push(`${name}: an atom in place of a string`);
  return text;
}

/** Digits, in quotes or not. No number goes on with anything but a space or the end of a list. */
function wholeDigits(lexer: Lexer, rule: string): string {
  const start = lexer.pos;
  const isQuoted = lexer.accept(quote);
  const digits = lexer.digits(rule);
  if (isQuoted) lexer.expect(quote, rule);
  if (!endsValue(lexer.peek())) throw lexer.fail(rule, start);
  return digits;
}

/**
 * "BODY" section ["<" number ">"] SP nstring; "BINARY" …; "BINARY.SIZE" section SP number. Some servers repeat the words of the
 * command instead: `BODY.PEEK[]<0.1024>`.
 * section = "[" [section-spec] "]"; the header names in it can be quoted strings and literals.
 */
function bracketItem(lexer: Lexer, row: FetchData, name: string): void {
  lexer.pos++;
  const section = sectionText(lexer);
  let origin: number | undefined;
  if (lexer.accept(60)) {
    origin = lexer.number('origin octet');
    if (lexer.accept(46)) lexer.number('number of octets');
    lexer.expect(62, '>');
  }
  const item = name.replace(/\.PEEK$/, '');
  takeValue(lexer, row, `${item}[${section}]`, () => {
    if (item === 'BODY' || item === 'BINARY')
      pushSection(lexer, row, section, item === 'BINARY', origin);
    // `RFC822[]` from a server that mixes the two up (net-imap's test data).
    else if (name === 'RFC822') pushSection(lexer, row, section, false, origin);
    else stepOver(lexer);
  });
}

function sectionText(lexer: Lexer): string {
  const words: string[] = [];
  const { text } = lexer;
  const inList: string[] = [];
  for (;;) {
    lexer.spaces();
    const octet = lexer.peek();
    if (octet === 93) break;
    if (octet === open) {
      lexer.list('header-list', () => inList.push(headerName(lexer)));
      words.push(`(${inList.join(' ')})`);
      continue;
    }
    const start = lexer.pos;
    while (lexer.pos < text.length && !sectionStops.has(lexer.peek())) lexer.pos++;
    if (lexer.pos === start) throw lexer.fail('] of the section');
    words.push(text.slice(start, lexer.pos).toUpperCase());
  }
  lexer.pos++;
  return words.join(' ');
}

/** Space, `(`, `)`, `]`, and the end of text. */
const sectionStops = new Set([32, 40, 41, 93]);

const headerName = (lexer: Lexer): string => lexer.astring('header-fld-name').toUpperCase();

function pushSection(
  lexer: Lexer,
  row: FetchData,
  section: string,
  binary: boolean,
  origin: number | undefined,
): void {
  const literal = lexer.literal();
  if (literal !== undefined) {
    row.sections.push(fromLiteral(section, binary, origin, literal));
    if (!endsValue(lexer.peek()))
      row.problems.push(`BODY[${section}]: its length may be wrong, for no item stands behind it`);
  } else {
    // `{}` and `{-1}` announce nothing, and are no text of that name either.
    if (lexer.peek() === openBrace) throw lexer.fail('nstring');
    const item = `BODY[${section}]`;
    const text = textOrNil(lexer, row, item);
    const octets = text === null ? null : Buffer.from(text, 'latin1');
    // Gmail says NIL for header fields that are not there; for a body it means that there is no such part.
    if (octets === null && !section.includes('HEADER.FIELDS')) row.problems.push(`${item}: NIL`);
    row.sections.push({ section, binary, origin, octets, size: octets?.length ?? 0 });
  }
}

const fromLiteral = (
  section: string,
  binary: boolean,
  origin: number | undefined,
  literal: FrameLiteral,
): FetchSection => ({ section, binary, origin, octets: literal.octets, size: literal.size });

/** Steps over a parenthesised value and keeps where it stands. NIL is nothing, and worth a word. */
function keptList(lexer: Lexer, row: FetchData, item: string): FrameSlice | undefined {
  if (lexer.nil()) {
    row.problems.push(`${item}: NIL`);
    return undefined;
  }
  if (lexer.peek() !== open) throw lexer.fail('(');
  const slice = lexer.slice();
  const { pos, depth } = lexer;
  try {
    lexer.skipValue('(');
  } catch (error) {
    if (!isMalformed(error)) throw error;
    lexer.stepOver('(', pos, depth);
  }
  return slice;
}

/** With loose ends: its own shape says where it is over. */
function looseList<T extends { isWhole: boolean }>(
  lexer: Lexer,
  row: FetchData,
  item: string,
  read: (lexer: Lexer) => T,
): T {
  const before = lexer.notes.length;
  const { pos, depth } = lexer;
  const found = read(lexer);
  for (const problem of lexer.notes.slice(before)) row.problems.push(`${item}: ${problem}`);
  if (!found.isWhole) stepToNextItem(lexer, pos, depth);
  return found;
}

const isLooseList = (lexer: Lexer): boolean => lexer.looseQuotes && lexer.peek() === open;

/** In quotes, too: a row without its UID is of little use. */
function uniqueId(lexer: Lexer): number {
  const start = lexer.pos;
  if (isDigit(lexer.peek())) {
    const uid = lexer.number('uniqueid');
    lexer.accept(comma);
    if (!endsValue(lexer.peek())) throw lexer.fail('uniqueid', start);
    return uid;
  }
  const text = lexer.astring('uniqueid');
  if (!/^\d{1,10}$/.test(text)) throw lexer.fail('uniqueid', start);
  return Number(text);
}

/** Dovecot and Exchange send -1 for a size that they do not know; mail.ru writes 9.37e+06. */
function messageSize(lexer: Lexer, row: FetchData): number | undefined {
  const start = lexer.pos;
  const text = lexer.astring('number');
  const size = wholeNumber(text.replace(/,$/, ''));
  if (size !== undefined && size <= Number.MAX_SAFE_INTEGER) return size;
  if (/^-\d+$/.test(text)) {
    row.problems.push(`RFC822.SIZE: the server does not know it (${text})`);
    return undefined;
  }
  throw lexer.fail('number', start);
}

function dateTime(lexer: Lexer): Date {
  const start = lexer.pos;
  const date = parseDateTime(lexer.astring('date-time'));
  if (date === undefined) throw lexer.fail('date-time', start);
  return date;
}

/** "(" objectid ")" / nil (RFC 8474 §7). Cyrus writes `(NIL)` for no thread. */
function objectId(lexer: Lexer, row: FetchData, name: string): string | null {
  if (lexer.nil()) return null;
  return onlyOne(lexer, row, name, (isAlone) =>
    isAlone ? bareObjectId(lexer) : lexer.nstring('objectid'),
  );
}

/** objectid = 1*255(ALPHA / DIGIT / "_" / "-"), in quotes or not. */
function bareObjectId(lexer: Lexer): string {
  const [whole = '', mark = ''] =
    /^("?)[\w-]+\1(?=[ )])/.exec(lexer.text.slice(lexer.pos, lexer.pos + 258)) ?? [];
  if (whole === '') throw lexer.fail('objectid');
  lexer.pos += whole.length;
  return whole.slice(mark.length, whole.length - mark.length);
}

/** "(" value ")", with just one value; where it stands alone that is noted. */
function onlyOne<T>(lexer: Lexer, row: FetchData, name: string, read: (isAlone: boolean) => T): T {
  const start = lexer.pos;
  if (lexer.peek() !== open) {
    const alone = read(true);
    row.problems.push(`${name}: no parentheses`);
    return alone;
  }
  const found: T[] = [];
  lexer.list(name, () => found.push(read(false)));
  if (found.length !== 1) throw lexer.fail(`one ${name}`, start);
  return found[0] as T;
}

/** A limit that was passed is no flaw of one item; it ends the response. */
function note(item: string, error: unknown): string {
  if (!isMalformed(error)) throw error;
  return `${item}: ${(error as Error).message}`;
}
