import { Writable } from 'node:stream';
import { FtpClient } from '@fivewire/ftp';
import { FileTree, type FtpServer, startFtpServer } from '@fivewire/test-servers';
import { all, digest, type Job } from '../job.js';

const content = 'A row of a report.\n'.repeat(400);

export const ftp: Job<FtpServer> = {
  protocol: 'ftp',
  line: '150-Wait a little\r\n',
  start: (options) =>
    startFtpServer({
      ...options,
      files: new FileTree({ '/pub/report.txt': content, '/pub/a': 'a' }),
    }),
  async run(access) {
    const call = { signal: access.signal };
    const seen: unknown[] = [];
    const client = await FtpClient.connect(access);
    try {
      const entries = await all(client.list('/', { ...call, recursive: true }));
      seen.push(entries.map(({ path, type, size }) => [path, type, size]));
      await client.mkdir('/new/deep', { ...call, parents: true });
      seen.push(await client.upload(content, '/new/deep/report.txt', call));
      seen.push(await client.append('one more row\n', '/new/deep/report.txt', call));
      seen.push((await client.stat('/new/deep/report.txt', call))?.size);
      await client.rename('/new/deep/report.txt', '/new/report.txt', call);
      let octets = 0;
      const target = new Writable({
        write(piece: Buffer, _encoding, done) {
          octets += piece.length;
          done();
        },
      });
      seen.push(await client.download('/new/report.txt', target, call), octets);
      seen.push(await digest(client.createReadStream('/pub/report.txt', call)));
      seen.push(await client.hash('/new/report.txt', 'sha256', call));
      await client.remove('/new', { ...call, recursive: true });
      seen.push(await client.workingDirectory(call));
    } finally {
      await client.quit(call);
    }
    return seen;
  },
};
