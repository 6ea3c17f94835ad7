/** nodemailer's `dkim` over our transport: signed by us, or not sent. nodemailer sends unsigned what its key does not fit. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { dkimVerify } from 'mailauth';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { fivewireTransport } from '../src/nodemailer.js';
import type { Sender } from '../src/send-mail.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const pem = (key: KeyObject, rest: object = {}): string =>
  key.export({ format: 'pem', type: 'pkcs8', ...rest }).toString();
const open = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' });
const records: Record<string, string> = {
  'rsa._domainkey.example.test': `v=DKIM1; k=rsa; p=${open(rsa).toString('base64')}`,
  'ed._domainkey.example.test': `v=DKIM1; k=ed25519; p=${open(ed25519).subarray(-32).toString('base64')}`,
};

async function verdicts(message: Buffer): Promise<string[]> {
  const resolver = async (name: string) => [[records[name] as string]];
  const { results } = await dkimVerify(message, { resolver });
  return results.map(({ selector, status }) => `${selector}: ${status.result}`);
}

function mailer(defaults: object = {}) {
  const sent: Buffer[] = [];
  const sender: Sender = {
    async send({ to }, body) {
      const octets = await buffer(body);
      sent.push(octets);
      const reply = { code: '250', text: 'ok' };
      const accepted = [to]
        .flat()
        .map((address) => ({ address: String(address), reply, transient: false }));
      return { accepted, refused: [], reply, bytes: octets.length, dropped: [] };
    },
  };
  return { sent, transporter: createTransport(fivewireTransport(sender), defaults) };
}

const message = {
  from: 'a@example.test',
  to: 'b@example.test',
  subject: 'Grüße',
  text: 'Hello. \n\n',
  list: { unsubscribe: 'https://example.test/leave' },
  headers: { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
};
const key = { domainName: 'example.test', keySelector: 'rsa', privateKey: pem(rsa) };
const ed = { ...key, keySelector: 'ed', privateKey: pem(ed25519) };
const locked = pem(rsa, { cipher: 'aes-256-cbc', passphrase: 'secret' });

describe('signs', () => {
  it.each<[string, object, string[]]>([
    ['by RSA', key, ['rsa: pass']],
    ['by Ed25519', ed, ['ed: pass']],
    ['by both', { keys: [key, ed] }, ['rsa: pass', 'ed: pass']],
    ['by one in `keys`', { keys: key }, ['rsa: pass']],
    ['by a KeyObject', { ...key, privateKey: rsa }, ['rsa: pass']],
    [
      'by a key with a passphrase',
      { ...key, privateKey: { key: locked, passphrase: 'secret' } },
      ['rsa: pass'],
    ],
    [
      'with options that ask for nothing',
      { ...key, hashAlgo: 'sha256', cacheDir: '/tmp', cacheTreshold: 1 },
      ['rsa: pass'],
    ],
  ])('%s', async (_, dkim, expected) => {
    const { sent, transporter } = mailer();
    await transporter.sendMail({ ...message, dkim: dkim as never });
    const [raw = Buffer.alloc(0)] = sent;
    expect(await verdicts(raw)).toEqual(expected);
    expect(raw.toString()).toMatch(/list-unsubscribe:\s*list-unsubscribe-post/);
    const forged = Buffer.concat([Buffer.from('From: evil@example.test\r\n'), raw]);
    expect(await verdicts(forged)).toEqual(expected.map((one) => one.replace('pass', 'fail')));
  });

  it('what comes as a stream, and by default options of the transporter', async () => {
    const { sent, transporter } = mailer({ dkim: key });
    const content = Readable.from([Buffer.alloc(2_000_000, 'x')]);
    await transporter.sendMail({ ...message, attachments: [{ filename: 'a', content }] });
    expect(await verdicts(sent[0] as Buffer)).toEqual(['rsa: pass']);
  });

  it('and leaves out what a server changes', async () => {
    const { sent, transporter } = mailer();
    await transporter.sendMail({ ...message, dkim: { ...key, skipFields: 'Message-ID:date' } });
    const changed = (sent[0] as Buffer)
      .toString('latin1')
      .replace(/Message-ID: <.*>/, 'Message-ID: <x@y>');
    expect(await verdicts(Buffer.from(changed, 'latin1'))).toEqual(['rsa: pass']);
  });

  it('a finished message with line ends of every kind, in any pieces', async () => {
    const raw = 'From: a@example.test\nSubject: x\r\nTo: b\n\none \rtwo\t\n\r\n three\r\n\n \r';
    for (const size of [1, 2, 3, 7, 100]) {
      const pieces = raw.match(new RegExp(`[^]{1,${size}}`, 'g')) as string[];
      const { sent, transporter } = mailer({ dkim: key });
      const envelope = { from: 'a@example.test', to: 'b@example.test' };
      await transporter.sendMail({
        envelope,
        raw: Readable.from(pieces.map((one) => Buffer.from(one))),
      });
      expect(await verdicts(sent[0] as Buffer)).toEqual(['rsa: pass']);
      expect((sent[0] as Buffer).toString()).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
    }
  });

  it('nothing without it', async () => {
    const { sent, transporter } = mailer();
    await transporter.sendMail(message);
    expect((sent[0] as Buffer).toString()).not.toMatch(/^DKIM-Signature:/im);
  });
});

describe('does not send', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey;
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  it.each<[string, unknown, string]>([
    ['no key', { ...key, privateKey: undefined }, 'dkim.privateKey'],
    ['what is no key', { ...key, privateKey: 'secret' }, 'dkim.privateKey'],
    ['512 bits', { ...key, privateKey: pem(weak) }, 'dkim.privateKey'],
    ['another curve', { ...key, privateKey: pem(curve) }, 'dkim.privateKey'],
    [
      'a wrong passphrase',
      { ...key, privateKey: { key: locked, passphrase: 'x' } },
      'dkim.privateKey',
    ],
    [
      'a key in `keys` that can not',
      { keys: [key, { ...key, privateKey: 'x' }] },
      'dkim[1].privateKey',
    ],
    ['no keys', { keys: [] }, 'dkim'],
    ['a misspelt option', { ...key, domian: 'example.test' }, 'dkim.domian'],
    ['no domain', { ...key, domainName: '' }, 'dkim.domain'],
    ['no selector', { ...key, keySelector: undefined }, 'dkim.selector'],
    ['SHA-1', { ...key, hashAlgo: 'sha1' }, 'dkim.hashAlgo'],
    ['other fields', { ...key, headerFieldNames: 'from:to' }, 'dkim.headerFieldNames'],
    ['without From', { ...key, skipFields: 'from' }, 'dkim'],
    ['what is no object', 'key', 'dkim'],
  ])('%s', async (_, dkim, argument) => {
    const { sent, transporter } = mailer();
    await expect(transporter.sendMail({ ...message, dkim: dkim as never })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      cause: { argument },
    });
    expect(sent).toEqual([]);
  });
});

describe('a prepared field', () => {
  const evil = { prepared: true, value: 'a\r\nBcc: evil@example.com' };
  it.each<[object]>([
    [{ headers: { 'X-A': evil } }],
    [{ headers: { 'X-A': [evil] } }],
    [{ subject: evil }],
    [{ messageId: evil }],
    [{ inReplyTo: evil }],
    [{ text: { content: 'x', headers: { 'X-A': evil } } }],
    [{ html: { content: 'x', headers: { 'X-A': evil } } }],
    [{ amp: { content: 'x', headers: { 'X-A': evil } } }],
    [{ watchHtml: { content: 'x', headers: [{ key: 'X-A', value: evil }] } }],
    [{ icalEvent: { content: 'x', headers: { 'X-A': evil } } }],
    [{ headers: { 'X-A': { ...evil, foldLines: true } } }],
    [{ headers: { 'X-A': { prepared: true, value: { toString: () => evil.value } } } }],
    [{ headers: [{ key: 'X-A', value: evil }] }],
    [{ attachments: [{ content: 'x', headers: { 'X-A': { prepared: true, value: 'a\nb' } } }] }],
    [
      {
        alternatives: [
          {
            content: 'x',
            contentType: 'text/x',
            headers: { 'X-A': { prepared: true, value: 'a\rb' } },
          },
        ],
      },
    ],
  ])('holds no other field: %j', async (trick) => {
    const { sent, transporter } = mailer();
    await expect(transporter.sendMail({ ...message, ...trick })).rejects.toMatchObject({
      cause: { code: 'ERR_ARGUMENT' },
    });
    expect(sent).toEqual([]);
  });

  it('may be folded', async () => {
    const { sent, transporter } = mailer();
    const headers = { 'X-A': { prepared: true, value: 'a\r\n b' } };
    await transporter.sendMail({ ...message, headers });
    expect((sent[0] as Buffer).toString()).toContain('X-A: a\r\n b\r\n');
  });
});
