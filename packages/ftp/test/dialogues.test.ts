import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Entry, FtpClient } from '../src/index.js';
import { against, inAllCuts, login, loginWithMlst } from './script.js';

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const held: T[] = [];
  for await (const item of items) held.push(item);
  return held;
};
const paths = async (entries: AsyncIterable<Entry>): Promise<string[]> =>
  (await all(entries)).map(({ path }) => path);
const text = async (octets: AsyncIterable<Uint8Array>): Promise<string> =>
  Buffer.concat(await all(octets)).toString();
const same = <T>(results: T[], expected: T): void => {
  for (const result of results) expect(result).toEqual(expected);
};
const sink = (): { target: Writable; text: () => string } => {
  const pieces: Buffer[] = [];
  const target = new Writable({
    write(chunk: Buffer, _encoding, done) {
      pieces.push(chunk);
      done();
    },
  });
  return { target, text: () => Buffer.concat(pieces).toString() };
};

describe('connecting', () => {
  it('logs in, and goes', async () => {
    const { said } = await against(`${login}C: QUIT\nS: 221 bye\n`, (ftp) => ftp.quit());
    expect(said.slice(-1)).toEqual(['QUIT']);
  });

  it('waits after 120, gives the account, and reads capabilities', async () => {
    const script = login
      .replace('S: 220 ready', 'S: 120 in a while\nS: 220-\nS:  220 not yet\nS: 220 ready')
      .replace('S: 230 welcome', 'S: 332 account\nC: ACCT ops\nS: 230 welcome');
    same(
      await inAllCuts(script, async (ftp) => [...ftp.capabilities], {
        auth: { user: 'alice', password: 'secret', account: 'ops' },
      }),
      [
        ['EPSV', ['']],
        ['MDTM', ['']],
        ['SIZE', ['']],
        ['REST', ['STREAM']],
      ],
    );
  });

  it('goes in step where it is told not to pipeline', async () => {
    const script = login.replace(
      /C: FEAT[\s\S]*$/,
      'C: FEAT\nS: 502 no\nC: SYST\nS: 500 no\nC: TYPE I\nS: 200 ok\n',
    );
    await against(script, async (ftp) => expect(ftp.capabilities.size).toBe(0), {
      disable: ['pipelining'],
    });
  });

  it('turns UTF-8 and the facts on that are off', async () => {
    const script = login
      .replace('S:  EPSV', 'S:  UTF8\nS:  MLST type*;size;modify;perm*;lang;')
      .concat('C: OPTS UTF8 ON\nS: 200 ok\nC: OPTS MLST type;perm;size;modify;\nS: 200 ok\n');
    await against(script, async () => {});
  });

  it.each([
    ['S: 220 ready', 'S: 421 full', 'ERR_SERVER_CLOSING', 'later'],
    ['S: 220 ready', 'S: 554 no', 'ERR_SERVER_CLOSING', 'never'],
    ['S: 220 ready', 'S: 530 Too many users', 'ERR_SERVER_CLOSING', 'later'],
    ['S: 220 ready', 'S: SSH-2.0-x', 'ERR_MALFORMED_RESPONSE', 'never'],
    ['S: 230 welcome', 'S: 530 Login incorrect', 'ERR_AUTHENTICATION_FAILED', 'never'],
    ['S: 230 welcome', 'S: 530 Too many users', 'ERR_AUTHENTICATION_FAILED', 'later'],
    ['S: 230 welcome', 'S: 421 too many', 'ERR_SERVER_CLOSING', 'later'],
    ['S: 230 welcome', 'S: 332 account', 'ERR_AUTHENTICATION_FAILED', 'never'],
    ['S: 200 binary', 'S: 504 no', 'ERR_COMMAND_REJECTED', 'never'],
  ])('%s replaced by %s: %s', async (line, other, code, retry) => {
    const script = login.slice(0, login.indexOf(line)) + other;
    await expect(against(script, async () => {})).rejects.toMatchObject({
      code,
      retry,
      connection: 'closed',
      protocol: 'ftp',
      host: 'ftp.example.test',
    });
  });

  it('takes a function for the password, and asks it once', async () => {
    let calls = 0;
    const password = async () => {
      calls++;
      return 'secret';
    };
    await against(login, async () => {}, { auth: { user: 'alice', password } });
    expect(calls).toBe(1);
    const none = login.slice(0, login.indexOf('C: USER'));
    for (const wrong of [
      () => Promise.reject(new Error('vault')),
      () => 'a\r\nDELE x',
      () => 7 as never,
    ])
      await expect(
        against(none, async () => {}, { auth: { user: 'alice', password: wrong } }),
      ).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'auth.password' });
  });

  it('never shows a password', async () => {
    const events: string[] = [];
    const script = `${login.slice(0, login.indexOf('S: 230'))}S: 530 no`;
    const error = await against(script, async () => {}, {
      log: (event) => events.push(event.text),
    }).catch((caught: unknown) => caught);
    expect(JSON.stringify(error) + String(error) + events.join()).not.toContain('secret');
    expect(events).toContain('PASS ***');
  });

  it.each([
    [{ auth: { user: 'a\r\nDELE x', password: 'b' } }, 'ERR_ARGUMENT'],
    [{ auth: { user: 'a', password: 'b\nDELE x' } }, 'ERR_ARGUMENT'],
    [{ auth: { user: '\ud800', password: 'b' } }, 'ERR_ARGUMENT'],
    [{ auth: { user: 'a', pass: 'b' } as never }, 'ERR_ARGUMENT'],
    [{ auth: 'alice' as never }, 'ERR_ARGUMENT'],
    [{ limits: { listingEntrys: 1 } as never }, 'ERR_ARGUMENT'],
    [{ limits: { depth: -1 } }, 'ERR_ARGUMENT'],
    [{ encoding: 'klingon' }, 'ERR_ARGUMENT'],
    [{ secure: true } as never, 'ERR_ARGUMENT'],
    [{ allowCleartextAuth: false }, 'ERR_CLEARTEXT_AUTH_REFUSED'],
  ])('refuses %j before it dials', async (options, code) => {
    let dialled = false;
    await expect(
      against('', async () => {}, {
        ...options,
        dial: async () => {
          dialled = true;
          throw new Error('dialled');
        },
      }),
    ).rejects.toMatchObject({ code });
    expect(dialled).toBe(false);
  });

  it('lets an anonymous login travel in clear: it is no secret', async () => {
    const script = login.replace('alice', 'anonymous').replace('secret', 'me@');
    await against(script, async () => {}, {
      auth: { user: 'anonymous', password: 'me@' },
      allowCleartextAuth: false,
    });
  });
});

