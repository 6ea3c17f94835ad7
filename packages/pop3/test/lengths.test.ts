/** Messages that are longer or shorter than LIST said: told, and nothing asked for meanwhile is taken for another. */
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { fetchNew, Pop3Client } from '../src/index.js';
import { failure, loggedIn, play } from './dialogue.js';

const list = (...sizes: number[]) =>
  `C: LIST\nS: +OK\n${sizes.map((size, i) => `S: ${i + 1} ${size}`).join('\n')}\nS: .`;

async function read(pop: Pop3Client, numbers: number[]) {
  await pop.list().toArray();
  const seen: unknown[] = [];
  for await (const item of pop.retrieveAll(numbers)) {
    if (!item.ok) throw item.error;
    seen.push([item.number, await text(item.message), item.problem]);
  }
  return seen;
}

it('as long as promised: no word about it', async () => {
  const dialogue = loggedIn(
    `${list(3, 3)}\nC: RETR 1\nC: RETR 2\nS: +OK\nS: a\nS: .\nS: +OK\nS: ..\nS: .`,
  );
  expect(await play(dialogue, (pop) => read(pop, [1, 2]))).toEqual([
    [1, 'a\r\n', undefined],
    [2, '.\r\n', undefined],
  ]);
});

it('wrong sizes (Exchange, qmail-pop3d): all come right, one at a time from then on', async () => {
  const dialogue = loggedIn(
    `${list(2, 9, 3)}\nC: RETR 1\nC: RETR 2\nC: RETR 3\nS: +OK\nS: a\nS: .\nS: +OK\nS: b\nS: .\nS: -ERR c\nC: STAT\nS: +OK 3 9\nC: RETR 2\nS: +OK\nS: b\nS: .\nC: STAT\nS: +OK 3 9\nC: RETR 3\nS: -ERR c`,
  );
  const result = await play(dialogue, async (pop) => {
    await pop.list().toArray();
    const seen: unknown[] = [];
    for await (const item of pop.retrieveAll([1, 2, 3])) {
      seen.push(item.ok ? [await text(item.message), item.problem] : item.error.message);
    }
    return seen;
  });
  expect(result).toEqual([
    ['a\r\n', 'message 1 has 3 octets, and LIST said 2'],
    ['b\r\n', 'message 2 has 3 octets, and LIST said 9'],
    'The server refused RETR 3: c',
  ]);
});

it('a wrong size in the middle of what came at once: told, and what is behind it asked for again', async () => {
  const body = (text: string) => `S: +OK\nS: ${text}\nS: .`;
  const dialogue = loggedIn(
    `${list(3, 9, 3)}\nC: RETR 1\nC: RETR 2\nC: RETR 3\n${['a', 'b', 'c'].map(body).join('\n')}\nC: STAT\nS: +OK 3 9\nC: RETR 3\n${body('c')}`,
  );
  expect(await play(dialogue, (pop) => read(pop, [1, 2, 3]))).toEqual([
    [1, 'a\r\n', undefined],
    [2, 'b\r\n', 'message 2 has 3 octets, and LIST said 9'],
    [3, 'c\r\n', undefined],
  ]);
});

