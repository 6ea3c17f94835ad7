/** Greeting, CAPABILITIES, MODE READER, STARTTLS and AUTHINFO, as dialogues. */
import { startTestServers } from '@fivewire/test-servers';
import { describe, expect, it } from 'vitest';
import { NntpClient, type NntpOptions } from '../src/index.js';
import { capabilities, connectError, failure, play, reader } from './dialogue.js';

const auth = { user: 'fred', password: 'flintstone' };
const b64 = (text: string) => Buffer.from(text).toString('base64');
const plain = b64('\0fred\0flintstone');
const date = 'C: DATE\nS: 111 20260101000000';
const ask = (nntp: NntpClient) => nntp.date();

describe('the greeting', () => {
  it('says whether posting is allowed', async () => {
    for (const [code, allowed] of [
      [200, true],
      [201, false],
    ]) {
      const dialogue = `S: ${code} ready\n${capabilities(['VERSION 2', 'READER'])}`;
      expect(await play(dialogue, async (nntp) => nntp.postingAllowed)).toBe(allowed);
    }
  });

  it.each([
    ['400 in maintenance', 'ERR_SERVER_CLOSING'],
    ['502 too many connections', 'ERR_SERVER_CLOSING'],
    ['+OK POP3', 'ERR_MALFORMED_RESPONSE'],
    ['220 mail.example ESMTP', 'ERR_MALFORMED_RESPONSE'],
    ['2000 x', 'ERR_MALFORMED_RESPONSE'],
  ])('%j is an error', async (line, code) => {
    expect(await connectError(`S: ${line}\nC-end`)).toMatchObject({ code, connection: 'closed' });
  });

  it('that never comes is a timeout in its phase', async () => {
    expect(await connectError('STALL', { timeouts: { greeting: 50 } })).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'greeting',
    });
  });
});

describe('MODE READER', () => {
  it('is sent to a mode-switching server, and the capabilities are read again', async () => {
    const dialogue = `S: 200 transit\n${capabilities(['VERSION 2', 'IHAVE', 'MODE-READER'])}\nC: MODE READER\nS: 201 reader\n${capabilities(['VERSION 2', 'READER', 'NEWNEWS', 'IMPLEMENTATION INN 2.7'])}`;
    const result = await play(dialogue, async (nntp) => ({
      names: [...nntp.capabilities],
      implementation: nntp.capabilities.implementation,
      posting: nntp.postingAllowed,
    }));
    expect(result).toEqual({
      names: ['VERSION', 'READER', 'NEWNEWS', 'IMPLEMENTATION'],
      implementation: 'INN 2.7',
      posting: false,
    });
  });

  it.each(['400 what', '480 login first', '500 what'])(
    'is tried where CAPABILITIES gets %j, and nothing is made of its refusal',
    async (refusal) => {
      const closing = refusal.startsWith('400');
      const dialogue = `S: 200 old\nC: CAPABILITIES\nS: ${refusal}\nC: MODE READER\nS: ${closing ? '200 ok' : '500 what'}\n${date}`;
      await play(dialogue, ask);
    },
  );

  it('refused by a transit server ends the session', async () => {
    expect(
      await connectError(
        `S: 200 transit\n${capabilities(['VERSION 2', 'IHAVE', 'MODE-READER'])}\nC: MODE READER\nS: 502 Transit service only\nC-end`,
      ),
    ).toMatchObject({ code: 'ERR_SERVER_CLOSING', connection: 'closed', retry: 'never' });
  });

  it.each([
    ['502 too many connections', 'ERR_SERVER_CLOSING', 'later'],
    ['400 in maintenance', 'ERR_SERVER_CLOSING', 'later'],
    ['403 no spool', 'ERR_COMMAND_REJECTED', 'later'],
    ['483 not without TLS', 'ERR_COMMAND_REJECTED', 'never'],
  ])('refused by %s: by its code and words', async (refusal, code, retry) => {
    const dialogue = `S: 200 hi\n${capabilities(['VERSION 2', 'MODE-READER'])}\nC: MODE READER\nS: ${refusal}\nC-end`;
    expect(await connectError(dialogue)).toMatchObject({ code, retry, connection: 'closed' });
  });

  it.each(['500 what', '501 READER?', '503 no such mode', '400 Unrecognized command'])(
    'not known (%s): the server is a reader already',
    async (refusal) => {
      const dialogue = `S: 200 hi\nC: CAPABILITIES\nS: 500\nC: MODE READER\nS: ${refusal}\n${date}`;
      await play(dialogue, ask);
    },
  );
});

