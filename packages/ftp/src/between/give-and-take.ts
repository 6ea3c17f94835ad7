/**
 * RETR of one server and STOR of another, over one data connection between them.
 *
 * Where the source dials it opens its file before the target is asked to write over its own: a source that can't be read costs nothing.
 */
import {
  aborted,
  type CommandLine,
  deadline,
  isFivewireError,
  onAbort,
  type Reply,
  TimeoutError,
  TransferError,
} from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import { hintFor, rejected } from '../session/failures.js';
import { within } from '../transfer/deadline.js';
import type { CallOptions } from '../types.js';
import type { End, Way } from './way.js';

const abor = command('ABOR');
const noop = command('NOOP');
const pasv = command('PASV');

/** For files whose size no server tells, in milliseconds. */
const unknownLong = 86_400_000;

/** One of both commands, under way. */
interface Half {
  readonly end: End;
  readonly line: CommandLine;
  /** Rejects with the refusal. */
  readonly first: Promise<Reply>;
  readonly last: Promise<Reply>;
}

/** @throws CommandError as either refuses; TransferError ERR_TRANSFER_INCOMPLETE; AbortError, TimeoutError */
export async function giveAndTake(
  source: End,
  target: End,
  way: Way,
  size: number | undefined,
  { signal, timeout }: CallOptions,
): Promise<void> {
  const [give, take] = [command('RETR', source.path), command('STOR', target.path)];
  const sourceDials = way === 'source dials';
  const halves: Half[] = [];
  const start = (end: End, line: CommandLine): Promise<Reply> => {
    const half = begin(end, line);
    halves.push(half);
    return half.first;
  };
  let stop: (error: unknown) => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = reject;
  });
  stopped.catch(() => {});
  const forget =
    signal && onAbort(signal, () => stop(aborted(signal, { command: give.masked }, 'usable')));
  const { finalReply } = source.session.transport.timeouts;
  const limit = timeout ?? (size === undefined ? unknownLong : finalReply + size / 65.536);
  try {
    if (signal?.aborted) throw aborted(signal, { command: give.masked }, 'usable');
    if (!sourceDials) void start(target, take);
    await Promise.race([start(source, give), stopped]);
    if (sourceDials) await Promise.race([start(target, take), stopped]);
    const all = Promise.all(halves.map(async (half) => finished(half, await half.last)));
    await within(Promise.race([all, stopped]), limit, () => stop(tooLong(limit, give)));
  } catch (error) {
    await leaveBoth(halves, sourceDials ? target : source);
    const isClosed = [source, target].some(({ dialogue }) => !dialogue.connection.isOpen);
    if (isClosed && isFivewireError(error))
      Object.assign(error, { connection: 'closed', retry: 'reconnect' });
    throw error;
  } finally {
    forget?.();
    for (const { dialogue } of [source, target]) dialogue.isMoving = false;
  }
}

function begin(end: End, line: CommandLine): Half {
  const { dialogue } = end;
  dialogue.isMoving = true;
  dialogue.send(line);
  const first = dialogue.reply(line).then((reply) => {
    if (reply.class >= 4) throw dialogue.connection.locate(rejected(reply, line.masked));
    return reply;
  });
  const last = first.then(async (reply) => {
    let each = reply;
    while (each.class === 1) each = await dialogue.reply(line, Number.POSITIVE_INFINITY);
    return each;
  });
  last.catch(() => {});
  return { end, line, first, last };
}

function finished({ end: { dialogue }, line }: Half, reply: Reply): void {
  if (reply.class === 2) return;
  const cause = rejected(reply, line.masked);
  throw dialogue.connection.locate(
    new TransferError(
      'ERR_TRANSFER_INCOMPLETE',
      `The copy was broken off: ${reply.code} ${cause.reply?.text ?? ''}`,
      {
        octets: 0,
        cause,
        command: line.masked,
        phase: 'transfer',
        connection: 'usable',
        retry: reply.class === 4 ? 'later' : 'never',
        hint:
          hintFor(reply) ?? 'The servers must be let dial each other; what arrived is not whole.',
      },
    ),
  );
}

/** Asked for another port, the one that listens gives up the one that the other may still send to. */
async function leaveBoth(halves: readonly Half[], listener: End): Promise<void> {
  const { dialogue } = listener;
  const dropped = async (): Promise<void> => {
    await Promise.all(halves.filter(({ end }) => end === listener).map(leave));
    dialogue.isMoving = false;
    if (dialogue.connection.isOpen) await dialogue.ask(pasv).catch(() => {});
  };
  await Promise.all([dropped(), ...halves.filter(({ end }) => end !== listener).map(leave)]);
}

/** Ends what is still going on, and gets back in step, or closes. */
async function leave({ end: { dialogue, session }, last }: Half): Promise<void> {
  const { connection } = dialogue;
  const { close } = session.transport.timeouts;
  let isOver = false;
  const ended = last.then(
    () => {},
    () => {},
  );
  const over = async (): Promise<void> => {
    // The other side has gone already: most servers see that by themselves.
    await new Promise<void>((resolve) => {
      const timely = deadline(close / 4, resolve);
      void ended.then(() => {
        isOver = true;
        timely();
        resolve();
      });
    });
    if (isOver || !connection.isOpen) return;
    dialogue.isMoving = false;
    dialogue.send(abor);
    await ended;
    if (connection.isOpen) await dialogue.ask(noop);
  };
  // The connection keeps its error for the next call.
  await within(over(), close * 2, () => connection.fail(tooLong(close * 2, abor))).catch(() => {});
}

const tooLong = (milliseconds: number, { masked }: CommandLine): TimeoutError =>
  new TimeoutError(`No end of the copy within ${milliseconds} ms.`, {
    protocol: 'ftp',
    milliseconds,
    phase: 'transfer',
    command: masked,
    hint: 'The servers move the octets, and this side sees nothing of it; `timeout` allows more time.',
  });
