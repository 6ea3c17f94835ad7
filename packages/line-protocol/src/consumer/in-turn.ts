/** Pieces of work of which each waits for the one before, whatever came of that. */
export class InTurn {
  #last: Promise<unknown> | undefined;

  /** One is under way. */
  get busy(): boolean {
    return this.#last !== undefined;
  }

  run<R>(work: () => Promise<R>): Promise<R> {
    const mine = this.#last === undefined ? work() : this.#last.then(work);
    const over = (): void => {
      if (this.#last === last) this.#last = undefined;
    };
    const last: Promise<unknown> = mine.then(over, over);
    this.#last = last;
    return mine;
  }
}
