/** A message object to an SMTP envelope and a streamed body: nodemailer's MailComposer behind checked arguments. */
export { type Composed, type ComposeOptions, compose } from './compose.js';
export type { DkimKey, Sign } from './sign.js';
export type { AddressInput, Attachment, ComposeMessage, Content } from './types.js';
