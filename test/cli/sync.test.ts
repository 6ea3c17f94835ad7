/** `fivewire sync` and `mirror`, packed, on embedded servers: nothing lost and nothing doubled, wherever it is killed. */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installed, killedAgain, type RunOptions } from './installed.js';

const { cli, world } = await installed();
let cwd: string;

beforeEach(() => {
  cwd = cli.folder();
});
afterEach(() => {
  const { mail } = world.servers;
  for (const user of ['alice', 'bob'])
    for (const [name, box] of [...mail.mailboxes(user)]) {
      box.remove(box.messages.map(({ uid }) => uid));
      if (/^(Copy|Deep)/.test(name)) mail.delete(user, name);
    }
});

const fivewire = (args: readonly string[], options: RunOptions = {}) =>
  cli.run([...args, ...world.options], { cwd, ...options });
const sync = (...args: string[]) => fivewire(['sync', ...args]);
const silent = { status: 0, stdout: '', stderr: '' };
const account = (user = 'alice') => world.url('imaps', '', user);
const inbox = (user = 'alice') => world.url('imaps', 'INBOX', user);
const box = (user: string, name = 'INBOX') => {
  const found = world.servers.mail.mailbox(user, name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};
const text = (subject: string, body = 'Hello.\r\nFrom here on.\r\n') =>
  `From: bob@example.org\r\nSubject: ${subject}\r\n\r\n${body}`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `number ${i + 1}.`);
const fill = (count: number, flags: readonly string[] = []) => {
  for (const subject of numbers(count)) box('alice').append(text(subject), { flags });
};

const filesIn = (maildir: string) =>
  ['new', 'cur'].flatMap((part) =>
    readdirSync(join(cwd, maildir, part)).map((name) => join(cwd, maildir, part, name)),
  );
const subjectsIn = (maildir: string) =>
  filesIn(maildir)
    .map((path) => /^Subject: (.*)$/m.exec(readFileSync(path, 'latin1'))?.[1])
    .sort();
const subjectsOf = (user: string, name = 'INBOX') =>
  box(user, name)
    .messages.map(({ octets }) => /^Subject: (.*)\r$/m.exec(octets.toString('latin1'))?.[1])
    .sort();

const makeMaildir = (path: string) => {
  for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(cwd, path, part), { recursive: true });
};

