/** What a verified stream shows. It is Node's own socket with properties added: a wrapper would cost, and lose. */

import type { TLSSocket } from 'node:tls';
import { tlsExporter, tlsServerEndPoint, tlsUnique } from './channel-binding.js';
import type { CloseNotifyWatch } from './close-notify.js';
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
  { matchedName, fingerprint256 }: Proof,
): TlsSecurity {
  return Object.freeze({
    verified: context.verifyMode === 'required' && context.checkHostname,
    serverHostname: identity.name,
    matchedName,
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol || undefined,
    resumed: socket.isSessionReused(),
    trust: tlsa ? 'dane' : context.trust,
    fingerprint256,
  });
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
