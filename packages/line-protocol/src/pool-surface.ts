/** What a client can do, its pool can do: the pool's methods, made from a table of the client's. */
import { checkOptions, type Rules, UsageError } from 'tls-context-core';
import type { CallOptions } from './call-options.js';
import { Rows } from './consumer/rows.js';
import type { Pool, PooledClient } from './pool.js';
import { liveRows, rowsAhead } from './pool-rows.js';

/** How a pool does what one method of its client does. */
export type Way =
  /** One connection for one call; with `held` for as long as what it gave is read. */
  | { readonly way: 'call'; readonly held?: Held; readonly unless?: Unless; readonly check?: Check }
  | { readonly way: 'rows' | 'live rows'; readonly check: Check; readonly unless?: Unless }
  | { readonly way: 'session'; readonly why: string };

/** Resolves when what a call gave needs its connection no more. */
type Held = (result: never) => Promise<unknown>;
/** Why these arguments mean something only within one session; `undefined` where they don't. */
type Unless = (...args: never[]) => string | undefined;
// Throws what the client would: such a call is worth no connection.
type Check = (...args: never[]) => void;

/** One connection until the rows have come, ahead of the loop. @param given rules of the method's last argument, or a check of all */
export const onePerLoop = (given: object | Check, unless?: Unless): Way => ({
  way: 'rows',
  check: checkBy(given),
  ...(unless === undefined ? {} : { unless }),
});

/** One connection for as long as the loop runs: what its rows can do needs it. @param given as above */
export const onePerLiveLoop = (given: object | Check): Way => ({
  way: 'live rows',
  check: checkBy(given),
});

/** Has a meaning only together with other calls of one session. @param why a sentence */
export const oneSession = (why: string): Way => ({ way: 'session', why });

type AnyMethod = (...args: never[]) => unknown;

/** The methods of a client, but for its ends. */
type MethodsOf<C> = Exclude<
  { [K in keyof C]: C[K] extends AnyMethod ? K : never }[keyof C],
  'quit' | 'close' | typeof Symbol.asyncDispose
>;

/** Every method has a way, but for those that the pool writes itself. */
export type Ways<C, Own extends keyof C = never> = {
  readonly [K in Exclude<MethodsOf<C>, Own>]: Way;
};

/** A client's pool: every pool's methods, and the client's. @typeParam SessionBound those that need one session */
export type ClientPool<C, SessionBound extends keyof C = never> = Pool<C> &
  Pick<C, Exclude<MethodsOf<C>, SessionBound>>;

/** Adds the client's methods to its pool. */
export function withClientMethods<C extends PooledClient, P extends Pool<C>>(
  pool: Pool<C>,
  ways: Partial<Record<keyof C, Way>>,
): P {
  for (const [name, way] of Object.entries<Way>(ways as Record<string, Way>)) {
    Object.defineProperty(pool, name, {
      value: methodOf(pool as Pool<PooledClient>, name, way),
      enumerable: true,
    });
  }
  return pool as P;
}

type Call = (...args: unknown[]) => unknown;

function methodOf(pool: Pool<PooledClient>, name: string, way: Way): Call {
  const on = (client: object): Call => (Reflect.get(client, name) as Call).bind(client);
  if (way.way === 'session') {
    return () => {
      throw needsSession(name, way.why);
    };
  }
  const refuse = (args: unknown[]): void => {
    way.check?.(...(args as never[]));
    const why = way.unless?.(...(args as never[]));
    if (why !== undefined) throw needsSession(name, why);
  };
  if (way.way !== 'call') {
    const rowsOf = way.way === 'rows' ? rowsAhead : liveRows;
    return (...args) => {
      refuse(args);
      return new Rows(() => rowsOf(pool, (client) => on(client)(...args) as never, waitOf(args)));
    };
  }
  return async (...args) => {
    refuse(args);
    const { client, release } = await pool.acquire(waitOf(args));
    let held: Promise<unknown> | undefined;
    try {
      const result = await on(client)(...args);
      held = way.held?.(result as never);
      return result;
    } finally {
      if (held === undefined) release();
      else void held.then(release, release);
    }
  };
}

/** Rules for options, as a check of all arguments. */
function checkBy(given: object | Check): Check {
  if (typeof given === 'function') return given as Check;
  return (...args) => {
    const options = optionsAmong(args);
    if (options !== undefined) checkOptions(options, given as Rules<object>);
  };
}

/** The options of a method are its last argument, and the only one that has plain fields. */
function optionsAmong(args: readonly unknown[]): object | undefined {
  const last = args.at(-1);
  const isPlain =
    typeof last === 'object' && last !== null && Reflect.getPrototypeOf(last) === Object.prototype;
  return isPlain ? last : undefined;
}

/** What a call's options say about waiting. Wrong ones are the client's to refuse. */
function waitOf(args: readonly unknown[]): CallOptions {
  const { signal, timeout } = (optionsAmong(args) ?? {}) as Record<string, unknown>;
  return {
    ...(signal instanceof AbortSignal ? { signal } : {}),
    ...(typeof timeout === 'number' && timeout >= 0 ? { timeout } : {}),
  };
}

const needsSession = (name: string, why: string): UsageError =>
  new UsageError('ERR_STATE', `${name} needs one session: ${why}`, {
    hint: `Use pool.use(async (client) => client.${name}(…)).`,
  });
