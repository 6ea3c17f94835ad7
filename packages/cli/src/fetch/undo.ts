/** A command that fails before it has done anything leaves nothing behind: no empty Maildir, no journal without a line. */
import { access, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Those that are not there, and the directories above them that are not, the outermost first. */
export async function missing(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (let path of paths) {
    const chain: string[] = [];
    while (!found.has(path) && !(await isThere(path))) {
      chain.unshift(path);
      if (dirname(path) === path) break;
      path = dirname(path);
    }
    for (const one of chain) found.add(one);
  }
  return [...found];
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Takes away what was missing before, as far as it is empty. */
export async function removeMade(
  paths: readonly string[],
  journal: string | undefined,
): Promise<void> {
  if (journal !== undefined && paths.includes(journal)) await unlink(journal).catch(() => {});
  for (const path of paths.toReversed()) await rmdir(path).catch(() => {});
}
