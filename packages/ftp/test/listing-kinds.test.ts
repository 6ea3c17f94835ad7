/** Sample lines of every kind of listing that is known, alone and together; whatever is not understood is a problem. */
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { parseListing } from '../src/index.js';

const now = new Date('2026-03-11T00:00:00Z');
const octets = (text: string) => Buffer.from(text, 'latin1');
const parse = (text: string, system?: string) =>
  parseListing(octets(text), { now, fallbackEncoding: 'latin1', ...(system && { system }) });
const sjis = (text: string) => iconv.encode(text, 'shift_jis').toString('latin1');
const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

type Sample = [line: string, name: string, type: string, size: number | undefined, time: string];
const row = (name: string) => `drwxr-xr-x 2 bob users 4096 Feb  3 10:11 ${name}\r\n`;
const d = 'directory';
const f = 'file';

const unix: Sample[] = [
  ['-rw-r--r--   1 ftp ftp            0 Jan 01  1601 no time', 'no time', f, 0, '1601-01-01'],
  ['-rw-r--r--   1 ftp ftp            7 May 00  2020 no day', 'no day', f, 7, ''],
  ['-rw-r--r--   1 ftp ftp            7 May 00 10:11 no day', 'no day', f, 7, ''],
  ['-rw-r--r--   1 ftp ftp            7 Jan 32 10:11 no day', 'no day', f, 7, ''],
  ['-rw-r--r--   1 ftp ftp            7 45 Jan 2024 no day', 'no day', f, 7, ''],
  ['-rw-r--r-- 1 bob users 531 10:11 Feb 3 ahead', 'ahead', f, 531, '2026-02-03T10:11'],
  ['-rw-r--r-- 1 bob 531 10:11 3. Feb. ahead', 'ahead', f, 531, '2026-02-03T10:11'],
  ['-rw-r--r-- 1 bob users 531 10:11 PM Feb 3 ahead', 'ahead', f, 531, '2026-02-03T22:11'],
  ['-rw-r--r-- 1 bob users 531 10:11 03/02/2019 ahead', 'ahead', f, 531, '2019-02-03T10:11'],
  ['-rw-r--r-- 1 bob users 531 10:11:12 2019-02-03 ahead', 'ahead', f, 531, '2019-02-03T10:11:12'],
  ['-rw-r--r-- 1 bob users 531 8.01 10:11 full stop', 'full stop', f, 531, '2026-01-08T10:11'],
  ['-rw-r--r-- 1 bob users 531 08.01 10:11 full stop', 'full stop', f, 531, '2026-01-08T10:11'],
  ['-rw-r--r-- 1 bob users 531 01.25 10:11 no month', 'no month', f, 531, ''],
  ['-rw-r--r-- 1 500 500 5 Feb 19 10:11 day', 'day', f, 5, '2026-02-19T10:11'],
  [
    '-rw-r--r-- 1 bob users 531 Sun Feb 3 10:11 2019 weekday',
    'weekday',
    f,
    531,
    '2019-02-03T10:11',
  ],
  ['-rw-r--r-- 1 bob users 531 3/2/19 10:11 short', 'short', f, 531, '2019-03-02T10:11'],
  ['-rw-r--r-- 1 bob users 531 3.2.19 10:11 short', 'short', f, 531, '2019-02-03T10:11'],
  [utf8('-rw-r--r-- 1 bob users 531 07.Mär.2019 named'), 'named', f, 531, '2019-03-07'],
  ['-rw-r--r-- 1 bob users 531 07.Mar.2019 10:11 named', 'named', f, 531, '2019-03-07T10:11'],
  ['-rw-r--r-- 1 bob users 531 2019. 2. 3. korean', 'korean', f, 531, '2019-02-03'],
  ['-rw-r--r-- 1 bob users 531 2019.  2.  3. 10:11 korean', 'korean', f, 531, '2019-02-03T10:11'],
  ['-rw-r--r-- 1 bob users 531 02 03 2019 numbers', 'numbers', f, 531, '2019-02-03'],
  ['-rw-r--r-- 1 bob users 531 23 3 2019 numbers', 'numbers', f, 531, '2019-03-23'],
  ['-rw-r--r-- 1 bob users 531 2019 02 03 numbers', 'numbers', f, 531, '2019-02-03'],
  ['-rw-r--r-- 1 10 12 2019 Feb 3 10:11 numbers', 'numbers', f, 2019, '2026-02-03T10:11'],
  ['-rw-r--r-- 1 bob users 531 Feb 3, 2019 10:11 PM half', 'half', f, 531, '2019-02-03T22:11'],
  ['-rw-r--r-- 1 bob users 531 Feb 29  2020 leap day', 'leap day', f, 531, '2020-02-29'],
  ['-rw-r--r-- 1 bob users 531 Feb 29 12:00 leap day', 'leap day', f, 531, '2024-02-29T12:00'],
  ['-rw-r--r-- 1 bob users 531 Feb 29  2021 no such day', 'no such day', f, 531, ''],
  [
    '-rw-r--r-- 1 bob users 9007199254740993 Feb  3  2019 beyond',
    'beyond',
    f,
    undefined,
    '2019-02-03',
  ],
  [utf8('-rw-r--r-- 1 bob users 531 2004 szept. 12 named'), 'named', f, 531, '2004-09-12'],
  [
    utf8('-rw-r--r-- 1 bob users 531 2004 szept. 12 10:11 timed'),
    'timed',
    f,
    531,
    '2004-09-12T10:11',
  ],
  [utf8('-rw-r--r-- 1 bob users 531 1. 5. 2020 full stops'), 'full stops', f, 531, '2020-05-01'],
  [
    utf8('-rw-r--r-- 1 bob users 531 12. 10. 2020 10:11 full stops'),
    'full stops',
    f,
    531,
    '2020-10-12T10:11',
  ],
  [
    utf8('-rw-r--r-- 1 bob users 531  1.  2. 10:11 full stops'),
    'full stops',
    f,
    531,
    '2026-02-01T10:11',
  ],
  [utf8('-rw-r--r-- 1 bob users 531 3월 29 오전 10:11 half'), 'half', f, 531, '2025-03-29T10:11'],
  [utf8('-rw-r--r-- 1 bob users 531 3월 29일 오후 1:05 half'), 'half', f, 531, '2025-03-29T13:05'],
  [
    utf8('-rw-r--r-- 1 bob users 531 2024-03-07 오후 12:05 half'),
    'half',
    f,
    531,
    '2024-03-07T12:05',
  ],
  [
    utf8('-rw-r--r-- 1 bob users 531 2024-03-07 오전 12:05 half'),
    'half',
    f,
    531,
    '2024-03-07T00:05',
  ],
  [utf8('-rw-r--r-- 1 bob users 531 3月 7 下午 3:05 half'), 'half', f, 531, '2026-03-07T15:05'],
  [
    utf8('-rw-r--r-- 1 bob users 531 2024/03/07 午後 3:05 half'),
    'half',
    f,
    531,
    '2024-03-07T15:05',
  ],
  [
    utf8('-rw-r--r-- 1 bob users 531 2024-03-07 오후 name of a file'),
    '오후 name of a file',
    f,
    531,
    '2024-03-07',
  ],
  [utf8('-rw-r--r-- 1 bob users 531 29 października 2003 m'), 'm', f, 531, '2003-10-29'],
  [utf8('-rw-r--r-- 1 bob users 531 wrzesień 7  2003 m'), 'm', f, 531, '2003-09-07'],
  [utf8('-rw-r--r-- 1 bob users 531 29. července 2003 m'), 'm', f, 531, '2003-07-29'],
  [utf8('-rw-r--r-- 1 bob users 531 29. června 2003 m'), 'm', f, 531, '2003-06-29'],
  [utf8('-rw-r--r-- 1 bob users 531 29 Ağustos 2003 m'), 'm', f, 531, '2003-08-29'],
  [utf8('-rw-r--r-- 1 bob users 531 7 Haziran 2003 m'), 'm', f, 531, '2003-06-07'],
  [utf8('-rw-r--r-- 1 bob users 531 7 Φεβρουαρίου 2003 m'), 'm', f, 531, '2003-02-07'],
  [utf8('-rw-r--r-- 1 bob users 531 Μάρ  7  2003 m'), 'm', f, 531, '2003-03-07'],
  [utf8('-rw-r--r-- 1 bob users 531 ΙΑΝ  7 10:11 m'), 'm', f, 531, '2026-01-07T10:11'],
  [utf8('-rw-r--r-- 1 bob users 531 7 листопада 2003 m'), 'm', f, 531, '2003-11-07'],
  [utf8('-rw-r--r-- 1 bob users 531 7 СЕН 2003 m'), 'm', f, 531, '2003-09-07'],
  [utf8('-rw-r--r-- 1 bob users 531 7. tammikuuta 2003 m'), 'm', f, 531, '2003-01-07'],
  [utf8('-rw-r--r-- 1 bob users 531 7 rujna 2003 m'), 'm', f, 531, '2003-09-07'],
  [utf8('-rw-r--r-- 1 bob users 531 7 lip 2003 m'), 'm', f, 531, '2003-07-07'],
  [utf8('-rw-r--r-- 1 bob users 531 7 lis 2003 m'), 'm', f, 531, '2003-11-07'],
  [utf8('-rw-r--r-- 1 bob users 531 DÉC  7  2003 m'), 'm', f, 531, '2003-12-07'],
  [utf8('-rw-r--r-- 1 bob users 531 7 out 2003 m'), 'm', f, 531, '2003-10-07'],
  [
    iconv.encode('-rw-r--r-- 1 bob users 531 3월 29 오후 1:05 half', 'euc-kr').toString('latin1'),
    'half',
    f,
    531,
    '2025-03-29T13:05',
  ],
  ['-rw-r--r-- 1 500 500 2004 Sep 12 10:11 a size', 'a size', f, 2004, '2025-09-12T10:11'],
  ['-rw-r--r-- 1 500 500 2004 sept. 12 10:11 a size', 'a size', f, 2004, '2025-09-12T10:11'],
  ['-rw-r--r-- 1 500 500 2004 sept. 12  2003 a size', 'a size', f, 2004, '2003-09-12'],
  ['-rw-r--r-- 1 bob users 531 Foo 29 03:26 strange month', 'strange month', f, 531, ''],
  ['-rw-r--r-- 1 bob users 531 29 Foo 2019 strange month', 'strange month', f, 531, ''],
  [utf8('-rw-r--r-- 1 bob users 531 Μαΐ 25 2019 greek'), 'greek', f, 531, '2019-05-25'],
  [utf8('-rw-r--r-- 1 bob users 531 25 января 2019 russian'), 'russian', f, 531, '2019-01-25'],
  [
    utf8('-rw-r--r-- 1 bob users 531 25 gegužės 2019 lithuanian'),
    'lithuanian',
    f,
    531,
    '2019-05-25',
  ],
  [
    utf8('-rw-r--r-- 1 bob users 531 2019. márc. 7. year first'),
    'year first',
    f,
    531,
    '2019-03-07',
  ],
  ['-rw-r--r-- 1 bob users 531 07.03. 10:11 no year', 'no year', f, 531, '2026-03-07T10:11'],
  ['-rw-r--r-- 1 bob users 531 Mar-07-2024 hyphens', 'hyphens', f, 531, '2024-03-07'],
  ['-rw-r--r-- 1 bob users 531 Mar/07 10:11 a slash', 'a slash', f, 531, '2026-03-07T10:11'],
  ['-rw-r--r-- 1 bob users 531 2024-Mar-07 10:11 named', 'named', f, 531, '2024-03-07T10:11'],
  ['-rw-r--r-- 1 bob users 531 20240307 digits', 'digits', f, 531, '2024-03-07'],
  ['-rw-r--r-- 1 bob users 531 20240307101112 all', 'all', f, 531, '2024-03-07T10:11:12'],
  ['-rw-r--r-- 1 bob 20240307 Mar  7 10:11 size', 'size', f, 20_240_307, '2026-03-07T10:11'],
  ['-rw-r--r-- 1 bob users 2KiB Mar  7 10:11 unit', 'unit', f, 2048, '2026-03-07T10:11'],
  ['-rw-r--r-- 1 bob users 12 bytes Mar  7 10:11 unit', 'unit', f, 12, '2026-03-07T10:11'],
  ['-rw-r--r-- 1 bob users 531B Mar  7 10:11 unit', 'unit', f, 531, '2026-03-07T10:11'],
  [utf8('-rw-r--r-- 1 bob users 531 5月25日 00:17 glued'), 'glued', f, 531, '2025-05-25T00:17'],
  [utf8('-rw-r--r-- 1 bob users 531 2019年5月25日 glued'), 'glued', f, 531, '2019-05-25'],
  [
    '-rw-r--r-- 1 bob users 531 Jan 29 2024 03:26 year, time',
    'year, time',
    f,
    531,
    '2024-01-29T03:26',
  ],
  [
    '-rw-r--r-- 1 bob users 531 29 Jan 2024 03:26 year, time',
    'year, time',
    f,
    531,
    '2024-01-29T03:26',
  ],
  ['-rw-r--r-- 1 bob users 531 Jan 29  2024 03:26 a name', '03:26 a name', f, 531, '2024-01-29'],
  ['-rw-r--r-- 1 bob users 531 2024-01-29T03:26:11Z iso', 'iso', f, 531, '2024-01-29T03:26:11'],
  ['-rw-r--r-- 1 bob users 531 2024-01-29T03:26 iso', 'iso', f, 531, '2024-01-29T03:26'],
  ['-rw-r--r-- 1 bob users 531 20240129 03:26 digits', 'digits', f, 531, '2024-01-29T03:26'],
  [
    '-rw-r--r-- 1 bob users 531 01/29/24 03:26 short year',
    'short year',
    f,
    531,
    '2024-01-29T03:26',
  ],
  [
    '-rw-r--r-- 1 bob users 531 29.01.24 03:26 short year',
    'short year',
    f,
    531,
    '2024-01-29T03:26',
  ],
  ['-rw-r--r-- 1 bob users 531 24-01-29 03:26 which order?', 'which order?', f, 531, ''],
  ['-rw-r--r-- 1 bob users 531 Jan 25 25:17 no time of a day', 'no time of a day', f, 531, ''],
  [
    '-rw-r--r-- 1 bob users 1 234 567 Jan 25 00:17 thousands',
    'thousands',
    f,
    1_234_567,
    '2026-01-25T00:17',
  ],
  [
    '-rw-r--r-- 1 bob users 1\xa0234\xa0567 Jan 25 00:17 thousands',
    'thousands',
    f,
    1_234_567,
    '2026-01-25T00:17',
  ],
  [
    '-rw-r--r-- 1 1000 100 567 Jan 25 00:17 no thousands',
    'no thousands',
    f,
    567,
    '2026-01-25T00:17',
  ],
  [
    '-rw-r--r-- 1 bob users 2 KB Jan 25 00:17 unit apart',
    'unit apart',
    f,
    2048,
    '2026-01-25T00:17',
  ],
  [
    '-rw-r--r-- 1 bob users -1 Jan 25 00:17 overflown',
    'overflown',
    f,
    undefined,
    '2026-01-25T00:17',
  ],
  ['drwxr-xr-x 1 bob users - Jan 25 00:17 dash', 'dash', d, undefined, '2026-01-25T00:17'],
  [
    '  -rw-r--r-- 1 bob users 12 Jan 25 00:17 blanks ahead',
    'blanks ahead',
    f,
    12,
    '2026-01-25T00:17',
  ],
  ['12345 4 -rw-r--r-- 1 bob users 12 Jan 25 00:17 ls -is', 'ls -is', f, 12, '2026-01-25T00:17'],
  ['mrwxr-xr-x 1 bob users 12 Jan 25 00:17 migrated', 'migrated', f, 12, '2026-01-25T00:17'],
  [
    '-rw-r--r--   1 alice    staff       531 29 3 03:26 day first',
    'day first',
    f,
    531,
    '2025-03-29T03:26',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 3 29 03:26 numbers alone',
    'numbers alone',
    f,
    531,
    '2025-03-29T03:26',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 03-08 13:45 short day',
    'short day',
    f,
    531,
    '2026-03-08T13:45',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 09-26 2019 short day, year',
    'short day, year',
    f,
    531,
    '2019-09-26',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 2021-06-07 21:22 iso',
    'iso',
    f,
    531,
    '2021-06-07T21:22',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 2021/06/07 21:22 slashes',
    'slashes',
    f,
    531,
    '2021-06-07T21:22',
  ],
  ['-rw-r--r--   1 alice    staff        96 2014.07.15   dots', 'dots', f, 96, '2014-07-15'],
  [
    '-rw-r--r--   1 alice    staff       531 24-04-2013 17:12 day first',
    'day first',
    f,
    531,
    '2013-04-24T17:12',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 24.04.2013 17:12 day first',
    'day first',
    f,
    531,
    '2013-04-24T17:12',
  ],
  ['-rw-r--r--   1 alice    staff       531 01-jun-99 named', 'named', f, 531, '1999-06-01'],
  [
    '-rw-r--r--   1 alice    staff       531 7-Mar-2024 10:11 named',
    'named',
    f,
    531,
    '2024-03-07T10:11',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 Feb 27 24:00 midnight',
    'midnight',
    f,
    531,
    '2026-02-28T00:00',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 Wed Jan 29 03:26:15 2003 weekday',
    'weekday',
    f,
    531,
    '2003-01-29T03:26:15',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 Thu,  5 Jun 2003 weekday too',
    'weekday too',
    f,
    531,
    '2003-06-05',
  ],
  ['-rw-r--r--   1 alice    staff       531 Jun  5  2003 Wed', 'Wed', f, 531, '2003-06-05'],
  ['-rw-r--r--   1 alice    staff       531 undated', 'undated', f, 531, ''],
  [
    '-rwxr-xr-x    1 alice    staff         9 Oct 08, 2012 09:47 comma',
    'comma',
    f,
    9,
    '2012-10-08T09:47',
  ],
  [
    '-rw-r--r--   1 alice    staff       531 Jan 29 03:26:15 2024 both',
    'both',
    f,
    531,
    '2024-01-29T03:26:15',
  ],
  [
    'dr-xr-xr-x   2 alice    staff      2235 26. Juli, 20:10 wörtlich',
    'wörtlich',
    d,
    undefined,
    '2025-07-26T20:10',
  ],
  [
    '-r-xr-xr-x   2 alice    staff      2235 2.   Okt.  2013 deutsch',
    'deutsch',
    f,
    2235,
    '2013-10-02',
  ],
  [
    utf8('-rw-r--r--   1 alice    staff      2235 Szept 12 2013 magyar'),
    'magyar',
    f,
    2235,
    '2013-09-12',
  ],
  [
    utf8('-rw-r--r--   1 alice    staff      2235 ápr. 12 2013 magyar'),
    'magyar',
    f,
    2235,
    '2013-04-12',
  ],
  [
    utf8('-rw-r--r--   1 alice    staff      2235 4月 18日 2013年 kanji'),
    'kanji',
    f,
    2235,
    '2013-04-18',
  ],
  [
    sjis('-rw-r--r--   1 alice    staff      2235  4月 18日 2013年 kanji'),
    'kanji',
    f,
    2235,
    '2013-04-18',
  ],
  [
    '-rw-r--r--   1 alice    staff      2235 2013   3\xed\xef 20 unknown signs',
    'unknown signs',
    f,
    2235,
    '2013-03-20',
  ],
  [
    '-rw-r--r--   1 alice    staff      2235 2\xed 17 08:52 unknown sign',
    'unknown sign',
    f,
    2235,
    '2026-02-17T08:52',
  ],
  [
    utf8('-rw-r--r--   1 alice    staff      2235 2월 17 08:52 hangul'),
    'hangul',
    f,
    2235,
    '2026-02-17T08:52',
  ],
  [
    utf8('-rw-r--r--   1 alice    staff      2235  2月 17 08:52 hanzi'),
    'hanzi',
    f,
    2235,
    '2026-02-17T08:52',
  ],
  [
    '-rw-r--r--   1 alice    staff     33.5k Jan 29 03:26 rounded',
    'rounded',
    f,
    34_304,
    '2026-01-29T03:26',
  ],
  [
    '-rw-r--r--   1 alice    staff       2KB Jan 29 03:26 rounded',
    'rounded',
    f,
    2048,
    '2026-01-29T03:26',
  ],
  [
    '-rw-r--r--   1 alice    staff     9,730 Jan 29 03:26 separated',
    'separated',
    f,
    9730,
    '2026-01-29T03:26',
  ],
  [
    '-rw-r--r--   1 alice    staff 1.234.567 Jan 29 03:26 separated',
    'separated',
    f,
    1_234_567,
    '2026-01-29T03:26',
  ],
  [
    '-rw-r--r--   1 alice123456 Jan 29 03:26 run together',
    'run together',
    f,
    123_456,
    '2026-01-29T03:26',
  ],
  [
    '-rw-r--r--   1 alice    staff123456 Jan 29 03:26 run together',
    'run together',
    f,
    undefined,
    '2026-01-29T03:26',
  ],
  [
    `-rw-r--r--   1 alice    ${'very '.repeat(20)}long group 5 Jan 29 03:26 f`,
    'f',
    f,
    5,
    '2026-01-29T03:26',
  ],
  [
    '0100644   500  101   12345    1234567890       mode in octal',
    'mode in octal',
    f,
    12_345,
    '2009-02-13T23:31:30',
  ],
  ['0040755   500  101   4096    1234567890       dir', 'dir', d, undefined, '2009-02-13T23:31:30'],
  [
    '-C--E-----FTP B BATCH01      18128       41 Jan 12 13:56 QUARTER',
    'QUARTER',
    f,
    41,
    '2026-01-12T13:56',
  ],
  [
    '-rw-r--r-- 1 bob users 77 12/14/2023 09:15 PM half apart',
    'half apart',
    f,
    77,
    '2023-12-14T21:15',
  ],
  [
    '-rw-r--r-- 1 bob users 77 2023-12-14 12:15 AM half apart',
    'half apart',
    f,
    77,
    '2023-12-14T00:15',
  ],
  [
    '-rw-r--r-- 1 bob users 77 12/14/23 12:15 p.m. half apart',
    'half apart',
    f,
    77,
    '2023-12-14T12:15',
  ],
  ['-rw-r--r-- 1 bob users 77 Dec 14 9:15 PM half apart', 'half apart', f, 77, '2025-12-14T21:15'],
  [
    '-rw-r--r-- 1 bob users 77 Dec 14 09:15:33 PM half apart',
    'half apart',
    f,
    77,
    '2025-12-14T21:15:33',
  ],
  [
    '-rw-r--r-- 1 bob users 77 Dec 14 09:15 PM is a name',
    'PM is a name',
    f,
    77,
    '2025-12-14T09:15',
  ],
  ['-rw-r--r-- 1 bob users 77 2023-12-14 09:15 PM', 'PM', f, 77, '2023-12-14T09:15'],
  ['-rw-r--r-- 1 bob users 77 2023-12-14 21:15 PM sheet', 'PM sheet', f, 77, '2023-12-14T21:15'],
  ['-rw-r--r-- 1 bob users 77 24/01/05 10:11 which order?', 'which order?', f, 77, ''],
  ['-rw-r--r-- 1 bob users 77 24/12/31 10:11 year first', 'year first', f, 77, '2024-12-31T10:11'],
  ['-rw-r--r-- 1 bob users 77 31/12/24 10:11 day first', 'day first', f, 77, '2024-12-31T10:11'],
  [utf8('-rw-r--r-- 1 bob users 77 14 юни 2023 bulgarian'), 'bulgarian', f, 77, '2023-06-14'],
  ['-rw-r--r-- 1 bob users 77 bal. 14 2023 lithuanian', 'lithuanian', f, 77, '2023-04-14'],
  ['drwxr-xr-x 2 bob users 77 Dec 14 12:00 marked/', 'marked', d, undefined, '2025-12-14T12:00'],
  [
    'lrwxrwxrwx 1 bob users 77 Dec 14 12:00 to nowhere ->',
    'to nowhere',
    'symlink',
    undefined,
    '2025-12-14T12:00',
  ],
  ['100644 1 bob users 77 Dec 14 12:00 mode in octal', 'mode in octal', f, 77, '2025-12-14T12:00'],
  [
    '0100755 1 bob users 77 2023-12-14 12:00 mode in octal',
    'mode in octal',
    f,
    77,
    '2023-12-14T12:00',
  ],
  [
    '040755 2 bob users 4096 Dec 14  2023 mode in octal',
    'mode in octal',
    d,
    undefined,
    '2023-12-14',
  ],
  [
    '-rw-r--r-- 1 bob users 531 2003 Jan 29 03:26 year ahead',
    'year ahead',
    f,
    531,
    '2003-01-29T03:26',
  ],
  [
    '-rw-r--r-- 1 bob 531 2003 Jan 29 03:26 group in digits',
    'group in digits',
    f,
    2003,
    '2026-01-29T03:26',
  ],
  [utf8('-rw-r--r-- 1 bob users 531 5月25日 2019 glued'), 'glued', f, 531, '2019-05-25'],
  [utf8('-rw-r--r-- 1 bob users 531 2019年 5月25日 glued'), 'glued', f, 531, '2019-05-25'],
];

