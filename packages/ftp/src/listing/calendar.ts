/** From what a listing shows of a time to a Date, refusing what no calendar has. */
import type { DialectContext } from './dialect.js';
import type { TimePrecision } from './entry.js';

export interface Stamp {
  modified: Date;
  precision: TimePrecision;
}

const dayLength = 86_400_000;
/** Windows counts from there, and shows it for a time that is not known. */
export const firstYear = 1601;
const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** Milliseconds since 1970 of a wall clock read as UTC, or `undefined` for a date that does not exist. Months from 1. */
export function wallClock(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
): number | undefined {
  // RFC 3659 §2.3 allows second 60, the leap second.
  if (year < firstYear || year > 9999 || hour > 23 || minute > 59 || second > 60) return undefined;
  if (month < 1 || month > 12 || day < 1) return undefined;
  const { start, leapDay } = yearNumbered(year);
  const length = monthLengths[month - 1] as number;
  if (day > length && !(month === 2 && day === length + leapDay)) return undefined;
  const days = (daysBefore[month - 1] as number) + day - 1 + (month > 2 ? leapDay : 0);
  // Whole minutes are small numbers, which are cheaper: listings are long.
  return start + ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
}

export interface Year {
  /** In milliseconds since 1970. */
  readonly start: number;
  readonly leapDay: 0 | 1;
}

/** Those that have been asked for: the same few in all lines of a listing. */
const years = new Map<number, Year>();

export function yearNumbered(year: number): Year {
  const known = years.get(year);
  if (known !== undefined) return known;
  const added = { start: Date.UTC(year, 0), leapDay: isLeapYear(year) ? 1 : 0 } as const;
  years.set(year, added);
  return added;
}

/** A month and a day, whatever the year. */
export interface DayOfYear {
  /** Days since 1 January of a common year. */
  readonly days: number;
  /** Whether a leap day comes before it. */
  readonly isAfterLeapDay: 0 | 1;
  readonly isLeapDay: boolean;
}

/** `undefined` for a day that no year has. Months from 1. */
export function dayOfYear(month: number, day: number): DayOfYear | undefined {
  const length = (monthLengths[month - 1] ?? 0) + (month === 2 ? 1 : 0);
  if (day < 1 || day > length) return undefined;
  const days = (daysBefore[month - 1] as number) + day - 1;
  return { days, isAfterLeapDay: month > 2 ? 1 : 0, isLeapDay: month === 2 && day === 29 };
}

/** Milliseconds from 1970 to the first moment of that day; `undefined` for the leap day of a year that has none. */
export function startOf(year: Year, day: DayOfYear): number | undefined {
  if (day.isLeapDay && year.leapDay === 0) return undefined;
  return year.start + (day.days + day.isAfterLeapDay * year.leapDay) * dayLength;
}

/** A time on the server's wall clock. */
export function serverTime(
  context: DialectContext,
  precision: TimePrecision,
  year: number,
  month: number,
  day: number,
  hour?: number,
  minute?: number,
  second?: number,
): Stamp | undefined {
  const time = wallClock(year, month, day, hour, minute, second);
  if (time === undefined) return undefined;
  return { modified: new Date(time - context.utcOffset), precision };
}

/**
 * The year of a date shown without one: the latest that does not lie in the future.
 * A day of tolerance, for the server's clock may be zones ahead of ours.
 */
export function yearOf(
  context: DialectContext,
  month: number,
  day: number,
  hour: number,
  minute: number,
): number {
  const latest = context.now + context.utcOffset + dayLength;
  let year = fullYearAt(latest);
  const leapDay = month === 2 && day === 29;
  const time = wallClock(year, month, leapDay ? 28 : day, hour, minute);
  if (time !== undefined && time + (leapDay ? dayLength : 0) > latest) year -= 1;
  if (leapDay) while (!isLeapYear(year)) year -= 1;
  return year;
}

/** The same for all lines of a listing. */
let lastAsked = { time: 0, year: 1970 };

function fullYearAt(time: number): number {
  if (lastAsked.time !== time) lastAsked = { time, year: new Date(time).getUTCFullYear() };
  return lastAsked.year;
}

/** Two-digit years: 70 to 99 are of the last century. Three digits count from 1900: 103 is 2003 (OS/2). */
export function fullYear(year: number): number {
  if (year >= 100) return year < 1000 ? 1900 + year : year;
  return year < 70 ? 2000 + year : 1900 + year;
}

/** `09:07`, `9:07:33`, `05:32PM`, and `00:0` of one embedded server. */
export function clockOf(
  text: string,
): { hour: number; minute: number; second: number } | undefined {
  const numbers = [0, 0, 0];
  let part = 0;
  let digits = 0;
  let at = 0;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      digits += 1;
      if (digits > 2) return undefined;
      numbers[part] = (numbers[part] ?? 0) * 10 + code - 48;
    } else if (code === 58 /* : */ && digits > 0 && part < 2) {
      part += 1;
      digits = 0;
    } else break;
  }
  let [hour = 0, minute = 0, second = 0] = numbers;
  if (part === 0 || digits === 0) return undefined;
  const rest = text.slice(at);
  if (rest !== '' && rest.charCodeAt(0) !== 46 /* . */) {
    const half = rest.toLowerCase();
    if (half !== 'am' && half !== 'pm' && half !== 'a' && half !== 'p') return undefined;
    // `14:56PM` of one server is what it says without the letters.
    if (hour <= 12) hour = (hour % 12) + (half.startsWith('p') ? 12 : 0);
    else if (half.startsWith('a')) return undefined;
  }
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return { hour, minute, second };
}

/** `04-27-00`, `2000-04-27`, `27.04.2000`, `00/04/27`: three numbers with one separator, in the order they stand. */
export function dateNumbers(text: string): [number, number, number] | undefined {
  const numbers: number[] = [0];
  let separator = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      digits += 1;
      if (digits > 4) return undefined;
      numbers[numbers.length - 1] = (numbers.at(-1) ?? 0) * 10 + code - 48;
    } else if (digits > 0 && numbers.length < 3 && isSeparator(code, separator)) {
      separator = code;
      digits = 0;
      numbers.push(0);
    } else return undefined;
  }
  if (digits === 0 || numbers.length !== 3) return undefined;
  return numbers as [number, number, number];
}

/**
 * Year, month and day. Systems of DOS's kin write the month first; a number beyond 12 or 31 shows who does otherwise. `14-04-27` is of
 * 2014: read from behind it would lie in the future.
 */
export function dosOrder(
  [a, b, c]: [number, number, number],
  { now }: DialectContext,
): [number, number, number] {
  if (a > 31) return [fullYear(a), b, c];
  const isFuture = (year: number): boolean => fullYear(year) > fullYearAt(now + dayLength);
  if (a > 12 && c < 32 && isFuture(c) && !isFuture(a)) return [fullYear(a), b, c];
  return a > 12 ? [fullYear(c), b, a] : [fullYear(c), a, b];
}

function isSeparator(code: number, before: number): boolean {
  if (before !== 0) return code === before;
  return code === 45 || code === 46 || code === 47; // - . /
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}
