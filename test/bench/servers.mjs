// Scripted servers of the suites, in clear and over TLS, and what they send.
import { createServer as tcpServer } from 'node:net';
import { createServer as tlsServer } from 'node:tls';
import { createThrowawayCa } from '@fivewire/test-servers';

const name = 'bench.example.test';

/** About so many octets of text in lines, none of which begins with a dot. */
export function lines(text, octets) {
  const line = `${text}\r\n`;
  return Buffer.from(line.repeat(Math.floor(octets / line.length)));
}

/** Resolves when more can be written, or never again. It leaves no listener behind: a server waits many times for one client. */
export const room = (socket) =>
  new Promise((resolve) => {
    const go = () => {
      socket.off('drain', go).off('close', go);
      resolve();
    };
    socket.on('drain', go).on('close', go);
  });

/** Answers line by line, in order, as fast as the client takes it; `answer` writes. */
export const byLines = (greeting, answer) => (socket) => {
  socket.on('error', () => {});
  socket.setNoDelay?.(true);
  let text = '';
  let working = false;
  const asked = [];
  const write = async (octets) => {
    if (!socket.write(octets)) {
      socket.uncork();
      if (!socket.destroyed) await room(socket);
      socket.cork();
    }
  };
  socket.write(greeting);
  socket.on('data', async (chunk) => {
    text += chunk.latin1Slice();
    const found = text.split('\r\n');
    text = found.pop();
    asked.push(...found);
    if (working) return;
    working = true;
    socket.cork();
    for (let line = asked.shift(); line !== undefined && !socket.destroyed; line = asked.shift())
      await answer(line, write);
    socket.uncork();
    working = false;
  });
};

export const clear = (onSocket, input) => listen(tcpServer({ noDelay: true }, onSocket), input);

export async function secured(onSocket, input) {
  const ca = await createThrowawayCa();
  const { chain, key } = await ca.issue({ names: [name] });
  return listen(tlsServer({ cert: chain, key }, onSocket), { ca: ca.certificate, ...input });
}

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