describe('STARTTLS', () => {
  const starttls = { security: 'starttls' } as const;

  it('goes on with 382 only', async () => {
    for (const reply of ['580 no', '502 no', '483 no', '200 sure', '381 sure']) {
      expect(
        await connectError(
          `S: 200 hi\n${capabilities(['VERSION 2', 'READER', 'STARTTLS'])}\nC: STARTTLS\nS: ${reply}\nC-end`,
          starttls,
        ),
      ).toMatchObject({ code: 'ERR_STARTTLS_REFUSED', connection: 'closed', reply });
    }
  });

  it('is demanded (CVE-2021-22946, CVE-2021-39272)', async () => {
    expect(
      await connectError(`S: 200 hi\n${capabilities(['VERSION 2', 'READER'])}\nC-end`, starttls),
    ).toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED' });
    expect(
      await connectError(
        'S: 200 hi\nC: CAPABILITIES\nS: 500 what\nC: MODE READER\nS: 200 ok\nC-end',
        starttls,
      ),
    ).toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED' });
  });

  it('may need MODE READER first, and what was said in clear is dropped', async () => {
    const dialogue = [
      `S: 200 innd\n${capabilities(['VERSION 2', 'IHAVE', 'MODE-READER', 'IMPLEMENTATION forged'])}`,
      'C: MODE READER\nS: 200 nnrpd',
      capabilities(['VERSION 2', 'READER', 'STARTTLS']),
      'C: STARTTLS\nS: 382 go\nTLS',
      capabilities(['VERSION 2', 'READER', 'AUTHINFO USER']),
      'C: AUTHINFO USER fred\nS: 381 more\nC: AUTHINFO PASS flintstone\nS: 281 ok',
      capabilities(['VERSION 2', 'READER', 'POST']),
    ].join('\n');
    const result = await play(
      dialogue,
      async ({ capabilities: caps, security }) => [[...caps], security.mode, security.verified],
      { ...starttls, auth },
    );
    expect(result).toEqual([['VERSION', 'READER', 'POST'], 'starttls', true]);
  });

  it.each(['200 sure', '201 never'])(
    'drops the posting of a greeting in clear: %s',
    async (greeting) => {
      for (const post of [true, false]) {
        const result = await play(
          [
            `S: ${greeting}\n${capabilities(['VERSION 2', 'READER', 'STARTTLS'])}`,
            'C: STARTTLS\nS: 382 go\nTLS',
            capabilities(['VERSION 2', 'READER', ...(post ? ['POST'] : [])]),
          ].join('\n'),
          async (nntp) => nntp.postingAllowed,
          starttls,
        );
        expect(result).toBe(post);
      }
    },
  );

  it('with octets ahead of it is an attack: a go-ahead to what was not sent', async () => {
    const forged = '101 list\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n382 g';
    const servers = await startTestServers({
      protocols: ['nntp'],
      nntp: { impostor: { inClear: { CAPABILITIES: forged } } },
    });
    try {
      const { code } = await failure(
        NntpClient.connect({
          host: servers.host,
          port: servers.ports.nntp.starttls,
          security: 'starttls',
          serverHostname: 'localhost',
          tls: { ca: servers.ca.certificate },
        }),
      );
      expect(code).toBe('ERR_STARTTLS_INJECTION');
      expect(servers.nntp.connections[0]?.lines).toEqual(['CAPABILITIES']);
    } finally {
      await servers.close();
    }
  });

  it('with octets behind its go-ahead is an attack (CVE-2020-14954, -15953, CVE-2021-22947, CVE-2026-41319)', async () => {
    const servers = await startTestServers({
      protocols: ['nntp'],
      users: { fred: 'flintstone' },
      faults: { injectAfterStartTls: '200 injected\r\n' },
    });
    try {
      const { code } = await failure(
        NntpClient.connect({
          host: servers.host,
          port: servers.ports.nntp.starttls,
          security: 'starttls',
          serverHostname: 'localhost',
          tls: { ca: servers.ca.certificate },
          auth,
        }),
      );
      expect(code).toBe('ERR_STARTTLS_INJECTION');
      expect(servers.nntp.connections[0]?.lines.at(-1)).toBe('STARTTLS');
    } finally {
      await servers.close();
    }
  });
});

