/** DKIM: signatures verified by a reader that shares nothing with the signer, and keys that can't sign. */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  verify,
} from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type ComposeMessage, compose, type DkimKey } from '../src/index.js';
import { fortyMessages } from './forty-messages.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const key = (pair: { privateKey: KeyObject }, selector: string): DkimKey => ({
  domain: 'example.test',
  selector,
  privateKey: pair.privateKey,
});
const both = [key(rsa, 'rsa'), key(ed25519, 'ed')];
const plain: ComposeMessage = {
  from: 'a@example.test',
  to: 'b@example.test',
  subject: 'Hi',
  text: 'Hello.\n',
};

// A verifier by the letter of RFC 6376 §3.4 and §6.1, over the message as one string.
function verified(message: string): { tags: Record<string, string>; good: boolean }[] {
  const split = message.indexOf('\r\n\r\n');
  const fields = message
    .slice(0, split + 2)
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .slice(0, -1);
  const body = message.slice(split + 4);
  const relaxedBody = body
    .split('\r\n')
    .map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''))
    .join('\r\n')
    .replace(/(?:\r\n)*$/, '\r\n')
    .replace(/^\r\n$/, '');
  const relaxed = (field: string) => {
    const [, name = '', value = ''] = /^([^:]*):(.*)$/s.exec(field) ?? [];
    return `${name.toLowerCase().trim()}:${value.replace(/[ \t]+/g, ' ').trim()}`;
  };
  return fields
    .filter((field) => /^dkim-signature:/i.test(field))
    .map((field) => {
      const tags = Object.fromEntries(
        field
          .slice(15)
          .split(';')
          .map((tag) => {
            const [name = '', ...value] = tag.split('=');
            return [name.trim(), value.join('=').replace(/\s/g, '')];
          }),
      );
      const left = [...fields];
      const chosen = (tags.h ?? '').split(':').flatMap((name) => {
        const at = left.findLastIndex((one) => one.toLowerCase().startsWith(`${name}:`));
        return at < 0 ? [] : left.splice(at, 1).map(relaxed);
      });
      const own = relaxed(field.replace(/(;\s*b=)[^;]*$/, '$1'));
      const octets = Buffer.from([...chosen, own].join('\r\n'), 'latin1');
      const proof = Buffer.from(tags.b ?? '', 'base64');
      const bodyHash = createHash('sha256').update(relaxedBody, 'latin1').digest('base64');
      const signature =
        tags.a === 'rsa-sha256'
          ? verify('sha256', octets, createPublicKey(rsa.privateKey), proof)
          : verify(
              null,
              createHash('sha256').update(octets).digest(),
              createPublicKey(ed25519.privateKey),
              proof,
            );
      return { tags, good: signature && tags.bh === bodyHash };
    });
}

const signed = async (message: ComposeMessage, dkim: DkimKey | DkimKey[] = both) =>
  (await buffer((await compose(message, { dkim })).body)).toString('latin1');

