/** Sizes as listings write them. */
import { wholeNumber } from './dialect.js';

const units = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1 << 10],
  ['kb', 1 << 10],
  ['kib', 1 << 10],
  ['m', 1 << 20],
  ['mb', 1 << 20],
  ['mib', 1 << 20],
  ['g', 1 << 30],
  ['gb', 1 << 30],
  ['gib', 1 << 30],
  ['t', 2 ** 40],
  ['tb', 2 ** 40],
  ['tib', 2 ** 40],
  ['byte', 1],
  ['bytes', 1],
]);

/**
 * `531`, `9,730`, `1.234.567`, `33.5k`, `2KB`; `undefined` where it is no size. One with a unit is what the server rounded it to.
 */
export function sizeIn(text: string): number | undefined {
  const plain = wholeNumber(text);
  if (plain !== undefined || text.length > 48) return plain;
  // A blank that does not break, in UTF-8 (and its narrow kin) or Latin-1.
  const joined = text.replace(/(?<=\d)(?:\xc2\xa0|\xe2\x80\xaf|\xa0)(?=\d{3})/g, "'");
  const parts = /^(\d{1,3}(?:([,.'])\d{3})(?:\2\d{3})*|\d+(?:[.,]\d+)?)([a-z]{0,5})$/i.exec(joined);
  if (parts === null) return undefined;
  const [, digits = '', separator, unit = ''] = parts;
  const factor = units.get(unit.toLowerCase());
  if (factor === undefined) return undefined;
  if (separator !== undefined) {
    const whole = wholeNumber(digits.replaceAll(separator, ''));
    return whole === undefined ? undefined : whole * factor;
  }
  if (factor === 1) return wholeNumber(digits); // there is no fraction of an octet
  const size = Math.round(Number(digits.replace(',', '.')) * factor);
  return Number.isSafeInteger(size) ? size : undefined;
}
