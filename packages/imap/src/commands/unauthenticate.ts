/** UNAUTHENTICATE, RFC 8437: the session goes on as after the greeting, for another user on the same connection. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import { requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { capability } from './capability.js';

/** @throws UsageError `ERR_STATE`; CommandError `ERR_EXTENSION_REQUIRED` */
export async function unauthenticate(runner: CommandRunner, options: CallOptions): Promise<void> {
  const { session } = runner;
  requireCapability(runner, ['UNAUTHENTICATE'], 'unauthenticate', 'Connect anew.');
  if (session.compressed)
    throw new UsageError('ERR_STATE', 'A compressed session cannot be unauthenticated', {
      hint: 'Where compression ends then is for the server to decide: connect anew, or without { compress: true }.',
    });
  await runner.run({ verb: 'UNAUTHENTICATE' }, options);
  session.forgetLogin();
  runner.utf8 = false;
  await capability(runner, options);
}
