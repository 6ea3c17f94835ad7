/** Copies between two servers: small ones on sockets of their own, and dialogues where the order of commands is what counts. */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { sessionOf } from '../src/ftp-calls.js';
import { type CopyOptions, copyBetween, FtpClient } from '../src/index.js';
import { login, play } from './script.js';

interface Manners {
  /** PORT is refused. */
  stays?: boolean;
  /** Octets after which it breaks a RETR off. */
  breaksAfter?: number;
  /** Of each upload so many octets are lost. */
  loses?: number;
  /** RETR is answered, and no octet comes. */
  stalls?: boolean;
  /** SIZE is unknown. */
  sizeless?: boolean;
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A server that listens and dials, in clear. */
async function server(files: Record<string, string>, manners: Manners = {}) {
  const said: string[] = [];
  const control = await listening((socket) => {
    const say = (line: string) => socket.write(`${line}\r\n`);
    let data: Promise<Socket> | undefined;
    let passive: Server | undefined;
    let moving: (() => void) | undefined;
    const moved = async (work: (data: Socket) => Promise<string>) => {
      const way = data as Promise<Socket>;
      const given = new Promise<string>((resolve) => {
        moving = () => {
          void way.then((each) => each.destroy());
          resolve('426 given up');
        };
      });
      const end = await Promise.race([way.then(work, () => '425 nobody came'), given]);
      if (end.startsWith('426')) say(end);
      say(moving !== undefined && end.startsWith('426 given up') ? '226 aborted' : end);
      moving = undefined;
    };
    const verbs: Record<string, (argument: string) => unknown> = {
      USER: () => say('331 password'),
      PASS: () => say('230 in'),
      FEAT: () => say(`211-F\r\n ${manners.sizeless ? 'MDTM' : 'SIZE'}\r\n211 End`),
      SYST: () => say('215 UNIX'),
      TYPE: () => say('200 ok'),
      NOOP: () => say('200 ok'),
      SIZE: (path) =>
        say(files[path] === undefined ? '550 No such file' : `213 ${files[path]?.length}`),
      PASV: () => {
        passive?.close();
        let come: (socket: Socket) => void = () => {};
        data = new Promise((resolve) => {
          come = resolve;
        });
        const ready = listening((each) => come(each));
        void ready.then(({ port, close, server: opened }) => {
          passive = opened;
          open.push({ close });
          say(`227 ok (10,9,8,7,${port >> 8},${port & 255})`); // a host that is not to be believed
        });
      },
      PORT: (argument) => {
        if (manners.stays) return say('500 Illegal PORT command');
        const numbers = argument.split(',').map(Number);
        const port = (numbers[4] as number) * 256 + (numbers[5] as number);
        data = new Promise((resolve, reject) => {
          const each = dial({ host: numbers.slice(0, 4).join('.'), port });
          each.on('connect', () => resolve(each)).on('error', reject);
        });
        data.catch(() => {});
        say('200 ok');
      },
      RETR: (path) => {
        const content = files[path];
        if (content === undefined) return say('550 No such file');
        say('150 here');
        void moved(async (each) => {
          if (manners.stalls) return new Promise<string>(() => {});
          each.write(content.slice(0, manners.breaksAfter ?? content.length));
          each.end();
          return manners.breaksAfter === undefined ? '226 done' : '426 broken off';
        });
      },
      STOR: (path) => {
        if (path.startsWith('/no/')) return say('553 no');
        files[path] = '';
        say('150 go');
        void moved(async (each) => {
          for await (const piece of each) files[path] += String(piece);
          files[path] = (files[path] as string).slice(manners.loses ?? 0);
          return '226 done';
        });
      },
      ABOR: () => (moving === undefined ? say('225 nothing to do') : moving()),
    };
    socket.on('data', (octets) => {
      for (const line of String(octets).split('\r\n').filter(Boolean)) {
        said.push(line);
        const [verb = '', ...rest] = line.split(' ');
        const answer = verbs[verb];
        if (answer === undefined) say('500 what');
        else answer(rest.join(' '));
      }
    });
    say('220 ready');
  });
  open.push(control);
  const client = await FtpClient.connect({
    host: '127.0.0.1',
    port: control.port,
    security: 'cleartext',
    auth: { user: 'anonymous', password: 'x' },
    timeouts: { close: 400 },
  });
  open.push(client);
  return { files, said, client };
}

function listening(
  come: (socket: Socket) => void,
): Promise<{ port: number; server: Server; close(): void }> {
  const sockets = new Set<Socket>();
  const opened = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    come(socket);
  });
  const close = () => {
    opened.close();
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve) => {
    opened.listen(0, '127.0.0.1', () => {
      resolve({ port: (opened.address() as { port: number }).port, server: opened, close });
    });
  });
}

type One = Awaited<ReturnType<typeof server>>;
const inStep = async (...all: One[]): Promise<void> => {
  for (const { client } of all) expect((await client.command('NOOP')).code).toBe(200);
};
const failed = (copy: Promise<unknown>): Promise<{ code?: string; connection?: string }> =>
  copy.then(
    () => ({}),
    (error) => error,
  );

