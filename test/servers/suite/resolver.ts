// A resolver that validates: Debian's unbound on loopback, over zones that are made and signed here. Nothing is asked of any other server.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../install.mjs';

/** `bogus` is signed by another key than the one that is trusted. */
export type Signing = 'signed' | 'plain' | 'bogus';

export interface Zone {
  name: string;
  signing: Signing;
  /** Lines of a zone file, beside SOA and NS. */
  records: readonly string[];
}

export interface RunningResolver {
  /** `127.0.0.1:5300` */
  address: string;
  stop(): Promise<void>;
}

export async function startResolver(zones: readonly Zone[]): Promise<RunningResolver> {
  const folder = mkdtempSync(join(tmpdir(), 'fivewire-resolver-'));
  const port = await freePort();
  let unbound: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (unbound?.exitCode === null) {
      unbound.kill('SIGKILL');
      await once(unbound, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const configuration = join(folder, 'unbound.conf');
    writeFileSync(configuration, settings(folder, port, zones));
    unbound = spawn(program('unbound', 'unbound'), ['-d', '-c', configuration], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    unbound.stderr?.on('data', (text) => {
      said += text;
    });
    while (!(await answers(port)))
      if (unbound.exitCode !== null) throw new Error(`unbound ended: ${said}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: `127.0.0.1:${port}`, stop };
}

const settings = (folder: string, port: number, zones: readonly Zone[]): string =>
  [
    'server:',
    '  interface: 127.0.0.1',
    `  port: ${port}`,
    '  do-daemonize: no',
    '  username: ""',
    '  chroot: ""',
    `  directory: "${folder}"`,
    '  pidfile: ""',
    '  use-syslog: no',
    '  do-not-query-localhost: no',
    '  module-config: "validator iterator"',
    '  local-zone: "test." transparent',
    ...zones.flatMap((zone) => zoneSettings(folder, zone)),
    'remote-control:',
    '  control-enable: no',
    '',
  ].join('\n');

function zoneSettings(folder: string, { name, records, signing }: Zone): string[] {
  const head = [
    `${name}. 300 IN SOA ns.${name}. root.${name}. 1 3600 600 86400 300`,
    `${name}. 300 IN NS ns.${name}.`,
    `ns.${name}. 300 IN A 127.0.0.1`,
  ];
  writeFileSync(join(folder, name), [...head, ...records, ''].join('\n'));
  const key = () =>
    execFileSync(program('ldns-keygen', 'ldnsutils'), ['-a', 'ECDSAP256SHA256', '-k', `${name}.`], {
      cwd: folder,
      encoding: 'utf8',
    }).trim();
  const auth = [
    'auth-zone:',
    `  name: "${name}."`,
    '  for-downstream: no',
    '  for-upstream: yes',
    '  fallback-enabled: no',
  ];
  if (signing === 'plain')
    return ['server:', `  domain-insecure: "${name}."`, ...auth, `  zonefile: "${name}"`];
  const own = key();
  execFileSync(program('ldns-signzone', 'ldnsutils'), [name, own], { cwd: folder });
  const trusted = signing === 'signed' ? own : key();
  return [
    'server:',
    `  trust-anchor-file: "${trusted}.ds"`,
    ...auth,
    `  zonefile: "${name}.signed"`,
  ];
}

function program(name: string, packet: string): string {
  const found = findProgram(name);
  if (found === undefined) throw new Error(`${name} is not installed (Debian: ${packet})`);
  return found;
}

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

/** Any answer. */
async function answers(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const query = Buffer.from('0001010000010000000000000000020001', 'hex');
  try {
    socket.send(query, port, '127.0.0.1');
    return await Promise.race([
      once(socket, 'message').then(() => true),
      new Promise<boolean>((done) => setTimeout(() => done(false), 100)),
    ]);
  } finally {
    socket.close();
  }
}
