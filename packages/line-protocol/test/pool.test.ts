import { describe, expect, it } from 'vitest';
import { ConnectionError, createPool, type PooledClient } from '../src/index.js';
import { settled, tick } from './pair.js';

class FakeClient implements PooledClient {
  readonly closed: Promise<void>;
  #settle!: () => void;
  quits = 0;
  constructor() {
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
  async quit(): Promise<void> {
    this.quits++;
    this.#settle();
  }
  close(): void {
    this.#settle();
  }
}

function poolOf(
  options: Parameters<typeof createPool>[1] = {},
  connect?: () => Promise<FakeClient>,
) {
  const made: FakeClient[] = [];
  const pool = createPool<FakeClient>(
    connect ??
      (async () => {
        await tick(5);
        const client = new FakeClient();
        made.push(client);
        return client;
      }),
    options,
  );
  return { pool, made };
}

describe('createPool', () => {
  it('makes connections when needed, at most so many, first come first served', async () => {
    const { pool, made } = poolOf({ maxConnections: 2 });
    expect(pool.size).toBe(0);
    const order: number[] = [];
    let out = 0;
    let most = 0;
    await Promise.all(
      [0, 1, 2, 3, 4].map((n) =>
        pool.use(async () => {
          most = Math.max(most, ++out);
          order.push(n);
          await tick(5);
          out--;
        }),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
    expect(made.length).toBe(2);
    await pool.close();
    expect(made.every((client) => client.quits === 1)).toBe(true);
    expect(pool.size).toBe(0);
  });

  it('lends the same connection again and replaces one that died', async () => {
    const { pool, made } = poolOf();
    const first = await pool.use(async (client) => client);
    expect(await pool.use(async (client) => client)).toBe(first);
    first.close();
    await tick();
    const second = await pool.use(async (client) => client);
    expect(second).not.toBe(first);
    expect(made.length).toBe(2);
    await pool.close();
  });

  it('takes a connection back whatever the end of the work', async () => {
    const { pool } = poolOf({ maxConnections: 1 });
    expect(await settled(pool.use(() => Promise.reject(new Error('mine'))))).toMatchObject({
      message: 'mine',
    });
    expect(await pool.use(async () => 'next')).toBe('next');
    const lease = await pool.acquire();
    lease.release();
    lease.release();
    expect(await pool.use(async () => 'once')).toBe('once');
    await pool.close();
  });

  it('lets worn and idle connections go', async () => {
    const { pool, made } = poolOf({ maxConnections: 1, maxUses: 2, idleTimeout: 20 });
    for (let i = 0; i < 4; i++) await pool.use(async () => {});
    expect(made.map((client) => client.quits)).toEqual([1, 1]);
    const third = await pool.use(async (client) => client);
    await expect.poll(() => third.quits).toBe(1);
    expect(pool.size).toBe(0);
    await pool.close();
  });

  it('gives a failure to connect to the longest waiting one', async () => {
    const { pool } = poolOf({ maxConnections: 1 }, () => Promise.reject(new Error('refused')));
    expect(await settled(pool.use(async () => {}))).toMatchObject({ message: 'refused' });
    expect(pool.size).toBe(0);
    await pool.close();
  });

  it('lives with fewer when the server takes no more', async () => {
    let made = 0;
    const { pool } = poolOf({ maxConnections: 3 }, async () => {
      await tick(2);
      if (made === 1)
        throw new ConnectionError('ERR_SERVER_CLOSING', '421 too many connections', {
          retry: 'later',
        });
      made++;
      return new FakeClient();
    });
    await pool.use(async () => {}); // one is there
    const results = await Promise.all(
      [1, 2, 3, 4].map((n) => pool.use(() => tick(5).then(() => n))),
    );
    expect(results).toEqual([1, 2, 3, 4]);
    expect(made).toBe(1);
    await pool.close();
  });

  it('drops a waiting call at its signal', async () => {
    const { pool } = poolOf({ maxConnections: 1 });
    const lease = await pool.acquire();
    const stop = new AbortController();
    const waiting = pool.acquire({ signal: stop.signal });
    stop.abort();
    expect(await settled(waiting)).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    lease.release();
    expect(await pool.use(async () => 'free')).toBe('free');
    await pool.close();
  });

  it('closes after the loans are back, and lends no more', async () => {
    const { pool, made } = poolOf();
    const lease = await pool.acquire();
    let closed = false;
    const closing = pool.close().then(() => {
      closed = true;
    });
    await tick();
    expect(closed).toBe(false);
    expect(await settled(pool.acquire())).toMatchObject({ code: 'ERR_STATE' });
    lease.release();
    await closing;
    expect(made[0]?.quits).toBe(1);
  });
});
