/** `--retry` with `--no-clobber`: what the attempt before has made is no file of somebody else. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { realClock } from '../src/clock.js';
import { run } from '../src/run.js';

const names = ['a', 'b', 'c'];

let home: string;
let servers: TestServers;
let options: string[];
beforeAll(async () => {
  vi.spyOn(realClock, 'sleep').mockResolvedValue();
  home = mkdtempSync(join(tmpdir(), 'retry-'));
  servers = await startTestServers({
    users: { alice: 'secret' },
    files: Object.fromEntries(names.map((name) => [`/tree/${name}`, name.repeat(300)])),
  });
  writeFileSync(join(home, 'ca.pem'), servers.ca.certificate);
  options = ['--ca', join(home, 'ca.pem'), '--password-command', 'echo secret'];
});
afterAll(async () => {
  vi.restoreAllMocks();
  await servers.close();
  rmSync(home, { recursive: true, force: true });
});

let said: string;
beforeEach(() => {
  said = '';
});
const sink = () =>
  new Writable({
    write(chunk, _, done) {
      said += chunk;
      done();
    },
  });
const get = (to: string, ...more: string[]) =>
  run(
    [
      'get',
      '-r',
      `ftps://alice@localhost:${servers.ports.ftp['implicit-tls']}/tree`,
      to,
      '-n',
      ...options,
      ...more,
    ],
    { stdout: sink(), stderr: sink() },
  );
const cutFirst = (cutAfter: number): void => {
  let connections = 0;
  servers.ftp.faults = () => (connections++ === 0 ? { cutAfter, cut: 'reset' } : undefined);
};
const read = (folder: string) =>
  readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));

it('wherever the connection is cut, the next attempt goes on', async () => {
  let retried = 0;
  for (let at = 300; at < 1_100; at += 40) {
    said = '';
    cutFirst(at);
    const to = join(home, `to-${at}`);
    expect(await get(to, '--retry', '2'), `${at}: ${said}`).toBe(0);
    if (said.includes('again in')) retried++;
    expect(read(to)).toEqual(names.map((name) => name.repeat(300)));
  }
  expect(retried).toBeGreaterThan(2);
});

it('a file of somebody else stays, and is told', async () => {
  const to = join(home, 'other');
  mkdirSync(to);
  writeFileSync(join(to, 'b'), 'b'.repeat(299));
  cutFirst(700);
  expect(await get(to, '--retry', '2')).not.toBe(0);
  expect(said).toContain('b is there already');
  expect(readFileSync(join(to, 'b'), 'utf8')).toBe('b'.repeat(299));
});
