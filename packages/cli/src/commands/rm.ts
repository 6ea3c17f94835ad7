/** `fivewire rm`: a file, an empty directory, or with `-r` a directory and all in it. */
import { type Args, type Context, text } from '../context.js';
import { onFtpPath } from '../ftp-command.js';
import { line } from '../output.js';

export const options = {
  recursive: { type: 'boolean', alias: 'r', describe: 'A directory and all below it' },
} as const;

export async function run(args: Args, context: Context): Promise<undefined> {
  const { signal, out } = context;
  await onFtpPath(text(args.url), context, async (ftp, path) => {
    await ftp.remove(path, { recursive: args.recursive === true, signal });
    await out.done({ type: 'removed', path }, `removed ${line(path)}`);
  });
}