const datesOfTheWorld: Sample[] = (
  [
    ['3 февраля 2019 г.', '2019-02-03'],
    ['3 февраля 2019 г. 10:11', '2019-02-03T10:11'],
    ['3 фев 2019 г.', '2019-02-03'],
    ['3 лютого 2019 р.', '2019-02-03'],
    ['3 de febrero de 2019', '2019-02-03'],
    ['3 de febrero de 2019 10:11', '2019-02-03T10:11'],
    ['3 de fev. 10:11', '2026-02-03T10:11'],
    ['3 de febrer 2019', '2019-02-03'],
    ['2019 m. vasario 3 d.', '2019-02-03'],
    ['2019 m. vasario 3 d. 10:11', '2019-02-03T10:11'],
    ['2019. gada 3. febr.', '2019-02-03'],
    ['٣ فبراير ٢٠١٩', '2019-02-03'],
    ['فبراير ٣ ١٠:١١', '2026-02-03T10:11'],
    ['3 ก.พ. 2562', '2019-02-03'],
    ['๓ ก.พ. ๒๕๖๒', '2019-02-03'],
    ['फ़र ०३ १०:११', '2026-02-03T10:11'],
    ['1549188672.123456789', '2019-02-03T10:11:12'],
    ['2019-02-03T10:11:12Z', '2019-02-03T10:11:12'],
    ['2019-02-03T10:11:12+01:00', '2019-02-03T09:11:12'],
    ['2019-02-03T10:11:12.5-0330', '2019-02-03T13:41:12'],
    ['31/2/19', ''],
    ['31/2/19 10:11', ''],
    ['31-02-19 10:11', ''],
    ['31/12/19', '2019-12-31'],
    ['2/3/19', '2019-02-03'],
  ] as const
).map(([date, time]) => {
  const name = 'a ٣ name';
  return [utf8(`-rw-r--r--   1 bob      users         531 ${date} ${name}`), name, f, 531, time];
});

