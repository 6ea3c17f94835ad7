/**
 * command = tag SP command-any CRLF (RFC 9051 §6, §9): the only place where octets of a command are made.
 *
 * Each argument is typed and checked when it is made, so what a caller gives can never act as syntax: CR, LF and NUL
 * are refused, everything else is quoted or becomes a literal (CVE-2026-42257 and kin are what happens otherwise).
 */
import { checkArgument, mask } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import { encodeDate, encodeDateTime } from './date-time.js';
import { encodeMailboxName, type MailboxName } from './mailbox-name.js';
import { UidSet, type Uids } from './sequence-set.js';

/** One argument, ready to be written. */
export type Argument = (writer: CommandWriter) => void;

/** What the server's capabilities allow in a command. */
export interface Encoding {
  /**
   * `'sync'`: a literal waits for the server's go-ahead. `'plus'`: none waits (LITERAL+). `'minus'`: those up to 4,096
   * octets do not (LITERAL-, RFC 7888).
   */
  literals: 'sync' | 'plus' | 'minus';
  /** UTF8=ACCEPT or IMAP4rev2 is enabled: quoted strings may hold UTF-8. */
  utf8: boolean;
}

/** A stretch of a command, written in one piece. */
export interface CommandPiece {
  readonly octets: Buffer;
  /** After these octets, wait for the server's `+`. */
  readonly awaitContinuation: boolean;
  /** After these octets (and the `+`), so many octets of a body follow that are not in memory. 0: none do. */
  readonly body: number;
}

export interface EncodedCommand {
  readonly pieces: readonly CommandPiece[];
  /** The command as logs and errors may show it, without its tag. */
  readonly masked: string;
}

/** Most octets of a literal that LITERAL- lets go without waiting (RFC 7888 §5). */
const smallLiteral = 4_096;
/** Strings beyond this become literals: command lines have limits of their own (RFC 7162 §4). */
const longestQuoted = 1_000;
/** The longest argument, in characters. Servers refuse longer commands, Dovecot with 64 KiB among those that take the longest. */
const longestArgument = 65_536;

/** Writes `tag verb arguments CRLF`. */
export function encodeCommand(
  tag: string,
  verb: string,
  args: readonly Argument[],
  encoding: Encoding,
): EncodedCommand {
  const writer = new CommandWriter(encoding);
  writer.text(`${tag} `, '');
  writer.text(verb);
  for (const argument of args) {
    writer.text(' ');
    argument(writer);
  }
  return writer.finish();
}

export class CommandWriter {
  readonly encoding: Encoding;
  #text = '';
  #masked = '';
  #pieces: CommandPiece[] = [];

  constructor(encoding: Encoding) {
    this.encoding = encoding;
  }

  /** Text that is known to be harmless. Non-ASCII characters go as UTF-8. */
  text(text: string, masked: string = text): void {
    this.#text += text;
    this.#masked += masked;
  }

  /** The octets as a literal. */
  literal(octets: Buffer, masked: string): void {
    const waits = this.#announce(octets.length);
    this.#cut(waits, 0);
    this.#text = '';
    this.#pieces.push({ octets, awaitContinuation: false, body: 0 });
    this.#masked += masked;
  }

  /** The announcement of a literal whose octets the caller's source has. @param sign `~` for one that may hold NUL */
  body(size: number, sign = ''): void {
    this.#text += sign;
    const waits = this.#announce(size);
    this.#cut(waits, size);
    this.#masked += `(${size} octets)`;
  }

  finish(): EncodedCommand {
    this.#text += '\r\n';
    this.#cut(false, 0);
    return { pieces: joined(this.#pieces), masked: this.#masked };
  }

  #announce(size: number): boolean {
    const { literals } = this.encoding;
    const waits = literals === 'sync' || (literals === 'minus' && size > smallLiteral);
    this.#text += `{${size}${waits ? '' : '+'}}\r\n`;
    return waits;
  }

  #cut(awaitContinuation: boolean, body: number): void {
    this.#pieces.push({ octets: Buffer.from(this.#text, 'utf8'), awaitContinuation, body });
    this.#text = '';
  }
}

/** Pieces between which nothing happens become one, so that a command leaves in as few writes as it can. */
function joined(pieces: readonly CommandPiece[]): CommandPiece[] {
  const result: CommandPiece[] = [];
  let run: Buffer[] = [];
  for (const { octets, awaitContinuation, body } of pieces) {
    run.push(octets);
    if (!awaitContinuation && body === 0) continue;
    result.push({ octets: whole(run), awaitContinuation, body });
    run = [];
  }
  if (run.length > 0) result.push({ octets: whole(run), awaitContinuation: false, body: 0 });
  return result;
}

const whole = (run: readonly Buffer[]): Buffer =>
  run.length === 1 ? (run[0] as Buffer) : Buffer.concat(run);

