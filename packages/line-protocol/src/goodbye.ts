/** The end of a session by its client's own word: QUIT or LOGOUT. */
import { errorAgain, type FivewireError, isFivewireError } from 'tls-context-core';
import type { CallOptions } from './call-options.js';
import { aborted } from './deadline.js';
import type { LineConnection } from './line-connection.js';
import { onAbort } from './on-abort.js';

export interface GoodbyeWords<R> {
  /** `QUIT` or `LOGOUT`. */
  command: string;
  /**
   * In its turn calls `sent`, says it, reads the reply and ends the connection.
   *
   * @param signal drops it before its turn: `sent` throws then. It does not fire once `sent` was called
   */
  say(request: { signal: AbortSignal; timeout: number | undefined; sent: () => void }): Promise<R>;
  /** What it comes to on a connection that is over already. */
  over(): R;
  /** What it comes to where the connection ended before the reply came. Default: {@link over}, for nothing depends on it. */
  unanswered?(error: FivewireError): R;
}

interface Underway<R> {
  outcome: Promise<R>;
  callers: number;
  sent: boolean;
  drop: AbortController;
}

/**
 * A client's `quit`. However often it is called, the goodbye is said once, and all get what it came to. A caller who is aborted
 * leaves alone; where it was the only one and nothing is said yet, nothing will be, and `quit` can be called again.
 */
export function createGoodbye<R>(
  connection: LineConnection,
  words: GoodbyeWords<R>,
): (options: CallOptions) => Promise<R> {
  const context = { phase: 'close', command: words.command } as const;
  let underway: Underway<R> | undefined;

  const begin = (timeout: number | undefined): Underway<R> => {
    const drop = new AbortController();
    const goodbye: Underway<R> = { outcome: never, callers: 0, sent: false, drop };
    const sent = (): void => {
      if (drop.signal.aborted) throw aborted(drop.signal, context, 'usable');
      goodbye.sent = true;
    };
    goodbye.outcome = words
      .say({ signal: drop.signal, timeout, sent })
      .catch((error: unknown) => {
        if (!goodbye.sent) throw error;
        connection.close();
        if (!isFivewireError(error)) throw error;
        return words.unanswered === undefined ? words.over() : words.unanswered(error);
      })
      .finally(() => {
        if (!goodbye.sent && underway === goodbye) underway = undefined;
      });
    return goodbye;
  };

  return ({ signal, timeout }) =>
    new Promise<R>((resolve, reject) => {
      const abort = (state: 'usable' | 'closed'): void =>
        reject(connection.locate(aborted(signal as AbortSignal, context, state)));
      if (signal?.aborted) return abort(connection.isOpen ? 'usable' : 'closed');
      if (underway === undefined && !connection.isOpen) return resolve(words.over());
      underway ??= begin(timeout);
      const goodbye = underway;
      const isFirst = goodbye.callers === 0;
      goodbye.callers += 1;
      const leave = (): void => {
        abort(goodbye.sent ? 'closed' : 'usable');
        goodbye.callers -= 1;
        if (goodbye.callers > 0 || goodbye.sent) return;
        underway = undefined;
        goodbye.drop.abort();
      };
      const deaf = signal && onAbort(signal, leave);
      goodbye.outcome
        .catch((error: unknown) => {
          throw isFirst || !isFivewireError(error) ? error : errorAgain(error, context);
        })
        .then(resolve, reject)
        .finally(deaf);
    });
}

const never = new Promise<never>(() => {});
