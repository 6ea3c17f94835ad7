/** LOGOUT, RFC 9051 §6.1.3. */
import { createGoodbye } from '@fivewire/line-protocol';
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import type { Response } from '../grammar/response.js';

/** @param onSent called when it goes out: whoever watches a mailbox is to leave quietly */
export function createLogout(
  runner: CommandRunner,
  onSent: () => void,
): (options: CallOptions) => Promise<void> {
  const { connection } = runner;
  return createGoodbye<void>(connection, {
    command: 'LOGOUT',
    async say({ signal, timeout = connection.timeouts.close, sent }) {
      const said = (): void => {
        onSent();
        sent();
      };
      await runner.run(
        {
          verb: 'LOGOUT',
          stopsReader: true,
          claim: isBye,
          phase: 'close',
          onSent: said,
        },
        { signal, timeout },
      );
      await connection.end();
    },
    over: () => {},
  });
}

/** The goodbye that was asked for is no news. */
const isBye = (response: Response): boolean =>
  response.type === 'status' && response.status === 'BYE';
