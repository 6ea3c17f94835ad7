import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Entry, FtpClient, type UploadOptions } from '../src/index.js';
import { against, login, loginWithMlst, play } from './script.js';

const port = 'C: EPSV\nS: 229 ok (|||6446|)\n';
const names = async (entries: AsyncIterable<Entry>): Promise<string[]> => {
  const held: string[] = [];
  for await (const { name } of entries) held.push(name);
  return held;
};

/** Runs `work` and gives what it came to, and the notices that came meanwhile. */
async function trial<T>(
  script: string,
  work: (ftp: FtpClient) => Promise<T>,
): Promise<{ outcome: T | string; notices: string[] }> {
  const { result } = await against(script, async (ftp) => {
    const outcome = await work(ftp).catch((error: { code: string }) => error.code);
    ftp.close();
    const notices: string[] = [];
    for await (const { kind, text } of ftp.notices) notices.push(`${kind} ${text}`);
    return { outcome, notices: notices.slice(1) }; // behind the welcome
  });
  return result;
}

describe('a positive reply of another command is a notice, and the wait goes on', () => {
  it.each<[string, string, (ftp: FtpClient) => Promise<unknown>, unknown]>([
    [
      'DELE',
      'C: DELE /nope\nS: 226 Quota\nS: 550 No such file\nC: RMD /nope\nS: 550 No such file\n',
      (ftp) => ftp.remove('/nope'),
      'ERR_NOT_FOUND',
    ],
    [
      'MKD',
      'C: MKD /d\nS: 226 Quota\nS: 550 exists\n',
      (ftp) => ftp.mkdir('/d'),
      'ERR_COMMAND_REJECTED',
    ],
    [
      'RNFR',
      'C: RNFR /a\nC: RNTO /b\nS: 226 Quota\nS: 350 go on\nS: 553 no\n',
      (ftp) => ftp.rename('/a', '/b'),
      'ERR_COMMAND_REJECTED',
    ],
    [
      'RNTO',
      'C: RNFR /a\nC: RNTO /b\nS: 350 go on\nS: 226 Quota\nS: 553 no\n',
      (ftp) => ftp.rename('/a', '/b'),
      'ERR_COMMAND_REJECTED',
    ],
    [
      'SIZE',
      'C: SIZE /f\nC: MDTM /f\nS: 250 done\nS: 213 7\nS: 213 20240102030405\nC: PWD\nS: 257 "/"\nC: CWD /f\nS: 550 no\n',
      async (ftp) => (await ftp.stat('/f'))?.size,
      7,
    ],
    [
      'MDTM',
      'C: SIZE /f\nC: MDTM /f\nS: 213 7\nS: 226 Quota\nS: 213 20240102030405\nC: PWD\nS: 257 "/"\nC: CWD /f\nS: 550 no\n',
      async (ftp) => (await ftp.stat('/f'))?.modified?.getUTCFullYear(),
      2024,
    ],
    ['PWD', 'C: PWD\nS: 250 done\nS: 257 "/home"\n', (ftp) => ftp.workingDirectory(), '/home'],
    [
      'SITE',
      'C: SITE CHMOD 644 /f\nS: 226 Quota\nS: 550 no\n',
      (ftp) => ftp.chmod('/f', 0o644),
      'ERR_COMMAND_REJECTED',
    ],
    [
      'EPSV',
      'C: EPSV\nS: 250 done\nS: 229 (|||6446|)\nDATA\nC: LIST /d\nS: 150 x\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 226 ok\n',
      (ftp) => names(ftp.list('/d')),
      ['f'],
    ],
    [
      'LIST',
      `${port}DATA\nC: LIST /d\nS: 257 odd\nS: 150 x\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 230 odd\nS: 226 ok\n`,
      (ftp) => names(ftp.list('/d')),
      ['f'],
    ],
    [
      'LIST, by 226',
      `${port}DATA\nC: LIST /d\nS: 226 Quota\nS: 150 x\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 226 ok\nC: NOOP\nS: 200 ok\n`,
      async (ftp) => {
        const found = await names(ftp.list('/d'));
        await ftp.command('NOOP');
        return found;
      },
      ['f'],
    ],
    [
      'NOOP',
      'C: NOOP\nS: 226 Quota\nS: 200 ok\n',
      async (ftp) => (await ftp.command('NOOP')).code,
      200,
    ],
    [
      'a command without a row',
      'C: XFOO\nS: 226 Quota\nS: 299 ok\n',
      async (ftp) => (await ftp.command('XFOO')).code,
      299,
    ],
  ])('%s', async (_verb, steps, work, expected) => {
    const { outcome, notices } = await trial(login + steps, work);
    expect(outcome).toEqual(expected);
    expect(notices.length).toBeGreaterThan(0);
  });

  it('MFMT and HASH', async () => {
    const script = `${loginWithMlst}C: MFMT 20240102030405 /f\nS: 226 Quota\nS: 213 Modify=20240102030405; /f\nC: OPTS HASH SHA-256\nS: 226 Quota\nS: 200 SHA-256\nC: HASH /f\nS: 226 Quota\nS: 213 SHA-256 0-1 ${'ab'.repeat(32)} /f\n`;
    const { outcome, notices } = await trial(script, async (ftp) => {
      await ftp.setModified('/f', new Date(Date.UTC(2024, 0, 2, 3, 4, 5)));
      return ftp.hash('/f');
    });
    expect(outcome).toBe('ab'.repeat(32));
    expect(notices).toHaveLength(3);
  });

  it.each<[string, string, UploadOptions]>([
    ['the refusal comes with it', 'S: 226 Quota\nS: 552 full\n', { verify: false }],
    ['SIZE is asked meanwhile', 'S: 226 Quota\nC: SIZE /f\nS: 552 full\nS: 213 5\n', {}],
    ['it has another code', 'S: 250 Quota\nS: 451 disk\n', { verify: false }],
  ])('226 ahead of the refusal of an upload: %s', async (_what, end, options) => {
    const script = `${login}${port}DATA\nC: STOR /f\nS: 150 go\nU: hello\n${end}C: NOOP\nS: 200 ok\n`;
    const { result } = await against(script, async (ftp) => {
      const upload = ftp.upload('hello', '/f', options);
      await expect(upload).rejects.toMatchObject({
        code: 'ERR_TRANSFER_INCOMPLETE',
        connection: 'usable',
      });
      return options.verify === false ? (await ftp.command('NOOP')).code : 200;
    });
    expect(result).toBe(200);
  });

  it('a code that no command claims is an answer', async () => {
    const { outcome, notices } = await trial(`${login}C: DELE /f\nS: 254 gone\n`, (ftp) =>
      ftp.remove('/f'),
    );
    expect(outcome).toBeUndefined();
    expect(notices).toEqual([]);
  });

  it('bounds how many may come', async () => {
    const strays = 'S: 226 Quota\n'.repeat(1_100);
    await expect(
      against(`${login}C: DELE /f\n${strays}`, (ftp) => ftp.remove('/f')),
    ).rejects.toMatchObject({ code: 'ERR_MALFORMED_RESPONSE', connection: 'closed' });
  });
});

