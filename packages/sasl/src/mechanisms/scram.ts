/** SCRAM, RFC 5802, with SHA-256 (RFC 7677) and SHA-512, and channel binding (RFC 5929, RFC 9266). */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import {
  acknowledge,
  conclude,
  type ExchangeContext,
  Fault,
  nothing,
  type PasswordCredentials,
  type Refusal,
  type Steps,
  say,
} from '../mechanism.js';
import { preparePassword, prepareUser } from '../saslprep.js';
import { encodeBase64, utf8 } from '../text.js';
import { parseServerFinal, parseServerFirst, saslname } from './scram-messages.js';

/** The hash by its name in node:crypto, and the octets of its output. */
export type ScramHash = { readonly digest: string; readonly octets: number };

export const sha1: ScramHash = { digest: 'sha1', octets: 20 };
export const sha256: ScramHash = { digest: 'sha256', octets: 32 };
export const sha512: ScramHash = { digest: 'sha512', octets: 64 };

// On the thread pool: a count of 600,000 must not stop the event loop.
const derive = promisify(pbkdf2);

/** `nonce` is for test vectors only. */
export async function* scram(
  hash: ScramHash,
  { user, password, authzid }: PasswordCredentials,
  context: ExchangeContext,
  nonce: string = randomBytes(24).toString('base64'),
): Steps {
  const secret = preparePassword(password);
  const header = gs2Header(context, authzid);
  const clientFirstBare = `n=${saslname(prepareUser(user))},r=${nonce}`;

  const challenge = yield say(utf8(header + clientFirstBare));
  const serverFirst = parseServerFirst(challenge, nonce, context.iterations);
  if ('error' in serverFirst) {
    yield acknowledge(nothing, explain(serverFirst.error));
    return;
  }

  const binding = Buffer.concat([utf8(header), context.binding?.data ?? nothing]);
  const withoutProof = `c=${encodeBase64(binding)},r=${serverFirst.nonce}`;
  const signed = `${clientFirstBare},${serverFirst.text},${withoutProof}`;

  const { salt, iterations } = serverFirst;
  const place = [hash.digest, secret, encodeBase64(salt), iterations] as const;
  const saltedPassword =
    context.saltedPasswords?.get(place) ??
    (await derive(secret, salt, iterations, hash.octets, hash.digest));
  const clientKey = hmac(hash, saltedPassword, 'Client Key');
  const storedKey = createHash(hash.digest).update(clientKey).digest();
  const proof = xor(clientKey, hmac(hash, storedKey, signed));
  const expected = hmac(hash, hmac(hash, saltedPassword, 'Server Key'), signed);

  const proven = utf8(`${withoutProof},p=${encodeBase64(proof)}`);
  const last = parseServerFinal(yield { ...say(proven), proof: true });
  if ('error' in last) {
    yield acknowledge(nothing, explain(last.error));
    return;
  }
  if (last.signature.length !== expected.length || !timingSafeEqual(last.signature, expected)) {
    throw new Fault('ERR_SERVER_SIGNATURE', 'the signature is wrong');
  }
  context.saltedPasswords?.set(place, saltedPassword);
  yield { ...conclude(nothing), serverProven: true };
}

// gs2-header = gs2-cbind-flag "," ["a=" saslname] ","
function gs2Header({ binding, couldBind }: ExchangeContext, authzid: string | undefined): string {
  const flag = binding ? `p=${binding.type}` : couldBind ? 'y' : 'n';
  return `${flag},${authzid ? `a=${saslname(authzid)}` : ''},`;
}

const hmac = (hash: ScramHash, key: Uint8Array, message: string): Buffer =>
  createHmac(hash.digest, key).update(message, 'utf8').digest();

const xor = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  left.map((octet, index) => octet ^ (right[index] ?? 0));

// server-error-value, RFC 5802 section 7.
const worksNot = {
  hint: 'SCRAM does not work there: name another in `mechanisms`.',
  means: 'mechanism',
} as const;

const told: Readonly<Record<string, Omit<Refusal, 'reason'>>> = {
  'channel-bindings-dont-match': {
    hint: 'The server saw another TLS connection than we did: something between decrypts it. Do not send a password here.',
    means: 'binding',
  },
  'unsupported-channel-binding-type': {
    hint: 'The server knows another channel binding: name it in `channelBinding`, or a mechanism without -PLUS in `mechanisms` if TLS is verified.',
    means: 'binding',
  },
  'channel-binding-not-supported': {
    hint: 'Name a mechanism without -PLUS in `mechanisms` if TLS is verified.',
    means: 'binding',
  },
  'server-does-support-channel-binding': {
    hint: 'The server offers -PLUS mechanisms but they did not reach us: something between removed them.',
    means: 'wrong',
  },
  'unknown-user': { hint: 'The server knows no such user.', means: 'wrong' },
  'invalid-proof': { hint: 'The password is wrong.', means: 'wrong' },
  'no-resources': { hint: 'The server has no resources now: try later.', means: 'later' },
  'invalid-encoding': worksNot,
  'extensions-not-supported': worksNot,
  'other-error': worksNot,
};

function explain(error: string): Refusal {
  return { reason: error, hint: '', ...(Object.hasOwn(told, error) ? told[error] : {}) };
}
