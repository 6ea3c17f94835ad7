/** Does jobs of the queue, one after the other or several at once, until it is ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job as QueuedJob, UnrecoverableError, Worker } from 'bullmq';
import { connectQueue } from './connection.js';
import { Marks } from './marks.js';
import type { Execute, Job, QueueOptions, WorkerOptions } from './types.js';
import { type Verdict, verdictText } from './verdict.js';
import { Work } from './work.js';

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
  const work = new Work({
    ...{ marks: new Marks(redis, name), execute, options },
    lease: () => sleep(lease, undefined, signal === undefined ? {} : { signal }),
  });
  const worker = new Worker<Job, Verdict>(name, doQueued, {
    connection: redis,
    skipVersionCheck: true,
    concurrency: jobs,
    lockDuration: lease,
    stalledInterval: lease,
    // A killed worker is no fault of its job: the marks say what is left to do.
    maxStalledCount: 1_000,
    ...(pause === undefined ? {} : { limiter: { max: 1, duration: pause } }),
  });
  /** @throws UnrecoverableError for what has failed, DelayedError for what is tried later */
  async function doQueued(queued: QueuedJob<Job, Verdict>, token?: string): Promise<Verdict> {
    const end = await work.do(queued.data, queued.attemptsStarted);
    if ('pause' in end) {
      await queued.moveToDelayed(Date.now() + end.pause, token);
      throw new DelayedError();
    }
    if (end.state !== 'done') throw new UnrecoverableError(verdictText(end));
    return end;
  }
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
