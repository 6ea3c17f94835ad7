/** A POP3 client: RFC 1939, 2449, 2595, 3206, 5034, 8314. */
export * from '@fivewire/line-protocol/surface';
export type { Auth } from '@fivewire/sasl';
export type { Expire, LoginDelay, Pop3Capabilities } from './capabilities.js';
export type { CommandOptions } from './command.js';
export { type FetchNewOptions, fetchNew, type Keep, type NewMessage } from './fetch-new.js';
export type { Language } from './language.js';
export { createPop3Pool, type Pop3Pool, type Pop3PoolOptions } from './pool.js';
export { Pop3Client } from './pop3-client.js';
export type { RetrieveAllOptions } from './retrieve.js';
export type { CallOptions } from './types.js';
export * from './types.js';
export {
  type FileUidStore,
  type FileUidStoreOptions,
  fileUidStore,
  type UidStore,
} from './uid-store.js';
