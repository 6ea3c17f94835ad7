/** `rateLimit`: octets a second, evened out over half a second. */

/** Octets of half a second may go at once; what is more has to wait for its time. */
const burst = 0.5;

/** How long to wait, by the octets that went. Pure but for the clock that it is given. */
export class RateLimit {
  readonly #octetsPerSecond: number;
  readonly #now: () => number;
  /** When all that went so far will have had its time, in milliseconds of the clock. */
  #due: number;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  constructor(octetsPerSecond: number, now: () => number = () => performance.now()) {
    this.#octetsPerSecond = octetsPerSecond;
    this.#now = now;
    this.#due = now() - burst * 1000;
  }

  /** Pieces of this size make no pause longer than that of the burst. */
  get pieceOctets(): number {
    return Math.max(1, Math.ceil(this.#octetsPerSecond * burst));
  }

  /** @returns milliseconds to wait before more may go */
  after(octets: number): number {
    const now = this.#now();
    this.#due = Math.max(this.#due, now - burst * 1000) + (octets / this.#octetsPerSecond) * 1000;
    return Math.max(0, this.#due - now);
  }

  /** Nothing where no wait is needed. */
  pause(octets: number): Promise<void> | undefined {
    const wait = this.after(octets);
    if (wait < 5) return undefined; // timers are no finer
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, wait);
    });
  }

  /** The transfer is over: nothing waits any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#wake?.();
  }
}

/** The same octets, at this rate. */
export async function* atRate(
  pieces: AsyncIterable<Uint8Array>,
  limit: RateLimit,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += limit.pieceOctets) {
      const part = piece.subarray(at, at + limit.pieceOctets);
      yield part;
      await limit.pause(part.length);
    }
  }
}
