/** The parts of an X.509 certificate that we judge by ourselves, read from its DER. RFC 5280 §4.1. */

import {
  type DerElement,
  DerError,
  derTags,
  expectTag,
  latin1,
  readDer,
  readOid,
  readTime,
} from './der.js';

/** A certificate, read. The octets are views into the DER it came from. */
export interface Certificate {
  readonly der: Uint8Array;
  /** Its serial number: the content octets of the INTEGER, in hex. */
  readonly serial: string;
  /** Of the signature on this certificate. */
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly issuer: DerElement;
  readonly subject: DerElement;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo, whole: what a pin is the hash of. */
  readonly publicKeyInfo: Uint8Array;
  readonly names: PresentedNames;
  /** All of subjectAltName, whatever the kind. */
  readonly generalNames: readonly DerElement[];
  /** The extended key usages, or nothing where the certificate may serve any purpose. */
  readonly purposes: readonly string[] | undefined;
  /** Whether it may issue certificates (basicConstraints, §4.2.1.9), and how many authorities may stand below it. */
  readonly authority: boolean;
  readonly pathLength: number | undefined;
  /** It is of version 1 (no extensions), as the oldest roots are. */
  readonly versionOne: boolean;
  /** The bits of keyUsage (§4.2.1.3), the first as the highest of nine; nothing where any use is allowed. */
  readonly keyUsage: number | undefined;
  /** Which key it holds, and which key signed it, as far as it says (§4.2.1.1, §4.2.1.2). */
  readonly subjectKeyId: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
  /** How it limits the names below it (§4.2.1.10): the extension's content. */
  readonly nameConstraints: Uint8Array | undefined;
  /** The object identifiers of its critical extensions. */
  readonly critical: readonly string[];
}

export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: DerElement | undefined;
}

/** The identities in subjectAltName. Other kinds (URI, e-mail, directory names) say nothing about a host. */
export interface PresentedNames {
  /** As the certificate has them; an octet that is no ASCII shows as the Latin-1 character and can match nothing. */
  readonly dns: readonly string[];
  /** Raw octets, 4 or 16 of them in a sane certificate. */
  readonly ip: readonly Uint8Array[];
  /** SRV-IDs, as `_imaps.example.org` (RFC 4985). */
  readonly srv: readonly string[];
}

/** Bits of {@link Certificate.keyUsage}. */
export const keyUsages: Readonly<Record<'keyCertSign' | 'cRLSign', number>> = {
  keyCertSign: 1 << 3,
  cRLSign: 1 << 2,
};

const oids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  dnsSrv: '1.3.6.1.5.5.7.8.7',
} as const;
const contextTags = { version: 0xa0, extensions: 0xa3 } as const;
// GeneralName ::= CHOICE { otherName [0], … dNSName [2] IA5String, … iPAddress [7] OCTET STRING, … }   (RFC 5280 §4.2.1.6)
export const generalNameTags = {
  other: 0xa0,
  email: 0x81,
  dns: 0x82,
  directory: 0xa4,
  uri: 0x86,
  ip: 0x87,
} as const;

/** Reads a certificate. Throws {@link DerError} where it is malformed. */
export function readCertificate(der: Uint8Array): Certificate {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
  const [tbs, algorithm] = readDer(der, derTags.sequence).children;
  const fields = expectTag(tbs, derTags.sequence).children;
  const versionOne = fields[0]?.tag !== contextTags.version;
  if (!versionOne) fields.shift();
  // serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, [1], [2], [3] extensions
  const [serial, , issuer, validity, subject, publicKeyInfo, ...rest] = fields;
  const [notBefore, notAfter] = expectTag(validity, derTags.sequence).children;
  const extensions = readExtensions(rest.find((field) => field.tag === contextTags.extensions));
  const contentOf = (oid: string) => extensions.get(oid)?.content;
  return {
    der,
    serial: hexOf(expectTag(serial, derTags.integer).value),
    signatureAlgorithm: readAlgorithm(algorithm),
    issuer: expectTag(issuer, derTags.sequence),
    subject: expectTag(subject, derTags.sequence),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    publicKeyInfo: expectTag(publicKeyInfo, derTags.sequence).whole,
    ...readNames(contentOf(oids.subjectAltName)),
    purposes: readPurposes(contentOf(oids.extendedKeyUsage)),
    ...readConstraints(contentOf(oids.basicConstraints)),
    versionOne,
    keyUsage: readKeyUsage(contentOf(oids.keyUsage)),
    subjectKeyId: readKeyId(contentOf(oids.subjectKeyIdentifier)),
    authorityKeyId: readAuthorityKeyId(contentOf(oids.authorityKeyIdentifier)),
    nameConstraints: contentOf(oids.nameConstraints),
    critical: [...extensions].filter(([, { critical }]) => critical).map(([oid]) => oid),
  };
}

