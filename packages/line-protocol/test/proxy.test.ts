/** Proxies as they are: what they say before, beside and instead of yes, and what never reaches them. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { inspect } from 'node:util';
import { createThrowawayCa } from '@fivewire/test-servers';
import { afterEach, describe, expect, it } from 'vitest';
import { type DialOptions, dial, optional } from '../src/index.js';
import { proxyOfEnvironment } from '../src/proxy-environment.js';
import { openConnection, resolveTransport } from '../src/transport.js';
import { settled } from './pair.js';

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

function listen(onSocket: (socket: Socket) => void, make = createServer): Promise<number> {
  const server = make((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  servers.push(server);
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

const dialling = (options: Partial<DialOptions>, host = 'mail.example') =>
  dial({ host, port: 2525, purpose: 'control' }, { timeout: 5_000, ...options });

/** All that comes until the stream has said so many octets. */
const words = (stream: NodeJS.ReadableStream, octets: number): Promise<string> =>
  new Promise((resolve) => {
    let heard = '';
    stream.on('data', (chunk) => {
      heard += String(chunk);
      if (heard.length >= octets) resolve(heard);
    });
    stream.resume();
  });

/** A proxy that answers each message of ours with the next of these. */
const scripted =
  (answers: readonly (string | Buffer)[], heard: string[] = []) =>
  (socket: Socket): void => {
    const left = [...answers];
    socket.on('data', (chunk) => {
      heard.push(chunk.toString('latin1'));
      const next = left.shift();
      if (next !== undefined) socket.write(next);
    });
  };

const socks5 = (...methodAndRest: Buffer[]) => methodAndRest;
const granted = Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 25]);

describe('SOCKS', () => {
  it.each([
    ['socks5', socks5(Buffer.from([5, 0]), Buffer.concat([granted, Buffer.from('220 hi\r\n')]))],
    [
      'socks4a',
      [Buffer.concat([Buffer.from([0, 90, 0, 0, 0, 0, 0, 0]), Buffer.from('220 hi\r\n')])],
    ],
  ])(
    '%s: octets behind the reply stay in the stream, before those that come later',
    async (scheme, answers) => {
      const port = await listen(scripted([...answers, 'more']));
      const stream = await dialling({ proxy: `${scheme}://127.0.0.1:${port}` });
      stream.write('EHLO x\r\n');
      expect(await words(stream, 12)).toBe('220 hi\r\nmore');
      stream.destroy();
    },
  );

  it('asked for a login that the URL lacks, nothing is sent and the error says so', async () => {
    const heard: string[] = [];
    const port = await listen(scripted([Buffer.from([5, 2]), Buffer.from([1, 0])], heard));
    expect(await settled(dialling({ proxy: `socks5://127.0.0.1:${port}` }))).toMatchObject({
      code: 'ERR_PROXY_FAILED',
      retry: 'never',
      message: expect.stringContaining('asks for a login'),
      hint: expect.stringContaining('user:password@'),
    });
    expect(heard).toEqual(['\x05\x01\x00']);
  });

  it.each([
    ['a refused login', [Buffer.from([5, 2]), Buffer.from([1, 1])], 'never'],
    ['a refused host', [Buffer.from([5, 0]), Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])], 'later'],
    ['no method', [Buffer.from([5, 255])], 'never'],
  ])('%s shows no password anywhere', async (_, answers, retry) => {
    const port = await listen(scripted(answers));
    const error = await settled(dialling({ proxy: `socks5://me:MARKER@127.0.0.1:${port}` }));
    expect(error).toMatchObject({ code: 'ERR_PROXY_FAILED', retry });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('MARKER');
  });

  it('a proxy that closes is an error, with octets of its own or without', async () => {
    for (const last of ['', '\x05']) {
      const port = await listen((socket) => socket.once('data', () => socket.end(last)));
      expect(await settled(dialling({ proxy: `socks5://127.0.0.1:${port}` }))).toMatchObject({
        code: 'ERR_PROXY_FAILED',
      });
    }
  });
});

