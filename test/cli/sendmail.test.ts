/** `fivewire sendmail` and its queue, packed, on embedded servers: as programs call sendmail. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { installed, type RunOptions } from './installed.js';

const { cli, world } = await installed();
let cwd: string;

beforeAll(() => {
  mkdirSync(join(cli.home, '.config/fivewire'), { recursive: true });
  writeFileSync(
    join(cli.home, '.config/fivewire/config.yaml'),
    `profiles:
  default:
    smtp: ${world.url('smtps')}
    ca: ${world.ca}
    passwordCommand: cat ${join(cli.home, 'password')}
  off:
    smtp: smtps://alice@localhost:1
    passwordCommand: cat ${join(cli.home, 'password')}
`,
    { mode: 0o600 },
  );
});
beforeEach(() => {
  cwd = cli.folder();
  const box = world.servers.mail.inbox('alice');
  box.remove(box.messages.map(({ uid }) => uid));
  world.servers.smtp.faults = undefined;
});

const sendmail = (args: readonly string[], input: string, options: RunOptions = {}) =>
  cli.run(['sendmail', ...args], { cwd, input, ...options });
const silent = { status: 0, stdout: '', stderr: '' };
const got = () => world.servers.mail.inbox('alice').messages.map(({ octets }) => octets.toString());
const deliveries = () => world.servers.mail.deliveries.at(-1);
const message = 'To: alice@example.org\nSubject: s\n\nOne.\n.\nTwo.\n';

describe('sendmail', () => {
  it('takes recipients of the line and of the header, and completes what is missing', async () => {
    expect(
      await sendmail(['-f', 'bob@example.org', '-F', 'Bob "B"', 'alice@example.org'], message),
    ).toMatchObject(silent);
    const [first = ''] = got();
    expect(first).toMatch(/^From: "Bob \\"B\\"" <bob@example\.org>\r$/m);
    expect(first).toMatch(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r$/m);
    expect(first).toMatch(/^Message-ID: <[\w-]+@example\.org>\r$/m);
    expect(first).toMatch(/\r\n\r\nOne\.\r\n$/); // a line of one dot ends it
    expect(
      await sendmail(
        ['-oi', '-t', '-oem', '-B8BITMIME', '-fbob@example.org'],
        `Bcc: nobody2@example.org\nFrom: b@example.org\n${message}`,
      ),
    ).toMatchObject(silent);
    const second = got().at(-1) ?? '';
    expect(second).toMatch(/One\.\r\n\.\r\nTwo\.\r\n$/);
    expect(second).not.toMatch(/^Bcc/m);
    expect(deliveries()).toMatchObject({ from: 'bob@example.org' });
    expect(deliveries()?.to).toContain('nobody2@example.org');
  });

  it('knows the null sender, completes local parts, and is called by its own name', async () => {
    const ran = await cli.sh(`fivewire-sendmail -i -f '<>' --domain example.org -- alice`, {
      cwd,
      input: message,
    });
    expect(ran).toMatchObject(silent);
    expect(deliveries()).toMatchObject({ from: '', to: ['alice@example.org'] });
  });

  it('sends what is called with words that ask for help elsewhere', async () => {
    for (const args of [['-h', '3'], ['-h3'], ['-F', '-h'], ['-F', '--help'], ['-L', '--version']])
      expect(await sendmail([...args, '-t'], message), args.join(' ')).toMatchObject(silent);
    expect(got().length).toBe(5);
    const help = await sendmail(['-h'], message);
    expect(help).toMatchObject({ status: 0, stdout: expect.stringMatching(/^fivewire sendmail /) });
  });

  it('reads letters that stand together, and options without a use here, as getopt does', async () => {
    const lines = [
      ['-tif', 'bob@example.org'],
      ['-tifbob@example.org'],
      ['-toi', '-f', 'bob@example.org'],
      ['-o', 'i', '-tfbob@example.org'],
      ['-Am', '-em', '-p', 'smtp', '-ti', '-r', 'bob@example.org'],
    ];
    for (const args of lines) {
      expect(await sendmail(args, message), args.join(' ')).toMatchObject(silent);
      expect(got().pop(), args.join(' ')).toMatch(/One\.\r\n\.\r\nTwo\.\r\n$/);
      expect(deliveries()).toMatchObject({ from: 'bob@example.org' });
    }
    for (const args of [['-tZ'], ['-tib', 's'], ['-tf']])
      expect(await sendmail(args, message), args.join(' ')).toMatchObject({ status: 64 });
  });

  it.each([
    [['-N', 'never'], '', ' NOTIFY=NEVER'],
    [['-N', 'FAILURE,delay'], '', ' NOTIFY=FAILURE,DELAY'],
    [['-Nsuccess', '-R', 'hdrs', '-V', 'id+1'], ' RET=HDRS ENVID=id+2B1', ' NOTIFY=SUCCESS'],
    [['-R', 'FULL'], ' RET=FULL', ''],
  ])('%j asks for reports of delivery, now and out of the queue', async (args, mail, rcpt) => {
    const asked = () =>
      world.servers.smtp.connections.at(-1)?.lines.filter((one) => /^(MAIL|RCPT) /.test(one));
    const said = [
      `MAIL FROM:<b@example.org> BODY=8BITMIME${mail}`,
      `RCPT TO:<alice@example.org>${rcpt}`,
    ];
    const line = [...args, '-f', 'b@example.org', 'alice@example.org'];
    expect(await sendmail(line, message)).toMatchObject(silent);
    expect(asked()).toEqual(said);
    expect(await sendmail(['--queue', '--queue-dir', 'out', ...line], message)).toMatchObject(
      silent,
    );
    expect(await cli.run(['queue', 'flush', 'out'], { cwd })).toMatchObject(silent);
    expect(asked()?.[0]).toMatch(new RegExp(`^${said[0]?.replace(/\+/, '.')}|SIZE=`));
    expect(asked()?.[1]).toBe(said[1]);
  });

  it.each([
    ['-N', 'sometimes'],
    ['-N', 'never,success'],
    ['-R', 'all'],
    ['-V', 'ü'],
    ['-V', '+'.repeat(34)],
  ])('%s %s is a mistake', async (option, value) => {
    const ran = await sendmail([option, value, '-t'], message);
    expect(ran).toMatchObject({ status: 64, stdout: '' });
    expect(ran.stderr).toContain(`fivewire: ${option} ${value} is `);
    expect(got()).toEqual([]);
  });

  it('says which field a message lacks that was resent', async () => {
    const resent = (field: string) => `${field}: bob@example.org\nFrom: a@example.org\n${message}`;
    const ran = await sendmail(['-t'], resent('Resent-From'));
    expect(ran).toMatchObject({ status: 64, stdout: '' });
    expect(ran.stderr).toMatch(/The header has no Resent-To, Resent-Cc or Resent-Bcc: /);
    const send = ['send', world.url('smtps'), ...world.options, '--file', '-'];
    for (const field of ['Resent-To', 'Resent-Cc', 'Resent-Bcc', 'Resent-Date']) {
      const { status, stderr } = await cli.run(send, { cwd, input: resent(field) });
      expect([status, stderr]).toEqual([
        64,
        expect.stringMatching(/has no Resent-From: give --from/),
      ]);
    }
    expect(got()).toEqual([]);
  });

  it.each([
    ['a text without a header', 'disk full\n', ['-F', '']],
    ['nothing', '', []],
    ['a body alone', '\ndisk full\n', ['-f', '']],
  ])('%s is a message all the same', async (_, input, more) => {
    expect(await sendmail([...more, 'alice@example.org'], input)).toMatchObject(silent);
    expect(got().at(-1)).toMatch(
      /^From: .*\r\nDate: .*\r\nMessage-ID: .*\r\n(\r\ndisk full\r\n)?$/,
    );
  });

  it('says what a mail system understands', async () => {
    const bad: [string[], string, number][] = [
      [['-bs'], message, 64],
      [['-t', '-Z'], message, 64],
      [['-i'], message, 64],
      [['-f'], message, 64],
      [['-q'], '', 64],
      [['-t', '-f', 'b@example.org'], 'To: not an address <\n\nx\n', 65],
      [['-f', 'b@example.org', 'alice@example.org', 'nobody@example.org'], message, 67],
      [['--profile', 'none', 'alice@example.org'], message, 78],
      [['--profile=off', '-f', 'b@example.org', 'alice@example.org'], message, 69],
    ];
    for (const [args, input, status] of bad) {
      const ran = await sendmail(args, input);
      expect(ran, args.join(' ')).toMatchObject({ status, stdout: '' });
      expect(ran.stderr).toMatch(/^(fivewire|warning): /);
    }
    expect(got()).toEqual([]); // all of them or none
  });
});

describe('the queue', () => {
  const queued = async () => {
    const { stdout } = await cli.run(['queue', 'list', 'out', '--json'], { cwd });
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((row) => JSON.parse(row));
  };

  it('keeps what cannot go out now, and flush sends it', async () => {
    const off = [
      '--profile',
      'off',
      '--queue-dir',
      'out',
      '-f',
      'bob@example.org',
      'alice@example.org',
    ];
    const ran = await sendmail(off, message);
    expect(ran).toMatchObject({ status: 0, stdout: '' });
    expect(
      await sendmail(
        ['--queue-dir', 'out', '--queue', '-f', 'bob@example.org', 'alice@example.org'],
        message,
      ),
    ).toMatchObject(silent);
    expect((await queued()).map(({ state, profile, to }) => [state, profile, to])).toEqual([
      ['waiting', 'off', ['alice@example.org']],
      ['waiting', 'default', ['alice@example.org']],
    ]);
    expect(await sendmail(['-bp', '--queue-dir', 'out'], '')).toMatchObject({ status: 0 });
    expect(await cli.run(['queue', 'flush', 'out', '--profile', 'default'], { cwd })).toMatchObject(
      silent,
    );
    expect(got().length).toBe(2);
    expect(readdirSync(join(cwd, 'out'))).toEqual([]);
    expect(await sendmail(['-q', '--queue-dir', 'out'], '')).toMatchObject(silent);
  });

  it('gives back what is refused, and parks what was being sent when it was killed', async () => {
    const refused = await sendmail(
      ['--queue-dir', 'out', '-f', 'b@example.org', 'nobody@example.org'],
      message,
    );
    expect(refused.status).toBe(67);
    expect(await queued()).toEqual([]);

    const large = `${message.replace('.\n', '')}${'x'.repeat(70).concat('\n').repeat(3_000)}`;
    const queue = [
      '--queue-dir',
      'out',
      '--queue',
      '-i',
      '-f',
      'b@example.org',
      'alice@example.org',
    ];
    expect(await sendmail(queue, large)).toMatchObject(silent);
    const flush = ['queue', 'flush', 'out', '--profile', 'default'];
    const killed = await cli.run([...flush, '--limit-rate', '20k', '--trace'], {
      cwd,
      signal: 'SIGKILL',
      stopWhen: (said) => /^C: (DATA|BDAT)/m.test(said),
    });
    expect(killed.signal).toBe('SIGKILL');
    const [{ id, state }] = await queued();
    expect(state).toBe('sending');
    const again = await cli.run(flush, { cwd });
    expect(again).toMatchObject({ status: 1, stdout: '' });
    expect(again.stderr).toMatch(/is parked: .*nobody knows/);
    expect(got()).toEqual([]);
    expect(await cli.run(['queue', 'retry', 'out', id], { cwd })).toMatchObject(silent);
    expect(await cli.run(flush, { cwd })).toMatchObject(silent);
    expect(got().length).toBe(1);
    expect(await queued()).toEqual([]);
  });

  const queueFor = (args: readonly string[]) =>
    sendmail(
      [...args, '--queue-dir', 'out', '--queue', '-f', 'b@example.org', 'alice@example.org'],
      message,
    );

  it('goes by the accounts that were noted, where the run names none', async () => {
    for (const args of [[], ['--profile', 'off'], ['--profile', 'off']])
      expect(await queueFor(args)).toMatchObject(silent);
    const ran = await cli.run(['queue', 'flush', 'out'], { cwd });
    expect(ran).toMatchObject({ status: 69, stdout: '' });
    // The server of `off` is asked once.
    expect(ran.stderr).toMatch(
      /^warning: \S+ waits: Could not connect .*\nwarning: \S+ waits: it has the same account\n$/,
    );
    expect(got().length).toBe(1);
    expect((await queued()).map(({ state, profile }) => [state, profile])).toEqual([
      ['waiting', 'off'],
      ['waiting', 'off'],
    ]);
    expect((await sendmail(['-q', '--queue-dir', 'out'], '')).status).toBe(69);
  });

  const ca = ['--ca', world.ca];
  const smtps = world.url('smtps');
  it.each([
    ['a wrong password', 77, ['--url', smtps, ...ca, '--password-command', 'echo wrong']],
    ['no password', 78, ['--url', smtps, ...ca, '--password-command', 'false']],
    ['an authority that nobody knows', 76, ['--url', smtps, '--password-command', 'echo x']],
    ['a profile that is gone', 78, []],
  ])('%s is nothing against the messages: they wait', async (_, status, by) => {
    for (let nth = 1; nth <= 2; nth++) expect(await queueFor([])).toMatchObject(silent);
    for (const name of readdirSync(join(cwd, 'out')).filter((one) => one.endsWith('.json'))) {
      const path = join(cwd, 'out', name);
      writeFileSync(path, readFileSync(path, 'utf8').replace('"default"', '"gone"'));
    }
    // A profile of the line would go before what is noted.
    if (by.length > 0) for (const { id } of await queued()) forgetProfile(id);
    const ran = await cli.run(['queue', 'flush', 'out', ...by], { cwd });
    expect(ran, ran.stderr).toMatchObject({ status, stdout: '' });
    expect((await queued()).map(({ state }) => state)).toEqual(['waiting', 'waiting']);
    expect(await cli.run(['queue', 'flush', 'out', '--profile', 'default'], { cwd })).toMatchObject(
      silent,
    );
    expect(got().length).toBe(2);
  });
  const forgetProfile = (id: string) => {
    const path = join(cwd, 'out', `${id}.json`);
    const { profile: _, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(rest));
  };

  it('a message that is not kept is not said to wait', async () => {
    const ran = await sendmail(
      [
        ...['--url', world.url('smtps'), '--ca', world.ca, '--password-command', 'echo wrong'],
      ].concat(['--queue-dir', 'out', '-f', 'b@example.org', 'alice@example.org']),
      message,
    );
    expect(ran).toMatchObject({ status: 77, stdout: '' });
    expect(ran.stderr).toMatch(/^warning: not queued: /);
    expect(await queued()).toEqual([]);
  });

  it('is as private as mail, and says what is no entry', async () => {
    await sendmail(
      ['--queue-dir', 'out', '--queue', '-f', 'b@example.org', 'alice@example.org'],
      message,
    );
    const [name = ''] = readdirSync(join(cwd, 'out')).filter((one) => one.endsWith('.json'));
    expect(readFileSync(join(cwd, 'out', name), 'utf8')).not.toContain('pa55');
    writeFileSync(join(cwd, 'out', name), 'x');
    expect(await cli.run(['queue', 'list', 'out'], { cwd })).toMatchObject({ status: 65 });
    expect(await cli.run(['queue', 'rm', 'out', 'none'], { cwd })).toMatchObject({ status: 65 });
    expect(await cli.run(['queue', 'frob', 'out'], { cwd })).toMatchObject({ status: 64 });
    expect(existsSync(join(cwd, 'nosuch'))).toBe(false);
    expect(await cli.run(['queue', 'list', 'nosuch'], { cwd })).toMatchObject({
      status: 66,
      stdout: '',
    });
  });
});
