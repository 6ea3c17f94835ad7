/** Secrets for Wireshark, where the caller asks for them. The NSS key log format, RFC 9850. */

import { appendFileSync } from 'node:fs';
import { attempt } from './attempt.js';
import type { Rule } from './option-check.js';
import type { TlsContextOptions } from './types.js';

export const keylogRule: Rule = [
  (value) => value === 'environment' || typeof value === 'function',
  "a function, or 'environment'",
];

/** Where the lines of a connection go; nothing where they go nowhere. */
export function keylogSink(
  option: TlsContextOptions['keylog'],
): ((line: Uint8Array) => void) | undefined {
  if (option !== 'environment') return option;
  const { SSLKEYLOGFILE: file } = process.env;
  // A file that can't be written to is no reason to end a connection: other programs share the variable.
  return file ? (line) => attempt(() => appendFileSync(file, line, { mode: 0o600 })) : undefined;
}
