/** `sync`: what changed since the last time, killed at any point; `watch` over links that die. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ImapClient, type MailboxEvent, type SyncState } from '../src/index.js';
import { follow, inClear, replayed, scriptedClient } from './support/script.js';
import { type MailServer, mailServer, message } from './support/servers.js';

let at: MailServer;
beforeAll(async () => {
  at = await mailServer();
});
afterAll(() => at.close());

let boxes = 0;
async function filled(client: ImapClient, ...subjects: string[]): Promise<string> {
  const name = `sync${++boxes}`;
  await client.create(name);
  for (const subject of subjects) await client.append(name, message(subject));
  return name;
}

/** What a copy holds: subject and flags by UID. */
type Copy = Map<number, { subject: string; flags: string }>;

/** One run, applied to a copy; `events` at most, as if it had been killed then. */
async function run(
  client: ImapClient,
  name: string,
  copy: Copy,
  before: SyncState | undefined,
  events = Number.POSITIVE_INFINITY,
): Promise<{ state: SyncState | undefined; told: string[] }> {
  let state = before;
  const told: string[] = [];
  if (events === 0) return { state, told };
  for await (const event of client.sync(name, state, { envelope: true })) {
    if (event.type === 'reset') copy.clear();
    else if (event.type === 'vanished') for (const uid of event.uids) copy.delete(uid);
    else if (event.type === 'new')
      copy.set(event.uid, {
        subject: event.message.envelope.subject,
        flags: [...event.message.flags].sort().join(),
      });
    else {
      const known = copy.get(event.uid);
      if (known === undefined)
        throw new Error(`flags of ${event.uid}, which the copy does not have`);
      known.flags = [...event.flags].sort().join();
    }
    told.push(event.type === 'vanished' ? `vanished ${event.uids}` : event.type);
    state = JSON.parse(JSON.stringify(event.state));
    if (told.length >= events) break;
  }
  return { state, told };
}

async function truth(client: ImapClient, name: string): Promise<Copy> {
  const box = await client.open(name, { wait: true });
  const copy: Copy = new Map();
  for await (const { uid, envelope, flags } of box.fetch('1:*', { envelope: true, flags: true }))
    copy.set(uid, { subject: envelope.subject, flags: [...flags].sort().join() });
  await box.close();
  return copy;
}

describe.each([
  ['with CONDSTORE', []],
  ['without CONDSTORE', ['CONDSTORE']],
])('sync %s', (_name, disable: string[]) => {
  it('tells everything once, then only what changed', async () => {
    const client = await at.connect({ disable });
    const name = await filled(client, 'a', 'b', 'c', 'd');
    const copy: Copy = new Map();
    const first = await run(client, name, copy, undefined);
    expect(first.told).toEqual(['new', 'new', 'new', 'new']);
    expect(copy).toEqual(await truth(client, name));
    const nothing = await run(client, name, copy, first.state);
    expect(nothing.told).toEqual([]);
    const box = await client.open(name);
    await box.addFlags(2, ['\\Flagged', '$x']);
    await box.addFlags([1, 3], ['\\Deleted']);
    await box.expunge([1, 3]);
    await client.append(name, message('e'), { flags: ['\\Seen'] });
    await box.close();
    const second = await run(client, name, copy, first.state);
    expect(second.told).toEqual(['vanished 1,3', 'flags', 'new']);
    expect(copy).toEqual(await truth(client, name));
    expect((await run(client, name, copy, second.state)).told).toEqual([]);
    await client.quit();
  });

  it('killed after any event, it goes on from there, and tells nothing twice', async () => {
    const client = await at.connect({ disable });
    for (let killed = 0; killed <= 8; killed++) {
      const name = await filled(client, 'a', 'b', 'c', 'd');
      const copy: Copy = new Map();
      const { state } = await run(client, name, copy, undefined);
      const box = await client.open(name);
      await box.addFlags('2:3', ['\\Seen']);
      await box.addFlags(1, ['\\Deleted']);
      await box.expunge(1);
      await box.close();
      for (const subject of ['e', 'f', 'g']) await client.append(name, message(subject));
      const one = await run(client, name, copy, state, killed);
      const other = await run(client, name, copy, one.state);
      const told = [...one.told, ...other.told].sort();
      expect(told).toEqual(['flags', 'flags', 'new', 'new', 'new', 'vanished 1']);
      expect(copy).toEqual(await truth(client, name));
    }
    await client.quit();
  });
});