describe('HTTP CONNECT', () => {
  it('1xx may come before the answer, in pieces', async () => {
    const port = await listen((socket) =>
      socket.once('data', () => {
        const answer =
          'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n220 hi';
        for (const octet of answer) socket.write(octet);
      }),
    );
    const stream = await dialling({ proxy: `http://127.0.0.1:${port}` });
    expect(await words(stream, 6)).toBe('220 hi');
    stream.destroy();
  });

  it.each([
    ['HTTP/1.1 2000 OK', 'later', /2000/],
    ['HTTP/1.1 20 OK', 'later', /20 OK/],
    ['HTTP/2 200', 'later', /HTTP\/2/],
    ['HTTP/1.1 101 Switching Protocols', 'later', /101/],
    ['HTTP/1.1 403 Forbidden', 'never', /403/],
    ['HTTP/1.1 503 Busy', 'later', /503/],
    [
      'HTTP/1.1 407 Login\r\nProxy-Authenticate: Negotiate, Basic realm="a, Digest b"\r\nproxy-authenticate: NTLM',
      'never',
      /Negotiate, Basic, NTLM/,
    ],
    ['HTTP/1.1 407 Login', 'never', /no scheme/],
  ])('%s', async (answer, retry, message) => {
    const port = await listen(scripted([`${answer}\r\n\r\n`]));
    expect(await settled(dialling({ proxy: `http://127.0.0.1:${port}` }))).toMatchObject({
      code: 'ERR_PROXY_FAILED',
      retry,
      message: expect.stringMatching(message),
    });
  });

  it.each([
    'evil.example:25#',
    'a.example\r\nX: y',
    'fe80::1%eth0',
    'a b',
    'a/b',
    'user@a',
    '127.1',
  ])('no proxy hears of %j', async (host) => {
    const heard: string[] = [];
    const port = await listen(scripted([], heard));
    for (const scheme of ['http', 'socks5']) {
      const proxy = `${scheme}://127.0.0.1:${port}`;
      expect(await settled(dialling({ proxy }, host))).toMatchObject({
        code: 'ERR_SERVER_HOSTNAME_INVALID',
      });
      expect(() => resolveTransport(profile, { host, proxy, security: 'cleartext' })).toThrow();
    }
    expect(heard).toEqual([]);
  });

  it('hears A-labels without a trailing dot', async () => {
    const heard: string[] = [];
    const port = await listen(scripted(['HTTP/1.1 200 OK\r\n\r\n'], heard));
    (await dialling({ proxy: `http://127.0.0.1:${port}` }, 'Bücher.Example.')).destroy();
    expect(heard[0]).toMatch(/^CONNECT xn--bcher-kva\.example:2525 HTTP/);
    const { host, serverHostname } = resolveTransport(profile, { host: 'Bücher.Example.' });
    expect([host, serverHostname]).toEqual(['xn--bcher-kva.example', 'xn--bcher-kva.example']);
  });
});

it.each([
  ['socks5', [Buffer.from([5, 0]), Buffer.concat([granted, Buffer.from('* OK forged\r\n')])]],
  ['http', ['HTTP/1.1 200 OK\r\n\r\n* OK forged\r\n']],
])('%s: octets behind the answer end a connection by implicit TLS', async (scheme, answers) => {
  const port = await listen(scripted(answers));
  const options = { host: 'mail.example', proxy: `${scheme}://127.0.0.1:${port}` };
  expect(await settled(openConnection(resolveTransport(profile, options)))).toMatchObject({
    code: 'ERR_STARTTLS_INJECTION',
  });
});

