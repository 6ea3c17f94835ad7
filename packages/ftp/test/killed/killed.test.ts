/** A process that is killed in the middle (SIGKILL: no handler runs), and the next one that makes it good. */
import { createHash } from 'node:crypto';
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
  const pieces: Buffer[] = [];
  for (let index = 0; pieces.length * 32 < length; index += 1) {
    pieces.push(createHash('sha256').update(`${seed} ${index}`).digest());
  }
  return Buffer.concat(pieces).subarray(0, length);
}

async function run(work: Omit<Work, 'options'>): Promise<unknown> {
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
