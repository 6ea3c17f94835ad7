/** Octets of a stranger as a text that is safe to print: controls escaped, length bounded. */

/** @param text each character an octet (latin1) or decoded text; @param max characters shown. */
export function escapeText(text: string, max = 120): string {
  const shown = text.length > max ? `${text.slice(0, max)}…` : text;
  return shown.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => {
    const code = c.charCodeAt(0);
    return (
      named[code] ??
      `\\${code > 0xff ? `u${code.toString(16)}` : `x${code.toString(16).padStart(2, '0')}`}`
    );
  });
}

const named: Record<number, string> = { 9: '\\t', 10: '\\n', 13: '\\r' };

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
