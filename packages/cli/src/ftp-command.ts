/** What the small commands share that FTP has and IMAP has otherwise: one URL, one session, one call. */
import type { FtpClient, RemotePath } from '@fivewire/ftp';
import type { Context } from './context.js';
import { exitCodes, Failure, usage } from './exit-code.js';
import { line } from './output.js';
import { withRetry } from './retry.js';
import { withSession } from './sessions.js';
import { resolveTarget, type Target } from './target.js';
import { ftpName } from './url-paths.js';

/** @param work gets the path as the server has it, and as people read it, and whether it `repeats` what an earlier try may have done */
export async function onFtpPath<T>(
  url: string,
  context: Context,
  work: (
    ftp: FtpClient,
    path: RemotePath,
    name: string,
    about: { target: Target; repeats: boolean },
  ) => Promise<T>,
): Promise<T> {
  const rules = { protocols: ['ftp'], others: ['imap'], login: 'anonymous' } as const;
  const target = await resolveTarget(url, context, rules);
  if (target.path === '') throw usage('The URL has no path');
  const { path, name } = ftpName(target.path);
  return withRetry(context, (repeats) =>
    withSession('ftp', target, context, (ftp) => work(ftp, path, name, { target, repeats })),
  );
}

export const absent = (name: string): Failure =>
  new Failure(exitCodes.notFound, `${line(name)} is not there`, { code: 'ERR_NOT_FOUND' });
