/** A line of octets as text: UTF-8 where it is valid UTF-8, else Latin-1. Never throws. */
export function decodeText(octets: string): string {
  if (!/[\x80-\xff]/.test(octets)) return octets;
  try {
    return utf8.decode(Buffer.from(octets, 'latin1'));
  } catch {
    return octets;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
