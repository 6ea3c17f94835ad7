/** `fivewire serve`: the five servers of `@fivewire/test-servers` on loopback, until SIGINT. Nothing survives them. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { type Args, type CommandModule, type Context, optionalText, texts } from '../context.js';
import { exitCodes, Failure, isSystemError, usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { readLocal, unreadable, unwritable } from '../local-files.js';

export const options: CommandModule['options'] = {
  'users-file': {
    type: 'string',
    describe: 'YAML of user: password; default: alice, password secret',
  },
  files: { type: 'string', describe: 'Directory whose files the FTP server shows at first' },
  group: { type: 'string', array: true, describe: 'Newsgroup to have; default test.fivewire' },
  'port-base': { type: 'string', describe: 'First of 15 fixed ports; default: whatever is free' },
  'ca-file': {
    type: 'string',
    noDash: true,
    describe: 'Where to write the authority; default: a temporary directory',
  },
  web: { type: 'boolean', describe: 'Also a web page and an HTTP API, on loopback' },
};

const protocols = ['ftp', 'imap', 'pop3', 'smtp', 'nntp'] as const;
const modes = ['implicit-tls', 'starttls', 'cleartext'] as const;

export async function run(args: Args, { out, signal }: Context): Promise<undefined> {
  const { startTestServers } = await import('@fivewire/test-servers');
  const users = await readUsers(optionalText(args['users-file']));
  const files = await readTree(optionalText(args.files));
  const groups = texts(args.group);
  const base = wholeNumber(args['port-base'], '--port-base');
  const servers = await startTestServers({
    users,
    files,
    web: args.web === true,
    ...(groups.length === 0 ? {} : { groups }),
    ...(base === undefined ? {} : fixedPorts(base)),
  }).catch((error) => {
    throw notListening(error);
  });
  const directory = await mkdtemp(join(tmpdir(), 'fivewire-serve-'));
  const caFile = optionalText(args['ca-file']) ?? join(directory, 'ca.pem');
  try {
    await writeFile(caFile, servers.ca.certificate).catch((error) => {
      throw unwritable(caFile, error);
    });
    for (const protocol of protocols) {
      for (const mode of modes) {
        const port = servers.ports[protocol][mode];
        await out.row(
          { type: 'port', protocol, security: mode, host: servers.host, port },
          `${protocol} ${mode} ${servers.host} ${port}`,
        );
      }
    }
    for (const [user, password] of Object.entries(users))
      await out.row({ type: 'user', user, password }, `user ${user} ${password}`);
    await out.row({ type: 'ca', path: caFile }, `ca ${caFile}`);
    if (servers.web) await out.row({ type: 'web', url: servers.web.url }, `web ${servers.web.url}`);
    out.say('Serving on loopback, in memory, until SIGINT.');
    await untilAborted(signal);
  } finally {
    await servers.close();
    await rm(directory, { recursive: true, force: true });
  }
}

const whyNot: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does',
  EACCES: 'this user may not',
};

function notListening(error: unknown): unknown {
  if (!isSystemError(error) || error.syscall !== 'listen') return error;
  const { code = '', port } = error as NodeJS.ErrnoException & { port?: number };
  return new Failure(
    code === 'EACCES' ? exitCodes.permission : exitCodes.unavailable,
    `Cannot listen on port ${port}: ${whyNot[code] ?? code}`,
    { cause: error, code, hint: 'Give another --port-base; without one, free ports are taken.' },
  );
}

/** A timer keeps the process alive; SIGINT is how this command ends well. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setInterval(() => {}, 1 << 30);
    const end = (): void => {
      clearInterval(timer);
      done();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function fixedPorts(base: number) {
  if (base < 1 || base + 14 > 65_535)
    throw usage(`--port-base ${base} leaves no room for 15 ports`);
  return Object.fromEntries(
    protocols.map((protocol, i) => [
      protocol,
      { ports: Object.fromEntries(modes.map((mode, j) => [mode, base + i * modes.length + j])) },
    ]),
  );
}

async function readUsers(file: string | undefined): Promise<Record<string, string>> {
  if (file === undefined) return { alice: 'secret' };
  const { parse } = await import('yaml');
  const users: unknown = parse((await readLocal(file, 'the users file')).toString('utf8'));
  const good =
    typeof users === 'object' &&
    users !== null &&
    Object.values(users).every((password) => typeof password === 'string');
  if (!good) throw usage(`${file} must hold lines of user: password`);
  return users as Record<string, string>;
}

async function readTree(directory: string | undefined): Promise<Record<string, Uint8Array>> {
  if (directory === undefined) return {};
  const root = resolve(directory);
  const found: Record<string, Uint8Array> = {};
  try {
    for (const name of await readdir(root, { recursive: true })) {
      const path = join(root, name);
      if ((await stat(path)).isFile()) found[`/${relative(root, path)}`] = await readFile(path);
    }
  } catch (error) {
    throw unreadable(directory, 'the directory', error);
  }
  return found;
}
