/** What the small commands share that FTP has and IMAP has otherwise: one URL, one session, one call. */
import type { FtpClient } from '@fivewire/ftp';
import type { Context } from './context.js';
import { exitCodes, Failure, usage } from './exit-code.js';
import { line } from './output.js';
import { withRetry } from './retry.js';
import { withSession } from './sessions.js';
import { resolveTarget, type Target } from './target.js';
import { ftpPath } from './url-paths.js';

export async function onFtpPath<T>(
  url: string,
  context: Context,
  work: (ftp: FtpClient, path: string, target: Target) => Promise<T>,
): Promise<T> {
  const rules = { protocols: ['ftp'], others: ['imap'], login: 'anonymous' } as const;
  const target = await resolveTarget(url, context, rules);
  if (target.path === '') throw usage('The URL has no path');
  const path = ftpPath(target.path);
  return withRetry(context, () =>
    withSession('ftp', target, context, (ftp) => work(ftp, path, target)),
  );
}

export const absent = (path: string): Failure =>
  new Failure(exitCodes.notFound, `${line(path)} is not there`, { code: 'ERR_NOT_FOUND' });
