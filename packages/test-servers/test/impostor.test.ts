import { afterEach, expect, it } from 'vitest';
import {
  createThrowawayCa,
  type Impostor,
  startFtpServer,
  startImapServer,
  startNntpServer,
  startPop3Server,
  startSmtpServer,
  type TestServer,
} from '../src/index.js';
import { Client } from './client.js';

// Each reaction of an impostor as a client sees it.

let server: TestServer | undefined;
let client: Client | undefined;
afterEach(async () => {
  client?.close();
  expect(server?.problems).toEqual([]);
  await server?.close();
});

const ca = await createThrowawayCa();
const certificate = await ca.issue();
const trust = { ca: ca.certificate };
const starters = {
  ftp: startFtpServer,
  imap: startImapServer,
  pop3: startPop3Server,
  smtp: startSmtpServer,
  nntp: startNntpServer,
};

async function dial(protocol: keyof typeof starters, impostor: Impostor): Promise<Client> {
  server = await starters[protocol]({ certificate, impostor, users: { alice: 'secret' } });
  client = await Client.dial(server.ports.starttls);
  return client;
}

it('greets in its own words, and leaves the rest to the server', async () => {
  const to = await dial('pop3', { greeting: '+OK me\r\nand more\r\n' });
  expect(await to.line()).toBe('+OK me');
  expect(await to.line()).toBe('and more');
  expect(await to.ask('QUIT')).toBe('+OK Bye');
});

it('answers by verb, with the tag put in', async () => {
  const inClear = { NOOP: '* LIST () "/" Evil\r\n<tag> OK <tag+1>\r\n' };
  const to = await dial('imap', { inClear });
  await to.line();
  expect(await to.ask('a1 noop')).toBe('* LIST () "/" Evil');
  expect(await to.line()).toBe('a1 OK a2');
  expect(await to.ask('a2 XYZ')).toBe('a2 BAD Unknown command');
});

it('sends octets as they are, each of a list in a segment of its own', async () => {
  const say = ['250-a\r\n2', '50 b\r\n', Buffer.from([0xff, 0x0d, 0x0a])];
  const to = await dial('smtp', { inClear: { EHLO: { say } } });
  await to.line();
  expect(await to.ask('EHLO client.test')).toBe('250-a');
  expect(await to.line()).toBe('250 b');
  expect(await to.line()).toBe('\xff');
  expect(to.chunks.slice(1).map(String)).toEqual(say.map(String));
});

it('cuts words at an octet, once the tag is in', async () => {
  const to = await dial('imap', { inClear: { NOOP: { say: '<tag> OK\r\n', cutAt: 3 } } });
  await to.line();
  await to.ask('abcd1 NOOP');
  expect(to.chunks.slice(1).map(String)).toEqual(['abc', 'd1 OK\r\n']);
});

it('says nothing to a command, and goes on with the next', async () => {
  const to = await dial('smtp', { inClear: { NOOP: {} } });
  await to.line();
  to.send('NOOP\r\n');
  expect(await to.ask('VRFY alice@localhost')).toBe('250 2.1.5 <alice@localhost>');
});

it('shakes hands behind its own go-ahead, and speaks unasked then', async () => {
  const to = await dial('nntp', {
    inClear: { STARTTLS: { say: '382 mine\r\n', next: 'tls' } },
    underTls: { DATE: '111 20260101000000\r\n' },
    afterHandshake: '400 unasked\r\n',
  });
  await to.line();
  expect(await to.ask('STARTTLS')).toBe('382 mine');
  await to.startTls(trust);
  expect(await to.line()).toBe('400 unasked');
  expect(await to.ask('DATE')).toBe('111 20260101000000');
  expect(server?.connections[0]?.tls).toBeDefined();
});

it("speaks unasked behind the server's own go-ahead as well, and only once", async () => {
  const to = await dial('smtp', { afterHandshake: '250 unasked\r\n' });
  await to.line();
  await to.ask('STARTTLS');
  await to.startTls(trust);
  expect(await to.line()).toBe('250 unasked');
  for (let n = 0; n < 2; n++) expect(await to.ask('NOOP')).toBe('250 2.0.0 Ok');
});

it('ends a client that pipelines behind STARTTLS', async () => {
  const to = await dial('smtp', { inClear: { STARTTLS: { say: '220 go\r\n', next: 'tls' } } });
  await to.line();
  to.send('STARTTLS\r\nEHLO too.early\r\n');
  await to.ended;
  expect(server?.connections[0]?.linesInClear).toEqual(['STARTTLS']);
});

it('answers whatever comes next', async () => {
  const to = await dial('pop3', {
    inClear: { STLS: { say: '+OK go\r\n', answer: '-ERR no TLS\r\n', next: 'silence' } },
  });
  await to.line();
  expect(await to.ask('STLS')).toBe('+OK go');
  to.send('\x16\x03\x01\n');
  expect(await to.line()).toBe('-ERR no TLS');
});

it('falls silent, with the connection open, and hears whatever comes', async () => {
  const to = await dial('ftp', { inClear: { AUTH: { say: '234 go\r\n', next: 'silence' } } });
  await to.line();
  expect(await to.ask('AUTH TLS')).toBe('234 go');
  to.send('\x16\x03\x01\n\nNOOP\r\n');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(to.chunks.map(String)).toEqual(['220 FTP ready\r\n', '234 go\r\n']);
  expect(server?.connections[0]?.closed).toBe(false);
});

it.each([
  ['close', 'end'],
  ['reset', 'reset'],
] as const)('ends by %s', async (then, how) => {
  const to = await dial('pop3', { inClear: { CAPA: { next: then } } });
  await to.line();
  to.send('CAPA\r\n');
  expect(await to.ended).toBe(how);
});

it.each([
  ['ftp', 'FEAT', /^211 /],
  ['imap', 'a CAPABILITY', /^a /],
  ['pop3', 'CAPA', /^\.$/],
  ['smtp', 'EHLO client.test', /^250 /],
  ['nntp', 'CAPABILITIES', /^\.$/],
] as const)('%s claims capabilities by the state of the connection', async (protocol, ask, end) => {
  const to = await dial(protocol, { claims: { inClear: ['CLEAR', 'X'], underTls: ['SECURED'] } });
  await to.line();
  const shown = async () => {
    to.send(`${ask}\r\n`);
    return (await to.until(end)).join('\n');
  };
  expect(await shown()).toMatch(/CLEAR.*\bX\b/s);
  await to.ask(
    { ftp: 'AUTH TLS', imap: 'b STARTTLS', pop3: 'STLS' }[protocol as string] ?? 'STARTTLS',
  );
  await to.startTls(trust);
  expect(await shown()).toMatch(/SECURED/);
});
