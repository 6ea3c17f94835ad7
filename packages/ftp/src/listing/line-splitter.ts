/** Lines from chunks, in linear time whatever the cuts, and in bounded memory. */
import { octetString } from '../session/charset.js';

export interface Line {
  /** An octet string without its line end; what there was of it when it was over-long. */
  readonly text: string;
  readonly overlong: boolean;
}

/**
 * The first line end decides what ends the rest: RFC 959 says CRLF, and then a bare LF belongs to a name
 * (one server shows such names as they are); a server that ends lines with a bare LF does so throughout.
 */
export class LineSplitter {
  readonly #limit: number;
  #crlf: boolean | undefined;
  #parts: string[] = [];
  #held = 0;

  /** @param limit the longest line, in octets. More of one is dropped. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(octets: Uint8Array): Line[] {
    return this.pushText(octetString(octets));
  }

  /** The same for octets that are an octet string already. */
  pushText(text: string): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let lf = text.indexOf('\n'); lf >= 0; lf = text.indexOf('\n', lf + 1)) {
      const afterCr = lf > 0 ? text.charCodeAt(lf - 1) === 13 : this.#heldEndsInCr();
      this.#crlf ??= afterCr;
      if (this.#crlf && !afterCr) continue;
      const end = afterCr ? lf - 1 : lf;
      if (this.#held === 0 && end >= from && end - from <= this.#limit) {
        lines.push({ text: text.slice(from, end), overlong: false });
      } else {
        this.#hold(text.slice(from, lf));
        lines.push(this.#take());
      }
      from = lf + 1;
    }
    if (from < text.length) this.#hold(text.slice(from));
    return lines;
  }

  /** The last line, where it had no end. */
  end(): Line[] {
    return this.#held === 0 ? [] : [this.#take()];
  }

  #hold(text: string): void {
    if (this.#held <= this.#limit) this.#parts.push(text);
    this.#held += text.length;
  }

  #take(): Line {
    const text = this.#parts.length === 1 ? (this.#parts[0] ?? '') : this.#parts.join('');
    const overlong = this.#held > this.#limit + 1; // the CR does not count
    this.#parts = [];
    this.#held = 0;
    return { text: text.endsWith('\r') ? text.slice(0, -1) : text, overlong };
  }

  #heldEndsInCr(): boolean {
    for (let i = this.#parts.length - 1; i >= 0; i -= 1) {
      const part = this.#parts[i] ?? '';
      if (part !== '') return part.endsWith('\r');
    }
    return false;
  }
}
