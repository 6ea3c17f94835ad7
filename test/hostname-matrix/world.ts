/** One protocol's servers, and every way to them, each with a tap on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type LookupFunction, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransportOptions } from '@fivewire/line-protocol';
import type { IssuedCertificate, TestServer, TestServerOptions } from '@fivewire/test-servers';
import { password, user } from '../support/credentials.js';
import { startTap, type Tap, type Wire } from '../support/wire-tap.js';
import { type Certificates, createCertificates } from './certificates.js';
import type { Way } from './rows.js';

export type Mode = 'implicit-tls' | 'starttls';
export const modes: readonly Mode[] = ['implicit-tls', 'starttls'];

/** A server that a client can reach by this way, and the way. */
export interface Route<S extends TestServer = TestServer> {
  server: S;
  options: TransportOptions;
  /** The stream, where the client is given one. */
  stream: Socket | undefined;
  /** The connections that came by it since it was asked for. */
  wires(): Wire[];
}

export interface World<S extends TestServer = TestServer> {
  readonly certificates: Certificates;
  /** Presents a certificate from the next handshake on, at every address. */
  present(certificate: IssuedCertificate): void;
  /** Opens the tap that `route` will lead to, so that it is not counted as somebody's leak. */
  open(way: Way, mode: Mode): Promise<void>;
  route(way: Way, mode: Mode, host?: string): Promise<Route<S>>;
  /** Exceptions inside the servers. */
  readonly problems: readonly Error[];
  close(): Promise<void>;
}

export async function createWorld<S extends TestServer>(
  startServer: (options: TestServerOptions) => Promise<S>,
): Promise<World<S>> {
  const certificates = await createCertificates();
  const folder = await mkdtemp(join(tmpdir(), 'matrix-'));
  const hasIPv6 = await canListen('::1');
  const start = (host: string) => startServer({ host, users: { [user]: password }, modes });
  const v4 = await start('127.0.0.1');
  const v6 = hasIPv6 ? await start('::1') : v4;
  const taps = new Map<string, Promise<Tap>>();

  const tapFor = (way: Way, mode: Mode): Promise<Tap> => {
    const key = `${way} ${mode}`;
    const { host, ports } = way === 'IPv6' ? v6 : v4;
    const listen =
      way === 'socketPath' ? { path: join(folder, `${mode}.sock`) } : { host, port: 0 };
    const target = way === 'proxy' ? { host } : { host, port: ports[mode] };
    const tap = taps.get(key) ?? startTap(listen, target);
    taps.set(key, tap);
    return tap;
  };

  return {
    certificates,
    present(certificate) {
      for (const server of new Set([v4, v6])) server.useCertificate(certificate);
    },
    async open(way, mode) {
      await tapFor(way, mode);
    },
    async route(way, mode, host = '') {
      const tap = await tapFor(way, mode);
      const { port } = tap;
      tap.take();
      const server = way === 'IPv6' ? v6 : v4;
      const stream = way === 'stream' ? await openStream(port) : undefined;
      const options: Record<Way, () => TransportOptions> = {
        IPv4: () => ({ host: '127.0.0.1', port }),
        IPv6: () => ({ host: '::1', port, ...(hasIPv6 ? {} : { dial: dialIPv4 }) }),
        name: () => ({ host, port, lookup: lookupIPv4 }),
        stream: () => ({ stream: stream as Socket }),
        socketPath: () => ({ socketPath: join(folder, `${mode}.sock`) }),
        proxy: () => ({ host, port: v4.ports[mode], proxy: `http://127.0.0.1:${port}` }),
      };
      return { server, options: options[way](), stream, wires: tap.take };
    },
    get problems() {
      return [...new Set([v4, v6])].flatMap(({ problems }) => problems);
    },
    async close() {
      for (const tap of taps.values()) await (await tap).close();
      await Promise.all([v4.close(), v6.close()]);
      await rm(folder, { recursive: true });
    },
  };
}

/** A machine without ::1 has the same rows: the name is IPv6, the wire is not. */
const dialIPv4 = ({ port }: { port: number }): Promise<Socket> => openStream(port);

/** Every name is this machine. */
const lookupIPv4: LookupFunction = (_, { all }, callback) => {
  const [address, family] = ['127.0.0.1', 4];
  if (all) callback(null, [{ address, family }]);
  else callback(null, address, family);
};

function openStream(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject).once('connect', () => resolve(socket.off('error', reject)));
  });
}

function canListen(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(0, host, () => void probe.close(() => resolve(true)));
  });
}
