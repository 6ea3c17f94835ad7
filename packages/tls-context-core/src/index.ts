/** Whom to trust, who the peer is, and the one TLS handshake of the Fivewire clients. */

export {
  type CertificateDescription,
  type CertificateMatch,
  describeCertificate,
} from './describe-certificate.js';
export * from './errors.js';
export { escapeText } from './escape.js';
export { explainTlsError, type Scene as TlsScene } from './handshake-error.js';
export { checkIdentity } from './identity-check.js';
export { ipVersion } from './ip-address.js';
export {
  badOption,
  checkOptions,
  isFlag,
  isText,
  type OptionsPlace,
  oneOf,
  type Rule,
  type Rules,
  unknownOption,
} from './option-check.js';
export { type ReloadableTlsContext, reloadableTlsContext } from './reloadable-context.js';
export { secure } from './secure.js';
export { parseServerHostname } from './server-hostname.js';
export { createSessionScope, type SessionScopeOptions } from './session-store.js';
export {
  type Clock,
  deadline,
  endless,
  longestTimer,
  replaceClock,
  SilenceTimer,
} from './silence.js';
export { parseSrvId } from './srv-id.js';
export {
  createTlsContext,
  defaultTlsContext,
  isTlsContext,
  tlsContextRules,
} from './tls-context.js';
export { isTlsaSet, isUsableTlsa } from './tlsa.js';
export { systemRoots } from './trust-store.js';
export type * from './types.js';
