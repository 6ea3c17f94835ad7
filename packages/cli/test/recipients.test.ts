/** All recipients that were written, or none and 65. */
import { expect, it } from 'vitest';
import { addressesIn } from '../src/send/recipients.js';

it.each<[string, string[]]>([
  ['bob, carol@example.test', ['bob', 'carol@example.test']],
  ['postmaster', ['postmaster']],
  ['Bob <bob>, "C, C" <carol@example.test>', ['bob', 'carol@example.test']],
  ['Team: alice, bob@example.org;, carol', ['alice', 'bob@example.org', 'carol']],
  ['"a b"@example.org, root (the admin)', ['"a b"@example.org', 'root']],
  ['alice@example.org,\r\n bob', ['alice@example.org', 'bob']],
  ['ünal@example.org', ['ünal@example.org']],
  ['undisclosed-recipients:;', []],
  ['', []],
])('%j', (text, addresses) => {
  expect(addressesIn(text, 'To')).toEqual(addresses);
});

it('completes local parts alone by the domain', () => {
  expect(addressesIn('bob, carol@example.test', 'To', 'example.org')).toEqual([
    'bob@example.org',
    'carol@example.test',
  ]);
});

it.each([
  'b@example.net c@example.net',
  'Bob <b@example.net> Carol <c@example.net>',
  'bob, carol@',
  'bob, <carol@example.net',
  'bob, a..b@example.org c',
  'bob; carol',
  '"bob, carol@example.net',
])('%j is 65', (text) => {
  expect(() => addressesIn(text, 'To')).toThrow(expect.objectContaining({ exit: 65 }));
});
