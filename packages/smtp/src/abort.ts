/** What an AbortSignal may still stop, by how far a message has come. */
import { AbortError, type ErrorContext, onAbort, type Turn } from '@fivewire/line-protocol';
import type { BodySource } from './body-source.js';
import { endConnection } from './replies.js';
import type { Session } from './session.js';
import type { Progress } from './transaction-states.js';
import { undisturbed } from './undisturbed.js';

/**
 * Runs `work` in its turn, once the message's body has begun.
 *
 * @param progress tells what the signal may still do
 */
export function runAbortable<T>(
  session: Session,
  source: BodySource,
  progress: Progress,
  { signal, ...context }: ErrorContext & { signal: AbortSignal | undefined },
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const { queue, connection } = session;
  source.begin();
  const inTurn = async (turn: Turn): Promise<T> => {
    // Octets that come while the body begins are read by the next call that writes.
    if (source.whole === undefined) {
      source.hold(session);
      try {
        await undisturbed(session, source.begun(signal), async () => {});
      } finally {
        source.release();
      }
    }
    return work(turn);
  };
  if (signal === undefined) return queue.run(inTurn, context);

  const gate = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const abort = (): AbortError => {
      const error = connection.locate(abortedAt(progress, signal, context));
      if (progress.meaning.abort === 'end')
        endConnection(connection, 'a message on its way was aborted');
      return error;
    };
    const stop = (): void => {
      const effect = progress.meaning.abort;
      if (effect === 'drop') gate.abort(signal.reason);
      else reject(abort());
      if (effect === 'end-in-turn') progress.givenUp = abort;
    };
    const over = onAbort(signal, stop);
    if (signal.aborted) stop();
    void queue
      .run(inTurn, { signal: gate.signal, ...context })
      .then(resolve, reject)
      .finally(over);
  });
}

function abortedAt({ meaning }: Progress, signal: AbortSignal, context: ErrorContext): AbortError {
  const sent = meaning.abort === 'leave';
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
