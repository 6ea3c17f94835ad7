/** To the servers of a domain, and to the other addresses of a server that takes no session now. */
import { createServer, type LookupFunction, connect as netConnect, type Server } from 'node:net';
import {
  createThrowawayCa,
  type SmtpServer,
  startSmtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DeliverToOptions, deliverTo, SmtpClient } from '../src/index.js';
import { failure } from './dialogue.js';

let ca: ThrowawayCa;
let open: { close(): unknown }[] = [];
beforeAll(async () => {
  ca = await createThrowawayCa();
});
afterEach(async () => {
  for (const server of open) await server.close();
  open = [];
});

const users = { bob: 'x', carol: 'x' };

async function exchanger(name: string, options: object = {}): Promise<SmtpServer> {
  const certificate = await ca.issue({ names: [name] });
  const server = await startSmtpServer({ users, certificate, ...options });
  open.push(server);
  return server;
}

/** Speaks its line and closes. */
async function busy(line: string, host = '127.0.0.1', port = 0): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(line);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  open.push({ close: () => new Promise((resolve) => server.close(resolve)) });
  return (server.address() as { port: number }).port;
}

const ports = new Map<string, number>();
const options = (): DeliverToOptions => ({
  resolveMx: async () => [
    { exchange: 'mx1.example.test', priority: 10 },
    { exchange: 'mx2.example.test', priority: 20 },
  ],
  connect: {
    clientName: 'client.example.test',
    tls: { ca: ca.certificate },
    dial: async ({ host }) => netConnect(ports.get(host) ?? 1, '127.0.0.1'),
  },
});
const domain = 'localhost.test';
const envelope = { from: 'alice@example.org', to: [`bob@${domain}`, `nobody@${domain}`] };
const refuseRecipients = ({ address }: { address: string }) =>
  address.startsWith('nobody') ? '550 5.1.1 Nobody' : undefined;

describe('deliverTo', () => {
  test.each([
    '421 4.3.2 Busy\r\n',
    '450 4.3.2 Not now\r\n',
    '',
    '554 No service\r\n',
    '521 5.3.2 No mail\r\n',
    '220 hi\r\n550 no\r\n550 no\r\n',
    'HTTP/1.1 400\r\n',
  ])('the next exchanger where the first says %j', async (line) => {
    const second = await exchanger('mx2.example.test', { domains: [domain], refuseRecipients });
    ports.set('mx1.example.test', await busy(line));
    ports.set('mx2.example.test', second.ports.starttls);
    const result = await deliverTo(domain, envelope, 'Subject: x\n\nx', options());
    expect(result).toMatchObject({
      accepted: [{ address: `bob@${domain}` }],
      refused: [{ address: `nobody@${domain}`, transient: false }],
      target: { connect: { host: 'mx2.example.test' } },
      problems: [{ host: 'mx1.example.test' }],
    });
    expect(second.mail.deliveries).toHaveLength(1);
  });

  test.each([{ chunking: false }, { chunking: true }])(
    'the next one where the first refuses the envelope for now, none where it refuses for good: %j',
    async ({ chunking }) => {
      const first = await exchanger('mx1.example.test', {
        refuseSenders: {
          'alice@example.org': '451 4.7.1 Later',
          'eve@example.org': '550 5.7.1 Never',
          'dan@example.org': '421 4.3.2 Bye',
        },
        refuseRecipients: () => '450 4.2.1 Greylisted',
      });
      const second = await exchanger('mx2.example.test', { domains: [domain], refuseRecipients });
      ports.set('mx1.example.test', first.ports.starttls);
      ports.set('mx2.example.test', second.ports.starttls);
      const { connect, ...rest } = options();
      const send = (from: string) =>
        deliverTo(domain, { ...envelope, from }, 'x\r\n', {
          ...rest,
          connect: { ...connect, chunking },
        });
      for (const from of ['alice@example.org', 'dan@example.org', 'fay@example.org'])
        expect(await send(from)).toMatchObject({ target: { preference: 20 }, bytes: 3 });
      expect(await failure(send('eve@example.org'))).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        retry: 'never',
      });
      expect(second.mail.deliveries).toHaveLength(3);
    },
  );

  test('a certificate of another name is no exchanger', async () => {
    const first = await exchanger('other.example.test');
    ports.set('mx1.example.test', first.ports.starttls);
    ports.set('mx2.example.test', first.ports.starttls);
    expect(await failure(deliverTo(domain, envelope, 'x', options()))).toMatchObject({
      code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    });
    expect(first.mail.deliveries).toHaveLength(0);
  });

  test('an exchanger that will never do does not hide that another may do later', async () => {
    const backup = await exchanger('other.example.test');
    ports.set('mx1.example.test', await busy('421 4.3.2 Busy\r\n'));
    ports.set('mx2.example.test', backup.ports.starttls);
    expect(await failure(deliverTo(domain, envelope, 'x', options()))).toMatchObject({
      code: 'ERR_SERVER_CLOSING',
      host: 'mx1.example.test',
    });
    // What the last one says of the message itself stands.
    const second = await exchanger('mx2.example.test', {
      refuseSenders: { 'alice@example.org': '550 5.7.1 Never' },
    });
    ports.set('mx2.example.test', second.ports.starttls);
    expect(await failure(deliverTo(domain, envelope, 'x', options()))).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      retry: 'never',
    });
  });

  test('a domain without MX is its own exchanger; one that does not exist gets nothing', async () => {
    const itself = await exchanger(domain, { domains: [domain], refuseRecipients });
    ports.set(domain, itself.ports.starttls);
    for (const code of ['ENODATA', 'ENOTFOUND']) {
      const resolveMx = () => Promise.reject(Object.assign(new Error(code), { code }));
      const { target } = await deliverTo(domain, envelope, 'x', { ...options(), resolveMx });
      expect(target).toMatchObject({ connect: { host: domain, serverHostname: domain } });
    }
    expect(itself.mail.deliveries).toHaveLength(2);
    const resolveMx = () => Promise.reject(Object.assign(new Error('x'), { code: 'ESERVFAIL' }));
    expect(
      await failure(deliverTo(domain, envelope, 'x', { ...options(), resolveMx })),
    ).toMatchObject({ code: 'ERR_DIAL_FAILED', retry: 'later' });
  });

  test('equals are drawn by lot, and all of them are tried', async () => {
    const names = ['mx1.example.test', 'mx2.example.test', 'mx3.example.test'];
    const resolveMx = async () => names.map((exchange) => ({ exchange, priority: 5 }));
    for (const name of names) ports.set(name, await busy('421 4.3.2 Busy\r\n'));
    const firsts = new Set<string>();
    const dialled: string[] = [];
    const dial = async ({ host }: { host: string }) => {
      dialled.push(host);
      return netConnect(ports.get(host) ?? 1, '127.0.0.1');
    };
    for (let i = 0; i < 60; i++) {
      dialled.length = 0;
      await failure(deliverTo(domain, envelope, 'x', { resolveMx, connect: { dial } }));
      firsts.add(dialled[0] as string);
      expect([...new Set(dialled)].sort()).toEqual(names);
    }
    expect(firsts.size).toBe(3); // one of them never first: once in 10^10
  });

  test('null MX, recipients elsewhere, and unknown options', async () => {
    const nullMx = async () => [{ exchange: '', priority: 0 }];
    expect(await failure(deliverTo(domain, envelope, 'x', { resolveMx: nullMx }))).toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'never',
    });
    expect(
      await failure(deliverTo(domain, { from: null, to: 'bob@example.org' }, 'x')),
    ).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'envelope.to[0]' });
    expect(
      await failure(deliverTo('example.net.', { from: null, to: 'bob@example.org' }, 'x')),
    ).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'envelope.to[0]' });
    expect(await failure(deliverTo(domain, envelope, 'x', { mtaST: true } as never))).toMatchObject(
      { code: 'ERR_ARGUMENT', argument: 'options.mtaST' },
    );
    expect(
      await failure(deliverTo(domain, envelope, 'x', { connect: { host: 'x' } } as never)),
    ).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'options.connect.host' });
  });
});

