/**
 * The dates that `ls` and its imitators write, by locale, option and age:
 *
 *     Jan 29 03:26 · Apr  8  1994 · 26. Juli, 20:10 · 2.   Okt.  2003      (names of months, either way around)
 *     Oct 08, 2002 09:47 · Jan 29 03:26:15 2024 · Wed Jan 29 03:26:15 2003 (time and year)
 *     2005-06-07 21:22 · 2004.07.15 · 24-04-2003 17:12 · 01-jun-99         (one word for the day)
 *     01/29/24 03:26 · 2024-01-29T03:26 · 20240129 03:26                   (the same, in other writings)
 *     09-26 13:45 · 3 29 03:26                                             (numbers, no year)
 *     4月 18日 2003年 · 2003 3月 20 · 8? 17 08:52                            (numbers with a sign of whatever charset)
 */
import {
  clockOf,
  dateNumbers,
  firstYear,
  fullYear,
  type Stamp,
  serverTime,
  wallClock,
  yearOf,
} from './calendar.js';
import { type DialectContext, Fields, isDigit, skipBlanks, wholeNumber } from './dialect.js';
import type { TimePrecision } from './entry.js';
import { halfOfDay, monthOf } from './months.js';

export interface FoundDate {
  /** The field that the date begins with. */
  from: number;
  nameAt: number;
  stamp: Stamp | undefined;
}

interface Clock {
  hour: number;
  minute: number;
  second: number;
  /** `24:00` is the next day's first moment. */
  days: number;
  precision: TimePrecision;
}

interface Day {
  year: number | undefined;
  month: number;
  day: number;
}

/** A date that begins with field `from`. */
export function dateAt(
  given: Fields,
  from: number,
  context: DialectContext,
): FoundDate | undefined {
  const fields = halfBehind(given, from);
  const date =
    named(fields, from, context) ?? other(fields, from, context) ?? joined(fields, from, context);
  if (date !== undefined || !weekday.test(fields.text(from))) return date;
  const behind = named(withoutZone(fields, from + 4), from + 1, context, true);
  return behind && { ...behind, from };
}

/** `Wed Jan 29 03:26:15 CET 2003`, as date(1) writes it. Which zone the letters mean can't be told. */
function withoutZone(fields: Fields, at: number): Fields {
  const { line, start, end } = fields;
  const isZone = /^(?:[A-Z]{2,5}|[+-]\d{2}(?:\d{2})?)$/.test(fields.text(at));
  if (!isZone || yearIn(fields.text(at + 1)) === undefined) return fields;
  const blanks = ' '.repeat((end[at] ?? 0) - (start[at] ?? 0));
  return new Fields(at + 2).read(line.slice(0, start[at]) + blanks + line.slice(end[at]));
}

/** `3월 29 오후 1:05`: the half of the day stands ahead of its hour. Written behind it, in the same columns, where it can be read. */
function halfBehind(fields: Fields, from: number): Fields {
  const { line, start, end } = fields;
  for (let at = from + 1; at < from + 4 && at + 1 < fields.count; at += 1) {
    if (!(line.charCodeAt(start[at] ?? 0) > 127) || !fields.isNumeric(at + 1)) continue;
    const half = halfOfDay(fields.text(at));
    const time = `${fields.text(at + 1)}${half}`;
    if (half === undefined || clockOf(time) === undefined) continue;
    const width = (end[at + 1] ?? 0) - (start[at] ?? 0);
    const written = time.padStart(width);
    if (written.length > width) continue;
    return new Fields(at + 2).read(line.slice(0, start[at]) + written + line.slice(end[at + 1]));
  }
  return fields;
}

/** `Mar-07-2024 10:11`, `Mar/07 10:11`; and `2019. márc. 7.` of Hungary, whose year has a full stop as well. */
function joined(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  const text = fields.text(from);
  const day = monthFirst(text);
  if (day !== undefined) {
    const clock = timeOf(fields.text(from + 1));
    if (clock === undefined && day.year === undefined) return undefined;
    return found(
      fields,
      from,
      clock ? from + 1 : from,
      context,
      { year: undefined, ...day },
      clock,
    );
  }
  const isMarked = text.endsWith('.');
  const year = yearIn(isMarked ? text.slice(0, -1) : text);
  const month = year === undefined ? undefined : monthOf(fields.text(from + 1));
  // `2004 szept. 12 name`: with a time or a year behind it, what is ahead of it may be the size.
  const isSure = isMarked || !isClockOrYear(fields.text(from + 3));
  if (!isSure) return undefined;
  const ofMonth = month === undefined ? undefined : dayOf(fields.text(from + 2));
  if (month === undefined || ofMonth === undefined) return undefined;
  const clock = timeOf(fields.text(from + 3));
  return found(
    fields,
    from,
    clock ? from + 3 : from + 2,
    context,
    { year, month, day: ofMonth },
    clock,
  );
}

