/** A process that is killed in the middle (SIGKILL: no handler runs), and the next one that makes it good. */
import { createCipheriv, createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createThrowawayCa,
  FileTree,
  type FtpServer,
  startFtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TransferResult } from '../../src/index.js';
import { bundleClient, startClient, type Work } from './child.js';

let bundle: string;
let ca: ThrowawayCa;
let tree: FileTree;
let server: FtpServer;
let options: object;
/** Where thousands of handshakes would prove nothing more. */
let optionsInClear: object;
beforeAll(async () => {
  bundle = await bundleClient();
  ca = await createThrowawayCa();
  tree = new FileTree();
  server = await startFtpServer({
    users: { alice: 'secret' },
    certificate: await ca.issue({ names: ['ftp.example.test'] }),
    files: tree,
  });
  options = {
    host: server.host,
    port: server.ports['implicit-tls'],
    serverHostname: 'ftp.example.test',
    tls: { ca: ca.certificate },
    auth: { user: 'alice', password: 'secret' },
    timeouts: { close: 300 },
  };
  optionsInClear = {
    ...options,
    port: server.ports.cleartext,
    security: 'cleartext',
    allowCleartextAuth: true,
  };
});
afterAll(() => server.close());
beforeEach(() => {
  tree.clear();
  server.dataFaults = undefined;
});

const place = () => mkdtemp(join(tmpdir(), 'ftp-killed-'));
const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');
const before = new Date(1_700_000_000_000);
const later = new Date(1_700_000_060_000);

