/** Trees both ways: what is planned, done, refused, kept, and made good after a kill. */
import { spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { giveUpTemporary, temporaryName } from '@fivewire/line-protocol';
import {
  createThrowawayCa,
  FileTree,
  startFtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createFtpPool,
  FtpClient,
  type FtpPool,
  type FtpPoolOptions,
  type TreeEvent,
  type TreeResult,
} from '../src/index.js';
import { Link, oddServer, type Tree } from './odd-server.js';

let ca: ThrowawayCa;
beforeAll(async () => {
  ca = await createThrowawayCa();
});
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function serve(files: Record<string, string> = {}) {
  const tree = new FileTree(files);
  const server = await startFtpServer({
    users: { alice: 'secret' },
    certificate: await ca.issue({ names: ['ftp.example.test'] }),
    files: tree,
  });
  cleanups.push(() => server.close());
  const options: FtpPoolOptions = {
    host: server.host,
    port: server.ports['implicit-tls'],
    serverHostname: 'ftp.example.test',
    tls: { ca: ca.certificate },
    auth: { user: 'alice', password: 'secret' },
    timeouts: { close: 300 },
  };
  return { tree, server, options };
}
async function client(options: FtpPoolOptions): Promise<FtpClient> {
  const ftp = await FtpClient.connect(options);
  cleanups.push(() => ftp.close());
  return ftp;
}
function pool(options: FtpPoolOptions): FtpPool {
  const made = createFtpPool(options);
  cleanups.push(() => made.close());
  return made;
}

async function local(files: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'ftp-tree-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}
async function inLocal(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of await readdir(root, { recursive: true })) {
    const about = await stat(join(root, path));
    found[path] = about.isDirectory() ? '/' : await readFile(join(root, path), 'utf8');
  }
  return found;
}
function inRemote(tree: FileTree, root: string, paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    paths.map((path) => [path, tree.read(`${root}/${path}`)?.toString() ?? 'missing']),
  );
}

const files = {
  'a.txt': 'one',
  'sub/b.txt': 'two',
  'sub/deep/c.bin': 'three',
  'ü [1] x.txt': 'four',
};
const kinds = ({ plan }: TreeResult) => plan.map(({ kind, path }) => `${kind} ${path}`).sort();