const isClockOrYear = (text: string): boolean =>
  timeOf(text) !== undefined || yearIn(text) !== undefined;

/** `Wed Jan 29 03:26:15 2003`, as ctime() writes it. */
const weekday = /^(?:sun|mon|tue|wed|thu|fri|sat)[a-z]*,?$/i;

/**
 * By far the most frequent: two of its three fields begin with a digit, the third among them.
 *
 * @param isBehindWeekday the year then stands behind the time, however exact that is
 */
function named(
  fields: Fields,
  from: number,
  context: DialectContext,
  isBehindWeekday = false,
): FoundDate | undefined {
  if (!fields.isNumeric(from + 2)) return undefined;
  const firstIsNumber = fields.isNumeric(from);
  if (!firstIsNumber && !fields.isNumeric(from + 1)) return undefined;
  const month = monthOf(fields.text(firstIsNumber ? from + 1 : from));
  const dayText = fields.text(firstIsNumber ? from : from + 1);
  // `May 00`: the date is none, and the name stands where it does.
  const day = month === undefined ? undefined : dayText === '00' ? 0 : dayOf(dayText);
  if (month === undefined || day === undefined)
    return firstIsNumber ? markedMonth(fields, from, context) : undefined;
  const third = fields.text(from + 2);
  const clock = timeOf(third);
  if (clock !== undefined) {
    const mayHaveYear = isBehindWeekday || clock.precision === 'second';
    const year = mayHaveYear ? yearIn(fields.text(from + 3)) : undefined;
    const last = year === undefined ? from + 2 : from + 3; // `ls -lT`
    // `ls` writes five signs: behind those a name may begin with AM.
    const half =
      third.length === 5 || year !== undefined ? undefined : halfOf(fields, last + 1, clock);
    const end = half === undefined ? last : last + 1;
    return found(fields, from, end, context, { year, month, day }, half ?? clock);
  }
  const year = yearIn(third, firstYear);
  if (year === undefined) return undefined;
  const second = fields.text(from + 1);
  // `ls` sets a year to the right of five columns: with one blank ahead of it this is no `ls`, and a time behind it is no name.
  const mayHaveTime = second.endsWith(',') || isYearToTheLeft(fields, from);
  const later = mayHaveTime ? timeOf(fields.text(from + 3)) : undefined;
  if (later !== undefined) {
    const half = second.endsWith(',') ? halfOf(fields, from + 4, later) : undefined;
    const last = half === undefined ? from + 3 : from + 4;
    return found(fields, from, last, context, { year, month, day }, half ?? later);
  }
  return {
    ...found(fields, from, from + 2, context, { year, month, day }),
    nameAt: afterYear(fields, from),
  };
}

/** `3月  7日 09:15`: the month is a number with a sign behind it, so that two fields begin with digits. */
function markedMonth(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  const month = monthOf(fields.text(from)) ?? marked(fields.text(from));
  const day = dayOf(fields.text(from + 1)) ?? marked(fields.text(from + 1));
  if (month === undefined || month > 12 || day === undefined) return undefined;
  const third = fields.text(from + 2);
  const clock = timeOf(third);
  const year = clock === undefined ? (yearIn(third) ?? marked(third)) : undefined;
  if (clock === undefined && (year === undefined || year < 1900)) return undefined;
  return found(fields, from, from + 2, context, { year, month, day }, clock);
}

