// What must hold of the test servers' image, as its users see it from outside.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Client as FtpClient } from 'basic-ftp';
import { ImapFlow } from 'imapflow';
import Pop3Command from 'node-pop3';
import nodemailer from 'nodemailer';

const run = promisify(execFile);
const host = '127.0.0.1';
const page = `http://${host}:3080`;
const until = 180_000;

/** Asks until it answers. */
const healthy = async () => {
  const deadline = Date.now() + until;
  for (;;) {
    const response = await fetch(`${page}/api/health`).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > deadline) throw new Error('it never became healthy');
    await sleep(50);
  }
};

const tokenOf = ({ logs }) => /\?token=([0-9a-f]+)/.exec(logs())?.[1];
const ask = async (world, path) => {
  const headers = { Authorization: `Bearer ${tokenOf(world)}` };
  const response = await fetch(page + path, { headers });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
};
const authority = async (world) => (await ask(world, '/ca.pem')).text();

const withCa = async (world, work) => {
  const folder = mkdtempSync(join(tmpdir(), 'fivewire-image-ca-'));
  try {
    const file = join(folder, 'ca.pem');
    writeFileSync(file, await authority(world));
    return await work(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const curl = (world, ...args) =>
  withCa(world, async (ca) => {
    const { stdout } = await run('curl', ['-sS', '--max-time', '120', '--cacert', ca, ...args]);
    return stdout;
  });

const python = `
import ssl, sys, smtplib, imaplib, poplib, ftplib, io
context = ssl.create_default_context(cafile=sys.argv[1])
smtp = smtplib.SMTP_SSL('localhost', 3465, context=context); smtp.login('alice', 'secret')
smtp.sendmail('a@example.org', ['alice@example.org'], 'Subject: python\\r\\n\\r\\nHi\\r\\n'); smtp.quit()
smtp = smtplib.SMTP('localhost', 3587); smtp.starttls(context=context); smtp.login('alice', 'secret'); smtp.quit()
imap = imaplib.IMAP4_SSL('localhost', 3993, ssl_context=context); imap.login('alice', 'secret')
imap.select('INBOX'); assert imap.search(None, 'SUBJECT', 'python')[1][0]; imap.logout()
imap = imaplib.IMAP4('localhost', 3144); imap.starttls(context); imap.login('alice', 'secret'); imap.logout()
pop = poplib.POP3_SSL('localhost', 3995, context=context); pop.user('alice'); pop.pass_('secret'); assert pop.stat()[0] >= 1; pop.quit()
pop = poplib.POP3('localhost', 3111); pop.stls(context); pop.user('alice'); pop.pass_('secret'); pop.quit()
ftp = ftplib.FTP_TLS(context=context); ftp.connect('localhost', 3021); ftp.login('alice', 'secret'); ftp.prot_p()
ftp.storbinary('STOR python.txt', io.BytesIO(b'hello')); assert 'python.txt' in ftp.nlst(); ftp.quit()
print('ok')
`;

/** Milliseconds that its process has used, of two kinds: proc(5), in hundredths of a second. */
const cpuOf = (world) => {
  const stat = world.exec('sh', '-c', 'read line < /proc/1/stat; echo "$line"');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

/** Titles and what must go well; a text that it resolves to is said behind the title. */
export const checks = [
  [
    'is below 200 MB',
    (world) => {
      const { Size } = world.image();
      assert.ok(Size < 200e6, `${Size} octets`);
      return `${(Size / 1e6).toFixed(0)} MB`;
    },
  ],
  ['becomes healthy', () => healthy()],
  ['runs as a user without rights', (world) => assert.equal(world.exec('id', '-u'), '1000')],
  [
    'adds less than 10 MB to its base',
    (world) => {
      const size = Number(world.exec('du', '-sk', '/app').split(/\s/)[0]);
      assert.ok(size < 10_000, `${size} kB`);
    },
  ],
  [
    'shows nothing without the token that it printed',
    async (world) => {
      assert.equal((await fetch(`${page}/api/messages`)).status, 401);
      assert.equal((await ask(world, '/api/messages')).status, 200);
    },
  ],
  [
    'nodemailer: implicit TLS, STARTTLS and in clear, to whom nobody knows yet',
    async (world) => {
      const tls = { ca: await authority(world), servername: 'localhost' };
      for (const way of [
        { port: 3465, secure: true, tls },
        { port: 3587, requireTLS: true, tls },
        { port: 3025, ignoreTLS: true },
      ])
        await nodemailer.createTransport({ host, ...way }).sendMail({
          from: 'app@example.org',
          to: 'zoe@example.org',
          subject: `by ${way.port}`,
          text: 'Hi',
        });
      const found = await ask(world, '/api/messages/wait?to=zoe@example.org&subject=by%203025');
      assert.equal((await found.json()).user, 'zoe@example.org');
      assert.equal((await (await ask(world, '/api/messages?to=zoe@example.org')).json()).length, 3);
    },
  ],
  [
    'curl: IMAP, POP3 and FTP, each by implicit TLS and STARTTLS',
    async (world) => {
      const user = ['-u', 'alice:secret'];
      for (const [url, expected, ...more] of [
        ['imaps://localhost:3993/', /INBOX/],
        ['imap://localhost:3144/', /INBOX/, '--ssl-reqd'],
        ['pop3s://localhost:3995/', /^/],
        ['pop3://localhost:3111/', /^/, '--ssl-reqd'],
        ['ftps://localhost:3990/', /^/],
        ['ftp://localhost:3021/', /^/, '--ssl-reqd'],
        ['ftp://localhost:3020/', /^/],
      ])
        assert.match(await curl(world, ...user, ...more, url), expected, url);
    },
  ],
  [
    "Python's own modules: SMTP, IMAP, POP3 and FTP, each by implicit TLS or STARTTLS",
    (world) =>
      withCa(world, async (ca) => {
        const { stdout } = await run('python3', ['-c', python, ca]);
        assert.equal(stdout, 'ok\n');
      }),
  ],
  [
    'imapflow: implicit TLS, STARTTLS and in clear',
    async (world) => {
      const tls = { ca: await authority(world), servername: 'localhost' };
      for (const way of [
        { port: 3993, secure: true, tls },
        { port: 3144, secure: false, doSTARTTLS: true, tls },
        { port: 3143, secure: false, doSTARTTLS: false },
      ]) {
        const auth = { user: 'zoe@example.org', pass: 'secret' };
        const client = new ImapFlow({ host, ...way, auth, logger: false });
        await client.connect();
        assert.equal((await client.status('INBOX', { messages: true })).messages, 3);
        await client.logout();
      }
    },
  ],
  [
    'basic-ftp: implicit TLS, AUTH TLS and in clear, each way',
    async (world) => {
      const secureOptions = { ca: await authority(world), servername: 'localhost' };
      for (const [port, secure] of [
        [3990, 'implicit'],
        [3021, true],
        [3020, false],
      ]) {
        const client = new FtpClient(120_000);
        const access = { host, port, secure, user: 'alice', password: 'secret' };
        await client.access({ ...access, ...(secure ? { secureOptions } : {}) });
        await client.uploadFrom(Readable.from(['hello']), `basic-${port}.txt`);
        const found = (await client.list()).find(({ name }) => name === `basic-${port}.txt`);
        assert.equal(found?.size, 5);
        client.close();
      }
    },
  ],
  [
    'node-pop3: implicit TLS and in clear (it knows no STLS)',
    async (world) => {
      const tlsOptions = { ca: await authority(world), servername: 'localhost' };
      for (const way of [{ port: 3995, tls: true, tlsOptions }, { port: 3110 }]) {
        const user = 'zoe@example.org';
        const client = new Pop3Command({
          ...{ host: 'localhost', user, password: 'secret' },
          ...way,
        });
        assert.equal((await client.UIDL()).length, 3);
        await client.QUIT();
      }
    },
  ],
  [
    'lftp: implicit TLS, AUTH TLS with data protected, and in clear',
    (world) =>
      withCa(world, async (ca) => {
        for (const [url, ...settings] of [
          ['ftps://localhost:3990'],
          ['ftp://localhost:3021', 'ftp:ssl-force yes', 'ftp:ssl-protect-data yes'],
          ['ftp://localhost:3020', 'ftp:ssl-allow no'],
        ]) {
          const all = [`ssl:ca-file ${ca}`, 'net:timeout 120', 'net:max-retries 1', ...settings];
          const lines = [
            ...all.map((each) => `set ${each}`),
            `open -u alice,secret ${url}`,
            'cls -1',
          ];
          const { stdout } = await run('lftp', ['-c', lines.join('; ')]);
          assert.match(stdout, /basic-3990\.txt/, url);
        }
      }),
  ],
  [
    'our own clients: IMAP and NNTP',
    async (world) => {
      const tls = { ca: await authority(world) };
      const imap = await ImapClient.connect({
        ...{ host, port: 3993, serverHostname: 'localhost', tls },
        auth: { user: 'zoe@example.org', password: 'secret' },
      });
      assert.equal((await imap.status('INBOX', ['messages'])).messages, 3);
      await imap.quit();
      const nntp = await NntpClient.connect({
        ...{ host, port: 3120, security: 'starttls', serverHostname: 'localhost', tls },
      });
      assert.equal((await nntp.group('test.fivewire')).count, 0);
      await nntp.quit();
    },
  ],
  [
    'keeps its authority in the volume',
    async (world) => {
      const before = await authority(world);
      world.restart();
      await healthy();
      world.took = Date.now() - world.startedAt();
      world.cpu = cpuOf(world);
      assert.equal(await authority(world), before);
    },
  ],
  [
    'needs less than 2 s of CPU to be there',
    (world) => {
      assert.ok(world.cpu < 2_000, `${world.cpu} ms`);
      return `${world.cpu} ms, ${world.took} ms by the clock of this machine`;
    },
  ],
];
