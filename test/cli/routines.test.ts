/** What people leave running: watching, fetching by rules, a letter to each row of a table, archives of news. Packed, on embedded servers. */

import { generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { installed, killedAgain, type RunOptions } from './installed.js';

const { cli, world } = await installed();
let cwd: string;

beforeEach(() => {
  cwd = cli.folder();
  const { mail } = world.servers;
  for (const [, box] of mail.mailboxes('alice')) box.remove(box.messages.map(({ uid }) => uid));
});

const fivewire = (args: readonly string[], options: RunOptions = {}) =>
  cli.run([...args, ...world.options], { cwd, ...options });
const silent = { status: 0, stdout: '', stderr: '' };
const text = (subject: string, body = 'x\r\n') => `Subject: ${subject}\r\n\r\n${body}`;
const inbox = () => world.servers.mail.inbox('alice');
const day = 86_400_000;

/** Does it once the command has said that it is ready. */
const whenSaid = (pattern: RegExp, act: () => void) => {
  let done = false;
  return (said: string) => {
    if (!done && pattern.test(said)) {
      done = true;
      act();
    }
    return false;
  };
};

describe('watch', () => {
  it('prints what comes to a mailbox', async () => {
    const ran = await fivewire(
      ['watch', world.url('imaps', 'INBOX'), '--once', '--json', '--trace'],
      {
        stopWhen: whenSaid(
          /C: .*IDLE/,
          () => void world.servers.mail.deliver('alice', text('new')),
        ),
      },
    );
    expect(ran.status).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ type: 'event', event: 'new', box: 'INBOX' });
  });

  it('runs a command, which may end the wrong way', async () => {
    const command = 'cat > seen; test "$FIVEWIRE_EVENT" = start';
    const ran = await fivewire(
      [
        'watch',
        world.url('imaps'),
        '--once',
        '--at-start',
        '--only',
        'new',
        '--exec',
        command,
        '--trace',
      ],
      {
        stopWhen: whenSaid(
          /C: .*IDLE/,
          () => void world.servers.mail.deliver('alice', text('new')),
        ),
      },
    );
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(/warning: the command ended with status 1/);
    expect(JSON.parse(readFileSync(join(cwd, 'seen'), 'utf8'))).toMatchObject({ event: 'new' });
  });

  it.each([
    ['ftps', 'pub', 'new\tpub\tfresh.txt'],
    ['pop3s', '', /^new\tpop3:\/\/alice@localhost:\d+\t\S+$/],
  ] as const)('looks now and then at %s', async (scheme, path, expected) => {
    const act = () =>
      scheme === 'ftps'
        ? world.servers.files.write('/pub/fresh.txt', 'x')
        : world.servers.mail.deliver('alice', text('new'));
    const first = scheme === 'ftps' ? /C: QUIT/ : /C: QUIT/;
    const ran = await fivewire(
      ['watch', world.url(scheme, path), '--once', '--interval', '1s', '--trace'],
      { stopWhen: whenSaid(first, () => void act()) },
    );
    expect(ran.status).toBe(0);
    if (typeof expected === 'string') expect(ran.stdout.trim()).toBe(expected);
    else expect(ran.stdout.trim()).toMatch(expected);
  });

  it('ends by SIGINT as any other, and refuses what is no span', async () => {
    const ran = await fivewire(['watch', world.url('imaps'), '--trace'], {
      stopWhen: (said) => /C: .*IDLE/.test(said),
    });
    expect(ran).toMatchObject({ status: 130, stdout: '' });
    expect(await fivewire(['watch', world.url('imaps'), '--interval', 'soon'])).toMatchObject({
      status: 64,
    });
  });
});

