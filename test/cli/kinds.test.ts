/** The same fault in all its forms: what stands under a name that is written to, and what a URL may say. In process, on embedded servers. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile, writeFile as writeFileAsync } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installed } from './installed.js';

const { cli, world } = await installed();
const content = 'All is well.\r\n';

world.servers.files.write('/pub/report.txt', content);
world.servers.mail.deliver('alice', content);
world.servers.news.add(
  'From: b@example.org\r\nNewsgroups: test.fivewire\r\nSubject: s\r\nMessage-ID: <n1@example.org>\r\n\r\nx\r\n',
);

const url = (scheme: string, path = '', user = 'alice') => world.url(scheme, path, user);
const fivewire = (args: readonly string[], more: { cwd?: string; input?: string } = {}) =>
  cli.run([...args, ...world.options], more);
const isRoot = process.getuid?.() === 0;

describe('what stands under the name', () => {
  const mail = () => url('imaps', 'INBOX/;UID=1');
  const get =
    (...more: string[]) =>
    (to: string) => ['get', url('ftps', 'pub/report.txt'), to, ...more];
  /** Each saves in another way: by the client's own download, through a throttle, going on with a part, through a body. */
  const commands: [string, (to: string) => string[]][] = [
    ['get', get()],
    ['get --limit-rate', get('--limit-rate', '1m')],
    ['get --resume', get('--resume')],
    ['get --backup', get('--backup')],
    ['get of a message', (to) => ['get', mail(), to]],
    ['get of an article', (to) => ['get', url('pop3s', '1'), to]],
  ];
  interface Kind {
    make(path: string): unknown;
    status: number;
    /** Where the content is to be found. */
    at?: string;
    /** What is written to in place of the path. */
    to?: string;
  }
  const kinds: Record<string, Kind> = {
    nothing: { make() {}, status: 0, at: 'T' },
    'a file of mode 640': {
      make: (path) => [writeFileSync(path, 'old'), chmodSync(path, 0o640)],
      status: 0,
      at: 'T',
    },
    'a file of another owner': {
      make(path) {
        writeFileSync(path, 'old');
        if (isRoot) chownSync(path, 1234, 2345);
        chmodSync(path, 0o4750);
      },
      status: 0,
      at: 'T',
    },
    'a file of two names': {
      make: (path) => [
        writeFileSync(path, 'a longer old one, of more octets'),
        linkSync(path, `${path}.twin`),
      ],
      status: 0,
      at: 'T.twin',
    },
    'a link to a file': {
      make: (path) => [writeFileSync(`${path}.real`, 'old'), symlinkSync('T.real', path)],
      status: 0,
      at: 'T.real',
    },
    'a link to nothing': { make: (path) => symlinkSync('T.real', path), status: 0, at: 'T.real' },
    'a link to itself': { make: (path) => symlinkSync('T', path), status: 73 },
    'a directory': { make: mkdirSync, status: 0 },
    'a link to a directory': {
      make: (path) => [mkdirSync(`${path}.d`), symlinkSync('T.d', path)],
      status: 0,
    },
    'a fifo': {
      make(path) {
        execFileSync('mkfifo', [path]);
        return readFile(path, 'utf8');
      },
      status: 0,
    },
    'a socket': {
      make: (path) =>
        new Promise((done) => {
          const server = createServer().listen(path, () => done(server));
        }),
      status: 73,
    },
    'a file in place of its directory': {
      make: (path) => writeFileSync(path, 'old'),
      status: 73,
      to: 'T/x',
    },
    'no directory': { make() {}, status: 73, to: 'T/x/y' },
  };
  const shape = (about: Stats | undefined) =>
    about && [about.mode, about.uid, about.gid, about.isFile() ? about.nlink : 0];

  it.each(commands)('%s', async (_, line) => {
    for (const [name, { make, status, at, to = 'T' }] of Object.entries(kinds)) {
      const cwd = cli.folder();
      const path = join(cwd, 'T');
      const made = make(path);
      const server = made instanceof Promise && name === 'a socket' ? await made : undefined;
      const before = shape(lstatSync(path, { throwIfNoEntry: false }));
      const ran = await fivewire(line(to), { cwd });
      expect(ran, `${name}: ${ran.stderr}`).toMatchObject({ status, stdout: '' });
      const after = shape(lstatSync(path, { throwIfNoEntry: false }));
      if (before !== undefined) expect(after, name).toEqual(before);
      if (at !== undefined) expect(readFileSync(join(cwd, at), 'utf8'), name).toBe(content);
      if (name === 'a fifo') expect(await made).toBe(content);
      if (status !== 0 && to !== 'T' && name !== 'no directory')
        expect(readFileSync(path, 'utf8')).toBe('old');
      const left = readdirSync(cwd, { recursive: true, encoding: 'utf8' });
      expect(
        left.filter((one) => /part|new$|lock$/.test(one)),
        name,
      ).toEqual([]);
      (server as { close?(): void } | undefined)?.close?.();
    }
  });

  it('what the shell has opened is written to: a pipe, and a file without a name', async () => {
    const cwd = cli.folder();
    const get = (to: string) =>
      `fivewire get ${url('ftps', 'pub/report.txt')} ${to} ${world.shell}`;
    const lines = `${get('/dev/stdout')} | cat; exec 5>gone; rm gone; ${get('/dev/fd/5')}; cat /dev/fd/5`;
    const ran = await cli.sh(
      process.platform === 'linux' ? lines : `${lines.split(';')[0]} | cat`,
      {
        cwd,
      },
    );
    const once = process.platform === 'linux' ? content.repeat(2) : content;
    expect(ran).toEqual({ status: 0, signal: null, stdout: once, stderr: '' });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('a state behind a link stays there, and what is no file is no state', async () => {
    const cwd = cli.folder();
    const fetch = ['fetch', url('pop3s'), '--exec', 'cat > /dev/null', '--state', 'state'];
    mkdirSync(join(cwd, 'kept'));
    symlinkSync('kept/state', join(cwd, 'state'));
    for (let run = 0; run < 2; run++) {
      expect(await fivewire(fetch, { cwd })).toMatchObject({ status: 0, stdout: '', stderr: '' });
      expect(lstatSync(join(cwd, 'state')).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(cwd, 'kept/state'), 'utf8')).toContain('"fivewire":"fetch"');
    }
    execFileSync('mkfifo', [join(cwd, 'fifo')]);
    for (const state of ['fifo', 'kept', '.', '/dev/zero']) {
      const ran = await fivewire([...fetch.slice(0, -1), state], { cwd });
      expect(ran, state).toMatchObject({ status: 73, stdout: '' });
      expect(ran.stderr).toContain('is no file: no state can be kept there');
    }
    expect(readdirSync(cwd).sort()).toEqual(['fifo', 'kept', 'state']);
  });
});

