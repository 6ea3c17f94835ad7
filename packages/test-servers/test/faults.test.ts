import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Faults, startTestServers, type TestServers } from '../src/index.js';
import { Client } from './client.js';

// Each fault as a client sees it.

let servers: TestServers;
beforeEach(async () => {
  servers = await startTestServers({ users: { alice: 'secret' } });
});
afterEach(async () => {
  expect(servers.problems).toEqual([]);
  await servers.close();
});

const greeting = '+OK POP3 ready\r\n';
const received = (client: Client) => Buffer.concat(client.chunks).toString();

function dial(faults: Faults, secure = false): Promise<Client> {
  servers.pop3.faults = faults;
  return secure
    ? Client.dialTls(servers.ports.pop3['implicit-tls'], { ca: servers.ca.certificate })
    : Client.dial(servers.ports.pop3.cleartext);
}

describe.each([
  ['in clear', false],
  ['under TLS', true],
])('%s', (_how, secure) => {
  it('answers octet by octet', async () => {
    const client = await dial({ octetByOctet: true }, secure);
    expect(await client.line()).toBe('+OK POP3 ready');
    expect(client.chunks.length).toBeGreaterThan(greeting.length / 2);
    client.close();
  });

  it.each(['fin', 'close-notify', 'reset'] as const)('cuts after n octets, by %s', async (cut) => {
    const client = await dial({ cutAfter: greeting.length + 4, cut }, secure);
    await client.line();
    client.send('CAPA\r\n');
    expect(await client.ended).toBe(cut === 'reset' ? 'reset' : 'end');
    expect(received(client)).toBe(`${greeting}+OK `);
  });

  it('resets behind what was sent, however long a turn of the event loop takes', async () => {
    const client = await dial({ cutAfter: greeting.length + 4, cut: 'reset' }, secure);
    await client.line();
    let busy = setImmediate(function work() {
      for (const end = performance.now() + 20; performance.now() < end; );
      busy = setImmediate(work);
    });
    client.send('CAPA\r\n');
    expect(await client.ended).toBe('reset');
    clearImmediate(busy);
    expect(received(client)).toBe(`${greeting}+OK `);
  });

  it('stalls at octet n, and keeps the connection', async () => {
    const client = await dial({ stallAt: 5 }, secure);
    client.send('CAPA\r\n');
    await expect.poll(() => received(client)).toBe('+OK P');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received(client)).toBe('+OK P');
    expect(servers.pop3.connections[0]?.closed).toBe(false);
    client.close();
  });

  it('floods, and goes on after it', async () => {
    const client = await dial({ flood: { after: 3, text: 'spam ', total: 100_000 } }, secure);
    await client.line();
    expect(received(client)).toHaveLength(greeting.length + 100_000);
    expect(received(client).startsWith('+OKspam spam')).toBe(true);
    expect(await client.ask('QUIT')).toBe('+OK Bye');
    client.close();
  });

  it('greets as told, and puts text in front of an answer at run time', async () => {
    const client = await dial({ greeting: '+OK otherwise' }, secure);
    expect(await client.line()).toBe('+OK otherwise');
    const [record] = servers.pop3.connections;
    if (record) record.faults = { prefix: 'unasked\r\n' };
    expect(await client.ask('QUIT')).toBe('unasked');
    expect(await client.line()).toBe('+OK Bye');
    client.close();
  });
});

it('takes faults by the number of the connection', async () => {
  servers.pop3.faults = (connection) => (connection === 1 ? { greeting: '-ERR no' } : undefined);
  const { cleartext } = servers.ports.pop3;
  const greetings: string[] = [];
  for (let number = 0; number < 3; number++) {
    const client = await Client.dial(cleartext);
    greetings.push(await client.line());
    client.close();
  }
  expect(greetings).toEqual(['+OK POP3 ready', '-ERR no', '+OK POP3 ready']);
});

