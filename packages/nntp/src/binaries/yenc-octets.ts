/** The octets of yEnc (yenc.org, version 1.3): each 42 more than it was, four or so escaped, lines of 128. Pure, and as fast as JavaScript goes. */

const CR = 13;
const LF = 10;
const ESCAPE = 61; // =

/** Whether the octet before was an escape: what follows may come in another piece. */
export interface EscapeState {
  escaped: boolean;
}

/**
 * Takes the encoding off: line ends out, escapes resolved. Four octets at a time where none of them is special, written as words at whatever
 * place the output has come to.
 */
export function decodeOctets(octets: Uint8Array, state: EscapeState): Buffer {
  const { length } = octets;
  const memory = new ArrayBuffer((length + 11) & ~3); // the last word may reach beyond what is used
  const out = new Uint8Array(memory);
  const outWords = new Int32Array(memory);
  const aligned = Math.min(length, (4 - (octets.byteOffset & 3)) & 3);
  const count = (length - aligned) >> 2;
  const words =
    count === 0
      ? new Int32Array(0)
      : new Int32Array(octets.buffer, octets.byteOffset + aligned, count);
  let { escaped } = state;
  let j = 0;
  const oneByOne = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const octet = octets[i] as number;
      if (escaped) {
        escaped = false;
        out[j++] = octet - 106;
      } else if (octet === ESCAPE) escaped = true;
      else if (octet !== CR && octet !== LF) out[j++] = octet - 42;
    }
  };
  oneByOne(0, aligned);
  let k = 0;
  while (k < count) {
    let word = words[k] as number;
    if (escaped || hasSpecial(word)) {
      const at = aligned + 4 * k++;
      oneByOne(at, at + 4);
      continue;
    }
    const shift = (j & 3) << 3;
    let o = j >> 2;
    const began = k;
    if (shift === 0) {
      do {
        outWords[o++] = minus42(word);
        if (++k >= count) break;
        word = words[k] as number;
      } while (!hasSpecial(word));
    } else {
      let carry = (outWords[o] as number) & ((1 << shift) - 1);
      do {
        const plain = minus42(word);
        outWords[o++] = carry | (plain << shift);
        carry = plain >>> (32 - shift);
        if (++k >= count) break;
        word = words[k] as number;
      } while (!hasSpecial(word));
      outWords[o] = carry;
    }
    j += 4 * (k - began);
  }
  oneByOne(aligned + 4 * count, length);
  state.escaped = escaped;
  return Buffer.from(memory, 0, j);
}

/** Whether one of four octets is LF, or CR or `=`; 0x1d and 0x2d look the same to this, and are told apart one by one. */
function hasSpecial(word: number): boolean {
  const a = (word ^ 0x0d0d0d0d) & 0xcfcfcfcf;
  const b = word ^ 0x0a0a0a0a;
  return ((((a - 0x01010101) & ~a) | ((b - 0x01010101) & ~b)) & 0x80808080) !== 0;
}

/** 42 less in each of four octets, without a carry between them. */
const minus42 = (word: number): number =>
  ((word | 0x80808080) - 0x2a2a2a2a) ^ ((word ^ ~0x2a2a2a2a) & 0x80808080);

/** Octets in the line that is being written. */
export interface LineState {
  column: number;
}

/** Lines of `lineOctets`, one more where the last is an escape, each with CRLF but the last, where it is not full. */
export function encodeOctets(octets: Uint8Array, lineOctets: number, state: LineState): Buffer {
  const { length } = octets;
  const out = Buffer.allocUnsafe(2 * length + 2 * (Math.ceil((2 * length) / lineOctets) + 1));
  let j = 0;
  let i = 0;
  let { column } = state;
  while (i < length) {
    const lineStart = j - column;
    const end = lineStart + lineOctets;
    while (i < length && j < end) {
      const octet = ((octets[i++] as number) + 42) & 255;
      const isSpecial =
        octet === 0 ||
        octet === LF ||
        octet === CR ||
        octet === ESCAPE ||
        (octet === 46 && j === lineStart); // a dot that begins a line, for servers that stuff none
      if (isSpecial) out[j++] = ESCAPE;
      out[j++] = isSpecial ? octet + 64 : octet;
    }
    column = j - lineStart;
    if (j < end) break;
    column = 0;
    out[j++] = CR;
    out[j++] = LF;
  }
  state.column = column;
  return out.subarray(0, j);
}