const others: [system: string | undefined, ...Sample][] = [
  [undefined, '-  [RWCEAFMS] bob   12,345 Feb  3  2019 commas', 'commas', f, 12_345, '2019-02-03'],
  [
    undefined,
    utf8('2019/02/03  上午 10:11    <DIR>          half'),
    'half',
    d,
    undefined,
    '2019-02-03T10:11',
  ],
  [
    undefined,
    utf8('2019-02-03  오후 03:11               531 half'),
    'half',
    f,
    531,
    '2019-02-03T15:11',
  ],
  [
    undefined,
    'drwxr-xr-x - bob users - Feb 3 10:11 dashes',
    'dashes',
    d,
    undefined,
    '2026-02-03T10:11',
  ],
  [
    undefined,
    'INSTALL         <DIR>           11-16-94        17:17',
    'INSTALL',
    d,
    undefined,
    '1994-11-16T17:17',
  ],
  [
    undefined,
    'DESIGN1.DOC          11264      05-11-95        14:20',
    'DESIGN1.DOC',
    f,
    11_264,
    '1995-05-11T14:20',
  ],
  [
    undefined,
    'INSTALL        <DIR>        Nov 16 1994 17:17   ',
    'INSTALL',
    d,
    undefined,
    '1994-11-16T17:17',
  ],
  [
    undefined,
    'WPKIT1.EXE     960338       Jun 21 1995 17:01   RHA',
    'WPKIT1.EXE',
    f,
    960_338,
    '1995-06-21T17:01',
  ],
  [
    undefined,
    'QSECOFR  5120000 31/08/12 11:12:13 *FILE      KEPT.SAVF',
    'KEPT.SAVF',
    f,
    5_120_000,
    '2012-08-31T11:12:13',
  ],
  [undefined, 'QSECOFR  512 08/07/12 11:12:13 *STMF      which order?', 'which order?', f, 512, ''],
  [
    undefined,
    '05.02.2024  15:09    <DIR>          day first',
    'day first',
    d,
    undefined,
    '2024-02-05T15:09',
  ],
  [
    undefined,
    '05/02/2024  03:09 p. m.        208 three fields',
    'three fields',
    f,
    208,
    '2024-05-02T15:09',
  ],
  [
    'NONSTOP',
    'OBJ   700   1,234,567 18-Mar-24 15:09:12 244, 10 "nnnn"',
    'OBJ',
    f,
    1_234_567,
    '2024-03-18T15:09:12',
  ],
  [
    undefined,
    '12-07-03  14:56PM                  208 odd PM',
    'odd PM',
    f,
    208,
    '2003-12-07T14:56',
  ],
  [
    undefined,
    '27/04/2000  21:09         1\xa0234\xa0567 nbsp',
    'nbsp',
    f,
    1_234_567,
    '2000-04-27T21:09',
  ],
  [
    undefined,
    '27/04/2000  21:09         1 234 567 thousands',
    'thousands',
    f,
    1_234_567,
    '2000-04-27T21:09',
  ],
  [
    undefined,
    '04-27-00  09:09PM                    5 100 200',
    '100 200',
    f,
    5,
    '2000-04-27T21:09',
  ],
  [
    undefined,
    ' 04-27-00  09:09PM       <DIR>          lead',
    'lead',
    d,
    undefined,
    '2000-04-27T21:09',
  ],
  [
    undefined,
    '14-04-27  09:09PM       <DIR>          year first',
    'year first',
    d,
    undefined,
    '2014-04-27T21:09',
  ],
  [
    undefined,
    '27-04-14  09:09PM       <DIR>          day first',
    'day first',
    d,
    undefined,
    '2014-04-27T21:09',
  ],
  [
    undefined,
    '27/04/2000  21:09    <REP>          dossier',
    'dossier',
    d,
    undefined,
    '2000-04-27T21:09',
  ],
  [undefined, '20-Jan-2016  09:09             12 named', 'named', f, 12, '2016-01-20T09:09'],
  [
    undefined,
    'd [RWCEAFMS] Admin Of All    512       Jan 16 18:53    owner',
    'owner',
    d,
    undefined,
    '2026-01-16T18:53',
  ],
  [
    undefined,
    '- [R----F--] bob   214,059   20 Oct 15:27    day first',
    'day first',
    f,
    214_059,
    '2025-10-20T15:27',
  ],
  [
    undefined,
    '- [R----F--] 214059       Oct 20 15:27    no owner',
    'no owner',
    f,
    214_059,
    '2025-10-20T15:27',
  ],
  [
    undefined,
    'K.TXT;1   5KB  20-OCT-1999 12:01  [BOB,STAFF]',
    'K.TXT',
    f,
    5120,
    '1999-10-20T12:01',
  ],
  [
    undefined,
    '       1,234    A       02-11-03   16:15  comma',
    'comma',
    f,
    1234,
    '2003-02-11T16:15',
  ],
  [undefined, '       12    A       2003-02-11   16:15  iso', 'iso', f, 12, '2003-02-11T16:15'],
  [
    undefined,
    '          45056 04/13/06 14:19:31 *FILE      NOOWNER',
    'NOOWNER',
    d,
    undefined,
    '2006-04-13T14:19:31',
  ],
  [
    undefined,
    'QPGMR           4096                    *FILE      UNDATED',
    'UNDATED',
    d,
    undefined,
    '',
  ],
  [
    undefined,
    'QPGMR           1,024 04/13/24 14:06:34 *STMF      comma',
    'comma',
    f,
    1024,
    '2024-04-13T14:06:34',
  ],
  [undefined, '   1,005  Dec 1, 2002 02:13 comma', 'comma', f, 1005, '2002-12-01T02:13'],
  [
    undefined,
    'router.cfg       2014196   06/03/04  Thur.   10:20:03',
    'router.cfg',
    f,
    2_014_196,
    '2004-06-03T10:20:03',
  ],
  ['mlsd', 'type=OS.unix=slink:/a b;size=5; to a blank', 'to a blank', 'symlink', undefined, ''],
  ['mlsd', 'type=link;size=12; link', 'link', 'symlink', undefined, ''],
  ['mlsd', 'type=file;;size=12; one too many', 'one too many', f, 12, ''],
  ['mlsd', 'type=file;size=12;modify=20240102030405Z; Z', 'Z', f, 12, '2024-01-02T03:04:05'],
  ['mlsd', 'size=12;modify=20240102030405; no type', 'no type', 'other', 12, '2024-01-02T03:04:05'],
  [
    undefined,
    '2012-09-02  03:09 PM                9,730 half apart',
    'half apart',
    f,
    9730,
    '2012-09-02T15:09',
  ],
  [
    undefined,
    '2012-09-02  03:09 PM       <DIR>          half apart',
    'half apart',
    d,
    undefined,
    '2012-09-02T15:09',
  ],
  [
    undefined,
    '12/05/96  05:03PM       <DIR>          slashes',
    'slashes',
    d,
    undefined,
    '1996-12-05T17:03',
  ],
  [
    undefined,
    '04-27-00  09:09PM            1,234,567 big one',
    'big one',
    f,
    1_234_567,
    '2000-04-27T21:09',
  ],
  [
    undefined,
    ' 36611      A    04-23-103  10:57  os2 file',
    'os2 file',
    f,
    36_611,
    '2003-04-23T10:57',
  ],
  [
    undefined,
    '     0 DIR       02-11-103  16:15  os2 dir',
    'os2 dir',
    d,
    undefined,
    '2003-02-11T16:15',
  ],
  [
    undefined,
    '  1123 DIR  A    10-05-100  23:38  os2 dir',
    'os2 dir',
    d,
    undefined,
    '2000-10-05T23:38',
  ],
  [
    undefined,
    'NOTES.TXT;1       155   2-JUL-2013 10:30:13.64',
    'NOTES.TXT',
    f,
    undefined,
    '2013-07-02T10:30:13',
  ],
  [
    undefined,
    'UNTIMED.TXT;1    2/8    15-JAN-2010    [GUEST]   (,,,)',
    'UNTIMED.TXT',
    f,
    undefined,
    '2010-01-15',
  ],
  [
    undefined,
    'LATE.TXT;1    5-JUL-2011 10:11 12 [ALICE,STAFF] (RWED,RWED,,)',
    'LATE.TXT',
    f,
    undefined,
    '2011-07-05T10:11',
  ],
  [
    undefined,
    'QSYS            77824 02/23/00 15:09:55 *DIR       home/',
    'home',
    d,
    undefined,
    '2000-02-23T15:09:55',
  ],
  [
    undefined,
    'QSYS            77824 23/02/00 15:09:55 *STMF      r.txt',
    'r.txt',
    f,
    77_824,
    '2000-02-23T15:09:55',
  ],
  [
    undefined,
    'IDENT         101             528  6-Apr-07 14:21:18   255, 0 "oooo"',
    'IDENT',
    f,
    528,
    '2007-04-06T14:21:18',
  ],
  [
    undefined,
    'PROFILE  EXEC     V         65        107          2 2015-10-04 15:28:42 060191',
    'PROFILE.EXEC',
    f,
    undefined,
    '2015-10-04T15:28:42',
  ],
  [
    undefined,
    'TOOLS    DIR      -          -          -          - 2015-10-04 15:28:42 -',
    'TOOLS',
    d,
    undefined,
    '2015-10-04T15:28:42',
  ],
  [
    undefined,
    '206876  Apr 04, 2010 21:06 from vshell',
    'from vshell',
    f,
    206_876,
    '2010-04-04T21:06',
  ],
  [
    undefined,
    '0  Dec 12, 2012 02:13 from vshell/',
    'from vshell',
    d,
    undefined,
    '2012-12-12T02:13',
  ],
  [
    undefined,
    '    1024    NOV-12-1997  09:25:10   boot.cfg',
    'boot.cfg',
    f,
    1024,
    '1997-11-12T09:25:10',
  ],
  [
    undefined,
    '     512    Jan-04-2000  00:00:00   LOGS              <DIR>',
    'LOGS',
    d,
    undefined,
    '2000-01-04T00:00:00',
  ],
  [
    undefined,
    '   0.0    13/02/07 1442   d-ewrewr   8A4      1024   CMDS',
    'CMDS',
    d,
    undefined,
    '2013-02-07T14:42',
  ],
  [
    undefined,
    '   0.0    13/02/07 1442   ------wr   8A5       220   startup',
    'startup',
    f,
    220,
    '2013-02-07T14:42',
  ],
  [undefined, 'USER01   JOB01906  OUTPUT    3 Spool Files', 'JOB01906', f, undefined, ''],
  [
    undefined,
    'V43525 3390   2014/03/04  1    3  FB      80  3125  PO  ALICE.DATA',
    'ALICE.DATA',
    d,
    undefined,
    '2014-03-04',
  ],
  [
    'mlsd',
    'type=file;size=3;modify=20140102030405 no last semicolon',
    'no last semicolon',
    f,
    3,
    '2014-01-02T03:04:05',
  ],
  ['mlsd', 'type=file;size=3;modify=20140102030405;\ta tab', 'a tab', f, 3, '2014-01-02T03:04:05'],
  ['mlsd', ' no facts', 'no facts', 'other', undefined, ''],
  [
    undefined,
    '02.09.2014  16:26    <VERBINDUNG>   link [C:\\x]',
    'link',
    'symlink',
    undefined,
    '2014-09-02T16:26',
  ],
  [undefined, 'D.TXT;1   8-SEP-96 16:09 12', 'D.TXT', f, undefined, '1996-09-08T16:09'],
  [
    undefined,
    '-[RWCEAFMS] 1 BOB                12345 Jan 16  2003 links',
    'links',
    f,
    12_345,
    '2003-01-16',
  ],
  [
    undefined,
    'Migrated                                     ALICE.OLD',
    'ALICE.OLD',
    f,
    undefined,
    '',
  ],
  [
    undefined,
    'Tape                                         ALICE.TAPE',
    'ALICE.TAPE',
    f,
    undefined,
    '',
  ],
  [
    undefined,
    'ARCIVE Not Direct Access Device              ALICE.KEPT',
    'ALICE.KEPT',
    f,
    undefined,
    '',
  ],
  [undefined, 'Pseudo Directory                             ALICE', 'ALICE', d, undefined, ''],
  [
    undefined,
    'LOADMOD1 00B308 000411  00 FO                31    ANY',
    'LOADMOD1',
    f,
    undefined,
    '',
  ],
  [
    undefined,
    'LOADMOD2 00B308 000411 ALIASED  00 FO    RU    ANY  24',
    'LOADMOD2',
    f,
    undefined,
    '',
  ],
];