describe('STARTTLS', () => {
  it.each([
    ['imap', 'a STARTTLS', 'a OK Begin TLS negotiation now'],
    ['pop3', 'STLS', '+OK Begin TLS'],
    ['smtp', 'STARTTLS', '220 2.0.0 Go ahead'],
    ['nntp', 'STARTTLS', '382 Continue with TLS negotiation'],
    ['ftp', 'AUTH TLS', '234 Proceed with TLS'],
  ] as const)(
    '%s injects text behind the go-ahead, in the same segment',
    async (protocol, command, reply) => {
      servers[protocol].faults = { injectAfterStartTls: 'injected\r\n' };
      const client = await Client.dial(servers.ports[protocol].starttls);
      await client.line();
      expect(await client.ask(command)).toBe(reply);
      expect(await client.line()).toBe('injected');
      expect(client.chunks.at(-1)?.toString()).toBe(`${reply}\r\ninjected\r\n`);
      client.close();
    },
  );

  it('is refused as told', async () => {
    servers.smtp.faults = { refuseStartTls: '454 4.7.0 Not now' };
    const client = await Client.dial(servers.ports.smtp.starttls);
    await client.line();
    expect(await client.ask('STARTTLS')).toBe('454 4.7.0 Not now');
    expect(await client.ask('NOOP')).toBe('250 2.0.0 Ok');
    client.close();
  });

  it('is followed by something that is no handshake', async () => {
    servers.smtp.faults = { insteadOfHandshake: '250 in clear\r\n' };
    const client = await Client.dial(servers.ports.smtp.starttls);
    await client.line();
    expect(await client.ask('STARTTLS')).toBe('220 2.0.0 Go ahead');
    expect(await client.line()).toBe('250 in clear');
    expect(servers.smtp.connections[0]?.closed).toBe(false);
    client.close();
  });

  it('ends a client that pipelines behind it', async () => {
    const client = await Client.dial(servers.ports.smtp.starttls);
    await client.line();
    client.send('STARTTLS\r\nEHLO too.early\r\n');
    await client.ended;
    expect(servers.smtp.connections[0]?.linesInClear).toEqual(['STARTTLS']);
  });

  it.each(['imap', 'pop3', 'smtp', 'nntp', 'ftp'] as const)(
    '%s takes no credentials before it, and offers none of it in clear',
    async (protocol) => {
      const login = {
        imap: 'a LOGIN alice secret',
        pop3: 'USER alice',
        smtp: 'AUTH PLAIN AGFsaWNlAHNlY3JldA==',
        nntp: 'AUTHINFO USER alice',
        ftp: 'USER alice',
      }[protocol];
      const start = {
        imap: 'a STARTTLS',
        pop3: 'STLS',
        smtp: 'STARTTLS',
        nntp: 'STARTTLS',
        ftp: 'AUTH TLS',
      };
      const early = await Client.dial(servers.ports[protocol].starttls);
      await early.line();
      expect(await early.ask(login)).toMatch(/^(a NO \[PRIVACYREQUIRED\]|-ERR|538|483|530)/);
      early.close();
      const clear = await Client.dial(servers.ports[protocol].cleartext);
      await clear.line();
      expect(await clear.ask(start[protocol])).toMatch(/^(a BAD|-ERR|502)/);
      clear.close();
    },
  );
});

it('says goodbye without close_notify, when told', async () => {
  for (const withoutCloseNotify of [false, true]) {
    servers.pop3.faults = withoutCloseNotify ? { withoutCloseNotify } : undefined;
    const records = await tlsRecords(servers.ports.pop3['implicit-tls'], 'QUIT\r\n');
    // TLS 1.2 shows the type of an alert: 21.
    expect(records.at(-1) === 21).toBe(!withoutCloseNotify);
  }
});

/** The types of the TLS records that a server sends, up to its end. */
async function tlsRecords(port: number, text: string): Promise<number[]> {
  const { connect } = await import('node:net');
  const { connect: connectTls } = await import('node:tls');
  const { Duplex } = await import('node:stream');
  const tcp = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const tap = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => void tcp.write(chunk, () => done()),
  });
  tcp.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    tap.push(chunk);
  });
  const ended = new Promise<void>((resolve) => tcp.once('end', resolve));
  const socket = connectTls({
    socket: tap,
    maxVersion: 'TLSv1.2',
    ca: servers.ca.certificate,
    servername: 'localhost',
  });
  socket.on('error', () => {});
  socket.resume();
  socket.write(text);
  await ended;
  socket.destroy();
  tcp.destroy();
  const octets = Buffer.concat(chunks);
  const types: number[] = [];
  for (let at = 0; at < octets.length; at += 5 + octets.readUInt16BE(at + 3))
    types.push(octets[at] as number);
  return types;
}
