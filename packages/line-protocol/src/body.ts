/** Bodies: what finds the end of one that comes in, and what the clients take as one that goes out. */
import { isErrored, isReadable, Readable } from 'node:stream';
import { LocalError } from 'tls-context-core';
import type { SourcePace } from './consumer/source-pace.js';

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
 *
 * @param pace what is pulled while the connection is held for it
 */
export async function* bodyOctets(
  body: BodyInput,
  pace?: SourcePace,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof body === 'string') return yield Buffer.from(body);
  if (body instanceof Uint8Array) return yield body;
  try {
    for await (const piece of paced(body as AsyncIterable<unknown>, pace)) {
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

/** The same pieces, each pulled by the pace. */
function paced(body: AsyncIterable<unknown>, pace: SourcePace | undefined): AsyncIterable<unknown> {
  if (pace === undefined) return body;
  const pieces = body[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => pace.pull(body, pieces),
      return: async () => (await pieces.return?.()) ?? { done: true, value: undefined },
    }),
  };
}

/**
 * A stream that has been read to its end would go out as nothing, without a word. One that ended without an octet is an empty body.
 * @throws LocalError `ERR_LOCAL_IO`
 */
export function refuseSpent(body: unknown): void {
  const stream = body as Readable; // the types leave out web streams, which both take
  if (!Readable.isDisturbed(stream) || isReadable(stream) !== false || isErrored(stream)) return;
  throw new LocalError('ERR_LOCAL_IO', 'The stream has been read to its end already', {
    hint: 'Open it anew each time.',
  });
}

/** True for what {@link bodyOctets} takes. */
export const isBodyInput = (value: unknown): value is BodyInput =>
  typeof value === 'string' ||
  value instanceof Uint8Array ||
  (typeof value === 'object' && value !== null && Symbol.asyncIterator in value);
