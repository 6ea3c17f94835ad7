/** QUIT (RFC 1939 §6): the UPDATE state, in which deletions become final. */
import { commandLine, createGoodbye, decodeText, escapeText } from '@fivewire/line-protocol';
import type { Session } from './session.js';
import type { CallOptions, QuitResult } from './types.js';

/** The server removes what is marked before it answers: hence the wait of any other reply. */
export function createQuit(session: Session): (options: CallOptions) => Promise<QuitResult> {
  const { connection, marked } = session;
  const line = commandLine('QUIT');
  return createGoodbye<QuitResult>(connection, {
    command: line.masked,
    say: ({ signal, timeout, sent }) =>
      session.queue.run(
        async (turn) => {
          sent();
          connection.send(line);
          await turn.toRead();
          const response = await session.readResponse(session.wait(line.masked, 'close', timeout));
          await connection.end();
          if (response.ok) {
            await committed(session);
            return { committed: true };
          }
          const reply = escapeText(decodeText(response.text), 1_000);
          return { committed: marked.size === 0, reply };
        },
        { signal, phase: 'close', command: line.masked },
      ),
    over: () => ({ committed: marked.size === 0 }),
    unanswered: (error) =>
      marked.size === 0 ? { committed: true } : { committed: 'unknown', error },
  });
}

async function committed({ marked, onCommitted }: Session): Promise<void> {
  const removed = [...marked];
  marked.clear();
  for (const tell of onCommitted) await tell(removed);
}