const port = 'C: EPSV\nS: 229 ok (|||6446|)\n';
const sized = 'C: SIZE /f\nC: EPSV\nS: 213 10\nS: 229 ok (|||6446|)\n';

/** What proves that a directory of which nothing came is there and empty. */
const entered = (path: string, steps: string) =>
  `C: PWD\nS: 257 "/" is it\nC: CWD ${path}\nS: 250 ok\n${port}DATA\nC: MLSD\n${steps}C: CWD /\nS: 250 ok\n`;

describe('listings', () => {
  it('by MLSD, however cut', async () => {
    const script = `${loginWithMlst}${port}DATA\nC: MLSD /d\nS: 150 here\nD: type=cdir;modify=20240101000000; /d\nD: type=pdir; ..\nD: type=file;size=3;modify=20240102030405; ä b\nD: type=dir; sub\nD-end\nS: 226-done\nS:  226 and more\nS: 226 done\n`;
    same(
      await inAllCuts(script.replace('ä', '\xc3\xa4'), async (ftp) =>
        (await all(ftp.list('/d'))).map(({ path, type, size }) => ({ path, type, size })),
      ),
      [
        { path: '/d/ä b', type: 'file', size: 3 },
        { path: '/d/sub', type: 'directory', size: undefined },
      ],
    );
  });

  it('by LIST where there is no MLST, and where MLSD turns out to be broken', async () => {
    const row = '-rw-r--r-- 1 a b 3 Jan 02 2024 f';
    const once = `${port}DATA\nC: LIST /d\nS: 150 here\nD: ${row}\nD-end\nS: 226 done\n`;
    same(await inAllCuts(login + once, (ftp) => paths(ftp.list('/d'))), ['/d/f']);
    const broken = `${loginWithMlst}${port}DATA\nC: MLSD /d\nS: 500 what\n${once}${once}`;
    await against(broken, async (ftp) => {
      expect(await paths(ftp.list('/d'))).toEqual(['/d/f']);
      expect(await paths(ftp.list('/d'))).toEqual(['/d/f']);
    });
  });

  it('asks for the login directory without a name, for hidden names, and never gives an option by accident', async () => {
    const list = (command: string) =>
      `${port}DATA\nC: ${command}\nS: 150 here\nD: total 0\nD-end\nS: 226 done\n`;
    await against(
      login + list('LIST') + list('LIST -a /d') + list('LIST ./-R'),
      async (ftp: FtpClient) => {
        await all(ftp.list());
        await all(ftp.list('/d', { hidden: true }));
        await all(ftp.list('-R'));
      },
    );
  });

  it.each([
    [
      '226 before the end of the data',
      'S: 150 here\nS: 226 done\nD: type=file; f\nD-end\n',
      ['/d/f'],
    ],
    ['data before 150', 'D: type=file; f\nD-end\nS: 150 here\nS: 226 done\n', ['/d/f']],
    ['150 twice', 'S: 150 here\nS: 150 again\nD: type=file; f\nD-end\nS: 226 done\n', ['/d/f']],
    ['226 without 150 and without data', 'S: 226 nothing\n', []],
    ['226 without 150 and an end', 'D-end\nS: 226 nothing\n', []],
    ['a reset of an empty listing', 'S: 150 here\nD-reset\nS: 226 done\n', []],
    ['450 for an empty directory', 'S: 450 No files found\n', []],
    ['550 for an empty data set', 'S: 550 No data sets found.\n', []],
    ['550 behind 150', 'S: 150 here\nD-end\nS: 550 No members found\n', []],
    ['no line end at the end', 'S: 150 here\nD-raw: type=file; f\nD-end\nS: 226 ok\n', ['/d/f']],
  ])('%s', async (_name, steps, expected) => {
    const script = `${loginWithMlst}${port}DATA\nC: MLSD /d\n${steps}${expected.length > 0 ? '' : entered('/d', steps)}C: NOOP\nS: 200 ok\n`;
    same(
      await inAllCuts(script, async (ftp) => {
        const listed = await paths(ftp.list('/d'));
        expect((await ftp.command('NOOP')).code).toBe(200);
        return listed;
      }),
      expected,
    );
  });

  it('tells what is wrong with lines, and goes on', async () => {
    const script = `${login}${port}DATA\nC: LIST /d\nS: 150 here\nD: ls: x: Permission denied\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 226 done\n`;
    const problems: unknown[] = [];
    await against(script, async (ftp) => {
      expect(
        await paths(ftp.list('/d', { onProblem: (problem) => problems.push(problem) })),
      ).toEqual(['/d/f']);
    });
    expect(problems).toMatchObject([
      { line: 1, directory: '/d', text: 'ls: x: Permission denied' },
    ]);
  });

  it('goes down into directories, not into links, and tells of those it may not read', async () => {
    const script = `${loginWithMlst}
${port}DATA\nC: MLSD /d\nS: 150 here\nD: type=dir; a\nD: type=OS.unix=slink:/; l\nD: type=dir; b\nD-end\nS: 226 done
${port}DATA\nC: MLSD /d/a\nS: 550 Permission denied\n${port}DATA\nC: LIST /d/a\nS: 550 Permission denied\nC: PWD\nS: 257 "/" is it\nC: CWD /d/a\nS: 550 Permission denied
${port}DATA\nC: MLSD /d/b\nS: 150 here\nD: type=file; f\nD-end\nS: 226 done\n`;
    const problems: string[] = [];
    await against(script, async (ftp) => {
      const entries = ftp.list('/d', {
        recursive: true,
        onProblem: ({ directory }) => problems.push(directory),
      });
      expect(await paths(entries)).toEqual(['/d/a', '/d/l', '/d/b', '/d/b/f']);
    });
    expect(problems).toEqual(['/d/a']);
  });

  it('goes no deeper than its limit', async () => {
    const script = `${loginWithMlst}${port}DATA\nC: MLSD /d\nS: 150 here\nD: type=dir; a\nD-end\nS: 226 done\n`;
    await expect(
      against(script, (ftp) => paths(ftp.list('/d', { recursive: true })), {
        limits: { depth: 1 },
      }),
    ).rejects.toMatchObject({ code: 'ERR_LIMIT_EXCEEDED', limit: 'depth', connection: 'usable' });
  });

  it('holds no more entries than its limit', async () => {
    const script = `${loginWithMlst}${port}DATA\nC: MLSD /d\nS: 150 here\nD: type=dir; a\nD: type=dir; b\nD-end\n`;
    await expect(
      against(script, (ftp) => paths(ftp.list('/d')), { limits: { listingEntries: 1 } }),
    ).rejects.toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
      limit: 'listingEntries',
      connection: 'closed',
    });
  });

  it('lets calls be made inside the loop, however long the listing is', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `D: type=file;size=1; f${i}`).join('\n');
    const script = `${loginWithMlst}${port}DATA\nC: MLSD /d\nS: 150 here\n${rows}\nD-end\nS: 226 done\nC: DELE /d/f0\nS: 250 gone\nC: DELE /d/f1\nS: 250 gone\n`;
    await against(script, async (ftp) => {
      let seen = 0;
      for await (const entry of ftp.list('/d')) {
        if (seen < 2) await ftp.remove(entry.path);
        seen += 1;
      }
      expect(seen).toBe(5000);
    });
  });

  it('stops where the loop stops, and keeps the session', async () => {
    const script = `${loginWithMlst}${port}DATA\nC: MLSD /d\nS: 150 here\nD: type=file; f\nU:\nS: 426 you left\nC: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      for await (const entry of ftp.list('/d')) {
        expect(entry.path).toBe('/d/f');
        break;
      }
      await ftp.command('NOOP');
    });
  });
});

describe('passive ports', () => {
  const done =
    'DATA\nC: LIST /d\nS: 150 here\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 226 done\n';
  it.each([
    ['a dot behind it', 'C: EPSV\nS: 229 ok (|||6446|).\n'],
    ['other delimiters', 'C: EPSV\nS: 229 ok (!!!6446!)\n'],
    ['227 for EPSV', 'C: EPSV\nS: 229 ok (10,0,0,1,25,46)\n'],
    ['227 as a code for EPSV', 'C: EPSV\nS: 227 ok (10,0,0,1,25,46)\n'],
    ['no EPSV', 'C: EPSV\nS: 500 what\nC: PASV\nS: 227 ok (10,0,0,1,25,46)\n'],
    ['EPSV not with this argument', 'C: EPSV\nS: 501 what\nC: PASV\nS: 227 ok (10,0,0,1,25,46)\n'],
    ['EPSV for another family', 'C: EPSV\nS: 522 use (2)\nC: PASV\nS: 227 ok 10,0,0,1,25,46\n'],
  ])('%s', async (_name, steps) => {
    const dialled: unknown[] = [];
    await against(login + steps + done, async (ftp) => {
      dialled.push(ftp);
      await all(ftp.list('/d'));
    });
  });

  it('goes to the host of the control connection, whatever 227 says', async () => {
    const { play } = await import('./script.js');
    const { FtpClient } = await import('../src/index.js');
    const played = play(`${login}C: PASV\nS: 227 ok (192,0,2,1,25,46)\n${done}`);
    const targets: unknown[] = [];
    const ftp = await FtpClient.connect({
      ...played.options,
      disable: ['EPSV'],
      dial: (target, options) => {
        targets.push(target);
        return (played.options.dial as NonNullable<typeof played.options.dial>)(target, options);
      },
    });
    await all(ftp.list('/d'));
    ftp.close();
    expect(targets).toEqual([
      { host: 'ftp.example.test', port: 21, purpose: 'control' },
      { host: 'ftp.example.test', port: 25 * 256 + 46, purpose: 'data' },
    ]);
  });

  it('tries PASV where the port of EPSV can’t be reached, and remembers', async () => {
    const { play } = await import('./script.js');
    const { FtpClient } = await import('../src/index.js');
    const pasv = 'C: PASV\nS: 227 ok (10,0,0,1,25,47)\n';
    const played = play(`${login}${port}${pasv}${done}${pasv}${done}`);
    const ftp = await FtpClient.connect({
      ...played.options,
      dial: (target, options) => {
        if (target.port === 6446) return Promise.reject(new Error('ECONNREFUSED'));
        return (played.options.dial as NonNullable<typeof played.options.dial>)(target, options);
      },
    });
    await all(ftp.list('/d'));
    await all(ftp.list('/d'));
    await played.over;
    ftp.close();
  });

  it('says so where no port can be reached, and keeps the session', async () => {
    const { play } = await import('./script.js');
    const { FtpClient } = await import('../src/index.js');
    const played = play(`${login}${port}C: PASV\nS: 502 no\nC: NOOP\nS: 200 ok\n`);
    const ftp = await FtpClient.connect({
      ...played.options,
      dial: (target, options) => {
        if (target.purpose === 'data') return Promise.reject(new Error('ECONNREFUSED'));
        return (played.options.dial as NonNullable<typeof played.options.dial>)(target, options);
      },
    });
    await expect(all(ftp.list('/d'))).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      connection: 'usable',
      phase: 'dial',
    });
    await ftp.command('NOOP');
    ftp.close();
  });

  it.each([
    'S: 229 (|||0|)',
    'S: 229 soon',
    'S: 229 (|||99999|)',
    'S: 202 superfluous',
    'S: 200 ok',
    'S: 425 no',
    'S: 450 no',
    'S: 530 no',
  ])('%s is no port, and PASV is asked', async (reply) => {
    const listing =
      'DATA\nC: LIST /d\nS: 150 here\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 226 done\n';
    // A 200 may be another command's, with the port still to come: a mark shows that it is not.
    const mark = reply === 'S: 200 ok' ? 'C: PWD\nS: 257 "/"\n' : '';
    const script = `${login}C: EPSV\n${reply}\n${mark}C: PASV\nS: 227 ok (10,0,0,1,25,46)\n${listing}`;
    const again = reply.startsWith('S: 4')
      ? 'C: EPSV\nS: 229 (|||6446|)\n'
      : 'C: PASV\nS: 227 (10,0,0,1,25,46)\n';
    await against(script + again + listing, async (ftp) => {
      expect(await paths(ftp.list('/d'))).toEqual(['/d/f']);
      expect(await paths(ftp.list('/d'))).toEqual(['/d/f']);
    });
  });

  it('neither EPSV nor PASV: the refusal is of one call', async () => {
    const script = `${login}C: EPSV\nS: 500 no\nC: PASV\nS: 502 no\nC: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      await expect(all(ftp.list('/d'))).rejects.toMatchObject({
        command: 'PASV',
        connection: 'usable',
      });
      await ftp.command('NOOP');
    });
  });
});