describe('mail', () => {
  it('comes to a Maildir with flags and times, once, and changes follow', async () => {
    const date = new Date('2026-03-04T05:06:07Z');
    box('alice').append(text('read'), { flags: ['\\Seen', '\\Flagged'], date });
    box('alice').append(text('unread'), { date });
    box('alice').append(text('large', 'x'.repeat(2_000_000)), { date });
    expect(await sync(inbox(), 'Mail')).toMatchObject(silent);
    expect(subjectsIn('Mail')).toEqual(['large', 'read', 'unread']);
    const read = filesIn('Mail').find((path) => /:2,FS$/.test(path)) as string;
    expect(readFileSync(read, 'latin1')).toBe(text('read').replaceAll('\r\n', '\n'));
    expect(readdirSync(join(cwd, 'Mail/new')).length).toBe(2);
    expect(readdirSync(join(cwd, 'Mail/tmp'))).toEqual([]);

    const [first, second] = box('alice').messages;
    box('alice').setFlags(first?.uid ?? 0, ['\\Answered', 'work']);
    box('alice').remove([second?.uid ?? 0]);
    const kept = await sync(inbox(), 'Mail', '--json');
    expect(
      kept.stdout
        .trim()
        .split('\n')
        .map((row) => JSON.parse(row)),
    ).toEqual([
      {
        type: 'flags',
        mailbox: 'INBOX',
        id: '1',
        to: expect.any(String),
        flags: ['\\Answered', 'work'],
      },
      { type: 'synced', new: 0, changed: 1, removed: 0, failed: 0 },
    ]);
    expect(subjectsIn('Mail')).toEqual(['large', 'read', 'unread']);
    expect(filesIn('Mail').filter((path) => /:2,R$/.test(path)).length).toBe(1);
    expect(await sync(inbox(), 'Mail', '--delete')).toMatchObject(silent);
    expect(subjectsIn('Mail')).toEqual(['large', 'read']);
    expect(await sync(inbox(), 'Mail', '--json')).toMatchObject({
      stdout: '{"type":"synced","new":0,"changed":0,"removed":0,"failed":0}\n',
    });
  });

  it('goes on with a Maildir that fetch has filled', async () => {
    fill(3);
    expect(await fivewire(['fetch', inbox(), 'Mail'])).toMatchObject(silent);
    expect(await sync(inbox(), 'Mail')).toMatchObject(silent);
    expect(subjectsIn('Mail')).toEqual(numbers(3));
  });

  it('goes up from a Maildir, and both ways, without coming back as new', async () => {
    makeMaildir('Mail');
    writeFileSync(join(cwd, 'Mail/cur/1.one:2,S'), 'Subject: one\n\nbody\n');
    writeFileSync(join(cwd, 'Mail/new/2.two'), 'Subject: two\n\nbody\n');
    const there = (subject: string) =>
      box('alice', 'Copy/Deep').messages.find(({ octets }) => octets.includes(`: ${subject}\r`));
    const copy = world.url('imaps', 'Copy/Deep');
    expect(await sync('Mail', copy)).toMatchObject(silent);
    expect(subjectsOf('alice', 'Copy/Deep')).toEqual(['one', 'two']);
    expect([...(there('one')?.flags ?? [])]).toEqual(['\\Seen']);
    expect(there('one')?.octets.toString()).toBe('Subject: one\r\n\r\nbody\r\n');
    // Down: nothing is new, for the journal is the same.
    expect(await sync(copy, 'Mail')).toMatchObject(silent);
    expect(subjectsIn('Mail')).toEqual(['one', 'two']);
    // Changes on both sides.
    box('alice', 'Copy/Deep').append(text('three'));
    renameSync(join(cwd, 'Mail/new/2.two'), join(cwd, 'Mail/cur/2.two:2,F'));
    expect(await sync('Mail', copy, '--both')).toMatchObject(silent);
    expect(subjectsIn('Mail')).toEqual(['one', 'three', 'two']);
    expect([...(there('two')?.flags ?? [])]).toEqual(['\\Flagged']);
    rmSync(join(cwd, 'Mail/cur/1.one:2,S'));
    expect(await sync('Mail', copy)).toMatchObject(silent);
    expect(subjectsOf('alice', 'Copy/Deep')).toEqual(['one', 'three', 'two']);
    expect(await sync('Mail', copy, '--delete')).toMatchObject(silent);
    expect(subjectsOf('alice', 'Copy/Deep')).toEqual(['three', 'two']);
  });

  it('moves an account, level by level, and a lost journal doubles nothing', async () => {
    fill(3, ['\\Seen']);
    world.servers.mail.create('alice', 'Deep/Er.er').append(text('below'));
    expect(await sync(account(), account('bob'))).toMatchObject(silent);
    expect(subjectsOf('bob')).toEqual(numbers(3));
    expect([...(box('bob').messages[0]?.flags ?? [])]).toEqual(['\\Seen']);
    expect(subjectsOf('bob', 'Deep/Er.er')).toEqual(['below']);
    rmSync(join(cli.home, '.local/state/fivewire'), { recursive: true });
    expect(await sync(account(), account('bob'))).toMatchObject(silent);
    expect(subjectsOf('bob')).toEqual(numbers(3));
    world.servers.mail.delete('bob', 'Deep/Er.er');

    expect(await sync(account(), 'All')).toMatchObject(silent);
    expect(subjectsIn('All/.Deep.Er%2Eer')).toEqual(['below']);
    expect(await sync('All', account('bob'))).toMatchObject(silent);
    expect(subjectsOf('bob', 'Deep/Er.er')).toEqual(['below']);
    expect(subjectsOf('bob')).toEqual(numbers(3)); // found by their octets
  });

  it('finds its copies again when the mailbox has another UIDVALIDITY', async () => {
    const { mail } = world.servers;
    mail.create('alice', 'Copy').append(text('old'), { flags: ['\\Seen'] });
    const copy = world.url('imaps', 'Copy');
    expect(await sync(copy, 'Mail')).toMatchObject(silent);
    mail.delete('alice', 'Copy');
    mail.create('alice', 'Other');
    mail.create('alice', 'Copy').append(text('new'));
    box('alice', 'Copy').append(text('old'));
    expect(await sync(copy, 'Mail')).toMatchObject(silent);
    expect(subjectsIn('Mail')).toEqual(['new', 'old']);
    mail.delete('alice', 'Other');
  });

  it('says beforehand what it would do, and removes no more than --max-delete', async () => {
    fill(4);
    const dry = await sync(inbox(), 'Mail', '--dry-run');
    expect(dry).toMatchObject({ status: 0, stdout: '4 new, 0 changed, 0 removed\n' });
    expect(existsSync(join(cwd, 'Mail'))).toBe(false);
    expect(await sync(inbox(), 'Mail')).toMatchObject(silent);
    box('alice').remove(box('alice').messages.map(({ uid }) => uid));
    const refused = await sync(inbox(), 'Mail', '--delete', '--max-delete', '3');
    expect(refused).toMatchObject({ status: 64, stdout: '' });
    expect(refused.stderr).toMatch(/4 messages of INBOX would be removed/);
    expect(subjectsIn('Mail')).toEqual(numbers(4));
  });

  it('an absent Maildir is no empty one, and other ends are refused', async () => {
    expect(await sync('nowhere', inbox())).toMatchObject({ status: 66, stdout: '' });
    const bad: [string[], number][] = [
      [['a', 'b'], 64],
      [['mbox:a', inbox()], 64],
      [['Mail', world.url('pop3s')], 64],
      [[inbox(), account('bob')], 64],
      [[inbox(), inbox()], 64],
      [[world.url('pop3s'), 'Mail', '--delete'], 64],
      [[world.url('imaps', 'Nowhere'), 'Mail'], 66],
      [['ftps://localhost/x', 'Mail', '--both'], 64],
    ];
    for (const [args, status] of bad)
      expect(await sync(...args), args.join(' ')).toMatchObject({ status, stdout: '' });
    expect(await fivewire(['sync', inbox(), 'Locked'])).toMatchObject(silent);
    const [journal = ''] = readdirSync(join(cwd, 'Locked')).filter((name) =>
      /^\.fivewire/.test(name),
    );
    writeFileSync(join(cwd, 'Locked', `${journal}.lock`), 'other 1 elsewhere\n');
    expect(await sync(inbox(), 'Locked')).toMatchObject({ status: 75 });
  });

  it('goes at --limit-rate, message by message and within a long one', async () => {
    box('alice').append(text('short', 'x'.repeat(60_000)));
    box('alice').append(text('long', 'x'.repeat(1_200_000)));
    expect(await sync(inbox(), 'Mail', '--limit-rate', '4m')).toMatchObject(silent);
    expect(subjectsIn('Mail')).toEqual(['long', 'short']);
  });

  it('POP3 and news are collected, into a Maildir and an mbox', async () => {
    fill(2);
    for (let run = 0; run < 2; run++) {
      expect(await sync(world.url('pop3s'), 'Pop')).toMatchObject(silent);
      expect(await sync(inbox(), 'mbox:in.mbox')).toMatchObject(silent);
      expect(await sync(world.url('nntps', 'test.fivewire', ''), 'news.mbox')).toMatchObject(
        silent,
      );
    }
    expect(subjectsIn('Pop')).toEqual(numbers(2));
    expect(readFileSync(join(cwd, 'in.mbox'), 'latin1').match(/^Subject: /gm)?.length).toBe(2);
  });

  const killed = async (args: string[], finish: () => void): Promise<void> => {
    const { last, kills } = await killedAgain((stopAt) =>
      fivewire([...args, '--trace'], { stopAt }),
    );
    expect(last.status, last.stderr.slice(-300)).toBe(0);
    expect(kills).toBeGreaterThan(3);
    finish();
    expect(await fivewire(args)).toMatchObject(silent);
    finish();
  };

  it('SIGKILL again and again on the way down', () => {
    fill(200);
    return killed(['sync', inbox(), 'Mail'], () =>
      expect(subjectsIn('Mail')).toEqual(numbers(200).sort()),
    );
  });

  it('SIGKILL again and again on the way up', () => {
    makeMaildir('Mail');
    for (const subject of numbers(200))
      writeFileSync(
        join(cwd, 'Mail/cur', `${subject.slice(7)}x:2,S`),
        `Subject: ${subject}\n\nx\n`,
      );
    world.servers.mail.create('alice', 'Copy');
    return killed(['sync', 'Mail', world.url('imaps', 'Copy')], () =>
      expect(subjectsOf('alice', 'Copy')).toEqual(numbers(200).sort()),
    );
  });

  it('SIGKILL again and again from server to server', () => {
    fill(200);
    return killed(['sync', inbox(), world.url('imaps', 'Copy', 'bob')], () =>
      expect(subjectsOf('bob', 'Copy')).toEqual(numbers(200).sort()),
    );
  });
});

