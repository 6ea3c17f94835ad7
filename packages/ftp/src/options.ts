/** What the options of each method must be. */
import { oneOf, type Rule, type Rules, rules } from '@fivewire/line-protocol';
import type {
  CallOptions,
  DownloadOptions,
  ListOptions,
  ReadStreamOptions,
  TransferOptions,
  UploadOptions,
} from './types.js';

const { callback, count, flag } = rules;

export const callRules: Rules<CallOptions> = rules.callRules;

export const listRules: Rules<ListOptions> = {
  ...callRules,
  recursive: flag,
  hidden: flag,
  onProblem: callback,
};

export const transferRules: Rules<TransferOptions> = { ...callRules, onProgress: callback };

export const orFalse = ([accepts, expected]: Rule): Rule => [
  (value) => value === false || accepts(value),
  `${expected} or false`,
];

export const downloadRules: Rules<DownloadOptions> = {
  ...transferRules,
  verify: orFalse(oneOf('size', 'hash')),
  atomic: flag,
  resume: flag,
  start: count,
};

export const readStreamRules: Rules<ReadStreamOptions> = {
  ...transferRules,
  start: count,
  verify: orFalse(oneOf('size')),
};

export const uploadRules: Rules<UploadOptions> = {
  ...transferRules,
  verify: orFalse(oneOf('size', 'hash')),
  atomic: flag,
};

export const makeRules: Rules<CallOptions & { parents?: boolean }> = {
  ...callRules,
  parents: flag,
};

export const removeRules: Rules<CallOptions & { recursive?: boolean }> = {
  ...callRules,
  recursive: flag,
};

export const renameRules: Rules<CallOptions & { overwrite?: boolean }> = {
  ...callRules,
  overwrite: flag,
};