const seen = (text: string, system?: string) =>
  parse(text, system).entries.map(({ name, type, size, modified }) => ({
    name,
    type,
    size,
    time: modified?.toISOString(),
  }));
const expected = ([, name, type, size, time]: Sample) => ({
  name,
  type,
  size,
  time: time === '' ? undefined : expect.stringMatching(`^${time}`),
});

describe('one line of each kind', () => {
  it.each(datesOfTheWorld)('%s', (...sample) =>
    expect(seen(`${sample[0]}\r\n`)).toEqual([expected(sample)]),
  );
  it.each(unix)('%s', (...sample) => expect(seen(`${sample[0]}\r\n`)).toEqual([expected(sample)]));
  it.each(others)('%s %s', (system, ...sample) => {
    expect(seen(`${sample[0]}\r\n`, system)).toEqual([expected(sample)]);
  });
});

describe('whose it is', () => {
  it.each([
    ['-C--E-----FTP B BATCH01      18128       41 Jan 12 13:56 QUARTER', 'BATCH01', undefined],
    ['A.TXT;1  4/9  15-DEC-2003 15:04:05  [STAFF,ALICE]  (RWED,RWED,RE,)', 'ALICE', 'STAFF'],
    ['A.TXT;1  4/9  15-DEC-2003 15:04:05  [300,1]  (RWED,RWED,RE,)', '1', '300'],
    ['A.TXT;1  4/9  15-DEC-2003 15:04:05  [SYSTEM]  (RWED,RWED,RE,)', 'SYSTEM', undefined],
    ['-rw-r--r-- 1 alice Domain Users 5 Jan 12 13:56 f', 'alice', 'Domain Users'],
    ['-rw-r--r-- 1 5 Jan 12 13:56 f', undefined, undefined],
    ['drwxr-xr-x folder 2 May 10  1996 network', 'folder', undefined],
  ])('%s', (line, owner, group) => {
    const [entry] = parse(`${line}\r\n`).entries;
    expect([entry?.owner, entry?.group]).toEqual([owner, group]);
  });
});

