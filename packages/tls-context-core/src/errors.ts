/**
 * Every error of the suite. One class a kind of trouble, one `code` a case, and a `hint` that says what to do.
 *
 * Match on `code`, never on `instanceof`: two installed copies of this package give two classes of the same name.
 * {@link isFivewireError} recognises the errors of every copy by a brand.
 */

import { defaultHints } from './default-hints.js';

const brand = Symbol.for('fivewire.error');
const brandVersion = 1;

/** The five protocols, and LMTP, which `@fivewire/smtp` speaks as well; and what a session needs beside them over the same door to TLS. */
export type ProtocolName = 'ftp' | 'imap' | 'pop3' | 'smtp' | 'lmtp' | 'nntp' | 'https' | 'redis';

/** What the connection was doing when the error came. */
export type Phase =
  | 'dial'
  | 'proxy'
  | 'greeting'
  | 'starttls'
  | 'tls'
  | 'capabilities'
  | 'auth'
  | 'command'
  | 'transfer'
  | 'close';

/** Where an error happened. Every part is optional: an argument can be wrong before there is a host. */
export interface ErrorContext {
  protocol?: ProtocolName;
  host?: string;
  port?: number;
  serverHostname?: string;
  phase?: Phase;
  /** The command that failed, with its secrets masked. */
  command?: string;
}

export interface FivewireErrorFields extends ErrorContext {
  /** One sentence that tells the user what to do. Default: what there is to say of the code. */
  hint?: string;
  cause?: unknown;
  /** `closed` when the connection can't be used any more; always so when `connect` throws. */
  connection?: 'usable' | 'closed';
  /** `later`: the same may work in a while; `reconnect`: at once on a new connection; `never`: not without a change. */
  retry?: 'later' | 'reconnect' | 'never';
}

const contextKeys = ['protocol', 'host', 'port', 'serverHostname', 'phase', 'command'] as const;

/** The root of all errors here. Its subclasses differ in what they carry. */
export class FivewireError extends Error implements ErrorContext {
  /** Whether the cause is the caller's own value, to be given back as it is. */
  protected static readonly keepsCause: boolean = false;
  readonly code: string;
  readonly hint: string;
  readonly connection: 'usable' | 'closed';
  readonly retry: 'later' | 'reconnect' | 'never';
  declare protocol?: ProtocolName;
  declare host?: string;
  declare port?: number;
  declare serverHostname?: string;
  declare phase?: Phase;
  declare command?: string;

  constructor(code: string, message: string, fields: FivewireErrorFields = {}) {
    const cause = new.target.keepsCause ? fields.cause : withoutForeignParts(fields.cause);
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = fields.hint || (defaultHints[code] ?? '');
    this.connection = fields.connection ?? 'closed';
    this.retry = fields.retry ?? 'never';
    addErrorContext(this, fields);
    Object.defineProperty(this, brand, { value: brandVersion });
  }

  /** What a log should hold: no stack, and the cause as its message only. */
  toJSON(): Record<string, unknown> {
    const { cause, ...fields } = this;
    const causeText = cause instanceof Error ? { cause: cause.message } : {};
    return { ...fields, name: this.name, message: this.message, ...causeText };
  }
}

/**
 * Errors of libraries and of callers' functions carry what they were given (a proxy library its options, password and all):
 * of them nothing but name, message, code and stack goes into `cause`. Every error of the suite passes here.
 */
export function withoutForeignParts(cause: unknown, nested = false): unknown {
  if (typeof cause !== 'object' || cause === null || isFivewireError(cause)) return cause;
  const { name, message, code, stack, errors } = cause as Partial<
    AggregateError & { code: unknown }
  >;
  const told = typeof message === 'string' ? message : 'what was thrown is no error';
  const kept =
    Array.isArray(errors) && !nested
      ? new AggregateError(
          errors.map((error) => withoutForeignParts(error, true)),
          told,
        )
      : new Error(told);
  const parts = {
    name: typeof name === 'string' ? name : 'Error',
    stack: typeof stack === 'string' ? stack : '',
  };
  for (const [key, value] of Object.entries(parts))
    Object.defineProperty(kept, key, { value, writable: true, configurable: true });
  if (typeof code === 'string' || typeof code === 'number') Object.assign(kept, { code });
  return kept;
}