describe('sync over connections that are cut', () => {
  it.each(['CONDSTORE', 'nothing'])(
    'reaches the state of a run without a fault, without %s',
    async (without) => {
      const disable = [without];
      const steady = await at.connect();
      const name = await filled(steady, 'a', 'b', 'c');
      const copy: Copy = new Map();
      let { state } = await run(steady, name, copy, undefined);
      // A pseudo-random walk that can be repeated: the mailbox changes, the link is cut, the rest comes over the next one.
      let seed = 42;
      const random = (below: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) >>> 0;
        return (seed >>> 16) % below;
      };
      let cut = 0;
      for (let round = 0; round < 25; round++) {
        const box = await steady.open(name);
        for (const part of 'abc') await steady.append(name, message(`m${round}${part}`));
        const all = [...(await box.search())];
        await box.addFlags(all[random(all.length)] as number, [
          ['\\Seen', '\\Flagged', '$x'][random(3)] as string,
        ]);
        const victim = all[random(all.length)] as number;
        await box.addFlags(victim, ['\\Deleted']);
        await box.expunge(victim);
        await box.close();
        at.server.faults = {
          cutAfter: 500 + random(1_200),
          cut: round % 2 === 0 ? 'reset' : 'fin',
        };
        const before = state;
        try {
          const broken = await at.connect({ disable });
          for await (const event of broken.sync(name, before, { envelope: true })) {
            if (event.type === 'vanished') for (const uid of event.uids) copy.delete(uid);
            else if (event.type === 'new')
              copy.set(event.uid, {
                subject: event.message.envelope.subject,
                flags: [...event.message.flags].sort().join(),
              });
            else if (event.type === 'flags') {
              const known = copy.get(event.uid);
              if (known !== undefined) known.flags = [...event.flags].sort().join();
            }
            state = JSON.parse(JSON.stringify(event.state));
          }
          await broken.quit();
        } catch (error) {
          expect((error as { connection: string }).connection).toBe('closed');
          cut++;
        }
        at.server.faults = undefined;
        const whole = await at.connect({ disable });
        ({ state } = await run(whole, name, copy, state));
        expect(copy).toEqual(await truth(steady, name));
        await whole.quit();
      }
      expect(cut).toBeGreaterThan(3);
      await steady.quit();
    },
  );

  it('a search that finds far more than there is ends the session', async () => {
    const { client } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH] hello
C: A1 EXAMINE "x"
S: * 2 EXISTS
S: A1 OK done
C: A2 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "A2") UID ALL 1:4294967295
S: A2 OK done
`);
    await expect(client.sync('x').toArray()).rejects.toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
      connection: 'closed',
    });
  });

  it('VANISHED of four thousand million messages: those that were there', async () => {
    const { client } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH IDLE] hello
C: A1 EXAMINE "x"
S: * 2 EXISTS
S: A1 OK done
C: A2 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "A2") UID ALL 7:8
S: A2 OK done
C: A3 IDLE
S: + idling
S: * VANISHED 1:4294967295
C: DONE
S: A3 OK done
`);
    const events = client.watch('x')[Symbol.asyncIterator]();
    const { value } = await events.next();
    expect(describeEvent(value as MailboxEvent)).toBe('expunged 7:8');
    client.close();
  });
});

it('watch: a search that finds fewer than EXISTS says, on a new connection, expunges nothing', async () => {
  const { client } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE] hello
C: A1 EXAMINE "x"
S: * 3 EXISTS
S: A1 OK done
C: A2 UID SEARCH ALL
S: * SEARCH 7 9
S: A2 OK done
C: A3 UID FETCH 1:* (UID FLAGS)
S: * 1 FETCH (UID 7 FLAGS ())
S: * 2 FETCH (UID 8 FLAGS ())
S: * 3 FETCH (UID 9 FLAGS ())
S: A3 OK done
C: A4 IDLE
S: + idling
S: * 2 EXPUNGE
C: DONE
S: A4 OK done
`);
  const events = client.watch('x')[Symbol.asyncIterator]();
  const { value } = await events.next();
  expect(describeEvent(value as MailboxEvent)).toBe('expunged 8');
  client.close();
});

describe('sync', () => {
  const head = (validity: number) => `
S: * PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE] hello
C: A1 EXAMINE "x"
S: * 2 EXISTS
S: * OK [UIDVALIDITY ${validity}] valid
S: * OK [HIGHESTMODSEQ 90] highest
S: A1 OK [READ-ONLY] done
C: A2 UID SEARCH ALL
S: * SEARCH 3 4
S: A2 OK done
`;

  describe('a search that finds fewer than EXISTS says', () => {
    const known = { uidValidity: 7, uids: '3:5', flags: {} };
    const script = (search: string, rows: string) => `
