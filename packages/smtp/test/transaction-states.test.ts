/** The table of a message's states: what must hold on every way through it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Event, meaning, next, Progress, type State } from '../src/transaction-states.js';

const states = Object.keys(meaning) as State[];
const events: Event[] = [
  'offer', 'send-whole', 'turn', 'accepted', 'ask', 'go-ahead', 'begin', 'end', 'withdraw', 'refused', 'fate', 'cleared', 'lost',
]; // biome-ignore format: one list

const allowed = (state: State): Event[] =>
  events.filter((event) => {
    try {
      next(state, event);
      return true;
    } catch {
      return false;
    }
  });

/** The states that a walk passes, the first included. */
function walk(choices: readonly number[]): State[] {
  const progress = new Progress();
  const passed: State[] = [progress.state];
  for (const choice of choices) {
    const open = allowed(progress.state);
    if (open.length === 0) break;
    progress.to(open[choice % open.length] as Event);
    passed.push(progress.state);
  }
  return passed;
}

const anyWalk = fc.array(fc.nat(50), { maxLength: 40 }).map(walk);

describe('the ways of a message', () => {
  test.each<[string, Event[], State]>([
    ['DATA, pipelined', ['offer', 'turn', 'go-ahead', 'end', 'fate'], 'over'],
    ['DATA, step by step', ['offer', 'turn', 'accepted', 'ask', 'go-ahead', 'end', 'fate'], 'over'],
    ['nobody accepted, 354 all the same', ['offer', 'turn', 'withdraw', 'cleared'], 'over'],
    ['MAIL refused', ['offer', 'turn', 'refused'], 'over'],
    ['DATA refused', ['offer', 'turn', 'accepted', 'ask', 'withdraw', 'cleared'], 'over'],
    ['chunks', ['offer', 'turn', 'accepted', 'begin', 'end', 'fate'], 'over'],
    ['a chunk refused', ['offer', 'turn', 'accepted', 'begin', 'withdraw', 'cleared'], 'over'],
    ['one group', ['send-whole', 'fate'], 'over'],
    ['one group, refused', ['send-whole', 'withdraw', 'cleared'], 'over'],
    ['BURL', ['offer', 'turn', 'accepted', 'end', 'fate'], 'over'],
    ['a probe', ['offer', 'turn', 'withdraw', 'cleared'], 'over'],
  ])('%s', (_, way, end) => {
    const progress = new Progress();
    for (const event of way) progress.to(event);
    expect(progress.state).toBe(end);
  });

  test.each<[State, Event]>([
    ['queued', 'end'],
    ['offered', 'end'],
    ['answering', 'end'],
    ['asked', 'end'],
    ['clearing', 'end'],
    ['clearing', 'fate'],
    ['sent', 'end'],
    ['over', 'offer'],
    ['lost', 'fate'],
  ])('%s: no "%s"', (state, event) => {
    expect(() => next(state, event)).toThrow(`"${state}" can't "${event}"`);
  });

  test('each state is reached, and each but the last two can be left, also by a lost connection', () => {
    const reached = new Set<State>(['queued']);
    for (const state of reached)
      for (const event of allowed(state)) reached.add(next(state, event));
    expect([...reached].sort()).toEqual([...states].sort());
    for (const state of states) {
      const open = allowed(state);
      if (state === 'over' || state === 'lost') expect(open).toEqual([]);
      else expect(open).toContain('lost');
    }
  });
});

describe('what holds on every way', () => {
  test('nobody says "not delivered" of a message whose end is written and whose fate is open', () => {
    fc.assert(
      fc.property(anyWalk, (passed) => {
        for (const state of passed)
          expect(meaning[state].delivered === 'unknown').toBe(state === 'sent');
      }),
    );
  });

  test('the end is written once, and only by a server that takes it or in one group', () => {
    fc.assert(
      fc.property(anyWalk, (passed) => {
        expect(passed.filter((state) => state === 'sent').length).toBeLessThanOrEqual(1);
        const at = passed.indexOf('sent');
        if (at > 0) expect(['body', 'ready', 'queued']).toContain(passed[at - 1]);
      }),
    );
  });

  test('an abort ends the connection from our turn to read until the end is written, and never before or after', () => {
    fc.assert(
      fc.property(anyWalk, (passed) => {
        const from = passed.indexOf('answering');
        for (const [i, state] of passed.entries()) {
          const { abort } = meaning[state];
          if (abort === 'end') expect(from < 0 ? state === 'clearing' : i >= from).toBe(true);
          if (state === 'sent' || state === 'over') expect(abort).toBe('leave');
        }
      }),
    );
  });

  test('what may be followed before it is over is cleared away first', () => {
    for (const state of states)
      if (meaning[state].mayFollow) expect(meaning[state].resetFirst).toBe(state !== 'over');
  });
});
