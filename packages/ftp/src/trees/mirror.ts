/** Trees, both ways: read both sides, plan, do. A run that was killed is made good by the next. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, rmdir, unlink, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  aborted,
  giveUpTemporary,
  isFivewireError,
  LocalError,
  TransferError,
  temporaryName,
} from '@fivewire/line-protocol';
import { joinPath, type RemotePath, splitPath } from '../files/remote-path.js';
import { localFailure, pathOf } from '../transfer/local.js';
import type { CallOptions } from '../types.js';
import { choiceOf } from './choice.js';
import { inParallel } from './in-parallel.js';
import { makeLocal, readLocalTree, refusalOf, safePath } from './local-tree.js';
import { isBelow, type Plan, planOf } from './plan.js';
import { readRemoteTree } from './remote-tree.js';
import type { TreeClient } from './tree-client.js';
import type { Tree, TreeNode } from './tree-node.js';
import type { MirrorOptions, TreeAction, TreeError, TreeResult, TreeTotal } from './types.js';

/** The options of all three methods, with their defaults. */
export type TreeWork = Omit<MirrorOptions, 'compare'> & { compare: MirrorOptions['compare'] };

/**
 * @param connections transfers at once where the caller does not say
 * @param keepsTimes whether the server says that it lets times be set
 * @throws TransferError ERR_TRANSFER_INCOMPLETE, when all that could be done is done, with `errors` and `result`
 */
export async function mirrorTrees(
  ftp: TreeClient,
  local: string | URL,
  remote: RemotePath,
  work: TreeWork,
  connections: number,
  keepsTimes: () => Promise<boolean>,
): Promise<TreeResult> {
  const run = new Run(ftp, pathOf(local), remote, work, keepsTimes);
  return run.all(work.concurrency ?? connections);
}

class Run {
  readonly #ftp: TreeClient;
  readonly #local: string;
  readonly #remote: RemotePath;
  readonly #work: TreeWork;
  readonly #call: CallOptions;
  readonly #mayKeepTimes: () => Promise<boolean>;
  /** Files that go up get the time of the original, until the server has shown that it can't set times. */
  #givesTimes: boolean;
  readonly #errors: TreeError[] = [];
  readonly #total: TreeTotal = { done: 0, actions: 0, octets: 0 };
  /** Directories that a file is to stand in place of: they go when that has come. */
  readonly #replaced = new Map<string, TreeAction>();
  #source!: Tree;
  #target!: Tree;
  #transferred = 0;
  #deleted = 0;

  constructor(
    ftp: TreeClient,
    local: string,
    remote: RemotePath,
    work: TreeWork,
    keepsTimes: () => Promise<boolean>,
  ) {
    this.#ftp = ftp;
    this.#local = local;
    this.#remote = remote;
    this.#work = work;
    this.#mayKeepTimes = keepsTimes;
    this.#givesTimes = work.preserveTimes ?? true;
    const { signal, timeout } = work;
    this.#call = { ...(signal && { signal }), ...(timeout !== undefined && { timeout }) };
  }

