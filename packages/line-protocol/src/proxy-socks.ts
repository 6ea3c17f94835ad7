/** SOCKS5 (RFC 1928, RFC 1929) and SOCKS4a, by the `socks` package, which is installed by those who use it. */
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { DialTarget } from './dial.js';
import { optional } from './optional-package.js';
import { type ProxyAddress, ProxyRefusal } from './proxy-address.js';

/** The method of RFC 1929, as a server chooses it (RFC 1928 §3). */
const userAndPassword = 2;

/**
 * The library reads from a face of the stream, so that what follows the proxy's answer (the server's first words, or octets that
 * TLS must find) goes back into the stream, and so that a login is sent only where there is one.
 */
export async function socksConnect(
  stream: Duplex,
  { scheme, host, port, user, password }: ProxyAddress,
  target: DialTarget,
): Promise<Duplex> {
  const { SocksClient } = await optional('socks', 'SOCKS proxies', () => import('socks'));
  const face = new Duplex({
    read() {}, // its events are made below
    write: (octets, _encoding, done) => void stream.write(octets, done),
    destroy: (error, done) => {
      stream.destroy();
      done(error);
    },
  });
  face.pause = () => {
    stream.pause();
    return face;
  };
  face.resume = () => face; // the library's last word: what comes then is ours
  const login = user !== '' || password !== '';
  let first = Buffer.alloc(0);
  let refusal: ProxyRefusal | undefined;
  const onData = (chunk: Buffer): void => {
    if (first.length < 2) {
      first = Buffer.concat([first, chunk]);
      if (scheme === 'socks5' && !login && first[1] === userAndPassword) refusal = wantsLogin();
    }
    if (refusal !== undefined) face.emit('error', refusal);
    else face.emit('data', chunk);
  };
  const onClose = (): boolean => face.emit('close');
  const onError = (error: Error): void => {
    if (face.listenerCount('error') > 0) face.emit('error', error);
  };
  stream.on('data', onData).on('close', onClose).on('end', onClose).on('error', onError);
  try {
    await SocksClient.createConnection({
      command: 'connect',
      existing_socket: face as never,
      destination: { host: target.host, port: target.port },
      proxy: {
        host,
        port,
        type: scheme === 'socks5' ? 5 : 4,
        ...(login ? { userId: user, password } : {}),
      },
      timeout: 2_147_483_000, // our own deadline covers it
    });
    // The library gives what it has read too much one turn later.
    const rest: Buffer[] = [];
    face.on('data', (chunk: Buffer) => rest.push(chunk));
    await turn();
    stream.pause();
    stream.off('data', onData);
    if (rest.length > 0) stream.unshift(Buffer.concat(rest));
    return stream;
  } catch (error) {
    throw refusal ?? explained(error);
  } finally {
    stream.off('data', onData).off('close', onClose).off('end', onClose).off('error', onError);
  }
}

const wantsLogin = (): ProxyRefusal =>
  new ProxyRefusal('it asks for a login, and its URL names none', {
    retry: 'never',
    hint: 'Put user and password of the proxy into its URL, percent-encoded: socks5://user:password@proxy:1080.',
  });

/** In the library's words. */
function explained(error: unknown): unknown {
  const { message = '' } = error as Partial<Error>;
  return /authentication failed|no accepted authentication/i.test(message)
    ? new ProxyRefusal(message, { retry: 'never', hint: "Check the proxy's user and password." })
    : error;
}
