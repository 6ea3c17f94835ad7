// TLS: what `secure()` costs beside raw `tls.connect`, handshakes and a long stream.
import { createServer } from 'node:tls';
import { createThrowawayCa } from '@fivewire/test-servers';

async function serve(onSocket, input) {
  const ca = await createThrowawayCa();
  const { chain, key } = await ca.issue({ names: ['bench.example.test'] });
  const sockets = new Set();
  const server = createServer({ cert: chain, key, ALPNProtocols: ['imap'] }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    input: {
      port: server.address().port,
      ca: ca.certificate,
      serverHostname: 'bench.example.test',
      ...input,
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const greet = (socket) => socket.end('* OK ready\r\n');

function stream(octets) {
  const block = Buffer.alloc(1 << 20, 'fivewire ');
  return (socket) => {
    let left = octets;
    const more = () => {
      while (left > 0) {
        left -= block.length;
        if (!socket.write(block)) return socket.once('drain', more);
      }
      socket.end();
    };
    more();
  };
}

export default [
  {
    work: '500 handshakes',
    serve: ({ full }) => serve(greet, { count: full ? 2_000 : 500 }),
    contenders: {
      raw: ['tls', 'rawHandshakes'],
      fivewire: ['tls', 'secureHandshakes'],
      'raw, resumed': ['tls', 'rawResumed'],
      'fivewire, resumed': ['tls', 'secureResumed'],
    },
    reference: 'raw',
    targets: [
      { contender: 'fivewire', peer: 'raw', most: 'spread' },
      { contender: 'fivewire, resumed', peer: 'fivewire', most: 1 },
    ],
  },
  {
    work: 'a stream of 1 GiB',
    serve: ({ full }) => serve(stream((full ? 4 : 1) * 2 ** 30), {}),
    contenders: { raw: ['tls', 'rawStream'], fivewire: ['tls', 'secureStream'] },
    reference: 'raw',
    targets: [{ contender: 'fivewire', peer: 'raw', most: 'spread' }],
  },
];
