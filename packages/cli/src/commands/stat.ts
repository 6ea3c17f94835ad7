/** `fivewire stat`: what one path is, or one mailbox. */
import { type Args, type Context, text } from '../context.js';
import { fileRecord } from '../file-record.js';
import { absent, onFtpPath } from '../ftp-command.js';
import { isOf, onNamedMailbox } from '../imap-command.js';
import { line } from '../output.js';

export const options = {} as const;

export async function run(args: Args, context: Context): Promise<undefined> {
  const { signal, out } = context;
  const url = text(args.url);
  if (isOf('imap', url, context)) return statMailbox(url, context);
  await onFtpPath(url, context, async (ftp, path, name) => {
    const entry = await ftp.stat(path, { signal });
    if (entry === undefined) throw absent(name);
    const known = Object.entries(fileRecord(entry)).filter(([, value]) => value !== undefined);
    await out.row(
      { type: 'entry', ...Object.fromEntries(known) },
      known.map(([name, value]) => `${name}\t${line(String(value))}`).join('\n'),
    );
  });
}

async function statMailbox(url: string, context: Context): Promise<undefined> {
  const { signal, out } = context;
  await onNamedMailbox(url, context, async (imap, mailbox) => {
    const wanted = ['messages', 'unseen', 'uidNext', 'uidValidity'] as const;
    const status = await imap.status(mailbox, wanted, { signal });
    const known = Object.entries({ name: mailbox, ...status }).filter(
      ([, value]) => value !== undefined,
    );
    await out.row(
      { type: 'mailbox', ...Object.fromEntries(known) },
      known.map(([name, value]) => `${name}\t${line(String(value))}`).join('\n'),
    );
  });
}
