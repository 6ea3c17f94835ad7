import { createHash } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FtpServerOptions, startTestServers, type TestServers } from '../src/index.js';
import { Client } from './client.js';

const big = Buffer.alloc(200_000, 'fivewire ');

let servers: TestServers;
const clients: Client[] = [];
beforeEach(() => start());
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  expect(servers.problems).toEqual([]);
  await servers.close();
});

async function start(ftp: FtpServerOptions = {}) {
  servers = await startTestServers({
    users: { alice: 'secret' },
    protocols: ['ftp'],
    files: { '/pub/hello.txt': 'hello\n', '/empty': '', '/big': big, '/pub/sub/': '' },
    ftp,
  });
}

const tlsOptions = (maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') => ({
  ca: servers.ca.certificate,
  maxVersion,
});

async function login(
  mode: 'implicit-tls' | 'cleartext' = 'cleartext',
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
) {
  const port = servers.ports.ftp[mode];
  const client =
    mode === 'cleartext'
      ? await Client.dial(port)
      : await Client.dialTls(port, tlsOptions(maxVersion));
  clients.push(client);
  await client.line();
  await client.ask('USER alice');
  expect(await client.ask('PASS secret')).toBe('230 Logged in');
  if (mode !== 'cleartext') {
    expect(await client.ask('PBSZ 0')).toBe('200 PBSZ=0');
    expect(await client.ask('PROT P')).toBe('200 Protection level is P');
  }
  await client.ask('TYPE I');
  return client;
}

async function dataPort(client: Client): Promise<number> {
  const reply = await client.ask('EPSV');
  return Number(/\(\|\|\|(\d+)\|\)/.exec(reply)?.[1]);
}

/** Downloads in clear; the first reply, the octets, and the last reply. */
async function retrieve(client: Client, command: string): Promise<[string, string, string]> {
  const data = await Client.dial(await dataPort(client));
  const first = await client.ask(command);
  await data.ended;
  data.close();
  return [first, Buffer.concat(data.chunks).toString(), await client.line()];
}

describe.each(['TLSv1.3', 'TLSv1.2'] as const)('a data connection over %s', (version) => {
  it.each([
    ['/pub/hello.txt', 6],
    ['/empty', 0],
    ['/big', big.length],
  ])('ends with close_notify: %s', async (path, length) => {
    const client = await login('implicit-tls', version);
    const tap = await TapedSocket.dial(await dataPort(client));
    const data = connectTls({ socket: tap, servername: 'localhost', ...tlsOptions(version) });
    const chunks: Buffer[] = [];
    data.on('data', (chunk: Buffer) => chunks.push(chunk));
    expect(await client.ask(`RETR ${path}`)).toMatch(/^150/);
    await new Promise((resolve) => data.once('end', resolve));
    data.destroy();
    expect(Buffer.concat(chunks)).toHaveLength(length);
    expect(await client.line()).toBe('226 Transfer complete');
    // The last record: an alert (21), which TLS 1.3 dresses as 19 octets of application data (23).
    const expected = version === 'TLSv1.2' ? { type: 21 } : { type: 23, length: 19 };
    expect(tap.records().at(-1)).toMatchObject(expected);
  });

  it('must resume the session of the control connection, where that is asked for', async () => {
    await servers.close();
    await start({ requireSessionReuse: true });
    const control = await Client.dialTls(servers.ports.ftp['implicit-tls'], tlsOptions(version));
    clients.push(control);
    let session: Buffer | undefined;
    control.tls.on('session', (ticket: Buffer) => {
      session = ticket;
    });
    await control.line();
    await control.ask('USER alice');
    await control.ask('PASS secret');
    await control.ask('PROT P');
    session ??= control.tls.getSession();
    const attempt = async (options: { session?: Buffer }) => {
      const port = await dataPort(control);
      control.send('RETR /pub/hello.txt\r\n');
      const data = await Client.dialTls(port, { ...tlsOptions(version), ...options });
      await control.line();
      await data.ended;
      data.close();
      return control.line();
    };
    expect(await attempt({})).toMatch(/^522 /);
    expect(await attempt(session ? { session } : {})).toMatch(/^226 /);
    expect(servers.ftp.dataConnections.map(({ tls }) => tls?.resumed)).toEqual([false, true]);
  });
});

