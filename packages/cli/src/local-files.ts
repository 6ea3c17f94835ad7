/** This side's files and directories, with errors that name the file. */
import { constants } from 'node:fs';
import { access, type FileHandle, lstat, open, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeDirectories } from '@fivewire/line-protocol';
import { exitCodes, Failure, isSystemError } from './exit-code.js';
import { readStdin } from './stdin.js';

/** All of a file; `-` is stdin. @throws Failure 66 */
export async function readLocal(path: string, what: string): Promise<Buffer> {
  if (path === '-') return readStdin(what);
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, what, error);
  }
}

export function unreadable(path: string, what: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new Failure(exitCodes.notFound, `Cannot read ${what}, ${path}: ${reasonOf(error)}`, {
    cause: error,
    code: error.code ?? 'ERR_LOCAL_IO',
  });
}

/** @throws Failure 73 or 74 for what the file system refused; other errors as they are */
export function unwritable(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const full = ['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG'].includes(error.code ?? '');
  return new Failure(
    full ? exitCodes.localIo : exitCodes.cannotCreate,
    `Cannot write ${path}: ${reasonOf(error)}`,
    {
      cause: error,
      code: error.code ?? 'ERR_LOCAL_IO',
      hint: full
        ? 'Make room and run it again: nothing half-written was left.'
        : 'Check the directory and its permissions, then run it again.',
    },
  );
}

/** `ENOSPC: no space left on device, write` → `no space left on device` */
export const reasonOf = ({ message, code }: NodeJS.ErrnoException): string =>
  /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? code ?? message;

/** A rename is safe once its directory is. Some file systems cannot sync directories: then the rename is all there is. */
export async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, 'r');
    await directory.sync();
  } catch {
    // EINVAL, EISDIR or EPERM: this file system or platform has no such thing.
  } finally {
    await directory?.close();
  }
}

/** A directory and those above it; one that exists is fine. @throws Failure 73 or 74 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await makeDirectories(path);
  } catch (error) {
    await refuseNoDirectory(path, error);
    throw unwritable(path, error);
  }
}

/** Something that is no directory, or a link to nothing. @throws Failure 73 */
export async function refuseNoDirectory(path: string, cause?: unknown): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) === undefined) return;
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
  throw new Failure(exitCodes.cannotCreate, `${path} is no directory, and none can be made there`, {
    cause,
    code: 'ENOTDIR',
    hint: 'Something else has that name, or it is a link to nothing: name another directory.',
  });
}

/** Before anything is asked of a server: that a directory there, or one that is made there, can be written to. @throws Failure 73 */
export async function refuseUnwritable(path: string): Promise<void> {
  await refuseNoDirectory(path);
  let place = resolve(path);
  while ((await stat(place).catch(() => undefined)) === undefined && dirname(place) !== place)
    place = dirname(place);
  await access(place, constants.W_OK).catch((error) => {
    throw unwritable(path, error);
  });
}

/** A device, a fifo or a socket under that name, or a link to one: what is written there is gone on. */
export async function isStream(path: string): Promise<boolean> {
  const what = await stat(path).catch(() => undefined);
  return what !== undefined && !what.isFile() && !what.isDirectory();
}

/** @throws Failure 73 */
export async function refuseDirectory(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new Failure(exitCodes.cannotCreate, `${path} is a directory`, {
      code: 'EISDIR',
      hint: 'Name a file in it.',
    });
}
