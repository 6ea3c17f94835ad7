/** RFC 4013 section 3, as SCRAM uses it. */
import { saslprep } from '@mongodb-js/saslprep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { preparePassword, prepareUser } from '../src/saslprep.js';

describe('what RFC 4013 prepares', () => {
  it.each([
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['a\u00a0b', 'a b'],
    ['u\u0308nal', 'ünal'],
  ])('%j is %j', (given, prepared) => {
    expect(prepareUser(given)).toBe(prepared);
    expect(preparePassword(given)).toBe(prepared);
  });
});

describe('what RFC 4013 prohibits', () => {
  it.each(['\u0007', '\u06271', '\ue000', '\u00ad'])('%j', (given) => {
    expect(() => prepareUser(given)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(preparePassword(given)).toBe(given);
  });
});

it('an emoji is unassigned in Unicode 3.2: a query may hold it, a stored string may not', () => {
  expect(prepareUser('🦊')).toBe('🦊');
  expect(preparePassword('🦊ﬁ')).toBe('🦊ﬁ');
});

describe('another implementation agrees', () => {
  const theirs = (text: string, allowUnassigned: boolean): string | undefined => {
    try {
      return saslprep(text, { allowUnassigned }) || undefined;
    } catch {
      return undefined;
    }
  };
  const ours = (text: string): string | undefined => {
    try {
      return prepareUser(text);
    } catch {
      return undefined;
    }
  };

  // Where Unicode 3.2 had characters, and both sides of the ends of what it had not.
  const blocks = [
    [0x1, 0x3400], [0x4db0, 0x4e10], [0x9fa0, 0xa500], [0xd7a0, 0xd7ff], [0xe000, 0xe010], [0xf8f0, 0x10500],
    [0x1cff0, 0x1d810], [0x1fff0, 0x20010], [0x2a6d0, 0x2a6e0], [0x2f7f0, 0x2fa30], [0xdfff0, 0xe0090], [0x10fff0, 0x10ffff],
  ] as const; // biome-ignore format: one list

  it.each(blocks)('on each code point from %i to %i', (from, to) => {
    const different: string[] = [];
    for (let point = from; point <= to; point++) {
      const character = String.fromCodePoint(point);
      if (/^[\x20-\x7e]$/.test(character)) continue;
      if (ours(character) !== theirs(character, true)) different.push(point.toString(16));
      if (preparePassword(character) !== (theirs(character, false) ?? character))
        different.push(`password ${point.toString(16)}`);
    }
    expect(different).toEqual([]);
  });

  it('on texts of several directions, spaces and signs', () => {
    const kinds = [
      'a',
      '1',
      '\u05d0',
      '\u0661',
      '\u00a0',
      '\u00ad',
      '\u202e',
      'ü',
      '\u2168',
      '🦊',
      ' ',
    ];
    const text = fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(text, (parts) => {
        const given = parts.join('');
        expect(ours(given)).toBe(theirs(given, true));
        expect(preparePassword(given)).toBe(theirs(given, false) ?? given);
      }),
    );
  });
});
