/** RFC 8305 on a clock that the tests move: the next address after 250 ms, and the former stays alive. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../tls-context-core/test/manual-clock.js';
import { attemptDelay, firstToConnect, inTurns } from '../src/happy-eyeballs.js';

let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});
afterEach(() => clock.restore());

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Attempts that answer when the test says so. */
function attempts() {
  const started: string[] = [];
  const ended: string[] = [];
  const answers = new Map<string, { connect(): void; refuse(code?: string): void }>();
  const attempt = (address: string, signal: AbortSignal): Promise<string> => {
    started.push(address);
    signal.addEventListener('abort', () => ended.push(address));
    return new Promise((resolve, reject) => {
      answers.set(address, {
        connect: () => resolve(address),
        refuse: (code = 'ECONNREFUSED') =>
          reject(Object.assign(new Error(code), { code, address })),
      });
    });
  };
  const answer = (address: string) => answers.get(address) as { connect(): void; refuse(): void };
  return { started, ended, attempt, answer };
}

describe('firstToConnect', () => {
  it('starts the next after the delay and keeps the former: a slow address still wins', async () => {
    const { started, ended, attempt, answer } = attempts();
    const connected = firstToConnect(['a', 'b', 'c'], attempt, new AbortController().signal);
    expect(started).toEqual(['a']);
    clock.pass(attemptDelay - 1);
    expect(started).toEqual(['a']);
    clock.pass(1);
    expect(started).toEqual(['a', 'b']);
    expect(ended).toEqual([]);
    clock.pass(attemptDelay);
    expect(started).toEqual(['a', 'b', 'c']);
    clock.pass(1_000);
    answer('a').connect();
    expect(await connected).toBe('a');
    expect(ended).toEqual(['a', 'b', 'c']);
    expect(clock.pending).toBe(0);
  });

  it('starts the next at once after a failure, and fails when all have, telling each', async () => {
    const { started, attempt, answer } = attempts();
    const connected = firstToConnect(['a', 'b'], attempt, new AbortController().signal);
    answer('a').refuse();
    await turn();
    expect(started).toEqual(['a', 'b']);
    answer('b').refuse();
    const error = (await connected.catch((reason: unknown) => reason)) as AggregateError;
    expect(error.errors).toMatchObject([{ address: 'a' }, { address: 'b' }]);
    expect(clock.pending).toBe(0);
  });

  it('ends all attempts and starts none when it is given up', async () => {
    const { started, ended, attempt } = attempts();
    const stop = new AbortController();
    const connected = firstToConnect(['a', 'b', 'c'], attempt, stop.signal);
    clock.pass(attemptDelay);
    stop.abort(new Error('enough'));
    await expect(connected).rejects.toThrow('enough');
    clock.pass(10 * attemptDelay);
    expect([started, ended]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    await expect(firstToConnect(['a'], attempt, stop.signal)).rejects.toThrow('enough');
    expect(started).toHaveLength(2);
  });
});

describe('inTurns', () => {
  it.each([
    ['::1 ::2 ::3 1.1.1.1 2.2.2.2', '::1 1.1.1.1 ::2 2.2.2.2 ::3'],
    ['1.1.1.1 ::1 ::2 ::3', '1.1.1.1 ::1 ::2 ::3'],
    ['1.1.1.1', '1.1.1.1'],
    ['', ''],
  ])('%s: %s', (given, ordered) => {
    const list = (text: string) => text.split(' ').filter(Boolean);
    expect(inTurns(list(given))).toEqual(list(ordered));
  });
});
