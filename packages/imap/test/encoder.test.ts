import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import * as encode from '../src/grammar/encoder.js';
import { decodeMailboxName, encodeMailboxName } from '../src/grammar/mailbox-name.js';
import { type SearchQuery, searchProgram } from '../src/grammar/search-key.js';
import { UidMap, UidSet } from '../src/grammar/sequence-set.js';
import { parseOne } from './support/frames.js';

const plus: encode.Encoding = { literals: 'plus', utf8: false };
const refused = expect.objectContaining({ code: 'ERR_ARGUMENT' });
const written = (verb: string, args: encode.Argument[], encoding = plus): string => {
  const { pieces } = encode.encodeCommand('a', verb, args, encoding);
  return Buffer.concat(pieces.map(({ octets }) => octets)).toString('latin1');
};
const search = (query: SearchQuery): string =>
  written('UID SEARCH', searchProgram(query, false)).slice(13, -2);

describe('commands', () => {
  it('quotes, or makes literals of what cannot be quoted', () => {
    expect(written('X', [encode.string('a"b\\c')])).toBe('a X "a\\"b\\\\c"\r\n');
    expect(written('X', [encode.string('ü')])).toBe('a X {2+}\r\n\xc3\xbc\r\n');
    expect(written('X', [encode.string('ü')], { literals: 'sync', utf8: true })).toBe(
      'a X "\xc3\xbc"\r\n',
    );
    expect(written('X', [encode.mailbox('Entwürfe & "x"')])).toBe(
      'a X "Entw&APw-rfe &- \\"x\\""\r\n',
    );
    expect(written('X', [encode.mailbox({ raw: '\xfc' })])).toBe('a X {1+}\r\n\xfc\r\n');
  });

  it('waits where a literal must wait', () => {
    const pieces = (literals: encode.Encoding['literals'], size: number) =>
      encode
        .encodeCommand('a', 'APPEND', [encode.mailbox('x'), encode.body(size)], {
          literals,
          utf8: false,
        })
        .pieces.map(({ octets, ...rest }) => [octets.toString(), rest]);
    expect(pieces('sync', 9)).toEqual([
      ['a APPEND "x" {9}\r\n', { awaitContinuation: true, body: 9 }],
      ['\r\n', { awaitContinuation: false, body: 0 }],
    ]);
    expect(pieces('minus', 4_096)[0]).toEqual([
      'a APPEND "x" {4096+}\r\n',
      { awaitContinuation: false, body: 4_096 },
    ]);
    expect(pieces('minus', 4_097)[0]?.[0]).toBe('a APPEND "x" {4097}\r\n');
    expect(pieces('plus', 1e9)[0]?.[0]).toBe('a APPEND "x" {1000000000+}\r\n');
  });

  it('shows no secret', () => {
    const { masked, pieces } = encode.encodeCommand(
      'a',
      'LOGIN',
      [encode.string('al'), encode.secretString('pä', 'p')],
      plus,
    );
    expect(masked).toBe('LOGIN "al" ***');
    expect(pieces[0]?.octets.toString()).toBe('a LOGIN "al" {3+}\r\npä\r\n');
  });

  it('refuses what would act as syntax', () => {
    for (const bad of ['a\r\nb', 'a\nb', 'a\0b', '\ud800', 7, undefined, null]) {
      expect(() => encode.string(bad as string)).toThrow(refused);
      expect(() => encode.mailbox(bad as string)).toThrow(refused);
    }
    for (const bad of ['', 'a b', 'a(', '"', 'ü', 'a\r\n', '{1}', '*', ']', 3]) {
      expect(() => encode.atom(bad as string)).toThrow(refused);
      expect(() => encode.flag(bad as string)).toThrow(refused);
    }
    expect(() => encode.flag('\\Recent')).toThrow(refused);
    expect(() => encode.mailbox({ raw: 'a\r\nx LOGOUT' })).toThrow(refused);
    expect(() => encode.number(-1, 'n')).toThrow(refused);
    expect(() => encode.uidSet([])).toThrow(refused);
  });

  it('never lets a string out of its quotes, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        let line: string;
        try {
          line = written('X', [encode.string(text), encode.syntax('END')]);
        } catch (error) {
          expect(error).toEqual(refused);
          return;
        }
        const response = parseOne(`* LIST () NIL ${line.slice(4, -6).replace(/\+\}/, '}')}\r\n`);
        const raw =
          response.type === 'list' ? Buffer.from(response.data.raw, 'latin1').toString('utf8') : '';
        if (text !== '') expect(raw).toBe(text);
      }),
    );
  });
});

