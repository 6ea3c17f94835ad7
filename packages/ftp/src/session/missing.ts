/** The error for what a server does not announce, RFC 2389 §3. */
import { CommandError } from '@fivewire/line-protocol';
import type { Session } from './session.js';

export function missing(
  session: Session,
  name: string,
  purpose: string,
  cause?: CommandError,
): CommandError {
  return session.control.connection.locate(
    new CommandError('ERR_EXTENSION_REQUIRED', `The server has no ${name} to ${purpose}.`, {
      ...(cause === undefined ? {} : { cause }),
      hint: `It announces: ${[...session.features.keys()].join(', ') || 'nothing'}.`,
    }),
  );
}
