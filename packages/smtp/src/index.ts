/** SMTP and LMTP client: RFC 5321, RFC 2033, and the extensions that carry mail today. */
export {
  type AuthenticationError,
  type BodyInput,
  type Closed,
  type CommandError,
  type ConnectionError,
  type FivewireError,
  isFivewireError,
  type Notice,
  type Pool,
  type PoolOptions,
  type SecurityInfo,
  type ServerReply,
  type TransferError,
} from '@fivewire/line-protocol';
export type { Auth } from '@fivewire/sasl';
export { createTlsContext, systemRoots } from 'tls-context-core';
export { createSmtpPool, type SmtpPool, type SmtpPoolOptions } from './pool.js';
export { SmtpClient } from './smtp-client.js';
export type * from './types.js';
