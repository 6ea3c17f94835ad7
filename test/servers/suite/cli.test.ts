// The command line against all four: send and fetch, put and get, news, and the certificates of each.
import { execFile } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { arrived, emptyInbox } from './deliver.js';
import { authorityPath, port, server } from './servers.js';

const bin = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), 'fivewire-cli-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

const fivewire = (name: string, ...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const options = ['--ca', authorityPath(), '--server-hostname', server(name).serverHostname];
    const password = ['--password-command', 'echo secret', '--timeout', '300'];
    execFile(
      process.execPath,
      [bin, ...args, ...options, ...password],
      { cwd },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 255), stdout, stderr });
      },
    );
  });

const url = (name: string, key: string, scheme: string, path = '', user = 'alice@') =>
  `${scheme}://${user}${server(name).host}:${port(name, key)}/${path}`;

describe.each([
  ['postfix', 'submissions', 'smtps', 'imaps', 'imaps'],
  ['postfix', 'submission', 'smtp', 'imap', 'imap'],
  ['dovecot', 'submissions', 'smtps', 'pop3s', 'pop3s'],
  ['dovecot', 'submission', 'smtp', 'pop3', 'pop3'],
])('send by %s’s %s, fetch by %s from Dovecot', (name, key, smtp, inKey, scheme) => {
  test('each recipient’s reply, then the message, once', async () => {
    await emptyInbox('alice');
    const subject = randomUUID();
    const attachment = randomBytes(50_000);
    writeFileSync(join(cwd, 'report.bin'), attachment);
    const message = [
      '--from',
      'alice@example.test',
      '--subject',
      subject,
      '--text',
      'From here on\n.\n..two\n',
      '--attach',
      'report.bin',
    ];
    const dry = await fivewire(
      name,
      'send',
      url(name, key, smtp),
      ...message,
      '--to',
      'alice@example.test',
      '--to',
      'nobody@example.test',
      '--dry-run',
    );
    expect(dry, dry.stderr).toMatchObject({ status: 1 });
    expect(dry.stdout).toMatch(
      /^accepted alice@example\.test: 250 .*\nrefused nobody@example\.test: 5\d\d .*\n$/,
    );
    const sent = await fivewire(
      name,
      'send',
      url(name, key, smtp),
      ...message,
      '--to',
      'alice@example.test',
    );
    expect(sent, sent.stderr).toMatchObject({ status: 0, stderr: '' });
    await arrived('alice', subject);

    const from = url('dovecot', inKey, scheme);
    const mbox = `mbox:${subject}.mbox`;
    const first = await fivewire('dovecot', 'fetch', from, mbox, '--delete');
    expect(first).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const text = readFileSync(join(cwd, `${subject}.mbox`), 'latin1');
    expect(text).toContain(`\nSubject: ${subject}\n`);
    expect(text).toContain('\n>From here on\n.\n..two\n');
    expect(text).not.toContain('\r');
    const again = await fivewire('dovecot', 'fetch', from, mbox, '--delete');
    expect(again).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const left = await fivewire('dovecot', 'ls', url('dovecot', 'imaps', 'imaps', 'INBOX'));
    expect(left).toMatchObject({ status: 0, stdout: '' });
  });
});

describe.each([
  ['implicit', 'ftps'],
  ['explicit', 'ftp'],
])('vsftpd’s %s port', (key, scheme) => {
  test('put, ls, mv, get, rm', async () => {
    const folder = `cli-${randomUUID()}`;
    const content = randomBytes(1 << 20);
    writeFileSync(join(cwd, 'up.bin'), content);
    const at = (path: string) => url('vsftpd', key, scheme, path);
    const run = (...args: string[]) => fivewire('vsftpd', ...args);
    expect(await run('mkdir', at(folder))).toMatchObject({ status: 0, stderr: '' });
    expect(await run('put', 'up.bin', at(`${folder}/`))).toMatchObject({ status: 0, stderr: '' });
    expect(await run('mv', at(`${folder}/up.bin`), `${folder}/moved.bin`)).toMatchObject({
      status: 0,
    });
    expect(await run('ls', at(folder))).toMatchObject({ status: 0, stdout: 'moved.bin\n' });
    expect(await run('get', '-r', at(folder), folder)).toMatchObject({ status: 0, stderr: '' });
    const got = readFileSync(join(cwd, folder, 'moved.bin'));
    const hash = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');
    expect(hash(got)).toBe(hash(content));
    expect(await run('rm', '-r', at(folder))).toMatchObject({ status: 0 });
    // vsftpd says 550 for whatever reason; here it is that nothing is there.
    expect(await run('get', at(`${folder}/moved.bin`))).toMatchObject({ status: 66, stdout: '' });
  });
});

