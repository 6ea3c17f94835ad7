/** SASL for the five clients: which mechanism, and each mechanism's steps, without I/O (RFC 4422). */
export { authenticate } from './authenticate.js';
export { checkLogin, type LoginOptions, loginFields, loginOptions } from './check-login.js';
export { ftpShape } from './credentials.js';
export type { CustomMechanism, MechanismChannel } from './custom.js';
export { type EnhancedStatus, enhancedStatus } from './enhanced-status.js';
export { createExchange, type Exchange } from './exchange.js';
export type {
  AnonymousCredentials,
  ChannelBinding,
  Credentials,
  ExchangeContext,
  ExternalCredentials,
  PasswordCredentials,
  Refusal,
  TokenCredentials,
} from './mechanism.js';
export { passes, type Refused, refusalVerdict, type Verdict } from './refusal.js';
export { createSaltedPasswords, type SaltedPasswords } from './salted-passwords.js';
export { preferredToPlain, type Selection, selectMechanism, usableMechanisms } from './select.js';
export { decodeBase64, encodeBase64 } from './text.js';
export type * from './types.js';
export { lastingRefusal } from './unwelcome.js';
export {
  type ChosenWay,
  chooseWay,
  type Login,
  logIn,
  type OwnWay,
  type Way,
  waysIn,
} from './ways.js';