describe('a message that takes in the next one, or gives octets to it', () => {
  it('a final dot glued to the last line (Exchange 2000) merges nothing silently', async () => {
    const dialogue = loggedIn(
      `${list(1, 3, 3)}\nC: RETR 1\nC: RETR 2\nC: RETR 3\nS: +OK\nS: x.\nS: +OK\nS: b\nS: .\nS: +OK\nS: c\nS: .`,
    );
    const result = await play(
      dialogue,
      async (pop) => {
        await pop.list().toArray();
        const seen: unknown[] = [];
        const loop = async () => {
          for await (const item of pop.retrieveAll([1, 2, 3])) {
            if (item.ok) seen.push([item.number, await text(item.message), item.problem]);
          }
        };
        return [(await failure(loop())).connection, ...seen];
      },
      { timeouts: { stall: 300, reply: 300 } },
    );
    expect(result).toEqual([
      'closed',
      [1, 'x.\r\n+OK\r\nb\r\n', 'message 1 has 12 octets, and LIST said 1'],
    ]);
  });

  it('a server that stuffs no dots (GreenMail, Mailpit): what was in a message is no other', async () => {
    const hello = '+OK\r\nhello\r\n.\r\n+OK\r\nforged\r\n.\r\n';
    const replies: Record<string, string> = {
      CAPA: '+OK\r\nPIPELINING\r\n.\r\n',
      LIST: '+OK\r\n1 40\r\n2 3\r\n3 3\r\n.\r\n',
      'RETR 1': hello,
    };
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => {});
      socket.write('+OK\r\n');
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().trim().split('\r\n'))
          socket.write(replies[line] ?? '+OK\r\nb\r\n.\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const pop = await Pop3Client.connect({ host: '127.0.0.1', port, security: 'cleartext' });
    try {
      await pop.list().toArray();
      const seen: unknown[] = [];
      const loop = async () => {
        for await (const item of pop.retrieveAll([1, 2, 3])) {
          if (item.ok) seen.push([item.number, await text(item.message), item.problem]);
        }
      };
      expect((await failure(loop())).code).toBe('ERR_MALFORMED_RESPONSE');
      expect(seen).toEqual([[1, 'hello\r\n', 'message 1 has 7 octets, and LIST said 40']]);
    } finally {
      pop.close();
      server.close();
    }
  });

  it('a call of its own behind it is told to ask again', async () => {
    const dialogue = loggedIn(
      `${list(2, 3)}\nC: RETR 1\nC: RETR 2\nS: +OK\nS: a\nS: .\nS: +OK\nS: b\nS: .\nC: STAT\nS: +OK 3 9\nC: RETR 2\nS: +OK\nS: b\nS: .`,
    );
    const result = await play(dialogue, async (pop) => {
      await pop.list().toArray();
      const [one, two] = [pop.retrieve(1), pop.retrieve(2)];
      const both = await Promise.all([text(one), failure(text(two))]);
      return [both[0], one.problem, both[1].code, both[1].connection, await text(pop.retrieve(2))];
    });
    expect(result).toEqual([
      'a\r\n',
      'message 1 has 3 octets, and LIST said 2',
      'ERR_TRANSFER_INCOMPLETE',
      'usable',
      'b\r\n',
    ]);
  });

  it('so is any other call behind it, whatever it was answered', async () => {
    const dialogue = loggedIn(
      `${list(2)}\nC: RETR 1\nC: STAT\nC: UIDL\nC: DELE 1\nS: +OK\nS: a\nS: .\nS: +OK 9 9\nS: +OK\nS: 1 x\nS: .\nS: -ERR no\nC: STAT\nS: +OK 3 9\nC: STAT\nS: +OK 1 2`,
    );
    const result = await play(dialogue, async (pop) => {
      await pop.list().toArray();
      const all = await Promise.all([
        text(pop.retrieve(1)),
        failure(pop.stat()),
        failure(pop.uidl().toArray()),
        failure(pop.delete(1)),
      ]);
      const codes = all.map((each) => (typeof each === 'string' ? each : each.code));
      return [codes, pop.marked, await pop.stat()];
    });
    const again = 'ERR_TRANSFER_INCOMPLETE';
    expect(result).toEqual([['a\r\n', again, again, again], [1], { count: 1, octets: 2 }]);
  });

  it('QUIT behind it does not say that marks are committed', async () => {
    const dialogue = loggedIn(
      `${list(2)}\nC: DELE 2\nS: +OK\nC: RETR 1\nC: QUIT\nS: +OK\nS: a\nS: .\nS: +OK gone`,
    );
    const result = await play(dialogue, async (pop) => {
      await pop.list().toArray();
      await pop.delete(2);
      const [message, { committed }] = await Promise.all([text(pop.retrieve(1)), pop.quit()]);
      return [message, committed];
    });
    expect(result).toEqual(['a\r\n', 'unknown']);
  });
});

