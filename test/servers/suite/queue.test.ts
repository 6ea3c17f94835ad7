/** Jobs on a real Redis: workers killed at random and the queue restarted, each message goes out once or is told as unknown. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createQueueRunner, type Job, type JobOutcome, startWorker } from '@fivewire/jobs';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../install.mjs';

let folder: string;
let servers: TestServers;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fivewire-queue-'));
  servers = await startTestServers({ users: { alice: 'secret' } });
  writeFileSync(join(folder, 'key.pem'), servers.certificate.key, { mode: 0o600 });
  writeFileSync(join(folder, 'cert.pem'), servers.certificate.chain);
});
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child, 'SIGKILL');
});
afterAll(async () => {
  await servers?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** On loopback, each write on the disk before it is answered. */
async function redis(
  port: number,
  lines: readonly string[] = [`port ${port}`],
): Promise<ChildProcess> {
  const program = findProgram('redis-server');
  if (program === undefined)
    throw new Error('redis-server is not installed (Debian: redis-server)');
  const config = join(folder, `redis-${port}.conf`);
  const common = ['bind 127.0.0.1', `dir ${folder}`, 'appendonly yes', 'appendfsync always'];
  writeFileSync(config, [...common, `appendfilename ${port}.aof`, ...lines, ''].join('\n'));
  const child = spawn(program, [config], { stdio: 'ignore' });
  children.push(child);
  for (;;) {
    const answers = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (answers) return child;
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    await sleep(50);
  }
}

const job = (key: string, argv: readonly string[], repeatable = false): Job => ({
  key,
  name: key,
  argv,
  repeatable,
});

async function outcomes(run: AsyncIterable<JobOutcome>): Promise<JobOutcome[]> {
  const found: JobOutcome[] = [];
  for await (const outcome of run) found.push(outcome);
  return found;
}

const smtp = () => ({
  host: 'localhost',
  port: servers.ports.smtp['implicit-tls'],
  tls: { ca: servers.ca.certificate },
  auth: { user: 'alice', password: 'secret' },
});

