/** Lines made of parts, as servers make them: whatever the parts, the name, the type and the size are those that went in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseListing } from '../src/index.js';

const now = new Date('2026-06-15T12:00:00Z');
const from = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** Names that look like something else. */
const oddNames = [
  'name',
  'a name',
  '2003',
  '2003 report',
  'Jan',
  'pm',
  'trail ',
  '1',
  '12',
  '1 2',
  '123 456',
  '-',
  'a.b',
  '..x',
  'x  y',
  '2024-01-01',
  '"q"',
  '<DIR>',
  '[x]',
  '(x)',
  'A',
  'DIR x',
  'a;1',
  'KB',
  'GB x',
  '1,234',
  'total 3',
  ';1',
  '+0200',
  '01-02-03 10:11AM 12 x',
  '+i1,/,\tx',
  'type=file; x',
];
const oddName = from(...oddNames);
const size = from(0, 7, 12, 31, 531, 1999, 2004, 20_040_101, 4_294_967_296);

interface Line {
  line: string;
  name: string;
  type: string;
  size?: number;
}

const sized = (line: string, name: string, isDirectory: boolean, octets: number): Line =>
  isDirectory ? { line, name, type: 'directory' } : { line, name, type: 'file', size: octets };

const unix = fc
  .record({
    mode: from(
      '-rw-r--r--',
      'drwxr-xr-x',
      '-rwsr-sr-t',
      '-rw-r--r--+',
      '-rw-r--r--.',
      '-rw-r--r--@',
    ),
    links: from('1', '2', '10', '255'),
    owner: from(
      'alice',
      '0',
      '1000',
      'Jan',
      'May',
      '2003',
      '12',
      'DOM\\user',
      'o-o',
      '-',
      'S-1-5-21',
    ),
    group: from('staff', '0', '1000', 'Dec', 'Mar', '2004', '7', 'x.y', '?'),
    size,
    date: from(
      'Jan 29 03:26',
      'Jan 29  2003',
      'Jan 29 03:26:11 2003',
      'Jan 29 2003 03:26',
      'Jan 29, 2003 03:26',
      '29 Jan 03:26',
      '29. Jan 03:26',
      '2003-01-29 03:26',
      '2003-01-29 03:26:11.5 +0200',
      '2003-01-29T03:26:11Z',
      '01-29 03:26',
      '29.01.2003 03:26',
      '2003/01/29 03:26',
      '01-29-2003 03:26',
      '20030129 03:26',
      'Wed Jan 29 03:26:11 2003',
      'Wed Jan 29 03:26:11 CET 2003',
      'janv. 29 03:26',
      '3\xe6\x9c\x88 29 03:26',
      '3\xe6\x9c\x88  29  2003',
      'Xyz 29 03:26',
      'Xyz 29  2003',
      '29 de xyz. 03:26',
      'Xy 1 29 03:26',
      '\xe0\xb8\xa1.\xe0\xb8\x84. 29 03:26',
      "d'xyz 29 03:26",
      'Th01 29 03:26',
    ),
    name: from(...oddNames, '03:26 x', '5 May 2001 x', 'Jan 29 03:26 x', ' lead'),
  })
  .filter(({ date, name }) => /:\d\d$/.test(date) || !/^(?: |\d\d:)/.test(name)) // behind a day a time may be the time
  .map(({ mode, links, owner, group, size: octets, date, name }) =>
    sized(
      `${mode} ${links} ${owner} ${group} ${octets} ${date} ${name}`,
      name,
      mode.startsWith('d'),
      octets,
    ),
  );

const dos = fc
  .record({
    day: from(
      '04-27-00',
      '04-27-2000',
      '2000-04-27',
      '04/27/2000',
      '27.04.2000',
      '27-Apr-2000',
      '27-04-00',
    ),
    time: from('09:09PM', '09:09 PM', '21:09', '9:09PM', '21:09:11', '09:09 p. m.'),
    size,
    isDirectory: fc.boolean(),
    name: oddName,
  })
  .map(({ day, time, size: octets, isDirectory, name }) =>
    sized(
      `${day}  ${time}${isDirectory ? '       <DIR>          ' : `${String(octets).padStart(21)} `}${name}`,
      name,
      isDirectory,
      octets,
    ),
  );

const os2 = fc
  .record({
    size,
    attributes: from('', 'A', 'DIR', 'RHSA'),
    day: from('05-12-97', '04-23-103'),
    name: oddName,
  })
  .map(({ size: octets, attributes, day, name }) =>
    sized(
      `${String(octets).padStart(18)} ${attributes.padEnd(8)}   ${day}   16:44  ${name}`,
      name,
      attributes === 'DIR',
      octets,
    ),
  );

