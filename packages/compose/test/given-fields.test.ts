/** Fields of the caller's, and what a header asks of the server: RFC 2047 §5, RFC 6532. */
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type ComposeMessage, compose } from '../src/index.js';

const base = { from: 'alice@example.org', to: 'b@example.net', subject: 's', text: 't' };
const made = async (message: object, raw = false) => {
  const whole = raw ? message : { ...base, ...message };
  const { envelope, body } = await compose(whole as ComposeMessage);
  const [header = ''] = (await buffer(body)).toString().split('\r\n\r\n');
  const field = (name: string): string | undefined =>
    header
      .replace(/\r\n(?=[ \t])/g, '')
      .split('\r\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  return { envelope, field };
};
const refused = (message: object) =>
  made(message).then(
    () => 'taken',
    (error) => [error.code, error.argument],
  );

describe('fields with addresses', () => {
  it.each([
    ['Jürgen <j@example.net>', '=?utf-8?Q?J=C3=BCrgen?= <j@example.net>', undefined],
    ['j@münchen.example', 'j@xn--mnchen-3ya.example', undefined],
    ['ünal@example.net', 'ünal@example.net', true],
    ['a@example.net, "B, C" <b@example.net>', 'a@example.net, "B, C" <b@example.net>', undefined],
  ])('%s', async (value, written, smtpUtf8) => {
    for (const name of ['Disposition-Notification-To', 'Errors-To', 'resent-to']) {
      const { envelope, field } = await made({ headers: { [name]: value } });
      expect(field(name)).toBe(written);
      expect(envelope.smtpUtf8).toBe(smtpUtf8);
    }
  });

  it.each(['a@example.net b@example.net', 'a@example.net;', '', 'x'])(
    '%j is refused',
    async (value) => {
      expect(await refused({ headers: { 'Return-Receipt-To': value } })).toEqual([
        'ERR_ARGUMENT',
        'headers.Return-Receipt-To',
      ]);
    },
  );
});

describe('fields with a grammar of their own', () => {
  it('stay as they are', async () => {
    const value = `<https://example.org/${'a'.repeat(100)}>, <mailto:leave@example.org?subject=leave>`;
    const { field } = await made({ headers: { 'List-Unsubscribe': value, 'X-Text': 'ü' } });
    expect(field('List-Unsubscribe')).toBe(value);
    expect(field('X-Text')).toBe('=?utf-8?B?w7w=?=');
  });

  it.each([
    ['List-Unsubscribe', '<https://example.org/ü>'],
    ['list-unsubscribe', `<https://example.org/${'a'.repeat(1_000)}>`],
    ['List-Id', 'Grüße <news.example.org>'],
    ['Content-Language', 'dé'],
  ])('%s: %s is refused', async (name, value) => {
    const found = ['ERR_ARGUMENT', `headers.${name}`];
    expect(await refused({ headers: { [name]: value } })).toEqual(found);
  });
});

describe('SMTPUTF8 is asked for where any header needs it', () => {
  const inner = (header: string) => `${header}\r\n\r\nGrüße`;
  const attached = (content: string, more: object = {}) => ({
    attachments: [{ content, contentType: 'message/rfc822', ...more }],
  });
  it.each<[string, object, boolean]>([
    ['reply-to', { replyTo: 'ü@example.net' }, true],
    ['in a group', { cc: 'Team: ü@example.net;' }, true],
    ['sender', { sender: 'ü@example.net' }, true],
    ['blind copies stand in no header', { bcc: 'ü@example.net' }, false],
    ['a name is encoded', { cc: 'Jürgen <j@example.net>' }, false],
    [
      'a field of a part',
      { ...attached('x', { headers: { 'Errors-To': 'ü@example.net' } }) },
      true,
    ],
    ['a file name is encoded', { attachments: [{ content: 'x', filename: 'ü.txt' }] }, false],
    ['a message within', attached(inner('Subject: ü')), true],
    [
      'a message in a message within',
      attached(`Content-Type: message/rfc822\n\n${inner('To: ü')}`),
      true,
    ],
    ['the body of a message within', attached(inner('Subject: x')), false],
    [
      'a message/global, which is encoded',
      attached(inner('To: ü'), { contentType: 'message/global' }),
      false,
    ],
    [
      'a message as an alternative',
      { alternatives: [{ content: inner('To: ü'), contentType: 'message/rfc822' }] },
      true,
    ],
  ])('%s', async (_, message, needed) => {
    const { envelope } = await made(message);
    expect(envelope.smtpUtf8).toBe(needed ? true : undefined);
  });

  it('a finished message, however big', async () => {
    const rest = `Content-Type: multipart/mixed; boundary=b\n\n--b\nX-Name: ü\n\n${'x\n'.repeat(200_000)}`;
    for (const [raw, needed] of [
      [`Subject: x\n${rest}`, true],
      [`Subject: x\n${rest.replace('X-Name: ', '\n')}`, undefined],
    ]) {
      const { from, to } = base;
      const { envelope, body } = await compose({ raw: raw as string, from, to });
      body.destroy();
      expect(envelope.smtpUtf8).toBe(needed);
    }
  });
});

describe('what would be lost without a word', () => {
  it.each<[string, object, string]>([
    ['a Map of headers', { headers: new Map([['X-A', 'b']]) }, 'headers'],
    ['Headers', { headers: new Headers({ 'X-A': 'b' }) }, 'headers'],
    ['a Set of addresses', { to: new Set(['b@example.net']) }, 'to'],
    ['an unknown key of list.id', { list: { id: { id: 'a.b', nmae: 'x' } } }, 'list.id.nmae'],
    [
      'text in base64',
      { attachments: [{ content: 'aGk=', encoding: 'base64' }] },
      'attachments[0].encoding',
    ],
    [
      'text in hex',
      { attachments: [{ content: '6869', encoding: 'hex' }] },
      'attachments[0].encoding',
    ],
    [
      'an alternative in base64',
      { alternatives: [{ content: 'aGk=', contentType: 'text/x', encoding: 'base64' }] },
      'alternatives[0].encoding',
    ],
  ])('%s', async (_, message, argument) => {
    expect(await refused(message)).toEqual(['ERR_ARGUMENT', argument]);
  });

  it('octets in base64 are what is written', async () => {
    await made({ attachments: [{ content: Buffer.from('hi'), encoding: 'base64' }] });
  });

  it('Message-IDs one behind the other: 1*msg-id', async () => {
    const { field } = await made({ references: '<a@b><c@d> <e@f>' });
    expect(field('References')).toBe('<a@b> <c@d> <e@f>');
  });
});
