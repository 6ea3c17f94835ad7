/** Connections to share. Most servers lock a mailbox for one session: a pool is for those that don't, or for one at a time. */
import { createPool, type Lease, type Pool, type PoolOptions } from '@fivewire/line-protocol';
import { Pop3Client } from './pop3-client.js';
import type { Pop3Options } from './types.js';

export type Pop3PoolOptions = Omit<Pop3Options, 'stream' | 'signal'> & PoolOptions;

/**
 * A pool of sessions. Deletions marked by one loan are taken back at its end, unless it has said `client.quit()`.
 * `maxConnections` is 1 by default.
 */
export function createPop3Pool({
  maxConnections = 1,
  idleTimeout,
  maxAge,
  maxUses,
  ...options
}: Pop3PoolOptions): Pool<Pop3Client> {
  const limits = Object.fromEntries(
    Object.entries({ maxConnections, idleTimeout, maxAge, maxUses }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const pool = createPool(async () => member(await Pop3Client.connect(options)), limits);
  const lend = ({ client: { client }, release }: Lease<Member>): Lease<Pop3Client> => {
    let out = true;
    const back = (): void => {
      if (!out) return;
      out = false;
      if (client.marked.length === 0) release();
      else
        client
          .reset()
          .catch(() => client.close())
          .finally(release);
    };
    return { client, release: back, [Symbol.asyncDispose]: async () => back() };
  };
  const acquire: Pool<Pop3Client>['acquire'] = async (given) => lend(await pool.acquire(given));
  return {
    get size() {
      return pool.size;
    },
    acquire,
    async use(work, given) {
      const lease = await acquire(given);
      try {
        return await work(lease.client);
      } finally {
        lease.release();
      }
    },
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

interface Member {
  client: Pop3Client;
  closed: Promise<unknown>;
  quit(): Promise<unknown>;
  close(): void;
}

/** The pool's own goodbye commits nothing. */
const member = (client: Pop3Client): Member => ({
  client,
  closed: client.closed,
  quit: () => client[Symbol.asyncDispose](),
  close: () => client.close(),
});
