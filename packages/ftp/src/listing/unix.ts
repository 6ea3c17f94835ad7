/**
 * `ls -l` and the many servers that imitate it. No RFC: RFC 959 §4.1.3 leaves LIST to the system.
 *
 *     -rw-r--r--   1 root     other        531 Jan 29 03:26 README
 *     dr-xr-xr-x   2 root     512 Apr  8  1994 etc                      (no group)
 *     drwxrwxr-x               folder        2 May 10  1996 network     (NetPresenz)
 *     crw-rw-rw-   1 root     sys      13,   2 Jan 29 03:26 null        (a device has no size)
 */
import {
  type Dialect,
  type DialectContext,
  Fields,
  isDigit,
  skipBlanks,
  wholeNumber,
} from './dialect.js';
import type { Draft, EntryType } from './entry.js';
import type { FoundDate } from './found-date.js';
import { LinesAlike } from './lines-alike.js';
import { monthOf } from './months.js';
import { dayOf } from './numbers-of-dates.js';
import { digitsAlone } from './numeric-date.js';
import { sizeIn } from './sizes.js';
import { strangeMonth } from './strange-month.js';
import { dateAt } from './unix-date.js';
import { UsualKinds } from './usual-unix.js';

const types = new Map<string, EntryType>([
  ['-', 'file'],
  ['d', 'directory'],
  ['l', 'symlink'],
  ['m', 'file'], // on slower storage (Cray's DMF)
]);

// Permissions, links, an owner and a group of some words each, size and four of a date. More are read where these do not do.
const usualFields = 18;
const mostFields = 64;

export function unix(context: DialectContext): Dialect {
  const fields = new Fields(usualFields);
  const many = new Fields(mostFields);
  const alike = new LinesAlike();
  const kinds = new UsualKinds(context);
  let entries = 0;
  let isBegun = false;
  /** How many had been read by their likeness when a link came without its target. */
  let linkAt: number | undefined;
  return {
    name: 'unix',
    alike,
    read(shown) {
      const awaitsTarget = linkAt === alike.taken;
      linkAt = undefined;
      const line = isPermissions(shown) ? shown : withoutLead(shown);
      if (isPermissions(line)) {
        const draft =
          entryLine(fields.read(line), context) ??
          (fields.count === usualFields ? entryLine(many.read(line), context) : undefined) ??
          foreignDigits(line, many, context) ??
          undatedLine(fields.read(line));
        if (draft === undefined) return undefined;
        alike.learn(line, kinds.of(line, draft.mode));
        entries += 1;
        if (line.charCodeAt(0) === 108 /* l */ && draft.target === undefined) linkAt = alike.taken;
        return draft;
      }
      // A link's target on a line of its own is no name.
      if (awaitsTarget && line.trimStart().startsWith('->')) return 'header';
      const numeric = numericLine(fields.read(line)) ?? octalLine(line, fields, context);
      if (numeric !== undefined) {
        entries += 1;
        return numeric;
      }
      // `.:` stands above what `ls -a` shows. Where lines came before it, it would begin another directory.
      const isSum = isTotal(fields);
      if (entries > 0 || (isBegun && !isSum) || !(isSum || line.endsWith(':'))) return undefined;
      isBegun = true;
      return 'ignored';
    },
  };
}

/** The general way: permissions, whatever stands before the date, the date, and the name. */
export function entryLine(fields: Fields, context: DialectContext): Draft | undefined {
  const date = findDate(fields, context);
  if (date === undefined) return undefined;
  const { line } = fields;
  if (isYearAhead(fields, date)) return withYear(fields, date.from - 1, context);
  if (isDayAhead(fields, date)) return entryLine(fields.read(inOneWord(fields, date)), context);
  const type = types.get(line.charAt(0)) ?? 'other';
  const draft: Draft = { name: line.slice(date.nameAt), type, mode: modeOf(line), ...date.stamp };
  ownership(fields, date.from, draft);
  if (type === 'symlink') splitTarget(draft);
  return draft.name.trim() === '' ? undefined : draft;
}

/** `531 2003 Jan 29 03:26`: behind links, an owner, a group and a number, what could be a year is no size. */
function isYearAhead(fields: Fields, { from, stamp }: FoundDate): boolean {
  if (from < 6 || stamp?.precision === 'day' || !/^(?:19|20)\d\d$/.test(fields.text(from - 1)))
    return false;
  const isPlain = modeOf(fields.line) !== undefined && fields.isNumeric(1);
  return isPlain && wholeNumber(fields.text(from - 2)) !== undefined && !fields.isNumeric(from - 3);
}

