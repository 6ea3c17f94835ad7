/** What a login may need beyond one exchange: a token anew, a kept key, odd prompts, a hidden capability, a second way. */

import { inspect } from 'node:util';
import {
  type AuthenticateOptions,
  authenticate,
  createSaltedPasswords,
  logIn,
  type OwnWay,
  refusalVerdict,
  type SaslAnswer,
  waysIn,
} from '@fivewire/sasl';
import type { RefusalReason } from 'tls-context-core';
import { describe, expect, it } from 'vitest';
import { ScramServer } from './scram-server.js';
import { challenge, failure, scripted, success, unavailable } from './scripted.js';

const auth = { user: 'tim', password: 'tanstaaf' };
const base = { auth, channel: 'verified-tls', protocol: 'imap' } as const;
const run = (
  offered: string[],
  transport: ReturnType<typeof scripted>,
  more: Partial<AuthenticateOptions> = {},
) => authenticate({ ...base, offered, ...more }, transport);

describe('an access token that the server calls expired or invalid', () => {
  const stale: [string, SaslAnswer[]][] = [
    ['RFC 7628', [challenge('{"status":"invalid_token"}'), failure('NO', 'no')]],
    ['Google', [challenge('{"status":"400","schemes":"Bearer"}'), failure('NO', 'no')]],
    ['IMAP', [failure('NO', 'x', 'EXPIRED')]],
    ['in words', [failure(535, '5.7.3 The token has expired')]],
  ];
  const counting = (...tokens: string[]) => {
    const calls: unknown[] = [];
    const accessToken = (refused?: unknown) => {
      calls.push(refused);
      return tokens[Math.min(calls.length, tokens.length) - 1] as string;
    };
    return { calls, auth: { user: 'tim', accessToken } };
  };

  it.each(stale)('is fetched once more: %s', async (_, refusal) => {
    const { calls, auth: given } = counting('old', 'new');
    const transport = scripted([...refusal, success()]);
    expect(await run(['XOAUTH2'], transport, { auth: given })).toEqual({ mechanism: 'XOAUTH2' });
    expect(calls).toEqual([undefined, { reason: expect.any(String) }]);
    expect(transport.sent.at(-1)).toContain('Bearer new');
  });

  it.each<[string, string[], SaslAnswer[], number]>([
    [
      'twice it is not',
      ['old', 'new', 'newer'],
      [...(stale[0]?.[1] ?? []), ...(stale[0]?.[1] ?? [])],
      2,
    ],
    ['the same one is not sent again', ['old', 'old'], stale[0]?.[1] ?? [], 2],
    ['another refusal asks for none', ['old', 'new'], [failure('NO', 'no mailbox')], 1],
    [
      'a wrong scope asks for none',
      ['old', 'new'],
      [challenge('{"status":"insufficient_scope"}'), failure('NO', 'no')],
      1,
    ],
  ])('%s', async (_, tokens, answers, count) => {
    const { calls, auth: given } = counting(...tokens);
    await expect(run(['XOAUTH2'], scripted(answers), { auth: given })).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
    expect(calls).toHaveLength(count);
  });
});

