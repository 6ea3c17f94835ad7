// `fivewire sync` between Dovecot, a Maildir and Cyrus, killed again and again: each message is there once, flags and all.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImapClient } from '@fivewire/imap';
import { afterAll, expect, test } from 'vitest';
import { options } from './doors.js';
import { fivewireIn, urlOf } from './fivewire.js';

const cwd = mkdtempSync(join(tmpdir(), 'fivewire-sync-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const count = 150;
const { run: fivewire, killed: killedOften } = fivewireIn(cwd, 'dovecot');

const url = (name: string, mailbox: string) => urlOf(name, 'imaps', 'imaps', mailbox);

async function fill(mailbox: string): Promise<void> {
  const imap = await ImapClient.connect(
    options({ server: 'dovecot', port: 'imaps', security: 'implicit-tls' }),
  );
  await imap.create(mailbox);
  const messages = Array.from({ length: count }, (_, i) => ({
    body: `Subject: number ${i + 1}\r\n\r\nx\r\n`,
    flags: i % 2 === 0 ? ['\\Seen'] : [],
  }));
  await imap.appendMany(mailbox, messages);
  await imap.quit();
}

const each = Array.from({ length: count }, (_, i) => `number ${i + 1}`).sort();

async function there(name: string, mailbox: string): Promise<string[]> {
  const { stdout } = await fivewire(['ls', url(name, mailbox), '--json']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((row) => JSON.parse(row).subject)
    .sort();
}

const files = (maildir: string): string[] =>
  ['new', 'cur'].flatMap((part) =>
    readdirSync(join(cwd, maildir, part)).map((name) => join(cwd, maildir, part, name)),
  );

/** Killed again and again; then once more, which has nothing left to do. */
async function killed(args: readonly string[]): Promise<void> {
  const ran = await killedOften(args);
  expect(ran, ran.stderr.slice(-500)).toMatchObject({ status: 0, stdout: '' });
  const again = await fivewire([...args, '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject({ type: 'synced', new: 0, failed: 0 });
}

test('Dovecot to a Maildir, the Maildir to Cyrus, Dovecot to Cyrus', async () => {
  const mailbox = `sync-${randomUUID()}`;
  await fill(mailbox);
  await killed(['sync', url('dovecot', mailbox), 'Mail']);
  expect(
    files('Mail')
      .map((path) => /^Subject: (.*)$/m.exec(readFileSync(path, 'latin1'))?.[1])
      .sort(),
  ).toEqual(each);
  expect(files('Mail').filter((path) => path.endsWith(':2,S')).length).toBe(count / 2);
  // Cyrus keeps an account's own mailboxes below INBOX/, and takes the name without it.
  await killed(['sync', 'Mail', url('cyrus', mailbox)]);
  expect(await there('cyrus', mailbox)).toEqual(each);
  expect(await there('cyrus', `INBOX/${mailbox}`)).toEqual(each);
  await killed(['sync', url('dovecot', mailbox), url('cyrus', `${mailbox}-2`)]);
  expect(await there('cyrus', `${mailbox}-2`)).toEqual(each);
}, 240_000);

test('append, mkdir, mv and copy find the prefix of one’s own at Cyrus', async () => {
  const mailbox = `own-${randomUUID()}`;
  const run = async (...args: string[]) =>
    expect(await fivewire(args)).toMatchObject({ status: 0, stdout: '' });
  await run('mkdir', url('cyrus', mailbox));
  writeFileSync(join(cwd, 'one.eml'), 'From: a@example.test\nSubject: one\n\nx\n');
  await run('append', 'one.eml', url('cyrus', mailbox));
  await run('copy', `${url('cyrus', mailbox)}/;UID=1`, `${mailbox}/Copy`, '--create');
  await run('mv', url('cyrus', `${mailbox}/Copy`), `${mailbox}/Moved`);
  const { stdout } = await fivewire(['mailboxes', url('cyrus', `INBOX/${mailbox}*`)]);
  expect(stdout).toBe(`1\t1\tINBOX/${mailbox}\n1\t1\tINBOX/${mailbox}/Moved\n`);
});
