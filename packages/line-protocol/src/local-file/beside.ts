/** A file that is written beside another one, of which no octet is seen until it takes its place. */
import { constants, rename as renameByCallback } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
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
 * @param place one that is replaceable or refillable
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

/** By its name, or, of a file that keeps its own, with its content. @throws what the system says */
export async function takePlace(
  path: string,
  { path: target, file: before, refillable }: Place,
): Promise<void> {
  if (refillable) {
    await refill(target, path);
    return unlink(path);
  }
  if (before !== undefined) await likeBefore(path, before);
  await rename(path, target);
}

const pieceOctets = 1 << 20;

/**
 * What makes it longer first: a disk that is full says so before an octet of what it holds is written over. Only a kill between here
 * and the end leaves it with parts of both.
 */
async function refill(target: string, path: string): Promise<void> {
  const from = await open(path, constants.O_RDONLY);
  try {
    const to = await open(target, constants.O_WRONLY);
    try {
      const [size, before] = [(await from.stat()).size, (await to.stat()).size];
      try {
        await copyRange(from, to, before, size);
      } catch (error) {
        await to.truncate(before);
        throw error;
      }
      await copyRange(from, to, 0, Math.min(before, size));
      await to.truncate(size);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function copyRange(
  from: FileHandle,
  to: FileHandle,
  start: number,
  end: number,
): Promise<void> {
  if (start >= end) return;
  const piece = Buffer.allocUnsafe(Math.min(pieceOctets, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await from.read(piece, 0, Math.min(piece.length, end - at), at);
    if (bytesRead === 0) return;
    for (let done = 0; done < bytesRead; )
      done += (await to.write(piece, done, bytesRead - done, at + done)).bytesWritten;
    at += bytesRead;
  }
}
