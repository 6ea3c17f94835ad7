/** What callers give to the SMTP client and get back from it. */
import type {
  BodyInput,
  CallOptions,
  ServerReply,
  TransportOptions,
} from '@fivewire/line-protocol';
import type { Auth, LoginOptions, UrlAuth } from '@fivewire/sasl';

export interface SmtpOptions extends TransportOptions, LoginOptions {
  /** Default `'smtp'`. `'lmtp'` (RFC 2033) replies for each recipient; `security` must be named, the port is 24. */
  protocol?: 'smtp' | 'lmtp';
  /** Who logs in. Absent: no login, as between servers. */
  auth?: Auth;
  /**
   * What EHLO says: a domain name or an address literal such as `[192.0.2.1]`. Default: this machine's name where it
   * is fully qualified, else the connection's own address.
   */
  clientName?: string;
  /**
   * Send messages by BDAT (RFC 3030) where the server offers CHUNKING. Default false: some servers announce it and
   * then stall. `body: 'binary'` uses it all the same.
   */
  chunking?: boolean;
  /**
   * Say EHLO once more after the login: some proxies (nginx) tell only then what the server behind them can do. Default false.
   */
  ehloAfterAuth?: boolean;
}

/** The options beside a URL, which says host, port and security, and may name the user. */
export interface SmtpUrlOptions extends Omit<SmtpOptions, 'host' | 'port' | 'security' | 'auth'> {
  auth?: UrlAuth;
}

export type { CallOptions };

/** A recipient with wishes of its own. */
export interface Recipient {
  /** An exact addr-spec: `name@example.org`, without display name or angle brackets. */
  address: string;
  /** When to send a delivery status notification about this recipient (RFC 3461 §4.1). Needs DSN. */
  notify?: 'never' | readonly ('success' | 'failure' | 'delay')[];
  /** The address that the sender wrote, where it was rewritten on the way (RFC 3461 §4.2). Needs DSN. */
  originalRecipient?: string;
  /** Refuse where the mailbox has changed hands since then (RFC 7293). Needs RRVS. */
  validSince?: Date;
}

/** Who gets the message from whom. What stands in the message's own header plays no part. */
export interface Envelope {
  /** The reverse-path, to which failures are reported; `null` is the empty one, `<>`, for messages that must not bounce. */
  from: string | null;
  to: string | Recipient | readonly (string | Recipient)[];
  /** Octets of the message, where you know them and the body is a stream. Tells the server early (SIZE, RFC 1870). */
  size?: number;
  /**
   * What the body is made of. Default: strings and octets are looked at; streams count as `'8bit'` where the server
   * takes that. `'binary'` goes out octet for octet and needs BINARYMIME and CHUNKING.
   */
  body?: '7bit' | '8bit' | 'binary';
  /**
   * The message's header holds UTF-8 (RFC 6532). Default: addresses and the header are looked at, of a stream as much as comes
   * with its first piece. `false`: the header is not looked at, and goes raw to servers that do not agree to it.
   */
  smtpUtf8?: boolean;
  /** Only over verified TLS, all the way (RFC 8689). */
  requireTls?: boolean;
  /** Local parts without a domain go out as they are, for a submission server that completes them (RFC 6409 §8.1). Default: refused. */
  unqualified?: boolean;
  /** Delivery status notifications, what they hold and how they are named (RFC 3461 §4.3, §4.4). */
  dsn?: {
    return?: 'full' | 'headers';
    /** Comes back in each notification. At most 100 characters as xtext. */
    envelopeId?: string;
    /** For all recipients that say nothing of their own. */
    notify?: Recipient['notify'];
    /** Send without, where the server can't; the result's `dropped` says so. Default: `ERR_EXTENSION_REQUIRED`. */
    optional?: boolean;
  };
  /** Who submitted it first, where a trusted server passes it on; `null`: unknown (RFC 4954 §5). Needs AUTH. */
  auth?: string | null;
  /** Deliver within so many seconds, else return it or tell the sender (RFC 2852). Needs DELIVERBY. */
  deliverBy?: { seconds: number; otherwise: 'return' | 'notify'; trace?: boolean };
  /** Keep it for so many seconds, or until then (RFC 4865). Needs FUTURERELEASE. */
  hold?: { seconds: number } | { until: Date };
  /** -9 to 9; more is sooner (RFC 6710). Needs MT-PRIORITY. */
  priority?: number;
  /**
   * Extensions that the message may go without: `['DSN', 'MT-PRIORITY']`. The result's `dropped` lists those that were wished for
   * and not had. Default: none, and `ERR_EXTENSION_REQUIRED` says what is missing before anything is sent.
   */
  optional?: readonly OptionalExtension[];
}

/** What a message may wish for and do without. */
export type OptionalExtension =
  | 'AUTH'
  | 'DELIVERBY'
  | 'DSN'
  | 'FUTURERELEASE'
  | 'MT-PRIORITY'
  | 'RRVS';

export interface SendOptions extends CallOptions {
  /**
   * What happens when some recipients are refused. `'send-rest'` (default): the others get the message.
   * `'abort'`: no recipient does. When all are refused it is `ERR_RECIPIENTS_REJECTED` either way.
   */
  onRefused?: 'send-rest' | 'abort';
}

/** What the server said to one recipient. */
export interface RecipientReply {
  /** As you gave it. */
  address: string;
  reply: ServerReply;
  /** The server called the refusal passing (4yz): this recipient may be tried again later. */
  transient: boolean;
}

export interface SendResult {
  accepted: RecipientReply[];
  refused: RecipientReply[];
  /** The reply to the message. LMTP: the first that accepted it; `accepted` has all. */
  reply: ServerReply;
  /** Octets of the body as you gave it. */
  bytes: number;
  /** Extensions that were wished for, not offered, and done without: only what the envelope calls `optional`. */
  dropped: string[];
}

/** What the server said to each recipient of an envelope that no message followed. */
export interface ProbeResult {
  accepted: RecipientReply[];
  refused: RecipientReply[];
}

export interface Message extends Pick<SendOptions, 'onRefused'> {
  envelope: Envelope;
  body: BodyInput;
}

export interface SendManyOptions extends CallOptions {
  /**
   * How many messages may be under way at once, where the server offers PIPELINING. Default 1. With 2, the next
   * envelope travels behind each message and saves a round trip (RFC 2920 §3.1); more is of use with `chunking` only,
   * where nothing waits for anything. When the connection is lost, the outcome of all under way may be unknown.
   */
  window?: number;
}

/** The end of one message of `sendMany`; `index` counts from 0 in the order of the messages. */
export type SendOutcome =
  | { index: number; ok: true; result: SendResult }
  | { index: number; ok: false; error: unknown };

/** EHLO keyword in upper case → its parameters. Empty after HELO. */
export type Extensions = ReadonlyMap<string, readonly string[]>;

/** Whom we speak for, to a server that trusts us (Postfix). `null`: not known. */
export interface XclientAttributes {
  name?: string | null;
  addr?: string | null;
  port?: number | null;
  proto?: 'SMTP' | 'ESMTP' | null;
  helo?: string | null;
  login?: string | null;
  destaddr?: string | null;
  destport?: number | null;
}