describe('downloads', () => {
  const whole = `${sized}DATA\nC: RETR /f\nS: 150 here\nD: 12345678\nD-end\nS: 226 done\n`;

  it('are proven by their size, however cut', async () => {
    same(
      await inAllCuts(login + whole, async (ftp) => {
        const { target, text } = sink();
        return [await ftp.download('/f', target), text()];
      }),
      [{ octets: 10, size: 10, start: 0, proof: 'size' }, '12345678\r\n'],
    );
  });

  it('go into a file that has its name only at the end', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ftp-'));
    const path = join(directory, 'f');
    await writeFile(path, 'old');
    await against(login + whole, (ftp) => ftp.download('/f', path));
    expect(await readFile(path, 'utf8')).toBe('12345678\r\n');
    const cut = whole
      .replace('213 10', '213 11')
      .replace('226 done', '226 done\nC: SIZE /f\nS: 213 11');
    await expect(against(login + cut, (ftp) => ftp.download('/f', path))).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
      octets: 10,
      expected: 11,
      connection: 'usable',
      retry: 'later',
    });
    expect(await readFile(path, 'utf8')).toBe('12345678\r\n');
    expect(await readdir(directory)).toEqual(['f']);
  });

  it('take back an offset that was never used', async () => {
    const script = `${login}${sized}DATA\nC: REST 5\nS: 350 ok\nC: RETR /f\nS: 550 Permission denied\n${sized}DATA\nC: REST 0\nS: 350 ok\nC: RETR /f\nS: 150 here\nD: 12345678\nD-end\nS: 226 done\n`;
    await against(script, async (ftp) => {
      await expect(ftp.download('/f', sink().target, { start: 5 })).rejects.toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
      });
      await ftp.download('/f', sink().target);
    });
  });

  it.each([
    [
      'no SIZE, an announced size',
      'S: 550 no',
      'S: 150 here (10 bytes)',
      'D-end\nS: 226 done',
      'size',
    ],
    ['no size at all', 'S: 550 no', 'S: 150 here', 'D-end\nS: 226 done', 'final-reply'],
    ['226 first', 'S: 213 10', 'S: 150 here\nS: 226 done', 'D.', 'size'],
    ['226 without 150', 'S: 213 10', '', 'D-end\nS: 226 done', 'size'],
    ['a reset behind the last octet', 'S: 213 10', 'S: 150 here', 'D-reset\nS: 226 done', 'size'],
    [
      'a file that has grown',
      'S: 213 9',
      'S: 150 here',
      'D-end\nS: 226 done\nC: SIZE /f\nS: 213 10',
      'size',
    ],
    [
      'a wrong announcement',
      'S: 550 no',
      'S: 150 (9 bytes)',
      'D-end\nS: 226 ok\nC: SIZE /f\nS: 213 10',
      'size',
    ],
  ])('%s', async (_name, size, opening, ending, proof) => {
    const script = `${login}C: SIZE /f\nC: EPSV\n${size}\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\n${opening}\nD: 12345678\n${ending}\n`;
    const { result } = await against(script, (ftp) => ftp.download('/f', sink().target));
    expect(result).toEqual({ octets: 10, size: 10, start: 0, proof });
  });

  it.each([
    ['refused', 'S: 550 Permission denied\n', 'ERR_COMMAND_REJECTED'],
    ['not there', 'S: 550 /f: No such file or directory\n', 'ERR_NOT_FOUND'],
    ['busy', 'S: 450 busy\n', 'ERR_COMMAND_REJECTED'],
    [
      'short',
      'S: 150 here\nD: 1234\nD-end\nS: 226 done\nC: SIZE /f\nS: 213 10\n',
      'ERR_TRANSFER_INCOMPLETE',
    ],
    [
      'a reset',
      'S: 150 here\nD: 1234\nD-reset\nS: 226 done\nC: SIZE /f\nS: 213 10\n',
      'ERR_TRANSFER_INCOMPLETE',
    ],
    ['broken off', 'S: 150 here\nD: 1234\nS: 451 disk\n', 'ERR_TRANSFER_INCOMPLETE'],
    ['no connection', 'S: 425 no\n', 'ERR_COMMAND_REJECTED'],
  ])('%s', async (_name, steps, code) => {
    const script = `${login}${sized}DATA\nC: RETR /f\n${steps}C: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      await expect(ftp.download('/f', sink().target)).rejects.toMatchObject({
        code,
        connection: 'usable',
        protocol: 'ftp',
      });
      await ftp.command('NOOP');
    });
  });

  it('tell how far they are', async () => {
    const octets = 'x'.repeat(200_000 - 2);
    const seen: unknown[] = [];
    const script = `${login}${sized.replace('213 10', '213 200000')}DATA\nC: RETR /f\nS: 150 here\nD: ${octets}\nD-end\nS: 226 done\n`;
    await against(script, (ftp) =>
      ftp.download('/f', sink().target, { onProgress: (progress) => seen.push(progress) }),
    );
    expect(seen.at(-1)).toEqual({ octets: 200_000, total: 200_000 });
  });

  it('compare hashes where asked to', async () => {
    const digest = '0cf8b1ae3b6ab5fb0e5bb1e9a9a1ea8a5f0cc5ac1c3f12b6ae5a0d2b41e3d2f0';
    const script = `${loginWithMlst}${whole.slice(whole.indexOf('C: SIZE'))}C: OPTS HASH SHA-256\nS: 200 ok\nC: HASH /f\nS: 213 SHA-256 0-9 ${digest} /f\n`;
    await expect(
      against(script, (ftp) => ftp.download('/f', sink().target, { verify: 'hash' })),
    ).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE' });
    const { createHash } = await import('node:crypto');
    const right = createHash('sha256').update('12345678\r\n').digest('hex');
    const { result } = await against(script.replace(digest, right.toUpperCase()), (ftp) =>
      ftp.download('/f', sink().target, { verify: 'hash' }),
    );
    expect(result.hash).toEqual({ algorithm: 'sha256', value: right });
    await expect(
      against(login, (ftp) => ftp.download('/f', sink().target, { verify: 'hash' })),
    ).rejects.toMatchObject({ code: 'ERR_EXTENSION_REQUIRED', connection: 'usable' });
  });

  it('end with the target that fails, and keep the session', async () => {
    const script = `${login}${sized}DATA\nC: RETR /f\nS: 150 here\nD: 1234\nU:\nS: 426 gone\nC: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      const target = new Writable({
        write(_chunk, _encoding, done) {
          done(new Error('no room'));
        },
      });
      // The write fails behind the back of the first piece; the next piece or the end tells.
      const failing = ftp.download('/f', target);
      await expect(failing).rejects.toMatchObject({ code: 'ERR_LOCAL_IO', connection: 'usable' });
      await ftp.command('NOOP');
    });
  });

  it.each([
    [undefined, {}],
    [42, {}],
    [{ write: 1 }, {}],
    [new URL('https://example.org/f'), {}],
    [new PassThrough(), { resume: true }],
    ['f', { start: 5 }],
    [new PassThrough(), { start: -1 }],
  ])('refuse the target %s with %j', async (target, options) => {
    await against(login, (ftp) =>
      expect(ftp.download('/f', target as never, options)).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
      }),
    );
  });
});

