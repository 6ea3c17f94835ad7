/** `fivewire move`: messages of one mailbox to another on the same server. */
import { type Args, type Context, text } from '../context.js';
import { transfer } from '../transfer-mail.js';

export const options = {
  create: { type: 'boolean', describe: 'Make the mailbox where it is not there' },
} as const;

export const run = (args: Args, context: Context): Promise<number | undefined> =>
  transfer('move', text(args.url), text(args.mailbox), args.create === true, context);
