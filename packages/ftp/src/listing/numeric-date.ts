/**
 * Dates that begin with a number:
 *
 *     2005-06-07 21:22 · 24-04-2003 17:12 · 2024-01-29T03:26 · 20240129    (one word for the day, and for the time with some)
 *     09-26 13:45 · 8.01 13:45 · 3 29 03:26 · 1. 5. 2020                  (numbers, no year)
 *     4月 18日 2003年 · 2003 3月 20 · 8? 17 08:52                            (numbers with a sign of whatever charset)
 */
import { wallClock } from './calendar.js';
import { compactDay, dayIn, glued, shortDay, shortYear } from './day-in-one-word.js';
import { type DialectContext, type Fields, wholeNumber } from './dialect.js';
import { afterBlanks, exactly, type FoundDate, found } from './found-date.js';
import { monthOf } from './months.js';
import {
  type Clock,
  type Day,
  dayOf,
  halfOf,
  isClockOrYear,
  marked,
  timeBehind,
  timeOf,
  yearIn,
  zoneOf,
} from './numbers-of-dates.js';

export function numericDate(
  fields: Fields,
  from: number,
  context: DialectContext,
): FoundDate | undefined {
  if (!fields.isNumeric(from)) return undefined;
  const first = fields.text(from);
  if (first.endsWith('.')) {
    const date = fullStops(fields, from, context);
    if (date !== undefined) return date;
  }
  const clock = timeOf(fields.text(from + 1));
  const whole = dayIn(first);
  if (whole !== undefined) {
    if (clock === undefined) {
      const time = timeBehind(fields, from + 1);
      if (time !== undefined) return found(fields, from, time.last, context, whole, time.clock);
      return afterBlanks(found(fields, from, from, context, whole), fields, from);
    }
    const half = halfOf(fields, from + 2, clock);
    if (half !== undefined) return found(fields, from, from + 2, context, whole, half);
    const mayHaveZone = clock.precision !== 'minute' || from + 3 < fields.count;
    const zone = mayHaveZone ? zoneOf(fields.text(from + 2)) : undefined;
    const last = zone === undefined ? from + 1 : from + 2;
    if (zone === undefined) return found(fields, from, last, context, whole, clock);
    return exactly(found(fields, from, last, { ...context, utcOffset: zone }, whole, clock));
  }
  const both = first.length > 10 ? dayAndTime(fields, from, context) : undefined;
  if (both !== undefined) return both;
  if (clock !== undefined) {
    const digits = compactDay(first) ?? shortYear(first, context) ?? glued(first);
    const half = digits && halfOf(fields, from + 2, clock);
    const last = half === undefined ? from + 1 : from + 2;
    if (digits !== undefined) return found(fields, from, last, context, digits, half ?? clock);
  }
  // No name has a slash.
  const slashed = first.includes('/') ? shortYear(first, context) : undefined;
  if (slashed !== undefined)
    return afterBlanks(found(fields, from, from, context, slashed), fields, from);
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
    // `8.01 2023` may be no date, and the year a name's.
    const isSure = first.endsWith('.') || first.includes('-');
    const year = clock === undefined && isSure ? yearIn(fields.text(from + 1)) : undefined;
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

/**
 * `20240307`, `20240307101112`, `20240307 101112` or `1549188672.123456789` (since 1970) behind a size, where no other date is: the digits could be a size as well.
 */
export function digitsAlone(
  fields: Fields,
  from: number,
  context: DialectContext,
): FoundDate | undefined {
  const text = fields.text(from);
  const seconds = from > 4 ? /^\d{10}(?=\.\d{9,10}$)/.exec(text)?.[0] : undefined;
  if (seconds !== undefined) {
    const modified = new Date(Number(seconds) * 1_000);
    const stamp = { modified, precision: 'second', zone: 'utc' } as const;
    return { from, nameAt: (fields.end[from] ?? 0) + 1, stamp };
  }
  const day = text.length === 8 || text.length === 14 ? compactDay(text.slice(0, 8)) : undefined;
  if (day === undefined || wallClock(day.year as number, day.month, day.day) === undefined)
    return undefined;
  if (text.length === 14) {
    const clock = timeOfDigits(text.slice(8));
    return clock && found(fields, from, from, context, day, clock);
  }
  const clock = from + 2 < fields.count ? timeOfDigits(fields.text(from + 1)) : undefined;
  return found(fields, from, clock === undefined ? from : from + 1, context, day, clock);
}

/** `101112` */
const timeOfDigits = (text: string): Clock | undefined =>
  /^\d{6}$/.test(text) ? timeOf(text.replace(/\B(?=(?:..)+$)/g, ':')) : undefined;

/** `2024-01-29T03:26:11Z`, `2024-01-29T03:26:11+01:00` */
function dayAndTime(fields: Fields, from: number, context: DialectContext): FoundDate | undefined {
  const text = fields.text(from);
  if (text.charCodeAt(10) !== 84 /* T */) return undefined;
  const zone = /(?:Z|[+-]\d\d:?\d\d)$/.exec(text)?.[0] ?? '';
  const day = dayIn(text.slice(0, 10));
  const clock = timeOf(text.slice(11, text.length - zone.length));
  if (day === undefined || clock === undefined) return undefined;
  const utcOffset = zone === 'Z' ? 0 : zoneOf(zone.replace(':', ''));
  if (utcOffset === undefined) return found(fields, from, from, context, day, clock);
  return exactly(found(fields, from, from, { ...context, utcOffset }, day, clock));
}
