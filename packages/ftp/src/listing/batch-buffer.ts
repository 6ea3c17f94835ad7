/**
 * Between a listing, which must not be held whole, and the caller, who takes entries one by one. Where a call waits for
 * the connection while the caller is slow, the rest is read and held, so that the call gets its turn.
 */
export class BatchBuffer<T> {
  #batches: T[][] = [];
  #held = 0;
  #over = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  #makeRoom: (() => void) | undefined;

  put(batch: T[]): void {
    this.#batches.push(batch);
    this.#held += batch.length;
    this.#wake?.();
  }

  /** Nothing while there is room; else a promise of room. */
  room(): Promise<void> | undefined {
    if (this.#held < roomy) return undefined;
    return new Promise((resolve) => {
      this.#makeRoom = resolve;
    });
  }

  readOn(): void {
    this.#makeRoom?.();
    this.#makeRoom = undefined;
  }

  /** Nothing more comes; with an error, it is thrown once all that came before has been taken. */
  end(error?: unknown): void {
    this.#over = true;
    this.#error = error;
    this.#wake?.();
  }

  /** What has come; `undefined` at the end. */
  async next(): Promise<T[] | undefined> {
    while (this.#batches.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#over) return undefined;
      this.readOn();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const batch = this.#batches.shift() as T[];
    this.#held -= batch.length;
    return batch;
  }
}

const roomy = 1000;