describe('a copy between servers', () => {
  it('goes from the one to the other, by their own addresses, and both go on', async () => {
    const a = await server({ '/a': 'content' });
    const b = await server({ '/b': 'old' });
    const result = await copyBetween(a.client, '/a', b.client, '/b');
    expect(result).toEqual({ size: 7, proof: 'size' });
    expect(b.files).toEqual({ '/b': 'content' });
    expect(a.said.at(-2)).toMatch(/^PORT 127,0,0,1,/);
    await inStep(a, b);
    expect(await copyBetween(b.client, '/b', a.client, '/c', { verify: false })).toEqual({
      size: 7,
      proof: 'final-reply',
    });
    expect(a.files['/c']).toBe('content');
  });

  it('is dialled by the target where the source does not dial', async () => {
    const a = await server({ '/a': 'content' }, { stays: true });
    const b = await server({});
    await copyBetween(a.client, '/a', b.client, '/b');
    expect(b.files).toEqual({ '/b': 'content' });
    expect(a.said).toContain('PASV');
    await inStep(a, b);
  });

  it('costs the target nothing where the source has no such file', async () => {
    for (const manners of [{}, { stays: true }, { sizeless: true }]) {
      const a = await server({}, manners);
      const b = await server({ '/b': 'old' });
      const error = await failed(copyBetween(a.client, '/a', b.client, '/b'));
      expect(error).toMatchObject({ connection: 'usable' });
      expect(b.files).toEqual({ '/b': 'old' });
      expect(b.said).not.toContain('STOR /b');
      await inStep(a, b);
    }
  });

  it('ends on both sides where the target refuses', async () => {
    const a = await server({ '/a': 'content' });
    const b = await server({});
    const error = await failed(copyBetween(a.client, '/a', b.client, '/no/b'));
    expect(error).toMatchObject({ code: 'ERR_COMMAND_REJECTED', connection: 'usable' });
    await inStep(a, b);
  });

  it.each<[string, Manners, Manners, CopyOptions]>([
    ['the source breaks off', { breaksAfter: 3 }, {}, {}],
    ['the target loses octets', {}, { loses: 2 }, {}],
  ])('is not whole where %s', async (_what, ofSource, ofTarget, options) => {
    const a = await server({ '/a': 'content' }, ofSource);
    const b = await server({}, ofTarget);
    const error = await failed(copyBetween(a.client, '/a', b.client, '/b', options));
    expect(error).toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE', connection: 'usable' });
    await inStep(a, b);
  });

  it('is given up by a signal, and both go on', async () => {
    const a = await server({ '/a': 'content' }, { stalls: true });
    const b = await server({});
    const stop = new AbortController();
    const copy = failed(copyBetween(a.client, '/a', b.client, '/b', { signal: stop.signal }));
    await expect.poll(() => b.said.includes('STOR /b')).toBe(true);
    stop.abort();
    expect(await copy).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    await inStep(a, b);
    const late = failed(copyBetween(a.client, '/a', b.client, '/b', { signal: stop.signal }));
    expect(await late).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
  });

  it('waits no longer than it was told', async () => {
    const a = await server({ '/a': 'content' }, { stalls: true });
    const b = await server({});
    const error = await failed(copyBetween(a.client, '/a', b.client, '/b', { timeout: 30 }));
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
    await inStep(a, b);
  });

  it('in both directions at once', async () => {
    const a = await server({ '/a': 'from a' });
    const b = await server({ '/b': 'from b' });
    await Promise.all([
      copyBetween(a.client, '/a', b.client, '/a'),
      copyBetween(b.client, '/b', a.client, '/b'),
      copyBetween(a.client, '/a', b.client, '/c'),
    ]);
    expect(a.files).toEqual({ '/a': 'from a', '/b': 'from b' });
    expect(b.files).toEqual({ '/a': 'from a', '/b': 'from b', '/c': 'from a' });
  });

  it('refuses what can be no pair before an octet leaves', async () => {
    const a = await server({ '/a': 'content' });
    const b = await server({});
    const before = [...a.said, ...b.said];
    const bad: Promise<unknown>[] = [
      copyBetween(a.client, '/a', a.client, '/b'),
      copyBetween(a.client, '/a', {} as FtpClient, '/b'),
      copyBetween(undefined as unknown as FtpClient, '/a', b.client, '/b'),
      copyBetween(a.client, '/a\r\nDELE /a', b.client, '/b'),
      copyBetween(a.client, '/a', b.client, '/b', { protection: 'clear' as 'unsafe-clear' }),
      copyBetween(a.client, '/a', b.client, '/b', { verfy: false } as CopyOptions),
    ];
    for (const each of bad) expect(await failed(each)).toMatchObject({ code: 'ERR_ARGUMENT' });
    expect([...a.said, ...b.said]).toEqual(before);
    const hash = await failed(copyBetween(a.client, '/a', b.client, '/b', { verify: 'hash' }));
    expect(hash).toMatchObject({ code: 'ERR_EXTENSION_REQUIRED' });
    expect([...a.said, ...b.said]).toEqual(before);
  });
});

