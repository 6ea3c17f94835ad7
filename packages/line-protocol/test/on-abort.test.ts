import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { onAbort } from '../src/index.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

it('a signal has one listener, however many wait, and none when nobody does', () => {
  const { signal } = new AbortController();
  const leave = Array.from({ length: 10_000 }, () => onAbort(signal, () => {}));
  expect(listeners(signal)).toBe(1);
  for (const one of leave) one();
  expect(listeners(signal)).toBe(0);
  for (const one of leave) one(); // a second time it does nothing
  const again = onAbort(signal, () => {});
  expect(listeners(signal)).toBe(1);
  again();
  expect(listeners(signal)).toBe(0);
});

it('calls each back once, in their order, but for those that have left: before, or because of an earlier one', () => {
  const stop = new AbortController();
  const told: string[] = [];
  onAbort(stop.signal, () => {
    told.push('a');
    leaveC();
  });
  const leaveB = onAbort(stop.signal, () => told.push('b'));
  const leaveC = onAbort(stop.signal, () => told.push('c'));
  onAbort(stop.signal, () => told.push('d'));
  leaveB();
  stop.abort();
  stop.abort();
  expect(told).toEqual(['a', 'd']);
  expect(listeners(stop.signal)).toBe(0);
});

it('who comes after the end is not called, and leaves nothing', () => {
  const signal = AbortSignal.abort();
  const leave = onAbort(signal, () => expect.unreachable());
  leave();
  expect(listeners(signal)).toBe(0);
});
