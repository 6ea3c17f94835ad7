/** Connections to share: news servers allow several, and articles come faster by them. */
import {
  createPool,
  createSessionScope,
  type Pool,
  type PoolOptions,
  UsageError,
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
  const { maxConnections, idleTimeout, maxAge, maxUses, ...rest } = options ?? {};
  for (const key of ['stream', 'signal'] as const) {
    if ((rest as NntpOptions)[key] === undefined) continue;
    throw new UsageError('ERR_ARGUMENT', `A pool takes no ${key}`, {
      protocol: 'nntp',
      argument: key,
      hint: 'It belongs to one connection; `dial` makes as many streams as are needed.',
    });
  }
  const resolved = resolveOptions(rest);
  const { context, serverHostname, protocol, port } = resolved.transport;
  const sessions =
    context === undefined || serverHostname === undefined
      ? undefined
      : createSessionScope({ context, serverHostname, protocol, port });
  const limits = Object.fromEntries(
    Object.entries({ maxConnections, idleTimeout, maxAge, maxUses }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return createPool(async () => new NntpClient(await openSession(resolved, sessions)), limits);
}
