import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, ListingParser, type ParseListingOptions, parseListing } from '../src/index.js';

const now = new Date('2026-03-10T12:00:00Z');
const parse = (text: string, options: ParseListingOptions = {}) =>
  parseListing(Buffer.from(text, 'utf8'), { now, ...options });
const one = (text: string, options: ParseListingOptions = {}): Entry => {
  const { entries, problems } = parse(text, options);
  expect(problems).toEqual([]);
  expect(entries).toHaveLength(1);
  return entries[0] as Entry;
};

describe('MLSD, RFC 3659 §7', () => {
  it('reads facts', () => {
    const entry = one(
      'type=file;size=1234;modify=20240229235960.125;UNIX.mode=0644;unix.ownername=alice;perm=adfrw;unique=8U1; a b;c.txt\r\n',
    );
    expect({ ...entry }).toEqual({
      name: 'a b;c.txt',
      path: 'a b;c.txt',
      type: 'file',
      size: 1234,
      modified: new Date(Date.UTC(2024, 1, 29, 23, 59, 60, 125)),
      precision: 'millisecond',
      zone: 'utc',
      mode: 0o644,
      owner: 'alice',
      permissions: 'adfrw',
      unique: '8U1',
    });
    expect(Buffer.from(entry.raw).toString()).toMatch(/^type=file;.* a b;c\.txt$/);
  });

  it('knows the directory itself, symlinks and what it does not know', () => {
    const { entries } = parse(
      'Type=cdir; /pub\r\ntype=OS.unix=slink:/pub/x;size=9; link\r\ntype=OS.unix=chr-13/29; null\r\n',
    );
    expect(entries.map(({ type, target, size }) => ({ type, target, size }))).toEqual([
      { type: 'directory', target: undefined, size: undefined },
      { type: 'symlink', target: '/pub/x', size: undefined },
      { type: 'other', target: undefined, size: undefined },
    ]);
  });

  it('is not fooled by facts named like properties of objects', () => {
    const entry = one('__proto__=x;type=constructor;constructor=y;size=__proto__; f\r\n');
    expect(entry.type).toBe('other');
    expect(entry.size).toBeUndefined();
    expect(({} as { x?: string }).x).toBeUndefined();
  });

  it.each([
    'type=file;modify=20230229000000; f',
    'type=file;modify=2023; f',
    'type=file;modify=20230101000000.x; f',
    'type=file;modify=20230101; f',
    'type=file;modify=2023010100000; f',
    'type=file;modify=19100010100000; f',
    'type=file;modify=192240101000000; f',
    'type=file;modify=20231301000000; f',
    'type=file;modify=20230101006000; f',
    'type=file;modify=20230101000000CET; f',
    'type=file;modify=20230101000000 CET; f',
    'type=file;modify=20230101000000+2500; f',
    'type=file;modify=202301010000.5; f',
    'type=file;modify=1704458096; f',
    'type=file;modify=; f',
  ])('gives no time for %s', (line) => {
    expect(one(line)).toMatchObject({ name: 'f', precision: 'none' });
    expect(one(line)).not.toHaveProperty('modified');
  });

  it.each([
    ['20240105123456', '2024-01-05T12:34:56.000Z', 'second'],
    ['202401051234', '2024-01-05T12:34:00.000Z', 'minute'],
    ['191000101000000', '2000-01-01T00:00:00.000Z', 'second'],
    ['191240105123456', '2024-01-05T12:34:56.000Z', 'second'],
    ['1912401051234', '2024-01-05T12:34:00.000Z', 'minute'],
    ['191240105123456.5', '2024-01-05T12:34:56.500Z', 'millisecond'],
    ['20240105123456.7891', '2024-01-05T12:34:56.789Z', 'millisecond'],
    ['20240105123456,5', '2024-01-05T12:34:56.500Z', 'millisecond'],
    ['20240105123456.', '2024-01-05T12:34:56.000Z', 'second'],
    ['20240105123456Z', '2024-01-05T12:34:56.000Z', 'second'],
    ['20240105123456 UTC', '2024-01-05T12:34:56.000Z', 'second'],
    ['20240105123456GMT', '2024-01-05T12:34:56.000Z', 'second'],
    ['20240105123456+0200', '2024-01-05T10:34:56.000Z', 'second'],
    ['20240105123456 -05:30', '2024-01-05T18:04:56.000Z', 'second'],
    ['202401051234+02', '2024-01-05T10:34:00.000Z', 'minute'],
    ['20240105123456  ', '2024-01-05T12:34:56.000Z', 'second'],
    ['20240105 123456', '2024-01-05T12:34:56.000Z', 'second'],
    ['20240105 12:34:56', '2024-01-05T12:34:56.000Z', 'second'],
    ['2024-01-05T12:34:56Z', '2024-01-05T12:34:56.000Z', 'second'],
    ['20240105T1234', '2024-01-05T12:34:00.000Z', 'minute'],
  ])('reads the time %s, whatever else its line has', (value, time, precision) => {
    const usual = 'type=file;modify=20240101000000;size=3; other\r\n';
    for (const line of [`type=file;size=3;modify=${value}; a b`, `modify=${value};size=3; a b`]) {
      const entry = parse(`${usual}${line}`).entries[1];
      expect(entry).toMatchObject({ name: 'a b', size: 3, precision, zone: 'utc' });
      expect(entry?.modified?.toISOString()).toBe(time);
    }
  });

  it.each([
    ['modify=20240105123456 name; with more', 'name; with more'],
    ['size=3 CET; x', 'CET; x'],
    ['type=file;UNIX.groupname=Domain Users;size=3; a b', 'a b'],
    ['type=file;modify=20240105123456 EEST;size=3; a b', 'a b'],
  ])('tells blanks of values from the one ahead of the name: %s', (line, name) => {
    expect(parse(line, { system: 'mlsd' })).toMatchObject({ entries: [{ name }], problems: [] });
  });

  it('takes no size beyond 2^53−1', () => {
    expect(one('type=file;size=9007199254740991; f').size).toBe(9_007_199_254_740_991);
    expect(one('type=file;size=9007199254740992; f').size).toBeUndefined();
    expect(one('type=file;size=99999999999999999999; f').size).toBeUndefined();
  });

  it('puts names below the directory', () => {
    expect(one('type=file; x', { directory: '/a' }).path).toBe('/a/x');
    expect(one('type=file; x', { directory: '/' }).path).toBe('/x');
    expect(one('type=file; x', { directory: '.' }).path).toBe('x');
  });
});

