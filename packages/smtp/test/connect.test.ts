/** From the greeting to a usable session: RFC 5321 §3.1, §3.2, §4.1.1.1; RFC 3207; RFC 4954. */
import { describe, expect, test } from 'vitest';
import { SmtpClient, type SmtpOptions } from '../src/index.js';
import {
  cleartext,
  closing,
  connectTo,
  cuts,
  dialogue,
  failure,
  lmtpOpening,
  opening,
  pair,
  play,
} from './dialogue.js';

/** Connects, expects the failure, and that nothing is left open. */
async function refused(
  script: string,
  options: SmtpOptions = {},
  check: (error: Record<string, unknown>) => void = () => {},
): Promise<string> {
  let received = '';
  for (const cut of cuts) {
    const peer = play(script, cut);
    const error = await failure(connectTo(peer, options));
    expect(error).toMatchObject({ connection: 'closed', host: 'mx.example.test' });
    expect(error.hint, String(error)).not.toBe('');
    check(error);
    expect(peer.stream.destroyed).toBe(true);
    await peer.played;
    received = peer.received;
  }
  return received;
}

const starttls: SmtpOptions = { security: 'starttls', serverHostname: 'mx.example.test' };

describe('the greeting', () => {
  test.each([
    ['554 No mail here', { code: 'ERR_COMMAND_REJECTED', retry: 'never' }],
    ['450 Later', { code: 'ERR_COMMAND_REJECTED', retry: 'later' }],
    ['421 Too many of you', { code: 'ERR_SERVER_CLOSING', retry: 'later' }],
    ['250 Hello', { code: 'ERR_MALFORMED_RESPONSE' }],
    ['354 Go on', { code: 'ERR_MALFORMED_RESPONSE' }],
    ['SSH-2.0-OpenSSH', { code: 'ERR_MALFORMED_RESPONSE' }],
    ['* OK IMAP', { code: 'ERR_MALFORMED_RESPONSE' }],
    ['220', undefined],
  ])('%s', async (greeting, expected) => {
    if (expected === undefined) {
      const peer = play(`${opening().replace('220 mx.example.test ESMTP', greeting)}${closing}`);
      await (await connectTo(peer)).quit();
      return peer.played;
    }
    await refused(`S: ${greeting}\nSTALL`, {}, (error) =>
      expect(error).toMatchObject({ ...expected, phase: 'greeting' }),
    );
  });

  test('nothing but silence', async () => {
    const peer = play('STALL');
    const error = await failure(connectTo(peer, { timeouts: { greeting: 30 } }));
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'greeting', milliseconds: 30 });
    expect(peer.stream.destroyed).toBe(true);
  });

  test('closed at once', () =>
    refused('CLOSE', {}, (error) =>
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', phase: 'greeting' }),
    ));
});

describe('a reply before its command', () => {
  test.each([
    ['250 mx.example.test', { code: 'ERR_MALFORMED_RESPONSE', expected: 'no reply before EHLO' }],
    ['220 once more', { code: 'ERR_MALFORMED_RESPONSE' }],
    ['250-mx\n    S: 250-AUTH PLAIN\n    S: 250 STARTTLS', { code: 'ERR_MALFORMED_RESPONSE' }],
    ['421 4.3.2 after all not', { code: 'ERR_SERVER_CLOSING' }],
  ])('%j, with the greeting', async (line, expected) => {
    const peer = play(`S: 220 ready\n    S: ${line}`);
    const error = await failure(connectTo(peer));
    expect(error).toMatchObject({ ...expected, connection: 'closed' });
    expect(peer.received).toBe('');
  });
});