/** True for an error of this suite, whichever installed copy made it. */
export function isFivewireError(value: unknown): value is FivewireError {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as Record<symbol, unknown>)[brand] === brandVersion
  );
}

/**
 * Fills in what the thrower could not know (a deep layer knows no host, a grammar no command).
 * Parts that are already there stay.
 */
export function addErrorContext<E extends FivewireError>(error: E, context: ErrorContext): E {
  for (const key of contextKeys) {
    const value = context[key];
    if (value !== undefined && error[key] === undefined) {
      Object.defineProperty(error, key, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
  return error;
}

/** What each error has of its own. Whoever looks at `stack` has V8 write it, which costs more than all the rest. */
const itsOwn: ReadonlySet<string | symbol> = new Set(['stack', 'cause', 'command']);

/**
 * The error of one more call that the same trouble breaks: of the same class and fields, but an object of its own with the
 * `command` of that call, and with `cause`, by default `error`, as its cause. `phase` stays where the trouble was.
 */
export function errorAgain<E extends FivewireError>(
  error: E,
  context: ErrorContext,
  cause: FivewireError = error,
): E {
  const again = new Error(error.message, { cause });
  Object.setPrototypeOf(again, Object.getPrototypeOf(error));
  for (const key of Reflect.ownKeys(error)) {
    const field = itsOwn.has(key) ? undefined : Object.getOwnPropertyDescriptor(error, key);
    if (field !== undefined) Object.defineProperty(again, key, field);
  }
  Error.captureStackTrace(again, errorAgain);
  return addErrorContext(again as E, context);
}

export type TlsErrorCode =
  | 'ERR_SERVER_HOSTNAME_INVALID'
  | 'ERR_SERVER_HOSTNAME_REQUIRED'
  | 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'
  | 'ERR_CERTIFICATE_UNTRUSTED'
  | 'ERR_CERTIFICATE_EXPIRED'
  | 'ERR_CERTIFICATE_REVOKED'
  | 'ERR_CERTIFICATE_PIN_MISMATCH'
  | 'ERR_TLS_HANDSHAKE'
  | 'ERR_TLS_ALPN';

export interface TlsErrorFields extends FivewireErrorFields {
  /** The DNS names and IP addresses in the peer's certificate. */
  names?: readonly string[];
  /** SHA-256 of the peer's certificate, as OpenSSL prints it: upper-case hex octets joined by colons. */
  fingerprint256?: string;
  /** The peer's certificates as DER, leaf first, as far as they are known. */
  chain?: readonly Uint8Array[];
  /** What OpenSSL called it, where OpenSSL judged. */
  reason?: string;
}

/** The peer did not prove who it is, or the handshake failed. The connection is closed. */
export class TlsError extends FivewireError {
  declare readonly code: TlsErrorCode;
  declare readonly names?: readonly string[];
  declare readonly fingerprint256?: string;
  declare readonly chain?: readonly Uint8Array[];
  declare readonly reason?: string;
  constructor(code: TlsErrorCode, message: string, fields: TlsErrorFields = {}) {
    super(code, message, fields);
    carry(this, fields, ['names', 'fingerprint256', 'reason']);
    if (fields.chain) Object.defineProperty(this, 'chain', { value: fields.chain }); // not enumerable: long
  }
}

export type StartTlsErrorCode =
  | 'ERR_STARTTLS_NOT_OFFERED'
  | 'ERR_STARTTLS_REFUSED'
  | 'ERR_STARTTLS_INJECTION'
  | 'ERR_PREAUTH';

/** TLS was demanded and the way to it was missing, refused or attacked. The connection is closed. */
export class StartTlsError extends FivewireError {
  declare readonly code: StartTlsErrorCode;
  /** The server's answer, escaped. */
  declare readonly reply?: string;
  /** Octets found after the go-ahead. */
  declare readonly octets?: number;
  constructor(
    code: StartTlsErrorCode,
    message: string,
    fields: FivewireErrorFields & { reply?: string; octets?: number } = {},
  ) {
    super(code, message, fields);
    carry(this, fields, ['reply', 'octets']);
  }
}

export type ConnectionErrorCode =
  | 'ERR_DIAL_FAILED'
  | 'ERR_PROXY_FAILED'
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_SERVER_CLOSING';

/** No connection, or no longer. */
export class ConnectionError extends FivewireError {
  declare readonly code: ConnectionErrorCode;
  /** The addresses that were tried. */
  declare readonly addresses?: readonly string[];
  /** What the server said on leaving, escaped. */
  declare readonly serverText?: string;
  constructor(
    code: ConnectionErrorCode,
    message: string,
    fields: FivewireErrorFields & { addresses?: readonly string[]; serverText?: string } = {},
  ) {
    super(code, message, { retry: 'reconnect', ...fields });
    carry(this, fields, ['addresses', 'serverText']);
  }
}

/** The peer was silent for longer than the phase allows. The connection is closed. */
export class TimeoutError extends FivewireError {
  declare readonly code: 'ERR_TIMEOUT';
  /** How long we waited, in milliseconds. */
  declare readonly milliseconds: number;
  constructor(message: string, fields: FivewireErrorFields & { milliseconds: number }) {
    super('ERR_TIMEOUT', message, { retry: 'reconnect', ...fields });
    carry(this, fields, ['milliseconds']);
  }
}

/** The caller's AbortSignal fired; its reason is the `cause`. */
export class AbortError extends FivewireError {
  protected static override readonly keepsCause = true;
  declare readonly code: 'ERR_ABORTED';
  constructor(message: string, fields: FivewireErrorFields = {}) {
    super('ERR_ABORTED', message, fields);
  }
}

export type RemoteProtocolErrorCode = 'ERR_MALFORMED_RESPONSE' | 'ERR_LIMIT_EXCEEDED';

/** The server broke the protocol or a limit. The connection is closed, for nothing after it can be trusted. */
export class RemoteProtocolError extends FivewireError {
  declare readonly code: RemoteProtocolErrorCode;
  declare readonly expected?: string;
  /** The start of what came, escaped and short. */
  declare readonly got?: string;
  /** The limit that was passed, by its name in `limits`, and its value. */
  declare readonly limit?: string;
  declare readonly limitValue?: number;
  constructor(
    code: RemoteProtocolErrorCode,
    message: string,
    fields: FivewireErrorFields & {
      expected?: string;
      got?: string;
      limit?: string;
      limitValue?: number;
    } = {},
  ) {
    super(code, message, fields);
    carry(this, fields, ['expected', 'got', 'limit', 'limitValue']);
  }
}

export type CommandErrorCode = 'ERR_COMMAND_REJECTED' | 'ERR_NOT_FOUND' | 'ERR_EXTENSION_REQUIRED';

/** What a server said to a command, in the terms of its protocol. */
export interface ServerReply {
  /** The three-digit code, or `NO`, `BAD`, `-ERR`. */
  code: number | string;
  /** The enhanced status code (RFC 3463) or response code (RFC 9051, RFC 2449), without brackets. */
  enhanced?: string;
  /** The human-readable text, decoded; lines joined by line feeds, other control characters escaped. */
  text: string;
}

/** The server said no to a command. The connection goes on. */
export class CommandError extends FivewireError {
  declare readonly code: CommandErrorCode;
  declare readonly reply?: ServerReply;
  /** True when the server called the trouble passing (4yz, `[UNAVAILABLE]`, `[IN-USE]`, …). */
  declare readonly transient: boolean;
  /** Milliseconds that the server asks to wait before the next try. */
  declare readonly retryAfter?: number;
  constructor(
    code: CommandErrorCode,
    message: string,
    fields: FivewireErrorFields & {
      reply?: ServerReply;
      transient?: boolean;
      retryAfter?: number;
    } = {},
  ) {
    super(code, message, {
      connection: 'usable',
      retry: fields.transient ? 'later' : 'never',
      ...fields,
    });
    carry(this, { transient: false, ...fields }, ['reply', 'transient', 'retryAfter']);
  }
}

/**
 * Why a server refuses a login, as far as it says so. `wrong`: user and password (or token) do not fit, or it does not say;
 * `expired`: the account, password or token; `account`: something about the account that its owner must mend; `busy`: in use, or
 * too many connections; `quota`: used up; `later`: a passing trouble; `mechanism`: this way to log in does not work there;
 * `tls`: not without TLS.
 */
export type RefusalReason =
  | 'wrong'
  | 'expired'
  | 'account'
  | 'busy'
  | 'quota'
  | 'later'
  | 'mechanism'
  | 'tls';

export type AuthenticationErrorCode =
  | 'ERR_AUTHENTICATION_FAILED'
  | 'ERR_NO_COMMON_MECHANISM'
  | 'ERR_CLEARTEXT_AUTH_REFUSED';

/** The server did not take the credentials, or we did not send them. */
export class AuthenticationError extends FivewireError {
  declare readonly code: AuthenticationErrorCode;
  declare readonly mechanism?: string;
  declare readonly offered?: readonly string[];
  declare readonly reply?: ServerReply;
  /** With `ERR_AUTHENTICATION_FAILED`. */
  declare readonly reason?: RefusalReason;
  constructor(
    code: AuthenticationErrorCode,
    message: string,
    fields: FivewireErrorFields & {
      mechanism?: string;
      offered?: readonly string[];
      reply?: ServerReply;
      reason?: RefusalReason;
    } = {},
  ) {
    super(code, message, { connection: 'usable', ...fields });
    carry(this, fields, ['mechanism', 'offered', 'reply', 'reason']);
  }
}

export type SaslErrorCode = 'ERR_SERVER_SIGNATURE' | 'ERR_CHALLENGE';

/** The server failed its own proof or sent a challenge that makes no sense. The connection is closed. */
export class SaslError extends FivewireError {
  declare readonly code: SaslErrorCode;
  declare readonly mechanism?: string;
  /** Which of the server's messages it was, from 1. */
  declare readonly step?: number;
  constructor(
    code: SaslErrorCode,
    message: string,
    fields: FivewireErrorFields & { mechanism?: string; step?: number } = {},
  ) {
    super(code, message, fields);
    carry(this, fields, ['mechanism', 'step']);
  }
}

export type TransferErrorCode =
  | 'ERR_TRANSFER_INCOMPLETE'
  | 'ERR_RECIPIENTS_REJECTED'
  | 'ERR_OUTCOME_UNKNOWN';

/** A body did not go over whole, or neither side can know whether it did. */
export class TransferError extends FivewireError {
  declare readonly code: TransferErrorCode;
  declare readonly octets?: number;
  declare readonly expected?: number;
  /** What the server said to each recipient (SMTP, LMTP). */
  declare readonly recipients?: readonly { address: string; reply: ServerReply }[];
  constructor(
    code: TransferErrorCode,
    message: string,
    fields: FivewireErrorFields & {
      octets?: number;
      expected?: number;
      recipients?: readonly { address: string; reply: ServerReply }[];
    } = {},
  ) {
    super(code, message, fields);
    carry(this, fields, ['octets', 'expected', 'recipients']);
  }
}

export type LocalErrorCode = 'ERR_LOCAL_PATH' | 'ERR_LOCAL_IO';

/** This side's file system or the caller's stream failed. */
export class LocalError extends FivewireError {
  declare readonly code: LocalErrorCode;
  declare readonly path?: string;
  constructor(
    code: LocalErrorCode,
    message: string,
    fields: FivewireErrorFields & { path?: string } = {},
  ) {
    super(code, message, { connection: 'usable', ...fields });
    carry(this, fields, ['path']);
  }
}

export type UsageErrorCode = 'ERR_ARGUMENT' | 'ERR_STATE' | 'ERR_WOULD_DEADLOCK';

/** The caller asked for something that can't be. Nothing was sent. */
export class UsageError extends FivewireError {
  declare readonly code: UsageErrorCode;
  /** The argument or option that is wrong. */
  declare readonly argument?: string;
  constructor(
    code: UsageErrorCode,
    message: string,
    fields: FivewireErrorFields & { argument?: string } = {},
  ) {
    super(code, message, { connection: 'usable', ...fields });
    carry(this, fields, ['argument']);
  }
}

/** Sets the fields that are there, so that an error printed whole has no row of `undefined`. */
function carry<F extends object>(
  error: FivewireError,
  fields: F,
  keys: readonly (keyof F & string)[],
): void {
  for (const key of keys) {
    if (fields[key] !== undefined) {
      Object.defineProperty(error, key, {
        value: fields[key],
        enumerable: true,
        configurable: true,
      });
    }
  }
}