describe('a signature', () => {
  it.each(Object.entries(fortyMessages()))('over %s holds, by both keys', async (_, message) => {
    const found = verified(await signed(message));
    expect(found.map(({ tags, good }) => [tags.a, tags.s, good])).toEqual([
      ['rsa-sha256', 'rsa', true],
      ['ed25519-sha256', 'ed', true],
    ]);
  });

  it('signs once more what must not be doubled, and what is there of the rest', async () => {
    const text = await signed({
      ...plain,
      cc: 'c@example.test',
      list: { unsubscribe: 'https://example.test/leave', oneClick: true },
      headers: { 'X-Other': 'x' },
    });
    const [first] = verified(text);
    const h = (first?.tags.h ?? '').split(':');
    for (const name of ['from', 'to', 'subject', 'date'])
      expect(h.filter((one) => one === name)).toHaveLength(2);
    expect(h.filter((one) => one === 'reply-to')).toHaveLength(1);
    for (const name of [
      'cc',
      'message-id',
      'mime-version',
      'content-type',
      'list-unsubscribe',
      'list-unsubscribe-post',
    ])
      expect(h.filter((one) => one === name)).toHaveLength(1);
    expect(h).not.toContain('x-other');
    expect(first?.tags).not.toHaveProperty('l');
    for (const more of ['From: evil@example.org', 'Reply-To: evil@example.org', 'Subject: evil'])
      expect(
        verified(text.replace(/\r\nFrom: /, `\r\n${more}\r\nFrom: `)).map(({ good }) => good),
      ).toEqual([false, false]);
  });

  it('holds over any body, in any pieces', async () => {
    const piece = fc.constantFrom(' ', '\t', '\r\n', '\r', '\n', 'a', 'b  c', '.', '\u00fc', '=');
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const raw = Readable.from([
          Buffer.from('From: a@example.test\r\n'),
          ...[...'\r\n', ...pieces.join('')].map((c) => Buffer.from(c)),
        ]);
        const { body } = await compose(
          { raw, from: 'a@example.test', to: 'b@example.test' },
          { dkim: both },
        );
        expect(verified((await buffer(body)).toString('latin1')).map(({ good }) => good)).toEqual([
          true,
          true,
        ]);
      }),
    );
  });

  it('over much keeps it in a file, which is gone at the end, also at an early one', async () => {
    const home = mkdtempSync(join(tmpdir(), 'fivewire-test-'));
    vi.stubEnv('TMPDIR', home);
    const octetsIn = (directory: string): number =>
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .reduce((sum, one) => sum + statSync(join(one.parentPath, one.name)).size, 0);
    try {
      const attachments = [{ content: Buffer.alloc(4_000_000, 'x') }];
      const { body } = await compose({ ...plain, attachments }, { dkim: both });
      const pieces = [];
      for await (const piece of body) {
        if (pieces.length === 0) expect(octetsIn(home)).toBeGreaterThan(4_000_000);
        pieces.push(piece);
      }
      const found = verified(Buffer.concat(pieces).toString('latin1'));
      expect(found.map(({ good }) => good)).toEqual([true, true]);
      expect(readdirSync(home)).toEqual([]);
      const other = (await compose({ ...plain, attachments }, { dkim: both })).body;
      for await (const _ of other) break;
      await expect.poll(() => readdirSync(home)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      rmSync(home, { recursive: true });
    }
  });

  it('is no signature where the source fails', async () => {
    const source = new PassThrough();
    const { body } = await compose(
      { ...plain, attachments: [{ content: source }] },
      { dkim: both },
    );
    const read = buffer(body);
    source.destroy(new Error('the disk is gone'));
    await expect(read).rejects.toThrow('the disk is gone');
  });
});

describe('a key', () => {
  const pem = (pair: { privateKey: KeyObject }) =>
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
  it.each([
    ['PEM', pem(rsa)],
    ['PEM in octets', Buffer.from(pem(ed25519))],
    ['DER', ed25519.privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['a KeyObject', rsa.privateKey],
    ['1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
  ])('%s signs', async (_, privateKey) => {
    expect(await signed(plain, { ...key(rsa, 'rsa'), privateKey: privateKey as string })).toMatch(
      /^DKIM-Signature: v=1; a=/,
    );
  });

  const encrypted = rsa.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  it.each([
    [
      '512 bits',
      { privateKey: generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey },
      'dkim.privateKey',
    ],
    [
      'an elliptic curve',
      { privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
      'dkim.privateKey',
    ],
    [
      'RSA-PSS',
      { privateKey: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey },
      'dkim.privateKey',
    ],
    ['a public key', { privateKey: rsa.publicKey }, 'dkim.privateKey'],
    ['an encrypted one', { privateKey: encrypted }, 'dkim.privateKey'],
    ['no PEM', { privateKey: 'no key' }, 'dkim.privateKey'],
    ['no DER', { privateKey: Buffer.from('no key') }, 'dkim.privateKey'],
    ['none', { privateKey: undefined }, 'dkim.privateKey'],
    ['nodemailer’s names', { domainName: 'example.test' }, 'dkim.domainName'],
    ['an unknown key', { dkmi: true }, 'dkim.dkmi'],
    ['no domain', { domain: 'exa mple' }, 'dkim.domain'],
    ['a domain with a field in it', { domain: 'example.test; l=0' }, 'dkim.domain'],
    ['no selector', { selector: 'a; l=0' }, 'dkim.selector'],
  ])('that is %s is refused', async (_, wrong, argument) => {
    await expect(
      compose(plain, { dkim: { ...key(rsa, 'rsa'), ...wrong } as DkimKey }),
    ).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument });
  });

  it.each([null, [], 'key', [null], 7])('that is %j is refused', async (dkim) => {
    await expect(compose(plain, { dkim: dkim as never })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  });

  it('that is misspelt does not send unsigned', async () => {
    await expect(compose(plain, { dkmi: both } as never)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument: 'options.dkmi',
    });
    await expect(compose(plain, null as never)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  it('signs no message without From', async () => {
    const { body } = await compose(
      { raw: 'Subject: x\r\n\r\nx', from: 'a@example.test', to: 'b@example.test' },
      { dkim: both },
    );
    await expect(buffer(body)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });
});
