/** Files of an FTP server behind the verbs. */

import { basename } from 'node:path';
import type { Entry, FtpClient, RemotePath } from '@fivewire/ftp';
import type { Context } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { fileRecord } from '../file-record.js';
import { type Destination, placeFor, toStdout } from '../keep.js';
import { makeDirectory } from '../local-files.js';
import { line } from '../output.js';
import { withSession } from '../sessions.js';
import type { Target } from '../target.js';
import { type FtpName, ftpName, ftpPath } from '../url-paths.js';
import { saveRemote } from './ftp-file.js';
import { globOf, noneFits } from './glob.js';
import type { ListWishes } from './verbs.js';

/** A file, or with a star all files whose names fit. */
export async function get(
  target: Target,
  to: Destination,
  context: Context,
): Promise<number | undefined> {
  const { signal, out } = context;
  const glob = globOf(target.path);
  if (glob === undefined && /(^|\/)\.{0,2}$/.test(ftpName(target.path).name))
    throw isDirectory('The URL names a directory');
  return withSession('ftp', target, context, async (ftp) => {
    const { found: files, problems } =
      glob === undefined
        ? { found: [await one(ftp, ftpName(target.path), context)], problems: 0 }
        : await fitting(ftp, target, context);
    if (glob !== undefined && to.wanted !== undefined && to.wanted !== '-')
      await makeDirectory(to.wanted);
    for (const { path: from, name, size, modified } of files) {
      if (to.wanted === '-') {
        const body = ftp.createReadStream(from, { signal });
        await toStdout({ name, body, size }, context);
        continue;
      }
      const place = await placeFor(to.wanted, name);
      await saveRemote(ftp, { path: from, name, size, modified }, place, to, context);
    }
    out.detail(files.length === 1 ? '1 file' : `${files.length} files`);
    return problems > 0 ? exitCodes.partly : undefined;
  });
}

interface Remote {
  path: RemotePath;
  name: string;
  size: number | undefined;
  modified: Date | undefined;
}

async function one(ftp: FtpClient, { path, name }: FtpName, { signal }: Context): Promise<Remote> {
  const entry = await ftp.stat(path, { signal });
  if (entry?.type === 'directory') throw isDirectory(`${line(name)} is a directory`);
  return { path, name: basename(name), size: entry?.size, modified: entry?.modified };
}

/**
 * Files whose names fit the star; links too. A row that can't be read may be one: that is told, and counted.
 *
 * @throws Failure 66 where there is none
 */
export async function fitting(
  ftp: FtpClient,
  target: Target,
  { signal, out }: Context,
): Promise<{ found: Remote[]; problems: number }> {
  const glob = globOf(target.path);
  const found: Remote[] = [];
  if (glob === undefined) return { found, problems: 0 };
  let problems = 0;
  const directory = glob.directory === '' ? '.' : glob.directory.replace(/(?<=.)\/$/, '');
  for await (const { name, path, type, size, modified } of ftp.list(directory, {
    signal,
    hidden: true,
    onProblem({ directory, reason, text }) {
      problems++;
      out.warn(line(`${directory}: ${reason}: ${text}`));
    },
  }))
    if (type !== 'directory' && glob.matches(name)) found.push({ path, name, size, modified });
  if (found.length > 0 || problems > 0) return { found, problems };
  throw noneFits('No file', ftpPath(target.path));
}

const isDirectory = (what: string) => usage(what, 'Use --recursive to download all that is in it.');

export async function list(
  target: Target,
  context: Context,
  { long, recursive, all }: ListWishes,
): Promise<number | undefined> {
  const { out, signal } = context;
  const glob = globOf(target.path);
  const path = glob === undefined ? ftpPath(target.path) : glob.directory || '.';
  return withSession('ftp', target, context, async (ftp) => {
    const problems: string[] = [];
    let count = 0;
    for await (const entry of ftp.list(path, {
      recursive,
      hidden: all,
      signal,
      onProblem: ({ directory, reason, text }) => problems.push(`${directory}: ${reason}: ${text}`),
    })) {
      const name = recursive ? below(path, entry.path) : entry.name;
      if (glob !== undefined && !glob.matches(entry.name)) continue;
      if (!all && name.split('/').some((part) => part.startsWith('.'))) continue;
      count++;
      await out.row(
        { type: 'entry', ...fileRecord(entry) },
        long ? longLine(entry, name) : `${line(name)}${entry.type === 'directory' ? '/' : ''}`,
      );
    }
    for (const problem of problems) out.warn(line(problem));
    if (problems.length > 0) return exitCodes.partly;
    if (glob !== undefined && count === 0) throw noneFits('No file', ftpPath(target.path));
    return undefined;
  });
}

const below = (directory: string, path: string): string =>
  directory === '.'
    ? path
    : path.startsWith(`${directory}/`)
      ? path.slice(directory.length + 1)
      : path;

const longLine = ({ type, size, modified, target }: Entry, name: string): string =>
  [
    type,
    size ?? '-',
    modified?.toISOString() ?? '-',
    `${line(name)}${target === undefined ? '' : ` -> ${line(target)}`}`,
  ].join('\t');
