/**
 * Which messages are there: UID SEARCH ALL (RFC 9051 §6.4.4). What a search leaves out would count as gone, so one that finds fewer than
 * EXISTS says is not taken at its word: then the messages themselves are asked for their UIDs.
 */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { UidSet } from '../grammar/sequence-set.js';
import { fetchFlags } from './fetch-flags.js';
import { search } from './search.js';

/** The UIDs of all messages of the selected mailbox. */
export async function present(runner: CommandRunner, options?: CallOptions): Promise<UidSet> {
  // What is not known is more than any search finds.
  const exists = (): number => runner.session.selected?.exists ?? Number.POSITIVE_INFINITY;
  const before = exists();
  const found = await search(runner, {}, options);
  if (found.size >= Math.min(before, exists())) return found;
  const uids: number[] = [];
  for await (const { uid } of fetchFlags(runner, UidSet.all, undefined, options)) uids.push(uid);
  return found.union(uids);
}
