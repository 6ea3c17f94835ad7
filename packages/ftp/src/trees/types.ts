/** Trees of files: what can be asked for, and what comes of it. Times are milliseconds, sizes octets. */
import type { CallOptions } from '../types.js';

/** How it is told whether a file has to be transferred. */
export type Comparison = 'size+time' | 'size' | 'hash';

export interface TreeOptions extends CallOptions {
  /** Only files that match one of these patterns (`*.html`, `docs/**`). Default: all. */
  include?: readonly string[];
  /** Neither files nor directories that match one of these. Default: none. */
  exclude?: readonly string[];
  /** Transfers at once. Default: as many as the pool has connections; 1 for a client, which is one connection. */
  concurrency?: number;
  /** Only find out what would be done. Default `false`. */
  dryRun?: boolean;
  /** Write under another name and rename what is whole. Default `true`: no half file is ever seen. */
  atomic?: boolean;
  /** Go on with parts of an earlier run, where they are proven to be of the same file. Default `false`. */
  resume?: boolean;
  /** Give files the time of the original, where the other side can (remote: MFMT, else MDTM or SITE UTIME). Default `true`. */
  preserveTimes?: boolean;
  /** As for single transfers. Default `'size'`. */
  verify?: 'size' | 'hash' | 'reread' | false;
  /** Told of each step, in the order of their ends. What it throws ends the work. */
  onEvent?: (event: TreeEvent) => void;
}

export interface MirrorOptions extends TreeOptions {
  /** `'up'`: the remote tree becomes as the local one is. `'down'`: the reverse. */
  direction: 'up' | 'down';
  /**
   * `'size+time'` (default): equal sizes, and times as exact as both sides show them. `'size'`; `'hash'`: what the server computes.
   */
  compare?: Comparison;
  /** Remove what the original has not. Default `false`. Nothing goes on the word of a listing that had problems. */
  delete?: boolean;
  /** More removals than this are none at all: ERR_STATE before anything is done. Default 1,000. */
  mostDeletions?: number;
}

export type TreeAction =
  | { readonly kind: 'make'; readonly path: string }
  | {
      readonly kind: 'transfer';
      readonly path: string;
      readonly size: number | undefined;
      readonly reason: string;
    }
  | { readonly kind: 'delete'; readonly path: string; readonly isDirectory: boolean };

/** What is not taken along, and why: links, devices, names that this side can't have or must not have. */
export interface Refused {
  readonly path: string;
  readonly reason: string;
}

export interface TreeError {
  readonly path: string;
  readonly error: unknown;
}

export type TreeEvent =
  | {
      readonly kind: 'done';
      readonly action: TreeAction;
      readonly octets: number;
      readonly total: TreeTotal;
    }
  | {
      readonly kind: 'failed';
      readonly action: TreeAction;
      readonly error: unknown;
      readonly total: TreeTotal;
    }
  | { readonly kind: 'refused'; readonly refused: Refused; readonly total: TreeTotal };

export interface TreeTotal {
  /** Actions that are done, and that there are. */
  done: number;
  actions: number;
  /** Octets that went over. */
  octets: number;
}

export interface TreeResult {
  /** What was done, or with `dryRun` what would be: paths are relative to the roots, with slashes. */
  readonly plan: readonly TreeAction[];
  readonly transferred: number;
  readonly deleted: number;
  /** Files that were equal already. */
  readonly unchanged: number;
  readonly octets: number;
  readonly refused: readonly Refused[];
}
