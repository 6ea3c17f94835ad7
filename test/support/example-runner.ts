/** Runs a program as a user would, with example.org standing for test servers on loopback. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startTestServers, type TestServers, type ThrowawayCa } from '@fivewire/test-servers';

const redirect = pathToFileURL(fileURLToPath(new URL('redirect.mjs', import.meta.url))).href;
const cli = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

const standardPorts = {
  ftp: [990, 21],
  imap: [993, 143],
  pop3: [995, 110],
  smtp: [465, 587],
  nntp: [563, 119],
} as const;

/** Examples read a password from the variable that fits their story. */
const passwords = ['MAIL', 'FTP', 'IMAP', 'POP3', 'SMTP', 'NNTP'];

export interface ExampleWorld {
  servers: TestServers;
  /** What a program needs to find the servers, and what it loads first. */
  env: Record<string, string>;
  redirect: string;
  /** Runs `node file …args`; never rejects for an exit status. */
  run(file: string, args?: readonly string[], options?: { cwd?: string }): Promise<Ran>;
  /** Runs `sh file …args`, with `fivewire` in PATH and alice's password in ~/.netrc. */
  sh(file: string, args?: readonly string[], options?: { cwd?: string }): Promise<Ran>;
}

export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

export interface ExampleWorldOptions {
  /** Hosts that stand for the servers, beside those of example.org. */
  hosts?: readonly string[];
  /** Ports that stand for those of a protocol, beside the registered ones: `{ 1143: ['imap', 'starttls'] }`. */
  ports?: Record<number, [keyof typeof standardPorts, 'implicit-tls' | 'starttls']>;
  /** Who has mail here, beside alice; the password is `secret`. */
  users?: readonly string[];
  groups?: readonly string[];
  /** Whose manners the servers have. */
  like?: string;
  /** Whose certificates they have. Default: one of their own. */
  ca?: ThrowawayCa;
}

/** @param home an empty folder: the child's home, and where the CA lies. */
export async function startExampleWorld(
  home: string,
  {
    hosts: otherHosts = [],
    ports: otherPorts = {},
    users = [],
    groups = [],
    like,
    ca,
  }: ExampleWorldOptions = {},
): Promise<ExampleWorld> {
  const accounts = ['alice', 'alice@example.org', ...users];
  const servers = await startTestServers({
    users: Object.fromEntries(accounts.map((user) => [user, 'secret'])),
    ...(like === undefined ? {} : { like: like as never }),
    ...(ca === undefined ? {} : { ca }),
    accessTokens: Object.fromEntries(accounts.map((user) => [user, 'token'])),
    files: { '/pub/report.txt': 'All is well.\n', '/pub/more/notes.txt': 'Notes.\n' },
    groups: ['test.fivewire', 'comp.lang.javascript', ...groups],
  });
  const hosts = ['ftp', 'imap', 'pop', 'pop3', 'smtp', 'nntp', 'mail', 'news'];
  const certificate = await servers.issue({
    names: [...hosts.map((host) => `${host}.example.org`), ...otherHosts],
  });
  for (const server of [servers.ftp, servers.imap, servers.pop3, servers.smtp, servers.nntp]) {
    server.useCertificate(certificate);
  }
  writeFileSync(join(home, 'ca.pem'), servers.ca.certificate);
  const ports = Object.fromEntries(
    Object.entries(standardPorts).flatMap(([protocol, [implicit, starttls]]) => {
      const actual = servers.ports[protocol as keyof typeof standardPorts];
      return [
        [implicit, actual['implicit-tls']],
        [starttls, actual.starttls],
      ];
    }),
  );
  for (const [port, [protocol, mode]] of Object.entries(otherPorts))
    ports[port] = servers.ports[protocol][mode];
  const env = {
    PATH: `${writeCli(home)}:${process.env.PATH}`,
    HOME: home,
    NODE_EXTRA_CA_CERTS: join(home, 'ca.pem'),
    FIVEWIRE_TEST_PORTS: JSON.stringify(ports),
    FIVEWIRE_TEST_HOSTS: otherHosts.join(' '),
    ...Object.fromEntries(passwords.map((name) => [`${name}_PASSWORD`, 'secret'])),
  };
  const start = (command: string, args: readonly string[], cwd: string): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(command, args, { cwd, env, timeout: 600_000 }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ status, stdout, stderr });
      });
    });
  return {
    servers,
    env,
    redirect,
    run: (file, args = [], { cwd = home } = {}) =>
      start(process.execPath, ['--import', redirect, file, ...args], cwd),
    sh: (file, args = [], { cwd = home } = {}) => start('/bin/sh', [file, ...args], cwd),
  };
}

/** The bin as an install would put it into PATH, with example.org redirected. */
function writeCli(home: string): string {
  const bin = join(home, 'bin');
  mkdirSync(bin, { recursive: true });
  const line = `exec "${process.execPath}" --import ${redirect} "${cli}" "$@"`;
  writeFileSync(join(bin, 'fivewire'), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  // Whoever types `node` or `npx fivewire` means the same world.
  const node = `exec "${process.execPath}" --import ${redirect} "$@"`;
  writeFileSync(join(bin, 'node'), `#!/bin/sh\n${node}\n`, { mode: 0o755 });
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\nexec "$@"\n`, { mode: 0o755 });
  writeFileSync(join(home, '.netrc'), 'default login alice password secret\n', { mode: 0o600 });
  return bin;
}
