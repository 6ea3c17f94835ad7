/** Real handshakes: every verdict over TLS 1.2 and 1.3, and every way a handshake can end. */

import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import tls from 'node:tls';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  createTlsContext,
  type FivewireError,
  type SecureOptions,
  secure,
  type TlsContextOptions,
  type TlsError,
} from '../src/index.js';
import { pinOf } from '../src/pins.js';
import { ed25519Keys, type Issued, issue, issueCa, revoke, rsaKeys } from './certificates.js';
import { manualClock } from './manual-clock.js';
import { rawServer, type TestServer, tlsServer } from './tls-server.js';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const name = 'imap.example.org';
const day = 86_400_000;

const ca = issueCa();
const leaf = issue({ issuer: ca, dns: [name], ip: ['127.0.0.1', '::1'] });

const servers: TestServer[] = [];
async function serve(
  options: tls.TlsOptions | Issued = leaf,
  onSocket?: (socket: tls.TLSSocket) => void,
): Promise<TestServer> {
  const { cert, key, ...more } = options as tls.TlsOptions & Issued;
  const { minVersion, maxVersion, ALPNProtocols, requestCert, ciphers, ...rest } = more;
  const chosen = { minVersion, maxVersion, ALPNProtocols, requestCert, ciphers, ca: rest.ca };
  const given = Object.fromEntries(
    Object.entries(chosen).filter(([, value]) => value !== undefined),
  );
  const server = await tlsServer({ cert, key, ...given } as tls.TlsOptions, onSocket);
  servers.push(server);
  return server;
}
async function serveRaw(onSocket: (socket: Socket) => void): Promise<TestServer> {
  const server = await rawServer(onSocket);
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Attempt {
  tls?: TlsContextOptions;
  options?: Partial<SecureOptions>;
}

const optionsFor = ({ tls: contextOptions, options }: Attempt): SecureOptions => ({
  context: createTlsContext(contextOptions ?? { ca: ca.cert }),
  serverHostname: name,
  protocol: 'imap',
  ...options,
});

async function succeed(server: TestServer, attempt: Attempt = {}) {
  const stream = await secure(await server.dial(), optionsFor(attempt));
  stream.destroy();
  return stream;
}

/** Succeeds, and lets the server have its say: in TLS 1.3 it learns of the handshake's end later than we do. */
async function meet(server: TestServer, attempt: Attempt = {}) {
  const stream = await secure(await server.dial(), optionsFor(attempt));
  await once(stream, 'data');
  stream.destroy();
  return stream;
}

/** The error of an attempt that must fail; nothing may be left on the stream, and it must be destroyed. */
async function fail(server: TestServer, attempt: Attempt = {}): Promise<TlsError> {
  return failOver(await server.dial(), attempt);
}

async function failOver(stream: Duplex, attempt: Attempt = {}): Promise<TlsError> {
  const error = await secure(stream, optionsFor(attempt)).then(
    () => undefined,
    (reason: FivewireError) => reason,
  );
  if (!error) throw new Error('the handshake succeeded');
  expect(stream.destroyed).toBe(true);
  expect(error.connection).toBe('closed');
  expect(error.hint).not.toBe('');
  return error as TlsError;
}

describe.each(versions)('over %s', (version) => {
  const only = { minVersion: version, maxVersion: version };

  test('a verified stream tells what it proved', async () => {
    const server = await serve({ ...leaf, ...only });
    const { security, peerCertificates, closedCleanly } = await succeed(server);
    expect(security).toEqual({
      verified: true,
      serverHostname: name,
      matchedName: name,
      protocol: version,
      cipher: expect.stringMatching(/^TLS_/),
      group: security.group,
      peerSignature: 'ecdsa',
      alpn: undefined,
      resumed: false,
      trust: 'ca',
      fingerprint256: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
    expect(Object.isFrozen(security)).toBe(true);
    expect(Buffer.from(peerCertificates[0] ?? []).equals(leaf.der)).toBe(true);
    expect(closedCleanly).toBeUndefined();
  });

  test('octets flow both ways, with nothing lost between verdict and reader', async () => {
    const server = await serve({ ...leaf, ...only }, (socket) => {
      socket.write('* OK ready\r\n');
      socket.on('data', (chunk) => socket.end(`echo ${chunk}`));
    });
    const stream = await secure(await server.dial(), optionsFor({}));
    await new Promise((resolve) => setTimeout(resolve, 20));
    stream.write('NOOP');
    let text = '';
    for await (const chunk of stream) text += chunk;
    expect(text).toBe('* OK ready\r\necho NOOP');
  });

  test.each(['127.0.0.1', '::1', '[::1]'])(
    'the address %s is checked against IP SANs',
    async (address) => {
      let sni: unknown = 'none';
      const server = await serve({ ...leaf, ...only }, (socket) => {
        sni = sniOf(socket);
        socket.write('x');
      });
      const { security } = await meet(server, { options: { serverHostname: address } });
      expect(security.matchedName).toBe(address.replace(/[[\]]/g, ''));
      expect(sni).toBe(false);
    },
  );

  test('SNI is the A-label; sni: false leaves it out and checks the name all the same', async () => {
    const seen: unknown[] = [];
    const idn = issue({ issuer: ca, dns: ['xn--bcher-kva.example'] });
    const server = await serve({ ...idn, ...only }, (socket) => {
      seen.push(sniOf(socket));
      socket.write('x');
    });
    await meet(server, { options: { serverHostname: 'BÜCHER.example.' } });
    await meet(server, {
      tls: { ca: ca.cert, sni: false },
      options: { serverHostname: 'bücher.example' },
    });
    const error = await fail(server, { tls: { ca: ca.cert, sni: false } });
    expect(error.code).toBe('ERR_CERTIFICATE_HOSTNAME_MISMATCH');
    expect(seen.slice(0, 2)).toEqual(['xn--bcher-kva.example', false]);
  });

  const refusals: [string, () => Issued, TlsError['code'], RegExp, TlsContextOptions?][] = [
    [
      'wrong name',
      () => issue({ issuer: ca, dns: ['other.example'] }),
      'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
      /is for other\.example/,
    ],
    [
      'common name only',
      () => issue({ issuer: ca, commonName: name }),
      'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
      /RFC 9525/,
    ],
    [
      'partial wildcard',
      () => issue({ issuer: ca, dns: ['im*.example.org'] }),
      'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
      /im\*\.example\.org/,
    ],
    [
      'expired',
      () => issue({ issuer: ca, dns: [name], notAfter: new Date(Date.now() - day / 2) }),
      'ERR_CERTIFICATE_EXPIRED',
      /renew/,
    ],
    [
      'not yet valid',
      () => issue({ issuer: ca, dns: [name], notBefore: new Date(Date.now() + day) }),
      'ERR_CERTIFICATE_UNTRUSTED',
      /clock/,
    ],
    [
      'self-signed',
      () => issue({ dns: [name] }),
      'ERR_CERTIFICATE_UNTRUSTED',
      /fingerprint is ([0-9A-F]{2}:){31}.*pins: \['sha256\//,
    ],
    [
      'unknown authority',
      () => issue({ issuer: issueCa('Elsewhere'), dns: [name] }),
      'ERR_CERTIFICATE_UNTRUSTED',
      /Elsewhere/,
    ],
    [
      'intermediate left out',
      () => issue({ issuer: issueCa('Middle', ca), dns: [name] }),
      'ERR_CERTIFICATE_UNTRUSTED',
      /leaves out the intermediate "Middle"/,
    ],
    [
      'for clients',
      () => issue({ issuer: ca, dns: [name], purposes: ['clientAuth'] }),
      'ERR_CERTIFICATE_UNTRUSTED',
      /extended key usage/,
    ],
    [
      'pins that miss',
      () => leaf,
      'ERR_CERTIFICATE_PIN_MISMATCH',
      /sha256\//,
      { ca: ca.cert, pins: [`sha256/${'A'.repeat(43)}=`] },
    ],
    ['no trust at all', () => leaf, 'ERR_CERTIFICATE_UNTRUSTED', /private root/, {}],
  ];
  test.each(refusals)(
    '%s is refused, and nothing of ours is sent',
    async (_what, issued, code, hint, context) => {
      const received: Buffer[] = [];
      const server = await serve({ ...issued(), ...only }, (socket) => {
        socket.write('* OK ready\r\n');
        socket.on('data', (chunk) => received.push(chunk));
      });
      const socket = await server.dial();
      const error = await failOver(socket, {
        ...(context && { tls: context }),
        options: { host: 'dialled.example', port: 993 },
      });
      expect(error).toMatchObject({
        code,
        protocol: 'imap',
        phase: 'tls',
        host: 'dialled.example',
        port: 993,
        serverHostname: name,
      });
      expect(error.hint).toMatch(hint);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(received).toEqual([]);
    },
  );

  test('a chain through an intermediate is accepted when it is sent', async () => {
    const middle = issueCa('Middle', ca);
    const issued = issue({ issuer: middle, dns: [name] });
    const server = await serve({ ...issued, cert: issued.cert + middle.cert, ...only });
    const { peerCertificates } = await succeed(server);
    expect(peerCertificates.map((der) => Buffer.from(der).toString('hex')).slice(0, 2)).toEqual([
      issued.der.toString('hex'),
      middle.der.toString('hex'),
    ]);
  });

  test('revocation lists: revoked, absent and good', async () => {
    const server = await serve({ ...leaf, ...only });
    const revoked = await fail(server, { tls: { ca: ca.cert, crl: revoke(ca, [leaf]) } });
    expect(revoked.code).toBe('ERR_CERTIFICATE_REVOKED');
    const other = issueCa('Other');
    const absent = await fail(server, { tls: { ca: ca.cert, crl: revoke(other, []) } });
    expect(absent).toMatchObject({
      code: 'ERR_CERTIFICATE_UNTRUSTED',
      reason: 'UNABLE_TO_GET_CRL',
    });
    const stale = await fail(server, { tls: { ca: ca.cert, crl: revoke(ca, [], -day / 2) } });
    expect(stale).toMatchObject({ code: 'ERR_CERTIFICATE_UNTRUSTED', reason: 'CRL_HAS_EXPIRED' });
    await succeed(server, { tls: { ca: ca.cert, crl: [revoke(other, []), revoke(ca, [])] } });
  });

  describe('pins', () => {
    const pin = `sha256/${pinOf(leaf.keys.publicKey.export({ type: 'spki', format: 'der' }))}`;

    test('beside chain and name: each must hold', async () => {
      const server = await serve({ ...leaf, ...only });
      await succeed(server, { tls: { ca: ca.cert, pins: [pin] } });
      expect((await fail(server, { tls: { pins: [pin] } })).code).toBe('ERR_CERTIFICATE_UNTRUSTED');
      const wrongName = { options: { serverHostname: 'other.example' } };
      const error = await fail(server, { tls: { ca: ca.cert, pins: [pin] }, ...wrongName });
      expect(error.code).toBe('ERR_CERTIFICATE_HOSTNAME_MISMATCH');
    });

    const pinsOf = (issued: Issued): TlsContextOptions => ({
      trust: 'pins',
      pins: [pinOf(issued.keys.publicKey.export({ type: 'spki', format: 'der' }))],
    });
    test('instead of the chain only', async () => {
      const selfSigned = issue({ dns: [name] });
      const server = await serve({ ...selfSigned, ...only });
      const { security } = await succeed(server, { tls: pinsOf(selfSigned) });
      expect(security).toMatchObject({ verified: true, trust: 'pins', matchedName: name });
      expect((await fail(server, { tls: pinsOf(leaf) })).code).toBe('ERR_CERTIFICATE_PIN_MISMATCH');
    });
    test.each<[string, Parameters<typeof issue>[0], TlsError['code']]>([
      ['name', { dns: ['other.example'] }, 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'],
      [
        'end of validity',
        { dns: [name], notAfter: new Date(Date.now() - day / 2) },
        'ERR_CERTIFICATE_EXPIRED',
      ],
      [
        'begin of validity',
        { dns: [name], notBefore: new Date(Date.now() + day) },
        'ERR_CERTIFICATE_UNTRUSTED',
      ],
      ['purpose', { dns: [name], purposes: ['emailProtection'] }, 'ERR_CERTIFICATE_UNTRUSTED'],
    ])('never instead of the %s', async (_what, request, code) => {
      const issued = issue(request);
      const server = await serve({ ...issued, ...only });
      expect((await fail(server, { tls: pinsOf(issued) })).code).toBe(code);
    });
  });

  test('verifyMode none takes anything and says so', async () => {
    const server = await serve({ ...issue({ dns: ['other.example'] }), ...only });
    const { security } = await succeed(server, {
      tls: { verifyMode: 'none', checkHostname: false },
    });
    expect(security).toMatchObject({ verified: false, matchedName: undefined, trust: 'none' });
    expect(security.fingerprint256).not.toBe('');
  });

  test('checkHostname false alone still wants a trusted chain', async () => {
    const trusted = await serve({ ...issue({ issuer: ca, dns: ['other.example'] }), ...only });
    const { security } = await succeed(trusted, { tls: { ca: ca.cert, checkHostname: false } });
    expect(security).toMatchObject({ verified: false, matchedName: undefined });
    const untrusted = await serve({ ...issue({ dns: [name] }), ...only });
    const error = await fail(untrusted, { tls: { ca: ca.cert, checkHostname: false } });
    expect(error.code).toBe('ERR_CERTIFICATE_UNTRUSTED');
  });

  test('a client certificate is shown where the server asks for it', async () => {
    let authorized: boolean | undefined;
    const client = issue({ issuer: ca, commonName: 'client', purposes: ['clientAuth'] });
    const server = await serve(
      { ...leaf, ...only, requestCert: true, ca: ca.cert } as tls.TlsOptions,
      (socket) => {
        authorized = socket.authorized;
        socket.write('x');
      },
    );
    const stream = await secure(
      await server.dial(),
      optionsFor({ tls: { ca: ca.cert, cert: client.cert, key: client.key } }),
    );
    await once(stream, 'data');
    stream.destroy();
    expect(authorized).toBe(true);
  });
});

describe('the environment cannot weaken us', () => {
  const saved = { ...tls };
  beforeAll(() => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    tls.DEFAULT_MIN_VERSION = 'TLSv1'; // what --tls-min-v1.0 sets
    tls.DEFAULT_CIPHERS = 'ALL:aNULL:@SECLEVEL=0'; // what --tls-cipher-list sets
  });
  afterAll(() => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    tls.DEFAULT_MIN_VERSION = saved.DEFAULT_MIN_VERSION;
    tls.DEFAULT_CIPHERS = saved.DEFAULT_CIPHERS;
  });
  test('untrusted stays untrusted, and a wrong name wrong', async () => {
    const server = await serve(issue({ dns: [name] }));
    expect((await fail(server)).code).toBe('ERR_CERTIFICATE_UNTRUSTED');
    const other = await serve(leaf);
    const error = await fail(other, { options: { serverHostname: 'other.example' } });
    expect(error.code).toBe('ERR_CERTIFICATE_HOSTNAME_MISMATCH');
  });
  test('TLS 1.1 is not spoken', async () => {
    const server = await serve({
      ...leaf,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    } as tls.TlsOptions & Issued);
    // Not even with ciphers that OpenSSL 3.5, by itself, would need for it.
    for (const ciphers of [undefined, 'ALL:@SECLEVEL=0']) {
      const error = await fail(server, { tls: { ca: ca.cert, ...(ciphers && { ciphers }) } });
      expect(error.code).toBe('ERR_TLS_HANDSHAKE');
      expect(error.hint).toContain('TLS 1.2 is the oldest');
    }
  });
  test('anonymous cipher suites are not offered', async () => {
    const server = await tlsServer({ ciphers: 'aNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' });
    servers.push(server);
    expect((await fail(server)).code).toBe('ERR_TLS_HANDSHAKE');
  });
});

describe('versions and ciphers', () => {
  test('minVersion and maxVersion bound what is agreed', async () => {
    const server = await serve(leaf);
    const old = await succeed(server, { tls: { ca: ca.cert, maxVersion: 'TLSv1.2' } });
    expect(old.security.protocol).toBe('TLSv1.2');
    const oldServer = await serve({ ...leaf, maxVersion: 'TLSv1.2' } as tls.TlsOptions & Issued);
    const error = await fail(oldServer, { tls: { ca: ca.cert, minVersion: 'TLSv1.3' } });
    expect(error).toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
    expect(error.hint).toContain('minVersion');
  });
  test('no shared cipher suite', async () => {
    const server = await serve({
      ...leaf,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    } as tls.TlsOptions & Issued);
    const error = await fail(server, {
      tls: { ca: ca.cert, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
    });
    expect(error.hint).toContain('no cipher suite is shared');
  });
  test('RSA and Ed25519 keys', async () => {
    for (const keys of [rsaKeys(), ed25519Keys()]) {
      const server = await serve(issue({ issuer: ca, dns: [name], keys }));
      expect((await succeed(server)).security.verified).toBe(true);
    }
  });
});

describe('ALPN', () => {
  test.each([
    ['imap', 'imap'],
    ['ftp', 'ftp'],
    ['pop3', 'pop3'],
    ['nntp', 'nntp'],
    ['smtp', undefined],
    ['lmtp', undefined],
  ] as const)('%s offers %s', async (protocol, offered) => {
    const server = await serve({
      ...leaf,
      ALPNProtocols: ['imap', 'ftp', 'pop3', 'nntp', 'smtp'],
    } as never);
    expect((await succeed(server, { options: { protocol } })).security.alpn).toBe(offered);
  });
  test('a server that knows none is taken; one that knows others only refuses', async () => {
    expect((await succeed(await serve(leaf))).security.alpn).toBeUndefined();
    const error = await fail(await serve({ ...leaf, ALPNProtocols: ['http/1.1'] } as never));
    expect(error.code).toBe('ERR_TLS_ALPN');
  });
  test('a server that selects what was not offered is refused', async () => {
    // No TLS library lets a server do that, so Node's own report of it is forged.
    const emit = vi.spyOn(tls.TLSSocket.prototype, 'emit').mockImplementation(function (
      this: tls.TLSSocket,
      ...args: unknown[]
    ) {
      if (args[0] === 'secureConnect') this.alpnProtocol = 'http/1.1';
      return EventEmitter.prototype.emit.apply(this, args as [string]);
    });
    const error = await fail(await serve(leaf)).finally(() => emit.mockRestore());
    expect(error.code).toBe('ERR_TLS_ALPN');
  });
  test('it can be turned off by context and by connection, or named', async () => {
    const server = await serve({ ...leaf, ALPNProtocols: ['http/1.1', 'x-mail'] } as never);
    expect(
      (await succeed(server, { tls: { ca: ca.cert, alpn: false } })).security.alpn,
    ).toBeUndefined();
    expect((await succeed(server, { options: { alpn: false } })).security.alpn).toBeUndefined();
    expect((await succeed(server, { options: { alpn: 'x-mail' } })).security.alpn).toBe('x-mail');
  });
});

describe('what is no TLS', () => {
  const banner = '220 mail.example.org ESMTP ready\r\n';
  test.each([
    ['smtp', 587, /Port 587 speaks plaintext first: use security 'starttls', or port 465/],
    ['imap', 143, /Port 143 .* or port 993/],
    ['pop3', 995, /Port 995 should speak TLS from the first octet .* 'starttls' on port 110/],
    ['lmtp', 24, /Port 24 speaks plaintext first: use security 'starttls'\./],
    ['nntp', undefined, /This port speaks plaintext first/],
  ] as const)('a plaintext greeting under implicit TLS: %s on %s', async (protocol, port, hint) => {
    const server = await serveRaw((socket) => socket.write(banner));
    const error = await fail(server, { options: { protocol, ...(port && { port }) } });
    expect(error.code).toBe('ERR_TLS_HANDSHAKE');
    expect(error.hint).toMatch(hint);
  });

  const injections: [string, Buffer][] = [
    ['a reply', Buffer.from('250 OK\r\n')],
    ['a long reply', Buffer.from('* CAPABILITY IMAP4rev1\r\n'.repeat(50))],
    ['binary', Buffer.alloc(64, 0xff)],
    ['a handshake record that is no ServerHello', Buffer.from('160303000401000000', 'hex')],
    ['an application data record', Buffer.from('17030300050102030405', 'hex')],
    ['a ChangeCipherSpec first', Buffer.from('140303000101', 'hex')],
    ['a ServerHelloDone', Buffer.from('16030300040e000000', 'hex')],
    ['a record too long', Buffer.from('160303ffff00', 'hex')],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ];
  test.each(injections)('after STARTTLS: %s', async (_what, octets) => {
    const server = await serveRaw((socket) => socket.once('data', () => socket.write(octets)));
    const error = await fail(server, { options: { mode: 'starttls' } });
    expect(error).toMatchObject({ code: 'ERR_STARTTLS_INJECTION', name: 'StartTlsError' });
    expect(error.hint).not.toContain("use security 'starttls'");
  });
  test('after STARTTLS: octets that lie in the stream already', async () => {
    const server = await serveRaw((socket) => socket.write('250 OK\r\n'));
    const socket = await server.dial();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const error = await failOver(socket, { options: { mode: 'starttls' } });
    expect(error).toMatchObject({ code: 'ERR_STARTTLS_INJECTION', octets: 8 });
  });
  test('a forged record header that stalls is a timeout', async () => {
    const server = await serveRaw((socket) => socket.write(Buffer.from('1603030100', 'hex')));
    const error = await fail(server, { options: { mode: 'starttls', timeout: 100 } });
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'tls', milliseconds: 100 });
    expect(error.hint).toContain('forged record');
  });
  test('after STARTTLS: any octets but an alert never make a stream, and are named for what they are', async () => {
    let octets = Buffer.alloc(0);
    const server = await serveRaw((socket) =>
      socket.once('data', () => {
        socket.write(octets);
        setTimeout(() => socket.end(), 3);
      }),
    );
    const noise = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      fc.string({ minLength: 1, maxLength: 80 }).map((text) => Buffer.from(`${text}\r\n`)),
      fc
        .tuple(
          fc.constantFrom(0, 20, 22, 23, 24, 128),
          fc.nat(4),
          fc.uint8Array({ minLength: 4, maxLength: 40 }),
        )
        .map(([type, minor, body]) => Buffer.from([type, 3, minor, 0, body.length, ...body])),
    );
    const isServerHello = (record: Uint8Array) => record[0] === 22 && record[5] === 2;
    await fc.assert(
      fc.asyncProperty(noise, async (record) => {
        fc.pre(record[0] !== 21);
        octets = Buffer.from(record);
        const { code } = await fail(server, { options: { mode: 'starttls', timeout: 1000 } });
        const expected = ['ERR_STARTTLS_INJECTION', 'ERR_CONNECTION_CLOSED'];
        if (isServerHello(record)) expected.push('ERR_TLS_HANDSHAKE');
        expect(expected).toContain(code);
      }),
      { numRuns: 150 },
    );
  });
  test('an alert is the word of a TLS peer', async () => {
    const server = await serveRaw((socket) =>
      socket.once('data', () => socket.write(Buffer.from('15030300020228', 'hex'))),
    );
    const error = await fail(server, { options: { mode: 'starttls' } });
    expect(error.code).toBe('ERR_TLS_HANDSHAKE');
    expect(error.hint).toContain('client certificate');
  });
});

describe('ways out of a handshake', () => {
  test('silence', async () => {
    const server = await serveRaw(() => undefined);
    const error = await fail(server, { options: { timeout: 50, port: 143 } });
    expect(error).toMatchObject({
      code: 'ERR_TIMEOUT',
      name: 'TimeoutError',
      phase: 'tls',
      milliseconds: 50,
    });
    expect(error.hint).toMatch(/expects plaintext just waits.*'starttls', or port 993/);
  });
  test.each(['implicit-tls', 'starttls'] as const)(
    'the server closes at once (%s)',
    async (mode) => {
      const server = await serveRaw((socket) => socket.end());
      const error = await fail(server, { options: { mode } });
      expect(error).toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
        name: 'ConnectionError',
        phase: 'tls',
      });
    },
  );
  test('the server closes after the ClientHello', async () => {
    const server = await serveRaw((socket) => socket.once('data', () => socket.end()));
    expect((await fail(server)).code).toBe('ERR_CONNECTION_CLOSED');
  });
  test('the server resets', async () => {
    const server = await serveRaw((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect((await fail(server)).code).toBe('ERR_CONNECTION_CLOSED');
  });
  test('the stream is destroyed beneath', async () => {
    const server = await serveRaw(() => undefined);
    const socket = await server.dial();
    setTimeout(() => socket.destroy(), 20);
    expect((await failOver(socket)).code).toBe('ERR_CONNECTION_CLOSED');
  });
  test('a stream that is closed already', async () => {
    const server = await serveRaw(() => undefined);
    const socket = await server.dial();
    socket.destroy();
    expect((await failOver(socket)).code).toBe('ERR_CONNECTION_CLOSED');
  });
  test('an abort, before and midway; its reason is the cause', async () => {
    const server = await serveRaw(() => undefined);
    const before = await fail(server, { options: { signal: AbortSignal.abort('enough') } });
    expect(before).toMatchObject({ code: 'ERR_ABORTED', cause: 'enough', phase: 'tls' });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 20);
    const midway = await fail(server, { options: { signal: controller.signal } });
    expect(midway).toMatchObject({ code: 'ERR_ABORTED', cause: new Error('enough') });
  });
  test('nothing is left behind: no listener, no timer', async () => {
    const good = await serve(leaf);
    const silent = await serveRaw(() => undefined);
    const plain = await serveRaw((socket) => socket.write('220 hello\r\n'));
    const clock = manualClock();
    const controller = new AbortController();
    let listening = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listening++;
      add(...args);
    }) as typeof signal.addEventListener;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listening--;
      remove(...args);
    }) as typeof signal.removeEventListener;
    const timeout = 54_321;
    const stream = await secure(await good.dial(), optionsFor({ options: { signal, timeout } }));
    expect(listening).toBe(0);
    expect(stream.listenerCount('secureConnect')).toBe(0);
    stream.destroy();
    await fail(good, { options: { signal, timeout, serverHostname: 'other.example' } });
    expect([clock.set, clock.pending]).toEqual([2, 0]);
    const late = fail(silent, { options: { signal, timeout } });
    await expect.poll(() => clock.pending).toBe(1);
    clock.pass(timeout);
    await late;
    await fail(plain, { options: { signal, timeout } });
    expect(listening).toBe(0);
    expect(clock.pending).toBe(0);
    clock.restore();
  });

  test.each([new Error('an alert in the same segment'), undefined])(
    'a stream that ends with its handshake (%s) is not handed out',
    async (reason) => {
      const emit = vi.spyOn(tls.TLSSocket.prototype, 'emit').mockImplementation(function (
        this: tls.TLSSocket,
        ...args: unknown[]
      ) {
        const heard = EventEmitter.prototype.emit.apply(this, args as [string]);
        if (args[0] === 'secureConnect') this.destroy(reason);
        return heard;
      });
      const error = await fail(await serve(leaf)).finally(() => emit.mockRestore());
      expect(error).toMatchObject(
        reason
          ? { code: 'ERR_TLS_HANDSHAKE', cause: reason, serverHostname: name }
          : { code: 'ERR_CONNECTION_CLOSED', serverHostname: name },
      );
    },
  );
  test('an error after the handshake, with no listener, does not end the process', async () => {
    const server = await serve(leaf, (socket) => {
      socket.on('data', () =>
        (socket as unknown as { _handle: { reset(): void } })._handle.reset?.(),
      );
    });
    const stream = await secure(await server.dial(), optionsFor({}));
    stream.write('x');
    const closed = new Promise((resolve) => stream.once('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    stream.destroy(new Error('from the user'));
    await closed;
  });
});

