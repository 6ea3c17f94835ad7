/**
 * A marker stands in for each secret: passwords, tokens, the proxy's password, passphrases, keys, and what a caller's function or
 * a library has in hand when it throws. No error, log line, event or notice may hold it, however deep it is looked for.
 */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import diagnostics from 'node:diagnostics_channel';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import {
  createThrowawayCa,
  type IssuedCertificate,
  type TestServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Client, ConnectOptions, Driver } from '../hostname-matrix/protocols/driver.js';
import { ftp } from '../hostname-matrix/protocols/ftp.js';
import { imap } from '../hostname-matrix/protocols/imap.js';
import { nntp } from '../hostname-matrix/protocols/nntp.js';
import { pop3 } from '../hostname-matrix/protocols/pop3.js';
import { smtp } from '../hostname-matrix/protocols/smtp.js';

const marker = 'MARKER-7f3a';
/** As it is, and as SASL, HTTP and POP3 write it. */
const disguises = [
  marker,
  Buffer.from(marker).toString('base64').slice(0, 12),
  Buffer.from(`\0alice\0${marker}`).toString('base64').slice(8),
];
const name = 'mail.example.test';
const drivers = [ftp, imap, nntp, pop3, smtp] as readonly Driver<Client>[];

let ca: ThrowawayCa;
let certificate: IssuedCertificate;
beforeAll(async () => {
  ca = await createThrowawayCa();
  certificate = await ca.issue({ names: [name] });
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function serve(driver: Driver<Client>): Promise<TestServer> {
  const server = await driver.start({ users: { alice: 'another' }, certificate });
  open.push(server);
  return server;
}

async function scripted(answers: readonly Uint8Array[]): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const left = [...answers];
    socket.on('error', () => {});
    socket.on('data', () => {
      const next = left.shift();
      if (next === undefined) socket.end();
      else socket.write(next);
    });
  });
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** All that this attempt shows, by every way on which something is shown. */
async function shown(
  driver: Driver<Client>,
  options: object,
): Promise<{ text: string; code: unknown }> {
  const seen: unknown[] = [];
  const note = (message: unknown): void => void seen.push(message);
  const channels = ['open', 'send', 'receive', 'tls', 'auth', 'close'].map((type) =>
    diagnostics.channel(`fivewire:${driver.protocol}:${type}`),
  );
  for (const channel of channels) channel.subscribe(note);
  let code: unknown;
  try {
    const client = await driver.connect({ log: note, ...options } as unknown as ConnectOptions);
    seen.push(client, client.security);
    client.close();
  } catch (error) {
    code = (error as { code?: unknown }).code;
    seen.push(error, JSON.stringify(error), String((error as Error).stack));
  } finally {
    for (const channel of channels) channel.unsubscribe(note);
  }
  return {
    text: inspect(seen, {
      depth: null,
      showHidden: true,
      maxArrayLength: null,
      maxStringLength: null,
    }),
    code,
  };
}

function expectNone({ text }: { text: string }): void {
  for (const disguise of disguises) expect(text).not.toContain(disguise);
}

const modes = ['implicit-tls', 'starttls'] as const;

