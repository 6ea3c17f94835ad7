/** Whatever octets come: a value or a typed error; in linear time, says `linear-time.test.ts`. */
import fc from 'fast-check';
import { isFivewireError } from 'tls-context-core';
import { expect, it } from 'vitest';
import { parseMetadata, parseQuota, parseRights } from '../src/grammar/account-data.js';
import { parseBodyStructureSlice } from '../src/grammar/body-structure.js';
import { parseDateTime, parseMessageDate } from '../src/grammar/date-time.js';
import { parseEnvelopeSlice } from '../src/grammar/envelope.js';
import { type FetchData, parseFetchData } from '../src/grammar/fetch-data.js';
import type { Frame } from '../src/grammar/frame.js';
import { defaultGrammarLimits, Lexer } from '../src/grammar/lexer.js';
import { plainRow } from '../src/grammar/plain-row.js';
import { parseResponse } from '../src/grammar/response.js';
import { parseSort, parseThreads } from '../src/grammar/sort-data.js';
import { framesOf, parseOne } from './support/frames.js';

const pieces = [
  '* ',
  '1 ',
  'FETCH ',
  '(',
  ')',
  'UID ',
  'FLAGS ',
  'ENVELOPE ',
  'BODYSTRUCTURE ',
  'BODY[',
  ']',
  '<5>',
  '"',
  '\\',
  ' ',
  'NIL',
  '{3}\r\nabc',
  '~{1}\r\n\0',
  '\\Seen',
  'LIST ',
  'STATUS ',
  'SEARCH ',
  'ESEARCH ',
  'OK ',
  '[',
  'COPYUID ',
  '1:5',
  ',',
  '*',
  '999999999999999999999',
  'a1 ',
  '+ ',
  '\xff',
  'VANISHED ',
  'NAMESPACE ',
  'ID ',
  '\t',
  '"TEXT" "PLAIN" ',
];

function parseAll(octets: string): void {
  for (const frame of framesOf(`${octets}\r\n`)) {
    try {
      const response = parseResponse(frame);
      if (response.type !== 'fetch') continue;
      const { envelope, structure } = response.row;
      if (envelope) {
        const { subject, from, date } = parseEnvelopeSlice(envelope);
        expect([
          typeof subject,
          Array.isArray(from),
          date === undefined || date instanceof Date,
        ]).toEqual(['string', true, true]);
      }
      if (structure) parseBodyStructureSlice(structure);
    } catch (error) {
      if (!isFivewireError(error)) throw error;
    }
  }
}

/** What the forgiving reader makes of a row, whatever its form. */
function forgiven(frame: Frame): { row: FetchData; notes: string[] } {
  const lexer = new Lexer(frame, undefined, 2);
  const number = lexer.number();
  lexer.spaces();
  lexer.keyword();
  lexer.spaces();
  const row = parseFetchData(lexer, number, false);
  const notes: string[] = [];
  if (row.envelope) row.envelope = parseEnvelopeSlice(row.envelope, notes);
  if (row.structure) row.structure = parseBodyStructureSlice(row.structure, notes);
  return { row, notes };
}

it('a row in its plain form is what the forgiving reader makes of it', () => {
  const mostly = (plain: string[], odd: string[]): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 24, arbitrary: fc.constantFrom(...plain) },
      { weight: 1, arbitrary: fc.constantFrom(...odd) },
    );
  const nstring = mostly(
    [
      'NIL',
      'nil',
      '""',
      '"a b"',
      '"a (b) {3}"',
      '"a\\"b"',
      '"\\\\"',
      '"=?utf-8?Q?=C3=BC?="',
      '"\xfc"',
      '{3}\r\nxyz',
      '{0}\r\n',
    ],
    ['"\\x"', '"a" b"', '"x {2}\r\nab', 'atom', '("a")'],
  );
  const addresses = mostly(
    [
      'NIL',
      '(("A" NIL "a" "b.test"))',
      '((NIL NIL "g" NIL)("B" NIL "b" "b.test")(NIL NIL NIL NIL))',
    ],
    ['(("A" NIL "a" "b.test") ("C" NIL {1}\r\nc "b.test"))', '()', '((NIL NIL "a"))'],
  );
  const envelope = fc
    .tuple(nstring, nstring, fc.array(addresses, { minLength: 5, maxLength: 7 }), nstring, nstring)
    .map(([date, subject, six, reply, id]) => `(${[date, subject, ...six, reply, id].join(' ')})`);
  const parameters = mostly(
    [
      'NIL',
      '("CHARSET" "utf-8")',
      '("charset" "utf-8" "format" "flowed")',
      '("name" "a) b")',
      '("charset" {5}\r\nutf-8)',
      '("charset" {5}\r\nkoi-8)',
      '("name*" "utf-8\'\'%C3%BC.txt")',
    ],
    ['("name")', '()'],
  );
  const disposition = parameters.map((list) => `("ATTACHMENT" ${list})`);
  const tail = fc.constantFrom('', ' NIL', ' NIL NIL', ' NIL NIL "de"', ' NIL NIL ("de" "en") "x"');
  const leaf = fc
    .tuple(parameters, nstring, nstring, mostly(['12'], ['-1', 'NIL']), disposition, tail)
    .map(
      ([list, id, encoding, size, shown, rest]) =>
        `("TEXT" "Plain" ${list} ${id} NIL ${encoding} ${size} 0 NIL ${shown}${rest})`,
    );
  const structure = fc.oneof(
    leaf,
    fc.tuple(leaf, leaf).map(([one, two]) => `(${one}${two} "MIXED" ("boundary" "b") NIL)`),
    fc
      .tuple(envelope, leaf)
      .map(([head, body]) => `("MESSAGE" "RFC822" NIL NIL NIL "7bit" 9 ${head} ${body} 3)`),
    mostly(
      ['("IMAGE" "PNG" NIL NIL NIL "base64" 7)'],
      ['("MIXED")', '("TEXT" ("CHARSET" "x") NIL NIL "base64" 356 5)', 'NIL'],
    ),
  );
  const item = fc.oneof(
    envelope.map((text) => `ENVELOPE ${text}`),
    structure.map((text) => `BODYSTRUCTURE ${text}`),
    mostly(
      [
        'UID 9',
        'FLAGS ()',
        'FLAGS (\\seen $X a]b)',
        'RFC822.SIZE 12',
        'INTERNALDATE "17-Jul-1996 02:44:25 -0700"',
        'MODSEQ (18446744073709551615)',
        'BODY[] {3}\r\nabc',
        'BODY[1.2]<0> {3}\r\nabc',
      ],
      [
        'uid 9',
        'FLAGS (\\Seen\\Draft)',
        'FLAGS (\\Seen "x")',
        'RFC822.SIZE -1',
        'INTERNALDATE "17-Xxx-1996 02:44:25 -0700"',
        'BODY[1.MIME] "x"',
        'BODY[] NIL',
        'X-NEW 7',
      ],
    ),
  );
  let plain = 0;
  fc.assert(
    fc.property(
      fc.array(item, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(' ', ' ', ' ', '  '),
      (words, space) => {
        for (const frame of framesOf(`* 4 FETCH (${words.join(space)})\r\n`)) {
          const row = plainRow(frame, defaultGrammarLimits);
          if (row === undefined) continue;
          plain++;
          const { envelope, structure } = row;
          const notes: string[] = [];
          if (envelope) row.envelope = parseEnvelopeSlice(envelope, notes);
          if (structure) row.structure = parseBodyStructureSlice(structure, notes);
          expect({ row, notes }).toEqual(forgiven(frame));
        }
      },
    ),
    { numRuns: 1_000 },
  );
  expect(plain).toBeGreaterThan(100);
});

