/** What one vendor's server does and no RFC says, a dialogue for each. Where TLS is part of it: `tls.test.ts`. */
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createFtpPool, FtpClient } from '../src/index.js';
import { against, login, loginWithMlst, play } from './script.js';

const port = 'C: EPSV\nS: 229 ok (|||6446|)\nDATA\n';
const sized = (path: string, size: string) =>
  `C: SIZE ${path}\nC: EPSV\nS: ${size}\nS: 229 ok (|||6446|)\nDATA\n`;
const system = (name: string) => login.replace('UNIX Type: L8', name);
const names = async (ftp: FtpClient, path?: string) =>
  (await ftp.list(path).toArray()).map((entry) => entry.path);
const read = async (ftp: FtpClient, path: string) =>
  String(await buffer(ftp.createReadStream(path)));
const noop = 'C: NOOP\nS: 200 ok\n';
const stays = async <T>(ftp: FtpClient, work: Promise<T>): Promise<T> => {
  const result = await work;
  expect((await ftp.command('NOOP')).code).toBe(200);
  return result;
};

describe('ProFTPD', () => {
  it('ends an empty listing by a reset: its reply decides', async () => {
    const script = `${login}${port}C: LIST\nS: 150 Opening ASCII mode data connection for file list\nD-reset\nS: 226 Transfer complete\n${noop}`;
    expect((await against(script, (ftp) => stays(ftp, names(ftp)))).result).toEqual([]);
  });

  it('calls the working directory cdir in MLST, and a link by its target', async () => {
    const facts = (text: string) => `S: 250-Start of list for .\nS:  ${text}\nS: 250 End of list\n`;
    const script = `${loginWithMlst}C: MLST .\n${facts('modify=20240102030405;perm=flcdmpe;type=cdir;UNIX.mode=0755; /home/alice')}C: MLST l\n${facts('modify=20240102030405;type=OS.unix=slink:/a b;size=4; /home/alice/l')}`;
    const { result } = await against(script, async (ftp) => [
      await ftp.stat('.'),
      await ftp.stat('l'),
    ]);
    expect(result).toMatchObject([
      { type: 'directory' },
      { type: 'symlink', target: '/a b', path: 'l' },
    ]);
  });

  it('repeats the code ahead of each feature, and refuses SIZE in ASCII: TYPE I comes first', async () => {
    const script = login
      .replace(/S: {2}(EPSV|MDTM|SIZE|REST STREAM)/g, 'S: 211-$1')
      .replace('S: 211-REST', 'S:  REST');
    const { result, said } = await against(script, async (ftp) => [...ftp.capabilities.keys()]);
    expect(result).toEqual(['EPSV', 'MDTM', 'SIZE', 'REST']);
    expect(said.join()).not.toContain('TYPE A');
  });
});

describe('Pure-FTPd, cPanel', () => {
  it('says more than one 150 and 226', async () => {
    const script = `${login}${sized('/f', '213 3')}C: RETR /f\nS: 150-Accepted data connection\nS: 150 0.0 kbytes to download\nS: 150 really\nD-raw: abc\nD-end\nS: 226-File successfully transferred\nS: 226 0.000 seconds\n${noop}`;
    expect((await against(script, (ftp) => stays(ftp, read(ftp, '/f')))).result).toBe('abc');
  });

  it('drops blanks at the end of a name: what is not there under it is said', async () => {
    const rows = 'D: -rw-r--r-- 1 a b 3 Jan 02 2024 f\n';
    const script = `${login}C: SIZE /f \nC: MDTM /f \nS: 550 Can't check for file existence\nS: 550 Can't check for file existence\n${port}C: LIST /\nS: 150 x\n${rows}D-end\nS: 226 x\nC: PWD\nS: 257 "/"\nC: CWD /f \nS: 550 Can't change directory to /f : No such file or directory\n`;
    expect((await against(script, (ftp) => ftp.exists('/f '))).result).toBe(false);
  });
});