describe('read streams', () => {
  const whole = `${sized}DATA\nC: RETR /f\nS: 150 here\nD: 12345678\nD-end\nS: 226 done\n`;

  it('give the octets, however cut', async () => {
    same(await inAllCuts(login + whole, (ftp) => text(ftp.createReadStream('/f'))), '12345678\r\n');
  });

  it('begin where they are told', async () => {
    const script = `${login}${sized}DATA\nC: REST 6\nS: 350 ok\nC: RETR /f\nS: 150 here\nD: 78\nD-end\nS: 226 done\n`;
    const { result } = await against(script, (ftp) =>
      text(ftp.createReadStream('/f', { start: 6 })),
    );
    expect(result).toBe('78\r\n');
  });

  it.each([
    [6, 'DATA\nC: REST 6\nS: 502 no\n', 'ERR_EXTENSION_REQUIRED'],
    [11, 'DATA\n', 'ERR_ARGUMENT'],
  ])(
    'say why they can’t begin at octet %i, and so do downloads into streams',
    async (start, steps, code) => {
      const noop = 'C: NOOP\nS: 200 ok\n';
      for (const work of [
        (ftp: FtpClient): Promise<unknown> => text(ftp.createReadStream('/f', { start })),
        (ftp: FtpClient): Promise<unknown> => ftp.download('/f', sink().target, { start }),
      ]) {
        await against(login + sized + steps + noop, async (ftp) => {
          await expect(work(ftp)).rejects.toMatchObject({ code, connection: 'usable' });
          await ftp.command('NOOP');
        });
      }
    },
  );

  it('fail rather than end where the file is not whole', async () => {
    const script = `${login}${whole.replace('213 10', '213 11')}C: SIZE /f\nS: 213 11\n`;
    await expect(against(script, (ftp) => text(ftp.createReadStream('/f')))).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
    });
  });

  it('let calls inside their loop and behind it wait for the rest', async () => {
    await against(`${login}${whole}C: NOOP\nS: 200 ok\n`, async (ftp) => {
      let octets = 0;
      for await (const piece of ftp.createReadStream('/f')) {
        if (octets === 0) await ftp.command('NOOP');
        octets += piece.length;
      }
      expect(octets).toBe(10);
    });
    await against(`${login}${whole}C: NOOP\nS: 200 ok\n`, async (ftp) => {
      let octets = 0;
      for await (const piece of ftp.createReadStream('/f')) octets += piece.length;
      expect(octets).toBe(10);
      expect((await ftp.command('NOOP')).code).toBe(200);
    });
  });

  it('do not keep those from calling who only began a loop', async () => {
    await against(`${login}${whole}C: NOOP\nS: 200 ok\n`, async (ftp) => {
      const reading = text(ftp.createReadStream('/f'));
      await new Promise((resolve) => setImmediate(resolve));
      expect((await ftp.command('NOOP')).code).toBe(200);
      expect(await reading).toHaveLength(10);
    });
  });

  it('give the transfer up when they are destroyed, and keep the session', async () => {
    const script = `${login}${sized}DATA\nC: RETR /f\nS: 150 here\nD: 1234\nU:\nS: 426 gone\nC: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      for await (const _ of ftp.createReadStream('/f')) break;
      await ftp.command('NOOP');
    });
  });

  it('do not begin before they are read', async () => {
    await against(`${login}C: NOOP\nS: 200 ok\n`, async (ftp) => {
      const stream = ftp.createReadStream('/f');
      await ftp.command('NOOP');
      stream.destroy();
    });
  });
});

describe('uploads', () => {
  const stored = (content: string, size = content.length) =>
    `${port}DATA\nC: STOR /f\nS: 150 go\nU: ${content}\nS: 226 done\nC: SIZE /f\nS: 213 ${size}\n`;

  it.each([
    ['text', () => 'häl' as const, 'h\xc3\xa4l'],
    ['octets', () => Buffer.from('hello'), 'hello'],
    ['nothing', () => '', ''],
    ['a Readable', () => Readable.from([Buffer.from('he'), Buffer.from('llo')]), 'hello'],
    [
      'a generator',
      async function* () {
        yield 'he';
        yield Buffer.from('llo');
      },
      'hello',
    ],
    ['a web stream', () => new Blob(['hello']).stream() as ReadableStream<Uint8Array>, 'hello'],
  ])('take %s', async (_name, source, content) => {
    for (const cut of ['whole', 'octets'] as const) {
      const { result } = await against(
        login + stored(content),
        (ftp) => ftp.upload(source(), '/f'),
        { cut },
      );
      expect(result).toEqual({
        octets: content.length,
        size: content.length,
        start: 0,
        proof: 'size',
      });
    }
  });

  it('take a file of this side', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ftp-'));
    await writeFile(join(directory, 'f'), 'hello');
    await against(login + stored('hello'), (ftp) =>
      ftp.upload({ file: join(directory, 'f') }, '/f'),
    );
    await against(`${login}C: NOOP\nS: 200 ok\n`, async (ftp) => {
      await expect(ftp.upload({ file: join(directory, 'g') }, '/f')).rejects.toMatchObject({
        code: 'ERR_LOCAL_IO',
        connection: 'usable',
      });
      await ftp.command('NOOP');
    });
  });

  it('see that the server has less', async () => {
    await expect(
      against(login + stored('hello', 4), (ftp) => ftp.upload('hello', '/f')),
    ).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE', octets: 4, expected: 5 });
  });

  it('believe the final reply where there is no SIZE, or where asked to', async () => {
    const script = `${port}DATA\nC: STOR /f\nS: 150 go\nU: hello\nS: 226 done\n`;
    const without = await against(
      `${login}${script}C: SIZE /f\nS: 550 no\nC: NOOP\nS: 200 ok\n`,
      (ftp) => ftp.upload('hello', '/f'),
    );
    expect(without.result.proof).toBe('final-reply');
    await against(login + script, (ftp) => ftp.upload('hello', '/f', { verify: false }));
  });

  it('append', async () => {
    const script = `${port}DATA\nC: APPE /f\nS: 150 go\nU: hello\nS: 226 done\n`;
    const { result } = await against(login + script, (ftp) => ftp.append('hello', '/f'));
    expect(result).toMatchObject({ octets: 5, proof: 'final-reply' });
  });

  it.each([
    ['refused', 'S: 553 no', 'ERR_COMMAND_REJECTED', 'never'],
    ['full', 'S: 150 go\nS: 452 full', 'ERR_TRANSFER_INCOMPLETE', 'later'],
    ['over quota', 'S: 150 go\nS: 552 quota', 'ERR_TRANSFER_INCOMPLETE', 'never'],
    ['reset', 'S: 150 go\nD-reset\nS: 426 gone', 'ERR_TRANSFER_INCOMPLETE', 'later'],
  ])('%s', async (_name, steps, code, retry) => {
    const script = `${login}${port}DATA\nC: STOR /f\n${steps}\nC: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      async function* endless() {
        for (;;) {
          yield Buffer.alloc(100);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      await expect(ftp.upload(endless(), '/f')).rejects.toMatchObject({
        code,
        retry,
        connection: 'usable',
      });
      await ftp.command('NOOP');
    });
  });

  it('end with the source that fails, and keep the session', async () => {
    const script = `${login}${port}DATA\nC: STOR /f\nS: 150 go\nU: he\nS: 226 done\nC: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      async function* failing() {
        yield 'he';
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new Error('the source broke');
      }
      await expect(ftp.upload(failing(), '/f')).rejects.toMatchObject({
        code: 'ERR_LOCAL_IO',
        connection: 'usable',
        cause: { message: 'the source broke' },
      });
      await ftp.command('NOOP');
    });
  });

  it('refuse a source that calls the client that waits for it', async () => {
    const script = `${login}C: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      async function* calling() {
        await ftp.command('NOOP');
        yield 'x';
      }
      await expect(ftp.upload(calling(), '/f')).rejects.toMatchObject({
        code: 'ERR_LOCAL_IO',
        cause: { code: 'ERR_WOULD_DEADLOCK' },
      });
      await ftp.command('NOOP');
    });
    await against(login, (ftp) =>
      expect(ftp.upload(ftp.createReadStream('/g'), '/f')).rejects.toMatchObject({
        code: 'ERR_WOULD_DEADLOCK',
      }),
    );
  });

  it('under another name first', async () => {
    // The name is random, so the dialogue is read by hand here.
    const { play } = await import('./script.js');
    const { FtpClient } = await import('../src/index.js');
    const played = play(`${login}${port}DATA\nC: STOR ?\n`);
    played.over.catch(() => {});
    const ftp = await FtpClient.connect(played.options);
    ftp.upload('x', '/d/f', { atomic: true }).catch(() => {});
    await expect.poll(() => played.said.at(-1)).toMatch(/^STOR \/d\/\.f\.[0-9a-f]{12}\.part$/);
    ftp.close();
  });

  it.each([[undefined], [42], [{}], [null], [{ file: 7 }], [{ file: new URL('http://x/') }]])(
    'refuse the source %s',
    async (source) => {
      await against(login, (ftp) =>
        expect(ftp.upload(source as never, '/f')).rejects.toMatchObject({ code: 'ERR_ARGUMENT' }),
      );
    },
  );
});