S: * PREAUTH [CAPABILITY IMAP4rev1] hello
C: A1 EXAMINE "x"
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] valid
S: A1 OK [READ-ONLY] done
C: A2 UID SEARCH ALL
${search}S: A2 OK done
C: A3 UID FETCH 1:* (UID FLAGS)
${rows}S: A3 OK done
`;
    const flags = (uids: string, ...rows: string[]) =>
      `C: A4 UID FETCH ${uids} (UID FLAGS)\n${rows.map((row) => `S: ${row}\n`).join('')}S: A4 OK done\n`;
    const rows = (...uids: number[]) =>
      uids.map((uid, at) => `S: * ${at + 1} FETCH (UID ${uid} FLAGS ())\n`).join('');
    const both = (...uids: number[]) =>
      flags('3:5', ...uids.map((uid, at) => `* ${at + 1} FETCH (UID ${uid} FLAGS ())`));

    it.each<[string, string, string]>([
      ['some', 'S: * SEARCH 3 5\n', rows(3, 4, 5)],
      ['none', 'S: * SEARCH\n', rows(3, 4, 5)],
      ['some, and the rows say others', 'S: * SEARCH 3 5\n', rows(4)],
    ])('makes nothing vanish that is there: %s', async (_what, search, found) => {
      const told = await replayed(script(search, found) + both(3, 4, 5), async (client) =>
        (await client.sync('x', known, {}).toArray()).map(({ type }) => type),
      );
      expect(told).toEqual([]);
    });

    it('is right where the messages are not there by their own word', async () => {
      const told = await replayed(
        script('S: * SEARCH 3 5\n', rows(3, 5)) +
          flags('3,5', '* 1 FETCH (UID 3 FLAGS ())', '* 2 FETCH (UID 5 FLAGS ())'),
        async (client) =>
          (await client.sync('x', known, {}).toArray()).map((event) =>
            event.type === 'vanished' ? String(event.uids) : event.type,
          ),
      );
      expect(told).toEqual(['4']);
    });
  });

  it('another UIDVALIDITY makes the copy void', async () => {
    const told = await replayed(
      `${head(8)}C: A3 UID FETCH 3:4 (UID FLAGS)
S: * 1 FETCH (UID 3 FLAGS (\\Recent))
S: * 2 FETCH (UID 4 FLAGS (\\Seen \\Recent))
S: A3 OK done
`,
      async (client) => {
        const events = await client
          .sync('x', { uidValidity: 7, uids: '3:9', flags: { '\\Seen': '3:9' }, modSeq: '80' })
          .toArray();
        return [events.map(({ type }) => type), events.at(-1)?.state];
      },
    );
    expect(told).toEqual([
      ['reset', 'new', 'new'],
      { uidValidity: 8, uids: '3:4', flags: { '\\Seen': '4' }, modSeq: '90' },
    ]);
  });

  it('\\Recent changes nothing, and what CHANGEDSINCE repeats is no change', async () => {
    const told = await replayed(
      `${head(7)}C: A3 UID FETCH 3:4 (UID FLAGS) (CHANGEDSINCE 80)
S: * 1 FETCH (UID 3 FLAGS (\\Recent) MODSEQ (81))
S: * 2 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (85))
S: A3 OK done
`,
      async (client) =>
        (
          await client.sync('x', { uidValidity: 7, uids: '3:4', flags: {}, modSeq: '80' }).toArray()
        ).map(({ type, state }) => [type, state]),
    );
    expect(told).toEqual([
      ['flags', { uidValidity: 7, uids: '3:4', flags: { '\\Seen': '4' }, modSeq: '90' }],
    ]);
  });

  const selectedWith = (codes: string) => `
