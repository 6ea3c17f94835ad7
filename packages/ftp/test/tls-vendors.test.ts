/** What one vendor's server does over TLS and no RFC says: a server of a few lines that has the manner, for each. */
import { createServer as createTcpServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  TLSSocket,
} from 'node:tls';
import {
  createThrowawayCa,
  type IssuedCertificate,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFtpPool, FtpClient, type FtpConnectOptions } from '../src/index.js';

let ca: ThrowawayCa;
let certificate: IssuedCertificate;
beforeAll(async () => {
  ca = await createThrowawayCa();
  certificate = await ca.issue({ names: ['ftp.example.test'] });
});

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean();
});

interface Manners {
  /** Greets a data connection by TLS only when its command has come. */
  helloBehindCommand?: boolean;
  /** Data has to resume a session, and that of its own control connection. */
  resumesOwn?: boolean;
  /** Says 226 of a download only when the client has ended TLS as well. */
  waitsForClose?: boolean;
  /** Knows no name by SNI. */
  refusesNames?: boolean;
  /** What PROT C is answered. */
  clear?: string;
  features?: string;
}

interface Served {
  options: FtpConnectOptions;
  /** Commands, and what became of data connections. */
  said: string[];
}

/** Implicit TLS; RETR gives the path itself, STOR takes what comes, LIST shows nothing. */
async function serve(manners: Manners): Promise<Served> {
  const said: string[] = [];
  const tls = { key: certificate.key, cert: certificate.chain, sessionIdContext: 'ftp' };
  let controls = 0;
  const front = createTcpServer(async (socket) => {
    if ((await namesServer(socket)) && manners.refusesNames) {
      socket.end(unrecognizedName);
      return;
    }
    controls += 1; // whose tickets are under keys of its own
    const secureContext = createSecureContext({
      ...tls,
      ticketKeys: Buffer.alloc(48, controls),
    } as SecureContextOptions);
    const control = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['ftp'],
    });
    control.on('error', () => {});
    control.once('secure', () => converse(control, secureContext));
  });

  function converse(control: TLSSocket, context: SecureContext): void {
    let arrival: Promise<Socket> | undefined;
    const say = (line: string) => control.write(`${line}\r\n`);
    const secured = async (): Promise<TLSSocket | undefined> => {
      const socket = await (arrival as Promise<Socket>);
      const data = new TLSSocket(socket, {
        isServer: true,
        secureContext: context,
        ALPNProtocols: ['ftp'],
      });
      data.on('error', () => {});
      await new Promise((resolve) => data.once('secure', resolve).once('close', resolve));
      await new Promise((resolve) => setImmediate(resolve)); // or Node's end would be no close_notify
      const resumed = data.isSessionReused();
      said.push(resumed ? 'resumed' : 'not resumed');
      if (manners.resumesOwn && !resumed) {
        say('522 SSL connection failed; session reuse required');
        data.destroy();
        return undefined;
      }
      return data;
    };
    let ready: Promise<TLSSocket | undefined> | undefined;
    const verbs: Record<string, (argument: string) => unknown> = {
      USER: () => say('331 password'),
      PASS: () => say('230 welcome'),
      FEAT: () => say(`211-Features\r\n EPSV\r\n${manners.features ?? ''}211 End`),
      SYST: () => say('215 UNIX Type: L8'),
      TYPE: () => say('200 ok'),
      PBSZ: () => say('200 ok'),
      PROT: (level) => say(level === 'C' ? (manners.clear ?? '200 ok') : '200 ok'),
      NOOP: () => say('200 ok'),
      EPSV: () => {
        const listener = createTcpServer().listen(0, '127.0.0.1', () =>
          say(`229 ok (|||${(listener.address() as { port: number }).port}|)`),
        );
        cleanups.push(() => listener.close());
        arrival = new Promise((resolve) => listener.once('connection', resolve));
        if (!manners.helloBehindCommand) {
          ready = secured();
          ready.catch(() => {});
        }
      },
      RETR: async (path) => {
        say('150 go');
        const data = await (manners.helloBehindCommand ? secured() : ready);
        if (data === undefined) return;
        const ended = new Promise((resolve) => data.once('end', resolve));
        data.resume().end(path);
        if (manners.waitsForClose) await ended;
        say('226 done');
      },
      STOR: async () => {
        say('150 go');
        const data = await (manners.helloBehindCommand ? secured() : ready);
        if (data === undefined) return;
        said.push(`got ${(await buffer(data)).toString()}`);
        data.end();
        say('226 done');
      },
      QUIT: () => control.end('221 bye\r\n'),
    };
    let held = '';
    control
      .on('error', () => {})
      .on('data', (octets) => {
        held += octets.toString('latin1');
        const lines = held.split('\r\n');
        held = lines.pop() ?? '';
        for (const line of lines) {
          const [verb = '', ...rest] = line.split(' ');
          said.push(line);
          (verbs[verb] ?? (() => say('502 no')))(rest.join(' '));
        }
      });
    say('220 ready');
  }

  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => front.close());
  const options: FtpConnectOptions = {
    host: '127.0.0.1',
    port: (front.address() as { port: number }).port,
    serverHostname: 'ftp.example.test',
    tls: { ca: ca.certificate },
    auth: { user: 'alice', password: 'secret' },
    timeouts: { reply: 3_000, stall: 3_000, finalReply: 3_000, close: 300, tls: 3_000 },
  };
  return { options, said };
}

