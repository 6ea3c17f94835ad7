/** fetchNew: what comes, what is remembered, what may be marked as deleted, and when. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type FetchNewOptions,
  fetchNew,
  fileUidStore,
  LocalError,
  Pop3Client,
  type UidStore,
} from '../src/index.js';
import { failure, loggedIn, play } from './dialogue.js';

const caps = ['USER', 'PIPELINING', 'UIDL', 'TOP'];
const retr = (n: number, body = `m${n}`) => `S: +OK\nS: ${body}\nS: .`;
const uidl = (...rows: string[]) =>
  `C: UIDL\nS: +OK\n${rows.map((row) => `S: ${row}`).join('\n')}\nS: .`;

const list = 'C: LIST\nS: +OK\nS: .';

async function fetched(pop: Pop3Client, store: UidStore, options: FetchNewOptions = {}) {
  const seen: unknown[] = [];
  for await (const item of fetchNew(pop, store, options)) {
    if (!item.ok) {
      seen.push([item.number, 'code' in item.error ? item.error.code : 'problem']);
      continue;
    }
    seen.push([item.number, item.uid, await text(item.message)]);
    await item.done();
  }
  return seen;
}

describe('what comes', () => {
  const rows = uidl('1 a', '2 b', '3', '4 c');

  it('is what the store does not have; a row that can not be read is told', async () => {
    const dialogue = loggedIn(
      `${rows}\n${list}\nC: RETR 2\nC: RETR 4\n${retr(2)}\n${retr(4)}\nC: QUIT\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const store = new Set(['a']);
      return [await fetched(pop, store), [...store], await pop.quit()];
    });
    expect(result).toEqual([
      [
        [3, 'problem'],
        [2, 'b', 'm2\r\n'],
        [4, 'c', 'm4\r\n'],
      ],
      ['a', 'b', 'c'],
      { committed: true },
    ]);
  });

  it('is the newest first, as many as asked', async () => {
    const dialogue = loggedIn(`${rows}\n${list}\nC: RETR 4\n${retr(4)}\nC: NOOP\nS: +OK`, caps);
    const result = await play(dialogue, async (pop) => {
      const all = await fetched(pop, new Set(), { order: 'newest', limit: 1 });
      await pop.noop();
      return all;
    });
    expect(result).toEqual([
      [3, 'problem'],
      [4, 'c', 'm4\r\n'],
    ]);
  });

  it('is the header of what is bigger than maxSize, and the rest where it is asked for', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a', '2 b', '3 c')}\nC: LIST\nS: +OK\nS: 1 4\nS: 2 9000\nS: 3 17\nS: .\nC: RETR 1\n${retr(1)}\nC: TOP 2 0\nS: +OK\nS: Subject: big\nS: \nS: .\nC: TOP 3 0\nS: +OK\nS: Subject: small\nS: \nS: .\nC: RETR 3\nS: +OK\nS: Subject: s\nS: \nS: b\nS: .\nC: DELE 3\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const seen: unknown[] = [];
      for await (const item of fetchNew(pop, new Set(), { maxSize: 10, keep: 'none' })) {
        if (!item.ok) throw new Error();
        seen.push([item.number, item.whole, item.octets, await text(item.message)]);
        if (item.number === 2) seen.push((await failure(item.done())).code);
        if (item.number !== 3) continue;
        seen.push(await text(item.retrieve()));
        await item.done();
      }
      return [seen, pop.marked];
    });
    expect(result).toEqual([
      [
        [1, true, 4, 'm1\r\n'],
        [2, false, 9000, 'Subject: big\r\n\r\n'],
        'ERR_STATE',
        [3, false, 17, 'Subject: small\r\n\r\n'],
        'Subject: s\r\n\r\nb\r\n',
      ],
      [3],
    ]);
  });
});

describe('odd listings', () => {
  it('out of order, with gaps, the same row twice: each message once', async () => {
    const dialogue = loggedIn(
      `${uidl('7 c', '2 a', '2 a', '4 b')}\n${list}\nC: RETR 2\nC: RETR 4\nC: RETR 7\n${retr(2)}\n${retr(4)}\n${retr(7)}\nC: NOOP\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const all = await fetched(pop, new Set());
      await pop.noop();
      return all;
    });
    expect(result).toEqual([
      [2, 'a', 'm2\r\n'],
      [4, 'b', 'm4\r\n'],
      [7, 'c', 'm7\r\n'],
    ]);
  });

  it('a number with two uids is told, and neither fetched nor marked', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a', '1 b', '1 c', '2 d')}\n${list}\nC: RETR 2\n${retr(2)}\nC: DELE 2\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const store = new Set(['a', 'b']);
      return [await fetched(pop, store, { remove: true }), [...store], pop.marked];
    });
    expect(result).toEqual([
      [
        [1, 'problem'],
        [1, 'problem'],
        [2, 'd', 'm2\r\n'],
      ],
      ['a', 'b', 'd'],
      [2],
    ]);
  });
});

describe('a message that LIST has and UIDL leaves out', () => {
  const sizes = 'C: LIST\nS: +OK\nS: 1 4\nS: 2 4\nS: 3 4\nS: .';
  const watched = (known: string[]) => {
    const listed: string[][] = [];
    const store = Object.assign(new Set(known), {
      listed: (uids: ReadonlySet<string>) => void listed.push([...uids]),
    });
    return { store, listed };
  };

  it.each<[string, string, string[]]>([
    ['one of three', uidl('1 a', '3 c'), ['a', 'c']],
    ['all of them', uidl(), []],
  ])('is asked for by itself, and comes: %s', async (_what, rows, known) => {
    const alone = [1, 2, 3]
      .filter((number) => !rows.includes(`${number} `))
      .map((number) => `C: UIDL ${number}\nS: +OK ${number} ${'abc'[number - 1]}`);
    const dialogue = loggedIn(
      `${rows}\n${sizes}\n${alone.join('\n')}\n${
        known.length > 0
          ? `C: RETR 2\n${retr(2)}`
          : `C: RETR 1\nC: RETR 2\nC: RETR 3\n${retr(1)}\n${retr(2)}\n${retr(3)}`
      }`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const { store, listed } = watched(known);
      const seen = await fetched(pop, store);
      return [
        seen.map((one) => (one as [number])[0]),
        [...store].sort(),
        listed.map((one) => one.sort()),
      ];
    });
    expect(result).toEqual([
      known.length > 0 ? [2] : [1, 2, 3],
      ['a', 'b', 'c'],
      [['a', 'b', 'c']],
    ]);
  });

  it.each<[string, string, unknown]>([
    ['is refused', '-ERR no', 'ERR_COMMAND_REJECTED'],
    ['answered without one', '+OK', 'problem'],
    ['answered for another message', '+OK 3 c', 'problem'],
  ])('is told where its uid %s, and nobody is told that it is gone', async (_what, reply, told) => {
    const dialogue = loggedIn(
      `${uidl('1 a', '3 c')}\n${sizes}\nC: UIDL 2\nS: ${reply}\nC: NOOP\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const { store, listed } = watched(['a', 'b', 'c']);
      const seen = await fetched(pop, store);
      await pop.noop();
      return [seen, listed];
    });
    expect(result).toEqual([[[2, told]], []]);
  });

  it('is not what this session has marked: LIST leaves it out too', async () => {
    const dialogue = loggedIn(
      `C: DELE 2\nS: +OK\n${uidl('1 a', '3 c')}\nC: LIST\nS: +OK\nS: 1 4\nS: 3 4\nS: .`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      await pop.delete(2);
      return fetched(pop, new Set(['a', 'c']));
    });
    expect(result).toEqual([]);
  });
});

describe('what is marked as deleted', () => {
  it('is what is done, remembered first', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a', '2 b')}\n${list}\nC: RETR 1\nC: RETR 2\n${retr(1)}\nC: DELE 1\n${retr(2)}\nS: +OK\nC: DELE 2\nS: -ERR no`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const store = new Set<string>();
      const { code } = await failure(fetched(pop, store, { remove: true }));
      return [code, [...store], pop.marked];
    });
    expect(result).toEqual(['ERR_COMMAND_REJECTED', ['a', 'b'], [1]]);
  });

  it('is never a message of the same uid that was not fetched: each of them comes', async () => {
    const dialogue = loggedIn(
      `${uidl('1 x', '2 x', '3 x')}\n${list}\nC: RETR 1\nC: RETR 2\nC: RETR 3\n${retr(1)}\nC: DELE 1\n${retr(2)}\nS: -ERR gone\nS: +OK\nC: DELE 2\nS: +OK\nC: QUIT\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const store = new Set<string>();
      return [await fetched(pop, store, { remove: true }), [...store], await pop.quit()];
    });
    expect(result).toEqual([
      [
        [1, 'x', 'm1\r\n'],
        [2, 'x', 'm2\r\n'],
        [3, 'ERR_COMMAND_REJECTED'],
      ],
      [],
      { committed: true },
    ]);
  });

  it('is not what was passed over: done() wants the message read', async () => {
    const dialogue = loggedIn(
      `${uidl('1 x')}\n${list}\nC: RETR 1\n${retr(1)}\nC: NOOP\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const store = new Set<string>();
      const codes: unknown[] = [];
      for await (const item of fetchNew(pop, store, { remove: true })) {
        if (item.ok) codes.push((await failure(item.done())).code);
      }
      await pop.noop();
      return [codes, store.size, pop.marked];
    });
    expect(result).toEqual([['ERR_STATE'], 0, []]);
  });

  it.each([
    ['LIST has it no more', 'S: -ERR no such message'],
    ['LIST has it still', 'S: +OK 1 4\nC: DELE 1\nS: +OK'],
  ])(
    'is one whose DELE went out before a later message had another length, where %s',
    async (_, after) => {
      const dialogue = loggedIn(
        `${uidl('1 x', '2 y')}\nC: LIST\nS: +OK\nS: 1 4\nS: 2 400\nS: .\nC: RETR 1\nC: RETR 2\n${retr(1)}\nC: DELE 1\n${retr(2)}\nS: +OK\nC: STAT\nS: +OK 2 8\nC: LIST 1\n${after}\nC: DELE 2\nS: +OK\nC: QUIT\nS: +OK`,
        caps,
      );
      const result = await play(dialogue, async (pop) => {
        const store = new Set<string>();
        const all = await fetched(pop, store, { remove: true });
        return [all, [...store], pop.marked, await pop.quit()];
      });
      expect(result).toEqual([
        [
          [1, 'x', 'm1\r\n'],
          [2, 'y', 'm2\r\n'],
        ],
        ['x', 'y'],
        [1, 2],
        { committed: true },
      ]);
    },
  );

  it('is none where all that could show that nothing is left, is refused: that was said to something else', async () => {
    const dialogue = loggedIn(
      `${uidl('1 x')}\nC: LIST\nS: +OK\nS: 1 400\nS: .\nC: RETR 1\n${retr(1)}\nC: STAT\nS: -ERR no such message\nC: LIST 1\nS: -ERR no such message`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const store = new Set<string>();
      const { code, connection } = await failure(fetched(pop, store, { remove: true }));
      return [code, connection, [...store], pop.marked];
    });
    expect(result).toEqual(['ERR_MALFORMED_RESPONSE', 'closed', [], []]);
  });

  it('is a message of another length than LIST said, once nothing is left of it', async () => {
    const dialogue = loggedIn(
      `${uidl('1 x', '2 y')}\nC: LIST\nS: +OK\nS: 1 400\nS: 2 4\nS: .\nC: RETR 1\nC: RETR 2\n${retr(1)}\n${retr(2)}\nC: STAT\nS: +OK 2 8\nC: DELE 1\nS: +OK\nC: RETR 2\n${retr(2)}\nC: DELE 2\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const store = new Set<string>();
      return [await fetched(pop, store, { remove: true }), [...store], pop.marked];
    });
    expect(result).toEqual([
      [
        [1, 'x', 'm1\r\n'],
        [2, 'y', 'm2\r\n'],
      ],
      ['x', 'y'],
      [1, 2],
    ]);
  });

  it.each([
    ['in a pipeline', 'PIPELINING\r\n', '2 b\r\n', false],
    ['without PIPELINING', '', '2 b\r\n', false],
    ['without PIPELINING, the rest coming later', '', '2 b\r\n', true],
    ['one message alone, the rest coming later', 'PIPELINING\r\n', '', true],
  ])(
    'is not a message that was cut, whose rest lies where the next reply should (GreenMail, Mailpit): %s',
    async (_, pipelining, second, late) => {
      const server = createServer({ noDelay: true }, (socket) => {
        socket.on('error', () => {});
        socket.write('+OK\r\n');
        const replies: Record<string, string> = {
          CAPA: `+OK\r\n${pipelining}.\r\n`,
          UIDL: `+OK\r\n1 a\r\n${second}.\r\n`,
          LIST: '+OK\r\n1 40\r\n2 3\r\n.\r\n',
          'RETR 1': '+OK\r\nhello\r\n.\r\n',
        };
        const rest = '+OK\r\nforged\r\n.\r\n';
        let held = false;
        socket.on('data', (chunk) => {
          for (const line of chunk.toString().trim().split('\r\n')) {
            // What comes later lies before the reply to the next command.
            const before = held ? rest : '';
            held = line === 'RETR 1' && late;
            const behind = line === 'RETR 1' && !late ? rest : '';
            socket.write(`${before}${replies[line] ?? '+OK\r\nb\r\n.\r\n'}${behind}`);
          }
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const pop = await Pop3Client.connect({ host: '127.0.0.1', port, security: 'cleartext' });
      try {
        const store = new Set<string>();
        const error = await failure(fetched(pop, store, { remove: true }));
        expect([error.code, store.size, pop.marked]).toEqual(['ERR_MALFORMED_RESPONSE', 0, []]);
      } finally {
        pop.close();
        server.close();
      }
    },
  );

  it('is what an earlier session has done and not committed, without fetching it again', async () => {
    const first = loggedIn(
      `${uidl('1 a', '2 b')}\n${list}\nC: RETR 1\nC: RETR 2\n${retr(1)}\nC: DELE 1\nCLOSE`,
      caps,
    );
    const second = loggedIn(
      `${uidl('1 a', '2 b')}\n${list}\nC: DELE 1\nS: +OK\nC: RETR 2\n${retr(2)}\nC: DELE 2\nS: +OK\nC: QUIT\nS: +OK`,
      caps,
    );
    const stores = await Promise.all([1, 2, 3].map(async () => new Set<string>()));
    for (const store of stores.slice(0, 1)) {
      await play(first, async (pop) => {
        store.clear();
        return (await failure(fetched(pop, store, { remove: true }))).connection;
      });
    }
    const result = await play(second, async (pop) => {
      const store = new Set(stores[0]);
      const all = await fetched(pop, store, { remove: true });
      return [[...(stores[0] as Set<string>)], all, await pop.quit(), [...store]];
    });
    expect(result).toEqual([['a'], [[2, 'b', 'm2\r\n']], { committed: true }, []]);
  });

  it.each(['S: -ERR some were not removed', 'CLOSE'])(
    'is still to be marked where QUIT did not say that it is gone (%s)',
    async (end) => {
      const dialogue = loggedIn(
        `${uidl('1 a')}\n${list}\nC: RETR 1\n${retr(1)}\nC: DELE 1\nS: +OK\nC: QUIT\n${end}`,
        caps,
      );
      const result = await play(dialogue, async (pop) => {
        const store = new Set<string>();
        await fetched(pop, store, { remove: true });
        return [(await pop.quit()).committed, [...store]];
      });
      expect(result).toEqual([end === 'CLOSE' ? 'unknown' : false, ['a']]);
    },
  );

  it('is gone where QUIT says so, also where the store can not write that down', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a')}\n${list}\nC: RETR 1\n${retr(1)}\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const known = new Set<string>();
      const store: UidStore = {
        has: (uid) => known.has(uid),
        add: (uid) => known.add(uid),
        delete() {
          throw new LocalError('ERR_LOCAL_IO', 'the disk is full', { hint: '' });
        },
      };
      await fetched(pop, store, { remove: true });
      const { committed, error } = await pop.quit();
      return [committed, error?.code];
    });
    expect(result).toEqual([true, 'ERR_LOCAL_IO']);
  });

  it('a refusal to mark again is told by its item', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a', '2 b')}\n${list}\nC: DELE 1\nC: DELE 2\nS: -ERR locked\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => [
      await fetched(pop, new Set(['a', 'b']), { keep: 'none' }),
      pop.marked,
    ]);
    expect(result).toEqual([[[1, 'ERR_COMMAND_REJECTED']], [2]]);
  });

  it('days: what was retrieved so many days ago', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a', '2 b', '3 c')}\n${list}\nC: DELE 1\nS: +OK\nC: RETR 3\n${retr(3)}`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
      const known = new Map([
        ['a', ago(14.5)],
        ['b', ago(13.5)],
      ]);
      const store: UidStore = {
        has: (uid) => known.has(uid),
        add: (uid) => known.set(uid, new Date()),
        since: (uid) => known.get(uid),
      };
      const all = await fetched(pop, store, { keep: 'days:14' });
      return [all, pop.marked];
    });
    expect(result).toEqual([[[3, 'c', 'm3\r\n']], [1]]);
  });

  it('wrong rules are refused before anything is sent', async () => {
    await play(loggedIn('C: NOOP\nS: +OK'), async (pop) => {
      for (const options of [
        { keep: 'some' },
        { keep: 'days:-1' },
        { keep: 'days:3' },
        { keep: 'all', remove: true },
        { maxSize: -1 },
      ]) {
        expect(() => fetchNew(pop, new Set<string>(), options as FetchNewOptions)).toThrow(
          expect.objectContaining({ code: 'ERR_ARGUMENT' }),
        );
      }
      await pop.noop();
    });
  });
});

describe('a uid that is known, on a message that is new', () => {
  const sizes = (...rows: string[]) =>
    `C: LIST\nS: +OK\n${rows.map((row) => `S: ${row}`).join('\n')}\nS: .`;
  /** A store that remembers sizes, and when. */
  const remembering = (known: Record<string, number | undefined>, daysAgo = 0) => {
    const at = (days: number) => new Date(Date.now() - days * 86_400_000);
    const entries = new Map(
      Object.entries(known).map(([uid, octets]) => [uid, { octets, since: at(daysAgo) }]),
    );
    const store: UidStore = {
      has: (uid) => entries.has(uid),
      add: (uid, octets) =>
        entries.set(uid, { octets, since: entries.get(uid)?.since ?? new Date() }),
      delete: (uid) => entries.delete(uid),
      since: (uid) => entries.get(uid)?.since,
      octets: (uid) => entries.get(uid)?.octets,
    };
    return { store, entries };
  };
  const known = (entries: Map<string, { octets: number | undefined }>) =>
    [...entries].map(([uid, { octets }]) => [uid, octets]);

  it('beside the old one: all of them come, once, with and without a store of sizes', async () => {
    const rows = uidl('1 a', '2 a');
    const first = loggedIn(
      `${rows}\n${list}\nC: RETR 1\nC: RETR 2\n${retr(1)}\n${retr(2)}\n${rows}\n${list}\nC: NOOP\nS: +OK`,
      caps,
    );
    const result = await play(first, async (pop) => {
      const store = new Set(['a']);
      const both = await fetched(pop, store);
      const none = await fetched(pop, store);
      await pop.noop();
      return [both, none, [...store]];
    });
    expect(result).toEqual([
      [
        [1, 'a', 'm1\r\n'],
        [2, 'a', 'm2\r\n'],
      ],
      [],
      ['a', 'a 2'],
    ]);
  });

  it.each(['all', 'none', 'days:14'] as const)(
    'in its place, of another size: it is fetched (keep: %s)',
    async (keep) => {
      const dialogue = loggedIn(
        `${uidl('1 a', '2 b')}\n${sizes('1 4', '2 4')}\n${keep === 'none' ? 'C: DELE 2\nS: +OK\n' : ''}C: RETR 1\n${retr(1)}\n${keep === 'none' ? 'C: DELE 1\nS: +OK\n' : ''}C: NOOP\nS: +OK`,
        caps,
      );
      const result = await play(dialogue, async (pop) => {
        const { store, entries } = remembering({ a: 400, b: 4 }, 10);
        const all = await fetched(pop, store, { keep });
        await pop.noop();
        const isNew = Date.now() - (entries.get('a')?.since.getTime() ?? 0) < 3_600_000;
        return [all, known(entries), isNew, pop.marked];
      });
      expect(result).toEqual([
        [[1, 'a', 'm1\r\n']],
        [
          ['b', 4],
          ['a', 4],
        ],
        true,
        keep === 'none' ? [2, 1] : [],
      ]);
    },
  );

  it('of the size that the old one had: it can not be told, and is known', async () => {
    const dialogue = loggedIn(`${uidl('1 a')}\n${sizes('1 4')}\nC: NOOP\nS: +OK`, caps);
    const result = await play(dialogue, async (pop) => {
      const all = await fetched(pop, remembering({ a: 4 }).store);
      await pop.noop();
      return all;
    });
    expect(result).toEqual([]);
  });

  it('a server that counts wrongly is not believed in later runs: no message comes twice', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a')}\n${sizes('1 400')}\nC: RETR 1\n${retr(1)}\nC: STAT\nS: +OK 2 8\n${uidl('1 a')}\n${sizes('1 500')}\nC: NOOP\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const { store, entries } = remembering({});
      const all = [await fetched(pop, store), await fetched(pop, store)];
      await pop.noop();
      return [all, known(entries)];
    });
    expect(result).toEqual([[[[1, 'a', 'm1\r\n']], []], [['a', undefined]]]);
  });

  it('several that may go come again, and only then go', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a', '2 a')}\n${sizes('1 4', '2 4')}\nC: RETR 1\nC: RETR 2\n${retr(1)}\nC: DELE 1\n${retr(2)}\nS: +OK\nC: DELE 2\nS: +OK\nC: QUIT\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const { store, entries } = remembering({ a: undefined, 'a 2': undefined }, 20);
      const all = await fetched(pop, store, { keep: 'days:14' });
      return [all, await pop.quit(), known(entries)];
    });
    expect(result).toEqual([
      [
        [1, 'a', 'm1\r\n'],
        [2, 'a', 'm2\r\n'],
      ],
      { committed: true },
      [],
    ]);
  });

  it('a limit parts no messages of one uid, which would come again and again', async () => {
    const dialogue = loggedIn(
      `${uidl('1 a', '2 b', '3 a')}\n${list}\nC: RETR 1\nC: RETR 3\n${retr(1)}\n${retr(3)}\nC: NOOP\nS: +OK`,
      caps,
    );
    const result = await play(dialogue, async (pop) => {
      const store = new Set<string>();
      const all = await fetched(pop, store, { limit: 1 });
      await pop.noop();
      return [all, [...store]];
    });
    expect(result).toEqual([
      [
        [1, 'a', 'm1\r\n'],
        [3, 'a', 'm3\r\n'],
      ],
      ['a', 'a 2'],
    ]);
  });
});