describe('faults on data connections', () => {
  it('cut a download short, and the reply says so', async () => {
    servers.ftp.dataFaults = { cutAfter: 1_000 };
    const client = await login();
    const [, octets, last] = await retrieve(client, 'RETR /big');
    expect(octets).toHaveLength(1_000);
    expect(last).toBe('426 Transfer broken off');
    servers.ftp.dataFaults = undefined;
    expect((await retrieve(client, 'RETR /pub/hello.txt'))[1]).toBe('hello\n');
  });

  it('leave out close_notify', async () => {
    servers.ftp.dataFaults = { withoutCloseNotify: true };
    const client = await login('implicit-tls', 'TLSv1.2');
    const tap = await TapedSocket.dial(await dataPort(client));
    const data = connectTls({ socket: tap, servername: 'localhost', ...tlsOptions('TLSv1.2') });
    data.resume();
    await client.ask('RETR /pub/hello.txt');
    await new Promise((resolve) => data.once('end', resolve));
    data.destroy();
    expect(tap.records().at(-1)?.type).toBe(23);
    expect(await client.line()).toBe('226 Transfer complete');
  });

  it('stall, and ABOR ends it', async () => {
    servers.ftp.dataFaults = { stallAt: 10 };
    const client = await login();
    const data = await Client.dial(await dataPort(client));
    expect(await client.ask('RETR /big')).toMatch(/^150/);
    expect(await client.ask('NOOP')).toBe('200 Ok');
    expect(await client.ask('STAT')).toBe('213 A transfer is under way');
    // Telnet's interrupt and data mark go ahead of it, as from old clients.
    client.socket.write(Buffer.from('\xff\xf4\xff\xf2ABOR\r\n', 'latin1'));
    expect(await client.line()).toBe('426 Transfer broken off');
    expect(await client.line()).toBe('226 Aborted');
    data.close();
    expect(await client.ask('ABOR')).toBe('226 Nothing to abort');
    expect(await client.ask('PWD')).toMatch(/^257/);
  });
});

it('answers pipelined commands in order, each transfer at its turn', async () => {
  const client = await login();
  const data = await Client.dial(await dataPort(client));
  client.send('RETR /pub/hello.txt\r\nPWD\r\nSIZE /big\r\n');
  const replies = [
    await client.line(),
    await client.line(),
    await client.line(),
    await client.line(),
  ];
  expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['150', '226', '257', '213']);
  data.close();
});

it('resumes downloads and uploads by REST, and keeps what a broken upload brought', async () => {
  const client = await login();
  await client.ask('REST 4');
  expect((await retrieve(client, 'RETR /pub/hello.txt'))[1]).toBe('o\n');
  expect((await retrieve(client, 'RETR /pub/hello.txt'))[1]).toBe('hello\n');

  const upload = async (command: string, octets: string, broken: boolean) => {
    const data = await Client.dial(await dataPort(client));
    await client.ask(command);
    data.socket.write(octets);
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (broken) data.socket.resetAndDestroy();
    else data.socket.end();
    return client.line();
  };
  expect(await upload('STOR /up', 'abcdef', false)).toBe('226 Transfer complete');
  await client.ask('REST 3');
  expect(await upload('STOR /up', 'XY', false)).toBe('226 Transfer complete');
  expect(servers.files.read('/up')?.toString()).toBe('abcXY');
  expect(await upload('APPE /up', '!', false)).toBe('226 Transfer complete');
  expect(servers.files.read('/up')?.toString()).toBe('abcXY!');
  expect(await client.ask('REST 99')).toMatch(/^350/);
  expect(await client.ask('STOR /up')).toMatch(/^554/);
});

it('refuses an upload that is too big', async () => {
  await servers.close();
  await start({ maxFileOctets: 10 });
  const client = await login();
  const data = await Client.dial(await dataPort(client));
  await client.ask('STOR /up');
  data.socket.end('x'.repeat(11));
  expect(await client.line()).toBe('552 Too big');
  data.close();
});

describe('active mode', () => {
  it('is refused unless enabled', async () => {
    const client = await login();
    expect(await client.ask('PORT 127,0,0,1,200,1')).toBe('502 Use EPSV');
    expect(await client.ask('EPRT |1|127.0.0.1|50000|')).toBe('502 Use EPSV');
  });

  it('dials the client, and nobody else', async () => {
    await servers.close();
    await start({ activeMode: true });
    const client = await login();
    expect(await client.ask('PORT 10,0,0,1,200,1')).toBe('504 Not there');
    expect(await client.ask('PORT 127,0,0,1,0,25')).toBe('504 Not there');
    expect(await client.ask('PORT 1,2,3')).toBe('501 Syntax error');
    const listener = createServer();
    await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const arrived = new Promise<Socket>((resolve) => void listener.once('connection', resolve));
    expect(await client.ask(`EPRT |1|127.0.0.1|${port}|`)).toBe('200 Will dial');
    expect(await client.ask('RETR /pub/hello.txt')).toMatch(/^150/);
    const data = new Client(await arrived);
    await data.ended;
    expect(Buffer.concat(data.chunks).toString()).toBe('hello\n');
    expect(await client.line()).toBe('226 Transfer complete');
    data.close();
    listener.close();
  });
});

