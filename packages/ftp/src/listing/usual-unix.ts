/**
 * The line that nearly all Unix servers write, read by looking its parts up among those of the lines before, which is cheaper than the
 * general way (`unix.ts`):
 *
 *     -rw-r--r--   1 owner    group         531 Jan 29 03:26 name
 *     drwxr-xr-x   2 5005     5005         4096 Apr  8  1994 name
 *
 * It must come to what the general way comes to; what could be read in two ways is left to that: owners and groups in digits that
 * could be days or months, and blanks behind the date, which belong to the name or not.
 */
import {
  type DayOfYear,
  dayOfYear,
  firstYear,
  startOf,
  type Year,
  yearNumbered,
} from './calendar.js';
import { type DialectContext, isDigit } from './dialect.js';
import type { Draft } from './entry.js';

/** What a line begins with, up to the blank behind the group. */
interface Head {
  readonly text: string;
  readonly type: 'file' | 'directory';
  readonly mode: number | undefined;
  readonly owner: string;
  readonly group: string;
}

/** `03:26 ` or ` 1994 ` */
interface YearOrTime {
  readonly year: Year | undefined;
  /** In milliseconds of the day. */
  readonly time: number;
}

// Whatever is repeated stops at a letter that what follows must begin with: there is nothing to go back over.
const word = '(\\d{3,}|[^ \\t\\d][^ \\t]*)';
const headOf = new RegExp(`^([-d])[-rwxsStT]{9}[+.@]? +\\d+ +${word} +${word} `);
const dayOf = /^ (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([ \d]\d) $/;
const yearOrTimeOf = /^(?: ([1-9]\d{3})|([01]\d|2[0-3]):([0-5]\d)) $/;
const size = /^\d{1,15}$/;
const timeFirst = /^\d{1,2}:\d\d/;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const space = 32;
const dayLength = 86_400_000;

/**
 * Reads line after line. Few parts of code and many calls of what is compiled already: most listings are over before compiling more
 * has paid.
 */
export class UsualLines {
  readonly #modeOf: (line: string) => number | undefined;
  readonly #utcOffset: number;
  /** No date without a year is later: a day of tolerance, for the server's clock may be zones ahead of ours. */
  readonly #latest: number;
  readonly #thisYear: Year;
  readonly #lastYear: Year;
  readonly #days = new Map<string, DayOfYear>();
  readonly #times = new Map<string, YearOrTime>();
  #file: Head | undefined;
  #directory: Head | undefined;

  /** @param modeOf what a line's nine letters say */
  constructor({ now, utcOffset }: DialectContext, modeOf: (line: string) => number | undefined) {
    this.#modeOf = modeOf;
    this.#utcOffset = utcOffset;
    this.#latest = now + utcOffset + dayLength;
    const year = new Date(this.#latest).getUTCFullYear();
    this.#thisYear = yearNumbered(year);
    this.#lastYear = yearNumbered(year - 1);
  }

  /** A file's or a directory's line; `undefined` for all that is written in another way. */
  read(line: string): Draft | undefined {
    const isDirectory = line.charCodeAt(0) === 100; /* d */
    const head = this.#head(line, isDirectory);
    if (head === undefined) return undefined;
    let sizeAt = head.text.length;
    while (line.charCodeAt(sizeAt) === space) sizeAt += 1;
    const end = line.indexOf(' ', sizeAt);
    const octets = line.slice(sizeAt, end);
    const day = this.#day(line.slice(end, end + 8));
    const yearOrTime = this.#yearOrTime(line.slice(end + 8, end + 14));
    if (day === undefined || yearOrTime === undefined || !size.test(octets)) return undefined;
    const name = line.slice(end + 14);
    const { year } = yearOrTime;
    if (!beginsName(name, year !== undefined)) return undefined;
    const time = year === undefined ? this.#latestAt(day, yearOrTime.time) : startOf(year, day);
    if (time === undefined) return undefined;
    return {
      name,
      type: head.type,
      mode: head.mode,
      size: isDirectory ? undefined : Number(octets),
      modified: new Date(time - this.#utcOffset),
      precision: year === undefined ? 'minute' : 'day',
      owner: head.owner,
      group: head.group,
    };
  }

  #head(line: string, isDirectory: boolean): Head | undefined {
    const known = isDirectory ? this.#directory : this.#file;
    if (known !== undefined && line.startsWith(known.text)) return known;
    const parts = headOf.exec(line);
    if (parts === null) return undefined;
    const [text, , owner = '', group = ''] = parts;
    const type = isDirectory ? 'directory' : 'file';
    const head: Head = { text, type, mode: this.#modeOf(line), owner, group };
    if (isDirectory) this.#directory = head;
    else this.#file = head;
    return head;
  }

  #day(text: string): DayOfYear | undefined {
    const known = this.#days.get(text);
    if (known !== undefined) return known;
    const parts = dayOf.exec(text);
    const day = parts && dayOfYear(months.indexOf(parts[1] as string) + 1, Number(parts[2]));
    if (!day) return undefined;
    this.#days.set(text, day);
    return day;
  }

  #yearOrTime(text: string): YearOrTime | undefined {
    const known = this.#times.get(text);
    if (known !== undefined) return known;
    const parts = yearOrTimeOf.exec(text);
    if (parts === null) return undefined;
    const [, year, hour, minute] = parts;
    if (year !== undefined && Number(year) < firstYear) return undefined;
    const time = (Number(hour) * 60 + Number(minute)) * 60_000;
    const read = { year: year === undefined ? undefined : yearNumbered(Number(year)), time };
    this.#times.set(text, read);
    return read;
  }

  /** A date without a year is the latest that does not lie in the future. The leap day of which year is left to the general way. */
  #latestAt(day: DayOfYear, time: number): number | undefined {
    if (day.isLeapDay) return undefined;
    const at = (startOf(this.#thisYear, day) as number) + time;
    return at <= this.#latest ? at : (startOf(this.#lastYear, day) as number) + time;
  }
}

/** Behind a year stands padding, perhaps, or a time. */
function beginsName(name: string, followsYear: boolean): boolean {
  const first = name.charCodeAt(0);
  if (first <= space) return !followsYear && name.trim() !== '';
  return name !== '' && !(followsYear && isDigit(first) && timeFirst.test(name));
}
