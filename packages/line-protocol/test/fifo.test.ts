import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionError, createPool, Fifo, type Queued } from '../src/index.js';

type Step = { push: number } | 'shift' | { remove: number } | { take: number } | 'clear';
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ push: fc.nat(9) }) },
  fc.constant('shift' as const),
  fc.record({ remove: fc.nat(20) }),
  fc.record({ take: fc.nat(9) }),
  { weight: 1, arbitrary: fc.constant('clear' as const) },
);

describe('Fifo', () => {
  it('does what an array does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const fifo = new Fifo<{ n: number }>();
        let model: { n: number }[] = [];
        const places: Queued<{ n: number }>[] = [];
        for (const one of steps) {
          if (one === 'shift') expect(fifo.shift()).toBe(model.shift());
          else if (one === 'clear') {
            fifo.clear();
            model = [];
          } else if ('push' in one) {
            const value = { n: one.push };
            places.push(fifo.push(value));
            model.push(value);
          } else if ('take' in one) {
            expect(fifo.take(({ n }) => n === one.take)).toEqual(
              model.filter(({ n }) => n === one.take),
            );
            model = model.filter(({ n }) => n !== one.take);
          } else {
            const place = places[one.remove % Math.max(1, places.length)];
            if (place === undefined) continue;
            const at = model.indexOf(place.value);
            expect(fifo.remove(place)).toBe(at >= 0);
            if (at >= 0) model.splice(at, 1);
          }
          expect([...fifo]).toEqual(model);
          expect(fifo.length).toBe(model.length);
        }
      }),
    );
  });
});

it('an outage that outlasts 150,000 waiting calls fails each of them with an error of its own', async () => {
  const pool = createPool(
    () =>
      Promise.reject(
        new ConnectionError('ERR_DIAL_FAILED', 'refused', {
          connection: 'closed',
          retry: 'reconnect',
        }),
      ),
    { outageTimeout: 0 },
  );
  const errors = new Set<unknown>();
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // of 150,000 of them it is the most work
  const calls = Array.from({ length: 150_000 }, () =>
    pool.acquire().then(
      () => undefined,
      (error: unknown) => void errors.add(error),
    ),
  );
  await Promise.all(calls).finally(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  expect(errors.size).toBe(150_000);
  await pool.close();
});
