/** The examples of the RFCs, octet by octet. */
import { createExchange } from '@fivewire/sasl';
import { describe, expect, it } from 'vitest';
import { exchangeOf } from '../src/exchange.js';
import { scram, sha1, sha256 } from '../src/mechanisms/scram.js';
import { octets, text } from './scripted.js';

const base64 = (data: Uint8Array | undefined) => Buffer.from(data ?? []).toString('base64');
const pencil = { user: 'user', password: 'pencil' };

describe('RFC 5802 section 5 and RFC 7677 section 3', () => {
  it.each([
    {
      mechanism: 'SCRAM-SHA-1' as const,
      hash: sha1,
      nonce: 'fyko+d2lbbFgONRv9qkxdawL',
      dialogue: [
        'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
        'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
        'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
        'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
      ],
    },
    {
      mechanism: 'SCRAM-SHA-256' as const,
      hash: sha256,
      nonce: 'rOprNGfwEbeRWgbNEkqO',
      dialogue: [
        'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
        'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
        'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
        'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
      ],
    },
  ])('$mechanism', async ({ mechanism, hash, nonce, dialogue }) => {
    const begin = () =>
      exchangeOf({ name: mechanism, provesServer: true }, scram(hash, pencil, {}, nonce));
    const [clientFirst, serverFirst = '', clientFinal, serverFinal = ''] = dialogue;

    // The server's last message as a challenge of its own, …
    const exchange = begin();
    expect(text((await exchange.start()) ?? octets(''))).toBe(clientFirst);
    expect(text(await exchange.next(octets(serverFirst)))).toBe(clientFinal);
    expect(text(await exchange.next(octets(serverFinal)))).toBe('');
    await exchange.finish();

    // … and as additional data with success.
    const shorter = begin();
    await shorter.start();
    await shorter.next(octets(serverFirst));
    await shorter.finish(octets(serverFinal));
  });
});

describe('RFC 4616 section 4', () => {
  it.each([
    [{ user: 'tim', password: 'tanstaaftanstaaf' }, '\0tim\0tanstaaftanstaaf'],
    [{ user: 'Kurt', password: 'xipj3plmq', authzid: 'Ursel' }, 'Ursel\0Kurt\0xipj3plmq'],
  ])('PLAIN %#', async (credentials, message) => {
    const exchange = createExchange('PLAIN', credentials);
    expect(text((await exchange.start()) ?? octets(''))).toBe(message);
    await exchange.finish();
  });
});

it('CRAM-MD5: RFC 2195 section 2', async () => {
  const exchange = createExchange('CRAM-MD5', { user: 'tim', password: 'tanstaaftanstaaf' });
  expect(await exchange.start()).toBeUndefined();
  const challenge = Buffer.from(
    'PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+',
    'base64',
  );
  expect(base64(await exchange.next(challenge))).toBe(
    'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw',
  );
  await exchange.finish();
});

describe('OAUTHBEARER: RFC 7628', () => {
  const begin = () =>
    createExchange(
      'OAUTHBEARER',
      {
        user: 'user@example.com',
        accessToken: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==',
      },
      { host: 'server.example.com', port: 143 },
    );
  const message =
    'bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB';

  it('section 4.1, a success', async () => {
    const exchange = begin();
    expect(base64(await exchange.start())).toBe(message);
    await exchange.finish();
  });

  it('section 4.3, a failure', async () => {
    const exchange = begin();
    await exchange.start();
    const challenge = Buffer.from(
      'eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0=',
      'base64',
    );
    expect(base64(await exchange.next(challenge))).toBe('AQ==');
    expect(exchange.refusal()?.reason).toBe(
      'status invalid_token, scope example_scope, issuer https://example.com/.well-known/openid-configuration',
    );
  });
});

it("XOAUTH2: Google's example", async () => {
  const exchange = createExchange('XOAUTH2', {
    user: 'someuser@example.com',
    accessToken: 'ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg',
  });
  expect(base64(await exchange.start())).toBe(
    'dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==',
  );
  await exchange.finish();
});

it('ANONYMOUS: RFC 4505 section 4', async () => {
  const exchange = createExchange('ANONYMOUS', { anonymous: true, trace: 'sirhc' });
  expect(base64(await exchange.start())).toBe('c2lyaGM=');
  await exchange.finish();
});

describe('EXTERNAL: RFC 4422 appendix A', () => {
  it.each([
    [{ external: true as const }, ''],
    [{ external: true as const, authzid: 'fred@example.com' }, 'fred@example.com'],
  ])('%#', async (credentials, message) => {
    const exchange = createExchange('EXTERNAL', credentials);
    expect(text((await exchange.start()) ?? octets('none'))).toBe(message);
    await exchange.finish();
  });
});

it('LOGIN: two challenges, whatever they say', async () => {
  const exchange = createExchange('LOGIN', { user: 'tim', password: 'tanstaaf' });
  expect(await exchange.start()).toBeUndefined();
  expect(text(await exchange.next(octets('Benutzername?')))).toBe('tim');
  expect(text(await exchange.next(octets('')))).toBe('tanstaaf');
  await exchange.finish();
});
