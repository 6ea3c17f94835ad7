/** A file that is written beside another one, of which no octet is seen until it takes its place. */
import { rename as renameByCallback } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Descriptor } from './descriptor.js';
import { likeBefore, type Place } from './place.js';
import { temporaryName } from './temporary-name.js';

const rename = promisify(renameByCallback);
const mostTries = 10;

/**
 * In the same directory: a rename within it can't fail for space or file systems.
 *
 * @param place one that is replaceable
 * @throws what the system says
 */
export async function openBeside({
  path: target,
  file: before,
}: Place): Promise<{ path: string; file: Descriptor }> {
  // Exclusive: another process may have laid a link where our file is to be. As private as what it replaces.
  const mode = before === undefined ? 0o666 : before.mode & 0o600;
  for (let tries = 1; ; tries += 1) {
    const path = join(dirname(target), temporaryName(basename(target)));
    try {
      return { path, file: await Descriptor.open(path, 'wx', mode) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries === mostTries) throw error;
    }
  }
}

/** @throws what the system says */
export async function takePlace(
  path: string,
  { path: target, file: before }: Place,
): Promise<void> {
  if (before !== undefined) await likeBefore(path, before);
  await rename(path, target);
}
