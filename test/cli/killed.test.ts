/** SIGKILL while a command that keeps something is at work: a rerun does what is left, nothing is lost, nothing comes twice, no half file has a name. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { installed, killedAgain } from './installed.js';

const { cli, world } = await installed();

const count = 6;
const numbers = Array.from({ length: count }, (_, i) => `number ${i + 1}.`);
const content = (i: number) => `${i} `.repeat(4_000 + i);

interface Row {
  name: string;
  prepare?(cwd: string): void;
  args(): string[];
  /** Holds after each kill. */
  always?(cwd: string): void;
  /** Holds at the end, and after one run more. */
  finally(cwd: string): void;
  at?: { lines?: number; changes?: number };
  /** Where what was on its way is told and left to a person. */
  status?: readonly number[];
}

const url = (scheme: string, path = '') => world.url(scheme, path);
const read = (...parts: string[]) => readFileSync(join(...parts), 'latin1');
const filesIn = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
const subjects = (text: string) =>
  [...text.matchAll(/^Subject: (number \d+\.)\r?$/gm)].map(([, one]) => one).sort();
const all = numbers.slice().sort();
const inMaildir = (cwd: string) =>
  subjects(
    ['new', 'cur']
      .flatMap((part) => filesIn(join(cwd, 'Mail', part)))
      .map((path) => read(path))
      .join('\n'),
  );

const mailOf = (user: string) => world.servers.mail.inbox(user);
const fillMail = (extra = '') => {
  const box = mailOf('alice');
  box.remove(box.messages.map(({ uid }) => uid));
  for (const subject of numbers)
    world.servers.mail.deliver('alice', `${extra}Subject: ${subject}\r\n\r\nx\r\n`);
};
const fillNews = () => {
  const { news } = world.servers;
  for (const subject of numbers) {
    const id = `<${subject.replace(' ', '')}x@example.org>`;
    if (!news.article(id))
      news.add(
        `From: b@example.org\r\nNewsgroups: test.fivewire\r\nSubject: ${subject}\r\nMessage-ID: ${id}\r\n\r\nx\r\n`,
      );
  }
};
const fillFiles = () => {
  world.servers.files.clear();
  for (let i = 0; i < count; i++) world.servers.files.write(`/many/d${i % 3}/${i}`, content(i));
};
/** Whole under its name, or not there; `isDone`: all of them, and nothing beside them. */
const expectTree = (cwd: string, isDone: boolean) => {
  const named = filesIn(cwd).filter((path) => /\/d\d\/\d+$/.test(path));
  for (const path of named)
    expect(read(path).length, path).toBe(content(Number(path.split('/').at(-1))).length);
  if (isDone) expect(filesIn(join(cwd, 'tree')).length).toBe(count);
};
const expectRemote = (isDone: boolean) => {
  const { files } = world.servers;
  for (let i = 0; i < count; i++) {
    const there = files.read(`/up/d${i % 3}/${i}`)?.toString();
    if (isDone || there !== undefined) expect(there, `${i}`).toBe(content(i));
  }
  if (isDone) expect(files.paths.filter((path) => path.startsWith('/up/')).length).toBe(count); // no part beside them
};
const makeTree = (cwd: string) => {
  for (let i = 0; i < count; i++) {
    mkdirSync(join(cwd, 'tree', `d${i % 3}`), { recursive: true });
    writeFileSync(join(cwd, 'tree', `d${i % 3}`, `${i}`), content(i));
  }
  world.servers.files.clear();
};

