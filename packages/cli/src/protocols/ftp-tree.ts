/** A tree of an FTP server to a directory here: what `get -r` does. */
import type { FtpClient, ListingProblem } from '@fivewire/ftp';
import { isFivewireError } from 'tls-context-core';
import type { Context } from '../context.js';
import { exitCodes, isFailure, usage } from '../exit-code.js';
import type { KeepWishes } from '../keep.js';
import { makeDirectory } from '../local-files.js';
import { line } from '../output.js';
import { withSession } from '../sessions.js';
import { sweepParts } from '../sweep-parts.js';
import type { Target } from '../target.js';
import { ftpPath } from '../url-paths.js';
import { saveRemote } from './ftp-file.js';
import { globOf } from './glob.js';

/** Every file below a directory. One that fails does not stop the others: the exit code says that there was one. */
export async function getTree(
  target: Target,
  wanted: string,
  wishes: KeepWishes & { skipLinks: boolean },
  context: Context,
): Promise<number | undefined> {
  if (globOf(target.path) !== undefined)
    throw usage('--recursive takes one directory', 'A star that is meant as it is is written %2A.');
  const root = ftpPath(target.path).replace(/(?<=.)\/+$/, '');
  return withSession('ftp', target, context, async (ftp) => {
    const failed: string[] = [];
    const links = (path: string): unknown =>
      wishes.skipLinks
        ? context.out.detail(`${line(path)} is a link: left out`)
        : failed.push(`${path} is a link: left out`);
    for await (const { from, to, size, modified } of filesBelow(ftp, root, wanted, context, {
      failed,
      links,
    })) {
      try {
        await saveRemote(
          ftp,
          { path: from, name: from.slice(from.lastIndexOf('/') + 1), size, modified },
          to,
          wishes,
          context,
        );
      } catch (error) {
        if (isFailure(error) && error.code === 'EEXIST') failed.push(error.message);
        else if (isUsable(error)) failed.push(`${from}: ${(error as Error).message}`);
        else throw error;
      }
    }
    for (const problem of failed) context.out.warn(line(problem));
    return failed.length === 0 ? undefined : exitCodes.partly;
  });
}

/** The session can go on, and it is the file that was refused, not this disk. */
const isUsable = (error: unknown): boolean =>
  isFivewireError(error) && error.connection === 'usable' && !error.code.startsWith('ERR_LOCAL');

interface TreeItem {
  from: string;
  to: string;
  size: number | undefined;
  modified: Date | undefined;
}

interface LeftOut {
  failed: string[];
  links: (path: string) => unknown;
}

/** Directory by directory; names that would leave the local directory are refused, not followed. */
async function* filesBelow(
  ftp: FtpClient,
  root: string,
  local: string,
  context: Context,
  { failed, links }: LeftOut,
): AsyncGenerator<TreeItem> {
  const { localPath } = await import('@fivewire/ftp');
  const directories = [{ from: root, to: local }];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    const { from, to } = directory;
    const entries = [];
    const onProblem = ({ reason, text }: ListingProblem): void =>
      void failed.push(`${from}: ${reason}: ${text}`);
    for await (const entry of ftp.list(from, { signal: context.signal, hidden: true, onProblem }))
      entries.push(entry);
    await makeDirectory(to); // not before it is known to be there
    await sweepParts(to);
    for (const { name, path, type, size, modified } of entries) {
      let place: string;
      try {
        place = localPath(to, name);
      } catch (error) {
        failed.push((error as Error).message);
        continue;
      }
      if (type === 'directory') directories.push({ from: path, to: place });
      else if (type === 'file') yield { from: path, to: place, size, modified };
      else if (type === 'symlink') links(path);
      else failed.push(`${path} is no file: left out`);
    }
  }
}
