/** This side's files and streams: their names, and their failures. */
import { fileURLToPath } from 'node:url';
import { isFivewireError, LocalError, UsageError } from 'tls-context-core';

/** @throws UsageError ERR_ARGUMENT for what can be no path */
export function pathOf(target: string | URL): string {
  if (typeof target === 'string') {
    if (target !== '' && !target.includes('\0')) return target;
    throw noPath(target === '' ? 'A path on this side is empty.' : 'A path has a NUL in it.');
  }
  if (target instanceof URL && target.protocol === 'file:') return fileURLToPath(target);
  throw noPath('A path on this side is a string or a file: URL.');
}

const noPath = (message: string): UsageError =>
  new UsageError('ERR_ARGUMENT', message, { argument: 'target' });

/** What to do about it, by what the system calls it; told where a path is part of the failure. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'No room is left there: make some, and try again.',
  EDQUOT: 'The quota there is used up: make room, and try again.',
  EROFS: 'The file system there is read-only: name another place.',
  EACCES: 'Check the permissions of the file and of its directory.',
  EPERM: 'Check the permissions of the file and of its directory.',
  ENOENT: 'Check the path: its directory has to be there.',
  EMFILE: 'Too many files are open in this process: close some, or do less at once.',
};

export function localFailure(error: unknown, path?: string): LocalError {
  if (isFivewireError(error)) return error as LocalError;
  const text = error instanceof Error ? error.message : String(error);
  const { code = '' } = (error ?? {}) as { code?: string };
  const isNamed = path === undefined || text.includes(path);
  return new LocalError('ERR_LOCAL_IO', `This side failed: ${text}${isNamed ? '' : ` '${path}'`}`, {
    phase: 'transfer',
    cause: error,
    hint:
      (path === undefined ? undefined : remedies[code]) ??
      'Check space, permissions and the stream that was given.',
    ...(path === undefined ? {} : { path }),
  });
}
