/** A protocol's own ways beside SASL: their order, what opens them, and when a password is fetched. */
import { type Auth, chooseWay, type Way, waysIn } from '@fivewire/sasl';
import { describe, expect, it } from 'vitest';

const auth = { user: 'alice', password: 'secret' };
const closed = { USER: false, APOP: false };
const sasl: Way = { name: 'SASL' };
const user: Way = { name: 'USER' };

const choose = (ways: Way[], offered: string[], open = closed, given: Auth = auth) =>
  chooseWay(ways, { auth: given, offered, channel: 'verified-tls', protocol: 'pop3' }, open);

describe('waysIn', () => {
  it('takes neighbouring SASL names together, in any case, and keeps the order', () => {
    expect(waysIn(['scram-sha-1', 'PLAIN', 'user', 'LOGIN'], ['USER', 'APOP'])).toEqual([
      { name: 'SASL', mechanisms: ['SCRAM-SHA-1', 'PLAIN'] },
      { name: 'USER' },
      { name: 'SASL', mechanisms: ['LOGIN'] },
    ]);
    expect(waysIn([], ['USER'])).toEqual([]);
  });
});

describe('chooseWay', () => {
  it('takes the first that can be gone', async () => {
    const open = { ...closed, USER: true };
    expect(await choose([sasl, user], ['PLAIN'], open)).toMatchObject({ name: 'SASL' });
    expect(await choose([user, sasl], ['PLAIN'], open)).toEqual({ name: 'USER', ...auth });
    expect(await choose([sasl, user], [], open)).toEqual({ name: 'USER', ...auth });
    expect(
      await choose([{ name: 'SASL', mechanisms: ['LOGIN'] }, sasl], ['PLAIN', 'LOGIN'], open),
    ).toMatchObject({ options: { mechanisms: ['LOGIN'] } });
  });

  it('says why SASL can not be gone, where it was one of them', async () => {
    await expect(choose([user, sasl], [])).rejects.toMatchObject({
      code: 'ERR_NO_COMMON_MECHANISM',
    });
    expect(await choose([user], ['PLAIN'])).toBeUndefined();
  });

  it('fetches a password once, for the way that is gone, and hands over nothing but user and password', async () => {
    let calls = 0;
    const password = () => `secret ${++calls}`;
    const given = { user: 'alice', password };
    const open = { USER: true, APOP: false };
    await choose([sasl, user], ['PLAIN'], open, given);
    await choose([{ name: 'APOP' }, sasl], ['PLAIN'], open, given);
    expect(calls).toBe(0);
    expect(await choose([{ name: 'APOP' }, user], [], open, given)).toEqual({
      name: 'USER',
      user: 'alice',
      password: 'secret 1',
    });
    for (const other of [
      { ...given, authzid: 'bob' },
      { user: 'alice', accessToken: 'token' },
      { external: true } as const,
    ])
      expect(await choose([user], [], open, other)).toBeUndefined();
    expect(calls).toBe(1);
  });

  it('judges what a function gives as if it had been given', async () => {
    const open = { USER: true, APOP: false };
    const wrong = { code: 'ERR_ARGUMENT', argument: 'auth.password' };
    for (const password of ['', 'a\r\nDELE 1', undefined]) {
      const given = { user: 'alice', password: () => password as string };
      await expect(choose([user], [], open, given)).rejects.toMatchObject(wrong);
    }
    const cause = new Error('the vault is locked');
    const password = () => Promise.reject(cause);
    await expect(choose([user], [], open, { user: 'alice', password })).rejects.toMatchObject({
      ...wrong,
      cause,
    });
  });

  it('judges the channel for all ways alike', async () => {
    const clear = { auth, offered: [], channel: 'cleartext', protocol: 'pop3' } as const;
    await expect(chooseWay([user], clear, { USER: true })).rejects.toMatchObject({
      code: 'ERR_CLEARTEXT_AUTH_REFUSED',
    });
  });
});
