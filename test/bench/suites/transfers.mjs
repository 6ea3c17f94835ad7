// Transfers: long bodies and many short ones, beside raw sockets that move the same octets.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer as tcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as tlsServer } from 'node:tls';
import { createThrowawayCa } from '@fivewire/test-servers';

const name = 'bench.example.test';

/** Lines of text, none of which begins with a dot. */
const block = Buffer.from(`${'fivewire moves octets, '.repeat(3)}\r\n`.repeat(14_000));
const short = block.subarray(0, 3_479);

async function listen(server, input) {
  const sockets = new Set();
  server.on('secureConnection', (socket) => sockets.add(socket));
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    input: { port: server.address().port, serverHostname: name, ...input },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers by lines; `answer` gives octets, or writes them itself. */
const byLines = (greeting, answer) => (socket) => {
  socket.on('error', () => {});
  socket.setNoDelay?.(true);
  let text = '';
  socket.write(greeting);
  socket.on('data', async (chunk) => {
    text += chunk.latin1Slice();
    const lines = text.split('\r\n');
    text = lines.pop();
    socket.cork();
    for (const line of lines) await answer(line, socket);
    socket.uncork();
  });
};

async function writeBlocks(socket, count) {
  socket.uncork();
  for (let i = 0; i < count; i++)
    if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve));
}

const pop3 = (blocks) =>
  byLines('+OK ready\r\n', async (line, socket) => {
    const [verb] = line.split(' ');
    if (verb === 'CAPA') socket.write('+OK\r\nPIPELINING\r\nUIDL\r\n.\r\n');
    else if (verb === 'RETR' && blocks === 0) socket.write(Buffer.concat([ok, short, end]));
    else if (verb === 'RETR') {
      socket.write(ok);
      await writeBlocks(socket, blocks);
      socket.write(end);
    } else socket.write(verb === 'QUIT' ? '+OK bye\r\n' : '+OK\r\n');
  });
const ok = Buffer.from('+OK message follows\r\n');
const end = Buffer.from('.\r\n');

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

async function secured(onSocket, input) {
  const ca = await createThrowawayCa();
  const { chain, key } = await ca.issue({ names: [name] });
  return listen(tlsServer({ cert: chain, key }, onSocket), { ca: ca.certificate, ...input });
}

const clear = (onSocket, input) => listen(tcpServer({ noDelay: true }, onSocket), input);

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
    work: 'POP3, 5,000 messages of 3.5 kB',
    serve: ({ full }) => clear(pop3(0), { count: full ? 20_000 : 5_000, octets: short.length }),
    contenders: {
      raw: ['transfers', 'rawRetrieveMany'],
      fivewire: ['transfers', 'retrieveMany'],
    },
    reference: 'raw',
    targets: [{ contender: 'fivewire', peer: 'raw', most: 2 }],
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
