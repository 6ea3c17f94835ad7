/** yEnc, uuencode, NZB and names: what is made is read again, what is damaged is told, and nothing explodes. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import { crc32, crc32ByTable } from '../src/binaries/crc32.js';
import { formatNzb, parseNzb, safeName, uu, YencDecoder, YencEncoder, yenc } from '../src/index.js';

const octets = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .array(fc.constantFrom(0xd6, 0xe0, 0xe3, 0x13, 0x04, 0, 42, 0xf3, 0x03), { maxLength: 400 })
    .map((all) => Uint8Array.from(all)),
);
const cuts = fc.array(fc.nat(600), { maxLength: 8 });
const cut = (all: Buffer, at: number[]): Buffer[] => {
  const points = [...new Set(at.filter((c) => c < all.length))].sort((a, b) => a - b);
  return [0, ...points].map((from, i) => all.subarray(from, points[i] ?? all.length));
};

describe('yEnc', () => {
  it('decodes what it encodes, for every content, line length, place in memory and cut', () => {
    fc.assert(
      fc.property(
        octets,
        fc.integer({ min: 1, max: 254 }),
        fc.nat(3),
        cuts,
        (content, line, shift, at) => {
          const encoded = yenc.encode(content, { name: 'a b.bin', line });
          const memory = Buffer.alloc(encoded.length + shift);
          encoded.copy(memory, shift);
          const found = yenc.decode(memory.subarray(shift));
          expect(found?.content.equals(content)).toBe(true);
          expect(found).toMatchObject({
            name: 'a b.bin',
            crcOk: true,
            problems: [],
            octets: content.length,
            offset: 0,
          });
          const decoder = new YencDecoder();
          const pieces = cut(encoded, at).map((piece) => decoder.decode(piece));
          expect(Buffer.concat(pieces).equals(content)).toBe(true);
          expect(decoder.finish()).toEqual(
            (({ content: _, ...part }) => part)(found as NonNullable<typeof found>),
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('writes lines as yEnc wants them, and none that begins with a dot', () => {
    fc.assert(
      fc.property(octets, fc.integer({ min: 1, max: 254 }), (content, line) => {
        const rows = yenc.encode(content, { name: 'x', line }).toString('latin1').split('\r\n');
        const data = rows.slice(1, -2);
        for (const [at, row] of data.entries()) {
          expect(/[\0\r\n]|^\./.test(row)).toBe(false);
          expect(row.length).toBeLessThanOrEqual(line + 1);
          if (at < data.length - 1) expect(row.length).toBeGreaterThanOrEqual(line);
        }
      }),
    );
  });

  it('streams a part of a file, in whatever pieces', async () => {
    const content = Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * i) & 255));
    const part = { number: 2, total: 3, offset: 10_000, fileSize: 15_000 };
    for (const size of [1, 7, 128, 4_096, 5_000]) {
      const pieces = Array.from({ length: Math.ceil(5_000 / size) }, (_, i) =>
        content.subarray(i * size, (i + 1) * size),
      );
      const encoder = Readable.from(pieces).pipe(
        new YencEncoder({ name: 'ü.bin', size: 5_000, part }),
      );
      const encoded = await buffer(encoder);
      expect(encoded.equals(yenc.encode(content, { name: 'ü.bin', part }))).toBe(true);
      const decoder = Readable.from(cut(encoded, [10, 300, 301, 3_000])).pipe(new YencDecoder());
      expect((await buffer(decoder)).equals(content)).toBe(true);
      expect(decoder.part).toMatchObject({
        name: 'ü.bin',
        part: 2,
        total: 3,
        offset: 10_000,
        size: 15_000,
        octets: 5_000,
        crcOk: true,
        problems: [],
      });
    }
  });

  it('fails where other octets come than were named', async () => {
    const encoder = Readable.from([Buffer.from('abc')]).pipe(
      new YencEncoder({ name: 'x', size: 4 }),
    );
    await expect(buffer(encoder)).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'size' });
    expect(() => yenc.encode(Buffer.alloc(0), { name: 'a\r\nb' })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });

  it.each([
    ['a missing =yend', (text: string) => text.replace(/=yend.*\r\n/, ''), ['=yend is missing']],
    [
      'a wrong CRC',
      (text: string) => text.replace(/crc32=\w+/, 'crc32=12345678'),
      [expect.stringMatching(/^the CRC is/)],
    ],
    [
      'a lost octet',
      (text: string) => text.replace('\x8b', ''),
      [
        expect.stringMatching(/octets came/),
        expect.stringMatching(/=ybegin says/),
        expect.stringMatching(/CRC/),
      ],
    ],
    [
      '64 bits of CRC (sabctools#96)',
      (text: string) => text.replace('crc32=', 'crc32=FFFFFFFF'),
      [],
    ],
    ['text before and behind', (text: string) => `Hi =ybegin\r\n\r\n${text}\r\n-- \r\n`, []],
    ['bare line feeds', (text: string) => text.replaceAll('\r\n', '\n'), []],
  ])('%s', (_, change, problems) => {
    const encoded = yenc.encode(Buffer.from('some octets, and a few more'), {
      name: 'a',
      line: 10,
    });
    const found = yenc.decode(
      Buffer.from(change(encoded.toString('latin1').replace('\x9d', '\x9d')), 'latin1'),
    );
    expect(found?.problems).toEqual(problems);
  });

  const part = { number: 1, total: 2, offset: 0, fileSize: 10 };
  it.each<[string, (text: string) => string, unknown[]]>([
    ['=ypart beyond the file', (t) => t.replace('end=5', 'end=11'), [/octets came/, /ends at 11/]],
    [
      '=ypart that ends before it begins',
      (t) => t.replace('begin=1 end=5', 'begin=5 end=1'),
      [/5 to 1/],
    ],
    ['no =ypart', (t) => t.replace(/=ypart.*\r\n/, ''), [/=ypart is missing/]],
    [
      'the =yend of another part',
      (t) => t.replace('=yend size=5 part=1', '=yend size=5 part=2'),
      [/part 2/],
    ],
    ['a =yend of another size', (t) => t.replace('=yend size=5', '=yend size=6'), [/says 6/]],
    ['a CRC with 0x', (t) => t.replace('pcrc32=', 'pcrc32=0x'), []],
    ['blanks behind =yend', (t) => t.replace(/\r\n$/, '  \r\n'), []],
    [
      'blanks behind a line of data',
      (t) => t.replace('\r\n=yend', ' \r\n=yend'),
      [/6 octets/, /6 octets/, /CRC/],
    ],
    ['a line longer than announced', (t) => t.replace('line=128', 'line=2'), []],
    ['an empty line in the data', (t) => t.replace('\r\n=yend', '\r\n\r\n=yend'), []],
    ['a name with blanks and a keyword', (t) => t.replace('name=x', 'name=a b size=7 name=c'), []],
  ])('of a part: %s', (_, change, problems) => {
    const encoded = yenc.encode(Buffer.from('hello'), { name: 'x', part }).toString('latin1');
    const found = yenc.decode(Buffer.from(change(encoded), 'latin1'));
    expect(found?.problems).toEqual(problems.map((each) => expect.stringMatching(each as RegExp)));
  });

  describe('several files in a body', () => {
    const [one, two] = ['hello', 'world!'].map((content, at) =>
      yenc.encode(Buffer.from(content), { name: `${at}.bin` }).toString('latin1'),
    ) as [string, string];
    const both = (text: string) =>
      yenc
        .decodeAll(Buffer.from(text, 'latin1'))
        .map(({ name, content, problems }) => [name, content.toString(), problems]);

    it('each has its own end', () => {
      expect(yenc.decode(Buffer.from(one + two, 'latin1'))).toMatchObject({
        name: '0.bin',
        crcOk: true,
        problems: [],
      });
      expect(both(`Hi.\r\n${one}and\r\n${two}-- \r\n`)).toEqual([
        ['0.bin', 'hello', []],
        ['1.bin', 'world!', []],
      ]);
    });

    it('one without an end has not that of the next', () => {
      const cut = one.replace(/=yend.*\r\n/, '');
      expect(both(cut + two)).toEqual([
        ['0.bin', 'hello', ['=yend is missing']],
        ['1.bin', 'world!', []],
      ]);
      expect(yenc.decode(Buffer.from(cut + two, 'latin1'))?.problems).toEqual(['=yend is missing']);
    });

    it('none is an empty list', () => {
      expect(yenc.decodeAll(Buffer.from('hello'))).toEqual([]);
    });
  });

  it('finds none in other texts, and takes anything in linear time', () => {
    expect(yenc.decode(Buffer.from('hello\r\n'))).toBe(undefined);
    const unit = fc.constantFrom(
      '=',
      'y',
      '=ybegin part=1 line=1 size=2 name=x',
      '=ypart begin=1 end=2',
      '=yend size=2',
      '\r\n',
      '\n',
      'a',
      '=y',
    );
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 60 }),
        (text) => void yenc.decode(Buffer.from(text, 'latin1')),
      ),
    );
    const long = Buffer.alloc(4 << 20, '=y\n=');
    // A second look at each octet for each one before it would not end within the limit of a test.
    const found = yenc.decode(
      Buffer.concat([Buffer.from('=ybegin line=128 size=1 name=x\n'), long]),
    );
    expect(found?.problems).not.toEqual([]);
  });

  it('has a CRC without zlib', () => {
    fc.assert(
      fc.property(octets, octets, (a, b) => {
        expect(crc32ByTable(b, crc32ByTable(a, 0))).toBe(crc32(Buffer.concat([a, b]), 0));
        if (zlibCrc32 !== undefined) expect(crc32ByTable(a, 0)).toBe(zlibCrc32(a));
      }),
    );
    expect(crc32ByTable(Buffer.from('123456789'), 0)).toBe(0xcbf43926);
  });
});

describe('uuencode', () => {
  // From POSIX: uuencode of "Cat" and of 46 octets.
  const article = 'Hi.\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n';
  it('decodes a file, and the middle of one', () => {
    expect(uu.decode(Buffer.from(article))).toEqual({
      name: 'cat.txt',
      mode: 0o644,
      content: Buffer.from('Cat'),
      problems: [],
    });
    const line = `M${'0V%T'.repeat(15)}`;
    expect(uu.decode(Buffer.from(`${line}\r\n${line}\r\n`))).toEqual({
      name: undefined,
      mode: undefined,
      content: Buffer.from('Cat'.repeat(30)),
      problems: [],
    });
    expect(uu.decode(Buffer.from('no code\n'))).toBe(undefined);
  });
  it('tells what is damaged, and takes anything', () => {
    expect(uu.decode(Buffer.from('begin 644 a\n#0V%T\n'))?.problems).toEqual(['end is missing']);
    expect(uu.decode(Buffer.from('begin 644 a\n#0v%t~\n`\nend\n'))?.problems).toEqual([
      'line 2 is no line of uuencode',
    ]);
    fc.assert(fc.property(fc.uint8Array(), (any) => void uu.decode(any)));
  });
  const named = (text: string) =>
    uu
      .decodeAll(Buffer.from(text, 'latin1'))
      .map(({ name, content, problems }) => [name, content.toString('latin1'), problems]);
  it.each<[string, string, unknown[]]>([
    [
      'two files',
      'begin 644 a\n#0V%T\n`\nend\nand\nbegin 644 b\n#0V%T\n`\nend\n',
      [
        ['a', 'Cat', []],
        ['b', 'Cat', []],
      ],
    ],
    [
      'two files, the first without an end',
      'begin 644 a\n#0V%T\n`\nbegin 644 b\n#0V%T\n`\nend\n',
      [
        ['a', 'Cat', ['end is missing']],
        ['b', 'Cat', []],
      ],
    ],
    [
      'begin in the text before',
      'begin 644 times, and\nyou will see\nbegin 644 a\n#0V%T\n`\nend\n',
      [['a', 'Cat', []]],
    ],
    ['begin in a text', 'begin 644 times, and\nyou will see\n', []],
    ['blanks at the ends of lines', 'begin 644 a  \n#0V%T    \n` \t\nend  \n', [['a', 'Cat', []]]],
    ['no zero line', 'begin 644 a\n#0V%T\nend\n', [['a', 'Cat', []]]],
    ['spaces taken off at the end of a line', 'begin 644 a\n#0V\n \nend\n', [['a', 'C`\0', []]]],
    [
      'a line that is cut, by a writer who has ` for zero',
      'begin 644 a\n#0V\n`\nend\n',
      [['a', 'C`\0', ['line 2 is cut']]],
    ],
    ['a checksum behind each line', 'begin 644 a\n#0V%TX\n`\nend\n', [['a', 'Cat', []]]],
    ['a line that is too long', 'begin 644 a\n#0V%TABCD\n`\nend\n', [['a', '', [/line 2/]]]],
    ['a name with blanks', 'begin 0644 my cat.txt\n#0V%T\n`\nend\n', [['my cat.txt', 'Cat', []]]],
    ['base64', 'begin-base64 644 a\nQ2F0\n====\n', []],
    ['an empty line in the middle', 'begin 644 a\n#0V%T\n\n#0V%T\n`\nend\n', [['a', 'CatCat', []]]],
  ])('%s', (_, text, files) => {
    const told = files.map((file) =>
      (file as unknown[][]).map((cell) =>
        Array.isArray(cell)
          ? cell.map((each) => (each instanceof RegExp ? expect.stringMatching(each) : each))
          : cell,
      ),
    );
    expect(named(text)).toEqual(told);
    expect(uu.decode(Buffer.from(text, 'latin1'))?.name).toBe((files as string[][])[0]?.[0]);
  });
  it('agrees with an encoder said slowly', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        const rows: string[] = [];
        for (let i = 0; i < content.length; i += 45) {
          const piece = content.subarray(i, i + 45);
          let row = String.fromCharCode(32 + piece.length);
          for (let k = 0; k < piece.length; k += 3) {
            const word = ((piece[k] ?? 0) << 16) | ((piece[k + 1] ?? 0) << 8) | (piece[k + 2] ?? 0);
            for (const bits of [18, 12, 6, 0])
              row += String.fromCharCode(32 + ((word >> bits) & 63));
          }
          rows.push(row.replaceAll(' ', i % 2 ? '`' : ' '));
        }
        const text = ['begin 600 x', ...rows, '`', 'end', ''].join('\n');
        expect(uu.decode(Buffer.from(text, 'latin1'))?.content.equals(content)).toBe(true);
      }),
    );
  });
});

describe('NZB', () => {
  const xml = `<?xml version="1.0" encoding="iso-8859-1" ?>
<!DOCTYPE nzb PUBLIC "-//newzBin//DTD NZB 1.1//EN" "http://www.newzbin.com/DTD/nzb/nzb-1.1.dtd">
<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"><!-- <file> -->
 <head><meta type="title">A &amp; B</meta></head>
 <file poster="Joe &lt;j@x&gt;" date="1071674882" subject="Here's your file!  &quot;abc-mr2a.r01&quot; yEnc (1/2)">
  <groups><group>alt.binaries.x</group><group>alt.binaries.y</group></groups>
  <segments>
   <segment bytes="102394" number="2">987654321fedbca@x</segment>
   <segment bytes="102394" number="1">123456789abcdef@x</segment>
   <segment bytes="1" number="1">other@x</segment>
   <segment bytes="1" number="3">not an id</segment>
   <segment number="x"/>
  </segments>
 </file>
</nzb>`;

  it('is read, in order, and what is wrong with it told', () => {
    expect(parseNzb(xml)).toEqual({
      meta: [{ type: 'title', value: 'A & B' }],
      files: [
        {
          poster: 'Joe <j@x>',
          date: new Date('2003-12-17T15:28:02Z'),
          subject: 'Here\'s your file!  "abc-mr2a.r01" yEnc (1/2)',
          name: 'abc-mr2a.r01',
          groups: ['alt.binaries.x', 'alt.binaries.y'],
          segments: [
            { number: 1, bytes: 102_394, messageId: '<123456789abcdef@x>' },
            { number: 2, bytes: 102_394, messageId: '<987654321fedbca@x>' },
          ],
        },
      ],
      problems: [
        "a segment of abc-mr2a.r01 can't be read: not an id",
        "a segment of abc-mr2a.r01 can't be read: ",
        'segment 1 of abc-mr2a.r01 is there twice: <other@x> is left out',
      ],
    });
  });

  it('reads what it writes', () => {
    const text = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .map((any) => any.trim().replace(/[^\S ]|\p{C}/gu, ''));
    const segment = fc.record({
      bytes: fc.option(fc.nat(), { nil: undefined }),
      id: fc.stringMatching(/^[!-;=?-~]{1,20}$/),
    });
    fc.assert(
      fc.property(text, text, fc.array(segment, { maxLength: 5 }), (poster, subject, segments) => {
        const file = {
          poster,
          date: new Date(1_000_000_000_000),
          subject,
          groups: ['a.b'],
          segments: segments.map(({ bytes, id }, i) => ({
            number: i + 1,
            bytes,
            messageId: `<${id}>`,
          })),
        };
        const read = parseNzb(formatNzb({ files: [file] }));
        expect(read.problems).toEqual([]);
        expect(read.files[0]).toMatchObject(file);
      }),
    );
  });

  const nzb = (attributes: string, segments = '<segment number="1">a@x</segment>') =>
    `<nzb><file ${attributes}><segments>${segments}</segments></file></nzb>`;
  const fileOf = (text: string | Uint8Array) => {
    const { files, problems } = parseNzb(text);
    return { ...files[0], segments: files[0]?.segments.length, problems };
  };

  it('a > in an attribute, and quotes that are none', () => {
    const good = { poster: 'p>q', subject: '>> "x.bin" yEnc (1/2)', name: 'x.bin', problems: [] };
    expect(fileOf(nzb(`poster="p>q" subject='>> "x.bin" yEnc (1/2)'`))).toMatchObject(good);
    expect(fileOf(nzb('poster = "p>q"\n subject = "a" '))).toMatchObject({ poster: 'p>q' });
    expect(fileOf(nzb(`note=it's poster="p" subject="s"`))).toMatchObject({ segments: 1 });
    expect(fileOf(nzb(`subject="it's" poster="p'>"`))).toMatchObject({ poster: "p'>" });
    expect(() => parseNzb('<nzb><file subject="x')).toThrow(/does not end/);
  });

  it.each<[string, string, BufferEncoding | 'latin1']>([
    ['iso-8859-1', '\xfc', 'latin1'],
    ['windows-1252', '\xfc', 'latin1'],
    ['ISO-8859-15', '\xfc', 'latin1'],
    ['utf-8', 'ü', 'utf8'],
    ['UTF8', 'ü', 'utf8'],
  ])('is read in its charset, %s', (charset, letter, encoding) => {
    const text = `<?xml version="1.0" encoding="${charset}"?>${nzb(`poster="${letter}" subject="s"`)}`;
    expect(fileOf(Buffer.from(text, encoding))).toMatchObject({ poster: 'ü', problems: [] });
  });

  it('is read in KOI8-R, in UTF-16, and in UTF-8 where the charset is none', () => {
    const declared = (charset: string, letter: string) =>
      `<?xml version="1.0" encoding="${charset}"?>${nzb(`poster="${letter}" subject="s"`)}`;
    expect(fileOf(Buffer.from(declared('koi8-r', '\xc1'), 'latin1')).poster).toBe('а');
    const wide = Buffer.from(`\ufeff${declared('utf-16', 'ü')}`, 'utf16le');
    expect(fileOf(wide)).toMatchObject({ poster: 'ü', problems: [] });
    expect(fileOf(wide.swap16())).toMatchObject({ poster: 'ü', problems: [] });
    for (const charset of ['x-none', 'utf-16', 'base64', 'hex'])
      expect(fileOf(Buffer.from(declared(charset, 'ü')))).toMatchObject({
        poster: 'ü',
        problems: [`its charset ${charset} is not known: it is read as UTF-8`],
      });
  });

  it('that is cut says so', () => {
    const cut = '<nzb><file subject="a"><segments><segment number="1">a@x</segment>';
    expect(parseNzb(cut)).toMatchObject({
      files: [{ segments: [{ messageId: '<a@x>' }] }],
      problems: ['it is cut: </nzb> is missing'],
    });
    expect(parseNzb('<nzb><!-- ').problems).toHaveLength(1);
  });

  it.each<[string, string | undefined]>([
    ['"My Post" [1/2] - "x.r00" yEnc (1/9)', 'x.r00'],
    ['"a b" yEnc (1/9)', 'a b'],
    ['[1/2] "../../etc/passwd.x" yEnc', '../../etc/passwd.x'],
    ['post x.rar (1/2)', 'x.rar'],
    ['nothing', undefined],
  ])('a name in %j', (subject, name) => {
    expect(fileOf(nzb(`subject='${subject}'`)).name).toBe(name);
  });

  it('numbers that make no sense are told, and lead nowhere else', () => {
    const segments = ['-1', '', 'x', '1.5', '1e3', '9999999999']
      .map((number, at) => `<segment number="${number}">${at}@x</segment>`)
      .join('');
    const { problems, ...file } = fileOf(nzb('subject="s"', segments));
    expect(file.segments).toBe(0);
    expect(problems).toHaveLength(6);
    expect(problems[0]).toBe("a segment of s can't be read: 0@x");
    expect(fileOf(nzb('subject="&#0;&#xD800;&#x110000;&none;&#65;"')).subject).toBe(
      '&#0;&#xD800;&#x110000;&none;A',
    );
  });

  it('numbers that are left out are told', () => {
    const segments = [2, 3, 7, 9]
      .map((number) => `<segment number="${number}">${number}@x</segment>`)
      .join('');
    expect(fileOf(nzb('subject="s"', segments)).problems).toEqual([
      'segment 1 is missing of s',
      'segments 4 to 6 are missing of s',
      'segment 8 is missing of s',
    ]);
  });

  it('line breaks stay what they are, and a date that is none is left out', () => {
    const file = {
      poster: 'a\tb',
      subject: 'x\ny\r',
      groups: [],
      segments: [],
      date: new Date(Number.NaN),
    };
    const read = parseNzb(formatNzb({ files: [file] })).files[0];
    expect(read).toMatchObject({ poster: 'a\tb', subject: 'x\ny\r', date: undefined });
  });

  it('refuses what is none, and follows no entity of its own', () => {
    for (const bad of [
      '',
      'hello',
      '<html></html>',
      '<nzb><file',
      '<!DOCTYPE nzb [<!ENTITY a "b">]><nzb/>',
    ]) {
      expect(() => parseNzb(bad)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    }
    expect(parseNzb('<nzb/>')).toEqual({ meta: [], files: [], problems: [] });
  });
});

it('a line of uuencode that says more than it has gives nothing of what lies behind it (CVE-2022-1328)', () => {
  const behind = Buffer.from(
    'begin 644 a\nM\n`\nend\nsecret, and more of it than a line would hold, twice over',
  );
  const found = uu.decode(behind.subarray(0, 20));
  expect(found?.content.equals(Buffer.alloc(45))).toBe(true);
  expect(found?.problems).toEqual(['line 2 is cut']);
  for (let length = 0; length < 64; length++) {
    const line = String.fromCharCode(32 + length) || ' ';
    const { content } = uu.decode(Buffer.from(`begin 644 a\n${line}0\nend\n`)) ?? {};
    expect(content?.length ?? 0).toBeLessThanOrEqual(length);
  }
});

it('safeName leaves nothing that leads out of a folder (CVE-2018-14362, -14363)', () => {
  expect(safeName('../../alt.binaries/../x')).toBe('x');
  expect(safeName('../../etc/passwd')).toBe('passwd');
  expect(safeName('C:\\Windows\\system32\\evil.exe')).toBe('evil.exe');
  expect(safeName('..')).toBe('unnamed');
  expect(safeName(undefined, 'x')).toBe('x');
  expect(safeName('con.txt')).toBe('_con.txt');
  expect(safeName('a\0b\u202etxt.exe ')).toBe('a_b_txt.exe');
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (name) => {
      const safe = safeName(name);
      expect(/[/\\\0]|^\.|^$/.test(safe)).toBe(false);
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
    }),
  );
});

it('an NZB and names made to be slow are read like others', () => {
  const long = 'a'.repeat(1 << 20);
  const quotes = `<nzb>${`<a ='><a =">`.repeat(1 << 16)}`;
  const xml = `<nzb ${long}><file subject="${'a.'.repeat(1 << 18)}" ${long} poster="p" ${' '.repeat(1 << 18)}><segments/></file></nzb>`;
  for (let i = 0; i < 20; i++) {
    expect(parseNzb(xml).files[0]?.poster).toBe('p');
    expect(parseNzb(quotes).files).toEqual([]);
    expect(safeName(`${'. '.repeat(1 << 19)}x${'. '.repeat(1 << 19)}`).length).toBeLessThan(201);
    expect(safeName(`${long}.nzb`)).toMatch(/a\.nzb$/);
  }
});

describe('yEnc, odd trailers and beginnings', () => {
  const content = Buffer.from('hello world, this is data');
  const part = { number: 1, total: 1, offset: 0, fileSize: content.length };
  const alone = yenc.encode(content, { name: 'a.bin' }).toString('latin1');
  const numbered = yenc.encode(content, { name: 'a.bin', part }).toString('latin1');
  const crc = / crc32=(\S+)/.exec(alone)?.[1] as string;

  it.each<[string, string, unknown]>([
    ['', alone.replace(/crc32=\S+/, 'crc32='), 'unread'],
    ['junk', alone.replace(/crc32=\S+/, 'crc32=junk'), 'unread'],
    ['behind a blank', alone.replace('crc32=', 'crc32= '), 'unread'],
    ['pcrc32 of a file in one article', alone.replace('crc32=', 'pcrc32='), true],
    ['crc32 of a part that is the file', numbered.replace('pcrc32=', 'crc32='), true],
    ['both, and a part goes by its own', numbered.replace('pcrc32', 'crc32=0 pcrc32'), true],
    ['none', alone.replace(/ crc32=\S+/, ''), undefined],
  ])('a CRC that is %s', (_, text, ok) => {
    const { problems, crcOk, content: out } = yenc.decode(Buffer.from(text, 'latin1')) ?? {};
    expect(out).toEqual(content);
    expect(ok === 'unread' ? problems?.[0] : crcOk).toEqual(
      ok === 'unread' ? expect.stringContaining('no CRC that can be read') : ok,
    );
    if (ok !== 'unread') expect(problems).toEqual([]);
  });

  it('=ypart counts though =ybegin names no part', () => {
    const text = `=ybegin line=128 size=100 name=a\r\n=ypart begin=26 end=50\r\n${alone.split('\r\n')[1]}\r\n=yend size=25 pcrc32=${crc}\r\n`;
    for (const cut of [1, 3, 1_000]) {
      const decoder = new YencDecoder();
      const octets = Buffer.from(text, 'latin1');
      const out: Buffer[] = [];
      for (let at = 0; at < octets.length; at += cut)
        out.push(decoder.decode(octets.subarray(at, at + cut)));
      expect(Buffer.concat(out)).toEqual(content);
      expect(decoder.finish()).toMatchObject({ offset: 25, crcOk: true, problems: [] });
    }
  });

  it('a text that speaks of =ybegin is none', () => {
    const { problems, content: out } =
      yenc.decode(Buffer.from(`=ybegin is how it begins\r\n\r\n${alone}`, 'latin1')) ?? {};
    expect([out, problems]).toEqual([content, []]);
    expect(yenc.decode(Buffer.from('=ybegin is how it begins\r\n'))).toBeUndefined();
  });

  it('a first line of any length is data', () => {
    const long = Buffer.alloc(20_000, 'x');
    const [begin = '', ...rest] = yenc.encode(long, { name: 'x' }).toString('latin1').split('\r\n');
    const end = rest.splice(-2).join('\r\n');
    const octets = Buffer.from(`${begin}\r\n${rest.join('')}\r\n${end}`, 'latin1');
    const decoder = new YencDecoder();
    const out: Buffer[] = [];
    for (let at = 0; at < octets.length; at += 999)
      out.push(decoder.decode(octets.subarray(at, at + 999)));
    expect(Buffer.concat(out)).toEqual(long);
    expect(decoder.finish()?.problems).toEqual([]);
  });
});
