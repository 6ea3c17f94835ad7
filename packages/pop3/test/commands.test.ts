/** Each command as a dialogue, RFC 1939 §5 to §7. */
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { fetchNew } from '../src/index.js';
import { failure, loggedIn, play } from './dialogue.js';

describe('STAT', () => {
  it('gives count and octets', async () => {
    const dialogue = loggedIn('C: STAT\nS: +OK 2 320');
    expect(await play(dialogue, (pop) => pop.stat())).toEqual({ count: 2, octets: 320 });
  });

  it('takes octets that make no sense as unknown (MailKit#872)', async () => {
    const dialogue = loggedIn('C: STAT\nS: +OK 2 -1294967296 octets');
    expect(await play(dialogue, (pop) => pop.stat())).toEqual({ count: 2, octets: undefined });
  });

  it.each(['lots', '', '-5 3', '5,3', '99999999999999999999 1'])(
    'refuses an answer without a count (%j), and goes on',
    async (answer) => {
      const dialogue = loggedIn(`C: STAT\nS: +OK ${answer}\nC: NOOP\nS: +OK`);
      const result = await play(dialogue, async (pop) => {
        const { code, connection, command } = await failure(pop.stat());
        await pop.noop();
        return [code, connection, command];
      });
      expect(result).toEqual(['ERR_MALFORMED_RESPONSE', 'usable', 'STAT']);
    },
  );
});

describe('LIST and UIDL', () => {
  it('give rows, and what is wrong with one is told by that one', async () => {
    const dialogue = loggedIn(
      'C: LIST\nS: +OK\nS: 1 120\nS: 2  -5\nS: nonsense\nS:  3\t40 octets\nS: .',
    );
    expect(await play(dialogue, (pop) => pop.list().toArray())).toEqual([
      { ok: true, number: 1, octets: 120 },
      { ok: true, number: 2, octets: undefined },
      { ok: false, number: undefined, problem: expect.any(String), raw: 'nonsense' },
      { ok: true, number: 3, octets: 40 },
    ]);
  });

  it('take unique-ids as they are, and never invent one (CVE-2018-14356, CVE-2005-2335, CVE-2018-14362)', async () => {
    const long = 'x'.repeat(100); // Fastmail
    const dialogue = loggedIn(
      `C: UIDL\nS: +OK\nS: 1 whqtswO00WBw418f9t5JxYwZ\nS: 2   QhdPYR:00WBw1Ph7x7  \nS: 3 ${long}\nS: 4\nS: 5 \nS: 6 a b\nS: ..7 x\nS: .`,
    );
    const rows = await play(dialogue, (pop) => pop.uidl().toArray());
    expect(rows.slice(0, 3)).toEqual([
      { ok: true, number: 1, uid: 'whqtswO00WBw418f9t5JxYwZ' },
      { ok: true, number: 2, uid: 'QhdPYR:00WBw1Ph7x7' },
      { ok: true, number: 3, uid: long },
    ]);
    expect(rows.slice(3).map((row) => [row.ok, row.number])).toEqual([
      [false, 4],
      [false, 5],
      [false, 6],
      [false, undefined],
    ]);
  });

  it('are sent again for a second loop, and can be left early', async () => {
    const dialogue = loggedIn(
      'C: LIST\nS: +OK\nS: 1 1\nS: 2 2\nS: .\nC: LIST\nS: +OK\nS: 1 1\nS: .\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => {
      const rows = pop.list();
      const seen: (number | undefined)[] = [];
      for await (const row of rows) {
        seen.push(row.number);
        break;
      }
      for await (const row of rows) seen.push(row.number);
      await pop.noop();
      return seen;
    });
    expect(result).toEqual([1, 1]);
  });

  it('tell a refusal', async () => {
    const dialogue = loggedIn('C: UIDL\nS: -ERR what?\nC: NOOP\nS: +OK');
    const result = await play(dialogue, async (pop) => {
      const { code, connection, command } = await failure(pop.uidl().toArray());
      await pop.noop();
      return { code, connection, command };
    });
    expect(result).toEqual({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'usable',
      command: 'UIDL',
    });
  });

  it('stop at limits.rows', async () => {
    const dialogue = loggedIn('C: LIST\nS: +OK\nS: 1 1\nS: 2 1\nS: 3 1\nC-end');
    const result = await play(
      dialogue,
      async (pop) => {
        const { code, limit } = await failure(pop.list().toArray());
        return { code, limit };
      },
      { limits: { rows: 2 } },
    );
    expect(result).toEqual({ code: 'ERR_LIMIT_EXCEEDED', limit: 'rows' });
  });
});

