/** The table of a session's states: what must hold on every way through it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Event, meaning, next, type State } from '../src/session-states.js';

const states = Object.keys(meaning) as State[];
const events: Event[] = [
  'greeted',
  'greeted-in-clear',
  'secured',
  'login',
  'login-accepted',
  'surprised',
  'quit',
  'quit-accepted',
  'quit-refused',
];

const allowed = (state: State): Event[] =>
  events.filter((event) => {
    try {
      return next(state, event) !== undefined;
    } catch {
      return false;
    }
  });

const follow = (way: readonly Event[]): State => way.reduce<State>(next, 'opened');

/** The events of a walk. */
function walk(choices: readonly number[]): Event[] {
  const passed: Event[] = [];
  let state: State = 'opened';
  for (const choice of choices) {
    const open = allowed(state);
    if (open.length === 0) return passed;
    const event = open[choice % open.length] as Event;
    passed.push(event);
    state = next(state, event);
  }
  return passed;
}

const anyWalk = fc.array(fc.nat(50), { maxLength: 20 }).map(walk);

describe('the ways of a session', () => {
  it.each<[string, Event[], State]>([
    ['STLS and a login', ['greeted-in-clear', 'secured', 'login', 'login-accepted'], 'transaction'],
    ['without a login', ['greeted', 'quit', 'quit-accepted'], 'updated'],
    ['surprised', ['greeted', 'login', 'login-accepted', 'surprised', 'quit'], 'leaving'],
    ['refused', ['greeted', 'quit', 'surprised', 'quit-refused'], 'not-updated'],
  ])('%s', (_, way, end) => expect(follow(way)).toBe(end));

  it.each<[Event[], Event]>([
    [[], 'login'],
    [['greeted-in-clear'], 'login'],
    [['greeted'], 'secured'],
    [['greeted', 'login'], 'quit'],
    [['greeted', 'quit'], 'login'],
    [['greeted', 'quit', 'quit-accepted'], 'surprised'],
  ])('after %j no %s', (way, event) => {
    expect(() => next(follow(way), event)).toThrow("can't");
  });
});

describe('on every way', () => {
  it('nothing is logged in to, left or pipelined in clear where TLS has to come', () => {
    fc.assert(
      fc.property(anyWalk, (way) => {
        const at = way.indexOf('greeted-in-clear');
        if (at < 0 || way[at + 1] === undefined) return;
        expect(way[at + 1]).toBe('secured');
      }),
    );
  });

  it('a surprise ends pipelining for good', () => {
    fc.assert(
      fc.property(anyWalk, (way) => {
        const at = way.indexOf('surprised');
        for (let i = at + 1; at >= 0 && i <= way.length; i++)
          expect(meaning[follow(way.slice(0, i))].mayPipeline).toBe(false);
      }),
    );
  });

  it('marks are committed by an accepted QUIT alone, and unknown while one is out', () => {
    fc.assert(
      fc.property(anyWalk, (way) => {
        const { committed } = meaning[follow(way)];
        expect(committed === true).toBe(way.includes('quit-accepted'));
        const isOut = way.includes('quit') && !way.some((event) => event.startsWith('quit-'));
        expect(committed === 'unknown').toBe(isOut);
      }),
    );
  });

  it('each state can be come to', () => {
    const seen = new Set<State>(['opened']);
    for (const state of seen) for (const event of allowed(state)) seen.add(next(state, event));
    expect([...seen].sort()).toEqual([...states].sort());
  });
});
