/** Active mode, and data in clear under a secured control connection: against the in-memory server, over sockets. */
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  createThrowawayCa,
  FileTree,
  type FtpServer,
  type FtpServerOptions,
  startFtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FtpClient, type FtpConnectOptions } from '../src/index.js';
import { openPort } from '../src/transfer/active-port.js';

let ca: ThrowawayCa;
beforeAll(async () => {
  ca = await createThrowawayCa();
});
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function serve(options: FtpServerOptions = {}): Promise<FtpServer> {
  const server = await startFtpServer({
    users: { alice: 'secret' },
    certificate: await ca.issue({ names: ['ftp.example.test'] }),
    files: new FileTree({ '/pub/a': 'hello' }),
    activeMode: true,
    ...options,
  });
  cleanups.push(() => server.close());
  return server;
}

type Mode = 'cleartext' | 'starttls' | 'implicit-tls';

async function client(
  server: FtpServer,
  security: Mode,
  options: Partial<FtpConnectOptions> = {},
): Promise<FtpClient> {
  const ftp = await FtpClient.connect({
    host: server.host,
    port: server.ports[security],
    security,
    serverHostname: 'ftp.example.test',
    ...(security === 'cleartext' ? { allowCleartextAuth: true } : { tls: { ca: ca.certificate } }),
    auth: { user: 'alice', password: 'secret' },
    ...options,
  });
  cleanups.push(() => ftp.close());
  return ftp;
}

const saidBy = (server: FtpServer): string[] => server.connections.flatMap(({ lines }) => lines);

async function job(ftp: FtpClient): Promise<void> {
  const names: string[] = [];
  for await (const { path } of ftp.list('/pub')) names.push(path);
  expect(names).toEqual(['/pub/a']);
  expect(String(await buffer(ftp.createReadStream('/pub/a')))).toBe('hello');
  expect(await ftp.upload('x'.repeat(200_000), '/pub/b')).toMatchObject({ proof: 'size' });
  await ftp.upload('', '/pub/c');
}

describe.each(['cleartext', 'starttls', 'implicit-tls'] as const)('active mode, %s', (security) => {
  test('does its job, its data connections as well proven as passive ones', async () => {
    const server = await serve({ requireSessionReuse: security !== 'cleartext' });
    const ftp = await client(server, security, { active: true });
    await job(ftp);
    expect(saidBy(server).filter((line) => line.startsWith('EPRT |1|127.0.0.1|'))).toHaveLength(4);
    expect(saidBy(server)).not.toContain('EPSV');
    expect(ftp.security.dataProtection).toBe(security === 'cleartext' ? 'clear' : 'private');
    await ftp.quit();
  });
});

test('PORT where the server has no EPRT, and that is remembered', async () => {
  const server = await serve({ hide: ['EPRT'] } as never);
  const ftp = await client(server, 'cleartext', { active: true });
  await job(ftp);
  expect(saidBy(server).filter((line) => line.startsWith('EPRT'))).toHaveLength(1);
  expect(saidBy(server).filter((line) => line.startsWith('PORT 127,0,0,1,'))).toHaveLength(4);
});

test('ports of the range, and an error where none of them is free', async () => {
  const server = await serve();
  const ftp = await client(server, 'cleartext', { active: { ports: [21_000, 21_999] } });
  await job(ftp);
  const ports = saidBy(server).flatMap((line) => /^EPRT .*\|(\d+)\|$/.exec(line)?.[1] ?? []);
  expect(ports.every((port) => Number(port) >= 21_000 && Number(port) <= 21_999)).toBe(true);
  const taken = await serve();
  const port = taken.ports.cleartext ?? 0;
  const other = await client(server, 'cleartext', { active: { ports: [port, port] } });
  await expect(buffer(other.createReadStream('/pub/a'))).rejects.toMatchObject({
    code: 'ERR_STATE',
  });
  await other.command('NOOP');
});

test('a server that refuses active mode is no loss of the session', async () => {
  const server = await serve({ activeMode: false });
  const ftp = await client(server, 'starttls', { active: true });
  await expect(buffer(ftp.createReadStream('/pub/a'))).rejects.toMatchObject({
    connection: 'usable',
  });
  await ftp.command('NOOP');
});

test('over IPv6 by EPRT', async () => {
  const server = await serve({ host: '::1' });
  const ftp = await client(server, 'starttls', { active: true });
  await job(ftp);
  expect(saidBy(server).filter((line) => line.startsWith('EPRT |2|::1|'))).toHaveLength(4);
});

test('who comes from elsewhere is sent away, and the server may still come', async () => {
  const said: string[] = [];
  const dialogue = {
    ask: async ({ masked }: { masked: string }) => {
      said.push(masked);
      return { class: 2, code: 200 };
    },
  };
  const session = { traits: { active: 'EPRT' }, control: {} };
  const mode = { peer: '127.0.0.1', listen: '0.0.0.0', address: '203.0.113.7', ports: undefined };
  const expected = await openPort(session as never, dialogue as never, mode);
  const port = Number(/^EPRT \|1\|203\.0\.113\.7\|(\d+)\|$/.exec(said[0] ?? '')?.[1]);
  const stranger = connect({ port, host: '127.0.0.2', localAddress: '127.0.0.2' });
  await new Promise((resolve) => stranger.once('close', resolve));
  const server = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1' });
  const socket = await expected.arrival;
  expect(socket.remoteAddress).toBe('127.0.0.1');
  server.destroy();
  socket.destroy();
});

describe('dataProtection: unsafe-clear', () => {
  test('PROT C, said in security', async () => {
    const server = await serve();
    const ftp = await client(server, 'starttls', { dataProtection: 'unsafe-clear' });
    expect(ftp.security).toMatchObject({ verified: true, dataProtection: 'clear' });
    expect(Object.isFrozen(ftp.security)).toBe(true);
    await job(ftp);
    expect(saidBy(server)).toContain('PROT C');
    expect(server.dataConnections.map(({ mode }) => mode)).toEqual(Array(4).fill('cleartext'));
  });

  test('a server that demands protection refuses, and nothing is tried in its place', async () => {
    const server = await serve({ requireProtectedData: true });
    const ftp = await client(server, 'starttls', { dataProtection: 'unsafe-clear' });
    await expect(buffer(ftp.createReadStream('/pub/a'))).rejects.toMatchObject({
      reply: { code: 521 },
    });
    expect(saidBy(server)).not.toContain('PROT P');
  });
});