S: * PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE] hello
C: A1 EXAMINE "x"
S: * 2 EXISTS
S: * OK [UIDVALIDITY 7] valid
${codes}S: A1 OK [READ-ONLY] done
C: A2 UID SEARCH ALL
S: * SEARCH 3 4
S: A2 OK done
`;

  it.each([
    ['counts no changes', 'S: * OK [NOMODSEQ] none\n', undefined],
    ['says that it has seen none', 'S: * OK [HIGHESTMODSEQ 0] none\n', undefined],
    ['says nothing of them', '', undefined],
    ['was put back from an older copy', 'S: * OK [HIGHESTMODSEQ 50] x\n', '50'],
  ])('a mailbox that %s: all flags are compared', async (_name, codes, modSeq) => {
    for (const known of ['0', '80']) {
      const { client, done } =
        await scriptedClient(`${selectedWith(codes)}C: A3 UID FETCH 3:4 (UID FLAGS)${known === '0' && modSeq ? ' (CHANGEDSINCE 0)' : ''}
S: * 1 FETCH (UID 3 FLAGS ())
S: * 2 FETCH (UID 4 FLAGS (\\Seen))
S: A3 OK done
`);
      const state = { uidValidity: 7, uids: '3:4', flags: {}, modSeq: known };
      const events = await client.sync('x', state).toArray();
      expect(events.map(({ type, state }) => [type, state])).toEqual([
        [
          'flags',
          {
            uidValidity: 7,
            uids: '3:4',
            flags: { '\\Seen': '4' },
            ...(modSeq === undefined ? {} : { modSeq }),
          },
        ],
      ]);
      client.close();
      await done;
    }
  });

  it.each([
    ['flags that cannot be read', '(UID 3 FLAGS 5 MODSEQ (81))'],
    ['a UID that cannot be read', '(UID x FLAGS (\\Seen) MODSEQ (81))'],
  ])('%s are asked for again the next time', async (_name, row) => {
    const { client, done } =
      await scriptedClient(`${head(7)}C: A3 UID FETCH 3:4 (UID FLAGS) (CHANGEDSINCE 80)
S: * 1 FETCH ${row}
S: * 2 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (85))
S: A3 OK done
`);
    const state = { uidValidity: 7, uids: '3:4', flags: {}, modSeq: '80' };
    const events = await client.sync('x', state).toArray();
    expect(events.map(({ type, state }) => [type, state.modSeq])).toEqual([['flags', '80']]);
    client.close();
    await done;
  });

  it('with an unchanged HIGHESTMODSEQ no flags are asked for', async () => {
    const { client, done } = await scriptedClient(head(7));
    const state = { uidValidity: 7, uids: '3:4', flags: {}, modSeq: '90' };
    expect(await client.sync('x', state).toArray()).toEqual([]);
    await done;
  });
});

describe('watch, over a link that dies', () => {
  it('goes on over a new one, and tells what happened meanwhile, once', async () => {
    const sockets: Socket[] = [];
    const dial = async ({ host, port }: { host: string; port: number }): Promise<Socket> => {
      const socket = connect(port, host);
      sockets.push(socket);
      await once(socket, 'connect');
      return socket;
    };
    const client = await at.connect({ dial });
    const name = await filled(client, 'a', 'b', 'c');
    const other = await at.connect();
    const told: string[] = [];
    const news: (() => void)[] = [];
    const until = async (text: string): Promise<void> => {
      while (!told.includes(text)) await new Promise<void>((resolve) => news.push(resolve));
    };
    const leave = new AbortController();
    const watching = (async () => {
      for await (const event of client.watch(name, { signal: leave.signal, from: 3 })) {
        told.push(describeEvent(event));
        for (const tell of news.splice(0)) tell();
      }
    })();
    await until('new 3');
    await other.append(name, message('d'));
    await until('new 4');
    // Things happen, and the link dies before it can tell.
    const box = await other.open(name);
    sockets[0]?.destroy();
    await box.addFlags(2, ['\\Flagged']);
    await box.addFlags(1, ['\\Deleted']);
    await box.expunge(1);
    await other.append(name, message('e'));
    await until('expunged 1');
    await until('flags 2 \\Flagged');
    while (!told.some((text) => /^new.*5/.test(text)))
      await new Promise<void>((resolve) => news.push(resolve));
    await other.append(name, message('f'));
    while (!told.some((text) => /^new.*6/.test(text)))
      await new Promise<void>((resolve) => news.push(resolve));
    leave.abort();
    await watching;
    expect(sockets).toHaveLength(2);
    const fresh = told.filter((text) => text.startsWith('new')).join();
    expect(fresh).toMatch(/^new 3,new 4,new 5(?::6|,new 6)$/);
    expect(told.filter((text) => text === 'expunged 1')).toHaveLength(1);
    expect((await client.closed).reason).not.toBe('quit');
    await other.quit();
  });

  it('does not, where that is not wanted; a login that is refused ends it', async () => {
    const { client } = await scriptedClient('S: * PREAUTH [CAPABILITY IMAP4rev1] hello\nEND');
    const events = client.watch('x')[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
    const impatient = await at.connect();
    impatient.close();
    const none = impatient.watch('INBOX', { reconnect: false })[Symbol.asyncIterator]();
    expect((await none.next()).done).toBe(true); // we left ourselves
  });
});

describe('watch, over links that die while it catches up', () => {
  const opened = (exists: number, modSeq: number, uidValidity = 7) => `
