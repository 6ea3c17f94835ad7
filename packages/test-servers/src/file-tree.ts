/** Files and folders in memory, for FTP. Paths are absolute, with `/`; names are Unicode, with lone surrogates for octets that are no UTF-8. */
import { Changes } from './caught/changes.js';
import { type WaitOptions, type Wanted, waitUntil } from './caught/waiting.js';

export interface TreeFile {
  readonly kind: 'file';
  octets: Buffer;
  modified: Date;
  /** Permission bits, such as 0o644. */
  mode: number;
}

export interface TreeFolder {
  readonly kind: 'folder';
  readonly entries: Map<string, TreeNode>;
  modified: Date;
  mode: number;
}

export type TreeNode = TreeFile | TreeFolder;

/** A file with its path. */
export interface CaughtFile extends Pick<TreeFile, 'octets' | 'modified' | 'mode'> {
  path: string;
}

/** A tree at one moment. */
export type FilesSnapshot = TreeFolder;

export class FileTree {
  readonly root: TreeFolder = folder();
  readonly #changes = new Changes();

  /** @param files Contents by path; folders come into being on the way. A path that ends in `/` is an empty folder. */
  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [path, octets] of Object.entries(files)) {
      if (path.endsWith('/')) this.makeFolders(path);
      else this.write(path, octets);
    }
  }

  /** The file or folder at that path, or `undefined`. */
  find(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.root;
    for (const name of segments(path))
      node = node?.kind === 'folder' ? node.entries.get(name) : undefined;
    return node;
  }

  /** The file at that path, or `undefined`: then it is a folder, or nothing. */
  file(path: string): TreeFile | undefined {
    const node = this.find(path);
    return node?.kind === 'file' ? node : undefined;
  }

  /** The folder at that path, or `undefined`: then it is a file, or nothing. */
  folder(path: string): TreeFolder | undefined {
    const node = this.find(path);
    return node?.kind === 'folder' ? node : undefined;
  }

  /** The octets of a file, or `undefined`. */
  read(path: string): Buffer | undefined {
    return this.file(path)?.octets;
  }

  /** Writes a file, and the folders on the way to it. */
  write(path: string, octets: string | Uint8Array, modified: Date = new Date()): TreeFile {
    const { parent, name } = split(path);
    const where = this.makeFolders(parent);
    const mode = this.file(path)?.mode ?? 0o644;
    const file: TreeFile = { kind: 'file', octets: Buffer.from(octets as string), modified, mode };
    where.entries.set(name, file);
    this.#changes.announce();
    return file;
  }

  /** The folder at that path, made where it does not exist. */
  makeFolders(path: string): TreeFolder {
    let at = this.root;
    for (const name of segments(path)) {
      const next = at.entries.get(name) ?? folder();
      if (next.kind !== 'folder') throw new Error(`${name} is a file.`);
      at.entries.set(name, next);
      at = next;
    }
    return at;
  }

  /** Removes a file, or a folder with all that is in it; false where there is none. */
  remove(path: string): boolean {
    const { parent, name } = split(path);
    const existed = this.folder(parent)?.entries.delete(name) ?? false;
    if (existed) this.#changes.announce();
    return existed;
  }

  /**
   * Moves a file or folder, as rename(2) does: a file takes a file's place, a folder an empty folder's. False where it, or the folder
   * to move it to, does not exist, another kind of thing is there, or it would go into itself.
   */
  rename(from: string, to: string): boolean {
    const node = this.find(from);
    const target = split(to);
    const where = this.folder(target.parent);
    if (!node || !where || target.name === '') return false;
    if (`${normalize(to)}/`.startsWith(`${normalize(from)}/`))
      return normalize(to) === normalize(from);
    const there = where.entries.get(target.name);
    if (there !== undefined && (there.kind !== node.kind || isFull(there))) return false;
    this.remove(from);
    where.entries.set(target.name, node);
    this.#changes.announce();
    return true;
  }

  /** The paths of all files, in the order of their folders. */
  get paths(): string[] {
    return pathsBelow(this.root, '');
  }

  /**
   * The file at that path, or the first whose path matches, as soon as it is there: now, or within `timeout` (5,000 ms). An
   * upload appears when it has ended, and one that broke off with what had come.
   * @throws WaitTimeoutError that tells what is there in its place
   */
  waitFor(path: Wanted, options: WaitOptions = {}): Promise<CaughtFile> {
    const fitting = () =>
      typeof path === 'string' ? normalize(path) : this.paths.find((one) => one.search(path) >= 0);
    return waitUntil(
      {
        look: () => {
          const at = fitting();
          const file = at === undefined ? undefined : this.file(at);
          if (at === undefined || !file) return undefined;
          const { octets, modified, mode } = file;
          return { path: at, octets, modified, mode };
        },
        watch: (listener) => this.watch(listener),
        expected: `file ${path}`,
        present: () => `There are ${this.paths.slice(-5).join(', ') || 'no files'}.`,
      },
      options,
    );
  }

  /** Calls `listener` after each file that came, went or moved, until the returned function is called. */
  watch(listener: () => void): () => void {
    return this.#changes.watch(listener);
  }

  /** Removes everything. */
  clear(): void {
    this.root.entries.clear();
    this.#changes.announce();
  }

  /** What there is now, for `restore`. */
  snapshot(): FilesSnapshot {
    return copyOf(this.root);
  }

  /** Brings back what there was. */
  restore(snapshot: FilesSnapshot): void {
    this.root.entries.clear();
    for (const [name, node] of copyOf(snapshot).entries) this.root.entries.set(name, node);
    this.#changes.announce();
  }
}

function pathsBelow({ entries }: TreeFolder, path: string): string[] {
  return [...entries].flatMap(([name, node]) =>
    node.kind === 'file' ? [`${path}/${name}`] : pathsBelow(node, `${path}/${name}`),
  );
}

const isFull = (node: TreeNode): boolean => node.kind === 'folder' && node.entries.size > 0;

/** Octets are shared: a change puts others in their place. */
function copyOf(source: TreeFolder): TreeFolder {
  const entries = [...source.entries].map(([name, node]): [string, TreeNode] => [
    name,
    node.kind === 'folder' ? copyOf(node) : { ...node },
  ]);
  return { ...source, entries: new Map(entries) };
}

/** The path as seen from a folder, with `.` and `..` resolved; never above the root. */
export function resolvePath(folderPath: string, path: string): string {
  return normalize(path.startsWith('/') ? path : `${folderPath}/${path}`);
}

function normalize(path: string): string {
  const kept: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') kept.pop();
    else if (name !== '' && name !== '.') kept.push(name);
  }
  return `/${kept.join('/')}`;
}

function segments(path: string): string[] {
  return normalize(path)
    .split('/')
    .filter((name) => name !== '');
}

function split(path: string): { parent: string; name: string } {
  const names = segments(path);
  const name = names.pop() ?? '';
  return { parent: `/${names.join('/')}`, name };
}

function folder(): TreeFolder {
  return { kind: 'folder', entries: new Map(), modified: new Date(), mode: 0o755 };
}
