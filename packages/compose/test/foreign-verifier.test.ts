/** What mailauth, which shares nothing with the signer, says of DKIM signatures: over messages of every shape, and over what was changed since. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth';
import { describe, expect, it } from 'vitest';
import { type ComposeMessage, compose, type DkimKey, type RawMessage } from '../src/index.js';
import { fortyMessages } from './forty-messages.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const domain = 'example.test';
const keys: DkimKey[] = [
  { domain, selector: 'rsa', privateKey: rsa },
  { domain, selector: 'ed.2026', privateKey: ed25519 },
];

const spki = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' });
/** RFC 8463 §4.2: the 32 octets of the key alone. */
const records: Readonly<Record<string, string>> = {
  [`rsa._domainkey.${domain}`]: `v=DKIM1; k=rsa; p=${spki(rsa).toString('base64')}`,
  [`ed.2026._domainkey.${domain}`]: `v=DKIM1; k=ed25519; p=${spki(ed25519).subarray(-32).toString('base64')}`,
};
const resolver = async (name: string): Promise<string[][]> => {
  const record = records[name];
  if (record === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  return [[record]];
};

async function verdicts(message: Buffer): Promise<string[]> {
  const { results } = await dkimVerify(message, { resolver });
  return results.map(({ selector, status }) => `${selector}: ${status.result}`);
}
const good = ['rsa: pass', 'ed.2026: pass'];

const inMemory = Symbol.for('fivewire.octets');
/** As a client takes it: whole where it is small, streamed otherwise. */
async function signed(message: ComposeMessage | RawMessage): Promise<Buffer> {
  const { body } = await compose(message, { dkim: keys });
  const whole = (body as unknown as Record<symbol, () => Buffer | undefined>)[inMemory]?.();
  return whole ?? (await buffer(body));
}
const streamed = async (message: ComposeMessage | RawMessage): Promise<Buffer> =>
  buffer((await compose(message, { dkim: keys })).body);

describe('mailauth takes both signatures', () => {
  it.each(Object.keys(fortyMessages()))('%s', async (name) => {
    const [one, other] = [fortyMessages()[name], fortyMessages()[name]];
    expect(await verdicts(await signed(one as ComposeMessage))).toEqual(good);
    expect(await verdicts(await streamed(other as ComposeMessage))).toEqual(good);
  });

  it('of finished messages with any body, in any pieces', async () => {
    const piece = fc.constantFrom(' ', '\t', '\r\n', '\n', '\r', 'a', 'é', '.', '\r\n \r\n', '=');
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const fields = 'From: a@example.test\r\nX-Odd :  two  blanks \r\n\tand a fold\r\n\r\n';
        const message = (raw: RawMessage['raw']): RawMessage => ({
          raw,
          envelope: { from: 'a@example.test', to: 'b@example.test' },
        });
        const whole = await signed(message(fields + pieces.join('')));
        expect(await verdicts(whole)).toEqual(good);
        const parts = [fields, ...pieces].map((one) => Buffer.from(one));
        const inPieces = await streamed(message(Readable.from(parts, { objectMode: false })));
        expect(await verdicts(inPieces)).toEqual(good);
      }),
      { numRuns: 25 },
    );
  });
});

const message = (): ComposeMessage => ({
  from: 'Alice <a@example.test>',
  to: 'b@example.test',
  replyTo: 'c@example.test',
  subject: 'Grüße',
  text: 'Hello.\n',
  list: { unsubscribe: 'https://example.test/leave?u=1', oneClick: true },
});

describe('and does not take', () => {
  it.each([
    ['another From on top', 'From: evil@example.test\r\n'],
    ['another To', 'To: evil@example.test\r\n'],
    ['another Subject', 'Subject: evil\r\n'],
    ['another Date', 'Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n'],
    ['another Reply-To', 'Reply-To: evil@example.test\r\n'],
  ])('%s', async (_, field) => {
    const given = await signed(message());
    expect(await verdicts(given)).toEqual(good);
    const changed = Buffer.concat([Buffer.from(field), given]);
    expect(await verdicts(changed)).toEqual(['rsa: fail', 'ed.2026: fail']);
  });

  it.each([
    ['List-Unsubscribe: <https://example.test/', 'List-Unsubscribe: <https://evil.test/'],
    ['List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n', ''],
    ['\r\nHello.\r\n', '\r\nHello!\r\n'],
    ['MIME-Version: 1.0', 'MIME-Version: 1.1'],
    ['text/plain', 'text/html'],
  ])('%j changed to %j', async (was, is) => {
    const given = (await signed(message())).toString('latin1');
    const changed = given.replace(was, is);
    expect(changed).not.toBe(given);
    const [first, second] = await verdicts(Buffer.from(changed, 'latin1'));
    expect(first).not.toBe(good[0]);
    expect(second).not.toBe(good[1]);
  });
});
