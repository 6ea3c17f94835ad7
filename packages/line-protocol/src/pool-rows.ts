/** A loop over a pool's rows: its connection is free again when the rows have come, or sooner where other calls wait for one. */
import type { CallOptions } from './call-options.js';
import { demandOf, type Pool } from './pool.js';

/** Rows that are read ahead while no other call waits for a connection. */
const readAhead = 1_000;

/**
 * The consumer sets the pace, but for more than {@link readAhead} rows only until another call waits for a connection: the consumer
 * itself may be waiting for that call. Then the rest is read at once.
 */
export async function* rowsAhead<C, T>(
  pool: Pool<C>,
  start: (client: C) => AsyncIterable<T>,
  wait: CallOptions,
): AsyncGenerator<T, void, undefined> {
  const { client, release } = await pool.acquire(wait);
  const demand = demandOf(pool);
  const rows: T[] = [];
  let left = false;
  let ended: { error?: unknown } | undefined;
  let moved = signalled();
  const move = (): void => {
    moved.tell();
    moved = signalled();
  };
  const read = async (): Promise<void> => {
    for await (const row of start(client)) {
      rows.push(row);
      move();
      while (rows.length >= readAhead && !left && !demand?.waiting) await moved.told;
      if (left) return;
    }
  };
  demand?.listeners.add(move);
  const reading = read()
    .then(
      () => {
        ended = {};
      },
      (error: unknown) => {
        ended = { error };
      },
    )
    .finally(() => {
      release();
      move();
    });
  try {
    for (;;) {
      while (rows.length > 0) {
        const batch = rows.splice(0);
        move();
        yield* batch;
      }
      if (ended !== undefined) break;
      await moved.told;
    }
    if ('error' in ended) throw ended.error;
  } finally {
    left = true;
    move();
    demand?.listeners.delete(move);
    await reading;
  }
}

/** Rows whose connection is theirs until the loop ends. */
export async function* liveRows<C, T>(
  pool: Pool<C>,
  start: (client: C) => AsyncIterable<T>,
  wait: CallOptions,
): AsyncGenerator<T, void, undefined> {
  const { client, release } = await pool.acquire(wait);
  try {
    yield* start(client);
  } finally {
    release();
  }
}

function signalled(): { told: Promise<void>; tell: () => void } {
  let tell!: () => void;
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { told, tell };
}
