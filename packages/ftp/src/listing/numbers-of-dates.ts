/** The numbers that dates are made of: days, years, times, and what tells them from sizes and names. */
import { clockOf } from './calendar.js';
import { type Fields, isDigit, wholeNumber } from './dialect.js';
import type { TimePrecision } from './entry.js';

export interface Clock {
  hour: number;
  minute: number;
  second: number;
  /** `24:00` is the next day's first moment. */
  days: number;
  precision: TimePrecision;
}

export interface Day {
  year: number | undefined;
  month: number;
  day: number;
}

export const midnight: Clock = { hour: 0, minute: 0, second: 0, days: 0, precision: 'day' };

/** `29`, `2.`, `08,`: one or two digits, 1 to 31. */
export function dayOf(text: string): number | undefined {
  const last = text.charCodeAt(text.length - 1);
  const digits = last === 46 || last === 44 ? text.slice(0, -1) : text;
  if (digits.length === 0 || digits.length > 2) return undefined;
  const day = wholeNumber(digits);
  return day !== undefined && day >= 1 && day <= 31 ? day : undefined;
}

export function yearIn(text: string, least = 1900): number | undefined {
  if (text.length !== 4) return undefined;
  const year = wholeNumber(text);
  return year !== undefined && year >= least ? year : undefined;
}

export function timeOf(text: string): Clock | undefined {
  if (text.charCodeAt(text.length - 1) === 44) return timeOf(text.slice(0, -1));
  if (text === '24:00' || text === '24:00:00') return { ...midnight, days: 1, precision: 'minute' };
  const clock = clockOf(text);
  if (clock === undefined) return undefined;
  const hasSeconds = text.indexOf(':', text.indexOf(':') + 1) > 0;
  return { ...clock, days: 0, precision: hasSeconds ? 'second' : 'minute' };
}

export const isClockOrYear = (text: string): boolean =>
  timeOf(text) !== undefined || yearIn(text) !== undefined;

/** A number with a sign of some charset behind it, whose first octet at least is no ASCII. */
export function marked(text: string): number | undefined {
  let end = 0;
  while (isDigit(text.charCodeAt(end))) end += 1;
  if (end === 0 || end > 4 || text.length > end + 4 || !(text.charCodeAt(end) > 127))
    return undefined;
  return wholeNumber(text.slice(0, end));
}

/** `09:15 PM`, where something stands behind it. */
export function halfOf(fields: Fields, at: number, clock: Clock): Clock | undefined {
  const { hour } = clock;
  if (at + 1 >= fields.count || hour < 1 || hour > 12) return undefined;
  const letters = /^([ap])\.?m\.?$/i.exec(fields.text(at));
  if (letters === null) return undefined;
  return { ...clock, hour: (hour % 12) + (letters[1]?.toLowerCase() === 'p' ? 12 : 0) };
}

/**
 * A time that is not where `ls` has it, or not as it writes it, behind a day that is no day of `ls`: `at 12:34`, `- 12:34`, `12.34`,
 * `klo 12.34.56`, `12h34`. Where something stands behind it, for a name may be anything.
 */
export function timeBehind(fields: Fields, at: number): { clock: Clock; last: number } | undefined {
  const last = ahead.test(fields.text(at)) ? at + 1 : at;
  if (last + 1 >= fields.count) return undefined;
  const text = fields.text(last);
  const parts = otherTime.exec(text);
  const clock = parts === null ? timeOf(text) : timeOf(parts.slice(1).filter(Boolean).join(':'));
  if (clock === undefined) return undefined;
  const half = halfOf(fields, last + 1, clock);
  return half === undefined ? { clock, last } : { clock: half, last: last + 1 };
}

/** The word between day and time in English, German, Scandinavian, Finnish, French, Spanish, Portuguese and Italian. */
const ahead = /^(?:at|um|kl\.?|klo|alle|om|-|\xc3\xa0|\xe0|\xc3\xa0s|\xe0s)$/i;
const otherTime = /^(\d{1,2})[.h](\d\d)(?:[.:m](\d\d))?$/i;

/** `+0200` in milliseconds. */
export function zoneOf(text: string): number | undefined {
  const sign = text.charCodeAt(0);
  if (text.length !== 5 || (sign !== 43 && sign !== 45)) return undefined;
  const digits = wholeNumber(text.slice(1));
  if (digits === undefined) return undefined;
  const minutes = Math.floor(digits / 100) * 60 + (digits % 100);
  return (sign === 45 ? -minutes : minutes) * 60_000;
}
