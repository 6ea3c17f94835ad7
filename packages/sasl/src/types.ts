import type { ChannelBindingType, ProtocolName, ServerReply } from 'tls-context-core';
import type { CustomMechanism } from './custom.js';
import type { SaltedPasswords } from './salted-passwords.js';

/**
 * Who we are, and the proof of it. A function in place of a secret is called once, after the mechanism is
 * chosen and before the first octet of the exchange is sent: a fresh token costs nothing when none is needed.
 */
export type Auth =
  | { user: string; password: Password; authzid?: string }
  | { user: string; accessToken: AccessToken; authzid?: string }
  | { external: true; authzid?: string }
  | { anonymous: true; trace?: string };

/** Names, or mechanisms of the caller's own. */
export type Mechanisms = readonly (string | CustomMechanism)[];

export type Password = string | (() => string | Promise<string>);

/**
 * A function is called a second time after a refusal that says that the token has expired or is invalid, and is told so: another
 * token than before is then tried, once.
 */
export type AccessToken = string | ((refused?: RefusedToken) => string | Promise<string>);

export interface RefusedToken {
  /** In the server's words. */
  readonly reason: string;
}

/** Beside a URL that names the user, the secret will do. */
export type UrlAuth =
  | Auth
  | { password: Password; authzid?: string }
  | { accessToken: AccessToken; authzid?: string };

/** The mechanisms spoken here, by their IANA names. */
export type MechanismName =
  | 'SCRAM-SHA-512-PLUS'
  | 'SCRAM-SHA-256-PLUS'
  | 'SCRAM-SHA-1-PLUS'
  | 'SCRAM-SHA-512'
  | 'SCRAM-SHA-256'
  | 'SCRAM-SHA-1'
  | 'OAUTHBEARER'
  | 'XOAUTH2'
  | 'EXTERNAL'
  | 'CRAM-MD5'
  | 'PLAIN'
  | 'LOGIN'
  | 'ANONYMOUS';

/** Where channel binding data comes from (RFC 5056). The `SecureStream` of tls-context-core is one. */
export interface ChannelBindingSource {
  /** `undefined` where this connection can't give that type. */
  channelBinding(type: ChannelBindingType): Uint8Array | undefined;
}

/** What the octets travel in. `unverified-tls`: the caller turned the verification of the peer off. */
export type Channel = 'verified-tls' | 'unverified-tls' | 'cleartext';

/** The iteration counts of SCRAM that we accept from a server. */
export interface IterationWindow {
  /** Default 4,096, the least that RFC 5802 section 5.1 and RFC 7677 section 4 recommend. */
  min?: number;
  /** Default 600,000: about half a second of one core. More would be an attack on this process. */
  max?: number;
}

/** What `authenticate` and `selectMechanism` need to know. */
export interface AuthenticateOptions {
  auth: Auth;
  /** The mechanisms as the server listed them, in any case. */
  offered: readonly string[];
  /** What to do where `offered` is empty, when the protocol knows why it is. */
  nothingOfferedHint?: string;
  /**
   * The caller's restriction and order of preference, by name, or mechanisms of the caller's own. Default: all that are known
   * here, the strongest first. A list is leave to go down it when a mechanism does not work.
   */
  mechanisms?: Mechanisms;
  /** Whether the caller gave `mechanisms`. Default: whether it is there. */
  leave?: boolean;
  channel: Channel;
  /** Without it, `cleartext` refuses every password and token before anything is sent. */
  allowCleartextAuth?: boolean;
  /** Without it no -PLUS mechanism can be used. */
  binding?: ChannelBindingSource;
  /** Whom we dialled: for OAUTHBEARER, for error messages and for hints about well-known providers. */
  host?: string;
  port?: number;
  protocol: ProtocolName;
  /** Which channel binding the -PLUS mechanisms use. Default: the first that the connection has of those below. */
  channelBinding?: ChannelBindingType;
  /** Narrows or widens what SCRAM accepts. */
  iterations?: IterationWindow;
  /** Keeps what SCRAM derives from the password, for the next login. */
  saltedPasswords?: SaltedPasswords;
  /** Called once, when the login has gone well. */
  onOutcome?: (outcome: LoginOutcome) => void;
}

/** What a login leaves to tell beside that it went well. */
export interface LoginOutcome {
  /** By which both sides know that they are at the two ends of one TLS connection. */
  readonly channelBinding: 'none' | ChannelBindingType;
  /** A -PLUS was refused, and the login went on without channel binding: why, in words. */
  readonly notice?: string;
}

/** What a protocol's client lends: how SASL travels in that protocol (RFC 4422 section 5). Octets are raw, not base64. */
export interface SaslTransport {
  /** Sends the AUTH command with the optional initial response; resolves to the server's answer. */
  start(mechanism: string, initialResponse: Uint8Array | undefined): Promise<SaslAnswer>;
  /** Answers a challenge. */
  respond(response: Uint8Array): Promise<SaslAnswer>;
  /** Sends `*`. */
  cancel(): Promise<SaslAnswer>;
  /**
   * How many octets of base64 may go with the command as an initial response (RFC 4422 section 3, item 2);
   * 0 where none may (IMAP without SASL-IR). An empty response is written `=` and counts as one octet.
   */
  initialResponseLimit: number;
}

/** The server's answer to one step. */
export type SaslAnswer =
  /** `data`: absent where it is no base64; `malformed` makes the error of it, for mechanisms that need it. */
  | { kind: 'challenge'; data?: Uint8Array | undefined; malformed?: () => Error }
  /** `data`: additional data with success, where the protocol has it (NNTP's 283). */
  | { kind: 'success'; data?: Uint8Array }
  /**
   * `mechanismUnavailable`: the server refused the mechanism and not the credentials (504, 534, `NO` with
   * "unsupported"): the only failure after which another mechanism may be tried. `problem` and `hint`: where the protocol
   * knows better than the reply's words.
   */
  | {
      kind: 'failure';
      reply: ServerReply;
      mechanismUnavailable?: boolean;
      problem?: string;
      hint?: string;
      /** The command line that was refused, masked. */
      command?: string;
    };
