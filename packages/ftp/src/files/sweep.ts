/** What uploads that were killed have left behind in a directory: files of the names that only this client gives. */
import { isFivewireError, isTemporary } from '@fivewire/line-protocol';
import { listDirectory } from '../listing/list-directory.js';
import { octetString } from '../session/charset.js';
import { command } from '../session/dialogue.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';

/**
 * @param olderThan milliseconds: younger ones may be of an upload that is under way
 * @returns the paths of what is gone
 */
export async function sweep(
  session: Session,
  path: string,
  olderThan: number,
  options: CallOptions,
): Promise<string[]> {
  const found = [];
  for await (const batch of listDirectory(session, path, { ...options, hidden: true })) {
    for (const entry of batch) {
      const age = entry.modified === undefined ? 0 : Date.now() - entry.modified.getTime();
      if (entry.type === 'file' && isTemporary(entry.name) && age >= olderThan) found.push(entry);
    }
  }
  const gone: string[] = [];
  for (const entry of found) {
    try {
      await session.control.demand(command('DELE', octetString(entry.rawPath)), options);
      gone.push(entry.path);
    } catch (error) {
      // It may be finished, or of another user.
      const isRefusal = isFivewireError(error) && error.connection === 'usable';
      if (!isRefusal || error.code === 'ERR_ABORTED') throw error;
    }
  }
  return gone;
}
