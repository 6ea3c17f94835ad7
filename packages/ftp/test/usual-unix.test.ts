/** The fast way through a line of `ls -l` says what the general way says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DialectContext, Fields } from '../src/listing/dialect.js';
import { type Entry, ListingEntry } from '../src/listing/entry.js';
import { LinesAlike } from '../src/listing/lines-alike.js';
import { entryLine, modeOf } from '../src/listing/unix.js';
import { UsualKinds } from '../src/listing/usual-unix.js';

const context: DialectContext = {
  now: Date.UTC(2026, 10, 29, 3),
  utcOffset: 7_200_000,
  isMlsd: false,
};

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

/** What the fast way makes of a line of which it knows the kind, and those of lines before. */
const lines = new LinesAlike();
const kinds = new UsualKinds(context);
const place = {
  prefix: '',
  octetPrefix: '',
  decode: (octets: string) => octets,
  lineOctets: 1_000,
};
const fastly = (line: string): Entry | undefined => {
  const entries: Entry[] = [];
  if (lines.read([line], 0, place, entries) === 0) lines.learn(line, kinds.of(line, modeOf(line)));
  if (entries.length === 0) lines.read([line], 0, place, entries);
  return entries[0];
};
const generally = (line: string): Entry | undefined => {
  const draft = entryLine(new Fields(18).read(line), context);
  return draft && new ListingEntry(draft, draft.name, draft.name, draft.name, line, place.decode);
};

describe('the usual line', () => {
  it.each([
    '-rw-r--r--   1 root     other        531 Jan 29 03:26 README',
    'drwxr-xr-x+  2 5005     5005         4096 Apr  8  1994 a name with  blanks ',
    '-rw-r--r--    1 5005     5005            0 Jun 07  2018 about-address 09446.pdf',
    '-rwsr-xr-t 12 a b 1 Feb 29  2024 x',
    'drwxr-xr-x   7 root     other          4 Feb 28 23:59 no leap year',
  ])('takes %s', (line) => {
    const usual = fastly(line);
    expect(usual).toBeDefined();
    expect(plain(usual)).toEqual(plain(generally(line)));
  });

  it.each([
    '-rw-r--r--   1 12   may   2004 Jan 29 03:26 could be the 12th of May 2004',
    '-rw-r--r--   1 may  12    2004 Jan 29 03:26 could be the 12th of May 2004',
    '-rw-r--r--   1 root other  531 Feb 30 03:26 no such day',
    '-rw-r--r--   1 root other  531 Jan 29 24:00 midnight',
    'lrwxrwxrwx   1 root other    7 Jan 29 03:26 link -> target',
    '-rwxr-x 1 root other 7 Jan 29 03:26 six letters',
    '-rw-r--r--   1 root other  531 Mar  1 2003  .welcome',
    '-rw-r--r--   1 root other  531 Feb 29 03:26 of which year',
    '-rw-r--r--   1 root other  531 Feb 29  2023 no leap year',
    '-rw-r--r--   1 root other  531 Mar  1  2003 12:30 a time or a name',
  ])('leaves %s to the general way', (line) => {
    expect(fastly(line)).toBeUndefined();
  });

  it('never differs from the general way', () => {
    const odd = fc.oneof(
      fc.constantFrom(
        'Jan',
        'may',
        '26.',
        'Okt',
        '12',
        '2004',
        '12k',
        '3月',
        '1,',
        '04-27-00',
        '24:00',
        '9:05',
      ),
      fc.stringMatching(/^[a-z0-9:.,\t]{1,6}$/),
    );
    const date = fc.oneof(
      fc.constantFrom(
        'Feb 29  2024',
        'Feb 29  2023',
        'Feb 29 03:26',
        'Mar  7  1899',
        'Mar  7 1994',
      ),
      fc
        .tuple(
          fc.constantFrom('Jan', 'Feb', 'Jun', 'Nov', 'Dec'),
          fc.integer({ min: 0, max: 33 }).map((day) => String(day).padStart(2)),
          fc.constantFrom('03:26', '23:59', ' 1994', ' 2026', ' 0526', '25:00'),
        )
        .map((parts) => parts.join(' ')),
    );
    const usual = fc.tuple(
      fc.constantFrom(
        '-rw-r--r--',
        'drwxr-xr-x',
        '-rwsr-Sr-t',
        'drwxrwxrwx+',
        '-rwxr-x',
        'brw-r-----',
      ),
      fc.nat(99).map(String),
      fc.constantFrom('root', '5005', 'may', '2004'),
      fc.constantFrom('root', '5005', 'Jan', '100'),
      fc.nat().map(String),
      date,
      fc.constantFrom('name', ' name', 'a name', '2003', ' ', '-> x', '12:30 x'),
    );
    const gap = fc.oneof(
      { weight: 40, arbitrary: fc.constant(' ') },
      { weight: 5, arbitrary: fc.constantFrom('  ', '     ') },
      fc.constant('\t'),
    );
    const line = fc
      .tuple(
        usual,
        fc.array(fc.tuple(fc.nat(6), odd), { maxLength: 2 }),
        fc.array(gap, { minLength: 6, maxLength: 6 }),
      )
      .map(([parts, changes, gaps]) => {
        for (const [at, text] of changes) parts[at] = text;
        return parts.map((text, at) => text + (gaps[at] ?? '')).join('');
      });
    let taken = 0;
    fc.assert(
      fc.property(line, (each) => {
        const octets = Buffer.from(each, 'utf8').toString('latin1');
        const fast = fastly(octets);
        if (fast === undefined) return;
        taken += 1;
        expect(plain(fast)).toEqual(plain(generally(octets)));
      }),
      { numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(1_000);
  });
});