describe('the queue', () => {
  it('ten thousand sends, workers killed, the queue restarted', async () => {
    const count = 10_000;
    const port = await freePort();
    let server = await redis(port);
    const queue = { url: `redis://127.0.0.1:${port}`, name: 'sends' };
    const worker = (): ChildProcess => {
      const script = fileURLToPath(new URL('queue-worker.mjs', import.meta.url));
      const child = spawn(process.execPath, [script, JSON.stringify([queue, smtp()])], {
        stdio: 'inherit',
      });
      children.push(child);
      return child;
    };
    const [first, second] = [worker(), worker(), worker()];
    const jobs = Array.from({ length: count }, (_, i) =>
      job(`send-${i}`, ['bob@example.org', 'alice@example.org', `Subject: n${i}.\r\n\r\nx\r\n`]),
    );
    const runner = createQueueRunner(queue);
    const ends: JobOutcome[] = [];
    let restarted: Promise<void> | undefined;
    for await (const outcome of runner.run(jobs)) {
      ends.push(outcome);
      if (ends.length === 1_500) await ended(first as ChildProcess, 'SIGKILL');
      if (ends.length === 4_000) {
        await ended(second as ChildProcess, 'SIGKILL');
        worker();
      }
      // While workers and the runner ask it: whatever is under way breaks off.
      if (ends.length === 6_000)
        restarted = (async () => {
          await ended(server, 'SIGTERM');
          server = await redis(port);
        })();
    }
    await restarted;
    expect(ends.length).toBe(count);
    const unknown = ends.filter(({ state }) => state === 'unknown');
    expect(ends.filter(({ state }) => state === 'failed')).toEqual([]);
    // What was under way when a worker was killed, and no more.
    expect(unknown.length).toBeLessThanOrEqual(16);
    const got = servers.mail
      .inbox('alice')
      .messages.map(({ octets }) => /^Subject: (\S+)\r$/m.exec(octets.toString())?.[1]);
    expect(new Set(got).size).toBe(got.length);
    const lost = ends.filter(
      ({ job: { key }, state }) => state === 'done' && !got.includes(`n${key.slice(5)}.`),
    );
    expect(lost).toEqual([]);
    expect(got.length).toBeGreaterThanOrEqual(count - unknown.length);
    // The same once more does nothing.
    const again = await outcomes(runner.run(jobs));
    expect(again.filter(({ state }) => state === 'done').length).toBe(count - unknown.length);
    expect(servers.mail.inbox('alice').messages.length).toBe(got.length);
    await runner.close();
  });

  it('tries later what may pass, fails what does not, and parks what nobody knows', async () => {
    const port = await freePort();
    await redis(port);
    const queue = { url: `redis://127.0.0.1:${port}` };
    const runs: string[] = [];
    const answers: Record<string, number[]> = {
      later: [75, 75, 0],
      never: [75, 75, 75, 75],
      wrong: [66],
      lost: [76],
      fine: [0],
    };
    const worker = startWorker(
      queue,
      async ({ key }) => {
        runs.push(key);
        return { exit: answers[key]?.shift() ?? 0, problem: 'why' };
      },
      { attempts: 3, firstPause: 10 },
    );
    const runner = createQueueRunner(queue);
    const jobs = ['later', 'never', 'wrong', 'lost', 'fine'].map((key) => job(key, ['send']));
    const verdicts = async (resendUnknown = false) =>
      Object.fromEntries(
        (await outcomes(runner.run(jobs, { resendUnknown }))).map(
          ({ job: { key }, state, exit }) => [key, `${state} ${exit}`],
        ),
      );
    expect(await verdicts()).toEqual({
      later: 'done 0',
      never: 'failed 75',
      wrong: 'failed 66',
      lost: 'unknown 76',
      fine: 'done 0',
    });
    expect(runs.filter((key) => key === 'later').length).toBe(3);
    runs.length = 0;
    // A later run tries what has failed, and lets the unknown be until it is told.
    expect(await verdicts()).toMatchObject({ wrong: 'done 0', lost: 'unknown 76', fine: 'done 0' });
    expect(runs).not.toContain('lost');
    expect(runs).not.toContain('fine');
    expect(await verdicts(true)).toMatchObject({ lost: 'done 0' });
    await runner.close();
    await worker.close();
  });

  it('a key with another command is none that is done or waits; what has failed is tried as it is now', async () => {
    const port = await freePort();
    await redis(port);
    const queue = { url: `redis://127.0.0.1:${port}` };
    const runs: string[] = [];
    const exits: Record<string, number> = { first: 0, second: 66 };
    const started = () =>
      startWorker(queue, async ({ argv: [what = ''] }) => {
        runs.push(what);
        return { exit: exits[what] ?? 0 };
      });
    const runner = createQueueRunner(queue);
    const run = (...jobs: Job[]) => outcomes(runner.run(jobs));
    const worker = started();
    await run(job('a', ['first']), job('b', ['second']));
    const other = expect.objectContaining({ code: 'ERR_ARGUMENT' });
    await expect(run(job('a', ['other']), job('b', ['third']))).rejects.toEqual(other);
    expect(await run(job('a', ['first']), job('b', ['third']))).toMatchObject([
      { job: { key: 'a' }, state: 'done' },
      { job: { key: 'b' }, state: 'done' },
    ]);
    expect(runs).toEqual(['first', 'second', 'third']);
    await worker.close();
    // No worker takes `c`: it waits, from before `a` is told as done.
    const stop = new AbortController();
    const both = [job('a', ['first']), job('c', ['first'])];
    const waiting = runner.run(both, { signal: stop.signal })[Symbol.asyncIterator]();
    expect((await waiting.next()).value).toMatchObject({ job: { key: 'a' }, state: 'done' });
    await expect(run(job('c', ['other']))).rejects.toEqual(other);
    stop.abort();
    await runner.close();
  });

  it('goes by verified TLS with a login, and no secret is in the queue', async () => {
    const port = await freePort();
    await redis(port, [
      ...['port 0', `tls-port ${port}`, 'tls-auth-clients no'],
      ...[`tls-cert-file ${join(folder, 'cert.pem')}`, `tls-key-file ${join(folder, 'key.pem')}`],
      ...['user default off', 'user jobs on >hidden ~* &* +@all'],
    ]);
    const login = { url: `rediss://localhost:${port}`, user: 'jobs', password: 'hidden' };
    const tls = { ca: servers.ca.certificate };
    const worker = startWorker({ ...login, tls }, async () => ({ exit: 0 }));
    const runner = createQueueRunner({ ...login, tls });
    const done = await outcomes(runner.run([job('one', ['ls', 'imaps://alice@localhost'], true)]));
    expect(done).toMatchObject([{ state: 'done' }]);
    for (const argv of [
      ['ls', '--password-command', 'cat x'],
      ['ls', 'imaps://alice:secret@localhost'],
      ['ls', '--netrc-file=x'],
    ])
      await expect(outcomes(runner.run([job('bad', argv)]))).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    await runner.close();
    await worker.close();
    const strangers = [
      [{ ...login, tls: {} }, 'ERR_CERTIFICATE_UNTRUSTED'],
      [{ ...login, tls, serverHostname: 'queue.example.org' }, 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'],
      [{ ...login, tls, password: 'wrong' }, 'ERR_AUTHENTICATION_FAILED'],
      [{ ...login, tls, url: 'rediss://localhost:1' }, 'ERR_DIAL_FAILED'],
    ] as const;
    for (const [options, code] of strangers) {
      const stranger = createQueueRunner(options);
      await expect(outcomes(stranger.run([job('two', ['ls'])]))).rejects.toMatchObject({ code });
      await stranger.close();
    }
  });
});
