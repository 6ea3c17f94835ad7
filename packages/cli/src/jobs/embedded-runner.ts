/** Jobs in this process, and a journal of what is done: a rerun does what is left. */
import { exitCodes, type Failure, usage } from '../exit-code.js';
import { type JournalFile, type Ledger, openJournal } from '../journal-file.js';
import { line } from '../output.js';
import { paced } from '../rate.js';
import {
  type Execute,
  type Job,
  type JobOutcome,
  type JobRunner,
  type RunJobOptions,
  workOf,
} from './job.js';

/** `name`: of what is not run again by itself, so that it can be told where FILE has it no more. `work`: the command line. */
type Entry =
  | { begun: string; name?: string }
  | { done: string; exit: number; problem?: string; name?: string; work?: string };

type Ended = Omit<Extract<Entry, { done: string }>, 'done'>;

export class JobLedger implements Ledger<Entry> {
  /** With their names, where they are not repeatable. */
  readonly begun: Map<string, string | undefined> = new Map();
  readonly ended: Map<string, Ended> = new Map();

  apply(entry: Entry): void {
    if ('begun' in entry) this.begun.set(entry.begun, entry.name);
    else {
      const { done, ...how } = entry;
      this.begun.delete(done);
      this.ended.set(done, how);
    }
  }

  *entries(): Generator<Entry> {
    for (const [done, how] of this.ended) yield { done, ...how };
    for (const [begun, name] of this.begun)
      yield { begun, ...(name === undefined ? {} : { name }) };
  }

  /**
   * What is known of a job before it is run.
   *
   * @throws Failure 64 where another command line of its name is done: neither of the two would be what was meant
   */
  stateOf(job: Job): 'done' | 'unknown' | 'left' {
    const { key, repeatable } = job;
    const ended = this.ended.get(key);
    if (ended?.exit === exitCodes.ok) {
      if (ended.work !== undefined && ended.work !== workOf(job))
        throw usage(
          `${line(job.name)} is done, and was another command then`,
          'Give what is to be done now another id; --again begins all anew.',
        );
      return 'done';
    }
    const isUnknown = this.begun.has(key) || ended?.exit === exitCodes.protocol;
    return isUnknown && !repeatable ? 'unknown' : 'left';
  }

  /** Whether it was cut off: it may have done its work all the same. */
  wasCutOff({ key }: Job): boolean {
    const exit = this.ended.get(key)?.exit;
    return this.begun.has(key) || exit === exitCodes.temporary || exit === exitCodes.protocol;
  }

  /** What nobody knows the end of, and is none of these jobs: it was taken out of FILE, or is written otherwise there. */
  strays(jobs: readonly Job[]): { key: string; name: string }[] {
    const here = new Set(jobs.map(({ key }) => key));
    const unknown = [...this.ended].filter(([, { exit }]) => exit === exitCodes.protocol);
    return [...this.begun, ...unknown.map(([key, { name }]) => [key, name] as const)].flatMap(
      ([key, name]) => (name === undefined || here.has(key) ? [] : [{ key, name }]),
    );
  }
}

export interface OpenOptions {
  /** What an earlier run has left: gone on with, forgotten, or a Failure. */
  earlier: 'resume' | 'forget' | 'refuse';
}

export class EmbeddedRunner implements JobRunner {
  readonly #ledger: JobLedger;
  readonly #journal: JournalFile<Entry>;
  readonly #execute: Execute;

  /** @throws Failure 75 while another run uses the journal, 64 where there is one that is not to be gone on with */
  static async open(
    path: string,
    execute: Execute,
    { earlier }: OpenOptions,
  ): Promise<EmbeddedRunner> {
    const ledger = new JobLedger();
    const journal = await openJournal<Entry>(path, 'run', ledger, {
      ...(earlier === 'forget' ? { forget: true } : {}),
      ...(earlier === 'refuse' ? { existing: () => unfinished(path) } : {}),
    });
    return new EmbeddedRunner(ledger, journal, execute);
  }

  private constructor(ledger: JobLedger, journal: JournalFile<Entry>, execute: Execute) {
    this.#ledger = ledger;
    this.#journal = journal;
    this.#execute = execute;
  }

  async *run(jobs: readonly Job[], options: RunJobOptions): AsyncGenerator<JobOutcome> {
    const { pause, resendUnknown } = options;
    // What goes on when nobody follows any longer would end without being noted.
    const stop = new AbortController();
    const signal = AbortSignal.any([options.signal, stop.signal]);
    const wait = paced(pause, signal);
    const waiting: Job[] = [];
    for (const job of jobs) {
      const state = this.#ledger.stateOf(job);
      if (state === 'done') yield { job, state, exit: exitCodes.ok };
      else if (state === 'unknown' && !resendUnknown)
        yield { job, state, exit: exitCodes.protocol };
      else waiting.push(job);
    }
    if (!resendUnknown)
      for (const { key, name } of this.#ledger.strays(jobs))
        yield {
          job: { key, name, argv: [], repeatable: false },
          state: 'unknown',
          exit: exitCodes.protocol,
          problem: 'it is no job of the file any more',
        };
    const underway = new Map<Job, Promise<JobOutcome>>();
    try {
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
    } finally {
      stop.abort();
      await Promise.allSettled(underway.values());
    }
    options.signal.throwIfAborted();
  }

  async #one(job: Job, signal: AbortSignal): Promise<JobOutcome> {
    const { key, repeatable } = job;
    const name = repeatable ? {} : { name: job.name };
    const repeats = this.#ledger.wasCutOff(job);
    await this.#journal.append({ begun: key, ...name });
    const { exit, problem: said } = await this.#execute(job, signal, { repeats });
    const problem = said === undefined ? {} : { problem: said };
    // What a signal has ended is as unknown as what a kill has.
    if (!signal.aborted || exit === exitCodes.ok)
      await this.#journal.append({ done: key, exit, ...problem, ...name, work: workOf(job) });
    const isUnknown = exit === exitCodes.protocol && !repeatable;
    const state = exit === exitCodes.ok ? 'done' : isUnknown ? 'unknown' : 'failed';
    return { job, state, exit, ...problem };
  }

  /** @param done nothing is left: the next run is a new one */
  async close({ done = false }: { done?: boolean } = {}): Promise<void> {
    await this.#journal.close({ remove: done });
  }
}

const unfinished = (journal: string): Failure =>
  usage(
    `An earlier run was not finished: ${journal} is there`,
    '--resume does what is left, --again begins anew.',
  );
