/**
 * How far the wall clock in LIST lines is ahead of UTC: what LIST and MDTM (RFC 3659 §3, UTC) say of the same file proves it for that
 * time, and two such files for the times between them, where they agree and no zone is likely to have changed its clock and changed it back.
 */

interface Sample {
  readonly shown: number;
  /** Milliseconds by which `shown` is ahead of UTC. */
  readonly ahead: number;
}

const day = 86_400_000;
/** Shorter than any summer time, and than most of what interrupts one. */
const mostBetween = 28 * day;
/** From UTC-12 to UTC+14, RFC 9557's zones included, by quarters of an hour. */
const mostAhead = 14 * 3_600_000;
const step = 900_000;

export class ServerClock {
  /** In the order of what was shown. */
  readonly #samples: Sample[] = [];

  /**
   * @param unit what LIST shows a time to: a minute or a second, in milliseconds
   * @returns whether both can be one file's time
   */
  add(shown: number, exact: number, unit: number): boolean {
    const ahead = shown - Math.floor(exact / unit) * unit;
    if (ahead % step !== 0 || Math.abs(ahead) > mostAhead) return false;
    const at = this.#after(shown);
    const same = this.#samples[at - 1];
    if (same?.shown === shown) return same.ahead === ahead;
    this.#samples.splice(at, 0, { shown, ahead });
    return true;
  }

  /** Milliseconds; `undefined` where it is not proven for this time. */
  aheadAt(shown: number): number | undefined {
    const at = this.#after(shown);
    const before = this.#samples[at - 1];
    const after = this.#samples[at];
    if (before?.shown === shown) return before.ahead;
    if (before === undefined || after === undefined || before.ahead !== after.ahead)
      return undefined;
    return after.shown - before.shown <= mostBetween ? before.ahead : undefined;
  }

  /** The first sample that is later. */
  #after(shown: number): number {
    const at = this.#samples.findIndex((sample) => sample.shown > shown);
    return at < 0 ? this.#samples.length : at;
  }
}

/** Of times that are not proven yet, those whose files prove most of the others: the ends, the middle, and as many as the span needs. */
export function worthAsking(times: readonly number[]): number[] {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const chosen = new Set([sorted[sorted.length >> 1] as number]);
  let last: number | undefined;
  sorted.forEach((time, at) => {
    const next = sorted[at + 1];
    const isEnd = last === undefined || next === undefined;
    if (!isEnd && (next as number) - (last as number) <= mostBetween) return;
    chosen.add(time);
    last = time;
  });
  return [...chosen];
}
