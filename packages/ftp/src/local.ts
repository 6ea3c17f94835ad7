/** This side's files and streams: their names, and their failures. */
import { fileURLToPath } from 'node:url';
import { isFivewireError, LocalError, UsageError } from '@fivewire/line-protocol';

export function pathOf(target: string | URL): string {
  if (typeof target === 'string') return target;
  if (target.protocol === 'file:') return fileURLToPath(target);
  throw new UsageError('ERR_ARGUMENT', 'A URL on this side must be a file: URL.', {
    protocol: 'ftp',
    argument: 'target',
  });
}

export function localFailure(error: unknown, path?: string): LocalError {
  if (isFivewireError(error)) return error as LocalError;
  const text = error instanceof Error ? error.message : String(error);
  return new LocalError('ERR_LOCAL_IO', `This side failed: ${text}`, {
    protocol: 'ftp',
    phase: 'transfer',
    cause: error,
    hint: 'Check space, permissions and the stream that was given.',
    ...(path === undefined ? {} : { path }),
  });
}