describe('fetch by rules', () => {
  const subjects = (dest: string) =>
    readdirSync(join(cwd, dest, 'new'))
      .map(
        (name) => /^Subject: (.*)$/m.exec(readFileSync(join(cwd, dest, 'new', name), 'utf8'))?.[1],
      )
      .sort();

  it('takes what is unseen and small, of the folders that are named', async () => {
    inbox().append(text('read'), { flags: ['\\Seen'] });
    inbox().append(text('unread'));
    inbox().append(text('large', 'x'.repeat(5_000)));
    world.servers.mail.create('alice', 'Other').append(text('other'));
    const fetch = ['fetch', world.url('imaps'), 'Mail', '--unseen', '--max-size', '2k'];
    expect(await fivewire([...fetch, '--folder', 'INBOX', '--folder', 'Other'])).toMatchObject(
      silent,
    );
    expect(subjects('Mail')).toEqual(['other', 'unread']);
    expect(await fivewire(['fetch', world.url('pop3s'), 'Pop', '--max-size', '2k'])).toMatchObject(
      silent,
    );
    expect(subjects('Pop')).toEqual(['read', 'unread']);
    expect(await fivewire(['fetch', world.url('pop3s'), 'Pop'])).toMatchObject(silent);
    expect(subjects('Pop')).toEqual(['large', 'read', 'unread']);
    world.servers.mail.delete('alice', 'Other');
  });

  it('deletes only what has been kept long enough', async () => {
    inbox().append(text('old'), { date: new Date(Date.now() - 40 * day) });
    inbox().append(text('young'), { date: new Date(Date.now() - 2 * day) });
    const keep = ['--delete', '--keep-days', '30'];
    expect(await fivewire(['fetch', world.url('imaps'), 'Mail', ...keep])).toMatchObject(silent);
    expect(subjects('Mail')).toEqual(['old', 'young']);
    expect(inbox().messages.length).toBe(1);
    // By POP3 it counts from when it was fetched.
    expect(await fivewire(['fetch', world.url('pop3s'), 'Pop', ...keep])).toMatchObject(silent);
    expect(inbox().messages.length).toBe(1);
    const state = join(cwd, 'Pop/.fivewire-state');
    writeFileSync(state, readFileSync(state, 'utf8').replace(/"at":\d+/, '"at":1000000'));
    expect(await fivewire(['fetch', world.url('pop3s'), 'Pop', ...keep])).toMatchObject(silent);
    expect(inbox().messages.length).toBe(0);
    expect(await fivewire(['fetch', world.url('imaps'), 'Mail', '--keep-days', '3'])).toMatchObject(
      {
        status: 64,
      },
    );
  });
});

