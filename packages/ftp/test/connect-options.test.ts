/** What the options of connecting make the client say, and what it does where the server says no. */
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FtpClient, type FtpConnectOptions, type FtpGateway } from '../src/index.js';
import { splitUrl } from '../src/session/url.js';
import { type Node, oddServer } from './odd-server.js';
import { against, login, play } from './script.js';

const connecting = (script: string, options: Partial<FtpConnectOptions> = {}) =>
  against(script, async () => {}, options);
const withFeature = (...features: string[]): string =>
  login.replace('S:  EPSV', ['EPSV', ...features].map((line) => `S:  ${line}`).join('\n'));

describe('CLNT, LANG', () => {
  test('who asks goes ahead of UTF-8 (G6 FTP Server, RaidenFTPD)', async () => {
    const script = `${withFeature('CLNT', 'UTF8', 'LANG EN*;DE')}
C: CLNT fivewire
C: OPTS UTF8 ON
C: LANG de
S: 200 noted
S: 200 UTF8 on
S: 504 no such language
`;
    await connecting(script, { language: 'de' });
  });

  test('another name, or none', async () => {
    await connecting(`${withFeature('CLNT')}\nC: CLNT shop/1.0\nS: 200 ok\n`, {
      clientName: 'shop/1.0',
    });
    await connecting(withFeature('CLNT'), { clientName: false });
  });
});

describe('HOST', () => {
  const hosted = login.replace('C: USER', 'C: HOST files.example.test\nS: 220 files\nC: USER');

  test('goes ahead of the login', async () => {
    await connecting(hosted, { virtualHost: 'files.example.test' });
    await connecting(hosted.replace('files.example', 'ftp.example'), { virtualHost: true });
  });

  test.each([
    ['504 no such site', 'ERR_COMMAND_REJECTED'],
    ['502 what', 'ERR_EXTENSION_REQUIRED'],
  ])('%s: no login at another site', async (reply, code) => {
    const played = play(`S: 220 ready\nC: HOST files.example.test\nS: ${reply}\n`);
    const options = { ...played.options, virtualHost: 'files.example.test' };
    await expect(FtpClient.connect(options)).rejects.toMatchObject({ code, connection: 'closed' });
    expect(played.said).toEqual(['HOST files.example.test']);
  });
});

describe('where relative paths begin', () => {
  const begun = `${login}
C: CWD pub/a b
S: 250 ok
C: PWD
S: 257 "/home/alice/pub/a b"
`;

  test('directory', async () => {
    const { result } = await against(begun, (ftp) => ftp.workingDirectory(), {
      directory: 'pub/a b',
    });
    expect(result).toBe('/home/alice/pub/a b');
  });

  test('the path of a URL, as RFC 1738 has it', () => {
    const pathOf = (rest: string) => splitUrl(`ftp://alice@h:21${rest}`);
    expect(pathOf('/pub/a%20b')).toEqual({
      server: 'ftp://alice@h:21',
      path: 'pub/a b',
      type: undefined,
    });
    expect(pathOf('/%2Fetc').path).toBe('/etc');
    expect(pathOf('//etc').path).toBe('/etc');
    expect(pathOf('/pub/x;type=A')).toMatchObject({ path: 'pub/x', type: 'ascii' });
    expect(pathOf('').path).toBe('');
    expect(pathOf('/').path).toBe('');
  });

  test('said twice, or badly written, it is refused before anything is dialled', async () => {
    for (const [url, options] of [
      ['ftp://h/pub', { directory: '/x' }],
      ['ftp://h/%ff', {}],
      ['ftp://h/a%0d%0aQUIT', {}],
      ['ftp://h/a?b', {}],
    ] as const) {
      await expect(FtpClient.connect(url, options)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    }
  });

  test('a directory that is not there', async () => {
    const script = `${login}\nC: CWD nope\nS: 550 No such file or directory\n`;
    await expect(connecting(script, { directory: 'nope' })).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      connection: 'closed',
    });
  });
});

