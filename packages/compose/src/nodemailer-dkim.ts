/**
 * nodemailer's option `dkim`, signed by our own signer. nodemailer's sends a message unsigned where the key does not fit, leaves List-Unsubscribe-Post and
 * a second From uncovered, and keeps the message in memory.
 */
import { createPrivateKey, KeyObject } from 'node:crypto';
import { Readable } from 'node:stream';
import { checkKeys, wrong } from './check-values.js';
import { type DkimKey, type DkimSigner, dkimSigner } from './dkim.js';
import { nodemailerError } from './nodemailer-error.js';

const keyNames = ['domainName', 'keySelector', 'privateKey'];
const optionNames = [
  'keys',
  'skipFields',
  'hashAlgo',
  'headerFieldNames',
  'cacheDir',
  'cacheTreshold',
];

/** The part of nodemailer's Mail that a plugin is given to. */
export interface Mailer {
  use(step: 'stream', plugin: (mail: Mail, done: (error?: unknown) => void) => void): unknown;
}

interface Mail {
  data: { dkim?: unknown };
}

/** Takes `dkim` out of each message before nodemailer sees it: what it asks for is in `signers` then, by the message. */
export function takeOverDkim(mailer: Mailer, signers: WeakMap<object, DkimSigner>): void {
  mailer.use('stream', (mail, done) => {
    const { dkim } = mail.data;
    try {
      if (dkim) signers.set(mail, signerOf(dkim));
      delete mail.data.dkim;
    } catch (error) {
      done(nodemailerError(error));
      return;
    }
    done();
  });
}

/** What nodemailer composes, with its signatures. */
export function signedBy(signer: DkimSigner, message: Readable): Readable {
  const signed = Readable.from(signer.stream(withCrlf(message)), { objectMode: false });
  message.on('error', () => {}); // reading tells
  return signed.once('close', () => message.destroy()); // it may not have begun
}

/** nodemailer leaves line ends as they were given, and a client makes them CRLF: that is what is signed. */
async function* withCrlf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let afterCr = false;
  for await (const piece of pieces) {
    const text = Buffer.from(piece).toString('latin1');
    if (text === '') continue;
    const begun = afterCr && text.startsWith('\n') ? text.slice(1) : text;
    afterCr = text.endsWith('\r');
    yield Buffer.from(begun.replace(/\r\n|\r|\n/g, '\r\n'), 'latin1');
  }
}

/** @throws UsageError `ERR_ARGUMENT` for a key that can't sign, and for what would be signed otherwise than asked for */
function signerOf(given: unknown): DkimSigner {
  checkKeys(given, [...keyNames, ...optionNames], 'dkim');
  const {
    keys,
    hashAlgo = 'sha256',
    headerFieldNames,
    skipFields = '',
    ...only
  } = given as Record<string, unknown>;
  if (hashAlgo !== 'sha256')
    throw wrong('dkim.hashAlgo', 'is not sha256', 'RFC 8301 knows no other.');
  if (headerFieldNames !== undefined)
    throw wrong(
      'dkim.headerFieldNames',
      'is given',
      'What is signed is fixed: RFC 6376 §5.4. Leave out by skipFields.',
    );
  if (typeof skipFields !== 'string')
    throw wrong('dkim.skipFields', 'must be a string', "Such as 'message-id:date'.");
  const skipped = skipFields
    .toLowerCase()
    .split(/[\s:]+/)
    .filter((name) => name !== '');
  if (keys === undefined) return dkimSigner(keyOf(only, 'dkim'), skipped);
  return dkimSigner(
    [keys].flat().map((one, i) => keyOf(one, `dkim.keys[${i}]`)),
    skipped,
  );
}

function keyOf(given: unknown, argument: string): DkimKey {
  checkKeys(given, [...keyNames, ...optionNames], argument);
  const { domainName, keySelector, privateKey } = given as Record<string, unknown>;
  return {
    domain: domainName as string,
    selector: keySelector as string,
    privateKey: opened(privateKey, `${argument}.privateKey`) as KeyObject,
  };
}

/** nodemailer takes what `crypto.sign` takes: `{ key, passphrase }`, too. */
function opened(given: unknown, argument: string): unknown {
  const isPair =
    typeof given === 'object' && given !== null && 'key' in given && !(given instanceof KeyObject);
  if (!isPair) return given;
  try {
    return createPrivateKey(given as Parameters<typeof createPrivateKey>[0]);
  } catch {
    throw wrong(argument, 'is no private key that can be read', 'Check its passphrase.');
  }
}
