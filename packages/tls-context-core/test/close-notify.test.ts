/** Truncation is seen: whether the peer said close_notify, or the wire was cut. RFC 8446 §6.1. */

import { constants } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { createTlsContext, type SecureStream, secure } from '../src/index.js';
import { ed25519Keys, issue, issueCa } from './certificates.js';
import { rawServer, type TestServer } from './tls-server.js';

const name = 'ftp.example.org';
const ca = issueCa();
/** Ed25519, whose signatures have one length, so that each handshake has as many octets as the other. */
const leaf = issue({ issuer: ca, dns: [name], keys: ed25519Keys() });
const context = createTlsContext({ ca: ca.cert });

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

type Ending = 'close_notify' | 'close_notify, TCP open' | 'FIN alone' | 'reset';

/** How a server of ours ends, after its octets. The raw socket is ours to end without TLS's knowledge. */
const endings: Record<Ending, (secured: tls.TLSSocket, raw: Socket) => void> = {
  close_notify: (secured) => secured.end(),
  'close_notify, TCP open': (secured, raw) => {
    raw.end = () => raw; // the alert goes out, the FIN does not
    secured.end();
  },
  'FIN alone': (_secured, raw) => raw.end(),
  reset: (_secured, raw) => void setTimeout(() => raw.resetAndDestroy(), 10),
};

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (version) => {
  const secureContext = tls.createSecureContext({
    cert: leaf.cert,
    key: leaf.key,
    maxVersion: version,
    secureOptions: constants.SSL_OP_NO_TICKET, // tickets have times in them, and so various lengths
  });

  /** TLS over a Duplex over the socket, so that the socket can be ended beneath. */
  async function serve(octets: Buffer, ending: Ending): Promise<TestServer> {
    const server = await rawServer((raw) => {
      const pass = over(raw);
      const secured = new tls.TLSSocket(pass, { isServer: true, secureContext });
      secured.on('error', () => undefined);
      secured.once('secure', () => {
        secured.write(octets, () => setImmediate(() => endings[ending](secured, raw)));
      });
    });
    servers.push(server);
    return server;
  }

  async function open(
    server: TestServer,
    observeCloseNotify = true,
    wrap = (s: Socket): Duplex => s,
  ) {
    return secure(wrap(await server.dial()), {
      context,
      serverHostname: name,
      protocol: 'ftp',
      observeCloseNotify,
    });
  }

  /** Everything that comes, and how it ended. */
  async function drain(
    stream: SecureStream,
  ): Promise<{ octets: number; clean: boolean | undefined; error?: string }> {
    let octets = 0;
    try {
      for await (const chunk of stream) octets += (chunk as Buffer).length;
    } catch (error) {
      return {
        octets,
        clean: stream.closedCleanly,
        error: String((error as { code?: string }).code),
      };
    }
    return { octets, clean: stream.closedCleanly };
  }

  test.each([
    ['close_notify', 1, true],
    ['close_notify', 300_000, true],
    ['close_notify, TCP open', 1, true],
    ['close_notify, TCP open', 300_000, true],
    ['FIN alone', 1, false],
    ['FIN alone', 300_000, false],
  ] as [Ending, number, boolean][])(
    '%s after %d octets: clean is %s',
    async (ending, length, clean) => {
      const stream = await open(await serve(Buffer.alloc(length, 'x'), ending));
      expect(stream.closedCleanly).toBeUndefined();
      expect(await drain(stream)).toEqual({ octets: length, clean });
    },
  );

  test.each(['close_notify', 'FIN alone'] as Ending[])(
    '%s seen by a reader that was slow',
    async (ending) => {
      const stream = await open(await serve(Buffer.alloc(200_000, 'x'), ending));
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(stream.closedCleanly).toBeUndefined();
      expect(await drain(stream)).toEqual({ octets: 200_000, clean: ending === 'close_notify' });
    },
  );

  test.each([0, 40])(
    'a reset is an error and no clean end, also for a reader who comes %d ms later',
    async (delay) => {
      const stream = await open(await serve(Buffer.alloc(1000, 'x'), 'reset'));
      await new Promise((resolve) => setTimeout(resolve, delay));
      expect(await drain(stream)).toMatchObject({ clean: undefined, error: 'ECONNRESET' });
    },
  );

  test('an end, clean or not, is no error, and ends our side too', async () => {
    for (const ending of ['close_notify', 'FIN alone'] as const) {
      const server = await serve(Buffer.alloc(1000, 'x'), ending);
      const socket = await server.dial();
      const options = {
        context,
        serverHostname: name,
        protocol: 'ftp',
        observeCloseNotify: true,
      } as const;
      const stream = await secure(socket, options);
      const errors: unknown[] = [];
      stream.on('error', (error) => errors.push(error));
      const closed = once(socket, 'close');
      stream.resume();
      await closed;
      expect(errors).toEqual([]);
      expect(stream.writableFinished).toBe(true);
    }
  });

  test('unasked, nothing is told', async () => {
    const stream = await open(await serve(Buffer.from('x'), 'close_notify'), false);
    expect(await drain(stream)).toEqual({ octets: 1, clean: undefined });
  });

  test.each([
    ['close_notify', true],
    ['FIN alone', false],
  ] as [Ending, boolean][])('over a caller’s Duplex: %s', async (ending, clean) => {
    const stream = await open(await serve(Buffer.alloc(50_000, 'x'), ending), true, over);
    expect(await drain(stream)).toEqual({ octets: 50_000, clean });
  });

  test('a transfer cut at each place of its ciphertext is never clean, and one that is whole is', async () => {
    const server = await serve(Buffer.alloc(40_000, 'x'), 'close_notify');
    const total = await relayOctets(server.port);
    let whole = 0;
    const cuts = [
      0,
      1,
      5,
      100,
      2_000,
      17_000,
      30_000,
      total - 60,
      total - 25,
      total - 24,
      total - 1,
      total,
    ];
    for (const cut of cuts) {
      const relay = await cuttingRelay(server.port, cut);
      const socket = await dial(relay.port);
      const outcome = await secure(socket, {
        context,
        serverHostname: name,
        protocol: 'ftp',
        observeCloseNotify: true,
      }).then(drain, () => ({ octets: 0, clean: false }));
      relay.close();
      if (cut < total) expect({ cut, ...outcome }).toMatchObject({ cut, clean: false });
      else expect({ cut, ...outcome }).toEqual({ cut, octets: 40_000, clean: true });
      if (outcome.clean) whole++;
    }
    expect(whole).toBe(1);
  });

  test('what we send arrives whole, with its pace kept', async () => {
    let received = 0;
    let sawEnd = false;
    const server = await rawServer((raw) => {
      const secured = new tls.TLSSocket(raw, { isServer: true, secureContext });
      secured.on('error', () => undefined);
      secured.on('data', (chunk) => {
        received += chunk.length;
      });
      secured.on('end', () => {
        sawEnd = true;
        secured.end('done');
      });
    });
    servers.push(server);
    const stream = await open(server);
    const chunk = Buffer.alloc(65_536, 'y');
    for (let i = 0; i < 40; i++) if (!stream.write(chunk)) await once(stream, 'drain');
    stream.end();
    expect(await drain(stream)).toEqual({ octets: 4, clean: true });
    expect({ received, sawEnd }).toEqual({ received: 40 * 65_536, sawEnd: true });
  });

  test('a reader who does not read stops the sender, whatever there is to send', async () => {
    const server = await serve(Buffer.alloc(64 << 20, 'x'), 'close_notify');
    const socket = await server.dial();
    const options = {
      context,
      serverHostname: name,
      protocol: 'ftp',
      observeCloseNotify: true,
    } as const;
    const stream = await secure(socket, options);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(socket.bytesRead).toBeLessThan(2 << 20);
    stream.destroy();
  });

  test('destroying it closes the socket beneath, and leaves no listener of ours on it', async () => {
    const server = await serve(Buffer.from('x'), 'close_notify, TCP open');
    const socket = await server.dial();
    const stream = await secure(socket, {
      context,
      serverHostname: name,
      protocol: 'ftp',
      observeCloseNotify: true,
    });
    const closed = once(socket, 'close');
    stream.destroy();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});

/** A Duplex of JavaScript's over a socket, as a proxy library might give one. */
function over(socket: Socket): Duplex {
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _encoding, done) => void socket.write(chunk, () => done()),
    final: (done) => {
      socket.end();
      done();
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
    allowHalfOpen: false,
  });
  socket.on('data', (chunk) => {
    if (!duplex.push(chunk)) socket.pause();
  });
  socket.on('end', () => duplex.push(null));
  socket.on('error', (error) => duplex.destroy(error));
  socket.on('close', () => duplex.destroy());
  return duplex.on('error', () => undefined);
}

/** Passes on the server's first `cut` octets, then ends as if the wire was cut, with a FIN. */
async function cuttingRelay(
  port: number,
  cut: number,
): Promise<{ port: number; close(): void; seen(): number }> {
  let seen = 0;
  const relay = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(port, '127.0.0.1');
    near.on('error', () => undefined);
    far.on('error', () => undefined);
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      const room = cut - seen;
      seen += chunk.length;
      if (room <= 0) return;
      near.write(chunk.subarray(0, room));
      if (chunk.length >= room) near.end();
    });
    if (cut === 0) near.end();
    far.on('end', () => near.end());
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as { port: number }).port,
    close: () => void relay.close(),
    seen: () => seen,
  };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** How many octets the server sends for the whole. */
async function relayOctets(port: number): Promise<number> {
  const relay = await cuttingRelay(port, Number.POSITIVE_INFINITY);
  const socket = await dial(relay.port);
  const stream = await secure(socket, { context, serverHostname: name, protocol: 'ftp' });
  stream.resume();
  await once(stream, 'end');
  relay.close();
  return relay.seen();
}
