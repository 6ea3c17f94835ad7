import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deadline, endless, SilenceTimer } from '../src/silence.js';
import { type ManualClock, manualClock } from './manual-clock.js';

let clock: ManualClock;
let fired: number;
const fire = (): void => {
  fired++;
};
beforeEach(() => {
  clock = manualClock();
  fired = 0;
});
afterEach(() => clock.restore());

describe('a silent peer', () => {
  it.each([1, 5, 30, 79, 800, 2_000, 60_000, 600_000])('is refused after %i ms', (limit) => {
    deadline(limit, fire);
    clock.pass(limit - 1);
    expect(fired).toBe(0);
    clock.pass(2);
    expect(fired).toBe(1);
    clock.pass(limit * 10);
    expect(fired).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('is refused though every timer comes a little late', () => {
    deadline(60_000, fire);
    for (let i = 0; i < 14; i++) clock.block(5_000);
    expect(fired).toBe(1);
  });

  it.each([0, Number.POSITIVE_INFINITY, 2 ** 31])('is waited for without end: %d', (limit) => {
    expect(endless(limit)).toBe(true);
    deadline(limit, fire);
    clock.pass(1e9);
    expect(fired).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('is refused after the longest limit', () => {
    deadline(2 ** 31 - 1, fire);
    clock.pass(2 ** 31);
    expect(fired).toBe(1);
  });
});

describe('time in which we were blocked', () => {
  it('does not count, in one piece longer than the deadline', () => {
    deadline(800, fire);
    clock.block(1_000);
    expect(fired).toBe(0);
    clock.pass(799);
    expect(fired).toBe(0);
    clock.pass(2);
    expect(fired).toBe(1);
  });

  it('does not count, again and again', () => {
    deadline(800, fire);
    for (let i = 0; i < 19; i++) clock.block(1_000);
    expect(fired).toBe(0);
    // The loop has turned twenty times and nothing was there.
    clock.block(1_000);
    expect(fired).toBe(1);
  });

  it('starts the deadline anew, however short the rest was', () => {
    deadline(800, fire);
    clock.pass(790);
    clock.block(300);
    clock.pass(790);
    expect(fired).toBe(0);
    clock.pass(20);
    expect(fired).toBe(1);
  });

  it('does not count before the wait either, where its timer was still set', () => {
    const timer = new SilenceTimer();
    timer.start(800, fire);
    timer.stop();
    clock.block(50);
    timer.start(800, fire);
    clock.block(900);
    expect(fired).toBe(0);
    timer.close();
  });
});

describe('what arrives between the last timer and the verdict', () => {
  it('is heard', () => {
    const timer = new SilenceTimer();
    timer.start(800, fire);
    clock.onInput = () => timer.heard();
    clock.pass(900);
    expect(fired).toBe(0);
    clock.onInput = () => {};
    clock.pass(900);
    expect(fired).toBe(1);
  });

  it('may end the wait, or begin another', () => {
    const timer = new SilenceTimer();
    timer.start(800, fire);
    clock.onInput = () => timer.stop();
    clock.pass(900);
    expect(fired).toBe(0);
    let second = 0;
    timer.start(800, fire);
    clock.onInput = () => timer.start(200, () => second++);
    clock.pass(800);
    clock.onInput = () => {};
    clock.pass(201);
    expect([fired, second]).toEqual([0, 1]);
  });
});

describe('one timer for many waits', () => {
  it('is set when it fires, not for each wait', () => {
    const timer = new SilenceTimer();
    for (let i = 0; i < 10_000; i++) {
      timer.start(60_000, fire);
      clock.pass(1);
      timer.stop();
    }
    expect(clock.set).toBeLessThan(5);
    timer.start(60_000, fire);
    clock.pass(59_000);
    expect(fired).toBe(0);
    clock.pass(1_001);
    expect(fired).toBe(1);
  });

  it('lets a short wait follow a long one', () => {
    const timer = new SilenceTimer();
    timer.start(600_000, fire);
    timer.stop();
    timer.start(100, fire);
    clock.pass(101);
    expect(fired).toBe(1);
  });

  it('lets a long wait follow a short one', () => {
    const timer = new SilenceTimer();
    timer.start(100, fire);
    timer.stop();
    timer.start(60_000, fire);
    clock.pass(59_999);
    expect(fired).toBe(0);
    clock.pass(2);
    expect(fired).toBe(1);
  });

  it('falls asleep when no wait follows, and on close at once', () => {
    const timer = new SilenceTimer();
    timer.start(800, fire);
    timer.stop();
    clock.pass(200);
    expect(clock.pending).toBe(0);
    timer.start(800, fire);
    timer.close();
    expect(clock.pending).toBe(0);
    clock.pass(2_000);
    expect(fired).toBe(0);
  });

  it('starts anew with what is heard', () => {
    const timer = new SilenceTimer();
    timer.start(800, fire);
    for (let i = 0; i < 20; i++) {
      clock.pass(700);
      timer.heard();
    }
    expect(fired).toBe(0);
    clock.pass(801);
    expect(fired).toBe(1);
  });
});
