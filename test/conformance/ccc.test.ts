/** CCC, RFC 4217 §6: TLS leaves the control connection by close_notify of both sides, and the wire goes on in clear. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { FtpClient, type FtpConnectOptions } from '@fivewire/ftp';
import {
  createThrowawayCa,
  type IssuedCertificate,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

const name = 'ftp.example.test';
let ca: ThrowawayCa;
let identity: IssuedCertificate;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  ca = await createThrowawayCa();
  identity = await ca.issue({ names: [name] });
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** What TLS runs over while it runs: its end is not the socket's. */
class Beneath extends Duplex {
  readonly #socket: Socket;
  /** One more record is of TLS, as servers read that take a record at a time. */
  isLast = false;
  readonly #onData = (octets: Buffer): void => {
    if (!this.isLast) return void this.push(octets);
    const length = 5 + octets.readUInt16BE(3);
    this.push(octets.subarray(0, length));
    this.#socket.off('data', this.#onData).pause();
    if (length < octets.length) this.#socket.unshift(octets.subarray(length));
  };

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', this.#onData);
  }

  override _read(): void {}

  override _write(octets: Buffer, _encoding: string, done: () => void): void {
    this.#socket.write(octets, done);
  }

  override _final(done: () => void): void {
    done();
  }
}

interface Manners {
  /** Its close_notify comes only when the client's has. */
  waits?: boolean;
  refuses?: boolean;
  /** It never says close_notify. */
  stays?: boolean;
}

/** One control connection. @returns what was said to it under TLS, and what in clear */
async function server(manners: Manners = {}) {
  const secret: string[] = [];
  const clear: string[] = [];
  const listening = createServer((socket) => {
    open.push({ close: () => socket.destroy() });
    socket.on('error', () => {});
    const answer = (line: string, say: (text: string) => void): void => {
      if (line.startsWith('USER')) say('331 password');
      else if (line.startsWith('PASS')) say('230 in');
      else if (line === 'FEAT') say('211-F\r\n CCC\r\n211 End');
      else if (line === 'PWD') say('257 "/"');
      else say('200 ok');
    };
    const converse = (stream: Duplex, heard: string[], onCcc?: () => void): void => {
      stream.on('data', (octets) => {
        for (const line of String(octets).split('\r\n').filter(Boolean)) {
          heard.push(line);
          if (line === 'CCC') onCcc?.();
          else answer(line, (text) => stream.write(`${text}\r\n`));
        }
      });
    };
    const begin = (): void => {
      const beneath = new Beneath(socket);
      const tls = new TLSSocket(beneath, {
        isServer: true,
        cert: identity.chain,
        key: identity.key,
      });
      tls.on('error', () => {});
      converse(tls, secret, () => {
        if (manners.refuses) return tls.write('534 no\r\n');
        tls.write('200 in clear from now on\r\n');
        const end = (): void => void tls.end();
        if (manners.waits) tls.once('end', end);
        else if (!manners.stays) end();
        beneath.isLast = true;
        tls.once('end', () => {
          converse(socket, clear);
          socket.resume();
        });
      });
    };
    socket.write('220 ready\r\n');
    socket.once('data', () => {
      socket.write('234 go on\r\n');
      begin();
    });
  });
  open.push(listening);
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as { port: number };
  const options: FtpConnectOptions = {
    host: '127.0.0.1',
    port,
    serverHostname: name,
    security: 'starttls',
    tls: { ca: ca.certificate },
    auth: { user: 'alice', password: 'secret' },
    controlProtection: 'unsafe-clear',
  };
  return { options, secret, clear };
}

describe('CCC', () => {
  it.each<[string, Manners, FtpConnectOptions['tls']]>([
    ['the server says close_notify with its reply', {}, {}],
    ['it waits for that of the client', { waits: true }, {}],
    ['TLS 1.2', {}, { maxVersion: 'TLSv1.2' }],
    ['TLS 1.2, and it waits', { waits: true }, { maxVersion: 'TLSv1.2' }],
  ])('the login is under TLS, what follows is not: %s', async (_how, manners, tls) => {
    const { options, secret, clear } = await server(manners);
    const ftp = await FtpClient.connect({ ...options, tls: { ...options.tls, ...tls } as never });
    open.push(ftp);
    expect(ftp.security).toMatchObject({ verified: true, controlProtection: 'clear' });
    expect(await ftp.workingDirectory()).toBe('/');
    expect(await Promise.all([ftp.command('NOOP'), ftp.command('NOOP')])).toHaveLength(2);
    expect(secret).toContain('PASS secret');
    expect(secret.at(-1)).toBe('CCC');
    expect(clear).toEqual(['PWD', 'NOOP', 'NOOP']);
  });

  it('a server that refuses is an error, and nothing follows in clear', async () => {
    const { options, clear } = await server({ refuses: true });
    await expect(FtpClient.connect(options)).rejects.toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      command: 'CCC',
      connection: 'closed',
    });
    expect(clear).toEqual([]);
  });

  it('a server that never leaves TLS ends the connection', async () => {
    const { options } = await server({ stays: true });
    const connecting = FtpClient.connect({ ...options, timeouts: { tls: 200 } });
    await expect(connecting).rejects.toMatchObject({ connection: 'closed' });
  });

  it('is not asked for unless it is meant', async () => {
    const { options, secret } = await server();
    const ftp = await FtpClient.connect({ ...options, controlProtection: 'private' });
    open.push(ftp);
    await ftp.command('NOOP');
    expect(secret).not.toContain('CCC');
    expect('controlProtection' in ftp.security).toBe(false);
  });
});
