/** Pins: SHA-256 of a certificate's SubjectPublicKeyInfo, in base64 (the form of RFC 7469 §2.4 and of curl). */

import { createHash } from 'node:crypto';
import { UsageError } from './errors.js';

/** Base64 may begin with a slash itself: only the length tells where the prefix ends. */
const form = /^(?:sha256\/{1,2})?([A-Za-z0-9+/]{43}=)$/;

/** `sha256/…`, `sha256//…` (curl) or the bare base64, as the bare base64. */
export function parsePin(pin: string): string {
  const digest = typeof pin === 'string' ? form.exec(pin)?.[1] : undefined;
  if (digest !== undefined && Buffer.from(digest, 'base64').toString('base64') === digest) {
    return digest;
  }
  throw new UsageError('ERR_ARGUMENT', 'a pin is not the base64 of a SHA-256 digest', {
    argument: 'pins',
    hint: 'A pin is "sha256/" and 44 characters of base64 over the SubjectPublicKeyInfo; describeCertificate() prints it.',
  });
}

/** The pin of a public key. */
export const pinOf = (publicKeyInfo: Uint8Array): string =>
  createHash('sha256').update(publicKeyInfo).digest('base64');
