/** `fivewire run`, packed, on embedded servers: a rerun does what is left, and nothing twice. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { installed, killedAgain, type RunOptions } from './installed.js';

const { cli, world } = await installed();
let cwd: string;

beforeEach(() => {
  cwd = cli.folder();
  const box = world.servers.mail.inbox('alice');
  box.remove(box.messages.map(({ uid }) => uid));
});

const fivewire = (args: readonly string[], options: RunOptions = {}) =>
  cli.run([...args, ...world.options], { cwd, ...options });
const silent = { status: 0, stdout: '', stderr: '' };
const jobs = (text: string, name = 'jobs.yaml') => writeFileSync(join(cwd, name), text);
const journal = () => existsSync(join(cwd, 'jobs.yaml.fivewire-run'));
const rows = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((row) => JSON.parse(row));
const subjects = () =>
  world.servers.mail
    .inbox('alice')
    .messages.map(({ octets }) => /^Subject: (.*)\r$/m.exec(octets.toString())?.[1])
    .sort();

describe('run', () => {
  it('any command, of YAML or JSON lines; several at once', async () => {
    const report = world.url('ftps', 'pub/report.txt');
    jobs(
      `- get ${report} "a b.txt"\n- [get, '${report}', two.txt]\n- id: third\n  run: fivewire get ${report} three.txt\n`,
    );
    expect(await fivewire(['run', 'jobs.yaml', '--jobs', '3'])).toMatchObject(silent);
    for (const name of ['a b.txt', 'two.txt', 'three.txt'])
      expect(readFileSync(join(cwd, name), 'utf8')).toBe('All is well.\n');
    expect(journal()).toBe(false); // all is done: the next run is a new one
    jobs(
      `["ls","${world.url('ftps', 'pub')}"]\n{"id":"x","run":["stat","${report}"]}\n`,
      'jobs.jsonl',
    );
    const ran = await fivewire(['run', 'jobs.jsonl', '--json', '--rate', '50/s']);
    expect(ran.status).toBe(0);
    expect(rows(ran.stdout)).toEqual(
      expect.arrayContaining([
        // What a record says of itself stays, and the job is told beside it.
        expect.objectContaining({
          type: 'entry',
          name: 'report.txt',
          path: 'pub/report.txt',
          jobName: 'x',
        }),
        expect.objectContaining({ type: 'job', name: 'x', state: 'done', exit: 0 }),
      ]),
    );
  });

  it('reads what Windows wrote, and the list in one line; stdin is for one job alone', async () => {
    const put = (name: string) => `put - ${world.url('ftps', name)}`;
    for (const text of [
      `\ufeff- ${put('s1.txt')}\r\n- ${put('s2.txt')}\r\n`,
      `\ufeff${JSON.stringify({ run: put('s1.txt') })}\r\n${JSON.stringify({ run: put('s2.txt') })}\r\n`,
      JSON.stringify({ jobs: [put('s1.txt'), put('s2.txt')] }),
    ]) {
      jobs(text);
      const ran = await fivewire(['run', 'jobs.yaml', '--again'], { input: 'hello' });
      expect(ran).toMatchObject({ status: 1, stdout: '' });
      expect(ran.stderr).toMatch(
        /^warning: put - .*s2\.txt: exit code 64: stdin was read already/m,
      );
      expect(world.servers.files.read('/s1.txt')?.toString()).toBe('hello');
      expect(world.servers.files.read('/s2.txt')).toBeUndefined();
    }
  });

  it('goes on after what has failed, and --resume does what is left', async () => {
    jobs(
      `- get ${world.url('ftps', 'pub/later.txt')}\n- get ${world.url('ftps', 'pub/report.txt')}\n`,
    );
    const first = await fivewire(['run', 'jobs.yaml']);
    expect(first).toMatchObject({ status: 1, stdout: '' });
    expect(first.stderr).toMatch(/^warning: get .*later\.txt: exit code 66: /m);
    expect(await fivewire(['run', 'jobs.yaml'])).toMatchObject({ status: 64, stdout: '' });
    const dry = await fivewire(['run', 'jobs.yaml', '--dry-run']);
    expect(dry.stdout.split('\n').map((row) => row.split('\t')[0])).toEqual(['run', 'done', '']);
    world.servers.files.write('/pub/later.txt', 'now');
    writeFileSync(join(cwd, 'report.txt'), 'mine');
    expect(await fivewire(['run', 'jobs.yaml', '--resume'])).toMatchObject(silent);
    expect(readFileSync(join(cwd, 'later.txt'), 'utf8')).toBe('now');
    expect(readFileSync(join(cwd, 'report.txt'), 'utf8')).toBe('mine');
    expect(journal()).toBe(false);
  });

  it('refuses what is no job, before any is run', async () => {
    const bad = [
      '',
      'jobs: 3',
      '- 5',
      '- [get, {}]',
      '- run: [get]\n  more: 1',
      '- watch imaps://x',
      '- get "x',
      '- {id: a, run: ls}\n- {id: a, run: ls}',
      '{"run":\n',
      '- ls ftps://x\n- frobnicate',
      '- --json',
      '- ls ftps://alice:hunter2@localhost/',
      '{"jobs":["frobnicate"]}',
    ];
    for (const text of bad) {
      jobs(text);
      const ran = await fivewire(['run', 'jobs.yaml']);
      expect(ran, text).toMatchObject({ status: 65, stdout: '' });
      expect(ran.stderr).not.toMatch(/hunter2/);
    }
    expect(await fivewire(['run', 'none.yaml'])).toMatchObject({ status: 66 });
    expect(await fivewire(['run', 'none.yaml', '--jobs', '0'])).toMatchObject({ status: 64 });
    expect(await fivewire(['worker'])).toMatchObject({ status: 64 });
  });

  const report = world.url('ftps', 'pub/report.txt');
  const absent = world.url('ftps', 'pub/absent.txt');

  it('a job that is done as another command is no job that is done', async () => {
    jobs(`- {id: one, run: get ${report}}\n- {id: two, run: get ${absent}}\n`);
    expect((await fivewire(['run', 'jobs.yaml'])).status).toBe(1);
    // What has failed may be written otherwise.
    jobs(`- {id: one, run: get ${report} other.txt}\n- {id: two, run: get ${report} two.txt}\n`);
    const ran = await fivewire(['run', 'jobs.yaml', '--resume']);
    expect(ran).toMatchObject({ status: 64, stdout: '' });
    expect(ran.stderr).toMatch(/^fivewire: one is done, and was another command then$/m);
    expect(existsSync(join(cwd, 'two.txt'))).toBe(false);
    jobs(`- {id: one, run: get ${report}}\n- {id: two, run: get ${report} two.txt}\n`);
    expect(await fivewire(['run', 'jobs.yaml', '--resume'])).toMatchObject(silent);
    expect(readFileSync(join(cwd, 'two.txt'), 'utf8')).toBe('All is well.\n');
    expect(journal()).toBe(false);
  });

  it('what nobody knows the end of is told though the file has it no more', async () => {
    const send = `send ${world.url('smtps')} --from b@example.org --to alice@example.org --subject`;
    jobs(`- ${send} first\n`);
    const cut = (text: string) => /: C: (DATA|BDAT)/.test(text);
    const slow = ['--limit-rate', '100', '--trace'];
    const killed = await fivewire(['run', 'jobs.yaml', ...slow], {
      signal: 'SIGKILL',
      stopWhen: cut,
    });
    expect(killed.signal).toBe('SIGKILL');
    jobs(`- ${send} second\n`);
    const ran = await fivewire(['run', 'jobs.yaml', '--resume']);
    expect(ran).toMatchObject({ status: 76, stdout: '' });
    expect(ran.stderr).toMatch(
      /^warning: send .* first: it was cut off: it is no job of the file any more, /,
    );
    expect(journal()).toBe(true);
    expect(await fivewire(['run', 'jobs.yaml', '--resume', '--resend-unknown'])).toMatchObject(
      silent,
    );
    expect(subjects()).toEqual(['second']);
    expect(journal()).toBe(false);
  });

  it('--again takes no journal from a run that uses it, and nothing that is none', async () => {
    jobs(`- put FIFO ${world.url('ftps', 'fifo.txt')}\n`);
    writeFileSync(join(cwd, 'notes.txt'), 'mine\n');
    const other = await fivewire(['run', 'jobs.yaml', '--again', '--journal', 'notes.txt']);
    expect(other).toMatchObject({ status: 65, stdout: '' });
    expect(readFileSync(join(cwd, 'notes.txt'), 'utf8')).toBe('mine\n');
    execFileSync('mkfifo', [join(cwd, 'FIFO')]);
    const first = fivewire(['run', 'jobs.yaml'], { process: true });
    // It is at work when somebody reads the fifo, and goes on when that is written to.
    const fifo = await open(join(cwd, 'FIFO'), 'w');
    for (const more of ['--again', '--resume', '--quiet'])
      expect(await fivewire(['run', 'jobs.yaml', more]), more).toMatchObject({
        status: 75,
        stderr: expect.stringMatching(/in use/),
      });
    await fifo.writeFile('done');
    await fifo.close();
    expect(await first).toMatchObject({ ...silent, stderr: '' });
    expect(world.servers.files.read('/fifo.txt')?.toString()).toBe('done');
    expect(journal()).toBe(false);
  });

  it('a stdout that takes nothing is told, and what was to be printed is not done', async () => {
    if (!existsSync('/dev/full')) return console.warn('NOT TESTED: there is no /dev/full');
    jobs(`- ls ${world.url('ftps', 'pub')}\n- get ${report}\n`);
    const ran = await cli.sh(`fivewire run jobs.yaml ${world.shell} > /dev/full`, { cwd });
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^warning: ls .*: exit code 74: Cannot write to stdout: no space/m);
    expect(ran.stderr).not.toMatch(/^ +at /m);
    expect(existsSync(join(cwd, 'report.txt'))).toBe(true);
    expect((await fivewire(['run', 'jobs.yaml', '--resume'])).stdout).toContain('report.txt\n');
  });

  it('SIGKILL again and again: what was removed or made by a job that was cut off is done', async () => {
    const { files, mail } = world.servers;
    for (const name of ['one', 'two/a', 'three/a.log', 'kept', 'tree/a', 'tree/b'])
      files.write(`/acts/${name}`, 'x');
    const box = mail.inbox('alice');
    mail.deliver('alice', 'Subject: goes\r\n\r\nx\r\n');
    const [{ uid } = { uid: 0 }] = box.messages;
    jobs(
      [
        `get --no-clobber ${world.url('ftps', 'acts/kept')} kept`,
        `get --no-clobber -r ${world.url('ftps', 'acts/tree')} tree`,
        `get --no-clobber ${world.url('imaps', `INBOX/;UID=${uid}`)} message`,
        `rm ${world.url('ftps', 'acts/one')}`,
        `rm -r ${world.url('ftps', 'acts/two')}`,
        `rm ${world.url('ftps', 'acts/three/*.log')}`,
        `mkdir ${world.url('ftps', 'acts/new')}`,
        `mkdir ${world.url('imaps', 'Acts')}`,
        `rm ${world.url('imaps', `INBOX/;UID=${uid}`)}`,
        `rm -r ${world.url('imaps', 'Acts')}`,
      ]
        .map((line) => `- ${line}\n`)
        .join(''),
    );
    const { last, kills } = await killedAgain(
      (stopAt) => fivewire(['run', 'jobs.yaml', '--resume', '--trace'], { stopAt }),
      { changes: 1 },
    );
    expect(kills).toBeGreaterThan(2);
    expect(last.status, last.stderr.replace(/^.*: (?:[CS]: |--).*\n/gm, '')).toBe(0);
    expect(journal()).toBe(false);
    expect(files.read('/acts/one')).toBeUndefined();
    expect(subjects()).toEqual([]);
    // What was not begun before is not inferred.
    expect((await fivewire(['rm', world.url('ftps', 'acts/one')])).status).toBe(66);
    expect((await fivewire(['mkdir', world.url('ftps', 'acts/new')])).status).toBe(73);
  });

  it('gives --retry to its jobs', async () => {
    jobs('- ls ftps://localhost:1/\n');
    const ran = await fivewire(['run', 'jobs.yaml', '--retry', '1']);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('again in 1 s (1 of 1)');
  });

  it('SIGKILL again and again: each message once, or told as unknown', async () => {
    const count = 30;
    const send = `send ${world.url('smtps')} --from bob@example.org --to alice@example.org --text x --subject`;
    jobs(Array.from({ length: count }, (_, i) => `- ${send} s${i}\n`).join(''));
    const { last, kills } = await killedAgain((stopAt) =>
      fivewire(['run', 'jobs.yaml', '--resume', '--jobs', '3', '--trace'], { stopAt }),
    );
    const unknown = last.stderr.match(/nobody knows what became of it/g)?.length ?? 0;
    expect(kills).toBeGreaterThan(2);
    expect(last.status).toBe(unknown > 0 ? 76 : 0);
    const got = subjects();
    expect(new Set(got).size).toBe(got.length);
    expect(got.length).toBeGreaterThanOrEqual(count - unknown);
    if (unknown === 0) return expect(journal()).toBe(false);
    await fivewire(['run', 'jobs.yaml', '--resume', '--resend-unknown']);
    expect(new Set(subjects()).size).toBe(count);
  });
});
