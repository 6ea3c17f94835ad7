/** An answer belongs to the command that it names, in every order that RFC 9051 §5.5 leaves to the server. */
import type { AnswerOrder } from '@fivewire/test-servers';
import { afterEach, describe, expect, it } from 'vitest';
import { UidSet } from '../src/grammar/sequence-set.js';
import { ImapClient, type MailboxEvent } from '../src/index.js';
import { mayShareWire, type WireUse } from '../src/wire-sharing.js';
import { inClear, scriptedClient, streamPair } from './support/script.js';
import { type MailServer, mailServer, message } from './support/servers.js';

let at: MailServer | undefined;
afterEach(async () => {
  await at?.close();
  at = undefined;
});

const orders: AnswerOrder[] = ['one-by-one', 'data-first', 'interleaved', 'last-first'];
const dialects: [string, string[]][] = [
  ['ESEARCH', []],
  ['SEARCH', ['ESEARCH']],
];
const kinds = orders.flatMap((order) =>
  dialects.map(([name, disable]) => [order, name, disable] as const),
);
const subjects = ['blue', 'red', 'green'];

/** 60 messages: every third is about the same thing. */
async function filled(order: AnswerOrder, disable: string[] = []): Promise<ImapClient> {
  at = await mailServer({ answerOrder: order });
  const client = await at.connect({ disable });
  await client.create('box');
  for (let i = 0; i < 60; i++)
    await client.append('box', message(`${subjects[i % 3]} ${i}`, 100 * i));
  return client;
}

const every = (first: number): string =>
  String(UidSet.from(Array.from({ length: 20 }, (_, i) => first + 3 * i)));

describe.each(kinds)('answered %s, with %s', (order, _name, disable) => {
  it('searches at once', async () => {
    const client = await filled(order, disable);
    const box = await client.open('box');
    const found = await Promise.all(
      [...subjects, 'none'].map((subject) => box.search({ subject })),
    );
    expect(found.map(String)).toEqual([every(1), every(2), every(3), '']);
    await client.quit();
  });

  it('three loops over the same messages, with searches, bodies and STATUS beside them', async () => {
    const client = await filled(order, disable);
    const box = await client.open('box');
    await client.create('empty');
    const loop = async (): Promise<string> => {
      const seen: number[] = [];
      for await (const row of box.fetch('1:*', { size: true, bodies: ['TEXT'] })) {
        let octets = 0;
        for await (const chunk of row.body('TEXT')) octets += chunk.length;
        expect(octets).toBe(72 * Math.ceil((100 * (row.uid - 1)) / 72));
        seen.push(row.uid);
      }
      return seen.sort((a, b) => a - b).join(); // rows come in the server's order
    };
    const text = async (uid: number): Promise<string> => {
      const [row] = await box.fetch(uid, {}).toArray();
      let all = '';
      for await (const chunk of row?.body('HEADER') ?? []) all += chunk;
      return /Subject: (\w+ \d+)/.exec(all)?.[1] ?? '';
    };
    const all = Array.from({ length: 60 }, (_, i) => i + 1).join();
    const [one, two, three, red, a, b, full, empty] = await Promise.all([
      loop(),
      loop(),
      loop(),
      box.search({ subject: 'red' }),
      text(2),
      text(3),
      client.status('box', ['messages']),
      client.status('empty', ['messages']),
    ]);
    expect([one, two, three]).toEqual([all, all, all]);
    expect([String(red), a, b]).toEqual([every(2), 'red 1', 'green 2']);
    expect([full, empty]).toEqual([{ messages: 60 }, { messages: 0 }]);
    await client.quit();
  });

  it('a move beside searches moves what was found', async () => {
    const client = await filled(order, disable);
    const box = await client.open('box');
    await client.create('reds');
    const move = box.search({ subject: 'red' }).then((found) => box.move(found, 'reds'));
    const others = await Promise.all(['blue', 'green'].map((subject) => box.search({ subject })));
    await move;
    expect(others.map(String)).toEqual([every(1), every(3)]);
    expect(await client.status('reds', ['messages'])).toEqual({ messages: 20 });
    expect(String(await box.search({ subject: 'red' }))).toBe('');
    await client.quit();
  });

  it('search while watch runs; watch misses nothing', async () => {
    const client = await filled(order, disable);
    const box = await client.open('box');
    const news: MailboxEvent[] = [];
    const leave = new AbortController();
    const watching = (async () => {
      for await (const event of client.watch('box', { signal: leave.signal, from: 61 })) {
        news.push(event);
        if (countOfNew(news) === 30) return;
      }
    })();
    const other = await (at as MailServer).connect();
    for (let i = 0; i < 30; i++) {
      const [found, all] = await Promise.all([
        box.search({ subject: subjects[i % 3] as string, uid: '1:60' }),
        box.search({ uid: '1:60' }),
        other.append('box', message('new')),
      ]);
      expect([String(found), String(all)]).toEqual([every(1 + (i % 3)), '1:60']);
    }
    await watching;
    expect(news.every(({ type }) => type === 'new')).toBe(true);
    expect(countOfNew(news)).toBe(30);
    await other.quit();
    await client.quit();
  });
});

