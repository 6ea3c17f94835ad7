/** What a run that was killed has left beside files: parts whose writer is dead, by the names that only our clients give. */
import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbandoned, isTemporary } from '@fivewire/line-protocol';

/** Of one directory, and of none below it. What cannot be looked at or removed stays: it does no harm. */
export async function sweepParts(directory: string): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  for (const name of names.filter(isTemporary)) {
    const path = join(directory, name);
    const about = await lstat(path).catch(() => undefined);
    if (about?.isFile() && isAbandoned(name, about.mtimeMs)) await unlink(path).catch(() => {});
  }
}
