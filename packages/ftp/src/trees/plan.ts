/** From two trees to what has to be done to make one as the other is. Pure, but for hashes. */
import { UsageError } from '@fivewire/line-protocol';
import type { Tree, TreeNode } from './tree-node.js';
import type { Comparison, TreeAction } from './types.js';

export interface Plan {
  actions: TreeAction[];
  unchanged: number;
  refused: { path: string; reason: string }[];
  /** Directories that were to go, and can't, for what is in them is not meant to. */
  full: { path: string; action: TreeAction }[];
}

export interface PlanOptions {
  compare: Comparison | undefined;
  removes: boolean;
  mostDeletions: number;
  dryRun: boolean;
  /** Whether files get the time of the original; else a copy that is newer than its original is as good. */
  timesAreKept: boolean;
  sameHash(from: TreeNode, to: TreeNode): Promise<boolean>;
  /** Why the target can't have this path. */
  refusalOf(path: string): string | undefined;
}

/**
 * Directories come before what is in them, removals last and from the deepest up.
 *
 * @throws UsageError ERR_STATE where more would be removed than allowed
 */
export async function planOf(source: Tree, target: Tree, options: PlanOptions): Promise<Plan> {
  const plan: Plan = { actions: [], unchanged: 0, refused: [...source.refused], full: [] };
  const holding = above(target.kept);
  const removals: TreeAction[] = [];
  for (const node of source.nodes.values()) {
    const { path, isDirectory, size } = node;
    const refusal = options.refusalOf(path);
    if (refusal !== undefined) {
      plan.refused.push({ path, reason: refusal });
      continue;
    }
    const there = target.nodes.get(path);
    const isOther = there !== undefined && there.isDirectory !== isDirectory;
    if (isOther && !options.removes) {
      plan.refused.push({ path, reason: 'what is there is of another kind' });
      continue;
    }
    if (isOther && holding.has(path)) {
      plan.full.push({ path, action: { kind: 'transfer', path, size, reason: 'new' } });
      continue;
    }
    if (isOther) plan.actions.push({ kind: 'delete', path, isDirectory: there.isDirectory });
    if (isDirectory) {
      if (there === undefined || isOther) plan.actions.push({ kind: 'make', path });
      continue;
    }
    const reason = there === undefined || isOther ? 'new' : await difference(node, there, options);
    if (reason === undefined) plan.unchanged += 1;
    else plan.actions.push({ kind: 'transfer', path, size, reason });
  }
  if (options.removes) {
    const stays = new Set([
      // The original has those: that they can't be taken along proves no absence.
      ...source.refused.map(({ path }) => path),
      ...plan.full.map(({ path }) => path),
    ]);
    for (const { path, isDirectory } of target.nodes.values()) {
      if (source.nodes.has(path) || stays.has(path) || isBelow(stays, path)) continue;
      const action: TreeAction = { kind: 'delete', path, isDirectory };
      if (isDirectory && holding.has(path)) plan.full.push({ path, action });
      else removals.push(action);
    }
  }
  const count = removals.length + plan.actions.filter(({ kind }) => kind === 'delete').length;
  if (count > options.mostDeletions && !options.dryRun) throw tooMany(count, options.mostDeletions);
  plan.actions.push(...removals.reverse());
  return plan;
}

/** All directories above these. */
function above(paths: Iterable<string>): Set<string> {
  const found = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      found.add(path.slice(0, at));
  }
  return found;
}

export function isBelow(directories: { has(path: string): boolean }, path: string): boolean {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (directories.has(path.slice(0, at))) return true;
  }
  return false;
}

async function difference(
  from: TreeNode,
  to: TreeNode,
  { compare, timesAreKept, sameHash }: PlanOptions,
): Promise<string | undefined> {
  if (compare === undefined) return 'asked for';
  if (from.size !== undefined && to.size !== undefined && from.size !== to.size) return 'size';
  if (compare === 'size')
    return from.size === undefined || to.size === undefined ? 'size' : undefined;
  if (compare === 'hash') return (await sameHash(from, to)) ? undefined : 'hash';
  if (from.size === undefined || to.size === undefined) return 'size';
  if (from.modified === undefined || to.modified === undefined) return 'time';
  const tolerance = Math.max(from.tolerance, to.tolerance);
  const later = to.modified - from.modified;
  if (Math.abs(later) <= tolerance) return undefined;
  return later > 0 && !timesAreKept ? undefined : 'time';
}

function tooMany(count: number, most: number): UsageError {
  return new UsageError('ERR_STATE', `${count} would be removed, and at most ${most} may be.`, {
    protocol: 'ftp',
    argument: 'mostDeletions',
    hint: 'Look at the plan with `dryRun: true`; then raise `mostDeletions`, if that is what you want.',
  });
}