describe('LIST as Unix has it', () => {
  it('reads owner, group, mode and time', () => {
    expect({ ...one('-rwsr-x--T  1 alice staff  42 Mar 10 09:15 run') }).toEqual({
      name: 'run',
      path: 'run',
      type: 'file',
      size: 42,
      modified: new Date('2026-03-10T09:15:00Z'),
      precision: 'minute',
      zone: 'server',
      mode: 0o5750,
      owner: 'alice',
      group: 'staff',
    });
  });

  it('gives a date without a year the latest that is not in the future', () => {
    const year = (date: string) => one(`-rw-r--r-- 1 a b 1 ${date} f`).modified?.getUTCFullYear();
    expect(year('Mar 10 23:00')).toBe(2026); // the server's clock may be ahead by zones
    expect(year('Mar 12 00:00')).toBe(2025);
    expect(year('Dec 31 23:59')).toBe(2025);
    expect(year('Feb 29 10:00')).toBe(2024);
  });

  it('reads times by the offset of the server', () => {
    const entry = one('-rw-r--r-- 1 a b 1 Mar 10 13:00 f', { utcOffset: 120 });
    expect(entry.modified).toEqual(new Date('2026-03-10T11:00:00Z'));
    expect(one('-rw-r--r-- 1 a b 1 2026-03-01 13:00:05.000000000 +0100 f').modified).toEqual(
      new Date('2026-03-01T12:00:05Z'),
    );
  });

  it.each([
    [
      '-rw-r--r-- 1 Domain Users 10 5 Mar 10 09:15 f',
      { owner: 'Domain', group: 'Users 10', size: 5 },
    ],
    ['-rw-r--r-- 1 Jan May 5 Mar 10 09:15 f', { size: 5, owner: 'Jan', group: 'May' }],
    [
      'crw-rw-rw- 1 root sys 13, 2 Mar 10 09:15 null',
      { type: 'other', owner: 'root', group: 'sys' },
    ],
    ['-rw-r--r--@ 1 a b 1 Mar 10 09:15  two blanks ', { name: ' two blanks ' }],
    ['lrwxrwxrwx 1 a b 1 Mar 10 09:15 a -> b -> c', { name: 'a', target: 'b -> c' }],
    ['-rw-r--r-- 1 a b 1 Mar 10 09:15 a -> b', { name: 'a -> b' }],
    ['-rw-r--r-- 1 a b 1 10. März 2021 f', { precision: 'day' }],
    ['-rw-r--r-- 1 a b 1  3月  7日 09:15 f', { modified: new Date('2026-03-07T09:15:00Z') }],
    ['-rw-r--r-- 1 a b 99999999999999999 Mar 10 09:15 big', { size: undefined }],
  ])('%s', (line, expected) => {
    const entry = one(line);
    const seen = Object.keys(expected).map((key) => [key, entry[key as keyof Entry]]);
    expect(Object.fromEntries(seen)).toEqual(expected);
  });

  it('keeps a listing together when one line of it is bad', () => {
    const { entries, problems, dialect } = parse(
      'total 2\n-rw-r--r-- 1 a b 1 Mar 10 09:15 f\nls: g: Permission denied\n-rw-r--r-- 1 a b 1 Mar 10 09:15 h\n',
    );
    expect(entries.map(({ name }) => name)).toEqual(['f', 'h']);
    expect(problems).toEqual([
      {
        line: 3,
        reason: 'no known listing looks like this',
        text: 'ls: g: Permission denied',
      },
    ]);
    expect(dialect).toBe('unix');
  });
});

