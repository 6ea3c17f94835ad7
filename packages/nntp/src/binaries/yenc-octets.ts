/** The octets of yEnc (yenc.org, version 1.3): each 42 more than it was, four or so escaped, lines of 128. Pure, and as fast as JavaScript goes. */

const CR = 13;
const LF = 10;
const ESCAPE = 61; // =

/** Whether the octet before was an escape: what follows may come in another piece. */
export interface EscapeState {
  escaped: boolean;
}

/**
 * Takes the encoding off: line ends out, escapes resolved. Four octets at a time, decoded and written whole; where one of them is special, what was
 * written from it on is written over.
 */
export function decodeOctets(octets: Uint8Array, state: EscapeState): Buffer {
  const { length } = octets;
  // The last word may reach beyond what is used. Filled with zeros first, memory of this length costs as much as decoding into it.
  const out = Buffer.allocUnsafeSlow(length + 4);
  const write = new DataView(out.buffer, out.byteOffset, out.length);
  const read = new DataView(octets.buffer, octets.byteOffset, length);
  let { escaped } = state;
  let i = 0;
  let j = 0;
  if (escaped && length > 0) {
    out[j++] = (octets[i++] as number) - 106;
    escaped = false;
  }
  for (const last = length - 4; i <= last; ) {
    const word = read.getInt32(i, true);
    // 42 less in each octet, without a carry between them.
    const plain = ((word | high) - 0x2a2a2a2a) ^ ((word ^ ~0x2a2a2a2a) & high);
    write.setInt32(j, plain, true);
    // The lowest bit of these shows the first octet that is CR, LF or `=`.
    const a = word ^ 0x0d0d0d0d;
    const b = word ^ 0x0a0a0a0a;
    const c = word ^ 0x3d3d3d3d;
    const special = (((a - ones) & ~a) | ((b - ones) & ~b) | ((c - ones) & ~c)) & high;
    if (special === 0) {
      i += 4;
      j += 4;
      continue;
    }
    const before = (31 - Math.clz32(special & -special)) >> 3;
    i += before;
    j += before;
    if (octets[i] !== ESCAPE) {
      i++;
      if (octets[i] === LF) i++;
    } else if (i + 1 < length) {
      out[j++] = (octets[i + 1] as number) - 106;
      i += 2;
    } else break;
  }
  for (; i < length; i++) {
    const octet = octets[i] as number;
    if (escaped) {
      escaped = false;
      out[j++] = octet - 106;
    } else if (octet === ESCAPE) escaped = true;
    else if (octet !== CR && octet !== LF) out[j++] = octet - 42;
  }
  state.escaped = escaped;
  return out.subarray(0, j);
}

const ones = 0x01010101;
const high = 0x80808080 | 0;

/** Octets in the line that is being written. */
export interface LineState {
  column: number;
}

/** Source octets whose encoded form would be NUL, LF, CR or `=`: escaped everywhere. */
const everywhere = 1;
/** TAB and space: escaped at either end of a line, where servers cut them off. */
const atEnds = 2;
/** A dot: escaped where it begins a line, for servers that stuff none. */
const atBeginning = 4;

const critical = Uint8Array.from({ length: 256 }, (_, octet) => {
  const encoded = (octet + 42) & 255;
  if ([0, LF, CR, ESCAPE].includes(encoded)) return everywhere;
  return encoded === 9 || encoded === 32 ? atEnds : encoded === 46 ? atBeginning : 0;
});

/** Whether its encoded form is a TAB or a space. */
export const isCutAtEnds = (octet: number): boolean => critical[octet] === atEnds;

/** Lines of `lineOctets`, one more where the last is an escape, each with CRLF but the last, where it is not full. */
export function encodeOctets(octets: Uint8Array, lineOctets: number, state: LineState): Buffer {
  const { length } = octets;
  const longestLine = lineOctets + 3;
  let out = Buffer.allocUnsafe(Math.ceil(length * (1.05 + 2 / lineOctets)) + 2 * longestLine);
  let i = 0;
  let j = 0;
  let { column } = state;
  while (i < length) {
    if (j + longestLine > out.length) out = Buffer.concat([out.subarray(0, j)], 2 * out.length);
    const end = j - column + lineOctets;
    const last = end - 1;
    if (column === 0) {
      const octet = octets[i++] as number;
      const isSpecial = critical[octet] !== 0;
      if (isSpecial) out[j++] = ESCAPE;
      out[j++] = isSpecial ? octet + 106 : octet + 42;
    }
    while (j < last && i < length) {
      const octet = octets[i++] as number;
      if (critical[octet] !== everywhere) out[j++] = octet + 42;
      else {
        out[j++] = ESCAPE;
        out[j++] = octet + 106;
      }
    }
    if (j === last && i < length) {
      const octet = octets[i++] as number;
      const isSpecial = ((critical[octet] as number) & (everywhere | atEnds)) !== 0;
      if (isSpecial) out[j++] = ESCAPE;
      out[j++] = isSpecial ? octet + 106 : octet + 42;
    }
    if (j < end) {
      state.column = j - end + lineOctets;
      return out.subarray(0, j);
    }
    column = 0;
    out[j++] = CR;
    out[j++] = LF;
  }
  state.column = column;
  return out.subarray(0, j);
}