describe('Pure-FTPd, limits', () => {
  it('says its last word long after the data: other deadlines do not end the wait', async () => {
    const script = `${login}${port}C: STOR /f\nS: 150 Accepted data connection\nU: abc\nPAUSE\nS: 226 File successfully transferred\n${noop}`;
    const played = play(script);
    const ftp = await FtpClient.connect({
      ...played.options,
      timeouts: { ...played.options.timeouts, reply: 200, finalReply: 10_000 },
    });
    const upload = ftp.upload('abc', '/f', { verify: false });
    await new Promise((resolve) => setTimeout(resolve, 400));
    played.resume();
    expect((await upload).octets).toBe(3);
    await ftp.command('NOOP');
    await played.over;
    ftp.close();
  });

  it.each([
    '421 2 users (the maximum) are already logged in, sorry',
    '530 Sorry, the maximum number of clients (2) for this user are already connected.',
  ])('takes no more connections: a pool does with what it has, %s', async (refusal) => {
    let open = 0;
    const pool = createFtpPool({
      host: 'ftp.example.test',
      security: 'cleartext',
      allowCleartextAuth: true,
      auth: { user: 'alice', password: 'secret' },
      maxConnections: 5,
      dial: async (to, call) => {
        open += 1;
        const isFull = open > 2;
        const script = isFull
          ? refusal.startsWith('421')
            ? `S: ${refusal}\nCLOSE\n`
            : `S: 220 ready\nC: USER alice\nS: 331 x\nC: PASS secret\nS: ${refusal}\nCLOSE\n`
          : login;
        return (await play(script).options.dial?.(to, call)) as never;
      },
    });
    const calls = Array.from({ length: 6 }, () => pool.use(async (client) => client.capabilities));
    expect((await Promise.all(calls)).length).toBe(6);
    await pool.close();
  });
});

describe('IIS', () => {
  it('lists as Unix does where it is set to, and a time without a year is past', async () => {
    const year = new Date().getUTCFullYear();
    const script = `${system('Windows_NT')}${port}C: LIST\nS: 125 Data connection already open; Transfer starting.\nD: drwxrwxrwx   1 owner    group               0 Jan  1  ${year - 1} sub dir\nD: -rwxrwxrwx   1 owner    group            1234 Jan  1  0:00 f.txt\nD-end\nS: 226 Transfer complete.\n`;
    const { result } = await against(script, (ftp) => ftp.list().toArray());
    expect(result).toMatchObject([
      { path: 'sub dir', type: 'directory', modified: new Date(Date.UTC(year - 1, 0, 1)) },
      { path: 'f.txt', size: 1234, modified: new Date(Date.UTC(year, 0, 1)) },
    ]);
  });

  it('sets a time by MDTM with two arguments', async () => {
    const script = `${login}C: MDTM 20240102030405 /f\nS: 213 20240102030405\n`;
    await against(script, (ftp) => ftp.setModified('/f', new Date(Date.UTC(2024, 0, 2, 3, 4, 5))));
  });

  it('lists as DOS does, and answers SIZE of a directory in several lines', async () => {
    const script = `${system('Windows_NT')}${port}C: LIST /d\nS: 125 Data connection already open; Transfer starting.\nD: 01-02-24  03:04PM       <DIR>          sub dir\nD: 01-02-24  03:04PM                 1234 f.txt\nD-end\nS: 226 Transfer complete.\nC: SIZE /d/sub dir\nC: MDTM /d/sub dir\nS: 550-Access is denied. \nS:  Win32 error:   Access is denied. \nS:  Error details: File system denied the access.\nS: 550 End\nS: 550 no\n${port}C: LIST /d\nS: 125 x\nD: 01-02-24  03:04PM       <DIR>          sub dir\nD-end\nS: 226 x\n`;
    const { result } = await against(script, async (ftp) => [
      await names(ftp, '/d'),
      (await ftp.stat('/d/sub dir'))?.type,
    ]);
    expect(result).toEqual([['/d/sub dir', '/d/f.txt'], 'directory']);
  });
});

describe('Serv-U, GlobalSCAPE', () => {
  const hex = 'a1'.repeat(32);
  it('wants names in quotes', async () => {
    const script = `${loginWithMlst}C: OPTS HASH SHA-256\nS: 200 ok\nC: HASH /a b\nS: 501 Syntax error\nC: HASH "/a b"\nS: 213 SHA-256 0-9 ${hex} /a b\n`;
    expect((await against(script, (ftp) => ftp.hash('/a b'))).result).toBe(hex);
  });

  it('takes what stands behind a blank for a range: X-commands quote such names', async () => {
    const own = login.replace('S:  MDTM', 'S:  MDTM\nS:  XSHA256');
    const script = `${own}C: XSHA256 "/a b"\nS: 250 ${hex.toUpperCase()}\nC: XSHA256 /c\nS: 250 ${hex}\nC: XSHA256 "/d e"\nS: 550 no\nC: XSHA256 /d e\nS: 250 ${hex}\n`;
    const { result } = await against(script, async (ftp) => [
      await ftp.hash('/a b'),
      await ftp.hash('/c'),
      await ftp.hash('/d e'),
    ]);
    expect(result).toEqual([hex, hex, hex]);
  });

  it('breaks MLSD, and sets a dot behind 229', async () => {
    const list = `C: LIST /d\nS: 150 x\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 226 x\n`;
    const dotted = port.replace('|)', '|).');
    const script = `${loginWithMlst}${dotted}C: MLSD /d\nS: 501 Invalid number of parameters\n${dotted}${list}${dotted}${list}`;
    const { result } = await against(script, async (ftp) => [
      await names(ftp, '/d'),
      await names(ftp, '/d'),
    ]);
    expect(result).toEqual([['/d/f'], ['/d/f']]);
  });
});

