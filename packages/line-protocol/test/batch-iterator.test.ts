import { describe, expect, it } from 'vitest';
import { BatchIterator } from '../src/index.js';

const over = (next: () => AsyncIterator<number>) => ({ [Symbol.asyncIterator]: next });

async function* batches(log: string[] = [], fault?: Error): AsyncGenerator<number[], void> {
  try {
    yield [1, 2];
    yield [];
    yield [3];
    if (fault !== undefined) throw fault;
  } finally {
    log.push('over');
  }
}

describe('BatchIterator', () => {
  it('gives each row of each batch, in order', async () => {
    const rows: number[] = [];
    for await (const row of over(() => new BatchIterator(batches()))) rows.push(row);
    expect(rows).toEqual([1, 2, 3]);
  });

  it('answers calls made at once in their order', async () => {
    const rows = new BatchIterator(batches());
    const results = await Promise.all([1, 2, 3, 4, 5].map(() => rows.next()));
    expect(results.map(({ value }) => value)).toEqual([1, 2, 3, undefined, undefined]);
    expect(results.map(({ done }) => done)).toEqual([false, false, false, true, true]);
  });

  it('asks for the first batch before `next()` returns', () => {
    let asked = 0;
    const rows = new BatchIterator<number>({
      next: async () => {
        asked += 1;
        return { done: true, value: undefined };
      },
    });
    void rows.next();
    expect(asked).toBe(1);
  });

  it('leaves its batches when the loop is left', async () => {
    const log: string[] = [];
    for await (const _ of over(() => new BatchIterator(batches(log)))) break;
    expect(log).toEqual(['over']);
  });

  it('throws what its batches throw, behind the rows before it, and is over then', async () => {
    const fault = new Error('cut');
    const rows = new BatchIterator(batches([], fault));
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map(() => rows.next()));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await expect(rows.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it('begins at the first row', async () => {
    const log: string[] = [];
    const rows = new BatchIterator(batches(log));
    await rows.return();
    expect(log).toEqual([]);
    await expect(rows.next()).resolves.toEqual({ done: true, value: undefined });
  });
});
