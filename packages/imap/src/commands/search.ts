/** UID SEARCH, RFC 9051 §6.4.4; ESEARCH, RFC 4731; SEARCHRES, RFC 5182; PARTIAL, RFC 9394. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import { donePartly, isNotUnderstood, requireCapability, unreadable } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, syntax } from '../grammar/encoder.js';
import { isMalformed } from '../grammar/lexer.js';
import type { TaggedResponse } from '../grammar/response.js';
import type { ExtendedSearchData } from '../grammar/search-data.js';
import { neededBy, type SearchQuery, searchProgram } from '../grammar/search-key.js';
import { UidSet } from '../grammar/sequence-set.js';

export interface SearchOptions extends CallOptions {
  /**
   * Only these of the messages that are found, by their place among them: `[1, 100]` are the first hundred, `[-1, -100]` the
   * last. With PARTIAL (RFC 9394) or CONTEXT=SEARCH (RFC 5267) the server counts, else this side does.
   */
  partial?: readonly [from: number, to: number];
  /** The server keeps the result too: `UidSet.saved` then stands for it, until the next search that saves (SEARCHRES). */
  save?: boolean;
}

/** The UIDs of all messages that the query finds, ascending. */
export async function search(
  runner: CommandRunner,
  query: SearchQuery,
  { partial, save = false, ...options }: SearchOptions = {},
): Promise<UidSet> {
  const { session } = runner;
  const program = searchProgram(query, runner.utf8);
  requireSearch(runner, query);
  if (partial !== undefined) checkPartial(partial);
  if (save) requireCapability(runner, ['SEARCHRES'], 'search with save');
  const counted = partial !== undefined && countsWindows(session.capabilities, partial);
  const results = [
    counted ? `PARTIAL ${partial.join(':')}` : 'ALL',
    ...(save ? ['SAVE'] : []),
  ].join(' ');
  // With ESEARCH the result comes as ranges, and names its command, so that searches can be pipelined.
  if (hasExtendedSearch(runner)) {
    const answer = await extendedSearch(runner, results, program, options).catch(
      save ? rethrow : unlessBad,
    );
    const isAnswer =
      answer !== undefined && (counted ? hasWindow(answer, partial) : !lacksAll(answer));
    if (isAnswer && (await isBelievable(runner, query, answer, options))) {
      return answer.partial ?? window(answer.all ?? UidSet.empty, partial);
    }
    session.doubtExtendedSearch();
    // Without its answer nothing says that the server keeps this result, and not an older one.
    if (save)
      throw runner.connection.locate(unreadable('UID SEARCH', 'no ESEARCH that can be believed'));
  }
  return window(await plainSearch(runner, program, options), partial);
}

/** It says what is in the window that was asked for, and not in another one; or names all, from which it can be taken. */
function hasWindow(answer: ExtendedSearchData, asked: readonly [number, number]): boolean {
  if (answer.partial === undefined) return !lacksAll(answer);
  const most = Math.abs(asked[0] - asked[1]) + 1;
  const told = answer.partialRange.split(':').map(Number);
  const isOther =
    Math.min(...told) !== Math.min(...asked) || Math.max(...told) !== Math.max(...asked);
  return answer.partial.size <= most && !isOther;
}

/** It counts messages and does not name them: nothing found is not what it says. */
const lacksAll = ({ all, count = 0, min, max }: ExtendedSearchData): boolean =>
  all === undefined && (count > 0 || min !== undefined || max !== undefined);

