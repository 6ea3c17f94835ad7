/**
 * DANE: a certificate is held against TLSA records in place of the trusted roots. RFC 6698, RFC 7671.
 *
 * Who gives records vouches that they came authenticated by DNSSEC and are of the host and port that is dialled.
 */

import { createHash, X509Certificate } from 'node:crypto';
import { attempt } from './attempt.js';
import { type Certificate, readCertificate } from './certificate.js';
import type { TlsaRecord } from './types.js';

/** PKIX-TA(0) and PKIX-EE(1) are no use: RFC 7672 §3.1.3 forbids them to SMTP, and nobody else publishes any. */
const usages = { trustAnchor: 2, endEntity: 3 } as const;
/** By matching type: what the data is of the certificate or key, and how long. */
const matchings: Readonly<Record<number, { hash?: string; octets?: number }>> = {
  0: {},
  1: { hash: 'sha256', octets: 32 },
  2: { hash: 'sha512', octets: 64 },
};
const recordLimit = 100;

/** Whether this suite can hold a certificate against the record (RFC 7671 §4.2 calls it "usable"). */
export function isUsableTlsa({ usage, selector, matching, data }: TlsaRecord): boolean {
  const known = matchings[matching];
  const rightLength = known?.octets === undefined ? data?.length > 0 : data.length === known.octets;
  return (
    (usage === 2 || usage === 3) && (selector === 0 || selector === 1) && !!known && rightLength
  );
}

/** Rule for the option `tlsa`. */
export const isTlsaSet = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= recordLimit &&
  value.every((record) => record?.data instanceof Uint8Array && isUsableTlsa(record));

/** One text for equal sets, to tell whether a session was proven by the same records. */
export const tlsaKey = (records: readonly TlsaRecord[] | undefined): string | undefined =>
  records
    ?.map(({ usage, selector, matching, data }) =>
      [usage, selector, matching, Buffer.from(data).toString('base64')].join(' '),
    )
    .sort()
    .join('\n');

/**
 * Which usage a chain (DER, leaf first) satisfies; `undefined`: none.
 *
 * `endEntity`: the leaf's own key is vouched for, so names and dates do not count (RFC 7671 §5.1).
 * `trustAnchor`: an issuer in the chain is vouched for, and everything below it has been verified (§5.2); the name is
 * the caller's to check.
 */
export function matchTlsa(
  records: readonly TlsaRecord[],
  chain: readonly Uint8Array[],
): keyof typeof usages | undefined {
  const [leaf] = chain;
  const hits = (usage: number, der: Uint8Array): boolean =>
    records.some((record) => record.usage === usage && matches(record, der));
  if (leaf && hits(usages.endEntity, leaf)) return 'endEntity';
  const anchor = chain.findIndex((der, index) => index > 0 && hits(usages.trustAnchor, der));
  if (anchor > 0 && isVerifiedPath(chain.slice(0, anchor + 1))) return 'trustAnchor';
  return undefined;
}

function matches({ selector, matching, data }: TlsaRecord, der: Uint8Array): boolean {
  const selected = selector === 0 ? der : attempt(() => readCertificate(der).publicKeyInfo);
  const hash = matchings[matching]?.hash;
  if (!selected) return false;
  const presented = hash === undefined ? selected : createHash(hash).update(selected).digest();
  return Buffer.compare(presented, data) === 0;
}

/** Extensions whose meaning is obeyed here, or is that of the leaf's own check. */
const understood = new Set(['2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.37']);
const weakSignatures = new Set([
  '1.2.840.113549.1.1.4', // md5WithRSAEncryption
  '1.2.840.113549.1.1.5', // sha1WithRSAEncryption
  '1.2.840.10045.4.1', // ecdsa-with-SHA1
]);

/**
 * OpenSSL can't be told of an anchor that is known by its hash only, so the path is verified here, and strictly: what
 * is not understood (name constraints, policies) is refused.
 */
function isVerifiedPath(path: readonly Uint8Array[]): boolean {
  return path.every((der, index) => {
    const issuer = path[index + 1];
    const certificate = attempt(() => readCertificate(der));
    if (!certificate || !isSound(certificate, index)) return false;
    return issuer === undefined || isIssuedBy(der, issuer);
  });
}

/** @param depth how many certificates stand below it; the leaf has depth 0. */
function isSound(certificate: Certificate, depth: number): boolean {
  const { notBefore, notAfter, critical, constrainsNames, authority, pathLength } = certificate;
  const now = Date.now();
  if (now < notBefore || now > notAfter || constrainsNames) return false;
  if (critical.some((oid) => !understood.has(oid))) return false;
  return depth === 0 || (authority && depth - 1 <= (pathLength ?? Number.POSITIVE_INFINITY));
}

function isIssuedBy(der: Uint8Array, issuerDer: Uint8Array): boolean {
  const certificate = attempt(() => new X509Certificate(der));
  const issuer = attempt(() => new X509Certificate(issuerDer));
  if (!certificate || !issuer) return false;
  if (weakSignatures.has(readCertificate(der).signatureAlgorithm.oid)) return false;
  // checkIssued looks at names, key identifiers and the issuer's keyCertSign; verify at the signature.
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
