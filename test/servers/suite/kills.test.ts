// mirror, fetch, run and bulk send, killed again and again: nothing is lost, nothing is doubled, and what nobody knows is told.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImapClient } from '@fivewire/imap';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { options } from './doors.js';
import { type Fivewire, fivewireIn, urlOf } from './fivewire.js';

const root = mkdtempSync(join(tmpdir(), 'fivewire-kills-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(root, 'work-'));
});

const silent = { status: 0, stdout: '' };

describe.each([
  ['vsftpd', 'implicit', 'ftps'],
  ['proftpd', 'explicit', 'ftp'],
])('mirror to and from %s', (name, key, scheme) => {
  const count = 25;
  const content = (i: number) => `${i}.`.repeat(4_000);
  const expectWhole = (directory: string) => {
    expect(readdirSync(directory).length).toBe(count);
    for (let i = 0; i < count; i++)
      expect(readFileSync(join(directory, `f${i}`), 'latin1')).toBe(content(i));
  };

  test('what is there under its name is whole', async () => {
    const { run, killed } = fivewireIn(cwd, name);
    const remote = urlOf(name, key, scheme, `kills-${randomUUID()}`);
    mkdirSync(join(cwd, 'up'));
    for (let i = 0; i < count; i++) writeFileSync(join(cwd, 'up', `f${i}`), content(i));
    const seen = async () => {
      const { stdout } = await run(['ls', '-l', remote]);
      for (const row of stdout.split('\n').filter((one) => /\tf\d+$/.test(one))) {
        const [, size, , file = ''] = row.split('\t');
        expect(Number(size), row).toBe(content(Number(file.slice(1))).length);
      }
    };
    expect(await killed(['mirror', 'up', remote], seen)).toMatchObject(silent);
    const whole = () => {
      for (const file of readdirSync(cwd).includes('down') ? readdirSync(join(cwd, 'down')) : [])
        if (/^f\d+$/.test(file))
          expect(readFileSync(join(cwd, 'down', file), 'latin1')).toBe(
            content(Number(file.slice(1))),
          );
    };
    expect(await killed(['mirror', remote, 'down'], whole)).toMatchObject(silent);
    expectWhole(join(cwd, 'down'));
    for (const args of [
      ['mirror', 'up', remote],
      ['mirror', remote, 'down'],
    ]) {
      const { stdout } = await run([...args, '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ transferred: 0, unchanged: count });
    }
    expect(await run(['rm', '-r', remote])).toMatchObject(silent);
  });
});

describe.each([
  ['dovecot', 'imaps', 'Mail'],
  ['dovecot', 'imaps', 'mbox:in.mbox'],
  ['dovecot', 'pop3s', 'Mail'],
  ['dovecot', 'pop3s', 'mbox:in.mbox'],
  ['cyrus', 'imaps', 'mbox:in.mbox'],
  ['cyrus', 'pop3s', 'Mail'],
])('fetch of %s by %s into %s, and away from the server', (name, scheme, dest) => {
  const count = 60;
  afterEach(() => withInbox(name, async () => {}));

  test('each message once', async () => {
    const { run, killed } = fivewireIn(cwd, name);
    await withInbox(name, async (imap) => {
      const body = `${'x'.repeat(70)}\r\n`.repeat(60);
      const messages = Array.from({ length: count }, (_, i) => ({
        body: `Subject: number ${i + 1}.\r\n\r\n${body}`,
      }));
      await imap.appendMany('INBOX', messages);
    });
    const fetch = ['fetch', urlOf(name, scheme, scheme), dest, '--delete'];
    const ran = await killed(fetch);
    expect(ran, ran.stderr.slice(-500)).toMatchObject(silent);
    const subjects = () =>
      readAll(cwd, dest)
        .match(/^Subject: number \d+\.$/gm)
        ?.sort();
    const each = Array.from({ length: count }, (_, i) => `Subject: number ${i + 1}.`).sort();
    expect(subjects()).toEqual(each);
    expect(await run(fetch)).toMatchObject(silent);
    expect(subjects()).toEqual(each);
    expect(
      await run(['ls', urlOf(name, scheme, scheme, scheme === 'imaps' ? 'INBOX' : '')]),
    ).toMatchObject(silent);
  });
});

describe('Postfix, by whom the mail goes to Dovecot', () => {
  const submission = () => urlOf('postfix', 'submissions', 'smtps');
  const count = 30;
  const mark = () => randomUUID().slice(0, 8);
  const out = ['--from', 'alice@example.test', '--to', 'alice@example.test', '--text', 'x'];

  /** Nothing twice; nothing missing but what was told as unknown; and that, sent again, makes all of it. */
  async function judge(
    { run }: Fivewire,
    first: { status: number | null; stderr: string },
    again: readonly string[],
    subject: string,
  ): Promise<void> {
    const unknown = first.stderr.match(/nobody knows w/g)?.length ?? 0;
    expect(first.status, first.stderr.slice(-500)).toBe(unknown === 0 ? 0 : 76);
    const got = await subjectsThere(subject, count - unknown);
    expect(new Set(got).size).toBe(got.length);
    if (unknown === 0) return;
    const last = await run([...again, '--resend-unknown']);
    expect(last, last.stderr.slice(-500)).toMatchObject({ status: 0 });
    expect(new Set(await subjectsThere(subject, count)).size).toBe(count);
  }

  test('send --each', async () => {
    const fivewire = fivewireIn(cwd, 'postfix');
    const subject = mark();
    const rows = Array.from({ length: count }, (_, i) => `${subject}-${i}`);
    writeFileSync(join(cwd, 'rows.csv'), `subject\n${rows.join('\n')}\n`);
    const each = ['send', submission(), '--each', 'rows.csv', ...out, '--subject', '{{subject}}'];
    await judge(fivewire, await fivewire.killed(each), each, subject);
  });

  test('run', async () => {
    const fivewire = fivewireIn(cwd, 'postfix');
    const subject = mark();
    const jobs = Array.from(
      { length: count },
      (_, i) => `- send ${submission()} ${out.join(' ')} --subject ${subject}-${i}\n`,
    );
    writeFileSync(join(cwd, 'jobs.yaml'), jobs.join(''));
    const all = ['run', 'jobs.yaml', '--resume', '--jobs', '3'];
    await judge(fivewire, await fivewire.killed(all), all, subject);
  });
});

/** Of Dovecot's INBOX, once there are so many. */
async function subjectsThere(mark: string, least: number): Promise<string[]> {
  const imap = await ImapClient.connect(
    options({ server: 'dovecot', port: 'imaps', security: 'implicit-tls' }),
  );
  try {
    const found: string[] = [];
    await expect
      .poll(async () => {
        found.length = 0;
        const inbox = await imap.open('INBOX', { readOnly: true });
        for await (const { envelope } of inbox.fetch('1:*', { envelope: true }))
          if (envelope.subject?.startsWith(mark)) found.push(envelope.subject);
        await inbox.close();
        return found.length;
      })
      .toBeGreaterThanOrEqual(least);
    return found;
  } finally {
    await imap.quit();
  }
}

/** Emptied first. */
async function withInbox(name: string, work: (imap: ImapClient) => Promise<void>): Promise<void> {
  const imap = await ImapClient.connect(
    options({ server: name, port: 'imaps', security: 'implicit-tls' }),
  );
  try {
    const inbox = await imap.open('INBOX');
    const all = await inbox.search({});
    if (all.size > 0) {
      await inbox.addFlags(all, ['\\Deleted']);
      await inbox.expunge(all);
    }
    await inbox.close();
    await work(imap);
  } finally {
    await imap.quit();
  }
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
