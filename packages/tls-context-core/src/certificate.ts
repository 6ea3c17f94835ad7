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
  /** The extended key usages, or nothing where the certificate may serve any purpose. */
  readonly purposes: readonly string[] | undefined;
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
}

const oids = { subjectAltName: '2.5.29.17', extendedKeyUsage: '2.5.29.37' } as const;
const contextTags = { version: 0xa0, extensions: 0xa3 } as const;
// GeneralName ::= CHOICE { … dNSName [2] IA5String, … iPAddress [7] OCTET STRING, … }   (RFC 5280 §4.2.1.6)
const generalNameTags = { dns: 0x82, ip: 0x87 } as const;

/** Reads a certificate. Throws {@link DerError} where it is malformed. */
export function readCertificate(der: Uint8Array): Certificate {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
  const [tbs, algorithm] = readDer(der, derTags.sequence).children;
  const fields = expectTag(tbs, derTags.sequence).children;
  if (fields[0]?.tag === contextTags.version) fields.shift();
  // … serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, [1], [2], [3] extensions
  const [, , issuer, validity, subject, publicKeyInfo, ...rest] = fields;
  const [notBefore, notAfter] = expectTag(validity, derTags.sequence).children;
  const extensions = readExtensions(rest.find((field) => field.tag === contextTags.extensions));
  return {
    der,
    signatureAlgorithm: readAlgorithm(algorithm),
    issuer: expectTag(issuer, derTags.sequence),
    subject: expectTag(subject, derTags.sequence),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    publicKeyInfo: expectTag(publicKeyInfo, derTags.sequence).whole,
    names: readNames(extensions.get(oids.subjectAltName)),
    purposes: readPurposes(extensions.get(oids.extendedKeyUsage)),
  };
}

/** AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL } */
export function readAlgorithm(element: DerElement | undefined): AlgorithmIdentifier {
  const [oid, parameters] = expectTag(element, derTags.sequence).children;
  return { oid: readOid(oid), parameters };
}

/** Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }; each once (§4.2). */
function readExtensions(wrapper: DerElement | undefined): Map<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>();
  if (!wrapper) return extensions;
  for (const extension of readDer(wrapper.value, derTags.sequence).children) {
    const parts = expectTag(extension, derTags.sequence).children;
    const oid = readOid(parts[0]);
    if (extensions.has(oid)) throw new DerError(`extension ${oid} appears twice`);
    extensions.set(oid, expectTag(parts.at(-1), derTags.octetString).value);
  }
  return extensions;
}

function readNames(extension: Uint8Array | undefined): PresentedNames {
  const all = extension ? readDer(extension, derTags.sequence).children : [];
  const ofKind = (tag: number) => all.filter((name) => name.tag === tag).map(({ value }) => value);
  return {
    dns: ofKind(generalNameTags.dns).map(latin1),
    ip: ofKind(generalNameTags.ip),
  };
}

function readPurposes(extension: Uint8Array | undefined): string[] | undefined {
  return extension && readDer(extension, derTags.sequence).children.map(readOid);
}
