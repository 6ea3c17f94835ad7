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

export function localFailure(error: unknown, path?: string): LocalError {
  if (isFivewireError(error)) return error as LocalError;
  const text = error instanceof Error ? error.message : String(error);
  return new LocalError('ERR_LOCAL_IO', `This side failed: ${text}`, {
    phase: 'transfer',
    cause: error,
    hint: 'Check space, permissions and the stream that was given.',
    ...(path === undefined ? {} : { path }),
  });
}
