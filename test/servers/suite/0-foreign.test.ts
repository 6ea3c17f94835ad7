// Other people's clients first: a server that they cannot use proves nothing about ours.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { authorityPath, port, server, settingsPath } from './servers.js';

const run = promisify(execFile);

// A version manager's python3 may be first in PATH; the system's own is the one that the runner installed.
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const script = fileURLToPath(new URL('foreign.py', import.meta.url));

describe('Python', () => {
  test.each([
    'imap implicit',
    'imap starttls',
    'pop3 implicit',
    'pop3 starttls',
    'lmtp starttls',
    'sieve starttls',
    'dovecot submission starttls',
    'dovecot submission implicit',
    'postfix submission starttls',
    'postfix submission implicit',
    'postfix refuses a recipient',
    'ftp explicit',
    'vsftpd demands session reuse',
    'proftpd demands session reuse',
    'nntp implicit',
    'nntp starttls',
  ])('%s', async (check) => {
    await expect(run(python, [script, settingsPath(), check])).resolves.toMatchObject({
      stderr: '',
    });
  });
});

describe('curl', () => {
  const directory = mkdtempSync(join(tmpdir(), 'fivewire-curl-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** Verified by the name in the certificate, dialled where the server is. */
  const curl = async (
    name: string,
    key: string,
    scheme: string,
    path: string,
    ...more: string[]
  ) => {
    const { host, serverHostname } = server(name);
    const number = port(name, key);
    const { stdout } = await run('curl', [
      ...['--silent', '--show-error', '--max-time', '20', '--ssl-reqd'],
      ...['--cacert', authorityPath(), '--resolve', `${serverHostname}:${number}:${host}`],
      ...['--user', 'alice:secret', ...more, `${scheme}://${serverHostname}:${number}/${path}`],
    ]);
    return stdout;
  };

  test.each([
    ['explicit', 'ftp'],
    ['implicit', 'ftps'],
  ])('FTP, %s', async (key, scheme) => {
    const name = randomUUID();
    const file = join(directory, name);
    writeFileSync(file, 'octets'.repeat(10_000));
    await curl('vsftpd', key, scheme, name, '--upload-file', file);
    expect(await curl('vsftpd', key, scheme, '', '--list-only')).toContain(name);
    await curl('vsftpd', key, scheme, name, '--output', `${file}.back`, '--quote', '-NOOP');
    expect(readFileSync(`${file}.back`, 'utf8')).toBe('octets'.repeat(10_000));
    await curl('vsftpd', key, scheme, '', '--list-only', '--quote', `DELE ${name}`);
  });

  test.each([
    ['imap', 'imap'],
    ['imaps', 'imaps'],
  ])('IMAP, %s', async (key, scheme) => {
    expect(await curl('dovecot', key, scheme, '')).toContain('Drafts');
  });

  test.each([
    ['pop3', 'pop3'],
    ['pop3s', 'pop3s'],
  ])('POP3, %s', async (key, scheme) => {
    await expect(curl('dovecot', key, scheme, '')).resolves.toBeTypeOf('string');
  });

  test('refuses a name that is not the certificate’s', async () => {
    const { host } = server('dovecot');
    const number = port('dovecot', 'imaps');
    const refused = run('curl', [
      ...['--silent', '--show-error', '--max-time', '20', '--cacert', authorityPath()],
      ...['--resolve', `wrong.example.test:${number}:${host}`, '--user', 'alice:secret'],
      `imaps://wrong.example.test:${number}/`,
    ]);
    await expect(refused).rejects.toMatchObject({ code: 60 });
  });
});