describe('AUTHINFO', () => {
  const offer = (...caps: string[]) =>
    `S: 200 hi\n${capabilities(['VERSION 2', 'READER', ...caps])}`;
  const after = `${capabilities(['VERSION 2', 'READER'])}\n${date}`;

  it('sends no credentials in clear unless told to', async () => {
    for (const caps of [['AUTHINFO USER'], ['AUTHINFO SASL', 'SASL PLAIN']]) {
      expect(
        await connectError(`${offer(...caps)}\nC-end`, { auth, allowCleartextAuth: false }),
      ).toMatchObject({ code: 'ERR_CLEARTEXT_AUTH_REFUSED', connection: 'closed' });
    }
  });

  it('USER and PASS, or USER alone', async () => {
    await play(
      `${offer('AUTHINFO USER')}\nC: AUTHINFO USER fred\nS: 381 more\nC: AUTHINFO PASS flintstone\nS: 281 ok\n${after}`,
      ask,
      { auth },
    );
    await play(`${offer('AUTHINFO USER')}\nC: AUTHINFO USER fred\nS: 281 ok\n${after}`, ask, {
      auth,
    });
    // A server that says nothing of itself.
    await play(
      `S: 200 hi\nC: CAPABILITIES\nS: 500\nC: MODE READER\nS: 500\nC: AUTHINFO USER fred\nS: 381\nC: AUTHINFO PASS flintstone\nS: 281\nC: CAPABILITIES\nS: 500\nC: MODE READER\nS: 500\n${date}`,
      ask,
      { auth },
    );
  });

  it.each([
    ['481 wrong', 'never'],
    ['502 wrong', 'never'],
    ['381 more', 'never'],
    ['482 Too many connections', 'later'],
    ['502 connection limit exceeded', 'later'],
    ['481 max simultaneous IPs reached', 'later'],
    ['499 odd', 'never'],
  ])('PASS refused by %j: retry %s', async (reply, retry) => {
    expect(
      await connectError(
        `${offer('AUTHINFO USER')}\nC: AUTHINFO USER fred\nS: 381 more\nC: AUTHINFO PASS flintstone\nS: ${reply}\nC-end`,
        { auth },
      ),
    ).toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      connection: 'closed',
      retry,
      reply: { code: Number(reply.slice(0, 3)) },
    });
  });

  it('SASL with an initial response, and in turns', async () => {
    await play(
      `${offer('AUTHINFO SASL', 'SASL PLAIN')}\nC: AUTHINFO SASL PLAIN ${plain}\nS: 281 ok\n${after}`,
      ask,
      { auth },
    );
    await play(
      `${offer('AUTHINFO SASL', 'SASL LOGIN')}\nC: AUTHINFO SASL LOGIN\nS: 383 ${b64('Username:')}\nC: ${b64('fred')}\nS: 383 =\nC: ${b64('flintstone')}\nS: 281 ok\n${after}`,
      ask,
      { auth },
    );
    const password = 'p'.repeat(600);
    await play(
      `${offer('AUTHINFO SASL', 'SASL PLAIN')}\nC: AUTHINFO SASL PLAIN\nS: 383 =\nC: ${b64(`\0fred\0${password}`)}\nS: 281 ok\n${after}`,
      ask,
      { auth: { user: 'fred', password } },
    );
    await play(
      `${offer('AUTHINFO SASL', 'SASL EXTERNAL')}\nC: AUTHINFO SASL EXTERNAL =\nS: 281 ok\n${after}`,
      ask,
      { auth: { external: true } },
    );
  });

  it('SASL refused, and out of step', async () => {
    const asked = `${offer('AUTHINFO SASL', 'SASL PLAIN')}\nC: AUTHINFO SASL PLAIN ${plain}`;
    expect(await connectError(`${asked}\nS: 481 no\nC-end`, { auth })).toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      mechanism: 'PLAIN',
    });
    expect(await connectError(`${asked}\nS: 200 hi\nC-end`, { auth })).toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
    });
    expect(await connectError(`${asked}\nS: 383 !!!\nC-end`, { auth })).toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
    });
  });

  it('puts SASL before USER where the server is not verified, and the caller before all', async () => {
    const both = offer('AUTHINFO USER SASL', 'SASL PLAIN');
    await play(`${both}\nC: AUTHINFO SASL PLAIN ${plain}\nS: 281\n${after}`, ask, { auth });
    await play(`${both}\nC: AUTHINFO USER fred\nS: 281\n${after}`, ask, {
      auth,
      mechanisms: ['USER'],
    });
    expect(
      await connectError(`${both}\nC-end`, { auth, mechanisms: ['SCRAM-SHA-256'] }),
    ).toMatchObject({ code: 'ERR_NO_COMMON_MECHANISM' });
  });

  it('over verified TLS puts USER first, for INN lists mechanisms that are not set up', async () => {
    const dialogue = [
      `S: 200 hi\n${capabilities(['VERSION 2', 'READER', 'STARTTLS'])}`,
      'C: STARTTLS\nS: 382 go\nTLS',
      capabilities(['VERSION 2', 'READER', 'AUTHINFO USER SASL', 'SASL SCRAM-SHA-256 PLAIN']),
      `C: AUTHINFO USER fred\nS: 281\n${after}`,
    ].join('\n');
    await play(dialogue, ask, { auth, security: 'starttls' });
  });

  it('tries USER where the caller names it and CAPABILITIES hides it', async () => {
    const hidden = offer('LIST ACTIVE');
    await play(`${hidden}\nC: AUTHINFO USER fred\nS: 281\n${after}`, ask, {
      auth,
      mechanisms: ['USER'],
    });
    expect(await connectError(`${hidden}\nC-end`, { auth })).toMatchObject({
      code: 'ERR_NO_COMMON_MECHANISM',
    });
  });

  it.each([
    ['482 Download limit exceeded', 'quota', 'later'],
    ['502 Account expired', 'expired', 'never'],
    ['403 internal fault', 'later', 'later'],
    ['481 too many connections for this user', 'busy', 'later'],
    ['481 wrong', 'wrong', 'never'],
  ])('PASS refused by %j: %s', async (reply, reason, retry) => {
    expect(
      await connectError(
        `${offer('AUTHINFO USER')}\nC: AUTHINFO USER fred\nS: 381 more\nC: AUTHINFO PASS flintstone\nS: ${reply}\nC-end`,
        { auth },
      ),
    ).toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED', reason, retry });
  });

  it('refuses line breaks (CVE-2025-15367, CVE-2012-0036)', async () => {
    for (const bad of [
      { user: 'fred\r\nQUIT', password: 'x' },
      { user: 'fred', password: 'x\nQUIT' },
    ]) {
      expect(await connectError(`${offer('AUTHINFO USER')}\nC-end`, { auth: bad })).toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    }
  });
});

