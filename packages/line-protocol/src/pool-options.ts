/** What a client's pool is made with: the pool's own options beside those of each of its connections. */
import {
  addErrorContext,
  checkOptions,
  isFivewireError,
  type ProtocolName,
  UsageError,
} from 'tls-context-core';
import { type PoolOptions, poolRules } from './pool.js';

/**
 * Parts them. What is left undefined has its default.
 *
 * @throws UsageError `ERR_ARGUMENT` for what belongs to one connection alone
 */
export function splitPoolOptions<O extends PoolOptions>(
  protocol: ProtocolName,
  options: O,
): { own: PoolOptions; rest: Omit<O, keyof PoolOptions> } {
  const { maxConnections, idleTimeout, maxAge, maxUses, outageTimeout, ...rest } = options ?? {};
  for (const key of ['stream', 'signal']) {
    if (Reflect.get(rest, key) === undefined) continue;
    throw new UsageError('ERR_ARGUMENT', `A pool takes no ${key}`, {
      protocol,
      argument: key,
      hint: 'It belongs to one connection; `dial` makes as many streams as are needed.',
    });
  }
  const all = Object.entries({ maxConnections, idleTimeout, maxAge, maxUses, outageTimeout });
  const own = Object.fromEntries(all.filter(([, value]) => value !== undefined));
  try {
    checkOptions(own, poolRules);
  } catch (error) {
    throw isFivewireError(error) ? addErrorContext(error, { protocol }) : error;
  }
  return { own, rest };
}
