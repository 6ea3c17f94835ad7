/** yEnc by the package `yencode` gives what JavaScript gives, octet by octet, wherever pieces are cut. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeBy, encodeBy, type Yencode } from '../src/binaries/yenc-native.js';
import { decodeOctets, encodeOctets } from '../src/binaries/yenc-octets.js';

/** What the package's README says of itself, octet by octet: it is compiled, and so not installed with the workspace. */
const model: Yencode = {
  maxSize: (octets, lineOctets) => 2 * octets + 2 * Math.ceil((2 * octets) / lineOctets) + 2,
  decodeTo(octets, target) {
    const out: number[] = [];
    for (let i = 0; i < octets.length; i++) {
      const octet = octets[i] as number;
      if (octet === 13 || octet === 10) continue;
      out.push(octet === 61 ? (octets[++i] as number) - 106 : octet - 42);
    }
    target.set(out);
    return out.length;
  },
  encodeTo(octets, target, lineOctets, column) {
    const out: number[] = [];
    octets.forEach((octet, i) => {
      if (column >= lineOctets) {
        out.push(13, 10);
        column = 0;
      }
      const encoded = (octet + 42) & 255;
      const atEnd = column === lineOctets - 1 || i === octets.length - 1;
      const escapes =
        [0, 10, 13, 61].includes(encoded) ||
        (column === 0 && encoded === 46) ||
        ((column === 0 || atEnd) && [9, 32].includes(encoded));
      if (escapes) out.push(61);
      out.push((encoded + (escapes ? 64 : 0)) & 255);
      column += escapes ? 2 : 1;
    });
    target.set(out);
    return out.length;
  },
};

function real(): Yencode | undefined {
  try {
    return createRequire(process.env.FIVEWIRE_YENCODE ?? import.meta.url)('yencode') as Yencode;
  } catch {
    console.warn(
      'yencode is not installed: its README stands for it. FIVEWIRE_YENCODE names a file beside it.',
    );
    return undefined;
  }
}

const found = real();
const natives: [string, Yencode][] = [['its README', model]];
if (found !== undefined) natives.push(['itself', found]);
const odd = fc.constantFrom(13, 10, 61, 46, 9, 32, 0, 0xd6, 0xe0, 0xe3, 0x13, 0xdf, 0xf6, 4);
const octets = fc
  .array(fc.oneof(odd, fc.nat(255)), { maxLength: 60 })
  .map((values) => Buffer.from(values));
const pieces = fc.array(octets, { minLength: 1, maxLength: 5 });

it.each(natives)('decodes as JavaScript does (%s)', (_, native) => {
  fc.assert(
    fc.property(pieces, fc.boolean(), (all, escaped) => {
      const [ours, theirs] = [{ escaped }, { escaped }];
      for (const piece of all) {
        expect(decodeBy(native, piece, theirs)).toEqual(decodeOctets(piece, ours));
        expect(theirs).toEqual(ours);
      }
    }),
    { numRuns: 2_000 },
  );
});

it.each(natives)('encodes as JavaScript does (%s)', (_, native) => {
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 40 }), (all, line) => {
      const [ours, theirs] = [{ column: 0 }, { column: 0 }];
      for (const piece of all) {
        expect(encodeBy(native, piece, line, theirs)).toEqual(encodeOctets(piece, line, ours));
        expect(theirs).toEqual(ours);
      }
    }),
    { numRuns: 2_000 },
  );
});
