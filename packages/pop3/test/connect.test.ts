/** Greeting, STLS, CAPA and the ways to authenticate, as dialogues. */
import { createHash } from 'node:crypto';
import { replayDialogue, startTestServers } from '@fivewire/test-servers';
import { describe, expect, it } from 'vitest';
import { Pop3Client } from '../src/index.js';
import { connectError, failure, loggedIn, play } from './dialogue.js';

const b64 = (text: string) => Buffer.from(text).toString('base64');
const plain = b64('\0alice\0secret');

describe('the greeting', () => {
  it('may be a refusal', async () => {
    expect(await connectError('S: -ERR [SYS/TEMP] \x1b[31mcome back\nC-end')).toMatchObject({
      code: 'ERR_SERVER_CLOSING',
      connection: 'closed',
      phase: 'greeting',
    });
  });

  it.each(['+Do you even care?', '220 smtp ready', '* OK IMAP', '+OKAY'])(
    'is refused as %j',
    async (line) => {
      expect(await connectError(`S: ${line}\nC-end`)).toMatchObject({
        code: 'ERR_MALFORMED_RESPONSE',
        connection: 'closed',
      });
    },
  );

  it('that never comes is a timeout in its phase', async () => {
    expect(await connectError('STALL', { timeouts: { greeting: 50 } })).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'greeting',
    });
  });

  it('may not be endless', async () => {
    expect(await connectError(`S: +OK ${'x'.repeat(9_000)}\nC-end`)).toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
    });
  });
});

describe('STLS', () => {
  const starttls = { security: 'starttls' } as const;

  it('is demanded: CAPA without it, or a refused CAPA, ends the connection (CVE-2021-22946, CVE-2021-39272)', async () => {
    expect(
      await connectError('S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .\nC-end', starttls),
    ).toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED', connection: 'closed' });
    expect(await connectError('S: +OK\nC: CAPA\nS: -ERR\nC-end', starttls)).toMatchObject({
      code: 'ERR_STARTTLS_NOT_OFFERED',
    });
  });

  it('refused is an error, and nothing follows', async () => {
    expect(
      await connectError(
        'S: +OK\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: -ERR [SYS/PERM] not today\nC-end',
        starttls,
      ),
    ).toMatchObject({ code: 'ERR_STARTTLS_REFUSED', reply: 'not today' });
  });

  it('with octets ahead of it is an attack: a go-ahead to what was not sent', async () => {
    const servers = await startTestServers({
      protocols: ['pop3'],
      pop3: { impostor: { inClear: { CAPA: '+OK\r\nSTLS\r\n.\r\n+OK g' } } },
    });
    try {
      const { code } = await failure(
        Pop3Client.connect({
          host: servers.host,
          port: servers.ports.pop3.starttls,
          security: 'starttls',
          serverHostname: 'localhost',
          tls: { ca: servers.ca.certificate },
        }),
      );
      expect(code).toBe('ERR_STARTTLS_INJECTION');
      expect(servers.pop3.connections[0]?.lines).toEqual(['CAPA']);
    } finally {
      await servers.close();
    }
  });

  it('with octets behind its go-ahead is an attack (CVE-2020-14954, -15953, CVE-2021-22947, CVE-2026-41319)', async () => {
    const servers = await startTestServers({
      protocols: ['pop3'],
      users: { alice: 'secret' },
      faults: { injectAfterStartTls: '+OK injected\r\n' },
    });
    try {
      const { code } = await failure(
        Pop3Client.connect({
          host: servers.host,
          port: servers.ports.pop3.starttls,
          security: 'starttls',
          serverHostname: 'localhost',
          tls: { ca: servers.ca.certificate },
          auth: { user: 'alice', password: 'secret' },
        }),
      );
      expect(code).toBe('ERR_STARTTLS_INJECTION');
      expect(servers.pop3.connections[0]?.lines).toEqual(['CAPA', 'STLS']);
    } finally {
      await servers.close();
    }
  });

  it('drops what was said in clear, and asks again inside and after login', async () => {
    const dialogue = [
      'S: +OK <1.2@forged.example>',
      'C: CAPA\nS: +OK\nS: STLS\nS: SASL LOGIN\nS: IMPLEMENTATION forged\nS: .',
      'C: STLS\nS: +OK\nTLS',
      'C: CAPA\nS: +OK\nS: SASL PLAIN\nS: .',
      `C: AUTH PLAIN ${plain}\nS: +OK`,
      'C: CAPA\nS: +OK\nS: PIPELINING\nS: EXPIRE 31 USER\nS: LOGIN-DELAY 900\nS: IMPLEMENTATION real thing\nS: .',
    ].join('\n');
    const results = await replayDialogue(dialogue, async ({ host, port, ca }) => {
      const pop = await Pop3Client.connect({
        host,
        port,
        security: 'starttls',
        serverHostname: 'localhost',
        tls: { ca },
        auth: { user: 'alice', password: 'secret' },
      });
      const { capabilities, security } = pop;
      pop.close();
      return {
        names: [...capabilities],
        expire: capabilities.expire,
        loginDelay: capabilities.loginDelay,
        implementation: capabilities.implementation,
        mode: security.mode,
        verified: security.verified,
      };
    });
    for (const result of results) {
      expect(result).toEqual({
        names: ['PIPELINING', 'EXPIRE', 'LOGIN-DELAY', 'IMPLEMENTATION'],
        expire: { days: 31, perUser: true },
        loginDelay: { seconds: 900, perUser: false },
        implementation: 'real thing',
        mode: 'starttls',
        verified: true,
      });
    }
  });
});

