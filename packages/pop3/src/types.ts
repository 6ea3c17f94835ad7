/** What callers give to this client and get from it. */

import type {
  CallOptions,
  FivewireError,
  GatheringReadable,
  ItemError,
  TransportOptions,
} from '@fivewire/line-protocol';
import type { Auth, LoginOptions, Mechanisms, UrlAuth } from '@fivewire/sasl';

export interface Pop3Options extends TransportOptions, LoginOptions {
  /** Who we are. Without it the session stays unauthenticated, where hardly a command works. */
  auth?: Auth;
  /**
   * Restricts and orders the ways to authenticate: SASL names, `'USER'` for USER and PASS, `'APOP'`.
   * Default: the strongest SASL mechanism that fits, else USER. APOP (MD5) is used only where it is named here.
   */
  mechanisms?: Mechanisms;
  /**
   * Whether the initial response goes with AUTH in one line of at most 255 octets. Default: yes, but for OAuth, whose
   * biggest server closes the connection at it.
   */
  initialResponse?: boolean;
  /**
   * Whether to ask for UTF8 (RFC 6856) where the server has it: header fields may then hold UTF-8. Without it Courier sends a message with 8-bit
   * headers as an attachment of another message. Default false.
   */
  utf8?: boolean;
  /** Caps on what a server may make us hold or read; see {@link defaultPop3Limits}. */
  limits?: Partial<Pop3Limits>;
}

/** The options beside a URL, which says host, port and security, and may name the user. */
export interface Pop3UrlOptions extends Omit<Pop3Options, 'host' | 'port' | 'security' | 'auth'> {
  auth?: UrlAuth;
}

export type Pop3Limits = {
  /** Octets of a status line. Default 8,192. */
  responseOctets: number;
  /** Octets of a line of a listing. Default 65,536. */
  lineOctets: number;
  /** Octets of a multi-line reply that is handed out whole (CAPA, `command`). Default 1,048,576. */
  replyOctets: number;
  /** Rows of LIST or UIDL. Default 5,000,000. */
  rows: number;
  /** Octets of one message. Default 2 GiB. */
  messageOctets: number;
  /** Octets held for a slow consumer while other calls wait behind it. Default 16 MiB. */
  aheadOctets: number;
};

export const defaultPop3Limits: Pop3Limits = {
  responseOctets: 8_192,
  lineOctets: 65_536,
  replyOctets: 1_048_576,
  rows: 5_000_000,
  messageOctets: 2 ** 31,
  aheadOctets: 16 * 2 ** 20,
};

export type { CallOptions };

/** STAT: how many messages, and their octets together; `undefined` where the server's figure makes no sense. */
export interface MailboxStat {
  count: number;
  octets: number | undefined;
}

/** A row that could not be read. The others are not touched by it. */
export interface BadRow {
  ok: false;
  /** The message number, where at least that could be read. */
  number: number | undefined;
  /** What is wrong. */
  problem: string;
  /** The row as it came, each character an octet. */
  raw: string;
}

/** A row of LIST. `octets` is what the server says; some count wrongly, so it is advice. */
export type ListRow = { ok: true; number: number; octets: number | undefined } | BadRow;

/** A row of UIDL. The unique-id is opaque: compare it, never use it as a file name. */
export type UidlRow = { ok: true; number: number; uid: string } | BadRow;

/** A message, or a part of it, as octets. */
export interface Message extends GatheringReadable {
  /** How many have come. */
  readonly octets: number;
  /**
   * Set at the end where the message had another length than LIST told: some servers count wrongly (qmail-pop3d without the CRs,
   * Exchange by guess), others do not stuff dots, or glue the final one to a last line without an end, so that it is no whole message or
   * more than one.
   */
  readonly problem: string | undefined;
}

/** One of many messages asked for. Read `message` before you go on, or it is skipped. */
export type Retrieved =
  | { ok: true; number: number; message: Message; readonly problem: string | undefined }
  | { ok: false; number: number; error: ItemError };

export interface QuitResult {
  /**
   * Whether every deletion marked in this session is final. True where none was marked; `'unknown'` where the connection
   * broke before the server said so: connect again and compare UIDL with what was marked.
   */
  committed: boolean | 'unknown';
  /** What the server said where it refused. */
  reply?: string;
  /** What broke, where it is unknown; where it is true, what kept the store of unique-ids from writing it down. */
  error?: FivewireError;
}

/** The answer to {@link Pop3Client.command}. */
export interface CommandResult {
  /** The status line after `+OK `, decoded. */
  text: string;
  /** The lines of a multi-line reply, without dot stuffing, each character an octet. */
  lines?: string[];
}
