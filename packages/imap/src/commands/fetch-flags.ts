/** The flags of many messages: UID FETCH (RFC 9051 §6.4.5), with CHANGEDSINCE (RFC 7162 §3.1.4.1) only of those that changed. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { syntax, uidSet } from '../grammar/encoder.js';
import { withoutRecent } from '../grammar/flags.js';
import type { UidSet } from '../grammar/sequence-set.js';

export interface FlagsOf {
  uid: number;
  /** Without \Recent, which says nothing about the message. */
  flags: readonly string[];
}

/** @param options `unread` is called for a row that may tell of flags and cannot be read */
export async function* fetchFlags(
  runner: CommandRunner,
  uids: UidSet,
  changedSince: string | undefined,
  { unread, ...options }: CallOptions & { unread?: () => void } = {},
): AsyncGenerator<FlagsOf, void, undefined> {
  const since = changedSince === undefined ? [] : [syntax(`(CHANGEDSINCE ${changedSince})`)];
  for (const piece of uids.pieces(runner.session.messageLimit, runner.session.setCharacters)) {
    const found = new Map<number, readonly string[]>();
    await runner.run(
      {
        verb: 'UID FETCH',
        args: [uidSet(piece), syntax('(UID FLAGS)'), ...since],
        wire: { as: 'fetch', uids: piece },
        claim: (response) => {
          if (response.type !== 'fetch') return false;
          const { uid, flags, problems } = response.row;
          if (problems.length > 0 && (flags === undefined || uid === undefined)) unread?.();
          if (uid === undefined || flags === undefined || !piece.has(uid)) return false;
          found.set(uid, withoutRecent(flags));
          return true;
        },
      },
      options,
    );
    for (const [uid, flags] of found) yield { uid, flags };
  }
}
