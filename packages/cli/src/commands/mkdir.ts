/** `fivewire mkdir`: a directory; with `-p` also those above it, and none of them need be new. */
import { type Args, type Context, text } from '../context.js';
import { onFtpPath } from '../ftp-command.js';
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
  await onFtpPath(text(args.url), context, async (ftp, path) => {
    await ftp.mkdir(path, { parents: args.parents === true, signal });
    await out.done({ type: 'made', path }, `made ${line(path)}`);
  });
}
