/** One job of the queue: whether there is anything left to do, the doing, and what it came to. */
import { randomUUID } from 'node:crypto';
import { growingPause } from '@fivewire/line-protocol';
import type { Ended, Marks } from './marks.js';
import type { Execute, Job, WorkerOptions } from './types.js';
import { bugExit, laterExit, unknownExit, type Verdict } from './verdict.js';

interface WorkParts {
  marks: Pick<Marks, 'begin' | 'end' | 'ended' | 'forget'>;
  execute: Execute;
  options: WorkerOptions;
  /** Resolves after the time for which a worker that says nothing keeps its job; rejects when this one is ended. */
  lease: () => Promise<void>;
}

/** Milliseconds until it is tried again. */
interface Later {
  pause: number;
}

export class Work {
  readonly #parts: WorkParts;
  readonly #signal: AbortSignal;

  constructor(parts: WorkParts) {
    this.#parts = parts;
    this.#signal = parts.options.signal ?? new AbortController().signal;
  }

  /** @param tries with this one */
  async do(job: Job, tries: number): Promise<Verdict | Later> {
    const { attempts = 5, firstPause = 1_000, onOutcome } = this.#parts.options;
    const end = await this.#end(job, tries > 1);
    if (end === 'closing') return { pause: 0 };
    const isLater = end.exit === laterExit || this.#isInterrupted(end, job);
    if (isLater && tries < attempts)
      return {
        pause: growingPause(tries, { first: firstPause, longest: Number.POSITIVE_INFINITY }),
      };
    const verdict = isLater ? { ...end, state: 'failed' as const, exit: laterExit } : end;
    onOutcome?.({ job, ...verdict });
    return verdict;
  }

  async #end(job: Job, repeats: boolean): Promise<Verdict | 'closing'> {
    const { marks, execute } = this.#parts;
    // A worker that was killed between the end of the job and its note in the queue has left this.
    const before = await marks.ended(job.key);
    if (before !== undefined) return verdictOf(before, job);
    if (!job.repeatable) {
      const begun = await this.#begin(job);
      if (begun !== 'ours') return begun;
    }
    const ended = await execute(job, this.#signal, { repeats }).catch((error: Error) => ({
      exit: job.repeatable ? bugExit : unknownExit,
      problem: error.message,
    }));
    const verdict = verdictOf(ended, job);
    // What has failed may be tried again; of an unknown outcome the mark stays.
    if (verdict.state === 'done') await marks.end(job.key, ended);
    else if (verdict.state === 'failed' && !this.#isInterrupted(verdict, job))
      await marks.forget(job.key);
    return verdict;
  }

  /**
   * The queue gives away what a worker has kept longer than its lease: it was killed, or it was slow, or the queue was away. A slow
   * one gets another lease to say how it ended, before this job is one that nobody knows of.
   *
   * @returns `ours` to do, or what became of it; `closing` where this worker is ended while it waits
   */
  async #begin(job: Job): Promise<Verdict | 'ours' | 'closing'> {
    const { marks, lease } = this.#parts;
    const attempt = randomUUID();
    if (await marks.begin(job.key, attempt)) return 'ours';
    const isOver = await lease().then(
      () => true,
      () => false,
    );
    if (!isOver) return 'closing';
    const ended = await marks.ended(job.key);
    if (ended !== undefined) return verdictOf(ended, job);
    if (await marks.begin(job.key, attempt)) return 'ours';
    return {
      state: 'unknown',
      exit: unknownExit,
      problem: 'a worker was ended while it did this, and nobody knows what became of it',
    };
  }

  /** The worker is ended: another one does it, where that does nothing twice. */
  #isInterrupted({ exit }: Ended, { repeatable }: Job): boolean {
    return this.#signal.aborted && exit !== 0 && repeatable;
  }
}

const verdictOf = ({ exit, problem }: Ended, { repeatable }: Job): Verdict => ({
  state: exit === 0 ? 'done' : isUnknown(exit) && !repeatable ? 'unknown' : 'failed',
  exit,
  ...(problem === undefined ? {} : { problem }),
});

/** 130 and 143: a signal has ended it in the middle. */
const isUnknown = (exit: number): boolean => exit === unknownExit || exit >= 128;
