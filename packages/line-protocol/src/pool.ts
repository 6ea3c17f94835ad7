/**
 * Connections to share: made when needed, at most so many, kept for a while, replaced when they die.
 * The clients' pools (`createImapPool`, …) are this one with their `connect`, and their client's methods by pool-surface.ts.
 */
import {
  ConnectionError,
  checkOptions,
  endless,
  errorAgain,
  type FivewireError,
  isFivewireError,
  longestTimer,
  type Rule,
  type Rules,
  UsageError,
} from 'tls-context-core';
import { type CallOptions, callRules, milliseconds, positive } from './call-options.js';
import { aborted } from './deadline.js';
import { Fifo } from './fifo.js';
import { growingPause } from './growing-pause.js';
import { onAbort } from './on-abort.js';

/** What a pool needs of a client. */
export interface PooledClient {
  readonly closed: Promise<unknown>;
  quit(): Promise<unknown>;
  close(): void;
}

export interface PoolOptions {
  /** Default 4. Lowered by itself while the server takes no more, and tried again now and then. */
  maxConnections?: number;
  /** How long an unused connection is kept, in milliseconds. Default 30,000. */
  idleTimeout?: number;
  /** A connection older than this, in milliseconds, is replaced when it comes back, and before it is lent again. Default: never. */
  maxAge?: number;
  /** A connection lent so often is replaced. Default: never. */
  maxUses?: number;
  /**
   * How long a call waits while no connection can be had at all (the server is down, restarts, or takes no connection now), in
   * milliseconds. Meanwhile one attempt after the other is made, with growing pauses; when one succeeds, all go on. Default
   * 10,000; 0: the first failure is the call's; Infinity: as long as it takes. A call's own `timeout` and `signal` may end its
   * wait sooner. What another attempt can't change (a wrong name, certificate or password) ends it at once.
   */
  outageTimeout?: number;
}

