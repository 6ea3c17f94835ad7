/**
 * `fivewire sync SRC DST`: DST gets what SRC has, and a journal remembers what is where. Trees by FTP go to `mirror`; what can
 * only be collected (POP3, news, an mbox file) goes to `fetch`.
 */
import { type Args, type CommandModule, type Context, optionalText, text } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { line } from '../output.js';
import { withRetry } from '../retry.js';
import type { Tally } from '../sync/copy-mailbox.js';
import { type Place, placeOf } from '../sync/place.js';
import * as fetchCommand from './fetch.js';
import * as mirrorCommand from './mirror.js';

export const options: CommandModule['options'] = {
  ...mirrorCommand.options,
  state: {
    type: 'string',
    noDash: true,
    describe: 'Directory of the journals; default: in the Maildir, else ~/.local/state/fivewire',
  },
  both: { type: 'boolean', describe: 'Mail: then the other way too, so that both are alike' },
};

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const [from, to] = [text(args.src), text(args.dst)];
  if (mirrorCommand.isFtp(from) || mirrorCommand.isFtp(to)) {
    if (args.both === true)
      throw usage('--both is for mail', 'A tree is mirrored in one direction.');
    if ([from, to].every((one) => /^[a-z0-9+.-]+:\/\//i.test(one)))
      throw usage(
        `${line(from)} cannot be copied to ${line(to)}`,
        'Files go between a server and a directory here.',
      );
    return mirrorCommand.run(args, context);
  }
  const [source, target] = [placeOf(from), placeOf(to)];
  const isCollected = source.kind === 'collected' || target.kind === 'mbox';
  if (isCollected) return collect(source, target, args, context);
  if (source.kind === 'mbox' || target.kind === 'collected')
    throw usage(
      `${line(from)} cannot be copied to ${line(to)}`,
      'An mbox file, POP3 and newsgroups are one end only: mbox at the end, the others at the beginning.',
    );
  const wishes = {
    remove: args.delete === true,
    mostDeletions: wholeNumber(args['max-delete'], '--max-delete') ?? 1_000,
    dryRun: args['dry-run'] === true,
    state: optionalText(args.state),
  };
  const { syncMail } = await import('../sync/sync-mail.js');
  const sum = await withRetry(
    context,
    async () => {
      const there = await syncMail(source, target, wishes, context);
      const back = args.both === true ? await syncMail(target, source, wishes, context) : undefined;
      return [there, back] as const;
    },
    { resumable: true },
  );
  return concluded(sum, args, context);
}

async function concluded(
  [there, back]: readonly [Tally, Tally | undefined],
  args: Args,
  { out }: Context,
): Promise<number | undefined> {
  const told = (sum: Tally): string =>
    `${sum.new} new, ${sum.changed} changed, ${sum.removed} removed${sum.failed === 0 ? '' : `, ${sum.failed} failed`}`;
  const text = `${told(there)}${back === undefined ? '' : `; back ${told(back)}`}`;
  if (args['dry-run'] === true)
    await out.row({ type: 'would', ...there, ...(back && { back }) }, text);
  else {
    if (out.json) await out.row({ type: 'synced', ...there, ...(back && { back }) }, '');
    out.summary(text);
  }
  return there.failed + (back?.failed ?? 0) === 0 ? undefined : exitCodes.partly;
}

/** What is only ever added to. */
function collect(
  source: Place,
  target: Place,
  args: Args,
  context: Context,
): Promise<number | undefined> {
  if (target.kind !== 'mbox' && target.kind !== 'maildir')
    throw usage('POP3 and newsgroups go to a Maildir or to mbox:FILE');
  if (source.kind !== 'collected' && source.kind !== 'imap')
    throw usage('An mbox file is filled from a server');
  for (const name of ['delete', 'max-delete', 'dry-run', 'both'])
    if (args[name] !== undefined && args[name] !== false)
      throw usage(
        `--${name} does not fit here`,
        'What comes by POP3 or news, and an mbox file, is only added to.',
      );
  const { src: _, dst: __, ...rest } = args;
  return fetchCommand.run(
    { ...rest, url: source.url, dest: `${target.kind}:${target.path}` },
    context,
  );
}
