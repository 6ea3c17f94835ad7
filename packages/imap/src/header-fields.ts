/** Header fields as text (RFC 5322 §2.2): unfolded, encoded words decoded when asked for. */
import { trimBlanks } from '@fivewire/line-protocol';
import { decodeHeaderText } from './grammar/encoded-word.js';
import { inspectAs } from './inspectable.js';

/** The fields of a header, in the order in which they stand there. */
export class HeaderFields implements Iterable<readonly [name: string, value: string]> {
  /** The octets as they came. */
  readonly raw: Buffer;
  #fields: readonly (readonly [string, string])[] | undefined;

  constructor(raw: Buffer) {
    this.raw = raw;
  }

  /** The first field of this name (in any case), decoded; `undefined` where there is none. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    const found = this.#parsed().find(([field]) => field.toLowerCase() === wanted);
    return found && decodeHeaderText(found[1]);
  }

  /** All fields of this name, decoded. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#parsed()
      .filter(([field]) => field.toLowerCase() === wanted)
      .map(([, value]) => decodeHeaderText(value));
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  *[Symbol.iterator](): IterableIterator<readonly [string, string]> {
    for (const [name, value] of this.#parsed()) yield [name, decodeHeaderText(value)];
  }

  toJSON(): (readonly [string, string])[] {
    return [...this];
  }

  #parsed(): readonly (readonly [string, string])[] {
    if (this.#fields !== undefined) return this.#fields;
    const fields: [string, string][] = [];
    // Folding is a line break before white space (RFC 5322 §2.2.3); the white space stays.
    for (const line of this.raw
      .toString('latin1')
      .replace(/\r?\n(?=[ \t])/g, '')
      .split(/\r?\n/)) {
      const colon = line.indexOf(':');
      if (colon > 0)
        fields.push([line.slice(0, colon).trimEnd(), trimBlanks(line.slice(colon + 1))]);
    }
    this.#fields = fields;
    return fields;
  }
}

inspectAs(HeaderFields.prototype, (header) => [...header]);