describe('protection of what goes between servers', () => {
  /** Two sessions in dialogues, told that they protect their data. */
  async function between(
    [source, target]: readonly [string, string],
    options: CopyOptions,
    features: readonly [string, string] = ['', ''],
  ) {
    const plays = [source, target].map((script, index) =>
      play(login.replace('S:  EPSV', `S:  EPSV${features[index]}`) + script),
    );
    const clients = await Promise.all(
      plays.map(({ options: given }) => FtpClient.connect({ ...given, host: '127.0.0.1' })),
    );
    open.push(...clients);
    const [a, b] = clients as [FtpClient, FtpClient];
    for (const client of clients) Object.assign(sessionOf(client), { securesData: true });
    const outcome = await failed(copyBetween(a, '/a', b, '/b', { verify: false, ...options }));
    return { outcome, plays, clients };
  }
  const retr = 'C: PORT 127,0,0,1,25,46\nS: 200 ok\nC: RETR /a\nS: 150 go\nS: 226 done\n';
  const stor = (passive: string) =>
    `C: ${passive}\nS: 227 ok (127,0,0,1,25,46)\nC: STOR /b\nS: 150 go\nS: 226 done\n`;
  const size = 'C: SIZE /a\nS: 213 7\n';

  it('has to be named', async () => {
    const { outcome, plays } = await between(['', ''], {});
    expect(outcome).toMatchObject({ code: 'ERR_ARGUMENT' });
    for (const { said } of plays) expect(said.at(-1)).toBe('TYPE I');
  });

  it('in clear: PROT C for the copy alone', async () => {
    const around = (steps: string) =>
      `C: PROT C\nS: 200 clear\n${steps}C: PROT P\nS: 200 private\n`;
    const scripts = [size + around(retr), around(stor('PASV'))] as const;
    const { outcome, plays } = await between(scripts, { protection: 'unsafe-clear' });
    expect(outcome).toEqual({});
    for (const { over } of plays) await over;
  });

  it('where the one refuses, the other is private again', async () => {
    const scripts = [
      `${size}C: PROT C\nS: 200 clear\nC: PROT P\nS: 200 private\n`,
      'C: PROT C\nS: 534 no\n',
    ] as const;
    const { outcome, plays } = await between(scripts, { protection: 'unsafe-clear' });
    expect(outcome).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'usable',
      hint: expect.stringContaining("`protection: 'unsafe-unverified'`"),
    });
    for (const { over } of plays) await over;
  });

  it.each([
    ['S: 522 SSL connection failed: session reuse required\n', 'require_ssl_reuse=NO'],
    ['S: 425 Unable to build data connection\n', "`protection: 'unsafe-clear'`"],
    ['CLOSE\n', "`protection: 'unsafe-clear'`"],
  ])('TLS that servers can not have between them: %s', async (end, advice) => {
    const ends = retr.replace('S: 226 done\n', '');
    const scripts = [
      `${size}${ends}${end}`,
      `C: SSCN ON\nS: 200 client\n${stor('PASV').replace('226 done', '426 cut')}C: PASV\nS: 227 ok (127,0,0,1,25,46)\nC: SSCN OFF\nS: 200 server\n`,
    ] as const;
    const { outcome } = await between(scripts, { protection: 'unsafe-unverified' }, [
      '',
      '\nS:  SSCN',
    ]);
    expect(outcome).toMatchObject({ hint: expect.stringContaining(advice) });
  });

  it('what can not be made private again is closed', async () => {
    const around = (steps: string, last: string) =>
      `C: PROT C\nS: 200 clear\n${steps}C: PROT P\nS: ${last}\n`;
    const scripts = [size + around(retr, '534 no'), around(stor('PASV'), '200 private')] as const;
    const { clients } = await between(scripts, { protection: 'unsafe-clear' });
    const [a, b] = clients as [FtpClient, FtpClient];
    expect((await a.closed).error).toMatchObject({ code: 'ERR_COMMAND_REJECTED' });
    expect(sessionOf(b).control.connection.isOpen).toBe(true);
  });

  const unverified = { protection: 'unsafe-unverified' } as const;
  const sscn = (steps: string) => `C: SSCN ON\nS: 200 client\n${steps}C: SSCN OFF\nS: 200 server\n`;
  it.each([
    ['SSCN of the target', [size + retr, sscn(stor('PASV'))], ['', '\nS:  SSCN']],
    ['SSCN of the source', [size + sscn(retr), stor('PASV')], ['\nS:  SSCN', '']],
    ['CPSV', [size + retr, stor('CPSV')], ['', '\nS:  CPSV']],
  ] as const)('by TLS between them: %s', async (_what, scripts, features) => {
    const { outcome, plays } = await between(scripts, unverified, features);
    expect(outcome).toEqual({});
    for (const { over } of plays) await over;
  });

  it('by TLS between them: neither has a way', async () => {
    const { outcome } = await between([size, ''], unverified);
    expect(outcome).toMatchObject({ code: 'ERR_EXTENSION_REQUIRED', connection: 'usable' });
  });
});
