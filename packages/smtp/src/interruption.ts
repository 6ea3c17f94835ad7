/** Lets one waiter wait for two things: what it wants, and the server's speaking or going in the meantime. */

export const interrupted: unique symbol = Symbol('interrupted');

export class Interruption {
  #wake: (() => void) | undefined;

  /** Wakes the waiter, if there is one. */
  fire(): void {
    this.#wake?.();
  }

  /**
   * Settles as `wanted` does, or resolves to `interrupted` when {@link fire} is called first. Unlike `Promise.race`
   * against a promise that lives long, a call leaves nothing behind.
   */
  race<T>(wanted: Promise<T>): Promise<T | typeof interrupted> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(interrupted);
      wanted.then(resolve, reject);
    });
  }
}
