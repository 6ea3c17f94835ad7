/** TYPE A, RFC 959 §3.1.1.1: lines end in CR LF on the wire, and on this side as this side has them. Octet by octet, whatever the cut. */
import { EOL } from 'node:os';

const CR = 13;
const LF = 10;

/** From the wire: CR LF becomes `lineEnd`. */
export class FromNetwork {
  readonly #lineEnd: Buffer;
  /** A CR has come, and what follows it has not. */
  #heldCr = false;

  constructor(lineEnd: string = EOL) {
    this.#lineEnd = Buffer.from(lineEnd);
  }

  push(piece: Uint8Array): Buffer {
    const parts: Uint8Array[] = [];
    let from = 0;
    if (this.#heldCr && piece.length > 0) {
      this.#heldCr = false;
      if (piece[0] === LF) {
        parts.push(this.#lineEnd);
        from = 1;
      } else parts.push(Buffer.of(CR));
    }
    for (let at = piece.indexOf(CR, from); at >= 0; at = piece.indexOf(CR, at + 1)) {
      if (at === piece.length - 1) {
        parts.push(piece.subarray(from, at));
        this.#heldCr = true;
        return Buffer.concat(parts);
      }
      if (piece[at + 1] !== LF) continue;
      parts.push(piece.subarray(from, at), this.#lineEnd);
      from = at + 2;
    }
    parts.push(piece.subarray(from));
    return Buffer.concat(parts);
  }

  end(): Buffer {
    const last = this.#heldCr ? Buffer.of(CR) : Buffer.alloc(0);
    this.#heldCr = false;
    return last;
  }
}

/** To the wire: an LF that no CR stands before becomes CR LF. */
export class ToNetwork {
  #last = 0;

  push(piece: Uint8Array): Buffer {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) {
      if ((at === 0 ? this.#last : piece[at - 1]) === CR) continue;
      parts.push(piece.subarray(from, at), Buffer.of(CR, LF));
      from = at + 1;
    }
    parts.push(piece.subarray(from));
    this.#last = piece.at(-1) ?? this.#last;
    return Buffer.concat(parts);
  }
}
