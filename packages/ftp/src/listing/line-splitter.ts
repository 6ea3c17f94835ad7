/** Lines from chunks, in linear time whatever the cuts, and in bounded memory. */
import { octetString } from '../session/charset.js';

/**
 * The first line end decides what ends the rest: RFC 959 says CRLF, and then a bare LF belongs to a name
 * (one server shows such names as they are); a server that ends lines with a bare LF does so throughout.
 */
export class LineSplitter {
  readonly #limit: number;
  #end: '\r\n' | '\n' | undefined;
  #parts: string[] = [];
  #held = 0;
  /** The last octet of what an over-long line had beyond the limit: it may be the first of a line end. */
  #last = '';

  /** @param limit the longest line, in octets. Of a longer one so much is given that it can be told by its length. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octet strings without their line ends. */
  push(octets: Uint8Array): string[] {
    const text = octetString(octets);
    if (!text.includes('\n')) {
      this.#hold(text);
      return [];
    }
    this.#end ??= this.#firstEnd(text);
    const isSplit = this.#end === '\r\n' && text.charCodeAt(0) === 10 && this.#endsInCr();
    if (!isSplit && !text.includes(this.#end)) {
      this.#hold(text);
      return [];
    }
    const lines = (this.#held === 0 ? text : this.#take() + text).split(this.#end);
    const last = lines.pop() ?? '';
    if (last !== '') this.#hold(last);
    return this.#end === '\n' ? lines.map(withoutCr) : lines;
  }

  /** The last line, where it had no end. */
  end(): string[] {
    return this.#held === 0 ? [] : [withoutCr(this.#take())];
  }

  #firstEnd(text: string): '\r\n' | '\n' {
    const lf = text.indexOf('\n');
    return (lf > 0 ? text.charCodeAt(lf - 1) === 13 : this.#endsInCr()) ? '\r\n' : '\n';
  }

  #hold(text: string): void {
    if (text === '') return;
    if (this.#held > this.#limit + 1) {
      this.#last = text.slice(-1);
    } else {
      this.#parts.push(text);
      this.#held += text.length;
    }
  }

  #take(): string {
    const text = this.#parts.join('') + this.#last;
    this.#parts = [];
    this.#held = 0;
    this.#last = '';
    return text;
  }

  #endsInCr(): boolean {
    return (this.#last || this.#parts.at(-1) || '').endsWith('\r');
  }
}

const withoutCr = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
