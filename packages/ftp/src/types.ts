/** What the client takes and gives. Times are milliseconds, sizes octets. */

import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import type {
  BodyInput,
  CallOptions,
  LineLimits,
  SecurityInfo,
  ServerReply,
  TransportOptions,
} from '@fivewire/line-protocol';
import type { Password } from '@fivewire/sasl';
import type { RemotePath } from './files/remote-path.js';
import type { ListingProblem } from './listing/entry.js';
import type { CharsetOptions } from './session/charset.js';

/** USER, PASS and ACCT, RFC 959 §4.1.1. Anonymous login: `{ user: 'anonymous', password: 'you@example.org' }`. */
export interface FtpAuth {
  user: string;
  /** A function is called once for each login, before USER is sent. */
  password?: Password;
  /** Sent where the server asks for an account (332). */
  account?: string;
}

export interface FtpLimits extends LineLimits {
  /** The longest line of a listing. Default 65,536. A longer one is a problem of that listing, not an error. */
  listingLineOctets: number;
  /** Entries of one directory. Default 1,000,000. */
  listingEntries: number;
  /** Directories below each other in a recursive listing or removal. Default 100. */
  depth: number;
  /** Octets held for a slow reader of a stream while other calls wait behind it. Default 16 MiB. */
  aheadOctets: number;
}

export interface FtpConnectOptions extends Omit<TransportOptions, 'limits'>, CharsetOptions {
  auth?: FtpAuth;
  limits?: Partial<FtpLimits>;
  /**
   * Whether a listing over TLS must end in close_notify to be taken as whole. Default `true`; `false` for servers
   * that never send it: then a listing that an attacker cut off looks like a short one.
   */
  requireCloseNotify?: boolean;
  /**
   * Minutes by which the wall clock in the server's LIST lines is ahead of UTC. Default 0. MLSD needs none. `'auto'`: MDTM (RFC 3659 §3)
   * of a few files tells, and times that this proves are UTC (`zone: 'utc'`); others stay the server's (`zone: 'server'`), as those of which
   * LIST shows the day alone do. A server whose MDTM tells local times can't be told from one that lives in UTC. The first listing is then read whole before its first entry comes.
   */
  utcOffset?: number | 'auto';
  /** Where relative paths begin, in place of the directory where the login does. A URL's path says the same. */
  directory?: RemotePath;
  /**
   * Active mode: the server dials, from whose address alone connections are taken. Default `false`. Not through a proxy, `dial` or
   * `stream`. Under TLS it is proven as in passive mode.
   */
  active?: boolean | ActiveOptions;
  /** HOST (RFC 7151): the site that is meant, where one address has several; `true`: `serverHostname`. A server without HOST is an error. */
  virtualHost?: string | true;
  /** LANG (RFC 2640 §4): the language of the server's texts, as `'en'`. A server without it goes on in its own. */
  language?: string;
  /** What CLNT says to servers that announce it. Default `'fivewire'`; `false`: it is not sent. */
  clientName?: string | false;
  /** MODE Z: data travels deflated where the server announces it. Default `false`. Not for a server that shares secrets and its files' content with attackers. */
  compress?: boolean;
  /**
   * `'unsafe-clear'`: under TLS, files and listings travel unprotected all the same (PROT C, or CDC): who is between both sides reads
   * and changes them. `security.dataProtection` says so. Default `'private'`.
   */
  dataProtection?: 'private' | 'unsafe-clear';
  /**
   * `'unsafe-clear'`: TLS leaves the control connection once the login is through (CCC), for firewalls that have to read ports: who is between both
   * sides reads every command, and may send his own. `security.controlProtection` says so. A server that refuses is an error. Default `'private'`.
   */
  controlProtection?: 'private' | 'unsafe-clear';
  /** Milliseconds between two NOOPs while octets move, so that address translation keeps the control connection. Default 0: none. */
  noopInterval?: number;
  /** An FTP proxy: `host` is the proxy, and this is the server behind it. TLS, where there is any, is with the proxy. */
  gateway?: FtpGateway;
}

