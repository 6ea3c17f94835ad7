import { FtpClient } from '@fivewire/ftp';
import { FileTree, startFtpServer } from '@fivewire/test-servers';
import type { Driver } from './driver.js';

export const ftp: Driver<FtpClient> = {
  protocol: 'ftp',
  alpn: 'ftp',
  inClear: /^AUTH TLS$/,
  start: (options) =>
    startFtpServer({ ...options, files: new FileTree({ '/report.txt': 'octets' }) }),
  connect: (options) => FtpClient.connect(options),
  /** Without a data connection, which has a column of its own. */
  command: (client) => client.stat('/report.txt'),
};