function other(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  if (!fields.isNumeric(from)) return undefined;
  const first = fields.text(from);
  if (first.endsWith('.')) {
    const date = fullStops(fields, from, context);
    if (date !== undefined) return date;
  }
  const clock = timeOf(fields.text(from + 1));
  const whole = dayIn(first);
  if (whole !== undefined) {
    if (clock === undefined)
      return afterBlanks(found(fields, from, from, context, whole), fields, from);
    const half = halfOf(fields, from + 2, clock);
    if (half !== undefined) return found(fields, from, from + 2, context, whole, half);
    const zone = clock.precision === 'minute' ? undefined : zoneOf(fields.text(from + 2));
    const last = zone === undefined ? from + 1 : from + 2;
    const where = zone === undefined ? context : { ...context, utcOffset: zone };
    return found(fields, from, last, where, whole, clock);
  }
  const both = first.length > 10 ? dayAndTime(fields, from, context) : undefined;
  if (both !== undefined) return both;
  if (clock !== undefined) {
    const digits = compactDay(first) ?? shortYear(first, context) ?? glued(first);
    const half = digits && halfOf(fields, from + 2, clock);
    const last = half === undefined ? from + 1 : from + 2;
    if (digits !== undefined) return found(fields, from, last, context, digits, half ?? clock);
  }
  const signed = glued(first);
  if (signed?.year !== undefined) return found(fields, from, from, context, signed as Day);
  const second = fields.text(from + 1);
  const year = yearIn(second) ?? marked(second);
  if (signed !== undefined && year !== undefined && year >= 1900)
    return found(fields, from, from + 1, context, { ...signed, year });
  const below = glued(second); // `2019年 5月25日`
  const above = marked(first) ?? 0;
  if (below !== undefined && below.year === undefined && above >= 1900)
    return found(fields, from, from + 1, context, { ...below, year: above });
  const short = shortDay(first);
  if (short !== undefined) {
    const year = clock === undefined ? yearIn(fields.text(from + 1)) : undefined;
    if (clock === undefined && year === undefined) return undefined;
    return found(fields, from, from + 1, context, { year, ...short }, clock);
  }
  return loose(fields, from, context);
}

/** `1. 5. 2020`, `1. 5. 2020 10:11`, `1. 5. 10:11`: the day and the month of Czech, Slovak and German. */
function fullStops(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  const first = fields.text(from);
  const day = dayOf(first);
  const second = fields.text(from + 1);
  const month = second.endsWith('.') ? dayOf(second) : undefined;
  const third = fields.text(from + 2);
  const clock = timeOf(third);
  const yearFirst = yearIn(first.slice(0, -1)); // `2020. 5. 1.`, `2020. 5. 1. 10:11` of Korea
  const dayLast = third.endsWith('.') ? dayOf(third) : undefined;
  if (yearFirst !== undefined && month !== undefined && dayLast !== undefined) {
    const time = timeOf(fields.text(from + 3));
    const last = time === undefined ? from + 2 : from + 3;
    return found(fields, from, last, context, { year: yearFirst, month, day: dayLast }, time);
  }
  if (day === undefined || month === undefined || month > 12) return undefined;
  if (clock !== undefined)
    return found(fields, from, from + 2, context, { year: undefined, month, day }, clock);
  const year = yearIn(third);
  if (year === undefined) return undefined;
  const behind = timeOf(fields.text(from + 3));
  return found(fields, from, behind ? from + 3 : from + 2, context, { year, month, day }, behind);
}

/** `3 29 03:26`, and `2003   3月 20` with a sign of any charset behind each number. */
function loose(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  if (!fields.isNumeric(from + 1)) return undefined;
  const clock = timeOf(fields.text(from + 2));
  let month = wholeNumber(fields.text(from));
  let day = dayOf(fields.text(from + 1));
  // `29 3 03:26`: there is no 29th month.
  if (month !== undefined && month > 12 && month <= 31 && day !== undefined && day <= 12)
    [month, day] = [day, month];
  if (
    clock !== undefined &&
    month !== undefined &&
    day !== undefined &&
    month >= 1 &&
    month <= 12
  ) {
    return found(fields, from, from + 2, context, { year: undefined, month, day }, clock);
  }
  const undisputed = numbersAlone(fields, from, month, day);
  if (undisputed !== undefined) return found(fields, from, from + 2, context, undisputed);
  const year = yearIn(fields.text(from)) ?? marked(fields.text(from));
  // `2004 3月 29 03:26`: what could be a year is the size.
  if (yearIn(fields.text(from)) !== undefined && isClockOrYear(fields.text(from + 3)))
    return undefined;
  const second = monthOf(fields.text(from + 1)) ?? marked(fields.text(from + 1));
  const third = dayOf(fields.text(from + 2)) ?? marked(fields.text(from + 2));
  if (
    year === undefined ||
    year < 1900 ||
    second === undefined ||
    second > 12 ||
    third === undefined
  ) {
    return undefined;
  }
  return found(fields, from, from + 2, context, { year, month: second, day: third });
}

