/** What a caller gives and gets. */
import type { LineLimits, TransportOptions } from '@fivewire/line-protocol';
import type { Auth, LoginOptions, UrlAuth } from '@fivewire/sasl';
import type { ClientId } from './commands/id.js';
import type { ImapLimits } from './limits.js';

export interface ImapOptions extends Omit<TransportOptions, 'limits'>, LoginOptions {
  /** Who logs in. Without it the session stays unauthenticated. */
  auth?: Auth;
  /** What ID (RFC 2971) tells the server after login; `false` tells nothing. Default: `{ name: 'fivewire' }`. */
  id?: ClientId | false;
  /**
   * Extensions to ENABLE (RFC 5161) after the login, where the server offers them: `'UTF8=ACCEPT'`, `'IMAP4rev2'`, `'QRESYNC'`,
   * `'CONDSTORE'`, `'UIDONLY'`. Default: none; `sync()` and `watch()` enable what they need.
   */
  enable?: readonly string[];
  /** Compresses both ways after the login, where the server has COMPRESS=DEFLATE (RFC 4978). Default `false`. */
  compress?: boolean;
  /** Caps on what the server may make this process hold. */
  limits?: Partial<ImapLimits> & Partial<LineLimits>;
}

/** The options beside a URL, which says host, port and security, and may name the user. */
export interface ImapUrlOptions extends Omit<ImapOptions, 'host' | 'port' | 'security' | 'auth'> {
  auth?: UrlAuth;
}
