/**
 * A pool's loans: a call that finds all connections lent waits behind their transfers, and is refused when the last of these refuses
 * it (`ERR_WOULD_DEADLOCK`), as it would be on one connection.
 */
import {
  type CallOptions,
  type FivewireError,
  knownDeadlock,
  type Lease,
  type Pool,
  shareDemand,
  useLease,
} from '@fivewire/line-protocol';
import type { Control } from './control.js';

/** @param controlOf the control connection of a client that is lent */
export function lendingInTurn<C extends object>(
  pool: Pool<C>,
  maxConnections: number,
  controlOf: (client: C) => Control,
): Pool<C> {
  const lent = new Set<C>();
  const acquire: Pool<C>['acquire'] = async (options) => {
    const isBehind = lent.size >= maxConnections;
    const controls = isBehind ? [...lent].map(controlOf) : [];
    const lease = await (isBehind ? behind(pool, controls, options ?? {}) : pool.acquire(options));
    const { client } = lease;
    lent.add(client);
    const release = (): void => {
      lent.delete(client);
      lease.release();
    };
    return { client, release, [Symbol.asyncDispose]: async () => release() };
  };
  const lending: Pool<C> = {
    get size() {
      return pool.size;
    },
    acquire,
    use: (work, options) => useLease(() => acquire(options), work),
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
  shareDemand(pool, lending);
  return lending;
}

async function behind<C>(
  pool: Pool<C>,
  controls: readonly Control[],
  { signal, ...patience }: CallOptions,
): Promise<Lease<C>> {
  const command = 'a call of the pool';
  const refused = new AbortController();
  let refusal: FivewireError | undefined;
  let moving = controls.length;
  const ends = controls.map(({ calls, connection }) => {
    const refuse = (error: FivewireError): void => {
      moving -= 1;
      if (moving > 0) return;
      refusal = connection.locate(error);
      refused.abort(refusal);
    };
    const known = knownDeadlock(connection, command);
    if (known !== undefined) queueMicrotask(() => refuse(known));
    return calls.add({ command, refuse });
  });
  try {
    const both = signal === undefined ? refused.signal : AbortSignal.any([signal, refused.signal]);
    return await pool.acquire({ ...patience, signal: both });
  } catch (error) {
    throw refusal ?? error;
  } finally {
    for (const end of ends) end();
  }
}
