/** Eight octets at a step, and one by one: both find the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scanLines } from '../src/line-ends.js';

/** By the letter of the rule. */
function slowly(octets: Buffer, start: number) {
  const dots: number[] = [];
  for (let i = start; i < octets.length; i++) {
    const bareCr = octets[i] === 13 && octets[i + 1] !== 10 && i + 1 < octets.length;
    const bareLf = octets[i] === 10 && (i === start || octets[i - 1] !== 13);
    if (bareCr || bareLf) return { bare: i, dots };
    if (octets[i] === 10 && octets[i + 1] === 46) dots.push(i + 1);
  }
  return { bare: octets.length, dots };
}

it('agrees with the rule, wherever the octets lie in memory', () => {
  const piece = fc.constantFrom(
    '\r\n',
    '\r\n.',
    '\r',
    '\n',
    '.',
    'a',
    'abcdefgh',
    '\u0000',
    '\u008a\u008d',
    '\u000b\u000c\u000e',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }),
      fc.nat(7),
      fc.nat(1),
      (pieces, offset, start) => {
        const text = Buffer.from(pieces.join(''), 'latin1');
        const memory = Buffer.alloc(text.length + offset);
        const octets = memory.subarray(offset);
        text.copy(octets);
        const from = Math.min(start, octets.length);
        expect(scanLines(octets, from)).toEqual(slowly(octets, from));
      },
    ),
    { numRuns: 2_000 },
  );
});
