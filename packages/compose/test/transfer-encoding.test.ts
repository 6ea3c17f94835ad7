/** Base64 is made by hand: it must be what everybody else makes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Base64Encoder } from '../src/transfer-encoding.js';

test('base64 in lines of 76, however the octets come', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (pieces) => {
      const encoder = new Base64Encoder();
      const made = Buffer.concat([
        ...pieces.map((one) => encoder.push(Buffer.from(one))),
        encoder.end(),
      ]);
      const lines =
        Buffer.concat(pieces)
          .toString('base64')
          .match(/.{1,76}/g) ?? [];
      expect(made.toString('latin1')).toBe(lines.map((line) => `${line}\r\n`).join(''));
    }),
  );
});
