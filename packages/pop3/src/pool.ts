/** Connections to share. Most servers lock a mailbox for one session: a pool is for those that don't, or for one at a time. */
import {
  type ClientPool,
  createPool,
  type Lease,
  onePerLoop,
  oneSession,
  type Pool,
  type PoolOptions,
  sessionScopeOf,
  shareDemand,
  splitPoolOptions,
  useLease,
  type Ways,
  withClientMethods,
} from '@fivewire/line-protocol';
import { callChecks } from './call-checks.js';
import { openSession, resolveOptions } from './connect.js';
import { Pop3Client } from './pop3-client.js';
import type { Pop3Options } from './types.js';

/** `stream` and `signal` belong to one connection: a pool takes neither. */
export interface Pop3PoolOptions extends Omit<Pop3Options, 'stream' | 'signal'>, PoolOptions {}

const numbers = 'another session may number the messages in another way.';
const marks = 'marks belong to the session that commits them.';

type SessionBound = 'retrieve' | 'top' | 'retrieveAll' | 'delete' | 'reset' | 'language';

const ways: Ways<Pop3Client> = {
  stat: { way: 'call', check: callChecks.stat },
  list: onePerLoop(callChecks.list),
  uidl: onePerLoop(callChecks.uidl),
  retrieve: oneSession(numbers),
  top: oneSession(numbers),
  retrieveAll: oneSession(numbers),
  delete: oneSession(marks),
  reset: oneSession(marks),
  languages: { way: 'call', check: callChecks.languages },
  language: oneSession('a language is chosen for one session.'),
  noop: { way: 'call', check: callChecks.noop },
  command: { way: 'call', check: callChecks.command },
};

/** Every pool's methods, and those of `Pop3Client` that mean the same in every session. */
export type Pop3Pool = ClientPool<Pop3Client, SessionBound>;

/**
 * A pool of sessions, which resume each other's TLS sessions. Deletions marked by one loan are taken back at its end,
 * unless it has said `client.quit()`. `maxConnections` is 1 by default.
 *
 * @throws UsageError `ERR_ARGUMENT`, TlsError `ERR_SERVER_HOSTNAME_…`; nothing has been dialled
 */
export function createPop3Pool(options: Pop3PoolOptions): Pop3Pool {
  const { own, rest } = splitPoolOptions('pop3', options);
  const resolved = resolveOptions(rest);
  const sessions = sessionScopeOf(resolved.transport);
  const pool = createPool(
    async () => member(new Pop3Client(await openSession(resolved, sessions))),
    { maxConnections: 1, ...own },
  );
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
  const clients: Pool<Pop3Client> = {
    get size() {
      return pool.size;
    },
    acquire,
    use: (work, given) => useLease(() => acquire(given), work),
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
  shareDemand(pool, clients);
  return withClientMethods(clients, ways);
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
