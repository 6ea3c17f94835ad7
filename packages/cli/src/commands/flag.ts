/** `fivewire flag`: flags of messages on the server, added and removed. */
import { type Args, type Context, text, texts } from '../context.js';
import { usage } from '../exit-code.js';
import { chosen, onMailbox } from '../imap-command.js';
import { line } from '../output.js';

export const options = {
  add: {
    type: 'string',
    array: true,
    describe: 'seen, answered, flagged, deleted, draft, or a keyword',
  },
  remove: { type: 'string', array: true, describe: 'The same, taken away' },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const { out, signal } = context;
  const [add, remove] = [texts(args.add).map(flagOf), texts(args.remove).map(flagOf)];
  if (add.length + remove.length === 0) throw usage('Which flag?', 'Give --add or --remove.');
  let exit: number | undefined;
  await onMailbox(text(args.url), context, { readOnly: false }, async (mailbox, place) => {
    const found = await chosen(mailbox, place, context);
    const { uids } = found;
    exit = found.exit;
    if (add.length > 0) await mailbox.addFlags(uids, add, { signal });
    if (remove.length > 0) await mailbox.removeFlags(uids, remove, { signal });
    await out.done(
      { type: 'flagged', mailbox: place.mailbox, uids, add, remove },
      `${line(place.mailbox)} ${uids}`,
    );
  });
  return exit;
}

const known = ['seen', 'answered', 'flagged', 'deleted', 'draft'];

/** `seen` → `\Seen`; a keyword as it is. */
function flagOf(name: string): string {
  const plain = name.replace(/^\\/, '').toLowerCase();
  return known.includes(plain) ? `\\${plain[0]?.toUpperCase()}${plain.slice(1)}` : name;
}
