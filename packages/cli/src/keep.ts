/** What was got goes to stdout, into a directory under its own name, or to the path that the user gave. */
import { lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type { Context } from './context.js';
import { isSystemError } from './exit-code.js';
import { passage, startProgress } from './progress.js';
import { type Existing, refuseExisting, saveFile } from './save-file.js';

export interface KeepWishes {
  /** `skip`: what is there stays, and that is all right. */
  existing: Existing | 'skip';
  keepTimes: boolean;
  /** Go on with what an earlier run has left, where the protocol can. */
  resume: boolean;
}

/** The path or directory that the user gave, `-`, or nothing. */
export interface Destination extends KeepWishes {
  wanted: string | undefined;
}

/** What comes, and under which name it is kept when the user gives a directory or nothing. */
export interface Item {
  name: string;
  body: Readable;
  size?: number | undefined;
  modified?: Date | undefined;
}

export async function keep(
  { name, body, size, modified }: Item,
  { wanted, existing, keepTimes }: Destination,
  context: Context,
): Promise<void> {
  const { out, signal } = context;
  if (wanted === '-') return toStdout({ name, body, size }, context);
  const path = await placeFor(wanted, name);
  if (existing === 'skip') {
    if (await isThere(path)) {
      body.destroy();
      out.detail(`${path} is there: left as it is`);
      return out.done({ type: 'skipped', path, name }, '');
    }
  }
  const progress = await startProgress(context, name);
  try {
    await saveFile(path, body, {
      through: passage(context, progress, size),
      signal,
      modified: keepTimes ? modified : undefined,
      existing: existing === 'skip' ? 'refuse' : existing,
      repeats: context.repeats,
    });
    progress.stop();
    await out.done({ type: 'saved', path, name }, path);
  } finally {
    progress.stop();
  }
}

export async function toStdout({ name, body, size }: Item, context: Context): Promise<void> {
  const { out, signal } = context;
  const progress = await startProgress(context, name);
  let refused: unknown;
  const pour = (source: AsyncIterable<Uint8Array>): Promise<void> =>
    out.pour(source).catch((error) => {
      refused = error;
      throw error;
    });
  try {
    const { pipeline } = await import('node:stream/promises');
    await pipeline([body, ...passage(context, progress, size), pour] as never, { signal });
  } catch (error) {
    // What stdout refused comes first: that the body was broken off is what followed.
    throw isSystemError(refused) ? refused : error;
  } finally {
    progress.stop();
  }
}

export const isThere = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined)) !== undefined;

/** A stranger chose the name: it never leaves the directory. */
export async function placeFor(wanted: string | undefined, name: string): Promise<string> {
  const { localPath } = await import('@fivewire/ftp');
  if (wanted === undefined) return localPath('.', name);
  return (await isDirectory(wanted)) ? localPath(wanted, name) : wanted;
}

/** Where what was got is kept. */
export const directoryOf = async (wanted = './'): Promise<string> =>
  (await isDirectory(wanted)) ? wanted : dirname(wanted);

const isDirectory = async (path: string): Promise<boolean> =>
  path.endsWith('/') || (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** Whether a file may go to that path. @returns false: one is there, and stays @throws Failure 73 */
export async function clear(path: string, existing: KeepWishes['existing']): Promise<boolean> {
  if (existing === 'skip') return !(await isThere(path));
  if (existing === 'refuse') await refuseExisting(path);
  return true;
}
