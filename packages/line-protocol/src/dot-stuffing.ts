/**
 * Bodies that end in a line with a lone dot: SMTP DATA (RFC 5321 §4.5.2), POP3 (RFC 1939 §3), NNTP (RFC 3977 §3.1.1).
 *
 * Both directions are pure and take octets cut anywhere. Native searches find the few places that matter; what lies
 * between them goes through as subarrays.
 */
import type { BodyDecoder, Decoded } from './body.js';

const LF = 10;
const CR = 13;
const DOT = 46;
const crlf = Buffer.from('\r\n');
const cr = Buffer.from('\r');
const dot = Buffer.from('.');

/** Where the decoder stands between two chunks. */
type At = 'middle' | 'line-start' | 'after-dot' | 'after-dot-cr';

/** Takes off the stuffed dots and finds the end. The CRLF before the final dot belongs to the content. */
export class DotDecoder implements BodyDecoder {
  #at: At = 'line-start';

  decode(octets: Buffer): Decoded {
    const content: Buffer[] = [];
    let i = 0;
    // The few octets around a cut, one by one.
    while (this.#at !== 'middle' && i < octets.length) {
      const c = octets[i] as number;
      if (this.#at === 'line-start') {
        if (c !== DOT) break;
        this.#at = 'after-dot';
      } else if (c === LF) {
        return { used: i + 1, content, done: true };
      } else if (this.#at === 'after-dot') {
        if (c !== CR) break;
        this.#at = 'after-dot-cr';
      } else {
        content.push(cr); // `.CR` that was no end: the dot was stuffing, the CR is content
        break;
      }
      i++;
    }
    if (i === octets.length) return { used: i, content, done: false };
    this.#at = 'middle';
    // In bulk: only a dot after a line feed needs a look.
    let from = i;
    for (;;) {
      const found = octets.indexOf('\n.', i, 'latin1');
      if (found < 0) break;
      const after = octets[found + 2];
      const end =
        after === LF ? found + 3 : after === CR && octets[found + 3] === LF ? found + 4 : 0;
      if (end > 0) {
        content.push(octets.subarray(from, found + 1));
        return { used: end, content, done: true };
      }
      content.push(octets.subarray(from, found + 1));
      if (after === undefined || (after === CR && found + 3 === octets.length)) {
        this.#at = after === undefined ? 'after-dot' : 'after-dot-cr';
        return { used: octets.length, content, done: false };
      }
      from = found + 2;
      i = from;
    }
    if (octets[octets.length - 1] === LF) this.#at = 'line-start';
    if (from < octets.length) content.push(octets.subarray(from));
    return { used: octets.length, content, done: false };
  }
}

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
    let from = 0;
    let i = 0;
    if (this.#afterCr) {
      this.#afterCr = false;
      if (input[0] === LF) i = 1;
      else out.push(Buffer.from('\n'));
      this.#lineStart = true;
    }
    let nextCr = input.indexOf(CR, i);
    while (i < input.length) {
      if (this.#lineStart && input[i] === DOT) {
        if (i > from) out.push(input.subarray(from, i));
        out.push(dot);
        from = i;
      }
      this.#lineStart = false;
      if (nextCr >= 0 && nextCr < i) nextCr = input.indexOf(CR, i);
      const lf = input.indexOf(LF, i);
      if (nextCr >= 0 && (lf < 0 || nextCr < lf - 1)) {
        // A CR that no LF follows in this chunk.
        i = nextCr + 1;
        if (i === input.length) {
          this.#afterCr = true;
          break;
        }
        out.push(input.subarray(from, nextCr), crlf);
        from = i;
        this.#lineStart = true;
      } else if (lf < 0) {
        break;
      } else {
        if (nextCr !== lf - 1 || nextCr < 0) {
          out.push(input.subarray(from, lf), crlf);
          from = lf + 1;
        }
        i = lf + 1;
        this.#lineStart = true;
      }
    }
    if (from < input.length) out.push(input.subarray(from));
    return out;
  }

  /** What must follow the last octets: their line's end if it is missing, and the lone dot. */
  end(): Buffer {
    const missing = this.#afterCr ? '\n' : this.#lineStart ? '' : '\r\n';
    return Buffer.from(`${missing}.\r\n`);
  }
}
