/**
 * `fivewire send`: a message from a file, from stdin, or composed; the reply to each recipient is a line.
 * The envelope is `--from`, `--to`, `--cc` and `--bcc`; for a ready message without `--to`, its own header says who.
 */
import { type Args, type Context, optionalText } from '../context.js';
import { usage } from '../exit-code.js';
import { withRetry } from '../retry.js';
import { composed } from '../send/composed.js';
import { ask, send } from '../send/outgoing.js';
import { ready } from '../send/ready.js';
import { withSession } from '../sessions.js';
import { resolveTarget } from '../target.js';

export const options = {
  from: {
    type: 'string',
    mayBeEmpty: true,
    describe: 'Sender; default: the profile’s. With --file, "" or "<>" is the null sender',
  },
  to: { type: 'string', array: true, describe: 'Recipient; may be given again' },
  cc: { type: 'string', array: true, describe: 'Recipient of a copy' },
  bcc: { type: 'string', array: true, describe: 'Recipient that the others do not see' },
  domain: { type: 'string', describe: 'Completes addresses that are a local part alone' },
  subject: { type: 'string', mayBeEmpty: true, describe: 'Subject' },
  text: {
    type: 'string',
    mayBeEmpty: true,
    describe: 'Text; @FILE reads it from a file, - from stdin',
  },
  html: {
    type: 'string',
    mayBeEmpty: true,
    describe: 'HTML; @FILE reads it from a file, - from stdin',
  },
  attach: {
    type: 'string',
    array: true,
    describe: 'File to attach, - for stdin; may be given again',
  },
  'reply-to': { type: 'string', describe: 'Where answers go' },
  header: {
    type: 'string',
    array: true,
    describe: 'A further field, such as "In-Reply-To: <id@host>"; may be given again',
  },
  file: { type: 'string', describe: 'Send this ready message (RFC 5322) instead; - for stdin' },
  'dkim-key': { type: 'string', describe: 'PEM file of an RSA key to sign with' },
  'dkim-domain': { type: 'string', describe: 'The signing domain' },
  'dkim-selector': { type: 'string', describe: 'The key’s selector' },
  each: {
    type: 'string',
    describe:
      'CSV file: a message for each row; {{column}} in --to, --subject, --text, … stands for its value',
  },
  journal: {
    type: 'string',
    noDash: true,
    describe: '--each: which rows are done; default beside the CSV file',
  },
  rate: { type: 'string', describe: '--each: so many in a time, such as 60/m' },
  'resend-unknown': {
    type: 'boolean',
    describe: '--each: also rows of which nobody knows whether they were sent',
  },
  'all-or-none': { type: 'boolean', describe: 'Send to nobody when one recipient is refused' },
  'dry-run': { type: 'boolean', describe: 'Ask about sender and recipients, and send nothing' },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  refuseStray(args);
  if (args.each !== undefined) return (await import('../send/each.js')).sendEach(args, context);
  const target = await resolveTarget(optionalText(args.url), context, { protocols: ['smtp'] });
  const outgoing =
    args.file === undefined ? await composed(args, context) : await ready(args, context);
  try {
    const exit = await withRetry(context, () =>
      withSession('smtp', target, context, (smtp) =>
        args['dry-run'] === true
          ? ask(smtp, outgoing, context)
          : send(smtp, outgoing, args['all-or-none'] === true, context),
      ),
    );
    if (args['dry-run'] === true) context.out.say('Dry run: nothing was sent.');
    return exit;
  } finally {
    await outgoing.close();
  }
}

/** An option that would be passed over is a mistake. @throws Failure 64 */
function refuseStray(args: Args): void {
  const stray = (names: readonly string[]): string | undefined =>
    names.find((name) => args[name] !== undefined);
  const ofEach = args.each === undefined ? stray(['journal', 'rate', 'resend-unknown']) : undefined;
  if (ofEach !== undefined) throw usage(`--${ofEach} goes with --each`);
  const ofKey = args.file === undefined ? undefined : stray(['dkim-domain', 'dkim-selector']);
  if (ofKey !== undefined) throw usage(`--file is a ready message: --${ofKey} cannot change it`);
}
