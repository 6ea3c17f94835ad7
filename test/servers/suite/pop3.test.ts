// POP3 against Dovecot. The mail comes there by LMTP.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Pop3Client } from '@fivewire/pop3';
import { beforeEach, describe, expect, test } from 'vitest';
import { deliver, emptyInbox } from './deliver.js';
import { type Door, options, refuses, verified } from './doors.js';

const doors: Door[] = [
  { server: 'dovecot', port: 'pop3s', security: 'implicit-tls' },
  { server: 'dovecot', port: 'pop3', security: 'starttls' },
];

describe.each(doors)('POP3 by $security', (door) => {
  beforeEach(() => emptyInbox('bob'));

  test('stat, list, uidl, top, retrieve, delete, quit', async () => {
    const subjects = [`one ${randomUUID()}`, `two ${randomUUID()}`];
    for (const subject of subjects)
      await deliver('bob', subject, 'First.\r\n.dotted\r\n..twice\r\n');
    const pop = await Pop3Client.connect(options(door, 'bob'));
    expect(pop.security).toMatchObject(verified(door));
    expect(await pop.stat()).toMatchObject({ count: 2 });
    const sizes = await pop.list().toArray();
    expect(sizes).toMatchObject([
      { ok: true, number: 1, octets: expect.any(Number) },
      { ok: true, number: 2, octets: expect.any(Number) },
    ]);
    const uids = (await pop.uidl().toArray()).map((row) => (row.ok ? row.uid : row.problem));
    expect(new Set(uids).size).toBe(2);
    const top = await text(pop.top(1, 0));
    expect(top).toContain(`Subject: ${subjects[0]}`);
    expect(top).not.toContain('First.');
    const whole = await text(pop.retrieve(2));
    expect(whole).toContain(`Subject: ${subjects[1]}`);
    expect(whole).toContain('First.\r\n.dotted\r\n..twice\r\n');
    await pop.delete([1]);
    expect(await pop.quit()).toMatchObject({ committed: true });

    const again = await Pop3Client.connect(options(door, 'bob'));
    try {
      expect(await again.stat()).toMatchObject({ count: 1 });
    } finally {
      await again.quit();
    }
  });

  test('disposal without quit commits no deletion', async () => {
    await deliver('bob', 'stays', 'x\r\n');
    const pop = await Pop3Client.connect(options(door, 'bob'));
    await pop.delete([1]);
    await pop[Symbol.asyncDispose]();
    const again = await Pop3Client.connect(options(door, 'bob'));
    try {
      expect(await again.stat()).toMatchObject({ count: 1 });
    } finally {
      await again.quit();
    }
  });

  test('a wrong password is an AuthenticationError', async () => {
    const wrong = { ...options(door, 'bob'), auth: { user: 'bob', password: 'wrong' } };
    await expect(Pop3Client.connect(wrong)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });
});

describe('collecting in remove mode, killed at any step and run again', () => {
  const collector = fileURLToPath(new URL('collect.mjs', import.meta.url));
  const count = 3;
  const collect = (directory: string, dieAt?: number) =>
    new Promise<{ signal: string | null; said: string; errors: string }>((resolve) => {
      const connect = options(doors[0] as Door, 'bob');
      const child = spawn(process.execPath, [
        collector,
        JSON.stringify({ connect, directory, dieAt }),
      ]);
      let [said, errors] = ['', ''];
      child.stdout.on('data', (text) => {
        said += text;
      });
      child.stderr.on('data', (text) => {
        errors += text;
      });
      child.on('close', (_, signal) => resolve({ signal, said, errors }));
    });
  const lines = async (path: string): Promise<string[]> =>
    (await readFile(path, 'utf8').catch(() => '')).split('\n').filter(Boolean);

  /** More than there are: what runs through is the last. A round a test, for all together take long on a busy machine. */
  const steps = Array.from({ length: 60 }, (_, at) => at + 1);
  let last = Number.POSITIVE_INFINITY;

  test.each(steps)(
    'none is lost, none that was done comes twice, none is left: step %i',
    async (dieAt) => {
      if (dieAt > last) return;
      await emptyInbox('bob');
      const directory = await mkdtemp(join(tmpdir(), 'fivewire-collect-'));
      try {
        const subjects = Array.from({ length: count }, () => randomUUID());
        for (const subject of subjects) await deliver('bob', subject, 'x\r\n.dot\r\n');
        const killed = await collect(directory, dieAt);
        if (killed.signal === null) last = JSON.parse(killed.said).steps;
        else expect(killed.signal).toBe('SIGKILL');
        const done = (await lines(join(directory, 'uids.jsonl'))).map((row) => JSON.parse(row).uid);
        const before = (await lines(join(directory, 'received.txt'))).length;
        const { said, errors } = await collect(directory);
        expect({ dieAt, errors, ...JSON.parse(said || '{}') }).toMatchObject({
          errors: '',
          committed: true,
        });
        const again = (await lines(join(directory, 'received.txt'))).slice(before);
        expect({ dieAt, twice: again.filter((uid) => done.includes(uid)) }).toEqual({
          dieAt,
          twice: [],
        });
        const files = (await readdir(directory)).filter((name) => name.endsWith('.eml'));
        const saved = await Promise.all(
          files.map((name) => readFile(join(directory, name), 'utf8')),
        );
        expect(saved.map((mail) => /^Subject: (.*?)\r$/m.exec(mail)?.[1]).sort()).toEqual(
          subjects.sort(),
        );
        const pop = await Pop3Client.connect(options(doors[0] as Door, 'bob'));
        expect({ dieAt, ...(await pop.stat()) }).toMatchObject({ dieAt, count: 0 });
        await pop.quit();
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  );

  test('each step had its round', () => {
    expect(last).toBeGreaterThan(20);
    expect(last).toBeLessThan(steps.length);
  });
});

refuses(doors, (options) => Pop3Client.connect(options));
