/** Active mode: the server dials. PORT of RFC 959 §4.1.2, EPRT of RFC 2428 §2; who comes is checked, RFC 2577 §3. */
import { createServer, isIP, type Server, type Socket } from 'node:net';
import { ConnectionError, UsageError } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import { rejected, saysUnknown } from '../session/failures.js';
import type { Session } from '../session/session.js';

/** Both ends of the control connection, and what the caller wants of the ports. */
export interface ActiveMode {
  /** Whom alone data connections may come from. */
  readonly peer: string;
  /** Where this side listens. */
  readonly listen: string;
  /** What the server is told; differs behind address translation. */
  readonly address: string;
  /** The first and the last port. Absent: any. */
  readonly ports: readonly [number, number] | undefined;
}

export interface Expected {
  /** The server's connection, when it comes. */
  readonly arrival: Promise<Socket>;
  /** No more is waited for. */
  close(): void;
}

/** Listens, and tells the server where. */
export async function openPort(
  session: Session,
  dialogue: Dialogue,
  mode: ActiveMode,
): Promise<Expected> {
  const { server, port } = await listen(mode);
  try {
    await announce(session, dialogue, mode.address, port);
  } catch (error) {
    server.close();
    throw error;
  }
  return expect(server, mode.peer);
}

/** EPRT, and PORT where the server does not know it; that has no way to write an IPv6 address. */
async function announce(
  { traits, control }: Session,
  dialogue: Dialogue,
  address: string,
  port: number,
): Promise<void> {
  const isIPv4 = isIP(address) === 4;
  if (traits.active === 'EPRT' || !isIPv4) {
    const eprt = command('EPRT', `|${isIPv4 ? 1 : 2}|${address}|${port}|`);
    const reply = await dialogue.ask(eprt);
    if (reply.class === 2) return;
    const another = saysUnknown(reply) || [501, 504, 522].includes(reply.code);
    if (!isIPv4 || !another) throw control.connection.locate(rejected(reply, eprt.masked));
    traits.active = 'PORT';
  }
  await dialogue.demand(portCommand(address, port));
}

/** `PORT h1,h2,h3,h4,p1,p2` */
export function portCommand(address: string, port: number): ReturnType<typeof command> {
  return command('PORT', [...address.split('.'), port >> 8, port & 255].join(','));
}

/** The first connection of the server; all others are closed at once. */
function expect(server: Server, peer: string): Expected {
  let close = (): void => {};
  const arrival = new Promise<Socket>((resolve, reject) => {
    server.on('connection', (socket) => {
      if (plainAddress(socket.remoteAddress) !== peer) return void socket.destroy();
      server.close();
      resolve(socket);
    });
    close = () => {
      server.close();
      reject(notDialled());
    };
  });
  arrival.catch(() => {}); // it is awaited where data is moved
  return { arrival, close };
}

/** One port after the other from a random one on, until one is free. */
async function listen({
  listen: host,
  ports,
}: ActiveMode): Promise<{ server: Server; port: number }> {
  const [first, last] = ports ?? [0, 0];
  const count = last - first + 1;
  const offset = Math.floor(Math.random() * count);
  for (let tried = 0; ; tried += 1) {
    try {
      return await listenOn(host, first + ((offset + tried) % count));
    } catch (error) {
      if (tried + 1 >= count) throw noPort(error);
    }
  }
}

function listenOn(host: string, port: number): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject).on('error', () => {});
      const address = server.address();
      resolve({
        server,
        port: typeof address === 'object' && address !== null ? address.port : port,
      });
    });
  });
}

/** An IPv4 address that a socket of both families shows is one of IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

const notDialled = (): ConnectionError =>
  new ConnectionError('ERR_DIAL_FAILED', 'The server made no data connection.', {
    protocol: 'ftp',
    phase: 'dial',
    connection: 'usable',
    retry: 'later',
    hint: 'A firewall or address translation keeps the server from this side: use passive mode, or `active.address` and `active.ports` as they are forwarded.',
  });

const noPort = (cause: unknown): UsageError =>
  new UsageError('ERR_STATE', 'There is no port to listen on for data connections.', {
    protocol: 'ftp',
    argument: 'active',
    cause,
    hint: 'Widen `active.ports`, or leave it out; `active.listen` must be an address of this machine.',
  });