describe('one path', () => {
  it('by MLST', async () => {
    const script = `${loginWithMlst}C: MLST /d/f\nS: 250-Listing\nS:  type=file;size=3;modify=20240102030405; /d/f\nS: 250 End\n`;
    same(await inAllCuts(script, async (ftp) => ({ ...(await ftp.stat('/d/f')) })), {
      name: 'f',
      path: '/d/f',
      type: 'file',
      size: 3,
      modified: new Date('2024-01-02T03:04:05Z'),
      precision: 'second',
      zone: 'utc',
    });
    const cdir = script.replace('type=file;size=3', 'type=cdir');
    expect((await against(cdir, (ftp) => ftp.stat('/d/f'))).result?.type).toBe('directory');
  });

  it('by SIZE and MDTM, in one flight', async () => {
    const script = `${login}C: SIZE /f\nC: MDTM /f\nS: 213 3\nS: 213 20240102030405\nC: PWD\nS: 257 "/"\nC: CWD /f\nS: 550 no directory\n`;
    const { result } = await against(script, (ftp) => ftp.stat('/f'));
    expect(result).toMatchObject({
      type: 'file',
      size: 3,
      modified: new Date('2024-01-02T03:04:05Z'),
    });
  });

  it('by the directory above, which proves what is not there', async () => {
    const script = `${login}C: SIZE /d/s\nC: MDTM /d/s\nS: 550 no\nS: 550 no\n${port}DATA\nC: LIST /d\nS: 150 here\nD: drwxr-xr-x 2 a b 3 Jan 02 2024 s\nD-end\nS: 226 done\n`;
    const { result } = await against(script, (ftp) => ftp.stat('/d/s'));
    expect(result).toMatchObject({ type: 'directory', path: '/d/s' });
    const entered = 'C: PWD\nS: 257 "/"\nC: CWD /d/t\nS: 550 no\n';
    const other = script.replaceAll('/d/s', '/d/t') + entered;
    const absent = await against(other, (ftp) => ftp.stat('/d/t'));
    expect(absent.result).toBeUndefined();
  });

  it('that says itself that it is not there', async () => {
    const script = `${loginWithMlst}C: MLST /f\nS: 550 /f: No such file or directory\n`;
    expect((await against(script, (ftp) => ftp.stat('/f'))).result).toBeUndefined();
  });

  it('at the top', async () => {
    const script = `${login}C: SIZE /\nC: MDTM /\nS: 550 no\nS: 550 no\nC: PWD\nS: 257 "/home" is it\nC: CWD /\nS: 250 ok\nC: CWD /home\nS: 250 ok\n`;
    expect((await against(script, (ftp) => ftp.stat('/'))).result).toMatchObject({
      type: 'directory',
    });
  });
});

