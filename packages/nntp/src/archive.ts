/** A newsgroup copied into an archive, a run after the other: what is new since the last one, what has gone meanwhile, article by article. */
import { commandLine, type ItemError, UsageError } from '@fivewire/line-protocol';
import { groupName } from './arguments.js';
import type { NntpClient } from './nntp-client.js';
import type { CallOptions, RetrievedArticle } from './types.js';

/** Where an archive is. Plain JSON: save it with each item. */
export interface ArchiveState {
  group: string;
  /** The lowest and highest article number that the group had. */
  low: number;
  high: number;
  /** The number up to which everything has been given. */
  last: number;
}

export interface ArchiveOptions extends CallOptions {
  /** The most ARTICLE commands under way, from 1. Default 256. */
  window?: number;
  /** The most article numbers to look at in this run. Default: all. */
  limit?: number;
}

/** What to do next, and the state to save when it is done. */
export type Archived = { state: ArchiveState } & (
  | { kind: 'article'; number: number; article: RetrievedArticle }
  /** The server lists it and does not give it. */
  | { kind: 'failed'; number: number; error: ItemError }
  /** Numbers that the group has no articles for: cancelled, or never used. */
  | { kind: 'gap'; from: number; to: number }
  /** Numbers that were not given in time: the group begins behind them now. */
  | { kind: 'expired'; from: number; to: number }
);

/** Numbers that one LISTGROUP asks for. */
const span = 10_000;

/**
 * Everything in the group behind `state.last`, in order. Numbers that give no article are told, so that none is missing without a word.
 *
 * @throws UsageError ERR_STATE where the group ends before `state.last`: the server has numbered it anew, and what is behind would be
 * taken for known; and what {@link NntpClient.articles} throws
 */
export async function* archive(
  client: NntpClient,
  name: string,
  from: ArchiveState | undefined,
  { window = 256, limit = Number.POSITIVE_INFINITY, ...call }: ArchiveOptions,
): AsyncGenerator<Archived, void, undefined> {
  const { low, high, empty } = await client.group(name, call);
  const top = empty ? Math.max(high, low - 1) : high;
  const last = from?.last ?? low - 1;
  if (top < last) {
    throw new UsageError(
      'ERR_STATE',
      `${name} ends at ${top}, and the archive has it up to ${last}: it was numbered anew`,
      {
        protocol: 'nntp',
        argument: 'state',
        hint: 'Begin anew without a state, and tell articles that are known by their message-ids.',
      },
    );
  }
  const at = (number: number): { state: ArchiveState } => ({
    state: { group: name, low, high: top, last: number },
  });
  let next = last + 1;
  if (next < low) {
    yield { kind: 'expired', from: next, to: low - 1, ...at(low - 1) };
    next = low;
  }
  const end = Math.min(top, next + limit - 1);
  while (next <= end) {
    const to = Math.min(end, next + span - 1);
    const listed = new Set(await client.listGroup(name, { from: next, to, ...call }).toArray());
    const numbers = [...listed].sort((a, b) => a - b);
    for await (const item of client.articles(numbers, { window, ...call })) {
      const number = item.id as number;
      if (number > next) yield { kind: 'gap', from: next, to: number - 1, ...at(number - 1) };
      next = number + 1;
      if (item.ok) yield { kind: 'article', number, article: item.article, ...at(number) };
      else yield { kind: 'failed', number, error: item.error, ...at(number) };
    }
    if (next <= to) yield { kind: 'gap', from: next, to, ...at(to) };
    next = to + 1;
  }
}

/** @throws UsageError ERR_ARGUMENT */
export function checkState(name: string, state: ArchiveState | undefined): void {
  commandLine('GROUP', [groupName(name)]); // its length is judged too
  if (state === undefined) return;
  const { group, last } = state ?? {};
  if (group === name && Number.isSafeInteger(last) && last >= 0) return;
  throw new UsageError('ERR_ARGUMENT', `This is no state of ${name}`, {
    protocol: 'nntp',
    argument: 'state',
    hint: 'Give what an earlier run of the same group has given, or nothing.',
  });
}
