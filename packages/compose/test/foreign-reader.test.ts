/** What mailparser makes of forty composed messages: all that was given, octet for octet. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type ParsedMail, simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { type Attachment, type ComposeMessage, type Content, compose } from '../src/index.js';
import { fortyMessages } from './forty-messages.js';

/** Text as a reader has it: line ends made one, the last one not counted. */
const normal = (text: string | undefined): string =>
  (text ?? '').replace(/\r\n|\r/g, '\n').replace(/\n$/, '');

/** Streams are read before, and given anew: what goes in is known then. */
async function known(content: Content): Promise<Buffer> {
  if (!(content instanceof Readable)) return Buffer.from(content as string);
  const pieces = [];
  for await (const piece of content) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

async function replayed(message: ComposeMessage): Promise<ComposeMessage> {
  const attachments: Attachment[] = [];
  for (const one of message.attachments ?? [])
    attachments.push({ ...one, content: await known(one.content ?? '') });
  return {
    ...message,
    ...(message.text === undefined ? {} : { text: await known(message.text) }),
    ...(message.attachments === undefined ? {} : { attachments }),
  };
}

describe.each(Object.entries(fortyMessages()))('%s', (_, message) => {
  it('is read as it was given', async () => {
    const given = await replayed(message);
    const raw = await buffer((await compose(given)).body);
    const lines = raw.toString('latin1').split('\r\n');
    expect(lines.join('')).not.toMatch(/[\r\n]/);
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(78);

    const read: ParsedMail = await simpleParser(raw, {
      skipTextToHtml: true,
      skipImageLinks: true,
    });
    expect(read.subject ?? '').toBe(given.subject ?? '');
    if (given.text !== undefined) expect(normal(read.text)).toBe(normal(given.text.toString()));
    if (given.html !== undefined)
      expect(normal(read.html || '')).toBe(normal(given.html.toString()));
    const attachments = given.attachments ?? [];
    const found = read.attachments.filter(
      ({ contentType, contentDisposition }) =>
        contentType !== 'text/calendar' || contentDisposition === 'attachment',
    );
    for (const [i, { content, filename }] of attachments.entries()) {
      expect(found[i]?.filename).toBe(filename);
      expect(found[i]?.content.equals(content as Buffer)).toBe(true);
    }
    for (const key of ['X-Long'])
      if (given.headers?.[key] !== undefined)
        expect(read.headers.get(key.toLowerCase())).toBe(given.headers[key]);
  });
});

it('display names and addresses are those that were given', async () => {
  const message = fortyMessages()['names of every kind'] as ComposeMessage;
  const read = await simpleParser(await buffer((await compose(message)).body));
  expect(
    [read.to].flat().flatMap((list) => list?.value.map(({ name, address }) => [name, address])),
  ).toEqual([
    ['Public, J. Q.', 'j@example.test'],
    ['Jörg "der Große" Müller', 'joerg@example.test'],
    ['A (B) @ C: "D" \\E', 'abc@example.test'],
    ['John Q. Public', 'q@example.test'],
  ]);
});