describe('directories and names', () => {
  it('makes parents in one flight, and takes what is there', async () => {
    const script = `${loginWithMlst}C: MKD /a\nC: MKD /a/b\nS: 550 exists\nS: 257 "/a/b"\nC: MKD /a\nC: MKD /a/b\nS: 550 exists\nS: 550 exists\nC: MLST /a/b\nS: 250-\nS:  type=dir; /a/b\nS: 250 End\nC: MKD /a\nS: 550 exists\n`;
    await against(script, async (ftp) => {
      await ftp.mkdir('/a/b', { parents: true });
      await ftp.mkdir('/a/b', { parents: true });
      await expect(ftp.mkdir('/a')).rejects.toMatchObject({ code: 'ERR_COMMAND_REJECTED' });
    });
  });

  it('does not go into what it can’t see to be a directory', async () => {
    const script = `${loginWithMlst}C: DELE /l\nS: 550 no\nC: RMD /l\nS: 550 no\nC: MLST /l\nS: 250-\nS:  type=OS.unix=symlink; l\nS: 250 End\n`;
    await expect(
      against(script, (ftp) => ftp.remove('/l', { recursive: true })),
    ).rejects.toMatchObject({ code: 'ERR_COMMAND_REJECTED', command: 'DELE /l' });
  });

  it('renames, sets modes, times and asks for hashes', async () => {
    const hex = 'a1'.repeat(32);
    const script = `${loginWithMlst}C: RNFR a b\nC: RNTO c\nS: 350 go\nS: 250 done\nC: SITE CHMOD 644 /f\nS: 200 ok\nC: MFMT 20240102030405 /f\nS: 213 ok\nC: OPTS HASH SHA-256\nS: 200 ok\nC: HASH /f\nS: 213 SHA-256 0-9 ${hex} /f\nC: PWD\nS: 257 "/a ""b""" is it\nC: SITE UMASK 022\nS: 200-one\nS:  two\nS: 200 three\n`;
    same(
      await inAllCuts(script, async (ftp) => {
        await ftp.rename('a b', 'c');
        await ftp.chmod('/f', 0o644);
        await ftp.setModified('/f', new Date('2024-01-02T03:04:05.678Z'));
        return [
          await ftp.hash('/f'),
          await ftp.workingDirectory(),
          (await ftp.command('SITE', ['UMASK', '022'])).lines,
        ];
      }),
      [hex, '/a "b"', ['one', ' two', 'three']],
    );
  });

  it('calls made at once go out at once, and the answers find them', async () => {
    const script = `${loginWithMlst}C: MKD /a\nC: MKD /b\nC: MKD /c\nS: 257 "/a"\nS: 550 no\nS: 257 "/c"\n`;
    await against(script, async (ftp) => {
      const results = await Promise.allSettled(['/a', '/b', '/c'].map((path) => ftp.mkdir(path)));
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });
  });
});

