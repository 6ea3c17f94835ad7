/**
 * `for await` over a body, as over any Readable: pieces until the end, its error thrown, destroyed where the loop is left early.
 * Node's own iterator costs a dozen listeners and several promises a stream, which is most of the work for a short message.
 */
import type { GatheringReadable } from './gathering-readable.js';

type Result = IteratorResult<Buffer, undefined>;

export class PieceIterator implements NodeJS.AsyncIterator<Buffer> {
  readonly #body: GatheringReadable;
  /** The last `next()` that waits. */
  #waiting: Promise<Result> | undefined;
  #over = false;

  constructor(body: GatheringReadable) {
    this.#body = body;
  }

  next(): Promise<Result> {
    if (this.#waiting !== undefined) return this.#after(this.#waiting);
    try {
      const result = this.#take();
      return result === undefined ? this.#wait() : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async return(): Promise<Result> {
    this.#over = true;
    if (!this.#body.readableEnded) this.#body.destroy();
    return done;
  }

  async throw(error?: unknown): Promise<Result> {
    this.#over = true;
    this.#body.destroy(error as Error);
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** A piece, or the end; `undefined` where octets must come first. */
  #take(): Result | undefined {
    const body = this.#body;
    if (this.#over) return done;
    const value = body.takePiece();
    if (value !== null) return { done: false, value };
    if (body.isTaken()) {
      this.#over = true;
      return done;
    }
    if (body.errored !== null) {
      this.#over = true;
      throw body.errored;
    }
    if (!body.destroyed) return undefined;
    this.#over = true;
    throw Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  }

  #wait(): Promise<Result> {
    const comes = this.#body.pieceComes();
    if (comes === undefined) return this.#body.whole ? this.#atEnd() : this.#later();
    const waiting = comes.then(() => {
      this.#waiting = undefined;
      return this.next();
    });
    this.#waiting = waiting;
    return waiting;
  }

  /** All of it has been taken: the stream says so in the next tick. */
  #atEnd(): Promise<Result> {
    this.#waiting = new Promise((resolve) => {
      process.nextTick(() => {
        this.#waiting = undefined;
        const { readableEnded, destroyed } = this.#body;
        resolve(readableEnded || destroyed ? this.next() : this.#later());
      });
    });
    return this.#waiting;
  }

  #later(): Promise<Result> {
    const body = this.#body;
    const waiting = new Promise<Result>((resolve, reject) => {
      const look = (): void => {
        try {
          const result = this.#take();
          if (result === undefined) return;
          resolve(result);
        } catch (error) {
          reject(error);
        }
        this.#waiting = undefined;
        body.off('readable', look).off('end', look).off('error', look).off('close', look);
      };
      body.on('readable', look).on('end', look).on('error', look).on('close', look);
    });
    this.#waiting = waiting;
    return waiting;
  }

  #after(waiting: Promise<Result>): Promise<Result> {
    const next = (): Promise<Result> => this.next();
    const after = waiting.then(next, next);
    return after;
  }
}

const done: { done: true; value: undefined } = { done: true, value: undefined };
