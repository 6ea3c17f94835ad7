/** Published faults of IMAP clients, by their numbers: what the server or a caller's text did there, it cannot do here. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImapClient, type Mailbox, UidSet } from '../src/index.js';
import { CountedWork } from './support/counted-work.js';
import { answering, openedOn } from './support/odd.js';
import { inClear, scriptedClient, streamPair } from './support/script.js';
import { type MailServer, mailServer } from './support/servers.js';

/** A server on a port, which answers each line. */
async function withServer<T>(
  greeting: string,
  answer: (line: string, socket: Socket) => void,
  work: (port: number) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.write(greeting);
    socket.on('data', (octets) => answer(String(octets).trimEnd(), socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await work((server.address() as { port: number }).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const withStartTls = (port: number) =>
  ImapClient.connect({
    host: '127.0.0.1',
    port,
    security: 'starttls',
    serverHostname: 'localhost',
    auth: { user: 'u', password: 'p' },
  });

describe('STARTTLS', () => {
  const answers = (behind: string) => (line: string, socket: Socket) => {
    const [tag, verb] = line.split(' ');
    if (verb === 'CAPABILITY')
      socket.write(`* CAPABILITY IMAP4rev1 STARTTLS\r\n${tag} OK done\r\n`);
    if (verb === 'STARTTLS') socket.write(`${tag} OK go on\r\n${behind}`);
  };

  it.each([
    ['CVE-2026-41319 (MailKit)', '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n'],
    ['CVE-2020-15917 (Claws Mail)', '* OK [ALERT] injected\r\n'],
    ['libetpan#386', 'x'],
  ])(
    '%s: what stands behind its OK is not read as if it had come under TLS',
    async (_name, behind) => {
      await withServer('* OK hello\r\n', answers(behind), (port) =>
        expect(withStartTls(port)).rejects.toMatchObject({ code: 'ERR_STARTTLS_INJECTION' }),
      );
    },
  );

  it('CVE-2026-42246 (net-imap): an OK that comes before STARTTLS has gone out does not stand for its answer', async () => {
    let sawStartTls = false;
    const early = (line: string, socket: Socket): void => {
      const [tag = '', verb] = line.split(' ');
      if (verb === 'STARTTLS') sawStartTls = true;
      const next = tag.replace(/\d+$/, (count) => `${Number(count) + 1}`);
      if (verb === 'CAPABILITY')
        socket.write(`* CAPABILITY IMAP4rev1 STARTTLS\r\n${tag} OK done\r\n${next} OK go on\r\n`);
    };
    await withServer('* OK hello\r\n', early, (port) =>
      expect(withStartTls(port)).rejects.toMatchObject({ connection: 'closed' }),
    );
    expect(sawStartTls).toBe(false);
  });

  it.each([
    ['PREAUTH', '* PREAUTH hello\r\n'],
    ['no offer', '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n'],
    ['no word of it', '* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hello\r\n'],
  ])('nostarttls: %s does not lead around it, and no password leaves', async (_name, greeting) => {
    const lines: string[] = [];
    const answer = (line: string, socket: Socket) => {
      lines.push(line);
      socket.write(`* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n${line.split(' ')[0]} OK done\r\n`);
    };
    await withServer(greeting, answer, (port) =>
      expect(withStartTls(port)).rejects.toMatchObject({ connection: 'closed' }),
    );
    expect(lines.join()).not.toMatch(/LOGIN|AUTHENTICATE/);
  });
});

describe('certificates', () => {
  let at: MailServer;
  beforeAll(async () => {
    at = await mailServer();
  });
  afterAll(() => at.close());

  it('CVE-2021-26911 (mailcore2): an authority that nobody trusts is refused under both ways to TLS', async () => {
    for (const security of ['implicit-tls', 'starttls'] as const)
      await expect(at.connect({ security, tls: {} })).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_TLS|CERT/),
      });
  });

  it('CVE-2013-0289 (isync): a certificate for another host is refused', async () => {
    for (const security of ['implicit-tls', 'starttls'] as const)
      await expect(at.connect({ security, serverHostname: 'other.example' })).rejects.toMatchObject(
        { code: expect.stringMatching(/^ERR_TLS|CERT|HOST/) },
      );
  });
});

describe('what callers give is no syntax', () => {
  const evil = [
    'x\r\nA9 DELETE INBOX',
    'x\nA9 LOGOUT',
    'x\rA9 LOGOUT',
    'x\0y',
    '"x" y',
    'x) y',
    'x {3}',
    '{3+}\r\nabc',
  ];
  type Call = (box: Mailbox, client: ImapClient, text: string) => Promise<unknown>;

  it.each<[string, Call]>([
    [
      'CVE-2026-42257 (net-imap): a text of a search',
      (box, _client, text) => box.search({ subject: text }),
    ],
    ['CVE-2026-42258 (net-imap): a flag', (box, _client, text) => box.addFlags(1, [text])],
    [
      'CVE-2026-47240 (net-imap): a header name',
      (box, _client, text) => box.search({ header: { [text]: 'y' } }),
    ],
    ['CVE-2026-47242 (net-imap): a mailbox', (box, _client, text) => box.copy(1, text)],
    [
      'apple-mail-fast-mcp#255 (imapclient): a name to create',
      (_box, client, text) => client.create(text),
    ],
    ['node-imap: a name to rename to', (_box, client, text) => client.rename('a', text)],
    [
      'a header field to fetch',
      (box, _client, text) => box.fetch(1, { headers: [text] }).toArray(),
    ],
    ['a set', (box, _client, text) => box.fetch(text, { flags: true }).toArray()],
  ])('%s', async (_name, call) => {
    const lines: string[] = [];
    await answering(
      'UIDPLUS',
      (line) => {
        lines.push(line);
        return [];
      },
      async (box, client) => {
        for (const text of evil) {
          const before = lines.length;
          await (async () => call(box, client, text))().catch(({ code }) =>
            expect(code).toBe('ERR_ARGUMENT'),
          );
          // One command at most for each call, whole: what looks like another one is within its string or literal.
          expect(lines.length - before).toBeLessThanOrEqual(1);
        }
      },
    );
    expect(lines.join('\n')).not.toMatch(/^A9 /m);
  });

  it('a literal waits for the server where it has not said that it need not', async () => {
    const { client, done } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1] hello
C: A1 CREATE {5}
S: A1 NO no
`);
    await expect(
      client.create('a\r\nbc').catch((error) => Promise.reject(error)),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(?:ARGUMENT|COMMAND_REJECTED)$/) });
    client.close();
    await done.catch(() => {});
  });
});

describe('memory and time are the caller’s', () => {
  it('CVE-2025-43857 (net-imap): the announcement of a literal is not what it needs', async () => {
    const [stream, server] = streamPair();
    server.write('* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n');
    server.on('data', () => server.write('* 1 FETCH (UID 1 ENVELOPE ("d" {4294967290}\r\nabc'));
    const client = await ImapClient.connect({ ...inClear, stream, id: false });
    const before = process.memoryUsage().arrayBuffers;
    await expect(client.noop()).rejects.toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
      limit: 'literalOctets',
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  });

  it('CVE-2026-42245 (net-imap): many short literals are as much work as they are many', async () => {
    const counted = await CountedWork.begin({ patterns: true });
    const { framesOf } = await import('./support/frames.js');
    const { parseResponse } = await import('../src/grammar/response.js');
    try {
      await counted.isLinear(
        5_000,
        (n) => {
          for (const frame of framesOf(`* 1 FETCH (FLAGS (${'{1}\r\na '.repeat(n)}))\r\n`))
            parseResponse(frame);
        },
        100,
      );
    } finally {
      await counted.end();
    }
  });

  it('CVE-2025-25186 (net-imap): a set is not expanded', async () => {
    const script = `
C: A2 UID COPY 1:4294967295 "x"
S: A2 OK [COPYUID 7 1:4294967295 1:4294967295] done
C: A3 UID COPY 1:2 "x"
S: A3 OK [COPYUID 7 1:4294967295 1:4294967295] done
`;
    await openedOn(script, async (box) => {
      const { uids } = await box.copy('1:4294967295', 'x');
      expect(uids?.get(4_294_967_295)).toBe(4_294_967_295);
      expect((await box.copy('1:2', 'x')).uids).toBeUndefined();
    });
    expect(UidSet.from('1:4294967295').size).toBe(4_294_967_295);
  });

  it('CVE-2026-42256 (net-imap): the server does not say how long SCRAM counts', async () => {
    const answer = (line: string, socket: Socket): void => {
      const [tag, verb, mechanism, initial = ''] = line.split(' ');
      if (verb !== 'AUTHENTICATE') return;
      expect(mechanism).toBe('SCRAM-SHA-256');
      const nonce = /r=([^,]+)/.exec(Buffer.from(initial, 'base64').toString())?.[1];
      const challenge = `r=${nonce}x,s=${Buffer.from('salt').toString('base64')},i=2147483647`;
      socket.write(`+ ${Buffer.from(challenge).toString('base64')}\r\n`);
      expect(tag).toBeDefined();
    };
    await withServer(
      '* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256] hello\r\n',
      answer,
      async (port) => {
        const begun = process.cpuUsage();
        await expect(
          ImapClient.connect({
            host: '127.0.0.1',
            port,
            security: 'cleartext',
            allowCleartextAuth: true,
            auth: { user: 'u', password: 'p' },
          }),
        ).rejects.toMatchObject({ connection: 'closed' });
        expect(process.cpuUsage(begun).user).toBeLessThan(20_000_000);
      },
    );
  });

  it('CVE-2021-3657, CVE-2021-3578 (isync): a name, a code or a literal of any length is no more than a typed error', async () => {
    const long = 'x'.repeat(200_000);
    const lines = [
      `* LIST () "/" "${long}"`,
      `* OK [UIDVALIDITY ${'9'.repeat(200_000)}] x`,
      `* STATUS ${long} (MESSAGES 1)`,
      `* OK [${long}] x`,
      `* 1 FETCH (UID ${'1'.repeat(1_000)} FLAGS (${long}))`,
    ];
    for (const line of lines)
      await answering(
        '',
        () => [line],
        async (_box, client) => {
          await client
            .noop()
            .catch((error) =>
              expect(error.code).toMatch(/^ERR_(?:LIMIT_EXCEEDED|MALFORMED_RESPONSE)$/),
            );
          const listed = await client
            .list()
            .toArray()
            .catch((error) => error.code);
          expect(listed).toBeDefined();
        },
      );
  });
});

it('CVE-2021-20247 (isync): a name that climbs out of a folder comes as it is, and no call makes a path of it', async () => {
  const names = ['../../etc/passwd', '/etc/passwd', 'a/../../b', '..\\..\\x', '.'];
  await answering(
    '',
    () => names.map((name) => `* LIST () "/" {${name.length}}\r\n${name}`),
    async (_box, client) => {
      expect((await client.list().toArray()).map(({ name }) => name)).toEqual(names);
    },
  );
});

it('secrets (go-imap, node-imap, offlineimap3): neither password nor token is in a log or an error', async () => {
  const logs: string[] = [];
  const auths = [
    { user: 'u', password: 'hunter2-secret' },
    { user: 'u', token: 'hunter2-secret' },
  ];
  for (const auth of auths)
    await withServer(
      '* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER] hello\r\n',
      (line, socket) => {
        socket.write(`${line.split(' ')[0]} NO [AUTHENTICATIONFAILED] no\r\n`);
      },
      async (port) => {
        const failed = await ImapClient.connect({
          host: '127.0.0.1',
          port,
          security: 'cleartext',
          allowCleartextAuth: true,
          auth,
          log: (event: unknown) => logs.push(JSON.stringify(event)),
        } as never).catch((error) => error);
        expect(failed.code).toMatch(/^ERR_/);
        logs.push(JSON.stringify(failed), String(failed.stack), String(failed.cause?.stack));
      },
    );
  const shown = logs.join('\n');
  expect(shown.length).toBeGreaterThan(100);
  for (const secret of ['hunter2-secret', Buffer.from('\0u\0hunter2-secret').toString('base64')])
    expect(shown).not.toContain(secret);
});