describe('EHLO', () => {
  dialogue(
    'capabilities: first word, any case, never line 1, old AUTH= form',
    `S: 220-mx.example.test
    S: 220 STARTTLS ready
    C: EHLO client.example.test
    S: 250-STARTTLS mx.example.test
    S: 250-size	1000
    S: 250-auth PLAIN
    S: 250-AUTH=LOGIN	PLAIN 
    S: 250-X-ODD=1
    S: 250-_bad
    S: 250-
    S: 250-NOSTARTTLS STARTTLS
    S: 250 Limits RCPTMAX=20 MAILMAX=5
    ${closing}`,
    async (client) => {
      expect(Object.fromEntries(client.capabilities)).toEqual({
        SIZE: ['1000'],
        AUTH: ['PLAIN', 'LOGIN', 'PLAIN'],
        NOSTARTTLS: ['STARTTLS'],
        LIMITS: ['RCPTMAX=20', 'MAILMAX=5'],
      });
      expect(client.security).toMatchObject({ mode: 'cleartext', verified: false });
    },
  );

  dialogue(
    'capabilities: blanks before a keyword, and SIZE written as old servers write AUTH',
    `S: 220 mx.example.test
    C: EHLO client.example.test
    S: 250-mx.example.test
    S: 250-  PIPELINING
    S: 250-\t8bitmime\t 
    S: 250-SIZE=35882577
    S: 250-  AUTH=PLAIN
    S: 250   DSN
    ${closing}`,
    async (client) => {
      expect(Object.fromEntries(client.capabilities)).toEqual({
        PIPELINING: [],
        '8BITMIME': [],
        SIZE: ['35882577'],
        AUTH: ['PLAIN'],
        DSN: [],
      });
    },
  );

  dialogue(
    'HELO where EHLO is not known',
    `S: 220 old
    C: EHLO client.example.test
    S: 500 What?
    C: HELO client.example.test
    S: 250 old
    ${closing}`,
    async (client) => {
      expect(client.capabilities.size).toBe(0);
    },
  );

  test('the name: given, a literal, or refused', async () => {
    for (const clientName of ['[192.0.2.7]', '[IPv6:2001:db8::7]']) {
      const peer = play(`${opening().replace('client.example.test', clientName)}${closing}`);
      await (await connectTo(peer, { clientName })).quit();
      await peer.played;
    }
    for (const clientName of ['a b', 'a\r\nRSET', '', 7, '[1.2.3]', 'a\ud800']) {
      const [stream] = pair();
      const options = { ...cleartext, stream, clientName } as SmtpOptions;
      expect(await failure(SmtpClient.connect(options))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'clientName',
      });
    }
  });

  test('by default it is a name or a literal', async () => {
    const peer = play('S: 220 hi\nSTALL');
    const options = {
      host: 'mx.example.test',
      security: 'cleartext',
      stream: peer.stream,
    } as const;
    await failure(SmtpClient.connect({ ...options, timeouts: { reply: 30 } }));
    expect(peer.received).toMatch(/^EHLO (\[[\d.]+\]|\[IPv6:[\da-f:]+\]|[\w-]+(\.[\w-]+)+)\r\n$/);
  });

  test('a passing refusal is no reason for HELO', () =>
    refused(
      `S: 220 hi
      C: EHLO client.example.test
      S: 451 Not now`,
      {},
      (error) => expect(error).toMatchObject({ code: 'ERR_COMMAND_REJECTED', transient: true }),
    ));

  test('both refused', () =>
    refused(
      `S: 220 hi
      C: EHLO client.example.test
      S: 550 No
      C: HELO client.example.test
      S: 550 No`,
      {},
      (error) =>
        expect(error).toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
          command: 'HELO client.example.test',
          phase: 'capabilities',
        }),
    ));

  test.each([
    ['250-a\r\n251 b', 'ERR_MALFORMED_RESPONSE'],
    ['250-a\r\n250_b', 'ERR_MALFORMED_RESPONSE'],
    ['220 hi again', 'ERR_MALFORMED_RESPONSE'],
    ['354 go', 'ERR_MALFORMED_RESPONSE'],
    [`250 ${'x'.repeat(13_000)}`, 'ERR_LIMIT_EXCEEDED'],
    [`${'250-X\r\n'.repeat(10_000)}250 X`, 'ERR_LIMIT_EXCEEDED'],
  ])('nonsense and floods (%#)', async (reply, code) => {
    const peer = play(
      `S: 220 hi\nC: EHLO client.example.test\n${reply
        .split('\r\n')
        .map((line) => `S: ${line}`)
        .join('\n')}`,
    );
    expect(await failure(connectTo(peer))).toMatchObject({ code, connection: 'closed' });
    expect(peer.stream.destroyed).toBe(true);
  });
});

