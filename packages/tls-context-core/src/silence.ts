/**
 * How long a peer has been silent while this process was there to hear it.
 *
 * A timer that comes late shows that our event loop was blocked meanwhile (synchronous work, SIGSTOP, a debugger, a frozen
 * container): the peer may have spoken, and what we asked may not have left. So a deadline is watched in slices, and a
 * slice that comes late starts the deadline anew. Before the verdict, what has arrived by then is given out.
 */

/** What deadlines are counted by. Tests replace it, see {@link replaceClock}. */
export interface Clock {
  /** Milliseconds; never goes back. */
  now(): number;
  /** Calls back once, in so many milliseconds. @returns cancels it */
  after(milliseconds: number, callback: () => void): () => void;
  /** Calls back once all that peers have sent by now has been given out. */
  afterInput(callback: () => void): void;
}

const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  afterInput: (callback) => void setImmediate(callback),
};

let clock = systemClock;

/** For tests: deadlines that begin from now on count by `replacement`. @returns puts the system's clock back */
export function replaceClock(replacement: Clock): () => void {
  clock = replacement;
  return () => {
    clock = systemClock;
  };
}

/** The longest delay that Node's timers take. */
export const longestTimer = 2_147_483_647;

/** Whether a timeout means to wait for ever: 0, Infinity, or more than a timer can hold. */
export const endless = (timeout: number): boolean => !(timeout > 0) || timeout > longestTimer;

/** Slices of a deadline. More notice shorter blocks, and cost more timers. */
const slices = 8;
/** Shorter ones would see lateness where there is only the scheduler. Milliseconds. */
const shortestSlice = 10;
const leastLateness = 50;

/**
 * Slices after which no more lateness counts: the event loop has turned so often, over more than twice the deadline, and nothing
 * was there. Else a loop that always lags would wait for a dead peer for ever.
 */
const mostSilent = 20;

const sliceOf = (limit: number): number => Math.max(limit / slices, Math.min(limit, shortestSlice));

/**
 * One wait after the other for the same peer. The timer outlives a wait and is set again only when it fires, so that a
 * wait costs two assignments and no timer.
 */
export class SilenceTimer {
  #limit = 0;
  #onSilent: (() => void) | undefined;
  /** When the silence began. */
  #since = 0;
  /** Counts the beginnings. */
  #begun = 0;
  #due = 0;
  /** Slices in a row in which nothing came, late ones too. */
  #silent = 0;
  #cancel: (() => void) | undefined;

  /** True while a wait is under way. */
  get running(): boolean {
    return this.#onSilent !== undefined;
  }

  /** Begins a wait: `onSilent` is called, once, when the peer has been silent for `limit` milliseconds. */
  start(limit: number, onSilent: () => void): void {
    if (endless(limit)) {
      this.stop();
      return;
    }
    this.#limit = limit;
    this.#onSilent = onSilent;
    this.heard();
    const slice = sliceOf(limit);
    if (this.#cancel === undefined || this.#due > this.#since + slice) this.#arm(slice);
  }

  /** The peer has moved: the deadline starts anew. */
  heard(): void {
    this.#since = clock.now();
    this.#begun++;
    this.#silent = 0;
  }

  /** The wait is over; another may follow. */
  stop(): void {
    this.#onSilent = undefined;
  }

  /** No wait will follow. */
  close(): void {
    this.stop();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(milliseconds: number): void {
    this.#cancel?.();
    this.#due = clock.now() + milliseconds;
    this.#cancel = clock.after(Math.ceil(milliseconds), this.#tick);
  }

  #tick = (): void => {
    this.#cancel = undefined;
    if (this.#onSilent === undefined) return;
    const limit = this.#limit;
    const slice = sliceOf(limit);
    const now = clock.now();
    const isLate = now - this.#due > Math.max(slice / 2, leastLateness);
    if (isLate && ++this.#silent < mostSilent) this.#since = now;
    if (!isLate) this.#silent++;
    const left = this.#since + limit - now;
    if (left > 0) this.#arm(Math.min(slice, left));
    else this.#judge(this.#begun);
  };

  #judge(begun: number): void {
    clock.afterInput(() => {
      const onSilent = this.#onSilent;
      if (onSilent === undefined) return;
      if (this.#begun !== begun) {
        if (this.#cancel === undefined) this.#arm(sliceOf(this.#limit));
        return;
      }
      this.stop();
      onSilent();
    });
  }
}

/** A deadline for one wait. @returns ends it; calling that again does nothing */
export function deadline(limit: number, onSilent: () => void): () => void {
  const timer = new SilenceTimer();
  timer.start(limit, onSilent);
  return () => timer.close();
}