describe('what can be read once: a fifo, as the <(command) of a shell', () => {
  const message = 'From: b@example.org\nTo: alice@example.org\nSubject: once\n\nText of it.\n';
  const article = 'From: b@example.org\nNewsgroups: test.fivewire\nSubject: once\n\nText of it.\n';
  const from = ['--from', 'b@example.org', '--to', 'alice@example.org'];
  const lastMail = () => world.servers.mail.inbox('alice').messages.at(-1)?.octets.toString() ?? '';
  it.each([
    ['send --file', ['send', url('smtps'), '--file', 'FIFO'], message, lastMail],
    [
      'send --attach',
      ['send', url('smtps'), ...from, '--attach', 'FIFO'],
      message,
      () =>
        Buffer.from(
          /base64\r\n(?:[\w-]+: .*\r\n|\s.*\r\n)*\r\n([\w+/=\r\n]+)/.exec(lastMail())?.[1] ?? '',
          'base64',
        ).toString() || lastMail(),
    ],
    ['send --text', ['send', url('smtps'), ...from, '--text', '@FIFO'], 'Text of it.\n', lastMail],
    ['append', ['append', 'FIFO', url('imaps', 'INBOX')], message, lastMail],
    [
      'put',
      ['put', 'FIFO', url('ftps', 'once.txt')],
      message,
      () => world.servers.files.read('/once.txt')?.toString() ?? '',
    ],
    ['news post', ['news', 'post', url('nntps'), 'FIFO'], article, () => ''],
  ] as [string, string[], string, () => string][])('%s', async (name, args, text, arrived) => {
    const cwd = cli.folder();
    execFileSync('mkfifo', [join(cwd, 'FIFO')]);
    const [ran] = await Promise.all([
      fivewire(args, { cwd }),
      writeFileAsync(join(cwd, 'FIFO'), text),
    ]);
    expect(ran).toMatchObject({ status: 0, stdout: '', stderr: '' });
    if (name !== 'news post') return expect(arrived()).toContain('Text of it.');
    const over = await fivewire(['news', 'over', url('nntps', 'test.fivewire'), '--last', '1']);
    expect(over.stdout).toContain('once');
  });

  it('is no attachment of many messages', async () => {
    const cwd = cli.folder();
    execFileSync('mkfifo', [join(cwd, 'FIFO')]);
    writeFileSync(join(cwd, 'rows.csv'), 'mail\nalice@example.org\n');
    const each = ['send', url('smtps'), '--from', 'b@example.org', '--to', '{{mail}}', '--each'];
    for (const what of ['FIFO', '-']) {
      const ran = await fivewire([...each, 'rows.csv', '--attach', what], { cwd, input: 'x' });
      expect(ran).toMatchObject({ status: 64, stdout: '' });
      expect(ran.stderr).toContain(`--attach ${what} can be read once`);
    }
  });
});

