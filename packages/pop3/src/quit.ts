/** QUIT (RFC 1939 §6): the UPDATE state, in which deletions become final. */
import {
  commandLine,
  createGoodbye,
  decodeText,
  escapeText,
  type FivewireError,
  isFivewireError,
} from '@fivewire/line-protocol';
import type { Session } from './session.js';
import type { CallOptions, QuitResult } from './types.js';

/** The server removes what is marked before it answers: hence the wait of any other reply. */
export function createQuit(session: Session): (options: CallOptions) => Promise<QuitResult> {
  const { connection, marked } = session;
  const line = commandLine('QUIT');
  const committed = (): QuitResult['committed'] => marked.size === 0 || session.is.committed;
  return createGoodbye<QuitResult>(connection, {
    command: line.masked,
    say: ({ signal, timeout, sent }) =>
      session.queue.run(
        async (turn) => {
          sent();
          await session.settle(turn, timeout);
          const { surprises } = session;
          session.to('quit');
          connection.send(line);
          await turn.toRead();
          const response = await session.readResponse(session.wait(line.masked, 'close', timeout));
          await connection.end();
          // A reply that may be another command's says nothing about the marks.
          if (surprises !== session.surprises) return { committed: committed() };
          session.to(response.ok ? 'quit-accepted' : 'quit-refused');
          if (response.ok) return { committed: true, ...(await tellOfRemoval(session)) };
          const reply = escapeText(decodeText(response.text), 1_000);
          return { committed: committed(), reply };
        },
        { signal, phase: 'close', command: line.masked },
      ),
    over: () => ({ committed: committed() }),
    unanswered: (error) => ({ committed: committed(), ...(marked.size === 0 ? {} : { error }) }),
  });
}

/** What was removed is removed, also where a store of unique-ids can't write that down. */
async function tellOfRemoval({ marked, onCommitted }: Session): Promise<{ error?: FivewireError }> {
  const removed = [...marked];
  marked.clear();
  try {
    for (const tell of onCommitted) await tell(removed);
    return {};
  } catch (error) {
    if (!isFivewireError(error)) throw error;
    return { error };
  }
}
