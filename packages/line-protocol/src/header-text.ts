/** Header text as people read it: encoded words (RFC 2047) and parameter values (RFC 2231), decoded when asked for. */
import { decodeText } from './decode-text.js';

/** What knows the charsets: `iconv-lite`, which the clients that need it bring along and load at first use. */
export interface CharsetCodec {
  encodingExists(charset: string): boolean;
  decode(octets: Buffer, charset: string): string;
}

export interface HeaderDecoder {
  /**
   * encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
   *
   * @param raw each character an octet
   * @returns the text; octets outside encoded words as UTF-8, else Latin-1. What is in an unknown charset stays as it is.
   */
  decodeHeaderText(raw: string): string;
  /**
   * The parameters of a Content-Type or Content-Disposition as one text each: `name*0*`, `name*1` … joined, charset and
   * percent signs decoded (RFC 2231), and encoded words decoded, which many mailers put there against RFC 2047 §5.
   *
   * @returns names in lower case; without a prototype, for the names are a stranger's
   */
  decodeParameters(
    raw: readonly (readonly [name: string, value: string])[],
  ): Record<string, string>;
  /** Octets in a charset as text; `undefined` for a charset that is not known. */
  decodeCharset(octets: Uint8Array, charset: string): string | undefined;
}

/** @param codec called when something else than UTF-8 is met for the first time */
export function createHeaderDecoder(codec: () => CharsetCodec): HeaderDecoder {
  const decodeCharset: HeaderDecoder['decodeCharset'] = (octets, charset) => {
    const name = withoutLanguage(charset);
    const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    if (/^utf-?8$/.test(name)) return buffer.toString('utf8');
    if (codec().encodingExists(name)) return codec().decode(buffer, name);
    try {
      return new TextDecoder(name).decode(buffer); // ISO-2022-JP, which iconv-lite lacks
    } catch {
      return undefined;
    }
  };

  const decodeHeaderText: HeaderDecoder['decodeHeaderText'] = (raw) => {
    if (!raw.includes('=?')) return decodeText(raw);
    let text = '';
    let end = 0;
    let run: { charset: string; octets: Buffer[]; raw: string } | undefined;
    const finishRun = (): void => {
      if (run !== undefined)
        text += decodeCharset(joinedOctets(run.octets), run.charset) ?? run.raw;
      run = undefined;
    };
    for (const word of raw.matchAll(encodedWord)) {
      const [whole, given, encoding, encoded] = word as unknown as [string, string, string, string];
      const between = raw.slice(end, word.index);
      const charset = withoutLanguage(given);
      const octets = /b/i.test(encoding) ? Buffer.from(encoded, 'base64') : decodeQ(encoded);
      // White space between two encoded words does not count (RFC 2047 §6.2); and writers cut characters in two
      // between words of one charset, so these are joined before they are decoded.
      const joins = run !== undefined && between.trim() === '';
      if (joins && run?.charset === charset) {
        run.octets.push(octets);
        run.raw += between + whole;
      } else {
        finishRun();
        if (!joins) text += decodeText(between);
        run = { charset, octets: [octets], raw: whole };
      }
      end = word.index + whole.length;
    }
    finishRun();
    return text + decodeText(raw.slice(end));
  };

  const decodeParameters: HeaderDecoder['decodeParameters'] = (raw) => {
    const parameters: Record<string, string> = Object.create(null);
    let continued: Map<string, Section[]> | undefined;
    for (const [given, value] of raw) {
      const key = given.toLowerCase();
      const found = key.includes('*') ? /^(.*?)\*(?:(\d{1,3})(\*)?)?$/.exec(key) : null;
      const name = found?.[1] ?? '';
      if (found === null || name === '') {
        parameters[key] ??= decodeHeaderText(value);
        continue;
      }
      continued ??= new Map();
      const encoded = found[2] === undefined || found[3] !== undefined;
      const sections = continued.get(name) ?? [];
      sections.push({ index: Number(found[2] ?? 0), encoded, value });
      continued.set(name, sections);
    }
    for (const [name, sections] of continued ?? []) {
      const { octets, charset } = joinSections(sections);
      parameters[name] =
        decodeCharset(Buffer.from(octets, 'latin1'), charset) ?? decodeText(octets);
    }
    return parameters;
  };

  return { decodeHeaderText, decodeParameters, decodeCharset };
}

/** RFC 2231 §5: `iso-8859-1*en`. */
const withoutLanguage = (charset: string): string =>
  charset.replace(/\*.*$/, '').trim().toLowerCase();

const joinedOctets = (pieces: readonly Buffer[]): Buffer =>
  pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);

const encodedWord = /=\?([^?\s]+)\?([bqBQ])\?([^?\s]*)\?=/g;

/** "Q": `_` is a space, `=XX` an octet (RFC 2047 §4.2). */
function decodeQ(encoded: string): Buffer {
  const octets = Buffer.allocUnsafe(encoded.length);
  let length = 0;
  for (let i = 0; i < encoded.length; i++) {
    let octet = encoded.charCodeAt(i);
    if (octet === underscore) octet = space;
    else if (octet === equals) {
      const hex = encoded.slice(i + 1, i + 3);
      if (/^[0-9a-f]{2}$/i.test(hex)) {
        octet = Number.parseInt(hex, 16);
        i += 2;
      }
    }
    octets[length++] = octet;
  }
  return octets.subarray(0, length);
}

const underscore = 95;
const space = 32;
const equals = 61;

interface Section {
  index: number;
  encoded: boolean;
  value: string;
}

/** RFC 2231 §3 and §4: in their order; the first encoded one names the charset. */
function joinSections(sections: Section[]): { octets: string; charset: string } {
  sections.sort((a, b) => a.index - b.index);
  let charset = '';
  const octets = sections.map(({ encoded, value }, i) => {
    if (!encoded) return value;
    const found = i === 0 ? /^([^']*)'[^']*'(.*)$/s.exec(value) : null;
    charset = found?.[1] ?? charset;
    return (found?.[2] ?? value).replace(/%([0-9a-f]{2})/gi, (_sequence, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  });
  return { octets: octets.join(''), charset };
}
