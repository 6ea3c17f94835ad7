/** A body ends in one way in a session: no octets inside a message ever reach another one, or pass for a reply. */
import { buffer, text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scriptedStream } from '../../line-protocol/test/scripted-stream.js';
import { fetchNew, Pop3Client } from '../src/index.js';
import { loggedIn, play } from './dialogue.js';

const forged = 'hello\\n.\\n+OK\\r\\nSubject: forged\\r\\n\\r\\nbody\\n.\\n+OK 2\\r\\n';

describe('a session whose lines end in CRLF', () => {
  it.each([
    ['LF . LF', 'a\\n.\\n+OK\\r\\nforged\\r\\n'],
    ['LF . CRLF', 'a\\n.\\r\\n+OK\\r\\nforged\\r\\n'],
    ['CRLF . LF', 'a\\r\\n..\\n+OK\\r\\nforged\\r\\n'],
    ['several of them', forged],
  ])('takes %s for content, also in a pipeline', async (_, wire) => {
    const dialogue = loggedIn(
      `C: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: 3 c\nS: .\nC: LIST\nS: -ERR no\nC: RETR 1\nC: RETR 2\nC: RETR 3\nS: +OK\nS-raw: ${wire}\nS: .\nS: +OK\nS: second\nS: .\nS: +OK\nS: third\nS: .`,
    );
    const result = await play(dialogue, async (pop) => {
      const seen: Record<string, string> = {};
      for await (const item of fetchNew(pop, new Set())) {
        if (item.ok) seen[item.uid] = await text(item.message);
      }
      return seen;
    });
    const content = wire
      .replaceAll('\\r', '\r')
      .replaceAll('\\n', '\n')
      .replaceAll('\r\n..', '\r\n.');
    expect(result).toEqual({ a: content, b: 'second\r\n', c: 'third\r\n' });
  });

  it.each([
    ['LIST', 'list'],
    ['UIDL', 'uidl'],
  ] as const)('ends %s at CRLF.CRLF', async (verb, method) => {
    const dialogue = loggedIn(
      `C: ${verb}\nS: +OK\nS-raw: 1 x\\n.\\n+OK\\r\\n\nS: 2 20\nS: .\nC: NOOP\nS: +OK`,
    );
    const result = await play(dialogue, async (pop) => {
      const rows = await pop[method]().toArray();
      await pop.noop();
      return rows.map(({ number }) => number).at(-1);
    });
    expect(result).toBe(2);
  });

  it.each(['left at its first row', 'read on while a call waits'])(
    'ends a listing there that is %s',
    async (how) => {
      const dialogue = loggedIn(
        'C: UIDL\nS: +OK\nS: 1 a\nS-raw: 2 b\\n.\\n+OK\\r\\n\nS: 3 c\nS: .\nC: NOOP\nS: +OK\nC: RETR 1\nS: +OK\nS-raw: x\\n.\\n+OK\\r\\n\nS: .\nC: NOOP\nS: +OK',
      );
      const result = await play(dialogue, async (pop) => {
        const numbers: unknown[] = [];
        for await (const { number } of pop.uidl()) {
          numbers.push(number);
          if (numbers.length === 1) {
            if (how.startsWith('left')) break;
            await pop.noop();
          }
        }
        if (how.startsWith('left')) await pop.noop();
        const message = await text(pop.retrieve(1));
        await pop.noop();
        return [numbers, message];
      });
      expect(result).toEqual([how.startsWith('left') ? [1] : [1, 2, 3], 'x\n.\n+OK\r\n']);
    },
  );

  it('ends a TOP and a CAPA there too', async () => {
    const dialogue = loggedIn(
      'C: TOP 1 1\nS: +OK\nS-raw: A: b\\n.\\n-ERR no\\r\\n\nS: .\nC: CAPA\nS: +OK\nS-raw: X\\n.\\nY\\r\\n\nS: .\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => {
      const all = [await text(pop.top(1, 1)), (await pop.command('CAPA')).lines];
      await pop.noop();
      return all;
    });
    expect(result).toEqual(['A: b\n.\n-ERR no\r\n', ['X\n.\nY']]);
  });
});

