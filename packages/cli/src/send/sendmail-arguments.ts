/**
 * The command line of `sendmail` as programs write it, in the words of ours: `-oi -t -f bob@example.org` →
 * `--ignore-dots --read-recipients --from bob@example.org`. Options of ours (`--profile`, …) pass as they are.
 */
import type { OptionSpec } from '../context.js';
import { usage } from '../exit-code.js';
import { named } from '../named.js';
import { line } from '../output.js';

/** With a value, attached or behind it. The second column is our option; none: what it says is of no use here. */
const valued: Readonly<Record<string, string | undefined>> = {
  f: '--from',
  r: '--from',
  F: '--full-name',
  N: '--notify',
  R: '--return',
  V: '--envelope-id',
  A: undefined,
  B: undefined,
  C: undefined,
  e: undefined,
  h: undefined,
  L: undefined,
  O: undefined,
  p: undefined,
  X: undefined,
};

/** `-o` and `-b` and what stands behind them. */
const modes: Readonly<Record<string, readonly string[]>> = {
  oi: ['--ignore-dots'],
  bm: [],
  bp: ['--list-queue'],
};

const flags: Readonly<Record<string, readonly string[]>> = {
  t: ['--read-recipients'],
  i: ['--ignore-dots'],
  v: ['--verbose'],
  q: ['--flush-queue'],
  U: [],
  G: [],
  n: [],
  m: [],
};

/** @throws Failure 64 for a mode that is no delivery: `-bs`, `-bd`, `-bi` */
export function sendmailArguments(
  argv: readonly string[],
  options: Readonly<Record<string, OptionSpec>>,
): string[] {
  const ours: string[] = [];
  const recipients: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at] as string;
    if (arg === '--') {
      recipients.push(...argv.slice(at + 1));
      break;
    }
    if (arg.startsWith('--')) ours.push(arg);
    else if (!arg.startsWith('-') || arg === '-') {
      // The value of an option of ours stands behind it.
      const before = argv[at - 1];
      const isValue = before?.startsWith('--') && options[before.slice(2)]?.type === 'string';
      (isValue ? ours : recipients).push(arg);
    } else at += short(arg, argv[at + 1], ours);
  }
  return ['sendmail', ...ours, '--', ...recipients];
}

/** As getopt reads it: letters stand together, `-tif bob`. @returns how many arguments behind it belong to it */
function short(arg: string, next: string | undefined, ours: string[]): 0 | 1 {
  for (let at = 1; at < arg.length; at++) {
    const [letter, rest] = [arg.charAt(at), arg.slice(at + 1)];
    if (Object.hasOwn(valued, letter) || letter === 'b' || letter === 'o') {
      const value = rest === '' ? next : rest;
      if (value === undefined) throw usage(`-${letter} needs a value`);
      take(letter, value, ours);
      return rest === '' ? 1 : 0;
    }
    const option = named(flags, letter);
    if (option === undefined) throw usage(`There is no sendmail option -${line(letter)}`);
    ours.push(...option);
    if (letter === 'q') return 0; // -q30m: how often a daemon would
  }
  return 0;
}

function take(letter: string, value: string, ours: string[]): void {
  const option = valued[letter];
  if (option !== undefined) {
    // The last one counts: wrappers put theirs before what they are given.
    const before = ours.findIndex((one) => one.startsWith(`${option}=`));
    if (before >= 0) ours.splice(before, 1);
    ours.push(`${option}=${value}`);
    return;
  }
  const mode = named(modes, `${letter}${value}`);
  if (letter === 'b' && mode === undefined)
    throw usage(
      `sendmail -b${line(value)} is no delivery`,
      'Here it reads one message from stdin and sends it: give recipients, or -t. An SMTP server on stdin (-bs) is another program.',
    );
  ours.push(...(mode ?? [])); // -oem, -odi, …: how a daemon would go about it
}