describe('authentication', () => {
  const capa = (...caps: string[]) =>
    ['C: CAPA', 'S: +OK', ...caps.map((c) => `S: ${c}`), 'S: .'].join('\n');
  const after = 'C: CAPA\nS: -ERR\nC: NOOP\nS: +OK';
  const noop = (pop: Pop3Client) => pop.noop();

  it('sends no credentials in clear unless told to', async () => {
    for (const caps of [['USER'], ['SASL PLAIN'], ['SASL SCRAM-SHA-256', 'USER']]) {
      expect(
        await connectError(`S: +OK <1.2@x>\n${capa(...caps)}\nC-end`, {
          allowCleartextAuth: false,
        }),
      ).toMatchObject({ code: 'ERR_CLEARTEXT_AUTH_REFUSED', connection: 'closed' });
    }
  });

  it('prefers SASL, with the initial response in the line', async () => {
    await play(
      `S: +OK\n${capa('USER', 'SASL PLAIN')}\nC: AUTH PLAIN ${plain}\nS: +OK\n${after}`,
      noop,
    );
  });

  it('puts an initial response that makes the line too long into a second one', async () => {
    const password = 'p'.repeat(300);
    const long = b64(`\0alice\0${password}`);
    await play(
      `S: +OK\n${capa('SASL PLAIN')}\nC: AUTH PLAIN\nS: + \nC: ${long}\nS: +OK\n${after}`,
      noop,
      { auth: { user: 'alice', password } },
    );
  });

  it('takes +OK, or junk after +, for the invitation that it must be (o2.pl)', async () => {
    for (const invitation of ['+OK', '+OK go on', '+ Go ahead', '+']) {
      await play(
        `S: +OK\n${capa('SASL PLAIN')}\nC: AUTH PLAIN\nS: ${invitation}\nC: ${plain}\nS: +OK\n${after}`,
        noop,
        { initialResponse: false },
      );
    }
  });

  it('sends OAuth tokens in a second line, unless asked not to (Outlook closes at one)', async () => {
    const token = { user: 'alice', accessToken: 'ya29.token' };
    const response = b64('user=alice\x01auth=Bearer ya29.token\x01\x01');
    await play(
      `S: +OK\n${capa('SASL XOAUTH2')}\nC: AUTH XOAUTH2\nS: + \nC: ${response}\nS: +OK\n${after}`,
      noop,
      { auth: token },
    );
    await play(
      `S: +OK\n${capa('SASL XOAUTH2')}\nC: AUTH XOAUTH2 ${response}\nS: +OK\n${after}`,
      noop,
      { auth: token, initialResponse: true },
    );
  });

  it('uses USER where no mechanism fits, and where the server does not know CAPA', async () => {
    await play(
      `S: +OK\n${capa('USER', 'SASL GSSAPI')}\nC: USER alice\nS: +OK\nC: PASS secret\nS: +OK\n${after}`,
      noop,
    );
    await play(
      `S: +OK\nC: CAPA\nS: -ERR unknown\nC: USER alice\nS: +OK\nC: PASS secret\nS: +OK\n${after}`,
      noop,
    );
  });

  it('keeps spaces in a password', async () => {
    await play(
      `S: +OK\n${capa('USER')}\nC: USER alice\nS: +OK\nC: PASS a  b \nS: +OK\n${after}`,
      noop,
      {
        auth: { user: 'alice', password: 'a  b ' },
      },
    );
  });

  it('fetches a password by a function, and tells when that fails', async () => {
    const login = `S: +OK\n${capa('USER')}`;
    await play(`${login}\nC: USER alice\nS: +OK\nC: PASS later\nS: +OK\n${after}`, noop, {
      auth: { user: 'alice', password: async () => 'later' },
    });
    for (const password of [
      () => {
        throw new Error('vault');
      },
      () => '',
      () => 5 as never,
    ]) {
      expect(
        await connectError(`${login}\nC-end`, { auth: { user: 'alice', password } }),
      ).toMatchObject({ code: 'ERR_ARGUMENT', connection: 'closed' });
    }
  });

  it('refuses line breaks in them before it dials (CVE-2025-15367, CVE-2012-0036)', async () => {
    for (const auth of [
      { user: 'alice\r\nDELE 1', password: 'x' },
      { user: 'alice', password: 'x\r\nDELE 1' },
    ]) {
      const dial = () => Promise.reject(new Error('dialled'));
      await expect(Pop3Client.connect({ host: 'localhost', dial, auth })).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    }
  });

  it('says no common mechanism where nothing fits', async () => {
    expect(await connectError(`S: +OK\n${capa('SASL GSSAPI')}\nC-end`)).toMatchObject({
      code: 'ERR_NO_COMMON_MECHANISM',
    });
    expect(
      await connectError(`S: +OK\n${capa('USER', 'SASL PLAIN')}\nC-end`, {
        mechanisms: ['SCRAM-SHA-256'],
      }),
    ).toMatchObject({ code: 'ERR_NO_COMMON_MECHANISM' });
  });

  it('tries what the caller names where CAPA hides it: USER, or a mechanism', async () => {
    await play(
      `S: +OK\n${capa('TOP')}\nC: USER alice\nS: +OK\nC: PASS secret\nS: +OK\n${after}`,
      noop,
      { mechanisms: ['USER'] },
    );
    const plain = Buffer.from('\0alice\0secret').toString('base64');
    await play(`S: +OK\n${capa('TOP')}\nC: AUTH PLAIN ${plain}\nS: +OK\n${after}`, noop, {
      mechanisms: ['PLAIN'],
    });
    expect(await connectError(`S: +OK\n${capa('TOP')}\nC-end`)).toMatchObject({
      code: 'ERR_NO_COMMON_MECHANISM',
    });
  });

  it("goes down the caller's list where a way does not work, not where the password is wrong", async () => {
    const list = { mechanisms: ['CRAM-MD5', 'USER'] };
    await play(
      `S: +OK\n${capa('USER', 'SASL CRAM-MD5')}\nC: AUTH CRAM-MD5\nS: -ERR generic failure\nC: USER alice\nS: +OK\nC: PASS secret\nS: +OK\n${after}`,
      noop,
      list,
    );
    expect(
      await connectError(
        `S: +OK\n${capa('USER', 'SASL PLAIN')}\nC: USER alice\nS: +OK\nC: PASS secret\nS: -ERR no\nC-end`,
        { mechanisms: ['USER', 'PLAIN'] },
      ),
    ).toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED', mechanism: 'USER', reason: 'wrong' });
  });

  it('LOGIN needs nothing from its prompts', async () => {
    const words = ['alice', 'secret'].map((word) => Buffer.from(word).toString('base64'));
    await play(
      `S: +OK\n${capa('SASL LOGIN')}\nC: AUTH LOGIN\nS: + Username:\nC: ${words[0]}\nS: + Password:\nC: ${words[1]}\nS: +OK\n${after}`,
      noop,
      {},
    );
  });

  it.each([
    ['mailbox locked by another session', 'busy', 'later'],
    ['account expired', 'expired', 'never'],
    ['system busy, try again later', 'later', 'later'],
    ['invalid password', 'wrong', 'never'],
  ])('a refusal without a code: %s', async (text, reason, retry) => {
    const login = `S: +OK\n${capa('USER')}\nC: USER alice\nS: +OK\nC: PASS secret\n`;
    expect(await connectError(`${login}S: -ERR ${text}\nC-end`)).toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      reason,
      retry,
    });
  });

  it('uses APOP only where it is named (CVE-2007-1558)', async () => {
    const digest = createHash('md5').update('<1896.69@dbc.mtview.ca.us>secret').digest('hex');
    await play(
      `S: +OK POP3 <1896.69@dbc.mtview.ca.us>\n${capa('USER')}\nC: APOP alice ${digest}\nS: +OK\n${after}`,
      noop,
      { mechanisms: ['APOP', 'USER'] },
    );
    // No timestamp, or one that is no message-id: the next way.
    for (const greeting of ['+OK', '+OK <noat>', '+OK <a b@c>']) {
      await play(
        `S: ${greeting}\n${capa('USER')}\nC: USER alice\nS: +OK\nC: PASS secret\nS: +OK\n${after}`,
        noop,
        { mechanisms: ['APOP', 'USER'] },
      );
    }
  });

  it('tells a refusal of the password from a mailbox that is not to be had', async () => {
    const login = `S: +OK\n${capa('USER')}\nC: USER alice\nS: +OK\nC: PASS secret\n`;
    expect(await connectError(`${login}S: -ERR [AUTH] wrong\nC-end`)).toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      connection: 'closed',
      mechanism: 'USER',
      reply: { code: '-ERR', enhanced: 'AUTH', text: 'wrong' },
    });
    expect(
      await connectError(`${login}S: -ERR [AUTH] Application-specific password required\nC-end`),
    ).toMatchObject({ hint: expect.stringContaining('needs an app password') });
    for (const code of ['IN-USE', 'LOGIN-DELAY', 'SYS/TEMP']) {
      expect(await connectError(`${login}S: -ERR [${code}] wait\nC-end`)).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        transient: true,
        connection: 'closed',
        reply: { enhanced: code },
      });
    }
    expect(
      await connectError(
        `S: +OK\n${capa('SASL PLAIN')}\nC: AUTH PLAIN ${plain}\nS: -ERR [IN-USE] locked\nC-end`,
      ),
    ).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      transient: true,
      reply: { enhanced: 'IN-USE' },
    });
  });

  it('tells a refusal by SASL', async () => {
    expect(
      await connectError(
        `S: +OK\n${capa('SASL PLAIN')}\nC: AUTH PLAIN ${plain}\nS: -ERR [AUTH] no\nC-end`,
      ),
    ).toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED', mechanism: 'PLAIN' });
  });

  it('runs SCRAM through, and tells a server that can not prove itself', async () => {
    for (const forge of [false, true]) {
      const servers = await startTestServers({
        protocols: ['pop3'],
        users: { alice: 'secret' },
        sasl: { mechanisms: ['SCRAM-SHA-256'], forgeServerSignature: forge },
      });
      const attempt = Pop3Client.connect({
        host: servers.host,
        port: servers.ports.pop3['implicit-tls'],
        serverHostname: 'localhost',
        tls: { ca: servers.ca.certificate },
        auth: { user: 'alice', password: 'secret' },
      });
      try {
        if (forge) expect((await failure(attempt)).code).toBe('ERR_SERVER_SIGNATURE');
        else await (await attempt).quit();
      } finally {
        await servers.close();
      }
    }
  });

  it('shows no secret, in logs nor in errors', async () => {
    const seen: unknown[] = [];
    const error = await failure(
      (async () => {
        await replayDialogue(
          `S: +OK\n${capa('USER')}\nC: USER alice\nS: +OK\nC: PASS hunter2\nS: -ERR no\nC-end`,
          async ({ host, port }) =>
            Pop3Client.connect({
              host,
              port,
              security: 'cleartext',
              allowCleartextAuth: true,
              auth: { user: 'alice', password: 'hunter2' },
              log: (event) => seen.push(event),
            }),
          { deliveries: ['whole'] },
        );
      })(),
    );
    expect(JSON.stringify(seen)).toContain('PASS ***');
    expect(JSON.stringify(seen)).not.toContain('hunter2');
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });
});

