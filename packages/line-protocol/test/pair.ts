/** Two ends of a TCP connection on loopback, and what tests do with one. */
import { connect, createServer, type Socket } from 'node:net';
import { LineConnection, type LineConnectionOptions } from '../src/index.js';

export async function socketPair(): Promise<{ client: Socket; server: Socket; close: () => void }> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  const client = connect({ port, host: '127.0.0.1', noDelay: true });
  const server = await accepted;
  server.setNoDelay(true);
  server.on('error', () => {});
  return {
    client,
    server,
    close: () => {
      client.destroy();
      server.destroy();
      listener.close();
    },
  };
}

export async function connectionPair(options: Partial<LineConnectionOptions> = {}) {
  const pair = await socketPair();
  const connection = new LineConnection(pair.client, {
    protocol: 'smtp',
    host: 'h',
    port: 1,
    ...options,
  });
  return { ...pair, connection };
}

export const settled = async <T>(promise: Promise<T>): Promise<unknown> =>
  promise.then(
    () => 'fulfilled',
    (error) => error,
  );

export const tick = (ms = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
