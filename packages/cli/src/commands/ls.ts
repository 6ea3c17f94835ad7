/** `fivewire ls`: what is there. One thing a line; `-l` shows more of it, tab-separated. */
import { type Args, type Context, optionalText } from '../context.js';
import { verbs } from '../protocols/verbs.js';
import { withRetry } from '../retry.js';
import { resolveTarget } from '../target.js';

export const options = {
  long: { type: 'boolean', alias: 'l', describe: 'Show type or size, date and more' },
  recursive: { type: 'boolean', alias: 'r', describe: 'FTP: directories below as well' },
  all: { type: 'boolean', alias: 'a', describe: 'FTP: also names that begin with a dot' },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const target = await resolveTarget(optionalText(args.url), context, {
    protocols: ['ftp', 'imap', 'pop3', 'nntp'],
    login: 'anonymous',
  });
  const wishes = {
    long: args.long === true,
    recursive: args.recursive === true,
    all: args.all === true,
  };
  const { list } = await verbs[target.protocol as keyof typeof verbs]();
  return withRetry(context, () => list(target, context, wishes));
}