describe("SCRAM's salted password", () => {
  const login = async (
    saltedPasswords: ReturnType<typeof createSaltedPasswords>,
    password = 'tanstaaf',
  ) => {
    const server = new ScramServer({ hash: 'sha256', user: 'tim', password, iterations: 4_096 });
    const transport = scripted([
      (m) => challenge(server.first(m)),
      (m) => challenge(server.final(m)),
      success(),
    ]);
    await run(['SCRAM-SHA-256'], transport, { saltedPasswords, auth: { user: 'tim', password } });
  };

  it('is kept where the server has proven itself, and shown by nothing', async () => {
    const kept: string[] = [];
    const store = createSaltedPasswords();
    const spied = {
      ...store,
      set: (place: never, salted: Uint8Array) => {
        kept.push('set');
        store.set(place, salted);
      },
    };
    await login(spied as never);
    expect(kept).toEqual(['set']);
    const seen: boolean[] = [];
    const reading = {
      ...store,
      get: (place: never) => {
        const found = store.get(place);
        seen.push(found !== undefined);
        return found;
      },
    };
    await login(reading as never);
    await login(reading as never, 'another');
    expect(seen).toEqual([true, false]);
    const shown = inspect(store, { depth: null, showHidden: true }) + JSON.stringify(store);
    expect(shown).not.toContain('tanstaaf');
  });

  it('keeps no more than it is told to', () => {
    const store = createSaltedPasswords(2);
    const place = (user: string) => ['sha256', user, 'c2FsdA==', 4096] as const;
    for (const user of ['a', 'b', 'c']) store.set(place(user), new Uint8Array(1));
    expect(['a', 'b', 'c'].map((user) => store.get(place(user)) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('a challenge that is no base64', () => {
  const bare = { kind: 'challenge' } as const;
  it('does not matter to LOGIN, nor before the initial response, nor behind a refused token', async () => {
    const login = scripted([bare, bare, success()]);
    await run(['LOGIN'], login);
    expect(login.sent).toEqual(['start LOGIN', 'respond [tim]', 'respond [tanstaaf]']);
    await run(['PLAIN'], scripted([bare, success()], 0));
    const token = { user: 'tim', accessToken: 'abc' };
    await expect(
      run(['XOAUTH2'], scripted([bare, failure('NO', 'no')]), { auth: token }),
    ).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });

  it.each(['CRAM-MD5', 'SCRAM-SHA-1'])(
    'ends %s, in the transport’s words where it has some',
    async (mechanism) => {
      await expect(run([mechanism], scripted([bare]))).rejects.toMatchObject({
        code: 'ERR_CHALLENGE',
      });
      const malformed = () => new Error('base64 behind 334');
      await expect(run([mechanism], scripted([{ ...bare, malformed }]))).rejects.toThrow(
        'behind 334',
      );
    },
  );
});

describe('a server that lists no mechanism', () => {
  it('is asked for those that the caller names, in order', async () => {
    const transport = scripted([unavailable(504), success()]);
    expect(await run([], transport, { mechanisms: ['SCRAM-SHA-256', 'PLAIN'] })).toEqual({
      mechanism: 'PLAIN',
    });
  });

  it('is asked for none by itself, nor for others than it lists', async () => {
    for (const [offered, more] of [
      [[], {}],
      [['LOGIN'], { mechanisms: ['PLAIN'] }],
    ] as const)
      await expect(run([...offered], scripted([]), more as never)).rejects.toMatchObject({
        code: 'ERR_NO_COMMON_MECHANISM',
      });
  });
});

describe("the protocol's own ways", () => {
  const refused = failure('-ERR', 'no') as Extract<SaslAnswer, { kind: 'failure' }>;
  const go = (
    mechanisms: string[] | undefined,
    transport: ReturnType<typeof scripted>,
    user: OwnWay,
  ) =>
    logIn({
      options: {
        ...base,
        protocol: 'pop3',
        offered: ['SCRAM-SHA-256', 'PLAIN'],
        ...(mechanisms && { mechanisms }),
      },
      ways: mechanisms ? waysIn(mechanisms, ['USER']) : [{ name: 'SASL' }, { name: 'USER' }],
      own: { USER: user },
      sasl: (options) => authenticate(options, transport),
      offered: ['USER'],
      hint: 'none',
    });
  const user = (
    answer: Awaited<ReturnType<OwnWay['run']>>,
    open = true,
  ): OwnWay & { seen: unknown[] } => {
    const seen: unknown[] = [];
    return {
      seen,
      open,
      run: async (login) => {
        seen.push(login);
        return answer;
      },
    };
  };

  it('come after SASL where the caller lists them and SASL does not work', async () => {
    const own = user({ kind: 'success' });
    const transport = scripted([failure('-ERR', 'generic failure')]);
    expect(await go(['SCRAM-SHA-256', 'USER'], transport, own)).toEqual({ mechanism: 'USER' });
    expect(own.seen).toEqual([auth]);
  });

  it('do not come by themselves, nor after a failed proof', async () => {
    for (const [mechanisms, answers] of [
      [undefined, [failure('-ERR', 'generic failure')]],
      [['PLAIN', 'USER'], [failure('-ERR', 'wrong password')]],
    ] as const) {
      const own = user({ kind: 'success' });
      await expect(
        go(mechanisms as string[] | undefined, scripted(answers), own),
      ).rejects.toMatchObject({
        code: 'ERR_AUTHENTICATION_FAILED',
      });
      expect(own.seen).toEqual([]);
    }
  });

  it('before SASL, SASL comes where they do not work', async () => {
    const own = user({ ...refused, mechanismUnavailable: true });
    expect(await go(['USER', 'PLAIN'], scripted([success()]), own)).toEqual({ mechanism: 'PLAIN' });
    await expect(go(['USER', 'PLAIN'], scripted([]), user(refused))).rejects.toMatchObject({
      mechanism: 'USER',
      reason: 'wrong',
      offered: ['SCRAM-SHA-256', 'PLAIN', 'USER'],
    });
  });

  it('where nothing is shown, what the client has to say is said', async () => {
    const nothing = logIn({
      options: { ...base, offered: [] },
      ways: [{ name: 'SASL' }, { name: 'USER' }],
      own: { USER: user({ kind: 'success' }, false) },
      sasl: () => Promise.reject(new Error('not asked')),
      offered: [],
      hint: 'name USER',
    });
    await expect(nothing).rejects.toMatchObject({
      code: 'ERR_NO_COMMON_MECHANISM',
      hint: 'name USER',
    });
  });

  it('the last refusal is the one that is told', async () => {
    const own = user({ ...refused, mechanismUnavailable: true });
    await expect(go(['USER'], scripted([]), own)).rejects.toMatchObject({
      mechanism: 'USER',
      reason: 'mechanism',
    });
    await expect(go(['USER'], scripted([]), user(refused, false))).rejects.toMatchObject({
      code: 'ERR_NO_COMMON_MECHANISM',
      hint: 'none',
    });
  });
});

describe('refusals: the enhanced code first, the stage second, the text last', () => {
  it.each([
    ['smtp', 432, '4.3.2', 'too many connections', 'busy'],
    ['smtp', 432, '4.7.12', 'A password transition is needed', 'mechanism'],
    ['smtp', 523, '5.7.10', 'Encryption needed', 'tls'],
    ['smtp', 538, '5.7.11', 'no', 'tls'],
    ['smtp', 454, '4.7.11', 'no', 'tls'],
    ['smtp', 535, '5.7.13', 'no', 'account'],
    ['smtp', 454, '4.5.3', 'no', 'quota'],
    ['smtp', 432, undefined, 'A password transition is needed', 'mechanism'],
    ['smtp', 454, '4.7.0', 'Temporary authentication failure', 'later'],
    ['smtp', 454, '5.7.8', 'no', 'wrong'],
    ['smtp', 535, '5.7.8', 'Too many failures, try again later', 'wrong'],
    ['smtp', 535, undefined, 'Too many connections', 'wrong'],
    ['smtp', 530, '5.7.0', 'Must issue a STARTTLS command first', 'tls'],
    ['smtp', 538, undefined, 'no', 'tls'],
    ['smtp', 535, '5.7.13', 'User account disabled', 'account'],
    ['smtp', 451, '5.7.1', 'odd', 'later'],
    ['smtp', 530, '5.7.1', 'odd', 'tls'],
    ['smtp', 521, '5.3.2', 'no mail here', 'account'],
    ['smtp', 521, undefined, 'no mail here', 'account'],
    ['smtp', 554, '5.4.5', 'Daily limit', 'account'],
    ['smtp', 501, '5.5.2', 'Cannot decode', 'mechanism'],
    ['smtp', 501, undefined, 'malformed auth input (#5.5.4)', 'mechanism'],
    ['smtp', 500, '5.5.6', 'Line too long', 'mechanism'],
    ['smtp', 535, '5.7.1', 'Authentication failed', 'wrong'],
    ['smtp', 535, '5.0.0', 'Authentication failed', 'wrong'],
    ['smtp', 550, '5.1.1', 'No such user', 'wrong'],
    ['imap', 'NO', 'UNAVAILABLE', 'wrong password', 'later'],
    ['imap', 'NO', 'INUSE', 'x', 'busy'],
    ['imap', 'NO', 'EXPIRED', 'x', 'expired'],
    ['imap', 'NO', 'AUTHENTICATIONFAILED', 'Authentication failed.', 'wrong'],
    ['imap', 'NO', undefined, 'Temporary authentication failure. [host:2026]', 'later'],
    ['imap', 'NO', 'PRIVACYREQUIRED', 'x', 'tls'],
    ['pop3', '-ERR', undefined, 'maildrop is locked by another session', 'busy'],
    ['pop3', '-ERR', undefined, 'Unable to lock maildrop: Mailbox is locked by POP server', 'busy'],
    ['pop3', '-ERR', undefined, '[x] Mailbox in use', 'busy'],
    ['pop3', '-ERR', 'IN-USE', 'x', 'busy'],
    ['pop3', '-ERR', 'LOGIN-DELAY', 'minimum time between mail checks violation', 'later'],
    ['pop3', '-ERR', 'AUTH', 'Too many bad logins for this password', 'busy'],
    ['pop3', '-ERR', undefined, 'invalid password', 'wrong'],
    [
      'pop3',
      '-ERR',
      undefined,
      'Plaintext authentication disallowed on non-secure (SSL/TLS) connections.',
      'tls',
    ],
    ['nntp', 482, undefined, 'Download limit exceeded', 'quota'],
    ['nntp', 502, undefined, 'Account expired', 'expired'],
    ['nntp', 481, undefined, 'Your subscription has expired', 'expired'],
    ['nntp', 403, undefined, 'internal fault', 'later'],
    ['nntp', 502, undefined, 'Too many connections', 'busy'],
    ['nntp', 482, undefined, 'Connection limit reached', 'busy'],
    ['nntp', 481, undefined, 'Byte quota used up', 'quota'],
    ['nntp', 481, undefined, 'Authentication failed', 'wrong'],
    ['nntp', 483, undefined, 'Encryption required', 'tls'],
    ['nntp', 481, undefined, 'You have exceeded the allowed number of connections', 'busy'],
    ['nntp', 502, undefined, 'fred:192.0.2.1 over 20 connections', 'busy'],
    ['nntp', 502, undefined, '20 connections allowed, 21 in use', 'busy'],
    ['nntp', 502, undefined, 'All connections in use', 'busy'],
    ['nntp', 482, undefined, 'Max IP addresses reached', 'busy'],
    ['nntp', 502, undefined, 'server full', 'busy'],
    ['nntp', 481, undefined, 'Out of download bytes', 'quota'],
    ['nntp', 481, undefined, 'Account depleted', 'quota'],
    ['nntp', 452, undefined, 'Authentication failed, bandwidth cap reached', 'quota'],
    ['nntp', 481, undefined, 'Your subscription has ended', 'expired'],
    ['nntp', 502, undefined, 'No active subscription', 'expired'],
    ['nntp', 481, undefined, 'Please renew', 'expired'],
    ['nntp', 481, undefined, 'Server too busy', 'later'],
    ['pop3', '-ERR', undefined, 'server is currently busy', 'later'],
    ['nntp', 502, undefined, 'Trial expired', 'expired'],
    ['nntp', 502, undefined, 'Payment required', 'account'],
    ['nntp', 481, undefined, 'Your account is past due', 'account'],
    ['nntp', 502, undefined, 'Access denied to your node', 'account'],
    ['nntp', 502, undefined, 'You have no permission to talk.  Goodbye.', 'account'],
    ['nntp', 502, undefined, 'You are not allowed to connect', 'account'],
    ['pop3', '-ERR', 'AUTH', 'Your account is not enabled for POP access', 'account'],
    [
      'pop3',
      '-ERR',
      undefined,
      'Your account has been blocked due to too many failed login attempts',
      'account',
    ],
    ['pop3', '-ERR', undefined, 'There is some problem with your account', 'account'],
    ['pop3', '-ERR', undefined, 'POP3 service is not available for your IP address', 'account'],
    ['pop3', '-ERR', undefined, "Couldn't open INBOX: Permission denied", 'later'],
    ['pop3', '-ERR', undefined, 'unable to scan $HOME/Maildir', 'later'],
    ['pop3', '-ERR', undefined, 'this user has no $HOME/Maildir', 'account'],
    ['pop3', '-ERR', undefined, 'ERR.LOGIN.REQCODE', 'account'],
    ['ftp', 530, undefined, 'Login incorrect.', 'wrong'],
    [
      'ftp',
      530,
      undefined,
      'Sorry, the maximum number of clients (5) for this user are already connected.',
      'busy',
    ],
    ['ftp', 434, undefined, 'Host not available', 'later'],
  ] as const)('%s %s %s %s: %s', (protocol, code, enhanced, words, reason) => {
    const reply = { code, text: words, ...(enhanced && { enhanced }) };
    const verdict = refusalVerdict({ reply, credential: 'password', protocol });
    expect(verdict.reason).toBe(reason);
    expect(verdict.hint).not.toBe('');
  });
});

describe('refusals told by words alone', () => {
  it.each<[RefusalReason, string[]]>([
    [
      'later',
      [
        'login allowed only every 15 minutes',
        'Exceeded the login limit for a 15 minute period. Reduce the frequency of requests',
        'Login is too frequent',
        'Please wait 5 minutes before logging in again',
        'minimum time between mail checks violation',
        'sorry, rate limit exceeded',
        'throttled',
        'LDAP server down',
        'Service shutting down',
        'System going down',
        'disk full',
        'Out of memory',
        'I/O error',
        'cannot open mailbox',
      ],
    ],
    [
      'busy',
      [
        'POP3 session already active',
        'User busy',
        "can't get lock on mailbox",
        'Failed to lock mailbox',
        'Mailbox locked',
        'you are already logged in',
        'No more connections allowed from your IP.',
        'connection count exceeded',
        'Session limit',
        'Only 2 logins allowed',
        'Multiple IP addresses',
        '1/20 IPs in use',
        'account in use from another IP',
      ],
    ],
    [
      'quota',
      [
        'You have no more blocks',
        'Out of bytes',
        'No transfer left',
        'Your block account is empty',
        'Insufficient funds',
        'account over quota',
      ],
    ],
    ['expired', ['expired', 'Password expired', 'Must change password']],
    [
      'account',
      [
        'User suspended',
        'POP3 is not enabled for this user',
        'POP access disabled',
        'mail service not purchased',
        'User cannot log in, home directory inaccessible.',
        'This FTP server is anonymous only.',
        'Anonymous sessions may not use encryption.',
        'access denied from your IP',
        'Not allowed from this host',
        'Your IP has been banned',
        'sharing detected',
        'Login fail. Please enter your authorization code to login',
      ],
    ],
    [
      'tls',
      [
        'must issue a STLS command first',
        'Non-anonymous sessions must use encryption.',
        'Plain logins are not allowed without TLS.',
        'You may not log in without encryption.',
      ],
    ],
    [
      'wrong',
      [
        'Password supplied for "a" is incorrect.',
        'Not logged in, user or password incorrect!',
        'Login incorrect.',
        'permission denied',
        'Unknown user',
        'invalid login name or password, number of tries left: 2',
        'Invalid credentials (Failure)',
        'LOGIN failed.',
        'user unknown or password wrong',
        'AUTHENTICATE failed',
        'Bad login or password',
        'Authentication failure for user limits@example.test',
      ],
    ],
  ])('%s', (reason, texts) => {
    const told = texts.map((text) => {
      const reply = { code: '-ERR', text };
      return `${text}: ${refusalVerdict({ reply, credential: 'password', protocol: 'pop3' }).reason}`;
    });
    expect(told).toEqual(texts.map((text) => `${text}: ${reason}`));
  });
});
