/** What a verified stream shows. It is Node's own socket with properties added: a wrapper would cost, and lose. */

import type { TLSSocket } from 'node:tls';
import { attempt } from './attempt.js';
import { type Certificate, readAlgorithm, readCertificate } from './certificate.js';
import { tlsExporter, tlsServerEndPoint, tlsUnique } from './channel-binding.js';
import type { CloseNotifyWatch } from './close-notify.js';
import { readDer } from './der.js';
import type { Demands, Proof } from './judge.js';
import type { ChannelBindingType, SecureStream, TlsSecurity } from './types.js';

/** Makes a SecureStream of the socket, once its peer is proven. */
export function equip(
  socket: TLSSocket,
  demands: Demands,
  proof: Proof,
  watch: CloseNotifyWatch | undefined,
): SecureStream {
  // Plain assignments: property descriptors would make a slow object of the socket.
  const stream = Object.assign(socket, {
    security: describeSecurity(socket, demands, proof),
    peerCertificates: proof.chain,
    verifiedPath: proof.path?.map(({ der }) => der),
    channelBinding: (type: ChannelBindingType) => bind(type, socket, proof),
    closedCleanly: undefined,
  });
  if (watch) Object.defineProperty(stream, 'closedCleanly', { get: watch.closedCleanly });
  return stream;
}

function describeSecurity(
  socket: TLSSocket,
  { context, identity, tlsa }: Demands,
  { matchedName, fingerprint256, leaf, chain, group }: Proof,
): TlsSecurity {
  return Object.freeze({
    verified: context.verifyMode === 'required' && context.checkHostname,
    serverHostname: identity.name,
    matchedName,
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    group,
    peerSignature: signatureOf(leaf, chain[0]),
    alpn: socket.alpnProtocol || undefined,
    resumed: socket.isSessionReused(),
    trust: tlsa ? 'dane' : context.trust,
    fingerprint256,
  });
}

/** By the object identifier of the key: RFC 8017, 5480, 8410, 9881. */
const signatures: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.10': 'rsa-pss',
  '1.2.840.10045.2.1': 'ecdsa',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
  '2.16.840.1.101.3.4.3.17': 'ml-dsa-44',
  '2.16.840.1.101.3.4.3.18': 'ml-dsa-65',
  '2.16.840.1.101.3.4.3.19': 'ml-dsa-87',
};

function signatureOf(
  leaf: Certificate | undefined,
  der: Uint8Array | undefined,
): string | undefined {
  const read = leaf ?? (der && attempt(() => readCertificate(der)));
  // SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
  const oid = read && attempt(() => readAlgorithm(readDer(read.publicKeyInfo).children[0]).oid);
  return oid && (signatures[oid] ?? oid);
}

function bind(
  type: ChannelBindingType,
  socket: TLSSocket,
  { chain }: Proof,
): Uint8Array | undefined {
  switch (type) {
    case 'tls-exporter':
      return tlsExporter(socket);
    case 'tls-unique':
      return tlsUnique(socket);
    case 'tls-server-end-point':
      return chain[0] && tlsServerEndPoint(chain[0]);
    default:
      return undefined;
  }
}
