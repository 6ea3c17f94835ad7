/** Mailbox names on the wire: modified UTF-7 (RFC 3501 §5.1.3), or UTF-8 once that is enabled; and LIST's patterns. */

/** Unicode to modified UTF-7. */
export function encodeMailboxName(name: string): string {
  return name.replaceAll('&', '&-').replace(/[^\x20-\x7e]+/g, (text) => `&${toBase64(text)}-`);
}

/** Modified UTF-7 to Unicode. What is none, stays. */
export function decodeMailboxName(name: string): string {
  return name.replace(/&([A-Za-z0-9+,]*)-/g, (_all, encoded: string) =>
    encoded === '' ? '&' : fromBase64(encoded),
  );
}

function toBase64(text: string): string {
  const octets = Buffer.from(text, 'utf16le').swap16();
  return octets.toString('base64').replace(/=+$/, '').replaceAll('/', ',');
}

function fromBase64(encoded: string): string {
  const octets = Buffer.from(encoded.replaceAll(',', '/'), 'base64');
  return octets
    .subarray(0, octets.length & ~1)
    .swap16()
    .toString('utf16le');
}

/** `*` is anything, `%` anything but the separator. INBOX matches in any case. */
export function listPattern(reference: string, pattern: string): RegExp {
  const source = (reference + pattern)
    .replace(/[\\^$.|?+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/%+/g, '[^/]*');
  return new RegExp(`^${source.replace(/^inbox(?=$|\/)/i, 'INBOX')}$`, 's');
}
