/** Sessions resume where they may, and never cross an identity. TLS 1.2 and 1.3. */

import { EventEmitter, once } from 'node:events';
import { connect, type LookupFunction } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createSessionScope,
  createTlsContext,
  type SecureOptions,
  type SessionScope,
  secure,
  type TlsContext,
} from '../src/index.js';
import { pinOf } from '../src/pins.js';
import { ecKeys, type Issued, issue, issueCa } from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

const name = 'ftp.example.org';
const ca = issueCa();
const leaf = issue({ issuer: ca, dns: [name, 'other.example.org'], ip: ['127.0.0.1'] });

const servers: TestServer[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const ticketKeys = Buffer.alloc(48, 7);

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (version) => {
  async function serve(issued: Issued = leaf, options: tls.TlsOptions = {}): Promise<TestServer> {
    const server = await tlsServer(
      { cert: issued.cert, key: issued.key, maxVersion: version, ticketKeys, ...options },
      (socket) => socket.write('hello'),
    );
    servers.push(server);
    return server;
  }

  interface Peer {
    context: TlsContext;
    serverHostname?: string;
    protocol?: SecureOptions['protocol'];
    port?: number;
  }
  const identity = ({ context, ...peer }: Peer) =>
    ({ context, serverHostname: name, protocol: 'ftp', port: 21, ...peer }) as const;

  /** Connects and reads what the server says, whereby a TLS 1.3 ticket arrives. */
  async function visit(server: TestServer, peer: Peer, sessions?: SessionScope) {
    const options = { ...identity(peer), ...(sessions && { sessions }) };
    const stream = await secure(await server.dial(), options);
    await once(stream, 'data');
    stream.destroy();
    return stream;
  }

  async function filled(server: TestServer, peer: Peer): Promise<SessionScope> {
    const scope = createSessionScope(identity(peer));
    expect((await visit(server, peer, scope)).security.resumed).toBe(false);
    return scope;
  }

  test('a scope resumes, again and again, and knows what it knew', async () => {
    const server = await serve();
    const peer = { context: createTlsContext({ ca: ca.cert }) };
    const scope = createSessionScope(identity(peer));
    const first = await visit(server, peer, scope);
    for (let i = 0; i < 3; i++) {
      const again = await visit(server, peer, scope);
      expect(again.security).toEqual({ ...first.security, resumed: true });
      expect(again.peerCertificates).toEqual(first.peerCertificates);
    }
  });

  test('without a scope nothing resumes', async () => {
    const server = await serve();
    const peer = { context: createTlsContext({ ca: ca.cert }) };
    await visit(server, peer);
    expect((await visit(server, peer)).security.resumed).toBe(false);
  });

  test('several connections at once share a session, as FTP data connections must', async () => {
    const server = await serve();
    const peer = { context: createTlsContext({ ca: ca.cert }) };
    const scope = await filled(server, peer);
    const streams = await Promise.all([1, 2, 3, 4].map(() => visit(server, peer, scope)));
    expect(streams.map(({ security }) => security.resumed)).toEqual([true, true, true, true]);
  });

  test('the newest ticket is the one that is offered', async () => {
    const server = await serve();
    const peer = { context: createTlsContext({ ca: ca.cert }) };
    const tickets: Buffer[] = [];
    const emit = vi.spyOn(tls.TLSSocket.prototype, 'emit').mockImplementation(function (
      this: tls.TLSSocket,
      ...args: unknown[]
    ) {
      if (args[0] === 'session') tickets.push(args[1] as Buffer);
      return EventEmitter.prototype.emit.apply(this, args as [string]);
    });
    const scope = await filled(server, peer);
    await new Promise((resolve) => setTimeout(resolve, 20));
    emit.mockRestore();
    const setSession = vi.spyOn(
      tls.TLSSocket.prototype as unknown as { setSession(session: Buffer): void },
      'setSession',
    );
    await visit(server, peer, scope);
    const [offered] = setSession.mock.calls.flat() as (Buffer | undefined)[];
    setSession.mockRestore();
    expect(tickets.length).toBe(version === 'TLSv1.3' ? 2 : 1);
    // Since Node 22 a session is wrapped with its name; what is offered is what is inside.
    expect(offered && tickets.at(-1)?.includes(offered)).toBe(true);
  });

  test('an address has sessions too, and a context without SNI', async () => {
    const server = await serve();
    for (const options of [{ ca: ca.cert }, { ca: ca.cert, sni: false }]) {
      const context = createTlsContext(options);
      const peer = { context, serverHostname: options.sni === false ? name : '127.0.0.1' };
      const scope = await filled(server, peer);
      expect((await visit(server, peer, scope)).security.resumed).toBe(true);
    }
  });

  test('a data connection dialled by address resumes what the control connection, dialled by name, brought', async () => {
    const server = await serve();
    const context = createTlsContext({ ca: ca.cert, sni: false });
    const options = {
      ...identity({ context }),
      sessions: createSessionScope(identity({ context })),
    };
    for (const [host, resumed] of [
      [name, false],
      ['127.0.0.1', true],
    ] as const) {
      const socket = connect({ port: server.port, host, lookup: toLoopback });
      await once(socket, 'connect');
      const stream = await secure(socket, options);
      await once(stream, 'data');
      expect(stream.security.resumed).toBe(resumed);
      stream.destroy();
    }
  });

  test('one spelling of a name is as good as another', async () => {
    const server = await serve();
    const context = createTlsContext({ ca: ca.cert });
    const scope = createSessionScope(identity({ context, serverHostname: 'FTP.example.org.' }));
    expect(scope.serverHostname).toBe(name);
    await visit(server, { context }, scope);
    const again = await visit(server, { context, serverHostname: 'ftp。example.org' }, scope);
    expect(again.security.resumed).toBe(true);
  });

  test('clear() forgets', async () => {
    const server = await serve();
    const peer = { context: createTlsContext({ ca: ca.cert }) };
    const scope = await filled(server, peer);
    await new Promise((resolve) => setTimeout(resolve, 20)); // the last ticket is on its way
    scope.clear();
    expect((await visit(server, peer, scope)).security.resumed).toBe(false);
  });

  describe('a scope is refused, before an octet leaves, for', () => {
    const context = createTlsContext({ ca: ca.cert });
    const pin = pinOf(leaf.keys.publicKey.export({ type: 'spki', format: 'der' }));
    const client = issue({ issuer: ca, commonName: 'client' });
    const others: [string, Peer][] = [
      [
        'another name, though the certificate has both',
        { context, serverHostname: 'other.example.org' },
      ],
      ['the address of the same server', { context, serverHostname: '127.0.0.1' }],
      ['another port', { context, port: 990 }],
      ['no port', { context, port: undefined as unknown as number }],
      ['another protocol', { context, protocol: 'imap' }],
      ['an equal context', { context: createTlsContext({ ca: ca.cert }) }],
      ['another trust', { context: createTlsContext() }],
      ['more pins', { context: createTlsContext({ ca: ca.cert, pins: [pin] }) }],
      ['pins instead of the chain', { context: createTlsContext({ pins: [pin], trust: 'pins' }) }],
      [
        'a client certificate',
        { context: createTlsContext({ ca: ca.cert, cert: client.cert, key: client.key }) },
      ],
      [
        'no verification',
        { context: createTlsContext({ verifyMode: 'none', checkHostname: false }) },
      ],
    ];
    test.each(others)('%s', async (_what, peer) => {
      const server = await serve();
      const scope = await filled(server, { context });
      const socket = await server.dial();
      const attempt = secure(socket, { ...identity(peer), sessions: scope } as SecureOptions);
      await expect(attempt).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'sessions' });
      expect(socket.bytesWritten).toBe(0);
      expect((await visit(server, { context }, scope)).security.resumed).toBe(true);
    });
    test.each([undefined, null, {}, Buffer.from('session'), 'session'])(
      'what is none: %s',
      async (scope) => {
        if (scope === undefined)
          return expect((await visit(await serve(), { context })).security.resumed).toBe(false);
        const server = await serve();
        const attempt = secure(await server.dial(), {
          ...identity({ context }),
          sessions: scope as SessionScope,
        });
        await expect(attempt).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'sessions' });
      },
    );
    test('a copy made by hand', async () => {
      const server = await serve();
      const scope = await filled(server, { context });
      const attempt = secure(await server.dial(), {
        ...identity({ context }),
        sessions: { ...scope },
      });
      await expect(attempt).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'sessions' });
    });
  });

  test('a session of an unverified context stays in it', async () => {
    const impostor = await serve(issue({ dns: ['evil.example'] }));
    const none = createTlsContext({ verifyMode: 'none', checkHostname: false });
    const scope = await filled(impostor, { context: none });
    const required = createTlsContext({ ca: ca.cert });
    const attempt = secure(await impostor.dial(), {
      ...identity({ context: required }),
      sessions: scope,
    });
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    expect((await visit(impostor, { context: none }, scope)).security).toMatchObject({
      resumed: true,
      verified: false,
    });
  });

  test('a refused handshake leaves nothing in the scope', async () => {
    const wrong = await serve(issue({ issuer: ca, dns: ['evil.example'] }));
    const context = createTlsContext({ ca: ca.cert });
    const scope = createSessionScope(identity({ context }));
    for (let i = 0; i < 2; i++) {
      const attempt = secure(await wrong.dial(), { ...identity({ context }), sessions: scope });
      await expect(attempt).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
    }
  });

  test('another server that shares the ticket key resumes as what was verified, and cannot be more', async () => {
    const server = await serve();
    const twin = await serve(issue({ issuer: ca, dns: ['evil.example'] }));
    const context = createTlsContext({ ca: ca.cert });
    const scope = await filled(server, { context });
    const { security } = await visit(twin, { context }, scope);
    expect(security).toMatchObject({ resumed: true, matchedName: name });
  });

  test('a server that does not know the session is judged anew', async () => {
    const context = createTlsContext({ ca: ca.cert });
    const scope = await filled(await serve(), { context });
    const stranger = await serve(issue({ issuer: ca, dns: ['evil.example'] }), {
      ticketKeys: Buffer.alloc(48, 9),
    });
    const attempt = secure(await stranger.dial(), { ...identity({ context }), sessions: scope });
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
  });

  test('a session ends with the first certificate of its chain that expires', async () => {
    const soon = new Date(Date.now() + 3_600_000);
    const middle = issue({ issuer: ca, commonName: 'Middle', ca: true, notAfter: soon });
    const issued = issue({ issuer: middle, dns: [name] });
    const server = await serve({ ...issued, cert: issued.cert + middle.cert });
    const context = createTlsContext({ ca: ca.cert });
    const scope = await filled(server, { context });
    vi.useFakeTimers({ toFake: ['Date'], now: soon.getTime() - 1000 });
    expect((await visit(server, { context }, scope)).security.resumed).toBe(true);
    vi.setSystemTime(soon.getTime() + 1000);
    await expect(visit(server, { context }, scope)).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_EXPIRED',
      hint: expect.stringContaining('"Middle"'),
    });
  });

  test('once its certificates have expired a session is not offered: a server that renewed them is met afresh', async () => {
    const soon = new Date(Date.now() + 3_600_000);
    const ticketKeys = Buffer.alloc(48, 5);
    const context = createTlsContext({ ca: ca.cert });
    const before = await serve(issue({ issuer: ca, dns: [name], notAfter: soon }), { ticketKeys });
    const scope = await filled(before, { context });
    const renewed = await serve(issue({ issuer: ca, dns: [name] }), { ticketKeys });
    vi.useFakeTimers({ toFake: ['Date'], now: soon.getTime() + 1000 });
    expect((await visit(renewed, { context }, scope)).security.resumed).toBe(false);
  });

  test('with trust: pins the session ends with the leaf, and with verifyMode none never', async () => {
    const soon = new Date(Date.now() + 3_600_000);
    const keys = ecKeys();
    const server = await serve(issue({ dns: [name], notAfter: soon, keys }));
    const pin = pinOf(keys.publicKey.export({ type: 'spki', format: 'der' }));
    const pinned = createTlsContext({ trust: 'pins', pins: [pin] });
    const none = createTlsContext({ verifyMode: 'none', checkHostname: false });
    const pinnedScope = await filled(server, { context: pinned });
    const noneScope = await filled(server, { context: none });
    vi.useFakeTimers({ toFake: ['Date'], now: soon.getTime() + 1000 });
    const attempt = secure(await server.dial(), {
      ...identity({ context: pinned }),
      sessions: pinnedScope,
    });
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_EXPIRED' });
    expect((await visit(server, { context: none }, noneScope)).security.resumed).toBe(true);
  });
});

