/** APPEND, RFC 9051 §6.3.12; literals that do not wait, RFC 7888; APPENDUID, RFC 4315; APPENDLIMIT, RFC 7889. */
import { type BodyInput, bodyOctets, isBodyInput } from '@fivewire/line-protocol';
import { CommandError, UsageError } from 'tls-context-core';
import { BodyStream } from '../body-stream.js';
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import {
  type Argument,
  dateTime,
  flag,
  list,
  body as literal,
  mailbox,
} from '../grammar/encoder.js';
import type { MailboxName } from '../grammar/mailbox-name.js';

export interface AppendOptions extends CallOptions {
  /** Such as `['\\Seen']`. */
  flags?: readonly string[];
  /** INTERNALDATE of the new message. Default: the server's clock. */
  date?: Date;
  /**
   * Octets of the body: IMAP announces them first. Strings and octets have theirs; a stream without it is held in
   * memory, up to `limits.bufferedOctets`.
   */
  size?: number;
}

export interface AppendResult {
  /** The new message's UID and its mailbox's UIDVALIDITY, where the server has UIDPLUS. */
  uid?: number;
  uidValidity?: number;
  /** Octets that went out. */
  size: number;
}

export async function append(
  runner: CommandRunner,
  name: MailboxName,
  body: BodyInput,
  { flags, date, size: given, ...options }: AppendOptions = {},
): Promise<AppendResult> {
  const args: Argument[] = [mailbox(name)];
  if (flags !== undefined) args.push(list(flags.map(flag)));
  if (date !== undefined) args.push(dateTime(date));
  checkBody(runner, body, given);
  const { size, octets } = await measured(runner, body, given);
  checkLimit(runner, size);
  const { code } = await runner.run(
    {
      verb: 'APPEND',
      args: [...args, literal(size)],
      body: octets,
      wire: { as: 'append' },
      findOut,
      phase: 'transfer',
    },
    options,
  );
  const uid = code?.name === 'APPENDUID' ? code.uids?.[0] : undefined;
  const uidValidity = uid === undefined ? undefined : code?.number;
  return { size, ...(uid === undefined || uidValidity === undefined ? {} : { uid, uidValidity }) };
}

const findOut =
  "The message may be stored: connect again and search the mailbox for its Message-ID, search({ header: { 'message-id': … } }), before you append it once more.";

function checkBody(runner: CommandRunner, body: BodyInput, size: number | undefined): void {
  if (!isBodyInput(body)) {
    throw new UsageError('ERR_ARGUMENT', 'body must be a string, octets, or a stream of them', {
      argument: 'body',
    });
  }
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
  if (body instanceof BodyStream && body.runner === runner) {
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

/** The body with its size. The first piece is there before the command goes out: a source that fails at once costs nothing. */
async function measured(
  runner: CommandRunner,
  body: BodyInput,
  given: number | undefined,
): Promise<{ size: number; octets: AsyncIterator<Uint8Array> }> {
  const source = bodyOctets(body);
  if (given === undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    const pieces = await collected(source, runner.limits.bufferedOctets);
    return { size: lengthOf(pieces), octets: bodyOctets(Buffer.concat(pieces)) };
  }
  const first = await source.next();
  const length = first.done ? 0 : first.value.length;
  return { size: given ?? length, octets: prefixed(first, source) };
}

async function* prefixed(
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

async function collected(source: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  let octets = 0;
  for await (const piece of source) {
    octets += piece.length;
    if (octets > limit) {
      throw new UsageError('ERR_ARGUMENT', `A stream of more than ${limit} octets needs a size`, {
        argument: 'size',
        hint: 'IMAP announces the size before the octets: give `size`, or raise limits.bufferedOctets.',
      });
    }
    pieces.push(piece);
  }
  return pieces;
}

const lengthOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0);

/** APPENDLIMIT=n: a refusal that costs no upload. */
function checkLimit(runner: CommandRunner, size: number): void {
  const limit = [...runner.session.capabilities].find((name) => name.startsWith('APPENDLIMIT='));
  const most = Number(limit?.slice('APPENDLIMIT='.length) || Number.NaN);
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