describe('a year that is not shown', () => {
  const at = (line: string, clock: string) =>
    parseListing(octets(`-rw-r--r-- 1 a b 5 ${line} f\r\n`), { now: new Date(clock) })
      .entries[0]?.modified?.toISOString()
      .slice(0, 16);
  it.each([
    ['Dec 31 23:59', '2026-01-01T00:00:30Z', '2025-12-31T23:59'],
    ['Jan  1 00:00', '2025-12-31T23:59:30Z', '2026-01-01T00:00'], // the server's clock is ahead
    ['Jan  2 00:00', '2025-12-31T12:00:00Z', '2025-01-02T00:00'],
    ['Jan  1 00:00', '2026-01-01T00:00:00Z', '2026-01-01T00:00'],
    ['Feb 29 12:00', '2028-02-28T13:00:00Z', '2028-02-29T12:00'],
    ['Feb 29 12:00', '2028-02-27T11:00:00Z', '2024-02-29T12:00'],
    ['31. Dez 23:59', '2026-01-01T00:00:30Z', '2025-12-31T23:59'],
    ['12-31 23:59', '2026-01-01T00:00:30Z', '2025-12-31T23:59'],
  ])('%s, read at %s', (line, clock, time) => {
    expect(at(line, clock)).toBe(time);
  });
});

