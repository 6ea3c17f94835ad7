/** What a pool does while the server takes no client, or no more; and loops over a pool's rows. By a clock that the test moves. */
import {
  ConnectionError,
  createPool,
  type PooledClient,
  type PoolOptions,
} from '@fivewire/line-protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { onePerLoop, type Pool, withClientMethods } from '../src/index.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Client extends PooledClient {
  number: number;
  list(options?: object): AsyncIterable<number>;
  noop(): Promise<number>;
}

const refused = (): ConnectionError =>
  new ConnectionError('ERR_DIAL_FAILED', 'ECONNREFUSED', { retry: 'later' });

/** @param verdict of each dial: an error, or nothing for a connection */
function poolOf(verdict: (dial: number) => unknown, options: PoolOptions = {}) {
  const dials: number[] = [];
  const began = Date.now();
  const pool = createPool<Client>(async () => {
    dials.push(Date.now() - began);
    const error = verdict(dials.length);
    if (error !== undefined) throw error;
    let settle!: () => void;
    const closed = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const number = dials.length;
    return {
      number,
      closed,
      quit: async () => settle(),
      close: () => settle(),
      async *list() {
        for (let row = 0; row < 5_000; row++) yield row;
      },
      noop: async () => number,
    };
  }, options);
  return { pool, dials };
}

const work = async ({ number }: Client): Promise<number> => number;
const outcomes = (calls: Promise<unknown>[]): Promise<unknown[]> =>
  Promise.all(calls.map((call) => call.catch((error: unknown) => error)));

describe('an outage', () => {
  it('costs no call: one probe at a time, with pauses that double', async () => {
    const { pool, dials } = poolOf((dial) => (dial <= 4 ? refused() : undefined), {
      maxConnections: 1,
    });
    const calls = outcomes(Array.from({ length: 2_000 }, () => pool.use(work)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(new Set(await calls)).toEqual(new Set([5]));
    expect(dials).toEqual([0, 50, 150, 350, 750]);
    await pool.close();
  });

  it('ends with the time of each call, by a last attempt', async () => {
    const { pool, dials } = poolOf(refused, { outageTimeout: 500 });
    const hasty = pool.use(work, { timeout: 100 }).catch((error: unknown) => error);
    const calm = pool.use(work).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(99);
    expect(await Promise.race([hasty, 'waits'])).toBe('waits');
    await vi.advanceTimersByTimeAsync(1);
    expect(await hasty).toMatchObject({ code: 'ERR_DIAL_FAILED' });
    expect(await Promise.race([calm, 'waits'])).toBe('waits');
    await vi.advanceTimersByTimeAsync(400);
    expect(await calm).toMatchObject({ code: 'ERR_DIAL_FAILED' });
    expect(await calm).not.toBe(await hasty);
    expect(dials.at(-1)).toBe(500);
    await pool.close();
  });

  it('is no reason to wait where the caller says so, or where no attempt can help', async () => {
    const hasty = poolOf(refused, { outageTimeout: 0 });
    expect(await outcomes([hasty.pool.use(work)])).toMatchObject([{ code: 'ERR_DIAL_FAILED' }]);
    expect(hasty.dials).toHaveLength(1);
    const never = new ConnectionError('ERR_DIAL_FAILED', 'no', { retry: 'never' });
    const hopeless = poolOf(() => never, { maxConnections: 1 });
    const [one, two] = await outcomes([hopeless.pool.use(work), hopeless.pool.use(work)]);
    expect(one).toBe(never);
    expect(two).toMatchObject({ code: 'ERR_DIAL_FAILED', cause: never });
    expect(hopeless.dials).toHaveLength(1);
  });

  it('ends the wait of a call that is aborted, and dials for no call', async () => {
    const { pool, dials } = poolOf(refused);
    const stop = new AbortController();
    const waiting = outcomes([pool.use(work, { signal: stop.signal })]);
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    expect(await waiting).toMatchObject([{ code: 'ERR_ABORTED' }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dials).toHaveLength(1);
    await pool.close();
  });
});

describe('a server that takes two', () => {
  it('is asked for a third now and then, and given it when it takes more', async () => {
    let most = 2;
    let open = 0;
    const { pool, dials } = poolOf(() => (open < most ? void open++ : refused()), {
      maxConnections: 3,
    });
    const leases = await Promise.all([pool.acquire(), pool.acquire()]);
    const third = pool.acquire();
    await vi.advanceTimersByTimeAsync(200);
    expect(pool.size).toBe(2);
    expect(dials.length).toBe(5);
    most = 3;
    await vi.advanceTimersByTimeAsync(200);
    const lease = await third;
    for (const { release } of [...leases, lease]) release();
    await pool.close();
  });
});

describe("a loop over a pool's rows", () => {
  const surface = (pool: Pool<Client>) =>
    withClientMethods<Client, Pool<Client> & Pick<Client, 'list' | 'noop'>>(pool, {
      list: onePerLoop({}),
      noop: { way: 'call' },
    });

  it('lets its only connection go to a call inside the loop', async () => {
    const { pool } = poolOf(() => undefined, { maxConnections: 1 });
    const clients = surface(pool);
    const seen: number[] = [];
    for await (const row of clients.list()) {
      if (row === 10) expect(await clients.noop()).toBe(1);
      seen.push(row);
    }
    expect(seen).toEqual(Array.from({ length: 5_000 }, (_, row) => row));
    await pool.close();
  });

  it('that is left gives its connection back', async () => {
    const { pool } = poolOf(() => undefined, { maxConnections: 1 });
    for await (const row of surface(pool).list()) if (row === 3) break;
    expect(await pool.use(work)).toBe(1);
    await pool.close();
  });
});

it('an idle connection that has grown old is replaced before it is lent again', async () => {
  const { pool } = poolOf(() => undefined, { maxAge: 1_000 });
  expect(await pool.use(work)).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await pool.use(work)).toBe(2);
  await pool.close();
});
