/** A remote file as a Readable: begun at the first read, paced by the reader, ended only when it is proven whole. */
import { Readable } from 'node:stream';
import { isFivewireError } from '@fivewire/line-protocol';
import type { Control } from './control.js';
import { judged } from './judged.js';
import { localFailure } from './local.js';
import { enterTransfer, type Mark } from './reentrance.js';
import { retrieve } from './retrieve.js';
import type { Session } from './session.js';
import { readStreams } from './source.js';
import type { ReadStreamOptions } from './types.js';

/** The session to read by, when its turn has come, and what to do when it is over. */
export type Borrow = (signal: AbortSignal) => Promise<{ session: Session; giveBack(): void }>;

export class RemoteReadStream extends Readable {
  readonly #borrow: Borrow;
  readonly #path: string;
  readonly #options: ReadStreamOptions;
  readonly #given = new AbortController();
  #running = false;
  #resume: (() => void) | undefined;
  /** Whose transfer this is, while it is one. */
  readonly #mark: Mark = { owner: undefined };

  /**
   * @param path an octet string
   * @param owner whose connection it will be read by, where that is known beforehand
   */
  constructor(borrow: Borrow, path: string, options: ReadStreamOptions, owner?: Control) {
    super({ highWaterMark: 1 << 18 });
    this.#borrow = borrow;
    this.#path = path;
    this.#options = options;
    if (owner !== undefined) readStreams.set(this, owner);
    // A stream that fails while nobody listens must not end the process: whoever reads it gets the error all the same.
    this.on('error', () => {});
  }

  override _read(): void {
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
    this.#resume?.();
    this.#resume = undefined;
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#given.abort(error ?? undefined);
    this.#resume?.();
    callback(error);
  }

  /** A loop's body runs while the transfer waits for it: calls to the same client from there are known and refused. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<unknown> {
    return marking(super[Symbol.asyncIterator](), this.#mark);
  }

  async #run(): Promise<void> {
    const { start = 0, verify = 'size', signal: outer, ...options } = this.#options;
    const own = this.#given.signal;
    const signal = outer === undefined ? own : AbortSignal.any([own, outer]);
    try {
      const { session, giveBack } = await this.#borrow(signal);
      try {
        const reading = session.control.hold('RETR', { ...options, signal }, (dialogue) =>
          retrieve(session, dialogue, {
            ...options,
            signal,
            path: this.#path,
            start,
            verify: verify !== false,
            restart: async () => {
              throw localFailure(new Error(`the server can't begin at octet ${start}`));
            },
            take: (piece) => (this.push(piece) ? undefined : this.#wanted()),
          }),
        );
        this.#mark.owner = session.control; // from here on: this call itself is no call from inside
        await reading;
      } catch (error) {
        await judged(session, this.#path, error, { ...options, signal });
        throw error;
      } finally {
        this.#mark.owner = undefined;
        giveBack();
      }
      this.push(null);
    } catch (error) {
      this.destroy(isFivewireError(error) ? error : localFailure(error));
    }
  }

  #wanted(): Promise<void> | undefined {
    if (this.destroyed) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }
}

/** `next()` runs in the flow of the loop that calls it, so that is where the mark is set. */
function marking<T>(iterator: NodeJS.AsyncIterator<T>, mark: Mark): NodeJS.AsyncIterator<T> {
  const marked: NodeJS.AsyncIterator<T> = {
    next() {
      enterTransfer(mark);
      return iterator.next();
    },
    async return(value) {
      mark.owner = undefined;
      return (await iterator.return?.(value)) ?? { done: true, value };
    },
    [Symbol.asyncIterator]: () => marked,
    [Symbol.asyncDispose]: async () => {
      await marked.return?.();
    },
  };
  return marked;
}
