/** A pool says what is wrong with a call before it dials: a server that is down must not hide it. */
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createFtpPool, type FtpPool } from '../src/index.js';

function nowhere() {
  let dialled = 0;
  const pool = createFtpPool({
    host: 'ftp.example.test',
    auth: { user: 'alice', password: 'secret' },
    outageTimeout: 0,
    dial: async () => {
      dialled += 1;
      throw new Error('dialled');
    },
  });
  return { pool, dialled: () => dialled };
}

type Call = (pool: FtpPool) => unknown;
const wrong = (value: unknown) => value as never;
const into = () => new Writable({ write: (_piece, _encoding, done) => done() });
const date = new Date('2026-01-01');
const broken = new Date(Number.NaN);

const calls: [method: keyof FtpPool, argument: string, Call][] = [
  ['stat', 'path', (pool) => pool.stat('a\r\nDELE b')],
  ['stat', 'timout', (pool) => pool.stat('a', wrong({ timout: 1 }))],
  ['stat', 'path', (pool) => pool.stat(wrong(undefined))],
  ['exists', 'path', (pool) => pool.exists('')],
  ['append', 'path', (pool) => pool.append('text', 'a\0')],
  ['append', 'source', (pool) => pool.append(wrong(7), 'a')],
  ['mkdir', 'parent', (pool) => pool.mkdir('a', wrong({ parent: true }))],
  ['remove', 'path', (pool) => pool.remove('/', { recursive: true })],
  ['remove', 'path', (pool) => pool.remove('a/..')],
  ['rename', 'from', (pool) => pool.rename('a\n', 'b')],
  ['rename', 'to', (pool) => pool.rename('a', '\ud800')],
  ['rename', 'overwrite', (pool) => pool.rename('a', 'b', { overwrite: wrong('yes') })],
  ['chmod', 'mode', (pool) => pool.chmod('a', 0o10000)],
  ['chmod', 'mode', (pool) => pool.chmod('a', wrong('644'))],
  ['setModified', 'time', (pool) => pool.setModified('a', broken)],
  ['setModified', 'path', (pool) => pool.setModified('', date)],
  ['setCreated', 'time', (pool) => pool.setCreated('a', wrong('2026'))],
  ['setFacts', 'facts', (pool) => pool.setFacts('a', {})],
  ['setFacts', 'facts', (pool) => pool.setFacts('a', { 'a;b': 'c' })],
  ['hash', 'algorithm', (pool) => pool.hash('a', wrong('sha3'))],
  ['hash', 'path', (pool) => pool.hash('a\r')],
  ['hashAll', 'paths', (pool) => pool.hashAll(wrong('a'))],
  ['hashAll', 'paths', (pool) => pool.hashAll(['a', 'b\n'])],
  ['hashAll', 'algorithm', (pool) => pool.hashAll(['a'], wrong('toString'))],
  ['space', 'path', (pool) => pool.space('a\r')],
  ['symlink', 'target', (pool) => pool.symlink('a b', 'c')],
  ['symlink', 'path', (pool) => pool.symlink('a', 'b c')],
  ['sweep', 'olderThan', (pool) => pool.sweep('a', { olderThan: -1 })],
  ['sweep', 'path', (pool) => pool.sweep('\n')],
  ['uploadUnique', 'source', (pool) => pool.uploadUnique(wrong({}))],
  ['uploadUnique', 'directory', (pool) => pool.uploadUnique('text', 'a\n')],
  ['workingDirectory', 'signal', (pool) => pool.workingDirectory({ signal: wrong({}) })],
  ['command', 'verb', (pool) => pool.command('SITE UMASK')],
  ['command', 'verb', (pool) => pool.command('cwd', ['a'])],
  ['command', 'args', (pool) => pool.command('SITE', wrong('UMASK'))],
  ['upload', 'source', (pool) => pool.upload(wrong(null), 'a')],
  ['upload', 'preserveTimes', (pool) => pool.upload('text', 'a', { preserveTimes: true })],
  ['upload', 'resume', (pool) => pool.upload(Readable.from(['a']), 'a', { resume: true })],
  ['upload', 'verify', (pool) => pool.upload('text', 'a', { type: 'ascii', verify: 'hash' })],
  ['download', 'target', (pool) => pool.download('a', wrong(7))],
  ['download', 'resume', (pool) => pool.download('a', into(), { resume: true })],
  ['download', 'start', (pool) => pool.download('a', './a', { start: 3 })],
  ['download', 'segments', (pool) => pool.download('a', into(), { segments: 3 })],
  ['list', 'path', (pool) => pool.list('a\r')],
  ['listNames', 'path', (pool) => pool.listNames('a\r')],
  ['createReadStream', 'path', (pool) => pool.createReadStream('a\r')],
  ['uploadTree', 'remote', (pool) => pool.uploadTree('.', 'a\r')],
  ['downloadTree', 'concurrency', (pool) => pool.downloadTree('a', '.', { concurrency: 0 })],
  ['mirror', 'direction', (pool) => pool.mirror('.', 'a', wrong({}))],
];

describe('a bad argument of a pool', () => {
  it.each(calls)('%s: %s', async (_method, argument, call) => {
    const { pool, dialled } = nowhere();
    const error = await Promise.resolve()
      .then(() => call(pool))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_ARGUMENT', argument });
    expect(dialled()).toBe(0);
    await pool.close();
  });

  it('a tree that is not there to be sent', async () => {
    const { pool, dialled } = nowhere();
    await expect(pool.uploadTree('./no/such/directory', 'a')).rejects.toMatchObject({
      code: 'ERR_LOCAL_IO',
    });
    expect(dialled()).toBe(0);
    await pool.close();
  });

  it('a good one is dialled for', async () => {
    const { pool, dialled } = nowhere();
    await expect(pool.stat('a')).rejects.toThrow();
    expect(dialled()).toBeGreaterThan(0);
    await pool.close();
  });
});