describe.each(['client', 'pool'] as const)('by a %s', (kind) => {
  const open = async (options: FtpPoolOptions): Promise<FtpClient | FtpPool> =>
    kind === 'client' ? client(options) : pool(options);

  it('uploads a tree, and downloads it', async () => {
    const { tree, options } = await serve();
    const ftp = await open(options);
    const events: TreeEvent[] = [];
    const up = await ftp.uploadTree(await local(files), '/www/site', {
      onEvent: (event) => events.push(event),
    });
    expect(up).toMatchObject({ transferred: 4, deleted: 0, octets: 15, refused: [] });
    expect(inRemote(tree, '/www/site', Object.keys(files))).toEqual(files);
    expect(events.at(-1)).toMatchObject({ total: { done: 6, actions: 6, octets: 15 } });

    const there = join(await local(), 'new', 'place');
    expect(await ftp.downloadTree('/www/site', there)).toMatchObject({ transferred: 4 });
    expect(await inLocal(there)).toEqual({ ...files, sub: '/', 'sub/deep': '/' });
    expect(await ftp.exists('/www/site/a.txt')).toBe(true);
    expect(await ftp.exists('/www/site/no')).toBe(false);
  });

  it('mirrors up: only what differs, and what is too much only where asked to', async () => {
    const { tree, options } = await serve({ '/www/old.txt': 'x', '/www/gone/f': 'y' });
    const ftp = await open(options);
    const root = await local(files);
    await utimes(join(root, 'a.txt'), new Date(1_500_000_000_000), new Date(1_500_000_000_000));
    const first = await ftp.mirror(root, '/www', { direction: 'up' });
    expect(first).toMatchObject({ transferred: 4, deleted: 0, unchanged: 0 });
    expect(tree.file('/www/a.txt')?.modified.getTime()).toBe(1_500_000_000_000);
    expect(await ftp.mirror(root, '/www', { direction: 'up' })).toMatchObject({
      plan: [],
      unchanged: 4,
    });
    await writeFile(join(root, 'a.txt'), 'eno');
    const plan = await ftp.mirror(root, '/www', { direction: 'up', delete: true, dryRun: true });
    const expected = ['delete gone', 'delete gone/f', 'delete old.txt', 'transfer a.txt'];
    expect(kinds(plan)).toEqual(expected);
    expect(tree.read('/www/old.txt')?.toString()).toBe('x');
    await expect(
      ftp.mirror(root, '/www', { direction: 'up', delete: true, mostDeletions: 2 }),
    ).rejects.toMatchObject({ code: 'ERR_STATE' });
    expect(tree.read('/www/a.txt')?.toString()).toBe('one');
    expect(await ftp.mirror(root, '/www', { direction: 'up', delete: true })).toMatchObject({
      transferred: 1,
      deleted: 3,
    });
    expect(tree.find('/www/gone')).toBeUndefined();
    expect(tree.read('/www/a.txt')?.toString()).toBe('eno');
  });

  it('mirrors down, the same', async () => {
    const { tree, options } = await serve({ '/www/a': 'one', '/www/sub/b': 'two' });
    const ftp = await open(options);
    const root = await local({ old: 'x', 'gone/f': 'y' });
    await ftp.mirror(root, '/www', { direction: 'down' });
    expect(await inLocal(root)).toEqual({
      a: 'one',
      sub: '/',
      'sub/b': 'two',
      old: 'x',
      gone: '/',
      'gone/f': 'y',
    });
    expect(await ftp.mirror(root, '/www', { direction: 'down' })).toMatchObject({
      plan: [],
      unchanged: 2,
    });
    tree.write('/www/a', 'eno', new Date(1_600_000_000_000));
    expect(await ftp.mirror(root, '/www', { direction: 'down', delete: true })).toMatchObject({
      transferred: 1,
      deleted: 3,
    });
    expect(await inLocal(root)).toEqual({ a: 'eno', sub: '/', 'sub/b': 'two' });
    expect((await stat(join(root, 'a'))).mtimeMs).toBe(1_600_000_000_000);
  });
});

it('takes what patterns say', async () => {
  const { tree, options } = await serve();
  const ftp = await client(options);
  const root = await local({
    'a.html': '1',
    'b.js': '2',
    'docs/c.html': '3',
    'docs/d.js': '4',
    'node_modules/x.html': '5',
    'empty/e.js': '6',
  });
  const result = await ftp.uploadTree(root, '/w', {
    include: ['*.html'],
    exclude: ['node_modules', 'docs/d*'],
  });
  expect(kinds(result)).toEqual(['make docs', 'transfer a.html', 'transfer docs/c.html']);
  expect(tree.find('/w/empty')).toBeUndefined();
});

it('compares hashes where asked to', async () => {
  const { options } = await serve({ '/w/a': 'one', '/w/b': 'two' });
  const ftp = await client(options);
  const root = await local({ a: 'one', b: 'owt' });
  const result = await ftp.mirror(root, '/w', { direction: 'up', compare: 'hash' });
  expect(kinds(result)).toEqual(['transfer b']);
});

it('goes on after what fails, and says all of it at the end', async () => {
  const { server, options } = await serve({ '/w/a': 'one', '/w/b': 'two', '/w/c': 'three' });
  const ftp = await client(options);
  const root = await local();
  server.dataFaults = (number) => (number === 2 ? { cutAfter: 1, cut: 'reset' } : undefined);
  const error = await ftp.downloadTree('/w', root).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'ERR_TRANSFER_INCOMPLETE',
    connection: 'usable',
    errors: [{ path: 'b', error: { code: 'ERR_TRANSFER_INCOMPLETE' } }],
    result: { transferred: 2 },
  });
  server.dataFaults = undefined;
  expect(await ftp.downloadTree('/w', root)).toMatchObject({ transferred: 3 });
});