const extensions = [parseSort, parseThreads, parseQuota, parseRights, parseMetadata];

it('dates read without a pattern are those that the pattern reads', () => {
  const names = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  const two = (number: number): string => String(number).padStart(2, '0');
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-30'), noInvalidDate: true }),
      fc.integer({ min: -720, max: 840 }),
      (date, zone) => {
        const instant = Math.floor(date.getTime() / 1_000) * 1_000;
        const local = new Date(instant + zone * 60_000);
        const sign = zone < 0 ? '-' : '+';
        const offset = `${sign}${two(Math.trunc(Math.abs(zone) / 60))}${two(Math.abs(zone) % 60)}`;
        const [day, month] = [local.getUTCDate(), names[local.getUTCMonth()] as string];
        const year = String(local.getUTCFullYear()).padStart(4, '0');
        fc.pre(year.length === 4 && Number(year) >= 1000);
        const time = local.toISOString().slice(-13, -5);
        const fixed = parseDateTime(
          `${String(day).padStart(2, ' ')}-${month}-${year} ${time} ${offset}`,
        );
        expect(fixed?.getTime()).toBe(instant);
        for (const text of [
          `Wed, ${day} ${month} ${year} ${time} ${offset}`,
          `Wed, ${two(day)} ${month} ${year} ${time} ${offset} (X)`,
          `${day} ${month.toUpperCase()} ${year} ${time} ${offset}`,
        ])
          expect(parseMessageDate(text)?.getTime()).toBe(instant);
      },
    ),
  );
  expect(parseMessageDate('Wed, 31 Feb 2026 10:00:00 +0000')).toBeUndefined();
  expect(parseMessageDate('Wed, 7 Jul 2026 10:00:00 +00001')?.getTime()).toBeDefined();
});

it('any words behind the name of an extension', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces, '7 ', 'lrs '), { maxLength: 40 }), (words) => {
      for (const frame of framesOf(`* X ${words.join('')}\r\n`)) {
        for (const parse of extensions) {
          try {
            parse(new Lexer(frame, undefined, 4));
          } catch (error) {
            if (!isFivewireError(error)) throw error;
          }
        }
      }
    }),
  );
});

it('a discussion of a hundred thousand answers is no recursion', () => {
  const text = `* THREAD ${'(1 '.repeat(90_000)}${')'.repeat(90_000)}`;
  const [root] = parseThreads(new Lexer({ text, literals: [] }, undefined, 9));
  let depth = 0;
  for (let at = root; at !== undefined; at = at.children[0]) depth++;
  expect(depth).toBe(90_000);
});

it('any octets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) =>
      parseAll(Buffer.from(octets).toString('latin1')),
    ),
  );
});

it('any order of the pieces of responses', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (list) =>
      parseAll(list.join('')),
    ),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (list) =>
      parseAll(`* 1 FETCH (BODYSTRUCTURE (${list.join('')}`),
    ),
    { numRuns: 2_000 },
  );
});

it('counts depth and values against its limits', () => {
  const deep = `* 1 FETCH (BODYSTRUCTURE ${'('.repeat(100)}${')'.repeat(100)})\r\n`;
  expect(() => parseOne(deep)).toThrow(
    expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', limit: 'depth' }),
  );
  // What is stepped over counts by itself; these are opened one by one.
  const wrapped = `* 1 FETCH ${'('.repeat(100)}UID 1${')'.repeat(100)}\r\n`;
  expect(() => parseOne(wrapped)).toThrow(
    expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', limit: 'depth' }),
  );
  const many = `* LIST (${'a '.repeat(300_000)}) "/" x\r\n`;
  expect(() => parseOne(many)).toThrow(
    expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', limit: 'tokens' }),
  );
});
