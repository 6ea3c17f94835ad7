/** What people do with it, from an empty folder: exit code, stdout and stderr of each. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Installed, password } from './installed.js';

const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');

export function scenarios({ cli, world }: Installed): void {
  /** Runs it with the options that let it in; whatever it says, never the password. */
  const fivewire = async (cwd: string, args: readonly string[], input?: string) => {
    const ran = await cli.run([...args, ...world.options], {
      cwd,
      ...(input === undefined ? {} : { input }),
    });
    expect(ran.stdout + ran.stderr).not.toContain(password);
    return ran;
  };
  const lines = (text: string) => text.split('\n').filter(Boolean);
  const records = (text: string) => lines(text).map((line) => JSON.parse(line));
  const url = (scheme: string, path?: string, user?: string) => world.url(scheme, path, user);

  /** Empties alice's INBOX, and puts so many messages there. */
  const deliver = (count: number, body = 'Hello.\r\nFrom here on.\r\n') => {
    const { mail } = world.servers;
    const inbox = mail.inbox('alice');
    inbox.remove(inbox.messages.map(({ uid }) => uid));
    for (let i = 1; i <= count; i++)
      mail.deliver(
        'alice',
        `From: bob@example.org\r\nTo: alice@example.org\r\nSubject: number ${i}\r\n\r\n${body}`,
      );
  };

  describe.each(['ftps', 'ftp'])('1. a file to %s and back', (scheme) => {
    it('is the same file, under its name and under another', async () => {
      const cwd = cli.folder();
      const content = randomBytes(300_000);
      writeFileSync(join(cwd, 'up.bin'), content);
      expect(await fivewire(cwd, ['put', 'up.bin', url(scheme, `${scheme}.bin`)])).toMatchObject({
        status: 0,
        stdout: '',
        stderr: '',
      });
      expect(await fivewire(cwd, ['get', url(scheme, `${scheme}.bin`), 'down.bin'])).toMatchObject({
        status: 0,
        stdout: '',
        stderr: '',
      });
      expect(sha256(readFileSync(join(cwd, 'down.bin')))).toBe(sha256(content));
      expect(readdirSync(cwd).sort()).toEqual(['down.bin', 'up.bin']); // nothing half-written is left
      const { stdout } = await fivewire(cwd, ['ls', '-l', url(scheme)]);
      expect(stdout).toMatch(new RegExp(`^file\t300000\t\\S+Z\t${scheme}\\.bin$`, 'm'));
    });

    it('flows through pipes', async () => {
      const cwd = cli.folder();
      const put = await fivewire(cwd, ['put', '-', url(scheme, 'piped.txt')], 'by stdin\n');
      expect(put).toMatchObject({ status: 0, stderr: '' });
      const get = await fivewire(cwd, ['get', url(scheme, 'piped.txt'), '-']);
      expect(get).toMatchObject({ status: 0, stdout: 'by stdin\n', stderr: '' });
    });
  });

  it('2. a tree goes up and comes down', async () => {
    const cwd = cli.folder();
    mkdirSync(join(cwd, 'tree', 'deep', 'er'), { recursive: true });
    writeFileSync(join(cwd, 'tree', 'one.txt'), 'one');
    writeFileSync(join(cwd, 'tree', 'deep', 'er', 'ü 100%.txt'), 'two');
    expect((await fivewire(cwd, ['put', '-r', 'tree', url('ftps', 'copy')])).status).toBe(0);
    const down = await fivewire(cwd, ['get', '-r', url('ftps', 'copy'), 'back', '--json']);
    expect(down).toMatchObject({ status: 0, stderr: '' });
    expect(
      records(down.stdout)
        .map(({ type, path }) => [type, path])
        .sort(),
    ).toEqual([
      ['saved', 'back/deep/er/ü 100%.txt'],
      ['saved', 'back/one.txt'],
    ]);
    expect(readFileSync(join(cwd, 'back/deep/er/ü 100%.txt'), 'utf8')).toBe('two');
    expect((await fivewire(cwd, ['get', url('ftps', 'copy'), 'x'])).status).toBe(64); // a directory
  });

  it('3. directories and names: mkdir, mv, stat, rm', async () => {
    const cwd = cli.folder();
    expect((await fivewire(cwd, ['mkdir', '-p', url('ftps', 'a/b')])).status).toBe(0);
    writeFileSync(join(cwd, 'x'), 'abc');
    await fivewire(cwd, ['put', 'x', url('ftps', 'a/b/')]);
    expect((await fivewire(cwd, ['mv', url('ftps', 'a/b/x'), 'a/y'])).status).toBe(0);
    const stat = await fivewire(cwd, ['stat', url('ftps', 'a/y'), '--json']);
    expect(JSON.parse(stat.stdout)).toMatchObject({
      type: 'entry',
      name: 'y',
      kind: 'file',
      size: 3,
    });
    expect((await fivewire(cwd, ['rm', '-r', url('ftps', 'a')])).status).toBe(0);
    const gone = await fivewire(cwd, ['stat', url('ftps', 'a/y')]);
    expect(gone).toMatchObject({ status: 66, stdout: '' });
    expect(gone.stderr).toMatch(/^fivewire: a\/y is not there$/m);
    expect((await fivewire(cwd, ['get', url('ftps', 'a/y')])).status).toBe(66);
    expect(readdirSync(cwd)).toEqual(['x']);
  });

  describe.each([
    ['smtps', 'imaps'],
    ['smtp', 'imap'],
  ])('4. a message by %s arrives by %s', (smtp, imap) => {
    it('with its attachment, once', async () => {
      deliver(0);
      const cwd = cli.folder();
      writeFileSync(join(cwd, 'report.csv'), 'a;b\n1;2\n');
      const sent = await fivewire(cwd, [
        ...['send', url(smtp), '--from', 'Bob <bob@example.org>', '--to', 'alice@example.org'],
        ...['--subject', 'Grüße', '--text', 'See the file.', '--attach', 'report.csv', '-v'],
      ]);
      expect(sent).toMatchObject({ status: 0 });
      expect(sent.stdout).toMatch(
        /^accepted alice@example\.org: 250 .*\nsent \d+ octets: 250 .*\n$/,
      );
      const fetched = await fivewire(cwd, ['fetch', url(imap), 'Mail', '-v']);
      expect(fetched).toMatchObject({ status: 0, stderr: '1 new message\n' });
      const [path = ''] = lines(fetched.stdout);
      expect(path).toMatch(/^Mail\/new\/[0-9a-f]{32}\.fivewire$/);
      const text = readFileSync(join(cwd, path), 'utf8');
      expect(text).toMatch(/^Subject: =\?utf-8\?/im);
      expect(text).not.toContain('\r');
      const again = await fivewire(cwd, ['fetch', url(imap), 'Mail']);
      expect(again).toMatchObject({ status: 0, stdout: '', stderr: '' });
      const files = await fivewire(cwd, ['fetch', url(imap), 'attachments:files', '-v']);
      expect(readFileSync(join(cwd, lines(files.stdout)[0] ?? ''), 'utf8')).toBe('a;b\n1;2\n');
    });
  });

  it('5. send: stdin, hidden recipients, refused ones, a dry run', async () => {
    deliver(0);
    const { servers } = world;
    const cwd = cli.folder();
    const message =
      'From: bob@example.org\nTo: alice@example.org\nBcc: carol@example.net\nSubject: x\n\n.dot\n';
    const sent = await fivewire(cwd, ['send', url('smtps'), '--file', '-', '-v'], message);
    expect(sent).toMatchObject({ status: 0 });
    expect(lines(sent.stdout).map((line) => line.split(':')[0])).toEqual([
      'accepted alice@example.org',
      'accepted carol@example.net',
      'sent 61 octets',
    ]);
    const [stored] = servers.mail.inbox('alice').messages;
    expect(stored?.octets.toString()).toBe(
      'From: bob@example.org\r\nTo: alice@example.org\r\nSubject: x\r\n\r\n.dot\r\n',
    );

    const some = [
      '--from',
      'bob@example.org',
      '--to',
      'alice@example.org',
      '--to',
      'nobody@example.org',
      '--subject',
      's',
    ];
    const partly = await fivewire(cwd, ['send', url('smtps'), ...some, '--json']);
    expect(partly.status).toBe(1);
    expect(records(partly.stdout).map(({ type, verdict }) => verdict ?? type)).toEqual([
      'accepted',
      'refused',
      'sent',
    ]);
    const none = await fivewire(cwd, ['send', url('smtps'), ...some, '--all-or-none']);
    expect(none.status).toBe(67);
    const nobody = await fivewire(cwd, [
      'send',
      url('smtps'),
      '--from',
      'b@example.org',
      '--to',
      'nobody@example.org',
      '--subject',
      's',
    ]);
    expect(nobody).toMatchObject({ status: 67 });
    expect(nobody.stdout).toBe('');
    expect(nobody.stderr).toMatch(/^warning: refused nobody@example\.org: 550 5\.1\.1 /);
    const before = servers.mail.inbox('alice').messages.length;
    const dry = await fivewire(cwd, ['send', url('smtps'), ...some, '--dry-run']);
    expect(dry).toMatchObject({ status: 1, stderr: 'Dry run: nothing was sent.\n' });
    expect(lines(dry.stdout).length).toBe(2);
    expect(servers.mail.inbox('alice').messages.length).toBe(before);
    expect(servers.smtp.connections.at(-1)?.lines.some((line) => line.startsWith('DATA'))).toBe(
      false,
    );
    const injected = await fivewire(cwd, [
      'send',
      url('smtps'),
      '--from',
      'b@example.org',
      '--to',
      'a@example.org',
      '--subject',
      'x\r\nBcc: e@example.org',
    ]);
    expect(injected.status).toBe(64);
  });

  describe.each(['pop3s', 'pop3', 'imaps'])('6. %s into an mbox', (scheme) => {
    it('quotes, remembers, and deletes what is safe', async () => {
      deliver(3);
      const { servers } = world;
      const cwd = cli.folder();
      const first = await fivewire(cwd, ['fetch', url(scheme), 'mbox:in.mbox']);
      expect(first).toMatchObject({ status: 0, stdout: '', stderr: '' });
      const mbox = readFileSync(join(cwd, 'in.mbox'), 'utf8');
      expect(mbox.match(/^From fivewire /gm)?.length).toBe(3);
      expect(mbox.match(/^>From here on\.$/gm)?.length).toBe(3);
      servers.mail.deliver('alice', 'Subject: number 4\r\n\r\n.\r\n');
      expect(await fivewire(cwd, ['fetch', url(scheme), 'mbox:in.mbox', '--delete'])).toMatchObject(
        {
          status: 0,
          stdout: '',
          stderr: '',
        },
      );
      expect(servers.mail.inbox('alice').messages.length).toBe(0);
      expect(readFileSync(join(cwd, 'in.mbox'), 'utf8').match(/^Subject: number \d$/gm)).toEqual(
        [1, 2, 3, 4].map((i) => `Subject: number ${i}`),
      );
    });
  });

  it('7. a command for each message, again for those that it did not take', async () => {
    deliver(3);
    const cwd = cli.folder();
    writeFileSync(
      join(cwd, 'take.sh'),
      'grep -q "number 2" && [ ! -e ok ] && exit 9\necho $FIVEWIRE_UID >> taken\n',
    );
    const options = ['fetch', url('imaps'), '--exec', 'sh take.sh', '--state', 'state'];
    const first = await fivewire(cwd, options);
    expect(first).toMatchObject({ status: 1, stdout: '' });
    expect(first.stderr).toMatch(/^warning: message \d+: the command ended with status 9$/m);
    writeFileSync(join(cwd, 'ok'), '');
    expect(await fivewire(cwd, options)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const taken = lines(readFileSync(join(cwd, 'taken'), 'utf8'));
    expect(taken.length).toBe(3);
    expect(new Set(taken).size).toBe(3);
  });

  it('8. messages as JSON lines', async () => {
    deliver(2);
    const cwd = cli.folder();
    const options = ['fetch', url('pop3s'), '-', '--state', 'state'];
    const { status, stdout } = await fivewire(cwd, options);
    expect(status).toBe(0);
    expect(records(stdout)).toMatchObject([
      {
        type: 'message',
        subject: 'number 1',
        from: 'bob@example.org',
        text: 'Hello.\nFrom here on.\n',
        attachments: [],
      },
      { type: 'message', subject: 'number 2' },
    ]);
    expect(await fivewire(cwd, options)).toMatchObject({ status: 0, stdout: '' });
    expect((await fivewire(cwd, [...options, '--delete'])).status).toBe(64);
    const message = await fivewire(cwd, ['get', `${url('pop3s', '2')}`, '-']);
    expect(message.stdout).toContain('Subject: number 2\r\n');
    const { stdout: listed } = await fivewire(cwd, ['ls', url('imaps', 'INBOX'), '--json']);
    const [{ uid }] = records(listed);
    const one = await fivewire(cwd, ['get', url('imaps', `INBOX/;UID=${uid}`)]);
    expect(one).toMatchObject({ status: 0, stdout: '' });
    expect((await fivewire(cwd, ['get', url('imaps', 'INBOX/;UID=999999')])).status).toBe(66);
  });

  it('9. news: groups, post, over, get, archive', async () => {
    const cwd = cli.folder();
    expect(await fivewire(cwd, ['news', 'groups', url('nntps')])).toMatchObject({
      status: 0,
      stdout: 'test.fivewire\n',
      stderr: '',
    });
    const posted = await fivewire(cwd, [
      'news',
      'post',
      url('nntp', 'test.fivewire'),
      '--from',
      'Bob <bob@example.org>',
      '--subject',
      'Grüße',
      '--text',
      'From Bob',
      '-v',
    ]);
    expect(posted.stdout).toMatch(/^<\S+@example\.org>\n$/);
    const over = await fivewire(cwd, ['news', 'over', url('nntps', 'test.fivewire')]);
    expect(over.stdout).toMatch(/^1\t.*\tBob <bob@example\.org>\tGrüße\n$/);
    expect(
      (await fivewire(cwd, ['news', 'get', url('nntps', 'test.fivewire/1'), '-'])).stdout,
    ).toContain('\r\n\r\nFrom Bob');
    const archive = ['news', 'get', url('nntps', 'test.fivewire'), 'mbox:archive.mbox'];
    expect(await fivewire(cwd, archive)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await fivewire(cwd, archive)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(cwd, 'archive.mbox'), 'utf8')).toContain('\n>From Bob\n');
    expect((await fivewire(cwd, ['news', 'over', url('nntps', 'no.such')])).status).toBe(66);
  });

  const schemes = ['ftp', 'imap', 'pop3', 'smtp', 'nntp'].flatMap((name) => [name, `${name}s`]);
  it.each(schemes)('10. tls by %s', async (scheme) => {
    const cwd = cli.folder();
    const shown = await fivewire(cwd, ['tls', url(scheme, '', ''), '--json']);
    expect(shown).toMatchObject({ status: 0, stderr: '' });
    const record = JSON.parse(shown.stdout);
    expect(record).toMatchObject({
      ...{
        type: 'tls',
        serverHostname: 'localhost',
        matchedName: 'localhost',
        protocol: 'TLSv1.3',
        trust: 'ca',
      },
      chain: [{ names: ['localhost', '127.0.0.1', '::1'], subject: 'CN=localhost' }],
    });
    expect(record.resumes).toBe(true);
    // Node 24 and newer name the group of TLS 1.3, and may have agreed on ML-KEM; what is not told is left out, and never called classical.
    if (record.group === undefined) expect(record.postQuantum).toBe(undefined);
    else expect(record.postQuantum).toBe(/MLKEM/.test(record.group));
    expect(record.alpn).toBe(/smtp/.test(scheme) ? undefined : scheme.replace(/s$/, ''));
    const soon = await fivewire(cwd, ['tls', url(scheme, '', ''), '--warn-days', '1000']);
    expect(soon.status).toBe(1);
    expect(soon.stdout).toContain('  resumption  ');
    expect(soon.stdout).toMatch(/^ {2}group {7}(not asked: .*|\S+, (not )?post-quantum)$/m);
    expect(soon.stderr).toMatch(/^warning: .* valid for 36\d more days only$/m);
  });

  it('11. check: a line a step, and a hint where it fails', async () => {
    const cwd = cli.folder();
    const good = await fivewire(cwd, ['check', url('imaps')]);
    expect(good).toMatchObject({ status: 0, stderr: '' });
    expect(lines(good.stdout).map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual(
      ['dns', 'tcp', 'tls', 'auth', 'capabilities'].map((step) => `ok ${step}`),
    );
    const wrongName = await fivewire(cwd, [
      'check',
      url('pop3'),
      '--server-hostname',
      'other.example',
      '--json',
    ]);
    expect(wrongName.status).toBe(76);
    expect(records(wrongName.stdout).at(-1)).toMatchObject({
      step: 'tls',
      result: 'failed',
      hint: expect.stringContaining('localhost'),
    });
  });

  it('12. accounts: a profile, netrc, stdin; and config check', async () => {
    const cwd = cli.folder();
    const config = join(cwd, 'config.yaml');
    const port = (name: 'imap' | 'smtp') => world.servers.ports[name]['implicit-tls'];
    writeFileSync(
      config,
      [
        'profiles:',
        '  work:',
        `    imap: imaps://alice@localhost:${port('imap')}`,
        `    smtp: smtps://alice@localhost:${port('smtp')}`,
        `    ca: ${world.ca}`,
        `    passwordCommand: cat ${join(cli.home, 'password')}`,
        '    from: Alice <alice@example.org>',
        '',
      ].join('\n'),
    );
    const profile = ['--profile', 'work', '--config', config];
    expect(await cli.run(['config', 'check', '--config', config], { cwd })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^ok\twork\timaps:.* smtps:.*\n$/),
      stderr: '',
    });
    expect(await cli.run(['ls', ...profile], { cwd })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('INBOX\n'),
    });
    expect(
      await cli.run(['send', ...profile, '--to', 'alice@example.org', '--subject', 'p'], { cwd }),
    ).toMatchObject({ status: 0 });
    expect(await cli.run(['fetch', 'Mail', ...profile], { cwd })).toMatchObject({ status: 0 });
    const elsewhere = await cli.run(['ls', 'imaps://evil.example/', ...profile], { cwd });
    expect(elsewhere).toMatchObject({ status: 78, stderr: expect.stringContaining('to no other') });

    const netrc = join(cwd, 'netrc');
    writeFileSync(netrc, `machine localhost login alice password "${password}"\n`, { mode: 0o600 });
    const byNetrc = ['ls', url('imaps', '', ''), '--ca', world.ca, '--netrc-file', netrc];
    expect(await cli.run(byNetrc, { cwd })).toMatchObject({ status: 0 });
    await cli.sh(`chmod 644 ${netrc}`);
    const open = await cli.run(byNetrc, { cwd });
    expect(open).toMatchObject({
      status: 78,
      stdout: '',
      stderr: expect.stringContaining('chmod 600'),
    });
    const byStdin = await cli.run(['ls', url('imaps'), '--ca', world.ca, '--password-stdin'], {
      cwd,
      input: `${password}\n`,
    });
    expect(byStdin).toMatchObject({ status: 0 });
    const traced = await cli.run(['ls', url('imap'), '--trace', ...world.options], { cwd });
    expect(traced.stderr).toContain('C: ');
    expect(traced.stderr).not.toContain(password);
    expect(traced.stderr).not.toContain(Buffer.from(`\0alice\0${password}`).toString('base64'));
  });

  it('13. serve: servers for others, until SIGINT', async () => {
    const cwd = cli.folder();
    let listed = '';
    const served = await cli.run(['serve', '--web', '--ca-file', 'ca.pem', '--json'], {
      cwd,
      stopWhen: (text) => {
        listed = text;
        return text.includes('"type":"ca"') && text.includes('until SIGINT');
      },
    });
    expect(served).toMatchObject({ status: 0 });
    expect(records(served.stdout).filter(({ type }) => type === 'port').length).toBe(15);
    expect(records(served.stdout).slice(-2)).toEqual([
      { type: 'ca', path: 'ca.pem' },
      { type: 'web', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/) },
    ]);
    expect(readFileSync(join(cwd, 'ca.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
    expect(listed).not.toBe('');
  });

  it('14. a person’s terminal: a bar there, and none in a pipe; NO_COLOR', async () => {
    const cwd = cli.folder();
    world.servers.files.write('/big.bin', randomBytes(400_000));
    const get = `fivewire get ${url('ftps', 'big.bin')} big.bin --limit-rate 400k ${world.shell}`;
    const piped = await cli.sh(`${get} | cat`, { cwd });
    expect(piped).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const seen = await cli.pty(`${get} > out.txt`, { cwd });
    if (seen === undefined) {
      console.warn('NOT TESTED: terminals (neither script of util-linux nor python3 is here)');
      return;
    }
    expect(seen.status).toBe(0);
    expect(seen.stdout).toMatch(/big\.bin .*\d+% \| .* \| .*iB\/s \| ETA/);
    expect(readFileSync(join(cwd, 'out.txt'), 'utf8')).toBe('');
    const failing = `fivewire ls ${url('ftps', 'nothing')} ${world.shell}`;
    const coloured = await cli.pty(failing, { cwd });
    expect(coloured?.status).toBe(66);
    expect(coloured?.stdout).toContain('\u001b[31m');
    const plain = await cli.pty(failing, { cwd, env: { NO_COLOR: '1' } });
    expect(plain?.stdout).not.toContain('\u001b[');
    const quiet = await cli.pty(`${get} --quiet`, { cwd });
    expect(quiet).toMatchObject({ status: 0, stdout: '' });
  });

  it('15. help, version, completion, and mistakes in the command line', async () => {
    const cwd = cli.folder();
    expect(await cli.run(['--version'], { cwd })).toMatchObject({
      status: 0,
      stdout: '0.1.0\n',
      stderr: '',
    });
    const help = await cli.run(['send', '--help'], { cwd });
    expect(help).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('--dry-run'),
    });
    expect(await cli.run(['completion'], { cwd })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('fivewire'),
    });
    const mistakes: [string[], RegExp][] = [
      [[], /Which command/],
      [['lss'], /Did you mean ls/],
      [['ls', '--no-such', url('ftps')], /no-such/],
      [['ls', 'localhost'], /is no URL/],
      [['ls', 'http://localhost/'], /scheme/],
      [['ls', 'ftps://alice:hunter2@localhost/'], /holds a password/],
      [['ls', url('imaps'), '--password', 'hunter2'], /There is no --password/],
      [['ls', url('imaps')], /No password for alice@localhost/],
      [['ls', url('imaps'), '--timeout', 'soon'], /--timeout/],
      [['ls', url('imaps'), '--security', 'starttls', ...world.options], /implicit TLS/],
      [['get', url('ftps', 'x'), '--limit-rate', 'fast'], /--limit-rate/],
      [['send', url('smtps'), '--to', 'a@example.org', ...world.options], /Who sends it/],
      [['fetch', url('imaps'), ...world.options], /Where to/],
      [['mv', url('ftps', 'a'), url('ftps', 'b'), ...world.options], /same server/],
      [['news', 'read', url('nntps')], /There are groups/],
      [['news', 'over', url('nntps', 'g'), '--limit', 'x'], /news over takes no --limit/],
      [['news', 'groups', url('nntps'), '--jobs', '2'], /takes no --jobs.*\n.*--wildmat/],
      [['news', 'nzb', url('nntps'), 'x.nzb', '--subject', 's'], /takes no --subject/],
      [['news', 'get', url('nntps', 'g/1'), '-', '--limit', 'x'], /--limit x/],
      [['news', 'over', url('nntps', 'g'), 'file'], /takes no file/],
    ];
    for (const [args, expected] of mistakes) {
      const ran = await cli.run(args, { cwd });
      expect(ran, args.join(' ')).toMatchObject({ status: 64, stdout: '' });
      expect(ran.stderr).toMatch(expected);
      expect(ran.stderr).not.toMatch(/^\s+at /m);
      expect(ran.stderr).not.toContain('hunter2');
    }
    const stack = await cli.run(['ls', url('ftps', 'nothing'), ...world.options, '-vv'], { cwd });
    expect(stack.stderr).toMatch(/^ {4}at /m);
    const head = await cli.sh(`fivewire ls -r ${url('ftps')} ${world.shell} | head -1 | wc -l`, {
      cwd,
    });
    expect(head).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\s*1\n$/),
      stderr: '',
    });
    expect(existsSync(join(cwd, '.fivewire-state'))).toBe(false);
  });
}
