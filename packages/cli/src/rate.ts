/** `--rate 60/m`: so many in a time, evenly; and octets in a time, for what comes in pieces of its own. */
import { type Clock, realClock } from './clock.js';
import { usage } from './exit-code.js';

const spans: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** @returns milliseconds from one to the next. @throws Failure 64 */
export function rateOf(value: string): number {
  const [, count, unit = ''] = /^(\d{1,9})\/([smhd])$/.exec(value) ?? [];
  const pause = (spans[unit] ?? Number.NaN) / Number(count);
  if (Number.isFinite(pause) && pause > 0) return pause;
  throw usage(`--rate ${value} is no rate`, 'Write 5/s, 60/m or 1000/h.');
}

/**
 * `--limit-rate` for whole messages: resolves when one of so many octets may go on.
 *
 * @param rate octets a second; undefined: at once
 */
export function octetsPaced(
  rate: number | undefined,
  signal: AbortSignal,
  clock: Clock = realClock,
): (octets: number) => Promise<void> {
  let free = clock.now();
  return async (octets) => {
    if (rate === undefined) return;
    const now = clock.now();
    free = Math.max(free, now) + (octets / rate) * 1_000;
    if (free > now) await clock.sleep(free - now, signal);
  };
}

/** Resolves when the next one may begin. */
export function paced(
  pause: number | undefined,
  signal: AbortSignal,
  clock: Clock = realClock,
): () => Promise<void> {
  let next = 0;
  return async () => {
    if (pause === undefined) return;
    const now = clock.now();
    const wait = next - now;
    next = Math.max(next, now) + pause;
    if (wait > 0) await clock.sleep(wait, signal);
  };
}
