/** Over TLS, against the in-memory server: identity, session reuse, truncation, pools. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createServer as createTlsServer } from 'node:tls';
import {
  createThrowawayCa,
  FileTree,
  type FtpServer,
  type FtpServerOptions,
  startFtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createFtpPool,
  type Entry,
  FtpClient,
  type FtpConnectOptions,
  type FtpPool,
} from '../src/index.js';

let ca: ThrowawayCa;
beforeAll(async () => {
  ca = await createThrowawayCa();
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const big = randomBytes(3 << 20);
const tree = () =>
  new FileTree({ '/pub/big': big, '/pub/small': 'hello', '/pub/empty': '', '/pub/sub/x': 'x' });

async function serve(options: FtpServerOptions = {}): Promise<FtpServer> {
  const server = await startFtpServer({
    users: { alice: 'secret' },
    certificate: await ca.issue({ names: ['ftp.example.test'] }),
    files: tree(),
    ...options,
  });
  cleanups.push(() => server.close());
  return server;
}

type Mode = 'implicit-tls' | 'starttls';
const modes: Mode[] = ['implicit-tls', 'starttls'];

const optionsFor = (server: FtpServer, security: Mode): FtpConnectOptions => ({
  host: server.host,
  port: server.ports[security],
  security,
  serverHostname: 'ftp.example.test',
  tls: { ca: ca.certificate },
  auth: { user: 'alice', password: 'secret' },
  timeouts: { reply: 3000, stall: 1000, finalReply: 3000, close: 300, tls: 3000 },
});

async function client(
  server: FtpServer,
  security: Mode = 'implicit-tls',
  options: Partial<FtpConnectOptions> = {},
): Promise<FtpClient> {
  const ftp = await FtpClient.connect({ ...optionsFor(server, security), ...options });
  cleanups.push(() => ftp.close());
  return ftp;
}

const collect = async (entries: AsyncIterable<Entry>): Promise<string[]> => {
  const found: string[] = [];
  for await (const entry of entries) found.push(entry.path);
  return found.sort();
};

const devNull = () => new Writable({ write: (_chunk, _encoding, done) => done() });

describe.each(modes)('%s', (security) => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'does its job on %s, with data connections that resume the session',
    async (version) => {
      const server = await serve({ requireSessionReuse: true, requireProtectedData: true });
      const ftp = await client(server, security, {
        tls: { ca: ca.certificate, minVersion: 'TLSv1.2', maxVersion: version },
      });
      expect(ftp.security).toMatchObject({
        mode: security,
        verified: true,
        matchedName: 'ftp.example.test',
        protocol: version,
        alpn: 'ftp',
      });
      expect(await collect(ftp.list('/', { recursive: true }))).toEqual([
        '/pub',
        '/pub/big',
        '/pub/empty',
        '/pub/small',
        '/pub/sub',
        '/pub/sub/x',
      ]); // prettier-ignore
      const directory = await mkdtemp(join(tmpdir(), 'ftp-'));
      const downloaded = await ftp.download('/pub/big', join(directory, 'big'));
      expect(downloaded).toEqual({ octets: big.length, size: big.length, start: 0, proof: 'size' });
      expect((await readFile(join(directory, 'big'))).equals(big)).toBe(true);
      expect(await readdir(directory)).toEqual(['big']);
      await ftp.mkdir('/new/deep', { parents: true });
      expect(
        await ftp.upload({ file: join(directory, 'big') }, '/new/deep/big', {
          atomic: true,
          verify: 'hash',
        }),
      ).toMatchObject({
        octets: big.length,
        proof: 'size',
        hash: { algorithm: 'sha256', value: createHash('sha256').update(big).digest('hex') },
      });
      expect(await collect(ftp.list('/new/deep'))).toEqual(['/new/deep/big']);
      expect(await ftp.upload('', '/new/nothing')).toMatchObject({ octets: 0, proof: 'size' });
      expect(await ftp.download('/pub/empty', join(directory, 'empty'))).toMatchObject({
        octets: 0,
      });
      await ftp.append(' world', '/pub/small');
      await ftp.rename('/pub/small', '/new/größer');
      await ftp.setModified('/new/größer', new Date('2020-01-02T03:04:05Z'));
      await ftp.chmod('/new/größer', 0o600);
      expect(await ftp.stat('/new/größer')).toMatchObject({
        size: 11,
        modified: new Date('2020-01-02T03:04:05Z'),
        mode: 0o600,
      });
      expect(server.files.read('/new/größer')?.toString()).toBe('hello world');
      expect(await ftp.stat('/new/none')).toBeUndefined();
      await expect(ftp.download('/new/none', join(directory, 'none'))).rejects.toMatchObject({
        code: 'ERR_NOT_FOUND',
      });
      await ftp.remove('/new', { recursive: true });
      expect(server.files.find('/new')).toBeUndefined();
      await ftp.quit();
      expect(await ftp.closed).toEqual({ reason: 'quit' });
      expect(server.dataConnections.length).toBeGreaterThan(8);
      for (const { tls } of server.dataConnections) {
        // Node's server tells no SNI of a session that TLS 1.2 resumed.
        const servername = version === 'TLSv1.2' ? undefined : 'ftp.example.test';
        expect(tls).toMatchObject({ resumed: true, servername });
      }
      expect(server.problems).toEqual([]);
    },
  );

  it.each([
    ['another name', { serverHostname: 'www.example.test' }, 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'],
    ['another authority', { tls: {} }, 'ERR_CERTIFICATE_UNTRUSTED'],
  ])('%s: no credential leaves', async (_name, options, code) => {
    const server = await serve();
    await expect(client(server, security, options)).rejects.toMatchObject({
      code,
      connection: 'closed',
    });
    const [record] = server.connections;
    await expect.poll(() => record?.closed).toBe(true);
    expect(record?.lines.filter((line) => !/^AUTH TLS$/.test(line))).toEqual([]);
  });

  it('octet by octet, both connections', async () => {
    const server = await serve({
      faults: { octetByOctet: true },
      dataFaults: { octetByOctet: true },
    });
    const ftp = await client(server, security);
    expect(await collect(ftp.list('/pub'))).toHaveLength(4);
    expect(await ftp.download('/pub/small', devNull())).toMatchObject({ octets: 5, proof: 'size' });
  });

  it('gives up only the handshake of data that another answers, and then everything', async () => {
    const impostor = await ca.issue({ names: ['evil.example.test'] });
    const evil = createTlsServer(
      { key: impostor.key, cert: impostor.chain, ALPNProtocols: ['ftp'] },
      (socket) => socket.end('stolen'),
    );
    const evilPort = await new Promise<number>((resolve) =>
      evil.listen(0, '127.0.0.1', () => resolve((evil.address() as { port: number }).port)),
    );
    cleanups.push(() => evil.close());
    const server = await serve();
    const ftp = await client(server, security, {
      dial: ({ host, port, purpose }) =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connectTcp(purpose === 'data' ? evilPort : port, host);
          socket.once('connect', () => resolve(socket)).once('error', reject);
        }),
    });
    await expect(ftp.download('/pub/small', devNull())).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    });
    await expect(ftp.closed).resolves.toMatchObject({ reason: 'error' });
    await expect(ftp.command('NOOP')).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    });
  });
});

describe('AUTH TLS', () => {
  it('stands an answer ahead of the command', async () => {
    const server = await serve({ impostor: { greeting: '220 FTP\r\n234 go\r\n' } });
    await expect(client(server, 'starttls')).rejects.toMatchObject({
      code: 'ERR_STARTTLS_INJECTION',
    });
    expect(server.connections[0]?.lines).toEqual([]);
  });

  it('stands an injection behind the go-ahead', async () => {
    const server = await serve({ faults: { injectAfterStartTls: '230 logged in\r\n' } });
    await expect(client(server, 'starttls')).rejects.toMatchObject({
      code: 'ERR_STARTTLS_INJECTION',
    });
    expect(server.connections[0]?.lines).toEqual(['AUTH TLS']);
  });

  it.each([
    ['504 Not here', 'ERR_STARTTLS_NOT_OFFERED'],
    ['500 What?', 'ERR_STARTTLS_NOT_OFFERED'],
    ['431 Not now', 'ERR_STARTTLS_REFUSED'],
    ['334 Go on', 'ERR_STARTTLS_REFUSED'],
    ['230 Logged in', 'ERR_STARTTLS_REFUSED'],
  ])('takes nothing but 234: %s', async (refuseStartTls, code) => {
    const server = await serve({ faults: { refuseStartTls } });
    await expect(client(server, 'starttls')).rejects.toMatchObject({ code });
    expect(server.connections[0]?.lines).toEqual(['AUTH TLS']);
  });

  it('is asked for even where the greeting says 230 (CVE-2021-22946)', async () => {
    const server = await serve({ faults: { greeting: '230 You are in already' } });
    const ftp = await client(server, 'starttls');
    expect(ftp.security.verified).toBe(true);
    expect(server.connections[0]?.lines[0]).toBe('AUTH TLS');
  });

  it('is not waited for behind an endless "wait"', async () => {
    const server = await serve({ impostor: { greeting: '120 in a minute\r\n'.repeat(2_000) } });
    await expect(client(server, 'starttls')).rejects.toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
      phase: 'greeting',
      connection: 'closed',
    });
  });

  it('is what a cleartext greeting on an implicit port is told about', async () => {
    const server = await serve();
    await expect(
      FtpClient.connect({
        ...optionsFor(server, 'implicit-tls'),
        port: server.ports.starttls,
        timeouts: { tls: 300 },
      }),
    ).rejects.toMatchObject({ phase: 'tls', hint: expect.stringContaining('starttls') });
  });
});

describe('truncation', () => {
  it('of a listing is seen, unless told not to look', async () => {
    const server = await serve({ dataFaults: { withoutCloseNotify: true } });
    const ftp = await client(server);
    await expect(collect(ftp.list('/pub'))).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
      connection: 'usable',
      hint: expect.stringContaining('requireCloseNotify'),
    });
    const lax = await client(server, 'implicit-tls', { requireCloseNotify: false });
    expect(await collect(lax.list('/pub'))).toHaveLength(4);
  });

  it.each(['fin', 'reset', 'close-notify'] as const)('of a download by %s is seen', async (cut) => {
    const server = await serve();
    const ftp = await client(server);
    for (const cutAfter of [0, 1, 100_000]) {
      server.dataFaults = { cutAfter, cut };
      await expect(ftp.download('/pub/big', devNull())).rejects.toMatchObject({
        code: 'ERR_TRANSFER_INCOMPLETE',
        connection: 'usable',
      });
    }
    server.dataFaults = undefined;
    expect(await ftp.download('/pub/small', devNull())).toMatchObject({ proof: 'size' });
  });

  it('of a download of unknown size is told from its end by close_notify', async () => {
    const server = await serve({ hide: ['SIZE'] });
    const ftp = await client(server, 'implicit-tls', { disable: ['SIZE'] });
    expect(await ftp.download('/pub/small', devNull())).toMatchObject({ proof: 'close-notify' });
    server.dataFaults = { withoutCloseNotify: true };
    await expect(ftp.download('/pub/small', devNull())).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
    });
    await expect(
      pipeline(ftp.createReadStream('/pub/small', { verify: false }), devNull()),
    ).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE' });
  });

  it('is made good by resuming', async () => {
    const server = await serve();
    const ftp = await client(server);
    const directory = await mkdtemp(join(tmpdir(), 'ftp-'));
    const path = join(directory, 'big');
    server.dataFaults = { cutAfter: 1_500_000, cut: 'fin' };
    await expect(ftp.download('/pub/big', path, { resume: true })).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
    });
    server.dataFaults = undefined;
    const rest = await ftp.download('/pub/big', path, { resume: true, verify: 'hash' });
    expect(rest.start).toBeGreaterThan(0);
    expect(rest.start + rest.octets).toBe(big.length);
    expect((await readFile(path)).equals(big)).toBe(true);
    expect(await readdir(directory)).toEqual(['big']);
  });

  it('by silence is a stall', async () => {
    const server = await serve({ dataFaults: { stallAt: 1000 } });
    const ftp = await client(server, 'implicit-tls', { timeouts: { stall: 150, close: 100 } });
    await expect(ftp.download('/pub/big', devNull())).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      milliseconds: 150,
      phase: 'transfer',
    });
  });
});

describe('giving up', () => {
  it('in the middle of either way keeps the session', async () => {
    const server = await serve();
    const ftp = await client(server);
    const directory = await mkdtemp(join(tmpdir(), 'ftp-'));
    const stop = new AbortController();
    const download = ftp.download('/pub/big', join(directory, 'big'), {
      signal: stop.signal,
      onProgress: ({ octets }) => {
        if (octets > 500_000) stop.abort();
      },
    });
    await expect(download).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(await readdir(directory)).toEqual([]);
    const again = new AbortController();
    const upload = ftp.upload(Readable.from(endless()), '/pub/up', {
      signal: again.signal,
      onProgress: ({ octets }) => {
        if (octets > 500_000) again.abort();
      },
    });
    await expect(upload).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const stream = ftp.createReadStream('/pub/big');
    for await (const _ of stream) break;
    expect(await ftp.stat('/pub/small')).toMatchObject({ size: 5 });
    expect(await ftp.download('/pub/small', devNull())).toMatchObject({ octets: 5 });
  });

  async function* endless() {
    for (;;) yield Buffer.alloc(65_536);
  }
});

describe('calls made at once', () => {
  it('wait for each other', async () => {
    const server = await serve();
    const ftp = await client(server);
    const results = await Promise.all([
      ftp.download('/pub/big', devNull()),
      ftp.upload('one', '/one'),
      ftp.stat('/pub/small'),
      collect(ftp.list('/pub')),
      ftp.download('/pub/small', devNull()),
      ftp.upload('two', '/two'),
    ]);
    expect(results[0].octets).toBe(big.length);
    expect(results[3]).toHaveLength(4);
    expect(server.files.read('/two')?.toString()).toBe('two');
    expect(server.connections).toHaveLength(1);
  });
});

describe('a pool', () => {
  function pool(server: FtpServer, options: { maxConnections?: number } = {}): FtpPool {
    const made = createFtpPool({ ...optionsFor(server, 'implicit-tls'), ...options });
    cleanups.push(() => made.close());
    return made;
  }

  it('spreads calls over its connections, each with sessions of its own', async () => {
    const server = await serve({ requireSessionReuse: true });
    const ftp = pool(server);
    const names = Array.from({ length: 24 }, (_, i) => `/n${i}`);
    await Promise.all(names.map((name) => ftp.upload(name, name)));
    await Promise.all(names.map((name) => ftp.download(name, devNull())));
    expect(server.connections.length).toBeGreaterThan(1);
    expect(server.connections.length).toBeLessThanOrEqual(4);
    expect(server.dataConnections.every(({ tls }) => tls?.resumed)).toBe(true);
    await ftp.close();
    await expect(ftp.stat('/')).rejects.toMatchObject({ code: 'ERR_STATE' });
  });

  it('of one connection works inside loops over its own listings', async () => {
    const server = await serve();
    for (let i = 0; i < 3000; i += 1) server.files.write(`/many/f${i}`, '');
    const ftp = pool(server, { maxConnections: 1 });
    let seen = 0;
    for await (const entry of ftp.list('/many')) {
      if (seen < 3) expect(await ftp.stat(entry.path)).toMatchObject({ size: 0 });
      seen += 1;
    }
    expect(seen).toBe(3000);
    expect(server.connections).toHaveLength(1);
  });

  it('of one connection reads ahead for calls inside the loop over a stream', async () => {
    const server = await serve();
    const ftp = pool(server, { maxConnections: 1 });
    for await (const _ of ftp.createReadStream('/pub/big')) {
      expect(await ftp.stat('/pub/small')).toMatchObject({ size: 5 });
      break;
    }
    expect(await ftp.stat('/pub/small')).toMatchObject({ size: 5 });
  });

  it('replaces connections that die, and pins one for a session', async () => {
    const server = await serve();
    const ftp = pool(server, { maxConnections: 2 });
    expect(await ftp.session(async (one) => (await one.stat('/pub/small'))?.size)).toBe(5);
    server.connections[0]?.destroy();
    // A call that meets the dead connection before the pool has seen it is told so; the next one has another.
    await expect.poll(() => ftp.stat('/pub/small')).toMatchObject({ size: 5 });
    expect(server.connections).toHaveLength(2);
  });

  it('copies from a stream of its own', async () => {
    const server = await serve();
    const ftp = pool(server, { maxConnections: 2 });
    await ftp.upload(ftp.createReadStream('/pub/big'), '/copy');
    expect(server.files.read('/copy')?.equals(big)).toBe(true);
  });

  it('needs more than one stream', () => {
    expect(() => createFtpPool({ stream: new Readable(), serverHostname: 'x' } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});

describe('through a proxy', () => {
  it('data goes the same way, to the same name', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const [, port] = (request.url ?? '').split(':');
      const through = connectTcp(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 go\r\n\r\n');
        socket.pipe(through).pipe(socket);
      });
      through.on('error', () => socket.destroy());
      socket.on('error', () => through.destroy());
    });
    const port = await new Promise<number>((resolve) =>
      proxy.listen(0, '127.0.0.1', () => resolve((proxy.address() as { port: number }).port)),
    );
    cleanups.push(() => proxy.close());
    const server = await serve({ requireSessionReuse: true });
    const ftp = await client(server, 'implicit-tls', {
      host: 'ftp.example.test',
      proxy: `http://127.0.0.1:${port}`,
    });
    expect(await ftp.download('/pub/big', devNull())).toMatchObject({ octets: big.length });
    await ftp.quit();
    expect(asked).toHaveLength(2);
    expect(asked.every((target) => target.startsWith('ftp.example.test:'))).toBe(true);
  });
});

describe('URLs', () => {
  it('say implicit TLS or AUTH TLS, and whom', async () => {
    const server = await serve({ certificate: await ca.issue({ names: ['127.0.0.1'] }) });
    for (const [scheme, security] of [
      ['ftps', 'implicit-tls'],
      ['ftp', 'starttls'],
    ] as const) {
      const ftp = await FtpClient.connect(`${scheme}://alice@127.0.0.1:${server.ports[security]}`, {
        tls: { ca: ca.certificate },
        auth: { password: 'secret' },
      });
      expect(ftp.security).toMatchObject({ mode: security, matchedName: '127.0.0.1' });
      await ftp.quit();
    }
    await expect(FtpClient.connect('ftp://a:b@127.0.0.1')).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  });
});
