/** Blanks among octets: the ASCII ones, in linear time, and never half a letter. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { trimBlanks, wordsOf } from '../src/index.js';

const text = fc.string({
  unit: fc.constantFrom(' ', '\t', '\r\n', '\v', '\f', 'a', '\xa0', '\xc3\xa0', '\ufeff'),
  maxLength: 12,
});

it('agree with regular expressions', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 4 }), (any, most) => {
      const trimmed = any.replace(/^[\t-\r ]+/, '').replace(/[\t-\r ]+$/, '');
      expect(trimBlanks(any)).toBe(trimmed);
      const words = trimmed === '' ? [] : trimmed.split(/[\t-\r ]+/);
      expect(wordsOf(any)).toEqual(words);
      const some = wordsOf(any, most);
      expect(some.slice(0, most - 1)).toEqual(words.slice(0, most - 1));
      expect(
        some
          .join(' ')
          .split(/[\t-\r ]+/)
          .filter(Boolean),
      ).toEqual(words);
    }),
    { numRuns: 1_000 },
  );
});

it('leave an à whole', () => {
  const octets = Buffer.from(' novità ').toString('latin1');
  expect(Buffer.from(trimBlanks(octets), 'latin1').toString()).toBe('novità');
});

it('take no longer for a text made for it', () => {
  const blanks = ' '.repeat(1 << 20);
  for (const any of [`x${blanks}y`, `${blanks}y`, `x${blanks}`, 'x '.repeat(1 << 18)]) {
    expect(trimBlanks(any).length).toBeGreaterThan(0);
    expect(wordsOf(any, 3).length).toBeGreaterThan(0);
  }
});
