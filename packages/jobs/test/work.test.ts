/** One job at a worker: what was begun or ended before, by a worker that was killed or only slow; a queue that breaks off. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectQueue } from '../src/connection.js';
import { type Ended, Marks } from '../src/marks.js';
import type { Job, JobOutcome, WorkerOptions } from '../src/types.js';
import { Work } from '../src/work.js';

const send: Job = { key: 'a', name: 'send', argv: ['send'], repeatable: false };
const get: Job = { key: 'b', name: 'get', argv: ['get'], repeatable: true };

/** Marks in memory. */
class Notes {
  readonly begun = new Map<string, string>();
  readonly endings = new Map<string, Ended>();
  async begin(key: string, attempt: string) {
    if (!this.begun.has(key)) this.begun.set(key, attempt);
    return this.begun.get(key) === attempt;
  }
  async end(key: string, ended: Ended) {
    this.endings.set(key, ended);
  }
  async ended(key: string) {
    return this.endings.get(key);
  }
  async forget(key: string) {
    this.begun.delete(key);
  }
}

function worker({
  exits = [0],
  lease = async () => {},
  ...options
}: { exits?: (number | Error)[]; lease?: () => Promise<void> } & Omit<
  WorkerOptions,
  'lease'
> = {}) {
  const marks = new Notes();
  const runs: string[] = [];
  const told: JobOutcome[] = [];
  const repeats: boolean[] = [];
  const execute = async ({ key }: Job, _: AbortSignal, how: { repeats: boolean }) => {
    runs.push(key);
    repeats.push(how.repeats);
    const exit = exits.shift() ?? 0;
    if (exit instanceof Error) throw exit;
    return { exit };
  };
  const onOutcome = (outcome: JobOutcome) => told.push(outcome);
  const work = new Work({ marks, execute, options: { ...options, onOutcome }, lease });
  return { marks, runs, repeats, told, work };
}

describe('a job', () => {
  it.each([
    [send, 0, 'done'],
    [send, 66, 'failed'],
    [send, 76, 'unknown'],
    [send, 130, 'unknown'],
    [send, new Error('x'), 'unknown'],
    [get, 0, 'done'],
    [get, 76, 'failed'],
    [get, 130, 'failed'],
    [get, new Error('x'), 'failed'],
  ])('%j that ends with %s is %s', async (job, exit, state) => {
    const { work, marks, told } = worker({ exits: [exit] });
    expect(await work.do(job, 1)).toMatchObject({ state });
    expect(told).toMatchObject([{ job, state }]);
    expect(marks.endings.has(job.key)).toBe(state === 'done');
    // What may be done again is not begun; of what nobody knows the mark stays.
    expect(marks.begun.has(job.key)).toBe(job === send && state !== 'failed');
  });

  it('is told whether an earlier try may have done it', async () => {
    const { work, repeats } = worker({ exits: [75, 66] });
    await work.do(get, 1);
    await work.do(get, 2);
    expect(repeats).toEqual([false, true]);
  });

  it('is tried later, with growing pauses, and fails at last', async () => {
    const { work, runs, marks, told } = worker({
      exits: [75, 75, 75],
      attempts: 3,
      firstPause: 10,
    });
    expect(await work.do(send, 1)).toEqual({ pause: 10 });
    expect(marks.begun.size).toBe(0);
    expect(await work.do(send, 2)).toEqual({ pause: 20 });
    expect(told).toEqual([]);
    expect(await work.do(send, 3)).toMatchObject({ state: 'failed', exit: 75 });
    expect(runs.length).toBe(3);
  });

  it('that has ended is not done again, whoever did it', async () => {
    const { work, marks, runs } = worker();
    await marks.end('a', { exit: 0 });
    await marks.end('b', { exit: 0 });
    expect(await work.do(send, 1)).toMatchObject({ state: 'done' });
    expect(await work.do(get, 1)).toMatchObject({ state: 'done' });
    await marks.forget('a');
    expect(await work.do(send, 1)).toMatchObject({ state: 'done' });
    expect(runs).toEqual([]);
  });

  it('that another has begun and never ended is unknown, and is not done', async () => {
    const { work, marks, runs } = worker();
    await marks.begin('a', 'other');
    expect(await work.do(send, 1)).toMatchObject({ state: 'unknown', exit: 76 });
    expect(runs).toEqual([]);
  });

  it('that a slow worker ends within another lease is what that one says', async () => {
    const done = worker({ lease: () => done.marks.end('a', { exit: 0 }) });
    await done.marks.begin('a', 'slow');
    expect(await done.work.do(send, 1)).toMatchObject({ state: 'done' });
    expect(done.runs).toEqual([]);
    // It could not be sent: then it is ours to try.
    const free = worker({ lease: () => free.marks.forget('a') });
    await free.marks.begin('a', 'slow');
    expect(await free.work.do(send, 1)).toMatchObject({ state: 'done' });
    expect(free.runs).toEqual(['a']);
  });

  it('goes back into the queue where the worker is ended', async () => {
    const waiting = worker({ lease: () => Promise.reject(new Error('ended')) });
    await waiting.marks.begin('a', 'slow');
    expect(await waiting.work.do(send, 9)).toEqual({ pause: 0 });
    const { work } = worker({ exits: [130], signal: AbortSignal.abort(), firstPause: 5 });
    expect(await work.do(get, 1)).toEqual({ pause: 5 });
    expect(waiting.told).toEqual([]);
  });
});

