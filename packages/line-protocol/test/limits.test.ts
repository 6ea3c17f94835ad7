/** What all clients check alike before they dial: limits, and a pool's options. */
import { checkLimits, splitPoolOptions } from '@fivewire/line-protocol';
import { describe, expect, it } from 'vitest';

const defaults = { lineOctets: 100, rows: 10 };

const failure = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('checkLimits', () => {
  it('fills in what is not given', () => {
    expect(checkLimits('nntp', defaults)).toEqual(defaults);
    expect(checkLimits('nntp', defaults, { rows: Infinity })).toEqual({
      ...defaults,
      rows: Infinity,
    });
  });

  it.each([
    ['row', 1],
    ['constructor', 1],
    ['rows', 0],
    ['rows', Number.NaN],
    ['rows', '5'],
    ['rows', undefined],
  ])('refuses %s: %s', (name, value) => {
    expect(failure(() => checkLimits('nntp', defaults, { [name]: value }))).toMatchObject({
      code: 'ERR_ARGUMENT',
      protocol: 'nntp',
      argument: `limits.${name}`,
      hint: 'Known: lineOctets, rows; each a number from 1.',
    });
  });
});

describe('splitPoolOptions', () => {
  it("parts the pool's own from those of its connections", () => {
    const options = { host: 'news.example', maxUses: 3, idleTimeout: undefined as never };
    expect(splitPoolOptions('nntp', options)).toEqual({
      own: { maxUses: 3 },
      rest: { host: 'news.example' },
    });
  });

  it.each(['stream', 'signal'])('refuses %s', (key) => {
    expect(failure(() => splitPoolOptions('nntp', { [key]: {} }))).toMatchObject({
      code: 'ERR_ARGUMENT',
      protocol: 'nntp',
      argument: key,
    });
  });
});
