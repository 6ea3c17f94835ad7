/**
 * A reader for DER (X.690), as much as a certificate needs: definite lengths, low tag numbers, every bound checked.
 *
 * Node prints names into one string, and strings were fooled before (CVE-2021-44532), so we read the octets ourselves.
 */

/** One tag-length-value, as places in the octets it lies in: views are made only of what is looked at. */
export class DerElement {
  readonly tag: number;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #contentStart: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, contentStart: number, end: number) {
    this.tag = octetAt(bytes, start);
    this.#bytes = bytes;
    this.#start = start;
    this.#contentStart = contentStart;
    this.#end = end;
  }

  /** The content octets. */
  get value(): Uint8Array {
    return this.#bytes.subarray(this.#contentStart, this.#end);
  }

  /** The element whole, header and content. */
  get whole(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** The elements inside a constructed one. */
  get children(): DerElement[] {
    return elementsBetween(this.#bytes, this.#contentStart, this.#end);
  }
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** What is wrong with the octets. It never leaves this package: callers turn it into a `TlsError`. */
export class DerError extends Error {}

/** The one element that `bytes` holds; anything after it is an error. */
export function readDer(bytes: Uint8Array, tag?: number): DerElement {
  const [element, ...more] = elementsBetween(bytes, 0, bytes.length);
  if (!element || more.length > 0) throw new DerError('not one element');
  return tag === undefined ? element : expectTag(element, tag);
}

/** `element`, if it is there and has this tag. */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) {
    throw new DerError(`tag ${hex(tag)} expected, got ${element ? hex(element.tag) : 'the end'}`);
  }
  return element;
}

/** An object identifier in dotted form (X.690 §8.19). */
export function readOid(element: DerElement | undefined): string {
  const { value } = expectTag(element, derTags.oid);
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of value) {
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError('object identifier too large');
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = arcs[0];
  if (first === undefined || (value.at(-1) ?? 0x80) >= 0x80) {
    throw new DerError('object identifier cut short');
  }
  const root = Math.min(Math.floor(first / 40), 2);
  arcs[0] = first - root * 40;
  return `${root}.${arcs.join('.')}`;
}

const timeForms = {
  [derTags.utcTime]: /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
  [derTags.generalizedTime]: /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
} as const;

/** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 writes them, in milliseconds since 1970. */
export function readTime(element: DerElement | undefined): number {
  const form = timeForms[element?.tag as keyof typeof timeForms];
  const parts = element && form?.exec(latin1(element.value));
  if (!parts) throw new DerError('no time as RFC 5280 writes it');
  const [year = 0, month = 0, day, hour, minute, second] = parts.slice(1).map(Number);
  return Date.UTC(fullYear(year, element.tag), month - 1, day, hour, minute, second);
}

/** Octets as text, one character each. */
export const latin1 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');

/** Two digits mean 1950 to 2049 (RFC 5280 §4.1.2.5.1). */
function fullYear(year: number, tag: number): number {
  if (tag === derTags.generalizedTime) return year;
  return year < 50 ? 2000 + year : 1900 + year;
}

/** Elements one after the other, from `start` to exactly `end`. */
function elementsBetween(bytes: Uint8Array, start: number, end: number): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = start; at < end; ) {
    const tag = octetAt(bytes, at);
    if ((tag & 0x1f) === 0x1f) throw new DerError('a high tag number');
    const first = octetAt(bytes, at + 1);
    const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || lengthOctets > 4) throw new DerError('an indefinite or absurd length');
    let length = first < 0x80 ? first : 0;
    for (let i = 0; i < lengthOctets; i++) length = length * 256 + octetAt(bytes, at + 2 + i);
    const contentStart = at + 2 + lengthOctets;
    const next = contentStart + length;
    if (next > end) throw new DerError('an element runs past the end');
    elements.push(new DerElement(bytes, at, contentStart, next));
    at = next;
  }
  return elements;
}

function octetAt(bytes: Uint8Array, at: number): number {
  const octet = bytes[at];
  if (octet === undefined) throw new DerError('octets end too early');
  return octet;
}

const hex = (tag: number): string => `0x${tag.toString(16).padStart(2, '0')}`;
