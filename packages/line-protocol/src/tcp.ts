/** A TCP connection by Node's happy eyeballs (RFC 8305), or a Unix domain socket. */
import { connect, type TcpNetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DialOptions } from './dial.js';

/** Plain TCP, or a Unix domain socket. Also the way to the proxy. */
export function openTcp(
  { host, port }: { host: string; port: number },
  options: Pick<DialOptions, 'socketPath' | 'localAddress' | 'family' | 'lookup' | 'keepAlive'>,
  signal: AbortSignal,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const tcp: TcpNetConnectOpts = { host, port, noDelay: true, autoSelectFamily: true };
    if (options.localAddress !== undefined) tcp.localAddress = options.localAddress;
    if (options.family !== undefined) tcp.family = options.family;
    if (options.lookup !== undefined) tcp.lookup = options.lookup;
    if (options.keepAlive !== undefined)
      Object.assign(tcp, { keepAlive: true, keepAliveInitialDelay: options.keepAlive });
    const socket = connect(options.socketPath === undefined ? tcp : { path: options.socketPath });
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect);
      socket.off('error', onError);
    };
    const onConnect = (): void => {
      settle();
      resolve(socket);
    };
    const onError = (error: Error): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => onError(signal.reason as Error);
    socket.once('connect', onConnect);
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
