import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePin } from '../src/pins.js';

const digest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((octets) => Buffer.from(octets).toString('base64'));

test('a pin is the same with either prefix and with none, even where its base64 begins with a slash', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        digest,
        digest.map((base64) => `/${base64.slice(1)}`),
      ),
      (base64) => {
        for (const prefix of ['', 'sha256/', 'sha256//'])
          expect(parsePin(prefix + base64)).toBe(base64);
      },
    ),
  );
});

test.each([
  '',
  'sha256/',
  'sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  'A'.repeat(44),
  `${'A'.repeat(43)}==`,
  `${'A'.repeat(42)}B=`, // bits beyond the digest
  `sha256///${'A'.repeat(43)}=`,
  `${'A'.repeat(43)}=\n`,
  'DE:AD:BE:EF',
  42,
  null,
])('%j is no pin', (pin) => {
  expect(() => parsePin(pin as string)).toThrow(
    expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'pins' }),
  );
});
