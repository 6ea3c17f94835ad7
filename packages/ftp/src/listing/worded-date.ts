/**
 * Dates with words between their parts:
 *
 *     3 de febrero de 2019 · 3 de fev. 10:11      (Spanish, Portuguese, Catalan)
 *     2019 m. vasario 3 d.                        (Lithuanian)
 *     2019. gada 3. febr.                         (Latvian)
 */
import type { DialectContext, Fields } from './dialect.js';
import { type FoundDate, found } from './found-date.js';
import { monthOf } from './months.js';
import { dayOf, timeOf, yearIn } from './numbers-of-dates.js';

/** Of days, months, years and times; P: `de`, y: a word for "year", d: one for "day". Behind a year a time may stand. */
const shapes = ['DPMPY', 'DPMY', 'DPMT', 'YyMDd', 'YyDM'] as const;

const yearOfWord = (text: string): number | undefined =>
  yearIn(text.endsWith('.') ? text.slice(0, -1) : text);

const fits: Readonly<Record<string, (text: string) => boolean>> = {
  D: (text) => dayOf(text) !== undefined,
  M: (text) => monthOf(text) !== undefined,
  Y: (text) => yearOfWord(text) !== undefined,
  T: (text) => timeOf(text) !== undefined,
  P: (text) => /^d[e']$/.test(text),
  y: (text) => text === 'm.' || text === 'gada',
  d: (text) => text === 'd.',
};

/** A date that begins with field `from`. */
export function wordedDate(
  fields: Fields,
  from: number,
  context: DialectContext,
): FoundDate | undefined {
  if (!fields.isNumeric(from)) return undefined;
  const shape = shapes.find((each) =>
    [...each].every((part, index) => fits[part]?.(fields.text(from + index)) === true),
  );
  if (shape === undefined) return undefined;
  const part = (letter: string): string => {
    const index = shape.indexOf(letter);
    return index < 0 ? '' : fields.text(from + index);
  };
  const last = from + shape.length - 1;
  const behind = shape.endsWith('T') ? undefined : timeOf(fields.text(last + 1));
  const day = {
    year: yearOfWord(part('Y')),
    month: monthOf(part('M')) ?? 0,
    day: dayOf(part('D')) ?? 0,
  };
  const clock = behind ?? timeOf(part('T'));
  return found(fields, from, behind === undefined ? last : last + 1, context, day, clock);
}