describe('z/OS (MVS)', () => {
  it('refuses to list what has no members, and names data sets in quotes', async () => {
    const script = `${system('MVS is the operating system of this server. FTP Server is running on z/OS.')}C: TYPE A\nS: 200 ok\n${port}C: LIST 'ALICE.PDS'\nS: 550 No members found.\nC: PWD\nS: 257 "'ALICE.'" is the working directory name prefix.\nC: CWD 'ALICE.PDS'\nS: 250 "ALICE.PDS" is the working directory\n${port}C: LIST\nS: 550 No members found.\nC: CWD 'ALICE.'\nS: 250 ok\n${noop}`;
    const { result } = await against(script, (ftp) => stays(ftp, names(ftp, "'ALICE.PDS'")));
    expect(result).toEqual([]);
  });
});

describe('z/OS (MVS), hidden names and jobs', () => {
  const mvs = system('MVS is the operating system of this server. FTP Server is running on z/OS.');
  it('is never asked for -a: that would be the name of a data set', async () => {
    const script = `${mvs}C: TYPE A\nS: 200 ok\n${port}C: LIST\nS: 125 List started OK\nD: Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\nD: B10142 3390   2006/03/20  2   31  F       80    80  PS   WORK.DATA\nD-end\nS: 250 List completed successfully.\n${noop}`;
    const { result } = await against(script, (ftp) =>
      stays(ftp, ftp.list('.', { hidden: true }).toArray()),
    );
    expect(result).toMatchObject([{ path: 'WORK.DATA' }]);
  });

  it('gives the output of a job as text (FILETYPE=JES)', async () => {
    const script = `${mvs}C: SITE FILETYPE=JES\nS: 200 SITE command was accepted\nC: TYPE A\nS: 200 ok\n${port}C: LIST\nS: 125 List started OK\nD: JOBNAME  JOBID    OWNER    STATUS CLASS\nD: ALICEA   JOB00054 ALICE    OUTPUT A        RC=0000 3 spool files\nD-end\nS: 250 List completed successfully.\n${port}C: RETR JOB00054\nS: 125 Sending data set ALICE.ALICEA.JOB00054\nD-raw: line\\r\\n\nD-end\nS: 250 Transfer completed successfully.\nC: TYPE I\nS: 200 ok\n`;
    const { result } = await against(script, async (ftp) => {
      await ftp.command('SITE', ['FILETYPE=JES']);
      const [job] = await ftp.list().toArray();
      const pieces: Buffer[] = [];
      const sink = new Writable({
        write(piece, _encoding, done) {
          pieces.push(piece);
          done();
        },
      });
      await ftp.download(job?.path ?? '', sink, { type: 'ascii' });
      return [job?.owner, String(Buffer.concat(pieces)).trimEnd()];
    });
    expect(result).toEqual(['ALICE', 'line']);
  });
});

describe('OS/400 (IBM i)', () => {
  const is = system('OS/400 is the remote operating system. The TCP/IP version is "V5R4M0".');
  const listing =
    'C: TYPE A\nS: 200 ok\nC: EPSV\nS: 229 Entering Extended Passive Mode (!!!6446!).\nDATA\nC: LIST /home\nS: 125 List started.\nD: drwxr-sr-x 2 QSYS 0 8192 Jan 02 2024 alice\nD-end\nS: 250 List completed.\n';
  it('is asked for paths and lines as Unix has them', async () => {
    const script = `${is}C: SITE NAMEFMT 1\nS: 250  Now using naming format "1".\nC: SITE LISTFMT 1\nS: 250 Now using LISTFMT 1.\n${listing}`;
    expect((await against(script, (ftp) => names(ftp, '/home'))).result).toEqual(['/home/alice']);
  });

  it('may refuse that, and may be left as it is', async () => {
    const refused = `${is}C: SITE NAMEFMT 1\nS: 501 Unknown extension in SITE command.\n${listing}`;
    expect((await against(refused, (ftp) => names(ftp, '/home'))).result).toEqual(['/home/alice']);
    const { result } = await against(`${is}${listing}`, (ftp) => names(ftp, '/home'), {
      disable: ['NAMEFMT'],
    });
    expect(result).toEqual(['/home/alice']);
  });
});

