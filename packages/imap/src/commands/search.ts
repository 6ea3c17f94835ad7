/** UID SEARCH, RFC 9051 §6.4.4; ESEARCH, RFC 4731. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { syntax } from '../grammar/encoder.js';
import { type SearchQuery, searchProgram } from '../grammar/search-key.js';
import { UidSet } from '../grammar/sequence-set.js';

/** The UIDs of all messages that the query finds, ascending. */
export async function search(
  runner: CommandRunner,
  query: SearchQuery,
  options?: CallOptions,
): Promise<UidSet> {
  const program = searchProgram(query, runner.utf8);
  // With ESEARCH the result comes as ranges: a million messages in one word.
  const extended = runner.session.capabilities.has('ESEARCH');
  let found: UidSet = UidSet.empty;
  let responses = 0;
  await runner.run(
    {
      verb: 'UID SEARCH',
      args: extended ? [syntax('RETURN (ALL)'), ...program] : program,
      claim: (response) => {
        if (++responses > mostResponses) return false;
        if (response.type === 'search')
          found = found.size === 0 ? response.data.uids : found.union(response.data.uids);
        else if (response.type === 'esearch') found = response.data.all ?? found;
        else return false;
        return true;
      },
    },
    options,
  );
  return found;
}

/** Some servers send the result in pieces; more than this many is no result any more. */
const mostResponses = 1_000;
