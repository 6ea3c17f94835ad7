/**
 * Knows the calls that are made by code for which a transfer on the same connection waits: by the generator that feeds an
 * upload, by the Writable that takes a download. Each would wait for the other, so they are refused at once.
 *
 * Only what we call is marked, and only while we wait for it. The body of a loop over what we give is not called by us:
 * there nothing is known, and the call waits (see `PendingCalls`).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { UsageError } from 'tls-context-core';
import { GatheringReadable } from './gathering-readable.js';
import { wouldDeadlock } from './pending-calls.js';

/** A transfer, and the connection that it holds. */
export interface Transfer {
  readonly connection: object;
  /** For errors: `APPEND`. */
  readonly what: string;
}

interface Mark {
  transfer: Transfer;
  active: boolean;
  /** The one that this stands in. */
  outer: Mark | undefined;
}

// Made at first use: it makes every promise of the process dearer on Node 20.
let marks: AsyncLocalStorage<Mark> | undefined;

/** Runs the caller's code as what `transfer` waits for, until it returns or the promise that it gives settles. */
export function whileAwaited<T>(transfer: Transfer, work: () => T): T {
  marks ??= new AsyncLocalStorage();
  const mark: Mark = { transfer, active: true, outer: marks.getStore() };
  const over = (): void => {
    mark.active = false;
  };
  let result: T;
  try {
    result = marks.run(mark, work);
  } catch (error) {
    over();
    throw error;
  }
  if (result instanceof Promise) return result.finally(over) as T;
  over();
  return result;
}

/** False for streams of the system's: they run no code of the caller that could call us. */
export const runsCallersCode = (stream: object): boolean =>
  !(stream instanceof GatheringReadable || 'fd' in stream || 'remotePort' in stream);

/** What on this connection waits for the code that runs now, if anything does. */
function transferAround(connection: object): Transfer | undefined {
  for (let mark = marks?.getStore(); mark !== undefined; mark = mark.outer) {
    if (mark.active && mark.transfer.connection === connection) return mark.transfer;
  }
  return undefined;
}

/** The error for a call on this connection that is known to wait for its own caller. */
export function knownDeadlock(connection: object, command = ''): UsageError | undefined {
  const transfer = transferAround(connection);
  if (transfer === undefined) return undefined;
  return wouldDeadlock(command, `is called by what ${transfer.what} waits for`);
}
