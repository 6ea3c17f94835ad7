/** What a fragment takes for given: a name behind ```js makes it before, and ends it after. */

export interface Scene {
  /** Scenes that stand before this one. */
  needs?: readonly string[];
  before: string;
  after?: string;
}

const password = `password: process.env.MAIL_PASSWORD`;
const connected = (client: string, name: string, scheme: string, host: string): Scene => ({
  before: `const { ${client} } = await import('@fivewire/${scheme.replace(/s$/, '')}');
const ${name} = await ${client}.connect('${scheme}://alice@${host}.example.org', { auth: { ${password} } });`,
  after: `await ${name}[Symbol.asyncDispose]();`,
});

const scenes: Record<string, Scene> = {
  /** What people import without a word. */
  node: {
    before: `const { createReadStream, createWriteStream, readFileSync, writeFileSync } = await import('node:fs');
const { readFile, stat, writeFile } = await import('node:fs/promises');
const { pipeline } = await import('node:stream/promises');
const { setTimeout: pause } = await import('node:timers/promises');
const { spawn } = await import('node:child_process');`,
  },
  account: {
    before: `const host = 'mail.example.org', user = 'alice', password = process.env.MAIL_PASSWORD;
const auth = { user, password };`,
  },
  signal: { before: 'const signal = AbortSignal.timeout(10_000);' },
  /** For what ends by its signal only. */
  soon: { before: 'const signal = AbortSignal.timeout(300);' },
  copy: { before: 'let state; const copy = new Map();' },
  message: {
    before: `const message = 'From: alice@example.org\\r\\nTo: bob@example.org\\r\\nSubject: Hello\\r\\n\\r\\nHi.\\r\\n';
const envelope = { from: 'alice@example.org', to: 'bob@example.org' };`,
  },
  ftp: connected('FtpClient', 'ftp', 'ftps', 'ftp'),
  imap: connected('ImapClient', 'imap', 'imaps', 'imap'),
  pop: connected('Pop3Client', 'pop', 'pop3s', 'pop'),
  smtp: connected('SmtpClient', 'smtp', 'smtps', 'smtp'),
  nntp: connected('NntpClient', 'nntp', 'nntps', 'news'),
  inbox: {
    needs: ['imap'],
    before: `const inbox = await imap.open('INBOX');`,
    after: 'await inbox.close();',
  },
  'ftp-pool': {
    before: `const { createFtpPool } = await import('@fivewire/ftp');
const pool = createFtpPool({ host: 'ftp.example.org', auth: { user: 'alice', ${password} }, maxConnections: 2 });`,
    after: 'await pool.close();',
  },
  'smtp-pool': {
    before: `const { createSmtpPool } = await import('@fivewire/smtp');
const pool = createSmtpPool({ host: 'smtp.example.org', auth: { user: 'alice', ${password} } });`,
    after: 'await pool.close();',
  },
  servers: {
    before: `const { startTestServers, createThrowawayCa, startFtpServer, startImapServer, startSmtpServer } = await import('@fivewire/test-servers');
const users = { alice: 'secret', bob: 'hunter2' };
const servers = await startTestServers({ users });`,
    after: 'await servers.close();',
  },
  trouble: {
    needs: ['servers'],
    before: `const { FtpClient } = await import('@fivewire/ftp');
const { ImapClient } = await import('@fivewire/imap');
const { Pop3Client } = await import('@fivewire/pop3');
const { SmtpClient } = await import('@fivewire/smtp');
/** @param {import('@fivewire/test-servers').TestProtocol} protocol @param {import('@fivewire/test-servers').SecurityMode} security */
const at = (protocol, security = 'implicit-tls') => ({
  host: servers.host,
  port: servers.ports[protocol][security],
  security,
  serverHostname: 'localhost',
  tls: { ca: servers.ca.certificate },
  auth: { user: 'alice', password: 'secret' },
});`,
  },
  core: {
    before: `const core = await import('tls-context-core');
const { createTlsContext, createSessionScope, secure, systemRoots, describeCertificate, checkIdentity, reloadableTlsContext } = core;
const context = createTlsContext(), serverHostname = 'imap.example.org', protocol = 'imap';`,
  },
  /** A socket to an IMAP server, and one that is secured. */
  socket: {
    needs: ['core'],
    before: `const { connect: connectSocket } = await import('node:net');
const socket = connectSocket(993, 'imap.example.org');
await new Promise((resolve) => socket.once('connect', resolve));`,
    after: 'socket.destroy();',
  },
  stream: {
    needs: ['socket'],
    before:
      'const stream = await secure(socket, { context, serverHostname, protocol, port: 993 });',
  },
  refused: {
    needs: ['stream'],
    before: `const other = connectSocket(993, 'imap.example.org');
await new Promise((resolve) => other.once('connect', resolve));
const error = await secure(other, { context, serverHostname: 'else.example', protocol, port: 993 }).catch((error) => error);`,
  },
  'ftp-sockets': {
    needs: ['core'],
    before: `const { connect: connectSocket } = await import('node:net');
const opened = async () => {
  const socket = connectSocket(990, 'ftp.example.org');
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
};
const control = await opened(), data = await opened();`,
    after: 'control.destroy(); data.destroy();',
  },
  picture: { before: `const png = Buffer.from('no real picture');` },
  'two-files': { before: `const names = ['a.txt', 'b.txt'];` },
  listing: {
    before: `const octets = Buffer.from('-rw-r--r-- 1 ftp ftp 5 Nov 02 10:00 a.txt\\r\\n');`,
  },
  messages: {
    needs: ['message'],
    before: 'const messages = [{ envelope, body: message }, { envelope, body: message }];',
  },
  compose: { before: `const { compose, sendMail } = await import('@fivewire/compose');` },
};

export function scenesOf(names: readonly string[]): Scene[] {
  const wanted: string[] = [];
  const add = (name: string): void => {
    const scene = scenes[name];
    if (scene === undefined) throw new Error(`no scene is called ${name}`);
    for (const need of scene.needs ?? []) add(need);
    if (!wanted.includes(name)) wanted.push(name);
  };
  for (const name of ['node', 'account', ...names]) add(name);
  return wanted.map((name) => scenes[name] as Scene);
}