describe('https:// proxies', () => {
  it('TLS to the proxy, whose own name is checked; the tunnel is inside', async () => {
    const ca = await createThrowawayCa();
    const { certificate, key } = await ca.issue({ names: ['localhost'] });
    const heard: string[] = [];
    const port = await listen(scripted(['HTTP/1.1 200 OK\r\n\r\n220 hi'], heard), ((
      onSocket: (socket: Socket) => void,
    ) => createTlsServer({ cert: certificate, key }, onSocket)) as never);
    const trusted = { proxyTls: { ca: ca.certificate } };
    const stream = await dialling({ proxy: `https://localhost:${port}`, ...trusted });
    expect(await words(stream, 6)).toBe('220 hi');
    stream.destroy();
    for (const [proxy, more, code] of [
      [`https://127.0.0.1:${port}`, trusted, 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'],
      [`https://me:MARKER@localhost:${port}`, {}, 'ERR_CERTIFICATE_UNTRUSTED'],
    ] as const) {
      const error = await settled(dialling({ proxy, ...more }));
      expect(error).toMatchObject({ code: 'ERR_PROXY_FAILED', cause: { code } });
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain('MARKER');
    }
    expect(heard).toHaveLength(1);
  });
});

describe('which proxy', () => {
  it('a function chooses, for each target', async () => {
    const port = await listen(scripted(['HTTP/1.1 200 OK\r\n\r\n']));
    const asked: unknown[] = [];
    const proxy: DialOptions['proxy'] = async (target) => {
      asked.push(target);
      return `http://127.0.0.1:${port}`;
    };
    (await dialling({ proxy })).destroy();
    expect(asked).toEqual([{ host: 'mail.example', port: 2525, purpose: 'control' }]);
    const direct = await listen((socket) => socket.write('220 direct'));
    const target = { host: '127.0.0.1', port: direct, purpose: 'control' } as const;
    const stream = await dial(target, { timeout: 5_000, proxy: () => undefined });
    expect(await words(stream, 10)).toBe('220 direct');
    stream.destroy();
    for (const wrong of [() => 7 as never, () => 'ftp://p', () => Promise.reject(new Error('no'))])
      expect(await settled(dialling({ proxy: wrong }))).toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  it.each([
    [{}, undefined],
    [{ ALL_PROXY: 'socks5://p:1' }, 'socks5://p:1'],
    [{ ALL_PROXY: 'p:1' }, 'http://p:1'],
    [{ all_proxy: 'http://low:1', ALL_PROXY: 'http://high:1' }, 'http://low:1'],
    [{ ALL_PROXY: 'p:1', NO_PROXY: 'example.org' }, 'http://p:1'],
    [{ ALL_PROXY: 'p:1', NO_PROXY: '*' }, undefined],
    [{ ALL_PROXY: 'p:1', NO_PROXY: 'x, Mail.Example' }, undefined],
    [{ ALL_PROXY: 'p:1', NO_PROXY: '.example' }, undefined],
    [{ ALL_PROXY: 'p:1', no_proxy: '*.example' }, undefined],
    [{ ALL_PROXY: 'p:1', NO_PROXY: 'ail.example' }, 'http://p:1'],
    [{ ALL_PROXY: 'p:1', NO_PROXY: 'mail.example:2525' }, undefined],
    [{ ALL_PROXY: 'p:1', NO_PROXY: 'mail.example:25' }, 'http://p:1'],
  ])('%j: %s', (environment, url) => {
    expect(proxyOfEnvironment({ host: 'mail.example', port: 2525 }, environment)).toBe(url);
  });

  it.each([
    ['10.1.2.3', '10.0.0.0/8', undefined],
    ['10.1.2.3', '10.1.2.3', undefined],
    ['11.1.2.3', '10.0.0.0/8', 'http://p'],
    ['10.1.2.3', '10.0.0.0/99', 'http://p'],
    ['10.1.2.3', '10.0.0.0/', 'http://p'],
    ['fd00::1', 'fd00::/8', undefined],
    ['fd00::1', '[fd00::1]:25', undefined],
    ['fd00::1', '0.0.0.0/0', 'http://p'],
  ])('%s by NO_PROXY=%s', (host, exceptions, url) => {
    const environment = { ALL_PROXY: 'p', NO_PROXY: exceptions };
    expect(proxyOfEnvironment({ host, port: 25 }, environment)).toBe(url);
  });

  it('the environment counts where it is asked for alone', async () => {
    const heard: string[] = [];
    const port = await listen(scripted(['HTTP/1.1 200 OK\r\n\r\n'], heard));
    const before = process.env.ALL_PROXY;
    process.env.ALL_PROXY = `http://127.0.0.1:${port}`;
    try {
      (await dialling({ proxy: 'environment' })).destroy();
      expect(heard).toHaveLength(1);
      await settled(dialling({ timeout: 1_000 }, 'nowhere.invalid'));
      expect(heard).toHaveLength(1);
    } finally {
      if (before === undefined) delete process.env.ALL_PROXY;
      else process.env.ALL_PROXY = before;
    }
  });

  it('socketPath with proxy is refused', () => {
    const options = { socketPath: '/s', serverHostname: 'a.example', proxy: 'socks5://p' };
    expect(() => resolveTransport(profile, options)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'socketPath' }),
    );
  });

  it('a package that is not there is named', async () => {
    const load = () =>
      Promise.reject(Object.assign(new Error('x'), { code: 'ERR_MODULE_NOT_FOUND' }));
    expect(await settled(optional('socks', 'SOCKS proxies', load))).toMatchObject({
      code: 'ERR_ARGUMENT',
      hint: expect.stringContaining('npm install socks'),
    });
    const broken = () => Promise.reject(new Error('broken'));
    expect(await settled(optional('socks', 'SOCKS proxies', broken))).toMatchObject({
      message: 'broken',
    });
  });
});

const profile = {
  protocol: 'smtp',
  ports: { 'implicit-tls': 465, starttls: 587, cleartext: 25 },
  schemes: {},
  options: [],
} as const;
