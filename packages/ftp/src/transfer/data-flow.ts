/** Octets over a data connection, both ways: paced by the slower side, timed only while the server is. */
import type { Duplex } from 'node:stream';
import type { StallWatch } from './deadline.js';

/** This side can't go on: what it threw, apart from what the connection did. */
export class Halt extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('halted by this side');
    this.reason = reason;
  }
}

const left = new WeakSet<Duplex>();

const streamAbove = new WeakMap<Duplex, Duplex>();

/** What is moved over `stream` goes through `upper` (MODE Z): who leaves the one leaves the other. */
export function above(stream: Duplex, upper: Duplex): void {
  streamAbove.set(stream, upper);
}

/** No more is moved over `stream`: what comes is thrown away, and nothing more is sent. */
export function leave(stream: Duplex): void {
  left.add(stream);
  const upper = streamAbove.get(stream);
  if (upper !== undefined) {
    left.add(upper);
    stream.unpipe();
  }
  stream.resume();
}

export const isLeft = (stream: Duplex): boolean => left.has(stream);

/** Takes a piece. A promise says: no more until it settles. */
export type Take = (piece: Buffer) => Promise<void> | undefined;

/** Reads to the end. Rejects with what broke the connection, or with a Halt that holds what `take` threw. */
export function receive(stream: Duplex, take: Take, watch: StallWatch): Promise<void> {
  return new Promise((resolve, reject) => {
    let taking: Promise<void> | undefined;
    let isOver = false;
    const settle = (): void => {
      isOver = true;
      watch.local();
      stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onData = (piece: Buffer): void => {
      watch.moved();
      if (left.has(stream)) return;
      try {
        taking = take(piece);
      } catch (error) {
        onError(new Halt(error));
        return;
      }
      if (taking === undefined) return;
      stream.pause();
      watch.local();
      taking.then(
        () => {
          if (isOver) return; // a socket tells its end while it is paused, too
          if (stream.destroyed && !stream.readableEnded) return onClose();
          watch.server();
          stream.resume();
        },
        (error: unknown) => onError(new Halt(error)),
      );
    };
    const onEnd = (): void => {
      settle();
      resolve();
    };
    const onClose = (): void => onError(new Error('the data connection was closed'));
    stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    if (stream.readableEnded) return onEnd();
    if (stream.destroyed) return onClose();
    watch.server();
    stream.resume();
  });
}

/** Writes all pieces and ends our side. Resolves when the system has taken the last octet; rejects as `receive` does. */
export async function send(
  stream: Duplex,
  pieces: AsyncIterable<Uint8Array>,
  watch: StallWatch,
  onSent: (octets: number) => void,
): Promise<void> {
  const failure = failureOf(stream);
  let moved = false;
  stream.resume(); // tickets come this way, and unread octets would turn our end into a reset
  try {
    for await (const piece of halting(pieces)) {
      failure.check();
      if (left.has(stream)) return;
      if (piece.length === 0) continue;
      if (!write(stream, piece)) await failure.or(drained(stream), watch);
      moved = true;
      watch.moved();
      onSent(piece.length);
    }
    if (!moved) await handshakeOut();
    if (left.has(stream)) return;
    failure.check();
    await failure.or(ended(stream), watch);
  } finally {
    failure.stop();
  }
}

async function* halting(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    throw new Halt(error);
  }
}

/** Small pieces that come in one turn leave as one: a TLS record for each would cost more than the octets. */
function write(stream: Duplex, piece: Uint8Array): boolean {
  if (piece.length < 16_384 && stream.writableCorked === 0) {
    stream.cork();
    process.nextTick(() => stream.uncork());
  }
  return stream.write(piece);
}

function drained(stream: Duplex): Promise<void> {
  if (!stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => stream.once('drain', resolve));
}

/**
 * Until the turn of the event loop is over in which a handshake ends, Node counts its last octets as being written, and
 * an end behind them goes out as a bare FIN: without close_notify, which vsftpd takes for an attack. Octets of ours wait
 * for that by themselves; where there are none, we do.
 */
export const handshakeOut = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function ended(stream: Duplex): Promise<void> {
  return new Promise((resolve) => stream.end(resolve));
}

interface Failure {
  check(): void;
  /** Settles as `work` does, or rejects when the stream breaks first. */
  or(work: Promise<void>, watch: StallWatch): Promise<void>;
  stop(): void;
}

function failureOf(stream: Duplex): Failure {
  let failed: Error | undefined;
  let tell: ((error: Error) => void) | undefined;
  const fail = (error: Error): void => {
    failed ??= error;
    tell?.(failed);
  };
  const onClose = (): void => {
    if (!stream.writableFinished) fail(new Error('the data connection was closed'));
  };
  stream.on('error', fail).on('close', onClose);
  const check = (): void => {
    if (stream.destroyed) onClose();
    if (failed !== undefined) throw failed;
  };
  return {
    check,
    async or(work, watch) {
      check();
      watch.server();
      try {
        await Promise.race([
          work,
          new Promise<never>((_, reject) => {
            tell = reject;
          }),
        ]);
      } finally {
        tell = undefined;
        watch.local();
      }
    },
    stop: () => stream.off('error', fail).off('close', onClose),
  };
}