describe('send --each', () => {
  const rows = (count: number) => {
    const lines = Array.from(
      { length: count },
      (_, i) => `alice@example.org,"Name ${i + 1}, ""x"""`,
    );
    writeFileSync(join(cwd, 'rows.csv'), `email,name\r\n${lines.join('\r\n')}\r\n`);
  };
  const each = (...more: string[]) => [
    'send',
    world.url('smtps'),
    '--each',
    'rows.csv',
    '--from',
    'bob@example.org',
    '--to',
    '{{email}}',
    '--subject',
    'To {{ name }}',
    '--text',
    'Dear {{name}}',
    '--html',
    '<p>{{name}}',
    ...more,
  ];
  const subjects = () =>
    inbox()
      .messages.map(({ octets }) => /^Subject: (.*)\r$/m.exec(octets.toString())?.[1])
      .sort();

  it('sends a letter a row, once, and what was added later', async () => {
    rows(3);
    expect(await fivewire(each())).toMatchObject(silent);
    expect(subjects()).toEqual([1, 2, 3].map((i) => `To Name ${i}, "x"`));
    expect(inbox().messages[0]?.octets.toString()).toContain('<p>Name 1, &quot;x&quot;');
    rows(4);
    expect(await fivewire(each())).toMatchObject(silent);
    expect(subjects().length).toBe(4);
  });

  it('--dry-run asks about each row that is left, notes nothing and sends nothing', async () => {
    rows(2);
    expect(await fivewire(each())).toMatchObject(silent);
    const journal = readFileSync(join(cwd, 'rows.csv.fivewire-sent'), 'utf8');
    rows(3);
    appendFileSync(join(cwd, 'rows.csv'), 'nobody@example.org,N\r\n');
    const dry = await fivewire(each('--dry-run'));
    expect(dry.status).toBe(1);
    expect(dry.stdout).toMatch(
      /^accepted alice@example\.org: .*\nrefused nobody@example\.org: .*\n$/,
    );
    expect(readFileSync(join(cwd, 'rows.csv.fivewire-sent'), 'utf8')).toBe(journal);
    const bad = await fivewire(each('--dry-run', '--header', 'From: {{email}}'));
    expect(bad).toMatchObject({ status: 64, stdout: '' });
    expect(subjects().length).toBe(2);
  });

  it('--header is a field of the message, filled in for each row', async () => {
    rows(1);
    const more = ['X-Row: {{name}}', 'In-Reply-To: <a@example.org>', 'References: <b@c.d> <e@f.g>'];
    expect(await fivewire(each(...more.flatMap((one) => ['--header', one])))).toMatchObject(silent);
    const [{ octets } = { octets: '' }] = inbox().messages;
    expect(octets.toString()).toMatch(/^X-Row: Name 1, "x"\r$/m);
    expect(octets.toString()).toMatch(/^In-Reply-To: <a@example\.org>\r$/m);
    expect(octets.toString()).toMatch(/^References: <b@c\.d> <e@f\.g>\r$/m);
    for (const header of [
      'From: x@y.z',
      'Content-Type: text/html',
      'no field',
      ': x',
      'X:',
      'In-Reply-To: no id',
    ]) {
      const ran = await fivewire(each('--header', header));
      expect(ran, header).toMatchObject({ status: 64, stdout: '' });
      expect(ran.stderr).toMatch(/^fivewire: --header /);
    }
  });

  it('says what is wrong with a row or a template, before anything is sent', async () => {
    rows(1);
    expect(await fivewire(each('--cc', '{{nobody}}'))).toMatchObject({ status: 65 });
    for (const bad of ['', 'a,a\n1,2\n', 'a,b\n1\n', 'a\n"x\n', 'a\nx"y"\n']) {
      writeFileSync(join(cwd, 'rows.csv'), bad);
      expect(await fivewire(each()), bad).toMatchObject({ status: 65, stdout: '' });
    }
    expect(subjects()).toEqual([]);
    writeFileSync(join(cwd, 'rows.csv'), 'email;name\nnobody@example.org;N\nalice@example.org;A\n');
    const ran = await fivewire(each());
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^warning: row 2: /m);
    expect(subjects()).toEqual(['To A']);
  });

  it('SIGKILL again and again: each row once, or told as unknown', async () => {
    const count = 60;
    rows(count);
    const { last, kills } = await killedAgain((stopAt) => fivewire(each('--trace'), { stopAt }), {
      lines: 12,
      changes: 2,
    });
    expect(kills).toBeGreaterThan(2);
    const unknown = last.stderr.match(/nobody knows whether/g)?.length ?? 0;
    expect(last.status).toBe(unknown === 0 ? 0 : 76);
    const got = subjects();
    expect(new Set(got).size).toBe(got.length);
    expect(got.length).toBeGreaterThanOrEqual(count - unknown);
    expect(got.length).toBeLessThanOrEqual(count);
  });

  it('a connection that breaks anywhere: a rerun sends the rest, and only what was on its way is unknown', async () => {
    const count = 4;
    const { smtp } = world.servers;
    let cuts = 0;
    let unknownRuns = 0;
    for (let octets = 150; ; octets += 60) {
      rows(count);
      rmSync(join(cwd, 'rows.csv.fivewire-sent'), { force: true });
      inbox().remove(inbox().messages.map(({ uid }) => uid));
      smtp.faults = { cutAfter: octets };
      const broken = await fivewire(each());
      smtp.faults = undefined;
      if (broken.status === 0) break;
      expect([75, 76], broken.stderr).toContain(broken.status);
      expect(++cuts).toBeLessThan(200);
      const isUnknown = broken.stderr.includes('ERR_OUTCOME_UNKNOWN');
      if (isUnknown) unknownRuns++;
      const rest = await fivewire(each());
      expect(rest, `${octets}: ${rest.stderr}`).toMatchObject({ status: isUnknown ? 76 : 0 });
      const got = subjects();
      expect(new Set(got).size).toBe(got.length);
      expect(got.length).toBeGreaterThanOrEqual(isUnknown ? count - 1 : count);
    }
    expect(cuts).toBeGreaterThan(10);
    expect(unknownRuns).toBeLessThan(cuts);
  });

  it('signs by the profile, at a rate', async () => {
    rows(2);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(join(cwd, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(
      join(cwd, 'config.yaml'),
      `profiles:\n  p:\n    smtp: ${world.url('smtps')}\n    from: bob@example.org\n    dkimKey: key.pem\n    dkimDomain: example.org\n    dkimSelector: s1\n`,
    );
    const profile = ['--profile', 'p', '--config', 'config.yaml'];
    const letter = [
      '--each',
      'rows.csv',
      '--to',
      '{{email}}',
      '--text',
      '{{name}}',
      '--rate',
      '20/s',
    ];
    expect(await fivewire(['send', ...profile, ...letter])).toMatchObject(silent);
    expect(inbox().messages[0]?.octets.toString()).toMatch(
      /^DKIM-Signature: [\s\S]*d=example\.org/m,
    );
    expect(await fivewire(each('--rate', 'fast'))).toMatchObject({ status: 64 });
  });
});

describe('get by rules', () => {
  const local = (name: string) => readFileSync(join(cwd, name), 'utf8');

  it('a star in a URL is files whose names fit; %2A is a star', async () => {
    for (const name of ['g1.csv', 'g2.csv', '.g3.csv', 'g*.csv'])
      world.servers.files.write(`/globs/${name}`, name);
    expect(await fivewire(['get', world.url('ftps', 'globs/g*.csv'), 'out'])).toMatchObject(silent);
    expect(readdirSync(join(cwd, 'out')).sort()).toEqual(['g*.csv', 'g1.csv', 'g2.csv']);
    expect(await fivewire(['get', world.url('ftps', 'globs/g%2A.csv'), 'star'])).toMatchObject(
      silent,
    );
    expect(local('star')).toBe('g*.csv');
    expect((await fivewire(['ls', world.url('ftps', 'globs/*2.csv')])).stdout).toBe('g2.csv\n');
    expect((await fivewire(['get', world.url('ftps', 'globs/g1*'), '-'])).stdout).toBe('g1.csv');
    expect(await fivewire(['get', world.url('ftps', 'globs/x*')])).toMatchObject({
      status: 66,
      stdout: '',
    });
  });

  it('--skip-existing leaves what is there, --no-clobber fails at it', async () => {
    writeFileSync(join(cwd, 'report.txt'), 'mine');
    const get = ['get', world.url('ftps', 'pub/report.txt')];
    expect(await fivewire([...get, '--skip-existing'])).toMatchObject(silent);
    expect(local('report.txt')).toBe('mine');
    expect(await fivewire([...get, '--no-clobber'])).toMatchObject({ status: 73 });
    expect(await fivewire([...get, '--backup'])).toMatchObject(silent);
    expect([local('report.txt'), local('report.txt~')]).toEqual(['All is well.\n', 'mine']);
    expect(await fivewire([...get, '--backup', '--skip-existing'])).toMatchObject({ status: 64 });
    mkdirSync(join(cwd, 'tree/more'), { recursive: true });
    writeFileSync(join(cwd, 'tree/report.txt'), 'mine');
    const tree = ['get', '-r', world.url('ftps', 'pub'), 'tree', '--skip-existing'];
    expect(await fivewire(tree)).toMatchObject(silent);
    expect(local('tree/report.txt')).toBe('mine');
    expect(local('tree/more/notes.txt')).toBe('Notes.\n');
  });

  it('--resume goes on with what a kill has left', async () => {
    const content = 'x'.repeat(9_000_000);
    world.servers.files.write('/big.bin', content);
    const get = ['get', world.url('ftps', 'big.bin'), '--resume'];
    world.servers.ftp.dataFaults = { cutAfter: 4_000_000 };
    expect((await fivewire(get)).status).toBe(75);
    world.servers.ftp.dataFaults = undefined;
    expect(readdirSync(cwd).some((name) => name.endsWith('.part'))).toBe(true);
    const again = await fivewire([...get, '--trace']);
    expect(again.status).toBe(0);
    expect(again.stderr).toMatch(/^C: REST [1-9]\d{5,}$/m);
    expect(local('big.bin') === content).toBe(true);
    expect(readdirSync(cwd)).toEqual(['big.bin']);
    expect(await fivewire([...get, '-'])).toMatchObject({ status: 64 });
    expect(await fivewire(['get', world.url('imaps', 'INBOX/;UID=1'), '--resume'])).toMatchObject({
      status: 64,
    });
  });

  it('several messages go into a directory, and mailboxes are listed by a star', async () => {
    inbox().append(text('a'));
    inbox().append(text('b'));
    const uids = inbox().messages.map(({ uid }) => uid);
    expect(
      await fivewire(['get', world.url('imaps', `INBOX/;UID=${uids[0]}:${uids[1]}`), 'mail']),
    ).toMatchObject(silent);
    expect(readdirSync(join(cwd, 'mail')).length).toBe(2);
    expect((await fivewire(['ls', world.url('imaps', 'S*')])).stdout).toBe('Sent\n');
  });
});

describe('news', () => {
  it('archives a group run after run, and puts a file together of an NZB', async () => {
    const { news } = world.servers;
    const group = world.url('nntps', 'test.fivewire', '');
    const add = (id: string, body = 'x') =>
      news.add(
        Buffer.from(
          `From: b@example.org\r\nNewsgroups: test.fivewire\r\nSubject: ${id}\r\nMessage-ID: <${id}>\r\n\r\n${body}\r\n`,
          'latin1',
        ),
      );
    add('one@example.org');
    expect(await fivewire(['news', 'archive', group, 'mbox:a.mbox'])).toMatchObject(silent);
    add('two@example.org');
    expect(await fivewire(['news', 'archive', group, 'mbox:a.mbox'])).toMatchObject(silent);
    expect(readFileSync(join(cwd, 'a.mbox'), 'utf8').match(/^Subject: /gm)?.length).toBe(2);

    add(
      'p1@example.org',
      '=ybegin line=128 size=5 name=hello.txt\r\n\u0092\u008f\u0096\u0096\u0099\r\n=yend size=5',
    );
    writeFileSync(
      join(cwd, 'x.nzb'),
      `<?xml version="1.0"?><nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"><file poster="b" date="1" subject="&quot;hello.txt&quot;"><groups><group>test.fivewire</group></groups><segments><segment bytes="5" number="1">p1@example.org</segment><segment bytes="5" number="2">gone@example.org</segment></segments></file></nzb>`,
    );
    mkdirSync(join(cwd, 'files'));
    const ran = await fivewire([
      'news',
      'nzb',
      world.url('nntps', '', ''),
      'x.nzb',
      '--into',
      'files',
      '--json',
    ]);
    expect(ran.status).toBe(1); // a part is missing
    expect(JSON.parse(ran.stdout.split('\n')[0] ?? '')).toMatchObject({
      type: 'file',
      whole: false,
    });
    expect(await fivewire(['news', 'nzb', world.url('nntps', '', ''), 'none.nzb'])).toMatchObject({
      status: 66,
    });
  });
});