/**
 * `531 5 Jan 24 12:34`: behind links, an owner, a group and a number, what could be a day is no size, and `24` the year. Two words of
 * Windows are one owner (`Domain Users`), and what is behind them may be a group.
 */
function isDayAhead(fields: Fields, { from, stamp }: FoundDate): boolean {
  if (from < 6 || stamp === undefined || stamp.precision === 'day') return false;
  const isPlain = modeOf(fields.line) !== undefined && fields.isNumeric(1);
  return (
    isPlain &&
    /^\d\d$/.test(fields.text(from + 1)) &&
    dayOf(fields.text(from - 1)) !== undefined &&
    wholeNumber(fields.text(from - 2)) !== undefined &&
    !fields.isNumeric(from - 3) &&
    !/^domain /i.test(fields.span(from - 4, from - 2))
  );
}

/** `5 Jan 24` as `5-Jan-24`. */
function inOneWord(fields: Fields, { from }: FoundDate): string {
  const { line, start, end } = fields;
  const date = [from - 1, from, from + 1].map((at) => fields.text(at)).join('-');
  return line.slice(0, start[from - 1]) + date + line.slice(end[from + 1]);
}

/** The entry without its year, and then the year. */
function withYear(fields: Fields, at: number, context: DialectContext): Draft | undefined {
  const { line, start } = fields;
  const year = Number(fields.text(at));
  const draft = entryLine(
    fields.read(line.slice(0, start[at]) + line.slice(start[at + 1])),
    context,
  );
  if (draft?.modified === undefined) return draft;
  const shown = new Date(draft.modified.getTime() + context.utcOffset);
  draft.modified = new Date(shown.setUTCFullYear(year) - context.utcOffset);
  return draft;
}

/** The first fields from the left that are a date and follow a size, but for where `ls` has it: owners, groups and names may look like months and days. */
function findDate(fields: Fields, context: DialectContext): FoundDate | undefined {
  if (fields.isNumeric(1) && wholeNumber(fields.text(1)) !== undefined) {
    const isSized = sizeIn(fields.text(usualDate - 1)) !== undefined;
    const date = isSized && (dateAt(fields, usualDate, context) ?? strangeMonth(fields, usualDate));
    if (date) return date;
  }
  for (let from = 2; from < fields.count; from += 1) {
    if (!endsSize(fields, from - 1)) continue;
    const date = dateAt(fields, from, context);
    if (date !== undefined) return date;
  }
  for (let from = 4; from < fields.count && from < 8; from += 1) {
    if (sizeIn(fields.text(from - 1)) === undefined) continue;
    const date = strangeMonth(fields, from) ?? digitsAlone(fields, from, context);
    if (date !== undefined) return date;
  }
  return undefined;
}

/** Behind permissions, links, an owner, a group and a size. */
const usualDate = 5;

/** Whether a field ends in a size: a number, alone, run into an owner, with a unit or with its unit apart; or a sign that there is none. */
function endsSize(fields: Fields, at: number): boolean {
  const last = fields.line.charCodeAt((fields.end[at] ?? 0) - 1);
  const text = fields.text(at);
  if (isDigit(last)) return !isTime.test(text);
  if (noSize.has(text)) return true;
  if (!isUnit(last)) return false;
  return sizeIn(text) !== undefined || isApart(fields, at);
}

/** `10:11`, ahead of its date: what stands before that may be a size, but not it. */
const isTime = /^\d{1,2}:\d\d/;

const noSize: ReadonlySet<string> = new Set(['-', '<DIR>']);

/** `2 KB` */
function isApart(fields: Fields, at: number): boolean {
  return (
    at > 2 &&
    /^(?:b|bytes?|[kmgt](?:i?b)?)$/i.test(fields.text(at)) &&
    sizeIn(fields.text(at - 1) + fields.text(at)) !== undefined
  );
}

const isUnit = (code: number): boolean => unitLetters[code] === true;
const unitLetters = lettersOf('bBkKmMgGtTeEsS');

/** `فبراير ٣ ١٠:١١`: the same in the digits of Arabic, Persian, Thai and Hindi, in UTF-8. */
function foreignDigits(line: string, fields: Fields, context: DialectContext): Draft | undefined {
  const ours = line.replace(runOfDigits, (run) =>
    run.replace(foreignDigit, digitOf).padStart(run.length),
  );
  const draft = ours === line ? undefined : entryLine(fields.read(ours), context);
  if (draft === undefined) return undefined;
  const { name, target } = draft;
  // Every column is where it was, and names keep their digits.
  draft.name = line.slice(-(name.length + (target === undefined ? 0 : target.length + 4)));
  if (draft.type === 'symlink') splitTarget(draft);
  return draft;
}

