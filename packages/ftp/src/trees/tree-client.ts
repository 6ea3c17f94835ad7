/** What mirroring needs of a client or of a pool. */
import type { FtpClient } from '../ftp-client.js';

export type TreeClient = Pick<
  FtpClient,
  'list' | 'stat' | 'upload' | 'download' | 'mkdir' | 'remove' | 'rename' | 'setModified' | 'hash'
>;
