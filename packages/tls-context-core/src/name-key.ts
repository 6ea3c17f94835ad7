/**
 * Whether two distinguished names are the same. RFC 5280 §7.1, as OpenSSL compares them: whatever string type carries
 * a value, ASCII case and repeated spaces do not count.
 */

import { type DerElement, derTags, expectTag, readOid } from './der.js';

/** Equal for equal names. Throws a DerError where the octets are no name. */
export function nameKey(name: DerElement): string {
  return relativeNames(name).join(',');
}

/** The relative names of a distinguished name, outermost first, each comparable. */
export function relativeNames(name: DerElement): string[] {
  return expectTag(name, derTags.sequence).children.map((set) =>
    expectTag(set, derTags.set).children.map(attributeKey).sort().join('+'),
  );
}

// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
function attributeKey(attribute: DerElement): string {
  const [type, value] = expectTag(attribute, derTags.sequence).children;
  return `${readOid(type)}=${JSON.stringify(value ? valueKey(value) : '')}`;
}

const textOf: Readonly<Record<number, (octets: Buffer) => string>> = {
  [derTags.utf8String]: (octets) => octets.toString('utf8'),
  [derTags.bmpString]: (octets) =>
    Buffer.from(octets.subarray(0, octets.length & ~1))
      .swap16()
      .toString('utf16le'),
  [derTags.printableString]: (octets) => octets.toString('latin1'),
  [derTags.teletexString]: (octets) => octets.toString('latin1'),
  [derTags.ia5String]: (octets) => octets.toString('latin1'),
  [derTags.visibleString]: (octets) => octets.toString('latin1'),
};

function valueKey({ tag, value, whole }: DerElement): string {
  const octets = Buffer.from(value.buffer, value.byteOffset, value.length);
  const text = textOf[tag]?.(octets);
  if (text === undefined) return `#${Buffer.from(whole).toString('hex')}`;
  return text
    .replace(/[ \t\n\v\f\r]+/g, ' ')
    .replace(/^ | $/g, '')
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
