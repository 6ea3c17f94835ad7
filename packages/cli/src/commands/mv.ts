/** `fivewire mv`: a new name on the same server, of a file, a directory or a mailbox. */
import type { RemotePath } from '@fivewire/ftp';
import { type Args, type Context, text } from '../context.js';
import { usage } from '../exit-code.js';
import { onFtpPath } from '../ftp-command.js';
import { isOf, onNamedMailbox } from '../imap-command.js';
import { line } from '../output.js';
import { ownName } from '../own-mailboxes.js';
import { textOf } from '../url-paths.js';

export const options = {} as const;

export async function run(args: Args, context: Context): Promise<undefined> {
  const to = text(args.to);
  if (/^[a-z0-9+.-]+:\/\//i.test(to))
    throw usage(
      'The new name is a path on the same server, not a URL',
      'Write fivewire mv ftps://user@host/old new.',
    );
  const { signal, out } = context;
  const url = text(args.url);
  if (isOf('imap', url, context)) {
    await onNamedMailbox(url, context, async (imap, mailbox) => {
      const name = await ownName(imap, to, context);
      await imap.rename(mailbox, name, { signal });
      await out.done(
        { type: 'renamed', mailbox, to: name },
        `renamed ${line(mailbox)} to ${line(name)}`,
      );
    });
    return;
  }
  await onFtpPath(url, context, async (ftp, path, name) => {
    const place = to.endsWith('/') ? into(to, path) : to;
    await ftp.rename(path, place, { signal });
    const named = textOf(place);
    await out.done(
      { type: 'renamed', path: name, to: named },
      `renamed ${line(name)} to ${line(named)}`,
    );
  });
}

/** Under its own name, as `mv` has it. */
function into(directory: string, path: RemotePath): RemotePath {
  const octets = Buffer.from(path as string);
  const end = octets.at(-1) === slash ? -1 : octets.length;
  const name = octets.subarray(octets.lastIndexOf(slash, -2) + 1, end);
  if (typeof path === 'string') return directory + name.toString();
  return new Uint8Array(Buffer.concat([Buffer.from(directory), name]));
}

const slash = 0x2f;
