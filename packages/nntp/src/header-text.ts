/** Header texts as people read them: encoded words (RFC 2047, RFC 2231 §5), and the raw 8-bit that Usenet has always had. */
import { decodeText } from '@fivewire/line-protocol';
import iconv from 'iconv-lite';

// encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="

const encodedWord = /=\?([^?*\s]{1,60})(?:\*[^?\s]{0,60})?\?([BbQq])\?([^?\s]*)\?=/;
const encodedWords = new RegExp(`${encodedWord.source}(?:[ \\t]+(?==\\?))?`, 'g');

/** @param octets unfolded, each character an octet. Never throws: what can't be decoded stays as it is. */
export function decodeHeader(octets: string): string {
  if (!octets.includes('=?')) return decodeText(octets);
  let out = '';
  let from = 0;
  let run: { charset: string; octets: Buffer[]; source: string } | undefined;
  const flush = (): void => {
    if (run !== undefined) out += decodeRun(run);
    run = undefined;
  };
  for (const match of octets.matchAll(encodedWords)) {
    const [whole, charset = '', encoding = '', text = ''] = match;
    if (match.index > from) {
      flush();
      out += decodeText(octets.slice(from, match.index));
    }
    from = match.index + whole.length;
    // Writers cut multi-octet characters between two words: those of one charset are decoded together.
    const name = charset.toLowerCase();
    const decoded = /b/i.test(encoding) ? Buffer.from(text, 'base64') : decodeQ(text);
    if (run !== undefined && run.charset !== name) flush();
    run ??= { charset: name, octets: [], source: '' };
    run.octets.push(decoded);
    run.source += whole;
    // A space before something that only looks like a word belongs to the text.
    const next = octets.slice(from);
    if (/[ \t]$/.test(whole) && next.search(encodedWord) !== 0) {
      flush();
      out += whole.slice(whole.search(/[ \t]+$/));
    }
  }
  flush();
  return out + decodeText(octets.slice(from));
}

function decodeRun({
  charset,
  octets,
  source,
}: {
  charset: string;
  octets: Buffer[];
  source: string;
}): string {
  const whole = Buffer.concat(octets);
  if (iconv.encodingExists(charset)) return iconv.decode(whole, charset);
  try {
    return new TextDecoder(charset).decode(whole); // ISO-2022-JP, which iconv-lite lacks
  } catch {
    return source;
  }
}

function decodeQ(text: string): Buffer {
  const octets = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1');
}

/**
 * A text as ASCII: itself, or as encoded words in UTF-8, cut between characters. Each is short enough that a line of 76
 * octets (RFC 2047 §2) holds it beside a name. Joined by single spaces, for a folder to break at.
 */
export function encodeHeader(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text;
  const words: string[] = [];
  let chunk = '';
  for (const character of text) {
    if (Buffer.byteLength(chunk + character) > wordOctets) {
      words.push(chunk);
      chunk = '';
    }
    chunk += character;
  }
  words.push(chunk);
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}

const wordOctets = 36;
