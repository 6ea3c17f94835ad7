/** What makes a certificate fit for its place in a path, and a path valid. RFC 5280 §6.1.3 to §6.1.5. */

import { createPublicKey, X509Certificate } from 'node:crypto';
import { attempt } from './attempt.js';
import { type Certificate, keyUsages } from './certificate.js';
import { type ConstraintViolation, constraintViolation } from './name-constraints.js';
import type { RevocationLists } from './revocation.js';

/** What is wrong, in OpenSSL's words where it has one. */
export interface PathFault {
  readonly reason: string;
  /** The certificate to blame. */
  readonly culprit?: Certificate;
  readonly violation?: ConstraintViolation;
}

export interface PathRules {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The lists that the caller gave. */
  readonly lists?: RevocationLists | undefined;
  /** The name that a wildcard of the leaf stands for; absent where the leaf spells it out. */
  readonly meant?: string | undefined;
  /** Keys and signatures must be strong: where OpenSSL's verdict, which covers that, does not count. */
  readonly strict?: boolean;
  /** Each authority must have a current list among `lists`: likewise. */
  readonly listed?: boolean;
}

const serverAuth = '1.3.6.1.5.5.7.3.1';
const anyPurpose = '2.5.29.37.0';

/** Extensions whose meaning is obeyed here, or that say nothing against a server's certificate. */
const understood = new Set([
  '2.5.29.15', // keyUsage
  '2.5.29.17', // subjectAltName
  '2.5.29.19', // basicConstraints
  '2.5.29.30', // nameConstraints
  '2.5.29.31', // cRLDistributionPoints
  '2.5.29.32', // certificatePolicies: any will do (§6.1.1 c)
  '2.5.29.33', // policyMappings
  '2.5.29.36', // policyConstraints
  '2.5.29.37', // extKeyUsage
  '2.5.29.54', // inhibitAnyPolicy
]);

/** What no path can heal: the leaf is revoked, out of date, or not meant for servers. */
export function leafFault(leaf: Certificate, rules: PathRules): PathFault | undefined {
  if (rules.lists?.isRevoked(leaf)) return { reason: 'CERT_REVOKED', culprit: leaf };
  return datesFault(leaf, rules.now) ?? purposeFault(leaf);
}

/** What unfits an authority to stand above `below` (leaf first). */
export function issuerFault(
  issuer: Certificate,
  below: readonly Certificate[],
  { now, lists }: PathRules,
): PathFault | undefined {
  if (lists?.isRevoked(issuer)) return { reason: 'CERT_REVOKED', culprit: issuer };
  const { authority, versionOne, keyUsage, pathLength = Number.POSITIVE_INFINITY } = issuer;
  const culprit = issuer;
  if (issuer.subject.value.length === 0) return { reason: 'INVALID_CA', culprit }; // §4.1.2.6
  // Roots of version 1 have no way to say that they are authorities; that they are trusted says so.
  if (!authority && !(versionOne && isSelfIssued(issuer))) return { reason: 'INVALID_CA', culprit };
  if (keyUsage !== undefined && !(keyUsage & keyUsages.keyCertSign)) {
    return { reason: 'INVALID_CA', culprit };
  }
  const between = below.slice(1).filter((one) => !isSelfIssued(one)).length;
  if (between > pathLength) return { reason: 'PATH_LENGTH_EXCEEDED', culprit };
  return datesFault(issuer, now) ?? purposeFault(issuer);
}

/** What is wrong with a path that ends in an anchor: what concerns more than one of its certificates. */
export function pathFault(
  path: readonly Certificate[],
  { now, lists, meant, strict, listed }: PathRules,
): PathFault | undefined {
  const critical = path.find((one) => one.critical.some((oid) => !understood.has(oid)));
  if (critical) return { reason: 'UNHANDLED_CRITICAL_EXTENSION', culprit: critical };
  const impostor = path.slice(1, -1).find(({ versionOne }) => versionOne);
  if (impostor) return { reason: 'INVALID_CA', culprit: impostor };
  const violation = constraintViolation(path, meant);
  if (violation) return { reason: violation.reason, violation };
  const unlisted =
    listed && lists && path.slice(1).find((one) => lists.currentUntil(one, now) === undefined);
  if (unlisted) return { reason: 'UNABLE_TO_GET_CRL', culprit: unlisted };
  return strict ? (anchorFault(path) ?? strengthFault(path)) : undefined;
}

/** Whether it may be a server's certificate at all: what `trust: 'pins'` asks for beside the name. */
export function soloFault(leaf: Certificate, now: number): PathFault | undefined {
  return datesFault(leaf, now) ?? purposeFault(leaf);
}

function datesFault(one: Certificate, now: number): PathFault | undefined {
  if (now < one.notBefore) return { reason: 'CERT_NOT_YET_VALID', culprit: one };
  return now > one.notAfter ? { reason: 'CERT_HAS_EXPIRED', culprit: one } : undefined;
}

/** Of an authority the extended key usage limits what is below it, as all verifiers have it. */
function purposeFault(one: Certificate): PathFault | undefined {
  const { purposes } = one;
  const forServers = !purposes || purposes.includes(serverAuth) || purposes.includes(anyPurpose);
  return forServers ? undefined : { reason: 'INVALID_PURPOSE', culprit: one };
}

/** A root that names another key as that of its issuer is none: OpenSSL would look for one above it. */
function anchorFault(path: readonly Certificate[]): PathFault | undefined {
  const anchor = path.at(-1);
  if (!anchor || path.length === 1 || !isSelfIssued(anchor)) return undefined;
  const root = new X509Certificate(anchor.der);
  if (root.checkIssued(root)) return undefined;
  return { reason: 'UNABLE_TO_GET_ISSUER_CERT', culprit: anchor };
}

const weakSignatures = new Set([
  '1.2.840.113549.1.1.4', // md5WithRSAEncryption
  '1.2.840.113549.1.1.5', // sha1WithRSAEncryption
  '1.2.840.10045.4.1', // ecdsa-with-SHA1
  '1.2.840.10040.4.3', // dsa-with-sha1
]);
/** Of today's OpenSSL (security level 2): 112 bits. */
const minimumBits: Readonly<Record<string, number>> = { rsa: 2048, 'rsa-pss': 2048, dsa: 2048 };
const weakCurves = /^(?:secp|sect|prime|wap)[a-z-]*1[0-9][0-9]/;

/** The signature on an anchor proves nothing, and so may be of any kind. */
function strengthFault(path: readonly Certificate[]): PathFault | undefined {
  const weakly = path.slice(0, -1).find((one) => weakSignatures.has(one.signatureAlgorithm.oid));
  if (weakly) return { reason: 'CA_MD_TOO_WEAK', culprit: weakly };
  const weak = path.find((one) => !isStrongKey(one.publicKeyInfo));
  return weak && { reason: 'EE_KEY_TOO_SMALL', culprit: weak };
}

function isStrongKey(publicKeyInfo: Uint8Array): boolean {
  const key = attempt(() =>
    createPublicKey({ key: Buffer.from(publicKeyInfo), format: 'der', type: 'spki' }),
  );
  if (!key) return false;
  const { asymmetricKeyType = '', asymmetricKeyDetails: details } = key;
  if ((details?.modulusLength ?? 4096) < (minimumBits[asymmetricKeyType] ?? 0)) return false;
  return !weakCurves.test(details?.namedCurve ?? '');
}

const isSelfIssued = ({ subject, issuer }: Certificate): boolean =>
  Buffer.compare(subject.whole, issuer.whole) === 0;
