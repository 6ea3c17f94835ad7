/** A body ends in one way in a session: no octets inside an article ever reach another one, or pass for a response. */
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scriptedStream } from '../../line-protocol/test/scripted-stream.js';
import { NntpClient } from '../src/index.js';
import { failure, play, reader } from './dialogue.js';

describe('a session whose lines end in CRLF', () => {
  it.each([
    '\\n.\\n220 2 <b@x>\\r\\nSubject: forged\\r\\n\\r\\nx',
    '\\n.\\r\\n220 2 <b@x>\\r\\nSubject: forged\\r\\n\\r\\nx',
    '\\r\\n..\\n220 2 <b@x>\\r\\nSubject: forged\\r\\n\\r\\nx',
  ])('articles() gives each its own octets: %s', async (wire) => {
    const dialogue = reader(
      `C: ARTICLE <a@x>\nC: ARTICLE <b@x>\nS: 220 0 <a@x>\nS: Subject: one\nS: \nS-raw: hello${wire}\\r\\n.\\r\\n\nS: 220 0 <b@x>\nS: Subject: two\nS: \nS: second\nS: .`,
    );
    const result = await play(dialogue, async (nntp) => {
      const seen: unknown[] = [];
      for await (const item of nntp.articles(['<a@x>', '<b@x>'])) {
        if (!item.ok) throw item.error;
        const { headers, body } = item.article;
        seen.push([item.id, headers.get('Subject'), await text(body)]);
      }
      return seen;
    });
    const content = wire
      .replaceAll('\\r', '\r')
      .replaceAll('\\n', '\n')
      .replaceAll('\r\n..', '\r\n.');
    expect(result).toEqual([
      ['<a@x>', 'one', `hello${content}\r\n`],
      ['<b@x>', 'two', 'second\r\n'],
    ]);
  });

  it('HEAD, BODY, OVER, LIST and HELP end at CRLF.CRLF', async () => {
    const dialogue = reader(
      [
        'C: HEAD <a@x>\nS: 221 0 <a@x>\nS-raw: A: b\\n.\\n430 no\\r\\nB: c\\r\\n.\\r\\n',
        'C: BODY <a@x>\nS: 222 0 <a@x>\nS-raw: x\\n.\\r\\n430 no\\r\\n.\\r\\n',
        'C: LIST ACTIVE\nS: 215\nS-raw: a.b 2 1 y\\n.\\n500 no\\r\\na.c 2 1 y\\r\\n.\\r\\n',
        'C: HELP\nS: 100\nS-raw: a\\n.\\nb\\r\\n.\\r\\n',
        'C: DATE\nS: 111 20200101000000',
      ].join('\n'),
    );
    const result = await play(dialogue, async (nntp) => {
      const { headers } = await nntp.head('<a@x>');
      const { body } = await nntp.body('<a@x>');
      const seen = [headers.get('B'), await text(body), (await nntp.listActive().toArray()).at(-1)];
      return [...seen, await nntp.help(), (await nntp.date()).getTime()];
    });
    expect(result).toEqual([
      'c',
      'x\n.\r\n430 no\r\n',
      { name: 'a.c', low: 1, high: 2, status: 'y' },
      'a\n.\nb',
      Date.UTC(2020, 0),
    ]);
  });

  it.each(['left at its first row', 'read on while a call waits', 'given up by its signal'])(
    'an overview ends there that is %s',
    async (how) => {
      const dialogue = reader(
        'C: GROUP a.b\nS: 211 3 1 3 a.b\nC: OVER 1-3\nS: 224\nS-raw: 1\\ts\\r\\n2\\ta\\n.\\n111 20010101000000\\r\\n\nS-raw: 3\\ts\\r\\n\nS: .\nC: DATE\nS: 111 20200101000000\nC: BODY <a@x>\nS: 222 0 <a@x>\nS-raw: x\\n.\\n430 no\\r\\n.\\r\\n\nC: DATE\nS: 111 20200101000000',
      );
      const result = await play(dialogue, async (nntp) => {
        await nntp.group('a.b');
        const numbers: number[] = [];
        const dates: number[] = [];
        const date = async () => dates.push((await nntp.date()).getTime());
        const abort = new AbortController();
        const loop = async () => {
          for await (const { number } of nntp.overview(
            { from: 1, to: 3 },
            { signal: abort.signal },
          )) {
            numbers.push(number);
            if (numbers.length > 1) continue;
            if (how.startsWith('left')) break;
            if (how.startsWith('given')) abort.abort();
            else await date();
          }
        };
        await loop().catch(() => {});
        if (dates.length === 0) await date();
        const { body } = await nntp.body('<a@x>');
        const found = await text(body);
        await date();
        // What came before the signal was heard may still be given.
        return [how.startsWith('given') ? numbers.slice(0, 1) : numbers, dates, found];
      });
      const then = Date.UTC(2020, 0);
      const numbers = how.startsWith('read on') ? [1, 2, 3] : [1];
      expect(result).toEqual([numbers, [then, then], 'x\n.\n430 no\r\n']);
    },
  );
});

