/** UID STORE, RFC 9051 §6.4.6. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { flag, list, syntax, uidSet } from '../grammar/encoder.js';
import type { UidSet } from '../grammar/sequence-set.js';

/** `+FLAGS`, `-FLAGS` or `FLAGS`; silent: the server does not repeat to us what we said. */
export async function store(
  runner: CommandRunner,
  uids: UidSet,
  operation: '+' | '-' | '',
  flags: readonly string[],
  options?: CallOptions,
): Promise<void> {
  const names = list(flags.map(flag));
  if (flags.length === 0 && operation !== '') return;
  const pieces = [...uids.pieces(Number.POSITIVE_INFINITY)];
  await Promise.all(
    pieces.map((piece) =>
      runner.run(
        {
          verb: 'UID STORE',
          args: [uidSet(piece), syntax(`${operation}FLAGS.SILENT`), names],
          wire: { as: 'store', uids: piece },
        },
        options,
      ),
    ),
  );
}
