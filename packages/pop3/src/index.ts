/** A POP3 client: RFC 1939, 2449, 2595, 3206, 5034, 8314. */
export {
  type AuthenticationError,
  type Closed,
  type CommandError,
  type ConnectionError,
  type DiscoveredServer,
  type DiscoverOptions,
  discover,
  type FivewireError,
  isFivewireError,
  type Notice,
  type Pool,
  type PoolOptions,
  type Rows,
  type SecurityInfo,
} from '@fivewire/line-protocol';
export type { Auth } from '@fivewire/sasl';
export { createTlsContext, reloadableTlsContext, systemRoots } from 'tls-context-core';
export type { Expire, LoginDelay, Pop3Capabilities } from './capabilities.js';
export type { CommandOptions } from './command.js';
export { type FetchNewOptions, fetchNew, type Keep, type NewMessage } from './fetch-new.js';
export { createPop3Pool, type Pop3PoolOptions } from './pool.js';
export { Pop3Client } from './pop3-client.js';
export type { RetrieveAllOptions } from './retrieve.js';
export * from './types.js';
export {
  type FileUidStore,
  type FileUidStoreOptions,
  fileUidStore,
  type UidStore,
} from './uid-store.js';
