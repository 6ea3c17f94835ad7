/** A part goes on only where the remote file is proven to be the one that it was taken from. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { link, lstat, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FtpClient } from '../src/index.js';
import { against, login, loginWithMlst } from './script.js';

const now = '20240102030405';
const asked = (size: number, modified = `213 ${now}`) =>
  `C: SIZE /f\nC: EPSV\nS: 213 ${size}\nS: 229 ok (|||6446|)\nDATA\nC: MDTM /f\nS: ${modified}\n`;
const broken = `${asked(10)}C: RETR /f\nS: 150 here\nD: 1234\nD-end\nS: 426 sorry\n`;
const rest = `${asked(10)}C: REST 6\nS: 350 ok\nC: RETR /f\nS: 150 here (10 bytes)\nD: 78\nD-end\nS: 226 done\n`;
const whole = (size: number, text: string, modified?: string) =>
  `${asked(size, modified)}C: RETR /f\nS: 150 here\nD-raw: ${text}\nD-end\nS: 226 done\n`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hashed = (text: string) =>
  `C: OPTS HASH SHA-256\nS: 200 ok\nC: HASH /f\nS: 213 SHA-256 0-9 ${sha256(text)} /f\n`;

async function directory(part?: string): Promise<{ path: string; names: () => Promise<string[]> }> {
  const place = await mkdtemp(join(tmpdir(), 'ftp-'));
  const path = join(place, 'f');
  if (part !== undefined) await writeFile(`${path}.part`, part);
  return { path, names: async () => (await readdir(place)).sort() };
}

it.each([{ resume: true }, { resume: false }, { atomic: false }])(
  'a file of two names, a fifo and a link stay what they are, with %j',
  async (options) => {
    const steps = `${login}C: SIZE /f\nC: EPSV\nS: 213 10\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\nS: 150 here\nD-raw: 0123456789\nD-end\nS: 226 done\n`;
    const download = (path: string, dialogue = steps) =>
      against(dialogue, (ftp) => ftp.download('/f', path, options));
    const { path, names } = await directory();
    await writeFile(path, 'what was there before');
    await link(path, `${path}.twin`);
    // What has a part to go on with is asked for its time.
    const withPart = 'resume' in options && options.resume;
    const { result } = await download(path, withPart ? login + whole(10, '0123456789') : steps);
    expect(result).toMatchObject({ size: 10, proof: 'size' });
    expect(await readFile(`${path}.twin`, 'utf8')).toBe('0123456789');
    const fifo = `${path}.fifo`;
    execFileSync('mkfifo', [fifo]);
    await symlink('f.fifo', `${path}.link`);
    for (const to of [fifo, `${path}.link`]) {
      const read = readFile(fifo, 'utf8');
      await download(to);
      expect(await read).toBe('0123456789');
    }
    expect((await lstat(fifo)).isFIFO()).toBe(true);
    expect(await names()).toEqual(['f', 'f.fifo', 'f.link', 'f.twin']);
  },
);

describe.each([true, false])('with atomic: %s', (atomic) => {
  const resume = (ftp: FtpClient, path: string) =>
    ftp.download('/f', path, { resume: true, atomic });
  const part = atomic ? 'f.part' : 'f';

  it('goes on where it stopped', async () => {
    const { path, names } = await directory();
    const { result } = await against(login + broken + rest, async (ftp) => {
      await expect(resume(ftp, path)).rejects.toMatchObject({
        code: 'ERR_TRANSFER_INCOMPLETE',
        octets: 6,
        retry: 'later',
      });
      expect(await names()).toEqual([part, 'f.part.json']);
      return resume(ftp, path);
    });
    expect(result).toEqual({ octets: 4, size: 10, start: 6, proof: 'size' });
    expect(await readFile(path, 'utf8')).toBe('1234\r\n78\r\n');
    expect(await names()).toEqual(['f']);
  });

  it.each([
    ['its size', whole(12, 'NEWCONTENT12'), 'NEWCONTENT12'],
    ['its time', whole(10, 'NEWCONTENT', '213 20240102030406'), 'NEWCONTENT'],
    ['nothing that can be seen: no MDTM now', whole(10, 'NEWCONTENT', '550 no'), 'NEWCONTENT'],
  ])('starts over where the remote file changed %s', async (_what, steps, expected) => {
    const { path, names } = await directory();
    const { result } = await against(login + broken + steps, async (ftp) => {
      await resume(ftp, path).catch(() => {});
      return resume(ftp, path);
    });
    expect(result.start).toBe(0);
    expect(await readFile(path, 'utf8')).toBe(expected);
    expect(await names()).toEqual(['f']);
  });

  it('leaves no record of a part that there is none of', async () => {
    const { path, names } = await directory();
    const none = `${asked(10)}C: RETR /f\nS: 150 here\nD-end\nS: 426 sorry\n`;
    await against(login + none, async (ftp) => {
      await expect(resume(ftp, path)).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE' });
    });
    expect(await names()).not.toContain('f.part.json');
  });

  it('asks for nothing where all is here', async () => {
    const { path, names } = await directory();
    const late = `${asked(10)}C: RETR /f\nS: 150 here\nD: 12345678\nD-end\nS: 426 sorry\n`;
    const script = `${login}${late}${asked(10)}C: NOOP\nS: 200 ok\n`;
    const { result } = await against(script, async (ftp) => {
      await resume(ftp, path).catch(() => {});
      const done = await resume(ftp, path);
      await ftp.command('NOOP');
      return done;
    });
    expect(result).toEqual({ octets: 0, size: 10, start: 10, proof: 'size' });
    expect(await names()).toEqual(['f']);
  });
});

it('a part that nothing is known about is begun anew', async () => {
  const { path, names } = await directory('old');
  const { result } = await against(login + whole(10, 'NEWCONTENT'), (ftp) =>
    ftp.download('/f', path, { resume: true }),
  );
  expect(result).toEqual({ octets: 10, size: 10, start: 0, proof: 'size' });
  expect(await readFile(path, 'utf8')).toBe('NEWCONTENT');
  expect(await names()).toEqual(['f']);
});

it.each(['', 'null', '{}', '[1', '{"path":"/g","size":10,"modified":"20240102030405"}'])(
  'a record that reads %j proves nothing',
  async (record) => {
    const { path } = await directory('old');
    await writeFile(`${path}.part.json`, record);
    await against(login + whole(10, 'NEWCONTENT'), (ftp) =>
      ftp.download('/f', path, { resume: true }),
    );
    expect(await readFile(path, 'utf8')).toBe('NEWCONTENT');
  },
);

it('begins anew where the server has no REST, or the part is longer than the file', async () => {
  const { path } = await directory();
  const noRest = `${asked(10)}C: REST 6\nS: 502 no\nC: RETR /f\nS: 150 here\nD: 12345678\nD-end\nS: 226 done\n`;
  await against(login + broken + noRest, async (ftp) => {
    await ftp.download('/f', path, { resume: true }).catch(() => {});
    await ftp.download('/f', path, { resume: true });
  });
  expect(await readFile(path, 'utf8')).toBe('12345678\r\n');
  await writeFile(`${path}.part`, 'longer than it can be');
  await against(login + whole(10, '1234567890'), (ftp) =>
    ftp.download('/f', path, { resume: true }),
  );
  expect(await readFile(path, 'utf8')).toBe('1234567890');
});

it('a hash proves an unknown part, and one that mismatches is not kept', async () => {
  const onward = `${asked(10)}C: REST 3\nS: 350 ok\nC: RETR /f\nS: 150 here\nD-raw: CONTENT\nD-end\nS: 226 done\n${hashed('NEWCONTENT')}`;
  const options = { resume: true, verify: 'hash' } as const;
  const right = await directory('NEW');
  const { result } = await against(loginWithMlst + onward, (ftp) =>
    ftp.download('/f', right.path, options),
  );
  expect(result).toMatchObject({ start: 3, hash: { algorithm: 'sha256' } });
  expect(await readFile(right.path, 'utf8')).toBe('NEWCONTENT');

  const wrong = await directory('old');
  const again = `${whole(10, 'NEWCONTENT')}${hashed('NEWCONTENT')}`;
  await against(loginWithMlst + onward + again, async (ftp) => {
    await expect(ftp.download('/f', wrong.path, options)).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
      connection: 'usable',
    });
    expect(await wrong.names()).toEqual([]);
    expect(await ftp.download('/f', wrong.path, options)).toMatchObject({ start: 0 });
  });
  expect(await readFile(wrong.path, 'utf8')).toBe('NEWCONTENT');
});

it.each([
  '554 REST: invalid argument',
  '551 no',
  '550 Bad restart offset',
  '426 Restart beyond EOF',
])('an offset that RETR refuses begins anew: %s', async (refusal) => {
  const { path, names } = await directory('longer than it can be');
  const noSize = loginWithMlst.replace('S:  SIZE\n', '').replace('S:  MDTM\n', '');
  const next = 'C: EPSV\nS: 229 ok (|||6446|)\nDATA\n';
  const script = `${noSize}${next}C: REST 21\nS: 350 ok\nC: RETR /f\nS: ${refusal}\n${next}C: REST 0\nS: 350 ok\nC: RETR /f\nS: 150 here\nD-raw: NEWCONTENT\nD-end\nS: 226 done\n${hashed('NEWCONTENT')}`;
  const { result } = await against(script, (ftp) =>
    ftp.download('/f', path, { resume: true, verify: 'hash' }),
  );
  expect(result).toMatchObject({ start: 0, octets: 10 });
  expect(await readFile(path, 'utf8')).toBe('NEWCONTENT');
  expect(await names()).toEqual(['f']);
});

describe('a download in place', () => {
  it.each([
    ['S: 425 no\n', 'ERR_TRANSFER_INCOMPLETE'],
    ['S: 550 The system cannot find the file specified.\n', 'ERR_NOT_FOUND'],
    ['D-end\nS: 451 disk\n', 'ERR_TRANSFER_INCOMPLETE'],
    ['D-end\nS: 226 done\nC: SIZE /f\nS: 213 10\n', 'ERR_TRANSFER_INCOMPLETE'],
  ])('leaves what was there where nothing came behind 150: %j', async (end, code) => {
    const { path, names } = await directory();
    await writeFile(path, 'precious');
    const steps = `C: SIZE /f\nC: EPSV\nS: 213 10\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\nS: 150 here\n${end}`;
    await against(login + steps, async (ftp) => {
      await expect(ftp.download('/f', path, { atomic: false })).rejects.toMatchObject({ code });
    });
    expect(await readFile(path, 'utf8')).toBe('precious');
    expect(await names()).toEqual(['f']);
  });

  it('leaves no file where none was and none came, with `resume` as well', async () => {
    const { path, names } = await directory();
    const steps =
      'C: SIZE /f\nC: EPSV\nS: 213 10\nS: 229 ok (|||6446|)\nDATA\nC: MDTM /f\nS: 213 20240102030405\nC: RETR /f\nS: 550 Permission denied\n';
    await against(login + steps, async (ftp) => {
      await expect(ftp.download('/f', path, { atomic: false, resume: true })).rejects.toMatchObject(
        { code: 'ERR_COMMAND_REJECTED' },
      );
    });
    expect(await names()).toEqual([]);
  });

  it('becomes empty where the remote file is', async () => {
    const { path } = await directory();
    await writeFile(path, 'precious');
    const steps =
      'C: SIZE /f\nC: EPSV\nS: 213 0\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\nS: 150 here\nD-end\nS: 226 done\n';
    await against(login + steps, (ftp) => ftp.download('/f', path, { atomic: false }));
    expect(await readFile(path, 'utf8')).toBe('');
  });

  it('leaves what was there until the server has begun to send', async () => {
    const { path, names } = await directory();
    await writeFile(path, 'precious');
    const refused =
      'C: SIZE /f\nC: EPSV\nS: 213 10\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\nS: 550 Permission denied\n';
    await against(login + refused + refused, async (ftp) => {
      await expect(ftp.download('/f', path, { atomic: false })).rejects.toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
      });
      await expect(ftp.download('/f', `${path}2`, { atomic: false })).rejects.toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
      });
    });
    expect(await readFile(path, 'utf8')).toBe('precious');
    expect(await names()).toEqual(['f']);
  });

  it('leaves nothing of a longer file that was there', async () => {
    const { path } = await directory();
    await writeFile(path, 'a good deal longer');
    const steps =
      'C: SIZE /f\nC: EPSV\nS: 213 3\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\nS: 150 x\nD-raw: new\nD-end\nS: 226 ok\n';
    await against(login + steps, (ftp) => ftp.download('/f', path, { atomic: false }));
    expect(await readFile(path, 'utf8')).toBe('new');
  });
});

it.each([true, false])(
  'a directory as the target is refused before RETR, atomic: %s',
  async (atomic) => {
    const place = await mkdtemp(join(tmpdir(), 'ftp-'));
    const { said } = await against(`${login}C: NOOP\nS: 200 ok\n`, async (ftp) => {
      await expect(ftp.download('/f', place, { atomic })).rejects.toMatchObject({
        code: 'ERR_LOCAL_PATH',
        connection: 'usable',
      });
      await ftp.command('NOOP');
    });
    expect(said.join()).not.toContain('RETR');
  },
);
