import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import { createThrowawayCa } from '@fivewire/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  channelState,
  commandLine,
  createTlsContext,
  openConnection,
  optionsFromUrl,
  type ProtocolProfile,
  parseConnectUrl,
  resolveTransport,
  securityInfo,
  type TransportOptions,
} from '../src/index.js';
import { settled } from './pair.js';

const profile: ProtocolProfile = {
  protocol: 'imap',
  ports: { 'implicit-tls': 993, starttls: 143, cleartext: 143 },
  schemes: { imaps: 'implicit-tls', imap: 'starttls' },
  options: ['auth', 'mechanisms'],
  timeouts: { reply: 1_234 },
};
const wait = { phase: 'command' as const, timeout: 2_000 };
const usage = (argument: string) =>
  expect.objectContaining({ code: 'ERR_ARGUMENT', argument, protocol: 'imap' });

describe('resolveTransport', () => {
  it('fills in what is not said', () => {
    const transport = resolveTransport(profile, { host: 'imap.example.org' });
    expect(transport).toMatchObject({
      host: 'imap.example.org',
      port: 993,
      security: 'implicit-tls',
      serverHostname: 'imap.example.org',
      timeouts: { reply: 1_234, connect: 10_000 },
    });
    expect(resolveTransport(profile, { host: 'h.example', security: 'starttls' }).port).toBe(143);
    expect(resolveTransport(profile, { host: 'h.example', disable: ['idle'] }).disable).toEqual(
      new Set(['IDLE']),
    );
  });

  it('shares a context that is given, and builds the default one once', () => {
    const context = createTlsContext();
    expect(resolveTransport(profile, { host: 'h.example', tls: context }).context).toBe(context);
    const first = resolveTransport(profile, { host: 'h.example' }).context;
    expect(resolveTransport(profile, { host: 'other.example' }).context).toBe(first);
    expect(
      resolveTransport(profile, { host: 'h.example', security: 'cleartext' }).context,
    ).toBeUndefined();
  });

  it.each([
    ['host', {}],
    ['host', { host: '' }],
    ['host', { host: 'a b' }],
    ['host', { host: 'user@host' }],
    ['host', { host: 7 }],
    ['host', { host: 'a\r\nb' }],
    ['port', { host: 'h.example', port: 0 }],
    ['port', { host: 'h.example', port: 65_536 }],
    ['security', { host: 'h.example', security: 'tls' }],
    ['proxy', { host: 'h.example', proxy: 'ftp://p' }],
    ['timeouts.replies', { host: 'h.example', timeouts: { replies: 1 } }],
    ['timeouts.reply', { host: 'h.example', timeouts: { reply: -1 } }],
    ['sni', { host: 'h.example', sni: false, tls: createTlsContext() }],
    ['secure', { host: 'h.example', secure: true }],
    ['rejectUnauthorized', { host: 'h.example', rejectUnauthorized: false }],
    ['options', 'imap.example.org'],
    [
      'stream',
      { stream: new (class extends Object {})(), serverHostname: 'h.example', proxy: 'http://p' },
    ],
  ])('refuses a wrong %s before dialling', (argument, options) => {
    expect(() => resolveTransport(profile, options as TransportOptions)).toThrow(usage(argument));
  });

  it('tells people from other libraries what an option is called here', () => {
    const hint = (options: object): string => {
      try {
        resolveTransport(profile, { host: 'h.example', ...options });
      } catch (error) {
        return (error as { hint: string }).hint;
      }
      return '';
    };
    expect(hint({ secure: true })).toContain('security');
    expect(hint({ servername: 'x' })).toContain('serverHostname');
    expect(hint({ rejectUnauthorized: false })).toContain('tls.ca or tls.pins');
  });

  it('wants to know who the peer is, and refuses names that are none', () => {
    const stream = connect({ port: 1, host: '127.0.0.1' }).on('error', () => {});
    const code = (name: string) => expect.objectContaining({ code: name, protocol: 'imap' });
    expect(() => resolveTransport(profile, { stream })).toThrow(
      code('ERR_SERVER_HOSTNAME_REQUIRED'),
    );
    expect(() => resolveTransport(profile, { socketPath: '/run/x' })).toThrow(
      code('ERR_SERVER_HOSTNAME_REQUIRED'),
    );
    expect(
      resolveTransport(profile, { stream, security: 'cleartext' }).serverHostname,
    ).toBeUndefined();
    expect(() => resolveTransport(profile, { host: 'h.example', serverHostname: '127.1' })).toThrow(
      code('ERR_SERVER_HOSTNAME_INVALID'),
    );
    stream.destroy();
  });

  it.each([
    ['ends a given stream with a TlsError', {}, 'ERR_SERVER_HOSTNAME_REQUIRED', true],
    ['ends it for a wrong name', { serverHostname: 'a b' }, 'ERR_SERVER_HOSTNAME_INVALID', true],
    [
      'leaves it with a UsageError',
      { serverHostname: 'h.example', port: 0 },
      'ERR_ARGUMENT',
      false,
    ],
  ])('%s', (_, options, code, destroyed) => {
    const stream = new PassThrough();
    expect(() => resolveTransport(profile, { ...options, stream })).toThrow(
      expect.objectContaining({ code, connection: destroyed ? 'closed' : 'usable' }),
    );
    expect(stream.destroyed).toBe(destroyed);
    stream.destroy();
  });

  it('refuses a stream that is none', () => {
    const stream = { on() {} } as unknown as PassThrough;
    expect(() => resolveTransport(profile, { stream })).toThrow(usage('stream'));
  });
});

