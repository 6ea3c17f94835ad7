/** No line of a message passes 998 octets (RFC 5322 §2.1.1), and what may not be encoded is not (RFC 2046 §5.2). */
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type ComposeMessage, compose } from '../src/index.js';

const base = { from: 'alice@example.org', to: 'b@example.net', subject: 's', text: 't' };
const made = async (message: Partial<ComposeMessage>) => {
  const { envelope, body } = await compose({ ...base, ...message });
  return { envelope, text: (await buffer(body)).toString('latin1') };
};
const blanks = `${'abc '.repeat(400)}x`;
const eightBit = 'Subject: x\r\n\r\nü';

describe('header lines', () => {
  it.each<[string, Partial<ComposeMessage>]>([
    ['a name in quotes', { to: { name: `Public, ${blanks}`, address: 'b@example.net' } }],
    ['the same in a string', { to: `"Public, ${blanks}" <b@example.net>` }],
    ['the name of a group', { to: { name: `Team, ${blanks}`, group: ['b@example.net'] } }],
    ['a subject without a place to fold', { subject: `${'ab  '.repeat(400)}x` }],
    ['a field of the caller', { headers: { 'X-A': `${'ab  '.repeat(400)}x` } }],
    ['the name of a list', { list: { id: { name: blanks, id: 'news.example.org' } } }],
  ])('%s', async (_, message) => {
    const { text } = await made(message);
    for (const line of text.split('\r\n')) expect(line.length).toBeLessThanOrEqual(76);
  });

  it('an encoded-word of the caller that fits no line is refused', async () => {
    const to = `=?utf-8?q?${'a'.repeat(1_200)}?= <b@example.net>`;
    await expect(made({ to })).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'to' });
  });
});

describe('messages in messages', () => {
  it.each<[string, Partial<ComposeMessage>]>([
    ['by its name', { attachments: [{ content: eightBit, filename: 'x.eml' }] }],
    ['as an alternative', { alternatives: [{ content: eightBit, contentType: 'message/rfc822' }] }],
    ['in capitals', { attachments: [{ content: eightBit, contentType: 'Message/RFC822; a=b' }] }],
    ['a report', { attachments: [{ content: eightBit, contentType: 'message/delivery-status' }] }],
  ])('%s: as it is, and the envelope says so', async (_, message) => {
    const { envelope, text } = await made(message);
    expect(envelope.body).toBe('8bit');
    expect(text).toContain('Content-Transfer-Encoding: 8bit');
    expect(text).not.toContain('base64');
  });

  it.each(['base64', 'quoted-printable'] as const)('%s is refused', async (encoding) => {
    const attachments = [{ content: 'x', contentType: 'message/rfc822', encoding }];
    await expect(made({ attachments })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument: 'attachments[0].encoding',
    });
  });
});

it('a finished message in memory, however big, says that it is 8-bit', async () => {
  const envelope = { from: 'a@example.org', to: 'b@example.net' };
  for (const [content, body] of [
    [`From: a@example.org\r\n\r\n${'ü\r\n'.repeat(100_000)}`, '8bit'],
    ['From: a@example.org\r\n\r\nx', undefined],
  ]) {
    const composed = await compose({ raw: content as string, envelope });
    expect(composed.envelope.body).toBe(body);
    composed.body.destroy();
  }
});

it('options are checked where nothing uses them', async () => {
  await expect(compose(base, { allowFiles: 7 as never })).rejects.toMatchObject({
    code: 'ERR_ARGUMENT',
    argument: 'allowFiles',
  });
});