const serverName = 0;
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** Whether a ClientHello, which stays in the socket, names a server (RFC 6066 §3). */
async function namesServer(socket: Socket): Promise<boolean> {
  let hello = Buffer.alloc(0);
  while (hello.length < 5 || hello.length < 5 + hello.readUInt16BE(3)) {
    const piece: Buffer | null = socket.read();
    if (piece !== null) hello = Buffer.concat([hello, piece]);
    else if (socket.readableEnded || socket.destroyed) return false;
    else await new Promise((resolve) => socket.once('readable', resolve).once('close', resolve));
  }
  socket.unshift(hello);
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at); // session id
  at += 2 + hello.readUInt16BE(at); // cipher suites
  at += 1 + hello.readUInt8(at); // compression
  for (at += 2; at + 4 <= hello.length; at += 4 + hello.readUInt16BE(at + 2))
    if (hello.readUInt16BE(at) === serverName) return true;
  return false;
}

async function client(served: Served, more: Partial<FtpConnectOptions> = {}): Promise<FtpClient> {
  const ftp = await FtpClient.connect({ ...served.options, ...more });
  cleanups.push(() => ftp.close());
  return ftp;
}

const read = async (ftp: Pick<FtpClient, 'createReadStream'>, path: string): Promise<string> =>
  String(await buffer(ftp.createReadStream(path)));

describe('vsftpd', () => {
  it('demands resumption: two tickets of TLS 1.3 do for any number of data connections', async () => {
    const served = await serve({ resumesOwn: true });
    const ftp = await client(served, { tls: { ca: ca.certificate, minVersion: 'TLSv1.3' } });
    for (const path of ['/a', '/b', '/c', '/d', '/e', '/f'])
      expect(await read(ftp, path)).toBe(path);
    await ftp.upload('up', '/g', { verify: false });
    expect(served.said.filter((line) => line === 'resumed')).toHaveLength(7);
    expect(served.said).not.toContain('not resumed');
  });
});

describe('ProFTPD', () => {
  it.each(['', ' MLST modify*;perm*;size*;type*;unique*;UNIX.group*;UNIX.mode*;UNIX.owner*;\r\n'])(
    'begins TLS on the data connection behind its command only: the command does not wait for it, %j',
    async (features) => {
      const served = await serve({ helloBehindCommand: true, features });
      const ftp = await client(served);
      expect(await read(ftp, '/a')).toBe('/a');
      await ftp.upload('up', '/b', { verify: false });
      expect(served.said).toContain('got up');
    },
  );
});

describe('FileZilla Server', () => {
  it('wants the session of the own control connection resumed: connections of a pool keep theirs apart', async () => {
    const served = await serve({ resumesOwn: true });
    const pool = createFtpPool({ ...served.options, maxConnections: 2 });
    cleanups.push(() => pool.close());
    const paths = ['/a', '/b', '/c', '/d'];
    expect(await Promise.all(paths.map((path) => read(pool, path)))).toEqual(paths);
    expect(served.said.filter((line) => line.startsWith('USER'))).toHaveLength(2);
    expect(served.said.filter((line) => line === 'resumed')).toHaveLength(4);
  });

  it('waits for our close_notify before it says that a download is done (1.5.1 and older)', async () => {
    const ftp = await client(await serve({ waitsForClose: true }));
    for (const path of ['/a', '/b']) expect(await read(ftp, path)).toBe(path);
  });

  it('refuses PROT C', async () => {
    const served = await serve({ clear: '534 This server does not allow PROT C' });
    await expect(client(served, { dataProtection: 'unsafe-clear' })).rejects.toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'closed',
      hint: expect.stringContaining('dataProtection'),
    });
    expect(served.said.filter((line) => line.startsWith('RETR'))).toEqual([]);
  });
});

describe('a server that knows no name by SNI (ProFTPD with hosts of other names)', () => {
  it('is an error that says what to do, and is let in without the name', async () => {
    const served = await serve({ refusesNames: true });
    await expect(client(served)).rejects.toMatchObject({
      code: 'ERR_TLS_HANDSHAKE',
      hint: expect.stringContaining('sni: false'),
    });
    const ftp = await client(served, { tls: { ca: ca.certificate, sni: false } });
    expect(ftp.security).toMatchObject({ verified: true, matchedName: 'ftp.example.test' });
    expect(await read(ftp, '/a')).toBe('/a');
  });
});
