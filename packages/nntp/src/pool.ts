/** Connections to share: news servers allow several, and articles come faster by them. */
import {
  createPool,
  type Pool,
  type PoolOptions,
  sessionScopeOf,
  splitPoolOptions,
} from '@fivewire/line-protocol';
import { openSession, resolveOptions } from './connect.js';
import { NntpClient } from './nntp-client.js';
import type { NntpOptions } from './types.js';

/** `stream` and `signal` belong to one connection: a pool takes neither. */
export interface NntpPoolOptions extends Omit<NntpOptions, 'stream' | 'signal'>, PoolOptions {}

/**
 * A pool of sessions with one server, which resume each other's TLS sessions. Select a group at each loan: nobody
 * knows what the one before has left.
 *
 * @throws UsageError `ERR_ARGUMENT`, TlsError `ERR_SERVER_HOSTNAME_…`; nothing has been dialled
 */
export function createNntpPool(options: NntpPoolOptions): Pool<NntpClient> {
  const { own, rest } = splitPoolOptions('nntp', options);
  const resolved = resolveOptions(rest);
  const sessions = sessionScopeOf(resolved.transport);
  return createPool(async () => new NntpClient(await openSession(resolved, sessions)), own);
}
