/**
 * From an error to an exit code: BSD's sysexits.h where it has a word for it, because mail systems, cron wrappers and
 * shells know those. The rule that matters: 75, and only 75, means "the same command may work in a while; nothing is
 * doubled by running it again".
 */
import { constants } from 'node:os';
import { isFivewireError, type ServerReply } from 'tls-context-core';
import { named } from './named.js';

export const exitCodes = {
  ok: 0,
  /** Finished, but some items failed or a check did not pass. */
  partly: 1,
  usage: 64,
  badData: 65,
  notFound: 66,
  badRecipient: 67,
  hostUnknown: 68,
  unavailable: 69,
  bug: 70,
  cannotCreate: 73,
  localIo: 74,
  temporary: 75,
  protocol: 76,
  permission: 77,
  config: 78,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A failure of the command line itself: its sentence, what to do, and the code. */
export class Failure extends Error {
  readonly exit: ExitCode;
  readonly hint: string;
  readonly code: string;
  constructor(
    exit: ExitCode,
    message: string,
    { hint = '', cause, code = 'ERR_CLI' }: { hint?: string; cause?: unknown; code?: string } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Failure';
    this.exit = exit;
    this.hint = hint;
    this.code = code;
  }
}

/** What a signal has ended: the codes of a shell, 128 and its number. */
export function interruption({ reason }: AbortSignal): Failure {
  const name = typeof reason === 'string' ? reason : 'the caller';
  const { interrupted, hungUp, terminated } = exitCodes;
  const exit = { SIGTERM: terminated, SIGHUP: hungUp }[name] ?? interrupted;
  const hint = 'What was complete is kept; run it again to go on.';
  return new Failure(exit, `Interrupted by ${name}`, { hint, code: 'ERR_ABORTED' });
}

export const isFailure = (value: unknown): value is Failure => value instanceof Failure;

export const usage = (message: string, hint = ''): Failure =>
  new Failure(exitCodes.usage, message, { hint, code: 'ERR_USAGE' });

export const misconfigured = (message: string, hint = ''): Failure =>
  new Failure(exitCodes.config, message, { hint, code: 'ERR_CONFIG' });

/** By `code`. What is absent is decided below. */
const byCode: Readonly<Record<string, ExitCode>> = {
  ERR_ARGUMENT: exitCodes.usage,
  ERR_SERVER_HOSTNAME_INVALID: exitCodes.usage,
  ERR_SERVER_HOSTNAME_REQUIRED: exitCodes.usage,
  ERR_NOT_FOUND: exitCodes.notFound,
  ERR_EXTENSION_REQUIRED: exitCodes.unavailable,
  ERR_PROXY_FAILED: exitCodes.unavailable,
  ERR_CONNECTION_CLOSED: exitCodes.temporary,
  ERR_SERVER_CLOSING: exitCodes.temporary,
  ERR_TIMEOUT: exitCodes.temporary,
  ERR_TRANSFER_INCOMPLETE: exitCodes.temporary,
  // Not 75: running it again may do it twice.
  ERR_OUTCOME_UNKNOWN: exitCodes.protocol,
  ERR_LOCAL_PATH: exitCodes.cannotCreate,
  ERR_LOCAL_IO: exitCodes.localIo,
  ERR_NO_COMMON_MECHANISM: exitCodes.permission,
  ERR_CLEARTEXT_AUTH_REFUSED: exitCodes.permission,
  ERR_ABORTED: exitCodes.interrupted,
  ERR_DKIM_UNSIGNED: exitCodes.badData,
};

const byName: Readonly<Record<string, ExitCode>> = {
  TlsError: exitCodes.protocol,
  StartTlsError: exitCodes.protocol,
  RemoteProtocolError: exitCodes.protocol,
  SaslError: exitCodes.protocol,
};

/** Reply codes of FTP, SMTP and NNTP that say more than "rejected" (RFC 959, 5321, 3977). */
const byReply: Readonly<Record<string, ExitCode>> = {
  'ftp 530': exitCodes.permission,
  'ftp 532': exitCodes.permission,
  'ftp 552': exitCodes.cannotCreate,
  'ftp 553': exitCodes.cannotCreate,
  'smtp 530': exitCodes.permission,
  'smtp 534': exitCodes.permission,
  'smtp 535': exitCodes.permission,
  'smtp 550': exitCodes.badRecipient,
  'smtp 553': exitCodes.badRecipient,
  'nntp 440': exitCodes.permission,
  'nntp 480': exitCodes.permission,
  'nntp 502': exitCodes.permission,
};

/**
 * FTP's 550 is for all that a file can have against it, so the command that was refused says what it means: what could not be
 * read is missing unless the text says otherwise (`ERR_NOT_FOUND` is what was proven missing), and what could not be made is
 * in the way.
 */
function ofFileRefusal(command = '', text = ''): ExitCode {
  if (/permi|denied|not allowed|privil|forbid|read.only|access/i.test(text))
    return exitCodes.permission;
  const verb = verbOf(command);
  if (making.has(verb)) return exitCodes.cannotCreate;
  if (removing.has(verb)) return exitCodes.unavailable;
  return exitCodes.notFound;
}

const verbOf = (command = ''): string => /^[A-Z]+/i.exec(command)?.[0].toUpperCase() ?? '';

const making = new Set(['MKD', 'XMKD', 'STOR', 'STOU', 'APPE', 'RNTO']);
const removing = new Set(['RMD', 'XRMD', 'DELE']);

/** IMAP's response codes (RFC 5530, RFC 9051 §7.1) that say more than "rejected". */
const byResponseCode: Readonly<Record<string, ExitCode>> = {
  NONEXISTENT: exitCodes.notFound,
  TRYCREATE: exitCodes.notFound,
  NOPERM: exitCodes.permission,
  AUTHORIZATIONFAILED: exitCodes.permission,
  ALREADYEXISTS: exitCodes.cannotCreate,
  OVERQUOTA: exitCodes.cannotCreate,
  CANNOT: exitCodes.unavailable,
  UNAVAILABLE: exitCodes.temporary,
  INUSE: exitCodes.temporary,
  SERVERBUG: exitCodes.unavailable,
};

/** Where this side's files are to blame: `errno` names. */
const byErrno: Readonly<Record<string, ExitCode>> = {
  ENOENT: exitCodes.notFound,
  EACCES: exitCodes.cannotCreate,
  EPERM: exitCodes.cannotCreate,
  EROFS: exitCodes.cannotCreate,
  EEXIST: exitCodes.cannotCreate,
  EISDIR: exitCodes.cannotCreate,
  ENOTDIR: exitCodes.cannotCreate,
  ENAMETOOLONG: exitCodes.cannotCreate,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (isFailure(error)) return error.exit;
  if (!isFivewireError(error)) return isSystemError(error) ? ofErrno(error) : exitCodes.bug;
  const { code, name, protocol, retry, cause } = error;
  if (code === 'ERR_DIAL_FAILED') return ofDial(cause);
  if (code === 'ERR_LOCAL_IO' && isSystemError(cause)) return ofErrno(cause);
  if (code === 'ERR_AUTHENTICATION_FAILED')
    return retry === 'later' ? exitCodes.temporary : exitCodes.permission;
  if (code === 'ERR_RECIPIENTS_REJECTED') {
    if (retry === 'later') return exitCodes.temporary;
    const { recipients = [] } = error as { recipients?: readonly { reply: ServerReply }[] };
    const isDenied = recipients.length > 0 && recipients.every((one) => isPolicy(one.reply));
    return isDenied ? exitCodes.permission : exitCodes.badRecipient;
  }
  // What is missing is the directory above it.
  if (code === 'ERR_NOT_FOUND' && protocol === 'ftp' && making.has(verbOf(error.command)))
    return exitCodes.cannotCreate;
  if (code === 'ERR_COMMAND_REJECTED') {
    const { transient, reply } = error as { transient?: boolean; reply?: ServerReply };
    if (transient) return exitCodes.temporary;
    return ofReply(protocol, reply, error.command);
  }
  return byCode[code] ?? byName[name] ?? exitCodes.bug;
}

/** By enhanced and response codes first, the three digits second, words last. */
function ofReply(
  protocol: string | undefined,
  reply: ServerReply | undefined,
  command?: string,
): ExitCode {
  if (reply === undefined) return exitCodes.unavailable;
  const { code, text, enhanced = '' } = reply;
  const known =
    named(byResponseCode, enhanced.split(' ', 1)[0] ?? '') ?? byReply[`${protocol} ${code}`];
  if (protocol === 'ftp' && (code === 550 || code === 521)) return ofFileRefusal(command, text);
  if (protocol === 'smtp' && isPolicy(reply)) return exitCodes.permission;
  if (known !== undefined) return known;
  if (protocol === 'imap' && missingMailbox.test(text)) return exitCodes.notFound;
  if (protocol === 'imap' && existingMailbox.test(text)) return exitCodes.cannotCreate;
  if (protocol === 'pop3' && missingMessage.test(text)) return exitCodes.notFound;
  return exitCodes.unavailable;
}

/** X.7.z, RFC 3463 §3.8; servers without such codes say it in words. */
const isPolicy = ({ enhanced, text }: ServerReply): boolean =>
  enhanced === undefined
    ? /relay(ing)? (access )?denied|access denied|authentication required|not permitted to relay/i.test(
        text,
      )
    : /^5\.7\./.test(enhanced);

// Dovecot: "Mailbox doesn't exist: x"; Cyrus: "Mailbox does not exist"; Courier: "x: No such mailbox".
const missingMailbox =
  /(doesn.t|does not) exist|no such (mailbox|folder)|unknown (mailbox|folder)|not found/i;
// Dovecot says [ALREADYEXISTS]; Cyrus, and servers of before RFC 5530, in words alone.
const existingMailbox = /(already|mailbox) exists/i;
const missingMessage =
  /no such message|there.s no message|(doesn.t|does not) exist|not found|deleted/i;

/** DNS that knows no such name is not DNS that does not answer. */
function ofDial(cause: unknown): ExitCode {
  const errors = cause instanceof AggregateError ? cause.errors : [cause];
  const codes = errors.map((error) => (error as NodeJS.ErrnoException | undefined)?.code);
  if (codes.includes('ENOTFOUND')) return exitCodes.hostUnknown;
  return codes.includes('EAI_AGAIN') ? exitCodes.temporary : exitCodes.unavailable;
}

const ofErrno = ({ code = '' }: NodeJS.ErrnoException): ExitCode =>
  byErrno[code] ?? exitCodes.localIo;

/** Of the operating system: as Node throws it, or as a client carries it, with its code alone. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && !isFailure(error) && isErrno(error);

const isErrno = ({ syscall, code = '' }: NodeJS.ErrnoException): boolean =>
  typeof syscall === 'string' || Object.hasOwn(constants.errno, code);
