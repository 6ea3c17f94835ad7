/**
 * Bodies that end in a line with a lone dot: SMTP DATA (RFC 5321 §4.5.2), POP3 (RFC 1939 §3), NNTP (RFC 3977 §3.1.1).
 *
 * Both directions are pure and take octets cut anywhere. Native searches find the few places that matter; what lies
 * between them goes through as subarrays.
 */

import type { BodyDecoder, Decoded } from './body.js';
import { scanLines } from './line-ends.js';

const LF = 10;
const CR = 13;
const DOT = 46;
const cr = Buffer.from('\r');
const lf = Buffer.from('\n');
const dot = Buffer.from('.');
const crlfDot = Buffer.from('\r\n.');

/** Where the decoder stands between two chunks. `after-cr`: an LF would end the line. */
type At = 'middle' | 'after-cr' | 'line-start' | 'after-dot' | 'after-dot-cr';

export interface DotDecoderOptions {
  /**
   * Whether a bare LF ends a line as well: for servers that have shown it in their own status lines (`LineConnection.bareLf`).
   * Elsewhere `LF . LF` is content: what takes it for an end lets the writer of a message make up the replies after it. Default false.
   */
  bareLf?: boolean;
}

/** Takes off the stuffed dots and finds the end. The line end before the final dot belongs to the content. */
export class DotDecoder implements BodyDecoder {
  #at: At = 'line-start';
  #bareLf: boolean;

  constructor({ bareLf = false }: DotDecoderOptions = {}) {
    this.#bareLf = bareLf;
  }

  decode(octets: Buffer): Decoded {
    const bareLf = this.#bareLf;
    const { length } = octets;
    const content: Buffer[] = [];
    let from = 0; // what lies before it has been pushed, or is no content
    let i = 0;
    // The few octets around a cut, one by one.
    if (this.#at === 'after-cr' && length > 0) {
      this.#at = octets[0] === LF ? 'line-start' : 'middle';
      if (this.#at === 'line-start') i = 1;
    }
    if (this.#at === 'line-start' && i < length) {
      this.#at = octets[i] === DOT ? 'after-dot' : 'middle';
      if (this.#at === 'after-dot') {
        if (i > 0) content.push(octets.subarray(0, i));
        from = ++i;
      }
    }
    if (this.#at === 'after-dot' && i < length) {
      if (octets[i] === LF && bareLf) return { used: i + 1, content, done: true };
      this.#at = octets[i] === CR ? 'after-dot-cr' : 'middle';
      if (this.#at === 'after-dot-cr') from = ++i;
    }
    if (this.#at === 'after-dot-cr' && i < length) {
      if (octets[i] === LF) return { used: i + 1, content, done: true };
      content.push(cr); // `.CR` that was no end: the dot was stuffing, the CR is content
      this.#at = 'middle';
    }
    if (i === length) {
      if (from < i) content.push(octets.subarray(from));
      return { used: length, content, done: false };
    }
    // In bulk: only a dot after a line feed needs a look.
    for (;;) {
      const found = octets.indexOf('\n.', i, 'latin1');
      if (found < 0) break;
      i = found + 2;
      if (!bareLf && octets[found - 1] !== CR) continue;
      content.push(octets.subarray(from, found + 1));
      from = i;
      const after = octets[i];
      if (after === LF && bareLf) return { used: i + 1, content, done: true };
      if (after === CR && octets[i + 1] === LF) return { used: i + 2, content, done: true };
      if (after === undefined || (after === CR && i + 1 === length)) {
        this.#at = after === undefined ? 'after-dot' : 'after-dot-cr';
        return { used: length, content, done: false };
      }
    }
    const last = octets[length - 1];
    if (last === CR && !bareLf) this.#at = 'after-cr';
    else if (last === LF && (bareLf || octets[length - 2] === CR)) this.#at = 'line-start';
    else this.#at = 'middle';
    content.push(octets.subarray(from));
    return { used: length, content, done: false };
  }
}

/**
 * Where a body ends whose end is here and that has no line which begins with a dot: before the line of the final dot. -1 elsewhere.
 * @param at its first octet, behind the CRLF of what came before
 */
export function plainEnd(octets: Buffer, at: number): number {
  const found = octets.indexOf(crlfDot, at - 2);
  return found >= 0 && octets[found + 3] === CR && octets[found + 4] === LF ? found + 2 : -1;
}

/** Whether a reply of this kind begins at `at` whose end is not here: its status line, in CRLF, and no line that begins with a dot. */
export function isBegun(octets: Buffer, at: number): boolean {
  const lf = octets.indexOf(LF, at);
  return lf < 0 || (octets[lf - 1] === CR && octets.indexOf(crlfDot, lf - 1) < 0);
}

/** Octets of the line of the final dot. */
export const finalDotOctets = 3;

/**
 * Makes octets fit to be sent as such a body: a bare CR or LF becomes CRLF (so that no server sees another end of data
 * than we do: SMTP smuggling), a dot that begins a line is doubled, and `end()` gives the final line.
 */
export class DotEncoder {
  #afterCr = false;
  #lineStart = true;

  encode(octets: Uint8Array): Buffer[] {
    const input = Buffer.isBuffer(octets)
      ? octets
      : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    const out: Buffer[] = [];
    if (input.length === 0) return out;
    let start = 0;
    if (this.#afterCr) {
      if (input[0] === LF) start = 1;
      else out.push(lf);
      this.#lineStart = true;
    }
    this.#afterCr = input[input.length - 1] === CR;
    const { bare, dots } = scanLines(input, start);
    this.#stuff(input.subarray(0, bare), start, dots, out);
    if (bare < input.length) out.push(this.#normalise(input.toString('latin1', bare)));
    return out;
  }

  /** Doubles dots in octets whose lines all end in CRLF. Before `start` stands the LF of a CR that came before. */
  #stuff(octets: Buffer, start: number, dots: readonly number[], out: Buffer[]): void {
    if (octets.length === 0) return;
    let from = 0;
    const doubleAt = (at: number): void => {
      if (at > from) out.push(octets.subarray(from, at));
      out.push(dot);
      from = at;
    };
    if (this.#lineStart && octets[start] === DOT) doubleAt(start);
    for (const at of dots) doubleAt(at);
    out.push(octets.subarray(from));
    if (octets.length > start) this.#lineStart = octets[octets.length - 1] === LF;
  }

  /** The same for text of any line ends; it begins with one. As a string, since there the native replacements are. */
  #normalise(text: string): Buffer {
    const body = this.#afterCr ? text.slice(0, -1) : text;
    const lines = body.includes('\r') ? body.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : body;
    this.#lineStart = lines.endsWith('\n');
    const wire = lines.replaceAll('\n.', '\n..').replaceAll('\n', '\r\n');
    return Buffer.from(this.#afterCr ? `${wire}\r` : wire, 'latin1');
  }

  /** What must follow the last octets: their line's end if it is missing, and the lone dot. */
  end(): Buffer {
    const missing = this.#afterCr ? '\n' : this.#lineStart ? '' : '\r\n';
    return Buffer.from(`${missing}.\r\n`);
  }
}
