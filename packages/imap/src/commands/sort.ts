/** UID SORT and UID THREAD, RFC 5256; SORT=DISPLAY, RFC 5957; ESORT, RFC 5267. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import { requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { extensionData } from '../extension-data.js';
import { atom, syntax } from '../grammar/encoder.js';
import { type SearchQuery, searchKeys } from '../grammar/search-key.js';
import { parseSort, parseThreads, type Thread } from '../grammar/sort-data.js';
import { extendedSearch, isBelievable, requireSearch } from './search.js';

const keys = {
  arrival: 'ARRIVAL',
  cc: 'CC',
  date: 'DATE',
  from: 'FROM',
  size: 'SIZE',
  subject: 'SUBJECT',
  to: 'TO',
  displayFrom: 'DISPLAYFROM',
  displayTo: 'DISPLAYTO',
} as const;

/** What to sort by; `-` before it turns the order round: `'-arrival'`. */
export type SortKey = keyof typeof keys | `-${keyof typeof keys}`;

/** The UIDs of what the query finds, in the order of the keys, the first counting most. */
export async function sort(
  runner: CommandRunner,
  by: SortKey | readonly SortKey[],
  query: SearchQuery,
  options?: CallOptions,
): Promise<number[]> {
  const order = sortProgram(typeof by === 'string' ? [by] : by);
  const program = [syntax(`(${order})`), syntax('UTF-8'), ...searchKeys(query)];
  requireCapability(runner, ['SORT'], 'sort', 'search(), and sort what fetch() gives.');
  if (order.includes('DISPLAY'))
    requireCapability(runner, ['SORT=DISPLAY'], 'sort by display name');
  requireSearch(runner, query);
  if (runner.session.capabilities.has('ESORT') && runner.session.extendedSearch !== 'broken') {
    const answer = await extendedSearch(runner, 'ALL', program, options, 'UID SORT');
    if (answer !== undefined && (await isBelievable(runner, query, answer, options)))
      return [...inOrder(answer.allText, answer.all?.size ?? 0)];
  }
  const found: number[] = [];
  await runner.run(
    {
      verb: 'UID SORT',
      args: program,
      wire: { as: 'sort' },
      answeredBy: ['SORT'],
      claim: (response, frame) => {
        const uids = extensionData(runner, response, frame, 'SORT', parseSort);
        for (const uid of uids ?? []) found.push(uid);
        return uids !== undefined;
      },
    },
    options,
  );
  return found;
}

/** sort-criteria. @throws UsageError `ERR_ARGUMENT` */
function sortProgram(by: readonly SortKey[]): string {
  if (!Array.isArray(by) || by.length === 0) throw noKey();
  const words = by.map((key) => {
    const name = String(key).replace(/^-/, '');
    if (!Object.hasOwn(keys, name)) throw noKey();
    return `${String(key).startsWith('-') ? 'REVERSE ' : ''}${keys[name as keyof typeof keys]}`;
  });
  return words.join(' ');
}

const noKey = (): UsageError =>
  new UsageError('ERR_ARGUMENT', `by must be some of ${Object.keys(keys).join(', ')}`, {
    argument: 'by',
    hint: "With '-' before it the order is reversed: '-arrival'.",
  });

/** The numbers of a sequence-set as it was written, ranges downwards too; never more than `most`. */
function* inOrder(set: string, most: number): IterableIterator<number> {
  const seen = new Set<number>();
  for (const range of set === '' ? [] : set.split(',')) {
    const [from = 0, to = from] = range.split(':').map(Number);
    const step = to < from ? -1 : 1;
    for (let uid = from; uid !== to + step && seen.size < most; uid += step) {
      // Once more in another range.
      if (seen.has(uid)) continue;
      seen.add(uid);
      yield uid;
    }
  }
}

/** `'REFERENCES'` and `'ORDEREDSUBJECT'` (RFC 5256), `'REFS'`: the server's `THREAD=` capabilities say which it has. */
export async function thread(
  runner: CommandRunner,
  algorithm: string,
  query: SearchQuery,
  options?: CallOptions,
): Promise<Thread[]> {
  const name = atom(algorithm, 'algorithm');
  const program = [name, syntax('UTF-8'), ...searchKeys(query)];
  requireCapability(runner, [`THREAD=${algorithm.toUpperCase()}`], 'thread');
  requireSearch(runner, query);
  const found: Thread[] = [];
  await runner.run(
    {
      verb: 'UID THREAD',
      args: program,
      wire: { as: 'thread' },
      answeredBy: ['THREAD'],
      claim: (response, frame) => {
        const threads = extensionData(runner, response, frame, 'THREAD', parseThreads);
        for (const one of threads ?? []) found.push(one);
        return threads !== undefined;
      },
    },
    options,
  );
  return found;
}
