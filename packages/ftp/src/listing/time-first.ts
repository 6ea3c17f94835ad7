/**
 * Dates with their time ahead of them: `12:34 Jan 5`, `12:34 5. Jan.`, `12:34 PM 2024-01-05`, `10:11 29/01/2024`.
 *
 * Where a year stands behind a month and a day, it can't be told from a name that begins so: then this is no date.
 */
import { dayIn } from './day-in-one-word.js';
import type { DialectContext, Fields } from './dialect.js';
import { type FoundDate, found } from './found-date.js';
import { monthOf } from './months.js';
import { dayOf, halfOf, isClockOrYear, timeOf } from './numbers-of-dates.js';

/** A date that begins with field `from`. */
export function timeFirst(
  fields: Fields,
  from: number,
  context: DialectContext,
): FoundDate | undefined {
  const shown = timeOf(fields.text(from));
  if (shown === undefined) return undefined;
  const half = halfOf(fields, from + 1, shown);
  const clock = half ?? shown;
  const at = half === undefined ? from + 1 : from + 2;
  const whole = dayIn(fields.text(at));
  if (whole !== undefined) return found(fields, from, at, context, whole, clock);
  const [first, second] = [fields.text(at), fields.text(at + 1)];
  const isDayFirst = fields.isNumeric(at);
  const month = monthOf(isDayFirst ? second : first);
  const day = dayOf(isDayFirst ? first : second);
  if (month === undefined || day === undefined || isClockOrYear(fields.text(at + 2)))
    return undefined;
  return found(fields, from, at + 1, context, { year: undefined, month, day }, clock);
}
