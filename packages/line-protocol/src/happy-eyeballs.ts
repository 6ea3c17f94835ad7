/** Which of a host's addresses: RFC 8305. Attempts start one after the other, and those that have started go on. */
import { deadline, ipVersion } from 'tls-context-core';

/** Connection Attempt Delay, RFC 8305 §5, in milliseconds. */
export const attemptDelay = 250;

/** RFC 8305 §4: families take turns, beginning with that of the first address; else the resolver's order. */
export function inTurns(addresses: readonly string[]): string[] {
  const [first = ''] = addresses;
  const own = addresses.filter((address) => ipVersion(address) === ipVersion(first));
  const other = addresses.filter((address) => ipVersion(address) !== ipVersion(first));
  return own
    .flatMap((address, at) => [address, ...other.slice(at, at + 1)])
    .concat(other.slice(own.length));
}

/**
 * Tries the addresses: the next one after {@link attemptDelay} without an answer, or at once after a failure. The first that
 * connects wins, and the other attempts are ended.
 *
 * @param attempt must end when its signal aborts
 * @throws AggregateError with the failure of each, in order; or the signal's reason
 */
export function firstToConnect<A, T>(
  addresses: readonly A[],
  attempt: (address: A, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const others = new AbortController();
    const errors: unknown[] = [];
    let started = 0;
    let failed = 0;
    let over = false;
    let cancelNext = (): void => {};

    const settle = (): boolean => {
      const first = !over;
      over = true;
      cancelNext();
      signal.removeEventListener('abort', onAbort);
      return first;
    };
    const onAbort = (): void => {
      if (!settle()) return;
      others.abort(signal.reason);
      reject(signal.reason as Error);
    };
    const startNext = (): void => {
      cancelNext();
      if (over || started === addresses.length) return;
      const at = started++;
      attempt(addresses[at] as A, others.signal).then(
        (connected) => {
          if (!settle()) return;
          resolve(connected);
          if (started - failed > 1) others.abort(new Error('another address has answered'));
        },
        (error: unknown) => {
          errors[at] = error;
          failed++;
          if (failed === addresses.length && settle())
            reject(new AggregateError(errors, 'no address answers'));
          else startNext();
        },
      );
      if (started < addresses.length) cancelNext = deadline(attemptDelay, startNext);
    };

    if (signal.aborted) onAbort();
    else {
      signal.addEventListener('abort', onAbort, { once: true });
      startNext();
    }
  });
}
