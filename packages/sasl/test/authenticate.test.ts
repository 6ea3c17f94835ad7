/** The driver: initial responses, what follows a refusal, hints, and secrets. */
import { inspect } from 'node:util';
import { type AuthenticateOptions, authenticate, createExchange } from '@fivewire/sasl';
import { describe, expect, it } from 'vitest';
import { challenge, failure, scripted, success, unavailable } from './scripted.js';

const auth = { user: 'tim', password: 'tanstaaf' };
const base = { auth, channel: 'verified-tls', protocol: 'smtp' } as const;
const run = (
  offered: readonly string[],
  transport: ReturnType<typeof scripted>,
  more: Partial<AuthenticateOptions> = {},
) => authenticate({ ...base, offered, ...more }, transport);

describe('the initial response', () => {
  it('goes with the command where it may', async () => {
    const transport = scripted([success()]);
    expect(await run(['PLAIN'], transport)).toEqual({ mechanism: 'PLAIN' });
    expect(transport.sent).toEqual(['start PLAIN [\0tim\0tanstaaf]']);
  });

  it.each([
    ['none may', 0],
    ['it is too long', 17],
  ])('waits for a challenge where %s', async (_, limit) => {
    const transport = scripted([challenge('Go ahead'), success()], limit);
    await run(['PLAIN'], transport);
    expect(transport.sent).toEqual(['start PLAIN', 'respond [\0tim\0tanstaaf]']);
  });

  it('is measured in base64, to the octet', async () => {
    const transport = scripted([success()], 20);
    await run(['PLAIN'], transport);
    expect(transport.sent).toHaveLength(1);
  });

  it('an empty one is not none', async () => {
    const lengths: (number | undefined)[] = [];
    const transport = { ...scripted([]), initialResponseLimit: 1 };
    transport.start = async (_, initial) => {
      lengths.push(initial?.length);
      return success();
    };
    await run(['EXTERNAL'], transport, { auth: { external: true } });
    expect(lengths).toEqual([0]);
  });

  it('is none where the server speaks first', async () => {
    const transport = scripted([challenge('User Name'), challenge('Password'), success()]);
    await run(['LOGIN'], transport);
    expect(transport.sent).toEqual(['start LOGIN', 'respond [tim]', 'respond [tanstaaf]']);
  });
});

describe('after a refusal', () => {
  const binding = { channelBinding: () => new Uint8Array(32) };
  const scramAndPlain = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN'];

  it.each<
    [string, string[], Parameters<typeof scripted>[0], Partial<AuthenticateOptions>, string[]]
  >([
    [
      'of the credentials nothing else is tried',
      ['PLAIN', 'LOGIN'],
      [failure(535, 'no')],
      {},
      ['PLAIN'],
    ],
    [
      'of a proof nothing weaker is tried',
      scramAndPlain,
      [failure(535, 'no')],
      {},
      ['SCRAM-SHA-256'],
    ],
    [
      'of a SCRAM as unavailable only SCRAM is tried',
      scramAndPlain,
      [unavailable(504), unavailable(504)],
      {},
      ['SCRAM-SHA-256', 'SCRAM-SHA-1'],
    ],
    [
      'of -PLUS as unavailable nothing unbound is tried',
      ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-512', 'PLAIN'],
      [unavailable(504), unavailable(504)],
      { binding },
      ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS'],
    ],
    [
      'of CRAM-MD5 as unavailable no PLAIN is tried',
      ['CRAM-MD5', 'PLAIN'],
      [unavailable(504)],
      { channel: 'unverified-tls' },
      ['CRAM-MD5'],
    ],
    [
      "in the caller's own order the next is tried, whatever its strength",
      scramAndPlain,
      [unavailable(504), failure(535, 'no')],
      { mechanisms: ['SCRAM-SHA-256', 'PLAIN', 'LOGIN'] },
      ['SCRAM-SHA-256', 'PLAIN'],
    ],
    [
      "in the caller's own order too, a refusal before a proof left is one of the mechanism",
      scramAndPlain,
      [failure(481, 'generic failure'), failure(481, 'no')],
      { mechanisms: ['SCRAM-SHA-256', 'PLAIN', 'LOGIN'], protocol: 'nntp' },
      ['SCRAM-SHA-256', 'PLAIN'],
    ],
    [
      'of PLAIN as unavailable its equal and the stronger are tried',
      ['PLAIN', 'LOGIN', 'CRAM-MD5'],
      [unavailable(504), unavailable(504), unavailable(504)],
      {},
      ['PLAIN', 'LOGIN', 'CRAM-MD5'],
    ],
    [
      'of the account, whatever its code, nothing else is tried',
      ['PLAIN', 'LOGIN'],
      [unavailable(534, '5.7.9 Application-specific password required. InvalidSecondFactor')],
      {},
      ['PLAIN'],
    ],
    [
      'of a token nothing else is tried',
      ['OAUTHBEARER', 'XOAUTH2'],
      [challenge('{"status":"invalid_token"}'), failure('NO', 'no')],
      { auth: { user: 'tim', accessToken: 'abc' } },
      ['OAUTHBEARER'],
    ],
  ])('%s', async (_, offered, reactions, more, tried) => {
    const transport = scripted(reactions);
    await expect(run(offered, transport, more)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      connection: 'usable',
      mechanism: tried.at(-1),
    });
    const started = transport.sent.filter((line) => line.startsWith('start '));
    expect(started.map((line) => line.split(' ')[1])).toEqual(tried);
  });

  it('the next of the same class may succeed, with the same secret fetched once', async () => {
    let fetched = 0;
    const transport = scripted([
      unavailable(504),
      challenge('Username:'),
      challenge('Password:'),
      success(),
    ]);
    const password = () => {
      fetched++;
      return 'tanstaaf';
    };
    const result = await run(['PLAIN', 'LOGIN'], transport, { auth: { user: 'tim', password } });
    expect(result).toEqual({ mechanism: 'LOGIN' });
    expect(fetched).toBe(1);
  });

  it('the weaker that was not tried is named', async () => {
    const attempt = run(['SCRAM-SHA-1', 'PLAIN'], scripted([unavailable(504)]));
    await expect(attempt).rejects.toMatchObject({ hint: expect.stringContaining('PLAIN') });
  });
});

