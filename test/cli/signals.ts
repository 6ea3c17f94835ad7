/**
 * Each command, and a signal at the beginning and in the middle of its dialogue: the right code, one sentence, no half
 * file, and a rerun does it. In one process, as `main` hands signals on; what a signal does to a process is in `accidents.ts`.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Installed, RunOptions } from './installed.js';

/** Mail systems that call sendmail try again after 75, and give a message back after 130. */
const codeOf = (line: string, signal: 'SIGINT' | 'SIGTERM'): number =>
  line.startsWith('sendmail ') ? 75 : { SIGINT: 130, SIGTERM: 143 }[signal];

/** `FTPS/…` and the like stand for URLs. A second run of what cannot be done twice ends with the code behind it. */
const commands: [line: string, again?: number][] = [
  ['ls -r FTPS'],
  ['ls IMAPS/INBOX'],
  ['ls POP3S'],
  ['ls NNTPS/test.fivewire'],
  ['get FTPS/pub/report.txt'],
  ['get -r FTPS/pub tree'],
  ['get IMAPS/INBOX/;UID=1:3 mail'],
  ['put file FTPS/up.txt'],
  ['put -r tree FTPS/up'],
  ['mirror FTPS/pub tree'],
  ['rm FTPS/pub/report.txt', 66],
  ['rm IMAPS/INBOX/;UID=1', 66],
  ['rm POP3S/1'],
  ['mkdir FTPS/new', 73],
  ['mv FTPS/pub/report.txt pub/other.txt', 66],
  ['stat FTPS/pub/report.txt'],
  ['send SMTPS --file message.eml'],
  // 76: of the row that was on its way nobody knows.
  ['send SMTPS --each rows.csv --from bob@example.org --to {{mail}} --text x', 76],
  ['sendmail --url SMTPS -f bob@example.org alice@example.org'],
  ['fetch IMAPS Mail'],
  ['fetch POP3S mbox:in.mbox'],
  ['sync IMAPS/INBOX Mail'],
  ['sync IMAPS Mail'],
  ['news groups NNTPS'],
  ['news over NNTPS/test.fivewire'],
  ['news archive NNTPS/test.fivewire Mail'],
  ['news post NNTPS/test.fivewire --from bob@example.org --subject s --text t'],
  ['search IMAPS/INBOX'],
  ['mailboxes IMAPS'],
  ['flag IMAPS/INBOX/;UID=1 --add seen'],
  ['copy IMAPS/INBOX/;UID=1 Sent'],
  ['move IMAPS/INBOX/;UID=1 Sent', 66],
  ['append message.eml IMAPS/Sent'],
  ['tls IMAPS'],
  ['check IMAPS'],
];

/** They wait for a signal (`routines`, `scenarios`, the queue's own tests), run the lines of others, or ask no server. */
const others = ['watch', 'serve', 'worker', 'run', 'queue', 'login', 'config', 'man', 'completion'];

export function signals({ cli, world }: Installed): void {
  it('leaves no command out', async () => {
    const { stdout } = await cli.run(['--help']);
    const [, listed = ''] = /^Commands.*\n((?: {2}.*\n)+)/m.exec(stdout) ?? [];
    const names = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name);
    const tried = new Set(commands.map(([line]) => line.split(' ', 1)[0]));
    expect([...tried, ...others].sort()).toEqual(names.sort());
  });

  it.each(commands)('%s', async (line, again = 0) => {
    const { mail, files, news } = world.servers;
    files.clear();
    files.write('/pub/report.txt', 'All is well.\n');
    files.write('/pub/more/notes.txt', 'Notes.\n');
    for (const [, box] of mail.mailboxes('alice')) box.remove(box.messages.map(({ uid }) => uid));
    mail.create('alice', 'INBOX');
    for (let i = 1; i <= 3; i++) mail.deliver('alice', `Subject: number ${i}\r\n\r\nx\r\n`);
    const article = (id: string) =>
      `From: b@example.org\r\nNewsgroups: test.fivewire\r\nSubject: ${id}\r\nMessage-ID: <${id}@s>\r\n\r\nx\r\n`;
    for (const id of ['s1', 's2']) if (!news.article(`<${id}@s>`)) news.add(article(id));
    const [mails, tree, articles] = [mail.snapshot(), files.snapshot(), news.snapshot()];
    const words = line.split(' ').map((word) => {
      const [, scheme, path = ''] = /^([A-Z0-9]+S)(?:\/(.*))?$/.exec(word) ?? [];
      return scheme === undefined ? word : world.url(scheme.toLowerCase(), path);
    });
    /** The same world, and an empty folder with what the commands read. */
    const fresh = (): string => {
      mail.restore(mails);
      files.restore(tree);
      news.restore(articles);
      const cwd = cli.folder();
      if (line.startsWith('put')) mkdirSync(join(cwd, 'tree'));
      writeFileSync(join(cwd, 'file'), 'file');
      writeFileSync(join(cwd, 'rows.csv'), 'mail\nalice@example.org\nbob@example.org\n');
      writeFileSync(join(cwd, 'message.eml'), message);
      return cwd;
    };
    const run = async (cwd: string, more: RunOptions = {}) =>
      cli.run([...words, ...world.options, '--trace'], { cwd, input: message, ...more });

    let cwd = fresh();
    const whole = await run(cwd);
    expect(whole, whole.stderr).toMatchObject({ status: 0 });
    const last = whole.stderr.split('\n').length;
    for (const [signal, lines] of [
      ['SIGINT', 1],
      ['SIGTERM', Math.ceil(last * 0.6)],
    ] as const) {
      cwd = fresh();
      const before = readdirSync(cwd);
      const ran = await run(cwd, { stopAt: { lines, signal } });
      const where = `${signal} at line ${lines} of ${last}: ${ran.stderr.slice(-300)}`;
      // What is short may have been done.
      if (lines === 1) expect(ran.status, where).toBe(codeOf(line, signal));
      else expect([codeOf(line, signal), 0], where).toContain(ran.status);
      if (ran.status !== 0) {
        const said = ran.stderr.split('\n').filter((text) => text.startsWith('fivewire: '));
        expect(said, where).toEqual([`fivewire: Interrupted by ${signal}`]);
      }
      expect(ran.stdout, where).toMatch(/(?:^|\n)$/); // whole lines
      const left = readdirSync(cwd, { recursive: true, encoding: 'utf8' });
      expect(
        left.filter((name) => /\.(?:part|new|lock|tmp)$/.test(name)),
        where,
      ).toEqual([]);
      if (lines === 1) {
        expect(readdirSync(cwd), where).toEqual(before);
        continue;
      }
      const rest = await run(cwd);
      expect([0, again], `${where}\n${rest.stderr.slice(-300)}`).toContain(rest.status);
    }
  });
}

const message = 'From: bob@example.org\nTo: alice@example.org\nSubject: s\n\nx\n';
