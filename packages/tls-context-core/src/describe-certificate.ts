/** A certificate in plain values, so that a tool can print who is there. */

import { createHash, X509Certificate } from 'node:crypto';
import { attempt } from './attempt.js';
import type { Certificate } from './certificate.js';
import { formatName } from './distinguished-name.js';
import { isFivewireError, UsageError } from './errors.js';
import { matchIdentity, parseCertificate, printableNames, toDer } from './identity-check.js';
import { pinOf } from './pins.js';
import { toServerHostname } from './server-hostname.js';
import type { ServerHostname } from './types.js';

/** What {@link describeCertificate} tells. Plain JSON, safe to print. */
export interface CertificateDescription {
  /** `CN=…, O=…`, for people; never an identity. */
  subject: string;
  issuer: string;
  /** DNS names, then IP addresses, then SRV-IDs, of the subjectAltName. */
  names: string[];
  /** ISO 8601, UTC. */
  validFrom: string;
  validTo: string;
  /** Now. `'unreadable'`: one of a chain that is no certificate by RFC 5280, which then tells nothing but its fingerprint. */
  validity: 'valid' | 'expired' | 'not-yet-valid' | 'unreadable';
  /** Whole days until `validTo`; negative when it is past. */
  daysLeft: number;
  /** Hex. */
  serialNumber: string;
  /** Type and size, `'rsa 2048'`, or the curve, `'ec prime256v1'`. */
  key: string;
  /** SHA-256 of the certificate, as OpenSSL prints it. */
  fingerprint256: string;
  /** For `pins`: `sha256/…` of the public key. */
  pin: string;
  /** Subject and issuer are the same: a root, or a self-signed server. */
  selfIssued: boolean;
  /** It may issue certificates. */
  authority: boolean;
  /** With a chain: whether its next certificate issued and signed this one. `undefined` at its end. */
  issuedByNext?: boolean;
  /** With a chain: the other certificates, from the issuer upward. */
  chain?: CertificateDescription[];
  /** With a `serverHostname`: whether the certificate is for it. */
  match?: CertificateMatch;
}

/** What matched, or why nothing did. */
export type CertificateMatch =
  | { serverHostname: string; matchedName: string }
  | { serverHostname: string; problem: string; hint: string };

type CertificateLike = X509Certificate | Uint8Array;

/** As much as a server may send and be described: what is longer is cut. */
const chainLimit = 20;

/**
 * Describes a certificate (X509Certificate or DER), or a chain of them, leaf first, as `SecureStream.peerCertificates`
 * and `TlsError.chain` hold them.
 *
 * @param serverHostname who it should be: `match` then says which name matched (RFC 9525), or why none did. It is no
 * verdict on the chain, which only a handshake gives.
 * @throws TlsError `ERR_CERTIFICATE_UNTRUSTED` where it is malformed, `ERR_SERVER_HOSTNAME_INVALID`; UsageError
 * `ERR_ARGUMENT` where it is no certificate or an empty list.
 */
export function describeCertificate(
  certificate: CertificateLike | readonly CertificateLike[],
  serverHostname?: string | ServerHostname,
): CertificateDescription {
  const identity = serverHostname === undefined ? undefined : toServerHostname(serverHostname);
  const list = isList(certificate) ? certificate.slice(0, chainLimit) : [certificate];
  const ders = list.map(toDer);
  const [leaf, ...chain] = ders.map((der, index) =>
    index === 0
      ? describe(der, ders[1])
      : (attempt(() => describe(der, ders[index + 1])) ?? unreadable(der)),
  );
  if (leaf === undefined || ders[0] === undefined) throw emptyList();
  return {
    ...leaf,
    ...(isList(certificate) && { chain }),
    ...(identity && { match: matchOf(parseCertificate(ders[0]), identity) }),
  };
}

function describe(der: Uint8Array, next: Uint8Array | undefined): CertificateDescription {
  const parsed = parseCertificate(der);
  const node = new X509Certificate(der);
  return {
    subject: formatName(parsed.subject),
    issuer: formatName(parsed.issuer),
    names: printableNames(parsed.names),
    validFrom: new Date(parsed.notBefore).toISOString(),
    validTo: new Date(parsed.notAfter).toISOString(),
    ...validityOf(parsed, Date.now()),
    serialNumber: node.serialNumber,
    key: keyOf(node),
    fingerprint256: node.fingerprint256,
    pin: `sha256/${pinOf(parsed.publicKeyInfo)}`,
    selfIssued: Buffer.compare(parsed.subject.whole, parsed.issuer.whole) === 0,
    authority: parsed.authority,
    ...(next && { issuedByNext: isIssuedBy(node, next) }),
  };
}

/** A server may send anything behind its own certificate, and what is beside the path does no harm. */
const unreadable = (der: Uint8Array): CertificateDescription => ({
  subject: '',
  issuer: '',
  names: [],
  validFrom: '',
  validTo: '',
  validity: 'unreadable',
  daysLeft: 0,
  serialNumber: '',
  key: '',
  fingerprint256: createHash('sha256')
    .update(der)
    .digest('hex')
    .toUpperCase()
    .replace(/..(?!$)/g, '$&:'),
  pin: '',
  selfIssued: false,
  authority: false,
});

const millisecondsADay = 86_400_000;

function validityOf(
  { notBefore, notAfter }: Certificate,
  now: number,
): Pick<CertificateDescription, 'validity' | 'daysLeft'> {
  const validity = now < notBefore ? 'not-yet-valid' : now > notAfter ? 'expired' : 'valid';
  return { validity, daysLeft: Math.floor((notAfter - now) / millisecondsADay) };
}

function keyOf({ publicKey }: X509Certificate): string {
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = publicKey;
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve;
  return size === undefined ? asymmetricKeyType : `${asymmetricKeyType} ${size}`;
}

function isIssuedBy(certificate: X509Certificate, issuerDer: Uint8Array): boolean {
  const issuer = attempt(() => new X509Certificate(issuerDer));
  if (!issuer) return false;
  const signed = attempt(() => certificate.verify(issuer.publicKey));
  return certificate.checkIssued(issuer) && signed === true;
}

function matchOf(certificate: Certificate, identity: ServerHostname): CertificateMatch {
  const serverHostname = identity.name;
  try {
    return { serverHostname, matchedName: matchIdentity(certificate, identity) };
  } catch (error) {
    if (!isFivewireError(error)) throw error;
    return { serverHostname, problem: error.message, hint: error.hint };
  }
}

const isList = (value: unknown): value is readonly CertificateLike[] => Array.isArray(value);

const emptyList = (): UsageError =>
  new UsageError('ERR_ARGUMENT', 'certificate is an empty list', {
    argument: 'certificate',
    hint: 'Give a certificate or a chain, leaf first.',
  });
