/** Commands beside those that move octets: what is sent, what is read, and what is tried where a server has none. */
import { describe, expect, test } from 'vitest';
import { spaceIn } from '../src/files/space.js';
import type { FtpClient } from '../src/index.js';
import { against, inAllCuts, login } from './script.js';

/** A login to a server that announces these. */
const announcing = (...features: string[]): string =>
  login.replace('S:  EPSV', ['EPSV', ...features].map((line) => `S:  ${line}`).join('\n'));

describe('space: AVBL, XQUOTA', () => {
  test('AVBL', async () => {
    const script = `${announcing('AVBL')}
C: AVBL /in
S: 213 123456789
`;
    expect(await inAllCuts(script, (ftp) => ftp.space('/in'))).toEqual(
      Array(5).fill({ available: 123456789 }),
    );
  });

  test.each(['12 MB', '12 GiB free', '3 blocks', '-1'])(
    '%s is no number of octets',
    async (said) => {
      const script = `${announcing('AVBL')}\nC: AVBL .\nS: 213 ${said}\n`;
      await expect(against(script, (ftp) => ftp.space())).rejects.toMatchObject({
        code: 'ERR_MALFORMED_RESPONSE',
      });
    },
  );

  const hex = 'ab'.repeat(32);
  const calls: [string, string, string, string, (ftp: FtpClient) => Promise<unknown>, unknown][] = [
    [
      'space()',
      'AVBL',
      'C: AVBL .\nS: 213 plenty',
      '213 5',
      (ftp) => ftp.space(),
      { available: 5 },
    ],
    [
      'hash()',
      'HASH SHA-256*',
      'C: OPTS HASH SHA-256\nS: 200 SHA-256\nC: HASH /f\nS: 213 soon',
      `213 SHA-256 0-9 ${hex} /f`,
      (ftp) => ftp.hash('/f', 'sha256'),
      hex,
    ],
    [
      'workingDirectory()',
      'AVBL',
      'C: PWD\nS: 257 here',
      '257 "/"',
      (ftp) => ftp.workingDirectory(),
      '/',
    ],
  ];
  test.each(calls)(
    '%s that is answered by what says nothing is an error, and the connection goes on',
    async (_, feature, said, answer, call, expected) => {
      const again = said.slice(0, said.lastIndexOf('S: '));
      const script = `${announcing(feature)}\n${said}\n${again}S: ${answer}\n`;
      const seen = await against(script, async (ftp) => {
        await expect(call(ftp)).rejects.toMatchObject({
          code: 'ERR_MALFORMED_RESPONSE',
          connection: 'usable',
        });
        return call(ftp);
      });
      expect(seen.result).toEqual(expected);
    },
  );

  test('XQUOTA, where AVBL turns out to be missing', async () => {
    const script = `${announcing('AVBL', 'XQUOTA')}
C: AVBL .
S: 502 not here
C: XQUOTA
S: 213-File and disk usage
S:     File count: 3
S:     File limit: unlimited
S:     Disk usage: 1532791
S:     Disk limit: 2000000
S: 213 File and disk usage end
`;
    expect((await against(script, (ftp) => ftp.space())).result).toEqual({
      available: 467209,
      used: 1532791,
      limit: 2000000,
      files: 3,
    });
  });

  test('no limit is no available room, and no invented one', () => {
    expect(spaceIn(['', ' Disk usage: 7', ' Disk limit: unlimited', ''])).toEqual({ used: 7 });
    expect(spaceIn(['nothing to say'])).toBeUndefined();
    expect(spaceIn(['', 'a: b', ''])).toBeUndefined();
  });

  test('neither announced: nothing is sent', async () => {
    await expect(against(login, (ftp) => ftp.space())).rejects.toMatchObject({
      code: 'ERR_EXTENSION_REQUIRED',
      connection: 'usable',
    });
  });
});

const time = new Date('2026-03-04T05:06:07.890Z');

