/** Several servers as one, and files out of their articles. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createNntpPool,
  type DownloadedFile,
  download,
  type NntpServerOptions,
  type NntpServers,
  parseNzb,
  yenc,
} from '../src/index.js';
import { failure } from './dialogue.js';

const stops: (() => void)[] = [];
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fivewire-download-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await rm(directory, { recursive: true });
});

interface Site {
  options: NntpServerOptions;
  asked: string[];
  connections: () => number;
}

/** A server with these bodies; `say` may answer first, with the number of the connection. */
async function site(
  bodies: Record<string, Buffer | string>,
  say: (line: string, connection: number) => string | undefined = () => undefined,
  more: Partial<NntpServerOptions> = {},
): Promise<Site> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const listener = createServer({ noDelay: true }, (socket) => {
    const connection = ++count;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    const answer = (line: string): void => {
      const said = say(line, connection);
      if (said !== undefined) {
        if (said === 'CLOSE') return void socket.destroy();
        socket.write(`${said}\r\n`);
        if (/^(400|502)/.test(said)) socket.end();
        return;
      }
      const [verb = '', id = ''] = line.split(' ');
      if (line === 'greeting') socket.write('200 hi\r\n');
      else if (verb === 'CAPABILITIES') socket.write('101\r\nVERSION 2\r\nREADER\r\n.\r\n');
      else if (verb === 'BODY') {
        const body = bodies[id];
        if (body === undefined) return void socket.write('430 no\r\n');
        const text = Buffer.from(body as never)
          .toString('latin1')
          .replace(/(^|\r\n)\./g, '$1..');
        socket.write(
          Buffer.from(
            `222 0 ${id}\r\n${text}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`,
            'latin1',
          ),
        );
      } else if (verb === 'QUIT') socket.end('205 bye\r\n');
    };
    answer('greeting');
    let input = '';
    socket.on('data', (chunk) => {
      input += chunk.toString();
      const lines = input.split('\r\n');
      input = lines.pop() as string;
      for (const line of lines) {
        if (line.startsWith('BODY')) asked.push(line.slice(5));
        answer(line);
      }
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const { port } = listener.address() as { port: number };
  return {
    asked,
    connections: () => count,
    options: {
      host: '127.0.0.1',
      port,
      security: 'cleartext',
      maxConnections: 2,
      name: `s${stops.length}`,
      ...more,
    },
  };
}

const backOff = { first: 1, most: 5 };
const open = (sites: Site[]): NntpServers => {
  const servers = createNntpPool(
    sites.map(({ options }) => options),
    { backOff },
  );
  stops.push(() => void servers.close());
  return servers;
};
const text = async (servers: NntpServers, id: string): Promise<string> =>
  (await servers.fetch(id)).octets.toString('latin1');

describe('several servers', () => {
  it('are asked by priority; what one does not have, the next may', async () => {
    const second = await site({ '<b@x>': 'b\r\n' }, undefined, { priority: 1 });
    const first = await site({ '<a@x>': '.a\r\n' });
    const servers = open([second, first]);
    expect(await text(servers, '<a@x>')).toBe('.a\r\n');
    expect(await text(servers, '<b@x>')).toBe('b\r\n');
    expect([first.asked, second.asked]).toEqual([['<a@x>', '<b@x>'], ['<b@x>']]);
    expect(await failure(servers.fetch('<c@x>'))).toMatchObject({
      code: 'ERR_NOT_FOUND',
      attempts: [
        { server: 's2', verdict: 'missing' },
        { server: 's1', verdict: 'missing' },
      ],
    });
  });

  it('one that lets us not in is blocked, told, and never taken for one without the article', async () => {
    const blocked = await site(
      {},
      (line) => (/^AUTHINFO/.test(line) ? '481 wrong password' : undefined),
      {
        auth: { user: 'fred', password: 'x' },
        allowCleartextAuth: true,
      },
    );
    const other = await site({ '<a@x>': 'a\r\n' }, undefined, { priority: 1 });
    const servers = open([blocked, other]);
    expect(await text(servers, '<a@x>')).toBe('a\r\n');
    expect(servers.status).toMatchObject([{ state: 'blocked' }, { state: 'ready' }]);
    expect(await failure(servers.fetch('<b@x>'))).toMatchObject({
      code: 'ERR_CONNECTION_CLOSED',
      retry: 'never',
      attempts: [{ verdict: 'blocked' }, { verdict: 'missing' }],
    });
    expect(blocked.connections()).toBe(1);
  });

  it('one that has no room for a while is waited for', async () => {
    let refusals = 3;
    const full = await site({ '<a@x>': 'a\r\n' }, (line) =>
      line === 'greeting' && refusals-- > 0 ? '400 too many connections' : undefined,
    );
    expect(await text(open([full]), '<a@x>')).toBe('a\r\n');
    expect(full.connections()).toBe(4);
  });

  it('a server takes two connections though four are allowed: no loan fails', async () => {
    let here = 0;
    const two = await site(
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`<${i}@x>`, `${i}\r\n`])),
      (line) => (line === 'greeting' && ++here > 2 ? '502 too many connections' : undefined),
      { maxConnections: 4 },
    );
    const servers = open([two]);
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => text(servers, `<${i}@x>`)));
    expect(all).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\r\n`));
  });

  it('a connection that breaks in the article is replaced; a server that is gone is passed over', async () => {
    let breaks = 1;
    const shaky = await site({ '<a@x>': 'a\r\n' }, (line) =>
      line.startsWith('BODY') && breaks-- > 0 ? 'CLOSE' : undefined,
    );
    const gone = await site({}, () => 'CLOSE', { priority: -1 });
    const servers = open([shaky, gone]);
    expect(await text(servers, '<a@x>')).toBe('a\r\n');
    expect(await failure(servers.fetch('<b@x>'))).toMatchObject({
      retry: 'later',
      attempts: [{ verdict: 'later' }, { verdict: 'missing' }],
    });
  });

  it('one that does not answer costs the others nothing: it is asked last, and waited for only where none has it', async () => {
    const dead = await site({}, () => 'CLOSE');
    const well = await site({ '<a@x>': 'a\r\n', '<b@x>': 'b\r\n' }, undefined, { priority: 1 });
    const servers = createNntpPool([dead.options, well.options], {
      backOff: { first: 60_000, most: 60_000 },
    });
    stops.push(() => void servers.close());
    expect(await text(servers, '<a@x>')).toBe('a\r\n');
    expect(await text(servers, '<b@x>')).toBe('b\r\n');
    expect(dead.connections()).toBe(1);
    expect(servers.status[0]?.state).toBe('backing-off');
  });

  it.each(['what?', '200 hello', '222 0 <other@x>', '2'])(
    'nonsense once (%s) is a connection that broke, and blocks no server',
    async (nonsense) => {
      let times = 1;
      const odd = await site({ '<a@x>': 'a\r\n' }, (line) =>
        line.startsWith('BODY') && times-- > 0 ? nonsense : undefined,
      );
      const servers = open([odd]);
      expect(await text(servers, '<a@x>')).toBe('a\r\n');
      expect(servers.status[0]?.state).toBe('ready');
    },
  );

  it('nonsense in the place of a greeting is no news server', async () => {
    const servers = open([await site({}, () => '220 ftp.example ready')]);
    expect(await failure(servers.fetch('<a@x>'))).toMatchObject({
      attempts: [{ verdict: 'blocked' }],
    });
  });

  it('an article beyond the limit is asked of the next server, and the first stays', async () => {
    const big = await site({ '<a@x>': 'a'.repeat(20_000), '<b@x>': 'b\r\n' }, undefined, {
      limits: { articleOctets: 10_000 },
    });
    const well = await site({ '<a@x>': 'a\r\n' }, undefined, { priority: 1 });
    const servers = open([big, well]);
    const { octets, attempts } = await servers.fetch('<a@x>');
    expect([octets.toString(), attempts[0]?.verdict]).toEqual(['a\r\n', 'damaged']);
    expect(await text(servers, '<b@x>')).toBe('b\r\n');
  });

  it('451 of a server in trouble is no word about the article', async () => {
    let times = 2;
    const shaky = await site({ '<a@x>': 'a\r\n' }, (line) =>
      line.startsWith('BODY') && times-- > 0 ? '451 Server error, try again' : undefined,
    );
    expect(await text(open([shaky]), '<a@x>')).toBe('a\r\n');
  });

  it('a call on a pool that is closed is told as that', async () => {
    const servers = open([await site({ '<a@x>': 'a\r\n' })]);
    await servers.close();
    expect(await failure(servers.fetch('<a@x>'))).toMatchObject({ code: 'ERR_STATE' });
    expect(await failure(servers.use((nntp) => nntp.date()))).toMatchObject({ code: 'ERR_STATE' });
  });

  it('use() lends a client of the first that lets us in', async () => {
    const one = await site({}, (line) => (line === 'DATE' ? '111 20200101000000' : undefined), {
      priority: 1,
    });
    const servers = open([one, await site({}, () => 'CLOSE')]);
    expect(await servers.use((nntp) => nntp.date())).toEqual(new Date(Date.UTC(2020, 0)));
  });

  it('refuse wrong options', () => {
    const wrong = expect.objectContaining({ code: 'ERR_ARGUMENT' });
    expect(() => createNntpPool([])).toThrow(wrong);
    expect(() => createNntpPool([{ host: 'x', priority: 'high' } as never])).toThrow(wrong);
    expect(() => createNntpPool([{ host: 'x' }], { tries: 1 } as never)).toThrow(wrong);
    for (const bad of [[5], [null], [{ host: 'x', name: 7 }], [{}], [{ host: 'x', articles: 1 }]])
      expect(() => createNntpPool(bad as never)).toThrow(wrong);
    for (const backOff of [{ first: 'x' }, { most: -1 }, { longest: 5 }, 5])
      expect(() => createNntpPool([{ host: 'x' }], { backOff } as never)).toThrow(wrong);
  });

  it('refuse wrong arguments before they dial', async () => {
    const one = await site({});
    const servers = open([one]);
    const bad = [
      servers.fetch('a@x'),
      servers.fetch('<a@x>', { timeout: 1 } as never),
      servers.fetch('<a@x>', { accept: 5 } as never),
      servers.use(5 as never),
      servers.use(async () => {}, { signal: 5 } as never),
      download(servers, 5 as never, { into: directory }).next(),
      download(servers, { files: [] }, { into: '' }).next(),
    ];
    for (const each of bad) expect(await failure(each)).toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(one.connections()).toBe(0);
  });
});

describe('download()', () => {
  const content = Buffer.from(Array.from({ length: 25_000 }, (_, i) => (i * 7919) & 255));
  const part = (number: number): Buffer => {
    const offset = (number - 1) * 10_000;
    return yenc.encode(content.subarray(offset, offset + 10_000), {
      name: 'a file.bin',
      part: { number, total: 3, offset, fileSize: content.length },
    });
  };
  const parts = { '<1@x>': part(1), '<2@x>': part(2), '<3@x>': part(3) };
  const nzb = (subject: string, ids: string[]) =>
    parseNzb(
      `<nzb><file subject="${subject}"><segments>${ids.map((id, i) => `<segment number="${i + 1}">${id}</segment>`).join('')}</segments></file></nzb>`,
    );
  const all = async (
    servers: NntpServers,
    file: ReturnType<typeof nzb>,
  ): Promise<DownloadedFile> => {
    const found: DownloadedFile[] = [];
    for await (const each of download(servers, file, { into: directory })) found.push(each);
    expect(found).toHaveLength(1);
    return found[0] as DownloadedFile;
  };

  it('assembles a file, each part where it belongs, and never over another file', async () => {
    const servers = open([await site(parts)]);
    const file = nzb('no name', ['3@x', '1@x', '2@x']);
    for (const name of ['a file.bin', 'a file (2).bin']) {
      const report = await all(servers, file);
      expect(report).toEqual({
        name: 'a file.bin',
        path: join(directory, name),
        octets: 25_000,
        size: 25_000,
        whole: true,
        missing: [],
        damaged: [],
      });
      expect((await readFile(join(directory, name))).equals(content)).toBe(true);
    }
    expect(await readdir(directory)).toHaveLength(2);
  });

  it('asks the next server for a damaged part', async () => {
    const bad = Buffer.from(part(2));
    bad[500] = (bad[500] as number) ^ 1;
    const servers = open([
      await site({ ...parts, '<2@x>': bad }),
      await site(parts, undefined, { priority: 1 }),
    ]);
    expect(await all(servers, nzb('"a file.bin"', ['1@x', '2@x', '3@x']))).toMatchObject({
      whole: true,
      damaged: [],
    });
  });

  it('tells what is damaged and missing, and keeps the rest', async () => {
    const bad = Buffer.from(part(2));
    bad[500] = (bad[500] as number) ^ 1;
    const servers = open([await site({ '<1@x>': parts['<1@x>'], '<2@x>': bad })]);
    const report = await all(servers, nzb('"../../a file.bin"', ['1@x', '2@x', '3@x']));
    expect(report).toMatchObject({
      name: 'a file.bin',
      whole: false,
      octets: 20_000,
      missing: [{ number: 3, messageId: '<3@x>', certain: true }],
      damaged: [{ number: 2, messageId: '<2@x>', problems: [expect.stringMatching(/CRC/)] }],
    });
    const written = await readFile(report.path as string);
    expect(written.subarray(0, 10_000).equals(content.subarray(0, 10_000))).toBe(true);
  });

  it('a part of another file is none, and the next server is asked', async () => {
    const other = yenc.encode(Buffer.alloc(10_000, 'x'), {
      name: 'a file.bin',
      part: { number: 2, total: 3, offset: 10_000, fileSize: 30_000 },
    });
    const ids = ['1@x', '2@x', '3@x'];
    const foreign = await site({ ...parts, '<2@x>': other }, undefined, { maxConnections: 1 });
    const well = await site(parts, undefined, { priority: 1 });
    const one = await all(open([foreign]), nzb('"a file.bin"', ids));
    expect(one).toMatchObject({
      whole: false,
      octets: 15_000,
      damaged: [
        { number: 2, problems: ['it is of a file of 30000 octets, and this one has 25000'] },
      ],
    });
    const both = createNntpPool([foreign.options, well.options], { backOff });
    stops.push(() => void both.close());
    const found: DownloadedFile[] = [];
    for await (const each of download(both, nzb('"b"', ids), { into: directory, concurrency: 1 }))
      found.push(each);
    expect(found).toMatchObject([{ whole: true, octets: 25_000, damaged: [] }]);
  });

  it('a part that comes twice is told, and written once', async () => {
    const servers = open([await site({ ...parts, '<2@x>': part(1) })]);
    const report = await all(servers, nzb('"a file.bin"', ['1@x', '2@x', '3@x']));
    expect(report).toMatchObject({ whole: false, octets: 15_000 });
    expect(report.damaged).toEqual([
      expect.objectContaining({ problems: ['another part lies where it does'] }),
    ]);
  });

  it('parts that overlap make no whole file', async () => {
    const over = yenc.encode(content.subarray(5_000, 20_000), {
      name: 'a',
      part: { number: 2, total: 3, offset: 5_000, fileSize: 25_000 },
    });
    const servers = open([await site({ ...parts, '<2@x>': over })]);
    expect(await all(servers, nzb('"a"', ['1@x', '2@x', '3@x']))).toMatchObject({ whole: false });
  });

  it('a pool that is closed meanwhile ends it, and is no reason to call parts missing', async () => {
    const servers = open([await site(parts)]);
    await servers.close();
    expect(await failure(all(servers, nzb('"a"', ['1@x', '2@x'])))).toMatchObject({
      code: 'ERR_STATE',
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it('leaves nothing of a file that no server has', async () => {
    const servers = open([await site({})]);
    expect(await all(servers, nzb('"a"', ['1@x']))).toMatchObject({
      path: undefined,
      whole: false,
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it('joins uuencoded parts in their order', async () => {
    const line = `M${'0V%T'.repeat(15)}`;
    const servers = open([
      await site({
        '<1@x>': `begin 644 cats.txt\r\n${line}\r\n`,
        '<2@x>': `${line}\r\n#0V%T\r\n\`\r\nend\r\n`,
      }),
    ]);
    const report = await all(servers, nzb('cats', ['1@x', '2@x']));
    expect(report).toMatchObject({ name: 'cats.txt', whole: true, octets: 93 });
    expect(await readFile(report.path as string, 'latin1')).toBe('Cat'.repeat(31));
  });

  it.each<[string, string[], number[]]>([
    ['the middle', ['1@x', '3@x'], [1, 3]],
    ['the end', ['1@x', '2@x'], [1, 2]],
    ['the beginning', ['2@x', '3@x'], [2, 3]],
  ])('uuencoded parts without %s are no whole file', async (_, ids, numbers) => {
    const line = `M${'0V%T'.repeat(15)}`;
    const servers = open([
      await site({
        '<1@x>': `begin 644 cats.txt\r\n${line}\r\n`,
        '<2@x>': `${line}\r\n`,
        '<3@x>': `${line}\r\n#0V%T\r\n\`\r\nend\r\n`,
      }),
    ]);
    const segments = ids.map((id, i) => `<segment number="${numbers[i]}">${id}</segment>`).join('');
    const file = parseNzb(
      `<nzb><file subject="cats"><segments>${segments}</segments></file></nzb>`,
    );
    expect(await all(servers, file)).toMatchObject({ whole: false, missing: [], damaged: [] });
  });

  it('writes nothing outside the file that a part names (CVE-2008-2363)', async () => {
    const evil = yenc.encode(Buffer.from('x'), {
      name: 'e',
      part: { number: 1, total: 1, offset: 2 ** 45, fileSize: 2 ** 46 },
    });
    const servers = open([await site({ '<1@x>': evil })]);
    expect(await all(servers, nzb('"e"', ['1@x']))).toMatchObject({
      path: undefined,
      damaged: [{ number: 1, problems: ['it lies outside the file'] }],
    });
  });
});
