/** What uploads that were killed have left behind in a directory: files of the names that only this client gives. */
import { isAbandoned, isFivewireError, isTemporary } from '@fivewire/line-protocol';
import { listDirectory } from '../listing/list-directory.js';
import { octetString } from '../session/charset.js';
import { command } from '../session/dialogue.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { isUnspeakable, leadsOut } from './remote-path.js';

/**
 * @param olderThan milliseconds; `undefined`: those whose writer is dead, as a mirror removes them
 * @returns the paths of what is gone
 */
export async function sweep(
  session: Session,
  path: string,
  olderThan: number | undefined,
  options: CallOptions,
): Promise<string[]> {
  const found = [];
  for await (const batch of listDirectory(session, path, { ...options, hidden: true })) {
    for (const entry of batch) {
      if (entry.type !== 'file' || !isTemporary(entry.name) || leadsOut(entry.name)) continue;
      if (isUnspeakable(octetString(entry.rawPath))) continue;
      const time = entry.modified?.getTime();
      const isDue =
        olderThan === undefined
          ? isAbandoned(entry.name, time)
          : Date.now() - (time ?? Date.now()) >= olderThan;
      if (isDue) found.push(entry);
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