describe('FTP proxies', () => {
  const own = { user: 'gate', password: 'open' };
  const rest = login.slice(login.indexOf('C: FEAT'));
  const styles: [FtpGateway, string][] = [
    [
      { style: 'user@host', host: 'in.test' },
      'C: USER alice@in.test\nS: 331 p\nC: PASS secret\nS: 230 in',
    ],
    [
      { style: 'user@host', host: 'in.test', port: 2121 },
      'C: USER alice@in.test:2121\nS: 331 p\nC: PASS secret\nS: 230 in',
    ],
    [
      { style: 'login, user@host', host: 'in.test', ...own },
      'C: USER gate\nS: 331 p\nC: PASS open\nS: 230 gate\nC: USER alice@in.test\nS: 331 p\nC: PASS secret\nS: 230 in',
    ],
    [
      { style: 'user@gateway-user@host', host: 'in.test', ...own },
      'C: USER alice@gate@in.test\nS: 331 p\nC: PASS secret@open\nS: 230 in',
    ],
    [
      { style: 'user@host gateway-user', host: 'in.test', ...own },
      'C: USER alice@in.test gate\nS: 331 p\nC: PASS secret\nS: 332 a\nC: ACCT open\nS: 230 in',
    ],
    [
      { style: 'site', host: 'in.test', ...own },
      'C: USER gate\nS: 331 p\nC: PASS open\nS: 230 gate\nC: SITE in.test\nS: 220 in.test ready\nC: USER alice\nS: 331 p\nC: PASS secret\nS: 230 in',
    ],
    [
      { style: 'open', host: 'in.test', port: 2121 },
      'C: OPEN in.test 2121\nS: 220 in.test ready\nC: USER alice\nS: 331 p\nC: PASS secret\nS: 230 in',
    ],
  ];

  test.each(styles)('%j', async (gateway, dialogue) => {
    await connecting(`S: 220 gate ready\n${dialogue}\n${rest}`, { gateway });
  });

  test('the gateway refuses: no password for the server goes out', async () => {
    const script = 'S: 220 ready\nC: USER gate\nS: 331 p\nC: PASS open\nS: 530 no\n';
    const played = play(script);
    const gateway = { style: 'site', host: 'in.test', ...own } as const;
    await expect(FtpClient.connect({ ...played.options, gateway })).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      command: 'PASS ***',
    });
    expect(played.said).toEqual(['USER gate', 'PASS open']);
  });

  test('its password travels in clear only where that is allowed', async () => {
    const { dial } = play('S: 220 ready\n').options;
    await expect(
      FtpClient.connect({
        host: 'gate.test',
        security: 'cleartext',
        auth: { user: 'anonymous', password: 'x@y' },
        gateway: { style: 'site', host: 'in.test', ...own },
        dial: dial as never,
      }),
    ).rejects.toMatchObject({ code: 'ERR_CLEARTEXT_AUTH_REFUSED' });
  });
});

describe('PRET', () => {
  test('is told the command ahead of the port (DrFTPD)', async () => {
    const script = `${withFeature('PRET')}
C: PRET RETR a name
S: 200 OK, planning to use master for upcoming RETR transfer
C: SIZE a name
C: EPSV
S: 213 3
S: 229 ok (|||6446|)
C: RETR a name
S: 150 go
DATA
D-raw: abc
D-end
S: 226 done
`;
    const { result } = await against(script, (ftp) => buffer(ftp.createReadStream('a name')));
    expect(String(result)).toBe('abc');
  });
});

describe('NOOP in transfers', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const opening = `${login}
C: SIZE x
C: EPSV
S: 213 3
S: 229 ok (|||6446|)
C: RETR x
S: 150 go
DATA
C: NOOP
C: NOOP
`;
  const orders = {
    'answered at once': 'S: 200 ok\nS: 200 ok\nD-raw: abc\nD-end\nS: 226 done\n',
    'answered behind the final reply': 'D-raw: abc\nD-end\nS: 226 done\nS: 200 ok\nS: 200 ok\n',
    'answered on both sides of it': 'S: 200 ok\nD-raw: abc\nD-end\nS: 226 done\nS: 200 ok\n',
    refused: 'S: 500 not now\nD-raw: abc\nD-end\nS: 503 not now\nS: 226 done\n',
    'and the final reply is 200 as well': 'S: 200 ok\nD-raw: abc\nD-end\nS: 200 ok\nS: 200 done\n',
  };

  test.each(Object.entries(orders))('%s: no answer is taken for another', async (_, order) => {
    const script = `${opening}${order}C: PWD\nS: 257 "/"\n`;
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const { result } = await against(
      script,
      async (ftp) => {
        const reading = buffer(ftp.createReadStream('x'));
        await expect.poll(() => vi.getTimerCount()).toBeGreaterThan(0);
        vi.advanceTimersByTime(2_000);
        return [String(await reading), await ftp.workingDirectory()];
      },
      { noopInterval: 1_000 },
    );
    expect(result).toEqual(['abc', '/']);
  });
});