describe('a refusal by a code of other commands is a notice', () => {
  it.each<[string, string, (ftp: FtpClient) => Promise<unknown>, unknown]>([
    [
      'DELE, late of a transfer',
      'C: DELE /f\nS: 426 gone\nS: 250 ok\n',
      (ftp) => ftp.remove('/f'),
      undefined,
    ],
    [
      'DELE, of a quota',
      'C: DELE /f\nS: 552 full\nS: 250 ok\n',
      (ftp) => ftp.remove('/f'),
      undefined,
    ],
    ['MKD', 'C: MKD /d\nS: 425 none\nS: 257 "/d"\n', (ftp) => ftp.mkdir('/d'), undefined],
    [
      'RNFR',
      'C: RNFR /a\nC: RNTO /b\nS: 452 full\nS: 350 go on\nS: 553 no\n',
      (ftp) => ftp.rename('/a', '/b'),
      'ERR_COMMAND_REJECTED',
    ],
    ['PWD', 'C: PWD\nS: 426 gone\nS: 257 "/home"\n', (ftp) => ftp.workingDirectory(), '/home'],
    [
      'NOOP',
      'C: NOOP\nS: 452 full\nS: 200 ok\n',
      async (ftp) => (await ftp.command('NOOP')).code,
      200,
    ],
    [
      'SIZE and MDTM in one flight',
      'C: SIZE /f\nC: MDTM /f\nS: 426 gone\nS: 213 7\nS: 213 20240102030405\nC: PWD\nS: 257 "/"\nC: CWD /f\nS: 550 no\n',
      async (ftp) => {
        const { size, modified } = (await ftp.stat('/f')) ?? {};
        return [size, modified?.getUTCFullYear()];
      },
      [7, 2024],
    ],
  ])('%s', async (_verb, steps, work, expected) => {
    const { outcome, notices } = await trial(login + steps, work);
    expect(outcome).toEqual(expected);
    expect(notices).toHaveLength(1);
  });

  it('but where nothing else comes it was the answer', async () => {
    const steps = 'C: MKD /d\nS: 425 none\nC: SYST\nS: 215 UNIX\n';
    const { outcome } = await trial(login + steps, (ftp) => ftp.mkdir('/d'));
    expect(outcome).toBe('ERR_COMMAND_REJECTED');
  });

  it('a full disk is a reason not to make a directory', async () => {
    const { outcome } = await trial(`${login}C: MKD /d\nS: 552 full\n`, (ftp) => ftp.mkdir('/d'));
    expect(outcome).toBe('ERR_COMMAND_REJECTED');
  });
});

