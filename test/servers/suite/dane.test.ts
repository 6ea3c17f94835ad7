/** DANE against a resolver that validates: Debian's unbound on loopback, over zones that are signed here. Nothing is asked of any other server. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { findTlsa } from '@fivewire/smtp';
import { createThrowawayCa, startSmtpServer } from '@fivewire/test-servers';
import { run } from 'fivewire';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findProgram } from '../install.mjs';

const hosts = ['leaf', 'anchor', 'other', 'none'].map((name) => `${name}.signed.test`);
const names = [...hosts, 'leaf.plain.test', 'leaf.bogus.test'];

let folder: string;
let unbound: ChildProcess | undefined;
let smtp: Awaited<ReturnType<typeof startSmtpServer>>;
let resolver: string;
let ca: string;

const program = (name: string, packet: string): string => {
  const found = findProgram(name);
  if (found === undefined) throw new Error(`${name} is not installed (Debian: ${packet})`);
  return found;
};
const keysum = (pem: string): string =>
  createHash('sha256')
    .update(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** @returns what unbound is told of it: `bogus` is signed by another key than the one that is trusted */
function zone(name: string, records: string[], kind: 'signed' | 'plain' | 'bogus'): string[] {
  const file = join(folder, name);
  const head = [
    `${name}. 300 IN SOA ns.${name}. root.${name}. 1 3600 600 86400 300`,
    `${name}. 300 IN NS ns.${name}.`,
    `ns.${name}. 300 IN A 127.0.0.1`,
  ];
  writeFileSync(file, [...head, ...records, ''].join('\n'));
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
  if (kind === 'plain')
    return ['server:', `  domain-insecure: "${name}."`, ...auth, `  zonefile: "${name}"`];
  const own = key();
  execFileSync(program('ldns-signzone', 'ldnsutils'), [name, own], { cwd: folder });
  const trusted = kind === 'signed' ? own : key();
  return [
    'server:',
    `  trust-anchor-file: "${trusted}.ds"`,
    ...auth,
    `  zonefile: "${name}.signed"`,
  ];
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

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fivewire-dane-'));
  const authority = await createThrowawayCa();
  // What a server does not send, no record can be held against (RFC 7671 §5.2.2): an authority that it sends.
  const sent = await authority.createIntermediate();
  const certificate = await sent.issue({ names });
  ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.certificate);
  smtp = await startSmtpServer({ users: {}, certificate });
  const at = `_${smtp.ports.starttls}._tcp`;
  const [leaf, anchor] = [keysum(certificate.certificate), keysum(sent.certificate)];
  const port = await freePort();
  resolver = `127.0.0.1:${port}`;
  writeFileSync(
    join(folder, 'unbound.conf'),
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
      ...zone(
        'signed.test',
        [
          `${at}.leaf.signed.test. 300 IN TLSA 3 1 1 ${leaf}`,
          `${at}.anchor.signed.test. 300 IN TLSA 2 1 1 ${anchor}`,
          `${at}.other.signed.test. 300 IN TLSA 3 1 1 ${'0'.repeat(64)}`,
        ],
        'signed',
      ),
      ...zone(
        'plain.test',
        [`${at}.leaf.plain.test. 300 IN TLSA 3 1 1 ${'0'.repeat(64)}`],
        'plain',
      ),
      ...zone('bogus.test', [`${at}.leaf.bogus.test. 300 IN TLSA 3 1 1 ${leaf}`], 'bogus'),
      'remote-control:',
      '  control-enable: no',
      '',
    ].join('\n'),
  );
  unbound = spawn(program('unbound', 'unbound'), ['-d', '-c', join(folder, 'unbound.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  unbound.stderr?.on('data', (text) => {
    said += text;
  });
  while (!(await answers(port)))
    if (unbound.exitCode !== null) throw new Error(`unbound ended: ${said}`);
});
afterAll(async () => {
  if (unbound?.exitCode === null) {
    unbound.kill('SIGKILL');
    await once(unbound, 'exit');
  }
  await smtp?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function tls(name: string, ...more: string[]) {
  let said = '';
  const stream = new Writable({
    write(chunk, _, done) {
      said += chunk;
      done();
    },
  });
  const line = [
    'tls',
    `smtp://127.0.0.1:${smtp.ports.starttls}`,
    '--server-hostname',
    name,
    '--resolver',
    resolver,
    '--json',
    ...more,
  ];
  const status = await run(line, {
    stdout: stream,
    stderr: new Writable({ write: (_, __, done) => done() }),
  });
  return { status, dane: JSON.parse(said.split('\n')[0] as string).dane };
}

it.each([
  ['leaf.signed.test', 0, 'match'],
  ['anchor.signed.test', 0, 'match'],
  ['other.signed.test', 1, 'mismatch'],
  ['none.signed.test', 0, 'none'],
  ['leaf.plain.test', 0, 'unsigned'],
  ['leaf.bogus.test', 0, 'unknown'],
])('%s: %i, %s', async (name, status, result) => {
  const found = await tls(name, '--ca', ca);
  expect(found.dane).toMatchObject({ result });
  expect(found.status).toBe(status);
});

it('a record stands for a server that no authority vouches for', async () => {
  expect(await tls('leaf.signed.test')).toMatchObject({ status: 76, dane: { result: 'match' } });
});

it('that there is none is proven, and what is not signed proves nothing', async () => {
  const port = smtp.ports.starttls;
  expect(await findTlsa('none.signed.test', port, { resolver })).toEqual({
    signed: true,
    records: [],
  });
  expect(await findTlsa('leaf.plain.test', port, { resolver })).toMatchObject({ signed: false });
  await expect(findTlsa('leaf.bogus.test', port, { resolver })).rejects.toThrow();
});