describe('HP NonStop, z/VM, OpenVMS: SYST chooses how lines are read', () => {
  it.each([
    ['NONSTOP Guardian', '', 'IDENT   101   528  6-Apr-07 14:21:18   255, 0 "oooo"', 'IDENT'],
    ['z/VM Version 5', 'A', 'PROFILE  EXEC  V  65  107  2 2015-10-04 15:28:42 06', 'PROFILE.EXEC'],
    ['VM is the operating system.', 'A', 'TOOLS DIR - - - - 2015-10-04 15:28:42 -', 'TOOLS'],
    ['VMS OpenVMS V8.4', '', 'CORE.TXT;12   5  8-SEP-1996 16:09 [ALICE] (RWED,,,)', 'CORE.TXT'],
  ])('%s', async (name, type, line, shown) => {
    const asText = type === '' ? '' : `C: TYPE ${type}\nS: 200 ok\n`;
    const script = `${system(name)}${asText}${port}C: LIST /d\nS: 150 x\nD: ${line}\nD-end\nS: 226 x\n`;
    expect((await against(script, (ftp) => names(ftp, '/d'))).result).toEqual([`/d/${shown}`]);
  });
});

describe('DrFTPD', () => {
  it('says that an empty directory has no files', async () => {
    for (const code of [450, 550]) {
      const script = `${login}${port}C: LIST\nS: ${code} No files found\n${noop}`;
      expect((await against(script, (ftp) => stays(ftp, names(ftp)))).result).toEqual([]);
    }
  });
});

describe('a server behind NAT', () => {
  it('says a port of EPSV that no one reaches, and an address of its own in PASV', async () => {
    const script = `${login}C: EPSV\nS: 229 ok (|||6000|)\nC: PASV\nS: 227 ok (192,168,0,7,25,46)\nDATA\nC: LIST\nS: 150 x\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 226 x\nC: PASV\nS: 227 ok (192,168,0,7,25,47)\nDATA\nC: LIST\nS: 150 x\nD-end\nS: 226 x\n`;
    const hosts: string[] = [];
    const { options, over } = play(script);
    const ftp = await FtpClient.connect({
      ...options,
      dial: async (to, call) => {
        if (to.purpose !== 'control') hosts.push(`${to.host}:${to.port}`);
        if (to.port === 6000) throw new Error('unreachable');
        return options.dial?.(to, call) as never;
      },
    });
    expect(await names(ftp)).toEqual(['f']);
    expect(await names(ftp)).toEqual([]);
    await over;
    const [refused, first, second] = hosts.map((each) => each.replace(/:.*/, ''));
    expect(refused).toBe(first);
    expect(second).toBe(first);
    expect(hosts.join()).not.toContain('192.168');
    ftp.close();
  });
});

describe('glFTPd', () => {
  it('ends replies of several lines by another code', async () => {
    const script = `${login}C: DELE /f\nS: 250-[ info ]\nS:  100 credits left\nS: 200 Command okay.\nC: NOOP\nS: 200 NOOP command successful.\n${noop}`;
    await against(script, (ftp) => stays(ftp, ftp.remove('/f')));
  });

  it('shows features so, in a flight', async () => {
    const own = login
      .replace('S: 211 End\n', 'S: 200 End\n')
      .replace('S: 200 binary\n', 'S: 200 binary\nC: NOOP\nS: 200 ok\n');
    const { result } = await against(own, async (ftp) => [...ftp.capabilities.keys()]);
    expect(result).toEqual(['EPSV', 'MDTM', 'SIZE', 'REST']);
  });

  it('is no reason to cut a reply that is slow, whose text looks like an end', async () => {
    const slow = `${login}C: STAT\nS: 211-Status\nS: 200 users are here\nC: NOOP\nS:  and more\nS: 211 End\nS: 200 ok\n${noop}`;
    const { result } = await against(slow, (ftp) => stays(ftp, ftp.command('STAT')));
    expect(result).toMatchObject({ code: 211 });
    expect(result.text).toContain('and more');
  });

  it('wants PRET ahead of a port, where its machines are many', async () => {
    const many = login.replace('S:  EPSV', 'S:  EPSV\nS:  PRET');
    const list = 'C: PRET LIST\nS: 200 OK, planning for upcoming download\n';
    const own = `${many}${list}${port}C: LIST\nS: 150 x\nD: -rw-r--r-- 1 a b 3 Jan 02 2024 f\nD-end\nS: 226-x\nS: 226 y\n${noop}`;
    expect((await against(own, (ftp) => stays(ftp, names(ftp)))).result).toEqual(['f']);
  });
});

