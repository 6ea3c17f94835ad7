/** Does jobs of the queue, one after the other or several at once, until it is ended. */
import { growingPause } from '@fivewire/line-protocol';
import { DelayedError, type Job as QueuedJob, UnrecoverableError, Worker } from 'bullmq';
import { connectQueue } from './connection.js';
import { type Ended, Marks } from './marks.js';
import type { Execute, Job, QueueOptions, WorkerOptions } from './types.js';
import { laterExit, unknownExit, type Verdict, verdictText } from './verdict.js';

export interface JobWorker {
  /** Takes no more jobs, and resolves when those under way have ended. */
  close(): Promise<void>;
}

/** @throws UsageError ERR_ARGUMENT for a URL that is none */
export function startWorker(
  queue: QueueOptions,
  execute: Execute,
  options: WorkerOptions = {},
): JobWorker {
  const { jobs = 1, pause, lease = 30_000, signal } = options;
  const redis = connectQueue(queue);
  redis.on('error', () => {});
  const name = queue.name ?? 'fivewire';
  const work = new Work(new Marks(redis, name), execute, options);
  const worker = new Worker<Job, Verdict>(name, (job, token) => work.do(job, token), {
    connection: redis,
    skipVersionCheck: true,
    concurrency: jobs,
    lockDuration: lease,
    stalledInterval: lease,
    // A killed worker is no fault of its job: the marks say what is left to do.
    maxStalledCount: 1_000,
    ...(pause === undefined ? {} : { limiter: { max: 1, duration: pause } }),
  });
  worker.on('error', () => {});
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= worker
      .close()
      .catch(() => {})
      .then(() => redis.disconnect());
    return closing;
  };
  signal?.addEventListener('abort', () => void close(), { once: true });
  return { close };
}

class Work {
  readonly #marks: Marks;
  readonly #execute: Execute;
  readonly #options: WorkerOptions;
  readonly #signal: AbortSignal;

  constructor(marks: Marks, execute: Execute, options: WorkerOptions) {
    this.#marks = marks;
    this.#execute = execute;
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
  }

  /** @throws UnrecoverableError for what has failed, DelayedError for what is tried later */
  async do(queued: QueuedJob<Job, Verdict>, token: string | undefined): Promise<Verdict> {
    const job = queued.data;
    const verdict = await this.#verdict(job);
    if (verdict === 'later') {
      const { attempts = 5, firstPause = 1_000 } = this.#options;
      const tries = queued.attemptsStarted;
      if (tries < attempts) {
        await queued.moveToDelayed(
          Date.now() +
            growingPause(tries, { first: firstPause, longest: Number.POSITIVE_INFINITY }),
          token,
        );
        throw new DelayedError();
      }
      return this.#told(job, {
        state: 'failed',
        exit: laterExit,
        problem: this.#last.get(job.key) ?? '',
      });
    }
    return this.#told(job, verdict);
  }

  readonly #last = new Map<string, string>();

  async #verdict(job: Job): Promise<Verdict | 'later'> {
    // A worker that was killed between the end of the job and its note in the queue has left this.
    const before = await this.#marks.ended(job.key);
    if (before !== undefined) return verdictOf(before, job);
    if (!job.repeatable && !(await this.#marks.begin(job.key)))
      return {
        state: 'unknown',
        exit: unknownExit,
        problem: 'a worker was ended while it did this, and nobody knows what became of it',
      };
    const ended = await this.#execute(job, this.#signal);
    if (ended.exit === laterExit || this.#isInterrupted(ended, job)) {
      this.#last.set(job.key, ended.problem ?? '');
      if (ended.exit === laterExit) await this.#marks.forget(job.key);
      return 'later';
    }
    const verdict = verdictOf(ended, job);
    // What has failed may be tried again by a later run; what nobody knows stays begun.
    if (verdict.state === 'done') await this.#marks.end(job.key, ended);
    else if (verdict.state === 'failed') await this.#marks.forget(job.key);
    return verdict;
  }

  /** The worker is ended: another one does it, where that does nothing twice. */
  #isInterrupted({ exit }: Ended, { repeatable }: Job): boolean {
    return this.#signal.aborted && exit !== 0 && repeatable;
  }

  #told(job: Job, verdict: Verdict): Verdict {
    this.#options.onOutcome?.({ job, ...verdict });
    if (verdict.state !== 'done') throw new UnrecoverableError(verdictText(verdict));
    return verdict;
  }
}

const verdictOf = ({ exit, problem }: Ended, { repeatable }: Job): Verdict => ({
  state: exit === 0 ? 'done' : isUnknown(exit) && !repeatable ? 'unknown' : 'failed',
  exit,
  ...(problem === undefined ? {} : { problem }),
});

/** 130 and 143: a signal has ended it in the middle. */
const isUnknown = (exit: number): boolean => exit === unknownExit || exit >= 128;
