/** What the small FTP commands share: one URL, one session, one call. */
import type { FtpClient } from '@fivewire/ftp';
import type { Context } from './context.js';
import { usage } from './exit-code.js';
import { withRetry } from './retry.js';
import { withSession } from './sessions.js';
import { resolveTarget } from './target.js';
import { ftpPath } from './url-paths.js';

export async function onFtpPath<T>(
  url: string,
  context: Context,
  work: (ftp: FtpClient, path: string) => Promise<T>,
): Promise<T> {
  const target = await resolveTarget(url, context, { protocols: ['ftp'], login: 'anonymous' });
  if (target.path === '') throw usage('The URL has no path');
  const path = ftpPath(target.path);
  return withRetry(context, () => withSession('ftp', target, context, (ftp) => work(ftp, path)));
}
