/** A loop over a pool's rows: its connection is free again when the rows have come, or sooner where other calls wait for one. */
import type { CallOptions } from './call-options.js';
import { BatchIterator } from './consumer/batch-iterator.js';
import { demandOf, type Pool } from './pool.js';

/** Rows that are read ahead while no other call waits for a connection. */
const readAhead = 1_000;

/**
 * The consumer sets the pace, but for more than `readAhead` rows only until another call waits for a connection: the consumer
 * itself may be waiting for that call. Then the rest is read at once.
 */
export const rowsAhead = <C, T>(
  pool: Pool<C>,
  start: (client: C) => AsyncIterable<T>,
  wait: CallOptions,
): AsyncIterator<T, void, undefined> => new BatchIterator(batchesAhead(pool, start, wait));

async function* batchesAhead<C, T>(
  pool: Pool<C>,
  start: (client: C) => AsyncIterable<T>,
  wait: CallOptions,
): AsyncGenerator<readonly T[], void, undefined> {
  const { client, release } = await pool.acquire(wait);
  const demand = demandOf(pool);
  const rows: T[] = [];
  let left = false;
  let ended: { error?: unknown } | undefined;
  const moves = new Moves();
  const move = (): void => moves.tell();
  const read = async (): Promise<void> => {
    for await (const row of start(client)) {
      rows.push(row);
      move();
      while (rows.length >= readAhead && !left && !demand?.waiting) await moves.next();
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
        yield batch;
      }
      if (ended !== undefined) break;
      await moves.next();
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

/** Something has moved: the reader and the loop look again. Nothing is made where neither waits, for rows are many. */
class Moves {
  #waiting: (() => void)[] = [];

  tell(): void {
    if (this.#waiting.length === 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
