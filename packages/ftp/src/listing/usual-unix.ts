/**
 * The line that nearly all Unix servers write, read in one pass:
 *
 *     -rw-r--r--   1 owner    group         531 Jan 29 03:26 name
 *     drwxr-xr-x   2 5005     5005         4096 Apr  8  1994 name
 *
 * It must come to what the general way (`unix.ts`) comes to; what could be read in two ways is left to that.
 */
import { serverTime, yearOf } from './calendar.js';
import { type DialectContext, isDigit } from './dialect.js';
import type { Draft, EntryType } from './entry.js';

const blank = 32;
const colon = 58;

/** Three letters as one number. */
const keyOf = (a: number, b: number, c: number): number => (a << 16) | (b << 8) | c;

const months = new Map(
  'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'
    .split(' ')
    .map((name, at) => [keyOf(name.charCodeAt(0), name.charCodeAt(1), name.charCodeAt(2)), at + 1]),
);

const types = new Map<number, EntryType>([
  [45 /* - */, 'file'],
  [100 /* d */, 'directory'],
]);

/** A file's or a directory's line; `undefined` for all that is written in another way. @param modeOf what its nine letters say */
export function usualLine(
  line: string,
  modeOf: (line: string) => number | undefined,
  context: DialectContext,
): Draft | undefined {
  const type = types.get(line.charCodeAt(0));
  const mode = modeOf(line);
  if (type === undefined || mode === undefined) return undefined;
  // An eleventh letter tells of access control lists.
  const links = afterBlanks(line, line.charCodeAt(10) === blank ? 10 : 11);
  const owner = afterBlanks(line, afterDigits(line, links));
  if (links < 0 || owner < 0) return undefined;
  const ownerEnd = afterField(line, owner);
  const group = afterBlanks(line, ownerEnd);
  if (group < 0) return undefined;
  const groupEnd = afterField(line, group);
  const size = afterBlanks(line, groupEnd);
  if (size < 0 || mayBeDay(line, owner, ownerEnd) || mayBeDay(line, group, groupEnd)) {
    return undefined;
  }
  const sizeEnd = afterDigits(line, size);
  const date = afterBlanks(line, sizeEnd);
  if (date < 0 || sizeEnd - size > 15) return undefined;
  const day = afterBlanks(line, date + 3);
  const dayEnd = afterDigits(line, day);
  const clock = afterBlanks(line, dayEnd);
  if (clock < 0 || dayEnd - day > 2) return undefined;
  const month = months.get(
    keyOf(line.charCodeAt(date), line.charCodeAt(date + 1), line.charCodeAt(date + 2)),
  );
  if (month === undefined) return undefined;
  const stamp = stampAt(line, month, number(line, day, dayEnd), clock, context);
  if (stamp === undefined) return undefined;
  const { nameAt, time } = stamp;
  const yearToTheLeft = time.precision === 'day' && clock - dayEnd === 1;
  // Blanks behind the one that ends the date belong to the name, or not: the general way knows.
  if (line.length <= nameAt || (yearToTheLeft && line.charCodeAt(nameAt) === blank)) {
    return undefined;
  }
  const name = line.slice(nameAt);
  if (name.trim() === '') return undefined;
  return {
    name,
    type,
    mode,
    size: type === 'file' ? number(line, size, sizeEnd) : undefined,
    modified: time.modified,
    precision: time.precision,
    owner: line.slice(owner, ownerEnd),
    group: line.slice(group, groupEnd),
  };
}

/** `03:26` or `1994`, and where the name behind it begins. */
function stampAt(
  line: string,
  month: number,
  day: number,
  at: number,
  context: DialectContext,
): { nameAt: number; time: NonNullable<ReturnType<typeof serverTime>> } | undefined {
  const end = afterDigits(line, at);
  if (end - at === 4 && line.charCodeAt(end) === blank) {
    const year = number(line, at, end);
    const time = year < 1900 ? undefined : serverTime(context, 'day', year, month, day, 0, 0, 0);
    return time && { nameAt: end + 1, time };
  }
  const minutesEnd = afterDigits(line, end + 1);
  const isClock = end - at === 2 && line.charCodeAt(end) === colon && minutesEnd - end === 3;
  if (!isClock || line.charCodeAt(minutesEnd) !== blank) return undefined;
  const hour = number(line, at, end);
  const minute = number(line, end + 1, minutesEnd);
  const year = yearOf(context, month, day, hour, minute);
  const time = serverTime(context, 'minute', year, month, day, hour, minute, 0);
  return time && { nameAt: minutesEnd + 1, time };
}

/** A field in digits, so few that it could be a day or a month; or one that begins with a digit and goes on in another way. */
function mayBeDay(line: string, from: number, end: number): boolean {
  if (!isDigit(line.charCodeAt(from))) return false;
  return end - from < 3 || afterDigits(line, from) !== end;
}

/** Behind the blanks that begin at `from`; -1 where none do. */
function afterBlanks(line: string, from: number): number {
  if (line.charCodeAt(from) !== blank) return -1;
  let at = from + 1;
  while (line.charCodeAt(at) === blank) at += 1;
  return at;
}

/** Behind the digits that begin at `from`; -1 where none do, so that what follows from it fails too. */
function afterDigits(line: string, from: number): number {
  let at = from;
  while (isDigit(line.charCodeAt(at))) at += 1;
  return at === from ? -1 : at;
}

/** Behind the letters that begin at `from`. */
function afterField(line: string, from: number): number {
  let at = from;
  while (line.charCodeAt(at) > blank) at += 1;
  return at;
}

function number(line: string, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < end; at += 1) value = value * 10 + line.charCodeAt(at) - 48;
  return value;
}
