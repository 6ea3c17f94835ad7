/**
 * The octets of yEnc by the package `yencode`, which is compiled and several times as fast. An optional peer: where it is not installed, or was
 * not compiled, JavaScript does the same.
 */
import { createRequire } from 'node:module';
import {
  decodeOctets,
  type EscapeState,
  encodeOctets,
  isCutAtEnds,
  type LineState,
} from './yenc-octets.js';

/** What is used of `yencode`. Both give the octets written; memory that is Node's own is several times as fast as what the package would get. */
export interface Yencode {
  decodeTo(octets: Uint8Array, out: Buffer): number;
  encodeTo(octets: Uint8Array, out: Buffer, lineOctets: number, column: number): number;
  /** The most octets that {@link encodeTo} writes. */
  maxSize(octets: number, lineOctets: number): number;
}

let found: Yencode | false | undefined;

/** The package, looked for once. */
export function yencode(): Yencode | undefined {
  if (found === undefined) {
    try {
      found = createRequire(import.meta.url)('yencode') as Yencode;
    } catch {
      found = false; // absent, or without its compiled part
    }
  }
  return found === false ? undefined : found;
}

const ESCAPE = 61; // =
const newline = Buffer.from('\r\n');

/** As {@link decodeOctets}. The package takes each call for a whole: an escape that is cut in two is none of its business. */
export function decodeBy(native: Yencode, octets: Uint8Array, state: EscapeState): Buffer {
  const from = state.escaped && octets.length > 0 ? 1 : 0;
  let escapes = 0;
  while (octets.length - escapes > from && octets[octets.length - 1 - escapes] === ESCAPE)
    escapes++;
  const isCut = escapes % 2 === 1;
  const whole = octets.subarray(from, isCut ? -1 : undefined);
  if (from === 0) {
    if (octets.length > 0) state.escaped = isCut;
    return decode(native, whole);
  }
  const first = decodeOctets(octets.subarray(0, 1), state);
  state.escaped = isCut;
  return Buffer.concat([first, decode(native, whole)]);
}

function decode(native: Yencode, octets: Uint8Array): Buffer {
  if (octets.length === 0) return nothing;
  const out = Buffer.allocUnsafeSlow(octets.length);
  return out.subarray(0, native.decodeTo(octets, out));
}

const nothing = Buffer.alloc(0);

/** As {@link encodeOctets}. The package ends no line that is full, and escapes a TAB or space that comes last, though more may follow. */
export function encodeBy(
  native: Yencode,
  octets: Uint8Array,
  lineOctets: number,
  state: LineState,
): Buffer {
  let { length } = octets;
  while (length > 0 && isCutAtEnds(octets[length - 1] as number)) length--;
  if (length === 0) return encodeOctets(octets, lineOctets, state);
  const out = Buffer.allocUnsafeSlow(native.maxSize(length, lineOctets) + 2);
  const { column: before } = state;
  const encoded = out.subarray(
    0,
    native.encodeTo(octets.subarray(0, length), out, lineOctets, before),
  );
  const lineEnd = encoded.lastIndexOf('\r\n', undefined, 'latin1');
  const column = lineEnd < 0 ? before + encoded.length : encoded.length - lineEnd - 2;
  state.column = column >= lineOctets ? 0 : column;
  const rest: Uint8Array[] = [encoded, ...(state.column === 0 && column > 0 ? [newline] : [])];
  if (length < octets.length) rest.push(encodeOctets(octets.subarray(length), lineOctets, state));
  return rest.length === 1 ? encoded : Buffer.concat(rest);
}
