/**
 * `ls -l` and the many servers that imitate it. No RFC: RFC 959 §4.1.3 leaves LIST to the system.
 *
 *     -rw-r--r--   1 root     other        531 Jan 29 03:26 README
 *     dr-xr-xr-x   2 root     512 Apr  8  1994 etc                      (no group)
 *     drwxrwxr-x               folder        2 May 10  1996 network     (NetPresenz)
 *     crw-rw-rw-   1 root     sys      13,   2 Jan 29 03:26 null        (a device has no size)
 */
import { clockOf, dateNumbers, type Stamp, serverTime, yearOf } from './calendar.js';
import {
  type Dialect,
  type DialectContext,
  Fields,
  isDigit,
  leadingNumber,
  wholeNumber,
} from './dialect.js';
import type { Draft, EntryType } from './entry.js';
import { monthOf } from './months.js';

const types = new Map<string, EntryType>([
  ['-', 'file'],
  ['d', 'directory'],
  ['l', 'symlink'],
]);

// Permissions, links, an owner and a group of some words each, size and four of a date: a line with more is no line.
const fieldLimit = 18;

export function unix(context: DialectContext): Dialect {
  const fields = new Fields(fieldLimit);
  let entries = 0;
  return {
    name: 'unix',
    read(line) {
      if (isPermissions(line)) {
        const draft = entryLine(fields.read(line), context);
        if (draft !== undefined) entries += 1;
        return draft;
      }
      // `.:` stands above what `ls -a` shows. Below entries it would begin another directory.
      if (entries === 0 && (isTotal(fields.read(line)) || line.endsWith(':'))) return 'ignored';
      return undefined;
    },
  };
}

/** Reads permissions, whatever stands before the date, the date, and the name. */
function entryLine(fields: Fields, context: DialectContext): Draft | undefined {
  const date = findDate(fields, context);
  if (date === undefined) return undefined;
  const { line } = fields;
  const type = types.get(line.charAt(0)) ?? 'other';
  const draft: Draft = { name: line.slice(date.nameAt), type, mode: modeOf(line), ...date.stamp };
  ownership(fields, date.from, draft);
  if (type === 'file') draft.size = wholeNumber(fields.text(date.from - 1));
  if (type === 'symlink') splitTarget(draft);
  return draft.name.trim() === '' ? undefined : draft;
}

interface FoundDate {
  /** The field that the date begins with. */
  from: number;
  nameAt: number;
  stamp: Stamp | undefined;
}

/** The first fields from the left that are a date and follow a number: owners and names may look like months. */
function findDate(fields: Fields, context: DialectContext): FoundDate | undefined {
  for (let from = 2; from < fields.count; from += 1) {
    const before = fields.end[from - 1] ?? 0;
    if (!isDigit(fields.line.charCodeAt(before - 1))) continue;
    const date = namedDate(fields, from, context) ?? isoDate(fields, from, context);
    if (date !== undefined) return date;
  }
  return undefined;
}

/** `Jan 29 03:26`, `Apr  8  1994`, and with day and month changed over, as many languages have it. */
function namedDate(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  // Two of the three begin with a digit, the third among them: names of people are not looked up as months.
  if (!fields.isNumeric(from + 2)) return undefined;
  if (!fields.isNumeric(from) && !fields.isNumeric(from + 1)) return undefined;
  const first = fields.text(from);
  const second = fields.text(from + 1);
  let month = monthOf(first);
  const day = month === undefined ? leadingNumber(first) : leadingNumber(second);
  if (month === undefined && day !== undefined) month = monthOf(second);
  if (month === undefined || day === undefined) return undefined;
  if (day < 1 || day > 31) return undefined;
  const third = fields.text(from + 2);
  const clock = clockOf(third);
  if (clock !== undefined) {
    const year = yearOf(context, month, day, clock);
    const stamp = serverTime(context, 'minute', year, month, day, clock.hour, clock.minute);
    return { from, nameAt: (fields.end[from + 2] ?? 0) + 1, stamp };
  }
  const year = leadingNumber(third);
  if (year === undefined || year < 1900) return undefined;
  return {
    from,
    nameAt: afterYear(fields, from),
    stamp: serverTime(context, 'day', year, month, day),
  };
}

