/** `fivewire stat`: what one path is, or one mailbox, maildrop, newsgroup, message or article. */
import { type Args, type Context, text } from '../context.js';
import { fileRecord } from '../file-record.js';
import { absent, onFtpPath } from '../ftp-command.js';
import { isOf, onNamedMailbox } from '../imap-command.js';

export const options = {} as const;

export async function run(args: Args, context: Context): Promise<undefined> {
  const { signal, out } = context;
  const url = text(args.url);
  if (isOf('imap', url, context)) return statMailbox(url, context);
  for (const protocol of ['pop3', 'nntp'] as const)
    if (isOf(protocol, url, context)) {
      await (await others[protocol]()).stat(url, context);
      return;
    }
  await onFtpPath(url, context, async (ftp, path, name) => {
    const entry = await ftp.stat(path, { signal });
    if (entry === undefined) throw absent(name);
    await out.facts('entry', fileRecord(entry));
  });
}

const others = {
  pop3: () => import('../protocols/pop3.js'),
  nntp: () => import('../protocols/nntp.js'),
};

async function statMailbox(url: string, context: Context): Promise<undefined> {
  const { signal, out } = context;
  await onNamedMailbox(url, context, async (imap, mailbox) => {
    const wanted = ['messages', 'unseen', 'uidNext', 'uidValidity'] as const;
    const status = await imap.status(mailbox, wanted, { signal });
    await out.facts('mailbox', { name: mailbox, ...status });
  });
}
