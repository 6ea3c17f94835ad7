/**
 * Names on the wire. They are UTF-8 (RFC 2640); an octet that is none becomes a lone surrogate, U+DC80 + (octet - 0x80), as Python's
 * `surrogateescape` has it, so that a name goes out as it came in.
 */
import { isUtf8 } from 'node:buffer';

export function nameOf(octets: Buffer): string {
  if (isUtf8(octets)) return octets.toString('utf8');
  let name = '';
  for (let at = 0; at < octets.length; ) {
    const length = sequenceAt(octets, at);
    name +=
      length === 0
        ? String.fromCharCode(0xdc00 + (octets[at] as number))
        : octets.toString('utf8', at, at + length);
    at += length || 1;
  }
  return name;
}

export function octetsOf(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  return Buffer.concat(
    [...text].map((char) => {
      const code = char.charCodeAt(0);
      const isEscaped = char.length === 1 && code >= 0xdc80 && code <= 0xdcff;
      return isEscaped ? Buffer.of(code - 0xdc00) : Buffer.from(char);
    }),
  );
}

/** How many octets make a character here; 0 where they make none. */
function sequenceAt(octets: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= octets.length; length++)
    if (isUtf8(octets.subarray(at, at + length))) return length;
  return 0;
}