/** `03 29 2003` and `2003 03 29`, behind owner, group and size. */
function numbersAlone(
  fields: Fields,
  from: number,
  month: number | undefined,
  day: number | undefined,
): Day | undefined {
  if (from < 4 || isClockOrYear(fields.text(from + 3))) return undefined;
  const last = yearIn(fields.text(from + 2));
  if (last !== undefined && month !== undefined && day !== undefined)
    return month >= 1 && month <= 12 ? { year: last, month, day } : undefined;
  const rest = /^(\d\d) (\d\d)$/.exec(fields.span(from + 1, from + 3));
  if (month === undefined || month < 1900 || month > 9999 || rest === null) return undefined;
  return { year: month, month: Number(rest[1]), day: Number(rest[2]) };
}

function found(
  fields: Fields,
  from: number,
  last: number,
  context: DialectContext,
  { year, month, day }: Day,
  clock?: Clock,
): FoundDate {
  const { hour, minute, second, days, precision } = clock ?? midnight;
  const stamp = serverTime(
    context,
    precision,
    year ?? yearOf(context, month, day, hour, minute),
    month,
    day,
    hour,
    minute,
    second,
  );
  if (stamp !== undefined && days > 0)
    stamp.modified = new Date(stamp.modified.getTime() + dayLength);
  // A name may begin with blanks, so exactly one blank belongs to the line.
  return { from, nameAt: (fields.end[last] ?? 0) + 1, stamp };
}

/** `09:15 PM`, where something stands behind it. */
function halfOf(fields: Fields, at: number, clock: Clock): Clock | undefined {
  const { hour } = clock;
  if (at + 1 >= fields.count || hour < 1 || hour > 12) return undefined;
  const letters = /^([ap])\.?m\.?$/i.exec(fields.text(at));
  if (letters === null) return undefined;
  return { ...clock, hour: (hour % 12) + (letters[1]?.toLowerCase() === 'p' ? 12 : 0) };
}

const dayLength = 86_400_000;
const midnight: Clock = { hour: 0, minute: 0, second: 0, days: 0, precision: 'day' };

/** A date in one field stands in a column of its own: what follows it is padding. */
function afterBlanks(date: FoundDate, { line, end }: Fields, last: number): FoundDate {
  return { ...date, nameAt: skipBlanks(line, end[last] ?? line.length) };
}

/**
 * A name may begin with blanks, so exactly one blank belongs to the line. A server that sets the year to the left of
 * its five columns (`Mar  1 2003  .welcome`) shows that by one blank before the year and two after it.
 */
function afterYear(fields: Fields, from: number): number {
  const end = fields.end[from + 2] ?? 0;
  return isYearToTheLeft(fields, from) && fields.line.startsWith('  ', end) ? end + 2 : end + 1;
}

function isYearToTheLeft({ start, end }: Fields, from: number): boolean {
  return (start[from + 2] ?? 0) - (end[from + 1] ?? 0) === 1;
}

/** `29`, `2.`, `08,`: one or two digits, 1 to 31. */
function dayOf(text: string): number | undefined {
  const last = text.charCodeAt(text.length - 1);
  const digits = last === 46 || last === 44 ? text.slice(0, -1) : text;
  if (digits.length === 0 || digits.length > 2) return undefined;
  const day = wholeNumber(digits);
  return day !== undefined && day >= 1 && day <= 31 ? day : undefined;
}

function yearIn(text: string, least = 1900): number | undefined {
  if (text.length !== 4) return undefined;
  const year = wholeNumber(text);
  return year !== undefined && year >= least ? year : undefined;
}

/** A number with a sign of some charset behind it, whose first octet at least is no ASCII. */
function marked(text: string): number | undefined {
  let end = 0;
  while (isDigit(text.charCodeAt(end))) end += 1;
  if (end === 0 || end > 4 || text.length > end + 4 || !(text.charCodeAt(end) > 127))
    return undefined;
  return wholeNumber(text.slice(0, end));
}