describe('FileZilla Server', () => {
  it('greets in several lines, and shows milliseconds', async () => {
    const greeting =
      'S: 220-FileZilla Server 1.8.1\nS: 220 Please visit https://filezilla-project.org/';
    const script = `${loginWithMlst.replace('S: 220 ready', greeting)}${port}C: MLSD /d\nS: 150 About to start data transfer.\nD: type=file;size=3;modify=20240102030405.123;perm=rwadfr; f\nD-end\nS: 226 Operation successful\n${noop}`;
    const { result } = await against(script, (ftp) => stays(ftp, ftp.list('/d').toArray()));
    expect(result).toMatchObject([{ path: '/d/f', size: 3, precision: 'millisecond' }]);
  });

  it('says of what is missing that it was not found', async () => {
    const missing = 'S: 550 File or directory not found.\n';
    const script = `${loginWithMlst}C: MLST /nope\n${missing}${port}C: MLSD /nope\n${missing}`;
    const { result } = await against(script, async (ftp) => [
      await ftp.stat('/nope'),
      await names(ftp, '/nope').catch((error) => error.code),
    ]);
    expect(result).toEqual([undefined, 'ERR_NOT_FOUND']);
  });
});

describe('FRITZ!Box', () => {
  const greeting = 'S: 220 FRITZ!Box7490(UI) FTP server ready.\n';
  it('has no TLS: nothing is sent in clear', async () => {
    const played = play(`${greeting}C: AUTH TLS\nS: 500 'AUTH TLS': command not understood.\n`);
    const { allowCleartextAuth: _never, ...options } = played.options;
    const connecting = FtpClient.connect({
      ...options,
      security: 'starttls',
      serverHostname: 'ftp.example.test',
    });
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED' });
    expect(played.said).toEqual(['AUTH TLS']);
  });

  it('has neither EPSV nor FEAT nor SYST', async () => {
    const script = `${greeting}C: USER alice\nS: 331 x\nC: PASS secret\nS: 230 x\nC: FEAT\nC: SYST\nC: TYPE I\nS: 500 'FEAT': command not understood.\nS: 500 x\nS: 200 x\nC: EPSV\nS: 500 x\nC: PASV\nS: 227 Entering Passive Mode (192,168,178,1,25,46)\nDATA\nC: LIST /d\nS: 150 x\nD: drwxrwxrwx 2 root root 4096 Jan  2 2024 FRITZ\nD-end\nS: 226 x\nC: PASV\nS: 227 x (192,168,178,1,25,47)\nDATA\nC: LIST /e\nS: 150 x\nD: -rw-rw-rw- 1 root root 4096 Jan  2 2024 g\nD-end\nS: 226 x\n`;
    const { result } = await against(script, async (ftp) => [
      await names(ftp, '/d'),
      await names(ftp, '/e'),
    ]);
    expect(result).toEqual([['/d/FRITZ'], ['/e/g']]);
  });
});

describe('any', () => {
  it('may keep an offset that was never used', async () => {
    const script = `${login}C: SIZE /f\nC: EPSV\nS: 213 3\nS: 229 ok (|||6446|)\nDATA\nC: REST 1\nS: 350 ok\nC: RETR /f\nS: 550 Permission denied\n${sized('/g', '213 3')}C: REST 0\nS: 350 ok\nC: RETR /g\nS: 150 x\nD-raw: abc\nD-end\nS: 226 x\n`;
    const { result } = await against(script, async (ftp) => {
      const sink = new PassThrough().resume();
      await expect(ftp.download('/f', sink, { start: 1 })).rejects.toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
      });
      return read(ftp, '/g');
    });
    expect(result).toBe('abc');
  });
});
