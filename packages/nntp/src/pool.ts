/** Connections to share: news servers allow several, and articles come faster by them. */
import { finished } from 'node:stream/promises';
import {
  type ClientPool,
  createPool,
  onePerCall,
  onePerLoop,
  onePerResult,
  oneSession,
  type PoolOptions,
  sessionScopeOf,
  splitPoolOptions,
  type Ways,
  withClientMethods,
} from '@fivewire/line-protocol';
import { openSession, resolveOptions } from './connect.js';
import { NntpClient } from './nntp-client.js';
import { callRules, feedRules, listGroupRules, listRules, windowRules } from './options.js';
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

/** A message-id means the same in every session. */
const unlessId = (id?: unknown): string | undefined =>
  typeof id === 'string' ? undefined : current;
const bodyRead = ({ body }: { body: NodeJS.ReadableStream }): Promise<void> => finished(body);

const ways: Ways<NntpClient> = {
  group: onePerCall,
  listGroup: onePerLoop(listGroupRules),
  overview: onePerLoop(windowRules, unlessId),
  header: onePerLoop(callRules, (_field: unknown, range?: unknown) => unlessId(range)),
  xpat: onePerLoop(callRules, (_field: unknown, range?: unknown) => unlessId(range)),
  article: onePerResult(bodyRead, unlessId),
  body: onePerResult(bodyRead, unlessId),
  head: onePerResult(async () => {}, unlessId),
  stat: onePerResult(async () => {}, unlessId),
  articles: oneSession(bodies),
  archive: oneSession(bodies),
  next: oneSession(current),
  last: oneSession(current),
  listActive: onePerLoop(listRules),
  listActiveTimes: onePerLoop(listRules),
  listNewsgroups: onePerLoop(listRules),
  listCounts: onePerLoop(listRules),
  listSubscriptions: onePerLoop(listRules),
  listDistribPats: onePerLoop(callRules),
  listDistributions: onePerLoop(callRules),
  listModerators: onePerLoop(callRules),
  listMotd: onePerLoop(callRules),
  listHeaders: onePerLoop(callRules),
  listOverviewFormat: onePerCall,
  newGroups: onePerLoop(callRules),
  newNews: onePerLoop(callRules),
  date: onePerCall,
  help: onePerCall,
  feed: onePerLoop(feedRules),
  post: onePerCall,
  command: onePerCall,
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
