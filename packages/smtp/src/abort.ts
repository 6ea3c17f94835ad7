/** What an AbortSignal may still stop, by how far a message has come. */
import { AbortError, type ErrorContext, manyMayWaitOn, type Turn } from '@fivewire/line-protocol';
import type { BodySource } from './body-source.js';
import { endConnection } from './replies.js';
import type { Session } from './session.js';
import { undisturbed } from './undisturbed.js';

/**
 * - `queued`: nothing is written; the message is dropped.
 * - `behind`: our envelope is written, but the replies to the message before us come first. It must not be harmed:
 *   the connection ends when our turn comes.
 * - `open`: the server waits for us. The connection ends, so that nothing is delivered, whole or in part.
 * - `sent`: the end of the message is written. Only the caller's waiting ends.
 */
export type Stage = 'queued' | 'behind' | 'open' | 'sent';

/**
 * Runs `work` in its turn, once its body has begun. It tells where it is by calling `enter`, which throws once it is
 * too late to go on.
 */
export function runAbortable<T>(
  session: Session,
  source: BodySource,
  { signal, ...context }: ErrorContext & { signal: AbortSignal | undefined },
  work: (turn: Turn, enter: (stage: Stage) => void) => Promise<T>,
): Promise<T> {
  const { queue, connection } = session;
  const begun = async (): Promise<void> => {
    // Octets that come now are read by whoever writes next.
    if (source.whole === undefined)
      await undisturbed(session, source.begun(signal), async () => {});
  };
  source.begin();
  if (signal === undefined) {
    return queue.run(async (turn) => {
      if (source.whole === undefined) await begun();
      return work(turn, ignore);
    }, context);
  }

  const gate = new AbortController();
  let stage: Stage = 'queued';
  return new Promise<T>((resolve, reject) => {
    const abort = (): AbortError => {
      const error = connection.locate(abortedAt(stage, signal, context));
      if (stage === 'open') endConnection(connection, 'a message on its way was aborted');
      return error;
    };
    const stop = (): void => {
      if (stage === 'queued') gate.abort(signal.reason);
      else reject(abort());
    };
    const enter = (next: Stage): void => {
      stage = next;
      if (signal.aborted && next === 'open') throw abort();
    };
    manyMayWaitOn(signal);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void queue
      .run(
        async (turn) => {
          if (source.whole === undefined) await begun();
          stage = 'behind';
          return work(turn, enter);
        },
        { signal: gate.signal, ...context },
      )
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}

function abortedAt(stage: Stage, signal: AbortSignal, context: ErrorContext): AbortError {
  const sent = stage === 'sent';
  return new AbortError(
    `The message was aborted by its signal${sent ? ' after it had been sent' : ''}`,
    {
      ...context,
      cause: signal.reason,
      connection: sent ? 'usable' : 'closed',
      ...(sent
        ? { hint: 'The server may deliver it: do not send it again without looking.' }
        : { retry: 'reconnect', hint: 'Nothing of it was delivered.' }),
    },
  );
}

const ignore = (): void => {};
