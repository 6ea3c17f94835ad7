/** The options of every command, as they were given, for the jobs of a run. */
import type { Args } from '../context.js';
import { texts } from '../context.js';
import { usage } from '../exit-code.js';
import { globalOptions } from '../global-options.js';

/** Said of the run itself. */
const own = new Set(['json', 'quiet']);

export function sharedOptions(args: Args): string[] {
  if (args['password-stdin'] === true)
    throw usage(
      'Jobs cannot share the password on stdin',
      'Use --password-command, --netrc or a profile.',
    );
  return Object.entries(globalOptions).flatMap(([name, { type }]) => {
    const value = args[name];
    if (value === undefined || value === false || own.has(name)) return [];
    if (type === 'boolean') return [`--${name}`];
    if (type === 'count') return Array.from({ length: Number(value) }, () => `--${name}`);
    return texts(value).map((one) => `--${name}=${one}`);
  });
}
