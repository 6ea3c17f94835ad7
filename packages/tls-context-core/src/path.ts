/**
 * The certification path: leaf → … → one of our anchors. RFC 5280 §6, RFC 4158.
 *
 * What a server sends is material, in any order and with anything among it; what was verified is the path alone. It is
 * looked for depth first, trusted issuers before sent ones, with a bound on signatures checked.
 */

import { type KeyObject, X509Certificate } from 'node:crypto';
import { type BySubject, bySubject } from './anchors.js';
import { attempt } from './attempt.js';
import { type Certificate, readCertificate } from './certificate.js';
import { nameKey } from './name-key.js';
import { issuerFault, leafFault, type PathFault, type PathRules, pathFault } from './path-rules.js';

/** What paths may end in. */
export interface TrustAnchors {
  /** Issuers that may have issued a certificate whose issuer has this name. */
  readonly issuers: BySubject;
  /** Whether a certificate is an anchor. */
  isAnchor(certificate: Certificate): boolean;
  /** Anchors known by their key alone, each in SubjectPublicKeyInfo. DANE only (RFC 7671 §5.2). */
  readonly keys?: readonly KeyObject[];
}

/** A path, and when it holds, in milliseconds since 1970. */
export interface VerifiedPath {
  /** Leaf first, the anchor last; where the anchor is a bare key, what that key signed. */
  readonly path: readonly Certificate[];
  readonly validFrom: number;
  readonly validUntil: number;
  /** What was wrong with another path that was tried before. */
  readonly passedOver: PathFault | undefined;
}

/** No fault: nothing that was seen leads to an anchor. */
export type PathVerdict = VerifiedPath | { readonly fault: PathFault | undefined };

const limits = { depth: 12, signatures: 64, steps: 2_000 } as const;

/** Finds the path from a leaf to an anchor by way of what was sent. */
export function findPath(
  leaf: Certificate,
  sent: readonly Uint8Array[],
  anchors: TrustAnchors,
  rules: PathRules,
): PathVerdict {
  const unfit = leafFault(leaf, rules);
  if (unfit) return { fault: unfit };
  const search = new Search(sent, anchors, rules);
  const path = search.extend([link(leaf)]);
  if (!path) return { fault: search.fault };
  const certificates = path.map(({ certificate }) => certificate);
  return { path: certificates, ...timesOf(certificates, rules), passedOver: search.fault };
}

interface Link {
  readonly certificate: Certificate;
  /** Node's object, made when a signature is to be checked. */
  x509?: X509Certificate;
  key?: KeyObject;
  /** By issuer: whether its key signed this one. */
  readonly signedBy: Map<Link, boolean>;
}

const link = (certificate: Certificate): Link => ({ certificate, signedBy: new Map() });

class Search {
  /** The first that is worth telling. */
  fault: PathFault | undefined;
  readonly #sent: BySubject;
  readonly #anchors: TrustAnchors;
  readonly #rules: PathRules;
  readonly #links = new Map<Uint8Array, Link | undefined>();
  #signatures = 0;
  #steps = 0;

  constructor(sent: readonly Uint8Array[], anchors: TrustAnchors, rules: PathRules) {
    this.#sent = bySubject(sent);
    this.#anchors = anchors;
    this.#rules = rules;
  }

  /** A whole path that begins with these links, or nothing. */
  extend(path: readonly Link[]): readonly Link[] | undefined {
    const last = path.at(-1) as Link;
    if (this.#endsHere(last)) return this.#judged(path);
    if (path.length > limits.depth) return undefined;
    for (const issuer of this.#issuersOf(last.certificate)) {
      if (++this.#steps > limits.steps) return undefined;
      if (path.some(({ certificate }) => isSame(certificate, issuer.certificate))) continue;
      const unfit = this.#isSigned(last, issuer)
        ? issuerFault(issuer.certificate, path.map(certificateOf), this.#rules)
        : { reason: 'CERT_SIGNATURE_FAILURE' };
      if (unfit) this.#note(unfit);
      const whole = unfit ? undefined : this.extend([...path, issuer]);
      if (whole) return whole;
    }
    return undefined;
  }

  #endsHere(last: Link): boolean {
    if (this.#anchors.isAnchor(last.certificate)) return true;
    return this.#anchors.keys?.some((key) => this.#verifies(last, key)) ?? false;
  }

  #judged(path: readonly Link[]): readonly Link[] | undefined {
    const fault = pathFault(path.map(certificateOf), this.#rules);
    if (!fault) return path;
    this.#note(fault);
    return undefined;
  }

  /** A fault of a path that leads to an anchor says more than a signature that is another key's. */
  #note(fault: PathFault): void {
    if (!this.fault || this.fault.reason === 'CERT_SIGNATURE_FAILURE') this.fault = fault;
  }

  /** Trusted ones first; before others those that say that they hold the key. */
  *#issuersOf(certificate: Certificate): Iterable<Link> {
    const name = attempt(() => nameKey(certificate.issuer));
    if (name === undefined) return;
    const doubtful: Link[] = [];
    for (const ders of [this.#anchors.issuers.get(name), this.#sent.get(name)]) {
      for (const der of ders ?? []) {
        const found = this.#linkOf(der);
        const match = found && keyMatch(certificate, found.certificate);
        if (match === 'same') yield found as Link;
        if (match === 'unknown') doubtful.push(found as Link);
      }
    }
    yield* doubtful;
  }

  #linkOf(der: Uint8Array): Link | undefined {
    if (!this.#links.has(der)) {
      const certificate = attempt(() => readCertificate(der));
      this.#links.set(der, certificate && link(certificate));
    }
    return this.#links.get(der);
  }

  #isSigned(one: Link, issuer: Link): boolean {
    let signed = one.signedBy.get(issuer);
    if (signed === undefined) {
      const key = keyOf(issuer);
      signed = key !== undefined && this.#verifies(one, key);
      one.signedBy.set(issuer, signed);
    }
    return signed;
  }

  #verifies(one: Link, key: KeyObject): boolean {
    if (++this.#signatures > limits.signatures) return false;
    return attempt(() => x509Of(one).verify(key)) ?? false;
  }
}

function x509Of(one: Link): X509Certificate {
  one.x509 ??= new X509Certificate(one.certificate.der);
  return one.x509;
}

function keyOf(one: Link): KeyObject | undefined {
  const key = one.key ?? attempt(() => x509Of(one).publicKey);
  if (key) one.key = key;
  return key;
}

const certificateOf = ({ certificate }: Link): Certificate => certificate;

const isSame = (one: Certificate, other: Certificate): boolean =>
  Buffer.compare(one.der, other.der) === 0;

/** Key identifiers (RFC 5280 §4.2.1.1) rule out an authority's other keys without a signature checked. */
function keyMatch(one: Certificate, issuer: Certificate): 'same' | 'other' | 'unknown' {
  const { authorityKeyId } = one;
  const { subjectKeyId } = issuer;
  if (!authorityKeyId || !subjectKeyId) return 'unknown';
  return Buffer.compare(authorityKeyId, subjectKeyId) === 0 ? 'same' : 'other';
}

function timesOf(
  path: readonly Certificate[],
  { lists, now }: PathRules,
): Pick<VerifiedPath, 'validFrom' | 'validUntil'> {
  const listsEnd = path
    .slice(1)
    .map((issuer) => lists?.currentUntil(issuer, now) ?? Number.POSITIVE_INFINITY);
  return {
    validFrom: Math.max(...path.map(({ notBefore }) => notBefore)),
    validUntil: Math.min(...path.map(({ notAfter }) => notAfter), ...listsEnd),
  };
}
