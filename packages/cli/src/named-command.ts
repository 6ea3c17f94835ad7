/** Which command a command line is of. */
import { type CommandEntry, commands } from './commands.js';
import { globalOptions } from './global-options.js';
import { ownWords } from './operands.js';

/** By the first word that is no option, and no value of an option of every command. */
export function namedCommand(argv: readonly string[]): CommandEntry | undefined {
  const end = argv.indexOf('--');
  const words = [...ownWords(argv, globalOptions), ...(end < 0 ? [] : argv.slice(end + 1))];
  const name = words.find((word) => !word.startsWith('-'));
  return commands.find((entry) => nameOf(entry) === name);
}

export const nameOf = ({ usage }: CommandEntry): string => usage.split(' ', 1)[0] as string;
