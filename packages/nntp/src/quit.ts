/** QUIT, RFC 3977 §5.4. */
import { commandLine, createGoodbye } from '@fivewire/line-protocol';
import type { Session } from './session.js';
import type { CallOptions } from './types.js';

/** Nothing hangs on the answer, so a connection that broke is no error. */
export function createQuit(session: Session): (options: CallOptions) => Promise<void> {
  const { connection } = session;
  const line = commandLine('QUIT');
  return createGoodbye<void>(connection, {
    command: line.masked,
    say: ({ signal, timeout = connection.timeouts.close, sent }) =>
      session.queue.run(
        async (turn) => {
          sent();
          connection.send(line);
          await turn.toRead();
          await session.readReply(session.wait(line.masked, 'close', timeout));
          await connection.end();
        },
        { signal, phase: 'close', command: line.masked },
      ),
    over: () => {},
  });
}
