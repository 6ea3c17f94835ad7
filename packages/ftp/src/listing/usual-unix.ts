/**
 * The line that nearly all Unix servers write, read by one expression, which is cheaper than the general way (`unix.ts`):
 *
 *     -rw-r--r--   1 owner    group         531 Jan 29 03:26 name
 *     drwxr-xr-x   2 5005     5005         4096 Apr  8  1994 name
 *
 * It must come to what the general way comes to; what could be read in two ways is left to that: owners and groups in digits that
 * could be days or months, and blanks behind the date, which belong to the name or not.
 */
import { serverTime, yearOf } from './calendar.js';
import type { DialectContext } from './dialect.js';
import type { Draft } from './entry.js';

// Whatever is repeated stops at a letter that what follows must begin with: there is nothing to go back over.
const permissions = '([-d])[-rwxsStT]{9}[+.@]?';
const word = '(\\d{3,}|[^ \\t\\d][^ \\t]*)';
const month = '(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const usual = new RegExp(
  `^${permissions} +\\d+ +${word} +${word} +(\\d{1,15}) +${month} +(\\d\\d?) +(?:(\\d\\d):(\\d\\d)|(\\d{4})) (.+)$`,
);

/** Behind a year: the time, perhaps. */
const timeFirst = /^\d{1,2}:\d\d/;

const months = new Map(
  'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ').map((name, at) => [name, at + 1]),
);

/** A file's or a directory's line; `undefined` for all that is written in another way. @param modeOf what its nine letters say */
export function usualLine(
  line: string,
  modeOf: (line: string) => number | undefined,
  context: DialectContext,
): Draft | undefined {
  const parts = usual.exec(line);
  if (parts === null) return undefined;
  const name = parts[10] as string;
  const year = parts[9];
  const first = name.charCodeAt(0);
  if (first === 32 && (year !== undefined || name.trim() === '')) return undefined;
  if (year !== undefined && first >= 48 && first <= 57 && timeFirst.test(name)) return undefined;
  const month = months.get(parts[5] as string) ?? 0;
  const day = Number(parts[6]);
  const hour = year === undefined ? Number(parts[7]) : 0;
  const minute = year === undefined ? Number(parts[8]) : 0;
  const whole = year === undefined ? yearOf(context, month, day, hour, minute) : Number(year);
  const precision = year === undefined ? 'minute' : 'day';
  const stamp =
    whole < 1900 ? undefined : serverTime(context, precision, whole, month, day, hour, minute, 0);
  if (stamp === undefined) return undefined;
  const type = parts[1] === 'd' ? 'directory' : 'file';
  return {
    name,
    type,
    mode: modeOf(line),
    size: type === 'file' ? Number(parts[4]) : undefined,
    modified: stamp.modified,
    precision,
    owner: parts[2],
    group: parts[3],
  };
}