describe('a date of an unknown kind', () => {
  it.each(['1709806272 name', 'Mar.07.2024 name', '7~3~2019 name'])('%s is no name', (rest) => {
    const { entries, problems } = parse(`-rw-r--r-- 1 bob users 531 ${rest}\r\n`);
    expect(entries).toEqual([]);
    expect(problems).toHaveLength(1);
  });
});

describe('together', () => {
  it('Unix lines of every kind are read beside each other', () => {
    const text = `total 9\r\n${unix.map(([line]) => `${line}\r\n`).join('')}`;
    const { problems } = parse(text);
    expect(problems).toEqual([]);
    expect(seen(text)).toEqual(unix.map(expected));
  });

  it('a DOS line in a Unix listing is an entry, and the reverse', () => {
    const dos = '04-27-00  09:09PM       <DIR>          windows';
    const ls = 'drwxr-xr-x 2 a b 4096 Jan 29 03:26 unix';
    for (const text of [`${ls}\r\n${dos}\r\n`, `${dos}\r\n${ls}\r\n`]) {
      expect(parse(text).problems).toEqual([]);
      expect(
        seen(text)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['unix', 'windows']);
    }
  });

  it("a link's target on a line of its own is no entry", () => {
    const text =
      'lrwxrwxrwx 1 a b 7 Jan 29 03:26 bin\r\n   -> usr/bin\r\n-rw-r--r-- 1 a b 7 Jan 29 03:26 f\r\n';
    expect(seen(text).map(({ name }) => name)).toEqual(['bin', 'f']);
  });

  it('a target behind the lines of others is not taken for that of a link', () => {
    const file = '-rw-r--r-- 1 a b 7 Jan 29 03:26 ';
    const text = `${file}e\r\nlrwxrwxrwx 1 a b 7 Jan 29 03:26 bin\r\n${file}f\r\n   -> usr/bin\r\n`;
    expect(seen(text).map(({ name }) => name)).toEqual(['e', 'bin', 'f']);
    expect(parse(text).problems).toHaveLength(1);
  });

  it('paths, marks of `ls -F`, the directory itself and long lines are told apart among lines alike', () => {
    const begin = ' 1 bob users 7 Jan 29 03:26 ';
    const lines = [
      '-a',
      '-b',
      'd.',
      'd..',
      'dc/',
      'dd',
      '-top/e',
      `-${'x'.repeat(90)}`,
      '-..',
      '-f',
    ].map((each) => `${each.charAt(0)}rw-r--r--${begin}${each.slice(1)}\r\n`);
    const { entries, problems } = parseListing(octets(lines.join('')), {
      now,
      directory: 'top',
      lineOctets: 100,
    });
    expect(entries.map(({ path }) => path)).toEqual([
      'top/a',
      'top/b',
      'top/.',
      'top/..',
      'top/c',
      'top/d',
      'top/e',
      'top/..',
      'top/f',
    ]);
    expect(problems.map(({ line }) => line)).toEqual([8]);
  });

  it.each([
    ['ls -R', `.:\r\ntotal 8\r\n${row('a')}\r\n./a:\r\ntotal 4\r\n${row('b')}`],
    ['ls -R without a heading', `${row('a')}\r\na:\r\n${row('b')}`],
    ['ls -R of an empty directory above', `total 0\r\n\r\nsub:\r\n${row('b')}`],
    ['ls -R of nothing above', `.:\r\n\r\n./sub:\r\n${row('b')}`],
    [
      'dir /s',
      ` Directory of C:\\\r\n\r\n04-27-00  09:09PM       <DIR>          a\r\n\r\n Directory of C:\\a\r\n\r\n04-27-00  09:09PM       <DIR>          b\r\n`,
    ],
    [
      'DIR [...]',
      `Directory D:[X]\r\n\r\nA.DIR;1 1 8-SEP-1996 16:09\r\n\r\nTotal of 1 file, 1 block.\r\n\r\nDirectory D:[X.A]\r\n\r\nB.;1 1 8-SEP-1996 16:09\r\n\r\nGrand total of 2 directories, 2 files, 2 blocks.\r\n`,
    ],
  ])('%s: what another directory holds is left out, and that is said', (_how, text) => {
    const { entries, problems } = parse(text);
    expect(entries.map(({ name }) => name.toLowerCase())).not.toContain('b');
    expect(entries.length).toBeLessThan(2);
    expect(problems.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('another directory'),
    ]);
  });

  it('VMS: a name of its own line, continued in the first column', () => {
    const text =
      'Directory DISK$A:[ALICE]\r\n\r\nA_NAME_THAT_IS_TOO_LONG_FOR_ITS_COLUMN.TXT;1\r\n5  8-SEP-1996 16:09 [ALICE] (RWED,RWED,RE,RE)\r\nB.DIR;1 1 8-SEP-1996 16:09 [ALICE] (RWED,,,)\r\n\r\nTotal of 2 files, 6 blocks\r\n';
    expect(parse(text).problems).toEqual([]);
    expect(parse(text).entries.map(({ name, type, blocks }) => [name, type, blocks])).toEqual([
      ['A_NAME_THAT_IS_TOO_LONG_FOR_ITS_COLUMN.TXT', 'file', 5],
      ['B', 'directory', undefined],
    ]);
  });

  it.each([
    [
      'NonStop',
      'File         Code             EOF  Last Modification    Owner  RWEP\r\nIDENT  101  528  6-Apr-07 14:21:18 255, 0 "oooo"\r\n',
      ['IDENT'],
    ],
    [
      'VxWorks',
      '  size          date       time       name\r\n--------       ------     ------    --------\r\n    1024    NOV-12-1997  09:25:10   boot.cfg\r\n',
      ['boot.cfg'],
    ],
    [
      'OS-9',
      '                           Directory of . 11:52:50\r\n Owner    Last modified  Attributes Sector Bytecount Name\r\n-------   -------------  ---------- ------ --------- ----\r\n   0.0    13/02/07 1442   d-ewrewr   8A4      1024   CMDS\r\n',
      ['CMDS'],
    ],
    [
      'JES',
      'JOBNAME  JOBID    OWNER    STATUS CLASS\r\nALICEA   JOB00054 ALICE    OUTPUT A        RC=0000 3 spool files\r\n',
      ['JOB00054'],
    ],
    [
      'Stratus VOS',
      'Files: 2  Blocks: 13\r\n\r\nw         12  stm  98-04-03  16:37:40  abbrevs\r\nr          1  seq  98-04-03  16:37:40  a b\r\n\r\nDirs: 1\r\n\r\nm          1       98-03-19  21:15:29  letters\r\n\r\nLinks: 1\r\n\r\n98-03-19  21:15:29  old  ->  %s1#m1>Sales\r\n',
      ['abbrevs', 'a b', 'letters', 'old'],
    ],
    [
      'Cisco IOS',
      'Directory of flash:/\r\n\r\n    1  -rwx    13332480   Mar 1 1993 00:01:02 +00:00  image.bin\r\n    2  drwx         192   Mar 1 1993 00:06:33  html\r\n    3  -rw-        1938                    <no date>  vlan.dat\r\n\r\n27998208 bytes total (14665536 bytes free)\r\n',
      ['image.bin', 'html', 'vlan.dat'],
    ],
    [
      'Unisys MCP',
      'Report for: (ALICE)= ON PACK\r\nSOURCE/ONE        SEQDATA        6804  11/05/2003  15:46:40\r\n         1 Files          6804 Octets\r\n',
      ['SOURCE/ONE'],
    ],
    [
      'a load library',
      ' Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode\r\nIEFBR14   000008   000411          00 FO             RN RU            31    ANY\r\n',
      ['IEFBR14'],
    ],
  ])('%s with its heading', (_name, text, names) => {
    const { entries, problems } = parse(text);
    expect(entries.map(({ name }) => name)).toEqual(names);
    expect(problems).toEqual([]);
  });
});

