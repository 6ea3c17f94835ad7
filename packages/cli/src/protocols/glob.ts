/** `*` in the last part of a URL's path. A star that is meant as it is stands there as %2A. */
import { exitCodes, Failure, usage } from '../exit-code.js';
import { line } from '../output.js';
import { decodePath } from '../target.js';

export interface Glob {
  /** Percent-decoded; `''` where the path has one part. */
  directory: string;
  matches(name: string): boolean;
}

/** @returns undefined for a path without a star @throws Failure 64 for a star in a directory: it would be looked for as it is */
export function globOf(path: string): Glob | undefined {
  const slash = path.lastIndexOf('/');
  const last = path.slice(slash + 1);
  if (path.slice(0, slash + 1).includes('*'))
    throw usage(
      `${line(path)}: a star counts in the last part of a path`,
      'A star that is meant as it is is written %2A.',
    );
  if (!last.includes('*')) return undefined;
  const parts = last
    .split('*')
    .map((part) => decodePath(part).replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`, 'su');
  const isHidden = last.startsWith('.');
  return {
    directory: decodePath(path.slice(0, slash + 1)),
    // As a shell has it: a star at the beginning is no dot.
    matches: (name) => pattern.test(name) && (isHidden || !name.startsWith('.')),
  };
}

/** A star that fits nothing is not the same as an empty directory. */
export const noneFits = (what: string, pattern: string): Failure =>
  new Failure(exitCodes.notFound, `${what} fits ${line(pattern)}`, {
    code: 'ERR_NOT_FOUND',
    hint: 'A star that is meant as it is is written %2A.',
  });