const countOfNew = (news: MailboxEvent[]): number =>
  news.reduce((sum, event) => sum + (event.type === 'new' ? event.uids.size : 0), 0);

describe('Dovecot', () => {
  const head = `
S: * OK [CAPABILITY IMAP4rev1 ESEARCH] ready
C: A1 SELECT "INBOX"
S: * 6 EXISTS
S: A1 OK done
`;

  it('sends the data of three searches, then three OKs', async () => {
    const { client, done } = await scriptedClient(`
${head}
C: A2 UID SEARCH RETURN (ALL) SUBJECT "red"
C: A3 UID SEARCH RETURN (ALL) SUBJECT "blue"
C: A4 UID SEARCH RETURN (ALL) SUBJECT "none"
S: * ESEARCH (TAG "A2") UID ALL 4,6
S: * ESEARCH (TAG "A3") UID ALL 3,5
S: * ESEARCH (TAG "A4") UID
S: A2 OK done
S: A3 OK done
S: A4 OK done
`);
    const box = await client.open('INBOX');
    const found = await Promise.all(
      ['red', 'blue', 'none'].map((subject) => box.search({ subject })),
    );
    expect(found.map(String)).toEqual(['4,6', '3,5', '']);
    await done;
  });

  it('a server whose ESEARCH names no search is asked again, one search at a time', async () => {
    const { client, done } = await scriptedClient(`
${head}
C: A2 UID SEARCH RETURN (ALL) SUBJECT "red"
C: A3 UID SEARCH RETURN (ALL) SUBJECT "blue"
S: * ESEARCH UID ALL 4,6
S: * SEARCH 3 5
S: A2 OK done
S: A3 OK done
C: A4 UID SEARCH SUBJECT "red"
S: * SEARCH 4 6
S: A4 OK done
C: A5 UID SEARCH SUBJECT "blue"
S: * SEARCH 3 5
S: A5 OK done
C: A6 UID SEARCH SUBJECT "none"
S: * SEARCH
S: A6 OK done
`);
    const box = await client.open('INBOX');
    const found = await Promise.all(['red', 'blue'].map((subject) => box.search({ subject })));
    expect(found.map(String)).toEqual(['4,6', '3,5']);
    expect((await box.search({ subject: 'none' })).size).toBe(0);
    await done;
  });

  it('Strato finds nothing among all messages by ESEARCH: asked again in the old form', async () => {
    const { client, done } = await scriptedClient(`
${head}
C: A2 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "A2") UID
S: A2 OK done
C: A3 UID SEARCH ALL
S: * SEARCH 1 2 3 4 5 6
S: A3 OK done
`);
    const box = await client.open('INBOX');
    expect(String(await box.search())).toBe('1:6');
    await done;
  });
});

