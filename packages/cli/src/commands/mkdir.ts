/** `fivewire mkdir`: a directory; with `-p` also those above it, and none of them need be new. */
import { type Args, type Context, text } from '../context.js';
import { onFtpPath } from '../ftp-command.js';

export const options = {
  parents: {
    type: 'boolean',
    alias: 'p',
    describe: 'Also those above it; one that exists is no error',
  },
} as const;

export async function run(args: Args, context: Context): Promise<undefined> {
  const { signal } = context;
  await onFtpPath(text(args.url), context, (ftp, path) =>
    ftp.mkdir(path, { parents: args.parents === true, signal }),
  );
}