describe('STARTTLS', () => {
  const offered = opening('STARTTLS', 'AUTH PLAIN');

  test('not offered', async () => {
    const received = await refused(
      opening('AUTH PLAIN'),
      { ...starttls, auth: { user: 'alice', password: 'secret' } },
      (error) =>
        expect(error).toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED', phase: 'starttls' }),
    );
    expect(received).not.toContain('AUTH');
  });

  test('a greeting or first line with the word is no offer', () =>
    refused(
      `S: 220 STARTTLS
      C: EHLO client.example.test
      S: 250-STARTTLS
      S: 250 PIPELINING`,
      starttls,
      (error) => expect(error).toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED' }),
    ));

  test('disabled by the caller', () =>
    refused(offered, { ...starttls, disable: ['STARTTLS'] }, (error) =>
      expect(error).toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED' }),
    ));

  test('EHLO refused: HELO is not even tried', async () => {
    const received = await refused(
      `S: 220 hi
      C: EHLO client.example.test
      S: 502 What?`,
      starttls,
      (error) =>
        expect(error).toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED', reply: '502 What?' }),
    );
    expect(received).not.toContain('HELO\r');
  });

  test.each([
    '221 Bye', '235 ok', '250 ok', '251 ok', '252 ok', '334 go', '354 go', '421 Bye', '450 Later', '454 TLS not available',
    '500 What?', '501 No', '502 No', '503 No', '504 No', '530 No', '535 No', '550 No', '554 No', '199 Wait',
  ])('only 220 is a go-ahead, not %s', async (reply) => {
    const received = await refused(
      `${offered}
      C: STARTTLS
      S: ${reply}`,
      { ...starttls, auth: { user: 'alice', password: 'secret' } },
      (error) => expect(error).toMatchObject({ code: 'ERR_STARTTLS_REFUSED', reply }),
    );
    expect(received).toMatch(/STARTTLS\r\n$/);
  }); // biome-ignore format: one list

  test.each(['250 injected', 'x', '\x16\x03\x03'])(
    'octets behind the go-ahead (%#)',
    async (more) => {
      const peer = play(`${offered}
      C: STARTTLS
      S: 220 Go ahead
      S: ${more}
      STALL`);
      expect(await failure(connectTo(peer, starttls))).toMatchObject({
        code: 'ERR_STARTTLS_INJECTION',
        octets: more.length + 2,
        connection: 'closed',
      });
      expect(peer.stream.destroyed).toBe(true);
      expect(peer.received).toMatch(/STARTTLS\r\n$/);
    },
  );

  test('closed instead of a handshake', async () => {
    const peer = play(`${offered}
      C: STARTTLS
      S: 220 Go ahead
      CLOSE`);
    const error = await failure(connectTo(peer, { ...starttls, timeouts: { tls: 500 } }));
    expect(error).toMatchObject({ connection: 'closed', phase: 'tls' });
  });
});