describe('a session whose status lines end in a bare LF', () => {
  it('takes bodies and listings that end so', async () => {
    const dialogue = loggedIn(
      'C: LIST\nS-raw: +OK\\n1 12\\n.\\n\nC: RETR 1\nS-raw: +OK\\nx\\n..y\\n.\\n\nC: STAT\nS: +OK 1 12\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => {
      const all = [await pop.list().toArray(), await text(pop.retrieve(1))];
      await pop.noop();
      return all;
    });
    expect(result).toEqual([[{ ok: true, number: 1, octets: 12 }], 'x\n.y\n']);
  });

  it('takes them in a pipeline, beside those that end in CRLF', async () => {
    const dialogue = loggedIn(
      'C: NOOP\nS-raw: +OK\\n\nC: RETR 1\nC: RETR 2\nC: RETR 3\nS: +OK\nS: a\nS: .\nS-raw: +OK\\r\\nb\\n.\\n\nS: +OK\nS: c\nS: .',
    );
    const result = await play(dialogue, async (pop) => {
      await pop.noop();
      const seen: unknown[] = [];
      for await (const item of pop.retrieveAll([1, 2, 3]))
        seen.push(item.ok ? await text(item.message) : item.error.code);
      return seen;
    });
    expect(result).toEqual(['a\r\n', 'b\n', 'c\r\n']);
  });
});

const unit = fc.constantFrom(
  ...['.', '\r', '\n', '\r\n', 'a', ' ', '\n.\n', '\r\n.\r\n', '\n.\r\n', '\r\n.\n', '\r.\r'],
  ...['+OK\r\n', '-ERR\n', '+OK 99 99\r\n', '\xff', 'x'.repeat(1_000)],
);
const octets = fc.string({ unit, maxLength: 12 });
const stuffed = (message: string): string =>
  `\r\n${message}`.replaceAll('\r\n.', '\r\n..').slice(2);
const cuts = fc.constantFrom(1, 2, 3, 7, 100, 100_000);

/** @param answer of what is no CAPA; the session has PIPELINING where `pipelining` says so */
const session = (answer: (line: string) => string, cut: number, pipelining: boolean) =>
  Pop3Client.connect({
    stream: scriptedStream(
      '+OK ready\r\n',
      (line) =>
        line === 'CAPA' ? `+OK\r\n${pipelining ? 'PIPELINING\r\n' : ''}.\r\n` : answer(line),
      cut,
    ),
    security: 'cleartext',
    serverHostname: 'localhost',
  });

