/** `retry` and `segments`: what broke off is gone on with, and one file comes over several connections. */
import {
  chmod,
  link,
  mkdtemp,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFtpPool, FtpClient, type FtpPool } from '../src/index.js';
import { type Manners, type OddServer, oddServer, type Tree } from './odd-server.js';

const place = () => mkdtemp(join(tmpdir(), 'ftp-'));

async function pooled<T>(
  tree: Tree,
  manners: Manners,
  work: (pool: FtpPool, servers: OddServer[]) => Promise<T>,
): Promise<T> {
  const servers: OddServer[] = [];
  const pool = createFtpPool({
    host: 'ftp.example.test',
    security: 'cleartext',
    allowCleartextAuth: true,
    auth: { user: 'alice', password: 'secret' },
    timeouts: { close: 100 },
    dial: async ({ purpose, ...to }, call) => {
      if (purpose === 'control') servers.push(oddServer(tree, manners));
      const index = purpose === 'control' ? servers.length - 1 : to.port - firstPort;
      const server = servers[index] as OddServer;
      // Each server says a port of its own, so that data goes to the one that was asked.
      if (purpose === 'control') server.manners.passivePort = firstPort + index;
      return server.options.dial?.({ purpose, ...to }, call) as never;
    },
  });
  try {
    return await work(pool, servers);
  } finally {
    await pool.close();
  }
}
const firstPort = 6446;

describe('retry', () => {
  it('goes on where a download broke off, on a client', async () => {
    const server = oddServer({ f: 'abcdefghij' }, { sendsAtMost: [4, 3] });
    const ftp = await FtpClient.connect(server.options);
    const target = join(await place(), 'f');
    const result = await ftp.download('/f', target, { retry: 2 });
    expect(result).toMatchObject({ octets: 3, start: 7, size: 10 });
    expect(await readFile(target, 'utf8')).toBe('abcdefghij');
    expect(server.said.filter((line) => /^REST [1-9]/.test(line))).toEqual(['REST 4', 'REST 7']);
    ftp.close();
  });

  it('is over when its tries are, and is none for a reason that does not pass', async () => {
    const server = oddServer({ f: 'abcdefghij' }, { sendsAtMost: [1, 1, 1] });
    const ftp = await FtpClient.connect(server.options);
    const target = join(await place(), 'f');
    await expect(ftp.download('/f', target, { retry: 1 })).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
    });
    await expect(ftp.download('/nope', target, { retry: 9 })).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    });
    ftp.close();
  });

  it('takes another connection in a pool', async () => {
    await pooled({ f: 'abcdefghij' }, {}, async (pool, servers) => {
      const target = join(await place(), 'f');
      await pool.stat('/f');
      (servers[0] as OddServer).manners.answers = { EPSV: '421 going down' };
      const result = await pool.download('/f', target, { retry: 1 });
      expect(result.size).toBe(10);
      expect(servers).toHaveLength(2);
    });
  });

  it('of an upload goes on with its part', async () => {
    const server = oddServer({}, { breaksAfter: 4 });
    const ftp = await FtpClient.connect(server.options);
    await ftp.upload('abcdefghij', '/f', { retry: 3 });
    expect(server.tree).toEqual({ f: 'abcdefghij' });
    ftp.close();
  });
});