describe('AUTH', () => {
  const auth = { user: 'alice', password: 'secret' };
  const open: SmtpOptions = { auth, allowCleartextAuth: true };
  const plain = Buffer.from('\0alice\0secret').toString('base64');

  dialogue(
    'PLAIN with its initial response; nothing of it is shown',
    `${opening('AUTH PLAIN')}
    C: AUTH PLAIN ${plain}
    S: 235 2.7.0 Welcome
    ${closing}`,
    async (client) => {
      expect(client.capabilities.has('AUTH')).toBe(true);
    },
    open,
  );

  dialogue(
    'LOGIN, challenge by challenge',
    `${opening('AUTH LOGIN')}
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: ${Buffer.from('alice').toString('base64')}
    S: 334 UGFzc3dvcmQ6
    C: ${Buffer.from('secret').toString('base64')}
    S: 235 2.7.0 Welcome
    ${closing}`,
    async () => {},
    open,
  );

  dialogue(
    'EXTERNAL without a name: an empty initial response is =',
    `${opening('AUTH EXTERNAL')}
    C: AUTH EXTERNAL =
    S: 235 2.7.0 Welcome
    ${closing}`,
    async () => {},
    { auth: { external: true } },
  );

  test('XOAUTH2: the reason of a refusal is heard out', async () => {
    const reason = Buffer.from('{"status":"400","scope":"https://mail.google.com/"}');
    const received = await refused(
      `${opening('AUTH XOAUTH2')}
      C: AUTH XOAUTH2 ${Buffer.from('user=alice\x01auth=Bearer token\x01\x01').toString('base64')}
      S: 334 ${reason.toString('base64')}
      C:
      S: 535 5.7.8 Username and Password not accepted`,
      { allowCleartextAuth: true, auth: { user: 'alice', accessToken: () => 'token' } },
      (error) =>
        expect(error).toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED', mechanism: 'XOAUTH2' }),
    );
    expect(received).not.toContain('*');
  });

  test('a challenge that makes no sense: the exchange is cancelled and the connection ends', async () => {
    const peer = play(`${opening('AUTH PLAIN')}
      C: AUTH PLAIN ${plain}
      S: 334 ${Buffer.from('why').toString('base64')}
      C: *
      STALL`);
    expect(await failure(connectTo(peer, open))).toMatchObject({
      code: 'ERR_CHALLENGE',
      connection: 'closed',
      phase: 'auth',
    });
  });

  test('the log shows no secret', async () => {
    const peer = play(`${opening('AUTH PLAIN LOGIN')}
      C: AUTH LOGIN
      S: 334 VXNlcm5hbWU6
      C: ${Buffer.from('alice').toString('base64')}
      S: 334 UGFzc3dvcmQ6
      C: ${Buffer.from('secret').toString('base64')}
      S: 535 5.7.8 no`);
    const events: string[] = [];
    const error = await failure(
      connectTo(peer, {
        ...open,
        mechanisms: ['LOGIN'],
        log: ({ type, text }) => events.push(`${type} ${text}`),
      }),
    );
    await peer.played;
    expect(events.join('\n')).not.toContain(Buffer.from('secret').toString('base64'));
    expect(events).toContain('send AUTH LOGIN');
    expect(events).toContain('send ***');
    expect(error).toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED' });
  });

  test('in clear it must be allowed by name', async () => {
    const received = await refused(opening('AUTH PLAIN'), { auth }, (error) =>
      expect(error).toMatchObject({ code: 'ERR_CLEARTEXT_AUTH_REFUSED' }),
    );
    expect(received).not.toContain('AUTH');
  });

  test('LOGIN with prompts that are no base64', async () => {
    const [user, password] = [auth.user, auth.password].map((word) =>
      Buffer.from(word).toString('base64'),
    );
    const received = await refused(
      `${opening('AUTH LOGIN')}
      C: AUTH LOGIN
      S: 334 Username:
      C: ${user}
      S: 334 Password:
      C: ${password}
      S: 535 5.7.8 no`,
      { ...open, mechanisms: ['LOGIN'] },
      (error) => expect(error).toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED' }),
    );
    expect(received).toContain('AUTH LOGIN');
  });

  test('a server that hides AUTH is asked for what the caller names', () =>
    refused(
      `${opening('SIZE')}
      C: AUTH PLAIN ${plain}
      S: 432 4.3.2 too many connections`,
      { ...open, mechanisms: ['PLAIN'] },
      (error) =>
        expect(error).toMatchObject({
          code: 'ERR_AUTHENTICATION_FAILED',
          reason: 'busy',
          retry: 'later',
        }),
    ));

  test('no mechanism, after HELO', () =>
    refused(
      `S: 220 hi
      C: EHLO client.example.test
      S: 500 What?
      C: HELO client.example.test
      S: 250 hi`,
      open,
      (error) =>
        expect(error).toMatchObject({
          code: 'ERR_NO_COMMON_MECHANISM',
          hint: expect.stringMatching(/^(?!.*TLS).*HELO/),
        }),
    ));

  test('refused credentials: nothing else is tried', async () => {
    const received = await refused(
      `${opening('AUTH PLAIN LOGIN')}
      C: AUTH PLAIN ${plain}
      S: 535 5.7.8 Bad credentials`,
      open,
      (error) =>
        expect(error).toMatchObject({
          code: 'ERR_AUTHENTICATION_FAILED',
          mechanism: 'PLAIN',
          reply: { code: 535, enhanced: '5.7.8' },
        }),
    );
    expect(received.match(/AUTH/g)).toHaveLength(1);
  });

  dialogue(
    'a mechanism that is not available after all: the next of its strength',
    `${opening('AUTH PLAIN LOGIN')}
    C: AUTH PLAIN ${plain}
    S: 504 5.5.4 Unrecognised
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: ${Buffer.from('alice').toString('base64')}
    S: 334 UGFzc3dvcmQ6
    C: ${Buffer.from('secret').toString('base64')}
    S: 235 2.7.0 Welcome
    ${closing}`,
    async () => {},
    open,
  );

  test.each([
    ['334 not base64!', 'ERR_MALFORMED_RESPONSE'],
    ['250 fine', 'ERR_MALFORMED_RESPONSE'],
    ['421 Bye', 'ERR_SERVER_CLOSING'],
    ['454 4.7.0 Temporary', 'ERR_AUTHENTICATION_FAILED'],
  ])('nonsense in place of an answer: %s', (reply, code) =>
    refused(
      `${opening('AUTH PLAIN')}
      C: AUTH PLAIN ${plain}
      S: ${reply}`,
      open,
      (error) => expect(error).toMatchObject({ code, phase: 'auth' }),
    ).then(() => {}),
  );
});

