/** The table of a transfer's states: what must hold in whatever order a server speaks. */
import type { Reply } from '@fivewire/line-protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventOf, meaning, next, type State } from '../src/transfer/transfer-states.js';

const reply = (code: number): Reply => ({
  code,
  class: Math.floor(code / 100) as Reply['class'],
  text: '',
  lines: [''],
});

/** `-` stands for silence while octets move. */
const follow = (...said: readonly (number | '-')[]): State =>
  said.reduce<State>(
    (state, code) => next(state, code === '-' ? 'silence' : eventOf(reply(code))),
    'asked',
  );

describe('what the server says, and what that makes of the transfer', () => {
  it.each<[string, (number | '-')[], State]>([
    ['as RFC 959 has it', [150, 226], 'answered'],
    ['refused', [550], 'refused'],
    ['refused for want of a data connection', [425], 'refused'],
    ['broken off', [150, 426], 'broken-off'],
    ['broken off by a code that elsewhere refuses', [150, 550], 'broken-off'],
    ['done at once', [226], 'done-first'],
    ['another’s notice ahead of it', [226, 150, 226], 'answered'],
    ['several notices ahead of the refusal', [226, 250, 550], 'refused'],
    ['a notice, and broken off', [226, 150, 451], 'broken-off'],
    ['not a word before the end', ['-', 226], 'answered'],
    ['announced when octets had moved', ['-', 150, 226], 'answered'],
    ['refused when octets had been sent', ['-', 553], 'refused'],
    ['broken off without a word before', ['-', 426], 'broken-off'],
    ['announced late, and broken off', ['-', 150, 550], 'broken-off'],
  ])('%s', (_, said, end) => expect(follow(...said)).toBe(end));

  it('no reply follows the last one', () => {
    for (const end of ['answered', 'refused', 'broken-off'] as const)
      expect(() => next(end, 'done')).toThrow(`a transfer that is "${end}" can't "done"`);
  });

  it('silence is no event once something was said', () => {
    for (const state of Object.keys(meaning) as State[])
      if (state !== 'asked') expect(() => next(state, 'silence')).toThrow('can\'t "silence"');
  });

  const code = fc.constantFrom(
    125,
    150,
    200,
    226,
    250,
    421,
    425,
    426,
    450,
    451,
    500,
    550,
    551,
    552,
  );
  it('nothing that was announced is a mere refusal, and nothing that was not is broken off by one', () => {
    fc.assert(
      fc.property(fc.array(code, { minLength: 1, maxLength: 6 }), (codes) => {
        let state: State = 'asked';
        let wasAnnounced = false;
        for (const one of codes) {
          try {
            state = next(state, eventOf(reply(one)));
          } catch {
            break;
          }
          wasAnnounced ||= one < 200;
        }
        if (state === 'refused') expect(wasAnnounced).toBe(false);
        if (state === 'broken-off') expect(wasAnnounced).toBe(true);
        if (meaning[state].owesReply) expect(codes).toEqual([]);
      }),
    );
  });
});
