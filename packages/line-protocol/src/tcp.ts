/** A TCP connection to the first address of a host that answers, or a Unix domain socket. */
import { lookup as systemLookup } from 'node:dns';
import { connect, type NetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { ipVersion } from 'tls-context-core';
import type { DialOptions } from './dial.js';
import { firstToConnect, inTurns } from './happy-eyeballs.js';

type TcpOptions = Pick<
  DialOptions,
  'socketPath' | 'localAddress' | 'family' | 'lookup' | 'keepAlive'
>;

/** Plain TCP, or a Unix domain socket. Also the way to the proxy. */
export async function openTcp(
  { host, port }: { host: string; port: number },
  options: TcpOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  if (options.socketPath !== undefined) return connectTo({ path: options.socketPath }, signal);
  const { localAddress, keepAlive } = options;
  const addresses = await addressesOf(host, options);
  return firstToConnect(
    addresses,
    (address, stop) =>
      connectTo(
        {
          host: address,
          port,
          noDelay: true,
          autoSelectFamily: false,
          ...(localAddress === undefined ? {} : { localAddress }),
          ...(keepAlive === undefined ? {} : { keepAlive: true, keepAliveInitialDelay: keepAlive }),
        },
        stop,
      ),
    signal,
  );
}

/** In the order in which they are to be tried; those that `localAddress` can't reach come not at all, if there are others. */
async function addressesOf(host: string, options: TcpOptions): Promise<string[]> {
  const found = ipVersion(host) === 0 ? await resolve(host, options) : [host];
  const from = ipVersion(options.localAddress ?? '');
  const within = found.filter((address) => from === 0 || ipVersion(address) === from);
  return inTurns(within.length === 0 ? found : within);
}

function resolve(host: string, { family, lookup }: TcpOptions): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const done = (
      error: NodeJS.ErrnoException | null,
      found: string | readonly { address: string }[],
    ): void => {
      if (error) reject(error);
      else {
        // A lookup of the caller's may give one address, as net.connect takes it.
        const all = typeof found === 'string' ? [found] : found.map(({ address }) => address);
        const usable = all.filter((address) => ipVersion(address) !== 0);
        if (usable.length > 0) resolve(usable);
        else reject(Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' }));
      }
    };
    (lookup ?? systemLookup)(host, { all: true, family: family ?? 0 }, done as never);
  });
}

function connectTo(options: NetConnectOpts, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect(options);
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
