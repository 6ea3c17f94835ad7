/** A day that is one field: numbers or a month's name with hyphens, slashes or full stops between them. */
import { dateNumbers, fullYear, wallClock } from './calendar.js';
import { type DialectContext, wholeNumber } from './dialect.js';
import { dayLength } from './found-date.js';
import { monthOf } from './months.js';
import { type Day, dayOf, yearIn } from './numbers-of-dates.js';

/** A whole date in one field: year first, or day first, or with the month's name. */
export function dayIn(text: string): Day | undefined {
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
export function monthFirst(
  text: string,
): { year?: number; month: number; day: number } | undefined {
  const parts = /^([^-/\d]{3,16})([-/])(\d{1,2})(?:\2(\d{4}))?$/.exec(text);
  const month = monthOf(parts?.[1] ?? '');
  const day = dayOf(parts?.[3] ?? '');
  if (parts === null || month === undefined || day === undefined) return undefined;
  return { ...(parts[4] === undefined ? {} : { year: Number(parts[4]) }), month, day };
}

/** `20240129` */
export function compactDay(text: string): Day | undefined {
  const parts = /^((?:19|20)\d\d)(\d\d)(\d\d)$/.exec(text);
  return parts === null
    ? undefined
    : { year: Number(parts[1]), month: Number(parts[2]), day: Number(parts[3]) };
}

/**
 * `01/29/24`, `29.01.24`, `99-12-31`. With hyphens any order is in use, and where the first number is no month it is a day or a year:
 * a date that could be two has no time.
 */
export function shortYear(text: string, context: DialectContext): Day | undefined {
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
  const isDone = isPast(context); // `31/2/19` is no day, rather than one of 2031
  const real = text.includes('/')
    ? [day(a, b, c), day(c, b, a)].filter(isDone)
    : [day(a, b, c), day(c, a, b), day(c, b, a)].filter(
        ({ year = 0, month, day: of }) => wallClock(year, month, of) !== undefined,
      );
  const [one = noDay, another] = real;
  return another === undefined && isDone(one) ? one : noDay;
}

const noDay: Day = { year: 1970, month: 0, day: 0 };

const isPast =
  ({ now, utcOffset }: DialectContext) =>
  ({ year = 0, month, day }: Day): boolean =>
    (wallClock(year, month, day) ?? Infinity) <= now + utcOffset + dayLength;

/** `5月25日`, `2019年5月25日`: numbers with a sign of whatever charset behind each. */
export function glued(text: string): Day | undefined {
  const parts =
    /^(?:(\d{4})[\x80-\xff][\x40-\xff]{0,2}?)?(\d{1,2})[\x80-\xff][\x40-\xff]{0,2}?(\d{1,2})[\x80-\xff][\x40-\xff]{0,2}$/.exec(
      text,
    );
  if (parts === null) return undefined;
  const year = parts[1] === undefined ? undefined : Number(parts[1]);
  return { year, month: Number(parts[2]), day: Number(parts[3]) };
}

/** `09-26`: month and day; the other way around where only that is a date. With full stops the day is first: `07.03.`, `7.03`. */
export function shortDay(text: string): { month: number; day: number } | undefined {
  const dotted = /^(\d{1,2})\.(\d{1,2})\.?$/.exec(text);
  if (dotted !== null) return { month: Number(dotted[2]), day: Number(dotted[1]) };
  if (text.length !== 5 || text.charCodeAt(2) !== 45) return undefined;
  const first = wholeNumber(text.slice(0, 2));
  const second = wholeNumber(text.slice(3));
  if (first === undefined || second === undefined || first < 1 || second < 1) return undefined;
  if (first <= 12 && second <= 31) return { month: first, day: second };
  return first <= 31 && second <= 12 ? { month: second, day: first } : undefined;
}