/** atom = 1*ATOM-CHAR */
export function atom(text: string, argument = 'atom'): Argument {
  checkLength(text, argument);
  if (typeof text !== 'string' || !/^[^\x00-\x20\x7f-\uffff(){%*"\\\]]+$/.test(text)) {
    throw new UsageError('ERR_ARGUMENT', `${argument} must be an IMAP atom`, {
      protocol: 'imap',
      argument,
      hint: 'Letters, digits and signs other than ( ) { % * " \\ ] and space.',
    });
  }
  return (writer) => writer.text(text);
}

/** Text of this package's own making, such as `RETURN (ALL)`. Never give it anything of a caller's. */
export const syntax =
  (text: string): Argument =>
  (writer) =>
    writer.text(text);

/** string = quoted / literal, whichever can hold it. */
export function string(text: string, argument = 'string'): Argument {
  checkLength(text, argument);
  checkArgument(text, argument);
  return (writer) => writeString(writer, text, undefined);
}

/** Octets as a literal, or as a string where they are ASCII. */
export function octets(value: string | Uint8Array, argument: string): Argument {
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw new UsageError('ERR_ARGUMENT', `${argument} must be text or octets`, { argument });
  if (typeof value === 'string') checkLength(value, argument);
  const held = Buffer.from(value as string);
  const text = held.toString('latin1');
  return (writer) => {
    if (/^[\x20-\x7e]*$/.test(text) && text.length <= longestQuoted) writer.text(quoted(text));
    else writer.literal(held, `(${held.length} octets)`);
  };
}

/** A string that is shown as `***`. */
export function secretString(text: string, argument: string): Argument {
  checkArgument(text, argument);
  return (writer) => writeString(writer, text, mask);
}

/** mailbox = "INBOX" / astring */
export function mailbox(name: MailboxName): Argument {
  if (typeof name !== 'string') return mailboxArgument(name);
  if (last?.name !== name) last = { name, argument: mailboxArgument(name) };
  return last.argument;
}

/** One mailbox is named again and again. */
let last: { readonly name: string; readonly argument: Argument } | undefined;

function mailboxArgument(name: MailboxName): Argument {
  const raw = encodeMailboxName(name);
  checkLength(raw, 'name');
  checkArgument(raw, 'name');
  const plain = /[\x80-\xff]/.test(raw) || raw.length > longestQuoted ? undefined : quoted(raw);
  // Without UTF-8 in names, and where it is the same with it.
  const isSame = typeof name === 'string' && plain !== undefined && !/[^ -~]|&/.test(name);
  return (writer) => {
    if (plain !== undefined && (isSame || !writer.encoding.utf8)) {
      writer.text(plain);
      return;
    }
    const octets = encodeMailboxName(name, writer.encoding.utf8);
    const masked = quoted(octets);
    if (!/[\x80-\xff]/.test(octets) && octets.length <= longestQuoted) writer.text(masked);
    else writer.literal(Buffer.from(octets, 'latin1'), masked);
  };
}

/** list-mailbox = 1*list-char / string: a name in which `*` and `%` stand for parts of names. */
export function listPattern(pattern: string): Argument {
  return pattern === '' ? syntax('""') : mailbox(pattern);
}

/** flag = "\" atom / flag-keyword */
export function flag(text: string): Argument {
  checkLength(text, 'flags');
  if (
    typeof text !== 'string' ||
    !/^\\?[^\x00-\x20\x7f-\uffff(){%*"\\\]]+$/.test(text) ||
    /^\\recent$/i.test(text)
  ) {
    throw new UsageError(
      'ERR_ARGUMENT',
      'A flag must be an IMAP atom, with a backslash before it for system flags',
      {
        argument: 'flags',
        hint: "Such as '\\\\Seen', '\\\\Flagged', '$Junk'. \\Recent is the server's own.",
      },
    );
  }
  return (writer) => writer.text(text);
}

export function number(value: number, argument: string): Argument {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new UsageError('ERR_ARGUMENT', `${argument} must be a whole number from 0`, { argument });
  }
  return syntax(String(value));
}

/** sequence-set. An empty set cannot be written: callers that may have one ask before. */
export function uidSet(uids: Uids): Argument {
  const set = UidSet.from(uids);
  if (set.size === 0)
    throw new UsageError('ERR_ARGUMENT', 'The set of UIDs is empty', { argument: 'uids' });
  return syntax(set.toString());
}

export const date = (day: Date | string): Argument => syntax(encodeDate(day));
export const dateTime = (instant: Date): Argument => syntax(encodeDateTime(instant));

/** "(" argument *(SP argument) ")" */
export const list =
  (items: readonly Argument[]): Argument =>
  (writer) => {
    writer.text('(');
    items.forEach((item, i) => {
      if (i > 0) writer.text(' ');
      item(writer);
    });
    writer.text(')');
  };

/** The octets as a literal. */
export const literalOctets =
  (octets: Buffer): Argument =>
  (writer) =>
    writer.literal(octets, `(${octets.length} octets)`);

/** A literal whose octets are streamed behind it. */
export const body =
  (size: number, sign?: string): Argument =>
  (writer) =>
    writer.body(size, sign);

/** What a SASL exchange sends with AUTHENTICATE (RFC 4959): base64, or `=` for nothing; never shown. */
export const initialResponse =
  (base64: string): Argument =>
  (writer) =>
    writer.text(base64 === '' ? '=' : base64, mask);

function checkLength(text: unknown, argument: string): void {
  if (typeof text !== 'string' || text.length <= longestArgument) return;
  throw new UsageError('ERR_ARGUMENT', `${argument} has ${text.length} characters`, {
    argument,
    hint: `Servers refuse commands of such length: give at most ${longestArgument}.`,
  });
}

function writeString(writer: CommandWriter, text: string, masked: string | undefined): void {
  const plain = writer.encoding.utf8 || /^[\x01-\x7f]*$/.test(text);
  if (plain && text.length <= longestQuoted) writer.text(quoted(text), masked ?? quoted(text));
  else writer.literal(Buffer.from(text, 'utf8'), masked ?? quoted(text));
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
