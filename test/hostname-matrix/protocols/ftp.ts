import { createFtpPool, FtpClient } from '@fivewire/ftp';
import {
  FileTree,
  type FtpServer,
  startFtpServer,
  type TestServerOptions,
} from '@fivewire/test-servers';
import type { Driver } from './driver.js';

export const file = { path: '/report.txt', content: 'octets' };

export function startFtp(options: TestServerOptions): Promise<FtpServer> {
  return startFtpServer({ ...options, files: new FileTree({ [file.path]: file.content }) });
}

export const ftp: Driver<FtpClient> = {
  protocol: 'ftp',
  alpn: 'ftp',
  inClear: /^AUTH TLS$/,
  start: startFtp,
  connect: (options) => FtpClient.connect(options),
  pool: (options) => {
    const pool = createFtpPool(options);
    return { use: (work) => pool.session(work), close: () => pool.close() };
  },
  poolResumes: false,
  /** Without a data connection, which has a column of its own. */
  async command(client) {
    if ((await client.stat(file.path)) === undefined) throw new Error('the file is not there');
  },
};