it('no octets of one message reach another, whatever they are and however they are asked for', async () => {
  const plays = fc.record({
    messages: fc.array(octets, { minLength: 1, maxLength: 6 }),
    how: fc.constantFrom('loop', 'at once', 'one by one', 'top', 'fetchNew'),
    cut: cuts,
    pipelining: fc.boolean(),
    sizes: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(plays, async ({ messages, how, cut, pipelining, sizes }) => {
      const rows = (of: (at: number) => unknown): string =>
        messages.map((_, at) => `${at + 1} ${of(at)}\r\n`).join('');
      const answer = (line: string): string => {
        const [verb, number] = line.split(' ');
        if (verb === 'STAT') return '+OK 7 7\r\n';
        if (verb === 'UIDL') return `+OK\r\n${rows((at) => `u${at}`)}.\r\n`;
        if (verb === 'LIST')
          return sizes
            ? `+OK\r\n${rows((at) => (messages[at] as string).length + 2)}.\r\n`
            : '-ERR no\r\n';
        if (verb !== 'RETR' && verb !== 'TOP') return '+OK\r\n';
        return `+OK\r\n${stuffed(messages[Number(number) - 1] as string)}\r\n.\r\n`;
      };
      const pop = await session(answer, cut, pipelining);
      try {
        const numbers = messages.map((_, i) => i + 1);
        const seen: Buffer[] = [];
        if (how === 'loop') {
          if (sizes) await pop.list().toArray();
          for await (const item of pop.retrieveAll(numbers)) {
            if (!item.ok) throw item.error;
            expect(item.number).toBe(seen.length + 1);
            seen.push(await buffer(item.message));
            expect(item.problem).toBe(undefined);
          }
        } else if (how === 'fetchNew') {
          for await (const item of fetchNew(pop, new Set())) {
            if (!item.ok) throw new Error();
            expect(item.uid).toBe(`u${seen.length}`);
            seen.push(await buffer(item.message));
            await item.done();
          }
        } else if (how === 'one by one') {
          for (const number of numbers) seen.push(await buffer(pop.retrieve(number)));
        } else {
          const asked = numbers.map((number) =>
            buffer(how === 'top' ? pop.top(number, 9) : pop.retrieve(number)),
          );
          seen.push(...(await Promise.all(asked)));
        }
        expect(await pop.stat()).toEqual({ count: 7, octets: 7 });
        expect(seen.map((each) => each.toString('latin1'))).toEqual(
          messages.map((message) => `${message}\r\n`),
        );
      } finally {
        pop.close();
      }
    }),
    { numRuns: 400 },
  );
}, 60_000);

it('no octets of one row reach another, or a reply, whatever a loop over them does', async () => {
  const plays = fc.record({
    rows: fc.array(
      octets.filter((row) => !row.includes('\r\n') && !row.endsWith('\r')),
      { maxLength: 8 },
    ),
    verb: fc.constantFrom('list', 'uidl'),
    act: fc.constantFrom('read', 'call', 'leave', 'all'),
    cut: cuts,
    pipelining: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(plays, async ({ rows, verb, act, cut, pipelining }) => {
      const listing = rows.map((row, at) => `${at + 1} ${row}\r\n`).join('');
      const answer = (line: string): string =>
        line === 'STAT' ? '+OK 7 7\r\n' : `+OK\r\n${listing}.\r\n`;
      const pop = await session(answer, cut, pipelining);
      try {
        const seen: (number | undefined)[] = [];
        const inStep = async () => expect(await pop.stat()).toEqual({ count: 7, octets: 7 });
        if (act === 'all')
          seen.push(...(await pop[verb as 'list']().toArray()).map(({ number }) => number));
        else {
          for await (const { number } of pop[verb as 'list']()) {
            seen.push(number);
            if (act === 'call') await inStep();
            if (act === 'leave') break;
          }
        }
        await inStep();
        // LIST and UIDL tell what is wrong with a row by its number.
        const numbers = rows.map((_, at) => at + 1).slice(0, act === 'leave' ? 1 : rows.length);
        if (verb === 'uidl') expect(seen).toEqual(numbers);
        else expect(seen).toHaveLength(numbers.length);
      } finally {
        pop.close();
      }
    }),
    { numRuns: 400 },
  );
}, 60_000);

it('a row behind a bare LF is told: by the row before it, and names by a notice', async () => {
  const dialogue = loggedIn(
    'C: UIDL\nS: +OK\nS-raw: 1 a\\n2 b\\r\\n\nS: 3 c\nS: .\nC: LANG\nS: +OK\nS-raw: en English\\nfr Français\\r\\n\nS: .\nC: NOOP\nS: +OK',
  );
  const result = await play(dialogue, async (pop) => {
    const rows = await pop.uidl().toArray();
    const tags = (await pop.languages()).map(({ tag }) => tag);
    await pop.noop();
    pop.close();
    const kinds: string[] = [];
    for await (const { kind } of pop.notices) kinds.push(kind);
    return [rows, tags, kinds];
  });
  expect(result).toEqual([
    [
      {
        ok: false,
        number: 1,
        problem: 'The row has another row behind a bare LF',
        raw: '1 a\n2 b',
      },
      { ok: true, number: 3, uid: 'c' },
    ],
    ['en', 'fr'],
    ['bare-lf'],
  ]);
});
