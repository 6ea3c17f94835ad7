/** The grammar of SCRAM's messages, RFC 5802 section 7. Pure, bounded, linear. */
import { Fault } from '../mechanism.js';
import { decodeBase64, fromUtf8, printable } from '../text.js';
import type { IterationWindow } from '../types.js';

const limits = { nonceCharacters: 1_024, saltOctets: 1_024 };
const defaultIterations = { min: 4_096, max: 600_000 };

export interface ServerFirst {
  /** As it came: part of what both sides sign. */
  readonly text: string;
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** `e=`: the server's word for why it refuses us (section 7, server-error-value). */
export interface ServerRefusal {
  readonly error: string;
}

// saslname = 1*(value-safe-char / "=2C" / "=3D")
export const saslname = (name: string): string =>
  name.replace(/[=,]/g, (c) => (c === '=' ? '=3D' : '=2C'));

// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
export function parseServerFirst(
  message: Uint8Array,
  clientNonce: string,
  window: IterationWindow = {},
): ServerFirst | ServerRefusal {
  const text = messageText(message);
  const [nonce, salt, count, ...extensions] = attributes(text);
  if (nonce?.name === 'e') return { error: printable(nonce.value, 60) };
  if (nonce?.name === 'm' || [salt, count, ...extensions].some((part) => part?.name === 'm')) {
    throw bad('a mandatory extension (m=) that we do not know');
  }
  if (nonce?.name !== 'r' || salt?.name !== 's' || count?.name !== 'i') {
    throw bad('r=, s= and i= are expected, in this order');
  }
  return {
    text,
    nonce: extendedNonce(nonce.value, clientNonce),
    salt: saltOctets(salt.value),
    iterations: iterationCount(count.value, window),
  };
}

// server-final-message = (server-error / verifier) ["," extensions]
export function parseServerFinal(message: Uint8Array): { signature: Uint8Array } | ServerRefusal {
  const [first] = attributes(messageText(message));
  if (first?.name === 'e') return { error: printable(first.value, 60) };
  const signature = first?.name === 'v' ? decodeBase64(first.value) : undefined;
  if (!signature) {
    throw new Fault('ERR_SERVER_SIGNATURE', 'the last message holds no signature (v=)');
  }
  return { signature };
}

// nonce = "r=" c-nonce [s-nonce], in which printable = %x21-2B / %x2D-7E. An s-nonce of nothing would let a server
// replay an old exchange, so here it must be there.
function extendedNonce(nonce: string, clientNonce: string): string {
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length) {
    throw bad("the server's nonce does not extend ours");
  }
  if (nonce.length > limits.nonceCharacters || !/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce)) {
    throw bad('the nonce is too long or not printable');
  }
  return nonce;
}

function saltOctets(text: string): Uint8Array {
  const salt = decodeBase64(text);
  if (!salt || salt.length === 0 || salt.length > limits.saltOctets) {
    throw bad(`the salt is no base64 of 1 to ${limits.saltOctets} octets`);
  }
  return salt;
}

function iterationCount(text: string, window: IterationWindow): number {
  const { min = defaultIterations.min, max = defaultIterations.max } = window;
  const count = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= min && count <= max) return count;
  throw bad(
    `the iteration count ${printable(text, 20)} is not between ${min} and ${max}`,
    count < min
      ? 'So low a count makes the password cheap to guess for who runs this server: store the password anew with more.'
      : 'So high a count would keep this process busy: if you trust the server, raise `iterations.max`.',
  );
}

function messageText(message: Uint8Array): string {
  const text = fromUtf8(message);
  if (text === undefined || text.includes('\0')) throw bad('the message is no UTF-8 text');
  return text;
}

// attr-val = ALPHA "=" value
function attributes(text: string): { name: string; value: string }[] {
  return text.split(',').map((part) => {
    if (!/^[A-Za-z]=./s.test(part)) throw bad('an attribute is not of the form x=value');
    return { name: part.charAt(0), value: part.slice(2) };
  });
}

const bad = (message: string, hint?: string): Fault => new Fault('ERR_CHALLENGE', message, hint);
