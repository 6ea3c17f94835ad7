import { createServer, type Socket, connect as tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { type DialOptions, dial } from '../src/index.js';
import { parseProxy } from '../src/proxy-address.js';
import { settled } from './pair.js';

const open: { close: () => void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A listener whose sockets end with the test. */
async function listen(onSocket: (socket: Socket) => void, path?: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return path === undefined ? (server.address() as { port: number }).port : 0;
}

const to = (port: number, host = '127.0.0.1') => ({ host, port, purpose: 'control' as const });
const dialling = (port: number, options: Partial<DialOptions> = {}, host?: string) =>
  dial(to(port, host), { timeout: 3_000, ...options });

const firstWords = (stream: NodeJS.ReadableStream): Promise<string> =>
  new Promise((resolve) => stream.once('data', (chunk) => resolve(String(chunk))).resume());

describe('dial', () => {
  it('connects by TCP and by a Unix domain socket', async () => {
    const port = await listen((socket) => socket.end('hello'));
    expect(await firstWords(await dialling(port))).toBe('hello');
    const path = join(tmpdir(), `fivewire-${process.pid}.sock`);
    await listen((socket) => socket.end('unix'), path);
    expect(await firstWords(await dialling(1, { socketPath: path }))).toBe('unix');
  });

  it('tells which addresses refused, and what to do', async () => {
    const error = await settled(dialling(1));
    expect(error).toMatchObject({
      code: 'ERR_DIAL_FAILED',
      addresses: ['127.0.0.1'],
      host: '127.0.0.1',
      port: 1,
      phase: 'dial',
      connection: 'closed',
    });
    expect((error as { hint: string }).hint).toContain('Nothing listens');
  });

  it("tells of names that do not resolve, through the caller's lookup", async () => {
    const lookup = ((_host: string, _options: unknown, done: (error: Error) => void) =>
      done(Object.assign(new Error('none'), { code: 'ENOTFOUND' }))) as never;
    expect(await settled(dialling(25, { lookup }, 'nowhere.example'))).toMatchObject({
      code: 'ERR_DIAL_FAILED',
      hint: expect.stringContaining('does not resolve'),
    });
  });

  it('gives up in time and at the signal, and lets a stream that comes later go', async () => {
    const late = new PassThrough();
    let arrive = (): void => {};
    const slow = {
      dial: () =>
        new Promise<PassThrough>((resolve) => {
          arrive = () => resolve(late);
        }),
    };
    expect(await settled(dialling(25, { ...slow, timeout: 20 }))).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'dial',
      host: '127.0.0.1',
    });
    arrive();
    await expect.poll(() => late.destroyed).toBe(true);
    const stop = new AbortController();
    let seen: AbortSignal | undefined;
    const waiting = dialling(25, {
      signal: stop.signal,
      dial: (_target, { signal }) => {
        seen = signal;
        return new Promise(() => {});
      },
    });
    stop.abort(new Error('no more'));
    expect(await settled(waiting)).toMatchObject({
      code: 'ERR_ABORTED',
      cause: { message: 'no more' },
    });
    expect(seen?.aborted).toBe(true);
    expect(await settled(dialling(25, { signal: stop.signal }))).toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});

/** Enough of RFC 1928 and SOCKS4a to say what was asked for and to pass octets on. */
function socksServer(asked: string[], port: number): (socket: Socket) => void {
  return (socket) => {
    let stage = 0;
    const relay = (reply: Buffer): void => {
      const upstream = tcp(port, '127.0.0.1', () => {
        socket.write(reply);
        socket.pipe(upstream).pipe(socket);
      });
      upstream.on('error', () => socket.destroy());
    };
    socket.on('data', function read(chunk: Buffer) {
      if (chunk[0] === 4) {
        socket.off('data', read);
        const parts = chunk.subarray(8).toString('latin1').split('\0');
        asked.push(`4a ${parts[1]} ${chunk.readUInt16BE(2)} user=${parts[0]}`);
        relay(Buffer.from([0, 0x5a, 0, 0, 0, 0, 0, 0]));
      } else if (stage === 0) {
        stage = chunk.includes(2, 2) ? 1 : 2;
        socket.write(Buffer.from([5, stage === 1 ? 2 : 0]));
      } else if (stage === 1) {
        const user = chunk.subarray(2, 2 + (chunk[1] as number)).toString();
        const password = chunk.subarray(3 + (chunk[1] as number)).toString();
        asked.push(`${user}:${password}`);
        stage = 2;
        socket.write(Buffer.from([1, password === 'pw' ? 0 : 1]));
      } else {
        socket.off('data', read);
        const name =
          chunk[3] === 3
            ? chunk.subarray(5, 5 + (chunk[4] as number)).toString()
            : `type ${chunk[3]}`;
        asked.push(`5 ${name} ${chunk.readUInt16BE(chunk.length - 2)}`);
        relay(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
      }
    });
  };
}

describe('through a proxy', () => {
  it('lets a SOCKS5 proxy resolve the name, with and without credentials', async () => {
    const asked: string[] = [];
    const target = await listen((socket) => socket.write('220 behind the proxy'));
    const proxy = await listen(socksServer(asked, target));
    const stream = await dialling(2525, { proxy: `socks5://127.0.0.1:${proxy}` }, 'mail.invalid');
    expect(await firstWords(stream)).toBe('220 behind the proxy');
    stream.destroy();
    const second = await dialling(
      2525,
      { proxy: `socks5://me:pw@127.0.0.1:${proxy}` },
      'mail.invalid',
    );
    second.destroy();
    expect(asked).toEqual(['5 mail.invalid 2525', 'me:pw', '5 mail.invalid 2525']);
    const refused = await settled(
      dialling(2525, { proxy: `socks5://me:s3cret@127.0.0.1:${proxy}` }, 'mail.invalid'),
    );
    expect(refused).toMatchObject({ code: 'ERR_PROXY_FAILED', phase: 'proxy' });
    expect(JSON.stringify(refused)).not.toContain('s3cret');
  });

  it('speaks SOCKS4a', async () => {
    const asked: string[] = [];
    const target = await listen((socket) => socket.write('220 hello'));
    const proxy = await listen(socksServer(asked, target));
    const stream = await dialling(2525, { proxy: `socks4a://127.0.0.1:${proxy}` }, 'mail.invalid');
    expect(await firstWords(stream)).toBe('220 hello');
    stream.destroy();
    expect(asked).toEqual([expect.stringContaining('mail.invalid 2525')]);
  });

  it('speaks HTTP CONNECT and loses nothing that follows the head', async () => {
    const heads: string[] = [];
    const proxy = await listen((socket) =>
      socket.once('data', (chunk) => {
        heads.push(String(chunk));
        socket.write('HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n220 at once');
      }),
    );
    const stream = await dialling(
      2525,
      { proxy: `http://me:pw@127.0.0.1:${proxy}` },
      'mail.invalid',
    );
    expect(await firstWords(stream)).toBe('220 at once');
    stream.destroy();
    expect(heads[0]).toBe(
      `CONNECT mail.invalid:2525 HTTP/1.1\r\nHost: mail.invalid:2525\r\nProxy-Authorization: Basic ${Buffer.from('me:pw').toString('base64')}\r\n\r\n`,
    );
  });

  it.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', '407'],
    [`HTTP/1.1 200 ok\r\nX: ${'x'.repeat(20_000)}`, 'endless'],
    ['', 'closed'],
  ])('refuses an answer that opens no way: %#', async (answer, said) => {
    const proxy = await listen((socket) => socket.once('data', () => socket.end(answer)));
    expect(await settled(dialling(2525, { proxy: `http://127.0.0.1:${proxy}` }))).toMatchObject({
      code: 'ERR_PROXY_FAILED',
      message: expect.stringContaining(said),
    });
  });

  it('gives up in time on a silent proxy and closes its socket', async () => {
    let gone = false;
    const proxy = await listen((socket) => {
      socket.on('close', () => {
        gone = true;
      });
      socket.resume();
    });
    for (const scheme of ['http', 'socks5']) {
      gone = false;
      expect(
        await settled(dialling(1, { proxy: `${scheme}://127.0.0.1:${proxy}`, timeout: 40 })),
      ).toMatchObject({ code: 'ERR_TIMEOUT' });
      await expect.poll(() => gone, { message: scheme }).toBe(true);
    }
  });

  it('knows four schemes', () => {
    expect(parseProxy('http://[::1]:80')).toMatchObject({ scheme: 'http', host: '::1', port: 80 });
    expect(parseProxy('socks5://p')).toMatchObject({ host: 'p', port: 1080 });
    expect(parseProxy('socks5://[::1]')).toMatchObject({ host: '::1' });
    expect(parseProxy('https://Proxy.Example')).toMatchObject({ host: 'proxy.example', port: 443 });
    for (const url of ['ftp://p:1', 'nonsense', 'socks5://a%20b', 'socks5://fe80::1%25eth0:1'])
      expect(() => parseProxy(url)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });
});
