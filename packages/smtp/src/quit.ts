/** QUIT, RFC 5321 §4.1.1.10. */
import { commandLine, createGoodbye, type Wait } from '@fivewire/line-protocol';
import { nextReply } from './replies.js';
import { patience, type Session } from './session.js';
import type { CallOptions } from './types.js';

/** Nothing depends on the reply: a server that leaves without its last word is no failure. */
export function createQuit(session: Session): (options: CallOptions) => Promise<void> {
  const { queue, connection } = session;
  const line = commandLine('QUIT');
  return createGoodbye<void>(connection, {
    command: line.masked,
    say: ({ signal, timeout, sent }) => {
      const limit = patience(session, 'close', timeout === undefined ? {} : { timeout });
      const wait: Wait = { phase: 'close', timeout: limit, command: line.masked };
      return queue.run(
        async (turn) => {
          sent();
          connection.send(line);
          await turn.toRead();
          await nextReply(connection, wait);
          await connection.end();
        },
        { signal, phase: 'close', command: line.masked },
      );
    },
    over: () => {},
  });
}
