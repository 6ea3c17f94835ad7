import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ConnectionRecord,
  createThrowawayCa,
  startFtpServer,
  startPop3Server,
  startSmtpServer,
  startTestServers,
} from '../src/index.js';
import { Client } from './client.js';

const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

const held = (kind: RegExp) =>
  process.getActiveResourcesInfo().filter((name) => kind.test(name)).length;

/** Sockets and listeners that hold this process, and its timers, of which the test runner has some that come and go. */
const sockets = () => held(/TCP|TLS|FSEvent/);
const timers = () => held(/Timeout/);

it('close() ends every socket, listener and timer, in whatever state clients are', async () => {
  await settle();
  const before = { sockets: sockets(), timers: timers() };
  const servers = await startTestServers({ users: { alice: 'secret' }, files: { '/a': 'x' } });
  const { ports, ca } = servers;
  const clients = [
    await Client.dialTls(ports.imap['implicit-tls'], { ca: ca.certificate }),
    await Client.dial(ports.smtp.starttls),
    await Client.dial(ports.pop3['implicit-tls']), // never sends a ClientHello
    await Client.dial(ports.ftp.cleartext),
  ];
  const [imap, , , ftp] = clients as [Client, Client, Client, Client];
  await imap.line();
  await imap.ask('a LOGIN alice secret');
  await imap.ask('b IDLE');
  await ftp.line();
  await ftp.ask('USER alice');
  await ftp.ask('PASS secret');
  await ftp.ask('EPSV'); // a data listener that nobody dials
  servers.nntp.faults = { stallAt: 3 };
  clients.push(await Client.dial(ports.nntp.cleartext));
  await settle();

  await servers.close();
  await servers.close();
  await Promise.all(clients.map(({ ended }) => ended));
  for (const client of clients) client.close();
  await settle();
  expect(sockets()).toBe(before.sockets);
  expect(timers()).toBeLessThanOrEqual(before.timers);
  expect(servers.problems).toEqual([]);
  const all = [servers.imap, servers.smtp, servers.pop3, servers.ftp, servers.nntp];
  const records: ConnectionRecord[] = all.flatMap(({ connections }) => [...connections]);
  expect(records).toHaveLength(5);
  expect(records.every(({ closed }) => closed)).toBe(true);
  expect(all.map(({ ports: its }) => Object.keys(its).length)).toEqual([3, 3, 3, 3, 3]);
});

it('is disposed of by await using', async () => {
  const servers = await startTestServers();
  await servers[Symbol.asyncDispose]();
  const refused = await new Promise((resolve) =>
    connect(servers.ports.imap.cleartext, '127.0.0.1').once(
      'error',
      (error: NodeJS.ErrnoException) => resolve(error.code),
    ),
  );
  expect(refused).toBe('ECONNREFUSED');
});

describe('starting', () => {
  it('rejects where a port is taken, and leaves nothing behind', async () => {
    await settle();
    const before = sockets();
    const first = await startPop3Server({ modes: ['cleartext'] });
    const taken = first.ports.cleartext;
    await expect(startPop3Server({ ports: { cleartext: taken } })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await expect(startTestServers({ pop3: { ports: { cleartext: taken } } })).rejects.toMatchObject(
      { code: 'EADDRINUSE' },
    );
    await first.close();
    await settle();
    expect(sockets()).toBe(before);
  });

  it('opens only the protocols and modes asked for', async () => {
    const servers = await startTestServers({ protocols: ['smtp'], modes: ['starttls'] });
    expect(Object.keys(servers.ports.smtp)).toEqual(['starttls']);
    expect(servers.ports.imap).toEqual({});
    await servers.close();
  });

  it('listens on a Unix socket', async () => {
    const socketPath = join(tmpdir(), `fivewire-${process.pid}-${Date.now()}.sock`);
    const server = await startSmtpServer({ lmtp: true, socketPath, modes: ['cleartext'] });
    const client = new Client(connect(socketPath));
    expect(await client.line()).toMatch(/^220 .*LMTP/);
    client.close();
    await server.close();
  });

  it('listens on IPv6', async () => {
    const ca = await createThrowawayCa();
    const server = await startFtpServer({
      host: '::1',
      users: { alice: 'secret' },
      certificate: await ca.issue(),
    });
    const client = await Client.dial(server.ports.cleartext, '::1');
    await client.line();
    await client.ask('USER alice');
    await client.ask('PASS secret');
    expect(await client.ask('EPSV 1')).toMatch(/^522 .*\(2\)/);
    expect(await client.ask('EPSV')).toMatch(/^229 /);
    expect(await client.ask('PASV')).toMatch(/^425 /);
    client.close();
    await server.close();
  });
});

describe('limits', () => {
  const servers: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it('drops a client whose line has no end', async () => {
    const server = await startPop3Server({ modes: ['cleartext'], limits: { lineOctets: 100 } });
    servers.push(server);
    const client = await Client.dial(server.ports.cleartext);
    await client.line();
    client.send('x'.repeat(200));
    await client.ended;
    expect(server.problems).toEqual([]);
  });

  it('drops a client that says nothing for long', async () => {
    const server = await startPop3Server({ modes: ['cleartext'], limits: { idle: 50 } });
    servers.push(server);
    const client = await Client.dial(server.ports.cleartext);
    await client.line();
    await client.ended;
    expect(server.connections[0]?.closed).toBe(true);
  });

  it('keeps the newest 10,000 lines of a client', async () => {
    const server = await startPop3Server({ modes: ['cleartext'] });
    servers.push(server);
    const client = await Client.dial(server.ports.cleartext);
    client.send('NOOP\r\n'.repeat(12_000));
    client.send('QUIT\r\n');
    await client.ended;
    expect(server.connections[0]?.lines).toHaveLength(10_000);
    expect(server.connections[0]?.lines.at(-1)).toBe('QUIT');
  });
});
