/** Jobs in this process, and a journal of what is done: a rerun does what is left. */
import { exitCodes } from '../exit-code.js';
import { type JournalFile, type Ledger, openJournal } from '../journal-file.js';
import { paced } from '../rate.js';
import type { Execute, Job, JobOutcome, JobRunner, RunJobOptions } from './job.js';

type Entry = { begun: string } | { done: string; exit: number; problem?: string };

export class JobLedger implements Ledger<Entry> {
  readonly begun: Set<string> = new Set();
  /** With their exit codes. */
  readonly ended: Map<string, { exit: number; problem?: string }> = new Map();

  apply(entry: Entry): void {
    if ('begun' in entry) this.begun.add(entry.begun);
    else {
      this.begun.delete(entry.done);
      const { exit, problem } = entry;
      this.ended.set(entry.done, problem === undefined ? { exit } : { exit, problem });
    }
  }

  *entries(): Generator<Entry> {
    for (const [done, how] of this.ended) yield { done, ...how };
    for (const begun of this.begun) yield { begun };
  }

  /** What is known of a job before it is run. */
  stateOf({ key, repeatable }: Job): 'done' | 'unknown' | 'left' {
    const ended = this.ended.get(key);
    if (ended?.exit === exitCodes.ok) return 'done';
    const isUnknown = this.begun.has(key) || ended?.exit === exitCodes.protocol;
    return isUnknown && !repeatable ? 'unknown' : 'left';
  }
}

export class EmbeddedRunner implements JobRunner {
  readonly #ledger: JobLedger;
  readonly #journal: JournalFile<Entry>;
  readonly #execute: Execute;

  static async open(path: string, execute: Execute): Promise<EmbeddedRunner> {
    const ledger = new JobLedger();
    return new EmbeddedRunner(ledger, await openJournal<Entry>(path, 'run', ledger), execute);
  }

  private constructor(ledger: JobLedger, journal: JournalFile<Entry>, execute: Execute) {
    this.#ledger = ledger;
    this.#journal = journal;
    this.#execute = execute;
  }

  async *run(jobs: readonly Job[], options: RunJobOptions): AsyncGenerator<JobOutcome> {
    const { signal, pause, resendUnknown } = options;
    const wait = paced(pause, signal);
    const waiting: Job[] = [];
    for (const job of jobs) {
      const state = this.#ledger.stateOf(job);
      if (state === 'done') yield { job, state, exit: exitCodes.ok };
      else if (state === 'unknown' && !resendUnknown)
        yield { job, state, exit: exitCodes.protocol };
      else waiting.push(job);
    }
    const underway = new Map<Job, Promise<JobOutcome>>();
    while (waiting.length > 0 || underway.size > 0) {
      while (!signal.aborted && waiting.length > 0 && underway.size < options.jobs) {
        await wait();
        const job = waiting.shift() as Job;
        underway.set(job, this.#one(job, signal));
      }
      if (underway.size === 0) break;
      const outcome = await Promise.race(underway.values());
      underway.delete(outcome.job);
      yield outcome;
    }
    signal.throwIfAborted();
  }

  async #one(job: Job, signal: AbortSignal): Promise<JobOutcome> {
    await this.#journal.append({ begun: job.key });
    const { exit, problem } = await this.#execute(job, signal);
    // What a signal has ended is as unknown as what a kill has.
    if (!signal.aborted || exit === exitCodes.ok)
      await this.#journal.append({
        done: job.key,
        exit,
        ...(problem === undefined ? {} : { problem }),
      });
    const isUnknown = exit === exitCodes.protocol && !job.repeatable;
    const state = exit === exitCodes.ok ? 'done' : isUnknown ? 'unknown' : 'failed';
    return { job, state, exit, ...(problem === undefined ? {} : { problem }) };
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }
}
