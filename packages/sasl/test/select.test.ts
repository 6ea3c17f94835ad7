/** The choice: order, restrictions, what the channel bears, and what is said when nothing fits. */
import {
  type AuthenticateOptions,
  authenticate,
  selectMechanism,
  usableMechanisms,
} from '@fivewire/sasl';
import { describe, expect, it } from 'vitest';
import { scripted } from './scripted.js';

const all = [
  'LOGIN',
  'PLAIN',
  'CRAM-MD5',
  'ANONYMOUS',
  'EXTERNAL',
  'XOAUTH2',
  'OAUTHBEARER',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
  'SCRAM-SHA-512',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-512-PLUS',
];
const password = { user: 'alice', password: 'secret' };
const token = { user: 'alice', accessToken: 'ya29.token' };
const binding = { channelBinding: () => new Uint8Array(32) };
const base = { auth: password, offered: all, channel: 'verified-tls', protocol: 'imap' } as const;

const order = (options: Partial<AuthenticateOptions>): string =>
  usableMechanisms({ ...base, ...options })
    .map(({ mechanism }) => mechanism)
    .join(' ');

const refusal = (options: Partial<AuthenticateOptions>): Record<string, unknown> => {
  try {
    selectMechanism({ ...base, ...options });
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('it should have been refused');
};

describe('order', () => {
  const plus = 'SCRAM-SHA-512-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS';
  const scram = 'SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1';
  it.each<[string, Partial<AuthenticateOptions>, string]>([
    ['the strongest first', { binding }, `${plus} ${scram} PLAIN LOGIN CRAM-MD5`],
    ['no -PLUS without binding data', {}, `${scram} PLAIN LOGIN CRAM-MD5`],
    [
      'CRAM-MD5 before PLAIN where the peer is not proven',
      { channel: 'unverified-tls' },
      `${scram} CRAM-MD5 PLAIN LOGIN`,
    ],
    [
      'CRAM-MD5 before PLAIN in clear',
      { channel: 'cleartext', allowCleartextAuth: true },
      `${scram} CRAM-MD5 PLAIN LOGIN`,
    ],
    ['the standard before its forerunner', { auth: token }, 'OAUTHBEARER XOAUTH2'],
    ['EXTERNAL', { auth: { external: true } }, 'EXTERNAL'],
    ['ANONYMOUS', { auth: { anonymous: true } }, 'ANONYMOUS'],
    ["the caller's order", { mechanisms: ['plain', 'SCRAM-SHA-1'] }, 'PLAIN SCRAM-SHA-1'],
    ['each once', { mechanisms: ['PLAIN', 'plain'], offered: ['PLAIN', 'plain'] }, 'PLAIN'],
    ['any case', { offered: ['Plain', 'login'] }, 'PLAIN LOGIN'],
    ['what carries the authzid', { auth: { ...password, authzid: 'bob' } }, `${scram} PLAIN`],
    ['the same for tokens', { auth: { ...token, authzid: 'bob' } }, 'OAUTHBEARER'],
  ])('%s', (_, options, expected) => {
    expect(order(options)).toBe(expected);
  });
});

describe('cleartext', () => {
  it.each([
    ['password', { auth: password }],
    ['token', { auth: token }],
    ['a channel of another name', { channel: 'tls' as never }],
    ['SCRAM alone', { offered: ['SCRAM-SHA-256'] }],
    ['CRAM-MD5 alone', { offered: ['CRAM-MD5'] }],
  ])('refuses: %s', async (_, options) => {
    const transport = scripted([]);
    let fetched = 0;
    const attempt = authenticate(
      {
        ...base,
        channel: 'cleartext',
        ...options,
        auth:
          'auth' in options && options.auth === token
            ? { user: 'alice', accessToken: () => `${fetched++}` }
            : { user: 'alice', password: () => `${fetched++}` },
      },
      transport,
    );
    await expect(attempt).rejects.toMatchObject({
      code: 'ERR_CLEARTEXT_AUTH_REFUSED',
      name: 'AuthenticationError',
      connection: 'usable',
      hint: expect.stringContaining('starttls'),
    });
    expect(transport.sent).toEqual([]);
    expect(fetched).toBe(0);
  });

  it('EXTERNAL and ANONYMOUS hold no secret', () => {
    expect(order({ channel: 'cleartext', auth: { external: true } })).toBe('EXTERNAL');
    expect(order({ channel: 'cleartext', auth: { anonymous: true } })).toBe('ANONYMOUS');
  });
});

describe('nothing fits', () => {
  it.each<[string, Partial<AuthenticateOptions>, string]>([
    ['tokens only', { offered: ['XOAUTH2', 'OAUTHBEARER'] }, 'an access token'],
    ['passwords only', { auth: token, offered: ['PLAIN'] }, 'a password'],
    ['certificates only', { offered: ['EXTERNAL'] }, 'a client certificate'],
    ['nothing offered', { offered: [] }, 'the right port'],
    [
      'nothing offered in clear',
      { offered: [], channel: 'cleartext', allowCleartextAuth: true },
      'over TLS only',
    ],
    ['-PLUS only', { offered: ['SCRAM-SHA-256-PLUS'] }, 'channel binding'],
    ['restricted away', { offered: ['PLAIN'], mechanisms: ['SCRAM-SHA-1'] }, 'allow one of PLAIN'],
    ['no mechanism allowed', { mechanisms: [] }, 'allow one of'],
    ['authzid', { auth: { ...password, authzid: 'bob' }, offered: ['LOGIN'] }, 'authzid'],
    ['unknown ones', { offered: ['NTLM', 'GSSAPI'] }, 'NTLM, GSSAPI'],
  ])('%s', (_, options, hint) => {
    expect(refusal(options)).toMatchObject({
      code: 'ERR_NO_COMMON_MECHANISM',
      name: 'AuthenticationError',
      connection: 'usable',
      hint: expect.stringContaining(hint),
    });
  });

  it('lists what was offered and what was possible, and no nonsense', () => {
    const error = refusal({ offered: ['NTLM', 'X'.repeat(99), 'a\r\nb', 'é'] });
    expect(error.offered).toEqual(['NTLM']);
    expect(error.message).toBe(
      'No mechanism to authenticate with: the server offers NTLM; ' +
        'possible here: SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, LOGIN, CRAM-MD5',
    );
  });
});

describe('bad arguments', () => {
  it.each<[string, unknown]>([
    ['no auth', undefined],
    ['nothing in it', {}],
    ['an undefined password', { user: 'a', password: undefined }],
    ['two kinds', { user: 'a', password: 'b', accessToken: 'c' }],
    ['no user', { password: 'b' }],
    ['an empty user', { user: '', password: 'b' }],
    ['an empty password', { user: 'a', password: '' }],
    ['a number', { user: 'a', password: 1 }],
    ['NUL in the user', { user: 'a\0b', password: 'c' }],
    ['NUL in the password', { user: 'a', password: 'b\0c' }],
    ['a line break in the password', { user: 'a', password: 'b\n' }],
    ['CR in the user', { user: 'a\r', password: 'b' }],
    ['a lone surrogate', { user: 'a\ud800', password: 'b' }],
    ['a lone surrogate in the password', { user: 'a', password: '\udc00' }],
    ['a long user', { user: 'a'.repeat(1_025), password: 'b' }],
    ['a long password', { user: 'a', password: 'b'.repeat(32_769) }],
    ['a control character in the token', { user: 'a', accessToken: 'b\x01auth=Bearer c' }],
    ['a token with its scheme', { user: 'a', accessToken: 'Bearer abc' }],
    ['a control character in the user', { user: 'a\x01', accessToken: 'b' }],
    ['NUL in the authzid', { user: 'a', password: 'b', authzid: 'c\0' }],
    ['an empty authzid', { external: true, authzid: '' }],
    ['external of another type', { external: 'yes' }],
    ['a trace that is no address', { anonymous: true, trace: 'a@b@c' }],
    ['a long trace', { anonymous: true, trace: 'x'.repeat(256) }],
  ])('%s', async (_, auth) => {
    const transport = scripted([]);
    await expect(authenticate({ ...base, auth: auth as never }, transport)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      name: 'UsageError',
      phase: 'auth',
    });
    expect(transport.sent).toEqual([]);
  });

  it('a name in mechanisms that is unknown', () => {
    expect(refusal({ mechanisms: ['SCRAM-SHA256'] })).toMatchObject({
      code: 'ERR_ARGUMENT',
      hint: expect.stringContaining('SCRAM-SHA-256'),
    });
  });

  it('a user name that SASLprep prohibits, before anything is sent', async () => {
    const transport = scripted([]);
    const auth = { user: '\u06271', password: 'b' };
    await expect(authenticate({ ...base, auth }, transport)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument: 'auth.user',
    });
    expect(transport.sent).toEqual([]);
  });
});
