/** `--limit-rate`: octets pass at so many a second on average, with bursts of an eighth of a second. */
import { Transform, type TransformCallback } from 'node:stream';

export class Throttle extends Transform {
  readonly #perMillisecond: number;
  readonly #piece: number;
  #free = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** @param rate octets a second, above 0 */
  constructor(rate: number) {
    super();
    this.#perMillisecond = rate / 1_000;
    this.#piece = Math.max(1, Math.ceil(rate / 8));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const pass = (from: number): void => {
      if (from >= chunk.length) {
        done();
        return;
      }
      const piece = chunk.subarray(from, from + this.#piece);
      const now = performance.now();
      this.#free = Math.max(this.#free, now) + piece.length / this.#perMillisecond;
      this.push(piece);
      this.#timer = setTimeout(() => pass(from + piece.length), this.#free - now);
    };
    pass(0);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }
}