describe('RETR and TOP', () => {
  const message = [
    'S: Subject: dots',
    'S: ',
    'S: ..',
    'S: ...two',
    'S: ..one',
    'S-raw: bare\\rcr \\xff\\xfe\\x00 8-bit\\r\\n',
    'S: ',
    'S: .',
  ].join('\n');
  const content = 'Subject: dots\r\n\r\n.\r\n..two\r\n.one\r\nbare\rcr ÿþ\0 8-bit\r\n\r\n';

  it('give the message octet by octet', async () => {
    const dialogue = loggedIn(
      `C: RETR 1\nS: +OK 120 octets\n${message}\nC: TOP 1 0\nS: +OK\nS: Subject: dots\nS: \nS: .`,
    );
    const result = await play(dialogue, async (pop) => {
      const chunks: Buffer[] = [];
      for await (const chunk of pop.retrieve(1)) chunks.push(chunk as Buffer);
      return [Buffer.concat(chunks).toString('latin1'), await text(pop.top(1, 0))];
    });
    expect(result).toEqual([content, 'Subject: dots\r\n\r\n']);
  });

  it('know an empty message', async () => {
    const dialogue = loggedIn('C: RETR 1\nS: +OK\nS: .\nC: NOOP\nS: +OK');
    const result = await play(dialogue, async (pop) => {
      const all = await text(pop.retrieve(1));
      await pop.noop();
      return all;
    });
    expect(result).toBe('');
  });

  it('send nothing until they are read', async () => {
    const dialogue = loggedIn('C: NOOP\nS: +OK');
    await play(dialogue, async (pop) => {
      pop.retrieve(1);
      pop.retrieve(2).destroy();
      await pop.noop();
    });
  });

  it('give a refusal as the error of the stream', async () => {
    const dialogue = loggedIn('C: RETR 9\nS: -ERR [SYS/TEMP] disk\nC: NOOP\nS: +OK');
    const result = await play(dialogue, async (pop) => {
      const { code, reply, transient, retry } = await failure(text(pop.retrieve(9)));
      await pop.noop();
      return { code, reply, transient, retry };
    });
    expect(result).toEqual({
      code: 'ERR_COMMAND_REJECTED',
      reply: { code: '-ERR', enhanced: 'SYS/TEMP', text: 'disk' },
      transient: true,
      retry: 'later',
    });
  });

  it('drop what is given up', async () => {
    const dialogue = loggedIn(`C: RETR 1\nS: +OK\n${message}\nC: NOOP\nS: +OK`);
    await play(dialogue, async (pop) => {
      for await (const _ of pop.retrieve(1)) break;
      await pop.noop();
    });
  });

  it('stop at limits.messageOctets', async () => {
    const dialogue = loggedIn(`C: RETR 1\nS: +OK\nS: ${'x'.repeat(99)}\nC-end`);
    const result = await play(
      dialogue,
      async (pop) => {
        const { code, limit } = await failure(text(pop.retrieve(1)));
        return { code, limit };
      },
      { limits: { messageOctets: 100 } },
    );
    expect(result).toEqual({ code: 'ERR_LIMIT_EXCEEDED', limit: 'messageOctets' });
  });
});

describe('DELE, RSET and QUIT', () => {
  it('marks in a pipeline, and commits', async () => {
    const dialogue = loggedIn(
      'C: DELE 1\nC: DELE 2\nC: DELE 3\nS: +OK\nS: -ERR already\nS: +OK\nC: QUIT\nS: +OK bye\nC-end',
    );
    const result = await play(dialogue, async (pop) => {
      const { code } = await failure(pop.delete([1, 2, 3]));
      const { marked } = pop;
      return { code, marked, end: await pop.quit(), closed: await pop.closed };
    });
    expect(result).toEqual({
      code: 'ERR_COMMAND_REJECTED',
      marked: [1, 3],
      end: { committed: true },
      closed: { reason: 'quit' },
    });
  });

  it('waits for each answer where the server has no PIPELINING', async () => {
    const dialogue = loggedIn('C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK\nC: RSET\nS: +OK', ['USER']);
    const marked = await play(dialogue, async (pop) => {
      await pop.delete([1, 2]);
      await pop.reset();
      return pop.marked;
    });
    expect(marked).toEqual([]);
  });

  it('says when the server refused to commit', async () => {
    const dialogue = loggedIn(
      'C: DELE 1\nS: +OK\nC: QUIT\nS: -ERR some deleted messages not removed\nC-end',
    );
    const result = await play(dialogue, async (pop) => {
      await pop.delete(1);
      return pop.quit();
    });
    expect(result).toEqual({ committed: false, reply: 'some deleted messages not removed' });
  });

  it('says when it can not be known', async () => {
    const dialogue = loggedIn('C: DELE 1\nS: +OK\nC: QUIT\nCLOSE');
    const result = await play(dialogue, async (pop) => {
      await pop.delete(1);
      const { committed, error } = await pop.quit();
      return [committed, error?.code];
    });
    expect(result).toEqual(['unknown', 'ERR_CONNECTION_CLOSED']);
  });

  it('does nothing on a session that is over, so that finally hides no error', async () => {
    const dialogue = loggedIn('C: NOOP\nCLOSE');
    const result = await play(dialogue, async (pop) => {
      const { code } = await failure(pop.noop());
      return [code, await pop.quit()];
    });
    expect(result).toEqual(['ERR_CONNECTION_CLOSED', { committed: true }]);
  });

  it('disposal takes the marks off first', async () => {
    const dialogue = loggedIn('C: DELE 1\nS: +OK\nC: RSET\nS: +OK\nC: QUIT\nS: +OK\nC-end');
    await play(dialogue, async (pop) => {
      await pop.delete(1);
      await pop[Symbol.asyncDispose]();
    });
  });

  it('disposal closes without QUIT where the marks stay', async () => {
    const dialogue = loggedIn('C: DELE 1\nS: +OK\nC: RSET\nS: -ERR no\nC-end');
    await play(dialogue, async (pop) => {
      await pop.delete(1);
      await pop[Symbol.asyncDispose]();
    });
  });
});