describe('who shares the wire', () => {
  const uids = (set: string): UidSet => UidSet.from(set);
  it.each<[string, WireUse | undefined, WireUse | undefined, boolean]>([
    ['searches whose answers name them', { as: 'esearch' }, { as: 'esearch' }, true],
    ['searches whose answers name no search', { as: 'search' }, { as: 'search' }, false],
    ['one of each', { as: 'esearch' }, { as: 'search' }, false],
    ['SEARCH and SORT', { as: 'search' }, { as: 'sort' }, false],
    ['SEARCH and FETCH', { as: 'search' }, { as: 'fetch', uids: uids('1') }, true],
    [
      'other messages',
      { as: 'fetch', uids: uids('1:3,7') },
      { as: 'fetch', uids: uids('4:6,8') },
      true,
    ],
    [
      'the same message',
      { as: 'fetch', uids: uids('1:3') },
      { as: 'fetch', uids: uids('3') },
      false,
    ],
    ['* may be any', { as: 'fetch', uids: uids('*') }, { as: 'fetch', uids: uids('3') }, false],
    ['messages unknown', { as: 'fetch' }, { as: 'fetch', uids: uids('3') }, false],
    ['other mailboxes', { as: 'status', mailbox: 'a' }, { as: 'status', mailbox: 'b' }, true],
    ['the same mailbox', { as: 'status', mailbox: 'a' }, { as: 'status', mailbox: 'a' }, false],
    ['LIST with STATUS', { as: 'list' }, { as: 'status', mailbox: 'a' }, false],
    ['APPENDs', { as: 'append' }, { as: 'append' }, true],
    ['APPEND and FETCH', { as: 'append' }, { as: 'fetch', uids: uids('1') }, false],
    [
      'STOREs of other messages',
      { as: 'store', uids: uids('1') },
      { as: 'store', uids: uids('2') },
      true,
    ],
    [
      'STOREs of the same',
      { as: 'store', uids: uids('1') },
      { as: 'store', uids: uids('1') },
      false,
    ],
    ['STORE and FETCH', { as: 'store', uids: uids('1') }, { as: 'fetch', uids: uids('2') }, false],
    ['what has no use of the wire', undefined, { as: 'noop' }, false],
  ])('%s', (_name, one, other, together) => {
    expect(mayShareWire(one, other)).toBe(together);
    expect(mayShareWire(other, one)).toBe(together);
  });
});

it('a fetch goes on while a server keeps its OKs back, as far as rows have come (Dovecot)', async () => {
  const [stream, server] = streamPair();
  const most = 9_000;
  let asked = 0;
  let unanswered: string[] = [];
  let longest = 0;
  server.write('* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n');
  server.on('data', (octets: Buffer) => {
    for (const line of octets.toString('latin1').split('\r\n').slice(0, -1)) {
      const [tag = '', ...words] = line.split(' ');
      const command = words.join(' ');
      const [, from = 0, to = 0] = (/^UID FETCH (\d+):(\d+)/.exec(command) ?? []).map(Number);
      if (command.startsWith('SELECT')) server.write(`* ${most} EXISTS\r\n${tag} OK done\r\n`);
      else if (command.startsWith('UID SEARCH'))
        server.write(
          `* SEARCH ${Array.from({ length: most }, (_, i) => i + 1).join(' ')}\r\n${tag} OK\r\n`,
        );
      else {
        const rows = Array.from({ length: to - from + 1 }, (_, i) => from + i);
        asked = to;
        longest = Math.max(longest, unanswered.push(tag));
        server.write(rows.map((uid) => `* ${uid} FETCH (UID ${uid} RFC822.SIZE 9)\r\n`).join(''));
        // The data of all that is pipelined first, and the OKs when nothing more may come.
        if (unanswered.length < 16 && asked < most) continue;
        server.write(unanswered.map((one) => `${one} OK done\r\n`).join(''));
        unanswered = [];
      }
    }
  });
  const client = await ImapClient.connect({ ...inClear, stream, id: false });
  const box = await client.open('INBOX');
  let rows = 0;
  for await (const { uid } of box.fetch('1:*', { size: true })) expect(uid).toBe(++rows);
  expect([rows, unanswered]).toEqual([most, []]);
  expect(longest).toBeGreaterThan(4);
  client.close();
});

it('behind an abort no row is given in place of those that were dropped', async () => {
  const [stream, server] = streamPair();
  let tag = '';
  server.write('* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n');
  server.on('data', (octets: Buffer) => {
    const [name = '', verb] = octets.toString('latin1').split(' ');
    if (verb === 'SELECT') server.write(`* 4 EXISTS\r\n${name} OK done\r\n`);
    else if (verb === 'UID') {
      tag = name;
      server.write([1, 2, 3].map((n) => `* ${n} FETCH (UID ${n} RFC822.SIZE ${n})\r\n`).join(''));
    } else server.write(`${name} OK done\r\n`);
  });
  const client = await ImapClient.connect({ ...inClear, stream, id: false });
  const box = await client.open('INBOX');
  const controller = new AbortController();
  const uids: number[] = [];
  const loop = async () => {
    for await (const { uid } of box.fetch('1:4', { size: true }, { signal: controller.signal })) {
      uids.push(uid);
      controller.abort();
      server.write(`* 4 FETCH (UID 4 RFC822.SIZE 4)\r\n${tag} OK done\r\n`);
      await client.noop();
    }
  };
  await expect(loop()).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
  expect(uids).toEqual([1]);
  client.close();
});
