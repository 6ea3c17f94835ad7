/** Mailbox, RFC 5321 §4.1.2, RFC 6531 §3.3: what goes through, how it goes out, what never does. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import { asciiDomain, parseAddress } from '../src/address.js';

const long = (n: number): string => 'x'.repeat(n);

const good: readonly [address: string, text?: string, utf8?: boolean][] = [
  ['alice@example.org'],
  ['Alice.B+tag@Example.ORG'],
  ["!#$%&'*+/=?^_`{|}~-@example.org"],
  ['a@b'],
  ['a@mail_host.example.org'],
  ['a@127.0.0.1'],
  ['a@[127.0.0.1]'],
  ['a@[IPv6:2001:db8::1]'],
  ['"a b"@example.org'],
  ['"a@b"@example.org'],
  ['"a\\"b\\\\"@example.org'],
  ['""@example.org'],
  [`${long(64)}@example.org`],
  ['Postmaster'],
  ['jürgen@example.org', 'jürgen@example.org', true],
  ['"jür gen"@example.org', '"jür gen"@example.org', true],
  ['用户@例子.example', '用户@xn--fsqu00a.example', true],
  ['alice@bücher.example', 'alice@xn--bcher-kva.example'],
  ['alice@BÜCHER.example', 'alice@xn--bcher-kva.example'],
  ['alice@a。b.example', 'alice@a.b.example'],
  ['alice@l·l.example', 'alice@xn--ll-0ea.example'],
  ['o’brien@example.org', 'o’brien@example.org', true],
  ['alice@i❤.example', 'alice@xn--i-7iq.example'],
  ['alice@ａ－ｂ.example', 'alice@a-b.example'],
  ['alice@faß.example', 'alice@xn--fa-hia.example'],
];

const bad: readonly unknown[] = [
  '‹alice@example.org›',
  '«alice@example.org»',
  '〈alice@example.org〉',
  '＜alice@example.org＞',
  'alice＞@example.org',
  '(bob）alice@example.org',
  'alice，bob@example.org',
  'alice；bob@example.org',
  'alice、bob@example.org',
  'alice＠example.net@example.org',
  'alice@example.org›',
  'alice@exam“ple.org',
  'alice@exam–ple.org',
  'alice@exam€ple.org',
  undefined,
  null,
  7,
  {},
  [],
  '',
  'alice',
  '@example.org',
  'alice@',
  'alice@@example.org',
  'alice@example.org@',
  ' alice@example.org',
  'alice@example.org ',
  'alice@ example.org',
  'al ice@example.org',
  'alice@exam ple.org',
  '<alice@example.org>',
  'Alice <alice@example.org>',
  'alice@example.org>',
  '"<"@example.org',
  'alice@example.org,bob@example.org',
  'a,b@example.org',
  'a:b@example.org',
  '@relay.example.org:alice@example.org',
  '.alice@example.org',
  'alice.@example.org',
  'al..ice@example.org',
  '"alice@example.org',
  '"al"ice"@example.org',
  '"alice\\"@example.org',
  'alice@.example.org',
  'alice@example..org',
  'alice@example.org.',
  'alice@-example.org',
  'alice@example-.org',
  `alice@${long(64)}.org`,
  `${long(65)}@example.org`,
  `${'ü'.repeat(33)}@example.org`,
  `a@${`${long(60)}.`.repeat(5)}org`,
  'alice@[127.0.0.1',
  'alice@[300.0.0.1]',
  'alice@[IPv6:zz]',
  'alice@[IPv6:fe80::1%eth0]',
  'alice@[x:y]',
  'alice@exämple..org',
  'alice@bücher.example.',
  'alice@bücher.1',
  'alice@-bücher.example',
  'alice@bücher-.example',
  'alice@www.bücher-。example',
  'alice@bücher.example。',
  'alice@bücher\u00ad.exa mple',
  'alice@example.org\r\nRCPT TO:<eve@example.org>',
  'alice\r\n@example.org',
  'alice\n@example.org',
  'alice\0@example.org',
  '"b\0\\1 x@e.com"@example.org',
  'alice\t@example.org',
  'alice\x7f@example.org',
  'alice\u0085@example.org',
  '"ali\u2028ce"@example.org',
  'alice\ud800@example.org',
  'alice@exa\udc00mple.org',
];

describe('parseAddress', () => {
  test.each(good.map(([address, text = address, utf8 = false]) => ({ address, text, utf8 })))(
    'takes $address',
    ({ address, text, utf8 }) => {
      expect(parseAddress(address, 'to')).toEqual({ text, utf8 });
    },
  );

  test.each(bad.map((address) => ({ address })))('refuses $address', ({ address }) => {
    let error: unknown;
    try {
      parseAddress(address, 'envelope.to[0]');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'envelope.to[0]' });
  });

  test('LMTP may name a user without domain', () => {
    expect(parseAddress('alice', 'to', true)).toEqual({ text: 'alice', utf8: false });
    expect(() => parseAddress('al ice', 'to', true)).toThrow();
  });

  test('what goes out can not leave its angle brackets or its line', () => {
    const piece = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.constantFrom('a', '@', '"', '\\', '.', ' ', '<', '>', '\r\n', 'é', 'example.org', '['),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        let text: string;
        try {
          ({ text } = parseAddress(pieces.join(''), 'to'));
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_ARGUMENT' });
          return;
        }
        expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f<>]/);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(254);
        // Outside of quotes there is no space, and the domain is ASCII.
        expect(text.replace(/"(?:[^"\\]|\\.)*"/g, '')).not.toMatch(/[\s"\\,]/);
        expect(text.slice(text.lastIndexOf('@') + 1)).toMatch(/^[\x21-\x7e]+$/);
      }),
      { numRuns: 3_000 },
    );
  });

  test('takes every dot-string at a domain', () => {
    const atom = fc
      .array(fc.constantFrom(..."abcXYZ019!#$%&'*+/=?^_`{|}~-"), { minLength: 1, maxLength: 8 })
      .map((letters) => letters.join(''));
    fc.assert(
      fc.property(fc.array(atom, { minLength: 1, maxLength: 5 }), (atoms) => {
        const address = `${atoms.join('.')}@example.org`;
        expect(parseAddress(address, 'to').text).toBe(address);
      }),
    );
  });

  test('takes time linear in the input', () => {
    // Of a square of so many, this test would not live to see the end.
    for (const unit of ['a.', '\\"', '"', '\\', 'ü', '@', '.']) {
      for (const address of [unit.repeat(1_000_000), `"${unit.repeat(1_000_000)}@a`]) {
        expect(() => parseAddress(address, 'to')).toThrow();
      }
    }
  });
});

test('asciiDomain', () => {
  expect(asciiDomain('Example.org')).toBe('Example.org');
  expect(asciiDomain('[192.0.2.1]')).toBe('[192.0.2.1]');
  expect(asciiDomain('[IPv6:::1]')).toBe('[IPv6:::1]');
  for (const domain of ['', '.', 'a..b', '[::1]', '[IPv6:1.2.3.4]', '[]', 'a b', 'a\n'])
    expect(asciiDomain(domain), domain).toBeUndefined();
});