test('a server that chooses another group than the first is offered that first once its sessions are many', async () => {
  const server = await tlsServer(
    { cert: leaf.cert, key: leaf.key, ticketKeys, ecdhCurve: 'P-256' },
    (socket) => socket.write('hello'),
  );
  servers.push(server);
  const context = createTlsContext({ ca: ca.cert });
  const identity = { context, serverHostname: name, protocol: 'ftp', port: 21 } as const;
  const sessions = createSessionScope(identity);
  const hellos: number[] = [];
  for (const resumed of [false, false, true]) {
    if (!resumed) sessions.clear(); // each full handshake brings two more
    const { stream, sent } = recorded(await server.dial());
    const secured = await secure(stream, { ...identity, sessions });
    expect(secured.security).toMatchObject({ group: 'prime256v1', resumed });
    await once(secured, 'data');
    secured.destroy();
    hellos.push(clientHellos(Buffer.concat(sent)));
  }
  expect(hellos).toEqual([2, 2, 1]); // HelloRetryRequest, RFC 8446 §4.1.4
});

/** What passes through to the server, as it is written. */
function recorded(raw: Duplex): { stream: Duplex; sent: Buffer[] } {
  const sent: Buffer[] = [];
  const stream = new Duplex({
    read: () => void raw.resume(),
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      raw.write(chunk, done);
    },
    final: (done) => void raw.end(done),
    destroy(error, done) {
      raw.destroy();
      done(error);
    },
  });
  raw.on('data', (chunk) => stream.push(chunk) || raw.pause());
  raw.on('end', () => stream.push(null)).on('error', (error) => stream.destroy(error));
  return { stream, sent };
}

/** Records of type handshake that begin with a ClientHello: those are in clear. */
function clientHellos(octets: Buffer): number {
  let count = 0;
  for (let at = 0; at + 5 < octets.length; at += 5 + octets.readUInt16BE(at + 3))
    if (octets[at] === 22 && octets[at + 5] === 1) count++;
  return count;
}

const toLoopback: LookupFunction = (_host, _options, done) =>
  done(null, [{ address: '127.0.0.1', family: 4 }]);

test('making a scope checks its arguments', () => {
  const context = createTlsContext({ ca: ca.cert });
  const make = (wrong: object) => () =>
    createSessionScope({ context, serverHostname: name, protocol: 'ftp', ...wrong });
  expect(make({ context: {} })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  expect(make({ protocol: 'http' })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  expect(make({ port: 0 })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  expect(make({ servername: name })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  expect(make({ serverHostname: '' })).toThrow(
    expect.objectContaining({ code: 'ERR_SERVER_HOSTNAME_REQUIRED' }),
  );
  expect(Object.isFrozen(make({})())).toBe(true);
  expect(Object.keys(make({})()).sort()).toEqual(['clear', 'port', 'protocol', 'serverHostname']);
});
