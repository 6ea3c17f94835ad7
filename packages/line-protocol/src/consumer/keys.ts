/** The keys of a loop, out of a list or as they come, some at a time. */
export class Keys<K> {
  /** They come by promises. */
  readonly isAsync: boolean;
  /** The last one has been taken. */
  exhausted = false;
  readonly #source: Iterator<K> | AsyncIterator<K>;

  constructor(keys: Iterable<K> | AsyncIterable<K>) {
    this.isAsync = Symbol.asyncIterator in keys;
    this.#source =
      Symbol.asyncIterator in keys ? keys[Symbol.asyncIterator]() : keys[Symbol.iterator]();
  }

  /** At most so many, of a list. */
  now(most: number): K[] {
    const keys: K[] = [];
    while (keys.length < most && !this.exhausted) {
      const { done, value } = (this.#source as Iterator<K>).next();
      if (done) this.exhausted = true;
      else keys.push(value);
    }
    return keys;
  }

  /** At most so many, however they come. */
  async later(most: number): Promise<K[]> {
    const keys: K[] = [];
    while (keys.length < most && !this.exhausted) {
      const { done, value } = await this.#source.next();
      if (done) this.exhausted = true;
      else keys.push(value);
    }
    return keys;
  }

  /** No more are wanted. */
  async leave(): Promise<void> {
    await this.#source.return?.();
  }
}
