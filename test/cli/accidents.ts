/** What goes wrong in real life: the right code, one sentence, and after a rerun nothing lost or doubled. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { startImapServer } from '@fivewire/test-servers';
import { expect, it } from 'vitest';
import { type Cli, type Installed, killedAgain } from './installed.js';

export function accidents({ cli, world }: Installed): void {
  const url = (scheme: string, path?: string, user?: string) => world.url(scheme, path, user);
  const run = (cwd: string, args: readonly string[], more = {}) =>
    cli.run([...args, ...world.options], { cwd, ...more });

  const fill = (count: number, octets = 20_000) => {
    const { mail } = world.servers;
    const inbox = mail.inbox('alice');
    inbox.remove(inbox.messages.map(({ uid }) => uid));
    const body = `${'x'.repeat(70)}\r\n`.repeat(Math.ceil(octets / 72));
    for (let i = 1; i <= count; i++) mail.deliver('alice', `Subject: number ${i}.\r\n\r\n${body}`);
  };
  /** Each subject once. */
  const expectAll = (text: string, count: number) => {
    const found = text.match(/^Subject: number \d+\.$/gm) ?? [];
    expect(found.sort()).toEqual(
      Array.from({ length: count }, (_, i) => `Subject: number ${i + 1}.`).sort(),
    );
  };

  const schemes = ['ftps', 'ftp', 'imaps', 'imap', 'pop3s', 'pop3'];
  it.each(schemes)('a wrong password at %s is 77', async (scheme) => {
    const ran = await cli.run([
      'ls',
      url(scheme),
      '--ca',
      world.ca,
      '--password-command',
      'echo wrong-one',
    ]);
    expect(ran).toMatchObject({ status: 77, stdout: '' });
    expect(ran.stderr).toMatch(
      /^fivewire: .*\(ERR_AUTHENTICATION_FAILED, localhost:\d+, auth\)\n {2}\S/,
    );
    expect(ran.stderr).not.toContain('wrong-one');
  });

  it.each([...schemes, 'nntps', 'nntp'])(
    'a wrong name at %s is 76 and says which names there are',
    async (scheme) => {
      const ran = await run(cli.home, ['ls', url(scheme), '--server-hostname', 'mail.example.org']);
      expect(ran).toMatchObject({ status: 76, stdout: '' });
      expect(ran.stderr).toContain('ERR_CERTIFICATE_HOSTNAME_MISMATCH');
      expect(ran.stderr).toContain('localhost');
    },
  );

  it.each(['smtps', 'smtp', 'imaps', 'imap', 'ftps', 'nntp', 'pop3'])(
    'an unknown authority at %s is 76, and tls shows the certificate',
    async (scheme) => {
      const ran = await cli.run(['tls', url(scheme, '', '')]);
      expect(ran.status).toBe(76);
      expect(ran.stdout).toContain('refused: ERR_CERTIFICATE_UNTRUSTED');
      expect(ran.stdout).toMatch(/chain 0 +CN=localhost/);
      expect(ran.stdout).toMatch(/sha256 +([0-9A-F]{2}:){31}[0-9A-F]{2}/);
      expect(ran.stderr).toContain('ERR_CERTIFICATE_UNTRUSTED');
    },
  );

  it('a stopped server is 69, once more with --retry, and 68 a host that nobody knows', async () => {
    const server = await startImapServer({ users: { alice: 'x' } });
    await server.close();
    const gone = `imaps://alice@localhost:${server.ports['implicit-tls']}/`;
    const ran = await run(cli.home, ['ls', gone, '--retry', '1', '--json']);
    expect(ran.status).toBe(69);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      type: 'error',
      code: 'ERR_DIAL_FAILED',
      exit: 69,
      hint: expect.stringContaining('listens'),
    });
    expect(ran.stderr).toMatch(/again in 1 s \(1 of 1\)/);
    const unknown = await run(cli.home, [
      ...['ls', 'imaps://alice@no-such-host.invalid/'],
      ...['--password-command', 'echo x'],
    ]);
    // Without any DNS the resolver says "try again", which is 75.
    expect([68, 75]).toContain(unknown.status);
    expect(unknown.stderr).toContain(unknown.status === 68 ? 'ENOTFOUND' : 'EAI_AGAIN');
  });

  it('a server that is silent is 75 after --timeout; one that breaks off is 75', async () => {
    const { servers } = world;
    try {
      servers.imap.faults = { stallAt: 0 };
      expect((await run(cli.home, ['ls', url('imaps'), '--timeout', '0.5'])).status).toBe(75);
      servers.imap.faults = { cutAfter: 60, cut: 'reset' };
      expect((await run(cli.home, ['ls', url('imaps')])).status).toBe(75);
      servers.ftp.dataFaults = { cutAfter: 3 };
      const cwd = cli.folder();
      expect((await run(cwd, ['get', url('ftps', 'pub/report.txt')])).status).toBe(75);
      expect(readdirSync(cwd)).toEqual([]);
    } finally {
      servers.imap.faults = undefined;
      servers.ftp.dataFaults = undefined;
    }
  });

  it('bad profiles are 78 and say what is wrong', async () => {
    const cwd = cli.folder();
    const bad: [string, RegExp][] = [
      ['profiles: [', /is no YAML/],
      ['profiles:\n  a:\n    imap: imaps://alice:pw@localhost\n', /holds a password/],
      [
        'profiles:\n  a:\n    imap: imaps://alice@localhost\n    password: hunter2\n',
        /do not belong/,
      ],
      ['profiles:\n  a:\n    imap: http://localhost\n', /is no imaps/],
      ['profiles:\n  a:\n    imap: imaps://localhost\n    ssl: true\n', /unknown key "ssl"/],
      ['profiles:\n  b:\n    imap: imaps://localhost\n', /no profile "a"/],
    ];
    for (const [text, expected] of bad) {
      writeFileSync(join(cwd, 'config.yaml'), text);
      const ran = await run(cwd, ['ls', '--profile', 'a', '--config', 'config.yaml']);
      expect(ran, text).toMatchObject({ status: 78, stdout: '' });
      expect(ran.stderr).toMatch(expected);
      expect(ran.stderr).not.toContain('hunter2');
    }
    expect((await run(cwd, ['ls', '--profile', 'a', '--config', 'absent.yaml'])).status).toBe(78);
    expect((await cli.run(['ls', url('imaps'), '--password-command', 'exit 5'])).status).toBe(78);
  });

  it.each([
    ['get', 'big/2.bin'],
    ['get', 'big/2.bin', '--limit-rate', '9m'],
    ['get', '-r', 'big', 'tree'],
    ['get', 'big/*.bin', 'tree/'],
    ['mirror', 'big', 'tree'],
    ['mirror', 'big', 'tree', '--jobs', '2'],
    ['sync', 'big', 'tree'],
    ['get', 'big/1.bin', 'old.bin', '--backup'],
    ['get', 'big/1.bin', 'old.bin', '--backup', '--resume'],
  ])(
    'a disk that fills up under %s %s %s is 74, and leaves nothing half-written',
    async (...line) => {
      const disk = mounted(cli, 'size=300k');
      if (disk === undefined) return;
      try {
        for (const name of ['1', '2'])
          world.servers.files.write(
            `/big/${name}.bin`,
            randomBytes(line[1] === 'big/2.bin' ? 600_000 : 200_000),
          );
        writeFileSync(
          join(disk.path, 'old.bin'),
          Buffer.alloc(line.includes('--backup') ? 120_000 : 1),
        );
        writeFileSync(join(disk.path, 'old.bin~'), 'older');
        const args = line.map((word) => (word.startsWith('big') ? url('ftps', word) : word));
        const got = await run(disk.path, args);
        expect(got).toMatchObject({ status: 74, stdout: '' });
        expect(got.stderr).toMatch(
          /^(fivewire|warning): Cannot write \S+: no space left on device$/m,
        );
        // What --resume has begun, and goes on with once there is room, is no file of its name.
        const kept = line.includes('--resume')
          ? /^(old\.bin(~|\.part(\.json)?)?|tree|tree\/[12]\.bin)$/
          : /^(old\.bin~?|tree|tree\/[12]\.bin)$/;
        for (const name of readdirSync(disk.path, { recursive: true }) as string[])
          expect(name).toMatch(kept);
        for (const name of readdirSync(disk.path, { recursive: true }) as string[])
          if (/\d\.bin$/.test(name))
            expect(readFileSync(join(disk.path, name)).length).toBe(200_000);
        expect(readFileSync(join(disk.path, 'old.bin~'), 'utf8')).toBe('older');
      } finally {
        disk.unmount();
      }
    },
  );

  it.each([
    ['fetch', 'Mail', 60_000],
    ['fetch', 'mbox:in.mbox', 60_000],
    ['sync', 'Mail', 60_000],
    ['sync', 'Mail', 250_000], // as streams
    ['sync', 'mbox:in.mbox', 60_000],
  ] as const)(
    'a disk that fills up under %s into %s, messages of %i octets: nothing half-written stays, a rerun gets the rest',
    async (command, dest, octets) => {
      const disk = mounted(cli, 'size=400k');
      if (disk === undefined) return;
      try {
        fill(12, octets);
        const line = [command, url('imaps', 'INBOX'), dest];
        const full = await run(disk.path, line);
        expect(full.status, full.stderr).toBe(74);
        expect(full.stderr).toMatch(/^fivewire: Cannot write \S+: no space left on device$/m);
        // What has nothing in it was taken away again.
        if (existsSync(join(disk.path, 'Mail')))
          expect(readdirSync(join(disk.path, 'Mail/tmp'))).toEqual([]);
        execFileSync('mount', ['-o', 'remount,size=8m', disk.path]);
        const rest = await run(disk.path, line);
        expect(rest.status, rest.stderr).toBe(0);
        expectAll(readAll(disk.path, dest), 12);
      } finally {
        disk.unmount();
      }
    },
  );

  const send = ['send', '--from', 'bob@example.org', '--subject', 's', '--text', 't'];
  const rows = ['--to', '{{mail}}', '--each'];
  const targets = (): [string, string[]][] => [
    ['get', ['get', url('ftps', 'pub/report.txt')]],
    ['get -r', ['get', '-r', url('ftps', 'pub'), 'tree']],
    ['get --backup', ['get', url('ftps', 'pub/report.txt'), 'old.txt', '--backup']],
    ['mirror', ['mirror', url('ftps', 'pub'), 'tree']],
    ['fetch into a Maildir', ['fetch', url('imaps'), 'Mail']],
    ['fetch into an mbox', ['fetch', url('imaps'), 'mbox:in.mbox']],
    ['fetch with a state', ['fetch', url('pop3s'), '--exec', 'cat', '--state', 'state']],
    ['sync', ['sync', url('imaps', 'INBOX'), 'Mail']],
    ['sync of an account', ['sync', url('imaps'), 'Mail']],
    ['sync of a maildrop', ['sync', url('pop3s'), 'mbox:in.mbox']],
    ['news', ['news', 'archive', url('nntps', 'test.fivewire'), 'mbox:news.mbox']],
    ['run', ['run', 'jobs.json']],
    ['send --each', [...send, url('smtps'), ...rows, 'rows.csv']],
    [
      'sendmail --queue-dir',
      ['sendmail', 'a@example.org', '--queue-dir', 'q', '--queue', '--url', url('smtps')],
    ],
  ];
  /** What `targets` read. */
  const prepare = (path: string) => {
    writeFileSync(join(path, 'old.txt'), 'old');
    writeFileSync(join(path, 'rows.csv'), 'mail\nalice@example.org\n');
    writeFileSync(join(path, 'jobs.json'), '["ls", "ftps://localhost:1/"]\n');
  };

  it.each([
    ['a file system that is read-only', ',ro', 73, /read-only/],
    ['a disk without room', '', 74, /no space left/],
  ])('%s: nothing is sent, lost or left behind', async (_, mode, status, said) => {
    const disk = mounted(cli, 'size=64k,nr_inodes=24');
    if (disk === undefined) return;
    try {
      fill(1);
      prepare(disk.path);
      if (mode === '') fillUp(disk.path);
      else execFileSync('mount', ['-o', `remount${mode}`, disk.path]);
      const before = readdirSync(disk.path, { recursive: true });
      const { mail } = world.servers;
      const delivered = mail.deliveries.length;
      for (const [name, args] of targets()) {
        // A job has its options in the file.
        const ran =
          args[0] === 'run'
            ? await cli.run(args, { cwd: disk.path })
            : await run(disk.path, args, { input: 'Subject: s\n\nx\n' });
        expect(ran, `${name}: ${ran.stderr}`).toMatchObject({ status, stdout: '' });
        expect(ran.stderr, name).toMatch(said);
        expect(readdirSync(disk.path, { recursive: true }), name).toEqual(before);
      }
      expect(mail.deliveries.length).toBe(delivered);
      expect(mail.inbox('alice').messages.length).toBe(1);
      expect(readFileSync(join(disk.path, 'old.txt'), 'utf8')).toBe('old');
    } finally {
      disk.unmount();
    }
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s in the middle of a download is %i, and nothing is left',
    async (signal, status) => {
      const cwd = cli.folder();
      world.servers.files.write('/slow.bin', randomBytes(500_000));
      const get = ['get', url('ftps', 'slow.bin'), '--limit-rate', '100k'];
      const ran = await run(cwd, [...get, '--trace'], { signal, stopWhen: goesOn('RETR') });
      expect(ran).toMatchObject({ status, stdout: '' });
      expect(ran.stderr).toMatch(new RegExp(`^fivewire: Interrupted by ${signal}$`, 'm'));
      expect(readdirSync(cwd)).toEqual([]);
      expect((await run(cwd, ['get', url('ftps', 'slow.bin')])).status).toBe(0);
    },
  );

  it.each([
    ['SIGKILL', 'imaps', 'Mail'],
    ['SIGKILL', 'imaps', 'mbox:in.mbox'],
    ['SIGKILL', 'pop3s', 'Mail'],
    ['SIGKILL', 'pop3s', 'mbox:in.mbox'],
    ['SIGINT', 'imaps', 'Mail'],
    ['SIGTERM', 'pop3s', 'mbox:in.mbox'],
  ] as const)(
    '%s again and again while %s goes into %s: each message once',
    async (signal, scheme, dest) => {
      const count = 40;
      fill(count);
      const cwd = cli.folder();
      const fetch = ['fetch', url(scheme), dest, '--delete'];
      let kills = 0;
      if (signal === 'SIGKILL') {
        const ended = await killedAgain((stopAt) => run(cwd, [...fetch, '--trace'], { stopAt }), {
          lines: 1,
          changes: 1,
        });
        expect(ended.last.status, ended.last.stderr).toBe(0);
        kills = ended.kills;
      }
      // At a later line of the dialogue each time, as `main` hands it on.
      else
        for (let lines = 1; ; lines = Math.ceil(lines * 1.5)) {
          const ran = await run(cwd, [...fetch, '--trace'], { stopAt: { lines, signal } });
          if (ran.status === 0) break;
          expect(ran.status, ran.stderr).toBe({ SIGINT: 130, SIGTERM: 143 }[signal]);
          expect(++kills).toBeLessThan(60);
        }
      expect(kills).toBeGreaterThan(2);
      expectAll(readAll(cwd, dest), count);
      expect(await run(cwd, fetch)).toMatchObject({ status: 0, stdout: '', stderr: '' });
      expect(world.servers.mail.inbox('alice').messages.length).toBe(0);
      expectAll(readAll(cwd, dest), count);
    },
  );

  it('SIGKILL while a file goes up leaves the old one', async () => {
    const cwd = cli.folder();
    world.servers.files.write('/kept.bin', 'the old one');
    writeFileSync(join(cwd, 'new.bin'), randomBytes(500_000));
    const put = ['put', 'new.bin', url('ftps', 'kept.bin')];
    const ran = await run(cwd, [...put, '--limit-rate', '100k', '--trace'], {
      signal: 'SIGKILL',
      stopWhen: goesOn('STOR'),
    });
    expect(ran.signal).toBe('SIGKILL');
    expect(world.servers.files.read('/kept.bin')?.toString()).toBe('the old one');
    expect((await run(cwd, put)).status).toBe(0);
    expect(world.servers.files.read('/kept.bin')?.length).toBe(500_000);
  });

  it('SIGKILL while a message goes out: nobody gets half of it, and a rerun delivers it once', async () => {
    fill(0);
    const cwd = cli.folder();
    const { mail } = world.servers;
    writeFileSync(join(cwd, 'large.txt'), 'A line of the large file.\n'.repeat(10_000));
    const send = [
      'send',
      url('smtps'),
      '--from',
      'bob@example.org',
      '--to',
      'alice@example.org',
      '--attach',
      'large.txt',
    ];
    const slow = [...send, '--limit-rate', '100k', '--trace'];
    const ran = await run(cwd, slow, { signal: 'SIGKILL', stopWhen: goesOn('(DATA|BDAT)') });
    expect(ran.signal).toBe('SIGKILL');
    const stopped = await run(cwd, slow, { signal: 'SIGTERM', stopWhen: goesOn('(DATA|BDAT)') });
    expect(stopped).toMatchObject({ status: 143, stdout: '' });
    expect(mail.inbox('alice').messages.length).toBe(0);
    expect((await run(cwd, send)).status).toBe(0);
    expect(mail.inbox('alice').messages.length).toBe(1);
  });

  it('--retry goes on after a connection that broke, and delivers once', async () => {
    fill(0);
    const { smtp, mail } = world.servers;
    let broken = 0;
    smtp.faults = () => (broken++ < 2 ? { cutAfter: 40 } : undefined);
    try {
      const send = [
        'send',
        url('smtps'),
        '--from',
        'bob@example.org',
        '--to',
        'alice@example.org',
        '--subject',
        's',
      ];
      const ran = await run(cli.home, [...send, '--retry', '3']);
      expect(ran, ran.stderr).toMatchObject({ status: 0 });
      expect(ran.stderr.match(/again in \d s/g)).toEqual(['again in 1 s', 'again in 2 s']);
      expect(mail.inbox('alice').messages.length).toBe(1);
    } finally {
      smtp.faults = undefined;
    }
  });

  it('by a proxy, with a pin that fits and one that does not', async () => {
    const proxy = createServer().on('connect', (request, client: Socket, head) => {
      asked.push(request.url);
      const { port } = new URL(`http://${request.url}`);
      const server = connect(Number(port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        server.write(head);
        server.pipe(client).pipe(server);
      });
      for (const socket of [server, client]) socket.on('error', () => socket.destroy());
    });
    const asked: (string | undefined)[] = [];
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = proxy.address() as AddressInfo;
      const pin = ['--pin', world.servers.certificate.pin];
      const by = ['--proxy', `http://127.0.0.1:${port}`];
      const good = await run(cli.home, ['get', url('ftps', 'pub/report.txt'), '-', ...by, ...pin]);
      expect(good, good.stderr).toMatchObject({ status: 0, stdout: 'All is well.\n' });
      expect(asked.length).toBe(2); // control and data
      const bad = await run(cli.home, ['ls', url('imap'), '--pin', `sha256/${'A'.repeat(43)}=`]);
      expect(bad).toMatchObject({
        status: 76,
        stderr: expect.stringContaining('ERR_CERTIFICATE_PIN_MISMATCH'),
      });
      const none = await run(cli.home, ['ls', url('imap'), '--proxy', 'http://127.0.0.1:1']);
      expect(none.status).toBe(69);
    } finally {
      proxy.close();
    }
  });

  it('cleartext is said aloud, and so is a password in it', async () => {
    const { servers } = world;
    const clear = `imap://alice@localhost:${servers.ports.imap.cleartext}/`;
    expect((await run(cli.home, ['ls', clear])).status).toBe(76); // STARTTLS is not offered there
    const refused = await run(cli.home, ['ls', clear, '--security', 'cleartext']);
    expect(refused).toMatchObject({
      status: 77,
      stderr: expect.stringContaining('ERR_CLEARTEXT_AUTH_REFUSED'),
    });
    const allowed = ['ls', clear, '--security', 'cleartext', '--allow-cleartext-auth'];
    expect(await run(cli.home, allowed)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('INBOX'),
    });
  });

  it('two at once on one state: one works, the other is 75', async () => {
    fill(5, 200_000);
    const cwd = cli.folder();
    const slow = [
      'fetch',
      url('imaps'),
      '--exec',
      'cat > /dev/null; sleep 0.4',
      '--state',
      'state',
    ];
    const first = run(cwd, slow, { process: true });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const second = await run(cwd, slow, { process: true });
    expect(second).toMatchObject({ status: 75, stderr: expect.stringContaining('in use') });
    expect((await first).status).toBe(0);
  });
}

