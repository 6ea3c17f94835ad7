/** Whatever stands in subjects, names, file names, texts and attachments: mailparser reads what was given, and no line is broken or too long. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { type AddressObject, simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { compose } from '../src/index.js';

const piece = fc.constantFrom(
  ...'abcxyz019 .,;:()<>@[]"\\\'=?_!#$%&*+-/^`{|}~',
  ...['ü', '€', '漢', '😀', '\u0301', 'א', 'ﬁ', ' ', '  ', '\t', 'word', 'a-word-without-blanks', '=?utf-8?q?x?='],
); // biome-ignore format: one list
const line = (most: number) =>
  fc.array(piece, { maxLength: most }).map((pieces) => pieces.join(''));
const lines = fc.oneof(
  line(20),
  line(200),
  fc.constantFrom('.', '..', 'From me', '-- ', ' ', '\t', '', '=', 'x'.repeat(1_200)),
);
const text = fc
  .tuple(fc.array(lines, { maxLength: 12 }), fc.constantFrom('\n', '\r\n', '\r'))
  .map(([all, end]) => all.join(end));
const message = fc.record({
  subject: line(60),
  names: fc.tuple(line(20), line(12)),
  header: line(80),
  text: fc.option(text, { nil: undefined }),
  html: fc.option(text, { nil: undefined }),
  attachments: fc.array(
    fc.record({
      filename: line(30),
      content: fc.uint8Array({ maxLength: 400 }),
      streamed: fc.boolean(),
      inline: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
});

const normal = (value: string | undefined | false): string =>
  (value || '').replace(/\r\n|\r/g, '\n').replace(/\n+$/, '');
const named = (value: AddressObject | AddressObject[] | undefined) =>
  [value ?? []]
    .flat()
    .flatMap((one) => one.value)
    .map(({ name, address }) => [name.trim(), address]);

test('is read as it was given', async () => {
  await fc.assert(
    fc.asyncProperty(message, async ({ subject, names: [author, reader], header, text, html, attachments }) => {
      const { body } = await compose({
        ...{ from: { name: author, address: 'a@x.test' }, to: [{ name: reader, address: 'b@x.test' }, 'c@x.test'] },
        ...{ subject, headers: { 'X-Test': header } },
        ...(text !== undefined && { text }),
        ...(html !== undefined && { html }),
        attachments: attachments.map(({ filename, content, streamed, inline }, i) => ({
          filename,
          content: streamed ? Readable.from([Buffer.from(content)]) : content,
          contentType: 'application/octet-stream',
          ...(inline && { cid: `${i}@x.test` }),
        })),
      });
      const raw = await buffer(body);
      const written = raw.toString('latin1');
      expect(written).toMatch(/^(?:[\t\x20-\x7e]{0,998}\r\n)*$/);

      const read = await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
      expect((read.subject ?? '').trim()).toBe(subject.trim());
      expect(named(read.from)).toEqual([[author.trim(), 'a@x.test']]);
      expect(named(read.to)).toEqual([[reader.trim(), 'b@x.test'], ['', 'c@x.test']]);
      if (html === undefined) expect(normal(read.text)).toBe(normal(text));
      else expect(normal(read.html)).toBe(normal(html));
      const files = (all: readonly { filename?: string | undefined; content: Uint8Array }[]): string[] =>
        all.map(({ filename = '', content }) => `${filename.trim()} ${Buffer.from(content).toString('hex')}`).sort();
      expect(files(read.attachments)).toEqual(files(attachments));
    }),
    { numRuns: 60 },
  );
}); // biome-ignore format: one line a fact
