import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipVersion } from '../src/ip-address.js';

const text = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4Extended(),
  fc.domain(),
  fc.ipV6().map((address) => `${address}%eth0`),
  fc.string({ unit: fc.constantFrom('0', '9', 'a', 'f', 'g', ':', '.', '%', ' '), maxLength: 20 }),
);

test('ipVersion says what net.isIP says', () => {
  for (const each of ['', ':', '::', '1', '::ffff:127.0.0.1', '[::1]', '1.2.3.4:80', 'fe80::1%'])
    expect(ipVersion(each)).toBe(isIP(each));
  fc.assert(fc.property(text, (each) => ipVersion(each) === isIP(each)));
});
