/** `fivewire rm`: a file or a directory by FTP; messages by IMAP, those of the URL alone. */
import { type Args, type Context, text } from '../context.js';
import { usage } from '../exit-code.js';
import { onFtpPath } from '../ftp-command.js';
import { duration } from '../global-options.js';
import { chosen, fitting, onMailbox } from '../imap-command.js';
import { line } from '../output.js';

export const options = {
  recursive: { type: 'boolean', alias: 'r', describe: 'FTP: a directory and all below it' },
  'older-than': { type: 'string', describe: 'IMAP: only what arrived longer ago: 30d, 12h' },
} as const;

export async function run(args: Args, context: Context): Promise<undefined> {
  const url = text(args.url);
  if (/^imaps?:/i.test(url)) return removeMail(url, args, context);
  if (args['older-than'] !== undefined) throw usage('--older-than is for mail, imaps://…');
  const { signal, out } = context;
  await onFtpPath(url, context, async (ftp, path) => {
    await ftp.remove(path, { recursive: args.recursive === true, signal });
    await out.done({ type: 'removed', path }, `removed ${line(path)}`);
  });
}

/** \Deleted, then UID EXPUNGE of these alone: what others have marked stays. */
async function removeMail(url: string, args: Args, context: Context): Promise<undefined> {
  const { signal, out } = context;
  const age =
    args['older-than'] === undefined
      ? undefined
      : duration(text(args['older-than']), '--older-than');
  await onMailbox(url, context, { readOnly: false }, async (mailbox, place) => {
    const named =
      place.uids === undefined && age !== undefined
        ? undefined
        : await chosen(mailbox, place, context);
    const uids = await fitting(mailbox, named === undefined ? {} : { uid: named }, age, context);
    if (uids.length === 0) return;
    await mailbox.addFlags(uids, ['\\Deleted'], { signal });
    await mailbox.expunge(uids, { signal });
    await out.done(
      { type: 'removed', mailbox: place.mailbox, uids: uids.join(',') },
      `removed ${line(place.mailbox)} ${uids.join(',')}`,
    );
  });
}