  get #isUp(): boolean {
    return this.#work.direction === 'up';
  }

  async all(concurrency: number): Promise<TreeResult> {
    const plan = await this.#plan();
    const { actions, unchanged, refused } = plan;
    this.#total.actions = actions.length;
    for (const one of refused) this.#tell({ kind: 'refused', refused: one });
    for (const { path, action } of plan.full) {
      // With `include` only files are meant: their directory goes with the last thing in it.
      if (action.kind === 'delete' && this.#work.include !== undefined) continue;
      this.#fail(action, notEmpty(path));
    }
    if (!this.#work.dryRun) await this.#do(actions, concurrency);
    const result: TreeResult = {
      plan: actions,
      transferred: this.#transferred,
      deleted: this.#deleted,
      unchanged,
      octets: this.#total.octets,
      refused,
    };
    if (this.#errors.length > 0) throw incomplete(this.#errors, result);
    return result;
  }

  async #plan(): Promise<Plan> {
    const { compare, dryRun = false, mostDeletions = 1_000 } = this.#work;
    const choice = choiceOf(this.#work);
    const isUp = this.#isUp;
    const local = await readLocalTree(this.#local, choice, !isUp);
    const preserves = this.#work.preserveTimes ?? true;
    const timesAreKept = preserves && (!isUp || (await this.#mayKeepTimes()));
    const remote = await readRemoteTree(this.#ftp, this.#remote, choice, isUp, this.#call);
    this.#source = isUp ? local : remote;
    this.#target = isUp ? remote : local;
    if (this.#work.delete && !isUp) await this.#provePlace(remote);
    // What could not be read is not known to be absent: nothing is removed on such a word.
    const removes = (this.#work.delete ?? false) && remote.problems.length === 0;
    const plan = await planOf(this.#source, this.#target, {
      compare,
      removes,
      mostDeletions,
      dryRun,
      timesAreKept,
      sameHash: (from, to) => this.#sameHash(from, to),
      refusalOf: isUp ? () => undefined : (path) => refusalOf(this.#local, path),
    });
    if (this.#work.include !== undefined) dropEmpty(plan);
    if (!isUp) refuseCollisions(plan);
    for (const problem of remote.problems)
      this.#errors.push({ path: '', error: unreadable(problem) });
    return plan;
  }

  /**
   * A server that ignores what LIST is given shows its working directory, and all of this side would go that is not there. So the
   * directory and one name in it, a file where there is one, have to be there by themselves.
   */
  async #provePlace(remote: Tree): Promise<void> {
    const nodes = [...remote.nodes.values()];
    const sample = nodes.find(({ isDirectory }) => !isDirectory) ?? nodes[0];
    for (const place of [this.#remote, ...(sample === undefined ? [] : [sample.place])]) {
      if ((await this.#ftp.stat(place, this.#call)) !== undefined) continue;
      remote.problems.push(`${sample?.path ?? '.'}: it is listed, and it is not there`);
      return;
    }
  }

  async #do(actions: readonly TreeAction[], concurrency: number): Promise<void> {
    // What is to go on from is not swept away ahead of it.
    const goesOn = this.#isUp && this.#work.resume === true;
    const hasPlace = (path: string): boolean =>
      !path.includes('/') || this.#source.nodes.has(path.slice(0, path.lastIndexOf('/')));
    await this.#sweep((path) => !goesOn || !hasPlace(path));
    await this.#makeRoot();
    const first: TreeAction[] = [];
    const last: TreeAction[] = [];
    for (const action of actions) {
      const source = this.#source.nodes.get(action.path);
      if (action.kind === 'make') first.push(action);
      if (action.kind !== 'delete') continue;
      if (source === undefined) last.push(action);
      else if (source.isDirectory) first.push(action);
      else this.#replaced.set(action.path, action);
    }
    const transfers = actions.filter(({ kind }) => kind === 'transfer');
    for (const action of first) await this.#step(action);
    await inParallel(transfers, concurrency, (action) => this.#step(action));
    const left = last.filter(({ path }) => !isBelow(this.#replaced, path)); // those go with their directory
    this.#total.actions -= last.length - left.length;
    for (const action of await this.#inDirectories(left)) await this.#step(action);
    if (goesOn && this.#errors.length === 0) await this.#sweep(hasPlace);
  }

  /** Whatever a run that was killed has left under names of its own. */
  async #sweep(isDue: (path: string) => boolean): Promise<void> {
    for (const { path, place } of this.#target.stale) {
      if (!isDue(path)) continue;
      if (typeof place === 'string') await unlink(place).catch(() => {});
      else await this.#ftp.remove(place, this.#call).catch(onlyUsable);
    }
  }

  async #makeRoot(): Promise<void> {
    if (!this.#isUp) return makeLocal(this.#local, '');
    if (this.#target.nodes.size > 0 || this.#remote === '.' || this.#remote === '/') return;
    await this.#ftp.mkdir(this.#remote, { ...this.#call, parents: true });
  }

  /** One action; its failure is kept, and ends the work only where the connection or the caller does. */
  async #step(action: TreeAction): Promise<void> {
    const { signal } = this.#work;
    if (signal?.aborted) throw aborted(signal, {}, 'usable');
    let octets = 0;
    try {
      octets = await this.#act(action);
    } catch (error) {
      if (isFivewireError(error) && error.code === 'ERR_ABORTED') throw error;
      if (isFivewireError(error) && action.kind === 'delete' && error.code === 'ERR_NOT_FOUND')
        return;
      this.#fail(action, error);
      return;
    }
    this.#total.done += 1;
    this.#total.octets += octets;
    if (action.kind === 'transfer') this.#transferred += 1;
    if (action.kind === 'delete') this.#deleted += 1;
    this.#tell({ kind: 'done', action, octets });
  }

  #fail(action: TreeAction, error: unknown): void {
    this.#errors.push({ path: action.path, error });
    this.#tell({ kind: 'failed', action, error });
  }

  async #act(action: TreeAction): Promise<number> {
    const { path } = action;
    switch (action.kind) {
      case 'make':
        await (this.#isUp
          ? this.#ftp.mkdir(this.#remotePath(path), { ...this.#call, parents: true })
          : makeLocal(this.#local, path));
        return 0;
      case 'delete':
        await this.#remove(path, action.isDirectory);
        return 0;
      default: {
        const removal = this.#replaced.get(path);
        return removal === undefined ? this.#transfer(path, path) : this.#replace(path, removal);
      }
    }
  }

  #transfer(path: string, to: string): Promise<number> {
    return this.#isUp ? this.#up(path, to) : this.#down(path, to);
  }

  /** A file in place of a directory: it comes under another name first, for until it is here nothing may go. */
  async #replace(path: string, removal: TreeAction): Promise<number> {
    const { parent, name } = splitPath(path);
    const aside = joinPath(parent, temporaryName(name), false, true);
    const octets = await this.#transfer(path, aside);
    try {
      await this.#remove(path, true);
    } catch (error) {
      await this.#discard(aside);
      throw error;
    }
    this.#total.done += 1;
    this.#deleted += 1;
    this.#tell({ kind: 'done', action: removal, octets: 0 });
    if (this.#isUp) {
      await this.#ftp.rename(this.#remotePath(aside), this.#remotePath(path), this.#call);
    } else {
      const to = safePath(this.#local, path);
      await rename(safePath(this.#local, aside), to).catch((error: unknown) => {
        throw localFailure(error, to);
      });
    }
    return octets;
  }

  /** Best effort: the next run finds what stays. */
  async #discard(path: string): Promise<void> {
    giveUpTemporary(path);
    await (this.#isUp
      ? this.#ftp.remove(this.#remotePath(path), this.#call)
      : unlink(safePath(this.#local, path))
    ).catch(() => {});
  }

  async #up(path: string, target: string): Promise<number> {
    const { atomic = true, verify = 'size' } = this.#work;
    const resume = (this.#work.resume ?? false) && path === target; // the other name is never seen again
    const node = this.#source.nodes.get(path) as TreeNode;
    const to = this.#remotePath(target);
    const { octets } = await this.#ftp.upload({ file: node.place as string }, to, {
      ...this.#call,
      atomic,
      resume,
      verify,
    });
    if (this.#givesTimes && node.modified !== undefined) {
      await this.#ftp.setModified(to, new Date(node.modified), this.#call).catch((error) => {
        onlyUsable(error);
        if (error.code === 'ERR_EXTENSION_REQUIRED') this.#givesTimes = false;
      });
    }
    return octets;
  }

  async #down(path: string, target: string): Promise<number> {
    const { atomic = true, verify = 'size', preserveTimes = true } = this.#work;
    const resume = (this.#work.resume ?? false) && path === target;
    const node = this.#source.nodes.get(path) as TreeNode;
    const to = safePath(this.#local, target);
    await makeLocal(this.#local, path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
    const { octets } = await this.#ftp.download(node.place, to, {
      ...this.#call,
      atomic,
      resume,
      verify,
    });
    if (preserveTimes && node.modified !== undefined) {
      const time = new Date(node.modified);
      await utimes(to, time, time).catch((error: unknown) => {
        throw localFailure(error, to);
      });
    }
    return octets;
  }

  async #remove(path: string, isDirectory: boolean): Promise<void> {
    const node = this.#target.nodes.get(path) as TreeNode;
    if (this.#isUp) {
      // What was not listed, because a pattern left it out, keeps its directory.
      const isReplaced = this.#source.nodes.has(path);
      return this.#ftp.remove(node.place, { ...this.#call, recursive: isDirectory && isReplaced });
    }
    const place = safePath(this.#local, path);
    const recursive = isDirectory && this.#source.nodes.has(path);
    const removal = isDirectory && !recursive ? rmdir(place) : rm(place, { recursive });
    await removal.catch((error: unknown) => {
      throw localFailure(error, dirname(place));
    });
  }

  /**
   * A server may show a link as a directory (ProFTPD with `ShowSymlinks off`, junctions of Windows), and what is below it is elsewhere
   * then. So each directory that is to go is asked to go by itself, from the top down, before anything in it is.
   *
   * @returns what is left to remove
   */
  async #inDirectories(removals: readonly TreeAction[]): Promise<TreeAction[]> {
    if (!this.#isUp) return [...removals];
    const gone = new Set<string>();
    const left: TreeAction[] = [];
    for (const action of [...removals].reverse()) {
      if (isBelow(gone, action.path)) this.#total.actions -= 1;
      else if (action.kind === 'delete' && action.isDirectory && (await this.#goesByItself(action)))
        gone.add(action.path);
      else left.push(action);
    }
    return left.reverse();
  }

  async #goesByItself(action: TreeAction): Promise<boolean> {
    const { place } = this.#target.nodes.get(action.path) as TreeNode;
    try {
      await this.#ftp.remove(place, this.#call);
    } catch (error) {
      if (isFivewireError(error) && error.code !== 'ERR_ABORTED') return false;
      throw error;
    }
    this.#total.done += 1;
    this.#deleted += 1;
    this.#tell({ kind: 'done', action, octets: 0 });
    return true;
  }

  #remotePath(path: string): RemotePath {
    const known = this.#target.nodes.get(path)?.place;
    if (known instanceof Uint8Array) return known;
    const root = this.#remote;
    if (typeof root === 'string') return joinPath(root, path, false);
    return Buffer.concat([root, Buffer.from(`/${path}`)]);
  }

  async #sameHash(from: TreeNode, to: TreeNode): Promise<boolean> {
    const [local, remote] = this.#isUp ? [from, to] : [to, from];
    const theirs = await this.#ftp.hash(remote.place, 'sha256', this.#call);
    const digest = createHash('sha256');
    try {
      for await (const piece of createReadStream(local.place as string)) digest.update(piece);
    } catch (error) {
      throw localFailure(error, local.place as string);
    }
    return digest.digest('hex') === theirs;
  }

  #tell(
    event:
      | { kind: 'done'; action: TreeAction; octets: number }
      | { kind: 'failed'; action: TreeAction; error: unknown }
      | { kind: 'refused'; refused: { path: string; reason: string } },
  ): void {
    this.#work.onEvent?.({ ...event, total: { ...this.#total } });
  }
}

/** For what is good to have and no failure of the work. */
function onlyUsable(error: unknown): void {
  if (isFivewireError(error) && error.connection === 'usable' && error.code !== 'ERR_ABORTED')
    return;
  throw error;
}

/** With patterns, only the directories that something comes to be in. */
function dropEmpty(plan: Plan): void {
  const needed = new Set<string>();
  for (const { kind, path } of plan.actions) {
    if (kind !== 'transfer') continue;
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      needed.add(path.slice(0, at));
    }
  }
  plan.actions = plan.actions.filter(({ kind, path }) => kind !== 'make' || needed.has(path));
}

/** Two names that are one on a file system that does not tell case apart: the second would overwrite the first. */
function refuseCollisions(plan: Plan): void {
  if (process.platform !== 'win32' && process.platform !== 'darwin') return;
  const seen = new Map<string, string>();
  plan.actions = plan.actions.filter((action) => {
    if (action.kind === 'delete') return true;
    const key = action.path.normalize('NFC').toLowerCase();
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, action.path);
      return true;
    }
    plan.refused.push({ path: action.path, reason: `is the same name as ${before} here` });
    return false;
  });
}

function notEmpty(path: string): LocalError {
  return new LocalError(
    'ERR_LOCAL_PATH',
    `The directory ${path} stays: there is something in it that is not to be touched.`,
    {
      protocol: 'ftp',
      path,
      hint: 'Something there is excluded, or another run is writing it. Remove it by hand, or exclude less.',
    },
  );
}

function unreadable(problem: string): LocalError {
  return new LocalError('ERR_LOCAL_IO', `Part of the remote tree could not be read: ${problem}`, {
    protocol: 'ftp',
    hint: 'What was readable is done; nothing was removed.',
  });
}

/** Of what will fail again until something is done on this side. */
const remedyOf = (error: unknown): string =>
  isFivewireError(error) && error.code === 'ERR_LOCAL_IO' ? `${error.hint} ` : '';

function incomplete(errors: readonly TreeError[], result: TreeResult): TransferError {
  const [first] = errors;
  const why = first?.error instanceof Error ? first.error.message : String(first?.error);
  const all = errors.map(({ error }) => error);
  const isClosed = all.some((error) => isFivewireError(error) && error.connection === 'closed');
  return Object.assign(
    new TransferError(
      'ERR_TRANSFER_INCOMPLETE',
      `${errors.length} of the tree failed; first ${first?.path}: ${why}`,
      {
        protocol: 'ftp',
        phase: 'transfer',
        octets: result.octets,
        cause: new AggregateError(all, `${errors.length} failed`),
        connection: isClosed ? 'closed' : 'usable',
        retry: 'later',
        hint: `${remedyOf(first?.error)}See \`errors\`, one for each path. Run it again: what is done is not done twice.`,
      },
    ),
    { errors, result },
  );
}
