/** What a look now and then tells. */
import { describe, expect, it } from 'vitest';
import { differences, presentNow } from '../src/watch/poll.js';

const snapshot = (text: string) => new Map(text.split('').map((one) => [one.toLowerCase(), one]));
const told = (before: string, now: string, problem?: string) =>
  [
    ...differences(
      'box',
      snapshot(before),
      presentNow(snapshot(before), {
        found: snapshot(now),
        ...(problem === undefined ? {} : { problem }),
      }),
    ),
  ].map(({ event, ids }) => `${event} ${ids}`);

describe('a look', () => {
  it.each([
    ['ab', 'bc', ['new c', 'gone a']],
    ['ab', 'aB', ['changed b']],
    ['ab', 'ab', []],
  ])('%s, then %s', (before, now, events) => {
    expect(told(before, now)).toEqual(events);
  });

  it('with a row that cannot be read tells nothing as gone', () => {
    expect(told('ab', 'Bc', 'odd row')).toEqual(['new c', 'changed b']);
  });
});