describe('any Duplex', () => {
  /** Two ends of a wire without a socket. */
  const wire = (): [Duplex, Duplex] => {
    const there = new PassThrough();
    const back = new PassThrough();
    const end = (readable: PassThrough, writable: PassThrough): Duplex =>
      Duplex.from({ readable, writable }).on('error', () => undefined);
    return [end(there, back), end(back, there)];
  };
  test.each(versions)('carries TLS as a socket does (%s)', async (version) => {
    const [client, server] = wire();
    const tlsServerSide = new tls.TLSSocket(server, {
      isServer: true,
      secureContext: tls.createSecureContext({
        cert: leaf.cert,
        key: leaf.key,
        maxVersion: version,
      }),
    });
    tlsServerSide.on('error', () => undefined);
    tlsServerSide.write('hello');
    const stream = await secure(client, optionsFor({}));
    expect(stream.security).toMatchObject({ verified: true, protocol: version });
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('hello');
    stream.destroy();
  });
  test('TLS inside TLS, as through an HTTPS proxy', async () => {
    const inner = await serve(leaf, (socket) => socket.end('inner'));
    const outer = await serve(leaf, (socket) => {
      void inner.dial().then((onward) => socket.pipe(onward).pipe(socket));
    });
    const first = await secure(await outer.dial(), optionsFor({}));
    const second = await secure(first, optionsFor({}));
    let text = '';
    for await (const chunk of second) text += chunk;
    expect(text).toBe('inner');
  });
  test('may sulk when it is destroyed, with no listener', async () => {
    const sulking = () =>
      new Duplex({
        read: () => undefined,
        write: (_chunk, _encoding, done) => done(),
        destroy: (_error, done) => done(new Error('sulking')),
      });
    const aborted = await failOver(sulking(), { options: { signal: AbortSignal.abort() } });
    expect(aborted.code).toBe('ERR_ABORTED');
    expect((await failOver(sulking(), { options: { timeout: 20 } })).code).toBe('ERR_TIMEOUT');
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  test('fails with typed errors too', async () => {
    const [client, server] = wire();
    server.write('220 hello\r\n');
    const error = await failOver(client, { options: { mode: 'starttls' } });
    expect(error.code).toBe('ERR_STARTTLS_INJECTION');
    const [ending, other] = wire();
    other.end();
    expect((await failOver(ending)).code).toBe('ERR_CONNECTION_CLOSED');
    const [breaking] = wire();
    setTimeout(() => breaking.destroy(new Error('the wire broke')), 10);
    expect((await failOver(breaking)).code).toMatch(/^ERR_(?:CONNECTION_CLOSED|TLS_HANDSHAKE)$/);
    const [silent] = wire();
    expect((await failOver(silent, { options: { timeout: 30 } })).code).toBe('ERR_TIMEOUT');
  });
});

describe('renegotiation', () => {
  test('asked by the server is refused with an alert', async () => {
    const outcome = new Promise<unknown>((resolve) => {
      void serve({ ...leaf, maxVersion: 'TLSv1.2' } as never, (socket) => {
        socket.on('error', resolve);
        socket.renegotiate({}, (error) => resolve(error ?? 'renegotiated'));
      }).then(async (server) => {
        const stream = await secure(await server.dial(), optionsFor({}));
        stream.resume();
        stream.on('close', () => resolve('closed'));
      });
    });
    expect(await outcome).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
  });
});

describe('arguments', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['no context', { context: undefined }, 'ERR_ARGUMENT'],
    [
      'a context made by hand',
      { context: { trust: 'system', verifyMode: 'required' } },
      'ERR_ARGUMENT',
    ],
    ['an unknown protocol', { protocol: 'http' }, 'ERR_ARGUMENT'],
    ['__proto__ as protocol', { protocol: '__proto__' }, 'ERR_ARGUMENT'],
    ['an unknown mode', { mode: 'auto' }, 'ERR_ARGUMENT'],
    ['a port of text', { port: '993' }, 'ERR_ARGUMENT'],
    ['negative time', { timeout: -1 }, 'ERR_ARGUMENT'],
    ['NaN', { timeout: Number.NaN }, 'ERR_ARGUMENT'],
    ['time as text', { timeout: '10' }, 'ERR_ARGUMENT'],
    ['an ALPN of another type', { alpn: true }, 'ERR_ARGUMENT'],
    ['an ALPN too long', { alpn: 'x'.repeat(256) }, 'ERR_ARGUMENT'],
    ['a signal that is none', { signal: {} }, 'ERR_ARGUMENT'],
    ['an option of node:tls', { servername: 'x' }, 'ERR_ARGUMENT'],
    ['an option of node:tls that disarms', { rejectUnauthorized: false }, 'ERR_ARGUMENT'],
    ['no name', { serverHostname: undefined }, 'ERR_SERVER_HOSTNAME_REQUIRED'],
    ['a bad name', { serverHostname: 'a b' }, 'ERR_SERVER_HOSTNAME_INVALID'],
    [
      'a forged identity',
      { serverHostname: { kind: 'dns', name: '*.example', sni: '' } },
      'ERR_SERVER_HOSTNAME_INVALID',
    ],
  ])(
    '%s is refused before an octet leaves, and the stream is untouched',
    async (_what, wrong, code) => {
      const received: Buffer[] = [];
      const server = await serveRaw((socket) => socket.on('data', (chunk) => received.push(chunk)));
      const socket = await server.dial();
      const attempt = secure(socket, { ...optionsFor({}), ...wrong } as SecureOptions);
      await expect(attempt).rejects.toMatchObject({ code });
      expect(socket.destroyed).toBe(false);
      expect(received).toEqual([]);
    },
  );
  test('a stream that is none', async () => {
    const connecting = connect(9, '127.0.0.1').on('error', () => undefined);
    const text = new PassThrough({ encoding: 'utf8' });
    const objects = new PassThrough({ objectMode: true });
    for (const wrong of [undefined, null, 'socket', {}, connecting, text, objects]) {
      const attempt = secure(wrong as unknown as Duplex, optionsFor({}));
      await expect(attempt).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'stream' });
    }
  });
});

/** What the client sent as SNI; Node's types do not know the property. */
const sniOf = (socket: tls.TLSSocket): unknown =>
  (socket as tls.TLSSocket & { servername?: unknown }).servername;
