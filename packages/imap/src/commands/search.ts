/** UID SEARCH, RFC 9051 §6.4.4; ESEARCH, RFC 4731. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, syntax } from '../grammar/encoder.js';
import type { ExtendedSearchData } from '../grammar/search-data.js';
import { type SearchQuery, searchProgram } from '../grammar/search-key.js';
import { UidSet } from '../grammar/sequence-set.js';

/** The UIDs of all messages that the query finds, ascending. */
export async function search(
  runner: CommandRunner,
  query: SearchQuery,
  options?: CallOptions,
): Promise<UidSet> {
  const { session } = runner;
  const program = searchProgram(query, runner.utf8);
  // With ESEARCH the result comes as ranges, and names its command, so that searches can be pipelined.
  if (session.capabilities.has('ESEARCH') && !session.extendedSearchBroken) {
    const answer = await extendedSearch(runner, 'ALL', program, options);
    if (answer !== undefined && !isContradiction(runner, query, answer)) {
      return answer.all ?? UidSet.empty;
    }
    session.doubtExtendedSearch();
  }
  return plainSearch(runner, program, options);
}

/** Strato's server finds nothing at all by ESEARCH (imapflow#411): nothing among all messages of a mailbox that has some. */
const isContradiction = (
  { session }: CommandRunner,
  query: SearchQuery,
  { all }: ExtendedSearchData,
): boolean =>
  all === undefined &&
  (session.selected?.exists ?? 0) > 0 &&
  Object.values(query).every((value) => value === undefined);

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
  await runner.run(
    {
      verb,
      args: [syntax(`RETURN (${results})`), ...program],
      wire: { as: 'esearch' },
      onSent: (given) => {
        tag = given;
      },
      claim: (response, _frame, sole) => {
        if (response.type === 'esearch') {
          const { data } = response;
          if (data.tag !== tag && (runner.isOwnTag(data.tag) || !sole())) return false;
          answer = data;
          return true;
        }
        // Some servers advertise ESEARCH and answer in the old form, which names nobody.
        if (response.type !== 'search' || !sole()) return false;
        answer = withUids(answer, response.data.uids);
        return true;
      },
    },
    options,
  );
  return answer;
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
    all: all.size === 0 ? undefined : all,
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
  await runner.run(
    {
      verb: 'UID SEARCH',
      args: program,
      wire: { as: 'search' },
      claim: (response) => {
        if (++responses > mostResponses) return false;
        if (response.type === 'search') found = joined(found, response.data.uids);
        else if (response.type === 'esearch') found = joined(found, response.data.all);
        else return false;
        return true;
      },
    },
    options,
  );
  return found;
}

const joined = (before: UidSet, more: UidSet | undefined): UidSet => {
  if (more === undefined) return before;
  return before.size === 0 ? more : before.union(more);
};

/** Some servers send the result in pieces; more than this many is no result any more. */
const mostResponses = 1_000;
