/** QUIT (RFC 1939 §6): the UPDATE state, in which deletions become final. */
import {
  commandLine,
  decodeText,
  escapeText,
  isFivewireError,
  TransferError,
} from '@fivewire/line-protocol';
import type { Session } from './session.js';
import type { CallOptions, QuitResult } from './types.js';

/**
 * @throws TransferError ERR_OUTCOME_UNKNOWN when messages were marked and the connection broke before the server
 * answered: it may have removed them or not.
 */
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
      marked.clear();
      return { committed: true };
    }
    const reply = escapeText(decodeText(response.text), 1_000);
    return { committed: marked.size === 0, reply };
  } catch (error) {
    if (!sent || !isFivewireError(error) || error.connection !== 'closed') throw error;
    if (marked.size === 0) return { committed: true };
    throw connection.locate(
      new TransferError(
        'ERR_OUTCOME_UNKNOWN',
        `The connection ended before the server answered QUIT; ${marked.size} deletions may be final or not`,
        {
          cause: error,
          phase: 'close',
          command: line.masked,
          retry: 'reconnect',
          hint: 'Connect again and compare UIDL with what you deleted.',
        },
      ),
    );
  }
}
