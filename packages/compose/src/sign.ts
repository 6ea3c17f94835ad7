/** DKIM signatures, RFC 6376: by nodemailer's signer with an RSA key, or by a function of the caller's. */
import { createPrivateKey } from 'node:crypto';
import { PassThrough, Readable, Transform } from 'node:stream';
import Dkim from 'nodemailer/lib/dkim';
import { FivewireError } from 'tls-context-core';
import { checkLine, wrong } from './check.js';

export interface DkimKey {
  /** The signing domain, `d=`. */
  domain: string;
  /** The selector, `s=`: the public key is at `<selector>._domainkey.<domain>`. */
  selector: string;
  /** An RSA private key, PEM. */
  privateKey: string;
}

/** Takes the composed message and gives the signed one. For Ed25519, ARC, or a key that lies elsewhere. */
export type Sign = (message: Readable) => Readable | AsyncIterable<Uint8Array>;

/** @throws UsageError `ERR_ARGUMENT` for a key that is not RSA: nodemailer would send the message unsigned */
export function dkimSigner({ domain, selector, privateKey }: DkimKey): (raw: Readable) => Readable {
  checkLine(domain, 'dkim.domain');
  checkLine(selector, 'dkim.selector');
  checkRsa(privateKey);
  const signer = new Dkim({ domainName: domain, keySelector: selector, privateKey });
  return (raw) => {
    const signed = signer.sign(raw);
    const proven = signed.pipe(new SignatureCheck());
    signed.on('error', (error) => proven.destroy(error));
    proven.on('close', () => signed.destroy());
    return proven;
  };
}

/** Whatever the caller's function gives, as a Readable that ends with the message's own errors. */
export function applySign(sign: Sign, raw: Readable): Readable {
  const signed = sign(raw);
  if (signed instanceof Readable) return signed;
  const output = Readable.from(signed, { objectMode: false });
  raw.on('error', (error) => output.destroy(error));
  return output;
}

function checkRsa(privateKey: string): void {
  let type: string | undefined;
  try {
    type = createPrivateKey(privateKey).asymmetricKeyType;
  } catch {
    throw wrong('dkim.privateKey', 'is no private key in PEM');
  }
  if (type !== 'rsa')
    throw wrong(
      'dkim.privateKey',
      `is of type ${type}`,
      'Give an RSA key, or sign by a function: `sign`.',
    );
}

const field = 'dkim-signature:';

/** A message that should be signed and is not must not go out. */
class SignatureCheck extends Transform {
  #head = '';

  override _transform(
    chunk: Buffer,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    if (this.#head.length < field.length) {
      this.#head += chunk.toString('latin1', 0, field.length);
    }
    const begun = this.#head.slice(0, field.length).toLowerCase();
    if (field.startsWith(begun)) {
      this.push(chunk);
      done();
    } else done(unsigned());
  }

  override _flush(done: (error?: Error | null) => void): void {
    done(this.#head.length < field.length ? unsigned() : null);
  }
}

const unsigned = (): FivewireError =>
  new FivewireError('ERR_DKIM_UNSIGNED', 'The signer gave a message without a DKIM signature', {
    hint: 'Nothing was sent. Check the key and its domain.',
  });

/** A PassThrough keeps errors of the composer's own streams on the body that the caller holds. */
export const plain = (raw: Readable): Readable => {
  const body = new PassThrough();
  raw.on('error', (error) => body.destroy(error));
  body.on('close', () => raw.destroy());
  return raw.pipe(body);
};