describe('a login asked for in mid-session', () => {
  const login = `C: AUTHINFO USER fred\nS: 381\nC: AUTHINFO PASS flintstone\nS: 281\n${capabilities(['READER', 'OVER'])}`;
  const begin = `S: 200 hi\n${capabilities(['VERSION 2', 'READER', 'OVER', 'AUTHINFO USER'])}\n${login}`;
  const again = { auth } satisfies Partial<NntpOptions>;
  const offered = (dialogue: string) =>
    dialogue.replaceAll('READER\nS: OVER', 'READER\nS: OVER\nS: AUTHINFO USER');

  it('is had once, and GROUP is sent again before what depends on it', async () => {
    const dialogue = offered(
      `${begin}\nC: GROUP a.b\nS: 480 login\n${login}\nC: GROUP a.b\nS: 211 1 5 5 a.b\nC: STAT 5\nS: 223 5 <x@y>`,
    );
    const result = await play(
      dialogue,
      (nntp) => Promise.all([nntp.group('a.b'), nntp.stat(5)]),
      again,
    );
    expect(result[1]).toEqual({ number: 5, messageId: '<x@y>' });
  });

  it('is shared by those that were under way', async () => {
    const dialogue = offered(
      `${begin}\nC: STAT <1@x>\nC: STAT <2@x>\nC: STAT <3@x>\nS: 480\nS: 480\nS: 223 0 <3@x>\n${login}\nC: STAT <1@x>\nC: STAT <2@x>\nS: 223 0 <1@x>\nS: 430 no`,
    );
    const result = await play(
      dialogue,
      async (nntp) => {
        const all = await Promise.allSettled(
          ['<1@x>', '<2@x>', '<3@x>'].map((id) => nntp.stat(id)),
        );
        return all.map((one) =>
          one.status === 'fulfilled' ? one.value.messageId : one.reason.code,
        );
      },
      again,
    );
    expect(result).toEqual(['<1@x>', 'ERR_NOT_FOUND', '<3@x>']);
  });

  it.each([2, 3, 5])('%d refused at once need one login', async (count) => {
    const ids = Array.from({ length: count }, (_, at) => `<${at}@x>`);
    const asked = ids.map((id) => `C: STAT ${id}`).join('\n');
    const dialogue = offered(
      `${begin}\n${asked}\n${ids.map(() => 'S: 480').join('\n')}\n${login}\n${asked}\n${ids.map((id) => `S: 223 0 ${id}`).join('\n')}`,
    );
    const result = await play(
      dialogue,
      async (nntp) => {
        const found = await Promise.all(ids.map((id) => nntp.stat(id)));
        return found.map(({ messageId }) => messageId);
      },
      again,
    );
    expect(result).toEqual(ids);
  });

  it('refused: each call that was under way is told so', async () => {
    const dialogue = offered(
      `${begin}\nC: STAT <1@x>\nC: STAT <2@x>\nC: STAT <3@x>\nS: 480\nS: 480\nS: 480\nC: AUTHINFO USER fred\nS: 481 no more`,
    );
    const result = await play(
      dialogue,
      async (nntp) => {
        const all = await Promise.all(
          ['<1@x>', '<2@x>', '<3@x>'].map((id) => failure(nntp.stat(id))),
        );
        return all.map(({ code }) => code);
      },
      again,
    );
    expect(result).toEqual(Array(3).fill('ERR_AUTHENTICATION_FAILED'));
  });

  it('is had before listings and articles as well', async () => {
    const dialogue = offered(
      `${begin}\nC: LIST ACTIVE\nS: 480\n${login}\nC: LIST ACTIVE\nS: 215\nS: a.b 2 1 y\nS: .\nC: ARTICLE <1@x>\nC: ARTICLE <2@x>\nS: 480\nS: 480\n${login}\nC: ARTICLE <1@x>\nS: 220 0 <1@x>\nS: Subject: s\nS: \nS: .\nC: ARTICLE <2@x>\nS: 430 no\nC: GROUP a.b\nS: 211 2 1 2 a.b\nC: OVER 1-2\nS: 480\n${login}\nC: OVER 1-2\nS: 423`,
    );
    const result = await play(
      dialogue,
      async (nntp) => {
        const groups = await nntp.listActive().toArray();
        const seen: unknown[] = [];
        for await (const item of nntp.articles(['<1@x>', '<2@x>'])) {
          seen.push(item.ok ? item.article.headers.get('subject') : item.error.code);
        }
        const { low: from, high: to } = await nntp.group('a.b');
        return [groups.length, seen, await nntp.overview({ from, to }).toArray()];
      },
      again,
    );
    expect(result).toEqual([1, ['s', 'ERR_NOT_FOUND'], []]);
  });

  it('is an error where there are no credentials', async () => {
    const result = await play(
      reader('C: GROUP a.b\nS: 480 login first\nC: DATE\nS: 111 20260101000000'),
      async (nntp) => {
        const { code, connection, hint } = await failure(nntp.group('a.b'));
        await nntp.date();
        return { code, connection, hint };
      },
    );
    expect(result).toEqual({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'usable',
      hint: expect.stringContaining('auth'),
    });
  });
});