export interface ActiveOptions {
  /** The first and the last port to listen on. Default: any. */
  ports?: readonly [first: number, last: number];
  /** What the server is told to dial: the outer address behind address translation. Default: this side's of the control connection. */
  address?: string;
  /** Where this side listens. Default: its address of the control connection. */
  listen?: string;
}

/**
 * How an FTP proxy is told the server. `user@host`: in USER; with `gateway.user` after a login of its own (`login, user@host` insists on
 * that). `user@gateway-user@host`: both users in USER, both passwords in PASS. `user@host gateway-user`: the proxy's password is ACCT.
 * `site`, `open`: by that command.
 */
export type GatewayStyle =
  | 'user@host'
  | 'login, user@host'
  | 'user@gateway-user@host'
  | 'user@host gateway-user'
  | 'site'
  | 'open';

export interface FtpGateway {
  style: GatewayStyle;
  /** The server behind the proxy. */
  host: string;
  /** Default 21. */
  port?: number;
  /** The login at the proxy itself, where it wants one. */
  user?: string;
  password?: string;
}

/** What protects the control connection, and whether that protects data connections too. */
export interface FtpSecurity extends SecurityInfo {
  /** `'clear'`: files and listings travel unprotected. */
  readonly dataProtection: 'private' | 'clear';
  /** There where TLS has left the control connection (CCC): what the rest says was so until then. */
  readonly controlProtection?: 'clear';
}

/** The options beside a URL, which says host, port and security, and may name the user. */
export interface FtpUrlOptions
  extends Omit<FtpConnectOptions, 'host' | 'port' | 'security' | 'auth'> {
  auth?: Partial<FtpAuth>;
}

export type { CallOptions };

export interface ListOptions extends CallOptions {
  /** Also what is in the directories below. Symlinks are shown, never followed. Default `false`. */
  recursive?: boolean;
  /** LIST: ask for names that begin with a dot too (`LIST -a`). MLSD shows them anyway. Default `false`. */
  hidden?: boolean;
  /** Told of lines that gave no entry, and with `recursive` of directories that could not be read. */
  onProblem?: (problem: ListingProblem & { directory: string }) => void;
}

/**
 * How it is known that a body is whole: its octets are as many as the server said (`size`), TLS ended in close_notify,
 * or, in cleartext and for uploads to servers without SIZE, the server said so (`final-reply`).
 */
export type Proof = 'size' | 'close-notify' | 'final-reply';

export interface Progress {
  /** Octets moved so far, those before `start` or a resumed part included. */
  octets: number;
  /** All there is to move, where known. */
  total: number | undefined;
}

export interface TransferOptions extends CallOptions {
  /** Told after each piece of at least 64 KiB and at the end. What it throws fails the transfer. */
  onProgress?: (progress: Progress) => void;
  /** Octets a second that this transfer moves at most, evened out over half a second. Default: as many as there are. */
  rateLimit?: number;
}

/** What downloads and uploads have in common. */
export interface FileOptions extends TransferOptions {
  /**
   * `'ascii'` (TYPE A): text, whose lines end on each side as that side has them. Sizes differ then and prove nothing: the proof is
   * close_notify, or in cleartext and for uploads the final reply. Default `'binary'`.
   */
  type?: 'binary' | 'ascii';
  /**
   * Between a local file and a remote one: what is written gets the other's modification time, to the second, where the server lets
   * it; then `modified` of the result says so. Default `false`.
   */
  preserveTimes?: boolean;
  /**
   * Of a file or of content: tries after the first, where the reason may pass, with growing pauses from 250 ms on. Each goes on where the last
   * one stopped, as with `resume`, which this implies. A pool tries on another connection; a client, while its own lives. Default 0.
   */
  retry?: number;
}

