/** RFC 4013 section 3, as SCRAM uses it. */
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
