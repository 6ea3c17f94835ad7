/** What nodemailer's composer and signer were found to do, and their published holes: each is a test that we do not. */
import { generateKeyPairSync } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { type ComposeMessage, compose } from '../src/index.js';

const base = { from: 'alice@example.org', to: 'bob@example.net', text: 'Hi' };
const made = async (message: object, options?: object): Promise<string> => {
  const { body } = await compose({ ...base, ...message } as ComposeMessage, options as never);
  return text(body);
};
const refusal = (message: object, options?: object) =>
  made(message, options).then(
    (written) => written,
    (error: { code?: string }) => error.code,
  );
const key = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
const dkim = (privateKey: unknown) => ({
  dkim: { domain: 'example.org', selector: 's', privateKey },
});

describe('a key that can not sign was a message without a signature', () => {
  test.each<[string, unknown]>([
    ['RSA of 512 bits', key(512)],
    ['an EC key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
    ['X25519', generateKeyPairSync('x25519').privateKey],
    ['a public key', generateKeyPairSync('ed25519').publicKey],
    ['no key', 'nonsense'],
    ['nothing', undefined],
  ])('%s', async (_, privateKey) => {
    expect(await refusal({}, dkim(privateKey))).toBe('ERR_ARGUMENT');
  });

  test('an unknown option', async () => {
    expect(await refusal({}, { dkmi: dkim(key(1024)).dkim })).toBe('ERR_ARGUMENT');
  });
});

describe('injections', () => {
  const tricks = ['\r\nBcc: evil@example.com', '\nBcc: evil@example.com', '\rBcc: x', '\0'];

  test.each(tricks)('%j in every value that becomes a field', async (trick) => {
    for (const message of [
      { from: `Alice${trick} <alice@example.org>` },
      { to: `bob@example.net${trick}` },
      { cc: { name: `C${trick}`, address: 'c@example.net' } },
      { replyTo: `r@example.org${trick}` },
      { subject: `Hello${trick}` },
      { messageId: `<a@b${trick}>` },
      { inReplyTo: `<a@b${trick}>` },
      { references: [`<a@b${trick}>`] },
      { list: { unsubscribe: `https://example.org/${trick}` } }, // List-* CRLF, nodemailer 8.0.9
      { list: { help: { url: 'https://example.org', comment: `help${trick}` } } },
      { list: { id: { url: 'id.example.org', comment: `id${trick}` } } },
      { headers: { 'X-A': `b${trick}` } },
      { headers: { [`X-A${trick}`]: 'b' } },
      { attachments: [{ filename: `a${trick}.txt`, content: 'x' }] },
      { attachments: [{ filename: 'a', contentType: `text/plain${trick}`, content: 'x' }] },
      { attachments: [{ filename: 'a', cid: `a${trick}`, content: 'x' }] },
    ]) {
      const outcome = await refusal(message);
      if (outcome === 'ERR_ARGUMENT') continue;
      // Where it is taken, it is text: encoded, and no line of its own.
      expect(outcome).not.toMatch(/^Bcc:/im);
      expect(outcome).not.toMatch(/(?<!\r)\n|\r(?!\n)|\0/);
    }
  });
});

test('no file is opened and no address fetched that the caller has not opened the door for (GHSA-p6gq-j5cr-w38f)', async () => {
  for (const message of [
    { attachments: [{ path: '/etc/passwd' }] },
    { attachments: [{ href: 'http://127.0.0.1/' }] },
    { attachments: [{ path: 'data:text/plain,x' }] },
    { raw: { path: '/etc/passwd' } },
    { raw: { href: 'http://127.0.0.1/' } },
    { text: { path: '/etc/passwd' } },
    { html: { path: '/etc/passwd' } },
    { icalEvent: { path: '/etc/passwd' } },
    { alternatives: [{ path: '/etc/passwd' }] },
  ])
    expect(await refusal(message)).toBe('ERR_ARGUMENT');
});

test('addresses that nest without end, and long data URIs, cost their length (CVE-2025-14874, GHSA-9h6g-pr28-7cqp)', async () => {
  for (const to of [
    'g:'.repeat(50_000),
    '('.repeat(100_000),
    `${'<'.repeat(50_000)}a@b${'>'.repeat(50_000)}`,
  ])
    expect(await refusal({ to })).toBe('ERR_ARGUMENT');
  const html = `<img src="data:image/png;base64,${'A'.repeat(500_000)}">`;
  expect((await made({ html })).length).toBeGreaterThan(500_000);
});

describe('nodemailer’s names are answered with ours, and not left out', () => {
  const names = {
    message: [
      'watchHtml', 'icalEvent', 'otp', 'encoding', 'textEncoding', 'disableUrlAccess', 'disableFileAccess', 'attachDataUrls',
      'boundaryPrefix', 'baseBoundary', 'newline', 'normalizeHeaderKey', 'xMailer', 'signal', 'dkim', '_dkim', 'maxRecipients', 'dsn',
      'requireTLSExtensionEnabled', 'auth', 'ses',
    ],
    attachment: ['href', 'httpHeaders', 'tls', 'raw', 'contentDisposition', 'contentTransferEncoding'],
  }; // biome-ignore format: two lists
  const told = (message: object): Promise<string> =>
    compose({ from: 'a@example.org', to: 'b@example.net', ...message } as ComposeMessage).then(
      () => 'taken',
      (error) => error.hint,
    );

  test.each(names.message)('%s', async (name) => {
    expect(await told({ [name]: 'x' })).toMatch(/^(?!Known:|taken).+/);
  });

  test.each(names.attachment)('%s of an attachment', async (name) => {
    expect(await told({ attachments: [{ content: '', [name]: 'x' }] })).toMatch(
      /^(?!Known:|taken).+/,
    );
  });
});