export interface DownloadOptions extends FileOptions {
  /**
   * `'size'` (default): SIZE must agree. `'hash'`: the server's SHA-256 (or what it has) must agree as well. `'reread'`: as `'hash'`,
   * and where the server has none the file is read a second time and compared. `false`: none is asked; over TLS close_notify must then
   * prove the end.
   */
  verify?: 'size' | 'hash' | 'reread' | false;
  /**
   * To a path: write under another name in the same directory and rename it when it is proven whole. Default `true`.
   * No reader ever sees half a file, and a failed download leaves the old one.
   */
  atomic?: boolean;
  /**
   * To a path: go on where an earlier try stopped, `<name>.part` (`atomic`) or the file itself. A failed download then
   * leaves that part. Default `false`.
   */
  resume?: boolean;
  /** To a Writable: skip so many octets of the file. Default 0. */
  start?: number;
  /**
   * By a pool, to a path: over so many connections at once, each from an offset of its own (REST), a mebibyte or more for each. Where the
   * server can't begin in the middle, or tells neither size nor time, it is one. `verify: 'hash'` proves the whole. With `resume` all segments go on
   * where an earlier try, or a process that was killed, left them. Default 1.
   */
  segments?: number;
}

export interface TransferResult {
  /** Octets that went over in this call. */
  octets: number;
  /** Octets of the whole file, as far as this side knows. */
  size: number;
  /** Where this call began: 0 unless resumed. */
  start: number;
  proof: Proof;
  /** With `verify: 'hash'` or `'reread'`: what both sides agreed on, in hex. */
  hash?: { algorithm: HashAlgorithm; value: string };
  /** With `preserveTimes`: the time that both sides have now; absent where the server does not tell or set it. */
  modified?: Date;
}

/** What `uploadUnique` gives. */
export interface UniqueResult extends TransferResult {
  /** The name that the server chose, as a path that the other methods take; `undefined` where it did not say. */
  path: string | undefined;
}

export type HashAlgorithm = 'sha512' | 'sha256' | 'sha1' | 'md5' | 'crc32';

/** Room on the server, in octets; what it does not say is absent. */
export interface Space {
  /** What may still be written. Absent where there is no limit, or none is known. */
  available?: number;
  used?: number;
  limit?: number;
  /** Files that there are, and that there may be. */
  files?: number;
  fileLimit?: number;
}

/** A name in a directory, by NLST: nothing else is said of it. */
export interface ListedName {
  readonly name: string;
  /** As the other methods take it. */
  readonly path: string;
  /** Its octets. */
  readonly rawPath: Uint8Array;
}

/** A file on this side. A plain string would be taken for the content itself. */
export interface LocalFile {
  file: string | URL;
}

/** Content, or where it is. A string is content, as in all Fivewire clients: a path is `{ file: './report.csv' }`. */
export type UploadSource = BodyInput | LocalFile | Blob | ArrayBuffer;

/** A path on this side, or a stream. A stream is ended when the download is whole and destroyed when it fails. */
export type DownloadTarget = string | URL | Writable | WritableStream<Uint8Array>;

export interface UploadOptions extends FileOptions {
  /**
   * `'size'` (default): SIZE must agree where the server has it. `'hash'`: and the hash. `'reread'`: as `'hash'`, and where the server has
   * none the file is read back and compared. `false`: the final reply does.
   */
  verify?: 'size' | 'hash' | 'reread' | false;
  /** Upload under another name in the same directory, then rename. Default `false`, with `resume` `true`. */
  atomic?: boolean;
  /**
   * Of a file or of content: go on where an earlier try stopped, by SIZE and REST or APPE. What lies there is taken for a part only where its
   * name says so (`atomic`: it holds the local file's size and time) or a hash proves the whole; else it begins anew. A failed upload
   * leaves the part. Default `false`.
   */
  resume?: boolean;
}

export interface ReadStreamOptions extends TransferOptions {
  /** Skip so many octets. Default 0. */
  start?: number;
  verify?: 'size' | false;
}

/** What the server said to a command sent by hand. */
export interface CommandReply extends ServerReply {
  code: number;
  /** The lines without the code, decoded. */
  lines: string[];
}
