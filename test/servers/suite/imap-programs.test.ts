// The three programs of examples/ that use IMAP most, as a user would run them, against Dovecot and against Cyrus.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ImapClient } from '@fivewire/imap';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Door, options } from './doors.js';
import { authorityPath, port, server } from './servers.js';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
const redirect = pathToFileURL(
  fileURLToPath(new URL('../../support/redirect.mjs', import.meta.url)),
).href;
const home = mkdtempSync(join(tmpdir(), 'fivewire-programs-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const message = (subject: string, more = '') =>
  `From: bob@example.test\r\nTo: alice@example.test\r\nSubject: ${subject}\r\nMessage-ID: <${randomUUID()}@x>\r\n${more}\r\nText of ${subject}\r\n`;

describe.each(['dovecot', 'cyrus'])('against %s', (name) => {
  const door: Door = { server: name, port: 'imaps', security: 'implicit-tls' };
  let imap: ImapClient;
  beforeAll(async () => {
    imap = await ImapClient.connect(options(door));
  });
  afterAll(() => imap.quit());

  /** Runs a program; the names of servers and their registered ports stand for those of the suite. */
  const run = async (file: string, ...args: string[]): Promise<string> => {
    const { serverHostname } = server(name);
    const smtp = server('postfix').serverHostname;
    const env = {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: authorityPath(),
      MAIL_PASSWORD: 'secret',
      MAIL_FROM: 'alice@example.test',
      FIVEWIRE_TEST_HOSTS: `${serverHostname} ${smtp}`,
      FIVEWIRE_TEST_PORTS: JSON.stringify({
        993: port(name, 'imaps'),
        587: port('postfix', 'submission'),
      }),
    };
    const urls = args.map((arg) =>
      arg
        .replace('IMAP', `imaps://alice@${serverHostname}`)
        .replace('SMTP', `smtp://alice@${smtp}`),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', redirect, join(examples, file), ...urls],
      { cwd: home, env },
    );
    return stdout;
  };

  test('a backup of 500 messages, run again and again: only what changed is fetched', async () => {
    const box = await imap.personal(`Backup ${randomUUID()}`);
    await imap.create(box);
    const bodies = Array.from({ length: 500 }, (_, i) => ({ body: message(`m${i + 1}`) }));
    for (let i = 0; i < 500; i += 50) await imap.appendMany(box, bodies.slice(i, i + 50));
    const folder = join(home, name);
    const backup = () => run('backup-mailbox.mjs', 'IMAP', box, folder);
    expect(await backup()).toBe('500 new, 0 with other flags, 0 gone\n');
    expect(readFileSync(join(folder, '77.eml'), 'utf8')).toBe(bodies[76]?.body);
    await imap.append(box, message('m501'));
    expect(await backup()).toBe('1 new, 0 with other flags, 0 gone\n');
    const open = await imap.open(box);
    await open.addFlags(7, ['\\Flagged']);
    await open.addFlags([8, 9], ['\\Deleted']);
    await open.expunge([8, 9]);
    await open.close();
    expect(await backup()).toBe('0 new, 1 with other flags, 2 gone\n');
    expect(await backup()).toBe('0 new, 0 with other flags, 0 gone\n');
    expect(readdirSync(folder).filter((file) => file.endsWith('.eml'))).toHaveLength(499);
    await imap.delete(box);
  }, 120_000);

  test('a loop that watches, answers people and moves what it has seen', async () => {
    const inbox = await imap.open('INBOX');
    await inbox.addFlags('1:*', ['\\Deleted']);
    await inbox.expunge('1:*');
    await inbox.close();
    const ours = randomUUID();
    await imap.append('INBOX', message(`question ${ours}`));
    await imap.append('INBOX', message(`list ${ours}`, 'List-Id: <x>\r\n'));
    const target = `Answered ${randomUUID()}`;
    expect(await run('answer-mail.mjs', 'IMAP', 'SMTP', target, '2')).toBe(
      'answered bob@example.test\n',
    );
    const there = await imap.personal(target);
    expect(await imap.status(there, ['messages'])).toMatchObject({ messages: 2 });
    const left = await imap.open('INBOX', { readOnly: true });
    expect(await left.count({ subject: ours })).toBe(0);
    await left.close();
    await imap.delete(there);
  }, 60_000);

  test('search, sort, threads, attachments, quota and rights, without a text cut by hand', async () => {
    const box = await imap.personal(`Report ${randomUUID()}`);
    await imap.create(box);
    await imap.append(box, message('first', 'References: <root@x>\r\n'), { flags: ['\\Seen'] });
    await imap.append(box, message('second', 'References: <root@x>\r\n'), { date: new Date() });
    const told = (await run('mailbox-report.mjs', 'IMAP', box)).trim().split('\n');
    const report = Object.assign({}, ...told.map((line) => JSON.parse(line)));
    expect(report).toMatchObject({
      unread: 1,
      lately: { count: 2, min: 1, max: 2 },
      attachments: [],
    });
    expect(report.largest).toEqual([2, 1]);
    expect(report['longest discussion']).toBeGreaterThan(0);
    // Dovecot is set up without quota and rights, Cyrus has both.
    if (name === 'cyrus') expect(report.mine).toEqual(expect.stringContaining('lrs'));
    else expect(report.mine).toBeNull();
    await imap.delete(box);
  }, 60_000);
});