describe('hints', () => {
  const token = { user: 'tim', accessToken: 'abc' };
  it.each<[string, ReturnType<typeof failure>, Partial<AuthenticateOptions>, string, string]>([
    [
      'Gmail',
      failure(534, 'Application-specific password required.', '5.7.9'),
      {},
      'app password',
      'never',
    ],
    [
      'Gmail, account password',
      failure(
        535,
        'Username and Password not accepted. https://support.google.com/mail/?p=BadCredentials x - gsmtp',
        '5.7.8',
      ),
      {},
      'app password',
      'never',
    ],
    [
      'Gmail, browser',
      failure(534, 'Please log in via your web browser', '5.7.14'),
      {},
      'browser',
      'never',
    ],
    [
      'Outlook',
      failure(535, 'Authentication unsuccessful, basic authentication is disabled.', '5.7.139'),
      {},
      'OAuth2',
      'never',
    ],
    [
      'Outlook, tenant',
      failure(
        535,
        'Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
        '5.7.139',
      ),
      {},
      'administrator',
      'never',
    ],
    [
      'Outlook IMAP',
      failure('BAD', 'User is authenticated but not connected.'),
      { auth: token },
      'scope',
      'never',
    ],
    [
      'Outlook by host',
      failure('NO', 'LOGIN failed.'),
      { host: 'outlook.office365.com' },
      'OAuth2',
      'never',
    ],
    [
      'Gmail by host',
      failure('NO', 'Invalid credentials (Failure)'),
      { host: 'IMAP.gmail.com' },
      'app password',
      'never',
    ],
    [
      'iCloud by host',
      failure('NO', 'failed'),
      { host: 'imap.mail.me.com' },
      'app password',
      'never',
    ],
    [
      'not another host',
      failure('NO', 'failed'),
      { host: 'notgmail.com' },
      'Check the user name',
      'never',
    ],
    [
      'SMTP in passing',
      failure(454, 'Temporary authentication failure', '4.7.0'),
      {},
      'later',
      'later',
    ],
    [
      'Gmail, too often',
      failure(454, 'Too many login attempts, please try again later. x - gsmtp', '4.7.0'),
      {},
      'later',
      'later',
    ],
    [
      'Gmail, token',
      failure(535, 'Username and Password not accepted. BadCredentials', '5.7.8'),
      { auth: token },
      'Refresh the access token',
      'never',
    ],
    ['SMTP 4yz', failure(435, 'hm'), {}, 'later', 'later'],
    [
      'Outlook, wrong or no passwords at all',
      failure(535, 'Authentication unsuccessful, the user credentials were incorrect.', '5.7.139'),
      {},
      'Check user name and password. Microsoft',
      'never',
    ],
    [
      'a mechanism that is offered and not taken',
      unavailable(503, 'AUTH not available'),
      {},
      'does not take it',
      'never',
    ],
    ['SMTP, switched off', failure(535, 'x', '5.2.1'), {}, 'administrator', 'never'],
    [
      'IMAP in passing',
      failure('NO', 'backend down', 'UNAVAILABLE'),
      { protocol: 'imap' },
      'later',
      'later',
    ],
    ['POP3 in use', failure('-ERR', 'locked', 'IN-USE'), { protocol: 'pop3' }, 'later', 'later'],
    [
      'NNTP wants TLS',
      failure(483, 'secure connection required'),
      { protocol: 'nntp' },
      'TLS',
      'never',
    ],
    ['SMTP wants TLS', failure(538, 'Encryption required', '5.7.11'), {}, 'TLS', 'never'],
    ['transition', failure(432, 'A password transition is needed', '4.7.12'), {}, 'PLAIN', 'never'],
    ['expired', failure('NO', 'x', 'EXPIRED'), { protocol: 'imap' }, 'renew', 'never'],
    ['password', failure(535, 'no'), {}, 'Check the user name', 'never'],
    ['token', failure(535, 'no'), { auth: token }, 'Refresh the access token', 'never'],
    [
      'certificate',
      failure(535, 'no'),
      { auth: { external: true } },
      'client certificate',
      'never',
    ],
  ])('%s', async (_, refused, more, hint, retry) => {
    const offered = ['PLAIN', 'XOAUTH2', 'EXTERNAL'];
    await expect(run(offered, scripted([refused]), more)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      hint: expect.stringContaining(hint),
      retry,
      phase: 'auth',
      offered,
    });
  });

  it.each([
    ['OAUTHBEARER', 'respond [\x01]'],
    ['XOAUTH2', 'respond []'],
  ])('%s: status and scope, after the dummy response', async (mechanism, dummy) => {
    const said = challenge(
      '{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}',
    );
    const transport = scripted([said, failure(535, 'no', '5.7.8')]);
    await expect(run([mechanism], transport, { auth: token })).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      hint: expect.stringContaining('status 401, scope https://mail.google.com/'),
    });
    expect(transport.sent[1]).toBe(dummy);
  });

  it("a server's control characters are escaped and its words cut", async () => {
    const said = challenge(JSON.stringify({ status: `\x1b[31m${'x'.repeat(500)}`, scope: 7 }));
    const error = await run(['XOAUTH2'], scripted([said, failure(535, 'no')]), {
      auth: token,
    }).catch((e) => e);
    expect(error.hint).toContain('\\u{1b}[31m');
    expect(error.hint.length).toBeLessThan(250);
  });
});