const rows: Row[] = [
  {
    name: 'news archive into an mbox',
    prepare: fillNews,
    args: () => ['news', 'archive', url('nntps', 'test.fivewire'), 'mbox:news.mbox'],
    finally: (cwd) => expect(subjects(read(cwd, 'news.mbox'))).toEqual(all),
  },
  {
    name: 'sync of a newsgroup into a Maildir',
    prepare: fillNews,
    args: () => ['sync', url('nntps', 'test.fivewire'), 'Mail'],
    finally: (cwd) => expect(inMaildir(cwd)).toEqual(all),
  },
  {
    name: 'sync of a maildrop into an mbox',
    prepare: () => fillMail(),
    args: () => ['sync', url('pop3s'), 'mbox:in.mbox'],
    finally: (cwd) => expect(subjects(read(cwd, 'in.mbox'))).toEqual(all),
  },
  {
    name: 'fetch of attachments',
    prepare: () =>
      fillMail(
        'Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment; filename=a.txt\r\nMIME-Version: 1.0\r\n',
      ),
    args: () => ['fetch', url('imaps'), 'attachments:files'],
    finally: (cwd) =>
      expect(
        filesIn(join(cwd, 'files'))
          .filter((path) => !path.includes('.fivewire'))
          .map((path) => read(path)),
      ).toEqual(Array(count).fill('x\r\n')),
  },
  {
    name: 'fetch for a command: none is left out',
    prepare: () => fillMail(),
    args: () => ['fetch', url('imaps'), '--exec', 'cat > mail.$FIVEWIRE_UID', '--state', 'state'],
    finally: (cwd) =>
      expect(
        subjects(
          filesIn(cwd)
            .filter((path) => path.includes('/mail.'))
            .map((path) => read(path))
            .join('\n'),
        ),
      ).toEqual(all),
    at: { lines: 5 },
  },
  {
    name: 'sync both ways',
    prepare(cwd) {
      fillMail();
      for (const part of ['tmp', 'new', 'cur'])
        mkdirSync(join(cwd, 'Mail', part), { recursive: true });
      for (const subject of ['number 101.', 'number 102.'])
        writeFileSync(
          join(cwd, 'Mail/cur', `${subject.slice(7)}x:2,S`),
          `Subject: ${subject}\n\nx\n`,
        );
    },
    args: () => ['sync', url('imaps', 'INBOX'), 'Mail', '--both'],
    finally(cwd) {
      const both = [...all, 'number 101.', 'number 102.'].sort();
      expect(inMaildir(cwd)).toEqual(both);
      expect(
        subjects(
          mailOf('alice')
            .messages.map(({ octets }) => octets.toString('latin1'))
            .join('\n'),
        ),
      ).toEqual(both);
    },
  },
  {
    name: 'get -r',
    prepare: fillFiles,
    args: () => ['get', '-r', url('ftps', 'many'), 'tree'],
    always: (cwd) => expectTree(cwd, false),
    finally: (cwd) => expectTree(cwd, true),
  },
  {
    name: 'mirror down',
    prepare: fillFiles,
    args: () => ['mirror', url('ftps', 'many'), 'tree', '--jobs', '2'],
    always: (cwd) => expectTree(cwd, false),
    finally: (cwd) => expectTree(cwd, true),
  },
  {
    name: 'put -r',
    prepare: makeTree,
    args: () => ['put', '-r', 'tree', url('ftps', 'up')],
    always: () => expectRemote(false),
    finally: () => expectRemote(true),
    at: { lines: 12 },
  },
  {
    name: 'get --resume',
    prepare: () => world.servers.files.write('/big.bin', 'y'.repeat(3_000_000)),
    args: () => ['get', url('ftps', 'big.bin'), '--resume'],
    always: (cwd) => {
      if (readdirSync(cwd).includes('big.bin')) expect(read(cwd, 'big.bin').length).toBe(3_000_000);
    },
    finally: (cwd) => {
      expect(readdirSync(cwd)).toEqual(['big.bin']);
      expect(read(cwd, 'big.bin') === 'y'.repeat(3_000_000)).toBe(true);
    },
    at: { changes: 2 },
  },
  {
    name: 'get --backup --resume',
    prepare: (cwd) => {
      world.servers.files.write('/big.bin', 'y'.repeat(3_000_000));
      writeFileSync(join(cwd, 'big.bin'), 'old');
    },
    args: () => ['get', url('ftps', 'big.bin'), '--backup', '--resume'],
    always: (cwd) => {
      const kept = ['big.bin', 'big.bin~'].filter((name) => existsSync(join(cwd, name)));
      expect(kept.map((name) => read(cwd, name))).toContain('old');
    },
    finally: (cwd) => {
      expect(readdirSync(cwd).sort()).toEqual(['big.bin', 'big.bin~']);
      expect(read(cwd, 'big.bin') === 'y'.repeat(3_000_000)).toBe(true);
      expect(read(cwd, 'big.bin~')).toBe('old');
    },
    at: { changes: 1 },
  },
];

it.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  const cwd = cli.folder();
  row.prepare?.(cwd);
  const args = [...row.args(), ...world.options];
  const { last, kills } = await killedAgain(async (stopAt) => {
    const ran = await cli.run([...args, '--trace'], { cwd, stopAt });
    row.always?.(cwd);
    return ran;
  }, row.at);
  expect(last.status, last.stderr.slice(-500)).toBe(0);
  expect(kills).toBeGreaterThan(1);
  row.finally(cwd);
  expect(await cli.run(args, { cwd })).toMatchObject({ status: 0, stdout: '', stderr: '' });
  row.finally(cwd);
});

it('a queue: each message once, or parked for a person', async () => {
  const cwd = cli.folder();
  const box = mailOf('alice');
  box.remove(box.messages.map(({ uid }) => uid));
  const queue = [
    'sendmail',
    '--queue-dir',
    'out',
    '--url',
    url('smtps'),
    '-f',
    'b@example.org',
    'alice@example.org',
  ];
  let taken = 0;
  for (let changes = 1; taken < 2; changes++) {
    const ran = await cli.run([...queue, '--queue', ...world.options], {
      cwd,
      input: `Subject: number ${changes}.\n\nx\n`,
      stopAt: { changes, signal: 'SIGKILL' },
    });
    if (ran.status === 0) taken++;
    else expect(ran.signal, JSON.stringify(ran)).toBe('SIGKILL');
    if (existsSync(join(cwd, 'out')))
      expect(await cli.run(['queue', 'list', 'out'], { cwd })).toMatchObject({ status: 0 });
  }
  const waiting = (await cli.run(['queue', 'list', 'out', '--json'], { cwd })).stdout
    .trim()
    .split('\n');
  expect(waiting.length).toBeGreaterThan(1); // of a killed one nobody was told that it is safe: it may be there
  const flush = ['queue', 'flush', 'out', '--url', url('smtps'), ...world.options];
  const { kills } = await killedAgain((stopAt) => cli.run([...flush, '--trace'], { cwd, stopAt }), {
    lines: 20,
    changes: 2,
  });
  expect(kills).toBeGreaterThan(0);
  const parked = (await cli.run(['queue', 'list', 'out', '--json'], { cwd })).stdout
    .trim()
    .split('\n')
    .filter(Boolean);
  const got = () =>
    subjects(box.messages.map(({ octets }) => octets.toString('latin1')).join('\n'));
  expect(new Set(got()).size).toBe(got().length);
  expect(got().length + parked.length).toBeGreaterThanOrEqual(waiting.length);
  for (const { id } of parked.map((row) => JSON.parse(row)))
    await cli.run(['queue', 'retry', 'out', id], { cwd });
  expect(await cli.run(flush, { cwd })).toMatchObject({ status: 0 });
  expect(new Set(got()).size).toBe(waiting.length);
  // Of messages that were never taken over, or have gone out, nothing stays.
  expect(filesIn(join(cwd, 'out')).filter((path) => /eml|json/.test(path))).toEqual([]);
});