it('a session whose responses end in a bare LF has bodies that end so', async () => {
  const dialogue = reader(
    'C: ARTICLE <a@x>\nS-raw: 220 0 <a@x>\\nSubject: s\\n\\n..x\\n.\\n\nC: DATE\nS: 111 20200101000000',
  );
  const result = await play(dialogue, async (nntp) => {
    const { headers, body } = await nntp.article('<a@x>');
    const seen = [headers.get('subject'), await text(body)];
    await nntp.date();
    return seen;
  });
  expect(result).toEqual(['s', '.x\n']);
});

it('it has them in a pipeline too, beside those that end in CRLF', async () => {
  const article = (id: string) => `S: 220 0 <${id}@x>\nS: Subject: ${id}\nS:\nS: ${id}\nS: .`;
  const dialogue = reader(
    `C: DATE\nS-raw: 111 20200101000000\\n\nC: ARTICLE <a@x>\nC: ARTICLE <b@x>\nC: ARTICLE <c@x>\n${article('a')}\nS-raw: 220 0 <b@x>\\r\\nSubject: b\\r\\n\\r\\nb\\n.\\n\n${article('c')}`,
  );
  const result = await play(dialogue, async (nntp) => {
    await nntp.date();
    const seen: unknown[] = [];
    for await (const item of nntp.articles(['<a@x>', '<b@x>', '<c@x>']))
      seen.push(item.ok ? await text(item.article.body) : item.error.code);
    return seen;
  });
  expect(result).toEqual(['a\r\n', 'b\n', 'c\r\n']);
});

const unit = fc.constantFrom(
  ...['.', '\r', '\n', '\r\n', 'a', '\t', '\n.\n', '\r\n.\r\n', '\n.\r\n', '\r\n.\n', '\r.\r'],
  ...['220 0 <1@x>\r\n', '480\n', '111 20010101000000\r\n', '\xff', 'x'.repeat(1_000)],
);
const octets = fc.string({ unit, maxLength: 12 });
const stuffed = (body: string): string => `\r\n${body}`.replaceAll('\r\n.', '\r\n..').slice(2);
const cuts = fc.constantFrom(1, 2, 3, 7, 100, 100_000);
const then = Date.UTC(2020, 0);

const session = (answer: (line: string) => string, cut: number, pipelining: boolean) =>
  NntpClient.connect({
    stream: scriptedStream(
      '200 ready\r\n',
      (line) => {
        if (line === 'CAPABILITIES') return '101\r\nVERSION 2\r\nREADER\r\nOVER\r\nHDR\r\n.\r\n';
        if (line === 'DATE') return '111 20200101000000\r\n';
        if (line.startsWith('GROUP')) return '211 9 1 9 a.b\r\n';
        return answer(line);
      },
      cut,
    ),
    security: 'cleartext',
    serverHostname: 'localhost',
    disable: pipelining ? [] : ['PIPELINING'],
  });

it.each([1, 100_000])(
  'an article that was not asked for ends the session, in pieces of %i',
  async (cut) => {
    const nntp = await session(
      (line) =>
        `220 0 ${line.endsWith('<b@x>') ? '<d@x>' : line.slice(8)}\r\nSubject: s\r\n\r\nb\r\n.\r\n`,
      cut,
      true,
    );
    const seen: unknown[] = [];
    const loop = async () => {
      for await (const item of nntp.articles(['<a@x>', '<b@x>', '<c@x>']))
        seen.push(item.ok ? item.article.messageId : item.error.code);
    };
    const { code, given } = await failure(loop());
    expect([...seen, code, given]).toEqual([
      '<a@x>',
      'ERR_MALFORMED_RESPONSE',
      { count: 1, last: '<a@x>' },
    ]);
  },
);

