/** What a shell's user counts on: nothing lost in silence, nothing replaced that is no file, exit codes by meaning. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startDialogueServer } from '@fivewire/test-servers';
import { describe, expect, it } from 'vitest';
import { type Installed, password } from './installed.js';

export function habits({ cli, world }: Installed): void {
  const fivewire = (cwd: string, args: readonly string[], input?: string) =>
    cli.run([...args, ...world.options], {
      cwd,
      ...(input === undefined ? {} : { input }),
    });
  const url = (scheme: string, path?: string) => world.url(scheme, path);
  const plain = (cwd: string, args: readonly string[]) => cli.run(args, { cwd });

  it('get writes through a device, a fifo and a link', async () => {
    const cwd = cli.folder();
    const report = url('ftps', 'pub/report.txt');
    expect(await fivewire(cwd, ['get', report, '/dev/null'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    writeFileSync(join(cwd, 'real'), 'old', { mode: 0o600 });
    symlinkSync('real', join(cwd, 'link'));
    expect(await fivewire(cwd, ['get', report, 'link'])).toMatchObject({ status: 0 });
    expect(lstatSync(join(cwd, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(cwd, 'real'), 'utf8')).toBe('All is well.\n');
    expect(statSync(join(cwd, 'real')).mode & 0o777).toBe(0o600);
    expect(await fivewire(cwd, ['get', report, 'real', '--no-clobber'])).toMatchObject({
      status: 73,
    });
    expect(readdirSync(cwd).sort()).toEqual(['link', 'real']);
  });

  it('an absent tree is 66 and leaves no directory', async () => {
    const cwd = cli.folder();
    expect(await fivewire(cwd, ['get', '-r', url('ftps', 'nosuch'), 'out'])).toMatchObject({
      status: 66,
      stdout: '',
    });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('trees keep times, take links to files along, and say what was left out', async () => {
    const cwd = cli.folder();
    const time = new Date('2001-02-03T04:05:06Z');
    mkdirSync(join(cwd, 'tree'));
    writeFileSync(join(cwd, 'tree', 'a.txt'), 'a');
    utimesSync(join(cwd, 'tree', 'a.txt'), time, time);
    symlinkSync('a.txt', join(cwd, 'tree', 'b.txt'));
    const complete = await fivewire(cwd, ['put', '-r', 'tree', url('ftps', 'kept')]);
    expect(complete).toMatchObject({ status: 0, stdout: '', stderr: '' });
    symlinkSync('nowhere', join(cwd, 'tree', 'c.txt'));
    const partly = await fivewire(cwd, ['put', '-r', 'tree', url('ftps', 'kept')]);
    expect(partly).toMatchObject({ status: 1, stdout: '' });
    expect(partly.stderr).toMatch(/c\.txt is a link/);
    expect(
      await fivewire(cwd, ['put', '-r', '--skip-links', 'tree', url('ftps', 'kept')]),
    ).toMatchObject({ status: 0, stderr: '' });
    expect(await fivewire(cwd, ['get', '-r', url('ftps', 'kept'), 'back'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(readFileSync(join(cwd, 'back', 'b.txt'), 'utf8')).toBe('a');
    expect(statSync(join(cwd, 'back', 'a.txt')).mtime).toEqual(time);
  });

  it('operands behind -- may begin with a dash', async () => {
    const cwd = cli.folder();
    writeFileSync(join(cwd, '-dash.bin'), 'x');
    const { options } = world;
    expect(
      await plain(cwd, ['put', ...options, '--', '-dash.bin', url('ftps', 'dash.bin')]),
    ).toMatchObject({ status: 0, stderr: '' });
    expect(await plain(cwd, [...options, '--', 'ls', url('ftps', 'pub')])).not.toMatchObject({
      stdout: '',
    });
    expect(
      await plain(cwd, ['get', ...options, '--', url('ftps', 'dash.bin'), '-other.bin']),
    ).toMatchObject({ status: 0 });
    expect(readFileSync(join(cwd, '-other.bin'), 'utf8')).toBe('x');
  });

  it('exit codes say what it means: 66 is not there, 73 in the way, 69 not to be had', async () => {
    const cwd = cli.folder();
    const rows: [string[], number][] = [
      [['mkdir', url('ftps', 'full')], 0],
      [['mkdir', url('ftps', 'full')], 73],
      [['mkdir', url('ftps', 'full/below')], 0],
      [['rm', url('ftps', 'full')], 69],
      [['rm', url('ftps', 'nosuch')], 66],
      [['ls', url('imaps', 'nosuch')], 66],
      [['get', url('imaps', 'INBOX/;UID=999999'), '-'], 66],
      [['get', url('pop3s', '99'), '-'], 66],
      [['get', url('nntps', 'test.fivewire/99'), '-'], 66],
      [['ls', url('imaps', 'INBOX/;UID=999999')], 66],
      [['ls', url('pop3s', '99')], 66],
      [['ls', url('nntps', 'test.fivewire/99')], 66],
      [['ls', url('nntps', '%3Cx@y%3E')], 64],
      [['rm', url('pop3s', '99')], 66],
      [['rm', url('ftps', 'nosuch*')], 66],
      [['rm', url('ftps', 'nosuch*'), '--older-than', '1d'], 0],
      [['rm', url('ftps', 'nosuch'), '--older-than', '1d'], 66],
      [['rm', url('ftps', 'full'), '--older-than', '1d'], 64],
      [['rm', '-r', url('ftps', 'full'), '--older-than', '1d'], 64],
      [['rm', url('pop3s', '1'), '--older-than', '1d'], 64],
    ];
    for (const [args, status] of rows)
      expect(await fivewire(cwd, args), args.join(' ')).toMatchObject({ status, stdout: '' });
  });

  it.each([
    ['S: +OK', 0, ''],
    ['S: -ERR some messages were not removed', 69, 'has not removed message 3: some messages'],
    ['CLOSE', 76, 'Whether message 3 was removed is not known'],
  ])(
    'rm by POP3 says what the goodbye says (%s), and tries no other message',
    async (end, status, words) => {
      const hello = 'S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .';
      const server = await startDialogueServer(`${hello}\nC: DELE 3\nS: +OK\nC: QUIT\n${end}`);
      try {
        const rm = [
          'rm',
          `pop3://127.0.0.1:${server.port}/3`,
          '--security',
          'cleartext',
          '--retry',
          '2',
        ];
        const { stderr, ...ran } = await plain(cli.folder(), rm);
        expect(ran).toMatchObject({ status, stdout: '' });
        expect(stderr).toContain(words);
        expect(stderr === '').toBe(status === 0);
      } finally {
        await server.close();
      }
    },
  );

  it('rm takes files whose names fit a star, those of an age alone, and a message by POP3', async () => {
    const cwd = cli.folder();
    const { files, mail } = world.servers;
    const silent = { status: 0, stdout: '', stderr: '' };
    expect(await fivewire(cwd, ['mkdir', url('ftps', 'old')])).toMatchObject(silent);
    for (const name of ['a.log', 'b.log', 'c.txt']) {
      writeFileSync(join(cwd, name), name);
      const time = new Date(name === 'b.log' ? Date.now() : '2001-02-03T04:05:06Z');
      utimesSync(join(cwd, name), time, time);
      expect(await fivewire(cwd, ['put', name, url('ftps', 'old/')])).toMatchObject(silent);
    }
    const old = ['rm', url('ftps', 'old/*.log'), '--older-than', '30d'];
    expect(await fivewire(cwd, old)).toMatchObject(silent);
    expect((await fivewire(cwd, ['ls', url('ftps', 'old')])).stdout).toBe('b.log\nc.txt\n');
    expect(await fivewire(cwd, ['rm', url('ftps', 'old/*')])).toMatchObject(silent);
    expect(files.read('/old/c.txt')).toBe(undefined);
    const inbox = mail.inbox('alice');
    inbox.remove(inbox.messages.map(({ uid }) => uid));
    for (const subject of ['one', 'two']) mail.deliver('alice', `Subject: ${subject}\r\n\r\nx\r\n`);
    expect(await fivewire(cwd, ['rm', url('pop3s', '1')])).toMatchObject(silent);
    expect(inbox.messages.map(({ octets }) => octets.toString())).toEqual([
      'Subject: two\r\n\r\nx\r\n',
    ]);
  });

  it('what is done is a record under --json', async () => {
    const cwd = cli.folder();
    const types = [];
    for (const args of [
      ['mkdir', url('ftps', 'j')],
      ['mv', url('ftps', 'j'), 'k'],
      ['rm', url('ftps', 'k')],
    ]) {
      const { stdout } = await fivewire(cwd, [...args, '--json']);
      types.push(JSON.parse(stdout).type);
    }
    expect(types).toEqual(['made', 'renamed', 'removed']);
  });

  it('send reaches all recipients of the header, or nobody', async () => {
    const cwd = cli.folder();
    const { mail } = world.servers;
    const send = (header: string, ...more: string[]) =>
      fivewire(
        cwd,
        ['send', url('smtps'), '--file', '-', ...more],
        `From: bob@example.org\n${header}\nSubject: all\n\nx\n`,
      );
    const before = mail.deliveries.length;
    expect(await send('To: bob, carol@example.org')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(mail.deliveries.slice(before).flatMap(({ to }) => to)).toEqual([
      'bob',
      'carol@example.org',
    ]);
    expect(await send('To: bob, carol@example.org', '--domain', 'example.net')).toMatchObject({
      status: 0,
    });
    expect(mail.deliveries.at(-1)?.to).toEqual(['bob@example.net', 'carol@example.org']);
    const after = mail.deliveries.length;
    for (const header of [
      'To: bob@example.org carol@example.org',
      'To: a@example.org\nCc: <b@example.org',
    ])
      expect(await send(header), header).toMatchObject({ status: 65, stdout: '' });
    expect(mail.deliveries.length).toBe(after);
  });

  it('the null sender, a postmark of an mbox, hidden recipients, stdin as attachment', async () => {
    const cwd = cli.folder();
    const { mail } = world.servers;
    const alice = () => mail.inbox('alice').messages.at(-1)?.octets.toString();
    const message =
      'From bob Thu Nov 26 17:04:05 2026\nFrom: bob@example.org\nTo: alice@example.org\nBcc: eve@example.org\nSubject: x\n\nbody\n';
    for (const sender of ['', '<>']) {
      expect(
        await fivewire(cwd, ['send', url('smtps'), '--file', '-', '--from', sender], message),
      ).toMatchObject({ status: 0, stderr: '' });
      const last = mail.deliveries.at(-1);
      expect(last).toMatchObject({ from: '', to: ['alice@example.org', 'eve@example.org'] });
      expect(alice()).toBe(
        'From: bob@example.org\r\nTo: alice@example.org\r\nSubject: x\r\n\r\nbody\r\n',
      );
    }
    const composed = [
      'send',
      url('smtps'),
      '--from',
      'bob@example.org',
      '--to',
      'alice@example.org',
      '--subject',
      's',
    ];
    expect(await fivewire(cwd, [...composed, '--attach', '-'], 'from stdin')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(alice()).toContain(Buffer.from('from stdin').toString('base64'));
    expect(await fivewire(cwd, [...composed, '--text', '@-'], 'text of stdin')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(alice()).toContain('text of stdin');
    expect(
      await fivewire(cwd, [
        'send',
        url('smtps'),
        '--from',
        'b@example.org',
        '--to',
        '',
        '--subject',
        's',
      ]),
    ).toMatchObject({ status: 64 });
  });

  const block = (name: string, to: string) =>
    `Resent-From: ${name}@example.org\nResent-To: ${to}@example.org\nResent-Bcc: ${to}-hidden@example.org\nResent-Date: Sun, 29 Nov 2026 10:00:00 +0000\n`;
  const original =
    'From: author@example.org\nTo: first@example.org\nCc: copy@example.org\nSubject: x\n\nbody\n';
  it.each([
    ['once', block('bob', 'carol') + original, 'bob', ['carol', 'carol-hidden']],
    [
      'twice',
      block('bob', 'carol') + block('eve', 'mallory') + original,
      'bob',
      ['carol', 'carol-hidden'],
    ],
    [
      'with a trace between',
      `Resent-To: carol@example.org\nReceived: from there\n${block('eve', 'mallory')}${original}`,
      undefined,
      ['carol'],
    ],
    [
      'with its recipients in two fields',
      `Resent-From: bob@example.org\nResent-To: carol@example.org\nResent-To: dave@example.org\n${original}`,
      'bob',
      ['carol', 'dave'],
    ],
  ])('a message resent %s goes to those alone who get it now', async (_, message, from, to) => {
    const { mail } = world.servers;
    const recipients = to.map((name) => `${name}@example.org`);
    for (const command of [
      ['send', url('smtps'), '--file', '-'],
      ['sendmail', '-t', '--url', url('smtps')],
    ]) {
      const sender = from === undefined ? ['--from', 'bob@example.org'] : [];
      const before = mail.deliveries.length;
      const ran = await fivewire('/tmp', [...command, ...sender], message);
      expect(ran, ran.stderr).toMatchObject({ status: 0, stdout: '', stderr: '' });
      expect(mail.deliveries.slice(before)).toMatchObject([
        { from: 'bob@example.org', to: recipients },
      ]);
    }
  });

  it('search, flag, copy, move, append and rm mail on the server', async () => {
    const cwd = cli.folder();
    const { mail } = world.servers;
    const inbox = mail.inbox('alice');
    inbox.remove(inbox.messages.map(({ uid }) => uid));
    for (const subject of ['red', 'blue', 'red'])
      mail.deliver('alice', `Subject: ${subject}\r\n\r\nx\r\n`);
    const [first, second, third] = inbox.messages.map(({ uid }) => String(uid));
    const box = url('imaps', 'INBOX');
    const run = (...args: string[]) => fivewire(cwd, args);
    const found = async (...args: string[]) => (await run('search', box, ...args)).stdout;
    expect(await found('--subject', 'red')).toBe(`${first}\n${third}\n`);
    expect(await run('search', box, '--subject', 'green')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: '',
    });
    expect(await found('--count')).toBe('3\n');
    expect(await found('--older-than', '30d', '--count')).toBe('0\n');
    expect(await run('flag', `${box}/;UID=${second}`, '--add', 'seen')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(await found('--unseen')).toBe(`${first}\n${third}\n`);
    expect(await run('copy', `${box}/;UID=${second}`, 'Copies', '--create')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(await run('move', `${box}/;UID=${first},${third}`, 'Copies')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(await found()).toBe(`${second}\n`);
    expect((await run('search', url('imaps', 'Copies'), '--count')).stdout).toBe('3\n');
    const message = 'From: bob@example.org\nSubject: kept\n\nline\n';
    expect(
      await fivewire(cwd, ['append', '-', url('imaps', 'Copies'), '--flag', '\\Seen'], message),
    ).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(
      (await run('search', url('imaps', 'Copies'), '--subject', 'kept', '--count')).stdout,
    ).toBe('1\n');
    expect(await run('rm', box, '--older-than', '30d')).toMatchObject({ status: 0, stderr: '' });
    expect(await found('--count')).toBe('1\n');
    expect(await run('rm', box)).toMatchObject({ status: 64 });
    expect(await run('rm', `${box}/;UID=${second}`)).toMatchObject({ status: 0, stderr: '' });
    expect(await found('--count')).toBe('0\n');
    expect(await run('rm', `${box}/;UID=${second}`)).toMatchObject({ status: 66 });
    expect(await run('move', `${box}/;UID=${second}`, 'Copies')).toMatchObject({ status: 66 });
  });

  it('search by fields, flags and sizes, as a set for the next command; rm -r of a mailbox', async () => {
    const cwd = cli.folder();
    const box = url('imaps', 'Looked');
    const run = (...args: string[]) => fivewire(cwd, args);
    expect(await run('mkdir', box)).toMatchObject({ status: 0 });
    for (const [i, field] of ['List-Id: <a.b>', 'Cc: carol@example.org', 'X-Y: z'].entries())
      await fivewire(
        cwd,
        ['append', '-', box, ...(i === 0 ? ['--flag', '\\Seen', '--flag', '\\Answered'] : [])],
        `Subject: s${i}\n${field}\n\nthe text ${i}\n`,
      );
    const found = async (...args: string[]) =>
      (await run('search', box, ...args)).stdout.trim().replaceAll('\n', ' ');
    expect(await found('--header', 'List-Id')).toBe('1');
    expect(await found('--header', 'X-Y:z', '--header', 'X-Y')).toBe('3');
    expect(await found('--header', 'X-Y:q')).toBe('');
    expect(await found('--cc', 'carol')).toBe('2');
    expect(await found('--body', 'text 2')).toBe('3');
    expect(await found('--body', 's2')).toBe('');
    expect(await found('--seen')).toBe('1');
    expect(await found('--answered', '--unflagged')).toBe('1');
    expect(await found('--unanswered')).toBe('2 3');
    expect(await found('--smaller', '1k', '--larger', '0')).toBe('1 2 3');
    expect(await found('--larger', '1k')).toBe('');
    expect(await found('--set')).toBe('1:3');
    expect(await found('--subject', 'none', '--set')).toBe('');
    for (const bad of [
      ['--seen', '--unseen'],
      ['--set', '--count'],
      ['--header', ':x'],
    ])
      expect(await run('search', box, ...bad), bad.join(' ')).toMatchObject({ status: 64 });
    for (const [more, status] of [
      ['/;UID=1', 64],
      ['', 0],
      ['', 66],
    ] as const)
      expect(await run('rm', '-r', `${box}${more}`)).toMatchObject({ status, stdout: '' });
    expect(await run('rm', '-r', box, '--older-than', '1d')).toMatchObject({ status: 64 });
  });

  it('mv takes a directory that ends in a slash, as a shell has it', async () => {
    const cwd = cli.folder();
    world.servers.files.write('/from/a b.txt', 'x');
    world.servers.files.write('/into/here.txt', 'y');
    const moved = await fivewire(cwd, ['mv', url('ftps', 'from/a%20b.txt'), 'into/', '-v']);
    expect(moved).toMatchObject({ status: 0, stdout: 'renamed from/a b.txt to into/a b.txt\n' });
    expect(world.servers.files.read('/into/a b.txt')?.toString()).toBe('x');
    expect(await fivewire(cwd, ['mv', url('ftps', 'from/'), 'into/'])).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect((await fivewire(cwd, ['ls', url('ftps', 'into')])).stdout.split('\n').sort()).toEqual([
      '',
      'a b.txt',
      'from/',
      'here.txt',
    ]);
  });

  it('stat of a maildrop, a newsgroup, and what is in them', async () => {
    const cwd = cli.folder();
    const { mail, news } = world.servers;
    const box = mail.inbox('alice');
    box.remove(box.messages.map(({ uid }) => uid));
    mail.deliver('alice', 'Subject: s\r\n\r\nx\r\n');
    const octets = box.messages[0]?.octets.length;
    news.add(
      'From: b@example.org\r\nNewsgroups: test.fivewire\r\nSubject: s\r\nMessage-ID: <stat@example.org>\r\n\r\nx\r\n',
    );
    const fact = async (target: string) =>
      JSON.parse((await fivewire(cwd, ['stat', target, '--json'])).stdout);
    expect(await fact(url('pop3s'))).toMatchObject({ type: 'maildrop', messages: 1, size: octets });
    const message = await fact(url('pop3', '1'));
    expect(message).toEqual({ type: 'message', number: 1, size: octets, uid: expect.any(String) });
    const group = await fact(url('nntps', 'test.fivewire'));
    expect(group).toMatchObject({ type: 'group', name: 'test.fivewire', low: 1 });
    expect(group.high).toBe(group.count);
    expect(await fact(url('nntp', `test.fivewire/${group.high}`))).toEqual({
      type: 'article',
      number: group.high,
      messageId: '<stat@example.org>',
    });
    const plain = await fivewire(cwd, ['stat', url('pop3s')]);
    expect(plain.stdout).toMatch(/^name\tpop3:.*\nmessages\t1\nsize\t\d+\n$/);
    for (const [target, status] of [
      [url('pop3s', '9'), 66],
      [url('nntps', 'no.such'), 66],
      [url('nntps', 'test.fivewire/99999'), 66],
      [url('nntps'), 64],
      [url('pop3s', 'x'), 64],
      [url('smtps'), 64],
    ] as const)
      expect((await fivewire(cwd, ['stat', target])).status, target).toBe(status);
  });

  it('a port that is taken is 69, and what to do about it', async () => {
    const port = world.servers.ports.ftp['implicit-tls'];
    const ran = await cli.run(['serve', '--port-base', String(port)]);
    expect(ran).toMatchObject({ status: 69, stdout: '' });
    expect(ran.stderr).toMatch(
      /^fivewire: Cannot listen on port \d+: another program does\n {2}Give another --port-base; /,
    );
  });

  it.each([['imap'], ['pop3'], ['ftp']])('--retry holds for watch of %s', async (protocol) => {
    const ran = await cli.run([
      'watch',
      `${protocol}s://alice@localhost:1/`,
      '--password-command',
      'echo x',
      '--retry',
      '1',
    ]);
    expect(ran).toMatchObject({ status: 69, stdout: '' });
    expect(ran.stderr).toContain('again in 1 s (1 of 1)');
  });

  it('put takes several files into a directory, as a shell gives them for *.csv', async () => {
    const cwd = cli.folder();
    const { files } = world.servers;
    mkdirSync(join(cwd, 'd'));
    const time = new Date('2001-02-03T04:05:06Z');
    for (const name of ['a.csv', 'b.csv', '-c.csv', 'd/a.csv']) {
      writeFileSync(join(cwd, name), name);
      utimesSync(join(cwd, name), time, time);
    }
    await fivewire(cwd, ['mkdir', url('ftps', 'many')]);
    const into = url('ftps', 'many/');
    const put = (...args: string[]) => fivewire(cwd, ['put', ...args]);
    const bad: [string[], number][] = [
      [['a.csv', 'b.csv', url('ftps', 'many')], 64],
      [['a.csv', 'd', into], 64],
      [['a.csv', 'd/a.csv', into], 64],
      [['a.csv', '-', into], 64],
      [['-r', 'a.csv', 'd', into], 64],
      [['a.csv', 'nosuch.csv', into], 66],
      [['a.csv', 'b.csv', 'd'], 64],
    ];
    for (const [args, status] of bad)
      expect(await put(...args), args.join(' ')).toMatchObject({ status, stdout: '' });
    expect((await fivewire(cwd, ['ls', into])).stdout).toBe('');
    const all = ['put', 'a.csv', 'b.csv', ...world.options, '--', '-c.csv', into];
    expect(await plain(cwd, all)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const names = (await fivewire(cwd, ['ls', into])).stdout.trim().split('\n');
    expect(names.sort()).toEqual(['-c.csv', 'a.csv', 'b.csv']);
    expect(files.read('/many/b.csv')?.toString()).toBe('b.csv');
    const json = await put('a.csv', 'b.csv', into, '--json', '--direct');
    expect(json.stdout.match(/"type":"uploaded"/g)?.length).toBe(2);
    expect(await put('a.csv', 'b.csv', url('ftps', 'nosuch/'))).toMatchObject({ status: 1 });
  });

  it('a star counts in the last part of a path, and that is said', async () => {
    const cwd = cli.folder();
    const star = url('ftps', 'p*/report.txt');
    for (const args of [
      ['ls', star],
      ['get', star],
      ['rm', star],
      ['rm', star, '--older-than', '1d'],
      ['get', '-r', url('ftps', 'pu*')],
    ]) {
      const ran = await fivewire(cwd, args);
      expect(ran, args.join(' ')).toMatchObject({ status: 64, stdout: '' });
      expect(ran.stderr).toMatch(/ star /);
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('what fails before it has done anything leaves nothing behind', async () => {
    const { ca } = world;
    const wrong = ['--ca', ca, '--password-command', 'echo wrong'];
    for (const dest of ['deep/Mail', 'mbox:in.mbox', 'attachments:files']) {
      const cwd = cli.folder();
      expect(await plain(cwd, ['fetch', url('imaps'), dest, ...wrong])).toMatchObject({
        status: 77,
      });
      expect(readdirSync(cwd), dest).toEqual([]);
    }
  });

  it('mail keeps the time of its arrival', async () => {
    const cwd = cli.folder();
    const { mail } = world.servers;
    const inbox = mail.inbox('alice');
    inbox.remove(inbox.messages.map(({ uid }) => uid));
    mail.deliver('alice', 'Subject: old\r\n\r\nx\r\n');
    const { internalDate } = inbox.messages[0] as { internalDate: Date };
    const seconds = Math.floor(internalDate.getTime() / 1_000);
    expect(await fivewire(cwd, ['fetch', url('imaps'), 'Mail'])).toMatchObject({ status: 0 });
    const [name = ''] = readdirSync(join(cwd, 'Mail', 'new'));
    expect(Math.floor(statSync(join(cwd, 'Mail', 'new', name)).mtimeMs / 1_000)).toBe(seconds);
  });

  it('a section that is not there is 66, not an empty file', async () => {
    const cwd = cli.folder();
    const { mail } = world.servers;
    mail.deliver('alice', 'Subject: one part\r\n\r\nx\r\n');
    const uid = mail.inbox('alice').messages.at(-1)?.uid;
    expect(
      await fivewire(cwd, ['get', url('imaps', `INBOX/;UID=${uid}/;SECTION=7`)]),
    ).toMatchObject({ status: 66, stdout: '' });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('help and version that cannot be written are 74; completion is a script of its shell', async () => {
    const cwd = cli.folder();
    for (const option of ['--help', '--version', 'get --help'])
      expect(await cli.sh(`fivewire ${option} > /dev/full`, { cwd }), option).toMatchObject({
        status: 74,
        stderr: 'fivewire: Cannot write to stdout: no space left on device\n',
      });
    const { stdout } = await cli.run(['completion', 'bash'], { cwd });
    execFileSync('bash', ['-n'], { input: stdout });
    const words = execFileSync(
      'bash',
      [
        '-c',
        `${stdout}\nCOMP_WORDS=(fivewire m); COMP_CWORD=1; _fivewire; echo "\${COMPREPLY[@]}"`,
      ],
      { encoding: 'utf8' },
    );
    expect(words).toBe('mkdir mv mirror mailboxes move man\n');
    expect(await cli.run(['completion', 'csh'], { cwd })).toMatchObject({ status: 64 });
  });

  it('a password command is bound by --timeout, and nothing that it says is shown', async () => {
    const cwd = cli.folder();
    const { ca } = world;
    const slow = await plain(cwd, [
      'ls',
      url('imaps'),
      '--ca',
      ca,
      '--password-command',
      'sleep 60',
      '--timeout',
      '0.3',
    ]);
    expect(slow).toMatchObject({ status: 78, stdout: '' });
    const leaking = await plain(cwd, [
      'ls',
      url('imaps'),
      '--ca',
      ca,
      '--password-command',
      'echo hunter2 >&2; exit 3',
    ]);
    expect(leaking).toMatchObject({ status: 78, stdout: '' });
    expect(leaking.stderr).not.toContain('hunter2');
    writeFileSync(join(cwd, 'config.yaml'), 'profiles:\n  a:\n    imap: imaps://alice@localhost\n');
    execFileSync('chmod', ['666', join(cwd, 'config.yaml')]);
    expect(await plain(cwd, ['ls', '--config', 'config.yaml', '--profile', 'a'])).toMatchObject({
      status: 78,
    });
  });

  describe('targets', () => {
    it.each([
      ['get - into a full disk', 'get FTPS/pub/report.txt - OPTIONS > /dev/full', 74],
      ['a device as mbox', 'fetch IMAPS mbox:/dev/null OPTIONS', 0],
      ['a full device as mbox', 'fetch IMAPS mbox:/dev/full OPTIONS', 74],
      [
        'mail that would be deleted and kept nowhere',
        'fetch IMAPS mbox:/dev/null --delete OPTIONS',
        64,
      ],
      ['a directory as mbox', 'fetch IMAPS mbox:directory OPTIONS', 73],
      ['a socket as mbox', 'fetch IMAPS mbox:socket OPTIONS', 73],
      ['a file as Maildir', 'fetch IMAPS file OPTIONS', 73],
      ['a link to nothing as Maildir', 'sync IMAPS dangling OPTIONS', 73],
      ['a mailbox that is not there', 'sync IMAPS/NoSuch Mail OPTIONS', 66],
      ['a device as tree', 'mirror FTPS/pub /dev/null OPTIONS', 73],
      ['a link to nothing as tree', 'mirror FTPS/pub dangling OPTIONS', 73],
      ['a tree to stdout', 'get -r FTPS/pub - OPTIONS', 64],
      ['a queue that is not there', 'queue flush nosuch', 66],
      ['a queue that is not there, asked for', 'queue list nosuch', 66],
      ['a queue that is a file', 'queue flush file', 66],
    ])('%s', async (_, command, status) => {
      const cwd = cli.folder();
      mkdirSync(join(cwd, 'directory'));
      writeFileSync(join(cwd, 'file'), 'x');
      symlinkSync('nowhere', join(cwd, 'dangling'));
      const server = createServer().listen(join(cwd, 'socket'));
      await once(server, 'listening');
      world.servers.mail.deliver('alice', 'Subject: x\r\n\r\nx\r\n');
      const line = command
        .replace('FTPS/', url('ftps'))
        .replace('IMAPS/', url('imaps'))
        .replace('IMAPS', url('imaps'))
        .replace('OPTIONS', world.shell);
      const before = readdirSync(cwd);
      const ran = line.includes('>')
        ? await cli.sh(`fivewire ${line} < /dev/null`, { cwd }) // the shell opens it
        : await cli.run(line.split(' '), { cwd, input: '' });
      const after = readdirSync(cwd);
      server.close(); // which takes the socket away
      expect(ran, ran.stderr).toMatchObject({ status, stdout: '' });
      expect(after).toEqual(before);
      expect(existsSync('/dev/null.fivewire-state')).toBe(false);
    });
  });

  it.each([
    [['ls', '--ca='], /^fivewire: --ca is empty$/m],
    [['send', '--to=', '--from', 'a@example.org'], /^fivewire: --to is empty$/m],
    [['mirror', 'a', 'ftps://b', '--dry-run='], /^fivewire: --dry-run takes no value$/m],
    [['mirror', 'a', 'ftps://b', '--delete=no'], /^fivewire: --delete takes no value$/m],
    [['ls', '--security', ''], /^fivewire: --security "" is none of implicit-tls, /m],
    [['put', 'x'], /^ {2}Write fivewire put <file> <url>/m],
    [['ls', '--', 'imaps://host', '--json'], /^fivewire: Unknown argument: --json$/m],
    [['fetch', 'imaps://a@host', 'mbox:-'], /^fivewire: mbox:- is no place for mail$/m],
    [['fetch', 'imaps://a@host', 'M', '--state', '-'], /^fivewire: --state is a file/m],
    [['sync', '-', 'imaps://a@host'], /^fivewire: - names no place$/m],
    [['put', '-r', '-', 'ftps://host/x'], /^fivewire: stdin is one file/m],
    [
      ['append', '-', 'imaps://a@host', '--password-stdin'],
      /^fivewire: stdin cannot be both the password and the message$/m,
    ],
  ])('%j is a mistake, and says so', async (args, said) => {
    const cwd = cli.folder();
    const ran = await cli.run(args, { cwd, input: 'secret\n' });
    expect(ran).toMatchObject({ status: 64, stdout: '' });
    expect(ran.stderr).toMatch(said);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('mistakes are told in our words under every locale', async () => {
    const mistakes: [string[], RegExp][] = [
      [['put', 'x'], /^fivewire: An argument is missing$/m],
      [['lss'], /^fivewire: Did you mean ls\?$/m],
      [['ls', '--nosuch', 'ftps://host'], /^fivewire: Unknown argument: nosuch$/m],
      [['fetch', 'imaps://host', 'x', '--delte'], /^ {2}Did you mean --delete\?$/m],
      [['ls', 'ftps://host', '--security', 'x'], /^fivewire: --security "x" is none of implicit-/m],
      [['ls', 'ftps://host', '--password', 'x'], /^fivewire: There is no --password/m],
    ];
    for (const [args, said] of mistakes) {
      const env = { LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8', LANGUAGE: 'de' };
      const ran = await cli.run(args, { env });
      expect(ran, args.join(' ')).toMatchObject({ status: 64, stdout: '' });
      expect(ran.stderr).toMatch(said);
    }
  });

  it.each([
    ['a recipient of blanks', 'To: alice@example.org', ['--to', ' ']],
    ['a sender of blanks', 'To: alice@example.org', ['--from', ' ']],
    ['more than a local part may have', `To: alice@example.org, ${'a'.repeat(65)}@example.org`, []],
  ])('%s is 65, and nothing is sent', async (_, header, more) => {
    const { mail } = world.servers;
    const before = mail.deliveries.length;
    const message = `From: bob@example.org\n${header}\nSubject: x\n\nx\n`;
    const ran = await fivewire('/tmp', ['send', url('smtps'), '--file', '-', ...more], message);
    expect(ran).toMatchObject({ status: 65, stdout: '' });
    expect(mail.deliveries.length).toBe(before);
  });

  it('stdin where a file is asked for', async () => {
    const cwd = cli.folder();
    const { certificate } = world.servers.ca;
    const [, , ...login] = world.options;
    const ca = await cli.run(['ls', url('ftps'), '--ca', '-', ...login], {
      cwd,
      input: certificate,
    });
    expect(ca).toMatchObject({ status: 0, stderr: '' });
    const netrc = await cli.run(['ls', url('ftps'), '--ca', world.ca, '--netrc-file', '-'], {
      cwd,
      input: `machine localhost login alice password ${password}\n`,
    });
    expect(netrc).toMatchObject({ status: 0, stderr: '' });
    const rows = ['--each', '-', '--journal', 'rows', '--from', 'bob@example.org'];
    const each = [...rows, '--to', '{{mail}}', '--subject', 's', '--text', 't'];
    expect(
      await fivewire(cwd, ['send', url('smtps'), ...each], 'mail\nalice@example.org\n'),
    ).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  describe('what was named and is not there, or is something else', () => {
    const nothing = { stdout: '' };
    const files = (cwd: string) => readdirSync(cwd, { recursive: true }).sort();

    it.each([
      ['ls', 'ftps', 'pub/nosuch*', 66, /No file fits pub\/nosuch\*/],
      ['ls', 'imaps', 'Nosuch*', 66, /No mailbox fits Nosuch\*/],
      ['mailboxes', 'imaps', 'Nosuch*', 66, /No mailbox fits Nosuch\*/],
      ['mkdir', 'ftps', 'nosuch/x', 73, /fivewire mkdir -p makes it/],
    ])('%s %s://…/%s is %i and says so', async (command, scheme, path, status, said) => {
      const ran = await fivewire(cli.folder(), [command, url(scheme, path)]);
      expect(ran).toMatchObject({ status, ...nothing, stderr: expect.stringMatching(said) });
    });

    it('one UID of several is told and is 1; of a range whatever is there', async () => {
      const cwd = cli.folder();
      const { mail } = world.servers;
      mail.deliver('alice', 'Subject: x\r\n\r\nx\r\n');
      const uid = mail.inbox('alice').messages.at(-1)?.uid as number;
      const some = url('imaps', `INBOX/;UID=${uid},${uid + 7}`);
      const range = url('imaps', `INBOX/;UID=${uid}:${uid + 7}`);
      for (const line of [
        ['flag', some, '--add', 'seen'],
        ['copy', some, 'Sent'],
        ['get', some, 'got'],
        ['ls', some],
      ]) {
        const ran = await fivewire(cwd, line);
        expect(ran, line[0]).toMatchObject({
          status: 1,
          stderr: `warning: INBOX has no message with UID ${uid + 7}\n`,
        });
        const all = await fivewire(
          cwd,
          line.map((word) => (word === some ? range : word)),
        );
        expect(all, line[0]).toMatchObject({ status: 0, stderr: '' });
      }
    });

    it('a file goes onto no directory, and what is in it stays', async () => {
      const cwd = cli.folder();
      writeFileSync(join(cwd, 'f'), 'x');
      const { files: there } = world.servers;
      for (const path of ['kept', 'empty']) {
        there.makeFolders(`/${path}`);
        if (path === 'kept') there.write('/kept/in.txt', 'kept');
        const ran = await fivewire(cwd, ['put', 'f', url('ftps', path)]);
        expect(ran, path).toMatchObject({ status: 73, ...nothing });
        expect(there.folder(`/${path}`), path).toBeDefined();
      }
      expect(there.read('/kept/in.txt')?.toString()).toBe('kept');
      expect(there.paths.filter((path) => path.includes('/.'))).toEqual([]);
    });

    it('a name that is no UTF-8 goes up, is listed and comes down by its octets', async () => {
      const cwd = cli.folder();
      writeFileSync(join(cwd, 'f'), 'latin');
      for (const line of [
        ['put', 'f', url('ftps', 'caf%E9')],
        ['get', url('ftps', 'caf%E9'), 'back'],
        ['get', url('ftps', 'caf*'), 'all'],
      ])
        expect(await fivewire(cwd, line), line.join(' ')).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(join(cwd, 'back'), 'utf8')).toBe('latin');
      expect(world.servers.files.read('/caf\udce9')?.toString()).toBe('latin');
    });

    it.each([
      ['fetch', (state: string) => ['fetch', url('imaps'), 'Mail', '--state', state]],
      [
        'send --each',
        (state: string) => [
          ...[
            'send',
            url('smtps'),
            '--each',
            'rows.csv',
            '--journal',
            state,
            '--from',
            'b@example.org',
          ],
          ...['--to', '{{mail}}', '--text', 't'],
        ],
      ],
    ])('%s never writes over a state that is another file', async (_, line) => {
      const cwd = cli.folder();
      writeFileSync(join(cwd, 'rows.csv'), 'mail\nalice@example.org\n');
      for (const text of ['data', 'data\n', '{}\n', 'null\n', '\n']) {
        writeFileSync(join(cwd, 'mine'), text);
        const before = files(cwd);
        const sent = world.servers.mail.deliveries.length;
        const ran = await fivewire(cwd, line('mine'));
        expect(ran, JSON.stringify(text)).toMatchObject({ status: 65, ...nothing });
        expect(readFileSync(join(cwd, 'mine'), 'utf8')).toBe(text);
        expect(files(cwd)).toEqual(before);
        expect(world.servers.mail.deliveries.length).toBe(sent);
      }
    });

    it.each([
      [['fetch', 'IMAPS', 'mbox:'], 64, /mbox: is no place for mail/],
      [['fetch', 'IMAPS', 'attachments:'], 64, /is no place for mail/],
      [['sync', 'IMAPS', 'mbox:'], 64, /mbox: names no place/],
      [['sync', 'file', 'IMAPS'], 66, /file is no Maildir/],
      [['sync', 'IMAPS', 'ftps://localhost/x'], 64, /cannot be copied to/],
      [['append', 'empty', 'IMAPS'], 65, /empty is no message/],
      [['append', '-', 'IMAPS'], 65, /stdin is no message/],
      [['append', 'file', 'IMAPS'], 65, /file is no message/],
      [
        ['send', 'SMTPS', '--from', 'a@example.org', '--to', 'x', '--text', 't'],
        64,
        /--to holds "x"/,
      ],
      [
        ['send', 'SMTPS', '--from', 'a@x, b@x', '--to', 'c@x', '--text', 't'],
        64,
        /--from holds several addresses \(.*\n {2}Name one\.$/m,
      ],
      [
        ['send', 'SMTPS', '--from', 'a@x', '--to', 'c@x', '--attach', '.'],
        66,
        /attachment, \.: it is no file/,
      ],
      [['send', 'SMTPS', '--from', 'a@x', '--to', 'c@x', '--text', '@'], 64, /@ names no file/],
      [['get', 'IMAPS/INBOX/;UID=0'], 64, /UIDs are written 5, 1:9/],
      [['append', 'm.eml', 'IMAPS', '--flag', 'a b'], 64, /Such as seen, flagged/],
      [['ls', 'IMAPS', '--cert', 'file'], 64, /The file of --cert must hold what begins with/],
      [['ls', 'IMAPS', '--key', 'file'], 64, /--key goes with --cert/],
      [['run', 'tag.yaml'], 65, /^fivewire: tag\.yaml: no YAML: Unresolved tag: .* column 8$/m],
      [
        ['ls', 'IMAPS', '--profile', 'a', '--config', '.'],
        78,
        /configuration file \.: illegal operation on a directory$/m,
      ],
    ] as [string[], number, RegExp][])('%j is %i', async (words, status, said) => {
      const cwd = cli.folder();
      writeFileSync(join(cwd, 'file'), 'data');
      writeFileSync(join(cwd, 'empty'), '');
      writeFileSync(join(cwd, 'm.eml'), 'Subject: x\n\nx\n');
      writeFileSync(join(cwd, 'tag.yaml'), '- run: !!js/function "x"\n');
      const line = words.map((word) =>
        word.replace(/^IMAPS\/?/, url('imaps')).replace(/^SMTPS/, url('smtps')),
      );
      const before = files(cwd);
      // A job has its options in its file.
      const ran = words[0] === 'run' ? await plain(cwd, line) : await fivewire(cwd, line, '');
      expect(ran, ran.stderr).toMatchObject({ status, ...nothing });
      expect(ran.stderr).toMatch(said);
      expect(files(cwd)).toEqual(before);
    });

    it('a row that goes to nobody is found before any row is sent', async () => {
      const cwd = cli.folder();
      const { mail } = world.servers;
      const before = mail.deliveries.length;
      for (const bad of ['bob', '', ' ', 'a@@b', '<>']) {
        writeFileSync(join(cwd, 'rows.csv'), `mail,x\nalice@example.org,1\n${bad},2\n`);
        const rows = ['--each', 'rows.csv', '--from', 'b@example.org', '--to', '{{mail}}'];
        const ran = await fivewire(cwd, ['send', url('smtps'), ...rows, '--text', 't']);
        expect(ran, bad).toMatchObject({ status: 65, ...nothing });
        expect(ran.stderr).toMatch(/^fivewire: Nothing was sent: rows\.csv, line 3: /);
        expect(files(cwd)).toEqual(['rows.csv']);
      }
      expect(mail.deliveries.length).toBe(before);
    });
  });

  it.each([
    ['put - FTPS/in.bin', /^fivewire: Cannot read .*: stdin is a directory$/m],
    ['append - IMAPS/INBOX', /^fivewire: Cannot read the message: stdin is a directory$/m],
    ['run -', /^fivewire: Cannot read the jobs: stdin is a directory$/m],
  ])('%s from a directory is 66, and is not taken for nothing', async (command, said) => {
    world.servers.files.write('/in.bin', 'kept');
    const line = command.replace(/([A-Z]+S)\/(\S+)/, (_, scheme, path) =>
      url(scheme.toLowerCase(), path),
    );
    const ran = await cli.sh(`fivewire ${line} ${command === 'run -' ? '' : world.shell} < .`);
    expect(ran, ran.stderr).toMatchObject({ status: 66, stdout: '' });
    expect(ran.stderr).toMatch(said);
    expect(world.servers.files.read('/in.bin')?.toString()).toBe('kept');
  });

  it('mail servers serve nothing before a login: 77', async () => {
    for (const scheme of ['imaps', 'pop3s']) {
      const ran = await cli.run(['ls', world.url(scheme, '', ''), '--ca', world.ca]);
      expect(ran, scheme).toMatchObject({ status: 77, stdout: '' });
      expect(ran.stderr).toContain('Nobody has logged in: name a user in the URL');
    }
  });

  it('mailboxes are made, looked at, renamed and listed', async () => {
    const cwd = cli.folder();
    const box = (name: string) => url('imaps', name);
    const silent = { status: 0, stdout: '', stderr: '' };
    expect(await fivewire(cwd, ['mkdir', box('Made/Here')])).toMatchObject(silent);
    expect(await fivewire(cwd, ['mkdir', box('Made/Here')])).toMatchObject({ status: 73 });
    expect(await fivewire(cwd, ['mkdir', '-p', box('Made/Here')])).toMatchObject(silent);
    expect(await fivewire(cwd, ['mv', box('Made/Here'), 'Made/There'])).toMatchObject(silent);
    const stat = await fivewire(cwd, ['stat', box('Made/There'), '--json']);
    expect(JSON.parse(stat.stdout)).toMatchObject({
      type: 'mailbox',
      name: 'Made/There',
      messages: 0,
    });
    expect(await fivewire(cwd, ['stat', box('Made/Here')])).toMatchObject({
      status: 66,
      stdout: '',
    });
    const listed = await fivewire(cwd, ['mailboxes', box('Made/*')]);
    expect(listed).toMatchObject({ status: 0, stdout: '0\t0\tMade/There\n' });
  });

  it('the man page says what --help says', async () => {
    const { stdout } = await cli.run(['man']);
    for (const said of [
      '.SS fivewire sync <src> <dst>',
      '\\fB\\-\\-token\\-command ...\\fR',
      '.SH EXIT STATUS',
    ])
      expect(stdout.replaceAll('…', '...')).toContain(said);
    expect(stdout).not.toMatch(/^\.(?!TH|SH|SS|TP|PP|B|I|nf|fi)/m);
  });
}
