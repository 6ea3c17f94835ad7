/** Every header of a message is looked at: its own, those of its parts, those of messages within it. RFC 6532. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { BodySource } from '../src/body-source.js';
import { hasUtf8Header } from '../src/index.js';

const multipart = (parts: string, type = 'multipart/mixed; boundary="b 1"'): string =>
  `Subject: x\r\nContent-Type: ${type}\r\n\r\npreamble ü\r\n${parts}\r\n--b 1--\r\nü: ü\r\n`;

const rows: readonly [what: string, message: string, utf8: boolean][] = [
  ['its own', 'Subject: ü\r\n\r\nx', true],
  ['its own, without a body', 'Subject: ü', true],
  ['its own, folded', 'Subject: x\r\n ü\r\n\r\nx', true],
  ['the body alone', 'Subject: x\r\n\r\nTo: ü', false],
  ['no header at all', 'ü: no, but\r\nü', false],
  [
    'the header of a part',
    multipart('--b 1\r\nContent-Disposition: x; filename="ü"\r\n\r\nx'),
    true,
  ],
  [
    'the second part',
    multipart('--b 1\r\n\r\nü\r\n--b 1 \r\nContent-Description: ü\r\n\r\nx'),
    true,
  ],
  ['bodies of parts', multipart('--b 1\r\n\r\nTo: ü\r\n--b 1\r\nTo: x\r\n\r\nTo: ü'), false],
  [
    'what only looks like a boundary',
    multipart('--b 1\r\n\r\nx\r\n--b 11\r\nTo: ü\r\n\r\nx'),
    false,
  ],
  ['bare line feeds', multipart('--b 1\r\nTo: ü\r\n\r\nx').replaceAll('\r\n', '\n'), true],
  [
    'a boundary without quotes, in a folded field',
    'content-type: multipart/related;\r\n boundary=abc\r\n\r\n--abc\r\nX: ü\r\n\r\n',
    true,
  ],
  ['carriage returns alone', multipart('--b 1\r\nTo: ü\r\n\r\nx').replaceAll('\r\n', '\r'), true],
  [
    'a boundary in pieces',
    multipart('--b 1\r\nTo: ü\r\n\r\nx', 'multipart/mixed; boundary*0="b "; boundary*1=1'),
    true,
  ],
  [
    'a boundary with a quoted pair, behind a text that looks like one',
    multipart('--b 1\r\nTo: ü\r\n\r\nx', 'multipart/mixed; x="; boundary=y"; boundary="b\\ 1"'),
    true,
  ],
  [
    'a multipart within',
    multipart(
      '--b 1\r\nContent-Type: multipart/x; boundary=c\r\n\r\n--c\r\nX: ü\r\n\r\nx\r\n--c--',
    ),
    true,
  ],
  [
    'a message within',
    multipart('--b 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: ü\r\n\r\nx'),
    true,
  ],
  [
    'a message in a message within',
    multipart(
      '--b 1\r\nContent-Type: Message/RFC822; x=y\r\n\r\nContent-Type: message/rfc822\r\n\r\nTo: ü\r\n\r\n',
    ),
    true,
  ],
  [
    'the body of a message within',
    multipart('--b 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nTo: ü'),
    false,
  ],
  [
    'a message that is encoded',
    multipart(
      '--b 1\r\nContent-Type: message/global\r\nContent-Transfer-Encoding: base64\r\n\r\nTo: ü\r\n\r\n',
    ),
    false,
  ],
];

describe('UTF-8 in a header', () => {
  test.each(rows)('%s', async (_, message, utf8) => {
    expect(hasUtf8Header(Buffer.from(message))).toBe(utf8);
    expect(hasUtf8Header(Buffer.from(message, 'latin1'))).toBe(false); // ü alone is no UTF-8
    expect(new BodySource(message).utf8Header === true).toBe(utf8);
  });

  test('beside a field in some other charset', () => {
    const latin1 = Buffer.from('Subject: ü\r\n', 'latin1');
    for (const utf8 of [true, false]) {
      const other = Buffer.from('X: ü\r\n\r\nx', utf8 ? 'utf8' : 'latin1');
      expect(hasUtf8Header(Buffer.concat([latin1, other]))).toBe(utf8);
    }
  });

  test.each([1, 7, 100])(
    'a stream in pieces of %i octets is judged by its whole header',
    async (size) => {
      const octets = Buffer.from('From: a@example.org\r\nSubject: x\r\nX-Name: Grüße\r\n\r\nbody');
      const pieces = Array.from({ length: Math.ceil(octets.length / size) }, (__, i) =>
        octets.subarray(i * size, (i + 1) * size),
      );
      const source = new BodySource(Readable.from(pieces));
      source.begin();
      await source.begun(undefined);
      expect(source.utf8Header).toBe(true);
      const read: Uint8Array[] = [];
      for (let piece = await source.next(); piece; piece = await source.next()) read.push(piece);
      expect(Buffer.concat(read).equals(octets)).toBe(true);
    },
  );

  test('many boundaries cost their length', () => {
    const parts = '--b 1\r\nX: y\r\n\r\n'.repeat(5_000);
    expect(hasUtf8Header(Buffer.from(multipart(`${parts}--b 1\r\nX: ü\r\n\r\n`)))).toBe(true);
  });
});
