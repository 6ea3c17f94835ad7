/** What of a tree is meant, by patterns. */
import { globs } from './globs.js';
import type { TreeOptions } from './types.js';

export interface Choice {
  takesFile(path: string): boolean;
  entersDirectory(path: string): boolean;
}

/** @throws UsageError ERR_ARGUMENT */
export function choiceOf({ include, exclude }: TreeOptions): Choice {
  const wanted = globs(include, 'include');
  const unwanted = globs(exclude, 'exclude');
  const isExcluded = (path: string): boolean => unwanted.some((matches) => matches(path));
  return {
    takesFile: (path) =>
      !isExcluded(path) && (wanted.length === 0 || wanted.some((matches) => matches(path))),
    entersDirectory: (path) => !isExcluded(path),
  };
}
