/** A clock that goes when a test says so. */
import { type Clock, replaceClock } from '../src/silence.js';

export interface ManualClock {
  /** Time goes by while the event loop turns: timers come when they are due. */
  pass(milliseconds: number): void;
  /** Time goes by in one piece, as in synchronous work: timers that became due come late, at its end. */
  block(milliseconds: number): void;
  /** Timers that have been set since the beginning. */
  readonly set: number;
  /** Timers that are set now. */
  readonly pending: number;
  /** What peers sent meanwhile arrives: runs between a timer and the verdict. */
  onInput: () => void;
  restore(): void;
}

export function manualClock(): ManualClock {
  let now = 0;
  let set = 0;
  const timers = new Set<{ due: number; callback: () => void }>();
  const clock: Clock = {
    now: () => now,
    after(milliseconds, callback) {
      const timer = { due: now + milliseconds, callback };
      timers.add(timer);
      set++;
      return () => void timers.delete(timer);
    },
    afterInput(callback) {
      manual.onInput();
      callback();
    },
  };
  const runUntil = (end: number, late: boolean): void => {
    if (late) now = end;
    for (;;) {
      const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      timers.delete(next);
      if (!late) now = next.due;
      next.callback();
    }
    now = end;
  };
  const restore = replaceClock(clock);
  const manual: ManualClock = {
    pass: (milliseconds) => runUntil(now + milliseconds, false),
    block: (milliseconds) => runUntil(now + milliseconds, true),
    get set() {
      return set;
    },
    get pending() {
      return timers.size;
    },
    onInput: () => {},
    restore,
  };
  return manual;
}
