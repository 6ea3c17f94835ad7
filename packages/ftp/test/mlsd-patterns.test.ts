/** Lines of MLSD that look like those before are read in a quicker way, which says what the general way says. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Draft, type Entry, ListingEntry } from '../src/listing/entry.js';
import { mlsd, readMlsx } from '../src/listing/mlsx.js';

const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));
const place = {
  prefix: '',
  octetPrefix: '',
  decode: (octets: string) => octets,
  lineOctets: 1_000,
};

/** Both ways over the same lines. */
function expectSame(lines: readonly string[]): void {
  const { alike, read } = mlsd({ now: 0, utcOffset: 0, isMlsd: true });
  for (const line of lines) {
    const entries: Entry[] = [];
    if (alike?.read([line], 0, place, entries) === 0) read(line);
    else expect(plain(entries[0]), line).toEqual(plain(entryOf(readMlsx(line), line)));
  }
}

const entryOf = (draft: Draft | undefined, line: string): Entry | undefined =>
  draft && new ListingEntry(draft, draft.name, draft.name, draft.name, line, place.decode);

it('the same for lines that look alike and are not', () => {
  const before =
    'modify=20260102030405;perm=adfrw;size=12;type=file;unique=1BUF5;UNIX.group=5005;UNIX.mode=0644; a';
  expectSame([
    before,
    before.replace('20260102', '20261302'), // no month
    before.replace('030405', '240000'),
    before.replace('030405', '030460'), // a leap second
    before.replace('20260102030405', '20260102030405.123'),
    before.replace('20260102030405', '20260102030405Z'),
    before.replace('12;', '1234567890123456;'),
    before.replace('12;', ';'),
    before.replace('12;', '-1;'),
    before.replace('1BUF5', ''),
    before.replace('1BUF5', 'a b'),
    before.replace('1BUF5', 'a=b'),
    before.replace('type=file', 'type=dir'),
    before.replace('type=file', 'type=OS.unix=slink:/a b'),
    before.replace('type=file', 'Type=file'),
    before.replace('0644; a', '0755;\ta; b=c; d'),
    before.replace('; a', ';  a '),
    before.replace('; a', '; '),
    before.replace('; a', ' a'),
    before.replace('; a', '; a\nb'),
    before.replace('perm=', 'size=13;perm='),
    before,
  ]);
});

it('a time that is none, in the first line, spoils no other', () => {
  expectSame([
    'modify=no;type=file; a',
    'modify=20260102030405;type=file; b',
    'modify=;type=file; c',
  ]);
  expectSame([
    'type=dir;size=5; a',
    'type=dir;size=6; b',
    'type=file;size=7; c',
    'size=8;type=dir; d',
  ]);
});

it('the same for whatever comes', () => {
  const fact = fc.constantFrom(
    'type=file;',
    'type=dir;',
    'type=cdir;',
    'Size=5;',
    'size=12345;',
    'size=x;',
    'modify=20260102030405;',
    'modify=19991231235959;',
    'modify=20260102030405.5;',
    'modify=20260231000000;',
    'unique=a1;',
    'unique=;',
    'UNIX.mode=0644;',
    'UNIX.mode=0755;',
    'perm=r;',
    'x.(a|b)*=$1;',
    ';',
    'odd',
  );
  const name = fc.constantFrom(' a', ' b c', '\tt', ' =;', '  lead', '', ' ');
  const line = fc
    .tuple(fc.array(fact, { maxLength: 5 }), name)
    .map(([facts, end]) => facts.join('') + end);
  const some = fc.array(line, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(some, fc.array(fc.nat({ max: 3 }), { maxLength: 12 }), (lines, picks) => {
      expectSame(picks.map((pick) => lines[pick % lines.length] as string));
    }),
    { numRuns: 500 },
  );
});