describe('a server out of step', () => {
  const token = { user: 'tim', accessToken: 'abc' };
  it.each<[string, string, Parameters<typeof scripted>[0], Partial<AuthenticateOptions>, number?]>([
    ['PLAIN challenged after its end', 'PLAIN', [challenge('more?')], {}],
    ['PLAIN succeeds before it was sent', 'PLAIN', [success()], {}, 0],
    ['PLAIN succeeds with data', 'PLAIN', [success('data')], {}],
    ['LOGIN succeeds after the user name', 'LOGIN', [challenge('u'), success()], {}],
    ['LOGIN asks a third time', 'LOGIN', [challenge('u'), challenge('p'), challenge('?')], {}],
    ['CRAM-MD5 challenges with nothing', 'CRAM-MD5', [challenge('')], {}],
    ['CRAM-MD5 succeeds at once', 'CRAM-MD5', [success()], {}],
    ['CRAM-MD5 succeeds with its challenge', 'CRAM-MD5', [success('<1@x>')], {}],
    [
      'XOAUTH2 succeeds after its failure',
      'XOAUTH2',
      [challenge('{}'), success()],
      { auth: token },
    ],
    [
      'OAUTHBEARER explains twice',
      'OAUTHBEARER',
      [challenge('{}'), challenge('{}')],
      { auth: token },
    ],
    ['over 64 KiB', 'CRAM-MD5', [challenge('x'.repeat(65_537))], {}],
  ])('%s', async (_, mechanism, reactions, more, limit) => {
    const attempt = run([mechanism], scripted(reactions, limit), more);
    await expect(attempt).rejects.toMatchObject({
      code: 'ERR_CHALLENGE',
      name: 'SaslError',
      mechanism,
      connection: 'closed',
      protocol: 'smtp',
    });
  });

  it('a server that waits for us is told', async () => {
    const transport = scripted([challenge('')]);
    await expect(run(['CRAM-MD5'], transport)).rejects.toThrow('CRAM-MD5: the challenge is empty');
    expect(transport.sent).toEqual(['start CRAM-MD5', 'cancel']);
  });

  it('a cancel that fails changes nothing', async () => {
    const transport = scripted([challenge('')]);
    transport.cancel = () => Promise.reject(new Error('gone'));
    await expect(run(['CRAM-MD5'], transport)).rejects.toMatchObject({ code: 'ERR_CHALLENGE' });
  });

  it("the transport's own errors pass", async () => {
    const transport = scripted([]);
    transport.start = () => Promise.reject(new Error('gone'));
    await expect(run(['PLAIN'], transport)).rejects.toThrow('gone');
  });
});

