/**
 * A month of a language that is not known, or that is written in some way of its own: where the size before it, a day and a time or a year
 * stand around it, the name is sure, and the time is not.
 *
 *     Foo 29 03:26 · 29 Foo 2019                            (either way around)
 *     29 de gen. 03:26 · Thg 1 29 03:26 · 29 Thg 1 03:26    (of two words)
 *     2019 Foo 29                                           (the year first)
 */
import type { Fields } from './dialect.js';
import type { FoundDate } from './found-date.js';
import { monthOf } from './months.js';
import { afterYear } from './named-date.js';
import { dayOf, isClockOrYear, yearIn } from './numbers-of-dates.js';

/** A date that begins with field `from`. */
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
