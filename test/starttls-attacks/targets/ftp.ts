import { FtpClient } from '@fivewire/ftp';
import { FileTree, startFtpServer } from '@fivewire/test-servers';
import { seen, type Target, textOf } from './target.js';

const files = new FileTree({ '/report.txt': 'octets' });

export const ftp: Target<FtpClient> = {
  name: 'ftp',
  inClear: /^(?:AUTH TLS|QUIT)$/,
  startTls: /^AUTH TLS$/,
  start: (options) => startFtpServer({ ...options, files }),
  connect: (options) => FtpClient.connect(options),
  mainWork: ['list', 'file'],
  mainWorkOnStream: ['workingDirectory'], // data connections need somebody to dial
  forbidden: ['AUTH', 'CCC', 'PBSZ', 'PROT', 'USER', 'PASS'],
  async look(client) {
    return {
      capabilities: [...client.capabilities],
      workingDirectory: await seen(() => client.workingDirectory()),
      list: await seen(() => allOf(client.list('/'))),
      file: await seen(() => textOf(client.createReadStream('/report.txt'))),
    };
  },
};

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
