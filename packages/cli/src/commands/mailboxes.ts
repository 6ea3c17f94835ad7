/** `fivewire mailboxes`: the mailboxes of an account, with how many messages each holds and how many are unread. */
import { type Args, type CommandModule, type Context, optionalText } from '../context.js';
import { usage } from '../exit-code.js';
import { list } from '../protocols/imap.js';
import { withRetry } from '../retry.js';
import { resolveTarget } from '../target.js';
import { mailboxPath } from '../url-paths.js';

export const options: CommandModule['options'] = {};

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const target = await resolveTarget(optionalText(args.url), context, { protocols: ['imap'] });
  const mailbox = mailboxPath(target.path, 'fivewire ls lists messages.');
  if (mailbox !== undefined && !/[*%]/.test(mailbox))
    throw usage(
      'This is one mailbox',
      'fivewire stat tells of it, and fivewire ls lists its messages.',
    );
  return withRetry(context, () =>
    list(target, context, { long: true, recursive: false, all: false }),
  );
}
