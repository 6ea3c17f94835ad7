/**
 * Operands behind `--`, and a lone `-`, as POSIX has them (utility syntax guidelines 10 and 13). yargs would take them for
 * options, or leave them out of a command's arguments; so they go through it in disguise.
 */

import type { OptionSpec } from './context.js';
import { usage } from './exit-code.js';
import { line } from './output.js';

/** No argument of a process can hold NUL, so this can stand before nothing else. */
const disguise = '\0';

/**
 * What begins with `-` and is no option gets its disguise; the `--` itself is taken out. What stands behind an option that takes a
 * value is its value, whatever it begins with, as getopt has it; but no option of ours, for there a value was forgotten.
 *
 * @throws Failure 64 for an option without its value
 */
export function disguiseOperands(
  argv: readonly string[],
  options: Readonly<Record<string, OptionSpec>> = {},
): string[] {
  const disguised: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at] as string;
    if (arg === '--') return [...disguised, ...argv.slice(at + 1).map(hidden)];
    disguised.push(arg === '-' ? hidden(arg) : arg);
    const name = valued(arg, options);
    if (name === undefined) continue;
    const value = argv[++at];
    if (value === undefined || value === '--' || isOption(value, options))
      throw usage(
        `${arg} has no value`,
        value === undefined
          ? 'Give it one, or leave it out.'
          : `Should it be ${line(value)}, write --${name}=${line(value)}.`,
      );
    disguised.push(hidden(value));
  }
  return disguised;
}

/** What is no value of an option, and stands before `--`. */
export function ownWords(
  argv: readonly string[],
  options: Readonly<Record<string, OptionSpec>>,
): string[] {
  const words: string[] = [];
  for (let at = 0; at < argv.length && argv[at] !== '--'; at++) {
    const arg = argv[at] as string;
    words.push(arg);
    if (valued(arg, options) !== undefined) at++;
  }
  return words;
}

const hidden = (arg: string): string => (arg.startsWith('-') ? disguise + arg : arg);

/** The option that takes what stands behind it. */
function valued(arg: string, options: Readonly<Record<string, OptionSpec>>): string | undefined {
  const name = nameOf(arg, options);
  return name !== undefined && options[name]?.type === 'string' && !arg.includes('=')
    ? name
    : undefined;
}

const isOption = (arg: string, options: Readonly<Record<string, OptionSpec>>): boolean =>
  nameOf(arg, options) !== undefined;

/** `--name`, `--name=value`, `-n`. */
function nameOf(arg: string, options: Readonly<Record<string, OptionSpec>>): string | undefined {
  const [, long, short] = /^(?:--([a-z-]+)(?:=.*)?|-([a-zA-Z]))$/s.exec(arg) ?? [];
  if (long !== undefined) return Object.hasOwn(options, long) ? long : undefined;
  return Object.keys(options).find((name) => short !== undefined && options[name]?.alias === short);
}

/** The arguments as the user wrote them. */
export const revealOperands = (args: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(args).map(([name, value]) => [name, reveal(value)]));

/** The same in what is said about them. */
export const withoutDisguise = (text: string): string => text.replaceAll(disguise, '');

const reveal = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(reveal)
    : typeof value === 'string' && value.startsWith(disguise)
      ? value.slice(disguise.length)
      : value;
