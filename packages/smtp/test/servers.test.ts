/** Over real sockets and real TLS, against @fivewire/test-servers. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createThrowawayCa,
  type SmtpServer,
  type SmtpServerOptions,
  startSmtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSmtpPool, SmtpClient, type SmtpOptions } from '../src/index.js';
import { failure } from './dialogue.js';

const from = 'alice@example.test';
const to = 'bob@example.test';
const auth = { user: 'alice', password: 'secret' };
const users = { alice: 'secret', bob: 'geheim' };

let ca: ThrowawayCa;
let server: SmtpServer;

beforeAll(async () => {
  ca = await createThrowawayCa();
});
afterEach(async () => {
  expect(server.problems).toEqual([]);
  await server.close();
});

async function start(options: SmtpServerOptions = {}): Promise<void> {
  server = await startSmtpServer({ users, certificate: await ca.issue(), ...options });
}

const reach = (security: 'implicit-tls' | 'starttls' | 'cleartext'): SmtpOptions => ({
  host: '127.0.0.1',
  port: server.ports[security],
  security,
  serverHostname: 'localhost',
  ...(security === 'cleartext' ? {} : { tls: { ca: ca.certificate } }),
});

describe.each(['implicit-tls', 'starttls'] as const)('%s', (security) => {
  test('the name is proven, the login bound, the message delivered octet for octet', async () => {
    await start({ requireAuth: true });
    const client = await SmtpClient.connect({ ...reach(security), auth });
    try {
      expect(client.security).toMatchObject({
        mode: security,
        verified: true,
        matchedName: 'localhost',
        protocol: 'TLSv1.3',
      });
      const result = await client.send({ from, to }, 'Subject: x\n\n.\n..\nend');
      expect(result.accepted).toHaveLength(1);
    } finally {
      await client.quit();
    }
    expect(server.mail.deliveries).toEqual([{ from, to: [to] }]);
    const [record] = server.connections;
    expect(record?.user).toBe('alice');
    expect(record?.lines.some((line) => line.startsWith('AUTH SCRAM-SHA-256-PLUS '))).toBe(true);
  });

  test('a wrong name is refused before anything is said', async () => {
    await start();
    const error = await failure(
      SmtpClient.connect({ ...reach(security), serverHostname: 'other.test', auth }),
    );
    expect(error).toMatchObject({
      code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
      connection: 'closed',
      protocol: 'smtp',
      serverHostname: 'other.test',
    });
    expect(server.connections[0]?.lines.join('\n')).not.toMatch(/AUTH|MAIL/);
  });

  test('an untrusted authority is refused', async () => {
    await start();
    const other = await createThrowawayCa();
    expect(
      await failure(SmtpClient.connect({ ...reach(security), tls: { ca: other.certificate } })),
    ).toMatchObject({ code: 'ERR_CERTIFICATE_UNTRUSTED', connection: 'closed' });
  });

  test('a pool resumes its sessions and shares its work', async () => {
    await start();
    const pool = createSmtpPool({ ...reach(security), auth, maxConnections: 3 });
    try {
      const sent = await Promise.all(
        Array.from({ length: 30 }, (_, i) => pool.send({ from, to }, `message ${i}`)),
      );
      expect(sent).toHaveLength(30);
      expect(pool.size).toBeLessThanOrEqual(3);
    } finally {
      await pool.close();
    }
    expect(server.mail.deliveries).toHaveLength(30);
    expect(server.connections.length).toBeLessThanOrEqual(3);
  });
});

describe('after STARTTLS', () => {
  test('what was offered before is forgotten', async () => {
    await start({ faults: { octetByOctet: true } });
    const client = await SmtpClient.connect(reach('starttls'));
    expect(client.capabilities.has('STARTTLS')).toBe(false);
    expect(client.capabilities.get('AUTH')).toContain('SCRAM-SHA-256-PLUS');
    await client.quit();
    expect(server.connections[0]?.lines.filter((line) => line.startsWith('EHLO'))).toHaveLength(2);
  });

  test('octets ahead of it end the connection: a go-ahead to what nobody has sent', async () => {
    await start({ impostor: { inClear: { EHLO: '250-x\r\n250 STARTTLS\r\n220 go\r\n' } } });
    expect(await failure(SmtpClient.connect({ ...reach('starttls'), auth }))).toMatchObject({
      code: 'ERR_STARTTLS_INJECTION',
    });
    expect(server.connections[0]?.lines).toHaveLength(1);
  });

  test('octets behind the go-ahead end the connection', async () => {
    await start({ faults: { injectAfterStartTls: '250 injected\r\n' } });
    expect(await failure(SmtpClient.connect({ ...reach('starttls'), auth }))).toMatchObject({
      code: 'ERR_STARTTLS_INJECTION',
    });
  });

  test('a handshake that stalls', async () => {
    await start({ faults: { insteadOfHandshake: '' } });
    const error = await failure(
      SmtpClient.connect({ ...reach('starttls'), timeouts: { tls: 100 } }),
    );
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'tls' });
  });
});

describe('bodies over TLS', () => {
  const path = join(tmpdir(), `fivewire-smtp-${process.pid}.eml`);
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i % 7 ? '' : '.'}line ${i}`.padEnd(60));
  const content = `Subject: big\r\n\r\n${lines.join('\r\n')}\r\n`;
  const digest = (octets: string | Uint8Array): string =>
    createHash('sha256').update(octets).digest('hex');

  beforeAll(() => writeFile(path, content));
  afterAll(() => rm(path));

  test.each([
    ['DATA', {}],
    ['BDAT', { chunking: true }],
  ])('a file of some megabytes by %s', async (_, options) => {
    await start();
    const client = await SmtpClient.connect({ ...reach('implicit-tls'), ...options });
    try {
      const { bytes } = await client.send({ from, to }, createReadStream(path));
      expect(bytes).toBe(content.length);
      await client.send({ from, to }, content);
      await client.send({ from, to }, content.replaceAll('\r\n', '\n'));
    } finally {
      await client.quit();
    }
    const stored = server.mail.mailbox('bob', 'INBOX')?.messages ?? [];
    expect(stored.map(({ octets }) => digest(octets))).toEqual(Array(3).fill(digest(content)));
  });

  test('a file that is not there', async () => {
    await start();
    const client = await SmtpClient.connect(reach('implicit-tls'));
    try {
      const error = await failure(client.send({ from, to }, createReadStream('/does/not/exist')));
      expect(error).toMatchObject({ code: 'ERR_LOCAL_IO', connection: 'usable' });
      await client.send({ from, to }, 'x');
    } finally {
      await client.quit();
    }
    expect(server.mail.deliveries).toHaveLength(1);
  });

  test('too big: the server says so, early or late', async () => {
    await start({ maxMessageOctets: 10_000 });
    const client = await SmtpClient.connect(reach('implicit-tls'));
    const error = await failure(client.send({ from, to }, content));
    expect(error).toMatchObject({ code: 'ERR_EXTENSION_REQUIRED', connection: 'usable' });
    expect(error.message).toContain('10000');
    expect(server.connections[0]?.lines.join('\n')).not.toContain('MAIL');
    const streamed = await failure(client.send({ from, to }, createReadStream(path)));
    expect(streamed).toMatchObject({ code: 'ERR_COMMAND_REJECTED', reply: { code: 552 } });
    await client.quit();
    expect(server.mail.deliveries).toEqual([]);
  });
});

describe('the pool', () => {
  test('a connection that died while idle is replaced', async () => {
    await start();
    const pool = createSmtpPool({ ...reach('cleartext'), maxConnections: 1 });
    await pool.use(async (client) => {
      await client.noop();
    });
    // The pool does not hear of it before it lends it again.
    const dead = await pool.acquire();
    const sending = pool.send({ from, to }, 'x');
    dead.client.close();
    dead.release();
    expect((await sending).bytes).toBe(1);
    await pool.close();
    expect(server.mail.deliveries).toHaveLength(1);
  });

  test('a server that takes nobody is asked once, where the caller does not wait', async () => {
    await start({ faults: { greeting: '421 4.3.2 Too busy' } });
    const pool = createSmtpPool({ ...reach('cleartext'), outageTimeout: 0 });
    expect(await failure(pool.send({ from, to }, 'x'))).toMatchObject({
      code: 'ERR_SERVER_CLOSING',
      retry: 'later',
    });
    await pool.close();
    expect(server.connections).toHaveLength(1);
  });

  test('streams go over a pool as well', async () => {
    await start();
    const pool = createSmtpPool(reach('cleartext'));
    const bodies = Array.from({ length: 10 }, (_, i) => new Blob([`message ${i}`]).stream());
    await Promise.all(bodies.map((body) => pool.send({ from, to }, body)));
    await pool.close();
    expect(server.mail.deliveries).toHaveLength(10);
  });

  test('refuses what belongs to one connection', async () => {
    await start();
    for (const wrong of [{ signal: new AbortController().signal }, { stream: {} }])
      expect(() => createSmtpPool({ ...reach('cleartext'), ...wrong } as never)).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT' }),
      );
    expect(() => createSmtpPool({ ...reach('cleartext'), maxConnections: 0 })).toThrow();
    expect(() => createSmtpPool({ ...reach('cleartext'), rateLimit: 1 } as never)).toThrow();
  });

  test('its rate holds for a client in use() too, and no call waits for itself', async () => {
    await start();
    const pool = createSmtpPool({
      ...reach('cleartext'),
      maxConnections: 1,
      rate: { messages: 3, per: 3_600_000 },
    });
    const { signal } = new AbortController();
    const stop = new AbortController();
    await pool.use(async (client) => {
      const behind = failure(pool.send({ from, to }, 'behind', { signal: stop.signal }));
      await client.send({ from, to }, 'one', { signal });
      for await (const outcome of client.sendMany([{ envelope: { from, to }, body: 'two' }]))
        expect(outcome.ok).toBe(true);
      // One is reserved for the call that waits for this connection.
      const fourth = failure(client.send({ from, to }, 'four', { signal: stop.signal }));
      stop.abort();
      expect([await fourth, await behind]).toMatchObject([
        { code: 'ERR_ABORTED' },
        { code: 'ERR_ABORTED' },
      ]);
    });
    expect(server.mail.deliveries).toHaveLength(2);
    await pool.close();
  });

  test('a body that breaks while it waits for a connection ends nothing but its own call', async () => {
    await start();
    const pool = createSmtpPool({ ...reach('cleartext'), maxConnections: 1 });
    const lease = await pool.acquire();
    const sending = failure(pool.send({ from, to }, createReadStream('/does/not/exist')));
    await new Promise((resolve) => setTimeout(resolve, 20));
    lease.release();
    expect(await sending).toMatchObject({ code: 'ERR_LOCAL_IO' });
    await pool.close();
  });
});

test('LMTP over a Unix socket', async () => {
  const socketPath = join(tmpdir(), `fivewire-lmtp-${process.pid}.sock`);
  await start({
    lmtp: true,
    modes: ['cleartext'],
    socketPath,
    refuseMessages: { [to]: '452 4.2.2 Full' },
  });
  const client = await SmtpClient.connect({ protocol: 'lmtp', security: 'cleartext', socketPath });
  try {
    const { accepted, refused } = await client.send({ from, to: [to, from] }, 'x');
    expect(accepted.map(({ address }) => address)).toEqual([from]);
    expect(refused.map(({ reply }) => reply.code)).toEqual([452]);
  } finally {
    await client.quit();
  }
});