describe('options', () => {
  it.each([
    [{ host: 'h', tls: 'implicit' }, 'ERR_ARGUMENT'],
    [{ host: 'h', password: 'x' }, 'ERR_ARGUMENT'],
    [{ host: 'h', limits: { rows: -1 } }, 'ERR_ARGUMENT'],
    [{ host: 'h', limits: { row: 1 } }, 'ERR_ARGUMENT'],
    [{}, 'ERR_ARGUMENT'],
    [{ host: 'h', security: 'auto' }, 'ERR_ARGUMENT'],
  ])('%j is refused', async (options, code) => {
    expect((await failure(Pop3Client.connect(options as never))).code).toBe(code);
  });

  it('a URL names host and security, but no password', async () => {
    for (const url of ['pop3s://alice:secret@h', 'http://h', 'pop3s://h/path', 'pop3s://alice@h']) {
      expect((await failure(Pop3Client.connect(url))).code).toBe('ERR_ARGUMENT');
    }
  });

  it('can ignore a capability of a broken server', async () => {
    const dialogue = loggedIn('C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK', ['USER', 'PIPELINING']);
    await play(dialogue, (pop) => pop.delete([1, 2]), { disable: ['pipelining'] });
  });
});

it('an unasked goodbye ends the session and says why', async () => {
  const dialogue = loggedIn('S: -ERR Disconnected for inactivity.\nCLOSE');
  const result = await play(dialogue, async (pop) => {
    const { reason, error } = await pop.closed;
    const notices: string[] = [];
    for await (const { text } of pop.notices) notices.push(text);
    return { reason, code: error?.code, notices, later: (await failure(pop.noop())).code };
  });
  expect(result).toEqual({
    reason: 'error',
    code: 'ERR_SERVER_CLOSING',
    notices: ['-ERR Disconnected for inactivity.'],
    later: 'ERR_SERVER_CLOSING',
  });
});

