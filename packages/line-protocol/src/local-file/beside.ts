/** A file that is written beside another one, of which no octet is seen until it takes its place. */
import { randomBytes } from 'node:crypto';
import { rename as renameByCallback } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Descriptor } from './descriptor.js';
import { likeBefore, type Place } from './place.js';

const rename = promisify(renameByCallback);

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
  const name = `.${basename(target)}.${randomBytes(6).toString('hex')}.part`;
  const path = join(dirname(target), name);
  // Exclusive: no one may have laid a link where our file of a random name is to be. As private as what it replaces.
  const mode = before === undefined ? 0o666 : before.mode & 0o600;
  return { path, file: await Descriptor.open(path, 'wx', mode) };
}

/** @throws what the system says */
export async function takePlace(
  path: string,
  { path: target, file: before }: Place,
): Promise<void> {
  if (before !== undefined) await likeBefore(path, before);
  await rename(path, target);
}
