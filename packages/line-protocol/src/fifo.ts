/** First in, first out, in constant time at any length: an array's `shift` and `splice` move all that stands behind. */
export class Fifo<T> {
  #first: Queued<T> | undefined;
  #last: Queued<T> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @returns its place, for {@link remove} */
  push(value: T): Queued<T> {
    const before = this.#last;
    const place: Queued<T> = { value, before, after: undefined, isIn: true };
    if (before === undefined) this.#first = place;
    else before.after = place;
    this.#last = place;
    this.#length++;
    return place;
  }

  shift(): T | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.remove(first);
    return first.value;
  }

  /** @returns false where it has left before */
  remove(place: Queued<T>): boolean {
    if (!place.isIn) return false;
    const { before, after } = place;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    place.isIn = false;
    place.before = undefined;
    this.#length--;
    return true;
  }

  clear(): void {
    for (const _ of this.take(() => true));
  }

  /** Those that satisfy a test, taken out in their order. */
  take(test: (value: T) => boolean): T[] {
    const taken: T[] = [];
    for (let place = this.#first; place !== undefined; place = place.after) {
      if (test(place.value) && this.remove(place)) taken.push(place.value);
    }
    return taken;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let place = this.#first; place !== undefined; place = place.after) yield place.value;
  }
}

/** Where a value stands. */
export interface Queued<T> {
  readonly value: T;
  before: Queued<T> | undefined;
  after: Queued<T> | undefined;
  isIn: boolean;
}
