/** A directory and those above it. Node's own `recursive` says ENOENT where the file system is read-only or full. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** One that exists is fine. @throws what the file system said of the directory that could not be made */
export async function makeDirectories(path: string): Promise<void> {
  const code = await made(path);
  if (code !== 'ENOENT') return;
  await makeDirectories(dirname(path));
  if ((await made(path)) === 'ENOENT') await mkdir(path); // taken away meanwhile
}

/** @returns ENOENT where the directory above is missing, and nothing where it is there */
async function made(path: string): Promise<'ENOENT' | undefined> {
  try {
    await mkdir(path);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) return code;
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory()) return undefined;
    throw error;
  }
}
