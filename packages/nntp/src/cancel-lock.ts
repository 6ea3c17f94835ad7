/** Cancel-Lock and Cancel-Key, RFC 8315: who wrote an article may take it back. */
import { createHash, createHmac } from 'node:crypto';
import { messageId as checkedId, wrong } from './arguments.js';

// c-lock = scheme ":" base64(hash(base64 key)); c-key = scheme ":" base64(HMAC(secret, message-id)): §4

/** What only the author of an article can know about it. `secret` should have 32 octets at least, and never change. */
export function cancelKey(secret: string | Uint8Array, messageId: string): string {
  if ((typeof secret !== 'string' && !(secret instanceof Uint8Array)) || secret.length === 0)
    throw wrong('cancelSecret', 'A secret is a string or octets, and not empty');
  return `sha256:${createHmac('sha256', secret).update(checkedId(messageId)).digest('base64')}`;
}

/** What an article carries, so that a server knows the key when it comes. */
export const cancelLock = (secret: string | Uint8Array, messageId: string): string =>
  `sha256:${lockOf(cancelKey(secret, messageId).slice('sha256:'.length))}`;

/** Whether one of the keys opens one of the locks, as a server would judge. Schemes other than `sha256` open nothing. */
export function opensLock(keys: string, locks: string): boolean {
  const wanted = new Set(elements(locks).map(({ value }) => value));
  return elements(keys).some(({ value }) => wanted.has(lockOf(value)));
}

const lockOf = (key: string): string => createHash('sha256').update(key).digest('base64');

/** Comments (RFC 5322 §3.2.2) are none. */
const elements = (header: string): { value: string }[] =>
  [
    ...header
      .replace(/\((?:[^()\\]|\\.)*\)/g, ' ')
      .matchAll(/(?<=^|[\s,])sha256:([A-Za-z0-9+/]+={0,2})(?=[\s,]|$)/gi),
  ].map(([, value = '']) => ({ value }));