export interface SearchSummary {
  /** How many messages were found. */
  readonly count: number;
  /** The lowest and the highest UID among them; `undefined` where there are none. */
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/** How many, the first and the last: with ESEARCH without the numbers in between. */
export async function summary(
  runner: CommandRunner,
  query: SearchQuery,
  options?: CallOptions,
): Promise<SearchSummary> {
  const { session } = runner;
  const program = searchProgram(query, runner.utf8);
  requireSearch(runner, query);
  if (hasExtendedSearch(runner)) {
    const answer = await extendedSearch(runner, 'MIN MAX COUNT', program, options).catch(unlessBad);
    if (
      answer?.count !== undefined &&
      !answer.isUnread &&
      (await isBelievable(runner, query, answer, options))
    ) {
      const { count, min, max } = answer;
      return { count, min, max };
    }
    session.doubtExtendedSearch();
  }
  const found = await search(runner, query, options);
  return { count: found.size, min: found.first, max: found.last };
}

/** A query without conditions. */
export const findsAll = (query: SearchQuery): boolean =>
  typeof query === 'object' &&
  query !== null &&
  Object.values(query).every((value) => value === undefined);

const hasExtendedSearch = ({ session }: CommandRunner): boolean =>
  session.capabilities.has('ESEARCH') && session.extendedSearch !== 'broken';

/** @throws CommandError `ERR_EXTENSION_REQUIRED` for conditions of extensions that the server does not have */
export function requireSearch(runner: CommandRunner, query: SearchQuery): void {
  for (const [name, anyOf] of neededBy(query))
    requireCapability(runner, anyOf, `searching by ${name}`, 'Leave the condition out.');
}

/** partial-range = nz-number ":" nz-number, or both with "-" (RFC 9394 §3.1) */
export function checkPartial(partial: readonly number[]): void {
  const [from = 0, to = 0] = partial;
  const valid =
    partial.length === 2 && Number.isSafeInteger(from) && Number.isSafeInteger(to) && from * to > 0;
  if (!valid) {
    throw new UsageError('ERR_ARGUMENT', 'partial must be two places such as [1, 100]', {
      argument: 'partial',
      hint: 'Both from 1 on, or both from -1 on, which is the last message found.',
    });
  }
}

const countsWindows = (
  capabilities: ReadonlySet<string>,
  [from]: readonly [number, number],
): boolean => capabilities.has('PARTIAL') || (from > 0 && capabilities.has('CONTEXT=SEARCH'));

/** The UIDs at these places. */
function window(found: UidSet, partial: readonly [number, number] | undefined): UidSet {
  if (partial === undefined) return found;
  const places = partial.map((place) => (place > 0 ? place : found.size + 1 + place));
  const first = Math.max(1, Math.min(...places));
  const last = Math.min(found.size, Math.max(...places));
  if (last < first) return UidSet.empty;
  const [from, to] = [found.at(first - 1) as number, found.at(last - 1) as number];
  return found.without(from > 1 ? `1:${from - 1}` : []).without(`${to + 1}:*`);
}

/**
 * Strato's server finds nothing at all by ESEARCH (imapflow#411). So the first time that nothing is found in a mailbox that has
 * messages, it is asked for all of them, once a session.
 */
export async function isBelievable(
  runner: CommandRunner,
  query: SearchQuery,
  { all, partial, count = 0 }: ExtendedSearchData,
  options?: CallOptions,
): Promise<boolean> {
  const { session } = runner;
  const isEmpty = all === undefined && partial === undefined && count === 0;
  if (!isEmpty) session.extendedSearch = 'works';
  if (session.extendedSearch === 'works' || session.selected?.exists === 0) return true;
  if (findsAll(query)) return false;
  const everything = await extendedSearch(runner, 'ALL', searchProgram({}, false), options);
  if (everything?.all !== undefined) session.extendedSearch = 'works';
  return everything?.all !== undefined;
}

/** Some servers announce ESEARCH and know no RETURN. */
function unlessBad(error: unknown): undefined {
  if (isNotUnderstood(error)) return undefined;
  throw error;
}

function rethrow(error: unknown): never {
  throw error;
}

/**
 * The ESEARCH response that names this command's tag.
 * @returns `undefined` where none came: then nothing is known, for one comes even when nothing is found (RFC 4731 §3.1)
 */
export async function extendedSearch(
  runner: CommandRunner,
  results: string,
  program: readonly Argument[],
  options?: CallOptions,
  verb = 'UID SEARCH',
): Promise<ExtendedSearchData | undefined> {
  let tag = '';
  let answer: ExtendedSearchData | undefined;
  const ask = (below: readonly Argument[]): Promise<TaggedResponse> =>
    runner.run(
      {
        verb,
        args: [syntax(`RETURN (${results})`), ...program, ...below],
        wire: { as: 'esearch' },
        answeredBy: ['ESEARCH', 'SEARCH'],
        // What has an order, or counts places, is not put together from parts.
        ...(/^(?:ALL|MIN MAX COUNT)$/.test(results) && verb === 'UID SEARCH'
          ? { goesOn: true }
          : {}),
        onSent: (given) => {
          tag = given;
        },
        claim: (response, _frame, sole) => {
          if (response.type === 'esearch') {
            const { data } = response;
            if (data.tag !== tag && (runner.isOwnTag(data.tag) || !sole())) return false;
            answer = answer === undefined ? data : bothOf(answer, data);
            return true;
          }
          // Some servers advertise ESEARCH and answer in the old form, which names no command.
          if (response.type !== 'search' || !sole()) return false;
          answer = withUids(answer, response.data.uids);
          return true;
        },
      },
      options,
    );
  try {
    await everywhere(runner, verb, ask);
  } catch (error) {
    // The old form is the next try.
    if (!isMalformed(error) || !runner.connection.isOpen) throw error;
    return undefined;
  }
  return answer;
}

/**
 * A server with MESSAGELIMIT (RFC 9738 §3) looks at so many messages, the highest UIDs first, and says how far it came: then it
 * is asked about those below.
 */
async function everywhere(
  runner: CommandRunner,
  verb: string,
  ask: (below: readonly Argument[]) => Promise<TaggedResponse>,
): Promise<void> {
  let last = Number.POSITIVE_INFINITY;
  let response = await ask([]);
  while (response.code?.name === 'MESSAGELIMIT') {
    const lowest = Number(response.code.text.split(' ')[1] ?? Number.NaN);
    if (!(lowest >= 1 && lowest < last)) throw runner.connection.locate(donePartly(response, verb));
    if (lowest === 1) return;
    last = lowest;
    response = await ask(below(last));
  }
}

const below = (uid: number): Argument[] => [syntax(`UID 1:${uid - 1}`)];

/** Some servers send the result in pieces. */
const bothOf = (before: ExtendedSearchData, data: ExtendedSearchData): ExtendedSearchData => ({
  ...data,
  isUnread: before.isUnread || data.isUnread,
  min: either(Math.min, before.min, data.min),
  max: either(Math.max, before.max, data.max),
  count: either((a, b) => a + b, before.count, data.count),
  all: data.all === undefined ? before.all : joined(before.all ?? UidSet.empty, data.all),
  partial:
    data.partial === undefined
      ? before.partial
      : joined(before.partial ?? UidSet.empty, data.partial),
  partialRange: data.partialRange || before.partialRange,
  allText: [before.allText, data.allText].filter((text) => text !== '').join(','),
});

/** One where the other is missing. */
function either(
  of: (a: number, b: number) => number,
  before: number | undefined,
  now: number | undefined,
): number | undefined {
  if (before === undefined || now === undefined) return before ?? now;
  return of(before, now);
}

function withUids(before: ExtendedSearchData | undefined, uids: UidSet): ExtendedSearchData {
  const all = before?.all?.union(uids) ?? uids;
  return {
    tag: undefined,
    uid: true,
    min: all.first,
    max: all.last,
    count: all.size,
    modSeq: undefined,
    isUnread: before?.isUnread ?? false,
    all: all.size === 0 ? undefined : all,
    allText: all.toString(),
    partial: undefined,
    partialRange: '',
  };
}

/** SEARCH responses name no command: alone with its like on the wire, and so all that come are this one's. */
async function plainSearch(
  runner: CommandRunner,
  program: readonly Argument[],
  options?: CallOptions,
): Promise<UidSet> {
  let found: UidSet = UidSet.empty;
  let responses = 0;
  const { unsolicited } = runner.limits;
  const ask = (below: readonly Argument[]): Promise<TaggedResponse> =>
    runner.run(
      {
        verb: 'UID SEARCH',
        args: [...program, ...below],
        wire: { as: 'search' },
        answeredBy: ['SEARCH', 'ESEARCH'],
        goesOn: true,
        claim: (response) => {
          if (response.type === 'search') found = joined(found, response.data.uids);
          else if (response.type === 'esearch' && response.data.updates === undefined)
            found = joined(found, response.data.all);
          else return false;
          if (++responses > unsolicited)
            throw runner.connection.exceeded('unsolicited', unsolicited);
          return true;
        },
      },
      options,
    );
  await everywhere(runner, 'UID SEARCH', ask);
  return found;
}

const joined = (before: UidSet, more: UidSet | undefined): UidSet => {
  if (more === undefined) return before;
  return before.size === 0 ? more : before.union(more);
};