describe('giving a transfer up', () => {
  test('Pure-FTPd drops what comes along with ABOR: the end is marked by PWD', async () => {
    const script = `${login}
C: SIZE x
C: EPSV
S: 213 300
S: 229 ok (|||6446|)
C: RETR x
S: 150 go
DATA
D-raw: abc
C: ABOR
C: NOOP
S: 426 ABORT
S: 226-Transfer aborted
S: 226 0.007 seconds (measured here)
C: PWD
S: 257 "/" is your current location
C: NOOP
S: 200 Zzz...
`;
    const { result } = await against(script, async (ftp) => {
      const given = new AbortController();
      const target = new Writable({
        write(_piece, _encoding, done) {
          given.abort();
          done();
        },
      });
      const download = ftp.download('x', target, { signal: given.signal });
      const error = await download.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return [error, (await ftp.command('NOOP')).text];
    });
    expect(result).toMatchObject([{ code: 'ERR_ABORTED', connection: 'usable' }, 'Zzz...']);
  });
});

describe('MODE Z', () => {
  const features = ['EPSV', 'SIZE', 'MODE Z'];
  const compress = true;

  test('files and listings travel deflated, sizes are those of the files', async () => {
    const tree: Record<string, Node> = { a: 'x'.repeat(300_000), b: '' };
    const { options, said } = oddServer(tree, { features });
    const ftp = await FtpClient.connect({ ...options, compress });
    expect(said).toContain('MODE Z');
    expect(String(await buffer(ftp.createReadStream('a')))).toBe(tree.a);
    expect(await buffer(ftp.createReadStream('b'))).toHaveLength(0);
    expect(await ftp.upload('y'.repeat(500_000), 'c')).toMatchObject({
      octets: 500_000,
      proof: 'size',
    });
    await ftp.upload('', 'd');
    await ftp.append('more', 'd');
    expect([tree.c, tree.d]).toEqual(['y'.repeat(500_000), 'more']);
    const names: string[] = [];
    for await (const { name } of ftp.list('/')) names.push(name);
    expect(names).toEqual(['a', 'b', 'c', 'd']);
    await ftp.quit();
  });

  test('a server without it goes on as it is', async () => {
    const { options, said } = oddServer({ a: 'abc' }, { features: ['EPSV', 'SIZE'] });
    const ftp = await FtpClient.connect({ ...options, compress });
    expect(String(await buffer(ftp.createReadStream('a')))).toBe('abc');
    expect(said).not.toContain('MODE Z');
    await ftp.quit();
    const refusing = oddServer({ a: 'abc' }, { features, answers: { MODE: '504 only S' } });
    const other = await FtpClient.connect({ ...refusing.options, compress });
    expect(String(await buffer(other.createReadStream('a')))).toBe('abc');
    await other.quit();
  });

  test('a zlib stream that breaks off is no whole file', async () => {
    const script = `${withFeature('MODE Z')}
C: MODE Z
S: 200 ok
C: EPSV
S: 229 ok (|||6446|)
C: RETR a
S: 150 go
DATA
D-raw: \x78\x9c\x4b
D-end
S: 226 done
`;
    await expect(
      against(script, (ftp) => buffer(ftp.createReadStream('a', { verify: false })), {
        compress,
      }),
    ).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE', connection: 'usable' });
  });
});

describe('bad options', () => {
  test.each([
    ['active', 7],
    ['active', { ports: [2, 1] }],
    ['active', { ports: [0, 70_000] }],
    ['active', { address: 'example.org' }],
    ['active', { port: 7 }],
    ['active', true], // with `dial`
    ['virtualHost', 'a b'],
    ['virtualHost', false],
    ['virtualHost', 'a\r\nb'],
    ['language', 'x y'],
    ['clientName', ''],
    ['clientName', 'a\r\nQUIT'],
    ['compress', 'yes'],
    ['dataProtection', 'clear'],
    ['noopInterval', -1],
    ['directory', 'a\r\nb'],
    ['directory', ''],
    ['gateway', { style: 'none', host: 'h' }],
    ['gateway', { style: 'site' }],
    ['gateway', { style: 'site', host: 'a\r\nb' }],
    ['gateway', { style: 'login, user@host', host: 'h' }],
    ['gateway', { style: 'site', host: 'h', pass: 'x' }],
  ])('%s: %j', async (name, value) => {
    const played = play(login);
    const options = { ...played.options, [name]: value } as never;
    await expect(FtpClient.connect(options)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(played.said).toEqual([]);
  });
});
