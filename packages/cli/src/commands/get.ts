/** `fivewire get`: files, a tree, messages or an article to a local file, a directory or stdout. */
import { type Args, type Context, optionalText, text } from '../context.js';
import { usage } from '../exit-code.js';
import { directoryOf, type KeepWishes } from '../keep.js';
import { verbs } from '../protocols/verbs.js';
import { withRetry } from '../retry.js';
import { sweepParts } from '../sweep-parts.js';
import { resolveTarget } from '../target.js';

export const options = {
  recursive: { type: 'boolean', alias: 'r', describe: 'FTP: a directory and all below it' },
  'no-clobber': { type: 'boolean', alias: 'n', describe: 'Leave a file that is there, and fail' },
  backup: { type: 'boolean', alias: 'b', describe: 'Keep a file that is there, as NAME~' },
  'skip-existing': {
    type: 'boolean',
    describe: 'Leave files that are there, and call it complete',
  },
  resume: { type: 'boolean', alias: 'c', describe: 'FTP: go on with NAME.part of an earlier run' },
  preserve: {
    type: 'boolean',
    describe: 'Give files the times that the server tells; the default',
  },
  'no-preserve': { type: 'boolean', describe: 'Do not give files the times that the server tells' },
  'skip-links': { type: 'boolean', describe: 'With -r: leave links out and call it complete' },
} as const;

const choices = { 'no-clobber': 'refuse', backup: 'backup', 'skip-existing': 'skip' } as const;

function wishesOf(args: Args): KeepWishes & { skipLinks: boolean } {
  const given = (Object.keys(choices) as (keyof typeof choices)[]).filter(
    (name) => args[name] === true,
  );
  if (given.length > 1)
    throw usage(`--${given[0]} and --${given[1]} say two things`, 'Give one of the two.');
  if (args.preserve === true && args['no-preserve'] === true)
    throw usage('--preserve and --no-preserve say two things');
  return {
    existing: given[0] === undefined ? 'replace' : choices[given[0]],
    keepTimes: args['no-preserve'] !== true,
    resume: args.resume === true,
    skipLinks: args['skip-links'] === true,
  };
}

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const target = await resolveTarget(text(args.url), context, {
    protocols: ['ftp', 'imap', 'pop3', 'nntp'],
    login: 'anonymous',
  });
  const { protocol } = target;
  const wanted = optionalText(args.dest);
  const wishes = wishesOf(args);
  if (wishes.resume && protocol !== 'ftp') throw usage('--resume is for FTP');
  if (wishes.resume && (wanted === '-' || context.settings.limitRate !== undefined))
    throw usage('--resume goes with a file, and without --limit-rate');
  if (args.recursive === true) {
    if (protocol !== 'ftp') throw usage('--recursive is for FTP');
    if (wanted === '-') throw usage('A tree does not go to stdout', 'Name a directory.');
    const { getTree } = await import('../protocols/ftp-tree.js');
    return withRetry(
      context,
      (repeats) => getTree(target, wanted ?? '.', wishes, { ...context, repeats }),
      { resumable: true },
    );
  }
  const { get } = await verbs[protocol as keyof typeof verbs]();
  const exit = await withRetry(context, (repeats) =>
    get(target, { wanted, ...wishes }, { ...context, repeats }),
  );
  if (wanted !== '-') await sweepParts(await directoryOf(wanted));
  return exit;
}
