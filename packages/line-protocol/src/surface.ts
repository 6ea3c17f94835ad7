/** What every client's package exports beside its own, so that users install and import one package: `export * from` here. */
export {
  AbortError,
  AuthenticationError,
  CommandError,
  ConnectionError,
  createTlsContext,
  describeCertificate,
  FivewireError,
  isFivewireError,
  LocalError,
  parseServerHostname,
  RemoteProtocolError,
  reloadableTlsContext,
  SaslError,
  type ServerReply,
  StartTlsError,
  systemRoots,
  TimeoutError,
  type TlsContext,
  type TlsContextOptions,
  TlsError,
  TransferError,
  UsageError,
} from 'tls-context-core';
export type { BodyInput } from './body.js';
export type { CallOptions } from './call-options.js';
export type { Closed } from './connection-options.js';
export type { Timeouts } from './deadline.js';
export type { DiscoveredServer, DiscoverOptions } from './discover.js';
export { discover, Rows } from './index.js';
export type { Notice } from './notices.js';
export type { Lease, Pool, PoolOptions } from './pool.js';
export type { Security, SecurityInfo } from './transport.js';
export type { WireEvent } from './wire-log.js';