test('vsftpd: names that are no UTF-8 go both ways', async () => {
  const folder = `cli-${randomUUID()}`;
  const at = (path: string) => url('vsftpd', 'implicit', 'ftps', path);
  const run = (...args: string[]) => fivewire('vsftpd', ...args);
  const silent = { status: 0, stdout: '', stderr: '' };
  mkdirSync(join(cwd, folder));
  const octets = Buffer.from(join(cwd, folder, 'caf\xe9'), 'latin1');
  writeFileSync(octets, 'octets');
  expect(await run('put', '-r', folder, at(folder))).toMatchObject(silent);
  expect(await run('get', at(`${folder}/caf%E9`), `${folder}.txt`)).toMatchObject(silent);
  expect(readFileSync(join(cwd, `${folder}.txt`), 'utf8')).toBe('octets');
  expect(await run('put', `${folder}.txt`, at(`${folder}/t%E9`))).toMatchObject(silent);
  expect(await run('mv', at(`${folder}/t%E9`), `${folder}/plain`)).toMatchObject(silent);
  expect(await run('stat', at(`${folder}/caf%E9`))).toMatchObject({ status: 0 });
  expect(await run('stat', at(`${folder}/caf%E8`))).toMatchObject({ status: 66, stdout: '' });
  expect(await run('rm', at(`${folder}/caf%E9`))).toMatchObject(silent);
  expect(await run('mkdir', at(`${folder}/d%E9`))).toMatchObject(silent);
  expect(await run('rm', '-r', at(`${folder}/d%E9`))).toMatchObject(silent);
  expect((await run('ls', at(folder))).stdout).toBe('plain\n');
  expect(await run('rm', '-r', at(folder))).toMatchObject(silent);
});

describe.each([
  ['nntps', 'nntps'],
  ['nntp', 'nntp'],
])('INN by %s', (key, scheme) => {
  test('post, over, archive', async () => {
    const subject = `subject ${randomUUID()}`;
    const group = url('inn2', key, scheme, 'fivewire.test');
    const posted = await fivewire(
      'inn2',
      'news',
      'post',
      group,
      '--from',
      'Alice <alice@example.test>',
      '--subject',
      subject,
      '--text',
      'Hello.\n.\n',
    );
    expect(posted, posted.stderr).toMatchObject({ status: 0, stderr: '' });
    const over = await fivewire('inn2', 'news', 'over', group, '--last', '5');
    expect(over.stdout).toContain(subject);
    const file = `mbox:${key}.mbox`;
    const first = await fivewire('inn2', 'news', 'get', group, file, '--quiet');
    expect(first, first.stderr).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(cwd, `${key}.mbox`), 'latin1')).toContain(`\nSubject: ${subject}\n`);
    expect(await fivewire('inn2', 'news', 'get', group, file)).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });
});

test.each([
  ['dovecot', 'imaps', 'imaps'],
  ['dovecot', 'imap', 'imap'],
  ['dovecot', 'pop3s', 'pop3s'],
  ['dovecot', 'pop3', 'pop3'],
  ['postfix', 'submissions', 'smtps'],
  ['postfix', 'submission', 'smtp'],
  ['vsftpd', 'implicit', 'ftps'],
  ['vsftpd', 'explicit', 'ftp'],
  ['inn2', 'nntps', 'nntps'],
  ['inn2', 'nntp', 'nntp'],
])('tls and check of %s’s %s', async (name, key, scheme) => {
  const shown = await fivewire(name, 'tls', url(name, key, scheme, '', ''), '--json');
  expect(shown, shown.stderr).toMatchObject({ status: 0 });
  expect(JSON.parse(shown.stdout)).toMatchObject({
    matchedName: server(name).serverHostname,
    trust: 'ca',
  });
  const checked = await fivewire(name, 'check', url(name, key, scheme));
  expect(checked, checked.stdout).toMatchObject({ status: 0, stderr: '' });
  expect(checked.stdout).toMatch(/^ok {6}auth {10}logged in as alice/m);
});