/** The last octet counts from a multiple of 16 on, but for Hindi. */
const digitOf = (digit: string): string =>
  String((digit.charCodeAt(digit.length - 1) & 15) - (digit.startsWith('\xe0\xa5') ? 6 : 0));

const foreignDigit = /\xd9[\xa0-\xa9]|\xdb[\xb0-\xb9]|\xe0\xb9[\x90-\x99]|\xe0\xa5[\xa6-\xaf]/g;
const runOfDigits = new RegExp(`(?:${foreignDigit.source}|[\\d:./-]){1,64}`, 'g');

/** No date at all: only where links, owner, group and size are all there, and what follows could be no date of an unknown kind. */
function undatedLine(fields: Fields): Draft | undefined {
  const { line } = fields;
  if (fields.count < 6 || wholeNumber(fields.text(1)) === undefined) return undefined;
  if (wholeNumber(fields.text(2)) !== undefined && wholeNumber(fields.text(3)) === undefined)
    return undefined;
  const size = sizeIn(fields.text(4));
  const first = fields.text(5);
  if (size === undefined || looksLikeDate(first)) return undefined;
  for (let at = 6; at < fields.count; at += 1) if (looksLikeTime(fields.text(at))) return undefined;
  const type = types.get(line.charAt(0)) ?? 'other';
  const draft: Draft = {
    name: line.slice(skipBlanks(line, fields.end[4] ?? line.length)),
    type,
    mode: modeOf(line),
    owner: fields.text(2),
    group: fields.text(3),
  };
  if (type === 'file') draft.size = size;
  if (type === 'symlink') splitTarget(draft);
  return draft;
}

function looksLikeDate(text: string): boolean {
  const [first = ''] = text.split(/[-/.,]/, 1);
  return isDigit(text.charCodeAt(0)) || text.charCodeAt(0) > 127 || monthOf(first) !== undefined;
}

function looksLikeTime(text: string): boolean {
  return /^\d{1,2}:\d\d/.test(text) || /^(?:19|20)\d\d$/.test(text);
}

/** `0100644   500  101   12345    123456789       name`: mode, owner, group, size and time as the system keeps them. */
function numericLine(fields: Fields): Draft | undefined {
  const { line } = fields;
  if (!isDigit(line.charCodeAt(0)) || fields.count < 6) return undefined;
  const bits = /^0?([0-7]{5,6})$/.exec(fields.text(0))?.[1];
  const numbers = [1, 2, 3, 4].map((at) => wholeNumber(fields.text(at)));
  const [, , size, seconds] = numbers;
  if (bits === undefined || numbers.includes(undefined) || seconds === undefined) return undefined;
  const mode = Number.parseInt(bits, 8);
  const type = kinds.get(mode >> 12);
  if (type === undefined || seconds > 8.64e12) return undefined;
  const draft: Draft = {
    name: fields.after(4),
    type,
    mode: mode & 0o7777,
    owner: fields.text(1),
    group: fields.text(2),
    modified: new Date(seconds * 1000),
    precision: 'second',
    zone: 'utc',
  };
  if (type === 'file') draft.size = size;
  return draft;
}

/** `100644 1 alice staff 531 Jan 29 03:26 name`: as `ls` has it, but for the mode. */
function octalLine(line: string, fields: Fields, context: DialectContext): Draft | undefined {
  const parts = /^0?((?:4|10|12)0?[0-7]{4}|04[0-7]{4})(?=[ \t])/.exec(line);
  if (parts === null) return undefined;
  const mode = Number.parseInt(parts[1] as string, 8);
  const letter = { 4: 'd', 8: '-', 10: 'l' }[mode >> 12];
  if (letter === undefined) return undefined;
  const draft = entryLine(fields.read(`${letter}---------${line.slice(parts[0].length)}`), context);
  if (draft !== undefined) draft.mode = mode & 0o7777;
  return draft;
}

/** The upper bits of a mode, as stat(2) has them. */
const kinds = new Map<number, EntryType>([
  [0o10, 'file'],
  [0o04, 'directory'],
  [0o12, 'symlink'],
  [0o02, 'other'],
  [0o06, 'other'],
  [0o01, 'other'],
  [0o14, 'other'],
]);

