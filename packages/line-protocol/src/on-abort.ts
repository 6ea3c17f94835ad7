/**
 * Waiting for a signal in constant time, however many wait on the same one: an `AbortSignal` looks through all of its listeners at each one that
 * comes or goes, and one signal may well give up ten thousand calls.
 */
import { setMaxListeners } from 'node:events';

interface Hub {
  /** Each once, in the order in which they came. */
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const hubs = new WeakMap<AbortSignal, Hub>();

/**
 * Calls back once when the signal aborts; never where it has aborted already. Where no call waits any more the signal has no listener left.
 * @param callback must not throw, and waits once at a time
 * @returns ends the waiting
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const hub = hubs.get(signal) ?? hubOf(signal);
  hub.callbacks.add(callback);
  return () => {
    if (!hub.callbacks.delete(callback) || hub.callbacks.size > 0) return;
    signal.removeEventListener('abort', hub.listener);
    if (hubs.get(signal) === hub) hubs.delete(signal);
  };
}

function hubOf(signal: AbortSignal): Hub {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    hubs.delete(signal);
    for (const callback of callbacks) {
      callbacks.delete(callback);
      callback();
    }
  };
  const hub = { callbacks, listener };
  hubs.set(signal, hub);
  setMaxListeners(Number.MAX_SAFE_INTEGER, signal); // those of streams and of others: Node would warn of a leak at the eleventh
  signal.addEventListener('abort', listener, { once: true });
  return hub;
}