function timeOf(text: string): Clock | undefined {
  if (text.charCodeAt(text.length - 1) === 44) return timeOf(text.slice(0, -1));
  if (text === '24:00' || text === '24:00:00') return { ...midnight, days: 1, precision: 'minute' };
  const clock = clockOf(text);
  if (clock === undefined) return undefined;
  const hasSeconds = text.indexOf(':', text.indexOf(':') + 1) > 0;
  return { ...clock, days: 0, precision: hasSeconds ? 'second' : 'minute' };
}

/** A whole date in one field: year first, or day first, or with the month's name. */
function dayIn(text: string): Day | undefined {
  const numbers = dateNumbers(text);
  if (numbers === undefined) return namedDay(text);
  const [a, b, c] = numbers;
  if (a >= 1900) return { year: a, month: b, day: c };
  if (c < 1900) return undefined;
  return b > 12 ? { year: c, month: a, day: b } : { year: c, month: b, day: a };
}

/** `01-jun-99`, `1-Jan-2024`, `2024-Jan-01`; with slashes or full stops too. */
function namedDay(text: string): Day | undefined {
  const parts = text.split(/(?<=[^.])[-/.](?=[^-/.])/, 4);
  if (parts.length !== 3) return undefined;
  const [first = '', middle = '', last = ''] = parts;
  const isYearFirst = yearIn(first) !== undefined;
  const day = dayOf(isYearFirst ? last : first);
  const month = monthOf(middle);
  const year = wholeNumber(isYearFirst ? first : last);
  if (day === undefined || month === undefined || year === undefined) return undefined;
  return { year: fullYear(year), month, day };
}

/** `Mar-07-2024`, `Mar/7/2024`, `Mar-07`: the parts that other servers set blanks between. */
function monthFirst(text: string): { year?: number; month: number; day: number } | undefined {
  const parts = /^([^-/\d]{3,16})([-/])(\d{1,2})(?:\2(\d{4}))?$/.exec(text);
  const month = monthOf(parts?.[1] ?? '');
  const day = dayOf(parts?.[3] ?? '');
  if (parts === null || month === undefined || day === undefined) return undefined;
  return { ...(parts[4] === undefined ? {} : { year: Number(parts[4]) }), month, day };
}

/**
 * `20240307` or `20240307101112` behind a size, where no other date is: eight digits could be a size as well.
 */
export function digitsAlone(
  fields: Fields,
  from: number,
  context: DialectContext,
): FoundDate | undefined {
  const text = fields.text(from);
  const day = text.length === 8 || text.length === 14 ? compactDay(text.slice(0, 8)) : undefined;
  if (day === undefined || wallClock(day.year as number, day.month, day.day) === undefined)
    return undefined;
  if (text.length === 8) return found(fields, from, from, context, day);
  const clock = timeOf(`${text.slice(8, 10)}:${text.slice(10, 12)}:${text.slice(12)}`);
  return clock && found(fields, from, from, context, day, clock);
}

/** `2024-01-29T03:26:11Z` */
function dayAndTime(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  const text = fields.text(from);
  if (text.charCodeAt(10) !== 84 /* T */) return undefined;
  const isUtc = text.endsWith('Z');
  const day = dayIn(text.slice(0, 10));
  const clock = timeOf(isUtc ? text.slice(11, -1) : text.slice(11));
  if (day === undefined || clock === undefined) return undefined;
  return found(fields, from, from, isUtc ? { ...context, utcOffset: 0 } : context, day, clock);
}

/** `20240129` */
function compactDay(text: string): Day | undefined {
  const parts = /^((?:19|20)\d\d)(\d\d)(\d\d)$/.exec(text);
  return parts === null
    ? undefined
    : { year: Number(parts[1]), month: Number(parts[2]), day: Number(parts[3]) };
}

/**
 * `01/29/24`, `29.01.24`, `99-12-31`. With hyphens any order is in use, and where the first number is no month it is a day or a year:
 * a date that could be two has no time.
 */
function shortYear(text: string, context: DialectContext): Day | undefined {
  const numbers = dateNumbers(text);
  if (numbers === undefined || text.length < 6 || text.length > 8) return undefined;
  const [a, b, c] = numbers;
  const day = (year: number, month: number, of: number): Day => ({
    year: fullYear(year),
    month,
    day: of,
  });
  if (text.includes('.')) return day(c, b, a);
  if (text.includes('/') && a <= 12) return day(c, a, b);
  const years = text.includes('/') ? [day(a, b, c), day(c, b, a)].filter(isPast(context)) : [];
  if (years.length > 0) return years.length === 1 ? years[0] : noDay;
  const ways = [day(a, b, c), day(c, a, b), day(c, b, a)];
  const real = ways.filter(
    ({ year = 0, month, day: of }) => wallClock(year, month, of) !== undefined,
  );
  return real.length === 1 ? real[0] : noDay;
}

