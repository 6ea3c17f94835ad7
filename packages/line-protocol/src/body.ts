/**
 * A body that comes in on the connection, as a `Readable` with backpressure: what the consumer does not take stays in
 * the socket. A body that is given up is drained, so that the connection stays in step; a long one ends it.
 */
import { Readable } from 'node:stream';
import { type FivewireError, LocalError } from 'tls-context-core';
import type { Wait } from './deadline.js';
import type { LineConnection } from './line-connection.js';

export interface Decoded {
  /** Octets that belong to the body; the rest does not. */
  used: number;
  /** The content found in them. */
  content: readonly Buffer[];
  /** True when the body has ended. */
  done: boolean;
}

/** Finds a body's end and takes off its encoding. Gets octets cut anywhere. */
export interface BodyDecoder {
  decode(octets: Buffer): Decoded;
}

/** A body of `length` octets: an IMAP literal. */
export class LengthDecoder implements BodyDecoder {
  #left: number;
  constructor(length: number) {
    this.#left = length;
  }
  decode(octets: Buffer): Decoded {
    const used = Math.min(octets.length, this.#left);
    this.#left -= used;
    return { used, content: [octets.subarray(0, used)], done: this.#left === 0 };
  }
}

export interface IncomingBody {
  stream: Readable;
  /** Resolves when the connection is past the body, read or drained. Rejects when the connection failed first. */
  done: Promise<void>;
}

export interface IncomingBodyOptions {
  /** How long the peer may be silent inside the body. */
  wait: Wait;
  /** How much of a body that was given up is read and thrown away before the connection is closed instead. Default 1 MiB. */
  drainOctets?: number;
}

/**
 * Feeds `take` with the body's content until the body ends (true) or `take` wants no more (false); then it can be called
 * again. One call at a time.
 */
function bodyPump(
  connection: LineConnection,
  decoder: BodyDecoder,
  wait: Wait,
): (take: (content: Buffer) => boolean) => Promise<boolean> {
  let started = false; // a body of no octets ends before any has come
  return async (take) => {
    for (;;) {
      const octets = connection.peekOctets() ?? (started ? undefined : nothing);
      started = true;
      if (octets === undefined) {
        await connection.fill(wait);
        continue;
      }
      const { used, content, done } = decoder.decode(octets);
      connection.consumeOctets(used);
      let more = true;
      for (const piece of content) if (piece.length > 0) more = take(piece);
      if (done) return true;
      if (!more) return false;
    }
  };
}

/** The caller must own the connection's input until `done` settles. */
export function openBody(
  connection: LineConnection,
  decoder: BodyDecoder,
  { wait, drainOctets = 1 << 20 }: IncomingBodyOptions,
): IncomingBody {
  let pumping = false;
  let asked = false;
  let finished = false;
  let settle!: () => void;
  let failed!: (error: Error) => void;
  const done = new Promise<void>((resolve, reject) => {
    settle = resolve;
    failed = reject;
  });
  done.catch(ignore); // whoever awaits it sees the failure; the stream tells it as well

  const pump = bodyPump(connection, decoder, wait);

  const end = (): void => {
    finished = true;
    settle();
  };

  const drain = async (): Promise<void> => {
    let left = drainOctets;
    const ended = await pump((content) => {
      left -= content.length;
      return left > 0;
    });
    if (ended) end();
    else
      throw connection.fail(
        new LocalError('ERR_LOCAL_IO', 'A long body was given up; its connection is closed', {
          connection: 'closed',
        }),
      );
  };

  /** Gives the consumer what it asks for. It may ask again while we are still giving. */
  const feed = async (): Promise<void> => {
    pumping = true;
    try {
      do {
        asked = false;
        const ended = await pump((content) => stream.push(content) && !stream.destroyed);
        if (ended) {
          end();
          stream.push(null);
          return;
        }
        if (stream.destroyed) await drain();
      } while (asked && !finished);
    } catch (error) {
      finished = true;
      failed(error as FivewireError);
      stream.destroy(error as FivewireError);
    } finally {
      pumping = false;
    }
  };

  const stream = new Readable({
    highWaterMark: 1 << 18,
    read() {
      if (pumping) asked = true;
      else if (!finished) void feed();
    },
    destroy(error, callback) {
      if (!finished && !pumping) drain().catch(failed);
      callback(error);
    },
  });
  // A body that fails while nobody looks at it must not end the process: whoever reads it gets the error all the same.
  stream.on('error', ignore);
  return { stream, done };
}

const ignore = (): void => {};
const nothing = Buffer.alloc(0);

/** What the clients take as a body. */
export type BodyInput =
  | string
  | Uint8Array
  | AsyncIterable<Uint8Array | string>
  | ReadableStream<Uint8Array>
  | Readable;

/**
 * A caller's body as octets. Strings are UTF-8. A source that throws gives `ERR_LOCAL_IO` with its error as the cause;
 * one that yields something else than octets or text, `ERR_LOCAL_IO` too.
 */
export async function* bodyOctets(body: BodyInput): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof body === 'string') return yield Buffer.from(body);
  if (body instanceof Uint8Array) return yield body;
  try {
    for await (const piece of body as AsyncIterable<unknown>) {
      if (typeof piece === 'string') yield Buffer.from(piece);
      else if (piece instanceof Uint8Array) yield piece;
      else throw new TypeError(`a body yields octets or strings, not ${typeof piece}`);
    }
  } catch (error) {
    throw new LocalError(
      'ERR_LOCAL_IO',
      `The body could not be read: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    );
  }
}

/** True for what {@link bodyOctets} takes. */
export const isBodyInput = (value: unknown): value is BodyInput =>
  typeof value === 'string' ||
  value instanceof Uint8Array ||
  (typeof value === 'object' && value !== null && Symbol.asyncIterator in value);
