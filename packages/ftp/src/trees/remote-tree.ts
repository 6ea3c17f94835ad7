/** A directory of the server, with all that is below it. */
import { CommandError, isAbandoned, isFivewireError, isTemporary } from '@fivewire/line-protocol';
import { isUnspeakable, leadsOut, type RemotePath } from '../files/remote-path.js';
import type { Entry, TimePrecision } from '../listing/entry.js';
import { octetString } from '../session/charset.js';
import type { CallOptions } from '../types.js';
import type { Choice } from './choice.js';
import type { TreeClient } from './tree-client.js';
import { emptyTree, type Tree } from './tree-node.js';

const depthLimit = 100;

/** Links are shown as what is refused, and not followed. */
export async function readRemoteTree(
  ftp: TreeClient,
  root: RemotePath,
  choice: Choice,
  mayBeMissing: boolean,
  options: CallOptions,
): Promise<Tree> {
  const tree = emptyTree();
  const clock = { offset: undefined as number | undefined };
  let level: { place: RemotePath; path: string }[] = [{ place: root, path: '' }];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthLimit) {
      tree.problems.push(`more than ${depthLimit} directories below each other`);
      return tree;
    }
    const below: typeof level = [];
    for (const directory of level) {
      try {
        const entries = await entriesOf(ftp, directory, tree, options);
        const [first] = entries;
        if (depth === 0 && first !== undefined && isRoot(first, root)) throw noDirectory(first);
        for (const entry of entries) {
          const child = await take(ftp, tree, choice, directory.path, entry, clock, options);
          if (child !== undefined) below.push(child);
        }
      } catch (error) {
        if (
          !isFivewireError(error) ||
          error.connection !== 'usable' ||
          error.code === 'ERR_ABORTED'
        )
          throw error;
        if (depth === 0 && error.code === 'ERR_NOT_FOUND' && mayBeMissing) return tree;
        if (depth === 0) throw error;
        tree.problems.push(`${directory.path}: ${error.message}`);
      }
    }
    level = below;
  }
  return tree;
}

/** A file is its own one entry. As a tree it would have every other file of the other side removed. */
function isRoot({ path, rawPath, type }: Entry, root: RemotePath): boolean {
  if (type === 'directory') return false;
  return typeof root === 'string' ? path === root : Buffer.compare(rawPath, root) === 0;
}

const noDirectory = ({ path }: Entry): CommandError =>
  new CommandError('ERR_COMMAND_REJECTED', `${path} is no directory.`, {
    protocol: 'ftp',
    transient: false,
    hint: 'Trees are of directories; `upload` and `download` move one file.',
  });

async function entriesOf(
  ftp: TreeClient,
  { place, path }: { place: RemotePath; path: string },
  tree: Tree,
  options: CallOptions,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  const onProblem = ({ text, reason }: { text: string; reason: string }) => {
    tree.problems.push(`${path || '.'}: ${reason}: ${text}`);
  };
  for await (const entry of ftp.list(place, { ...options, hidden: true, onProblem }))
    entries.push(entry);
  return entries;
}

async function take(
  ftp: TreeClient,
  tree: Tree,
  choice: Choice,
  below: string,
  entry: Entry,
  clock: { offset: number | undefined },
  options: CallOptions,
): Promise<{ place: RemotePath; path: string } | undefined> {
  const path = below === '' ? entry.name : `${below}/${entry.name}`;
  const place = entry.rawPath;
  const isElsewhere = entry.name.includes('/') || leadsOut(entry.name);
  if (isTemporary(entry.name) && entry.type === 'file' && !isElsewhere) {
    if (isAbandoned(entry.name, entry.modified?.getTime())) tree.stale.push({ path, place });
    else tree.kept.add(path);
    return undefined;
  }
  // It would be a place elsewhere in the tree, or outside.
  if (isElsewhere || entry.name === '' || tree.nodes.has(path)) {
    tree.refused.push({ path, reason: 'its name is no single one' });
    return undefined;
  }
  if (isUnspeakable(octetString(place))) {
    tree.refused.push({ path, reason: 'no command can have its name in it' });
    return undefined;
  }
  if (entry.type === 'directory') {
    if (!choice.entersDirectory(path)) {
      tree.kept.add(path);
      return undefined;
    }
    tree.nodes.set(path, {
      path,
      isDirectory: true,
      size: undefined,
      modified: undefined,
      tolerance: 0,
      place,
    });
    return { place, path };
  }
  if (!choice.takesFile(path)) {
    tree.kept.add(path);
    return undefined;
  }
  if (entry.type !== 'file') {
    tree.refused.push({
      path,
      reason: entry.type === 'symlink' ? 'a symbolic link' : 'neither a file nor a directory',
    });
    return undefined;
  }
  const modified = await timeOf(ftp, entry, clock, options);
  const tolerance = tolerances[entry.precision];
  tree.nodes.set(path, { path, isDirectory: false, size: entry.size, modified, tolerance, place });
  return undefined;
}

const tolerances: Readonly<Record<TimePrecision, number>> = {
  none: 0,
  day: 86_400_000,
  minute: 61_000,
  second: 2_000,
  millisecond: 2_000,
};

/**
 * LIST shows the server's wall clock. How far that is from UTC is told by the first file whose MDTM answers (RFC 3659 §3); two days
 * and more are no zone.
 */
async function timeOf(
  ftp: TreeClient,
  entry: Entry,
  clock: { offset: number | undefined },
  options: CallOptions,
): Promise<number | undefined> {
  const shown = entry.modified?.getTime();
  if (shown === undefined || entry.zone === 'utc') return shown;
  if (clock.offset === undefined && entry.precision === 'minute') {
    const about = await ftp.stat(entry.rawPath, options).catch((error: unknown) => {
      if (isFivewireError(error) && error.connection === 'usable' && error.code !== 'ERR_ABORTED')
        return undefined;
      throw error;
    });
    const exact = about?.zone === 'utc' ? about.modified?.getTime() : undefined;
    const quarters = exact === undefined ? 0 : Math.round((shown - exact) / 900_000);
    clock.offset = Math.abs(quarters) < 192 ? quarters * 900_000 : 0;
  }
  return shown - (clock.offset ?? 0);
}