describe('a mark', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** Does SET NX, GET and DEL as Redis does; the first SET is done, and the connection broken before it is answered. */
  async function breaking(): Promise<{ url: string; sets: string[] }> {
    const values = new Map<string, string>();
    const sets: string[] = [];
    const answer = (words: string[], socket: Socket): string | undefined => {
      const [verb = '', key = '', value = ''] = words;
      if (verb === 'info') return '$12\r\nredis:7\r\nx:1\r\n';
      if (verb === 'get') return bulk(values.get(key));
      if (verb === 'del') return `:${values.delete(key) ? 1 : 0}\r\n`;
      if (verb !== 'set') return '+OK\r\n';
      const isFree = !values.has(key);
      if (isFree) values.set(key, value);
      if (sets.push(value) > 1) return isFree ? '+OK\r\n' : '$-1\r\n';
      socket.destroy();
      return undefined;
    };
    const bulk = (value: string | undefined) =>
      value === undefined ? '$-1\r\n' : `$${value.length}\r\n${value}\r\n`;
    server = createServer((socket) => {
      let text = '';
      socket
        .on('error', () => {})
        .on('data', (octets) => {
          text += octets;
          // *N, and N times $LENGTH and a word
          for (;;) {
            const lines = text.split('\r\n');
            const count = Number(lines[0]?.slice(1)) * 2 + 1;
            if (text === '' || lines.length <= count) return;
            text = lines.slice(count).join('\r\n');
            const words = lines.slice(1, count).filter((_, at) => at % 2 === 1);
            const said = answer([words[0]?.toLowerCase() ?? '', ...words.slice(1)], socket);
            if (said !== undefined) socket.write(said);
          }
        });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, sets };
  }

  it('that is set when the queue breaks off is ours when it is set again', async () => {
    const { url, sets } = await breaking();
    const redis = connectQueue({ url });
    redis.on('error', () => {});
    try {
      const marks = new Marks(redis, 'q');
      expect(await marks.begin('a', 'mine')).toBe(true);
      expect(sets).toEqual(['mine', 'mine']);
      expect(await marks.begin('a', 'yours')).toBe(false);
      await marks.forget('a');
      expect(await marks.begin('a', 'yours')).toBe(true);
    } finally {
      redis.disconnect();
    }
  });
});
