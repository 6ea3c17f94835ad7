/** `--limit-rate` holds for each command that moves octets, by the clock that it asks: a test's own, on which nothing waits. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { realClock } from '../src/clock.js';
import { run } from '../src/run.js';
import { Throttle } from '../src/throttle.js';

const octets = 2_000;
const message = `From: a@example.org\nTo: b@example.org\nNewsgroups: test.fivewire\nSubject: s\n\n${'x'.repeat(octets)}\n`;

const time = { now: 1_000 };
let home: string;
let servers: TestServers;
beforeAll(async () => {
  vi.spyOn(realClock, 'now').mockImplementation(() => time.now);
  vi.spyOn(realClock, 'sleep').mockImplementation(async (milliseconds, signal) => {
    signal.throwIfAborted();
    time.now += milliseconds;
  });
  home = mkdtempSync(join(tmpdir(), 'rate-'));
  servers = await startTestServers({
    users: { alice: 'secret' },
    files: { '/f': message },
    groups: ['test.fivewire'],
  });
  writeFileSync(join(home, 'ca.pem'), servers.ca.certificate);
  writeFileSync(join(home, 'm'), message);
  servers.mail.deliver('alice', message.replaceAll('\n', '\r\n'));
});
afterAll(async () => {
  vi.restoreAllMocks();
  await servers.close();
  rmSync(home, { recursive: true, force: true });
});

const url = (scheme: 'ftp' | 'imap' | 'pop3' | 'smtp' | 'nntp', path = '') =>
  `${scheme}s://alice@localhost:${servers.ports[scheme]['implicit-tls']}/${path}`;

async function cli(args: readonly string[]): Promise<void> {
  let said = '';
  const sink = () =>
    new Writable({
      write(chunk, _, done) {
        said += chunk;
        done();
      },
    });
  const options = ['--ca', join(home, 'ca.pem'), '--password-command', 'echo secret'];
  expect(
    await run([...args, ...options], { stdout: sink(), stderr: sink() }),
    `${args[0]}: ${said}`,
  ).toBe(0);
}

it.each<[string, () => string[]]>([
  ['get', () => ['get', url('ftp', 'f'), join(home, 'got')]],
  ['get --backup', () => ['get', url('ftp', 'f'), join(home, 'm2'), '--backup']],
  ['get to stdout', () => ['get', url('ftp', 'f'), '-']],
  ['get of a message', () => ['get', url('imap', 'INBOX/;UID=1'), join(home, 'mail')]],
  ['get of a maildrop', () => ['get', url('pop3', '1'), join(home, 'drop')]],
  ['put', () => ['put', join(home, 'm'), url('ftp', 'up')]],
  ['append', () => ['append', join(home, 'm'), url('imap', 'INBOX')]],
  ['send', () => ['send', url('smtp'), '--file', join(home, 'm')]],
  ['fetch', () => ['fetch', url('imap'), join(home, 'Maildir')]],
  ['fetch of a maildrop', () => ['fetch', url('pop3'), `mbox:${join(home, 'mbox')}`]],
  ['sync', () => ['sync', url('imap', 'INBOX'), join(home, 'Synced')]],
  ['news post', () => ['news', 'post', url('nntp'), join(home, 'm')]],
  ['news archive', () => ['news', 'archive', url('nntp', 'test.fivewire'), join(home, 'News')]],
])('%s', async (_, args) => {
  const began = time.now;
  await cli([...args(), '--limit-rate', '1000']);
  expect(time.now - began).toBeGreaterThanOrEqual(octets);
  // Each octet is counted once.
  expect(time.now - began).toBeLessThan(3 * octets + 3 * 1_000);
});

it('a throttle that is destroyed waits no longer', async () => {
  const throttle = new Throttle(1, { now: () => 0, sleep: (_, signal) => until(signal) });
  throttle.write('ab');
  throttle.destroy();
  await new Promise((resolve) => throttle.once('close', resolve));
  expect(throttle.destroyed).toBe(true);
});

const until = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
