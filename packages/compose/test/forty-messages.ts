/** Forty messages of every shape that `compose` makes, for readers that are not ours. */
import { Readable } from 'node:stream';
import type { Attachment, ComposeMessage } from '../src/index.js';

const plain: ComposeMessage = {
  from: 'Alice <alice@example.test>',
  to: 'bob@example.test',
  subject: 'Hello',
  text: 'Hello.\n',
};
const octets = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255));
const stream = (...pieces: (string | Uint8Array)[]): Readable =>
  Readable.from(pieces, { objectMode: true });
const file = (filename: string, content: Attachment['content'], rest: object = {}): Attachment => ({
  filename,
  ...(content === undefined ? {} : { content }),
  ...rest,
});
const words = (count: number): string => 'lorem ipsum dolor sit amet '.repeat(count).trim();
const inner = 'From: a@example.test\r\nTo: b@example.test\r\nSubject: inner\r\n\r\nInside.\r\n';
const ics = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n';

/** Made anew at each call: a stream is read once. */
export const fortyMessages = (): Record<string, ComposeMessage> => ({
  'plain text': plain,
  'no text at all': { from: 'a@example.test', to: 'b@example.test' },
  'an empty text': { ...plain, text: '' },
  'text without its last line end': { ...plain, text: 'no end' },
  'text in German': { ...plain, text: 'Grüße aus Köln, schöne Wörter und überall Umlaute.\n' },
  'text in Japanese': { ...plain, text: 'こんにちは世界。\n'.repeat(40) },
  'text with blanks at line ends': { ...plain, text: 'one \ntwo\t\nthree  \n\n\nü \n' },
  'text with lone CR and LF': { ...plain, text: 'one\rtwo\nthree\r\nfour' },
  'text with dots and From': { ...plain, text: '.\n..\n.a\nFrom here\n>From there\n' },
  'a line of 5,000 characters': { ...plain, text: `${'x'.repeat(5_000)}\nend\n` },
  'a line of 5,000 characters beyond ASCII': { ...plain, text: `${'ä'.repeat(5_000)}\nend\n` },
  'text with equals signs': { ...plain, text: `a=b=3D ${'='.repeat(300)}\n` },
  'text from octets': { ...plain, text: Buffer.from('Grüße\n') },
  'text from a stream': {
    ...plain,
    text: stream('Grü', Buffer.from([0xc3]), Buffer.from([0x9f]), 'e\r', '\nend \r\n'),
  },
  'text with control characters': { ...plain, text: 'bell \x07 escape \x1b form \f\n' },
  'an empty subject': { ...plain, subject: '' },
  'a subject beyond ASCII': { ...plain, subject: 'Grüße, 世界 and 👍🏽 to all' },
  'a subject that needs five encoded-words': {
    ...plain,
    subject: 'Übergrößenträger '.repeat(15).trim(),
  },
  'a subject of 1,200 without blanks': { ...plain, subject: 's'.repeat(1_200) },
  'a subject of 1,200 with blanks': { ...plain, subject: words(45) },
  'a subject with odd blanks': { ...plain, subject: ' a  b   c '.repeat(12) },
  'a subject like an encoded-word': { ...plain, subject: '=?utf-8?q?not_meant?= so' },
  'names of every kind': {
    ...plain,
    to: [
      '"Public, J. Q." <j@example.test>',
      { name: 'Jörg "der Große" Müller', address: 'joerg@example.test' },
      { name: 'A (B) @ C: "D" \\E', address: 'abc@example.test' },
      'John Q. Public <q@example.test>',
    ],
    cc: 'Team: x@example.test, Y <y@example.test>;',
  },
  'a hundred recipients': {
    ...plain,
    to: Array.from({ length: 100 }, (_, i) => ({
      name: `Recipient ${i}`,
      address: `r${i}@example.test`,
    })),
  },
  'a quoted local part': {
    ...plain,
    to: '"a b"@example.test, "c,d"@example.test',
    replyTo: '"x@y"@example.test',
  },
  'two authors and a sender': {
    ...plain,
    from: 'a@example.test, b@example.test',
    sender: 'Carol <c@example.test>',
  },
  'HTML alone': { from: plain.from, to: plain.to ?? '', html: '<p>Grüße</p>\n' },
  'text and HTML': { ...plain, html: '<p>Hello.</p>\n' },
  'text, AMP, HTML, Markdown and a calendar': {
    ...plain,
    amp: '<!doctype html><html ⚡4email></html>\n',
    html: '<p>Hello.</p>\n',
    alternatives: [{ contentType: 'text/markdown; charset=utf-8', content: '*Hello*\n' }],
    calendar: { method: 'request', content: ics, filename: 'invite.ics' },
  },
  'an image in HTML': {
    ...plain,
    html: '<img src="cid:logo@example.test">',
    attachments: [file('logo.png', octets(3_000), { cid: 'logo@example.test' })],
  },
  'an image in HTML and an attachment': {
    ...plain,
    html: '<img src="cid:logo">',
    attachments: [file('logo.png', octets(100), { cid: 'logo' }), file('a.pdf', octets(57 * 20))],
  },
  'an attachment without text': {
    from: plain.from,
    to: plain.to ?? '',
    attachments: [file('a.bin', octets(1))],
  },
  'attachments of every length': {
    ...plain,
    attachments: [0, 1, 2, 3, 56, 57, 58, 114, 70_000].map((n) => file(`${n}.bin`, octets(n))),
  },
  'an attachment from a stream': {
    ...plain,
    attachments: [file('s.bin', stream(octets(100), octets(1), octets(30_000)))],
  },
  'names of files': {
    ...plain,
    attachments: [
      'Übersicht 2026.pdf',
      'a "quoted" \\ name.txt',
      `${'long-'.repeat(40)}name.txt`,
      `${'日本語'.repeat(30)}.txt`,
      "it's 100%; *really*.csv",
      '=?utf-8?q?x?=.txt',
    ].map((name) => file(name, 'x')),
  },
  'text files with line ends of their own': {
    ...plain,
    attachments: [
      file('unix.txt', 'a\nb\n'),
      file('mac.txt', Buffer.from('a\rb\r')),
      file('dos.csv', 'a\r\nb'),
    ],
  },
  'a message in the message': {
    ...plain,
    attachments: [file('inner.eml', inner, { contentType: 'message/rfc822' })],
  },
  'an attachment as quoted-printable, with fields of its own': {
    ...plain,
    attachments: [
      file('q.txt', 'Grüße\r\n', {
        encoding: 'quoted-printable',
        contentType: 'text/plain; charset=utf-8',
        headers: { 'X-Part': 'yes', 'Content-Description': 'Grüße' },
      }),
    ],
  },
  'a mailing list': {
    ...plain,
    list: {
      id: { name: 'Neues für alle', id: 'news.example.test' },
      unsubscribe: ['https://example.test/leave?u=1&l=2', 'leave@example.test?subject=leave'],
      oneClick: true,
      help: 'help@example.test',
      archive: 'https://example.test/archive/',
      post: 'NO',
    },
    priority: 'high',
  },
  'a reply with many references, and fields of every kind': {
    ...plain,
    messageId: '<reply@example.test>',
    date: new Date('2026-02-03T04:05:06Z'),
    inReplyTo: 'first@example.test',
    references: Array.from({ length: 60 }, (_, i) => `<${'r'.repeat(40)}${i}@example.test>`),
    headers: {
      'X-Twice': ['one', 'two'],
      'X-Long': words(60),
      'X-Umlaut': 'größer',
      'X-Empty': '',
    },
  },
});
