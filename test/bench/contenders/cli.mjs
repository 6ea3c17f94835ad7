// `fivewire` as it is published, beside what it is made of and what people use.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));

function started(command, args) {
  const { status, stderr } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
}

const times = (count, work) => {
  for (let i = 0; i < count; i++) work();
};

export const bareNode = ({ times: count }) =>
  times(count, () => started(process.execPath, ['-e', '0']));
export const version = ({ times: count }) =>
  times(count, () => started(process.execPath, [main, '--version']));

export async function download({ port, ca, to }, output) {
  const { FtpClient } = await import('@fivewire/ftp');
  const ftp = await FtpClient.connect({
    ...{ host: 'localhost', port, tls: { ca: readFileSync(ca) } },
    auth: { user: 'alice', password: 'secret' },
  });
  await ftp.download('big.bin', to);
  await ftp.quit();
  output(String(readFileSync(to).length));
  rmSync(to);
}

/** In this process, as the library is: what is compared is the command line without Node's own start. */
export async function get({ port, ca, to }, output) {
  const { run } = await import('fivewire');
  const url = `ftps://alice@localhost:${port}/big.bin`;
  const status = await run(['get', url, to, '--ca', ca, '--password-command', 'echo secret']);
  if (status !== 0) throw new Error(`fivewire get ended with ${status}`);
  output(String(readFileSync(to).length));
  rmSync(to);
}

/** Subjects of all messages, and the directory is away again. */
function harvest(home, maildir, { count }, output) {
  const parts = ['new', 'cur'].map((part) => join(maildir, part));
  const files = parts.flatMap((part) => readdirSync(part).map((name) => join(part, name)));
  if (files.length !== count) throw new Error(`${files.length} messages of ${count}`);
  const subjects = files.map((file) => /^Subject: (\d+)/m.exec(readFileSync(file, 'latin1'))?.[1]);
  output(subjects.sort().join('\n'));
  rmSync(home, { recursive: true });
}

export async function sync(input, output) {
  const home = mkdtempSync(join(tmpdir(), 'fivewire-bench-'));
  const url = `imap://alice@${input.host}:${input.port}/INBOX`;
  const clear = ['--security', 'cleartext', '--allow-cleartext-auth'];
  const login = ['--password-command', 'echo secret'];
  started(process.execPath, [main, 'sync', url, join(home, 'Mail'), ...clear, ...login]);
  harvest(home, join(home, 'Mail'), input, output);
}

export async function mbsync(input, output) {
  const home = mkdtempSync(join(tmpdir(), 'fivewire-bench-'));
  mkdirSync(join(home, 'Mail'));
  const lines = [
    ...['IMAPStore far', `Host ${input.host}`, `Port ${input.port}`, 'User alice', 'Pass secret'],
    ...['SSLType None', 'AuthMechs LOGIN', ''],
    ...['MaildirStore near', `Path ${home}/Mail/`, `Inbox ${home}/Mail/INBOX`, ''],
    ...['Channel all', 'Far :far:INBOX', 'Near :near:INBOX', 'Create Near', 'Sync Pull'],
    ...[`SyncState ${home}/`, ''],
  ];
  writeFileSync(join(home, 'mbsyncrc'), lines.join('\n'));
  started('mbsync', ['-c', join(home, 'mbsyncrc'), 'all']);
  harvest(home, join(home, 'Mail/INBOX'), input, output);
}