describe('what a URL says', () => {
  const [F, I, P, S, N] = ['ftps/', 'imaps/', 'pop3s/', 'smtps/', 'nntps/'];
  const whole = content;
  const rows: [line: string, status: number, stdout?: string | RegExp, stderr?: RegExp][] = [
    // FTP: RFC 1738 §3.2.2
    [`get ${F}pub/report.txt;type=i -`, 0, whole],
    [`get ${F}pub/report.txt;TYPE=I -`, 0, whole],
    [`get ${F}pub/report.txt;type=a -`, 64, '', /travel as they are/],
    [`get ${F}pub/report.txt%3Btype=i -`, 66, ''],
    [`ls ${F}pub;type=d`, 0, /^report\.txt$/m],
    [`get ${F}/pub/report.txt -`, 0, whole],
    [`get ${F}%2Fpub/report.txt -`, 0, whole],
    [`get ${F}p%75b//report.txt -`, 0, whole],
    [`get ${F}pub/report.txt?x -`, 64, '', /query/],
    [`get ${F}pub/ -`, 64, '', /directory/],
    [`rm ${F}pub/report.txt/`, 66, '', /is a file, no directory/],
    [`rm -r ${F}pub/report.txt/`, 66, '', /without the slash/],
    [`ls ${F}pub/report.txt`, 0, /report\.txt/],
    [`get ${F}pub/%zz -`, 64, '', /%25/],
    // IMAP: RFC 5092
    [`get ${I}INBOX/;UID=1 -`, 0, whole],
    [`get ${I}inbox/;uid=1 -`, 0, whole],
    [`get ${I}INBOX/;UID=4294967296 -`, 64, '', /below 2\^32/],
    [`ls ${I}INBOX/;UID=99999999999`, 64],
    [`ls ${I}INBOX/;UID=0`, 64],
    [`ls ${I}INBOX;UIDVALIDITY=1`, 66, '', /UIDs of 1 are void/],
    [`get ${I}INBOX;UIDVALIDITY=1/;UID=1 -`, 66, '', /are void/],
    [`flag ${I}INBOX;UIDVALIDITY=1/;UID=1 --add seen`, 66],
    [`search ${I}INBOX;UIDVALIDITY=1`, 66],
    [`ls ${I}INBOX/;UID=1/;SECTION=1`, 64],
    [`search ${I}INBOX/;UID=1/;SECTION=1`, 64],
    [`get ${I}INBOX/;UID=1/;PARTIAL=0.5 -`, 64],
    [`get ${I}INBOX?SUBJECT%20x -`, 64],
    [`fetch ${I}INBOX;UIDVALIDITY=1 Mail`, 64, '', /names more than a mailbox/],
    [`fetch ${I}INBOX/;UID=1 Mail`, 64],
    [`sync ${I}INBOX;UIDVALIDITY=1 Mail`, 64],
    [`watch ${I}INBOX/;UID=1 --once`, 64],
    [`stat ${I}INBOX;UIDVALIDITY=1`, 64],
    [`mkdir ${I}New;UIDVALIDITY=1`, 64],
    [`mv ${I}INBOX/;UID=1 New`, 64],
    [`mailboxes ${I}INBOX/;UID=1`, 64],
    [`append file ${I}INBOX;UIDVALIDITY=1`, 64],
    // POP3
    [`get ${P}1 -`, 0, whole],
    [`get ${P}%31 -`, 0, whole],
    [`get ${P}0 -`, 64],
    [`get ${P}1/ -`, 64],
    [`fetch ${P}1 Mail`, 64],
    // SMTP
    [
      `send ${S} --from b@example.org --to alice@example.org --text x --rate 5/s`,
      64,
      '',
      /goes with --each/,
    ],
    [
      `send ${S} --from b@example.org --to alice@example.org --text x --dkim-domain example.org`,
      64,
    ],
    [`send ${S} --file file --dkim-selector s`, 64],
    [`send ${S}x --from b@example.org --to alice@example.org --subject s`, 64, '', /no path/],
    // News: RFC 5538
    [`get ${N}test.fivewire/1 -`, 0, /Subject: s\r\n/],
    [`get ${N}n1@example.org -`, 0, /Subject: s\r\n/],
    [`get ${N}%3Cn1%40example.org%3E -`, 0, /Subject: s\r\n/],
    [`get ${N}test.fivewire/1-2 -`, 64, '', /--last/],
    [`get ${N}test.*/1 -`, 64],
    [`news groups ${N}test.*`, 0, 'test.fivewire\n'],
    [`news groups ${N}no.such`, 66, '', /No newsgroup fits no\.such/],
    [`news groups ${N} --wildmat no.*`, 66],
    [`news groups ${N}test.fivewire/1`, 64],
    [`news post ${N}test.fivewire file --subject s`, 64, '', /cannot change it/],
    [`news post ${N}test.fivewire file`, 65, '', /is no message/],
    [`news post ${N}test.fivewire -`, 65],
    // None of ours
    ['get file:///etc/passwd -', 64],
    ['get http://localhost/ -', 64],
    ['get ftps: -', 64],
    ['get ftps:///x -', 64],
    ['get localhost/x -', 64],
  ];

  it.each(rows)('%s is %i', async (line, status, stdout = '', stderr = /^/) => {
    const cwd = cli.folder();
    writeFileSync(join(cwd, 'file'), 'data');
    const words = line
      .split(' ')
      .map((word) => word.replace(/^(ftps|imaps|pop3s|smtps|nntps)\//, (_, scheme) => url(scheme)));
    const ran = await fivewire(words, { cwd, input: '' });
    expect(ran, ran.stderr).toMatchObject({ status });
    if (typeof stdout === 'string') expect(ran.stdout).toBe(stdout);
    else expect(ran.stdout).toMatch(stdout);
    expect(ran.stderr).toMatch(status === 0 ? /^$/ : stderr);
    expect(readdirSync(cwd)).toEqual(['file']);
  });

  it('how to log in (RFC 5092 §3.2, RFC 2384 §5): a mechanism, or whatever both sides can', async () => {
    for (const [scheme, path] of [
      ['imaps', 'INBOX'],
      ['pop3s', '1'],
    ] as const) {
      for (const auth of ['*', 'PLAIN', 'plain']) {
        const ran = await fivewire(['ls', url(scheme, path, `alice;AUTH=${auth}`)]);
        expect(ran, `${scheme} ${auth}`).toMatchObject({ status: 0, stderr: '' });
      }
      const other = await fivewire(['ls', url(scheme, path, 'alice;AUTH=XOAUTH2')]);
      expect(other, scheme).toMatchObject({ status: 77, stdout: '' });
      const named = await fivewire(['ls', url(scheme, path, 'alice;AUTH=PLAIN'), '--trace']);
      expect(named.stderr).toMatch(/AUTH(ENTICATE)? PLAIN/);
    }
  });
});

describe('a row of a listing that cannot be read', () => {
  /** A server of FTP in cleartext whose listing has such a row. */
  const servedBy = async (work: (url: string) => Promise<void>) => {
    const rows = '-rw-r--r-- 1 u g 1 Jan  1  2020 a.txt\r\nsomething else\r\n';
    const data = new Map<string, string>([
      ['LIST', rows],
      ['RETR', 'x'],
    ]);
    const server = createServer((control) => {
      let waiting: ((text: string) => void) | undefined;
      control.on('error', () => {}).write('220 ready\r\n');
      control.on('data', async (octets) => {
        for (const line of octets.toString().split('\r\n').filter(Boolean)) {
          const verb = line.split(' ', 1)[0] as string;
          const text = data.get(verb);
          if (verb === 'EPSV') {
            const other = createServer((socket) => {
              waiting = (sent) => socket.end(sent);
              other.close();
            }).listen(0, '127.0.0.1', () => {
              const { port } = other.address() as AddressInfo;
              control.write(`229 ok (|||${port}|)\r\n`);
            });
          } else if (text !== undefined) {
            control.write('150 here\r\n');
            while (waiting === undefined) await new Promise(setImmediate);
            waiting(text);
            waiting = undefined;
            control.write('226 done\r\n');
          } else {
            const replies: Record<string, string> = {
              USER: '230 in',
              SYST: '215 UNIX Type: L8',
              TYPE: '200 ok',
              QUIT: '221 bye',
              DELE: '250 gone',
              PWD: '257 "/"',
            };
            control.write(`${replies[verb] ?? '502 no'}\r\n`);
          }
        }
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      await work(`ftp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  };

  it.each([
    ['ls', '', 'a.txt\n'],
    ['ls', '*.txt', 'a.txt\n'],
    ['get', '*.txt', ''],
    ['get', '*.gz', ''],
    ['rm', '*.txt', ''],
    ['rm', '*.txt --older-than 1d', ''],
  ])('%s /%s tells it, and is 1', (command, rest, stdout) =>
    servedBy(async (host) => {
      const [path = '', ...more] = rest.split(' ');
      const cwd = cli.folder();
      const line = [
        command,
        `${host}/${path}`,
        ...more,
        '--security',
        'cleartext',
        '--allow-cleartext-auth',
      ];
      const ran = await cli.run(line, { cwd });
      expect(ran, ran.stderr).toMatchObject({ status: 1, stdout });
      expect(ran.stderr).toMatch(/^warning: .*something else$/m);
      expect(readdirSync(cwd)).toEqual(command === 'get' && path === '*.txt' ? ['a.txt'] : []);
    }),
  );
});

it('with a profile that has mail alone, what has no scheme is a mailbox', async () => {
  const cwd = cli.folder();
  writeFileSync(
    join(cwd, 'config.yaml'),
    `profiles:\n  a:\n    imap: ${url('imaps')}\n  both:\n    imap: ${url('imaps')}\n    ftp: ${url('ftps')}\n`,
    { mode: 0o600 },
  );
  const at = (profile: string, ...line: string[]) =>
    fivewire([...line, '--profile', profile, '--config', 'config.yaml', '--json'], { cwd });
  expect(JSON.parse((await at('a', 'mkdir', 'Made')).stdout)).toMatchObject({ mailbox: 'Made' });
  expect(JSON.parse((await at('a', 'mv', 'Made', 'Moved')).stdout)).toMatchObject({ to: 'Moved' });
  expect(JSON.parse((await at('a', 'stat', 'Moved')).stdout)).toMatchObject({ type: 'mailbox' });
  expect(await at('a', 'rm', 'Moved/;UID=1')).toMatchObject({ status: 66 });
  expect(JSON.parse((await at('both', 'stat', 'pub')).stdout)).toMatchObject({ kind: 'directory' });
});