describe('after a message of another length a STAT comes before anything', () => {
  const wrong = (rest: string) =>
    loggedIn(`${list(9)}\nC: RETR 1\nS: +OK\nS: a\nS: .\nC: STAT\n${rest}`);
  const calls: Record<string, [string, (pop: Pop3Client) => Promise<unknown>, unknown]> = {
    stat: ['C: STAT\nS: +OK 1 9', (pop) => pop.stat(), { count: 1, octets: 9 }],
    uidl: [
      'C: UIDL\nS: +OK\nS: 1 x\nS: .',
      (pop) => pop.uidl().toArray(),
      [{ ok: true, number: 1, uid: 'x' }],
    ],
    list: [list(9), (pop) => pop.list().toArray(), [{ ok: true, number: 1, octets: 9 }]],
    delete: ['C: DELE 1\nS: +OK', (pop) => pop.delete(1), undefined],
    reset: ['C: RSET\nS: +OK', (pop) => pop.reset(), undefined],
    noop: ['C: NOOP\nS: +OK', (pop) => pop.noop(), undefined],
    top: ['C: TOP 1 0\nS: +OK\nS: a\nS: .', (pop) => text(pop.top(1, 0)), 'a\r\n'],
    command: ['C: XTND x\nS: +OK y', (pop) => pop.command('XTND', ['x']), { text: 'y' }],
    quit: ['C: QUIT\nS: +OK', (pop) => pop.quit(), { committed: true }],
  };
  const surprised = async (pop: Pop3Client) => {
    await pop.list().toArray();
    await text(pop.retrieve(1));
  };

  it.each(Object.entries(calls))('%s', async (_, [said, call, expected]) => {
    const result = await play(wrong(`S: +OK 1 9\n${said}`), async (pop) => {
      await surprised(pop);
      return call(pop);
    });
    expect(result).toEqual(expected);
  });

  const late = ['S: +OK', 'S: -ERR no such message\nC: LIST 1\nS: +OK 3 9'].flatMap((said) =>
    Object.entries(calls)
      .filter(([name]) => name !== 'quit')
      .map(([name, [, call]]) => [name, said, call] as const),
  );
  it.each(late)(
    '%s is not sent where another reply lies before that to STAT: %j',
    async (_, said, call) => {
      const result = await play(wrong(said), async (pop) => {
        await surprised(pop);
        const { code, connection } = await failure(call(pop));
        return [code, connection];
      });
      expect(result).toEqual(['ERR_MALFORMED_RESPONSE', 'closed']);
    },
  );

  it('quit sends no QUIT there, so nothing is committed', async () => {
    const dialogue = loggedIn(
      `${list(9, 9)}\nC: DELE 2\nS: +OK\nC: RETR 1\nS: +OK\nS: a\nS: .\nC: STAT\nS: -ERR no such message\nC: LIST 1\nS: +OK 2 9`,
    );
    const result = await play(dialogue, async (pop) => {
      await pop.list().toArray();
      await pop.delete(2);
      await text(pop.retrieve(1));
      const { committed, error } = await pop.quit();
      return [committed, error?.code];
    });
    expect(result).toEqual([false, 'ERR_MALFORMED_RESPONSE']);
  });
});

describe('wrong sizes of all messages (qmail-pop3d, Exchange)', () => {
  const body = (letter: string) => `S: +OK\nS: ${letter}\nS: .`;
  const fetched = async (pop: Pop3Client) => {
    const seen: unknown[] = [];
    for await (const item of fetchNew(pop, new Set(), { remove: true })) {
      if (!item.ok) throw item.error;
      seen.push(await text(item.message));
      await item.done();
    }
    return [...seen, (await pop.quit()).committed];
  };
  const mailbox = `C: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: .\n${list(9, 9)}\nC: RETR 1\n${body('a')}`;
  const caps = ['USER', 'UIDL'];
  /** By what shows that replies fit, of each message. */
  const ways: Record<string, [string, string]> = {
    'STAT shows that replies fit': ['C: STAT\nS: +OK 2 6', 'C: STAT\nS: +OK 1\t3 octets'],
    'so it does in words': ['C: STAT\nS: +OK 2 messages (6 octets)', 'C: STAT\nS: +OK 1 message'],
    'so it does with figures below zero': ['C: STAT\nS: +OK 2 -6', 'C: STAT\nS: +OK 0 0'],
    'LIST of the message does where STAT is refused, and from then on': [
      'C: STAT\nS: -ERR unknown command\nC: LIST 1\nS: +OK 1 9\nC: STAT\nS: -ERR unknown command',
      'C: LIST 2\nS: +OK 2 7',
    ],
  };

  it.each(Object.entries(ways))('%s', async (_, [first, then]) => {
    const dialogue = loggedIn(
      `${mailbox}\n${first}\nC: DELE 1\nS: +OK\nC: RETR 2\n${body('b')}\n${then}\nC: DELE 2\nS: +OK\nC: QUIT\nS: +OK`,
      caps,
    );
    expect(await play(dialogue, fetched)).toEqual(['a\r\n', 'b\r\n', true]);
  });

  it.each([
    '+OK',
    '+OK 1 octet',
    '-ERR what?\nC: LIST 1\nS: +OK 1 9\nC: STAT\nS: +OK 1 9',
    '-ERR what?\nC: LIST 1\nS: -ERR what?',
    '-ERR what?\nC: LIST 1\nS: +OK 2 6',
    '-ERR what?\nC: LIST 1\nS: +OK',
  ])('nothing is marked where STAT is answered %j', async (said) => {
    const dialogue = loggedIn(`${mailbox}\nC: STAT\nS: ${said}`, caps);
    const result = await play(dialogue, async (pop) => {
      const { code, connection } = await failure(fetched(pop));
      return [code, connection];
    });
    expect(result).toEqual(['ERR_MALFORMED_RESPONSE', 'closed']);
  });
});
