/** Rows one by one from batches of them: what has come already costs one promise a row, however many generators the batches pass through. */

/** Of batches: what a generator of rows would be, had it yielded each by itself. */
export class BatchIterator<T> implements AsyncIterator<T, void, undefined> {
  readonly #batches: AsyncIterator<readonly T[], void, undefined>;
  #batch: readonly T[] = [];
  #at = 0;
  #over = false;
  /** The last `next()` that waits for a batch. */
  #waiting: Promise<IteratorResult<T, void>> | undefined;

  constructor(batches: AsyncIterator<readonly T[], void, undefined>) {
    this.#batches = batches;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#waiting === undefined && this.#at < this.#batch.length) {
      return Promise.resolve({ done: false, value: this.#batch[this.#at++] as T });
    }
    if (this.#over) return Promise.resolve(finished);
    const taken = (): Promise<IteratorResult<T, void>> => this.#taken();
    // At once where it can be: what the first row asks for has its place in the queue before whatever is called next.
    const next = this.#waiting?.then(taken, taken) ?? taken();
    this.#waiting = next;
    const settled = (): void => {
      if (this.#waiting === next) this.#waiting = undefined;
    };
    next.then(settled, settled);
    return next;
  }

  /** The consumer wants no more. */
  async return(): Promise<IteratorResult<T, void>> {
    this.#finish();
    await this.#batches.return?.();
    return finished;
  }

  async #taken(): Promise<IteratorResult<T, void>> {
    while (this.#at === this.#batch.length) {
      if (this.#over) return finished;
      try {
        const { done, value } = await this.#batches.next();
        if (this.#over) return finished;
        if (done) this.#finish();
        else {
          this.#batch = value;
          this.#at = 0;
        }
      } catch (error) {
        this.#finish();
        throw error;
      }
    }
    return { done: false, value: this.#batch[this.#at++] as T };
  }

  #finish(): void {
    this.#over = true;
    this.#batch = [];
    this.#at = 0;
  }
}

const finished: { done: true; value: undefined } = { done: true, value: undefined };