/** Octets that are the same nowhere. */
function content(length: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

async function run(work: Partial<Work> & Omit<Work, 'options'>): Promise<unknown> {
  const over = await startClient(bundle, { options, ...work }).over;
  expect(over?.error).toBeUndefined();
  return over?.result;
}

/** Runs until `isDue` says so of an event, then kills. */
async function killed(
  work: Omit<Work, 'options'>,
  isDue: (event: never) => boolean,
): Promise<void> {
  const child = startClient(bundle, { options, ...work }, (event) => {
    if (isDue(event)) child.kill();
  });
  expect(await child.over).toBeUndefined();
}

describe('a download that is killed at half', () => {
  const size = 6 << 20;
  const half = size / 2;
  const old = content(size, 'old');

  /** The server falls silent in the middle, and the client is killed when all until there has come. */
  async function half_killed(target: string): Promise<void> {
    tree.write('/f', old, before);
    server.dataFaults = { stallAt: half };
    const args = ['/f', target, { resume: true, tells: 'onProgress' }];
    await killed(
      { method: 'download', args },
      ({ octets }: { octets: number }) => octets >= half - 65_536,
    );
    server.dataFaults = undefined;
    expect((await stat(`${target}.part`)).size).toBeGreaterThan(1 << 20);
  }

  it('goes on where it was', async () => {
    const target = join(await place(), 'f');
    await half_killed(target);
    const result = await run({ method: 'download', args: ['/f', target, { resume: true }] });
    expect((result as TransferResult).start).toBeGreaterThan(1 << 20);
    expect(sha256(await readFile(target))).toBe(sha256(old));
    expect(await readdir(dirname(target))).toEqual(['f']);
  });

  it.each<[string, Buffer, Date]>([
    ['of the same size and another time', content(size, 'new'), later],
    ['shorter, of the same time', content(half, 'new'), before],
    ['shorter than the part', content(1_000, 'new'), later],
    ['longer, of the same time', content(size + 5_000, 'new'), before],
    ['empty', Buffer.alloc(0), later],
  ])('begins anew where the remote file is another: %s', async (_what, fresh, modified) => {
    const target = join(await place(), 'f');
    await half_killed(target);
    tree.write('/f', fresh, modified);
    const result = await run({ method: 'download', args: ['/f', target, { resume: true }] });
    expect(result).toMatchObject({ start: 0, size: fresh.length });
    expect(sha256(await readFile(target))).toBe(sha256(fresh));
    expect(await readdir(dirname(target))).toEqual(['f']);
  });
});

it('a download in segments that is killed goes on with all of them', async () => {
  const octets = content(8 << 20, 'segments');
  tree.write('/f', octets, before);
  const target = join(await place(), 'f');
  const work = { pooled: true, method: 'download' };
  const how = { resume: true, segments: 3 };
  // Each segment's server falls silent behind 2 MB: none is whole when the client dies.
  server.dataFaults = { stallAt: 2 << 20 };
  await killed(
    { ...work, args: ['/f', target, { ...how, tells: 'onProgress' }] },
    (event: { octets: number }) => event.octets > 5.5 * (1 << 20),
  );
  server.dataFaults = undefined;
  const result = (await run({ ...work, args: ['/f', target, how] })) as TransferResult;
  expect(result).toMatchObject({ size: octets.length, octets: octets.length - result.start });
  expect(result.start).toBeGreaterThan(4 << 20);
  expect(sha256(await readFile(target))).toBe(sha256(octets));
  expect(await readdir(dirname(target))).toEqual(['f']);
});

describe('a mirror of 1,000 files that is killed at ten points', () => {
  const names = Array.from(
    { length: 1_000 },
    (_, index) => `d${index % 10}/s${index % 3}/f${index}`,
  );
  const text = (name: string) => name.repeat(1 + (name.length % 7) * 11);
  const wanted = Object.fromEntries(names.map((name) => [name, text(name)]));
  /** What is there beforehand: `kept` by the patterns that leave it out; the rest has to go. */
  const kept = { 'kept/of-old': 'mine', 'd1/kept/x': 'too' };
  const others = { 'old/a': 'x', 'd2/old-too': 'y', 'd3/s0/f3': 'another text' };
  const how = { delete: true, exclude: ['kept'], mostDeletions: 3 };

  const inRemote = (root: string): Record<string, string> =>
    Object.fromEntries(
      tree.paths
        .filter((path) => path.startsWith(`${root}/`) && tree.read(path) !== undefined)
        .map((path) => [path.slice(root.length + 1), String(tree.read(path))]),
    );
  function inLocal(root: string): Record<string, string> {
    const found: Record<string, string> = {};
    for (const one of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = join(one.parentPath, one.name);
      if (one.isFile()) found[path.slice(root.length + 1)] = readFileSync(path, 'utf8');
    }
    return found;
  }
  function fill(root: string, files: Record<string, string>): string {
    for (const [name, octets] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), octets);
    }
    return root;
  }
  const work = (root: string, direction: 'up' | 'down', pooled: boolean) => ({
    options: optionsInClear,
    method: 'mirror',
    pooled,
    args: [root, '/w', { direction, ...how }],
  });

  it('up, over a pool', async () => {
    const root = fill(await place(), wanted);
    for (const [name, octets] of Object.entries({ ...kept, ...others })) {
      tree.write(`/w/${name}`, octets, before);
    }
    for (const point of [1, 7, 60, 123, 200, 251, 333, 390, 77, 410]) {
      // Each point counts what the server's tree goes through: names that are not whole yet, renames, times.
      let changes = 0;
      const child = startClient(bundle, work(root, 'up', true));
      const stop = tree.watch(() => {
        changes += 1;
        if (changes === point) child.kill();
      });
      expect(await child.over).toBeUndefined();
      stop();
      expect(inRemote('/w')).toMatchObject(kept);
      expect(inLocal(root)).toEqual(wanted);
    }
    await run(work(root, 'up', true));
    expect(inRemote('/w')).toEqual({ ...wanted, ...kept });
    expect(await run(work(root, 'up', true))).toMatchObject({ plan: [], unchanged: 1_000 });
  });

  it('down, over one connection', async () => {
    for (const [name, octets] of Object.entries(wanted)) tree.write(`/w/${name}`, octets, before);
    const root = fill(await place(), { ...kept, ...others });
    const origin = inRemote('/w');
    for (const point of [1, 20, 60, 90, 120, 133, 150, 170, 190, 201]) {
      // The server falls silent in the middle of a file, and then the client dies.
      let begun = 0;
      const child = startClient(bundle, work(root, 'down', false));
      server.dataFaults = () => {
        begun += 1;
        if (begun === point) setImmediate(() => child.kill());
        return begun === point ? { stallAt: point % 40 } : undefined;
      };
      expect(await child.over).toBeUndefined();
      server.dataFaults = undefined;
      expect(inLocal(root)).toMatchObject(kept);
      expect(inRemote('/w')).toEqual(origin);
    }
    await run(work(root, 'down', false));
    expect(inLocal(root)).toEqual({ ...wanted, ...kept });
    expect(await run(work(root, 'down', false))).toMatchObject({ plan: [], unchanged: 1_000 });
  });
});
