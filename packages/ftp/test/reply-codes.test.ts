import { describe, expect, it } from 'vitest';
import type { Entry, FtpClient, UploadOptions } from '../src/index.js';
import { against, login, loginWithMlst } from './script.js';

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
