/** SMTP and LMTP client: RFC 5321, RFC 2033, and the extensions that carry mail today. */
export {
  type AuthenticationError,
  type BodyInput,
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
  type SecurityInfo,
  type ServerReply,
  type TransferError,
} from '@fivewire/line-protocol';
export type { Auth } from '@fivewire/sasl';
export { createTlsContext, reloadableTlsContext, systemRoots } from 'tls-context-core';
export { type MailAddress, parseAddress } from './address.js';
export type { DaneOptions } from './delivery/dane.js';
export {
  type DeliveryOptions,
  type DeliveryPlan,
  type DeliveryTarget,
  deliveryTargets,
  type MxRecord,
} from './delivery/delivery-targets.js';
export type {
  CachedMtaStsPolicy,
  MtaStsCache,
  MtaStsFinding,
  MtaStsOptions,
} from './delivery/mta-sts.js';
export {
  allowsMx,
  type MtaStsPolicy,
  parseMtaStsPolicy,
  parseMtaStsRecord,
} from './delivery/mta-sts-policy.js';
export { createSmtpPool, type SmtpPool, type SmtpPoolOptions } from './pool.js';
export { SmtpClient } from './smtp-client.js';
export type * from './types.js';
