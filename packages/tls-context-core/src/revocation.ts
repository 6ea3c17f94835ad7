/**
 * Certificate revocation lists that the caller gives. RFC 5280 §5.
 *
 * OpenSSL tells only the last of its complaints, and looks into no list where the issuer is unknown; so serial numbers
 * are looked up here as well, whatever else is wrong with a certificate.
 */

import { createPublicKey, verify } from 'node:crypto';
import { attempt } from './attempt.js';
import {
  type AlgorithmIdentifier,
  type Certificate,
  keyUsages,
  readAlgorithm,
  readExtensions,
} from './certificate.js';
import { type DerElement, derTags, expectTag, readDer, readTime } from './der.js';
import { nameKey } from './name-key.js';

interface RevocationList {
  readonly issuer: string;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** It speaks for all certificates of its issuer: no extension narrows it down. */
  readonly whole: boolean;
  readonly signed: Uint8Array;
  readonly algorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

export interface RevocationLists {
  /** Whether one of the lists names the certificate, by its issuer and serial number. */
  isRevoked(certificate: Certificate): boolean;
  /** Until when a list of this authority, signed by it, holds; `undefined`: there is none now. */
  currentUntil(issuer: Certificate, now: number): number | undefined;
}

/** Reads lists in DER. Throws a DerError where one is malformed. */
export function readRevocationLists(ders: readonly Uint8Array[]): RevocationLists {
  const revoked = new Map<string, Set<string>>();
  const lists = ders.map((der) => readList(der, revoked));
  const verified = new WeakMap<RevocationList, Uint8Array>();
  const isBy = (list: RevocationList, issuer: Certificate): boolean => {
    const known = verified.get(list);
    if (known && Buffer.compare(known, issuer.publicKeyInfo) === 0) return true;
    if (!isSignedBy(list, issuer)) return false;
    verified.set(list, issuer.publicKeyInfo);
    return true;
  };
  return {
    isRevoked: ({ issuer, serial }) => revoked.get(nameKey(issuer))?.has(serial) ?? false,
    currentUntil: (issuer, now) => {
      const name = nameKey(issuer.subject);
      const current = lists.filter(
        (list) =>
          list.whole && list.issuer === name && list.thisUpdate <= now && now <= list.nextUpdate,
      );
      const untils = current.filter((list) => isBy(list, issuer)).map((list) => list.nextUpdate);
      return untils.length > 0 ? Math.max(...untils) : undefined;
    },
  };
}

const oids = {
  reasonCode: '2.5.29.21',
  deltaIndicator: '2.5.29.27',
  distributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
} as const;
const removeFromCrl = 8;
const tags = { extensions: 0xa0, directoryName: 0xa4 } as const;
const isTime = (element: DerElement | undefined): boolean =>
  element?.tag === derTags.utcTime || element?.tag === derTags.generalizedTime;

// CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
// tbsCertList ::= SEQUENCE { version OPTIONAL, signature, issuer, thisUpdate, nextUpdate OPTIONAL,
//   revokedCertificates SEQUENCE OF … OPTIONAL, crlExtensions [0] OPTIONAL }
function readList(der: Uint8Array, revoked: Map<string, Set<string>>): RevocationList {
  const [tbs, algorithm, signature] = readDer(der, derTags.sequence).children;
  const fields = expectTag(tbs, derTags.sequence).children;
  if (fields[0]?.tag === derTags.integer) fields.shift();
  const [, issuerName, thisUpdate, ...rest] = fields;
  const issuer = nameKey(expectTag(issuerName, derTags.sequence));
  const nextUpdate = isTime(rest[0]) ? readTime(rest.shift()) : Number.POSITIVE_INFINITY;
  const entries = rest[0]?.tag === derTags.sequence ? rest.shift() : undefined;
  const extensions = readExtensions(rest.find(({ tag }) => tag === tags.extensions));
  readEntries(entries?.children ?? [], issuer, revoked);
  return {
    issuer,
    thisUpdate: readTime(thisUpdate),
    nextUpdate,
    whole: !extensions.has(oids.deltaIndicator) && !extensions.has(oids.distributionPoint),
    signed: expectTag(tbs, derTags.sequence).whole,
    algorithm: readAlgorithm(algorithm),
    signature: expectTag(signature, derTags.bitString).value.subarray(1),
  };
}

// SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }
function readEntries(
  entries: readonly DerElement[],
  listIssuer: string,
  revoked: Map<string, Set<string>>,
): void {
  let issuer = listIssuer;
  for (const entry of entries) {
    const [serial, , extras] = expectTag(entry, derTags.sequence).children;
    const extensions = extras && readExtensions({ value: extras.whole });
    // In an indirect list an entry names the issuer for itself and those that follow (§5.3.3).
    const other = extensions?.get(oids.certificateIssuer)?.content;
    if (other) issuer = readDirectoryName(other) ?? issuer;
    const reason = extensions?.get(oids.reasonCode)?.content;
    if (reason && readDer(reason, derTags.enumerated).value[0] === removeFromCrl) continue;
    const serials = revoked.get(issuer) ?? new Set();
    revoked.set(issuer, serials);
    serials.add(Buffer.from(expectTag(serial, derTags.integer).value).toString('hex'));
  }
}

const readDirectoryName = (names: Uint8Array): string | undefined => {
  const name = readDer(names, derTags.sequence).children.find(
    ({ tag }) => tag === tags.directoryName,
  );
  return name?.children[0] && nameKey(name.children[0]);
};

/** Signature algorithms and their hash; `null`: it has its own. */
const hashOfSignature: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256', // ecdsa-with-SHA2
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null, // Ed25519
  '1.3.101.113': null, // Ed448
};

function isSignedBy(list: RevocationList, issuer: Certificate): boolean {
  const { keyUsage, publicKeyInfo } = issuer;
  if (keyUsage !== undefined && !(keyUsage & keyUsages.cRLSign)) return false;
  const key = attempt(() =>
    createPublicKey({ key: Buffer.from(publicKeyInfo), format: 'der', type: 'spki' }),
  );
  const hash = hashOfSignature[list.algorithm.oid];
  if (!key || hash === undefined) return false;
  return attempt(() => verify(hash, list.signed, key, list.signature)) ?? false;
}
