/** What a session remembers: since when (QRESYNC), by UID alone (UIDONLY), of which search (CONTEXT), of whom (UNAUTHENTICATE). */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ImapClient, SearchChange } from '../src/index.js';
import { replayed, scriptedClient } from './support/script.js';

const hello = (capabilities: string): string =>
  `S: * PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ ${capabilities}] hello\n`;

describe('open() with what is known from before (QRESYNC, RFC 7162 §3.2.5)', () => {
  const resync = { uidValidity: 7, modSeq: '90', uids: '1:29997' };
  const shown = async (client: ImapClient, known: object = resync): Promise<unknown> => {
    const box = await client.open('INBOX', { resync: known as never });
    const told = box.resync;
    return told && { vanished: String(told.vanished), changed: told.changed };
  };

  it('tells what vanished and what changed, in one round trip', async () => {
    const told = await replayed(
      `${hello('ENABLE QRESYNC CONDSTORE')}C: A1 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: A1 OK done
C: A2 SELECT "INBOX" (QRESYNC (7 90 1:29997))
S: * 314 EXISTS
S: * OK [UIDVALIDITY 7] valid
S: * OK [HIGHESTMODSEQ 100] highest
S: * VANISHED (EARLIER) 41,43:116
S: * VANISHED (EARLIER) 118
S: * 49 FETCH (UID 117 FLAGS (\\Seen \\Recent) MODSEQ (90060115194045001))
S: * 50 FETCH (UID 119 FLAGS () MODSEQ (98))
S: A2 OK [READ-WRITE] done
`,
      (client) => shown(client),
    );
    expect(told).toEqual({
      vanished: '41,43:116,118',
      changed: [
        { uid: 117, flags: ['\\Seen'], modSeq: '90060115194045001' },
        { uid: 119, flags: [], modSeq: '98' },
      ],
    });
  });

  it('of another UIDVALIDITY, and by a server without QRESYNC, nothing is told', async () => {
    const other = await replayed(
      `${hello('ENABLE QRESYNC')}C: A1 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: A1 OK done
C: A2 SELECT "INBOX" (QRESYNC (7 90))
S: * 3 EXISTS
S: * OK [UIDVALIDITY 8] valid
S: A2 OK done
`,
      (client) => shown(client, { uidValidity: 7, modSeq: '90' }),
    );
    expect(other).toBeUndefined();
    const none = await replayed(
      `${hello('')}C: A1 SELECT "INBOX"
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] valid
S: A1 OK done
`,
      (client) => shown(client),
    );
    expect(none).toBeUndefined();
  });

  it.each([
    ['no UIDVALIDITY', { modSeq: '1' }],
    ['a MODSEQ of 0', { uidValidity: 7, modSeq: '0' }],
    ['a MODSEQ with a command', { uidValidity: 7, modSeq: '1))\r\nA9 LOGOUT' }],
    ['UIDs without end', { uidValidity: 7, modSeq: '1', uids: '1:*' }],
  ])('%s is an error before anything goes out', async (_what, known) => {
    const { client } = await scriptedClient(hello('ENABLE QRESYNC'));
    await expect(shown(client, known)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument: 'resync',
    });
    client.close();
  });

  it('a server that vanishes four thousand million messages costs a range', async () => {
    const told = await replayed(
      `${hello('ENABLE QRESYNC')}C: A1 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: A1 OK done
C: A2 SELECT "INBOX" (QRESYNC (7 90))
S: * OK [UIDVALIDITY 7] valid
S: * VANISHED (EARLIER) 1:4294967295
S: A2 OK done
`,
      (client) => shown(client, { uidValidity: 7, modSeq: '90' }),
    );
    expect(told).toEqual({ vanished: '1:4294967295', changed: [] });
  });
});

it('UIDONLY (RFC 9586): rows, bodies, flags and removals by UID alone', async () => {
  await replayed(
    `${hello('ENABLE UIDONLY UIDPLUS')}C: A1 ENABLE UIDONLY
S: * ENABLED UIDONLY
S: A1 OK done
C: A2 SELECT "INBOX"
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] valid
S: A2 OK done
C: A3 UID FETCH 25:26 (UID FLAGS)
S: * 25 UIDFETCH (FLAGS (\\Seen))
S: * 26 UIDFETCH (UID 26 FLAGS ())
S: A3 OK done
C: A4 UID FETCH 25 (UID BODY.PEEK[])
S: * 25 UIDFETCH (BODY[] {3}
S-raw: abc)\\r\\n
S: A4 OK done
C: A5 UID EXPUNGE 26
S: * VANISHED 26
S: A5 OK done
`,
    async (client) => {
      const box = await client.open('INBOX');
      const rows = await box.fetch('25:26', { flags: true }).toArray();
      expect(rows.map(({ uid, flags, problems }) => [uid, flags, problems])).toEqual([
        [25, ['\\Seen'], []],
        [26, [], []],
      ]);
      let body = '';
      for await (const piece of rows[0]?.body() ?? []) body += String(piece);
      await box.expunge(26);
      expect([body, box.exists]).toEqual(['abc', 2]);
    },
    { enable: ['UIDONLY'] },
  );
});

