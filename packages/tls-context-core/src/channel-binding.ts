/**
 * Channel bindings: what ties an authentication to this very TLS connection.
 * RFC 9266 (`tls-exporter`), RFC 5929 §3 (`tls-unique`) and §4 (`tls-server-end-point`).
 */

import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type AlgorithmIdentifier, readAlgorithm, readCertificate } from './certificate.js';
import { DerError } from './der.js';

/** Signature algorithms and their hash. MD5 and SHA-1 give way to SHA-256 (RFC 5929 §4.1). */
const hashOfSignature: Record<string, string> = {
  '1.2.840.113549.1.1.4': 'sha256', // md5WithRSAEncryption
  '1.2.840.113549.1.1.5': 'sha256', // sha1WithRSAEncryption
  '1.2.840.10045.4.1': 'sha256', // ecdsa-with-SHA1
  '1.2.840.10040.4.3': 'sha256', // dsa-with-sha1
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.1': 'sha224', // ecdsa-with-SHA2
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '2.16.840.1.101.3.4.3.1': 'sha224', // dsa-with-sha2
  '2.16.840.1.101.3.4.3.2': 'sha256',
};

const rsaPss = '1.2.840.113549.1.1.10';
/** Hash algorithms as RSASSA-PSS names them in its parameters (RFC 4055 §3.1). */
const hashOfPss: Record<string, string> = {
  '1.3.14.3.2.26': 'sha256', // SHA-1, replaced
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const pssHashTag = 0xa0;

/**
 * RFC 9266: 32 octets from the exporter, without context. TLS 1.3 only: in TLS 1.2 it is safe with the extended
 * master secret alone, and Node does not tell whether that was agreed.
 */
export function tlsExporter(socket: TLSSocket): Uint8Array | undefined {
  if (socket.destroyed || socket.getProtocol() !== 'TLSv1.3') return undefined;
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
}

/**
 * RFC 5929 §3: the first Finished message of the handshake, which is ours in a full one. TLS 1.2 only: 1.3 has no such
 * binding (RFC 9266 §3). Not on a resumed session: without the extended master secret, which Node does not tell, an attacker in
 * between can give both sides the same value there (RFC 7627 §6.3).
 */
export function tlsUnique(socket: TLSSocket): Uint8Array | undefined {
  if (socket.destroyed || socket.getProtocol() !== 'TLSv1.2' || socket.isSessionReused())
    return undefined;
  return socket.getFinished();
}

/**
 * RFC 5929 §4.1: the certificate's hash by the hash of its signature; `undefined` where that algorithm uses none
 * or more than one (Ed25519), for then the binding is undefined.
 */
export function tlsServerEndPoint(der: Uint8Array): Uint8Array | undefined {
  const hash = signatureHash(der);
  return hash === undefined ? undefined : createHash(hash).update(der).digest();
}

function signatureHash(der: Uint8Array): string | undefined {
  try {
    const { signatureAlgorithm } = readCertificate(der);
    return signatureAlgorithm.oid === rsaPss
      ? pssHash(signatureAlgorithm)
      : hashOfSignature[signatureAlgorithm.oid];
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, … } */
function pssHash({ parameters }: AlgorithmIdentifier): string | undefined {
  const hash = parameters?.children.find(({ tag }) => tag === pssHashTag);
  if (!hash) return 'sha256';
  return hashOfPss[readAlgorithm(hash.children[0]).oid];
}
