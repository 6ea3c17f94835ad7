/** yEnc, uuencode, NZB and names: what is made is read again, what is damaged is told, and nothing explodes. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, crc32ByTable } from '../src/binaries/crc32.js';
import { formatNzb, parseNzb, safeName, uu, YencDecoder, YencEncoder, yenc } from '../src/index.js';

/** Any code point that text can have. fast-check's own unit for it fills a map with all of them, a second of work. */
const anyCharacter = fc
  .nat(0x10_ffff)
  .filter((point) => point < 0xd800 || point > 0xdfff)
  .map((point) => String.fromCodePoint(point));

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

it('safeName leaves nothing that leads out of a folder', () => {
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
  const xml = `<nzb ${long}><file subject="${'a.'.repeat(1 << 18)}" ${long} poster="p" ${' '.repeat(1 << 18)}><segments/></file></nzb>`;
  for (let i = 0; i < 20; i++) {
    expect(parseNzb(xml).files[0]?.poster).toBe('p');
    expect(safeName(`${'. '.repeat(1 << 19)}x${'. '.repeat(1 << 19)}`).length).toBeLessThan(201);
    expect(safeName(`${long}.nzb`)).toMatch(/a\.nzb$/);
  }
});
