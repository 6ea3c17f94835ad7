/** CAPABILITY, RFC 9051 §6.1.1. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';

/** Asks; the session takes note of the answer. */
export async function capability(
  runner: CommandRunner,
  options?: CallOptions,
): Promise<ReadonlySet<string>> {
  await runner.run({ verb: 'CAPABILITY', phase: 'capabilities' }, options);
  return runner.session.capabilities;
}
