/** A body that is here already, that is made of others, or that there is none of: with all that a body can. */
import { Readable } from 'node:stream';
import { DirectReadable } from './direct-readable.js';
import { GatheringReadable } from './gathering-readable.js';

/**
 * @param content octets; pieces to pull; or why there is nothing to read
 * @param source destroyed with the body: what `content` is pulled from
 */
export function heldBody(
  content: Uint8Array | AsyncIterable<Uint8Array> | Error,
  source: Readable | undefined = content instanceof Readable ? content : undefined,
): GatheringReadable {
  if (content instanceof Error) return new PulledBody(rejecting(content));
  if (content instanceof Uint8Array) return new HeldOctets(content);
  return new PulledBody(iteratorOf(content), source);
}

const iteratorOf = (content: AsyncIterable<Uint8Array>): AsyncIterator<Uint8Array> =>
  content[Symbol.asyncIterator]();

const rejecting = (error: Error): AsyncIterator<Uint8Array> => ({
  next: () => Promise.reject(error),
});

/** Octets that are here: no stream machinery for a loop over them. */
class HeldOctets extends DirectReadable {
  constructor(octets: Uint8Array) {
    super();
    if (octets.length > 0)
      this.keep(
        Buffer.isBuffer(octets)
          ? octets
          : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength),
      );
    this.whole = true;
  }

  override _read(): void {
    this.stream();
  }

  protected override takeIn(): void {}

  protected override waitForMore(): void {
    this.wake();
  }
}

class PulledBody extends GatheringReadable {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #source: Readable | undefined;

  constructor(pieces: AsyncIterator<Uint8Array>, source?: Readable) {
    super();
    this.#pieces = pieces;
    this.#source = source;
  }

  override _read(): void {
    this.#pieces.next().then(this.#give, (error: Error) => this.destroy(error));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source?.destroy();
    void Promise.resolve(this.#pieces.return?.()).catch(() => {});
    callback(error);
  }

  #give = ({ done, value }: IteratorResult<Uint8Array>): void => {
    if (this.destroyed) return;
    if (done) this.push(null);
    else if (value.length > 0) this.push(value);
    else this._read();
  };
}
