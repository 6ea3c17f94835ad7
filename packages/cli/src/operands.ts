/**
 * Operands behind `--`, and a lone `-`, as POSIX has them (utility syntax guidelines 10 and 13). yargs would take them for
 * options, or leave them out of a command's arguments; so they go through it in disguise.
 */

/** No argument of a process can hold NUL, so this can stand before nothing else. */
const disguise = '\0';

/** What begins with `-` and is no option gets its disguise; the `--` itself is taken out. */
export function disguiseOperands(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  const operands = end < 0 ? [] : argv.slice(end + 1);
  return [
    ...options.map((arg) => (arg === '-' ? disguise + arg : arg)),
    ...operands.map((arg) => (arg.startsWith('-') ? disguise + arg : arg)),
  ];
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
