/** Content-Transfer-Encoding undone piece by piece (RFC 2045 §6.7, §6.8), and a text's charset. */
import { iconv } from './iconv.js';

/** Takes octets as they come. Linear, and holds a few octets between pieces. */
export interface Decoder {
  push(octets: Buffer): Buffer;
  end(): Buffer;
}

const nothing = Buffer.alloc(0);
const same: Decoder = { push: (octets) => octets, end: () => nothing };

/** For an encoding that is unknown or none the octets stay as they are. */
export function transferDecoder(encoding: string): Decoder {
  if (encoding === 'base64') return base64Decoder();
  return encoding === 'quoted-printable' ? quotedPrintableDecoder() : same;
}

/** To UTF-8, from a charset that is known; else the octets stay as they are. */
export function charsetDecoder(charset: string | undefined): Decoder {
  const name = charset?.toLowerCase().trim() ?? '';
  if (/^(?:|utf-?8|us-ascii|ascii)$/.test(name)) return same;
  if (!iconv().encodingExists(name)) return nodesDecoder(name);
  const decoder = iconv().getDecoder(name);
  return {
    push: (octets) => Buffer.from(decoder.write(octets), 'utf8'),
    end: () => Buffer.from(decoder.end() ?? '', 'utf8'),
  };
}

/** ISO-2022-JP and others that iconv-lite lacks. */
function nodesDecoder(name: string): Decoder {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(name);
  } catch {
    return same;
  }
  return {
    push: (octets) => Buffer.from(decoder.decode(octets, { stream: true }), 'utf8'),
    end: () => Buffer.from(decoder.decode(), 'utf8'),
  };
}

export const chained = (first: Decoder, second: Decoder): Decoder => ({
  push: (octets) => second.push(first.push(octets)),
  end: () => Buffer.concat([second.push(first.end()), second.end()]),
});

/** Anything but the alphabet is skipped; padding ends a group, and another may follow. */
function base64Decoder(): Decoder {
  let held = '';
  const decode = (text: string, isLast: boolean): Buffer => {
    const groups = text.split(/=+/);
    const open = isLast ? '' : (groups.pop() as string);
    const whole = open.length - (open.length % 4);
    held = open.slice(whole);
    const pieces = [...groups, open.slice(0, whole)].map((group) => Buffer.from(group, 'base64'));
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  };
  return {
    push: (octets) =>
      decode(held + octets.toString('latin1').replace(/[^A-Za-z0-9+/=]+/g, ''), false),
    end: () => decode(held, true),
  };
}

function quotedPrintableDecoder(): Decoder {
  /** The beginning of `=XX`, or of a soft line break. */
  let held: Buffer = nothing;
  /** White space, which does not count at the end of a line. */
  let blanks: number[] = [];
  const decode = (octets: Buffer, isLast: boolean): Buffer => {
    const found = Buffer.allocUnsafe(octets.length + blanks.length);
    let length = 0;
    let i = 0;
    for (; i < octets.length; i++) {
      const octet = octets[i] as number;
      if (octet === space || octet === tab) {
        if (blanks.length < longestBlanks) blanks.push(octet);
        continue;
      }
      if (octet !== cr && octet !== lf) for (const blank of blanks) found[length++] = blank;
      blanks = [];
      if (octet !== equals) {
        found[length++] = octet;
        continue;
      }
      const soft = softBreak(octets, i + 1);
      if (soft === undefined && !isLast) break;
      if (soft !== undefined && soft > 0) {
        i += soft;
        continue;
      }
      const value = hexadecimal(octets[i + 1]) * 16 + hexadecimal(octets[i + 2]);
      if (Number.isNaN(value)) found[length++] = equals;
      else {
        found[length++] = value;
        i += 2;
      }
    }
    held = octets.subarray(i);
    return found.subarray(0, length);
  };
  return {
    push: (octets) => decode(held.length === 0 ? octets : Buffer.concat([held, octets]), false),
    end: () => decode(held, true),
  };
}

/**
 * How many octets of a soft line break stand at `at`, behind the `=`: 0 for none, `undefined` where more octets have to come to
 * tell.
 */
function softBreak(octets: Buffer, at: number): number | undefined {
  let i = at;
  while (i - at < longestBlanks && (octets[i] === space || octets[i] === tab)) i++;
  if (octets[i] === lf) return i + 1 - at;
  if (octets[i] === cr) return octets[i + 1] === lf ? i + 2 - at : undefinedAtEnd(octets, i + 1);
  if (i > at) return undefinedAtEnd(octets, i);
  return octets.length < at + 2 ? undefined : 0;
}

const undefinedAtEnd = (octets: Buffer, at: number): number | undefined =>
  at >= octets.length ? undefined : 0;

function hexadecimal(octet: number | undefined): number {
  return octet === undefined ? Number.NaN : Number.parseInt(String.fromCharCode(octet), 16);
}

/** White space in a row that is kept, since it might end a line. */
const longestBlanks = 1_000;
const tab = 9;
const lf = 10;
const cr = 13;
const space = 32;
const equals = 61;
