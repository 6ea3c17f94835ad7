import { expect, it } from 'vitest';
import {
  encodeDate,
  encodeDateTime,
  parseDateTime,
  parseMessageDate,
} from '../src/grammar/date-time.js';
import { decodeHeaderText, decodeParameters } from '../src/grammar/encoded-word.js';

it.each([
  ['plain', 'plain'],
  ['=?US-ASCII?Q?Keith_Moore?=', 'Keith Moore'],
  ['=?ISO-8859-1?Q?a?= b', 'a b'],
  ['=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=', 'ab'],
  ['=?ISO-8859-1?Q?a?=  \r\n =?ISO-8859-2?Q?_b?=', 'a b'],
  ['=?ISO-8859-1*en?Q?a=E9?=', 'aé'],
  ['=?utf-8?B?4oKs?=', '€'],
  ['=?utf-8?B?4o?= =?utf-8?B?Ks?=', '\u{FFFD}*'],
  ['=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=', '€'],
  ['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'],
  ['=?UTF-8?Q?caf=C3?= =?utf-8?Q?=A9?=', 'café'],
  ['=?UTF-8*fr?Q?caf=C3?=\r\n =?utf-8?B?qQ==?=', 'café'],
  ['=?shift_jis?B?k/qWew==?=', '日本'],
  ['=?koi8-r?B?0NLJ18XU?=', 'привет'],
  ['=?x-unknown?Q?abc?= d', '=?x-unknown?Q?abc?= d'],
  ['gr\xc3\xbcn', 'grün'],
  ['gr\xfcn', 'grün'],
  ['=?broken', '=?broken'],
])('decodes %s', (raw, text) => {
  expect(decodeHeaderText(raw)).toBe(text);
});

it('joins and decodes parameters (RFC 2231 §3, §4)', () => {
  expect({
    ...decodeParameters([
      ['TITLE*0*', "us-ascii'en'This%20is%20even%20more%20"],
      ['title*1*', '%2A%2A%2Afun%2A%2A%2A%20'],
      ['title*2', "isn't it!"],
      ['filename*', "UTF-8''%e2%82%ac%20rates.txt"],
      ['name', '=?utf-8?q?=E2=82=AC?='],
      ['__proto__', 'x'],
    ]),
  }).toEqual({
    title: "This is even more ***fun*** isn't it!",
    filename: '€ rates.txt',
    name: '€',
    ['__proto__']: 'x',
  });
});

it('writes and reads dates', () => {
  const date = new Date('1996-07-07T09:44:25Z');
  expect(encodeDateTime(date)).toBe('" 7-Jul-1996 09:44:25 +0000"');
  expect(encodeDate(date)).toBe('7-Jul-1996');
  expect(encodeDate('2024-02-29')).toBe('29-Feb-2024');
  expect(() => encodeDate('2023-02-29')).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  expect(() => encodeDateTime(new Date(Number.NaN))).toThrow(
    expect.objectContaining({ code: 'ERR_ARGUMENT' }),
  );
  expect(parseDateTime('17-Jul-1996 02:44:25 -0700')?.toISOString()).toBe(
    '1996-07-17T09:44:25.000Z',
  );
  expect(parseDateTime(' 7-Jul-1996 02:44:25 +0530')?.toISOString()).toBe(
    '1996-07-06T21:14:25.000Z',
  );
  expect(parseDateTime('31-Feb-2020 00:00:00 +0100')).toBeUndefined();
});

it.each([
  ['Wed, 17 Jul 1996 02:23:25 -0700 (PDT)', '1996-07-17T09:23:25.000Z'],
  ['17 Jul 96 02:23 PDT', '1996-07-17T09:23:00.000Z'],
  ['Fri, 1 Jan 2021 00:00:60 GMT', '2021-01-01T00:00:59.000Z'],
  ['Thursday, 01-Jan-15 10:00:00 +0100', '2015-01-01T09:00:00.000Z'],
  ['nonsense', undefined],
])('reads the Date field %s', (text, iso) => {
  expect(parseMessageDate(text)?.toISOString()).toBe(iso);
});
