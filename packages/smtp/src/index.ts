/** SMTP and LMTP client: RFC 5321, RFC 2033, and the extensions that carry mail today. */
export * from '@fivewire/line-protocol/surface';
export type { Auth } from '@fivewire/sasl';
export { type MailAddress, parseAddress } from './address.js';
export { type DeliverToOptions, type DeliverToResult, deliverTo } from './deliver-to.js';
export { type DaneOptions, findTlsa, type TlsaFinding } from './delivery/dane.js';
export {
  type DeliveryOptions,
  type DeliveryPlan,
  type DeliveryTarget,
  deliveryTargets,
  type MxRecord,
} from './delivery/delivery-targets.js';
export {
  type CachedMtaStsPolicy,
  findMtaStsPolicy,
  type MtaStsCache,
  type MtaStsFinding,
  type MtaStsOptions,
} from './delivery/mta-sts.js';
export {
  allowsMx,
  type MtaStsPolicy,
  parseMtaStsPolicy,
  parseMtaStsRecord,
} from './delivery/mta-sts-policy.js';
export {
  parseResolver,
  type QuestionOptions,
  type TrustedResolver,
} from './delivery/trusted-resolver.js';
export { createSmtpPool, type SmtpPool, type SmtpPoolOptions } from './pool.js';
export { SmtpClient } from './smtp-client.js';
export type * from './types.js';
export type { CallOptions } from './types.js';
export { hasUtf8Header } from './utf8-header.js';