describe('segments', () => {
  const body = Array.from({ length: 300_000 }, (_, at) => `${at}`.padStart(12, '.')).join('');

  it('come over several connections and are one file', async () => {
    await pooled({ f: body }, {}, async (pool, servers) => {
      const directory = await place();
      const seen: number[] = [];
      const result = await pool.download('/f', join(directory, 'f'), {
        segments: 3,
        onProgress: ({ octets }) => void seen.push(octets),
      });
      expect(result).toMatchObject({ octets: body.length, size: body.length, proof: 'size' });
      expect(await readFile(join(directory, 'f'), 'latin1')).toBe(body);
      expect(await readdir(directory)).toEqual(['f']);
      expect(seen.at(-1)).toBe(body.length);
      const rest = servers.flatMap(({ said }) => said.filter((line) => /^REST [1-9]/.test(line)));
      expect(rest.sort()).toEqual(['REST 1200000', 'REST 2400000']);
    });
  });

  it('that break off go on; a file that changed meanwhile is none', async () => {
    await pooled({ f: body }, { sendsAtMost: [5_000] }, async (pool) => {
      const target = join(await place(), 'f');
      await pool.download('/f', target, { segments: 2, retry: 1 });
      expect(await readFile(target, 'latin1')).toBe(body);
    });
    await pooled({ f: body }, {}, async (pool, servers) => {
      const directory = await place();
      const changed = pool.download('/f', join(directory, 'f'), {
        segments: 2,
        onProgress: () => {
          for (const { manners } of servers) manners.answers = { MDTM: '213 20300101000000' };
        },
      });
      await expect(changed).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE' });
      expect(await readdir(directory)).toEqual([]);
    });
  });

  it('that broke off are gone on with by the next run, with resume', async () => {
    const directory = await place();
    const target = join(directory, 'f');
    const run = (pool: FtpPool, more = {}) =>
      pool.download('/f', target, { segments: 3, resume: true, ...more });
    await pooled({ f: body }, { sendsAtMost: [1_100_000] }, async (pool, servers) => {
      await expect(run(pool)).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE' });
      expect((await readdir(directory)).sort()).toEqual(['f.part', 'f.part.json']);
      for (const { manners } of servers) delete manners.sendsAtMost;
      await writeFile(`${target}.part.json.new`, '{"path":'); // killed while it was written
      const { octets, size, start } = await run(pool);
      expect([size, octets + start]).toEqual([body.length, body.length]);
      expect(start).toBeGreaterThan(1_000_000);
      expect(await readFile(target, 'latin1')).toBe(body);
      expect(await readdir(directory)).toEqual(['f']);
    });
  });

  it.each([
    ['a remote file that changed', { MDTM: '213 20300101000000' }, { segments: 3 }],
    ['a download over one connection, for which it has holes', {}, { segments: 1 }],
  ])('that broke off are no part of %s', async (_what, answers, more) => {
    const directory = await place();
    const target = join(directory, 'f');
    await pooled({ f: body }, { sendsAtMost: [900_000] }, async (pool, servers) => {
      const first = pool.download('/f', target, { segments: 3, resume: true });
      await expect(first).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE' });
      for (const { manners } of servers) {
        delete manners.sendsAtMost;
        manners.answers = answers;
      }
      const result = await pool.download('/f', target, { resume: true, ...more });
      expect(result).toMatchObject({ start: 0, octets: body.length });
      expect(await readFile(target, 'latin1')).toBe(body);
      expect(await readdir(directory)).toEqual(['f']);
    });
  });

  it.each(['cut short', 'unreadable'])(
    'that broke off are begun anew where the part is %s',
    async (how) => {
      const directory = await place();
      const target = join(directory, 'f');
      await pooled({ f: body }, { sendsAtMost: [1_100_000] }, async (pool, servers) => {
        await pool.download('/f', target, { segments: 3, resume: true }).catch(() => {});
        for (const { manners } of servers) delete manners.sendsAtMost;
        if (how === 'cut short') await writeFile(`${target}.part`, 'short');
        else
          await writeFile(
            `${target}.part.json`,
            (await readFile(`${target}.part.json`, 'utf8')).replace('[[', '[[-'),
          );
        await pool.download('/f', target, { segments: 2, resume: true });
        expect(await readFile(target, 'latin1')).toBe(body);
      });
    },
  );

  it('sweep away what killed runs have left for the same name', async () => {
    const directory = await place();
    const old = new Date(Date.now() - 7_200_000);
    for (const name of ['.f.0123456789ab.part', '.g.0123456789ab.part', '.f.ba9876543210.part']) {
      await writeFile(join(directory, name), 'half');
      if (!name.startsWith('.f.b')) await utimes(join(directory, name), old, old);
    }
    await pooled({ f: body }, {}, (pool) =>
      pool.download('/f', join(directory, 'f'), { segments: 2 }),
    );
    expect((await readdir(directory)).sort()).toEqual([
      '.f.ba9876543210.part',
      '.g.0123456789ab.part',
      'f',
    ]);
  });

  it('keep a link and the mode of what it leads to; what has several names is written through', async () => {
    await pooled({ f: body }, {}, async (pool) => {
      const directory = await place();
      const [file, alias] = [join(directory, 'file'), join(directory, 'alias')];
      await writeFile(file, 'before');
      await chmod(file, 0o600);
      await symlink('file', alias);
      await pool.download('/f', alias, { segments: 2 });
      expect(await readFile(file, 'latin1')).toBe(body);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await readdir(directory)).sort()).toEqual(['alias', 'file']);
      const twin = join(directory, 'twin');
      await link(file, twin);
      await pool.download('/f', twin, { segments: 2 });
      expect((await stat(file)).ino).toBe((await stat(twin)).ino);
    });
  });

  it('are refused for a directory before anything is fetched', async () => {
    await pooled({ f: body }, {}, async (pool, servers) => {
      const refused = pool.download('/f', await place(), { segments: 2 });
      await expect(refused).rejects.toMatchObject({ code: 'ERR_LOCAL_PATH' });
      expect(servers).toHaveLength(0);
    });
  });

  it('are one where the file is short or the server can not begin in the middle', async () => {
    await pooled({ f: 'short' }, {}, async (pool) => {
      const target = join(await place(), 'f');
      expect((await pool.download('/f', target, { segments: 4 })).octets).toBe(5);
    });
    await pooled({ f: body }, { features: ['SIZE', 'MDTM', 'EPSV'] }, async (pool, servers) => {
      const target = join(await place(), 'f');
      expect((await pool.download('/f', target, { segments: 4 })).octets).toBe(body.length);
      expect(servers).toHaveLength(1);
    });
  });

  it.each([{ atomic: false }, { type: 'ascii' as const }])('do not go with %j', async (options) => {
    await pooled({}, {}, async (pool) => {
      await expect(pool.download('/f', '/x', { segments: 2, ...options })).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'segments',
      });
    });
  });
});
