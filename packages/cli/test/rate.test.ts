/** Rates, on a clock of the test's own. */
import { expect, it } from 'vitest';
import { octetsPaced, rateOf } from '../src/rate.js';

const { signal } = new AbortController();

it('octets go on at their rate, and what was not used is not saved up', async () => {
  let time = 5_000;
  const slept: number[] = [];
  const clock = {
    now: () => time,
    sleep: async (milliseconds: number) => {
      slept.push(milliseconds);
      time += milliseconds;
    },
  };
  const pace = octetsPaced(1_000, signal, clock);
  await pace(500);
  await pace(2_000);
  time += 60_000;
  await pace(100);
  await pace(0);
  expect(slept).toEqual([500, 2_000, 100]);
  await octetsPaced(undefined, signal, clock)(1e9);
  expect(slept.length).toBe(3);
});

it.each([
  ['5/s', 200],
  ['60/m', 1_000],
  ['1/d', 86_400_000],
])('%s is one in %i ms', (text, milliseconds) => {
  expect(rateOf(text)).toBe(milliseconds);
});

it.each(['', '0/s', '5', '5/x', '-1/s', '1.5/s', '/s'])('%j is no rate', (text) => {
  expect(() => rateOf(text)).toThrow(/is no rate/);
});
