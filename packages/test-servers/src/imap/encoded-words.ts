/** Encoded words, RFC 2047 §2, for sorting and threading: what can't be decoded stays as it is. */

// encoded-word = "=?" charset "?" encoding "?" encoded-text "?="
const word = /=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bq])\?([^?\s]*)\?=/gi;

/** @param text octets as Latin-1 */
export function decodeWords(text: string): string {
  const joined = text.replace(/(\?=)\s+(?==\?[^?\s]+\?[bq]\?)/gi, '$1');
  const parts: string[] = [];
  let end = 0;
  for (const match of joined.matchAll(word)) {
    parts.push(utf8(joined.slice(end, match.index)), decodeWord(match));
    end = match.index + match[0].length;
  }
  parts.push(utf8(joined.slice(end)));
  return parts.join('');
}

function decodeWord([whole, charset = '', encoding, text = '']: RegExpMatchArray): string {
  try {
    return new TextDecoder(charset).decode(
      encoding?.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : fromQ(text),
    );
  } catch {
    return whole;
  }
}

function fromQ(text: string): Buffer {
  const octets = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1');
}

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
