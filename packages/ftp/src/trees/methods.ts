/** `mirror`, `uploadTree` and `downloadTree`, as a client and a pool have them. */
import { checkOptions, UsageError } from '@fivewire/line-protocol';
import type { RemotePath } from '../files/remote-path.js';
import { pathOf } from '../transfer/local.js';
import type { CallOptions } from '../types.js';
import { mirrorTrees } from './mirror.js';
import { mirrorRules, treeRules } from './rules.js';
import type { TreeClient } from './tree-client.js';
import type { MirrorOptions, TreeOptions, TreeResult } from './types.js';

/** What a client and a pool differ in. */
export interface TreeSide {
  readonly ftp: TreeClient;
  /** Transfers at once where the caller does not say. */
  readonly connections: number;
  keepsTimes(options: CallOptions): Promise<boolean>;
  /** @throws UsageError ERR_ARGUMENT for what can be no path */
  checkPath(path: RemotePath): void;
}

export async function mirror(
  side: TreeSide,
  local: string | URL,
  remote: RemotePath,
  options: MirrorOptions,
): Promise<TreeResult> {
  checkOptions(options, mirrorRules);
  if (options?.direction === undefined) {
    throw new UsageError('ERR_ARGUMENT', '`direction` is missing.', {
      protocol: 'ftp',
      argument: 'direction',
      hint: "Say `direction: 'up'` (to the server) or `'down'`.",
    });
  }
  pathOf(local);
  side.checkPath(remote);
  const work = { ...options, compare: options.compare ?? ('size+time' as const) };
  return begin(side, local, remote, work);
}

export async function copyTree(
  side: TreeSide,
  direction: 'up' | 'down',
  local: string | URL,
  remote: RemotePath,
  options: TreeOptions,
): Promise<TreeResult> {
  checkOptions(options, treeRules);
  pathOf(local);
  side.checkPath(remote);
  const work = { ...options, direction, compare: undefined };
  return begin(side, local, remote, work);
}

const begin = async (
  side: TreeSide,
  local: string | URL,
  remote: RemotePath,
  work: Parameters<typeof mirrorTrees>[3],
): Promise<TreeResult> =>
  mirrorTrees(side.ftp, local, remote, work, side.connections, () => side.keepsTimes(work));
