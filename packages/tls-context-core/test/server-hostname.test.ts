import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import { isFivewireError, parseServerHostname } from '../src/index.js';

const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;

/** Input and the name it stands for. The verdicts are those of every Node line. */
const dnsNames: [string, string][] = [
  ['imap.example.org', 'imap.example.org'],
  ['IMAP.Example.ORG', 'imap.example.org'],
  ['imap.example.org.', 'imap.example.org'],
  ['localhost', 'localhost'],
  ['a', 'a'],
  ['x.1a', 'x.1a'],
  ['1.example', '1.example'],
  ['3com.com', '3com.com'],
  ['_imaps._tcp.example.org', '_imaps._tcp.example.org'],
  ['under_score.example', 'under_score.example'],
  ['ab--cd.example', 'ab--cd.example'],
  ['0x7g', '0x7g'],
  [longest, longest],
  [`${longest}.`, longest],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['BÜCHER.example', 'xn--bcher-kva.example'],
  ['bu\u0308cher.example', 'xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
  ['faß.example', 'xn--fa-hia.example'],
  ['FAẞ.example', 'xn--fa-hia.example'],
  ['نامه\u200cای.com', 'xn--mgba3gch31f060k.com'],
  ['xn--mgba3gch31f060k.com', 'xn--mgba3gch31f060k.com'],
  ['\u0915\u094d\u200d\u0937.com', 'xn--11b2ezcw70k.com'],
  ['\u0915\u094d\u200c\u0937.com', 'xn--11b2ezcs70k.com'],
  ['ශ්\u200dරී.com', 'xn--10cl1a0b660p.com'],
  ['βόλος.com', 'xn--nxasmm1c.com'],
  ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  ['почта.рф', 'xn--80a1acny.xn--p1ai'],
  ['a。b.example.com', 'a.b.example.com'],
  ['a．b.example.com', 'a.b.example.com'],
  ['a｡b.example.com', 'a.b.example.com'],
  ['ｅxample.com', 'example.com'],
  ['\u212Aelvin.example', 'kelvin.example'],
  ['ſtraße.example', 'xn--strae-oqa.example'],
  ['☕.example', 'xn--53h.example'],
  ['≠.example', 'xn--1ch.example'],
  ['xn--mgba3gch31f060k.com', 'xn--mgba3gch31f060k.com'],
];

const ipAddresses: [string, string][] = [
  ['127.0.0.1', '127.0.0.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['::1', '::1'],
  ['[::1]', '::1'],
  ['::', '::'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
  ['2001:0db8::0001:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
  ['2001:db8:0:2:3:4:5:6', '2001:db8:0:2:3:4:5:6'],
  ['1::', '1::'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ['[2001:db8::192.0.2.1]', '2001:db8::c000:201'],
];

const refused: string[] = [
  ' ',
  '.',
  '..',
  '.example.org',
  'example..org',
  'example.org..',
  ' example.org',
  'example.org ',
  'exa mple.org',
  'example.org\n',
  'example.org\r\nDATA',
  'example.org\0.evil.example',
  'example\t.org',
  'example\x7f.org',
  'https://example.org',
  'example.org/path',
  'example.org\\path',
  'example.org:993',
  'user@example.org',
  'example.org?x',
  'example.org#x',
  'ex%61mple.org',
  '*.example.org',
  '*',
  '<unsupported>',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '1.2.3.4.',
  '01.2.3.4',
  'example.1',
  'example.0x',
  'example.0xA',
  '１２７.0.0.1',
  '127。0。0。1',
  '[127.0.0.1]',
  '[example.org]',
  '[::1',
  '::1]',
  '[::1]:993',
  '[]',
  ':::',
  '1:2',
  '-lead.example',
  'trail-.example',
  'a.-lead',
  'a.trail-',
  '-',
  'mail.-.example',
  'a\u200cb.example', // joiners without what they join
  'a\u200db.example',
  '\u0627\u200c\u0628.example',
  '\u200c\u0628.example',
  '\u0915\u200d\u0937.example',
  '\u200d.example',
  'xn--ab-j1t.example',
  '::1%lo',
  '[fe80::1%25eth0]',
  'fe80::1%eth0',
  'exa\u00admple.org',
  'exa\u200bmple.org',
  'exa\u200dmple.org',
  'exa\u2060mple.org',
  'exa\ufeffmple.org',
  'exa\ufe0fmple.org',
  'a\u{e0061}b.example',
  'lone\ud800.example',
  'lone\udc00.example',
  'a\uff0fb.example',
  'a℀b.example',
  'a\uff05b.example',
  'xn--.example',
  'xn--a.example',
  'xn--a-.example',
  'xn--zz-.example',
  'xn--abc-.example',
  'xn--0.example',
  'xn--99999999.example',
  'xn--bcher-kva\u00fc.example',
  'xn--bücher.example',
  'xn--exmple-cua9999.example',
  '\u0300a.example',
  'a\u0338\u200c.example',
  '\u{10ffff}.example',
  `${'a'.repeat(64)}.example`,
  `${longest}e`,
  `${'a.'.repeat(127)}bb`,
  'a'.repeat(2000),
  'ü'.repeat(60),
];

const verdict = (input: unknown): unknown => {
  try {
    return parseServerHostname(input as string);
  } catch (error) {
    return isFivewireError(error) ? error.code : error;
  }
};

test('the table is as long as promised', () => {
  expect(dnsNames.length + ipAddresses.length + refused.length).toBeGreaterThanOrEqual(60);
});

describe('names that are accepted', () => {
  test.each(dnsNames)('%j stands for %s', (input, name) => {
    expect(verdict(input)).toEqual({ kind: 'dns', name, sni: name });
  });
});

describe('addresses', () => {
  test.each(ipAddresses)('%j is %s and sends no SNI', (input, name) => {
    expect(verdict(input)).toEqual({ kind: 'ip', name, sni: undefined });
  });
});

describe('what is no host name', () => {
  test.each(refused)('%j', (input) => {
    expect(verdict(input)).toBe('ERR_SERVER_HOSTNAME_INVALID');
  });
  test.each([42, true, {}, [], Symbol.iterator, ['example.org']])('%s', (input) => {
    expect(verdict(input)).toBe('ERR_SERVER_HOSTNAME_INVALID');
  });
});

test.each([undefined, null, ''])('%j is required', (input) => {
  expect(verdict(input)).toBe('ERR_SERVER_HOSTNAME_REQUIRED');
});

test('an error shows the name without its control characters, and says what is wrong', () => {
  expect(() => parseServerHostname('a\u001b[31m\u202e.example')).toThrow('\\u{1b}');
  expect(() => parseServerHostname('fe80::1%eth0')).toThrow('zone id');
  expect(() => parseServerHostname('example.org:993')).toThrow('":"');
});

test('an identity is frozen, and parsing it again changes nothing', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constantFrom('bücher.example')),
      (input) => {
        const identity = parseServerHostname(input);
        expect(Object.isFrozen(identity)).toBe(true);
        expect(parseServerHostname(identity.name)).toEqual(identity);
      },
    ),
  );
});

test('whatever comes in: a lower-case ASCII name within the limits, or a typed error', () => {
  const anything = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({
      unit: fc.constantFrom('.', '-', 'a', 'Z', '1', 'x', 'n', 'ü', '。', ':', '[', ']', '%', '\0'),
    }),
    fc.string({ unit: fc.constantFrom(...'abckz019-') }).map((tail) => `xn--${tail}.example`),
  );
  fc.assert(
    fc.property(anything, (input) => {
      const result = verdict(input);
      if (typeof result === 'string') {
        expect(result).toMatch(/^ERR_SERVER_HOSTNAME_(?:INVALID|REQUIRED)$/);
        return;
      }
      const { kind, name } = result as { kind: string; name: string };
      if (kind === 'dns') {
        expect(name).toMatch(/^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/);
        expect(name.length).toBeLessThanOrEqual(253);
        expect(name.split('.').at(-1)).not.toMatch(/^\d+$/);
      } else {
        expect(name).toMatch(/^[0-9a-f.:]+$/);
      }
    }),
    { numRuns: 2000 },
  );
});

test('an A-label and the U-label it stands for are one name', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'aäöéßжщλの漢字'), minLength: 1, maxLength: 12 }),
      (word) => {
        const aLabel = domainToASCII(word);
        fc.pre(aLabel.startsWith('xn--') && aLabel.length <= 63);
        expect(parseServerHostname(`${word}.example`)).toEqual(
          parseServerHostname(`${aLabel}.example`),
        );
      },
    ),
  );
});
