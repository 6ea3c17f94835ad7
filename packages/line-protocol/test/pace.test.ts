/** Pace and pending calls against a world of consumers, calls and octets that is made up at random. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../tls-context-core/test/manual-clock.js';
import { pace } from '../src/consumer/pace.js';
import { PendingCalls } from '../src/consumer/pending-calls.js';

let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});
afterEach(() => clock.restore());

const stall = 60_000;
const allowance = 1_000;
/** What a consumer that asks is given at most before it must ask again, as a Readable does. */
const highWater = 300;
const largestPiece = 200;

type Event =
  | { kind: 'octets'; count: number }
  | { kind: 'take'; count: number }
  | { kind: 'call' }
  | { kind: 'pass'; milliseconds: number }
  | { kind: 'leave' };

const octets = fc.record({
  kind: fc.constant('octets' as const),
  count: fc.integer({ min: 1, max: largestPiece }),
});
const take = fc.record({
  kind: fc.constant('take' as const),
  count: fc.integer({ min: 1, max: 500 }),
});
const call = fc.constant({ kind: 'call' as const });
const pass = fc.record({
  kind: fc.constant('pass' as const),
  milliseconds: fc.integer({ min: 1, max: stall }),
});
const leave = fc.constant({ kind: 'leave' as const });

/** One reader that does what the pace says, on a socket of pieces. */
class World {
  readonly calls = new PendingCalls(stall);
  readonly repeatable: boolean;
  readonly socket: number[] = [];
  held = 0;
  taken = 0;
  drained = 0;
  wanted = false;
  gone = false;
  setAside = false;
  over = false;
  now = 0;
  /** When the consumer last moved, or the first of the calls that wait began to. */
  still = 0;
  served = 0;
  refused = 0;
  ends: (() => void)[] = [];

  constructor(repeatable: boolean) {
    this.repeatable = repeatable;
    this.calls.hold({ what: 'a body', awaited: () => this.flow() });
  }

  flow(): void {
    while (!this.over) {
      const awaited = this.calls.any;
      const step = pace({
        gone: this.gone || this.setAside,
        wanted: this.wanted,
        awaited,
        held: this.held,
        allowance,
        repeatable: this.repeatable,
      });
      if (step === 'pause') {
        this.calls.paused();
        return;
      }
      this.calls.moved();
      if (step === 'set-aside') {
        expect(this.repeatable).toBe(true);
        this.setAside = true;
        continue;
      }
      const piece = this.socket.shift();
      if (piece === undefined) return;
      if (step === 'drain') {
        expect(this.gone || this.setAside).toBe(true);
        this.drained += piece;
        continue;
      }
      // Nothing is read that no one asked for, and never beyond the allowance.
      expect(this.wanted || (awaited && this.held < allowance)).toBe(true);
      this.held += piece;
      this.wanted &&= this.held < highWater;
    }
  }

  apply(event: Event): void {
    if (event.kind === 'octets') {
      this.socket.push(event.count);
      this.flow();
    } else if (event.kind === 'take') {
      const count = Math.min(this.held, event.count);
      this.held -= count;
      this.taken += count;
      this.wanted = this.held < highWater;
      this.still = this.now;
      this.calls.moved();
      this.flow();
    } else if (event.kind === 'call') {
      if (!this.calls.any) this.still = this.now;
      const end = this.calls.add({
        command: 'NOOP',
        refuse: () => {
          this.refused++;
          this.ends = this.ends.filter((other) => other !== end);
        },
      });
      this.ends.push(end);
    } else if (event.kind === 'pass') {
      const refused = this.refused;
      this.now += event.milliseconds;
      clock.pass(event.milliseconds);
      if (this.refused > refused) {
        expect(this.now - this.still).toBeGreaterThanOrEqual(stall);
        // A call is refused for nothing but a consumer: there is more than may be held.
        expect(this.held).toBeGreaterThanOrEqual(allowance);
        expect(this.repeatable || this.gone || this.setAside).toBe(false);
      }
    } else {
      this.gone = true;
      this.held = 0;
      this.calls.moved();
      this.flow();
    }
    expect(this.held).toBeLessThan(allowance + largestPiece);
  }

  /** The server has sent the last octet, and the reader is past it. */
  end(): void {
    this.over = true;
    this.calls.hold(undefined);
    for (const end of this.ends.splice(0)) {
      end();
      this.served++;
    }
  }
}

const play = (events: Event[], repeatable: boolean): World => {
  const world = new World(repeatable);
  for (const event of events) world.apply(event);
  return world;
};

describe('the pace of a consumer', () => {
  it('reads, pauses and refuses by facts alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(octets, octets, take, call, pass, leave), { maxLength: 80 }),
        fc.boolean(),
        (events, repeatable) => {
          const world = play(events, repeatable);
          const came = events.reduce((sum, e) => sum + (e.kind === 'octets' ? e.count : 0), 0);
          const rest = world.socket.reduce((sum, piece) => sum + piece, 0);
          if (!world.gone) expect(world.taken + world.held + world.drained + rest).toBe(came);
          const calls = events.filter(({ kind }) => kind === 'call').length;
          world.end();
          expect(clock.pending).toBe(0);
          expect(world.served + world.refused).toBeLessThanOrEqual(calls);
        },
      ),
    );
  });

  it('never refuses a call while the consumer takes something now and then', () => {
    const living = fc.record({
      before: fc.array(
        fc.oneof(octets, call, fc.constant({ kind: 'pass' as const, milliseconds: 10_000 })),
        { maxLength: 5 },
      ),
      count: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(living, { maxLength: 30 }), (turns) => {
        const events = turns.flatMap(({ before, count }): Event[] => [
          ...before,
          { kind: 'take', count },
        ]);
        expect(play(events, false).refused).toBe(0);
      }),
    );
  });

  it('lets every call through where what comes can be held, thrown away or is taken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(octets, call, pass), { maxLength: 60 }),
        fc.constantFrom('repeatable', 'gone', 'short'),
        (events, why) => {
          const few =
            why === 'short'
              ? events
                  .filter(({ kind }) => kind !== 'octets')
                  .concat([{ kind: 'octets', count: 100 }])
              : events;
          const first: Event[] = why === 'gone' ? [{ kind: 'leave' }] : [];
          const world = play([...first, ...few, { kind: 'call' }], why === 'repeatable');
          expect(world.refused).toBe(0);
          expect(world.socket).toEqual([]);
        },
      ),
    );
  });

  it('refuses all that wait behind a consumer that has stopped, and those that come, until it moves', async () => {
    const world = play([], false);
    for (let i = 0; i < 20; i++) world.apply({ kind: 'octets', count: 200 });
    world.apply({ kind: 'call' });
    world.apply({ kind: 'pass', milliseconds: stall - 1 });
    world.apply({ kind: 'call' });
    expect(world.refused).toBe(0);
    world.apply({ kind: 'pass', milliseconds: 2 });
    expect(world.refused).toBe(2);
    world.apply({ kind: 'call' });
    await Promise.resolve();
    expect(world.refused).toBe(3);
    world.apply({ kind: 'take', count: 1 });
    world.apply({ kind: 'call' });
    await Promise.resolve();
    expect(world.refused).toBe(3);
  });
});
