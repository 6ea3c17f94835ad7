/**
 * A body into a file of this side, whatever stands under that name: a new or a regular file is written beside it and renamed,
 * so that it is there whole or as it was; its mode and owner stay, and a link keeps its place. A device, a fifo, and a file with
 * several names are written to and never replaced.
 */
import { randomBytes } from 'node:crypto';
import { createWriteStream, type Stats } from 'node:fs';
import {
  access,
  chmod,
  chown,
  constants,
  copyFile,
  lstat,
  readlink,
  rename,
  stat,
  unlink,
  utimes,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, Failure } from './exit-code.js';
import { syncDirectory, unwritable } from './local-files.js';

export interface SaveOptions {
  signal?: AbortSignal;
  /** What the octets pass through: a throttle, a meter. */
  through?: readonly NodeJS.ReadWriteStream[];
  /** Permission bits of a new file. Default 0o666, less the umask. */
  mode?: number;
  /** When the content was last changed where it comes from. */
  modified?: Date | undefined;
  /** What happens to a file that is there. Default `replace`. */
  existing?: Existing;
}

/** `refuse`: a Failure. `backup`: it is kept under its name and a tilde. */
export type Existing = 'replace' | 'refuse' | 'backup';

/** @throws Failure 73 or 74 for what the file system refused; what the body throws, as it is */
export async function saveFile(
  path: string,
  body: Readable,
  options: SaveOptions = {},
): Promise<void> {
  try {
    const { existing = 'replace' } = options;
    const place = await placeOf(path);
    if (place.file !== undefined && existing === 'refuse') throw alreadyThere(path);
    if (place.file?.isFile() && existing === 'backup') await copyFile(place.path, `${place.path}~`);
    if (await mayReplace(place)) await writeBeside(place, body, options);
    else await writeThrough(place.path, body, options);
  } catch (error) {
    body.destroy();
    throw unwritable(path, error);
  }
}

/** Where `--no-clobber` would refuse: known before anything is fetched. @throws Failure 73 */
export async function refuseExisting(path: string): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) !== undefined) throw alreadyThere(path);
}

const alreadyThere = (path: string): Failure =>
  new Failure(exitCodes.cannotCreate, `${path} is there already`, {
    code: 'EEXIST',
    hint: 'It was left as it is, because of --no-clobber.',
  });

interface Place {
  /** With all links followed. */
  path: string;
  /** What is there, if anything. */
  file: Stats | undefined;
}

const mostLinks = 40;

/** The file that the name leads to; a link whose target is missing leads to where it would be. */
async function placeOf(path: string): Promise<Place> {
  let at = path;
  for (let links = 0; links < mostLinks; links++) {
    const what = await lstat(at).catch(absent);
    if (!what?.isSymbolicLink()) return { path: at, file: what };
    at = resolve(dirname(at), await readlink(at));
  }
  return { path: at, file: await stat(at) }; // ELOOP
}

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};

/** A file that we may write to, alone under its name, whose owner we can keep. */
async function mayReplace({ path, file }: Place): Promise<boolean> {
  if (file === undefined) return true;
  if (!file.isFile() || file.nlink > 1) return false;
  await access(path, constants.W_OK);
  const hasRoom = await access(dirname(path), constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!hasRoom) return false;
  const user = process.getuid?.();
  return (
    user === undefined ||
    user === 0 ||
    (user === file.uid && (process.getgroups?.().includes(file.gid) ?? true))
  );
}

async function writeBeside(
  { path, file }: Place,
  body: Readable,
  options: SaveOptions,
): Promise<void> {
  const { signal, through = [], mode = 0o666, modified } = options;
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${randomBytes(6).toString('hex')}.part`,
  );
  try {
    // What replaces a file is as private as the file, from its first octet on.
    const bits = file === undefined ? mode : file.mode & 0o600;
    const target = createWriteStream(temporary, { flags: 'wx', mode: bits, flush: true });
    await pipeline([body, ...through, target], signal === undefined ? {} : { signal });
    if (file !== undefined) await likeBefore(temporary, file);
    if (modified !== undefined) await utimes(temporary, modified, modified);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** The owner first: a change of owner takes set-user-ID bits away. */
async function likeBefore(path: string, { uid, gid, mode }: Stats): Promise<void> {
  if (process.getuid !== undefined) await chown(path, uid, gid);
  await chmod(path, mode & 0o7777);
}

async function writeThrough(path: string, body: Readable, options: SaveOptions): Promise<void> {
  const { signal, through = [] } = options;
  const target = createWriteStream(path, { flags: 'w' });
  await pipeline([body, ...through, target], signal === undefined ? {} : { signal });
}
