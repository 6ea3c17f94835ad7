/** What the options of each method must be. */
import { oneOf, type Rule, type Rules, rules } from '@fivewire/line-protocol';
import type {
  CallOptions,
  DownloadOptions,
  FileOptions,
  ListOptions,
  ReadStreamOptions,
  TransferOptions,
  UploadOptions,
} from './types.js';

const { callback, count, flag, positive } = rules;

export const callRules: Rules<CallOptions> = rules.callRules;

export const listRules: Rules<ListOptions> = {
  ...callRules,
  recursive: flag,
  hidden: flag,
  onProblem: callback,
};

export const transferRules: Rules<TransferOptions> = {
  ...callRules,
  onProgress: callback,
  rateLimit: rules.positive,
};

const fileRules: Rules<FileOptions> = {
  ...transferRules,
  type: oneOf('binary', 'ascii'),
  preserveTimes: flag,
  retry: count,
};

export const orFalse = ([accepts, expected]: Rule): Rule => [
  (value) => value === false || accepts(value),
  `${expected} or false`,
];

export const downloadRules: Rules<DownloadOptions> = {
  ...fileRules,
  verify: orFalse(oneOf('size', 'hash', 'reread')),
  atomic: flag,
  resume: flag,
  start: count,
  segments: positive,
};

export const readStreamRules: Rules<ReadStreamOptions> = {
  ...transferRules,
  start: count,
  verify: orFalse(oneOf('size')),
};

export const uploadRules: Rules<UploadOptions> = {
  ...fileRules,
  verify: orFalse(oneOf('size', 'hash', 'reread')),
  atomic: flag,
  resume: flag,
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

export const hashRules: Rules<CallOptions & { reread?: boolean }> = {
  ...callRules,
  reread: flag,
};

export const sweepRules: Rules<CallOptions & { olderThan?: number }> = {
  ...callRules,
  olderThan: rules.milliseconds,
};