/** Between permissions and date stand links, owner, group and size, of which servers leave some out or run two together. */
function ownership(fields: Fields, dateAt: number, draft: Draft): void {
  // Connect:Enterprise: `A` or `B` for text or binary, a mailbox, the number of a batch.
  if (draft.mode === undefined && dateAt === 5 && /^-[-A-Z]{9,14} +[AB] /.test(fields.line)) {
    draft.owner = fields.text(2);
    draft.size = sizeIn(fields.text(4));
    return;
  }
  let first = 1;
  let last = dateAt - 1; // the size
  let size = fields.text(last);
  if (isApart(fields, last)) {
    last -= 1;
    size = fields.text(last) + size;
  }
  if (draft.type === 'other' && fields.text(last - 1).endsWith(',')) last -= 1; // a device: major, minor
  for (let from = thousands(fields, last); from < last; last -= 1)
    size = fields.text(last - 1) + size;
  const links = fields.text(first);
  if (first < last && (links === '-' || wholeNumber(links) !== undefined)) first += 1;
  if (first < last) {
    draft.owner = fields.text(first);
    if (first + 1 < last) draft.group = fields.span(first + 1, last); // "Domain Users"
  }
  const octets = sizeIn(size);
  // A device's `8,1`, a size that overflowed: those are no part of a name either.
  if (octets !== undefined || /^-?\d[\d,]*$/.test(size) || noSize.has(size)) {
    if (draft.type === 'file') draft.size = octets;
    return;
  }
  // `owner123456`: the size has run into the owner. Behind a group it can't be told where the group's name ends.
  if (first < last) {
    draft.group = draft.group === undefined ? size : `${draft.group} ${size}`;
    return;
  }
  const digits = /\d+$/.exec(size.slice(-16))?.[0] ?? '';
  if (draft.type === 'file') draft.size = wholeNumber(digits);
  draft.owner = size.slice(0, size.length - digits.length);
}

/** `1 234 567` behind an owner and a group that are words: where the size begins. Numbers of three digits may be a group as well. */
function thousands(fields: Fields, last: number): number {
  let from = last;
  while (from > 4 && /^\d{3}$/.test(fields.text(from)) && /^\d{1,3}$/.test(fields.text(from - 1)))
    from -= 1;
  const areWords = !fields.isNumeric(2) && !fields.isNumeric(from - 1);
  return areWords && fields.isNumeric(1) ? from : last;
}

/** What `ls -is` and some servers write ahead of the permissions: blanks, a serial number, a number of blocks. */
function withoutLead(line: string): string {
  const lead = /^[ \t]*(?:\d{1,20}[ \t]+){0,2}/.exec(line)?.[0].length ?? 0;
  const rest = line.slice(lead);
  return lead > 0 && isPermissions(rest) ? rest : line;
}

function splitTarget(draft: Draft): void {
  // A target that the server can't read is empty, and then the blank may go with it.
  if (draft.name.endsWith(' ->')) draft.name += ' ';
  const arrow = draft.name.indexOf(' -> ');
  if (arrow <= 0) return;
  draft.target = draft.name.slice(arrow + 4);
  draft.name = draft.name.slice(0, arrow);
}

/** One letter for the type and at least six of `rwx`: one embedded server shows no more. */
function isPermissions(line: string): boolean {
  if (line.length < 8 || !isTypeLetter[line.charCodeAt(0)]) return false;
  for (let at = 1; at < 7; at += 1) if (!isModeLetter[line.charCodeAt(at)]) return false;
  return true;
}

const isTypeLetter = lettersOf('-dlbcpsmDPnwefhCS');
// Connect:Enterprise has `-C--E-----FTP` there.
const isModeLetter = lettersOf('-rwxsStTlLaACERMFX');

function lettersOf(letters: string): boolean[] {
  const table = new Array<boolean>(256).fill(false);
  for (const letter of letters) table[letter.charCodeAt(0)] = true;
  return table;
}

// What a letter says at any place, and what it says in the third of three: s and t fold a fourth bit into it.
const dash = 45;
const isPlain = lettersOf('rwxst');
const isFolded = lettersOf('sStT');

/** Three letters each for owner, group and others. */
export function modeOf(line: string): number | undefined {
  let mode = 0;
  for (let at = 1; at < 10; at += 1) {
    const code = line.charCodeAt(at);
    if (code === dash) continue;
    const fold = isFolded[code] === true;
    if (isPlain[code] === true) mode |= 1 << (9 - at);
    else if (!fold) return undefined;
    if (fold) mode |= 0o10000 >> (at / 3); // set user, set group, sticky
  }
  return mode;
}

/** `total 14`, `total 1.5M`, `Gesamt 4352`, and a negative one where a server overflowed. */
function isTotal(fields: Fields): boolean {
  const number = fields.text(1);
  // Words only: what else begins so is an entry of another dialect, whose name is a number.
  if (fields.count !== 2 || !/^[A-Za-z\x80-\xff]+:?$/.test(fields.text(0))) return false;
  return sizeIn(number.startsWith('-') ? number.slice(1) : number) !== undefined;
}
