/** A certificate in plain values, so that a tool can print who is there. */

import { X509Certificate } from 'node:crypto';
import { formatName } from './distinguished-name.js';
import { parseCertificate, printableNames, toDer } from './identity-check.js';
import { pinOf } from './pins.js';

/** What {@link describeCertificate} tells. Plain JSON. */
export interface CertificateDescription {
  /** `CN=…, O=…`, for people; never an identity. */
  subject: string;
  issuer: string;
  /** DNS names, then IP addresses, of the subjectAltName. */
  names: string[];
  /** ISO 8601, UTC. */
  validFrom: string;
  validTo: string;
  /** Hex. */
  serialNumber: string;
  /** Type and size, `'rsa 2048'`, or the curve, `'ec prime256v1'`. */
  key: string;
  /** SHA-256 of the certificate, as OpenSSL prints it. */
  fingerprint256: string;
  /** For `pins`: `sha256/…` of the public key. */
  pin: string;
  selfIssued: boolean;
}

/**
 * Describes a certificate (X509Certificate or DER), as `SecureStream.peerCertificates` and `TlsError.chain` hold them.
 *
 * @throws TlsError `ERR_CERTIFICATE_UNTRUSTED` where it is malformed.
 */
export function describeCertificate(
  certificate: X509Certificate | Uint8Array,
): CertificateDescription {
  const der = toDer(certificate);
  const parsed = parseCertificate(der);
  const node = new X509Certificate(der);
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = node.publicKey;
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve;
  return {
    subject: formatName(parsed.subject),
    issuer: formatName(parsed.issuer),
    names: printableNames(parsed.names),
    validFrom: new Date(parsed.notBefore).toISOString(),
    validTo: new Date(parsed.notAfter).toISOString(),
    serialNumber: node.serialNumber,
    key: size === undefined ? asymmetricKeyType : `${asymmetricKeyType} ${size}`,
    fingerprint256: node.fingerprint256,
    pin: `sha256/${pinOf(parsed.publicKeyInfo)}`,
    selfIssued: Buffer.compare(parsed.subject.whole, parsed.issuer.whole) === 0,
  };
}
