/**
 * Knows calls that come from inside a transfer of the same client: from the body of a loop over a download, or from a
 * generator that feeds an upload. They would wait for the transfer, and the transfer for them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** Whose transfer waits for the code that runs; nobody's any more, once `owner` is gone. */
export interface Mark {
  owner: object | undefined;
  /** The one that this stands in. */
  outer?: Mark | undefined;
}

// Made at first use: a process that reads no streams by loops does not pay for it.
let inside: AsyncLocalStorage<Mark> | undefined;

/** True where the code that runs is what a transfer of `owner` waits for. */
export function isInsideTransfer(owner: object): boolean {
  for (let mark = inside?.getStore(); mark !== undefined; mark = mark.outer) {
    if (mark.owner === owner) return true;
  }
  return false;
}

/** Runs `work`, and what it starts, as part of a transfer of `owner`. */
export function insideTransfer<T>(owner: object, work: () => T): T {
  inside ??= new AsyncLocalStorage();
  return inside.run({ owner, outer: inside.getStore() }, work);
}

/** Marks the flow that runs from here on, until the mark loses its owner. */
export function enterTransfer(mark: Mark): void {
  inside ??= new AsyncLocalStorage();
  const outer = inside.getStore();
  if (outer === mark) return;
  mark.outer = outer;
  inside.enterWith(mark);
}
