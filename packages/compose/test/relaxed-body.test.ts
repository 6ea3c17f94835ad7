/** The relaxed form of a body (RFC 6376 §3.4.4), whatever the pieces in which it comes. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RelaxedBodyHash } from '../src/dkim.js';

/** By the rule, at once. */
function expected(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
  while (lines.at(-1) === '') lines.pop();
  const relaxed = lines.map((line) => `${line}\r\n`).join('');
  return createHash('sha256').update(relaxed, 'latin1').digest('base64');
}

function inPieces(pieces: readonly string[]): string {
  const hash = new RelaxedBodyHash();
  for (const piece of pieces) hash.update(Buffer.from(piece, 'latin1'));
  return hash.digest();
}

const word = fc.constantFrom('a', 'bc', ' ', '\t', '\r\n', '\r\n\r\n', '  ', '\r\n \r\n', '.');

describe('RelaxedBodyHash', () => {
  it('is the same for any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 40 }),
        fc.array(fc.nat(60), { maxLength: 8 }),
        (words, cuts) => {
          const body = words.join('');
          const at = [
            0,
            ...cuts.map((cut) => Math.min(cut, body.length)).sort((a, b) => a - b),
            body.length,
          ];
          const pieces = at.slice(1).map((end, i) => body.slice(at[i], end));
          expect(inPieces(pieces)).toBe(expected(body));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('holds no long run of empty lines, and forgets none', () => {
    const empty = '\r\n'.repeat(32_768);
    const pieces = ['first', ...Array.from({ length: 40 }, () => empty), ' last\r\n', empty];
    expect(inPieces(pieces)).toBe(expected(pieces.join('')));
  });
});
