/**
 * Connections to share: made when needed, at most so many, kept for a while, replaced when they die.
 * The clients' pools (`createImapPool`, …) are this one with their `connect`.
 */
import {
  ConnectionError,
  checkOptions,
  type FivewireError,
  isFivewireError,
  longestTimer,
  type Rule,
  type Rules,
  UsageError,
} from 'tls-context-core';
import { abortSignal, milliseconds, positive } from './call-options.js';
import { aborted, manyMayWaitOn } from './deadline.js';

/** What a pool needs of a client. */
export interface PooledClient {
  readonly closed: Promise<unknown>;
  quit(): Promise<unknown>;
  close(): void;
}

export interface PoolOptions {
  /** Default 4. Lowered by itself when the server takes no more. */
  maxConnections?: number;
  /** How long an unused connection is kept, in milliseconds. Default 30,000. */
  idleTimeout?: number;
  /** A connection older than this, in milliseconds, is replaced when it comes back. Default: never. */
  maxAge?: number;
  /** A connection lent so often is replaced. Default: never. */
  maxUses?: number;
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
  acquire(options?: { signal?: AbortSignal }): Promise<Lease<C>>;
  /** Lends a client to `work` and takes it back, whatever its end. */
  use<T>(work: (client: C) => Promise<T>, options?: { signal?: AbortSignal }): Promise<T>;
  /** Refuses new loans, waits for those out, says goodbye on all connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const orEndless = ([accepts, expected]: Rule): Rule => [
  (value) => value === Number.POSITIVE_INFINITY || accepts(value),
  expected,
];

const poolRules: Rules<PoolOptions> = {
  maxConnections: positive,
  idleTimeout: milliseconds,
  maxAge: milliseconds,
  maxUses: orEndless(positive),
};

const acquireRules: Rules<{ signal?: AbortSignal }> = { signal: abortSignal };

interface Member<C> {
  client: C;
  born: number;
  uses: number;
  dead: boolean;
  idleTimer: NodeJS.Timeout | undefined;
}

interface Waiting<C> {
  resolve: (lease: Lease<C>) => void;
  reject: (error: unknown) => void;
}

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
  } = options;
  const members = new Set<Member<C>>();
  const idle: Member<C>[] = [];
  const waiting: Waiting<C>[] = [];
  let limit = maxConnections;
  let connecting = 0;
  let closing = false;
  let whenEmpty: (() => void) | undefined;

  const forget = (member: Member<C>): void => {
    member.dead = true;
    clearTimeout(member.idleTimer);
    members.delete(member);
    const at = idle.indexOf(member);
    if (at >= 0) idle.splice(at, 1);
    serve();
  };

  const dismiss = (member: Member<C>): void => {
    forget(member);
    member.client.quit().catch(() => member.client.close());
  };

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
    const worn = closing || member.uses >= maxUses || Date.now() - member.born >= maxAge;
    if (member.dead) serve();
    else if (worn) dismiss(member);
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
        void client.closed.then(() => {
          if (!member.dead) forget(member);
        });
        takeBack(member);
      },
      (error: unknown) => {
        connecting--;
        // The server takes no more than there are: live with those. Otherwise the longest waiting one hears of it.
        if (members.size > 0 && isFull(error)) limit = members.size;
        else waiting.shift()?.reject(error);
        serve();
      },
    );
  };

  /** Gives what is free to those who wait, and makes as many connections as are missing. */
  const serve = (): void => {
    while (waiting.length > 0) {
      const member = idle.pop(); // the one used last: the others may grow old and go
      if (member === undefined) break;
      lend(member, waiting.shift() as Waiting<C>);
    }
    while (!closing && connecting < waiting.length && members.size + connecting < limit) grow();
    if (members.size === 0) limit = maxConnections;
    if (members.size + connecting === 0) whenEmpty?.();
  };

  const acquire = async (options: { signal?: AbortSignal } = {}): Promise<Lease<C>> => {
    checkOptions(options, acquireRules);
    const { signal } = options;
    if (closing) {
      throw new UsageError('ERR_STATE', 'The pool is closed', { hint: 'Make another one.' });
    }
    if (signal?.aborted) throw aborted(signal, { command: 'acquire' }, 'usable');
    return new Promise((resolve, reject) => {
      const done = (): void => signal?.removeEventListener('abort', stop);
      const entry: Waiting<C> = {
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
        const at = waiting.indexOf(entry);
        if (at >= 0) waiting.splice(at, 1);
        entry.reject(aborted(signal as AbortSignal, { command: 'acquire' }, 'usable'));
      };
      if (signal !== undefined) manyMayWaitOn(signal);
      signal?.addEventListener('abort', stop, { once: true });
      waiting.push(entry);
      serve();
    });
  };

  const close = async (): Promise<void> => {
    closing = true;
    const over = new ConnectionError('ERR_CONNECTION_CLOSED', 'The pool was closed', {
      retry: 'never',
    });
    for (const entry of waiting.splice(0)) entry.reject(over);
    const farewells = idle.splice(0).map(async (member) => {
      forget(member);
      await member.client.quit().catch(() => member.client.close());
    });
    if (members.size + connecting > 0) {
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
    }
    await Promise.all(farewells);
  };

  return {
    get size() {
      return members.size + connecting;
    },
    acquire,
    use: (work, options) => useLease(() => acquire(options), work),
    close,
    [Symbol.asyncDispose]: close,
  };
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

/** 421, BYE, "too many connections": codes that a server uses when it has enough of us. */
function isFull(error: unknown): boolean {
  if (!isFivewireError(error)) return false;
  const { code, retry } = error as FivewireError;
  return (
    code === 'ERR_SERVER_CLOSING' ||
    ((code === 'ERR_COMMAND_REJECTED' || code === 'ERR_AUTHENTICATION_FAILED') && retry === 'later')
  );
}
