/** QUIT (RFC 1939 §6): the UPDATE state, in which deletions become final. */
import { commandLine, decodeText, escapeText, isFivewireError } from '@fivewire/line-protocol';
import type { Session } from './session.js';
import type { CallOptions, QuitResult } from './types.js';

export async function quit(
  session: Session,
  { signal, timeout }: CallOptions,
): Promise<QuitResult> {
  const { connection, marked } = session;
  if (!connection.isOpen) return { committed: marked.size === 0 };
  const line = commandLine('QUIT');
  let sent = false;
  try {
    const response = await session.queue.run(
      async (turn) => {
        connection.send(line);
        sent = true;
        await turn.toRead();
        return session.readResponse(session.wait(line, 'close', timeout));
      },
      { signal, phase: 'close', command: line.masked },
    );
    await connection.end();
    if (response.ok) {
      await committed(session);
      return { committed: true };
    }
    const reply = escapeText(decodeText(response.text), 1_000);
    return { committed: marked.size === 0, reply };
  } catch (error) {
    if (!sent || !isFivewireError(error) || error.connection !== 'closed') throw error;
    return marked.size === 0 ? { committed: true } : { committed: 'unknown', error };
  }
}

async function committed({ marked, onCommitted }: Session): Promise<void> {
  const removed = [...marked];
  marked.clear();
  for (const tell of onCommitted) await tell(removed);
}