describe('the end', () => {
  it.each(['400 idle', '205 bye'])('unasked, by %j, is told by the next call', async (line) => {
    const result = await play(reader(`S: ${line}\nCLOSE`), async (nntp) => {
      const { reason, error } = await nntp.closed;
      const { code, retry } = await failure(nntp.date());
      return { reason, closed: error?.code, code, retry };
    });
    expect(result).toEqual({
      reason: 'error',
      closed: 'ERR_SERVER_CLOSING',
      code: 'ERR_SERVER_CLOSING',
      retry: 'later',
    });
  });

  it('in the place of an answer ends the connection', async () => {
    const result = await play(
      reader('C: GROUP a\nS: 400 power\nC-end'),
      async (nntp) => (await failure(nntp.group('a'))).code,
    );
    expect(result).toBe('ERR_SERVER_CLOSING');
  });

  it('by quit()', async () => {
    const result = await play(reader('C: QUIT\nS: 205 bye\nC-end'), async (nntp) => {
      await nntp.quit();
      await nntp.quit();
      return nntp.closed;
    });
    expect(result).toEqual({ reason: 'quit' });
    await play(reader('C: QUIT\nCLOSE'), (nntp) => nntp.quit());
    await play(reader('C: QUIT\nS: 205 bye\nC-end'), (nntp) => nntp[Symbol.asyncDispose]());
  });
});
