/**
 * What stands where a file is to be written: a new or a regular file may be replaced by one written beside it; one with several
 * names, or another owner, gets the content of one written beside it; a device and a fifo are written to. A link keeps its place.
 */
import { constants, lstat as lstatByCallback, type Stats } from 'node:fs';
import { access, chmod, chown, readlink, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from 'tls-context-core';

const lstat = promisify(lstatByCallback);

export interface Place {
  /** With all links followed. */
  path: string;
  /** What is there, if anything. */
  file: Stats | undefined;
  /** Whether a file written beside it may take its name: its owner, mode and names would stay. */
  replaceable: boolean;
  /** Whether it is a file that keeps what makes it one (its names, its owner) and gets only the content of one written beside it. */
  refillable: boolean;
}

const mostLinks = 40;

/** The file that the name leads to; a link whose target is missing leads to where it would be. */
export async function placeOf(name: string): Promise<Place> {
  let path = name;
  for (let links = 0; links < mostLinks; links++) {
    const file = await lstat(path).catch(absent);
    if (file === undefined && links > 0) {
      // What /dev/stdout and /dev/fd/3 say they lead to, `pipe:[5]` or `name (deleted)`, is no path, and they lead there all the same.
      const led = await stat(name).catch(absent);
      if (led !== undefined) return { path: name, file: led, ...writtenThrough };
    }
    if (!file?.isSymbolicLink()) return { path, file, ...(await wayOf(path, file)) };
    path = resolve(dirname(path), await readlink(path));
  }
  return { path, file: await stat(path), ...writtenThrough }; // ELOOP
}

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};

type Way = Pick<Place, 'replaceable' | 'refillable'>;
const writtenThrough: Way = { replaceable: false, refillable: false };

/** A file that we may write to is replaced where it is alone under its name and we can keep its owner. */
async function wayOf(path: string, file: Stats | undefined): Promise<Way> {
  if (file === undefined) return { replaceable: true, refillable: false };
  if (!file.isFile()) return writtenThrough;
  await access(path, constants.W_OK);
  const hasRoom = await access(dirname(path), constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!hasRoom) return writtenThrough;
  const user = process.getuid?.();
  const replaceable =
    file.nlink === 1 && (user === undefined || user === 0 || keepsOwner(user, file));
  return { replaceable, refillable: !replaceable };
}

const keepsOwner = (user: number, { uid, gid }: Stats): boolean =>
  user === uid && (process.getgroups?.().includes(gid) ?? true);

/** Seen before anything is fetched: a rename onto a directory would fail at the very end. @throws LocalError ERR_LOCAL_PATH */
export function refuseDirectory(target: string, { file }: Place): void {
  if (file?.isDirectory() !== true) return;
  throw new LocalError('ERR_LOCAL_PATH', `${target} is a directory.`, {
    path: target,
    hint: 'Name the file in it that the download is to become.',
  });
}

/** Gives a file the owner and the mode of the one that it replaces. The owner first: a change takes set-user-ID bits away. */
export async function likeBefore(path: string, { uid, gid, mode }: Stats): Promise<void> {
  if (process.getuid !== undefined) await chown(path, uid, gid);
  await chmod(path, mode & 0o7777);
}