describe('charsets', () => {
  it('names that are no UTF-8 are read by the fallback, listed below, and fetched by their octets', async () => {
    const script = `${loginWithMlst}
C: EPSV\nS: 229 ok (|||6446|)\nDATA\nC: MLSD /d\nS: 150 here\nD: type=dir; \xe9\nD-end\nS: 226 done
C: EPSV\nS: 229 ok (|||6446|)\nDATA\nC: MLSD /d/\xe9\nS: 150 here\nD: type=file; \xe0\nD-end\nS: 226 done
C: DELE /d/\xe9/\xe0\nS: 250 gone\n`;
    await against(script, async (ftp) => {
      const entries = await all(ftp.list('/d', { recursive: true }));
      expect(entries.map(({ path }) => path)).toEqual(['/d/é', '/d/é/à']);
      await ftp.remove(entries[1]?.rawPath as Uint8Array);
    });
  });

  it('another charset is used both ways', async () => {
    const script = `${login}C: DELE \xe9\nS: 250 gone\n`;
    await against(script, (ftp) => ftp.remove('é'), { encoding: 'windows-1252' });
  });

  it('listings of mainframes are asked for as text, files as octets', async () => {
    const data = 'C: EPSV\nS: 229 ok (|||6446|)\nDATA\n';
    const script = `${login.replace('UNIX Type: L8', 'MVS is the operating system')}C: TYPE A\nS: 200 ok\n${data}C: LIST 'A.'\nS: 150 here\nD:  Name     VV.MM   Created       Changed      Size  Init   Mod   Id\nD-end\nS: 226 ok\nC: TYPE I\nS: 200 ok\nC: SIZE /f\n${data.replace('S: ', 'S: 550 no\nS: ')}C: RETR /f\nS: 150 here\nD-raw: x\nD-end\nS: 226 ok\n`;
    await against(script, async (ftp) => {
      await all(ftp.list("'A.'"));
      expect(await text(ftp.createReadStream('/f'))).toBe('x');
    });
  });
});

