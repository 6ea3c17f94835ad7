/** Connections to share: news servers allow several, and articles come faster by them. */
import { finished } from 'node:stream/promises';
import {
  type ClientPool,
  createPool,
  onePerLoop,
  oneSession,
  type PoolOptions,
  sessionScopeOf,
  splitPoolOptions,
  type Ways,
  withClientMethods,
} from '@fivewire/line-protocol';
import { callChecks } from './call-checks.js';
import { openSession, resolveOptions } from './connect.js';
import { NntpClient } from './nntp-client.js';
import {
  createServers,
  type NntpServerOptions,
  type NntpServers,
  type NntpServersOptions,
} from './servers.js';
import type { NntpOptions } from './types.js';

/** `stream` and `signal` belong to one connection: a pool takes neither. */
export interface NntpPoolOptions extends Omit<NntpOptions, 'stream' | 'signal'>, PoolOptions {}

const current = 'numbers and the current article belong to the group that a session has selected.';

const bodies = 'the body of an article is read from the connection on which it came.';

type Way = Ways<NntpClient>['date'];

/** A message-id means the same in every session. */
const unlessId = (id?: unknown): string | undefined =>
  typeof id === 'string' ? undefined : current;
const bodyRead = ({ body }: { body: NodeJS.ReadableStream }): Promise<void> => finished(body);

/** One connection for each call, for as long as its result is read, or until its rows have come: once its arguments can be right. */
const call = (check: (...args: never[]) => void): Way => ({ way: 'call', check });
const result = (
  check: (...args: never[]) => void,
  held: (result: never) => Promise<unknown>,
): Way => ({ way: 'call', held, unless: unlessId, check });
const atOnce = async (): Promise<void> => {};
const unlessRangeId = (_field: unknown, range?: unknown): string | undefined => unlessId(range);

const ways: Ways<NntpClient> = {
  group: call(callChecks.group),
  listGroup: onePerLoop(callChecks.listGroup),
  overview: onePerLoop(callChecks.overview, unlessId),
  header: onePerLoop(callChecks.header, unlessRangeId),
  xpat: onePerLoop(callChecks.xpat, unlessRangeId),
  article: result(callChecks.article, bodyRead),
  body: result(callChecks.body, bodyRead),
  head: result(callChecks.head, atOnce),
  stat: result(callChecks.stat, atOnce),
  articles: oneSession(bodies),
  archive: oneSession(bodies),
  next: oneSession(current),
  last: oneSession(current),
  listActive: onePerLoop(callChecks.listActive),
  listActiveTimes: onePerLoop(callChecks.listActiveTimes),
  listNewsgroups: onePerLoop(callChecks.listNewsgroups),
  listCounts: onePerLoop(callChecks.listCounts),
  listSubscriptions: onePerLoop(callChecks.listSubscriptions),
  listDistribPats: onePerLoop(callChecks.listDistribPats),
  listDistributions: onePerLoop(callChecks.listDistributions),
  listModerators: onePerLoop(callChecks.listModerators),
  listMotd: onePerLoop(callChecks.listMotd),
  listHeaders: onePerLoop(callChecks.listHeaders),
  listOverviewFormat: call(callChecks.listOverviewFormat),
  newGroups: onePerLoop(callChecks.newGroups),
  newNews: onePerLoop(callChecks.newNews),
  date: call(callChecks.date),
  help: call(callChecks.help),
  feed: onePerLoop(callChecks.feed),
  post: call(callChecks.post),
  command: call(callChecks.command),
};

/** Every pool's methods, and those of `NntpClient` that need no selected group. */
export type NntpPool = ClientPool<NntpClient, 'articles' | 'archive' | 'next' | 'last'>;

/**
 * A pool of sessions with one server, which resume each other's TLS sessions. Each call takes a free one; what needs a group
 * selected goes into `use()`, which selects it first: it is not known what the loan before has left.
 *
 * @throws UsageError `ERR_ARGUMENT`, TlsError `ERR_SERVER_HOSTNAME_…`; nothing has been dialled
 */
export function createNntpPool(options: NntpPoolOptions): NntpPool;
/**
 * Several servers as one, by priority: what one does not have, the next may. See {@link NntpServers}.
 *
 * @throws UsageError `ERR_ARGUMENT`, TlsError `ERR_SERVER_HOSTNAME_…`; nothing has been dialled
 */
export function createNntpPool(
  servers: readonly NntpServerOptions[],
  options?: NntpServersOptions,
): NntpServers;
export function createNntpPool(
  options: NntpPoolOptions | readonly NntpServerOptions[],
  more: NntpServersOptions = {},
): NntpPool | NntpServers {
  return isList(options) ? createServers(options, more, poolOf) : poolOf(options);
}

const isList = (options: unknown): options is readonly NntpServerOptions[] =>
  Array.isArray(options);

function poolOf(options: NntpPoolOptions): NntpPool {
  const { own, rest } = splitPoolOptions('nntp', options);
  const resolved = resolveOptions(rest);
  const sessions = sessionScopeOf(resolved.transport);
  const connect = async () => new NntpClient(await openSession(resolved, sessions));
  return withClientMethods(createPool(connect, own), ways);
}