/** The subject alone, for finding the certificate among many. */
export function readSubject(der: Uint8Array): DerElement {
  const [tbs] = readDer(der, derTags.sequence).children;
  const fields = expectTag(tbs, derTags.sequence).children;
  return expectTag(fields[fields[0]?.tag === contextTags.version ? 5 : 4], derTags.sequence);
}

/** AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL } */
export function readAlgorithm(element: DerElement | undefined): AlgorithmIdentifier {
  const [oid, parameters] = expectTag(element, derTags.sequence).children;
  return { oid: readOid(oid), parameters };
}

export interface Extension {
  readonly critical: boolean;
  readonly content: Uint8Array;
}

/** Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }; each once (§4.2). */
export function readExtensions(
  wrapper: Pick<DerElement, 'value'> | undefined,
): Map<string, Extension> {
  const extensions = new Map<string, Extension>();
  if (!wrapper) return extensions;
  for (const extension of readDer(wrapper.value, derTags.sequence).children) {
    const parts = expectTag(extension, derTags.sequence).children;
    const oid = readOid(parts[0]);
    if (extensions.has(oid)) throw new DerError(`extension ${oid} appears twice`);
    const critical = parts[1]?.tag === derTags.boolean && parts[1].value[0] !== 0;
    const content = expectTag(parts.at(-1), derTags.octetString).value;
    extensions.set(oid, { critical, content });
  }
  return extensions;
}

function readNames(extension: Uint8Array | undefined): Pick<Certificate, 'names' | 'generalNames'> {
  const all = extension ? readDer(extension, derTags.sequence).children : [];
  const ofKind = (tag: number) => all.filter((name) => name.tag === tag).map(({ value }) => value);
  const names = {
    dns: ofKind(generalNameTags.dns).map(latin1),
    ip: ofKind(generalNameTags.ip),
    srv: all.filter(({ tag }) => tag === generalNameTags.other).flatMap(readSrvName),
  };
  return { names, generalNames: all };
}

// OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }; SRVName ::= IA5String   (RFC 4985 §2)
function readSrvName({ children: [type, wrapper] }: DerElement): string[] {
  if (readOid(type) !== oids.dnsSrv) return [];
  return [latin1(readDer(expectTag(wrapper, 0xa0).value, derTags.ia5String).value)];
}

// KeyUsage ::= BIT STRING { digitalSignature (0), … keyCertSign (5), cRLSign (6), encipherOnly (7), decipherOnly (8) }
function readKeyUsage(extension: Uint8Array | undefined): number | undefined {
  if (!extension) return undefined;
  const [, first = 0, second = 0] = readDer(extension, derTags.bitString).value;
  return (first << 1) | (second >> 7);
}

const readKeyId = (extension: Uint8Array | undefined): Uint8Array | undefined =>
  extension && readDer(extension, derTags.octetString).value;

// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OCTET STRING OPTIONAL, … }
function readAuthorityKeyId(extension: Uint8Array | undefined): Uint8Array | undefined {
  const parts = extension ? readDer(extension, derTags.sequence).children : [];
  return parts.find(({ tag }) => tag === 0x80)?.value;
}

// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }
function readConstraints(
  extension: Uint8Array | undefined,
): Pick<Certificate, 'authority' | 'pathLength'> {
  const parts = extension ? readDer(extension, derTags.sequence).children : [];
  const authority = parts[0]?.tag === derTags.boolean && parts[0].value[0] !== 0;
  const length = parts.find(({ tag }) => tag === derTags.integer)?.value;
  return { authority, pathLength: length && readSmall(length) };
}

/** No chain is longer than what one octet counts. */
const readSmall = (octets: Uint8Array): number => (octets.length === 1 ? (octets[0] ?? 0) : 0);

function readPurposes(extension: Uint8Array | undefined): string[] | undefined {
  return extension && readDer(extension, derTags.sequence).children.map(readOid);
}

const hexOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('hex');