describe('URLs', () => {
  it('name protocol, security, host, port and user', () => {
    expect(parseConnectUrl(profile, 'imaps://al%40ice@IMAP.example.org:10993')).toEqual({
      host: 'IMAP.example.org',
      port: 10_993,
      security: 'implicit-tls',
      user: 'al@ice',
      path: '',
    });
    expect(parseConnectUrl(profile, 'imap://[::1]/INBOX%2Fx')).toMatchObject({
      host: '::1',
      port: undefined,
      security: 'starttls',
      path: 'INBOX%2Fx',
    });
    expect(parseConnectUrl(profile, 'imap://h.example:80')).toMatchObject({ port: 80 });
    expect(parseConnectUrl(profile, 'imap://127.1')).toMatchObject({ host: '127.1' });
  });

  it('complete the options', () => {
    expect(optionsFromUrl(profile, 'imaps://alice@h.example', { auth: { password: 'x' } })).toEqual(
      {
        host: 'h.example',
        security: 'implicit-tls',
        auth: { user: 'alice', password: 'x' },
      },
    );
  });

  it.each([
    ['http://h.example', {}],
    ['imap.example.org', {}],
    ['imaps://', {}],
    ['imaps://alice:s3cret@h.example', {}],
    ['imaps://h.example/INBOX', {}],
    ['imaps://h.example?x', {}],
    ['imaps://%ff@h.example', { auth: {} }],
    ['imaps://alice@h.example', {}],
    ['imaps://h.example', { host: 'other.example' }],
    ['imaps://h.example', { security: 'starttls' }],
  ])('are refused when they say too much or too little: %s %j', (url, options) => {
    const refuse = () => optionsFromUrl(profile, url, options as TransportOptions);
    expect(refuse).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(refuse).not.toThrow(/s3cret/);
  });
});