describe('mailbox names', () => {
  it.each([
    ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
    ['A&B', 'A&-B'],
    ['inBOX', 'INBOX'],
    ['😀', '&2D3eAA-'],
    ['\t', '&AAk-'],
  ])('%s is %s on the wire', (name, raw) => {
    expect(encodeMailboxName(name)).toBe(raw);
    expect(decodeMailboxName(raw)).toBe(name === 'inBOX' ? 'INBOX' : name);
  });

  it.each(['&', '&AAk', '&!!-', '&2D0-', '&AA-'])('leaves %s as it came', (raw) => {
    expect(decodeMailboxName(raw)).toBe(raw);
  });

  it('goes there and back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.boolean(), (name, utf8) => {
        fc.pre(!/[\0\r\n]/.test(name) && !/^inbox$/i.test(name) && !(utf8 && name.includes('&')));
        expect(decodeMailboxName(encodeMailboxName(name, utf8))).toBe(name);
      }),
    );
  });
});

describe('searches', () => {
  it.each<[SearchQuery, string]>([
    [{}, 'ALL'],
    [{ seen: false, from: 'alice' }, 'UNSEEN FROM "alice"'],
    [{ uid: '5:*', larger: 100, since: '2024-02-01' }, 'UID 5:* LARGER 100 SINCE 1-Feb-2024'],
    [{ or: [{ from: 'a' }, { from: 'b' }, { seen: true }] }, 'OR (FROM "a") OR (FROM "b") SEEN'],
    [{ not: { deleted: true, subject: ['x', 'y'] } }, 'NOT (DELETED SUBJECT "x" SUBJECT "y")'],
    [{ header: { 'List-Id': true, 'X-A': 'b' } }, 'HEADER "List-Id" "" HEADER "X-A" "b"'],
    [{ subject: 'grün' }, 'CHARSET UTF-8 SUBJECT {5+}\r\ngr\xc3\xbcn'],
    [{ uid: UidSet.from([1, 2, 3, 9]), keyword: '$Junk' }, 'UID 1:3,9 KEYWORD $Junk'],
    [
      { and: [{ seen: true }, { before: new Date('2024-03-01T23:00:00Z') }] },
      'SEEN (BEFORE 1-Mar-2024)',
    ],
  ])('%j', (query, text) => {
    expect(search(query)).toBe(text);
  });

  it('refuses conditions and values that do not exist', () => {
    for (const bad of [
      { form: 'x' },
      { seen: 1 },
      { from: 'a\r\nb' },
      { since: 'yesterday' },
      { or: [] },
      { __proto__: null, toString: 'x' },
      'ALL',
      { keyword: 'a b' },
    ]) {
      expect(() => search(bad as SearchQuery)).toThrow(refused);
    }
  });
});

describe('UidSet', () => {
  const numbers = fc.array(fc.integer({ min: 1, max: 60 }));

  it('is the set of its numbers', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const expected = [...new Set(a)].sort((x, y) => x - y);
        const set = UidSet.from(a);
        expect([...set]).toEqual(expected);
        expect(set.size).toBe(expected.length);
        expect(expected.map((_, i) => set.at(i))).toEqual(expected);
        expect(set.at(expected.length)).toBeUndefined();
        if (a.length > 0) expect([...UidSet.from(set.toString())]).toEqual(expected);
        for (let n = 1; n <= 60; n++) expect(set.has(n)).toBe(expected.includes(n));
        expect([...set.union(b)]).toEqual([...new Set([...a, ...b])].sort((x, y) => x - y));
        expect([...set.without(b)]).toEqual(expected.filter((n) => !b.includes(n)));
        const pieces = [...set.pieces(3, 8)];
        expect(pieces.flatMap((piece) => [...piece])).toEqual(expected);
        for (const piece of pieces) expect(piece.size).toBeLessThanOrEqual(3);
      }),
    );
  });

  it('never expands a range', () => {
    const set = UidSet.from('1:4294967295');
    expect(set.size).toBe(4294967295);
    expect(set.at(4294967294)).toBe(4294967295);
    expect(set.without('5').toString()).toBe('1:4,6:4294967295');
    expect(UidSet.from('9:*').toString()).toBe('9:*');
    expect(UidSet.from('*:9,*').toString()).toBe('9:*');
    expect([...UidSet.from('1:*').pieces(1_000)].map(String)).toHaveLength(1);
    expect(() => [...UidSet.all]).toThrow(refused);
  });

  it('is read back from what it writes, the empty set too', () => {
    expect(UidSet.from(UidSet.empty.toString()).size).toBe(0);
    expect(JSON.stringify({ uids: UidSet.from([3, 1, 2]) })).toBe('{"uids":"1:3"}');
  });

  it('refuses what is no set', () => {
    for (const bad of [
      '1,',
      '0',
      '1:2:3',
      'a',
      '1 2',
      '-1',
      0,
      -1,
      1.5,
      2 ** 53,
      [0],
      ['1'],
      {},
      null,
    ]) {
      expect(() => UidSet.from(bad as string)).toThrow(refused);
    }
  });
});

it('UidMap pairs UIDs in the order of the response', () => {
  const map = new UidMap([304, 304, 319, 320], [3956, 3958]);
  expect([...map]).toEqual([
    [304, 3956],
    [319, 3957],
    [320, 3958],
  ]);
  expect([map.get(319), map.get(5), map.size]).toEqual([3957, undefined, 3]);
});
