/** Lets one waiter wait for two things: what it wants, and the server's speaking or going in the meantime. */

export const interrupted: unique symbol = Symbol('interrupted');

export class Interruption {
  #wake: ((result: typeof interrupted) => void) | undefined;

  /** Wakes the waiter, if there is one. */
  fire(): void {
    this.#wake?.(interrupted);
  }

  /**
   * Settles as `wanted` does, or resolves to `interrupted` when {@link fire} is called first. Unlike `Promise.race`
   * against a promise that lives long, a call leaves nothing behind.
   *
   * What is kept for the waking is the promise's own `resolve`, and only while it waits: a function around it, kept in an object as old
   * as the session, let each piece of a body live until a full garbage collection (32 MB of them, by Node 20).
   */
  race<T>(wanted: Promise<T>): Promise<T | typeof interrupted> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      wanted.then((value) => {
        this.#wake = undefined;
        resolve(value);
      }, reject);
    });
  }
}
