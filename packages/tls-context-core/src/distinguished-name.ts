/** Subject and issuer as text, RFC 4514 in spirit: for people to read, never to be compared. */

import { type DerElement, DerError, derTags, expectTag, readOid } from './der.js';
import { escapeText } from './escape.js';

const attributeNames: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** `CN=R3, O=Let's Encrypt, C=US`: the most specific part first, values escaped. */
export function formatName(name: DerElement): string {
  return attributes(name)
    .map(({ type, value }) => `${type}=${value}`)
    .reverse()
    .join(', ');
}

/** The common name where there is one, else the whole. */
export function shortName(name: DerElement): string {
  return attributes(name).find(({ type }) => type === 'CN')?.value ?? formatName(name);
}

// Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value DirectoryString }
function attributes(name: DerElement): { type: string; value: string }[] {
  try {
    return expectTag(name, derTags.sequence)
      .children.flatMap((set) => expectTag(set, derTags.set).children)
      .map((attribute) => {
        const [type, value] = expectTag(attribute, derTags.sequence).children;
        const oid = readOid(type);
        return { type: attributeNames[oid] ?? oid, value: escapeText(decodeString(value), 100) };
      });
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}

function decodeString(element: DerElement | undefined): string {
  const octets = Buffer.from(element?.value ?? []);
  switch (element?.tag) {
    case derTags.utf8String:
      return octets.toString('utf8');
    case derTags.bmpString:
      return octets
        .subarray(0, octets.length & ~1)
        .swap16()
        .toString('utf16le');
    default:
      return octets.toString('latin1');
  }
}
