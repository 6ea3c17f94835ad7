/** Several news servers as one: by priority, each with as many connections as it grants; what one does not have, the next may. */
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CommandError,
  ConnectionError,
  checkOptions,
  type FivewireError,
  growingPause,
  isFivewireError,
  type Pool,
  type Rules,
  rules,
  UsageError,
} from '@fivewire/line-protocol';
import { messageId as checkedId } from './arguments.js';
import type { NntpClient } from './nntp-client.js';
import type { NntpPoolOptions } from './pool.js';

/** Outages are waited for here, over all servers: see `backOff`. */
export interface NntpServerOptions extends Omit<NntpPoolOptions, 'outageTimeout'> {
  /** What reports call it. Default: its host. */
  name?: string;
  /** Servers of a lower number are asked first; of one number, the one that has least to do. Default 0. */
  priority?: number;
}

export interface NntpServersOptions {
  /** Milliseconds before a server that had no room or did not answer is asked again, doubled each time up to `most`. Default 1,000 and 60,000. */
  backOff?: { first?: number; most?: number };
  /** How often a server is tried for one article before the next one is asked. Default 4. */
  attempts?: number;
}

/** Why a server did not give an article. */
export interface Attempt {
  server: string;
  /**
   * `missing`: it has none (423, 430, 451); `blocked`: it lets us not in, or not to this; `later`: no room, no answer; `damaged`: what it gave was
   * not taken.
   */
  verdict: 'missing' | 'blocked' | 'later' | 'damaged';
  error?: FivewireError;
}

export interface ServerStatus {
  name: string;
  priority: number;
  /** Open or being made. */
  connections: number;
  state: 'ready' | 'backing-off' | 'blocked';
  error?: FivewireError;
}

export interface FetchOptions {
  signal?: AbortSignal;
  /** Whether what came is good; if not, the next server is asked. Default: anything is. */
  accept?: (octets: Buffer) => boolean;
}

export interface NntpServers {
  /** How each server is doing. */
  readonly status: readonly ServerStatus[];
  /** The connections that all may have together. */
  readonly maxConnections: number;
  /**
   * The body of an article, from the first server that has it.
   * @throws CommandError ERR_NOT_FOUND where all servers say that they have none; ConnectionError where one could not be asked: there it may be. Both
   * have `attempts`.
   */
  fetch(
    messageId: string,
    options?: FetchOptions,
  ): Promise<{ server: string; octets: Buffer; attempts: readonly Attempt[] }>;
  /** Lends a client of the first server that lets us in. Waits where there is no room; a loan never fails for that. */
  use<T>(work: (client: NntpClient) => Promise<T>, options?: { signal?: AbortSignal }): Promise<T>;
  /** Says goodbye on all connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Server {
  name: string;
  priority: number;
  most: number;
  pool: Pool<NntpClient>;
  underWay: number;
  /** In a row. */
  failures: number;
  notBefore: number;
  blocked: FivewireError | undefined;
  last: FivewireError | undefined;
}

const serversRules: Rules<NntpServersOptions> = { backOff: rules.object, attempts: rules.positive };
const backOffRules: Rules<NonNullable<NntpServersOptions['backOff']>> = {
  first: rules.positive,
  most: rules.positive,
};
const useRules: Rules<{ signal?: AbortSignal }> = { signal: rules.callRules.signal };
const fetchRules: Rules<FetchOptions> = {
  signal: rules.callRules.signal,
  accept: rules.callback,
};

