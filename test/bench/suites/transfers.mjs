// Transfers: long bodies, beside raw sockets that move the same octets.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byLines, lines, secured } from '../servers.mjs';

const block = lines('fivewire moves octets, '.repeat(3), 1_000_000);

const pop3 = (blocks) =>
  byLines('+OK ready\r\n', async (line, write) => {
    const [verb] = line.split(' ');
    if (verb === 'CAPA') await write(Buffer.from('+OK\r\nPIPELINING\r\nUIDL\r\n.\r\n'));
    else if (verb !== 'RETR') await write(Buffer.from('+OK\r\n'));
    else {
      await write(Buffer.from('+OK message follows\r\n'));
      for (let i = 0; i < blocks; i++) await write(block);
      await write(Buffer.from('.\r\n'));
    }
  });

/** Takes messages and throws them away. */
const smtp = (socket) => {
  socket.on('error', () => {});
  socket.write('220 ready\r\n');
  let inData = false;
  let tail = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    let octets = tail.length > 0 ? Buffer.concat([tail, chunk]) : chunk;
    tail = Buffer.alloc(0);
    let answers = '';
    for (;;) {
      const at = octets.indexOf(inData ? '\r\n.\r\n' : '\r\n');
      if (at < 0) {
        tail = inData ? octets.subarray(-4) : octets;
        break;
      }
      const line = inData ? '.' : octets.latin1Slice(0, at);
      octets = octets.subarray(at + (inData ? 5 : 2));
      inData = line === 'DATA';
      answers += line.startsWith('EHLO')
        ? '250-bench\r\n250-PIPELINING\r\n250 8BITMIME\r\n'
        : inData
          ? '354 go on\r\n'
          : '250 2.0.0 ok\r\n';
    }
    if (answers !== '') socket.write(answers);
  });
};

export default [
  {
    work: 'POP3, one body of 200 MB over TLS to a file',
    serve: ({ full }) =>
      secured(pop3(full ? 1_000 : 200), { octets: (full ? 1_000 : 200) * block.length }),
    contenders: {
      raw: ['transfers', 'rawToFile'],
      'fivewire, pipeline': ['transfers', 'retrieveByPipeline'],
      'fivewire, saveTo': ['transfers', 'retrieveBySaveTo'],
    },
    reference: 'raw',
    targets: [
      { contender: 'fivewire, pipeline', peer: 'raw', most: 1.25 },
      { contender: 'fivewire, saveTo', peer: 'raw', most: 1.25 },
    ],
  },
  {
    work: 'SMTP, one body of 200 MB over TLS',
    async serve({ full }) {
      const folder = mkdtempSync(join(tmpdir(), 'fivewire-bench-'));
      const path = join(folder, 'body');
      for (let i = 0; i < (full ? 1_000 : 200); i++) appendFileSync(path, block);
      const { input, close } = await secured(smtp, { path });
      return {
        input,
        close: () => {
          rmSync(folder, { recursive: true });
          return close();
        },
      };
    },
    contenders: {
      raw: ['transfers', 'rawSend'],
      fivewire: ['transfers', 'send'],
    },
    reference: 'raw',
    targets: [{ contender: 'fivewire', peer: 'raw', most: 1.3 }],
  },
];
