/** Which servers a command is to look at: those of the line, and those of `--list`, one a line. */
import { type Args, optionalText, texts } from './context.js';
import { usage } from './exit-code.js';
import { readLocal } from './local-files.js';

export async function urlsOf(args: Args): Promise<string[]> {
  const file = optionalText(args.list);
  const listed = file === undefined ? '' : (await readLocal(file, 'the list')).toString('utf8');
  const lines = listed.split(/\r?\n/).map((line) => line.replace(/#.*$/, '').trim());
  const urls = [...texts(args.urls), ...lines.filter((line) => line !== '')];
  if (urls.length === 0)
    throw usage('Which server?', 'Write it as imaps://host, or give --list FILE.');
  return urls;
}
