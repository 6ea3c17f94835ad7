/** A newsgroup copied into an archive, a run after the other: what is new since the last one, what has gone meanwhile, article by article. */
import { commandLine, type ItemError, isFivewireError, UsageError } from '@fivewire/line-protocol';
import { groupName } from './arguments.js';
import { listGroup, takesSpanForName } from './group.js';
import type { NntpClient } from './nntp-client.js';
import { asksForOlder } from './response-codes.js';
import type { Session } from './session.js';
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
  session: Session,
  name: string,
  from: ArchiveState | undefined,
  { window = 256, limit = Number.POSITIVE_INFINITY, ...call }: ArchiveOptions,
): AsyncGenerator<Archived, void, undefined> {
  const { low, high, empty, count } = await client.group(name, call);
  const top = empty ? Math.max(high, low - 1) : high;
  const last = from?.last ?? low - 1;
  // An empty group may say 0 for all its numbers (RFC 3977 §6.1.1.2): there is nothing in it to be taken for known.
  if (empty && top < last) return;
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
  let asksForLists = true;
  while (next <= end) {
    const to = Math.min(end, next + span - 1);
    const range = { from: next, to };
    const { numbers, isListed, isRefused } = asksForLists
      ? await numbersOf(session, name, range, call)
      : unlisted(range);
    if (isRefused) asksForLists = false; // it says the same of the next span
    // Of a group that has articles, all that it has can't be nothing.
    const isOdd = numbers.length === 0 && count !== 0 && next === low && to === high;
    const asked = isOdd ? every(next, to) : numbers;
    for await (const item of client.articles(asked, { window, ...call })) {
      const number = item.id as number;
      // Asked for without being listed, and not there: a part of the next gap.
      if (!item.ok && item.error.code === 'ERR_NOT_FOUND' && !isListed(number)) continue;
      if (number > next) yield { kind: 'gap', from: next, to: number - 1, ...at(number - 1) };
      next = number + 1;
      if (item.ok) yield { kind: 'article', number, article: item.article, ...at(number) };
      else yield { kind: 'failed', number, error: item.error, ...at(number) };
    }
    if (next <= to) yield { kind: 'gap', from: next, to, ...at(to) };
    next = to + 1;
  }
}

/**
 * The numbers to ask for, ascending: LISTGROUP's (RFC 3977 §6.1.2). A server that has no LISTGROUP, or none of a span (RFC 2980), or whose rows
 * can't all be read, does not say which numbers are none: then every one.
 */
async function numbersOf(
  session: Session,
  name: string,
  { from, to }: Range,
  call: CallOptions,
): Promise<Listed> {
  let isWhole = true;
  const listed = new Set<number>();
  try {
    const rows = listGroup(session, name, { from, to, ...call }, () => {
      isWhole = false;
    });
    for await (const number of rows) listed.add(number);
  } catch (error) {
    if (asksForOlder(error) || takesSpanForName(error)) return unlisted({ from, to });
    if (!isUnread(error)) throw error;
    isWhole = false;
  }
  return {
    numbers: isWhole ? [...listed].sort((a, b) => a - b) : every(from, to),
    isListed: (number) => listed.has(number),
    isRefused: false,
  };
}

interface Range {
  from: number;
  to: number;
}

interface Listed {
  numbers: number[];
  isListed(number: number): boolean;
  /** The server has no such list. */
  isRefused: boolean;
}

const unlisted = ({ from, to }: Range): Listed => ({
  numbers: every(from, to),
  isListed: () => false,
  isRefused: true,
});

/** None of the rows can be read. */
const isUnread = (error: unknown): boolean =>
  isFivewireError(error) &&
  error.code === 'ERR_MALFORMED_RESPONSE' &&
  error.connection === 'usable';

const every = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

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