describe('the other dialects', () => {
  it('IIS: times, targets and blanks in names', () => {
    const { entries } = parse(
      '04-27-2024  09:09PM       <DIR>           lead\r\n09-02-16  12:34AM       <SYMLINKD>     link [C:\\t x]\r\n2024-04-14  15:47                  589  a b.htm\r\n',
    );
    expect(
      entries.map(({ name, type, target, size, modified }) => [
        name,
        type,
        target,
        size,
        modified?.toISOString(),
      ]),
    ).toEqual([
      [' lead', 'directory', undefined, undefined, '2024-04-27T21:09:00.000Z'],
      ['link', 'symlink', 'C:\\t x', undefined, '2016-09-02T00:34:00.000Z'],
      [' a b.htm', 'file', undefined, 589, '2024-04-14T15:47:00.000Z'],
    ]);
  });

  it('VMS: a name of its own line, a refusal, blocks and directories', () => {
    const { entries, problems } = parse(
      'Directory D:[A]\r\n\r\nLONG.NAME;1\r\n            3  1-MAR-2024 10:11:12.13 [SYS,BOB] (R,R,,)\r\nSHUT.TXT;1\r\n   <%SYSTEM-F-NOPRIV, no privilege>\r\nSUB.DIR;1 1 1-MAR-2024 10:11 [SYS] (R,R,,)\r\nTotal of 3 files\r\n',
      { directory: '[A]' },
    );
    expect(entries.map(({ path, blocks, owner, group }) => [path, blocks, owner, group])).toEqual([
      ['[A]LONG.NAME', 3, 'BOB', 'SYS'],
      ['[A.SUB]', undefined, 'SYS', undefined],
    ]);
    expect(problems).toHaveLength(1);
  });

  it('z/OS: data sets and members', () => {
    const sets = parse(
      'Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\nB10142 3390   2006/03/20  2   31  F       80    80  PS   MDI.OKL.WORK\r\nB10142 3390   2006/03/20  2   31  FB      80    80  PO   MDI.LIB\r\nMIGRAT                                                   OLD.DATA\r\n',
      { directory: "'MDI.'" },
    );
    expect(sets.entries.map(({ path, type }) => [path, type])).toEqual([
      ["'MDI.OKL.WORK'", 'file'],
      ["'MDI.LIB'", 'directory'],
      ["'MDI.OLD.DATA'", 'file'],
    ]);
    const members = parse(
      ' Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\nTBSHELF   01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001\r\nPLAIN\r\n',
      { directory: "'MDI.LIB'" },
    );
    expect(members.entries.map(({ path, owner }) => [path, owner])).toEqual([
      ["'MDI.LIB(TBSHELF)'", 'KIL001'],
      ["'MDI.LIB(PLAIN)'", undefined],
    ]);
  });

  it('OS/400: kinds, and only those dates that can be read in one way', () => {
    const { entries } = parse(
      'QSYS            77824 02/23/00 15:09:55 *DIR       home/\r\nPEP             36864 04/03/12 14:06:34 *STMF      r.txt\r\nPEP             36864 04.03.24 14:06:34 *STMF      s.txt\r\nQPGMR                                   *MEM       SRC.FILE/MAIN.MBR\r\n',
    );
    expect(
      entries.map(({ name, type, size, modified }) => [name, type, size, modified?.toISOString()]),
    ).toEqual([
      ['home', 'directory', undefined, '2000-02-23T15:09:55.000Z'],
      ['r.txt', 'file', 36_864, undefined],
      ['s.txt', 'file', 36_864, '2024-03-04T14:06:34.000Z'],
      ['SRC.FILE/MAIN.MBR', 'file', undefined, undefined],
    ]);
  });

  it('takes the hint of SYST for what to try first, and no more than a hint', () => {
    expect(parse('-rw-r--r-- 1 a b 1 Mar 10 09:15 f', { system: 'Windows_NT' }).dialect).toBe(
      'unix',
    );
  });
});