it('an answer to no command is out of step', async () => {
  const dialogue = loggedIn('C: NOOP\nS: +OK\nS: +OK again\nC-end');
  const result = await play(dialogue, async (pop) => {
    await pop.noop().catch(() => {});
    return (await pop.closed).error?.code;
  });
  expect(result).toBe('ERR_MALFORMED_RESPONSE');
});

describe("disable: ['CAPA']", () => {
  it('asks nothing, for servers that close at it', async () => {
    const dialogue = 'S: +OK ready\nC: USER alice\nS: +OK\nC: PASS secret\nS: +OK\nC: NOOP\nS: +OK';
    await play(dialogue, (pop) => pop.noop(), { disable: ['CAPA'] });
  });

  it('tries STLS untold, whose refusal is an error', async () => {
    const refused = { security: 'starttls', disable: ['CAPA'] } as const;
    expect(await connectError('S: +OK ready\nC: STLS\nS: -ERR no', refused)).toMatchObject({
      code: 'ERR_STARTTLS_REFUSED',
    });
  });
});

describe('UTF8 and LANG, RFC 6856', () => {
  const capa = 'C: CAPA\nS: +OK\nS: USER\nS: UTF8 USER\nS: LANG\nS: .';
  const login = 'C: USER alice\nS: +OK\nC: PASS secret\nS: +OK';

  it('UTF8 before the login, where it is asked for and offered; LANG lists and chooses', async () => {
    const dialogue = `S: +OK\n${capa}\nC: UTF8\nS: +OK\n${login}\n${capa}\nC: LANG\nS: +OK\nS: en English\nS: fr Fran\xc3\xa7ais\nS: .\nC: LANG fr\nS: +OK fr bonjour`;
    const result = await play(
      dialogue.replace('S: fr Fran\xc3\xa7ais', 'S-raw: fr Fran\\xc3\\xa7ais\\r\\n'),
      async (pop) => [pop.utf8, await pop.languages(), await pop.language('fr')],
      { utf8: true },
    );
    expect(result).toEqual([
      true,
      [
        { tag: 'en', description: 'English' },
        { tag: 'fr', description: 'Français' },
      ],
      'fr',
    ]);
  });

  it('is not asked of a server without it; a refusal is an error', async () => {
    const plain = 'C: CAPA\nS: +OK\nS: USER\nS: .';
    const result = await play(`S: +OK\n${plain}\n${login}\n${plain}`, async (pop) => pop.utf8, {
      utf8: true,
    });
    expect(result).toBe(false);
    expect(
      await connectError(`S: +OK\n${capa}\nC: UTF8\nS: -ERR no`, { utf8: true }),
    ).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'closed',
    });
  });
});
