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
  'login-refused',
  'compress-accepted',
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
    [
      'STARTTLS and a login',
      ['greeted-in-clear', 'secured', 'login', 'login-accepted'],
      'logged-in',
    ],
    ['a login refused, and another', ['greeted', 'login', 'login-refused', 'login'], 'logging-in'],
    ['asked again (480)', ['greeted', 'login', 'login-accepted', 'login'], 'logging-in'],
    ['compressed without a login', ['greeted', 'compress-accepted'], 'compressed'],
  ])('%s', (_, way, end) => expect(follow(way)).toBe(end));
});

describe('on every way', () => {
  it('what follows a greeting in clear is TLS', () => {
    fc.assert(
      fc.property(anyWalk, (way) => {
        const at = way.indexOf('greeted-in-clear');
        if (at >= 0 && way[at + 1] !== undefined) expect(way[at + 1]).toBe('secured');
      }),
    );
  });

  it('a login is one at a time, and none once all is compressed', () => {
    fc.assert(
      fc.property(anyWalk, (way) => {
        const state = follow(way);
        expect(allowed(state).includes('login')).toBe(meaning[state].mayLogIn);
        if (way.includes('compress-accepted')) expect(allowed(state)).toEqual([]);
      }),
    );
  });

  it('each state can be come to', () => {
    const seen = new Set<State>(['opened']);
    for (const state of seen) for (const event of allowed(state)) seen.add(next(state, event));
    expect([...seen].sort()).toEqual([...states].sort());
  });
});
