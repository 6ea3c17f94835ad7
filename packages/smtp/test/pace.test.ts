/** How fast a pool sends: never more in any span than was asked for, and one by one to a server in trouble. On a clock of its own. */
import { setImmediate } from 'node:timers/promises';
import { ConnectionError } from '@fivewire/line-protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Clock, Pace, type RateLimit } from '../src/pace.js';

/** A clock that goes on when it is told to. */
class TestClock implements Clock {
  time = 0;
  #timers = new Set<{ at: number; then: () => void }>();

  now(): number {
    return this.time;
  }

  after(milliseconds: number, then: () => void): () => void {
    const timer = { at: this.time + milliseconds, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Up to the next timer; false where there is none. */
  async next(): Promise<boolean> {
    await setImmediate();
    const [first] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (first === undefined) return false;
    this.time = Math.max(this.time, first.at);
    this.#timers.delete(first);
    first.then();
    await setImmediate();
    return true;
  }
}

/** When each message went. */
async function sent(limits: readonly RateLimit[], recipients: readonly number[]) {
  const clock = new TestClock();
  const pace = new Pace(limits, clock);
  const went: { at: number; recipients: number }[] = [];
  const all = recipients.map(async (some) => {
    await pace.pass(some, async () => {}, 0, undefined);
    went.push({ at: clock.now(), recipients: some });
    pace.over('more');
  });
  while (went.length < recipients.length) if (!(await clock.next())) break;
  await Promise.all(all);
  return went;
}

describe('the rate', () => {
  test.each<[string, RateLimit[], number[], number[]]>([
    ['none', [], [1, 1, 1], [0, 0, 0]],
    ['messages', [{ messages: 2, per: 100 }], [1, 1, 1, 1, 1], [0, 0, 100, 100, 200]],
    ['recipients', [{ recipients: 5, per: 100 }], [3, 2, 4, 1, 1], [0, 0, 100, 100, 200]],
    [
      'one big message waits for all the room',
      [{ recipients: 5, per: 100 }],
      [1, 5, 1],
      [0, 100, 200],
    ],
    [
      'two limits together',
      [
        { messages: 1, per: 10 },
        { messages: 3, per: 100 },
      ],
      [1, 1, 1, 1],
      [0, 10, 20, 100],
    ],
    [
      'messages and recipients',
      [{ messages: 3, recipients: 4, per: 50 }],
      [2, 2, 1, 1, 1],
      [0, 0, 50, 50, 50],
    ],
  ])('%s', async (_, limits, recipients, times) => {
    expect((await sent(limits, recipients)).map(({ at }) => at)).toEqual(times);
  });

  test('no span holds more, and the order is that of the calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 6, max: 12 }),
        async (recipients, messages, most) => {
          const went = await sent([{ messages, recipients: most, per: 100 }], recipients);
          expect(went.map((one) => one.recipients)).toEqual(recipients);
          for (const { at } of went) {
            const span = went.filter((one) => one.at >= at && one.at < at + 100);
            expect(span.length).toBeLessThanOrEqual(messages);
            expect(span.reduce((sum, one) => sum + one.recipients, 0)).toBeLessThanOrEqual(most);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('counts when the connection is had: those who waited for it do not all go at once', async () => {
    const clock = new TestClock();
    const pace = new Pace([{ messages: 1, per: 100 }], clock);
    let connect = (): void => {};
    const connected = new Promise<void>((resolve) => {
      connect = resolve;
    });
    const went: number[] = [];
    const all = [1, 2, 3].map(async () => {
      await pace.pass(1, () => connected, 0, undefined);
      went.push(clock.now());
    });
    await setImmediate();
    clock.time = 1_000;
    connect();
    while (await clock.next());
    await Promise.all(all);
    expect(went).toEqual([1_000, 1_100, 1_200]);
  });

  test('more recipients than the rate ever allows are refused', () => {
    const pace = new Pace([{ recipients: 5, per: 100 }], new TestClock());
    expect(() => pace.check(5)).not.toThrow();
    expect(() => pace.check(6)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  test('one at a time, whenever a call is made', async () => {
    const pace = new Pace([], new TestClock());
    let begun = 0;
    let most = 0;
    const calls: Promise<unknown>[] = [];
    const begin = async (): Promise<void> => {
      most = Math.max(most, ++begun);
      await setImmediate();
      begun--;
      // Between the end of this one and the beginning of the next: the place is not free.
      if (calls.length === 2) queueMicrotask(() => queueMicrotask(pass));
    };
    const pass = (): void => void calls.push(pace.pass(1, begin, 0, undefined));
    pass();
    pass();
    await Promise.all(calls);
    await Promise.all(calls);
    expect([most, calls.length]).toEqual([1, 3]);
  });

  test('an aborted call leaves its place, a closed pool refuses those that wait', async () => {
    const clock = new TestClock();
    const pace = new Pace([{ messages: 1, per: 100 }], clock);
    const pass = (signal?: AbortSignal) =>
      pace.pass(1, async () => clock.now(), 0, signal).catch((error) => error.code);
    const [first, second] = [new AbortController(), new AbortController()];
    const all = [pass(), pass(first.signal), pass(second.signal), pass(), pass()];
    await setImmediate();
    first.abort();
    second.abort();
    expect(await all[1]).toBe('ERR_ABORTED');
    expect(await all[2]).toBe('ERR_ABORTED');
    await clock.next();
    expect(await all[3]).toBe(100);
    pace.close();
    expect(await all[4]).toBe('ERR_CONNECTION_CLOSED');
    expect(await pass(AbortSignal.abort())).toBe('ERR_STATE');
  });
});

describe('a message on a connection that its caller holds', () => {
  test('counts, and does not wait behind one that waits for that connection', async () => {
    const clock = new TestClock();
    const pace = new Pace([{ messages: 2, per: 100 }], clock);
    let free = (): void => {};
    const connection = new Promise<void>((resolve) => {
      free = resolve;
    });
    const went: string[] = [];
    const held = async (name: string): Promise<void> => {
      await pace.passHeld(1, 0, undefined);
      went.push(`${name} ${clock.now()}`);
    };
    const waiting = pace.pass(1, () => connection, 0, undefined).then(() => went.push('waiting'));
    await setImmediate();
    // One is reserved for the one that waits, so that one is left.
    const all = ['a', 'b', 'c'].map(held);
    while (await clock.next());
    expect(went).toEqual(['a 0', 'b 100', 'c 200']);
    free();
    await Promise.all([...all, waiting]);
    while (await clock.next());
    expect(went.at(-1)).toBe('waiting');
  });

  test('an aborted one leaves its place, a closed pool refuses it', async () => {
    const clock = new TestClock();
    const pace = new Pace([{ messages: 1, per: 100 }], clock);
    const stop = new AbortController();
    const pass = (signal?: AbortSignal) =>
      pace.passHeld(1, 0, signal).then(
        () => clock.now(),
        (error) => error.code,
      );
    const all = [pass(), pass(), pass(stop.signal), pass(), pass()];
    await setImmediate();
    stop.abort();
    expect(await all[2]).toBe('ERR_ABORTED');
    await clock.next();
    expect([await all[0], await all[1]]).toEqual([0, 100]);
    pace.close();
    expect([await all[3], await all[4]]).toEqual(Array(2).fill('ERR_CONNECTION_CLOSED'));
  });
});

describe('a server in trouble', () => {
  test('is asked by one message at a time, after pauses that grow; the first that it takes ends it', async () => {
    const clock = new TestClock();
    const pace = new Pace([], clock);
    const went: number[] = [];
    const send = async (wish: Parameters<Pace['over']>[0]) => {
      await pace.pass(1, async () => {}, Infinity, undefined);
      went.push(clock.now());
      await setImmediate();
      pace.over(wish);
    };
    const less = { less: new Error('452') };
    await send(less);
    const all = [send(less), send(less), send('more'), send('more'), send('more')];
    while (await clock.next());
    await Promise.all(all);
    expect(went).toEqual([0, 50, 150, 350, 350, 350]);
  });

  test('what waits longer than its patience hears what the server said', async () => {
    const clock = new TestClock();
    const pace = new Pace([], clock);
    const refusal = Object.assign(new Error('452'), { code: 'REFUSED' });
    await pace.pass(1, async () => {}, 0, undefined);
    pace.over({ less: refusal });
    const waits = [10, 20].map((patience) =>
      pace.pass(1, async () => {}, patience, undefined).catch((error) => error.code),
    );
    while (await clock.next());
    expect(await Promise.all(waits)).toEqual(['REFUSED', 'REFUSED']);
    expect(clock.now()).toBe(20);
  });
});

describe('no connection', () => {
  const down = () =>
    new ConnectionError('ERR_DIAL_FAILED', 'ECONNREFUSED', { phase: 'dial', retry: 'later' });

  /** Calls at these times, each with patience for 100 ms of an outage; when and how each ended. */
  async function ends(calls: readonly number[], connect: (now: number) => Error | undefined) {
    const clock = new TestClock();
    const pace = new Pace([], clock);
    const wait = (milliseconds: number) =>
      new Promise<void>((resolve) => clock.after(milliseconds, resolve));
    let dials = 0;
    const begin = async (left: number): Promise<void> => {
      const until = clock.now() + left;
      for (;;) {
        dials++;
        const error = connect(clock.now());
        if (error === undefined) return;
        if ((error as ConnectionError).retry === 'never' || clock.now() >= until) throw error;
        await wait(Math.min(10, until - clock.now()));
      }
    };
    const all = calls.map(async (at) => {
      await wait(at);
      const went = pace.pass(1, begin, 100, undefined).then(() => pace.over('more'));
      return went.then(
        () => ({ at: clock.now() }),
        ({ code, retry }) => ({ at: clock.now(), code, retry }),
      );
    });
    while (await clock.next());
    return { told: await Promise.all(all), dials };
  }

  test('an outage costs those that wait for it together no more than one wait', async () => {
    const { told } = await ends([0, 0, 0, 30, 99, 250], down);
    const refused = { code: 'ERR_DIAL_FAILED', retry: 'later' };
    expect(told).toEqual([100, 100, 100, 130, 199, 350].map((at) => ({ at, ...refused })));
  });

  test('that ends lets all go on, and the next one is another', async () => {
    const { told } = await ends([0, 0, 90, 150, 200, 200], (now) =>
      now < 95 || now >= 200 ? down() : undefined,
    );
    expect(told.slice(0, 4)).toEqual([100, 100, 100, 150].map((at) => ({ at })));
    expect(told.slice(4)).toMatchObject([{ at: 300 }, { at: 300 }]);
  });

  test('what no attempt can change is asked for once, for all that wait', async () => {
    const wrong = () =>
      new ConnectionError('ERR_DIAL_FAILED', 'wrong password', { phase: 'dial', retry: 'never' });
    const { told, dials } = await ends([0, 0, 0, 0, 50], wrong);
    const refused = { code: 'ERR_DIAL_FAILED', retry: 'never' };
    expect(told).toEqual([0, 0, 0, 0, 50].map((at) => ({ at, ...refused })));
    expect(dials).toBe(2);
  });
});
