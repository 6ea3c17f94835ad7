/** The decoder of Punycode, RFC 3492 §6.2. Node's own is deprecated, and its lines disagree on broken labels. */

const base = 36;
const tMin = 1;
const tMax = 26;
const skew = 38;
const damp = 700;
const initialBias = 72;
const initialN = 0x80;
const maxCodePoint = 0x10ffff;

/** What follows `xn--`, in lower case, to Unicode; nothing where it is no Punycode. */
export function decodePunycode(encoded: string): string | undefined {
  const lastHyphen = encoded.lastIndexOf('-');
  const output = Array.from(encoded.slice(0, Math.max(lastHyphen, 0)), (c) => c.charCodeAt(0));
  let n = initialN;
  let bias = initialBias;
  let i = 0;
  for (let at = lastHyphen + 1; at < encoded.length; ) {
    const oldI = i;
    for (let weight = 1, k = base; ; k += base) {
      const digit = digitOf(encoded.charCodeAt(at++));
      if (digit === undefined) return undefined;
      i += digit * weight;
      const threshold = Math.min(Math.max(k - bias, tMin), tMax);
      if (digit < threshold) break;
      weight *= base - threshold;
      if (weight > maxCodePoint * 64) return undefined;
    }
    const length = output.length + 1;
    bias = adapt(i - oldI, length, oldI === 0);
    n += Math.floor(i / length);
    if (n > maxCodePoint || (n >= 0xd800 && n <= 0xdfff)) return undefined;
    output.splice(i % length, 0, n);
    i = (i % length) + 1;
  }
  return String.fromCodePoint(...output);
}

function digitOf(code: number): number | undefined {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61; // a–z: 0–25
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 26; // 0–9: 26–35
  return undefined;
}

/** RFC 3492 §6.1. */
function adapt(delta: number, length: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? damp : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((base - tMin) * tMax) >> 1; k += base) rest = Math.floor(rest / (base - tMin));
  return k + Math.floor(((base - tMin + 1) * rest) / (rest + skew));
}