describe.each(drivers)('$protocol', (driver) => {
  const at = (server: TestServer, mode: (typeof modes)[number]) => ({
    host: '127.0.0.1',
    port: server.ports[mode],
    security: mode,
    serverHostname: name,
    tls: { ca: ca.certificate },
  });

  it.each(modes)('a refused password, given or from a function (%s)', async (mode) => {
    const server = await serve(driver);
    for (const password of [marker, () => marker]) {
      const what = await shown(driver, { ...at(server, mode), auth: { user: 'alice', password } });
      expect(what.code).toMatch(/^ERR_(?:AUTHENTICATION_FAILED|NO_COMMON_MECHANISM)$/);
      expectNone(what);
    }
  });

  it('a password with a fault in it', async () => {
    const server = await serve(driver);
    for (const password of [
      `${marker}\n`,
      () => `${marker}\0`,
      `${marker}\ud800`,
      () => ({ marker }),
    ]) {
      const what = await shown(driver, {
        ...at(server, 'implicit-tls'),
        auth: { user: 'alice', password },
      });
      expect(what.code).toBe('ERR_ARGUMENT');
      expectNone(what);
    }
  });

  it("what a caller's function has in hand when it throws", async () => {
    const server = await serve(driver);
    const password = () =>
      Promise.reject(Object.assign(new Error('vault'), { config: { auth: marker } }));
    const what = await shown(driver, {
      ...at(server, 'implicit-tls'),
      auth: { user: 'alice', password },
    });
    expect(what.code).toBe('ERR_ARGUMENT');
    expect(what.text).toContain('vault');
    expectNone(what);
    const dial = () => Promise.reject(Object.assign(new Error('way'), { options: { marker } }));
    expectNone(await shown(driver, { ...at(server, 'implicit-tls'), dial }));
  });

  it('a server that closes or says nonsense while the password is under way', async () => {
    const server = await serve(driver);
    for (const security of modes) {
      const port = await scripted([Buffer.from('\x16\x03\x01\x00\x02nonsense')]);
      expectNone(
        await shown(driver, {
          ...at(server, security),
          port,
          auth: { user: 'alice', password: marker },
          timeouts: { greeting: 300 },
        }),
      );
    }
  });

  it('a key that is none, a passphrase that is wrong, a container that is none', async () => {
    const server = await serve(driver);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const locked = privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'right',
    });
    expect(createPrivateKey({ key: locked, passphrase: 'right' }).type).toBe('private');
    const cert = certificate.certificate;
    for (const own of [
      { cert, key: `-----BEGIN PRIVATE KEY-----\n${marker}\n-----END PRIVATE KEY-----\n` },
      { cert, key: locked, passphrase: marker },
      { pfx: Buffer.from(marker), passphrase: marker },
    ]) {
      const what = await shown(driver, {
        ...at(server, 'implicit-tls'),
        tls: { ca: ca.certificate, ...own },
      });
      expect(what.code).toBeDefined();
      expectNone(what);
    }
  });

  it.each([
    ['SOCKS5 refuses the login', 'socks5', [Buffer.from([5, 2]), Buffer.from([1, 1])]],
    [
      'SOCKS5 refuses the host',
      'socks5',
      [Buffer.from([5, 2]), Buffer.from([1, 0]), Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0])],
    ],
    ['SOCKS5 speaks nonsense', 'socks5', [Buffer.from('HTTP/1.1 400\r\n\r\n')]],
    ['SOCKS4a refuses', 'socks4a', [Buffer.from([0, 91, 0, 0, 0, 0, 0, 0])]],
    [
      'HTTP wants another login',
      'http',
      [Buffer.from('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n')],
    ],
    ['HTTP closes', 'http', []],
    ['TLS to the proxy fails', 'https', [Buffer.from('no TLS here')]],
  ])('a proxy: %s', async (_, scheme, answers) => {
    const port = await scripted(answers);
    const proxy = `${scheme}://me:${marker}@127.0.0.1:${port}`;
    const what = await shown(driver, { host: name, tls: { ca: ca.certificate }, proxy });
    expect(what.code).toBe('ERR_PROXY_FAILED');
    expectNone(what);
  });

  it('a proxy that does not answer, is misspelt, or comes from a function', async () => {
    for (const proxy of [
      `socks5://me:${marker}@127.0.0.1:1`,
      `ftp://me:${marker}@127.0.0.1:1`,
      `http://me:${marker}@a b`,
      () => `gopher://me:${marker}@x`,
    ])
      expectNone(await shown(driver, { host: name, tls: { ca: ca.certificate }, proxy }));
  });

  it('a URL with a password in it', async () => {
    const connect = driver.connect as unknown as (url: string) => Promise<Client>;
    const error = await connect(`${driver.protocol}s://alice:${marker}@127.0.0.1`).catch(
      (reason: unknown) => reason,
    );
    expectNone({ text: inspect(error, { depth: null, showHidden: true }) });
  });
});

describe.each(drivers.filter(({ protocol }) => protocol !== 'ftp'))('$protocol', (driver) => {
  it('an access token, and its function', async () => {
    const server = await serve(driver);
    const base = {
      host: '127.0.0.1',
      port: server.ports['implicit-tls'],
      serverHostname: name,
      tls: { ca: ca.certificate },
    };
    const thrown = Object.assign(new Error('endpoint'), { request: { token: marker } });
    for (const accessToken of [marker, () => marker, () => Promise.reject(thrown)]) {
      const what = await shown(driver, { ...base, auth: { user: 'alice', accessToken } });
      expect(what.code).toBeDefined();
      expectNone(what);
    }
  });

  it('a mechanism of the caller’s own that throws', async () => {
    const server = await serve(driver);
    const base = {
      host: '127.0.0.1',
      port: server.ports['implicit-tls'],
      serverHostname: name,
      tls: { ca: ca.certificate },
    };
    const own = {
      name: 'PLAIN',
      start() {
        throw Object.assign(new Error('library'), { credentials: marker });
      },
      step: () => new Uint8Array(),
    };
    const what = await shown(driver, {
      ...base,
      auth: { user: 'alice', password: marker },
      mechanisms: [own],
    });
    expect(what.code).toBeDefined();
    expectNone(what);
  });
});