const netware = fc
  .record({
    isDirectory: fc.boolean(),
    owner: from('admin', 'two words', '1', 'Jan'),
    size,
    date: from('Jan 16 18:53', '16 Jan 2004'),
    name: oddName,
  })
  .map(({ isDirectory, owner, size: octets, date, name }) =>
    sized(
      `${isDirectory ? 'd' : '-'} [RWCEAFMS] ${owner} ${octets} ${date} ${name}`,
      name,
      isDirectory,
      octets,
    ),
  );

const vshell = fc
  .record({ size, name: oddName })
  .map(({ size: octets, name }) =>
    sized(`${octets}  Apr 04, 2000 21:06 ${name}`, name, false, octets),
  );

const os400 = fc
  .record({ size, kind: from('*STMF', '*DIR'), name: oddName })
  .map(({ size: octets, kind, name }) =>
    sized(
      `QSYS ${octets} 02/23/00 15:09:55 ${kind.padEnd(10)} ${name}`,
      name,
      kind === '*DIR',
      octets,
    ),
  );

const eplf = fc
  .record({ size, isDirectory: fc.boolean(), name: oddName })
  .map(({ size: octets, isDirectory, name }) =>
    sized(
      `+i8.4,m825718503,${isDirectory ? '/' : `r,s${octets}`},\t${name}`,
      name,
      isDirectory,
      octets,
    ),
  );

const mlsd = fc
  .record({
    size,
    isDirectory: fc.boolean(),
    others: fc.subarray([
      'modify=20200101101112',
      'perm=adfr',
      'UNIX.mode=0644',
      'x.foo=',
      'lang=en',
    ]),
    blank: from('', ' '),
    name: from(...oddNames, ' lead', 'a=b;c'),
  })
  .map(({ size: octets, isDirectory, others, blank, name }) =>
    sized(
      `${[...others, isDirectory ? 'type=dir' : `type=file;size=${octets}`]
        .map((fact) => `${fact};`)
        .join('')
        .replace('type=file;', `type=file${blank};`)} ${name}`,
      name,
      isDirectory,
      octets,
    ),
  );

describe('name, type and size, whatever they look like', () => {
  it.each(Object.entries({ unix, dos, os2, netware, vshell, os400, eplf, mlsd }))(
    '%s',
    (dialect, line) => {
      fc.assert(
        fc.property(line, (one) => {
          const { entries, problems, ...told } = parseListing(
            Buffer.from(`${one.line}\r\n`, 'latin1'),
            { now },
          );
          expect(problems).toEqual([]);
          expect(
            entries.map(({ name, type, size: octets }) => ({ name, type, size: octets })),
          ).toEqual([{ name: one.name, type: one.type, size: one.size }]);
          expect(told.dialect).toBe(dialect);
        }),
        { numRuns: dialect === 'unix' ? 500 : 100 },
      );
    },
  );
});

/** What each line of a listing is read as. */
const read = (...lines: string[]): unknown[] =>
  parseListing(Buffer.from(`${lines.join('\r\n')}\r\n`), { now }).entries.map((entry) => [
    entry.name,
    entry.size,
    entry.modified?.toISOString().slice(0, 16),
  ]);

it.each([
  ['29 ม.ค. 03:26', '2026-01-29T03:26'],
  ['พฤศจิกายน 29  2019', '2019-11-29T00:00'],
  ['29 ינו 03:26', '2026-01-29T03:26'],
  ['ديسمبر 29  2019', '2019-12-29T00:00'],
  ['Th05 29 03:26', '2026-05-29T03:26'],
  ['29 დეკ 2019', '2019-12-29T00:00'],
  ["29 d'abr. 2019", '2019-04-29T00:00'],
  ['2019 Jan 29', '2019-01-29T00:00'],
  ['Wed Jan 29 03:26:11 CET 2003', '2003-01-29T03:26'],
  ['2019 ກ.ພ. 28', undefined],
  ['29 de zzz. 03:26', undefined],
  ['Zz. 1 29 03:26', undefined],
])('%s', (date, modified) => {
  expect(read(`-rw-r--r-- 1 bob users 531 ${date} a name`)).toEqual([['a name', 531, modified]]);
});

it('a heading of DOS may be Nortel’s', () => {
  const lines = [
    ' Volume in drive 2 is ',
    ' Directory of 2:\\*',
    'ti.cfg          1234567   06/03/04  Thur.   10:20:03',
    'config            12345   06/03/04  Thu.   10:20:03',
  ];
  expect(read(...lines)).toEqual([
    ['ti.cfg', 1_234_567, '2004-06-03T10:20'],
    ['config', 12_345, '2004-06-03T10:20'],
  ]);
});