describe('times and facts', () => {
  test('MFCT, and MFF where there is no MFCT', async () => {
    const mfct = `${announcing('MFCT')}
C: MFCT 20260304050607 /x
S: 213 Create=20260304050607; /x
`;
    const mff = `${announcing('MFF modify;create;UNIX.mode;')}
C: MFF create=20260304050607; /x
S: 213 create=20260304050607; /x
`;
    await against(mfct, (ftp) => ftp.setCreated('/x', time));
    await against(mff, (ftp) => ftp.setCreated('/x', time));
    await expect(against(login, (ftp) => ftp.setCreated('/x', time))).rejects.toMatchObject({
      code: 'ERR_EXTENSION_REQUIRED',
    });
  });

  test('MFF writes times in UTC and modes in octal', async () => {
    const script = `${announcing('MFF modify;UNIX.mode;')}
C: MFF modify=20260304050607;UNIX.mode=0640; /a name
S: 213 modify=20260304050607;UNIX.mode=0640; /a name
`;
    await against(script, (ftp) => ftp.setFacts('/a name', { modify: time, 'UNIX.mode': 0o640 }));
  });

  test('chmod by MFF where there is no SITE CHMOD', async () => {
    const script = `${announcing('MFF UNIX.mode;')}
C: SITE CHMOD 644 /x
S: 504 no CHMOD
C: MFF UNIX.mode=0644; /x
S: 213 UNIX.mode=0644; /x
`;
    await against(script, (ftp) => ftp.chmod('/x', 0o644));
  });

  test('setModified by SITE UTIME, in both its forms', async () => {
    const features = login.replace('S:  MDTM', 'S:  SITE UTIME').replace('S:  EPSV', 'S:  EPSV');
    const long = `${features}
C: SITE UTIME /x 20260304050607 20260304050607 20260304050607 UTC
S: 200 done
`;
    const short = `${features}
C: SITE UTIME /x 20260304050607 20260304050607 20260304050607 UTC
S: 500 SITE UTIME: wrong number of parameters
C: SITE UTIME 20260304050607 /x
S: 200 done
`;
    await against(long, (ftp) => ftp.setModified('/x', time));
    await against(short, (ftp) => ftp.setModified('/x', time));
  });
});

describe('SITE SYMLINK', () => {
  test('ProFTPD makes a link', async () => {
    const script = `${login}
C: SITE SYMLINK ../x /y
S: 200 SITE SYMLINK command successful
`;
    await against(script, (ftp) => ftp.symlink('../x', '/y'));
  });

  test('a name with a blank is refused before anything is sent', async () => {
    for (const [target, path] of [
      ['a b', '/y'],
      ['a', '/y z'],
    ] as const) {
      await expect(against(login, (ftp) => ftp.symlink(target, path))).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    }
  });
});

const sums = ['0', '1', '2'].map((digit) => digit.repeat(32));

describe('hashAll: MMD5', () => {
  test('many in one command, names with commas by themselves', async () => {
    const script = `${announcing('MMD5', 'XMD5')}
C: MMD5 /a,/b b
S: 252 /a ${sums[0]}, /b b ${sums[1]?.toUpperCase()}
C: XMD5 /c,d
S: 250 ${sums[2]}
`;
    const results = await inAllCuts(script, (ftp) => ftp.hashAll(['/a', '/b b', '/c,d'], 'md5'));
    expect(results).toEqual(Array(5).fill(sums));
  });

  test('an answer of another number of files is none: each is asked for', async () => {
    const script = `${announcing('MMD5', 'XMD5')}
C: MMD5 /a,/b
S: 252 /a ${sums[0]}
C: XMD5 /a
S: 250 ${sums[0]}
C: XMD5 /b
S: 250 ${sums[1]}
`;
    expect((await against(script, (ftp) => ftp.hashAll(['/a', '/b'], 'md5'))).result).toEqual(
      sums.slice(0, 2),
    );
  });
});