/** @throws UsageError ERR_ARGUMENT */
export function createServers(
  list: readonly NntpServerOptions[],
  options: NntpServersOptions,
  createPool: (options: NntpPoolOptions) => Pool<NntpClient>,
): NntpServers {
  checkOptions(options, serversRules);
  if (list.length === 0) throw wrong('servers', 'A pool needs a server');
  checkOptions(options.backOff ?? {}, backOffRules);
  const { first = 1_000, most = 60_000 } = options.backOff ?? {};
  const pauses = { first, longest: most };
  const { attempts: tries = 4 } = options;
  const servers = list.map((server): Server => {
    if (typeof server !== 'object' || server === null)
      throw wrong('servers', 'A server is an object, such as { host }');
    const { name, priority = 0, ...rest } = server;
    if (name !== undefined && typeof name !== 'string') throw wrong('name', 'name must be a text');
    if (!Number.isFinite(priority)) throw wrong('priority', 'priority must be a number');
    return {
      name: name ?? String(rest.host),
      priority,
      most: rest.maxConnections ?? 4,
      // A body is held whole here.
      // Another server has it, sooner than this one comes back.
      pool: createPool({
        ...rest,
        outageTimeout: 0,
        limits: { articleOctets: 64 * 2 ** 20, ...rest.limits },
      }),
      underWay: 0,
      failures: 0,
      notBefore: 0,
      blocked: undefined,
      last: undefined,
    };
  });
  const inOrder = (): Server[] =>
    [...servers].sort(
      (a, b) => a.priority - b.priority || a.underWay / a.most - b.underWay / b.most,
    );

  const failed = (server: Server, error: FivewireError): void => {
    server.last = error;
    server.notBefore = Date.now() + growingPause(++server.failures, pauses);
  };

  /** One loan, tried until the server has room, has answered, or has been tried enough. */
  const lend = async <T>(
    server: Server,
    work: (client: NntpClient) => Promise<T>,
    signal: AbortSignal | undefined,
    times: number,
  ): Promise<T> => {
    server.underWay++;
    try {
      for (let time = 1; ; time++) {
        if (server.blocked !== undefined) throw server.blocked;
        const pause = server.notBefore - Date.now();
        if (pause > 0) await sleep(pause, undefined, { signal, ref: true });
        try {
          const result = await server.pool.use(work, signal === undefined ? {} : { signal });
          server.failures = 0;
          return result;
        } catch (error) {
          if (!isFivewireError(error) || isCallers(error) || signal?.aborted) throw error;
          if (isRefusalOfArticle(error)) {
            server.failures = 0;
            throw error;
          }
          if (!mayPass(error)) {
            if (error.connection === 'closed' && !isTooMuch(error)) server.blocked = error;
            throw error;
          }
          failed(server, error);
          if (time >= times) throw error;
        }
      }
    } finally {
      server.underWay--;
    }
  };

  return {
    get status() {
      return servers.map((server): ServerStatus => {
        const { name, priority, blocked, failures, last, pool } = server;
        const error = blocked ?? (failures > 0 ? last : undefined);
        return {
          name,
          priority,
          connections: pool.size,
          state: blocked ? 'blocked' : failures > 0 ? 'backing-off' : 'ready',
          ...(error === undefined ? {} : { error }),
        };
      });
    },
    maxConnections: servers.reduce((sum, server) => sum + server.most, 0),
    async fetch(messageId, given = {}) {
      checkOptions(given, fetchRules);
      const { signal, accept = () => true } = given;
      checkedId(messageId);
      const order = inOrder();
      const found = new Map<Server, Attempt>();
      const attempts = (): Attempt[] => order.flatMap((server) => found.get(server) ?? []);
      const body = async (client: NntpClient): Promise<Buffer> =>
        buffer((await client.body(messageId)).body);
      // First those that are well, once each; only where none of them has it, the others are waited for.
      const left = new Set(order);
      for (const times of order.length > 1 ? [1, tries] : [tries]) {
        for (const server of left) {
          if (times === 1 && order.length > 1 && server.notBefore > Date.now()) continue;
          try {
            const octets = await lend(server, body, signal, times);
            if (accept(octets)) return { server: server.name, octets, attempts: attempts() };
            found.set(server, { server: server.name, verdict: 'damaged' });
          } catch (error) {
            if (!isFivewireError(error) || isCallers(error) || signal?.aborted) throw error;
            found.set(server, { server: server.name, verdict: verdictOf(error), error });
            if (verdictOf(error) === 'later') continue;
          }
          left.delete(server);
        }
      }
      throw notHad(messageId, attempts());
    },
    async use(work, given = {}) {
      checkOptions(given, useRules);
      if (typeof work !== 'function')
        throw wrong('work', 'use() takes a function, which is lent a client');
      const { signal } = given;
      for (;;) {
        const now = Date.now();
        const alive = inOrder().filter(({ blocked }) => blocked === undefined);
        const server =
          alive.find(({ notBefore }) => notBefore <= now) ??
          alive.sort((a, b) => a.notBefore - b.notBefore)[0];
        if (server === undefined) throw inOrder()[0]?.blocked;
        let began = false;
        const begin = (client: NntpClient): ReturnType<typeof work> => {
          began = true;
          return work(client);
        };
        try {
          return await lend(server, begin, signal, 1);
        } catch (error) {
          const another =
            isFivewireError(error) && (mayPass(error) || server.blocked !== undefined);
          if (began || signal?.aborted || !another) throw error;
        }
      }
    },
    async close() {
      await Promise.all(servers.map(({ pool }) => pool.close()));
    },
    [Symbol.asyncDispose]() {
      return this.close();
    },
  };
}

/** A call that no server could make right, or one on a pool that is closed. */
const isCallers = (error: FivewireError): boolean => error.name === 'UsageError';

/** What another try, another connection or some time may mend; nonsense in mid-session too, but not in the place of a greeting or a login. */
const mayPass = (error: FivewireError): boolean =>
  error.retry !== 'never' ||
  error.code === 'ERR_DIAL_FAILED' ||
  error.code === 'ERR_TIMEOUT' ||
  (error.code === 'ERR_MALFORMED_RESPONSE' && isInSession(error));

/** An article beyond `limits` is none; the server may be well. */
const isTooMuch = (error: FivewireError): boolean =>
  error.code === 'ERR_LIMIT_EXCEEDED' && isInSession(error);

const isInSession = ({ phase }: FivewireError): boolean =>
  phase === undefined || phase === 'command' || phase === 'transfer';

/** The server spoke about the article, or the command: it is well, and this connection too. */
const isRefusalOfArticle = (error: FivewireError): boolean =>
  error.connection === 'usable' && (error.code === 'ERR_NOT_FOUND' || error.retry === 'never');

const verdictOf = (error: FivewireError): Attempt['verdict'] =>
  error.code === 'ERR_NOT_FOUND'
    ? 'missing'
    : isTooMuch(error)
      ? 'damaged'
      : mayPass(error)
        ? 'later'
        : 'blocked';

function notHad(messageId: string, attempts: readonly Attempt[]): FivewireError {
  const said = attempts.map(({ server, verdict }) => `${server}: ${verdict}`).join(', ');
  const isMissing = attempts.every(({ verdict }) => verdict === 'missing');
  const error = isMissing
    ? new CommandError('ERR_NOT_FOUND', `No server has ${messageId} (${said})`, {
        protocol: 'nntp',
        hint: 'Another provider may keep articles for longer.',
      })
    : new ConnectionError('ERR_CONNECTION_CLOSED', `${messageId} could not be had (${said})`, {
        protocol: 'nntp',
        retry: attempts.some(({ verdict }) => verdict === 'later') ? 'later' : 'never',
        hint: '`attempts` says what kept each server from it.',
      });
  return Object.defineProperty(error, 'attempts', { value: attempts, enumerable: true });
}

const wrong = (argument: string, message: string): UsageError =>
  new UsageError('ERR_ARGUMENT', message, { protocol: 'nntp', argument });