describe('a server of several addresses', () => {
  const lookup: LookupFunction = (_host, asked, done) => {
    const all = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
    if (asked.all) done(null, all);
    else done(null, '127.0.0.1', 4);
  };

  test('is reached at the next one where the first takes no session now', async () => {
    const port = await busy('421 4.3.2 Too busy\r\n');
    const good = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('220 ready\r\n');
      socket.on('data', () => socket.write('250 ok\r\n'));
    });
    await new Promise<void>((resolve) => good.listen(port, '127.0.0.2', resolve));
    open.push({ close: () => new Promise((resolve) => good.close(resolve)) });
    const client = await SmtpClient.connect({
      host: 'mx.example.test',
      port,
      lookup,
      security: 'cleartext',
    });
    await client.noop();
    await client.quit();
  });

  test('says what the first said where none does', async () => {
    const port = await busy('421 4.3.2 Too busy\r\n');
    await busy('450 no\r\n', '127.0.0.2', port);
    expect(
      await failure(
        SmtpClient.connect({ host: 'mx.example.test', port, lookup, security: 'cleartext' }),
      ),
    ).toMatchObject({ code: 'ERR_SERVER_CLOSING', message: expect.stringContaining('Too busy') });
  });
});

test('nodemailer’s option names are answered with ours', async () => {
  for (const [name, ours] of Object.entries({
    name: 'clientName',
    pool: 'createSmtpPool',
    service: 'host',
    secure: 'security',
    requireTLS: 'starttls',
    connectionTimeout: 'timeouts.connect',
    greetingTimeout: 'timeouts.greeting',
    socketTimeout: 'timeouts',
    maxMessages: 'maxUses',
    pass: 'auth.password',
    authMethod: 'mechanisms',
    lmtp: 'protocol',
    secureConnection: 'security',
    getSocket: 'dial',
    maxRequeues: 'outageTimeout',
    socketCloseTimeout: 'timeouts.close',
    maxResponseSize: 'limits.replyOctets',
    dnsTtl: 'lookup',
    secured: 'stream',
    direct: 'deliverTo',
    sendmail: 'SMTP alone',
    SES: 'email-smtp',
    streamTransport: 'compose',
    normalizeHeaderKey: 'compose',
  }))
    expect(await failure(SmtpClient.connect({ host: 'x', [name]: 'x' } as never))).toMatchObject({
      code: 'ERR_ARGUMENT',
      hint: expect.stringContaining(ours),
    });
});
