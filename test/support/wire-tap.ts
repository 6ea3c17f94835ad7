/** A relay in front of a server: it keeps every octet that a client sends, and sees which side leaves first. */
import { type AddressInfo, connect, createServer, type ListenOptions, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One connection through the tap. */
export interface Wire {
  /** All that the client has sent so far. */
  sent(): Buffer;
  /** Resolves when the client has ended or cut the connection. */
  readonly gone: Promise<void>;
  readonly leftFirst: 'client' | 'server' | undefined;
  /** Resolves when the client's socket is closed, not only its half: what is sent to it comes back as a reset. */
  closed(): Promise<void>;
}

export interface Tap {
  /** 0 at a Unix socket. */
  readonly port: number;
  /** The connections since the last call. */
  take(): Wire[];
  close(): Promise<void>;
}

/**
 * @param target where connections lead to; a host alone: the tap is a proxy, SOCKS5 or HTTP as the client takes it for,
 * and the client names the port.
 */
export async function startTap(
  listen: ListenOptions,
  target: { host: string; port?: number },
): Promise<Tap> {
  let wires: Wire[] = [];
  const sockets = new Set<Socket>();
  const own = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true); // what comes in segments goes on in segments
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  };
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    own(client);
    const join = (port: number) => {
      const server = connect({ host: target.host, port, allowHalfOpen: true });
      own(server);
      wires.push(relay(client, server));
    };
    if (target.port !== undefined) join(target.port);
    else void beProxy(client).then(join, () => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(listen, resolve);
  });
  const address = listener.address() as AddressInfo | string;
  return {
    port: typeof address === 'string' ? 0 : address.port,
    take() {
      const taken = wires;
      wires = [];
      return taken;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void listener.close(() => resolve()));
    },
  };
}

function relay(client: Socket, server: Socket): Wire {
  const chunks: Buffer[] = [];
  let leftFirst: Wire['leftFirst'];
  const gone = new Promise<void>((resolve) => client.once('end', resolve).once('close', resolve));
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const [name, from, to] of [
    ['client', client, server],
    ['server', server, client],
  ] as const) {
    const leave = (how: () => void) => {
      leftFirst ??= name;
      how();
    };
    from.on('data', (chunk: Buffer) => to.write(chunk));
    from.once('end', () => leave(() => to.end()));
    from.once('close', (cut) => leave(() => (cut ? reset(to) : to.end())));
  }
  return {
    sent: () => Buffer.concat(chunks),
    gone,
    get leftFirst() {
      return leftFirst;
    },
    async closed() {
      await gone;
      while (!client.destroyed) {
        client.write('?');
        await delay(1, undefined, { ref: false });
      }
    },
  };
}

/** Node's own `resetAndDestroy` sends FIN first, and fails where one is on its way; the flag makes `destroy` a reset. */
const reset = (socket: Socket) => void Object.assign(socket, { resetAndClosing: true }).destroy();

/** Answers a client that wants to be led on, and gives the port. The client waits for each answer. */
async function beProxy(client: Socket): Promise<number> {
  const first = await nextChunk(client);
  return first[0] === 5 ? beSocks5(client) : beHttpProxy(client, first);
}

/** RFC 1928 §3, §4 and §6: no authentication, and a port at the request's end. */
async function beSocks5(client: Socket): Promise<number> {
  client.write(Buffer.from([5, 0]));
  const request = await nextChunk(client);
  client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  return request.readUInt16BE(request.length - 2);
}

/** RFC 9110 §9.3.6. */
function beHttpProxy(client: Socket, request: Buffer): number {
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  return Number(/^CONNECT \S+:(\d+) HTTP/.exec(request.toString('latin1'))?.[1]);
}

function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('data', resolve).once('close', () => reject(new Error('gone')));
  });
}

/** What a client sent, taken apart: lines in clear, then TLS records (RFC 8446 §5.1). */
export interface Reading {
  lines: string[];
  records: { type: number; length: number }[];
  /** Octets that are neither. */
  rest: number;
}

const handshakeType = 22;

export function read(sent: Buffer): Reading {
  const lines: string[] = [];
  let at = 0;
  while (at < sent.length && sent[at] !== handshakeType) {
    const end = sent.indexOf('\r\n', at);
    if (end < 0) break;
    lines.push(sent.toString('latin1', at, end));
    at = end + 2;
  }
  const records: Reading['records'] = [];
  while (sent[at] !== undefined && (sent[at] as number) >= 20 && at + 5 <= sent.length) {
    const length = sent.readUInt16BE(at + 3);
    records.push({ type: sent[at] as number, length });
    at += 5 + length;
  }
  return { lines, records, rest: sent.length - at };
}
