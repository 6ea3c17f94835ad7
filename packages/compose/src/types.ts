/** What a message is made of. */
import type { Readable } from 'node:stream';

/**
 * `alice@example.org`, `Alice <alice@example.org>`, several of them in one string, groups (`Team: a@example.org,
 * b@example.org;`), objects, or lists of all these. What can't be read whole is refused: no recipient is left out.
 */
export type AddressInput = string | MailboxInput | GroupInput | readonly AddressInput[];

export interface MailboxInput {
  /** The display name, as text. */
  name?: string;
  /** The address alone: `alice@example.org`. */
  address: string;
}

/** A named list of recipients, RFC 5322 §3.4. */
export interface GroupInput {
  name: string;
  group: readonly AddressInput[];
}

/** Text, octets or a stream. Never a path or a URL: who may name a file could mail any file. */
export type Content = string | Uint8Array | Readable;

export type TransferEncoding = '7bit' | '8bit' | 'quoted-printable' | 'base64';

/** A part beside text and HTML that says the same in another form. */
export interface Alternative {
  content: Content;
  /** Such as `text/markdown; charset=utf-8`. */
  contentType: string;
  /** Further header fields of this part. */
  headers?: HeaderFields;
  encoding?: TransferEncoding;
}

export interface Attachment {
  /** Text, octets or a stream. With `allowFiles`, `path` may stand in its place. */
  content?: Content;
  /** A file within the directory that `allowFiles` opens. */
  path?: string;
  /** What the recipient sees. Default: none; with `path`, the file's name. */
  filename?: string;
  /** Default: by `filename`, else `application/octet-stream`. */
  contentType?: string;
  /** Shows it inside the HTML as `cid:…`. */
  cid?: string;
  /** Default `'attachment'`, or `'inline'` with `cid`. */
  disposition?: 'attachment' | 'inline';
  /** Default `'base64'`; messages (`message/rfc822`) go as they are, which may need 8BITMIME. */
  encoding?: TransferEncoding;
  /** Further header fields of this part. */
  headers?: HeaderFields;
}

/** An invitation or an answer to one, RFC 5545 and RFC 6047. */
export interface Calendar {
  /** The iCalendar object. */
  content: Content;
  /** What is asked for, the same as METHOD in `content`. Default `'PUBLISH'`. */
  method?: string;
  /** Attaches it under this name too, for readers that do not show calendars. Default: not attached. */
  filename?: string;
}

/** The fields of a mailing list: RFC 2369, RFC 2919, RFC 8058. A mail address stands for its `mailto:` URL. */
export interface ListFields {
  /** `news.example.org`, or with the list's name. */
  id?: string | { name: string; id: string };
  help?: string | readonly string[];
  unsubscribe?: string | readonly string[];
  /** One-click unsubscription: List-Unsubscribe-Post. `unsubscribe` needs an `https:` URL then, and DKIM must sign it. */
  oneClick?: boolean;
  subscribe?: string | readonly string[];
  post?: string | readonly string[];
  owner?: string | readonly string[];
  archive?: string | readonly string[];
}

/** Name → value, or values where a field stands several times. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** Who gets the message from whom, where that is not what the header says. Exact addresses. */
export interface GivenEnvelope {
  /** `null`: the empty reverse-path, for messages that must not bounce. */
  from: string | null;
  to: string | readonly string[];
}

export interface ComposeMessage {
  from: AddressInput;
  /** Who sends it, where that is not who wrote it, or where there are several authors. */
  sender?: string | MailboxInput;
  to?: AddressInput;
  cc?: AddressInput;
  /** Recipients that no recipient sees: in the envelope, not in the header. */
  bcc?: AddressInput;
  replyTo?: AddressInput;
  subject?: string;
  text?: Content;
  html?: Content;
  /** Makes `text` of `html`, where there is no `text`, by the package html-to-text, which has to be installed. Default false. */
  textFromHtml?: boolean;
  /** AMP for Email: `text/x-amp-html` between text and HTML. */
  amp?: Content;
  calendar?: Calendar;
  alternatives?: readonly Alternative[];
  attachments?: readonly Attachment[];
  list?: ListFields;
  priority?: 'high' | 'normal' | 'low';
  /** Default: a new one at the domain of `from`. */
  messageId?: string;
  /** A Date, milliseconds, or what `new Date()` reads. Default: now. */
  date?: Date | string | number;
  inReplyTo?: string;
  /** Message-IDs, as a list or separated by spaces. */
  references?: string | readonly string[];
  /** Further header fields, such as `'X-Campaign'`. */
  headers?: HeaderFields;
  /** Default: `from` (or `sender`), and all of to, cc and bcc. */
  envelope?: GivenEnvelope;
}

/** A finished message (RFC 5322), sent as it is, and who gets it from whom. */
export interface RawMessage {
  raw: Content;
  from?: AddressInput;
  to?: AddressInput;
  cc?: AddressInput;
  bcc?: AddressInput;
  /** In place of from, to, cc and bcc. */
  envelope?: GivenEnvelope;
}
