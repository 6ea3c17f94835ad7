/** A piece of work: a command line, under a key that is the same in every run. */
import { createHash } from 'node:crypto';
import type { CommandEntry } from '../commands.js';
import type { OptionSpec } from '../context.js';
import { globalOptions } from '../global-options.js';
import { named } from '../named.js';
import { nameOf } from '../named-command.js';
import { ownWords } from '../operands.js';

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
  /** `done`: nothing is left of these jobs. */
  close(options?: { done?: boolean }): Promise<void>;
}

/** Does a job: its exit code, and what it said when it failed. `repeats`: an earlier try was cut off, and may have done it. */
export type Execute = (
  job: Job,
  signal: AbortSignal,
  how: { repeats: boolean },
) => Promise<{ exit: number; problem?: string }>;

/** The words of a command line that are no options, and the options without their values. */
interface Read {
  operands: readonly string[];
  options: readonly string[];
}

/** What does the same thing twice when it is run twice. `sync`, `fetch` and `send --each` know what they have done. */
const once: Readonly<Record<string, (read: Read) => boolean>> = {
  send: ({ options }) => !options.some((arg) => /^--(each|dry-run)(=|$)/.test(arg)),
  sendmail: () => true,
  append: () => true,
  copy: () => true,
  mv: () => true,
  move: () => true,
  news: ({ operands }) => operands[0] === 'post',
  // Messages of a maildrop are numbered anew when one is gone; a path may be one of a profile's maildrop.
  rm: ({ operands: [url = ''] }) => !/^(ftps?|imaps?):/i.test(url),
};

/** Wherever its options stand. */
function isRepeatable(argv: readonly string[], own: readonly string[], name: string): boolean {
  const isOnce = named(once, name);
  if (isOnce === undefined) return true;
  const end = argv.indexOf('--');
  const words = [...own.filter((word) => !isOption(word)), ...(end < 0 ? [] : argv.slice(end + 1))];
  return !isOnce({ operands: words.slice(1), options: own.filter(isOption) });
}

const isOption = (word: string): boolean => word.startsWith('-') && word !== '-';

/** An option that the command does not have: found before any job is run. sendmail has its own way with them. */
function strayOption(
  own: readonly string[],
  options: Readonly<Record<string, OptionSpec>>,
): string | undefined {
  const names = own.flatMap((word) => /^--([^=]+)/.exec(word)?.[1] ?? []);
  return names.find((name) => !Object.hasOwn(options, name));
}

/**
 * @param nth which of several that are alike
 * @throws Error that says in one line what is wrong
 */
export async function jobOf(
  argv: readonly string[],
  entry: CommandEntry,
  name: string | undefined,
  nth: number,
): Promise<Job> {
  const options = { ...globalOptions, ...(await entry.load()).options };
  const own = ownWords(argv, options);
  const command = nameOf(entry);
  const stray = command === 'sendmail' ? undefined : strayOption(own, options);
  if (stray !== undefined) throw new Error(`${command} has no option --${stray}`);
  const what = name === undefined ? JSON.stringify([argv, nth]) : JSON.stringify(name);
  return {
    key: digest(what),
    name: name ?? argv.join(' '),
    argv,
    repeatable: isRepeatable(argv, own, command),
  };
}

/** What tells a command line from another one of the same name. */
export const workOf = ({ argv }: Pick<Job, 'argv'>): string =>
  digest(JSON.stringify(argv)).slice(0, 12);

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 24);
