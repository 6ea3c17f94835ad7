/** `preserveTimes`: a file has the same modification time on both sides, to the second (MDTM of RFC 3659 §3, MFMT). */
import { stat as statLocal, utimes } from 'node:fs/promises';
import { isFivewireError, type Reply, UsageError } from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import { timeOf } from '../session/reply-text.js';
import type { Session } from '../session/session.js';
import { localFailure, pathOf } from '../transfer/local.js';
import type { CallOptions, DownloadTarget, UploadSource } from '../types.js';
import { changeModified } from './facts.js';

/** @throws UsageError ERR_ARGUMENT for what has no time of its own */
export function checkTimes(end: DownloadTarget | UploadSource, argument: string): void {
  if (typeof end === 'string' && argument === 'target') return;
  if (end instanceof URL) return;
  if (typeof end === 'object' && end !== null && 'file' in end) return;
  throw new UsageError('ERR_ARGUMENT', `preserveTimes is for files: the ${argument} is none.`, {
    protocol: 'ftp',
    argument: 'preserveTimes',
  });
}

/** Gives a local file the remote one's time. @returns that; `undefined` where the server does not tell */
export async function takeTime(
  session: Session,
  path: string,
  target: string | URL,
  options: CallOptions,
): Promise<Date | undefined> {
  const [reply] = (await session.control.ask([command('MDTM', path)], options)) as [Reply];
  const modified = reply.code === 213 ? timeOf(reply.text)?.modified : undefined;
  if (modified === undefined) return undefined;
  const local = pathOf(target);
  try {
    await utimes(local, modified, modified);
  } catch (error) {
    throw localFailure(error, local);
  }
  return modified;
}

/** Gives a remote file the local one's time. @returns that; `undefined` where the server can't set times */
export async function giveTime(
  session: Session,
  path: string,
  source: UploadSource,
  options: CallOptions,
): Promise<Date | undefined> {
  const local = pathOf((source as { file: string | URL }).file);
  const about = await statLocal(local).catch((error: unknown) => {
    throw localFailure(error, local);
  });
  const modified = new Date(Math.trunc(about.mtimeMs / 1000) * 1000);
  try {
    await changeModified(session, path, modified, options);
    return modified;
  } catch (error) {
    // Good to have, and no failure of the upload.
    const isRefusal = isFivewireError(error) && error.connection === 'usable';
    if (isRefusal && error.code !== 'ERR_ABORTED') return undefined;
    throw error;
  }
}
