/** What the options of trees must be. */
import { oneOf, type Rules, rules } from '@fivewire/line-protocol';
import { callRules, orFalse } from '../options.js';
import type { MirrorOptions, TreeOptions } from './types.js';

const { callback, count, flag, list, positive } = rules;

export const treeRules: Rules<TreeOptions> = {
  ...callRules,
  include: list,
  exclude: list,
  concurrency: positive,
  dryRun: flag,
  atomic: flag,
  resume: flag,
  preserveTimes: flag,
  verify: orFalse(oneOf('size', 'hash', 'reread')),
  onEvent: callback,
};

export const mirrorRules: Rules<MirrorOptions> = {
  ...treeRules,
  direction: oneOf('up', 'down'),
  compare: oneOf('size+time', 'size', 'hash'),
  delete: flag,
  mostDeletions: count,
};
