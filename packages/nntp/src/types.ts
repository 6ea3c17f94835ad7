/** What callers give to this client and get from it. */
import type {
  CallOptions,
  GatheringReadable,
  ItemError,
  TransportOptions,
} from '@fivewire/line-protocol';
import type { Auth, LoginOptions, Mechanisms, UrlAuth } from '@fivewire/sasl';
import type { Headers } from './headers.js';

export interface NntpOptions extends TransportOptions, LoginOptions {
  /** Who we are. Logged in at once, and again where the server asks for it in mid-session (480). */
  auth?: Auth;
  /**
   * Restricts and orders the ways to authenticate: SASL names, and `'USER'` for AUTHINFO USER and PASS.
   * Default: over verified TLS USER where the server has it, else SASL, the strongest first; elsewhere SASL, then USER.
   */
  mechanisms?: Mechanisms;
  /** Whether to switch to reader mode (MODE READER) where the server has one. False for {@link NntpClient.feed}. Default true. */
  reader?: boolean;
  /**
   * Compresses both ways (RFC 8054) where the server offers it, after the login; else listings and overviews where it lists
   * XFEATURE-COMPRESS or XZVER, as Usenet providers do: overviews take a tenth of the octets. What an attacker
   * can make you fetch beside a secret may then be guessed by its length; the login itself is never compressed. Default false.
   */
  compress?: boolean;
  /** Caps on what a server may make us hold or read; see {@link defaultNntpLimits}. */
  limits?: Partial<NntpLimits>;
}

/** The options beside a URL, which says host, port and security, and may name the user. */
export interface NntpUrlOptions extends Omit<NntpOptions, 'host' | 'port' | 'security' | 'auth'> {
  auth?: UrlAuth;
}

export type NntpLimits = {
  /** Octets of a response line. Default 8,192. */
  responseOctets: number;
  /** Octets of a line of a listing or a header. Default 65,536. */
  lineOctets: number;
  /** Octets of a multi-line response that is handed out whole (CAPABILITIES, HELP, `command`). Default 1,048,576. */
  replyOctets: number;
  /** Octets of an article's header. Default 1,048,576. */
  headerOctets: number;
  /** Rows of one listing. Default 5,000,000. */
  rows: number;
  /** Octets of one article. Default 2 GiB. */
  articleOctets: number;
  /** Octets held for a slow consumer while other calls wait behind it. Default 16 MiB. */
  aheadOctets: number;
  /** Octets of one response that came compressed by itself (XFEATURE, XZVER): it is held whole. Default 64 MiB. */
  inflatedOctets: number;
  /** Octets that one compressed octet may become, once there are more than 16 MiB of them. Default 200. */
  inflationRatio: number;
};

export const defaultNntpLimits: NntpLimits = {
  responseOctets: 8_192,
  lineOctets: 65_536,
  replyOctets: 1_048_576,
  headerOctets: 1_048_576,
  rows: 5_000_000,
  articleOctets: 2 ** 31,
  aheadOctets: 16 * 2 ** 20,
  inflatedOctets: 64 * 2 ** 20,
  inflationRatio: 200,
};

export type { CallOptions };

/** GROUP: what the server says of a newsgroup. `count` is an estimate. */
export interface Group {
  name: string;
  count: number;
  /** The lowest and highest article number that may exist; `low > high` where the group is empty. */
  low: number;
  high: number;
  empty: boolean;
}

/** An article's names. */
export interface ArticleName {
  /** Its number in the selected group; `undefined` where the server gave none (asked for by message-id). */
  number: number | undefined;
  /** With angle brackets; `undefined` where the server left it out. */
  messageId: string | undefined;
}

export interface ArticleHead extends ArticleName {
  headers: Headers;
}

export interface ArticleBody extends ArticleName {
  /** Octets as the server has them (CRLF line ends), without dot stuffing. */
  body: GatheringReadable;
}

export interface RetrievedArticle extends ArticleHead, ArticleBody {
  /**
   * The whole article as the server has it, header and body, without dot stuffing: for spools, mbox and archives. Reads `body`, so take one
   * of the two.
   */
  readonly raw: GatheringReadable;
}

/** One of many articles asked for. Read `article.body` before you go on, or it is skipped. */
export type Fetched =
  | { ok: true; id: number | string; article: RetrievedArticle }
  | { ok: false; id: number | string; error: ItemError };

/** A row of HDR. */
export interface HeaderRow {
  /** The article number; 0 where it was asked for by message-id. */
  number: number;
  /** Decoded; empty where the article has no such header. */
  value: string;
  /** The octets of the value. */
  raw: Uint8Array;
}

/** LIST ACTIVE and NEWGROUPS. */
export interface ActiveRow {
  name: string;
  low: number;
  high: number;
  /** `y` posting allowed, `n` not, `m` moderated; others by server (`x`, `j`, `=other.group`). */
  status: string;
}

/** LIST COUNTS, RFC 6048 §2.2. */
export interface CountsRow extends ActiveRow {
  count: number;
}

/** LIST ACTIVE.TIMES. */
export interface ActiveTimesRow {
  name: string;
  created: Date;
  creator: string;
}

/** LIST NEWSGROUPS. */
export interface NewsgroupRow {
  name: string;
  description: string;
}

/** LIST DISTRIB.PATS: the `value` for groups that `wildmat` means, the highest weight first. */
export interface DistribPatRow {
  weight: number;
  wildmat: string;
  value: string;
}

/** LIST DISTRIBUTIONS, RFC 6048 §2.4. */
export interface DistributionRow {
  value: string;
  description: string;
}

/** LIST MODERATORS, RFC 6048 §2.5: the submission address, `%s` standing for the group's name with hyphens. */
export interface ModeratorRow {
  group: string;
  template: string;
}

/** The answer to POST. */
export interface PostResult {
  /** The message-id: as the server told it, else as the article has it, else as the server recommended it. */
  messageId: string | undefined;
  /** The server had it already (only with `again`). */
  duplicate?: true;
  /** What the server said. */
  text: string;
}

/** The answer to {@link NntpClient.command}. */
export interface CommandResult {
  code: number;
  /** The response line after its code, decoded. */
  text: string;
  /** The lines of a multi-line response, without dot stuffing, each character an octet. */
  lines?: string[];
}