describe('secrets', () => {
  it('are fetched late, and a function that throws or returns nonsense is the caller’s', async () => {
    const cause = new Error('token endpoint down');
    const accessToken = () => Promise.reject(cause);
    const transport = scripted([]);
    await expect(
      run(['XOAUTH2'], transport, { auth: { user: 'tim', accessToken } }),
    ).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'auth.accessToken', cause });
    await expect(
      run(['PLAIN'], transport, { auth: { user: 'tim', password: () => undefined as never } }),
    ).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'auth.password' });
    expect(transport.sent).toEqual([]);
  });

  it('are not fetched when nothing fits', async () => {
    let fetched = 0;
    const password = () => `${fetched++}`;
    await expect(run([], scripted([]), { auth: { user: 'tim', password } })).rejects.toThrow();
    expect(fetched).toBe(0);
  });

  it.each(['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1'])('%s shows none', async (name) => {
    const exchange = createExchange(name, { user: 'tim', password: 'tanstaaf' });
    await exchange.start();
    const shown = inspect(exchange, { depth: 9, showHidden: true }) + JSON.stringify(exchange);
    expect(shown).not.toContain('tanstaaf');
    expect(shown).toContain(name);
  });

  it('no error shows any', async () => {
    const transport = scripted([failure(535, 'no')]);
    const error = await run(['PLAIN'], transport).catch((e) => e);
    expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain(
      'tanstaaf',
    );
  });
});

describe('an exchange by hand', () => {
  it('starts once', async () => {
    const exchange = createExchange('PLAIN', auth);
    await exchange.start();
    await expect(exchange.start()).rejects.toMatchObject({ code: 'ERR_STATE' });
  });

  it.each([
    ['imap.example.org', 'n,a=tim,\x01host=imap.example.org\x01auth=Bearer abc\x01\x01'],
    ['a\x01auth=Bearer x', 'n,a=tim,\x01auth=Bearer abc\x01\x01'],
  ])('OAUTHBEARER names the host %j only if it is one', async (host, message) => {
    const exchange = createExchange('OAUTHBEARER', { user: 'tim', accessToken: 'abc' }, { host });
    expect(Buffer.from((await exchange.start()) ?? []).toString()).toBe(message);
  });

  it('is over after an error', async () => {
    const exchange = createExchange('CRAM-MD5', auth);
    await exchange.start();
    await expect(exchange.next(new Uint8Array(0))).rejects.toMatchObject({ code: 'ERR_CHALLENGE' });
    await expect(exchange.next(Buffer.from('<1@x>'))).rejects.toMatchObject({
      code: 'ERR_CHALLENGE',
    });
    await expect(exchange.finish()).rejects.toMatchObject({ code: 'ERR_CHALLENGE' });
  });

  it.each([
    ['NTLM', auth],
    ['PLAIN', { user: 'tim', accessToken: 'abc' }],
    ['EXTERNAL', auth],
    ['PLAIN', { user: 'tim\0x', password: 'tanstaaf' }],
    ['XOAUTH2', { user: 'tim', accessToken: 'abc\x01' }],
  ])('%s with what does not fit is refused', (name, credentials) => {
    expect(() => createExchange(name, credentials)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});
