/** QUIT, RFC 3977 §5.4. */
import { commandLine, isFivewireError } from '@fivewire/line-protocol';
import type { Session } from './session.js';
import type { CallOptions } from './types.js';

/** Says goodbye and ends the connection. Nothing hangs on the answer, so a connection that broke is no error. */
export async function quit(session: Session, { signal, timeout }: CallOptions): Promise<void> {
  const { connection } = session;
  if (!connection.isOpen) return;
  const line = commandLine('QUIT');
  try {
    await session.queue.run(
      async (turn) => {
        connection.send(line);
        await turn.toRead();
        await session.readReply(session.wait(line, 'close', timeout));
      },
      { signal, phase: 'close', command: line.masked },
    );
  } catch (error) {
    if (!isFivewireError(error) || error.connection !== 'closed') throw error;
  }
  await connection.end();
}
