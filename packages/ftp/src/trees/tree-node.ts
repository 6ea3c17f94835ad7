/** What both sides of a mirror are made of. */

export interface TreeNode {
  /** Below the root, with slashes. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly size: number | undefined;
  /** Milliseconds since 1970. */
  readonly modified: number | undefined;
  /** How far `modified` may be off. */
  readonly tolerance: number;
  /** Where it is: a path of this side, or the octets of a remote one. */
  readonly place: string | Uint8Array;
}

export interface Tree {
  readonly nodes: Map<string, TreeNode>;
  readonly refused: { path: string; reason: string }[];
  /** What of it could not be read: absence proves nothing then. */
  readonly problems: string[];
  /** Left behind by a run that was killed. */
  readonly stale: { path: string; place: string | Uint8Array }[];
  /** What is there and in no way meant: what patterns leave out, what another run is writing. */
  readonly kept: Set<string>;
}

export const emptyTree = (): Tree => ({
  nodes: new Map(),
  refused: [],
  problems: [],
  stale: [],
  kept: new Set(),
});