/**
 * A name may begin with blanks, so exactly one blank belongs to the line. A server that sets the year to the left of
 * its five columns (`Mar  1 2003  .welcome`) shows that by one blank before the year and two after it.
 */
function afterYear(fields: Fields, from: number): number {
  const end = fields.end[from + 2] ?? 0;
  const yearToTheLeft = (fields.start[from + 2] ?? 0) - (fields.end[from + 1] ?? 0) === 1;
  return yearToTheLeft && fields.line.startsWith('  ', end) ? end + 2 : end + 1;
}

/** `2010-05-15 12:34`, and `--full-iso`: `2010-05-15 12:34:56.000000000 +0200`. */
function isoDate(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  if (!fields.isNumeric(from)) return undefined;
  const numbers = dateNumbers(fields.text(from));
  if (numbers === undefined || numbers[0] < 1900) return undefined;
  const time = fields.text(from + 1);
  const clock = clockOf(time);
  if (clock === undefined) return undefined;
  const { hour, minute, second } = clock;
  const precision = time.length > 5 ? 'second' : 'minute';
  const zone = time.length > 5 ? zoneOf(fields.text(from + 2)) : undefined;
  const stamp = serverTime(
    zone === undefined ? context : { ...context, utcOffset: zone },
    precision,
    ...numbers,
    hour,
    minute,
    second,
  );
  return { from, nameAt: (fields.end[from + (zone === undefined ? 1 : 2)] ?? 0) + 1, stamp };
}

/** `+0200` in milliseconds. */
function zoneOf(text: string): number | undefined {
  const sign = text.charCodeAt(0);
  if (text.length !== 5 || (sign !== 43 && sign !== 45)) return undefined;
  const digits = wholeNumber(text.slice(1));
  if (digits === undefined) return undefined;
  const minutes = Math.floor(digits / 100) * 60 + (digits % 100);
  return (sign === 45 ? -minutes : minutes) * 60_000;
}

/** Between permissions and size stand links, owner and group, of which servers leave some out. */
function ownership(fields: Fields, dateAt: number, draft: Draft): void {
  let first = 1;
  let last = dateAt - 1; // the size
  if (draft.type === 'other' && fields.text(last - 1).endsWith(',')) last -= 1; // a device: major, minor
  if (first < last && wholeNumber(fields.text(first)) !== undefined) first += 1;
  if (first >= last) return;
  draft.owner = fields.text(first);
  if (first + 1 < last) draft.group = fields.span(first + 1, last); // "Domain Users"
}

function splitTarget(draft: Draft): void {
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

const isTypeLetter = lettersOf('-dlbcpsDPnw');
const isModeLetter = lettersOf('-rwxsStTlLaA');

function lettersOf(letters: string): boolean[] {
  const table = new Array<boolean>(256).fill(false);
  for (const letter of letters) table[letter.charCodeAt(0)] = true;
  return table;
}

// What a letter says at any place, and what it says in the third of three: s and t fold a fourth bit into it.
const dash = 45;
const plain = new Map([...'rwxst'].map((letter) => [letter.charCodeAt(0), true]));
const folded = new Map([...'sStT'].map((letter) => [letter.charCodeAt(0), true]));

/** Three letters each for owner, group and others. */
function modeOf(line: string): number | undefined {
  let mode = 0;
  for (let at = 1; at < 10; at += 1) {
    const code = line.charCodeAt(at);
    if (code === dash) continue;
    const fold = folded.has(code);
    if (plain.has(code)) mode |= 1 << (9 - at);
    else if (!fold) return undefined;
    if (fold) mode |= 0o10000 >> (at / 3); // set user, set group, sticky
  }
  return mode;
}

/** `total 14`, `Gesamt 4352`, and a negative one where a server overflowed. */
function isTotal(fields: Fields): boolean {
  if (fields.count !== 2) return false;
  const number = fields.text(1);
  const digits = number.startsWith('-') ? number.slice(1) : number;
  for (let i = 0; i < digits.length; i += 1) if (!isDigit(digits.charCodeAt(i))) return false;
  return digits !== '' && !isDigit(fields.line.charCodeAt(0));
}