describe('options', () => {
  test.each([
    [{}, 'ERR_ARGUMENT'],
    [{ host: 'x', secure: true }, 'ERR_ARGUMENT'],
    [{ host: 'x', rejectUnauthorized: false }, 'ERR_ARGUMENT'],
    [{ host: 'x', port: 0 }, 'ERR_ARGUMENT'],
    [{ host: 'x', protocol: 'esmtp' }, 'ERR_ARGUMENT'],
    [{ host: 'x', protocol: 'lmtp' }, 'ERR_ARGUMENT'],
    [{ host: 'x', security: 'tls' }, 'ERR_ARGUMENT'],
    [{ host: 'x y' }, 'ERR_ARGUMENT'],
    [{ socketPath: '/tmp/none', security: 'starttls' }, 'ERR_SERVER_HOSTNAME_REQUIRED'],
    [{ host: 'x', serverHostname: 'a b' }, 'ERR_SERVER_HOSTNAME_INVALID'],
    [undefined, 'ERR_ARGUMENT'],
    [null, 'ERR_ARGUMENT'],
    ['http://x', 'ERR_ARGUMENT'],
    ['smtps://alice:secret@x', 'ERR_ARGUMENT'],
    ['smtps://x/path', 'ERR_ARGUMENT'],
  ])('refused before anything is dialled: %j', async (options, code) => {
    const dialled: unknown[] = [];
    const dial = (target: unknown): never => {
      dialled.push(target);
      throw new Error('dialled');
    };
    const target = typeof options === 'object' && options !== null ? { ...options, dial } : options;
    const error = await failure(SmtpClient.connect(target as SmtpOptions));
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(dialled).toEqual([]);
  });

  test('ports, and URLs', async () => {
    const dialled: unknown[] = [];
    const dial = async ({ host, port }: { host: string; port: number }): Promise<never> => {
      dialled.push([host, port]);
      throw new Error('no network here');
    };
    const attempts: [SmtpOptions | string, SmtpOptions?][] = [
      [{ host: 'a', dial }],
      [{ host: 'a', security: 'starttls', dial }],
      [{ host: 'a', security: 'cleartext', dial }],
      [{ host: 'a', protocol: 'lmtp', security: 'cleartext', dial }],
      ['smtps://a', { dial }],
      ['smtp://alice@a:2525', { dial, auth: { password: 'x' } as never }],
    ];
    for (const [target, options] of attempts)
      expect(await failure(SmtpClient.connect(target as string, options))).toMatchObject({
        code: 'ERR_DIAL_FAILED',
        retry: 'later',
      });
    expect(dialled).toEqual([
      ['a', 465],
      ['a', 587],
      ['a', 25],
      ['a', 24],
      ['a', 465],
      ['a', 2525],
    ]);
  });

  test('aborted while connecting', async () => {
    const peer = play('STALL');
    const stop = new AbortController();
    const connecting = connectTo(peer, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 10);
    const error = await failure(connecting);
    expect(error).toMatchObject({ code: 'ERR_ABORTED', connection: 'closed' });
    expect((error.cause as Error).message).toBe('enough');
    expect(peer.stream.destroyed).toBe(true);
  });
});

test('LMTP says LHLO and has no HELO to fall back to', async () => {
  const lmtp = { protocol: 'lmtp' } as const;
  const peer = play(`${lmtpOpening('PIPELINING')}${closing}`);
  await (await connectTo(peer, lmtp)).quit();
  await peer.played;
  await refused(
    `S: 220 hi
    C: LHLO client.example.test
    S: 500 What?`,
    lmtp,
    (error) => expect(error).toMatchObject({ code: 'ERR_COMMAND_REJECTED', protocol: 'lmtp' }),
  );
});
