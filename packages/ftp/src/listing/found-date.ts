/** A date that was found in a line: where it stands, where the name begins behind it, and what time it is. */
import { type Stamp, serverTime, yearOf } from './calendar.js';
import { type DialectContext, type Fields, skipBlanks } from './dialect.js';
import { type Clock, type Day, midnight } from './numbers-of-dates.js';

export interface FoundDate {
  /** The field that the date begins with. */
  from: number;
  nameAt: number;
  stamp: (Stamp & { zone?: 'utc' }) | undefined;
}

export function found(
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
    year === undefined ? yearOf(context, month, day, hour, minute) : commonYear(year),
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

/** The years of Thailand count from 543 before ours. */
const commonYear = (year: number): number => (year > 2_400 ? year - 543 : year);

/** What the line itself says the zone of. */
export function exactly(date: FoundDate): FoundDate {
  return date.stamp === undefined ? date : { ...date, stamp: { ...date.stamp, zone: 'utc' } };
}

/** A date in one field stands in a column of its own: what follows it is padding. */
export function afterBlanks(date: FoundDate, { line, end }: Fields, last: number): FoundDate {
  return { ...date, nameAt: skipBlanks(line, end[last] ?? line.length) };
}

export const dayLength = 86_400_000;
