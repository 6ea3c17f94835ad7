/**
 * Who waits when a reader holds the connection for a consumer: decided by facts alone. No clock, no timer, no I/O.
 *
 * A body or a listing keeps the connection until it is read, and its consumer sets the pace. A call made meanwhile waits
 * behind it. Where that consumer itself waits for the call, both would wait for ever; so while calls wait the reader
 * reads ahead, as far as it may hold octets, and then pauses. A slow consumer is no error: only `PendingCalls` says, by
 * what was taken, that a consumer has stopped.
 */

export interface Situation {
  /** The consumer has given up: what comes is of no use. */
  gone: boolean;
  /** The consumer has asked for more than there is. */
  wanted: boolean;
  /** A call waits for what comes behind this reader. */
  awaited: boolean;
  /** Octets held for the consumer, together with those that share the allowance. */
  held: number;
  /** The most octets that may be held so that calls get their turn. */
  allowance: number;
  /** What can't be held may be thrown away: the reader can ask the server for it again. */
  repeatable: boolean;
}

/**
 * - `read`: take what has come, or wait for the server;
 * - `drain`: the same, and throw it away;
 * - `set-aside`: drain from now on, the rest is asked for again;
 * - `pause`: leave it in the socket until the consumer takes some, or a call begins to wait.
 */
export type Step = 'read' | 'drain' | 'set-aside' | 'pause';

export function pace({ gone, wanted, awaited, held, allowance, repeatable }: Situation): Step {
  if (gone) return 'drain';
  if (wanted) return 'read';
  if (!awaited) return 'pause';
  if (held < allowance) return 'read';
  return repeatable ? 'set-aside' : 'pause';
}
