/** The pure parts: wildmats, header texts, headers, rows. They never throw on a server's octets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimestamp } from '../src/arguments.js';
import { parseHeaderRow } from '../src/header.js';
import { Headers, isPlain } from '../src/headers.js';
import { decodeHeader, encodeHeader, wildmat } from '../src/index.js';
import { parseActive } from '../src/list.js';
import { OverviewFormat, parseOverviewRow } from '../src/overview-row.js';
import { parseGroup } from '../src/selection.js';

describe('wildmat', () => {
  it.each([
    // RFC 3977 §4.4
    ['*foo*', 'xfoox', true],
    ['mini*', 'minimal', true],
    ['mini*', 'amini', false],
    ['f?o*', 'foobar', true],
    ['f*', 'foo', true],
    ['f?', 'foo', false],
    ['a*,!*b,*c*', 'ab', false],
    ['a*,!*b,*c*', 'abc', true],
    ['a*,!*b,*c*', 'acb', true],
    ['a*,!*b,*c*', 'a', true],
    ['a*,!*b,*c*', 'x', false],
    ['a*,!*b', 'ac', true],
    ['!a', 'b', false],
    ['?', 'ü', true],
    ['?', '😀', true],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(wildmat(pattern).test(name)).toBe(expected);
  });

  it.each(['', 'a,', ',a', 'a,!', 'a b', 'u[ks]', 'a\\*', 'a\r\n', 5, undefined])(
    'refuses %j',
    (pattern) => {
      expect(() => wildmat(pattern as string)).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT' }),
      );
    },
  );

  it('agrees with a regular expression', () => {
    const part = fc.string({
      unit: fc.constantFrom('a', 'b', '.', '*', '?'),
      minLength: 1,
      maxLength: 8,
    });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 });
    fc.assert(
      fc.property(part, name, (pattern, text) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(wildmat(pattern).test(text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
    );
  });

  it('takes no longer for a pattern made to explode', () => {
    const pattern = `${'a*'.repeat(60)}b`;
    expect(wildmat(pattern).test('a'.repeat(5_000))).toBe(false);
  });
});

describe('octets that JavaScript takes for blanks', () => {
  const octets = (text: string) => Buffer.from(text).toString('latin1');

  it('are none: a raw à at the end of a Subject, of a name, of a description', () => {
    const headers = new Headers(octets('Subject: novità\r\nFrom: \t Là \r\n'));
    expect([headers.get('subject'), headers.get('from')]).toEqual(['novità', 'Là']);
    expect(parseActive(octets('it.novità 12 1 y'))).toMatchObject({ name: 'it.novità', high: 12 });
    const format = new OverviewFormat(['Subject:', 'From:', 'Date:', 'Message-ID:', 'Xref:full']);
    const row = parseOverviewRow(octets('1\tnovità\tLà\td\t<a@x>\tXref: là'), format);
    expect([row?.subject, row?.from, row?.get('xref')]).toEqual(['novità', 'Là', 'là']);
  });

  it('rows made to be slow are read like others', () => {
    const blanks = ' '.repeat(65_000);
    for (let i = 0; i < 1_000; i++) {
      expect(parseActive(`x${blanks}1 1${blanks}y z`)).toMatchObject({ status: 'y' });
      expect(parseGroup(`1 1${blanks}1 x`, undefined)?.name).toBe('x');
    }
  });
});

it('isPlain agrees with a regular expression', () => {
  const plain =
    /^(?:[\x21-\x2d\x2f-\x39\x3b-\x7e][\x21-\x39\x3b-\x7e]*[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+$/;
  const unit = fc.constantFrom(
    'a',
    'B:',
    ':',
    ' ',
    '\t',
    '.',
    '\r\n',
    '\r',
    '\n',
    '\xff',
    '\x7f',
    '\0',
  );
  const text = fc.string({ unit, maxLength: 14 });
  fc.assert(
    fc.property(text, (any) => {
      expect(isPlain(`${any}\r\n`)).toBe(plain.test(`${any}\r\n`));
    }),
    { numRuns: 3_000 },
  );
});

describe('decodeHeader', () => {
  const latin1 = (text: string) => Buffer.from(text).toString('latin1');

  it.each([
    ['plain', 'plain'],
    ['=?ISO-8859-1?Q?a?=', 'a'],
    ['=?ISO-8859-1?Q?a?= b', 'a b'],
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=', 'ab'],
    ['=?ISO-8859-1?Q?a?=  =?UTF-8?B?Yg==?=', 'ab'],
    ['=?ISO-8859-1?Q?a_b?=', 'a b'],
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=', 'a b'],
    ['=?UTF-8?B?w4Q=?= x =?utf-8*de?q?=C3=A4?=', 'Ä x ä'],
    // A character cut in two, as many writers do.
    ['=?UTF-8?B?ww==?= =?UTF-8?B?hA==?=', 'Ä'],
    ['=?UTF-8?Q?=C3?= =?UTF-8?Q?=84?=', 'Ä'],
    ['=?windows-1252?Q?=80?=', '€'],
    ['=?koi8-r?B?8NLJ18XU?=', 'Привет'],
    ['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'],
    ['=?x-unknown?Q?abc?=', '=?x-unknown?Q?abc?='],
    ['=?UTF-8?Q?a', '=?UTF-8?Q?a'],
    ['a =? b ?= c', 'a =? b ?= c'],
    ['=?UTF-8?Q?a?= =?', 'a =?'],
    [latin1('Grüße'), 'Grüße'],
    ['Gr\xfc\xdfe', 'Grüße'],
  ])('%j is %j', (octets, text) => {
    expect(decodeHeader(octets)).toBe(text);
  });

  it('undoes encodeHeader', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), (text) => {
        const encoded = encodeHeader(text);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        for (const word of encoded.match(/=\?UTF-8\?B\?\S*\?=/g) ?? []) {
          expect(word.length).toBeLessThanOrEqual(75);
        }
        expect(decodeHeader(encoded)).toBe(text.toWellFormed());
      }),
    );
  });
});

describe('a server’s octets', () => {
  const octets = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
    maxLength: 200,
  });
  const format = new OverviewFormat(['Subject:', 'From:', 'Xref:full', ':bytes']);

  it('never make a grammar throw', () => {
    fc.assert(
      fc.property(octets, fc.array(octets), (line, lines) => {
        const row = parseOverviewRow(line, format) ?? parseOverviewRow(`1\t${line}`, format);
        JSON.stringify([row, row?.get('xref'), row?.references, row?.raw('from'), row?.raw()]);
        const headers = new Headers([line, ...lines]);
        JSON.stringify([[...headers], headers.get('x'), headers.getAll('y'), headers.raw('z')]);
        new OverviewFormat(lines).column(line);
        parseHeaderRow(line);
        parseActive(line);
        parseGroup(line, 'x');
        parseTimestamp(line);
      }),
    );
  });
});

describe('headers', () => {
  it('keep order, duplicates, folding and octets', () => {
    const headers = new Headers([
      'A: 1',
      ' 2',
      'b:\t=?utf-8?q?=C3=A4?=',
      'a:3',
      'no header',
      ': x',
      'C:',
    ]);
    expect([...headers]).toEqual([
      ['A', '1 2'],
      ['b', 'ä'],
      ['a', '3'],
      ['C', ''],
    ]);
    expect(headers.getAll('A')).toEqual(['1 2', '3']);
    expect(Buffer.from(headers.raw('a') ?? []).toString()).toBe(' 1\r\n 2');
    expect([headers.has('B'), headers.has('d'), headers.get('d')]).toEqual([
      true,
      false,
      undefined,
    ]);
  });
});

describe('figures', () => {
  it('groups: three ways to say empty, padding, and figures that make no sense', () => {
    expect(parseGroup('0 4000 3999 g', undefined)).toMatchObject({
      name: 'g',
      empty: true,
      count: 0,
    });
    expect(parseGroup('0 0 0 g', 'x')).toMatchObject({ name: 'x', empty: true });
    expect(parseGroup('7 4000 3999 g', 'x')).toMatchObject({ empty: true, count: 0 });
    expect(parseGroup('00005 0001 3000000000 g', 'x')).toMatchObject({
      count: 5,
      low: 1,
      high: 3e9,
    });
    // A high number below nothing is an empty group; a count below nothing is no count.
    expect(parseGroup('0 5 -1 g', 'x')).toMatchObject({ empty: true, low: 5, high: 4 });
    expect(parseGroup('0 0 -7 g', 'x')).toMatchObject({ empty: true, low: 0, high: 0 });
    expect(parseGroup('-3 1 9 g', 'x')).toMatchObject({ empty: false, count: 9, low: 1, high: 9 });
    expect(parseGroup('-3 10 9 g', 'x')).toMatchObject({ empty: true, count: 0 });
    expect(parseActive('a.b -1 0 y')).toEqual({ name: 'a.b', low: 0, high: 0, status: 'y' });
    expect(parseActive('a.b -1 8 y')).toEqual({ name: 'a.b', low: 8, high: 7, status: 'y' });
    for (const text of ['', 'x 1 2 g', '1 -1 2 g', '1 1 99999999999999999999 g']) {
      expect(parseGroup(text, 'x')).toBeUndefined();
    }
  });

  it('timestamps', () => {
    expect(parseTimestamp('19990623135624')?.toISOString()).toBe('1999-06-23T13:56:24.000Z');
    // A leap second is in the minute that it ends.
    expect(parseTimestamp('20161231235960')?.toISOString()).toBe('2016-12-31T23:59:59.000Z');
    for (const text of ['', '1999', '19991323135624', '19990231135624', 'x']) {
      expect(parseTimestamp(text)).toBeUndefined();
    }
  });
});
