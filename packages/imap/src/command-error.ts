/** A tagged NO or BAD as an error that says what to do (RFC 9051 §7.1; RFC 5530 for the codes). */
import { escapeText, type LineConnection } from '@fivewire/line-protocol';
import {
  AbortError,
  CommandError,
  isFivewireError,
  type Phase,
  RemoteProtocolError,
  type ServerReply,
  TransferError,
} from 'tls-context-core';
import type { StatusResponse, TaggedResponse } from './grammar/response.js';
import type { Session } from './session.js';

export function serverReply({
  status,
  code,
  text,
}: Pick<TaggedResponse | StatusResponse, 'status' | 'code' | 'text'>): ServerReply {
  const enhanced =
    code === undefined ? {} : { enhanced: escapeText(`${code.name} ${code.text}`.trim(), 200) };
  return { code: status, ...enhanced, text: escapeText(text, 1_000) };
}

export function commandError(
  response: TaggedResponse,
  command: string,
  phase: Phase = 'command',
): CommandError {
  const reply = serverReply(response);
  const name = response.code?.name ?? '';
  const throttled = notNow.test(response.text) && !missing.has(name);
  const code = missing.has(name) ? 'ERR_NOT_FOUND' : 'ERR_COMMAND_REJECTED';
  return new CommandError(
    code,
    `The server refused ${command}: ${reply.code} ${reply.text || reply.enhanced || ''}`,
    {
      reply,
      command,
      phase,
      transient: passing.has(name) || throttled,
      ...(passing.has(name) || throttled ? pauseAsked(response.text) : {}),
      hint:
        hints[name] ??
        (throttled ? 'The server asks to wait: try again later.' : otherHint(response)),
    },
  );
}

/** The caller gave up a command that is on the wire: the server may do it all the same. */
export const abortedOnWire = (
  signal: AbortSignal,
  command: string,
  findOut: string | undefined,
): AbortError =>
  new AbortError(
    findOut === undefined
      ? `${command} was aborted by its signal`
      : `${command} was aborted by its signal after it was sent`,
    { command, cause: signal.reason, connection: 'usable', hint: findOut ?? '' },
  );

/**
 * Part of it is done, and the rest was refused, given up or lost: doing all of it again would do that part twice.
 * @param hint what the caller can do about it
 */
export function halfDone(
  { connection }: { connection: LineConnection },
  command: string,
  hint: string,
  error: unknown,
): unknown {
  if (!isFivewireError(error)) return error;
  if (!connection.isOpen) return connection.locate(outcomeUnknown(command, hint, error));
  const message = `${command} is done in part. ${error.message}`;
  const fields = { command, cause: error, connection: 'usable', retry: 'never', hint } as const;
  if (error.code === 'ERR_ABORTED')
    return connection.locate(new AbortError(message, { ...fields, cause: error.cause }));
  const { reply } = error as CommandError;
  return connection.locate(
    new CommandError('ERR_COMMAND_REJECTED', message, {
      ...fields,
      phase: 'command',
      ...(reply === undefined ? {} : { reply }),
    }),
  );
}

/** The command went out whole and its answer is lost: repeating it may do twice what was meant once. */
export const outcomeUnknown = (command: string, findOut: string, cause: unknown): TransferError =>
  new TransferError(
    'ERR_OUTCOME_UNKNOWN',
    `The connection was lost after ${command} was sent and before the server said what became of it`,
    { command, cause, connection: 'closed', retry: 'never', hint: findOut },
  );

/** An answer that cannot be read must not look like one in which nothing is found. The connection is in step. */
export const unreadable = (
  command: string,
  problem: string,
  hint = 'What the server found is not known. If an extension of it is broken, name it in `disable`.',
): RemoteProtocolError =>
  new RemoteProtocolError('ERR_MALFORMED_RESPONSE', `The answer to ${command}: ${problem}`, {
    command,
    phase: 'command',
    connection: 'usable',
    hint,
  });

/** RFC 9738 §3: an OK that is only about some of the messages. */
export function donePartly(response: TaggedResponse, command: string): CommandError {
  const reply = serverReply(response);
  return new CommandError(
    'ERR_COMMAND_REJECTED',
    `${command} is done in part: ${reply.enhanced} ${reply.text}`.trimEnd(),
    {
      reply,
      command,
      phase: 'command',
      connection: 'usable',
      retry: 'never',
      hint: 'The server takes only so many messages at once, the highest UIDs first: ask for the others, fewer at a time.',
    },
  );
}

