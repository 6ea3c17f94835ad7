/** The header of an article (RFC 5536 §2.2): names in any case, several of one name, octets kept. */
import { trimBlanks } from '@fivewire/line-protocol';
import { decodeHeader } from './header-text.js';

/** Decodes when asked. Iterating gives `[name, value]` in the article's order. */
export class Headers implements Iterable<[name: string, value: string]> {
  #text: string;
  #parsed: Field[] | undefined;

  /**
   * @param lines as they came, unstuffed, each character an octet; folded lines follow their first one. A string is all of them, each with
   * its CRLF
   */
  constructor(lines: readonly string[] | string) {
    this.#text = typeof lines === 'string' ? lines : lines.map((line) => `${line}\r\n`).join('');
  }

  /** Cut into fields only where they are looked at: an archive takes {@link octets} alone. */
  get #fields(): readonly Field[] {
    this.#parsed ??= parse(this.#text);
    return this.#parsed;
  }

  /** The whole head as it came, each line with its CRLF, without the empty line that ends it: for archives. */
  get octets(): Uint8Array {
    return Buffer.from(this.#text, 'latin1');
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** The first field of that name: unfolded, trimmed, encoded words and charsets decoded. */
  get(name: string): string | undefined {
    const field = this.#find(name);
    return field === undefined ? undefined : decoded(field.octets);
  }

  /** All fields of that name. */
  getAll(name: string): string[] {
    const lower = name.toLowerCase();
    return this.#fields
      .filter((field) => field.name.toLowerCase() === lower)
      .map(({ octets }) => decoded(octets));
  }

  /** The first field of that name as it came after the colon, folding and all, without the last CRLF. */
  raw(name: string): Uint8Array | undefined {
    const field = this.#find(name);
    return field === undefined ? undefined : Buffer.from(field.octets, 'latin1');
  }

  *[Symbol.iterator](): Generator<[name: string, value: string], void, undefined> {
    for (const { name, octets } of this.#fields) yield [name, decoded(octets)];
  }

  #find(name: string): Field | undefined {
    const lower = name.toLowerCase();
    return this.#fields.find((field) => field.name.toLowerCase() === lower);
  }
}

interface Field {
  name: string;
  octets: string;
}

function parse(text: string): Field[] {
  const fields: Field[] = [];
  for (const line of text.split('\r\n').slice(0, -1)) {
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) last.octets += `\r\n${line}`;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon > 0)
      fields.push({ name: line.slice(0, colon).trimEnd(), octets: line.slice(colon + 1) });
  }
  return fields;
}

const decoded = (octets: string): string =>
  decodeHeader(trimBlanks(octets.replaceAll('\r\n', '').replaceAll(/[\r\n]+/g, ' ')));

/**
 * Whether each line of a header is a field, or goes on with one, and has no CR or LF but its CRLF: then it needs no look at its lines. None begins
 * with a dot, which may be stuffed, or the end.
 */
export function isPlain(text: string): boolean {
  plainFields.lastIndex = 0;
  return plainFields.test(text) && plainFields.lastIndex === text.length;
}

const plainFields =
  /(?:[\x21-\x2d\x2f-\x39\x3b-\x7e][\x21-\x39\x3b-\x7e]*[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+/y;
