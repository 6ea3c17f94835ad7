/** The error for what a server does not announce, RFC 2389 §3. */
import { CommandError, UsageError } from '@fivewire/line-protocol';
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

/**
 * The error for a caller's stream that is to begin where no file does.
 *
 * @param size of the file, where that is the reason
 */
export function cannotBegin(start: number, size: number | undefined): CommandError | UsageError {
  const message = `The server can't begin at octet ${start}`;
  if (size === undefined) {
    return new CommandError('ERR_EXTENSION_REQUIRED', `${message}.`, {
      protocol: 'ftp',
      connection: 'usable',
      hint: 'It refuses REST: transfer the file from its beginning.',
    });
  }
  return new UsageError('ERR_ARGUMENT', `${message}: the file has ${size}.`, {
    protocol: 'ftp',
    argument: 'start',
    hint: 'Begin within the file; `stat` tells its size.',
  });
}