describe('openConnection', () => {
  const name = 'imap.example.test';
  let port = 0;
  let starttlsPort = 0;
  let ca = '';
  let received = '';
  const open: { close: () => void }[] = [];

  beforeAll(async () => {
    const authority = await createThrowawayCa();
    ca = authority.certificate;
    const { chain, key } = await authority.issue({ names: [name] });
    const sockets = new Set<Socket | TLSSocket>();
    const greet = (socket: TLSSocket): void => {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('data', (chunk) => {
          received += chunk;
        });
      socket.write('* OK ready\r\n');
    };
    const secured = createServer({ cert: chain, key }, greet).on('tlsClientError', () => {});
    await new Promise<void>((resolve) => secured.listen(0, '127.0.0.1', resolve));
    port = (secured.address() as AddressInfo).port;
    // STARTTLS: a plain greeting and a go-ahead, then the same TLS server on the same socket.
    const plain = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.write('* OK plain\r\n');
      socket.once('data', () => {
        socket.pause();
        socket.write('a OK go\r\n', () => secured.emit('connection', socket));
      });
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    starttlsPort = (plain.address() as AddressInfo).port;
    open.push({
      close: () => {
        for (const socket of sockets) socket.destroy();
        secured.close();
        plain.close();
      },
    });
  });
  afterAll(() => {
    for (const one of open) one.close();
  });

  const options = (more: TransportOptions = {}): TransportOptions => ({
    host: '127.0.0.1',
    port,
    serverHostname: name,
    tls: { ca },
    ...more,
  });

  it('secures implicit TLS before it gives the connection', async () => {
    const transport = resolveTransport(profile, options());
    const connection = await openConnection(transport);
    expect(await connection.readLine(wait)).toBe('* OK ready');
    expect(securityInfo(transport, connection)).toMatchObject({
      mode: 'implicit-tls',
      verified: true,
      serverHostname: name,
      matchedName: name,
      protocol: 'TLSv1.3',
      resumed: false,
      trust: 'ca',
    });
    expect(channelState(connection)).toBe('verified-tls');
    await connection.end();
  });

  it('runs the same code for STARTTLS, over a stream of the caller too', async () => {
    for (const own of [false, true]) {
      const stream = own ? connect({ port: starttlsPort, host: '127.0.0.1' }) : undefined;
      const transport = resolveTransport(
        profile,
        own
          ? { stream: stream as Socket, security: 'starttls', serverHostname: name, tls: { ca } }
          : options({ port: starttlsPort, security: 'starttls' }),
      );
      const connection = await openConnection(transport);
      expect(channelState(connection)).toBe('cleartext');
      expect(await connection.readLine(wait)).toBe('* OK plain');
      connection.send(commandLine('a STARTTLS'));
      expect(await connection.readLine(wait)).toBe('a OK go');
      await connection.startTls('starttls');
      expect(await connection.readLine(wait)).toBe('* OK ready');
      expect(securityInfo(transport, connection)).toMatchObject({
        mode: 'starttls',
        verified: true,
        matchedName: name,
      });
      connection.close();
    }
  });

  it.each([
    ['a wrong name', { serverHostname: 'other.example.test' }, 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'],
    ['roots that do not know the server', { tls: {} }, 'ERR_CERTIFICATE_UNTRUSTED'],
    [
      'the address as the name',
      { serverHostname: '127.0.0.1' },
      'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    ],
  ])('refuses %s and writes nothing', async (_what, more, code) => {
    received = '';
    const error = await settled(openConnection(resolveTransport(profile, options(more))));
    expect(error).toMatchObject({
      code,
      protocol: 'imap',
      host: '127.0.0.1',
      port,
      phase: 'tls',
      connection: 'closed',
    });
    expect((error as { hint: string }).hint.length).toBeGreaterThan(20);
    expect(received).toBe('');
  });

  it('says "use starttls" to implicit TLS on a plaintext port, and gives up in time on a silent one', async () => {
    const plain = await settled(
      openConnection(resolveTransport(profile, options({ port: starttlsPort }))),
    );
    expect(plain).toMatchObject({
      code: 'ERR_TLS_HANDSHAKE',
      hint: expect.stringContaining('starttls'),
    });
    const silent = createTcpServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const silentPort = (silent.address() as AddressInfo).port;
    const error = await settled(
      openConnection(
        resolveTransport(profile, options({ port: silentPort, timeouts: { tls: 50 } })),
      ),
    );
    expect(error).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'tls',
      milliseconds: 50,
      connection: 'closed',
    });
    silent.close();
  });

  it('stops at the signal, while dialling and while shaking hands', async () => {
    const before = AbortSignal.abort(new Error('no'));
    expect(
      await settled(openConnection(resolveTransport(profile, options({ signal: before })))),
    ).toMatchObject({
      code: 'ERR_ABORTED',
      protocol: 'imap',
    });
    const silent = createTcpServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 40);
    const during = openConnection(
      resolveTransport(
        profile,
        options({ port: (silent.address() as AddressInfo).port, signal: stop.signal }),
      ),
    );
    expect(await settled(during)).toMatchObject({ code: 'ERR_ABORTED', connection: 'closed' });
    silent.close();
  });
});