it('no octets of one article reach another, whatever they are and however they are asked for', async () => {
  const plays = fc.record({
    bodies: fc.array(octets, { minLength: 1, maxLength: 6 }),
    how: fc.constantFrom('loop', 'at once', 'bodies', 'raw', 'heads'),
    byNumber: fc.boolean(),
    cut: cuts,
    pipelining: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(plays, async ({ bodies, how, byNumber, cut, pipelining }) => {
      const answer = (line: string): string => {
        const [verb, id = ''] = line.split(' ');
        const at = Number(id.replace(/\D/g, ''));
        const name = `${byNumber ? at : 0} <${at}@x>`;
        const body = stuffed(bodies[at - 1] as string);
        if (verb === 'BODY') return `222 ${name}\r\n${body}\r\n.\r\n`;
        // In a head all of it is one field, however its lines end.
        if (verb === 'HEAD')
          return `221 ${name}\r\nA: ${body.replaceAll('\r\n', '\r\n ')}\r\n.\r\n`;
        return `220 ${name}\r\nSubject: ${at}\r\n\r\n${body}\r\n.\r\n`;
      };
      const nntp = await session(answer, cut, pipelining);
      try {
        await nntp.group('a.b');
        const ids = bodies.map((_, at) => (byNumber ? at + 1 : `<${at + 1}@x>`));
        const latin1 = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
          let all = '';
          for await (const piece of body) all += Buffer.from(piece).toString('latin1');
          return all;
        };
        const expected = bodies.map((body) => `${body}\r\n`);
        let seen: string[] = [];
        if (how === 'loop' || how === 'raw') {
          for await (const item of nntp.articles(ids)) {
            if (!item.ok) throw item.error;
            const { article } = item;
            expect(article.headers.get('Subject')).toBe(String(seen.length + 1));
            if (how === 'loop') seen.push(await latin1(article.body));
            else seen.push((await latin1(article.raw)).replace(/^Subject: \d+\r\n\r\n/, ''));
          }
        } else if (how === 'heads') {
          const heads = await Promise.all(ids.map((id) => nntp.head(id)));
          seen = heads.map(({ headers }) =>
            Buffer.from(headers.raw('A') as Uint8Array).toString('latin1'),
          );
          expect(seen).toEqual(
            bodies.map((body) => ` ${stuffed(body).replaceAll('\r\n', '\r\n ')}`),
          );
          seen = expected;
        } else {
          seen = await Promise.all(
            ids.map(async (id) =>
              latin1((await (how === 'bodies' ? nntp.body(id) : nntp.article(id))).body),
            ),
          );
        }
        expect((await nntp.date()).getTime()).toBe(then);
        expect(seen).toEqual(expected);
      } finally {
        nntp.close();
      }
    }),
    { numRuns: 400 },
  );
}, 60_000);

it('no octets of one row reach another, or a response, whatever a loop over them does', async () => {
  const plays = fc.record({
    rows: fc.array(
      octets.filter((row) => !row.includes('\r\n') && !row.endsWith('\r')),
      { maxLength: 8 },
    ),
    of: fc.constantFrom('overview', 'header', 'active', 'xpat'),
    act: fc.constantFrom('read', 'call', 'leave', 'all'),
    cut: cuts,
    pipelining: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(plays, async ({ rows, of, act, cut, pipelining }) => {
      const row = (text: string, at: number): string =>
        of === 'active'
          ? `g.${at + 1} 9 1 y ${text}`
          : `${at + 1}${of === 'overview' ? '\t' : ' '}${text}`;
      const listing = rows.map((text, at) => `${row(text, at)}\r\n`).join('');
      const codes = { overview: 224, header: 225, active: 215, xpat: 221 };
      const answer = () => `${codes[of as keyof typeof codes]} here\r\n${listing}.\r\n`;
      const nntp = await session(answer, cut, pipelining);
      try {
        await nntp.group('a.b');
        const span = { from: 1, to: 9 };
        const opened = (): AsyncIterable<{ number?: number; name?: string }> =>
          of === 'overview'
            ? nntp.overview(span)
            : of === 'header'
              ? nntp.header('Subject', span)
              : of === 'xpat'
                ? nntp.xpat('Subject', span, '*')
                : nntp.listActive();
        const seen: unknown[] = [];
        const inStep = async () => expect((await nntp.date()).getTime()).toBe(then);
        for await (const { number, name } of opened()) {
          seen.push(number ?? Number(name?.slice(2)));
          if (act === 'call') await inStep();
          if (act === 'leave') break;
        }
        await inStep();
        expect(seen).toEqual(rows.map((_, at) => at + 1).slice(0, act === 'leave' ? 1 : 9));
      } finally {
        nntp.close();
      }
    }),
    { numRuns: 400 },
  );
}, 60_000);
