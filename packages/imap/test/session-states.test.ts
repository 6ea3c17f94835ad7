/** The table of a session's states: what must hold on every way through it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Event, meaning, next, type State } from '../src/session-states.js';

const states = Object.keys(meaning) as State[];
const events: Event[] = [
  'greeted',
  'greeted-in-clear',
  'preauthenticated',
  'secured',
  'login',
  'login-accepted',
  'login-refused',
  'select',
  'select-accepted',
  'select-refused',
  'unselected',
  'unauthenticated',
  'bye',
];

function allowed(state: State): Event[] {
  return events.filter((event) => {
    try {
      return next(state, event) !== undefined;
    } catch {
      return false;
    }
  });
}

const follow = (way: readonly Event[]): State => way.reduce<State>(next, 'opened');

/** The events and states of a walk, the first state included. */
function walk(choices: readonly number[]): { events: Event[]; states: State[] } {
  const passed: { events: Event[]; states: State[] } = { events: [], states: ['opened'] };
  for (const choice of choices) {
    const state = passed.states.at(-1) as State;
    const open = allowed(state);
    const event = open[choice % open.length] as Event;
    passed.events.push(event);
    passed.states.push(next(state, event));
  }
  return passed;
}

const anyWalk = fc.array(fc.nat(50), { maxLength: 40 }).map(walk);

describe('the ways of a session', () => {
  it.each<[string, Event[], State]>([
    ['STARTTLS', ['greeted-in-clear', 'secured', 'login', 'login-accepted'], 'authenticated'],
    ['PREAUTH', ['preauthenticated', 'select', 'select-accepted'], 'selected'],
    ['a login refused, and another', ['greeted', 'login', 'login-refused', 'login'], 'logging-in'],
    [
      'another mailbox, which is not there',
      ['preauthenticated', 'select', 'select-accepted', 'select', 'select-refused'],
      'authenticated',
    ],
    [
      'another user',
      ['preauthenticated', 'select', 'select-accepted', 'unauthenticated', 'login'],
      'logging-in',
    ],
    [
      'BYE, and the answers that were out',
      ['greeted', 'login', 'bye', 'login-accepted', 'select', 'select-accepted'],
      'logout',
    ],
  ])('%s', (_name, way, end) => {
    expect(follow(way)).toBe(end);
  });

  it.each<[string, State, Event]>([
    ['a login in clear where TLS is demanded', 'in-clear', 'login'],
    ['a login beside a login', 'logging-in', 'login'],
    ['a second login', 'authenticated', 'login'],
    ['SELECT before the login', 'not-authenticated', 'select'],
    ['SELECT beside SELECT', 'selecting', 'select'],
    ['a second greeting', 'authenticated', 'preauthenticated'],
    ['TLS within a login', 'logging-in', 'secured'],
  ])('%s is a fault of ours', (_name, state, event) => {
    expect(() => next(state, event)).toThrow(`"${state}" can't "${event}"`);
  });

  it('every state is reached, and BYE ends each of them, but for what anyone may say in clear', () => {
    const reached = new Set<State>(['opened']);
    for (const state of reached)
      for (const event of allowed(state)) reached.add(next(state, event));
    expect([...reached].sort()).toEqual([...states].sort());
    for (const state of states)
      expect(next(state, 'bye')).toBe(state === 'in-clear' ? state : 'logout');
  });

  it('on every way: mailboxes only behind a login, a login only behind TLS, nothing behind BYE', () => {
    fc.assert(
      fc.property(anyWalk, ({ events: told, states: passed }) => {
        const login = told.findIndex((event) =>
          /^(?:login-accepted|preauthenticated)$/.test(event),
        );
        for (const [i, state] of passed.entries()) {
          if (meaning[state].loggedIn) expect(login).toBeLessThan(i);
          if (state === 'selected') expect(told.slice(0, i)).toContain('select-accepted');
          if (i > 0 && passed[i - 1] === 'logout') expect(state).toBe('logout');
        }
        const clear = told.indexOf('greeted-in-clear');
        if (clear >= 0 && told.includes('login') && !told.includes('bye'))
          expect(told.indexOf('secured')).toBeGreaterThan(clear);
      }),
    );
  });

  it('junk is forgiven where a login has been, and no earlier', () => {
    for (const state of states) {
      const { forgivesJunk, loggedIn } = meaning[state];
      expect([state, forgivesJunk]).toEqual([state, loggedIn || state === 'logout']);
    }
  });
});
