/** `fivewire mkdir`: a directory or a mailbox; with `-p` also those above it, and none of them need be new. */
import { type Args, type Context, text } from '../context.js';
import { onFtpPath } from '../ftp-command.js';
import { hasMailbox, isOf, onNamedMailbox } from '../imap-command.js';
import { line } from '../output.js';

export const options = {
  parents: {
    type: 'boolean',
    alias: 'p',
    describe: 'Also those above it; one that exists is no error',
  },
} as const;

export async function run(args: Args, context: Context): Promise<undefined> {
  const { signal, out } = context;
  const url = text(args.url);
  if (isOf('imap', url, context)) return makeMailbox(url, args, context);
  await onFtpPath(url, context, async (ftp, path, name, { repeats }) => {
    const isMade = repeats && (await ftp.stat(path, { signal }))?.type === 'directory';
    if (isMade) tellMade(name, context);
    else await ftp.mkdir(path, { parents: args.parents === true, signal });
    await out.done({ type: 'made', path: name }, `made ${line(name)}`);
  });
}

/** Whoever made it: the earlier try that was cut off, or somebody before it. */
const tellMade = (name: string, { out }: Context): void =>
  out.warn(`${line(name)} is there already: an earlier try, which was cut off, had begun`);

/** Servers make the levels above by themselves (RFC 9051 §6.3.4). */
async function makeMailbox(url: string, args: Args, context: Context): Promise<undefined> {
  const { signal, out } = context;
  await onNamedMailbox(url, context, async (imap, mailbox, repeats) => {
    const isFine = args.parents === true || repeats;
    const isThere = isFine && (await hasMailbox(imap, mailbox, context));
    if (isThere && args.parents !== true) tellMade(mailbox, context);
    if (!isThere) await imap.create(mailbox, { signal });
    await out.done({ type: 'made', mailbox }, `made ${line(mailbox)}`);
  });
}
