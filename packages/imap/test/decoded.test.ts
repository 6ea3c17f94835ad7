/** Parts as the sender had them: encodings and charsets undone in pieces of any size. */
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { charsetDecoder, type Decoder, transferDecoder } from '../src/transfer-encoding.js';
import { replayed } from './support/script.js';

function inPieces(decoder: Decoder, octets: Buffer, sizes: readonly number[]): Buffer {
  const found: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, octets.length]) {
    found.push(Buffer.from(decoder.push(octets.subarray(at, at + size))));
    at += size;
    if (at >= octets.length) break;
  }
  found.push(decoder.end());
  return Buffer.concat(found);
}

const wrapped = (text: string): string => text.replace(/.{1,76}/g, '$&\r\n');

describe('transfer encodings', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 50 });

  it('base64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), sizes, (octets, cuts) => {
        const encoded = Buffer.from(wrapped(Buffer.from(octets).toString('base64')));
        const decoded = inPieces(transferDecoder('base64'), encoded, cuts);
        expect(decoded.equals(Buffer.from(octets))).toBe(true);
      }),
    );
    // Two encodings behind each other, without padding at the end.
    const twice = inPieces(transferDecoder('base64'), Buffer.from('YQ==\r\nYmM'), [2, 3]);
    expect(String(twice)).toBe('abc');
  });

  it('quoted-printable', () => {
    const encode = (octets: Uint8Array): string =>
      [...octets]
        .map((octet) => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`)
        .join('')
        .replace(/.{1,72}/g, '$&=\r\n');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), sizes, (octets, cuts) => {
        const decoded = inPieces(
          transferDecoder('quoted-printable'),
          Buffer.from(encode(octets)),
          cuts,
        );
        expect(decoded.equals(Buffer.from(octets))).toBe(true);
      }),
    );
  });

  it.each([
    ['Gr=C3=BC=C3=9Fe  \r\nan =\r\nalle', 'Grüße\r\nan alle'],
    ['a=  \r\nb', 'ab'],
    ['1=1=2 =zz =', '1=1=2 =zz ='],
    ['soft=\nbreak', 'softbreak'],
    ['=', '='],
    ['=4', '=4'],
    ['=41', 'A'],
  ])('quoted-printable as mail has it: %j', (encoded, text) => {
    for (let size = 1; size <= 5; size++) {
      const cuts = Array.from({ length: 40 }, () => size);
      const decoder = transferDecoder('quoted-printable');
      expect(String(inPieces(decoder, Buffer.from(encoded), cuts))).toBe(text);
    }
  });

  it('a charset that iconv-lite lacks', () => {
    const octets = Buffer.from('GyRCRnxLXBsoQg==', 'base64');
    expect(String(inPieces(charsetDecoder('ISO-2022-JP'), octets, [1, 1, 1, 1]))).toBe('日本');
  });

  it('charsets, with characters cut in two; unknown ones stay octets', () => {
    for (const charset of ['iso-8859-1', 'windows-1251', 'shift_jis', 'utf-16le', 'UTF-8']) {
      const text =
        charset === 'windows-1251' ? 'привет' : charset === 'shift_jis' ? '日本語' : 'grün';
      const octets = iconv.encode(text, charset);
      expect(String(inPieces(charsetDecoder(charset), octets, [1, 1, 1, 1, 1]))).toBe(text);
    }
    const octets = Buffer.from([0xff, 0x80]);
    expect(inPieces(charsetDecoder('klingon-8'), octets, []).equals(octets)).toBe(true);
  });
});

describe('a body decoded', () => {
  const structure =
    '(("TEXT" "PLAIN" ("CHARSET" "iso-8859-1") NIL NIL "QUOTED-PRINTABLE" 9 1)' +
    '("APPLICATION" "PDF" ("NAME" "=?utf-8?Q?=C3=BCbersicht.pdf?=") NIL NIL "BASE64" 8 NIL ("ATTACHMENT" ("FILENAME*" "utf-8\'\'%C3%BCbersicht.pdf")))' +
    '("IMAGE" "PNG" ("NAME" "logo.png") "<1@x>" NIL "BASE64" 8 NIL ("INLINE" NIL))' +
    '("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1) 3)' +
    ' "MIXED" ("BOUNDARY" "b"))';
  const opened = `
S: * PREAUTH [CAPABILITY IMAP4rev1] hello
C: A1 SELECT "INBOX"
S: * 1 EXISTS
S: A1 OK done
`;

  it('with the structure that the row has, and with one that is asked for', async () => {
    const texts = await replayed(
      `${opened}C: A2 UID FETCH 5 (UID BODYSTRUCTURE)
S: * 1 FETCH (UID 5 BODYSTRUCTURE ${structure})
S: A2 OK done
C: A3 UID FETCH 5 (UID BODY.PEEK[1])
S: * 1 FETCH (UID 5 BODY[1] {6}
S-raw: gr=FCn)\\r\\n
S: A3 OK done
C: A4 UID FETCH 5 (UID)
S: * 1 FETCH (UID 5)
S: A4 OK done
C: A5 UID FETCH 5 (UID BODYSTRUCTURE)
S: * 1 FETCH (UID 5 BODYSTRUCTURE ${structure})
S: A5 OK done
C: A6 UID FETCH 5 (UID BODY.PEEK[2])
S: * 1 FETCH (UID 5 BODY[2] "aGVs bG8=")
S: A6 OK done
`,
      async (client) => {
        const box = await client.open('INBOX');
        const [row] = await box.fetch(5, { structure: true }).toArray();
        const read = async (stream: AsyncIterable<Buffer> | undefined): Promise<string> => {
          const pieces: Buffer[] = [];
          for await (const piece of stream ?? []) pieces.push(piece);
          return Buffer.concat(pieces).toString();
        };
        const one = await read(row?.body('1').decoded());
        const [bare] = await box.fetch(5, {}).toArray();
        return [one, await read(bare?.body('2').decoded())];
      },
    );
    expect(texts).toEqual(['grün', 'hello']);
  });

  it('base64 decoded by the server (BINARY, RFC 3516); a part that it cannot decode is decoded here', async () => {
    const text = async (stream: AsyncIterable<Buffer> | undefined): Promise<string> => {
      const pieces: Buffer[] = [];
      for await (const piece of stream ?? []) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    };
    const texts = await replayed(
      `${opened.replace('IMAP4rev1', 'IMAP4rev1 BINARY')}C: A2 UID FETCH 5 (UID BODYSTRUCTURE)
S: * 1 FETCH (UID 5 BODYSTRUCTURE ${structure})
S: A2 OK done
C: A3 UID FETCH 5 (UID BINARY.PEEK[2])
S: * 1 FETCH (UID 5 BINARY[2] ~{5}
S-raw: h\\0llo)\\r\\n
S: A3 OK done
C: A4 UID FETCH 5 (UID BINARY.PEEK[3])
S: A4 NO [UNKNOWN-CTE] broken
C: A5 UID FETCH 5 (UID BODY.PEEK[3])
S: * 1 FETCH (UID 5 BODY[3] "aGVsbG8=")
S: A5 OK done
C: A6 UID FETCH 5 (UID BODY.PEEK[1])
S: * 1 FETCH (UID 5 BODY[1] {6}
S-raw: gr=FCn)\\r\\n
S: A6 OK done
`,
      async (client) => {
        const box = await client.open('INBOX');
        const [row] = await box.fetch(5, { structure: true }).toArray();
        const two = await text(row?.body('2').decoded());
        const three = await text(row?.body('3').decoded());
        return [two, three, await text(row?.body('1').decoded())];
      },
    );
    expect(texts).toEqual(['h\0llo', 'hello', 'grün']);
  });

  it('attachments by their decoded names; what is shown inline is none', async () => {
    const found = await replayed(
      `${opened}C: A2 UID FETCH 5 (UID BODYSTRUCTURE)
S: * 1 FETCH (UID 5 BODYSTRUCTURE ${structure})
S: A2 OK done
`,
      async (client) => {
        const box = await client.open('INBOX');
        const [row] = await box.fetch(5, { structure: true }).toArray();
        return row?.attachments().map(({ part, filename, type }) => [part, filename, type]);
      },
    );
    expect(found).toEqual([
      ['2', 'übersicht.pdf', 'application/pdf'],
      ['4', undefined, 'message/rfc822'],
    ]);
  });
});
