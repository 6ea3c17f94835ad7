/** A message object to an SMTP envelope and a streamed body, signed by DKIM; and sent, in one call. */
export {
  type AddressListEntry,
  type AddressListOptions,
  type Group,
  type Mailbox,
  parseAddressList,
} from './address-list.js';
export { type Composed, type ComposeOptions, compose, type Sign } from './compose.js';
export type { DkimKey } from './dkim.js';
export { type Sender, type SendMailOptions, sendMail } from './send-mail.js';
export type { SentInfo } from './sent-info.js';
export type * from './types.js';