describe('a reply that was there before the command is no reply to it', () => {
  const stray = 'S: 550 of nobody\n';
  it.each<[string, string, (ftp: FtpClient) => Promise<unknown>, unknown]>([
    [
      'RMD behind DELE',
      `C: DELE /d\nS: 550 a directory\n${stray}C: RMD /d\nS: 250 ok\n`,
      (ftp) => ftp.remove('/d'),
      undefined,
    ],
    [
      'a success of nobody',
      'C: DELE /d\nS: 550 No such file\nS: 250 of nobody\nC: RMD /d\nS: 550 No such file\n',
      (ftp) => ftp.remove('/d'),
      'ERR_NOT_FOUND',
    ],
    [
      'two calls, one after the other',
      `C: NOOP\nS: 200 ok\n${stray}C: SITE UMASK\nS: 200 ok\n`,
      async (ftp) => [
        (await ftp.command('NOOP')).code,
        (await ftp.command('SITE', ['UMASK'])).code,
      ],
      [200, 200],
    ],
  ])('%s', async (_what, steps, work, expected) => {
    const { outcome, notices } = await trial(login + steps, work);
    expect(outcome).toEqual(expected);
    expect(notices).toHaveLength(1);
  });
});

describe('a transfer that no preliminary reply opens', () => {
  const stays = 'C: NOOP\nS: 200 ok\n';
  const upload = (options: UploadOptions) => (ftp: FtpClient) => ftp.upload('hello', '/f', options);
  const read = async (ftp: FtpClient): Promise<string> => {
    const octets: Buffer[] = [];
    for await (const piece of ftp.createReadStream('/f')) octets.push(piece as Buffer);
    return Buffer.concat(octets).toString();
  };
  const stor = `${port}DATA\nC: STOR /f\nS: 226 Quota\n`;
  const retr =
    'C: SIZE /f\nC: EPSV\nS: 550 no\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\nS: 226 Quota\n';
  const notVerified = upload({ verify: false });
  it.each<[string, string, (ftp: FtpClient) => Promise<unknown>, unknown]>([
    [
      'STOR is refused later',
      `${stor}U: hello\nC: PWD\nS: 553 no\nS: 257 "/"\n`,
      notVerified,
      'ERR_COMMAND_REJECTED',
    ],
    [
      'STOR is refused later, and its size is asked',
      `${stor}U: hello\nC: PWD\nS: 550 no\nS: 257 "/"\n`,
      upload({}),
      'ERR_COMMAND_REJECTED',
    ],
    [
      'STOR begins later',
      `${stor}U: hello\nC: PWD\nS: 150 go\nS: 226 done\nS: 257 "/"\n`,
      notVerified,
      { octets: 5, size: 5, start: 0, proof: 'final-reply' },
    ],
    [
      'STOR begins later, and is broken off',
      `${stor}U: hello\nC: PWD\nS: 150 go\nS: 552 full\nS: 257 "/"\n`,
      notVerified,
      'ERR_TRANSFER_INCOMPLETE',
    ],
    [
      'the mark is answered ahead of the end',
      `${stor}U: hello\nC: PWD\nS: 150 go\nS: 257 "/"\nS: 552 full\n`,
      notVerified,
      'ERR_TRANSFER_INCOMPLETE',
    ],
    [
      'STOR was done',
      `${stor}U: hello\nC: PWD\nS: 257 "/"\n`,
      notVerified,
      { octets: 5, size: 5, start: 0, proof: 'final-reply' },
    ],
    [
      'the server has no PWD',
      `${stor}U: hello\nC: PWD\nS: 502 no\n`,
      notVerified,
      { octets: 5, size: 5, start: 0, proof: 'final-reply' },
    ],
    [
      'RETR is refused later',
      `${retr}D-end\nC: PWD\nS: 550 denied\nS: 257 "/"\n`,
      read,
      'ERR_COMMAND_REJECTED',
    ],
    ['RETR begins later', `${retr}S: 150 go\nD-raw: hello\nD-end\nS: 226 done\n`, read, 'hello'],
    ['RETR is done, and the file is empty', `${retr}D-end\nC: PWD\nS: 257 "/"\n`, read, ''],
    ['RETR is done', `${retr}D-raw: hello\nD-end\n`, read, 'hello'],
    [
      'a refusal that goes on after all',
      `${retr.replace('226', '550')}S: 150 go\nD-raw: hello\nD-end\nS: 226 done\n`,
      read,
      'hello',
    ],
  ])('%s', async (_what, steps, work, expected) => {
    const { outcome } = await trial(login + steps + stays, async (ftp) => {
      const result = await work(ftp).catch(({ code }: { code: string }) => code);
      expect((await ftp.command('NOOP')).code).toBe(200);
      return result;
    });
    expect(outcome).toEqual(expected);
  });

  const stored = `${port}DATA\nC: STOR /f\nS: 150 go\nU: hello\nS: 226 done\nC: SIZE /f\n`;
  const mark = 'C: NOOP\nS: 200 ok\n';
  it.each([
    ['451 disk', 'S: 213 5\n', 'ERR_TRANSFER_INCOMPLETE'],
    ['550 quota', 'S: 213 5\n', 'ERR_TRANSFER_INCOMPLETE'],
    ['550 quota', 'S: 550 not a plain file\n', 'ERR_TRANSFER_INCOMPLETE'],
    ['426 gone', 'S: 213 5\n', 'ERR_TRANSFER_INCOMPLETE'],
    ['452 full', '', 'ERR_TRANSFER_INCOMPLETE'],
    ['550 no SIZE here', '', 'final-reply'],
    ['450 busy', '', 'final-reply'],
  ])(
    '%s behind 226 is told from the refusal of SIZE by what comes next: %j',
    async (late, own, expected) => {
      const steps = `${login}${stored}S: ${late}\n${own}${mark}${stays}`;
      const { result } = await against(steps, async (ftp) => {
        const outcome = await ftp
          .upload('hello', '/f')
          .then(({ proof }) => proof)
          .catch(({ code }: { code: string }) => code);
        expect((await ftp.command('NOOP')).code).toBe(200);
        return outcome;
      });
      expect(result).toBe(expected);
    },
  );

  it('octets are taken before a word was said, and sent', async () => {
    const silent = `${login}${port}DATA\nC: STOR /f\nU: hello\nS: 226 done\n${port}DATA\nC: RETR /f\nD-raw: hello\nPAUSE\nD-end\nS: 226 done\n`;
    const played = play(silent);
    const ftp = await FtpClient.connect(played.options);
    expect(await ftp.upload('hello', '/f', { verify: false })).toMatchObject({ octets: 5 });
    const target = new Writable({
      write(_piece, _encoding, done) {
        played.resume();
        done();
      },
    });
    expect(await ftp.download('/f', target, { verify: false })).toMatchObject({ octets: 5 });
    await played.over;
    ftp.close();
  });

  it.each([
    ['553 no', 'ERR_COMMAND_REJECTED'],
    ['552 full', 'ERR_TRANSFER_INCOMPLETE'],
  ])('what comes behind octets that were sent unanswered: %s', async (reply, code) => {
    const script = `${login}${port}DATA\nC: STOR /f\nU: hello\nS: ${reply}\n`;
    const { outcome } = await trial(script, (ftp) => ftp.upload('hello', '/f', { timeout: 400 }));
    expect(outcome).toBe(code);
  });

  it('octets that were sent are no answer: one is awaited no longer than any other', async () => {
    const { result } = await against(`${login}${port}DATA\nC: STOR /f\nU: hello\nSTALL\n`, (ftp) =>
      ftp.upload('hello', '/f', { timeout: 40 }).catch((error: object) => error),
    ).catch((error) => ({ result: error }));
    expect(result).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'command', connection: 'closed' });
  });
});
