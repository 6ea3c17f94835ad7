/** A piece of work: a command line, under a key that is the same in every run. */
import { createHash } from 'node:crypto';

export interface Job {
  /** Letters, digits and dashes. */
  key: string;
  /** For people: what the file calls it, or the command line. */
  name: string;
  /** Without `fivewire`: `['get', 'ftps://…']`. It never holds a secret. */
  argv: readonly string[];
  /** Whether it can be run again after it was cut off, and does nothing twice. */
  repeatable: boolean;
}

export interface JobOutcome {
  job: Job;
  /** `unknown`: it was cut off, and nobody knows what became of it. It is not run again by itself. */
  state: 'done' | 'failed' | 'unknown';
  /** The exit code of the command. */
  exit: number;
  /** What it said when it failed. */
  problem?: string;
}

export interface RunJobOptions {
  /** At once. */
  jobs: number;
  /** Milliseconds from the beginning of one to that of the next. */
  pause: number | undefined;
  /** Also those of which nobody knows what became of them. */
  resendUnknown: boolean;
  signal: AbortSignal;
}

/** What runs jobs: this process, or workers somewhere else. */
export interface JobRunner {
  /** Each job's outcome, as it is there. What an earlier run has done is not done again, and told as done. */
  run(jobs: readonly Job[], options: RunJobOptions): AsyncIterable<JobOutcome>;
  close(): Promise<void>;
}

/** Does a job: its exit code, and what it said when it failed. */
export type Execute = (
  job: Job,
  signal: AbortSignal,
) => Promise<{ exit: number; problem?: string }>;

/** What does the same thing twice when it is run twice. `sync`, `fetch` and `send --each` know what they have done. */
const once: Readonly<Record<string, (argv: readonly string[]) => boolean>> = {
  send: (argv) => !argv.some((arg) => /^--(each|dry-run)(=|$)/.test(arg)),
  sendmail: () => true,
  append: () => true,
  copy: () => true,
  mv: () => true,
  move: () => true,
  news: (argv) => argv[1] === 'post',
};

export const isRepeatable = (argv: readonly string[]): boolean =>
  !(once[argv[0] ?? '']?.(argv) ?? false);

/** @param nth which of several that are alike */
export function jobOf(argv: readonly string[], name: string | undefined, nth: number): Job {
  const what = name === undefined ? JSON.stringify([argv, nth]) : JSON.stringify(name);
  return {
    key: createHash('sha256').update(what).digest('hex').slice(0, 24),
    name: name ?? argv.join(' '),
    argv,
    repeatable: isRepeatable(argv),
  };
}
