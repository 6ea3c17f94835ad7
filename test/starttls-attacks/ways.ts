/** How a client comes to the server: whichever way, the attacker sits at its end. */
import { connect, type LookupFunction, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TransportOptions } from '@fivewire/line-protocol';
import { startTap, type Tap } from '../support/wire-tap.js';

/** Dialled; through a proxy of two kinds; on a socket and on a stream of JavaScript's that the caller has opened. */
export const ways = ['direct', 'socks5', 'http', 'socket', 'duplex'] as const;
export type Way = (typeof ways)[number];

/** Who the server must be, and what the client dials where it dials. */
export const serverHostname = 'mail.example.test';

export interface Route {
  options: TransportOptions;
  /** The stream, where the client is given one. */
  stream: Duplex | undefined;
  /** Names that the client has looked up. */
  lookups: readonly string[];
  tap: Tap;
}

export async function routeTo(way: Way, port: number): Promise<Route> {
  const proxied = way === 'socks5' || way === 'http';
  const target = proxied ? { host: '127.0.0.1' } : { host: '127.0.0.1', port };
  const tap = await startTap({ host: '127.0.0.1', port: 0 }, target);
  const socket = way === 'socket' || way === 'duplex' ? await open(tap.port) : undefined;
  const stream = socket !== undefined && way === 'duplex' ? new Foreign(socket) : socket;
  const lookups: string[] = [];
  const host = serverHostname;
  const options: Record<Way, () => TransportOptions> = {
    direct: () => ({ host, port: tap.port, lookup: lookUp(lookups) }),
    socks5: () => ({ host, port, proxy: `socks5://127.0.0.1:${tap.port}` }),
    http: () => ({ host, port, proxy: `http://127.0.0.1:${tap.port}` }),
    socket: () => ({ stream: stream as Duplex, serverHostname }),
    duplex: () => ({ stream: stream as Duplex, serverHostname }),
  };
  return { options: options[way](), stream, lookups, tap };
}

/** Every name is this machine. */
const lookUp =
  (asked: string[]): LookupFunction =>
  (name, { all }, callback) => {
    asked.push(name);
    const [address, family] = ['127.0.0.1', 4];
    if (all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject).once('connect', () => resolve(socket.off('error', reject)));
  });
}

/** A stream that Node can't look under: TLS on it reads what JavaScript pushes. */
class Foreign extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.push(chunk) || socket.pause());
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