/** A client on loan. Give it back once; what it still does after that is a fault. */
export interface Lease<C> {
  readonly client: C;
  release(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Pool<C> {
  /** Connections that are open or being made. */
  readonly size: number;
  /** Waits for a free connection, or makes one. First come, first served. */
  acquire(options?: CallOptions): Promise<Lease<C>>;
  /** Lends a client to `work` and takes it back, whatever its end. */
  use<T>(work: (client: C) => Promise<T>, options?: CallOptions): Promise<T>;
  /** Refuses new loans, waits for those out, says goodbye on all connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const orEndless = ([accepts, expected]: Rule): Rule => [
  (value) => value === Number.POSITIVE_INFINITY || accepts(value),
  expected,
];

export const poolRules: Rules<PoolOptions> = {
  maxConnections: positive,
  idleTimeout: milliseconds,
  maxAge: milliseconds,
  maxUses: orEndless(positive),
  outageTimeout: milliseconds,
};

/** Between attempts to connect, in milliseconds. */
const pauses = { first: 50, longest: 30_000 };

interface Member<C> {
  client: C;
  born: number;
  uses: number;
  dead: boolean;
  idleTimer: NodeJS.Timeout | undefined;
}

interface Waiting<C> {
  /** Milliseconds of an outage that it waits through. */
  mayWait: number;
  since: number;
  resolve: (lease: Lease<C>) => void;
  reject: (error: unknown) => void;
}

/** Whether calls wait for a connection: who holds one for a slow consumer may let it go. */
export interface Demand {
  readonly waiting: number;
  /** Called when a call begins to wait. */
  readonly listeners: Set<() => void>;
}

const demands = new WeakMap<object, Demand>();

/** Lets a pool that lends the clients of another know who waits there. */
export function shareDemand(from: object, to: object): void {
  demands.set(to, demands.get(from) as Demand);
}

export const demandOf = (pool: object): Demand | undefined => demands.get(pool);

export function createPool<C extends PooledClient>(
  connect: () => Promise<C>,
  options: PoolOptions = {},
): Pool<C> {
  checkOptions(options, poolRules);
  const {
    maxConnections = 4,
    idleTimeout = 30_000,
    maxAge = Number.POSITIVE_INFINITY,
    maxUses = Number.POSITIVE_INFINITY,
    outageTimeout = 10_000,
  } = options;
  const members = new Set<Member<C>>();
  const idle: Member<C>[] = [];
  const waiting = new Fifo<Waiting<C>>();
  const farewells = new Set<Promise<void>>();
  const listeners = new Set<() => void>();
  /** How many the server takes, as far as we know. */
  let limit = maxConnections;
  let connecting = 0;
  /** Attempts that have failed since the last one that succeeded. */
  let refusals = 0;
  let pause: NodeJS.Timeout | undefined;
  /** When the first attempt failed with no connection left; undefined while there is one. */
  let outageSince: number | undefined;
  let closing = false;
  let whenEmpty: (() => void) | undefined;

  const forget = (member: Member<C>): void => {
    member.dead = true;
    clearTimeout(member.idleTimer);
    members.delete(member);
    const at = idle.indexOf(member);
    if (at >= 0) idle.splice(at, 1);
    if (members.size === 0 && outageSince === undefined) hope();
    serve();
  };

  /** Nothing speaks against the server now. */
  const hope = (): void => {
    refusals = 0;
    limit = maxConnections;
    clearTimeout(pause);
    pause = undefined;
    outageSince = undefined;
  };

  const dismiss = (member: Member<C>): void => {
    const farewell = member.client.quit().then(ignore, () => member.client.close());
    farewells.add(farewell);
    void farewell.finally(() => {
      farewells.delete(farewell);
      serve();
    });
    forget(member);
  };

  const isOld = ({ born, uses }: Member<C>): boolean => uses > 0 && Date.now() - born >= maxAge;

  const lend = (member: Member<C>, { resolve }: Waiting<C>): void => {
    clearTimeout(member.idleTimer);
    member.uses++;
    let out = true;
    const release = (): void => {
      if (!out) return;
      out = false;
      takeBack(member);
    };
    resolve({ client: member.client, release, [Symbol.asyncDispose]: async () => release() });
  };

  const takeBack = (member: Member<C>): void => {
    if (member.dead) serve();
    else if (closing || member.uses >= maxUses || isOld(member)) dismiss(member);
    else {
      idle.push(member);
      if (idleTimeout <= longestTimer) {
        member.idleTimer = setTimeout(() => dismiss(member), idleTimeout);
        member.idleTimer.unref();
      }
      serve();
    }
  };

  const grow = (): void => {
    connecting++;
    connect().then(
      (client) => {
        connecting--;
        const member: Member<C> = {
          client,
          born: Date.now(),
          uses: 0,
          dead: false,
          idleTimer: undefined,
        };
        members.add(member);
        // A probe beyond what the server took before has shown that it takes one more.
        const learnt = Math.max(limit, members.size);
        hope();
        limit = learnt;
        void client.closed.then(() => {
          if (!member.dead) forget(member);
        });
        takeBack(member);
      },
      (error: unknown) => {
        connecting--;
        refused(error);
        serve();
      },
    );
  };

  /** While others connect or are connected, those who wait can be served by them: the server takes no more than there are. */
  const refused = (error: unknown): void => {
    refusals++;
    // A peer that fails its proof is no server that is full: the call must hear of it.
    if (members.size > 0 && isTlsError(error)) waiting.shift()?.reject(error);
    else if (members.size > 0) limit = members.size;
    else if (connecting === 0) {
      outageSince ??= Date.now();
      if (passes(error)) rejectImpatient(error);
      else rejectAll(error);
    } else if (!passes(error)) waiting.shift()?.reject(error);
    if (waiting.length === 0 && members.size === 0) hope();
    else if (pause === undefined) rest();
  };

  const endOf = ({ since, mayWait }: Waiting<C>): number =>
    Math.max(since, outageSince ?? 0) + mayWait;

  const rejectImpatient = (error: unknown): void => {
    const now = Date.now();
    rejectAll(error, (entry) => endOf(entry) <= now);
  };

  const rejectAll = (error: unknown, which: (entry: Waiting<C>) => boolean = () => true): void => {
    for (const [i, { reject }] of waiting.take(which).entries())
      reject(i > 0 && isFivewireError(error) ? errorAgain(error, {}) : error);
  };

  /** No dial for a while. A last attempt is made before a call's time is up: none fails on old news. */
  const rest = (): void => {
    const growing = growingPause(refusals, pauses);
    let length = growing;
    if (outageSince !== undefined)
      for (const entry of waiting) length = Math.min(length, endOf(entry) - Date.now());
    pause = setTimeout(
      () => {
        pause = undefined;
        serve();
      },
      Math.max(1, length),
    );
    if (waiting.length === 0) pause.unref();
  };

  const mayGrow = (): boolean => {
    if (closing || connecting >= waiting.length) return false;
    const open = members.size + connecting + farewells.size;
    if (refusals === 0 || (members.size > 0 && open < limit)) return open < limit;
    return pause === undefined && connecting === 0 && open < maxConnections;
  };

  /** Gives what is free to those who wait, and makes as many connections as are missing. */
  const serve = (): void => {
    while (waiting.length > 0) {
      const member = idle.pop(); // the one used last: the others may grow old and go
      if (member === undefined) break;
      if (isOld(member)) dismiss(member);
      else lend(member, waiting.shift() as Waiting<C>);
    }
    while (mayGrow()) grow();
    if (members.size + connecting === 0) whenEmpty?.();
  };

  const acquire = async (given: CallOptions = {}): Promise<Lease<C>> => {
    checkOptions(given, callRules);
    const { signal, timeout } = given;
    if (closing) {
      throw new UsageError('ERR_STATE', 'The pool is closed', { hint: 'Make another one.' });
    }
    if (signal?.aborted) throw aborted(signal, { command: 'acquire' }, 'usable');
    return new Promise((resolve, reject) => {
      let done = (): void => {};
      const own = timeout === undefined || endless(timeout) ? Number.POSITIVE_INFINITY : timeout;
      const entry: Waiting<C> = {
        mayWait: Math.min(own, outageTimeout),
        since: Date.now(),
        resolve(lease) {
          done();
          resolve(lease);
        },
        reject(error) {
          done();
          reject(error);
        },
      };
      const stop = (): void => {
        waiting.remove(place);
        entry.reject(aborted(signal as AbortSignal, { command: 'acquire' }, 'usable'));
      };
      if (signal !== undefined) done = onAbort(signal, stop);
      const place = waiting.push(entry);
      pause?.ref();
      serve();
      for (const listener of [...listeners]) listener();
    });
  };

  const close = async (): Promise<void> => {
    closing = true;
    clearTimeout(pause);
    for (const entry of waiting.take(() => true)) entry.reject(poolClosed());
    for (const member of [...idle]) dismiss(member);
    if (members.size + connecting > 0) {
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
    }
    await Promise.all(farewells);
  };

  const pool: Pool<C> = {
    get size() {
      return members.size + connecting;
    },
    acquire,
    use: (work, given) => useLease(() => acquire(given), work),
    close,
    [Symbol.asyncDispose]: close,
  };
  demands.set(pool, {
    get waiting() {
      return waiting.length;
    },
    listeners,
  });
  return pool;
}

/** `Pool.use` by `Pool.acquire`. */
export async function useLease<C, T>(
  acquire: () => Promise<Lease<C>>,
  work: (client: C) => Promise<T>,
): Promise<T> {
  if (typeof work !== 'function') {
    throw new UsageError('ERR_ARGUMENT', 'work must be a function', { argument: 'work' });
  }
  const lease = await acquire();
  try {
    return await work(lease.client);
  } finally {
    lease.release();
  }
}

const poolClosed = (): ConnectionError =>
  new ConnectionError('ERR_CONNECTION_CLOSED', 'The pool was closed', { retry: 'never' });

const isTlsError = (error: unknown): boolean => isFivewireError(error) && error.name === 'TlsError';

/** Whether the same attempt may succeed in a while. A name that does not exist is more often misspelt than new. */
function passes(error: unknown): boolean {
  if (!isFivewireError(error)) return false;
  const { retry, cause } = error as FivewireError;
  return retry !== 'never' && (cause as { code?: unknown } | undefined)?.code !== 'ENOTFOUND';
}

const ignore = (): void => {};