describe('follow(): the result of a search, kept up to date', () => {
  const changes = async (client: ImapClient, count: number): Promise<string[]> => {
    const box = await client.open('INBOX');
    const told: string[] = [];
    const leave = new AbortController();
    const say = ({ uids, added, removed }: SearchChange): string => `${uids} +${added} -${removed}`;
    for await (const change of box.follow({ seen: false }, { signal: leave.signal })) {
      if (told.push(say(change)) === count) leave.abort();
    }
    return told;
  };
  const opened = `C: A1 SELECT "INBOX"
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] valid
S: A1 OK done
`;

  it('by the server (CONTEXT, RFC 5267 §4.3)', async () => {
    const told = await replayed(
      `${hello('IDLE ESEARCH CONTEXT=SEARCH')}${opened}C: A2 UID SEARCH RETURN (UPDATE ALL) UNSEEN
S: * ESEARCH (TAG "A2") UID ALL 2:4
S: A2 OK done
C: A3 IDLE
S: + idling
S: * ESEARCH (TAG "A2") UID ADDTO (0 32768:32769) REMOVEFROM (0 3)
C: DONE
S: A3 OK done
C: A4 CANCELUPDATE "A2"
S: A4 OK done
`,
      (client) => changes(client, 2),
    );
    expect(told).toEqual(['2:4 +2:4 -', '2,4,32768:32769 +32768:32769 -3']);
  });

  it('a server that stops keeping it (NOUPDATE), or does not begin: by searching again', async () => {
    const told = await replayed(
      `${hello('IDLE ESEARCH CONTEXT=SEARCH')}${opened}C: A2 UID SEARCH RETURN (UPDATE ALL) UNSEEN
S: * NO [NOUPDATE "A2"] too many contexts
S: * ESEARCH (TAG "A2") UID ALL 2
S: A2 OK done
C: A3 IDLE
S: + idling
S: * 4 EXISTS
C: DONE
S: A3 OK done
C: A4 UID SEARCH RETURN (ALL) UNSEEN
S: * ESEARCH (TAG "A4") UID ALL 2,9
S: A4 OK done
`,
      (client) => changes(client, 2),
    );
    expect(told).toEqual(['2 +2 -', '2,9 +9 -']);
  });

  it('without CONTEXT: searched again after each change', async () => {
    const told = await replayed(
      `${hello('IDLE')}${opened}C: A2 UID SEARCH UNSEEN
S: * SEARCH 2 5
S: A2 OK done
C: A3 IDLE
S: + idling
S: * 2 FETCH (FLAGS (\\Seen))
C: DONE
S: A3 OK done
C: A4 UID SEARCH UNSEEN
S: * SEARCH 2
S: A4 OK done
`,
      (client) => changes(client, 2),
    );
    expect(told).toEqual(['2,5 +2,5 -', '2 + -5']);
  });
});

describe('UNAUTHENTICATE (RFC 8437)', () => {
  const plain = (user: string): string => Buffer.from(`\0${user}\0secret`).toString('base64');

  it('another user logs in on the same connection; what was enabled is no more', async () => {
    const { client, done } = await scriptedClient(
      `S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello
C: A1 AUTHENTICATE PLAIN ${plain('alice')}
S: A1 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UNAUTHENTICATE] in
C: A2 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: A2 OK done
C: A3 UNAUTHENTICATE
S: A3 OK out
C: A4 CAPABILITY
S: * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN
S: A4 OK done
C: A5 AUTHENTICATE PLAIN ${plain('bob')}
S: A5 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UNAUTHENTICATE] in
C: A6 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: A6 OK done
`,
      { auth: { user: 'alice', password: 'secret' }, enable: ['QRESYNC'], mechanisms: ['PLAIN'] },
    );
    await expect(client.authenticate({ user: 'bob', password: 'secret' })).rejects.toMatchObject({
      code: 'ERR_STATE',
    });
    await client.unauthenticate();
    expect([client.authenticated, client.capabilities.has('AUTH=PLAIN')]).toEqual([false, true]);
    await client.authenticate({ user: 'bob', password: 'secret' });
    expect(client.authenticated).toBe(true);
    await done;
    client.close();
  });

  it('not while a mailbox is open, and not without the extension', async () => {
    const { client } = await scriptedClient(`${hello('UNAUTHENTICATE')}C: A1 SELECT "INBOX"
S: A1 OK done
`);
    const box = await client.open('INBOX');
    await expect(client.unauthenticate()).rejects.toMatchObject({ code: 'ERR_STATE' });
    await box.close();
    client.close();
    const { client: other } = await scriptedClient(hello(''));
    await expect(other.unauthenticate()).rejects.toMatchObject({ code: 'ERR_EXTENSION_REQUIRED' });
    other.close();
  });

  it('a login that is aborted closes the session', async () => {
    const { client } = await scriptedClient(`S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello
C: A1 AUTHENTICATE PLAIN ${plain('bob')}
`);
    const abort = new AbortController();
    const login = client.authenticate(
      { user: 'bob', password: 'secret' },
      { signal: abort.signal },
    );
    setImmediate(() => abort.abort());
    await expect(login).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'closed' });
  });
});

describe('a body without a size', () => {
  const stored = (octets: number): string => `C: A1 APPEND "INBOX" {${octets}+}
C: ${'x'.repeat(octets)}
S: A1 OK done
`;

  it('too long for memory it goes through a temporary file, and the result says so', async () => {
    const { client, done } = await scriptedClient(hello('') + stored(300), {
      limits: { bufferedOctets: 100 },
    });
    const body = Readable.from(['x'.repeat(90), 'x'.repeat(200), 'x'.repeat(10)]);
    expect(await client.append('INBOX', body)).toEqual({ size: 300, spooled: true });
    await done;
    client.close();
  });

  it('beyond limits.spooledOctets it is an error, and nothing goes out', async () => {
    const { client } = await scriptedClient(hello(''), {
      limits: { bufferedOctets: 10, spooledOctets: 20 },
    });
    const body = Readable.from(['x'.repeat(15), 'x'.repeat(15)]);
    await expect(client.append('INBOX', body)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument: 'size',
    });
    client.close();
  });
});
