/** A directory of this side, and the ways into it that lead nowhere else. */
import { isUtf8 } from 'node:buffer';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isAbandoned,
  isFivewireError,
  isTemporary,
  LocalError,
  makeDirectories,
} from '@fivewire/line-protocol';
import { localPath } from '../files/local-path.js';
import { localFailure } from '../transfer/local.js';
import type { Choice } from './choice.js';
import { emptyTree, type Tree } from './tree-node.js';

/**
 * Links are not followed.
 *
 * @param isTarget it may be missing
 * @throws LocalError where `root` is there and is no directory that can be read
 */
export async function readLocalTree(
  root: string,
  choice: Choice,
  isTarget: boolean,
): Promise<Tree> {
  const tree = emptyTree();
  await readDirectory(root, '', tree, choice, isTarget);
  return tree;
}

async function readDirectory(
  directory: string,
  below: string,
  tree: Tree,
  choice: Choice,
  isTarget: boolean,
): Promise<void> {
  try {
    const raw = await readdir(directory, { encoding: 'buffer' });
    const names = new Set(raw.filter(isUtf8).map(String));
    const at = (name: string): string => (below === '' ? name : `${below}/${name}`);
    for (const name of raw) {
      if (isUtf8(name)) continue;
      tree.refused.push({ path: at(shown(name)), reason: 'a name that is no UTF-8' });
    }
    for (const name of names) {
      const path = at(name);
      const place = join(directory, name);
      const about = await lstat(place);
      if (isTemporary(name) && about.isFile()) {
        if (isAbandoned(name, about.mtimeMs)) tree.stale.push({ path, place });
        else tree.kept.add(path);
        continue;
      }
      if (isUnfinished(name, names)) {
        if (isTarget) tree.kept.add(path);
        else tree.refused.push({ path, reason: 'an unfinished download' });
        continue;
      }
      if (about.isDirectory()) {
        if (!choice.entersDirectory(path)) {
          tree.kept.add(path);
          continue;
        }
        tree.nodes.set(path, {
          path,
          isDirectory: true,
          size: undefined,
          modified: undefined,
          tolerance: 0,
          place,
        });
        await readDirectory(place, path, tree, choice, isTarget);
      } else if (!choice.takesFile(path)) {
        tree.kept.add(path);
      } else if (about.isFile()) {
        const modified = about.mtimeMs;
        tree.nodes.set(path, {
          path,
          isDirectory: false,
          size: about.size,
          modified,
          tolerance: 2_000,
          place,
        });
      } else {
        const reason = about.isSymbolicLink()
          ? 'a symbolic link'
          : 'neither a file nor a directory';
        tree.refused.push({ path, reason });
      }
    }
  } catch (error) {
    if (isTarget && below === '' && (error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw localFailure(error, directory);
  }
}

/** `caf\xe9` for octets that are no text. */
const shown = (name: Buffer): string =>
  name
    .toString('latin1')
    .replaceAll(/[\x80-\xff]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16)}`);

/** A part that a download can go on with, and the record beside it that says so. What only has such a name is a file as any other. */
function isUnfinished(name: string, names: ReadonlySet<string>): boolean {
  if (name.endsWith('.part')) return names.has(`${name}.json`);
  const record = name.endsWith('.new') ? name.slice(0, -'.new'.length) : name;
  return record.endsWith('.part.json') && names.has(record.slice(0, -'.json'.length));
}

/** A path below `root`, part by part. @throws LocalError ERR_LOCAL_PATH for a name that leads elsewhere */
export function safePath(root: string, path: string): string {
  let place = root;
  for (const name of path.split('/')) {
    if (name.includes('\\'))
      throw refused(name, 'has a backslash in it, which is a separator elsewhere');
    place = localPath(place, name);
  }
  return place;
}

/** Makes the directories above and at `path`. None of them may be a link: it would lead out of the tree. */
export async function makeLocal(root: string, path: string): Promise<void> {
  await makeDirectories(root).catch((error: unknown) => {
    throw localFailure(error, root);
  });
  let below = '';
  for (const name of path === '' ? [] : path.split('/')) {
    below = below === '' ? name : `${below}/${name}`;
    const place = safePath(root, below);
    const about = await lstat(place).catch(() => undefined);
    if (about?.isDirectory()) continue;
    if (about !== undefined)
      throw refused(place, 'is there and no directory: nothing is written through it');
    await mkdir(place).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw localFailure(error, place);
    });
  }
}

/** Why a server's path can't be one of this side; `undefined` where it can. */
export function refusalOf(root: string, path: string): string | undefined {
  try {
    safePath(root, path);
    return undefined;
  } catch (error) {
    if (isFivewireError(error)) return error.message;
    throw error;
  }
}

function refused(path: string, why: string): LocalError {
  return new LocalError('ERR_LOCAL_PATH', `${JSON.stringify(path)} ${why}.`, {
    protocol: 'ftp',
    path,
    hint: 'Look at what stands there, or choose another directory.',
  });
}
