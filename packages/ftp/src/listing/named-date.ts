/**
 * Dates with the month's name in a field of its own:
 *
 *     Jan 29 03:26 · Apr  8  1994 · 26. Juli, 20:10 · 2.   Okt.  2003      (either way around)
 *     Oct 08, 2002 09:47 · Jan 29 03:26:15 2024                           (time and year)
 *     2019. márc. 7. · Mar-07-2024 10:11 · 3月  7日 09:15
 */
import { firstYear } from './calendar.js';
import { monthFirst } from './day-in-one-word.js';
import type { DialectContext, Fields } from './dialect.js';
import { type FoundDate, found } from './found-date.js';
import { monthOf } from './months.js';
import {
  dayOf,
  halfOf,
  isClockOrYear,
  marked,
  timeBehind,
  timeOf,
  yearIn,
} from './numbers-of-dates.js';

/**
 * By far the most frequent: two of its three fields begin with a digit, the third among them.
 *
 * @param isBehindWeekday the year then stands behind the time, however exact that is
 */
export function namedDate(
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
  // `May 00`, `Jan 32`: the date is none, and the name stands where it does.
  const day =
    month === undefined ? undefined : (dayOf(dayText) ?? (isNoDay.test(dayText) ? 0 : undefined));
  if (month === undefined || day === undefined)
    return firstIsNumber ? markedMonth(fields, from, context) : undefined;
  const third = fields.text(from + 2);
  const clock = timeOf(third);
  if (clock !== undefined) {
    const mayHaveYear = isBehindWeekday || clock.precision === 'second';
    const year = mayHaveYear ? yearIn(fields.text(from + 3)) : undefined;
    const last = year === undefined ? from + 2 : from + 3; // `ls -lT`
    // `ls` writes five signs behind a day in two columns: there a name may begin with AM.
    const mayBeLs = third.length === 5 && !isDayToTheLeft(fields, from, firstIsNumber);
    const half = mayBeLs || year !== undefined ? undefined : halfOf(fields, last + 1, clock);
    const end = half === undefined ? last : last + 1;
    return found(fields, from, end, context, { year, month, day }, half ?? clock);
  }
  const year = yearIn(third, firstYear);
  if (year === undefined) return undefined;
  const second = fields.text(from + 1);
  // `ls` sets a year to the right of five columns: with one blank ahead of it this is no `ls`, and a time behind it is no name.
  const mayHaveTime = second.endsWith(',') || isYearToTheLeft(fields, from);
  const yearAt = firstIsNumber && isYearSign(fields, from + 3) ? from + 3 : from + 2;
  const later = mayHaveTime ? timeOf(fields.text(yearAt + 1)) : undefined;
  if (later !== undefined) {
    const half = halfOf(fields, yearAt + 2, later);
    const last = half === undefined ? yearAt + 1 : yearAt + 2;
    return found(fields, from, last, context, { year, month, day }, half ?? later);
  }
  const other = mayHaveTime ? timeBehind(fields, yearAt + 1) : undefined;
  if (other !== undefined)
    return found(fields, from, other.last, context, { year, month, day }, other.clock);
  if (yearAt > from + 2) return found(fields, from, yearAt, context, { year, month, day });
  return {
    ...found(fields, from, from + 2, context, { year, month, day }),
    nameAt: afterYear(fields, from),
  };
}

const isNoDay = /^(?:00|3[2-9]|[4-9]\d)$/;

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

/** `Mar-07-2024 10:11`, `Mar/07 10:11`; and `2019. márc. 7.` of Hungary, whose year has a full stop as well. */
export function joinedDate(
  fields: Fields,
  from: number,
  context: DialectContext,
): FoundDate | undefined {
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

/**
 * A name may begin with blanks, so exactly one blank belongs to the line. A server that sets the year to the left of
 * its five columns (`Mar  1 2003  .welcome`) shows that by one blank before the year and two after it.
 */
export function afterYear(fields: Fields, from: number): number {
  const end = fields.end[from + 2] ?? 0;
  return isYearToTheLeft(fields, from) && fields.line.startsWith('  ', end) ? end + 2 : end + 1;
}

function isYearToTheLeft({ start, end }: Fields, from: number): boolean {
  return (start[from + 2] ?? 0) - (end[from + 1] ?? 0) === 1;
}

/** `Jan 5`: `ls` sets a day below ten to the right of two columns, so that two blanks stand ahead of it. */
const isDayToTheLeft = ({ start, end }: Fields, from: number, isDayFirst: boolean): boolean =>
  !isDayFirst &&
  (start[from + 1] ?? 0) - (end[from] ?? 0) === 1 &&
  (end[from + 1] ?? 0) - (start[from + 1] ?? 0) === 1;

/** `2019 г.`, `2019 р.`: the year's letter in Russian, Bulgarian and Ukrainian, in whatever charset, with something behind it. */
const isYearSign = (fields: Fields, at: number): boolean =>
  at + 1 < fields.count &&
  /^(?:\xd0\xb3|\xd1\x80|[\xa3\xc7\xd2\xd3\xe0\xe3\xf0])\.$/.test(fields.text(at));
