/** `fivewire tls` and `check` of many servers at once, and the questions that people ask `openssl s_client`. Packed. */
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { installed } from './installed.js';

const { cli, world } = await installed();

const fivewire = (args: readonly string[], input = '') =>
  cli.run([...args, ...world.options], { cwd: cli.home, input });

/** Obeys under TLS what came in clear behind STARTTLS, as servers did before CVE-2011-0411. */
function careless(): Promise<Server> {
  const { certificate, key } = world.servers.certificate;
  const secureContext = createSecureContext({ cert: certificate, key });
  const server = createServer((socket) => {
    socket.on('error', () => {}).write('220 careless\r\n');
    socket.on('data', function clear(octets: Buffer) {
      const [command = '', ...left] = octets.toString('latin1').split('\r\n');
      if (!command.startsWith('STARTTLS')) {
        socket.write(
          command.startsWith('QUIT') ? '221 bye\r\n' : '250-careless\r\n250 STARTTLS\r\n',
        );
        return;
      }
      socket.off('data', clear);
      socket.write('220 go ahead\r\n');
      const secure = new TLSSocket(socket, { isServer: true, secureContext });
      secure.on('error', () => {});
      secure.on('secure', () => {
        if (left[0]) secure.write('250 obeyed\r\n');
      });
      secure.on('data', (asked: Buffer) =>
        secure.write(asked.toString().startsWith('QUIT') ? '221 bye\r\n' : '250 careless\r\n'),
      );
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('tls', () => {
  it('a row for each of many, the gravest as the exit code', async () => {
    const urls = ['imaps', 'smtp', 'ftps', 'nntp'].map((scheme) => world.url(scheme, '', ''));
    writeFileSync(join(cli.home, 'hosts'), `# mine\n${urls.slice(1).join('\n')}\n\n`);
    const good = await fivewire(['tls', urls[0] as string, '--list', 'hosts']);
    expect(good).toMatchObject({ status: 0, stderr: '' });
    expect(good.stdout.split('\n').filter(Boolean).length).toBe(4);
    expect(good.stdout).toMatch(/^imaps:\/\/localhost:\d+\/? +TLSv1\.3 +\d+ d +accepted$/m);
    const soon = await fivewire(['tls', '--list', '-', '--warn-days', '90000'], urls.join('\n'));
    expect(soon.status).toBe(1);
    expect(soon.stdout.match(/expires soon$/gm)?.length).toBe(4);
    const bad = await fivewire([
      'tls',
      ...urls,
      'smtps://localhost:1',
      'http://localhost',
      '--json',
    ]);
    expect(bad.status).toBe(69);
    const rows = bad.stdout
      .split('\n')
      .filter(Boolean)
      .map((row) => JSON.parse(row));
    expect(rows.map(({ type, refused }) => [type, refused?.code])).toEqual([
      ...urls.map(() => ['tls', undefined]),
      ['tls', 'ERR_DIAL_FAILED'],
      ['tls', expect.any(String)],
    ]);
    expect(await fivewire(['tls'])).toMatchObject({ status: 64, stdout: '' });
    expect(await fivewire(['tls', ...urls, '--jobs', '0'])).toMatchObject({ status: 64 });
  });

  it('advises people, not programs, whom to trust and how to name the server', async () => {
    const { port } = new URL(world.url('imaps'));
    for (const how of [['tls'], ['check'], ['tls', '--json'], ['tls', 'imaps://localhost:1']]) {
      const ran = await cli.run([...how, world.url('imaps', '', '')]);
      expect(ran.status, ran.stdout).not.toBe(0);
      if (how.length < 2 || how.includes('--json')) expect(ran.stdout).toMatch(/--ca FILE/);
      const byAddress = await cli.run([...how, `imaps://127.0.0.1:${port}`, '--ca', world.ca]);
      for (const said of [ran.stdout, ran.stderr, byAddress.stdout, byAddress.stderr])
        expect(said).not.toMatch(/ as ca\b|\bpins\b|as host|the name as serverHostname/);
    }
  });

  it.each(['smtp', 'imap', 'pop3', 'ftp', 'nntp'])(
    '--probe: versions, resumption and smuggling at %s; what is not asked says so',
    async (scheme) => {
      const tls = ['tls', world.url(scheme, '', ''), '--probe', '--json', '--ca', world.ca];
      const { stdout, status } = await cli.run(tls);
      expect(status).toBe(0);
      expect(JSON.parse(stdout).probe).toMatchObject({
        versions: {
          'TLS 1.0': { accepted: 'not asked' },
          'TLS 1.2': { accepted: 'yes', resumes: 'yes' },
          'TLS 1.3': { accepted: 'yes', resumes: 'yes' },
        },
        smuggled: 'no',
        groups: 'not asked',
        ftpDataResumes: scheme === 'ftp' ? 'not asked: needs a login' : 'not asked',
      });
    },
  );

  it('--probe finds a server that obeys what came in clear', async () => {
    const server = await careless();
    try {
      const { port } = server.address() as AddressInfo;
      const { stdout } = await fivewire(['tls', `smtp://localhost:${port}`, '--probe']);
      expect(stdout).toMatch(/^ {2}smuggling +yes$/m);
    } finally {
      server.close();
    }
  });
});

describe('check', () => {
  it('looks at what comes before a login that it has no password for', async () => {
    const ran = await cli.run(['check', world.url('imaps'), '--ca', world.ca]);
    expect(ran.status).toBe(64);
    const steps = ran.stdout.split('\n').filter((row) => /^\w/.test(row));
    expect(steps.map((row) => row.split(/ +/, 2))).toEqual([
      ['ok', 'dns'],
      ['ok', 'tcp'],
      ['ok', 'tls'],
      ['failed', 'auth'],
    ]);
    expect(ran.stdout).toMatch(/No password for alice@localhost\n +Use --password-command/);
  });

  it('of many: who is well, and what fails first where', async () => {
    const ran = await fivewire([
      'check',
      world.url('imaps'),
      world.url('pop3', '', 'nobody'),
      'ftps://u@localhost:1',
      ...['--password-command', `cat ${join(cli.home, 'password')}`],
    ]);
    expect(ran.status).toBe(77);
    const [first, second, third] = ran.stdout.split('\n');
    expect(first).toMatch(/ {2}ok$/);
    expect(second).toMatch(/ {2}auth failed: /);
    expect(third).toMatch(/ {2}tcp failed: /);
  });
});