describe('fileUidStore', () => {
  let directory: string;
  let path: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fivewire-uids-'));
    path = join(directory, 'seen.jsonl');
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('remembers over runs, with or without a goodbye', async () => {
    const before = Date.now();
    const first = await fileUidStore(path);
    await Promise.all([first.add('a'), first.add('b', 17), first.add('ü"\n')]);
    await first.delete('a');
    const second = await fileUidStore(path);
    expect([second.has('a'), second.has('b'), second.has('ü"\n'), second.size]).toEqual([
      false,
      true,
      true,
      2,
    ]);
    expect([second.octets('b'), second.octets('ü"\n')]).toEqual([17, undefined]);
    const since = ((await second.since('b')) as Date).getTime();
    expect([since >= before, since <= Date.now()]).toEqual([true, true]);
    await first.close();
    await second.close();
  });

  it('leaves out a last line that a crash has cut, and refuses a file that is none of its own', async () => {
    const whole = '{"uid":"a","since":"2026-01-01T00:00:00.000Z"}\n';
    for (let cut = 1; cut <= whole.length; cut++) {
      await writeFile(path, whole + whole.replace('a', 'b').slice(0, -cut));
      const store = await fileUidStore(path);
      expect([store.has('a'), store.has('b')]).toEqual([true, false]);
      await store.close();
    }
    await writeFile(path, 'From: alice\n');
    expect(await failure(fileUidStore(path))).toMatchObject({ code: 'ERR_LOCAL_IO', path });
    expect(await readFile(path, 'utf8')).toBe('From: alice\n');
  });

  it('forgets what the server has not listed for long, not what it hides for a while', async () => {
    await writeFile(path, '{"uid":"old","since":"2020-01-01T00:00:00.000Z"}\n');
    const store = await fileUidStore(path);
    await store.add('hidden');
    await store.listed(new Set(['other']));
    expect([store.has('old'), store.has('hidden')]).toEqual([false, true]);
    await store.close();
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(2);
  });
});