describe('what must not go out', () => {
  it.each([{ timeout: 'soon' }, { timeout: -1 }, { signal: {} }])(
    '%j as options',
    async (options) => {
      await against(login, async (ftp) => {
        const bad = options as never;
        await expect(ftp.stat('/f', bad)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
        await expect(ftp.download('/f', 'f', bad)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
      });
    },
  );

  it('a data connection where only one stream was given', async () => {
    const played = (await import('./script.js')).play(`${login}C: NOOP\nS: 200 ok\n`);
    const { dial, host: _host, ...options } = played.options;
    const stream = await (dial as NonNullable<typeof dial>)(
      { host: '', port: 0, purpose: 'control' },
      { signal: AbortSignal.abort() },
    );
    const { FtpClient } = await import('../src/index.js');
    const ftp = await FtpClient.connect({ ...options, stream });
    await expect(all(ftp.list('/'))).rejects.toMatchObject({ code: 'ERR_STATE' });
    await ftp.command('NOOP');
    ftp.close();
  });

  const bad = ['a\r\nDELE b', 'a\nb', 'a\0b', '\ud800', '', 'x'.repeat(9000), 7, undefined, null];
  it.each(bad)('%j as a path', async (given) => {
    const path = given as string;
    await against(login, async (ftp) => {
      const calls = [
        () => all(path === undefined ? ftp.list(null as never) : ftp.list(path)),
        () => ftp.stat(path),
        () => ftp.download(path, 'x'),
        async () => ftp.createReadStream(path),
        () => ftp.upload('x', path),
        () => ftp.append('x', path),
        () => ftp.mkdir(path),
        () => ftp.remove(path),
        () => ftp.rename(path, 'b'),
        () => ftp.rename('a', path),
        () => ftp.chmod(path, 0o644),
        () => ftp.setModified(path, new Date()),
        () => ftp.hash(path),
      ];
      for (const call of calls) {
        await expect((async () => call())()).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
      }
    });
  });

  it.each(['PASS', 'user', 'AUTH', 'RETR', 'CWD', 'TYPE', 'REST', 'OPTS', 'NO OP', '', 'X\r\nY'])(
    'command(%j)',
    async (verb) => {
      await against(loginWithMlst, (ftp) =>
        expect(ftp.command(verb)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' }),
      );
    },
  );

  it('odd modes, times, arguments and hashes', async () => {
    await against(loginWithMlst, async (ftp) => {
      const bad = { code: 'ERR_ARGUMENT' };
      await expect(ftp.chmod('/f', 0o10000)).rejects.toMatchObject(bad);
      await expect(ftp.chmod('/f', '644' as never)).rejects.toMatchObject(bad);
      await expect(ftp.setModified('/f', new Date(Number.NaN))).rejects.toMatchObject(bad);
      await expect(ftp.setModified('/f', new Date(8e15))).rejects.toMatchObject(bad);
      await expect(ftp.hash('/f', 'sha3' as never)).rejects.toMatchObject(bad);
      await expect(ftp.command('SITE', ['x\r\ny'])).rejects.toMatchObject(bad);
      await expect(ftp.command('SITE', ['\ud800'])).rejects.toMatchObject(bad);
    });
  });
});
