/** Text to octets and back: UTF-8 (RFC 3629), strict base64 (RFC 4648 section 4), and text that is safe to show. */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** `undefined` when the octets are no UTF-8. */
export function fromUtf8(octets: Uint8Array): string | undefined {
  try {
    return strict.decode(octets);
  } catch {
    return undefined;
  }
}

export const encodeBase64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** `undefined` unless the text is canonical base64: alphabet, padding and unused bits. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? octets : undefined;
}

/** A server's text for people: control and format characters escaped, no longer than asked. */
export function printable(text: string, longest = 200): string {
  const start = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return start.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