S: * PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE] hello
C: A1 EXAMINE "INBOX"
S: * ${exists} EXISTS
S: * OK [UIDVALIDITY ${uidValidity}] x
S: * OK [HIGHESTMODSEQ ${modSeq}] x
S: A1 OK done
C: A2 UID SEARCH ALL
`;
  const first = `${opened(3, 10)}S: * SEARCH 1 2 3\nS: A2 OK done\n`;
  const changed = `${opened(3, 20)}S: * SEARCH 2 3 4\nS: A2 OK done\nC: A3 UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 10)\n`;
  const last = `${changed}S: * 1 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (15))\nS: * 2 FETCH (UID 3 FLAGS ($x) MODSEQ (20))\nS: A3 OK done\n`;

  async function told(scripts: string[], names: string | string[], enough: number): Promise<string[]> {
    let dials = 0;
    const leave = new AbortController();
    const wrong: unknown[] = [];
    const dial = async (): Promise<Duplex> => {
      if (dials === scripts.length) leave.abort();
      const { stream, done } = follow(`${scripts[dials++] ?? ''}END\n`);
      done.catch((error) => wrong.push(error));
      return stream;
    };
    // Each link has held for a while when it dies: the next is tried at once.
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 100_000));
    const client = await ImapClient.connect({ ...inClear, host: 'localhost', dial, id: false });
    const events: string[] = [];
    try {
      for await (const event of client.watch(names, { signal: leave.signal })) {
        if (event.type === 'status') events.push(`status ${event.status.messages}`);
        else events.push(`${event.type} ${'uid' in event ? event.uid : event.uids}`);
        if (events.length === enough) break;
      }
    } finally {
      clock.mockRestore();
      client.close();
    }
    expect([dials, wrong]).toEqual([scripts.length, []]);
    return events;
  }

  const right = ['expunged 1', 'new 4', 'flags 2', 'flags 3'];

  it.each([
    ['before the search', opened(3, 20)],
    ['in the search', `${opened(3, 20)}S: * SEARCH 2 3 4\n`],
    ['before the flags', changed],
    ['in the flags', `${changed}S: * 1 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (15))\n`],
    ['where the server itself tells of the last change', `${changed.replace('S: * SEARCH', 'S: * 2 FETCH (UID 3 FLAGS ($x) MODSEQ (20))\nS: * SEARCH')}`],
    ['where one row told of the last change', `${changed}S: * 2 FETCH (UID 3 FLAGS ($x) MODSEQ (20))\n`],
  ])('%s: nothing is lost, or told twice', async (_name, dead) => {
    const end = `${last}C: A4 LOGOUT\n`;
    expect((await told([first, dead, end], 'INBOX', 4)).sort()).toEqual([...right].sort());
    expect((await told([first, dead, dead, end], 'INBOX', 4)).sort()).toEqual([...right].sort());
  });

  it('in the numbers of another mailbox: nothing is lost of this one', async () => {
    const status = (tag: string, messages?: number) => `C: ${tag} STATUS "x" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n${messages === undefined ? '' : `S: * STATUS x (MESSAGES ${messages})\nS: ${tag} OK done\n`}`;
    const same = changed.replace('CHANGEDSINCE 10', 'CHANGEDSINCE 20');
    const scripts = [first + status('A3', 1), last + status('A4'), `${same}S: A3 OK done\n${status('A4', 2)}C: A5 LOGOUT\n`];
    expect(await told(scripts, ['INBOX', 'x'], 5)).toEqual([...right, 'status 2']);
    const reset = `${opened(3, 20, 8)}S: * SEARCH 5 6 7\nS: A2 OK done\n`;
    const anew = [first + status('A3', 1), reset + status('A3'), `${reset}C: A3 UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 20)\nS: A3 OK done\n${status('A4', 1)}C: A5 LOGOUT\n`];
    expect(await told(anew, ['INBOX', 'x'], 1)).toEqual(['reset 5:7']);
  });
}); // biome-ignore format: a table

describe('NOTIFY', () => {
  it('tells of several mailboxes at once, and is taken back at the end', async () => {
    const { client, done } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1 NOTIFY IDLE] hello
C: A1 EXAMINE "INBOX"
S: * 1 EXISTS
S: A1 OK done
C: A2 UID SEARCH ALL
S: * SEARCH 5
S: A2 OK done
C: A3 STATUS "Sent" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
S: * STATUS Sent (MESSAGES 1)
S: A3 OK done
C: A4 NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange)) (MAILBOXES ("Sent") (MessageNew MessageExpunge FlagChange))
S: A4 OK done
S: * STATUS Sent (UIDNEXT 9)
C: A5 STATUS "Sent" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
S: * STATUS Sent (MESSAGES 2)
S: A5 OK done
S: * 2 EXISTS
C: A6 UID SEARCH UID 6:*
S: * SEARCH 7
S: A6 OK done
C: A7 NOTIFY NONE
S: A7 OK done
`);
    const told: string[] = [];
    for await (const event of client.watch(['INBOX', 'Sent'])) {
      told.push(describeEvent(event));
      if (told.length === 2) break;
    }
    expect(told).toEqual(['status', 'new 7']);
    await done;
    client.close();
  });

  it('loses no news that come while somebody asks for the same numbers', async () => {
    let sent = (): void => {};
    const notifySent = new Promise<void>((resolve) => {
      sent = resolve;
    });
    const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1 NOTIFY IDLE] hello
C: A1 EXAMINE "INBOX"
S: * 1 EXISTS
S: A1 OK done
C: A2 UID SEARCH ALL
S: * SEARCH 5
S: A2 OK done
C: A3 STATUS "Sent" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
S: * STATUS Sent (MESSAGES 1 UNSEEN 0)
S: A3 OK done
C: A4 NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange)) (MAILBOXES ("Sent") (MessageNew MessageExpunge FlagChange))
S: A4 OK done
C: A5 STATUS "Sent" (MESSAGES UNSEEN)
S: * STATUS Sent (MESSAGES 2)
S: * STATUS Sent (MESSAGES 2 UNSEEN 1)
S: A5 OK done
C: A6 STATUS "Sent" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
S: * STATUS Sent (MESSAGES 3)
S: * STATUS Sent (MESSAGES 3 UNSEEN 2)
S: A6 OK done
C: A7 STATUS "Sent" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
S: * STATUS Sent (MESSAGES 3 UNSEEN 2)
S: A7 OK done
S: * 2 EXISTS
C: A8 UID SEARCH UID 6:*
S: * SEARCH 7
S: A8 OK done
C: A9 NOTIFY NONE
S: A9 OK done
`;
    const { client, done } = await scriptedClient(script, {
      log: ({ text }) => {
        if (text.includes('NOTIFY SET')) sent();
      },
    });
    const told: unknown[] = [];
    const watching = (async () => {
      for await (const event of client.watch(['INBOX', 'Sent'])) {
        told.push(event.type === 'status' ? event.status : describeEvent(event));
        if (told.length === 2) break;
      }
    })();
    // NOTIFY has no like on the wire: what is asked behind it goes out when it is answered.
    await notifySent;
    expect(await client.status('Sent', ['messages', 'unseen'])).toEqual({ messages: 2, unseen: 1 });
    await watching;
    expect(told).toEqual([{ messages: 3, unseen: 2 }, 'new 7']);
    await done;
    client.close();
  });
});

const describeEvent = (event: MailboxEvent): string => {
  if ('uids' in event) return `${event.type} ${event.uids}`;
  return event.type === 'flags' ? `flags ${event.uid} ${event.flags.join()}` : event.type;
};