describe('a tree that is not what it seems', () => {
  const onOdd = async (tree: Tree, manners = {}) => {
    const server = oddServer(tree, manners);
    const ftp = await FtpClient.connect(server.options);
    cleanups.push(() => ftp.close());
    return { server, ftp };
  };

  it.each([
    [true, ['MDTM 20010203040506 /w/a', 'MDTM 20010203040506 /w/b', 'MDTM 20010203040506 /w/c']],
    [false, ['MDTM 20010203040506 /w/a']], // once is enough to know
  ])(
    'times go up where the server has MDTM alone, which sets them or not: %s',
    async (setsTimes, said) => {
      const { ftp, server } = await onOdd({}, { features: ['EPSV', 'SIZE', 'MDTM'], setsTimes });
      const root = await local({ a: '1', b: '2', c: '3' });
      const modified = new Date('2001-02-03T04:05:06Z');
      for (const name of ['a', 'b', 'c']) await utimes(join(root, name), modified, modified);
      const up = () => ftp.mirror(root, '/w', { direction: 'up' });
      expect(await up()).toMatchObject({ transferred: 3 });
      expect(server.said.filter((line) => /^MDTM \d{14} /.test(line))).toEqual(said);
      expect(await up()).toMatchObject({ transferred: 0, unchanged: 3 });
      expect((await ftp.stat('/w/c'))?.modified).toEqual(
        setsTimes ? modified : new Date('2024-01-02T03:04:05Z'),
      );
    },
  );

  it.skipIf(process.platform !== 'linux')(
    'a name that is no UTF-8 is told, and keeps no other',
    async () => {
      const { ftp, server } = await onOdd({});
      const root = await local({ a: '1' });
      await writeFile(Buffer.concat([Buffer.from(join(root, 'caf')), Buffer.from([0xe9])]), '2');
      const up = await ftp.mirror(root, '/w', { direction: 'up' });
      expect(up).toMatchObject({
        transferred: 1,
        refused: [{ path: 'caf\\xe9', reason: 'a name that is no UTF-8' }],
      });
      expect(server.tree.w).toEqual({ a: '1' });
    },
  );

  it('links and names that lead out are refused and told', async () => {
    const evil = {
      '..\\up': 'x',
      '..\\..\\up': 'y',
      ok: 'fine',
      link: new Link('/ok'),
      '..': { in: 'z' },
    };
    const { ftp } = await onOdd(evil as Tree);
    const root = await local();
    const result = await ftp.downloadTree('/', join(root, 'in'));
    expect(await inLocal(root)).toEqual({ in: '/', 'in/ok': 'fine' });
    expect(result.refused.map(({ path }) => path).sort()).toEqual(['..\\..\\up', '..\\up', 'link']);
  });

  it.each([
    ['/none', { keep: 'k' }],
    ['/srv/x', { keep: 'k', more: {} }],
    ['/srv/x', { more: { inner: 'i' } }],
    ['/srv/x', { more: {} }],
  ])(
    'nothing here is removed on the word of another directory’s listing: %s, %j',
    async (path, home) => {
      const tree: Tree = { home: home as Tree, srv: { x: { other: 'o' } } };
      const features = ['EPSV', 'SIZE', 'MDTM'];
      const server = oddServer(tree, { ignoresArgument: true, home: '/home', features });
      const ftp = await FtpClient.connect(server.options);
      cleanups.push(() => ftp.close());
      const root = await local({ mine: 'm', keep: 'k', 'dir/f': 'f' });
      await ftp.mirror(root, path, { direction: 'down', delete: true }).catch(() => {});
      expect(await inLocal(root)).toMatchObject({ mine: 'm', keep: 'k', 'dir/f': 'f' });
    },
  );

  it('nothing is removed by a name that leads out', async () => {
    const { ftp, server } = await onOdd({ w: { '..\\up': 'x', old: 'y' } } as Tree);
    const root = await local({ a: '1' });
    const result = await ftp.mirror(root, '/w', { direction: 'up', delete: true });
    expect(result.deleted).toBe(1);
    expect(server.tree.w).toEqual({ '..\\up': 'x', a: '1' });
    expect(server.said.filter((line) => /^(?:DELE|RMD) .*up/.test(line))).toEqual([]);
  });

  it('a name that no command can have in it is refused and told, and the rest comes', async () => {
    const { ftp, server } = await onOdd({
      'no\0name': 'x',
      'no\rway': { y: 'z' },
      sub: { f: 'f' },
    });
    const root = await local();
    const result = await ftp.downloadTree('/', root);
    expect(result.transferred).toBe(1);
    expect(result.refused.map(({ path }) => path).sort()).toEqual(['no\0name', 'no\rway']);
    expect(await inLocal(root)).toMatchObject({ 'sub/f': 'f' });
    const told: string[] = [];
    const listed: string[] = [];
    const onProblem = ({ directory }: { directory: string }) => void told.push(directory);
    for await (const { path } of ftp.list('/', { recursive: true, onProblem })) listed.push(path);
    expect(listed.sort()).toEqual(['/no\0name', '/no\rway', '/sub', '/sub/f']);
    expect(told).toEqual(['/no\rway']);
    expect(server.said.filter((line) => /no/.test(line) && !/NOOP/.test(line))).toEqual([]);
  });

  it('nothing is written through a link of this side', async () => {
    const { ftp } = await onOdd({ sub: { f: 'x' } });
    const root = await local();
    const outside = await local();
    await symlink(outside, join(root, 'sub'));
    await expect(ftp.downloadTree('/', root)).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
    });
    expect(await readdir(outside)).toEqual([]);
  });

  it('links of this side are not followed', async () => {
    const { ftp, server } = await onOdd({});
    const root = await local({ a: 'x' });
    await symlink('/etc', join(root, 'etc'));
    expect((await ftp.uploadTree(root, '/w')).refused).toEqual([
      { path: 'etc', reason: 'a symbolic link' },
    ]);
    expect(server.tree.w).toEqual({ a: 'x' });
  });

  it('nothing is removed on the word of a listing with problems', async () => {
    const row = (name: string) =>
      name === 'b' ? 'no one knows this tongue' : `-rw-r--r-- 1 u g 1 Jan 02 2024 ${name}`;
    const { ftp } = await onOdd({ a: 'x', b: 'y' }, { row });
    const root = await local({ a: 'x', b: 'y', c: 'z' });
    await expect(ftp.mirror(root, '/', { direction: 'down', delete: true })).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
    });
    expect(Object.keys(await inLocal(root)).sort()).toEqual(['a', 'b', 'c']);
  });

  it('nor on the word of an empty listing that is a lie', async () => {
    const { ftp } = await onOdd({ 'a b': { f: 'x' } }, { oddPaths: 'empty' });
    const root = await local({ f: 'x', keep: 'y' });
    const result = await ftp.mirror(root, '/a b', { direction: 'down', delete: true });
    expect(result).toMatchObject({ deleted: 1 });
    expect(await inLocal(root)).toEqual({ f: 'x' });
  });

  it('a link that is shown as a directory goes, and what it leads to stays', async () => {
    const tree = {
      data: { precious: 'x', deep: { er: 'y' } },
      w: { a: '1', link: new Link('/data'), old: { link: new Link('/data'), f: 'z', g: {} } },
    };
    const row = (name: string, node: unknown) =>
      `${typeof node === 'string' ? '-' : 'd'}rwxr-xr-x 1 u g 1 Jan 02 2024 ${name}`;
    const { ftp, server } = await onOdd(tree as Tree, { row });
    const root = await local({ a: '1' });
    const events: TreeEvent[] = [];
    const result = await ftp.mirror(root, '/w', {
      direction: 'up',
      compare: 'size',
      delete: true,
      onEvent: (event) => events.push(event),
    });
    expect(server.tree.w).toEqual({ a: '1' });
    expect(server.tree.data).toEqual({ precious: 'x', deep: { er: 'y' } });
    expect(result.deleted).toBe(5);
    expect(events.at(-1)?.total).toMatchObject({ done: 5, actions: 5 });
  });

  it.each(['up', 'down'] as const)(
    'a directory makes way for a file only when that has come, %s',
    async (direction) => {
      const there = { w: { x: direction === 'up' ? { keep: 'old' } : 'new', y: 'z' } };
      const refused = { RETR: '550 Permission denied', STOR: '553 Not allowed' };
      const answers: Record<string, string> = { ...refused };
      const { ftp, server } = await onOdd(there as Tree, { answers });
      const root = await local(
        direction === 'up' ? { x: 'new', y: 'z' } : { 'x/keep': 'old', y: 'z' },
      );
      const work = () =>
        ftp
          .mirror(root, '/w', { direction, compare: 'size', delete: true })
          .catch((error) => error);
      const seen = async () =>
        direction === 'up'
          ? server.tree.w
          : { x: { keep: (await inLocal(root))['x/keep'] }, y: 'z' };
      expect(await work()).toMatchObject({ errors: [{ path: 'x' }], result: { deleted: 0 } });
      expect(await seen()).toEqual({ x: { keep: 'old' }, y: 'z' });
      server.manners.answers = {};
      expect(await work()).toMatchObject({ transferred: 1, deleted: 1 });
      if (direction === 'up') expect(server.tree.w).toEqual({ x: 'new', y: 'z' });
      else expect(await inLocal(root)).toEqual({ x: 'new', y: 'z' });
    },
  );

  it.each([{}, { features: ['MLST type*;size*;', 'EPSV', 'SIZE', 'MDTM'] }])(
    'a file is no tree, and nothing is removed for its sake, %j',
    async (manners) => {
      const { ftp, server } = await onOdd({ w: 'a file', d: { w: 'another' } }, manners);
      const root = await local({ keep: 'mine' });
      for (const direction of ['up', 'down'] as const) {
        for (const remote of ['/w', 'w', '/d/w']) {
          const work = ftp.mirror(root, remote, { direction, delete: true });
          await expect(work).rejects.toMatchObject({ code: 'ERR_COMMAND_REJECTED' });
        }
      }
      expect(server.tree).toEqual({ w: 'a file', d: { w: 'another' } });
      expect(await inLocal(root)).toEqual({ keep: 'mine' });
      await expect(
        ftp.mirror(join(root, 'keep'), '/d', { direction: 'up', delete: true }),
      ).rejects.toMatchObject({ code: 'ERR_LOCAL_IO' });
      expect(server.tree.d).toEqual({ w: 'another' });
    },
  );

  it('a name that ends in .part is as any other, unless a download can go on with it', async () => {
    const { ftp, server } = await onOdd({ w: {}, d: { 'film.part': 'one', 'x.part.json': '{}' } });
    const root = await local({ 'film.part': 'one', 'y.part': 'half', 'y.part.json': '{}' });
    const up = await ftp.mirror(root, '/w', { direction: 'up', delete: true });
    expect(server.tree.w).toEqual({ 'film.part': 'one' });
    const reason = 'an unfinished download';
    expect(up.refused).toEqual([
      { path: 'y.part', reason },
      { path: 'y.part.json', reason },
    ]);
    await ftp.mirror(root, '/d', { direction: 'down', compare: 'size', delete: true });
    const again = await ftp.mirror(root, '/d', {
      direction: 'down',
      compare: 'size',
      delete: true,
    });
    expect(again).toMatchObject({ plan: [], unchanged: 2 });
    expect(Object.keys(await inLocal(root)).sort()).toEqual([
      'film.part',
      'x.part.json',
      'y.part',
      'y.part.json',
    ]);
  });

  describe.each(['up', 'down'] as const)(
    'what patterns leave out keeps its place, %s',
    (direction) => {
      /** The target as `there`, the source as `from`; @returns what the target is then, and what was said of failures. */
      const mirrored = async (
        from: Record<string, string>,
        there: Record<string, string>,
        options: object,
      ) => {
        const nested = (files: Record<string, string>): Tree => {
          const tree: Tree = {};
          for (const [path, text] of Object.entries(files)) {
            const names = path.split('/');
            const name = names.pop() as string;
            let at = tree;
            for (const each of names) {
              at[each] ??= {};
              at = at[each] as Tree;
            }
            at[name] = text;
          }
          return tree;
        };
        const isUp = direction === 'up';
        const { ftp, server } = await onOdd({ w: nested(isUp ? there : from) });
        const root = await local(isUp ? from : there);
        const failed: string[] = [];
        const error = await ftp
          .mirror(root, '/w', {
            direction,
            delete: true,
            compare: 'size',
            onEvent: (event) => event.kind === 'failed' && failed.push(event.action.path),
            ...options,
          })
          .then(
            () => undefined,
            (caught) => caught as { code: string; errors: { path: string }[] },
          );
        const left = Object.entries(await inLocal(root)).filter(([, text]) => text !== '/');
        return {
          target: isUp ? server.tree.w : nested(Object.fromEntries(left)),
          errors: error?.errors.map(({ path }) => path),
          failed,
          said: server.said,
        };
      };

      it('a directory that a file is to replace stays whole, and that is told', async () => {
        const there = { 'x/a': '1', 'x/deep/.htpasswd': 'mine', 'x/deep/b': '2', y: 'old' };
        const { target, errors, failed } = await mirrored({ x: 'file', y: 'newer' }, there, {
          exclude: ['.htpasswd'],
        });
        expect(target).toEqual({
          x: { a: '1', deep: { '.htpasswd': 'mine', b: '2' } },
          y: 'newer',
        });
        expect(errors).toEqual(['x']);
        expect(failed).toEqual(['x']);
      });

      it('a directory that is replaced goes with all that is in it where nothing is left out', async () => {
        const there = { 'x/a': '1', 'x/deep/b': '2', 'z/.htpasswd': 'mine' };
        const { target, errors } = await mirrored({ x: 'file', 'z/f': '3' }, there, {
          exclude: ['.htpasswd'],
        });
        expect(target).toEqual({ x: 'file', z: { f: '3', '.htpasswd': 'mine' } });
        expect(errors).toBeUndefined();
      });

      it('of a directory that is no more goes what is meant, and the rest is told', async () => {
        const there = { 'old/a': '1', 'old/deep/.htpasswd': 'mine', 'old/gone/b': '2' };
        const { target, errors, said } = await mirrored({ f: '1' }, there, {
          exclude: ['.htpasswd'],
        });
        expect(target).toEqual({ f: '1', old: { deep: { '.htpasswd': 'mine' } } });
        expect(errors).toEqual(['old', 'old/deep']);
        // Some servers' RMD takes what is full as well.
        for (const full of ['old', 'old/deep'])
          expect(
            said.filter((line) => line.endsWith(`/w/${full}`) && /^(?:RMD|DELE)/.test(line)),
          ).toEqual([]);
      });

      it('an excluded directory keeps those above it', async () => {
        const there = { 'old/kept/a': '1', 'old/b': '2' };
        const { target, errors } = await mirrored({ f: '1' }, there, { exclude: ['old/kept'] });
        expect(target).toEqual({ f: '1', old: { kept: { a: '1' } } });
        expect(errors).toEqual(['old']);
      });

      it('where only some files are meant, the directory of others is none of its business', async () => {
        const there = { 'old/a.png': '1', 'old/b.html': '2', 'gone/c.html': '3' };
        const { target, errors } = await mirrored({ 'f.html': '1' }, there, {
          include: ['*.html'],
        });
        expect(target).toEqual({ 'f.html': '1', old: { 'a.png': '1' } });
        expect(errors).toBeUndefined();
      });

      it('what another run is writing keeps its directory', async () => {
        const part = temporaryName('f'); // of this process, which runs
        const there = { [`x/${part}`]: 'half', [part]: 'half' };
        const { target, errors } = await mirrored({ x: 'file' }, there, {});
        expect(target).toEqual({ x: { [part]: 'half' }, [part]: 'half' });
        expect(errors).toEqual(['x']);
      });
    },
  );

  it('what the original has and can not be taken along keeps its copy', async () => {
    const { ftp, server } = await onOdd({ w: { l: 'copy', d: { f: 'copy' }, gone: 'x' } });
    const root = await local({ a: '1' });
    await symlink('a', join(root, 'l'));
    await symlink('.', join(root, 'd'));
    const result = await ftp.mirror(root, '/w', { direction: 'up', delete: true });
    expect(result.refused.map(({ path }) => path).sort()).toEqual(['d', 'l']);
    expect(server.tree.w).toEqual({ a: '1', l: 'copy', d: { f: 'copy' } });
  });

  it.each(['up', 'down'] as const)(
    'sweeps what can have no writer any more, %s',
    async (direction) => {
      const mark = temporaryName('').slice(2, 6);
      const of = (pid: number) =>
        `.a.${mark}${(pid * 1024 + 5).toString(16).padStart(8, '0')}.part`;
      const dead = spawnSync(process.execPath, ['-e', '']).pid;
      const [ours, givenUp] = [temporaryName('a'), temporaryName('a')];
      giveUpTemporary(givenUp);
      const elsewhere = { old: '.a.0123456789ab.part', young: '.b.ba9876543210.part' };
      const names = [ours, givenUp, of(dead), of(process.ppid), elsewhere.old, elsewhere.young];
      const there = Object.fromEntries(names.map((name) => [name, 'half']));
      const row = (name: string, node: unknown) =>
        `-rw-r--r-- 1 u g ${String(node).length} Jan 02 ${name === elsewhere.old ? 2024 : 2099} ${name}`;
      const isUp = direction === 'up';
      const { ftp, server } = await onOdd({ w: isUp ? there : { a: 'whole' } }, { row });
      const root = await local(isUp ? { a: 'whole' } : there);
      const old = new Date(2024, 0, 2);
      if (!isUp) await utimes(join(root, elsewhere.old), old, old);
      await ftp.mirror(root, '/w', { direction, delete: true, compare: 'size' });
      const left = isUp ? (server.tree.w as object) : await inLocal(root);
      expect(Object.keys(left).sort()).toEqual(
        ['a', ours, of(process.ppid), elsewhere.young].sort(),
      );
    },
  );

  it('a name as long as names can be is uploaded under a shorter one first', async () => {
    const long = `${'ü'.repeat(120)}.tar.gz`;
    const { ftp, server } = await onOdd({ w: {} });
    await ftp.uploadTree(await local({ [long]: 'x' }), '/w');
    const stored = server.said.find((line) => line.startsWith('STOR')) as string;
    expect(Buffer.from(stored.slice('STOR /w/'.length), 'latin1').length).toBeLessThanOrEqual(255);
    expect(
      Buffer.from(Object.keys(server.tree.w as object)[0] as string, 'latin1').toString(),
    ).toBe(long);
  });

  it('what a killed run left behind goes', async () => {
    const stale = '.a.0123456789ab.part';
    const { ftp, server } = await onOdd({ w: { [stale]: 'half', '.part': 'mine' } });
    await ftp.uploadTree(await local({ a: 'whole' }), '/w');
    expect(server.tree.w).toEqual({ a: 'whole', '.part': 'mine' });
  });
});