/** The server has refused just this, and would do so again: another way may be tried, and the rest goes on without. */
export function isRefusedForGood(error: unknown): boolean {
  if (!isFivewireError(error)) return false;
  const { reply, transient } = error as CommandError;
  return reply !== undefined && !transient && !reply.enhanced?.startsWith('LIMIT');
}

/** That, or the server's part that holds this mailbox is down (RFC 5530 §3, Cyrus' Murder): other mailboxes can be asked. */
export function isOfOneMailbox(error: unknown): boolean {
  const { reply } = error as CommandError;
  const isDown = reply?.enhanced?.startsWith('UNAVAILABLE') && !notNow.test(reply.text);
  return isDown || isRefusedForGood(error);
}

/** A BAD that says that the server does not know the command in this form, and not that it is busy. */
export const isNotUnderstood = (error: unknown): boolean =>
  isRefusedForGood(error) && (error as CommandError).reply?.code === 'BAD';

/** "Suggested Backoff Time: 16000 milliseconds" (Microsoft 365), "try again in 5 minutes". */
function pauseAsked(text: string): { retryAfter?: number } {
  const found =
    /(?:backoff time:?|(?:retry|again|wait)(?: (?:in|after|for))?) *(\d{1,9}) *(ms|milli|s|m)?/i.exec(
      text,
    );
  if (found === null) return {};
  const [, count, unit = 'ms'] = found;
  return { retryAfter: Number(count) * (units[unit.toLowerCase()] as number) };
}

const units: Readonly<Record<string, number>> = { ms: 1, milli: 1, s: 1_000, m: 60_000 };

/** @throws CommandError `ERR_EXTENSION_REQUIRED` when the server has none of them */
export function requireCapability(
  { session }: { session: Session },
  anyOf: readonly string[],
  command: string,
  instead = 'There is no other way to ask this server for it.',
): void {
  if (anyOf.some((name) => session.capabilities.has(name))) return;
  throw extensionRequired(anyOf[0] as string, command, instead);
}

/** @param capability what the server does not have */
export function extensionRequired(capability: string, command: string, hint: string): CommandError {
  return new CommandError(
    'ERR_EXTENSION_REQUIRED',
    `The server has no ${capability}, which ${command} needs`,
    {
      command,
      phase: 'command',
      hint,
    },
  );
}

const missing = new Set(['NONEXISTENT', 'TRYCREATE']);
const passing = new Set(['UNAVAILABLE', 'INUSE', 'SERVERBUG', 'EXPUNGEISSUED', 'THROTTLED']);
/** Servers that have no time now: Microsoft 365, Gmail (with OVERQUOTA), Yahoo (with LIMIT), NetEase, Exchange. */
const notNow =
  /backoff|throttl|too (?:many|frequent|often|fast)|slow down|\brate\b.{0,10}(?:limit|exceed)|command or bandwidth limit|try (?:it )?again (?:later|in)|(?:system|server|backend|service) (?:is )?(?:too )?(?:busy|unavailable)|temporar/i;

const hints: Record<string, string> = {
  TRYCREATE: 'The mailbox does not exist: create() it first.',
  NONEXISTENT: 'The mailbox does not exist: list() shows the names that do.',
  ALREADYEXISTS: 'A mailbox of this name exists already.',
  OVERQUOTA: 'The account is full: remove messages or ask for more room.',
  NOPERM: "This account may not do that: ask the server's administrator for the right.",
  PRIVACYREQUIRED: 'The server wants TLS: use security "implicit-tls" or "starttls".',
  INUSE: 'Another session holds the mailbox: try again later.',
  UNAVAILABLE: 'Part of the server is down: try again later.',
  CANNOT: 'The server can never do this with this mailbox or these arguments.',
  LIMIT: "The server's limit is reached: ask for less at once.",
  HASCHILDREN: 'Delete the mailboxes below it first.',
  BADCHARSET: 'The server does not search in UTF-8: search for ASCII text only.',
  TOOBIG: 'The message is larger than the server takes.',
  CLIENTBUG: 'The server takes this for an error of the client: please report it with a log.',
  CONTACTADMIN: 'The server asks you to contact its administrator.',
};

const otherHint = ({ status, text }: TaggedResponse): string => {
  if (/authenticated but not connected/i.test(text)) {
    return 'Microsoft 365: the token lacks the scope IMAP.AccessAsUser.All, or IMAP is off for this mailbox.';
  }
  if (/unsafe login/i.test(text))
    return 'NetEase: allow IMAP clients in the web settings of the account.';
  return status === 'BAD'
    ? 'The server did not understand the command; if it is broken, name the extension in `disable`.'
    : "The reply says why; the server's log may say more.";
};