const noDay: Day = { year: 1970, month: 0, day: 0 };

const isPast =
  ({ now, utcOffset }: DialectContext) =>
  ({ year = 0, month, day }: Day): boolean =>
    (wallClock(year, month, day) ?? Infinity) <= now + utcOffset + dayLength;

/** `5月25日`, `2019年5月25日`: numbers with a sign of whatever charset behind each. */
function glued(text: string): Day | undefined {
  const parts =
    /^(?:(\d{4})[\x80-\xff][\x40-\xff]{0,2}?)?(\d{1,2})[\x80-\xff][\x40-\xff]{0,2}?(\d{1,2})[\x80-\xff][\x40-\xff]{0,2}$/.exec(
      text,
    );
  if (parts === null) return undefined;
  const year = parts[1] === undefined ? undefined : Number(parts[1]);
  return { year, month: Number(parts[2]), day: Number(parts[3]) };
}

/**
 * A month of a language that is not known, or that is written in some way of its own: where the size before it, a day and a time or a year
 * stand around it, the name is sure, and the time is not.
 *
 *     Foo 29 03:26 · 29 Foo 2019                            (either way around)
 *     29 de gen. 03:26 · Thg 1 29 03:26 · 29 Thg 1 03:26    (of two words)
 *     2019 Foo 29                                           (the year first)
 */
export function strangeMonth(fields: Fields, from: number): FoundDate | undefined {
  for (const shape of shapes) {
    const last = from + shape.length - 1;
    if (last + 1 >= fields.count || !fits(fields, from, shape)) continue;
    if (shape.startsWith('Y') && isClockOrYear(fields.text(last + 1))) continue;
    const isYear = shape.endsWith('T') && yearIn(fields.text(last)) !== undefined;
    const nameAt =
      isYear && shape.length === 3 ? afterYear(fields, from) : (fields.end[last] ?? 0) + 1;
    return { from, nameAt, stamp: undefined };
  }
  return undefined;
}

/** Of words (P: one that means nothing), days, months in digits, and times or years. */
const shapes = ['WDT', 'DWT', 'PWDT', 'DPWT', 'WNDT', 'DWNT', 'YWD', 'YPWD'] as const;

const parts: Readonly<Record<string, (text: string) => boolean>> = {
  // The name of a month, with what its language sets around it; a path, a time or a number it is not.
  W: (text) =>
    /^(?=.*[A-Za-z\x80-\xff])[^/\\:*?"<>|=;\0-\x20]{2,48}$/.test(text) && !/^\d{4}/.test(text),
  P: (text) => /^d[aeio]?s?$/.test(text),
  D: (text) => dayOf(text) !== undefined,
  N: (text) => /^(?:0?[1-9]|1[0-2])[.,]?$/.test(text),
  T: (text) => /^\d{1,2}:\d\d(?::\d\d)?$/.test(text) || yearIn(text) !== undefined,
  Y: (text) => yearIn(text) !== undefined,
};

function fits(fields: Fields, from: number, shape: string): boolean {
  const isWhole =
    shape.includes('N') && monthOf(fields.text(from + shape.indexOf('W'))) !== undefined;
  return (
    !isWhole && [...shape].every((part, index) => parts[part]?.(fields.text(from + index)) === true)
  );
}

/** `09-26`: month and day; the other way around where only that is a date. */
function shortDay(text: string): { month: number; day: number } | undefined {
  const dotted = /^(\d{1,2})\.(\d{1,2})\.$/.exec(text); // `07.03.`
  if (dotted !== null) return { month: Number(dotted[2]), day: Number(dotted[1]) };
  if (text.length !== 5 || text.charCodeAt(2) !== 45) return undefined;
  const first = wholeNumber(text.slice(0, 2));
  const second = wholeNumber(text.slice(3));
  if (first === undefined || second === undefined || first < 1 || second < 1) return undefined;
  if (first <= 12 && second <= 31) return { month: first, day: second };
  return first <= 31 && second <= 12 ? { month: second, day: first } : undefined;
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