it('lists for machines and for people', async () => {
  const client = await login();
  const modified = new Date('2026-01-02T03:04:05Z');
  const file = servers.files.file('/pub/hello.txt');
  if (file) file.modified = modified;
  const [, machine] = await retrieve(client, 'MLSD /pub');
  expect(machine).toMatch(
    /^type=cdir;.* \.\r\ntype=file;size=6;modify=20260102030405;perm=adfrw;unique=[0-9a-f]{12};UNIX\.mode=0644; hello\.txt\r\ntype=dir;.* sub\r\n$/,
  );
  await client.ask('OPTS MLST size;type;');
  client.send('MLST /pub/hello.txt\r\n');
  expect(await client.until(/^250 /)).toEqual([
    '250-Listing',
    ' type=file;size=6; /pub/hello.txt',
    '250 End',
  ]);
  const [, people] = await retrieve(client, 'LIST -la pub');
  expect(people).toMatch(
    /^-rw-r--r-- {3}1 ftp {6}ftp {15}6 Jan {2}2 {2}2026 hello\.txt\r\ndrwxr-xr-x/,
  );
  expect((await retrieve(client, 'NLST /pub'))[1]).toBe('hello.txt\r\nsub\r\n');
  expect(await client.ask('MLSD /pub/hello.txt')).toMatch(/^501/);
  expect(await client.ask('LIST /nowhere')).toMatch(/^550/);
});

it('hashes, dates, modes, and refuses what cannot be', async () => {
  const client = await login();
  const digest = createHash('sha256').update(big).digest('hex');
  expect(await client.ask('HASH /big')).toBe(`213 SHA-256 0-${big.length} ${digest} /big`);
  expect(await client.ask('MFMT 20260102030405 /big')).toBe('213 Modify=20260102030405; /big');
  expect(await client.ask('MDTM /big')).toBe('213 20260102030405');
  expect(await client.ask('SITE CHMOD 600 /big')).toBe('200 Mode changed');
  expect(servers.files.file('/big')?.mode).toBe(0o600);
  for (const [command, code] of [
    ['RETR /big', '425'],
    ['RETR /nowhere', '550'],
    ['MKD /pub', '550'],
    ['MKD /no/where', '550'],
    ['RMD /pub', '550'],
    ['DELE /pub', '550'],
    ['RNTO /x', '503'],
    ['CWD /big', '550'],
    ['TYPE E', '504'],
    ['STRU R', '504'],
    ['MODE Z', '504'],
    ['AUTH TLS', '502'],
    ['PROT P', '503'],
    ['FROB', '500'],
    ['EPSV 3', '522'],
    ['EPSV ALL', '200'],
    ['PASV', '425'],
  ])
    expect([command, (await client.ask(command as string)).slice(0, 3)]).toEqual([command, code]);
  await client.ask('RNFR /pub');
  expect(await client.ask('RNTO /pub/sub/pub')).toMatch(/^553/);
});

it('wants protected data where told so', async () => {
  await servers.close();
  await start({ requireProtectedData: true });
  const client = await login('implicit-tls');
  await client.ask('PROT C');
  await client.ask('EPSV');
  expect(await client.ask('RETR /big')).toMatch(/^521/);
});

it('takes data only from the client itself, and names another host where told to', async () => {
  await servers.close();
  await start({ passiveHost: '10.9.8.7' });
  const client = await login();
  expect(await client.ask('PASV')).toMatch(/\(10,9,8,7,\d+,\d+\)$/);
});

/** A Duplex under a TLS client that keeps what the server sent, to be read as records. */
class TapedSocket extends Duplex {
  readonly #tcp: Socket;
  readonly #chunks: Buffer[] = [];

  static async dial(port: number): Promise<TapedSocket> {
    const tcp = connect(port, '127.0.0.1');
    await new Promise((resolve) => tcp.once('connect', resolve));
    return new TapedSocket(tcp);
  }

  constructor(tcp: Socket) {
    super();
    this.#tcp = tcp;
    tcp.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.push(chunk);
    });
    tcp.on('end', () => this.push(null));
    tcp.on('error', (error) => this.destroy(error));
  }

  override _read() {}

  override _write(chunk: Buffer, _encoding: string, done: () => void) {
    this.#tcp.write(chunk, () => done());
  }

  override _final(done: () => void) {
    this.#tcp.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void) {
    this.#tcp.destroy();
    done(error);
  }

  records(): { type: number; length: number }[] {
    const octets = Buffer.concat(this.#chunks);
    const records: { type: number; length: number }[] = [];
    for (let at = 0; at < octets.length; at += 5 + (records.at(-1)?.length ?? 0))
      records.push({ type: octets[at] ?? 0, length: octets.readUInt16BE(at + 3) });
    return records;
  }
}
