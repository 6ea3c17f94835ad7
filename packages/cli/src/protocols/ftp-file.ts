/** One file of an FTP server to a path here: by the client's own download where nothing stands between, which is as fast as it gets. */

import { rename, stat, utimes } from 'node:fs/promises';
import type { FtpClient, RemotePath } from '@fivewire/ftp';
import { placeOf, takePlace } from '@fivewire/line-protocol';
import type { Context } from '../context.js';
import { clear, isThere, type KeepWishes } from '../keep.js';
import { line } from '../output.js';
import { passage, startProgress } from '../progress.js';
import { ofFileSystem, saveFile, startBackup } from '../save-file.js';
import { textOf } from '../url-paths.js';

export interface RemoteFile {
  path: RemotePath;
  /** The last part, for people. */
  name: string;
  size: number | undefined;
  modified: Date | undefined;
}

/** @returns false where a file was there and stays */
export async function saveRemote(
  ftp: FtpClient,
  { path, name, size, modified }: RemoteFile,
  to: string,
  wishes: KeepWishes,
  context: Context,
): Promise<boolean> {
  const { out, signal, settings } = context;
  // What an earlier try may have made is held against what comes, and is done where it is the same.
  const mayBeDone = wishes.existing === 'refuse' && context.repeats && (await isThere(to));
  if (!mayBeDone && !(await clear(to, wishes.existing))) {
    out.detail(`${line(to)} is there: left as it is`);
    await out.done({ type: 'skipped', path: to, name, remote: textOf(path) }, '');
    return false;
  }
  const progress = await startProgress(context, name);
  try {
    const { existing } = wishes;
    // By the client's own download a backup cannot be made when all is there, just before the file is replaced.
    const isOwn =
      settings.limitRate === undefined && !mayBeDone && (existing !== 'backup' || wishes.resume);
    if (isOwn) {
      const backup = existing === 'backup' ? await startBackup(to) : undefined;
      const place = backup === undefined ? undefined : await placeOf(to);
      const part = `${place?.path}.part`;
      const onProgress = ({ octets }: { octets: number }): void => progress.update(octets, size);
      const { resume } = wishes;
      try {
        if (place === undefined) await ftp.download(path, to, { signal, resume, onProgress });
        else {
          // Whole under the name that it is gone on with; then the backup, and then it takes its place.
          // What is noted of the part is the same with a backup and without: a run goes on with what the other kind has left.
          const [noted, notedHere] = [`${part}.json`, `${part}.part.json`];
          await rename(noted, notedHere).catch(() => {});
          try {
            await ftp.download(path, part, { signal, resume, onProgress, atomic: false });
          } finally {
            await rename(notedHere, noted).catch(() => {});
          }
          await backup?.keep(part);
          await takePlace(part, place);
        }
      } catch (error) {
        throw ofFileSystem(to, error);
      } finally {
        await backup?.drop();
      }
      if (wishes.keepTimes && modified !== undefined && (await stat(to)).isFile())
        await utimes(to, modified, modified);
    } else {
      const body = ftp.createReadStream(path, { signal });
      const through = passage(context, progress, size);
      await saveFile(to, body, {
        ...{ through, signal },
        modified: wishes.keepTimes ? modified : undefined,
        ...(existing === 'backup' ? { existing } : {}),
        ...(mayBeDone ? { existing: 'refuse', repeats: true } : {}),
      });
    }
  } finally {
    progress.stop();
  }
  await out.done({ type: 'saved', path: to, name, remote: textOf(path), size }, to);
  return true;
}
