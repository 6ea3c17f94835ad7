/** Servers for tests, on loopback: TLS from the first octet, or raw sockets with a script. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';

export interface TestServer {
  readonly port: number;
  /** A fresh, connected socket to it. */
  dial(): Promise<Socket>;
  close(): Promise<void>;
}

export async function tlsServer(
  options: TlsOptions,
  serve: (socket: TLSSocket) => void = () => undefined,
): Promise<TestServer> {
  const server = createTlsServer(options, (socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.on('tlsClientError', () => undefined);
  return listen(server);
}

export async function rawServer(serve: (socket: Socket) => void): Promise<TestServer> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  return listen(server);
}

async function listen(server: Server): Promise<TestServer> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    dial: async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
