/** Who is told that something has changed. */

export class Changes {
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change, until the returned function is called. */
  watch(listener: () => void): () => void {
    // A function of its own each time: the same listener may watch twice.
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
