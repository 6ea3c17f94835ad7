/**
 * Where lines end in octets that are about to be sent: RFC 5321 §2.3.8 knows CRLF alone.
 *
 * A search per line would cost a native call each; so eight octets are looked at in one step, and a step that holds no control
 * character up to CR is left behind.
 */

export interface LineScan {
  /** The first CR without LF or LF without CR; the length when there is none. A CR at the very end may still get its LF. */
  bare: number;
  /** Dots that begin a line, before `bare`, but for one at `start`. */
  dots: number[];
}

/** @param start before it everything is known; an LF there would be bare */
export function scanLines(octets: Buffer, start = 0): LineScan {
  const { length } = octets;
  const dots: number[] = [];
  const aligned = Math.min(length, start + ((4 - ((octets.byteOffset + start) & 3)) & 3));
  const words = ((length - aligned) >> 2) & ~1;
  const wide = words === 0 ? [] : new Int32Array(octets.buffer, octets.byteOffset + aligned, words);
  let bare = scanOctets(octets, start, aligned, start, dots);
  if (bare >= 0) return { bare, dots };
  for (let i = 0; i < words; i += 2) {
    const one = wide[i] as number;
    const two = wide[i + 1] as number;
    // The highest bit of an octet is set where it was below 14, or where the one beneath it borrowed: a step too many does no harm.
    if ((((one - 0x0e0e0e0e) & ~one) | ((two - 0x0e0e0e0e) & ~two)) & 0x80808080) {
      const at = aligned + 4 * i;
      bare = scanOctets(octets, at, at + 8, start, dots);
      if (bare >= 0) return { bare, dots };
    }
  }
  bare = scanOctets(octets, aligned + 4 * words, length, start, dots);
  return { bare: bare >= 0 ? bare : length, dots };
}

/** The first bare CR or LF among these octets, or -1. */
function scanOctets(
  octets: Buffer,
  from: number,
  to: number,
  start: number,
  dots: number[],
): number {
  for (let i = from; i < to; i++) {
    const octet = octets[i] as number;
    if (octet > CR) continue; // nearly all of them
    if (octet === LF) {
      if (i === start || octets[i - 1] !== CR) return i;
      if (octets[i + 1] === DOT) dots.push(i + 1);
    } else if (octet === CR && i + 1 < octets.length && octets[i + 1] !== LF) return i;
  }
  return -1;
}

const CR = 13;
const LF = 10;
const DOT = 46;
