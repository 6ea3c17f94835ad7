/** Every program in examples/ does what its first comment says. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ExampleWorld, startExampleWorld } from '../support/example-runner.js';
import { Stage } from '../support/stage.js';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const covered = new Set<string>();
let home: string;
let world: ExampleWorld;
let stage: Stage;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'fivewire-examples-'));
  world = await startExampleWorld(home);
  stage = new Stage(world);
});
afterAll(async () => {
  stage?.end();
  await world?.servers.close();
  rmSync(home, { recursive: true, force: true });
});

const run = (name: string, ...args: string[]) => {
  covered.add(name);
  return stage.run(join(examples, name), home, world.env, { args, mustEnd: true });
};

const withAttachment = (name: string, content: string) =>
  [
    'From: bob@example.org',
    'To: alice@example.org',
    'Subject: Files',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'See the file.',
    '--b',
    'Content-Type: application/octet-stream',
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(content).toString('base64'),
    '--b--',
    '',
  ].join('\r\n');

it.each(readdirSync(examples).filter((name) => name.endsWith('.mjs')))(
  '%s names what to install',
  (name) => {
    const text = readFileSync(join(examples, name), 'utf8');
    const [, named = ''] = /^\/\/ {3}npm install (.*)$/m.exec(text) ?? [];
    const imported = [...text.matchAll(/ from '((?!node:|\.)[^']+)'/g)].map(([, from]) => from);
    expect(named.split(' ').sort()).toEqual([...new Set(imported)].sort());
  },
);

it('main-job runs the whole job and refuses what must be refused', async () => {
  covered.add('main-job');
  const { status, stdout, stderr } = await world.run(join(examples, 'main-job', 'main.mjs'));
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^(\d+) passed, 0 failed$/m);
  expect(stdout.match(/^ok .* accepted {2}TLS/gm)?.length).toBe(10);
  expect(stdout.match(/^ok .*refused {3}ERR_/gm)?.length).toBe(30);
  // The picture in the README is of this run.
  const picture = readFileSync(join(examples, '../docs/site/public/start.svg'), 'utf8');
  expect(picture).toContain(/^\d+ passed, 0 failed$/m.exec(stdout)?.[0]);
  expect(status).toBe(0);
});

it('save-attachments saves under safe names and marks as seen', async () => {
  world.servers.mail.deliver('alice', withAttachment('../../etc/pass wd', 'not yours'));
  const folder = join(home, 'attachments');
  const first = await run('save-attachments.mjs', 'imaps://alice@imap.example.org', folder);
  expect(first).toMatchObject({ status: 0, stderr: '', stdout: '1-2-pass_wd\n' });
  expect(readFileSync(join(folder, '1-2-pass_wd'), 'utf8')).toBe('not yours');
  const second = await run('save-attachments.mjs', 'imap://alice@imap.example.org', folder);
  expect(second).toMatchObject({ status: 0, stderr: '', stdout: '' });
});

it('backup-mailbox fetches everything once, then only what changed', async () => {
  const box = world.servers.mail.create('alice', 'Backup');
  for (let i = 1; i <= 500; i++) box.append(Buffer.from(`Subject: ${i}\r\n\r\nText ${i}\r\n`));
  const folder = join(home, 'backup');
  const backup = () =>
    run('backup-mailbox.mjs', 'imaps://alice@imap.example.org', 'Backup', folder);
  expect(await backup()).toMatchObject({
    status: 0,
    stderr: '',
    stdout: '500 new, 0 with other flags, 0 gone\n',
  });
  expect(readFileSync(join(folder, '77.eml'), 'utf8')).toBe('Subject: 77\r\n\r\nText 77\r\n');
  box.append(Buffer.from('Subject: 501\r\n\r\n'));
  expect(await backup()).toMatchObject({ stdout: '1 new, 0 with other flags, 0 gone\n' });
  box.setFlags(7, ['\\Seen']);
  box.remove([8, 9]);
  expect(await backup()).toMatchObject({ stdout: '0 new, 1 with other flags, 2 gone\n' });
  expect(readdirSync(folder).filter((name) => name.endsWith('.eml'))).toHaveLength(499);
  world.servers.mail.delete('alice', 'Backup');
});

it('answer-mail answers people, not robots, and moves both', async () => {
  const inbox = world.servers.mail.mailbox('alice', 'INBOX');
  inbox?.remove(inbox.messages.map(({ uid }) => uid));
  const from = 'From: alice@mail.example.org\r\nMessage-ID: <q@x>\r\n';
  world.servers.mail.deliver('alice', `${from}Subject: Question\r\n\r\n?\r\n`);
  world.servers.mail.deliver('alice', `${from}List-Id: <x>\r\nSubject: List\r\n\r\n!\r\n`);
  const result = await run(
    'answer-mail.mjs',
    'imaps://alice@imap.example.org',
    'smtp://alice@smtp.example.org',
    'Done',
    '2',
  );
  expect(result).toMatchObject({
    status: 0,
    stderr: '',
    stdout: 'answered alice@mail.example.org\n',
  });
  const done = world.servers.mail.mailbox('alice', 'Done');
  expect(done?.messages).toHaveLength(2);
  const answers = inbox?.messages.map(({ octets }) => String(octets));
  expect(answers).toEqual([expect.stringContaining('In-Reply-To: <q@x>')]);
  inbox?.remove(inbox.messages.map(({ uid }) => uid));
});

it('mailbox-report tells in JSON what is there', async () => {
  const inbox = world.servers.mail.mailbox('alice', 'INBOX');
  inbox?.remove(inbox.messages.map(({ uid }) => uid));
  world.servers.mail.deliver('alice', withAttachment('a.txt', 'x'));
  const result = await run('mailbox-report.mjs', 'imaps://alice@imap.example.org');
  expect(result).toMatchObject({ status: 0, stderr: '' });
  const told = Object.assign(
    {},
    ...result.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  expect(told).toMatchObject({
    unread: 1,
    lately: { count: 1 },
    largest: [expect.any(Number)],
    attachments: [{ subject: 'Files', filename: 'a.txt', type: 'application/octet-stream' }],
    quota: [{ root: '' }],
  });
  inbox?.remove(inbox.messages.map(({ uid }) => uid));
});

it('send-report delivers the file and prints each recipient', async () => {
  writeFileSync(join(home, 'report.csv'), 'a;b\r\n1;2\r\n');
  const result = await run(
    'send-report.mjs',
    'smtp://alice@smtp.example.org',
    'report.csv',
    'alice@mail.example.org',
  );
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(result.stdout).toMatch(/^\d+ octets sent\naccepted alice@mail.example\.org: 250 .*\n$/);
});

it('collect-mail moves mail once, and deletes only what it has', async () => {
  const maildir = join(home, 'Maildir');
  const inbox = world.servers.mail.inbox('alice');
  inbox.remove(inbox.messages.map(({ uid }) => uid));
  for (const name of ['report.csv', 'other.csv'])
    world.servers.mail.deliver('alice', withAttachment(name, 'a;b'));
  const first = await run('collect-mail.mjs', 'pop3s://alice@pop3.example.org', maildir);
  expect(first).toMatchObject({ status: 0, stderr: '' });
  expect(first.stdout).toBe(`2 messages in ${maildir}, deletions done\n`);
  const files = readdirSync(join(maildir, 'new'));
  expect(files.length).toBe(2);
  expect(files.map((file) => readFileSync(join(maildir, 'new', file), 'latin1')).join()).toContain(
    'report.csv',
  );
  const second = await run('collect-mail.mjs', 'pop3://alice@pop3.example.org', maildir);
  expect(second.stdout).toBe(`0 messages in ${maildir}, deletions done\n`);
});

it('download-tree brings every file, the same octets', async () => {
  for (const security of ['ftp', 'ftps']) {
    const folder = join(home, `tree-${security}`);
    const { status, stdout, stderr } = await run(
      'download-tree.mjs',
      `${security}://alice@ftp.example.org`,
      '/pub',
      folder,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual([
      `${join(folder, 'more/notes.txt')} 7 octets, proven by size`,
      `${join(folder, 'report.txt')} 13 octets, proven by size`,
    ]);
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, 'report.txt')))
      .digest('hex');
    expect(hash).toBe(createHash('sha256').update('All is well.\n').digest('hex'));
  }
});

it('archive-newsgroup appends each article once', async () => {
  const post = (id: string, body: string) =>
    world.servers.news.add(
      Buffer.from(
        `From: a@example.org\r\nNewsgroups: test.fivewire\r\nSubject: ${id}\r\nMessage-ID: <${id}@example.org>\r\n\r\n${body}\r\n`,
      ),
    );
  post('one', 'From here on');
  post('two', 'plain');
  const file = join(home, 'archive.mbox');
  const first = await run(
    'archive-newsgroup.mjs',
    'nntps://alice@news.example.org',
    'test.fivewire',
    file,
  );
  expect(first).toMatchObject({
    status: 0,
    stderr: '',
    stdout: `2 articles of test.fivewire appended to ${file}\n`,
  });
  const mbox = readFileSync(file, 'utf8');
  expect(mbox.match(/^From archive /gm)?.length).toBe(2);
  expect(mbox).toContain('\n>From here on\n');
  post('three', 'later');
  const second = await run(
    'archive-newsgroup.mjs',
    'nntp://alice@news.example.org',
    'test.fivewire',
    file,
  );
  expect(second.stdout).toBe(`1 articles of test.fivewire appended to ${file}\n`);
});

it('check-certificates shows who is there, and fails for a wrong name', async () => {
  const names = ['imap', 'smtp', 'pop3', 'ftp', 'nntp'];
  const urls = names.flatMap((name) => [
    `${name}://${name}.example.org`,
    `${name}s://${name}.example.org`,
  ]);
  const good = await run('check-certificates.mjs', ...urls);
  expect(good).toMatchObject({ status: 0, stderr: '' });
  expect(good.stdout.split('\n').filter(Boolean).length).toBe(10);
  const bad = await run('check-certificates.mjs', 'imaps://wrong.example.org');
  expect(bad.status).toBe(1);
  expect(bad.stdout).toContain('ERR_CERTIFICATE_HOSTNAME_MISMATCH');
});

// ── the same in shell, on the command line ──────────────────────────────────────────────────────────────────────

const sh = (name: string, ...args: string[]) => {
  covered.add(`cli/${name}`);
  return world.sh(join(examples, 'cli', name), args);
};

it('cli/save-attachments saves each once, under safe names', async () => {
  world.servers.mail.deliver('alice', withAttachment('../../etc/pass wd', 'not yours'));
  const folder = join(home, 'cli-attachments');
  const first = await sh('save-attachments.sh', 'imaps://alice@imap.example.org', folder);
  expect(first).toMatchObject({ status: 0, stderr: '' });
  const saved = first.stdout.split('\n').filter(Boolean);
  expect(saved.at(-1)).toMatch(/\/[0-9a-f]{12}-1-pass_wd$/);
  expect(readFileSync(saved.at(-1) ?? '', 'utf8')).toBe('not yours');
  const second = await sh('save-attachments.sh', 'imap://alice@imap.example.org', folder);
  expect(second).toMatchObject({ status: 0, stderr: '', stdout: '' });
});

it('cli/send-report delivers the file, or nothing at all', async () => {
  writeFileSync(join(home, 'report.csv'), 'a;b\r\n1;2\r\n');
  const before = world.servers.mail.deliveries.length;
  const send = (to: string) =>
    sh(
      'send-report.sh',
      'smtp://alice@smtp.example.org',
      'report.csv',
      'alice@example.org',
      'alice@example.org',
      to,
    );
  const result = await send('bob@example.net');
  expect(result).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect((await send('no address')).status).toBe(64);
  const { deliveries, relayed } = world.servers.mail;
  expect(deliveries.length).toBe(before + 1);
  expect(relayed.at(-1)?.octets.toString()).toMatch(/^Subject: Report of \d{4}-\d\d-\d\d\r$/m);
});

it('cli/download-tree brings every file, the same octets', async () => {
  const folder = join(home, 'cli-tree');
  const { status, stdout, stderr } = await sh(
    'download-tree.sh',
    'ftps://alice@ftp.example.org/pub',
    folder,
  );
  // Relative to the login directory, which is the root here.
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n').filter(Boolean).sort()).toEqual([
    join(folder, 'more/notes.txt'),
    join(folder, 'report.txt'),
  ]);
  expect(readFileSync(join(folder, 'report.txt'), 'utf8')).toBe('All is well.\n');
});

it('cli/archive-newsgroup appends each article once', async () => {
  const folder = join(home, 'cli-news');
  const archive = () =>
    sh('archive-newsgroup.sh', 'nntps://alice@news.example.org', folder, 'test.*');
  const count = world.servers.news.group('test.fivewire')?.articles.size ?? 0;
  expect(count).toBeGreaterThan(0);
  expect(await archive()).toMatchObject({ status: 0, stderr: '' });
  const mbox = () =>
    readFileSync(join(folder, 'test.fivewire.mbox'), 'utf8').match(/^From fivewire /gm)?.length;
  expect(mbox()).toBe(count);
  expect(await archive()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(mbox()).toBe(count);
});

it('cli/check-certificates tells good from bad', async () => {
  const list = join(home, 'servers.txt');
  writeFileSync(
    list,
    '# ours\nimaps://imap.example.org\nsmtp://smtp.example.org\nftps://wrong.example.org\n',
  );
  const { status, stdout } = await sh('check-certificates.sh', list);
  expect(status).toBe(1);
  const [first, second, third] = stdout.split('\n');
  expect([first, second]).toEqual([
    'ok      imaps://imap.example.org',
    'ok      smtp://smtp.example.org',
  ]);
  expect(third).toMatch(
    /^FAILED {2}ftps:\/\/wrong\.example\.org: .*ERR_CERTIFICATE_HOSTNAME_MISMATCH/,
  );
});

it('the first screen of the command line’s README is what it prints', async () => {
  const readme = readFileSync(join(examples, '..', 'packages', 'cli', 'README.md'), 'utf8');
  const [, screen = ''] = /^```console\n([\s\S]*?)^```/m.exec(readme) ?? [];
  const shown = screen.split(/\n\n(?=\$ )/).map((part) => {
    const [, line = '', output = ''] = /^\$ (.*)\n([\s\S]*)$/.exec(part) ?? [];
    return { line, output: output.trimEnd() };
  });
  expect(shown.length).toBe(3);
  const folder = join(home, 'readme');
  mkdirSync(folder);
  writeFileSync(join(folder, 'report.csv'), 'a;b\n1;2\n');
  const inbox = world.servers.mail.inbox('alice');
  inbox.remove(inbox.messages.map(({ uid }) => uid));
  for (const subject of ['one', 'two'])
    world.servers.mail.deliver('alice', `Subject: ${subject}\r\n\r\n${subject}\r\n`);
  for (const { line, output } of shown) {
    writeFileSync(join(folder, 'line.sh'), line);
    const { status, stdout, stderr } = await world.sh(join(folder, 'line.sh'), [], { cwd: folder });
    expect(status).toBe(0);
    expect(timeless(`${stdout}${stderr}`.trimEnd())).toBe(timeless(output));
  }
});

/** Without what is another one in every run: hashes, times, the throwaway authority's name. */
const timeless = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/g, 'SHA256')
    .replace(/sha256\/[\w+/]{43}=/g, 'PIN')
    .replace(/CA [0-9a-f]{8}/g, 'CA')
    .replace(/[0-9a-f]{32}/g, 'NAME')
    .replace(/\d+ octets/g, 'N octets')
    .replace(/^( +group +).*$/m, '$1GROUP') // Node's own: X25519MLKEM768 with newer ones
    .replace(/days left +36\d/g, 'days left');

it('leaves no example untried', () => {
  const scripts = readdirSync(join(examples, 'cli')).map((name) => `cli/${name}`);
  // The tests of an app have a test file of their own.
  const programs = readdirSync(examples).filter((name) => !['cli', 'app-tests'].includes(name));
  expect([...covered].sort()).toEqual([...programs, ...scripts].sort());
});
