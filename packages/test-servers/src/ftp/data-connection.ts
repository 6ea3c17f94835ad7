/** Data connections, RFC 959 §3.2, RFC 2428, RFC 4217 §7: offered or dialled, in clear or under TLS. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ConnectionRecord } from '../connection-record.js';
import { faultsFor } from '../faults.js';
import { listen, type ServerContext } from '../line-server.js';
import { defaultLimits, LineSession } from '../line-session.js';
import type { FtpShared } from './ftp-server.js';

/** Where the next transfer's octets will go. It serves one transfer. */
export interface DataPort {
  /** The port that a client is to dial; 0 in active mode. */
  readonly port: number;
  socket(): Promise<Socket>;
  close(): void;
}

const acceptTimeout = 10_000;

/** EPSV and PASV: a listener for one connection, and only for the control connection's own peer. */
export async function passivePort(
  context: ServerContext,
  peer: string,
  [first, last]: readonly [number, number] = [0, 0],
): Promise<DataPort> {
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  context.ownListener(listener);
  const arrival = firstFrom(listener, peer, context);
  arrival.catch(() => {}); // the command that asks for the socket learns of it
  const port = await listenBetween(listener, context.host, first, last);
  return { port, socket: () => arrival, close: () => void listener.close() };
}

/** At the first port that is free. @throws Error when none is */
async function listenBetween(listener: Server, host: string, first: number, last: number) {
  for (let port = first; ; port++) {
    try {
      return await listen(listener, { host, port });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port >= last) throw error;
    }
  }
}

function firstFrom(listener: Server, peer: string, context: ServerContext): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      listener.close();
      reject(new Error('Nobody came.'));
    }, acceptTimeout);
    listener.on('connection', (socket) => {
      context.own(socket);
      if (socket.remoteAddress !== peer) return void socket.destroy();
      listener.close();
      resolve(socket);
    });
    listener.once('close', () => {
      clearTimeout(timer);
      reject(new Error('Closed.'));
    });
  });
}

/** PORT and EPRT: the server dials. */
export function activePort(context: ServerContext, host: string, port: number): DataPort {
  let socket: Socket | undefined;
  return {
    port: 0,
    socket: () =>
      new Promise((resolve, reject) => {
        socket = connect({ host, port, allowHalfOpen: true, timeout: acceptTimeout });
        context.own(socket);
        socket.once('connect', () => resolve(socket as Socket));
        socket.once('timeout', () => socket?.destroy());
        socket.once('close', () => reject(new Error('Nobody there.')));
      }),
    close: () => void socket?.destroy(),
  };
}

/** Takes the connection and puts TLS on it where the control connection asked for PROT P. */
export async function openData(
  port: DataPort,
  control: LineSession,
  shared: FtpShared,
  isPrivate: boolean,
): Promise<LineSession> {
  const socket = await port.socket();
  const number = shared.dataCount++;
  const record: ConnectionRecord = {
    number,
    mode: isPrivate ? 'implicit-tls' : 'cleartext',
    remotePort: socket.remotePort ?? 0,
    lines: [],
    linesInClear: [],
    sent: 0,
    faults: faultsFor(shared.dataFaults, number),
    closed: false,
    destroy: () => data.destroy(),
  };
  const tls = shared.dataTls ?? control.tls;
  const data = new LineSession(socket, tls, record, { ...defaultLimits, idle: 60_000 });
  shared.dataConnections.push(record);
  if (shared.dataConnections.length > 1_000) shared.dataConnections.shift();
  if (isPrivate) await data.secureNow();
  return data;
}