describe('charsets', () => {
  const line = (name: Buffer) =>
    Buffer.concat([Buffer.from('-rw-r--r-- 1 a b 1 Mar 10 09:15 '), name, Buffer.from('\n')]);

  it('reads UTF-8, and what is none by the fallback, and keeps the octets', () => {
    const latin = Buffer.from([0xe9, 0x74, 0xe9]);
    const { entries } = parseListing(Buffer.concat([line(Buffer.from('été')), line(latin)]), {
      directory: 'dé',
    });
    expect(entries.map(({ path }) => path)).toEqual(['dé/été', 'dé/été']);
    expect(entries.map(({ rawPath }) => Buffer.from(rawPath).toString('latin1'))).toEqual([
      'd\xc3\xa9/\xc3\xa9t\xc3\xa9',
      'd\xc3\xa9/\xe9t\xe9',
    ]);
  });

  it('reads what iconv-lite knows, and refuses what nobody knows', () => {
    const { entries } = parseListing(line(Buffer.from([0xc3, 0xd7])), { encoding: 'koi8-r' });
    expect(entries[0]?.name).toBe('цв');
    expect(() => parse('', { encoding: 'klingon' })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});

describe('hostile listings', () => {
  it('bounds a line and goes on after it', () => {
    const parser = new ListingParser({ now, lineOctets: 100 });
    const entries = [
      ...parser.push(Buffer.from('-rw-r--r-- 1 a b 1 Mar 10 09:15 f\n')),
      ...parser.push(Buffer.alloc(1 << 20, 120)),
      ...parser.push(Buffer.from('\n-rw-r--r-- 1 a b 1 Mar 10 09:15 g\n')),
    ];
    expect(entries.map(({ name }) => name)).toEqual(['f', 'g']);
    expect(parser.problems).toMatchObject([{ line: 2, reason: 'the line is over-long' }]);
  });

  it('bounds the problems', () => {
    const { problems } = parse('nonsense\n'.repeat(10_000));
    expect(problems).toHaveLength(100);
  });

  const fragments = fc.constantFrom(
    '-rw-r--r-- ',
    'drwx',
    ' 1 ',
    'Jan ',
    '29 ',
    '03:26 ',
    '1994 ',
    ' -> ',
    '\r',
    '\n',
    '\r\n',
    ';',
    '=',
    'type=',
    'size=',
    'modify=',
    ' ',
    '\t',
    '+',
    '/',
    ',',
    '04-27-00 ',
    '09:09PM ',
    '<DIR> ',
    '[R----F--] ',
    '.DIR;1',
    '2/3 ',
    '8-SEP-1996 ',
    '<%',
    ']',
    ':[',
    '*DIR ',
    'Volume ',
    'Dsname',
    ' Name VV.MM ',
    '99999999999999999999',
    '月',
    '\0',
    'é',
    '\ud800',
    'PO ',
  ); // prettier-ignore
  const listing = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
    fc.array(fragments, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''), 'utf8')),
  );

  it('decodes a name that stands on a line, and in a chunk, before its entry', () => {
    const parser = new ListingParser({ now });
    const chunks = [
      '月.TXT;1\r\n',
      '\r\n',
      '  2/3  8-SEP-1996 16:09\r\n',
      'A.TXT;1  2/3  8-SEP-1996 16:09\r\n',
    ];
    const entries = chunks.flatMap((chunk) => parser.push(Buffer.from(chunk)));
    expect(entries.map(({ name }) => name)).toEqual(['月.TXT', 'A.TXT']);
  });

  it('never throws, and the cuts make no difference', () => {
    fc.assert(
      fc.property(listing, fc.array(fc.nat(20), { maxLength: 40 }), (octets, cuts) => {
        const whole = parseListing(octets, { now });
        const parser = new ListingParser({ now });
        const entries: Entry[] = [];
        let at = 0;
        for (const cut of cuts) {
          entries.push(...parser.push(octets.subarray(at, at + cut)));
          at = Math.min(octets.length, at + cut);
        }
        entries.push(...parser.push(octets.subarray(at)), ...parser.end());
        expect(entries).toEqual(whole.entries);
        expect(parser.problems).toEqual(whole.problems);
        for (const entry of entries) {
          expect(entry.name).not.toBe('');
          expect(Number.isNaN(entry.modified?.getTime())).toBe(false);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['blanks', ' '],
    ['digits', '1 '],
    ['facts', 'a=b;'],
    ['arrows', ' -> '],
    ['dashes', '-'],
    ['brackets', '[R] '],
    ['months', 'Jan 1 '],
    ['semicolons', ';'],
    ['quotes', '*X '],
  ])('takes linear time: %s', (_name, unit) => {
    // A quadratic scan of a mebibyte takes minutes; a linear one milliseconds, on however busy a machine.
    for (const start of [
      '',
      '-rw-r--r-- 1 a b 1 ',
      'd [R] ',
      '0 ',
      'type=file;',
      '+',
      '04-27-00 ',
    ]) {
      const line = Buffer.from(start + unit.repeat((1 << 20) / unit.length));
      parseListing(line, { now, lineOctets: 1 << 24 });
      // Quadratic work on a mebibyte outlasts the test's own limit by far.
    }
  });

  it('takes linear time octet by octet too', () => {
    const parser = new ListingParser({ now, lineOctets: 1 << 20 });
    const octet = Buffer.from('x');
    for (let i = 0; i < 200_000; i += 1) parser.push(octet);
    parser.end();
    expect(parser.problems).toHaveLength(1);
  });
});

it('decodes what is cut in the middle of a letter, beside chunks of ASCII alone', () => {
  const lines = ['-rw-r--r-- 1 a b 1 Jan 29 2020 plain', '-rw-r--r-- 1 a b 1 Jan 29 2020 grün', ''];
  const octets = Buffer.from(lines.join('\r\n'));
  for (let cut = 0; cut <= octets.length; cut += 1) {
    for (const second of [cut, cut + 1, cut + 7]) {
      const parser = new ListingParser({ now, directory: '/d' });
      const entries = [
        ...parser.push(octets.subarray(0, cut)),
        ...parser.push(octets.subarray(cut, second)),
        ...parser.push(octets.subarray(second)),
        ...parser.end(),
      ];
      expect(entries.map(({ path }) => path)).toEqual(['/d/plain', '/d/grün']);
    }
  }
});
