/** Content-Transfer-Encoding, RFC 2045 §6: octets in, lines that every server carries out. */

export interface Encoder {
  push(octets: Buffer): Buffer;
  /** What is left. */
  end(): Buffer;
  /** How many octets these become, where that can be told beforehand: `content` is all that will come. */
  measure?(content: Buffer): number;
}

const CR = 13;
const LF = 10;
const nothing = Buffer.alloc(0);

// ── base64, RFC 2045 §6.8 ──────────────────────────────────────────────────────────────────────────────────────

/** Octets that make a line of 76 characters. */
const octetsPerLine = 57;
const lineLength = 76;

export class Base64Encoder implements Encoder {
  /** Octets of the line that is begun. */
  #rest: Buffer = nothing;

  push(octets: Buffer): Buffer {
    const begun = this.#rest.length;
    const missing = begun === 0 ? 0 : octetsPerLine - begun;
    const first =
      missing === 0 ? nothing : Buffer.concat([this.#rest, octets.subarray(0, missing)]);
    if (first.length < octetsPerLine && missing > 0) {
      this.#rest = first;
      return nothing;
    }
    const lines = Math.floor((octets.length - missing) / octetsPerLine);
    const end = missing + lines * octetsPerLine;
    this.#rest = Buffer.from(octets.subarray(end)); // a copy: the piece may go
    // Not all in one piece with the line that was begun: that would copy each octet once more.
    const out = new LineBuffer((first.length > 0 ? 1 : 0) + lines);
    out.add(first, 0, first.length);
    out.add(octets, missing, end);
    return out.octets;
  }

  end(): Buffer {
    if (this.#rest.length === 0) return nothing;
    return Buffer.from(`${this.#rest.toString('base64')}\r\n`, 'latin1');
  }

  measure({ length }: Buffer): number {
    const rest = length % octetsPerLine;
    const lastLine = rest === 0 ? 0 : 4 * Math.ceil(rest / 3) + 2;
    return ((length - rest) / octetsPerLine) * (lineLength + 2) + lastLine;
  }
}

/** Whole lines, straight into their place: 12 bits a step, by a table of pairs of digits. */
class LineBuffer {
  readonly octets: Buffer;
  readonly #pairs: Uint16Array;
  #at = 0;

  constructor(lines: number) {
    this.octets = Buffer.allocUnsafeSlow(lines * (lineLength + 2));
    this.#pairs = new Uint16Array(this.octets.buffer);
  }

  add(octets: Buffer, start: number, stop: number): void {
    const pairs = this.#pairs;
    let at = this.#at;
    for (let from = start; from < stop; ) {
      for (const end = from + octetsPerLine; from < end; from += 3) {
        const second = octets[from + 1] as number;
        pairs[at++] = digitPairs[((octets[from] as number) << 4) | (second >> 4)] as number;
        pairs[at++] = digitPairs[((second & 15) << 8) | (octets[from + 2] as number)] as number;
      }
      pairs[at++] = crlf;
    }
    this.#at = at;
  }
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Two characters as this machine lays them into memory. */
const pairOf = (text: string): number =>
  new Uint16Array(Uint8Array.from(Buffer.from(text)).buffer)[0] as number;

const crlf = pairOf('\r\n');
const digitPairs = Uint16Array.from({ length: 4096 }, (_, bits) =>
  pairOf(`${digits[bits >> 6]}${digits[bits & 63]}`),
);

// ── quoted-printable, RFC 2045 §6.7 ────────────────────────────────────────────────────────────────────────────

const hexDigits = Buffer.from('0123456789ABCDEF');

/** For text: CR, LF and CRLF are line ends and stay such. */
export class QuotedPrintableEncoder implements Encoder {
  #column = 0;
  #afterCr = false;
  /** A space or tab that has not been written: at the end of a line it must be encoded. */
  #blank = 0;

  push(octets: Buffer): Buffer {
    // Each octet becomes at most three, and a soft line break at most each 23 of them.
    const out = Buffer.allocUnsafe(octets.length * 4 + 16);
    let at = 0;
    const literal = (octet: number): void => {
      if (this.#column >= lineLength - 1) at = this.#softBreak(out, at);
      out[at++] = octet;
      this.#column++;
    };
    const encoded = (octet: number): void => {
      if (this.#column >= lineLength - 3) at = this.#softBreak(out, at);
      out[at++] = 61;
      out[at++] = hexDigits[octet >> 4] as number;
      out[at++] = hexDigits[octet & 15] as number;
      this.#column += 3;
    };
    for (let i = 0; i < octets.length; i++) {
      const octet = octets[i] as number;
      if (octet === LF && this.#afterCr) {
        this.#afterCr = false;
        continue;
      }
      this.#afterCr = octet === CR;
      const lineEnd = octet === CR || octet === LF;
      if (this.#blank !== 0) {
        if (lineEnd) encoded(this.#blank);
        else literal(this.#blank);
        this.#blank = 0;
      }
      if (lineEnd) {
        out[at++] = CR;
        out[at++] = LF;
        this.#column = 0;
      } else if (octet === 32 || octet === 9) this.#blank = octet;
      else if (octet === 61 || octet < 32 || octet > 126) encoded(octet);
      else literal(octet);
    }
    return out.subarray(0, at);
  }

  end(): Buffer {
    const blank = this.#blank;
    this.#blank = 0;
    if (blank === 0) return nothing;
    const last = blank === 32 ? '=20' : '=09';
    return Buffer.from(this.#column >= lineLength - 3 ? `=\r\n${last}` : last, 'latin1');
  }

  /** By encoding it: texts are short. */
  measure(content: Buffer): number {
    const other = new QuotedPrintableEncoder();
    return other.push(content).length + other.end().length;
  }

  #softBreak(out: Buffer, at: number): number {
    out[at] = 61;
    out[at + 1] = CR;
    out[at + 2] = LF;
    this.#column = 0;
    return at + 3;
  }
}

// ── 7bit and 8bit ──────────────────────────────────────────────────────────────────────────────────────────────

/** RFC 5322 §2.1.1: octets of a line, CRLF not counted. */
export const longestLine = 998;

/** Octets as they are, line ends made CRLF. What may not stand there is an error: `fault` makes it. */
export class IdentityEncoder implements Encoder {
  #sevenBit: boolean;
  #fault: (what: string) => Error;
  #afterCr = false;
  #column = 0;

  constructor(sevenBit: boolean, fault: (what: string) => Error) {
    this.#sevenBit = sevenBit;
    this.#fault = fault;
  }

  push(octets: Buffer): Buffer {
    if (octets.length === 0) return octets;
    const text = octets.toString('latin1');
    if (text.includes('\0')) throw this.#fault('holds NUL');
    if (this.#sevenBit && /[\x80-\xff]/.test(text)) throw this.#fault('holds octets above 127');
    const begun = this.#afterCr && text.startsWith('\n') ? text.slice(1) : text;
    this.#afterCr = text.endsWith('\r');
    const lines = begun.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    this.#checkLines(lines);
    return Buffer.from(lines.replaceAll('\n', '\r\n'), 'latin1');
  }

  end(): Buffer {
    return nothing;
  }

  #checkLines(text: string): void {
    let from = -this.#column;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) {
      if (i - from > longestLine) throw this.#tooLong();
      from = i + 1;
    }
    this.#column = text.length - from;
    if (this.#column > longestLine) throw this.#tooLong();
  }

  #tooLong(): Error {
    return this.#fault(`holds a line of more than ${longestLine} octets`);
  }
}

// ── the choice ─────────────────────────────────────────────────────────────────────────────────────────────────

/** For a text in memory: as it is where it is ASCII in short lines, else what takes less room and stays readable. */
export function encodingForText(octets: Buffer): '7bit' | 'quoted-printable' | 'base64' {
  let above = 0;
  let length = 0;
  let long = false;
  let odd = false;
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i] as number;
    if (octet === LF || octet === CR) length = 0;
    else if (++length > lineLength) long = true;
    if (octet > 127) above++;
    else if (octet < 32 && octet !== LF && octet !== CR && octet !== 9) odd = true;
  }
  if (above > octets.length / 4) return 'base64';
  return above > 0 || long || odd ? 'quoted-printable' : '7bit';
}
