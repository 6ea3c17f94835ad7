/** Header texts as people read them (RFC 2047, RFC 2231 §5, and the raw 8-bit that Usenet has always had), and as they are sent. */
import { createHeaderDecoder } from '@fivewire/line-protocol';
import { iconv } from './iconv.js';

const { decodeHeaderText } = createHeaderDecoder(iconv);

/** @param octets unfolded, each character an octet. Never throws: what can't be decoded stays as it is. */
export const decodeHeader = (octets: string): string => decodeHeaderText(octets);

/**
 * A text as ASCII: itself, or as encoded words in UTF-8, cut between characters. Each is short enough that a line of 76
 * octets (RFC 2047 §2) holds it beside a name. Joined by single spaces, for a folder to break at. A word that no line holds (RFC 5536 §2.2) is cut
 * so, too.
 */
export function encodeHeader(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?') && !/[^ ]{900}/.test(text)) return text;
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
