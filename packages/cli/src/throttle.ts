/** `--limit-rate`: octets pass at so many a second on average, with bursts of an eighth of a second. */
import { Transform, type TransformCallback } from 'node:stream';
import { type Clock, realClock } from './clock.js';

export class Throttle extends Transform {
  readonly #perMillisecond: number;
  readonly #piece: number;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #free: number;

  /** @param rate octets a second, above 0 */
  constructor(rate: number, clock: Clock = realClock) {
    super();
    this.#perMillisecond = rate / 1_000;
    this.#piece = Math.max(1, Math.ceil(rate / 8));
    this.#clock = clock;
    this.#free = clock.now();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#pass(chunk).then(
      () => done(),
      (error: Error) => done(error),
    );
  }

  async #pass(chunk: Buffer): Promise<void> {
    for (let from = 0; from < chunk.length; from += this.#piece) {
      const piece = chunk.subarray(from, from + this.#piece);
      const now = this.#clock.now();
      this.#free = Math.max(this.#free, now) + piece.length / this.#perMillisecond;
      this.push(piece);
      await this.#clock.sleep(this.#free - now, this.#stop.signal);
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stop.abort();
    done(error);
  }
}