describe('arguments', () => {
  it('are judged before an octet leaves (net-pop#31)', async () => {
    const dialogue = loggedIn('C: NOOP\nS: +OK');
    const codes = await play(dialogue, async (pop) => {
      const bad = [0, -1, 1.5, Number.NaN, 2 ** 60, '1\r\nDELE 2' as unknown as number];
      const found: unknown[] = [];
      for (const number of bad) {
        const calls: (() => unknown)[] = [
          () => pop.retrieve(number),
          () => pop.top(number, 1),
          () => pop.top(1, number === 0 ? -1 : number),
          () => pop.delete(number),
          async () => {
            const { value } = await pop.retrieveAll([number]).next();
            if (value?.ok === false) throw value.error;
          },
        ];
        for (const call of calls) {
          found.push((await failure((async () => call())())).code);
        }
      }
      await pop.noop();
      return found;
    });
    expect(new Set(codes)).toEqual(new Set(['ERR_ARGUMENT']));
  });
});

describe('options of calls', () => {
  it('are refused where they are unknown options or of the wrong kind', async () => {
    const dialogue = loggedIn('C: NOOP\nS: +OK');
    const codes = await play(dialogue, async (pop) => {
      const calls: (() => unknown)[] = [
        () => pop.stat({ timeOut: 5 } as never),
        () => pop.list({ signal: {} } as never),
        () => pop.retrieve(1, { timeout: '5' } as never),
        () => pop.retrieveAll([1], { windows: 3 } as never),
        () => pop.delete([1], 5 as never),
        () => pop.command('NOOP', [], { multiline: 1 } as never),
        () => pop.command('NOOP', 'x' as never),
        () => fetchNew(pop, new Set<string>(), { delete: true } as never),
        () => fetchNew(pop, new Set<string>(), { order: 'random' } as never),
        () => pop.quit({ now: true } as never),
      ];
      const found: unknown[] = [];
      for (const call of calls) found.push((await failure((async () => call())())).code);
      await pop.noop();
      return found;
    });
    expect(codes).toEqual(codes.map(() => 'ERR_ARGUMENT'));
  });
});

describe('command()', () => {
  it('sends what has no method here', async () => {
    const dialogue = loggedIn(
      'C: XTND XLST Subject\nS: +OK list\nS: 1 a\nS: ..2 b\nS: .\nC: LANG\nS: +OK\nS: en English\nS: .\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => [
      await pop.command('XTND', ['XLST', 'Subject'], { multiline: true }),
      await pop.command('lang'),
      await pop.command('NOOP'),
    ]);
    expect(result).toEqual([
      { text: 'list', lines: ['1 a', '.2 b'] },
      { text: '', lines: ['en English'] },
      { text: '' },
    ]);
  });

  it('refuses credentials, framing and state', async () => {
    const dialogue = loggedIn('C: NOOP\nS: +OK');
    const codes = await play(dialogue, async (pop) => {
      const found: unknown[] = [];
      for (const verb of [
        'USER',
        'pass',
        'APOP',
        'AUTH',
        'STLS',
        'QUIT',
        'DELE',
        'RSET',
        'UTF8',
        'A B',
        '',
        'NOOP\r\n',
      ]) {
        found.push((await failure(pop.command(verb))).code);
      }
      found.push((await failure(pop.command('NOOP', ['x\r\nDELE 1']))).code);
      await pop.noop();
      return found;
    });
    expect(new Set(codes)).toEqual(new Set(['ERR_ARGUMENT']));
  });
});

it('abandons a call by its signal and stays in step', async () => {
  const dialogue = loggedIn('C: STAT\nWAIT 30\nS: +OK 1 1\nC: NOOP\nS: +OK');
  const result = await play(dialogue, async (pop) => {
    const { code, connection } = await failure(pop.stat({ signal: AbortSignal.timeout(5) }));
    await pop.noop();
    return { code, connection };
  });
  expect(result).toEqual({ code: 'ERR_ABORTED', connection: 'usable' });
});