function readAll(cwd: string, dest: string): string {
  if (dest.startsWith('mbox:')) return readFileSync(join(cwd, dest.slice(5)), 'latin1');
  return ['new', 'cur']
    .flatMap((part) =>
      readdirSync(join(cwd, dest, part)).map((name) => join(cwd, dest, part, name)),
    )
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

/** Until not one octet, and not one name, goes in. */
function fillUp(path: string): void {
  try {
    writeFileSync(join(path, 'fill'), randomBytes(1 << 20));
  } catch {
    // That is what it is for.
  }
  try {
    for (let i = 0; ; i++) mkdirSync(join(path, `fill-${i}`));
  } catch {
    // Likewise.
  }
}

/** True once the dialogue on stderr shows that the command has begun what takes long. */
const goesOn = (command: string) => (text: string) => new RegExp(`^C: ${command}`, 'm').test(text);

/** A file system of its own, which takes root; without it the test says what it could not test. */
function mounted(cli: Cli, options: string): { path: string; unmount(): void } | undefined {
  const path = join(cli.folder(), 'disk');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    console.warn(
      `NOT TESTED: a file system of its own (${options}): mount failed: ${String(error).split('\n')[0]}`,
    );
    return undefined;
  }
  return { path, unmount: () => execFileSync('umount', ['-l', path]) };
}
