/** What other clients call the parts of `auth` is answered with our words, and with nothing of what was given. */
import { expect, test } from 'vitest';
import { checkedAuth, ftpShape } from '../src/credentials.js';

const refusal = (auth: object, shape?: typeof ftpShape): Record<string, unknown> => {
  try {
    checkedAuth(auth, shape);
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('taken');
};

test.each([
  [{ user: 'alice', pass: 'hunter2' }, 'password'],
  [{ username: 'alice', password: 'hunter2' }, 'user'],
  [{ user: 'alice', token: 'hunter2' }, 'accessToken'],
  [{ type: 'OAuth2', user: 'alice', accessToken: 'hunter2' }, 'mechanisms'],
  [{ user: 'alice', refreshToken: 'hunter2' }, 'function'],
  [{ user: 'alice', clientSecret: 'hunter2' }, 'function'],
  [{ user: 'alice', xoauth2: 'hunter2' }, 'function'],
  [{ credentials: { user: 'alice', pass: 'hunter2' } }, 'user and password'],
  [{ user: 'alice', password: 'hunter2', loginMethod: 'PLAIN' }, 'mechanisms'],
])('%j', (auth, ours) => {
  const error = refusal(auth);
  expect(error).toMatchObject({ code: 'ERR_ARGUMENT', hint: expect.stringContaining(ours) });
  expect(JSON.stringify(error) + error.message).not.toContain('hunter2');
});

test('a name is answered by what the protocol has, and an unknown one by the list', () => {
  expect(refusal({ user: 'a', pass: 'x' }, ftpShape).hint).toBe('Use password.');
  expect(refusal({ user: 'a', token: 'x' }, ftpShape).hint).toContain('user, password, account');
  expect(refusal({ user: 'a', type: 'x' }, ftpShape).hint).toContain('user, password, account');
  expect(refusal({ user: 'a', constructor: 'x' }).hint).toContain('password, accessToken');
});