it.each([
  undefined,
  {},
  { direction: 'sideways' },
  { direction: 'up', delet: true },
  { direction: 'up', concurrency: 0 },
])('%j is refused', async (options) => {
  const { options: where } = await serve();
  const ftp = await client(where);
  await expect(ftp.mirror('.', '/w', options as never)).rejects.toMatchObject({
    code: 'ERR_ARGUMENT',
  });
});

it.each(['up', 'down'] as const)(
  'killed at ten points and run again %s: equal trees',
  async (direction) => {
    const names = Array.from({ length: 60 }, (_, index) => `d${index % 6}/f${index}`);
    const content = Object.fromEntries(names.map((name) => [name, name.repeat(40)]));
    const { tree, options } = await serve(
      direction === 'down'
        ? Object.fromEntries(names.map((name) => [`/w/${name}`, content[name] as string]))
        : { '/w/too-much': 'x' },
    );
    const root = await local(direction === 'up' ? content : { 'too-much': 'x' });
    for (let point = 1; point <= 10; point += 1) {
      const ftp = await client(options);
      let steps = 0;
      const onEvent = () => {
        steps += 1;
        if (steps === point) ftp.close();
      };
      await ftp.mirror(root, '/w', { direction, onEvent }).catch(() => {});
    }
    const ftp = await client(options);
    await ftp.mirror(root, '/w', { direction, delete: true });
    expect(await ftp.mirror(root, '/w', { direction, delete: true })).toMatchObject({
      plan: [],
      unchanged: 60,
    });
    if (direction === 'up') expect(inRemote(tree, '/w', names)).toEqual(content);
    else expect(await inLocal(root)).toMatchObject(content);
    expect(tree.find('/w/too-much')).toBeUndefined();
  },
);
