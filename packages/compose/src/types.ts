/** What a message is made of. */
import type { Readable } from 'node:stream';

/** `alice@example.org`, `Alice <alice@example.org>`, several of them in one string, or as objects. */
export type AddressInput =
  | string
  | { name?: string; address: string }
  | readonly (string | { name?: string; address: string })[];

/** Text, octets or a stream. Never a path or a URL: whoever may name a file could mail any file. */
export type Content = string | Uint8Array | Readable;

export interface Attachment {
  content: Content;
  /** What the recipient sees. Default: none. */
  filename?: string;
  /** Default: by `filename`. */
  contentType?: string;
  /** Shows it inside the HTML as `cid:…`. */
  cid?: string;
  /** Default `'attachment'`, or `'inline'` with `cid`. */
  disposition?: 'attachment' | 'inline';
}

export interface ComposeMessage {
  from: AddressInput;
  to?: AddressInput;
  cc?: AddressInput;
  /** Recipients that no recipient sees: in the envelope, not in the header. */
  bcc?: AddressInput;
  replyTo?: AddressInput;
  subject?: string;
  text?: Content;
  html?: Content;
  attachments?: readonly Attachment[];
  /** With angle brackets. Default: a new one. */
  messageId?: string;
  /** Default: now. */
  date?: Date;
  inReplyTo?: string;
  references?: readonly string[];
  /** Further header fields, such as `'List-Id'`. */
  headers?: Readonly<Record<string, string>>;
}
