/** Both ways to TLS, all ways to log in, and everything that must not work. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ImapClient } from '../src/index.js';
import type { ImapOptions } from '../src/types.js';
import { follow } from './support/script.js';
import { type MailServer, mailServer } from './support/servers.js';

const code = (name: string, more: object = {}) =>
  expect.objectContaining({ code: name, connection: 'closed', ...more });
let at: MailServer;
beforeAll(async () => {
  at = await mailServer();
});
afterAll(() => at.close());
afterEach(() => {
  at.server.faults = undefined;
  expect(at.server.problems).toEqual([]);
});

const lastLines = (): readonly string[] => at.server.connections.at(-1)?.lines ?? [];

describe.each(['implicit-tls', 'starttls'] as const)('%s', (security) => {
  it('verifies, logs in by SCRAM with channel binding, and says what protects it', async () => {
    const client = await at.connect({ security });
    try {
      expect(client.security).toMatchObject({
        mode: security,
        verified: true,
        serverHostname: 'localhost',
        matchedName: 'localhost',
        alpn: 'imap',
        trust: 'ca',
      });
      expect(client.authenticated).toBe(true);
      expect(client.capabilities.has('IDLE')).toBe(true);
      expect(client.capabilities.has('STARTTLS')).toBe(false);
    } finally {
      await client.quit();
    }
    expect(await client.closed).toEqual({ reason: 'quit' });
  });

  it.each([
    ['a wrong name', { serverHostname: 'elsewhere.example' }, 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'],
    ['an untrusted CA', { tls: {} }, 'ERR_CERTIFICATE_UNTRUSTED'],
  ])(
    'refuses %s, and no credential leaves',
    async (_name, options: Partial<ImapOptions>, expected) => {
      await expect(at.connect({ security, ...options })).rejects.toEqual(
        code(expected, { hint: expect.stringMatching(/./) }),
      );
      expect(lastLines().join()).not.toMatch(/AUTHENTICATE|LOGIN /);
    },
  );

  it.each(['PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'])(
    'logs in by %s',
    async (mechanism) => {
      const client = await at.connect({ security, mechanisms: [mechanism] });
      await client.quit();
    },
  );

  it('says no to a wrong password', async () => {
    await expect(
      at.connect({ security, auth: { user: 'alice', password: 'wrong' } }),
    ).rejects.toEqual(code('ERR_AUTHENTICATION_FAILED'));
  });

  it('aborts', async () => {
    at.server.faults = { stallAt: 0 };
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(at.connect({ security, signal: controller.signal })).rejects.toEqual(
      code('ERR_ABORTED', { cause: expect.objectContaining({ message: 'enough' }) }),
    );
  });

  it('gives up on a silent server', async () => {
    at.server.faults = { stallAt: 0 };
    const { timeouts } = at.optionsFor(security);
    await expect(
      at.connect({ security, timeouts: { ...timeouts, greeting: 100, tls: 100 } }),
    ).rejects.toEqual(code('ERR_TIMEOUT', { milliseconds: 100 }));
  });
});

describe('STARTTLS is a wall', () => {
  const starttls = { security: 'starttls' } as const;

  it.each(['* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n', 'x', '* BYE\r\n', '\x16\x03\x01'])(
    'octets behind the go-ahead are fatal: %j',
    async (injectAfterStartTls) => {
      at.server.faults = { injectAfterStartTls };
      await expect(at.connect(starttls)).rejects.toEqual(code('ERR_STARTTLS_INJECTION'));
    },
  );

  it.each([
    ['NO not now', 'ERR_STARTTLS_REFUSED'],
    ['BAD what?', 'ERR_STARTTLS_REFUSED'],
    ['+ go on', 'ERR_STARTTLS_REFUSED'],
  ])('a refusal is the end: %s', async (answer, expected) => {
    const { stream, done } = follow(
      `S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] x\nC: A1 STARTTLS\nS: ${answer.startsWith('+') ? '' : 'A1 '}${answer}`,
    );
    await expect(
      ImapClient.connect({
        stream,
        security: 'starttls',
        serverHostname: 'localhost',
        auth: { user: 'alice', password: 'secret' },
      }),
    ).rejects.toEqual(code(expected, { phase: 'starttls' }));
    await done;
  });

  it.each(['NO hidden', 'BAD what?'])('a server that refuses CAPABILITY: %s', async (answer) => {
    const { stream, done } = follow(`S: * OK x\nC: A1 CAPABILITY\nS: A1 ${answer}`);
    await expect(
      ImapClient.connect({
        stream,
        security: 'starttls',
        serverHostname: 'localhost',
        auth: { user: 'alice', password: 'secret' },
      }),
    ).rejects.toEqual(code('ERR_STARTTLS_NOT_OFFERED', { phase: 'starttls' }));
    await done;
  });

  it('a server that answers in clear instead of a handshake', async () => {
    at.server.faults = { insteadOfHandshake: '* OK still here\r\n' };
    await expect(at.connect(starttls)).rejects.toEqual(code('ERR_STARTTLS_INJECTION'));
  });

  it('what was said in clear is forgotten', async () => {
    at.server.faults = {
      greeting: '* OK [CAPABILITY IMAP4rev1 STARTTLS X-INJECTED] hello',
      prefix: '* OK [ALERT] call this number\r\n',
    };
    const client = await at.connect({ ...starttls });
    expect(client.capabilities.has('X-INJECTED')).toBe(false);
    const heard: string[] = [];
    await client.quit();
    for await (const { text } of client.notices) heard.push(text);
    // The server repeats its prefix after TLS, too; once it was in clear, and that time does not count.
    expect(heard.filter((text) => text.includes('number')).length).toBeLessThanOrEqual(1);
  });

  it('no STARTTLS, no session', async () => {
    const bare = await mailServer({ hide: ['STARTTLS'] });
    try {
      await expect(bare.connect(starttls)).rejects.toEqual(code('ERR_STARTTLS_NOT_OFFERED'));
      expect(bare.server.connections.at(-1)?.lines.join()).not.toMatch(/AUTH|LOGIN/);
    } finally {
      await bare.close();
    }
  });

  it('PREAUTH is fatal here and welcome under implicit TLS', async () => {
    const pre = await mailServer({ preauth: 'alice' });
    try {
      await expect(pre.connect(starttls)).rejects.toEqual(
        code('ERR_PREAUTH', { phase: 'greeting' }),
      );
      const client = await pre.connect();
      expect(client.authenticated).toBe(true);
      await client.quit();
    } finally {
      await pre.close();
    }
  });
});

describe('in clear', () => {
  it('credentials need the second switch', async () => {
    await expect(at.connect({ security: 'cleartext' })).rejects.toEqual(
      code('ERR_CLEARTEXT_AUTH_REFUSED'),
    );
    const client = await at.connect({ security: 'cleartext', allowCleartextAuth: true });
    expect(client.security).toMatchObject({ mode: 'cleartext', verified: false });
    await client.quit();
  });
});

describe('options', () => {
  it('URLs name protocol, security, user and port', async () => {
    const { tls } = at.optionsFor('implicit-tls');
    const more = { serverHostname: 'localhost', tls, auth: { password: 'secret' } } as ImapOptions;
    for (const [scheme, mode] of [
      ['imaps', 'implicit-tls'],
      ['imap', 'starttls'],
    ] as const) {
      const client = await ImapClient.connect(
        `${scheme}://alice@127.0.0.1:${at.server.ports[mode]}`,
        more,
      );
      expect([client.security.mode, client.authenticated]).toEqual([mode, true]);
      await client.quit();
    }
    await expect(ImapClient.connect('imaps://alice:secret@127.0.0.1', more)).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });

  it('what does not exist is named, before anything is dialled', async () => {
    const count = at.server.connections.length;
    for (const wrong of [
      { rejectUnauthorized: false },
      { secure: true },
      { limits: { nonsense: 1 } },
      { limits: { depth: 0 } },
      { timeouts: { reply: -1 } },
      { security: 'tls' },
    ]) {
      await expect(at.connect(wrong as Partial<ImapOptions>)).rejects.toEqual(
        expect.objectContaining({ code: 'ERR_ARGUMENT' }),
      );
    }
    expect(at.server.connections.length).toBe(count);
  });

  it('disposal says goodbye and never throws', async () => {
    const client = await at.connect();
    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    expect(lastLines().at(-1)).toMatch(/LOGOUT/);
  });
});