it.each([
  'total 1.5M',
  'Gesamt 4,0K',
  ' Volume in drive C has no label.\r\n Volume Serial Number is 1234-ABCD\r\n\r\n Directory of C:\\ftp\r\n\r\n04-27-00  09:09PM       <DIR>          d\r\n               1 File(s)         12,345 bytes\r\n               2 Dir(s)  12,345,678 bytes free',
])('what stands around entries is no problem: %s', (text) => {
  expect(parse(`${text}\r\n`).problems).toEqual([]);
});

describe('what is not understood is a problem, and never a wrong name', () => {
  it.each([
    'ls: cannot open directory: Permission denied',
    'type=file;size=12;name without the blank',
    'BOB.ALIAS Non-VSAM alias',
    '-?????????   ? ?      ?          ?            ? what ls can not see',
    '-rw-r--r-- 1 a b 531 32 13 03:26 name',
    '-rw-r--r-- 1 a b 531 10:11 Jan 29 2024 the time ahead of the date',
    '-rw-r--r-- 1 a b 531 10:11 29 Jan 2024 the time ahead of the date',
    '-rw-r--r-- 1 a b 531 08.01 a day and a month, or a name',
    '-rw-r--r-- 1 a b 531 8.01 2023 a day and a month, or a name',
    '04-27-00  09:09PM       <UNKNOWN>      what',
    'some=thing else',
    'an answer in words',
    '226 Transfer complete.',
    '<html><body>a page</body></html>',
  ])('%s', (line) => {
    const { entries, problems } = parse(`${line}\r\n`);
    expect(entries).toEqual([]);
    expect(problems).toHaveLength(1);
  });

  it('any octets give entries or problems, and no entry has the name of another line', () => {
    const lines = [...unix.map(([line]) => line), ...others.map(([, line]) => line)];
    const line = fc.oneof(
      fc.constantFrom(...lines),
      fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each).toString('latin1')),
      fc
        .tuple(fc.constantFrom(...lines), fc.nat(80), fc.nat(80))
        .map(([each, from, length]) => each.slice(0, from) + each.slice(from + (length % 7))),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (given) => {
        const text = given.map((each) => each.replace(/[\r\n]/g, '')).join('\r\n');
        const { entries, problems } = parse(text);
        expect(entries.length + problems.length).toBeLessThanOrEqual(given.length);
        for (const { rawPath, raw, blocks, precision } of entries) {
          const path = Buffer.from(rawPath).toString('latin1');
          const shown = Buffer.from(raw).toString('latin1');
          const isVms =
            blocks !== undefined || (precision !== 'none' && /\d-[A-Z]{3}-\d/i.test(shown));
          const isZvm = path.split('.').every((part) => shown.includes(part));
          expect(shown.includes(path) || isVms || isZvm).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('what stands around entries', () => {
  const entry = '-rw-r--r--   1 a b 96 May 14 08:01 x';
  it.each([
    ['total 8', entry, 'total 8'],
    [entry, '1 file(s), 96 bytes'],
    [entry, 'Total: 1 files'],
    [entry, '', '12 entries listed.'],
    ['Listing of /pub', 'Permissions  Links  Owner  Group  Size  Date  Name', entry],
    ['03-07-25  09:05AM                 5 x', '     1 files      5 bytes'],
  ])('is no problem: %s', (...lines) => {
    const { entries, problems } = parse(lines.join('\r\n'));
    expect(entries.map(({ name }) => name)).toEqual(['x']);
    expect(problems).toEqual([]);
  });

  it.each([
    ['3 files'],
    ['total: 3 files, 12 bytes'],
    [entry, '', 'sub:', 'total 3', entry],
    [entry, 'ls: cannot access y: Permission denied'],
    [entry, '226 Transfer complete.'],
  ])('does not hide what was not understood: %s', (...lines) => {
    expect(parse(lines.join('\r\n')).problems).not.toEqual([]);
  });
});

describe('months as each language abbreviates them', () => {
  it.each([
    'de Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.',
    'fr janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.',
    'es ene feb mar abr may jun jul ago sept oct nov dic',
    'it gen feb mar apr mag giu lug ago set ott nov dic',
    'pt jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.',
    'nl jan feb mrt apr mei jun jul aug sep okt nov dec',
    'sv jan. feb. mars apr. maj juni juli aug. sep. okt. nov. dec.',
    'da jan. feb. mar. apr. maj jun. jul. aug. sep. okt. nov. dec.',
    'pl sty lut mar kwi maj cze lip sie wrz paź lis gru',
    'hu jan. febr. márc. ápr. máj. jún. júl. aug. szept. okt. nov. dec.',
    'tr Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara',
    'ru янв. февр. мар. апр. мая июн. июл. авг. сент. окт. нояб. дек.',
    'uk січ. лют. бер. квіт. трав. черв. лип. серп. вер. жовт. лист. груд.',
    'el Ιαν Φεβ Μαρ Απρ Μαΐ Ιουν Ιουλ Αυγ Σεπ Οκτ Νοε Δεκ',
    'ro ian. feb. mar. apr. mai iun. iul. aug. sept. oct. nov. dec.',
  ])('%s', (row) => {
    const [, ...names] = row.split(' ');
    names.forEach((each, month) => {
      const name = utf8(each);
      for (const date of [`14 ${name} 2023`, `${name} 14  2023`]) {
        const [read] = parse(`-rw-r--r--   1 a b 5 ${date} x`).entries;
        expect([read?.name, read?.modified]).toEqual(['x', new Date(Date.UTC(2023, month, 14))]);
      }
    });
  });
});

describe('the time behind a day, however it is written, is no part of the name', () => {
  const forms: readonly [date: string, time: string][] = [
    ['5 Jan 24 12:34', '12:34:00'],
    ['5 Jan 24 12:34:56', '12:34:56'],
    ['5.1.2024 12.34', '12:34:00'],
    ['05.01.2024 12.34.56', '12:34:56'],
    ['05-01-2024 12.34', '12:34:00'],
    ['2024/01/05 12.34', '12:34:00'],
    ['2024-01-05 at 12:34', '12:34:00'],
    ['2024-01-05 at 1:34 PM', '13:34:00'],
    ['2024-01-05 kl. 12.34', '12:34:00'],
    ['5.1.2024 klo 12.34', '12:34:00'],
    ['2024-01-05 um 12:34', '12:34:00'],
    ['2024-01-05 \xc3\xa0 12h34', '12:34:00'],
    ['2024-01-05 12h34', '12:34:00'],
    ['20240105 123456', '12:34:56'],
    ['Jan 5 2024 12:34 PM', '12:34:00'],
    ['Jan 5 2024 12:34 am', '00:34:00'],
    ['Jan 5 12:34 PM', '12:34:00'],
    ['Jan 5 2024 12.34', '12:34:00'],
    ['Jan 5 2024 - 12:34', '12:34:00'],
    ['5 Jan 2024 at 12:34', '12:34:00'],
    ['5 Jan 2024 12:34', '12:34:00'],
  ];
  it.each(forms)('%s', (date, time) => {
    const ahead = '-rw-r--r-- 1 alice staff 1234 ';
    for (const name of ['name', 'two words', '12 o clock']) {
      const { entries, problems } = parseListing(
        Buffer.from(`${ahead}${date} ${name}\r\n`, 'latin1'),
        {
          now: new Date('2024-06-01'),
        },
      );
      expect(problems).toEqual([]);
      expect(entries).toMatchObject([
        { name, size: 1234, modified: new Date(`2024-01-05T${time}Z`) },
      ]);
    }
  });

  it('a zone behind it as well', () => {
    const line = '-rw-r--r-- 1 alice staff 1234 2024-01-05 12:34 +0100 name\r\n';
    expect(parseListing(Buffer.from(line)).entries).toMatchObject([
      { name: 'name', modified: new Date('2024-01-05T11:34:00Z'), zone: 'utc' },
    ]);
  });

  it.each([
    ['Jan  5  2024', '12.34 name'],
    ['Jan  5  2024', 'at 12:34 name'],
    ['Jan  5 12:34', 'PM name'],
    ['Jan 15 12:34', 'PM name'],
    ['2024-01-05 12:34', 'PM'],
    ['2024-01-05 12:34', '12.34 name'],
    ['2024-01-05', 'at noon'],
    ['2024-01-05', '12.345 name'],
    ['2024-01-05', '12.34'],
  ])('as `ls` writes %s, %s is a name', (date, name) => {
    const line = `-rw-r--r-- 1 alice staff 1234 ${date} ${name}\r\n`;
    const { entries } = parseListing(Buffer.from(line), { now: new Date('2024-06-01') });
    expect(entries).toMatchObject([{ name, size: 1234 }]);
  });
});
