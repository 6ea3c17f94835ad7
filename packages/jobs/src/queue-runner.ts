/** Puts jobs into the queue and follows them until each has its outcome. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Job as QueuedJob } from 'bullmq';
import type { Redis } from 'ioredis';
import { UsageError } from 'tls-context-core';
import { checkJobs } from './check-jobs.js';
import { checkQueue, connectQueue } from './connection.js';
import { Marks, remembered } from './marks.js';
import type { FollowOptions, Job, JobOutcome, QueueOptions } from './types.js';
import { readVerdict } from './verdict.js';

export interface QueueRunner {
  /**
   * Each job's outcome, as it is there. What is in the queue already is not put there twice, what is done is told as done, and
   * what has failed is tried again.
   */
  run(jobs: readonly Job[], options?: FollowOptions): AsyncIterable<JobOutcome>;
  close(): Promise<void>;
}

/** Jobs in one round trip. */
const batch = 500;
/** Milliseconds between two looks. */
const shortest = 50;
const longest = 1_000;

/** @throws UsageError ERR_ARGUMENT for a URL that is none */
export function createQueueRunner(options: QueueOptions): QueueRunner {
  const redis = connectQueue(options);
  // A queue that is away is waited for; its errors would end the process without a listener.
  redis.on('error', () => {});
  const name = options.name ?? 'fivewire';
  const queue = new Queue<Job>(name, { connection: redis, skipVersionCheck: true });
  queue.on('error', () => {});
  return {
    async *run(jobs, follow = {}) {
      await checkQueue(options);
      yield* run({ redis, queue, marks: new Marks(redis, name) }, jobs, follow);
    },
    async close() {
      await queue.close().catch(() => {});
      redis.disconnect();
    },
  };
}

interface At {
  redis: Redis;
  queue: Queue<Job>;
  marks: Marks;
}

async function* run(
  at: At,
  jobs: readonly Job[],
  { resendUnknown = false, signal }: FollowOptions,
): AsyncGenerator<JobOutcome, void, undefined> {
  checkJobs(jobs);
  const left = new Map<string, Job>();
  for (let from = 0; from < jobs.length; from += batch) {
    signal?.throwIfAborted();
    const some = jobs.slice(from, from + batch);
    const before = await endsOf(at, some);
    for (const [index, job] of some.entries()) {
      const { end, work } = before[index] as Known;
      const isOther = work !== undefined && work !== JSON.stringify(job.argv);
      // One that has failed may be tried as it is written now. Of any other, neither command would be what was meant.
      if (isOther && end?.state !== 'failed') throw another(job, end);
      if (end === undefined || end.state === 'done') continue;
      if (end.state === 'unknown') {
        // A worker that was slow, and not killed, has said how it ended after all.
        const isKnown = (await at.marks.ended(job.key)) !== undefined;
        if (!isKnown && !resendUnknown) continue;
      }
      await at.marks.forget(job.key);
      await retry(at, job);
    }
    await unbroken(() => at.queue.addBulk(some.map(queued)));
    for (const job of some) left.set(job.key, job);
  }
  for (let pause = shortest; left.size > 0; pause = Math.min(pause * 2, longest)) {
    signal?.throwIfAborted();
    for (let some = [...left.values()]; some.length > 0; some = some.slice(batch)) {
      const part = some.slice(0, batch);
      const ends = await endsOf(at, part);
      for (const [index, job] of part.entries()) {
        const { end } = ends[index] as Known;
        if (end === undefined) continue;
        left.delete(job.key);
        pause = shortest;
        yield { job, ...end };
      }
    }
    if (left.size > 0) await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}

const queued = (job: Job) => ({
  name: 'fivewire',
  data: job,
  opts: {
    jobId: job.key,
    // Each worker says by itself what may be tried again.
    attempts: 1_000_000,
    backoff: { type: 'custom' },
    removeOnComplete: { age: remembered },
    removeOnFail: { age: remembered },
  },
});

/** Where the connection breaks before the answer, it is asked again, and the job waits already. */
async function retry({ queue }: At, job: Job): Promise<void> {
  const queued = await QueuedJob.fromId<Job>(queue, job.key);
  await queued?.updateData(job);
  await queued?.retry('failed').catch(async (error) => {
    if (await queued.isFailed()) throw error;
  });
}

/** Commands that were sent together and are only half answered when the connection breaks: ioredis gives them up, all others it sends again. */
async function unbroken<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as Error).message !== 'Command aborted due to connection close') throw error;
    }
  }
}

/** What the queue has of a job; nothing, where it was never there. */
interface Known {
  /** Undefined where it has not ended. */
  end: Omit<JobOutcome, 'job'> | undefined;
  /** Its command line, as JSON. */
  work: string | undefined;
}

/** In the order of the jobs. */
async function endsOf({ redis, queue }: At, jobs: readonly Job[]): Promise<Known[]> {
  const rows = await Promise.all(
    jobs.map(({ key }) =>
      redis.hmget(queue.toKey(key), 'finishedOn', 'failedReason', 'returnvalue', 'data'),
    ),
  );
  return rows.map(([finished, failed, value, data]) => ({
    end:
      finished === null || finished === undefined
        ? undefined
        : readVerdict(failed || (value ?? '')),
    work: data ? JSON.stringify((JSON.parse(data) as Job).argv) : undefined,
  }));
}

const another = ({ name }: Job, end: Known['end']): UsageError =>
  new UsageError(
    'ERR_ARGUMENT',
    `${name} ${end === undefined ? 'waits in the queue' : `is ${end.state}`} as another command`,
    { argument: 'jobs', hint: 'A key is the work: give what is to be done now another id.' },
  );
