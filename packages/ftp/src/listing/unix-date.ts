/**
 * The dates that `ls` and its imitators write, by locale, option and age:
 *
 *     Jan 29 03:26 · Apr  8  1994 · 26. Juli, 20:10 · 2.   Okt.  2003      (names of months, either way around)
 *     Oct 08, 2002 09:47 · Jan 29 03:26:15 2024 · Wed Jan 29 03:26:15 2003 (time and year)
 *     2005-06-07 21:22 · 2004.07.15 · 24-04-2003 17:12 · 01-jun-99         (one word for the day)
 *     01/29/24 03:26 · 2024-01-29T03:26 · 20240129 03:26                   (the same, in other writings)
 *     09-26 13:45 · 3 29 03:26                                             (numbers, no year)
 *     4月 18日 2003年 · 2003 3月 20 · 8? 17 08:52                            (numbers with a sign of whatever charset)
 *     12:34 Jan 5 · 12:34 2024-01-05                                      (the time first)
 */
import { clockOf } from './calendar.js';
import { type DialectContext, Fields } from './dialect.js';
import type { FoundDate } from './found-date.js';
import { halfOfDay } from './months.js';
import { joinedDate, namedDate } from './named-date.js';
import { yearIn } from './numbers-of-dates.js';
import { numericDate } from './numeric-date.js';
import { timeFirst } from './time-first.js';
import { wordedDate } from './worded-date.js';

/** A date that begins with field `from`. */
export function dateAt(
  given: Fields,
  from: number,
  context: DialectContext,
): FoundDate | undefined {
  const fields = halfBehind(given, from);
  const date =
    namedDate(fields, from, context) ??
    numericDate(fields, from, context) ??
    joinedDate(fields, from, context) ??
    wordedDate(fields, from, context) ??
    timeFirst(fields, from, context);
  if (date !== undefined || !weekday.test(fields.text(from))) return date;
  const behind = namedDate(withoutZone(fields, from + 4), from + 1, context, true);
  return behind && { ...behind, from };
}

/** `Wed Jan 29 03:26:15 2003`, as ctime() writes it. */
const weekday = /^(?:sun|mon|tue|wed|thu|fri|sat)[a-z]*,?$/i;

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
