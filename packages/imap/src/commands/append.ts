/**
 * APPEND, RFC 9051 §6.3.12; literals that do not wait, RFC 7888; APPENDUID, RFC 4315; APPENDLIMIT, RFC 7889;
 * MULTIAPPEND, RFC 3502; CATENATE, RFC 4469; REPLACE, RFC 8508.
 */
import {
  type BodyInput,
  bodyOctets,
  checkOptions,
  isBodyInput,
  type Rules,
  refuseSpent,
  rules,
  SourcePace,
} from '@fivewire/line-protocol';
import { CommandError, isFivewireError, UsageError } from 'tls-context-core';
import { BodyStream } from '../body-stream.js';
import type { CallOptions, Command, StreamedBody } from '../command.js';
import { halfDone, requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import {
  type Argument,
  dateTime,
  flag,
  list,
  body as literal,
  literalOctets,
  mailbox,
  string,
  syntax,
  uidSet,
} from '../grammar/encoder.js';
import type { MailboxName } from '../grammar/mailbox-name.js';
import type { ResponseCode } from '../grammar/response-code.js';
import { countOf, numberAt, UidSet } from '../grammar/sequence-set.js';
import { type Spooled, spool } from '../spool.js';
import { removeAfter, requireUidPlus } from './copy.js';

export interface AppendOptions extends CallOptions {
  /** Such as `['\\Seen']`. */
  flags?: readonly string[];
  /** INTERNALDATE of the new message. Default: the server's clock. */
  date?: Date;
  /**
   * Octets of the body: IMAP announces them first. Strings and octets have theirs. A stream without it is read to its end before
   * anything goes out: held in memory up to `limits.bufferedOctets`, beyond that in a temporary file, up to `limits.spooledOctets`.
   */
  size?: number;
}

export interface AppendResult {
  /** The new message's UID and its mailbox's UIDVALIDITY, where the server has UIDPLUS. */
  uid?: number;
  uidValidity?: number;
  /** Octets that went out. */
  size: number;
  /** A stream of unknown size that was too long for memory went through a temporary file. */
  spooled?: true;
}

/** One message of `appendMany`. */
export interface NewMessage extends Omit<AppendOptions, keyof CallOptions> {
  body: BodyInput;
}

export async function append(
  runner: CommandRunner,
  name: MailboxName,
  body: BodyInput,
  { flags, date, size: given, ...options }: AppendOptions = {},
): Promise<AppendResult> {
  const args = target(name, { flags, date });
  checkBody(body, given, runner);
  // Thousands of short messages: what is done for each is in the time that they take.
  const content = shortContent(runner, body) ?? (await literalOf(runner, body, given));
  args.push(content.argument);
  const command: Command = { verb: 'APPEND', args, wire, findOut, phase: 'transfer' };
  if (content.source !== undefined) command.bodies = [content.source];
  const work = runner.run(command, options);
  const { code } = await (content.close === undefined ? work : work.finally(content.close));
  return { ...sent(content), ...stored(runner, code) };
}

const wire = { as: 'append' } as const;

const anything = (): boolean => true;

/** What is only looked at as a whole further down, is anything here. */
const messageRules: Rules<NewMessage> = {
  body: [anything, 'a body'],
  flags: rules.list,
  date: [anything, 'a Date'],
  size: rules.count,
};

const pieceRules: Rules<{ text: unknown; url: unknown }> = {
  text: [anything, 'text or octets'],
  url: [anything, 'a URL'],
};

/**
 * All of them or none, in one command, with MULTIAPPEND (RFC 3502); else one APPEND each, without waiting for one another:
 * then those before one that is refused are stored.
 */
export async function appendMany(
  runner: CommandRunner,
  name: MailboxName,
  messages: readonly NewMessage[],
  options: CallOptions = {},
): Promise<AppendResult[]> {
  checkMessages(messages, runner);
  if (messages.length < 2 || !runner.session.capabilities.has('MULTIAPPEND')) {
    const results = messages.map(({ body, ...attributes }) =>
      append(runner, name, body, { ...attributes, ...options }),
    );
    return allOrWhichOf(runner, await Promise.allSettled(results));
  }
  const args: Argument[] = [mailbox(name)];
  const contents: Content[] = [];
  const close = async (): Promise<void> => {
    for (const content of contents) await content.close?.();
  };
  try {
    for (const { body, size, ...message } of messages) {
      const content = await literalOf(runner, body, size);
      contents.push(content);
      args.push(...attributes(message), content.argument);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const work = runner.run(
    {
      verb: 'APPEND',
      args,
      bodies: contents.flatMap(({ source }) => (source === undefined ? [] : [source])),
      wire: { as: 'append' },
      findOut,
      phase: 'transfer',
    },
    options,
  );
  try {
    const { code } = await work;
    return contents.map((content, i) => ({
      ...sent(content),
      ...stored(runner, code, i, contents.length),
    }));
  } finally {
    await close();
  }
}

/** @throws UsageError `ERR_ARGUMENT` */
export function checkMessages(messages: readonly NewMessage[], runner?: CommandRunner): void {
  if (!Array.isArray(messages))
    throw new UsageError('ERR_ARGUMENT', 'messages must be a list of { body }', {
      argument: 'messages',
    });
  for (const [i, message] of (messages as readonly NewMessage[]).entries()) {
    checkOptions(message, messageRules, { at: `messages[${i}]` });
    checkBody(message.body, message.size, runner);
    attributes(message);
  }
}

/** All results; or, where some are stored and others are not, an error that says which. */
function allOrWhichOf(
  runner: CommandRunner,
  settled: readonly PromiseSettledResult<AppendResult>[],
): AppendResult[] {
  const results: AppendResult[] = [];
  const stored: number[] = [];
  const errors: unknown[] = [];
  for (const [index, one] of settled.entries()) {
    if (one.status === 'rejected') errors.push(one.reason);
    else {
      results.push(one.value);
      stored.push(index);
    }
  }
  if (errors.length === 0) return results;
  const error =
    errors.find((one) => isFivewireError(one) && one.code === 'ERR_OUTCOME_UNKNOWN') ?? errors[0];
  if (stored.length === 0) throw error;
  const hint = `Stored are messages[${stored.join('], [')}]. Append only the others; look for those in doubt by their Message-ID.`;
  throw halfDone(runner, 'appendMany', hint, error);
}

/** A piece of a message that is put together on the server (CATENATE, RFC 4469): text of this side, or a part that is there. */
export type MessagePiece =
  | { text: string | Uint8Array }
  /** A URL below this server, RFC 5092: see `partUrl()`. */
  | { url: string };

export async function catenate(
  runner: CommandRunner,
  name: MailboxName,
  pieces: readonly MessagePiece[],
  { flags, date, ...options }: Omit<AppendOptions, 'size'> = {},
): Promise<AppendResult> {
  const { words, size } = catenation(pieces);
  const args = [...target(name, { flags, date }), syntax('CATENATE'), list(words)];
  requireCapability(runner, ['CATENATE'], 'catenate', 'append() the whole message.');
  const { code } = await runner.run(
    {
      verb: 'APPEND',
      args,
      wire: { as: 'append' },
      findOut,
      phase: 'transfer',
    },
    options,
  );
  return { size, ...stored(runner, code) };
}

/** @throws UsageError `ERR_ARGUMENT` */
export function catenation(pieces: readonly MessagePiece[]): { words: Argument[]; size: number } {
  if (!Array.isArray(pieces) || pieces.length === 0)
    throw new UsageError('ERR_ARGUMENT', 'pieces must be a list of { text } and { url }', {
      argument: 'pieces',
    });
  let size = 0;
  const words = pieces.flatMap((piece: MessagePiece, i): Argument[] => {
    checkOptions(piece, pieceRules, { at: `pieces[${i}]` });
    if ('url' in piece) return [syntax('URL'), string(piece.url, 'url')];
    if (typeof piece.text !== 'string' && !((piece.text as unknown) instanceof Uint8Array))
      throw new UsageError('ERR_ARGUMENT', 'text must be text or octets', { argument: 'text' });
    const octets = Buffer.from(piece.text as string);
    size += octets.length;
    return [syntax('TEXT'), literalOctets(octets)];
  });
  return { words, size };
}

/** A part of a message that is on the server, for `catenate`: an absolute path below it (RFC 5092 §6, §11). */
export function partUrl(
  name: string,
  uidValidity: number | undefined,
  uid: number,
  section = '',
): string {
  const validity = uidValidity === undefined ? '' : `;UIDVALIDITY=${uidValidity}`;
  const part = section === '' ? '' : `/;SECTION=${encodeURIComponent(section)}`;
  return `/${encodeURIComponent(name)}${validity}/;UID=${uid}${part}`;
}

/** REPLACE (RFC 8508): a new version takes the place of a message. Else APPEND, then UID EXPUNGE of just the old one. */
export async function replace(
  runner: CommandRunner,
  uid: number,
  name: MailboxName,
  body: BodyInput,
  { flags, date, size: given, ...options }: AppendOptions = {},
): Promise<AppendResult> {
  checkBody(body, given, runner);
  const args = target(name, { flags, date });
  const old = UidSet.from(uid);
  if (!runner.session.capabilities.has('REPLACE')) {
    requireUidPlus(runner, 'replace', 'append() the new version, and leave the old one.');
    const result = await append(runner, name, body, {
      ...options,
      ...(flags === undefined ? {} : { flags }),
      ...(date === undefined ? {} : { date }),
      ...(given === undefined ? {} : { size: given }),
    });
    await removeAfter(runner, 'replace', old, findOut, options);
    return result;
  }
  const content = await literalOf(runner, body, given);
  let told: ResponseCode | undefined;
  const work = runner.run(
    {
      verb: 'UID REPLACE',
      args: [uidSet(old), ...args, content.argument],
      ...(content.source === undefined ? {} : { bodies: [content.source] }),
      claim: (response) => {
        if (response.type !== 'status' || response.code?.name !== 'APPENDUID') return false;
        told = response.code;
        return true;
      },
      findOut,
      phase: 'transfer',
    },
    options,
  );
  const { code } = await work.finally(content.close);
  return { ...sent(content), ...stored(runner, told ?? code) };
}

/** Where to, and with which attributes. @throws UsageError `ERR_ARGUMENT` */
export function target(name: MailboxName, given: Attributes): Argument[] {
  const args = [mailbox(name)];
  if (given.flags !== undefined || given.date !== undefined) args.push(...attributes(given));
  return args;
}

interface Attributes {
  flags?: readonly string[] | undefined;
  date?: Date | undefined;
}

const attributes = ({ flags, date }: Attributes): Argument[] => [
  ...(flags === undefined ? [] : [list(flags.map(flag))]),
  ...(date === undefined ? [] : [dateTime(date)]),
];

/** APPENDUID: where the message with this index went. What names more or fewer than there were says nothing about any. */
function stored(
  runner: CommandRunner,
  code: ResponseCode | undefined,
  index = 0,
  count = 1,
): { uid?: number; uidValidity?: number } {
  const uids = code?.name === 'APPENDUID' ? (code.uids ?? []) : [];
  const uid = countOf(uids) === count ? numberAt(uids, index) : undefined;
  if (uid === undefined && uids.length > 0 && index === 0) {
    const text = `[APPENDUID ${code?.text}]: ${count === 1 ? 'one message was' : `${count} messages were`} stored`;
    runner.session.notices.push({ kind: 'malformed', text });
  }
  return uid === undefined || code?.number === undefined ? {} : { uid, uidValidity: code.number };
}

const findOut =
  "The message may be stored: connect again and search the mailbox for its Message-ID, search({ header: { 'message-id': … } }), before you append it once more.";

/** @throws UsageError `ERR_ARGUMENT`; `ERR_WOULD_DEADLOCK` for a body that comes over the runner's own connection */
export function checkBody(body: BodyInput, size?: number, runner?: CommandRunner): void {
  if (!isBodyInput(body)) {
    throw new UsageError('ERR_ARGUMENT', 'body must be a string, octets, or a stream of them', {
      argument: 'body',
    });
  }
  refuseSpent(body);
  if (size !== undefined && (!Number.isSafeInteger(size) || size < 0)) {
    throw new UsageError('ERR_ARGUMENT', 'size must be a whole number of octets', {
      argument: 'size',
    });
  }
  const length = lengthOfWhole(body);
  if (size !== undefined && length !== undefined && size !== length) {
    throw new UsageError('ERR_ARGUMENT', `size says ${size}; the body has ${length} octets`, {
      argument: 'size',
      hint: 'Leave `size` out: a string or octets have theirs.',
    });
  }
  if (runner !== undefined && body instanceof BodyStream && body.runner === runner) {
    throw new UsageError(
      'ERR_WOULD_DEADLOCK',
      'The body comes over the connection on which it is to be appended',
      {
        argument: 'body',
        hint: 'Use mailbox.copy(), or append on another connection (createImapPool).',
      },
    );
  }
}

function lengthOfWhole(body: BodyInput): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.length : undefined;
}

const sent = ({ size, close }: Content): { size: number; spooled?: true } =>
  close === undefined ? { size } : { size, spooled: true };

/** A literal, with its octets or with the source from which they come. */
interface Content {
  size: number;
  /** For one that lies in a temporary file. */
  close?: (() => Promise<void>) | undefined;
  argument: Argument;
  source: StreamedBody | undefined;
}

/** Octets up to here go out in one write with their command. */
const shortBody = 1 << 16;

function shortContent(runner: CommandRunner, body: BodyInput): Content | undefined {
  const length = lengthOfWhole(body);
  if (length === undefined || length > shortBody) return undefined;
  checkLimit(runner, length);
  return { size: length, argument: literalOctets(octetsOf(body)), source: undefined };
}

async function literalOf(
  runner: CommandRunner,
  body: BodyInput,
  given: number | undefined,
): Promise<Content> {
  const short = shortContent(runner, body);
  if (short !== undefined) return short;
  const pace = new SourcePace();
  const { octets: size, pieces, close } = await measured(runner, body, given, pace);
  try {
    checkLimit(runner, size);
  } catch (error) {
    await close?.();
    throw error;
  }
  const source = size === 0 ? undefined : { pieces, pace };
  return { size, argument: literal(size), source, close };
}

/** Text as UTF-8; octets as they are, without a copy. */
function octetsOf(body: BodyInput): Buffer {
  if (!(body instanceof Uint8Array)) return Buffer.from(body as string);
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** The body with its size. The first piece is there before the command goes out: a source that fails at once costs nothing. */
async function measured(
  runner: CommandRunner,
  body: BodyInput,
  given: number | undefined,
  pace: SourcePace,
): Promise<Spooled> {
  const source = bodyOctets(body, pace);
  if (given === undefined && lengthOfWhole(body) === undefined) return spool(source, runner.limits);
  const first = await source.next();
  const length = first.done ? 0 : first.value.length;
  return { octets: given ?? length, pieces: prefixed(first, source) };
}

async function* prefixed(
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** By the capabilities that name them: NaN for none. */
const limits = new WeakMap<ReadonlySet<string>, number>();

function appendLimit(capabilities: ReadonlySet<string>): number {
  const known = limits.get(capabilities);
  if (known !== undefined) return known;
  const limit = [...capabilities].find((name) => name.startsWith('APPENDLIMIT='));
  const most = Number(limit?.slice('APPENDLIMIT='.length) || Number.NaN);
  limits.set(capabilities, most);
  return most;
}

/** APPENDLIMIT=n: a refusal that costs no upload. */
function checkLimit(runner: CommandRunner, size: number): void {
  const most = appendLimit(runner.session.capabilities);
  if (size > most) {
    throw new CommandError(
      'ERR_COMMAND_REJECTED',
      `The message has ${size} octets; the server takes ${most}`,
      {
        command: 'APPEND',
        phase: 'command',
        reply: { code: 'NO', enhanced: 'TOOBIG', text: 'APPENDLIMIT' },
        hint: 'Make the message smaller, or store it elsewhere.',
      },
    );
  }
}
