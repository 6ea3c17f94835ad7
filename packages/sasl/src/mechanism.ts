/** What a mechanism is (RFC 4422 section 5): a generator that yields our messages and receives the server's. */
import type {
  ChannelBindingType,
  ProtocolName,
  RefusalReason,
  SaslErrorCode,
} from 'tls-context-core';
import type { SaltedPasswords } from './salted-passwords.js';
import type { ChannelBindingSource, IterationWindow } from './types.js';

/** One message of ours, and what may follow it. */
export interface Step {
  /** What to send. `undefined` in a first step only: the server speaks first. */
  readonly response: Uint8Array | undefined;
  /**
   * What the server may say next, beside failure, which it may always say. `either`: success, or a challenge that
   * explains a failure to come. `failure`: nothing else, for the server has already said why.
   */
  readonly expects: 'challenge' | 'success' | 'either' | 'failure';
  /** It holds the secret or a proof of it: a refusal that comes before such a message can't be one of the secret. */
  readonly proof?: boolean;
  /** The server has proven itself. */
  readonly serverProven?: boolean;
  /** Whatever the next challenge says will do, base64 or not: the mechanism does not need it. */
  readonly heedless?: boolean;
  /** Called when the server reports success after this message. */
  readonly onSuccess?: () => void | Promise<void>;
  /** With `failure`: what the server told in its last challenge. */
  readonly refusal?: Refusal;
}

/** Why a server will refuse us, as far as the mechanism lets it say so. */
export interface Refusal {
  /** In the server's words, escaped and short. */
  readonly reason: string;
  readonly hint: string;
  /** Where the mechanism's own code says it. `binding`: of the channel binding alone; `token`: a new one may do. */
  readonly means?: RefusalReason | 'binding' | 'token';
}

/** A mechanism at work. What it knows lives in its closure, where neither `util.inspect` nor JSON sees it. */
export type Steps = Generator<Step, void, Uint8Array> | AsyncGenerator<Step, void, Uint8Array>;

/** An {@link Auth} whose secret has been fetched. */
export type Credentials =
  | PasswordCredentials
  | TokenCredentials
  | ExternalCredentials
  | AnonymousCredentials;

export interface PasswordCredentials {
  user: string;
  password: string;
  authzid?: string;
}

export interface TokenCredentials {
  user: string;
  accessToken: string;
  authzid?: string;
}

export interface ExternalCredentials {
  external: true;
  authzid?: string;
}

export interface AnonymousCredentials {
  anonymous: true;
  trace?: string;
}

/** The key that tells the four kinds of {@link Auth} and {@link Credentials} apart. */
export type CredentialKind = 'password' | 'accessToken' | 'external' | 'anonymous';

/** The channel binding that a -PLUS mechanism proves (RFC 5056). */
export interface ChannelBinding {
  readonly type: ChannelBindingType;
  readonly data: Uint8Array;
}

/** What a mechanism may need to know about the connection. */
export interface ExchangeContext {
  /** For the -PLUS mechanisms; gs2 flag `p=`. */
  binding?: ChannelBinding;
  /** We could bind and the server offered no -PLUS: gs2 flag `y`, by which the server sees a stripped offer. */
  couldBind?: boolean;
  host?: string;
  port?: number;
  iterations?: IterationWindow;
  saltedPasswords?: SaltedPasswords;
  /** For mechanisms of the caller's own. */
  protocol?: ProtocolName;
  channelBinding?: ChannelBindingSource['channelBinding'];
}

/** One row of the table of mechanisms. */
export interface Mechanism {
  readonly name: string;
  /** `undefined`: any; a mechanism of the caller's own looks itself at what it gets. */
  readonly credential: CredentialKind | undefined;
  /** Comparable among mechanisms of one credential; see `mechanisms/table.ts`. */
  readonly strength: number;
  /** Whether it can carry an authorization identity. */
  readonly authzid: boolean;
  /** Whether the server proves that it knows the secret too: success without this proof is an attack. */
  readonly provesServer: boolean;
  begin(credentials: Credentials, context: ExchangeContext): Steps;
}

/** Thrown inside a mechanism for a message that makes no sense. The exchange adds who and where: a `SaslError`. */
export class Fault extends Error {
  readonly code: SaslErrorCode;
  readonly hint: string;
  constructor(code: SaslErrorCode, message: string, hint = '') {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

export const nothing: Uint8Array = new Uint8Array(0);

export const serverSpeaksFirst: Step = { response: undefined, expects: 'challenge' };

/** A message that the server must answer with a challenge. */
export const say = (response: Uint8Array): Step => ({ response, expects: 'challenge' });

/** Our last message: the secret, or a proof of it. */
export const conclude = (response: Uint8Array): Step => ({
  response,
  expects: 'success',
  proof: true,
});

/** Our last message, unless the server explains why it will refuse us. */
export const concludeOrHear = (response: Uint8Array): Step => ({
  response,
  expects: 'either',
  proof: true,
  heedless: true,
});

/** The dummy message after a challenge that announces failure. */
export const acknowledge = (response: Uint8Array, refusal: Refusal): Step => ({
  response,
  expects: 'failure',
  refusal,
});