describe('trees', () => {
  const tree = () => {
    mkdirSync(join(cwd, 'site/more'), { recursive: true });
    writeFileSync(join(cwd, 'site/a.html'), 'a');
    writeFileSync(join(cwd, 'site/more/b.css'), 'b');
    writeFileSync(join(cwd, 'site/big.bin'), randomBytes(200_000));
  };
  const there = (path: string) => world.servers.files.read(path)?.toString('latin1');

  it('go up and down, only what has changed, and away with --delete alone', async () => {
    tree();
    const remote = world.url('ftps', 'www');
    expect(await fivewire(['mirror', 'site', remote])).toMatchObject(silent);
    expect(there('/www/more/b.css')).toBe('b');
    const again = await fivewire(['mirror', 'site', remote, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({
      type: 'mirrored',
      transferred: 0,
      unchanged: 3,
    });
    expect(await sync(remote, 'copy', '--jobs', '2')).toMatchObject(silent);
    expect(readFileSync(join(cwd, 'copy/big.bin'))).toEqual(
      readFileSync(join(cwd, 'site/big.bin')),
    );
    rmSync(join(cwd, 'site/a.html'));
    expect(await fivewire(['mirror', 'site', remote])).toMatchObject(silent);
    expect(there('/www/a.html')).toBe('a');
    const dry = await fivewire(['mirror', 'site', remote, '--delete', '--dry-run']);
    expect(dry).toMatchObject({ status: 0, stdout: 'delete a.html\n' });
    expect(
      await fivewire(['mirror', 'site', remote, '--delete', '--max-delete', '0']),
    ).toMatchObject({
      status: 64,
    });
    expect(there('/www/a.html')).toBe('a');
    expect(await fivewire(['mirror', 'site', remote, '--delete'])).toMatchObject(silent);
    expect(there('/www/a.html')).toBe(undefined);
  });

  it('an absent tree is 66 and removes nothing; links are said', async () => {
    mkdirSync(join(cwd, 'kept'));
    writeFileSync(join(cwd, 'kept/file'), 'x');
    const file = world.url('ftps', 'pub/report.txt');
    const down = await fivewire(['mirror', file, 'kept', '--delete']);
    expect(down).toMatchObject({ status: 66, stdout: '' });
    expect(down.stderr).toMatch(/is a file, no directory\n.*fivewire get/);
    const up = await fivewire(['mirror', 'kept', file]);
    expect(up).toMatchObject({ status: 73, stdout: '' });
    expect(up.stderr).toMatch(/is a file, no directory\n.*fivewire rm/);
    const none = await fivewire(['mirror', world.url('ftps', 'nosuch'), 'kept', '--delete']);
    expect(none).toMatchObject({ status: 66, stdout: '' });
    expect(readdirSync(join(cwd, 'kept'))).toEqual(['file']);
    expect(await fivewire(['mirror', 'nowhere', world.url('ftps', 'w')])).toMatchObject({
      status: 66,
    });
    expect(await fivewire(['mirror', 'a', 'b'])).toMatchObject({ status: 64 });
  });

  it('SIGKILL again and again: the rest comes, and no half file is ever there', async () => {
    mkdirSync(join(cwd, 'many'));
    for (let i = 0; i < 40; i++) writeFileSync(join(cwd, 'many', `${i}`), `${i}`.repeat(5_000));
    const remote = world.url('ftps', 'many');
    const { last, kills } = await killedAgain(
      async (stopAt) => {
        const ran = await fivewire(['mirror', 'many', remote, '--trace'], { stopAt });
        for (let i = 0; i < 40; i++)
          expect([undefined, `${i}`.repeat(5_000)]).toContain(there(`/many/${i}`));
        return ran;
      },
      { lines: 10 },
    );
    expect(last.status, last.stderr.slice(-300)).toBe(0);
    expect(kills).toBeGreaterThan(2);
    const listed = await fivewire(['ls', remote]);
    expect(listed.stdout.trim().split('\n').length).toBe(40);
  });
});
