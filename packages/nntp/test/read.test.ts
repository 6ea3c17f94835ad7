/** Groups, overview, headers and articles, as dialogues. */
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { NntpClient } from '../src/index.js';
import { failure, play, reader } from './dialogue.js';

const group = (name: string, low: number, high: number) =>
  `C: GROUP ${name}\nS: 211 ${high - low + 1} ${low} ${high} ${name}`;
const row = (n: number) => `S-raw: ${n}\\tsubject ${n}\\ta@b\\tdate\\t<${n}@x>\\t\\t100\\t10\\r\\n`;
const rows = (from: number, to: number) =>
  ['S: 224 rows', ...Array.from({ length: to - from + 1 }, (_, i) => row(from + i)), 'S: .'].join(
    '\n',
  );
const article = (n: number | string, body = `body ${n}`) =>
  `S: 220 ${typeof n === 'number' ? n : 0} <${n}@x>\nS: Subject: s ${n}\nS: \nS: ${body}\nS: .`;

describe('overview', () => {
  it('asks in windows, and the last one is open', async () => {
    const dialogue = reader(
      `${group('a.b', 1, 5)}\nC: OVER 1-2\n${rows(1, 2)}\nC: OVER 3-4\nS: 423 none\nC: OVER 5-\n${rows(5, 6)}`,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const found = await nntp.overview({ from: 1 }, { window: 2 }).toArray();
      return found.map(({ number, subject, messageId, bytes, lines }) => [
        number,
        subject,
        messageId,
        bytes,
        lines,
      ]);
    });
    expect(result).toEqual([1, 2, 5, 6].map((n) => [n, `subject ${n}`, `<${n}@x>`, 100, 10]));
  });

  it('takes 420, 423 and an empty list for nothing, and other refusals for what they are', async () => {
    for (const nothing of ['420 none', '423 none', '224 none\nS: .']) {
      const dialogue = reader(`${group('a.b', 1, 2)}\nC: OVER 1-2\nS: ${nothing}`);
      const result = await play(dialogue, async (nntp) => {
        await nntp.group('a.b');
        return nntp.overview({ from: 1, to: 2 }).toArray();
      });
      expect(result).toEqual([]);
    }
    const dialogue = reader('C: OVER 1-2\nS: 412 select first\nC: OVER 1-2\nS: 502 no');
    const codes = await play(dialogue, async (nntp) => [
      (await failure(nntp.overview({ from: 1, to: 2 }).toArray())).code,
      (await failure(nntp.overview({ from: 1, to: 2 }).toArray())).code,
    ]);
    expect(codes).toEqual(['ERR_COMMAND_REJECTED', 'ERR_COMMAND_REJECTED']);
  });

  it('falls back to XOVER, once, where the server does not say what it can', async () => {
    const start = 'S: 200 old\nC: CAPABILITIES\nS: 500\nC: MODE READER\nS: 200';
    const dialogue = `${start}\n${group('a.b', 1, 2)}\nC: LIST OVERVIEW.FMT\nS: 503\nC: OVER 1-2\nS: 500 what\nC: XOVER 1-2\n${rows(1, 2)}\nC: XOVER 1-1\n${rows(1, 1)}`;
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const first = await nntp.overview({ from: 1, to: 2 }).toArray();
      const second = await nntp.overview({ from: 1, to: 1 }).toArray();
      return [first.length, second.length];
    });
    expect(result).toEqual([2, 1]);
  });

  it('goes by LIST OVERVIEW.FMT, and one bad row throws nothing', async () => {
    const caps = ['VERSION 2', 'READER', 'OVER', 'LIST ACTIVE OVERVIEW.FMT'];
    const dialogue = reader(
      `${group('a.b', 1, 9)}\nC: LIST OVERVIEW.FMT\nS: 215\nS: From:\nS: Subject:\nS: Bytes:\nS: Xref:full\nS: Distribution:FULL\nS: .\nC: OVER 1-\nS: 224\nS-raw: 0001\\tme\\t=?ISO-8859-1?Q?Gr=FC=DFe?= =?iso-8859-1?Q?_an?=\\t17\\tXref: h a.b:1\\teverywhere\\textra\\r\\nS-raw: rubbish\\r\\nS-raw: \\r\\nS-raw: 3000000000\\t\\xe9t\\xe9\\r\\nS: .`
        .replaceAll('\\r\\nS-raw', '\\r\\n\nS-raw')
        .replaceAll('\\r\\nS: .', '\\r\\n\nS: .'),
      caps,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const found = await nntp.overview({ from: 1 }).toArray();
      return found.map((one) => ({
        number: one.number,
        from: one.from,
        subject: one.subject,
        raw: Buffer.from(one.raw('subject') ?? []).toString('latin1'),
        bytes: one.bytes,
        lines: one.lines,
        xref: one.get('Xref'),
        distribution: one.get('distribution'),
        messageId: one.messageId,
      }));
    });
    expect(result).toEqual([
      {
        number: 1,
        from: 'me',
        subject: 'Grüße an',
        raw: '=?ISO-8859-1?Q?Gr=FC=DFe?= =?iso-8859-1?Q?_an?=',
        bytes: 17,
        lines: undefined,
        xref: 'h a.b:1',
        distribution: 'everywhere',
        messageId: '',
      },
      {
        number: 3_000_000_000,
        from: 'été',
        subject: '',
        raw: '',
        bytes: undefined,
        lines: undefined,
        xref: undefined,
        distribution: undefined,
        messageId: '',
      },
    ]);
  });

  it('stays in its group when the loop selects another one', async () => {
    const dialogue = reader(
      `${group('a', 1, 4)}\nC: OVER 1-2\n${rows(1, 2)}\n${group('b', 7, 8)}\nC: STAT 7\nS: 223 7 <7@x>\nC: GROUP a\nS: 211 4 1 4 a\nC: OVER 3-4\n${rows(3, 4)}\nC: GROUP b\nS: 211 2 7 8 b\nC: STAT 8\nS: 223 8 <8@x>`,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a');
      const seen: number[] = [];
      for await (const one of nntp.overview({ from: 1, to: 4 }, { window: 2 })) {
        seen.push(one.number);
        if (one.number === 1) {
          await nntp.group('b');
          await nntp.stat(7);
        }
      }
      return [seen, (await nntp.stat(8)).number, nntp.selected?.name];
    });
    expect(result).toEqual([[1, 2, 3, 4], 8, 'b']);
  });

  it('rows that can not be held for the loop are asked for again, none twice', async () => {
    const dialogue = reader(
      `${group('a', 1, 6)}\nC: OVER 1-6\n${rows(1, 6)}\nC: DATE\nS: 111 20260101000000\nC: OVER 3-6\n${rows(3, 6)}`,
    );
    const result = await play(
      dialogue,
      async (nntp) => {
        await nntp.group('a');
        const seen: number[] = [];
        for await (const one of nntp.overview({ from: 1, to: 6 })) {
          seen.push(one.number);
          if (seen.length === 1) await nntp.date();
        }
        return seen;
      },
      { limits: { aheadOctets: 40 }, deliveries: ['whole'] },
    );
    expect(result).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('by message-id and for the current article', async () => {
    const caps = ['READER', 'OVER MSGID'];
    const dialogue = reader(
      `C: OVER <5@x>\nS: 224\n${row(0)}\nS: .\nC: OVER <6@x>\nS: 430 no\n${group('a', 3, 4)}\nC: OVER\nS: 224\n${row(3)}\nS: .`,
      caps,
    );
    const result = await play(dialogue, async (nntp) => {
      const first = await nntp.overview('<5@x>').toArray();
      const { code } = await failure(nntp.overview('<6@x>').toArray());
      await nntp.group('a');
      return [first.length, code, (await nntp.overview().toArray())[0]?.number];
    });
    expect(result).toEqual([1, 'ERR_NOT_FOUND', 3]);
  });
});

describe('header', () => {
  it('HDR, with empty values and bad rows', async () => {
    const dialogue = reader(
      `${group('a', 1, 3)}\nC: HDR Subject 1-3\nS: 225\nS: 1 =?UTF-8?B?R3LDvMOfZQ==?=\nS: 2\nS: x y\nS: 3 \nS: .\nC: HDR :lines 1-\nS: 423 none`,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a');
      const found = await nntp.header('Subject', { from: 1, to: 3 }).toArray();
      return [
        found.map(({ number, value }) => [number, value]),
        await nntp.header(':lines', { from: 1 }).toArray(),
      ];
    });
    expect(result).toEqual([
      [
        [1, 'Grüße'],
        [2, ''],
        [3, ''],
      ],
      [],
    ]);
  });

  it('XHDR where the server has no HDR', async () => {
    const dialogue = reader(
      `${group('a', 1, 2)}\nC: XHDR Subject 1-2\nS: 221\nS: 1 s\nS: 2 (none)\nS: .\nC: XHDR Subject <5@x>\nS: 221\nS: <5@x> t\nS: .`,
      ['READER', 'OVER'],
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a');
      const both = [
        ...(await nntp.header('Subject', { from: 1, to: 2 }).toArray()),
        ...(await nntp.header('Subject', '<5@x>').toArray()),
      ];
      return both.map(({ number, value }) => [number, value]);
    });
    expect(result).toEqual([
      [1, 's'],
      [2, ''],
      [0, 't'],
    ]);
  });
});

describe('articles', () => {
  it('one: header, dots, folding, no empty line, no body', async () => {
    const dialogue = reader(
      [
        'C: ARTICLE <1@x>\nS: 220 0 <1@x>\nS: Subject: =?utf-8?q?a?=\nS:  b\nS: X: ..\nS: \nS: ..dot\nS: .',
        'C: ARTICLE <2@x>\nS: 220 0 <2@x>\nS: Subject: s\nS: =ybegin line=128 size=1\nS: ..x\nS: .',
        'C: ARTICLE <3@x>\nS: 220 0 <3@x>\nS: Subject: s\nS: .',
        'C: ARTICLE <4@x>\nS: 430 no',
        'C: BODY <5@x>\nS: 222 0 <5@x>\nS: .',
      ].join('\n'),
    );
    const result = await play(dialogue, async (nntp) => {
      const read = async (id: string) => {
        const { headers, body } = await nntp.article(id);
        return [[...headers], await text(body)];
      };
      return [
        await read('<1@x>'),
        await read('<2@x>'),
        await read('<3@x>'),
        (await failure(nntp.article('<4@x>'))).code,
        await text((await nntp.body('<5@x>')).body),
      ];
    });
    expect(result).toEqual([
      [
        [
          ['Subject', 'a b'],
          ['X', '..'],
        ],
        '.dot\r\n',
      ],
      [[['Subject', 's']], '=ybegin line=128 size=1\r\n.x\r\n'],
      [[['Subject', 's']], ''],
      'ERR_NOT_FOUND',
      '',
    ]);
  });

  it('many: in a pipeline, in order, and skipped where they are not read', async () => {
    const dialogue = reader(
      `C: ARTICLE <1@x>\nC: ARTICLE <2@x>\nC: ARTICLE <3@x>\n${article('1')}\nS: 430 no\n${article('3')}\nC: DATE\nS: 111 20260101000000`,
    );
    const result = await play(dialogue, async (nntp) => {
      const seen: unknown[] = [];
      for await (const item of nntp.articles(['<1@x>', '<2@x>', '<3@x>'])) {
        seen.push(item.ok ? item.article.headers.get('Subject') : item.error.code);
      }
      await nntp.date();
      return seen;
    });
    expect(result).toEqual(['s 1', 'ERR_NOT_FOUND', 's 3']);
  });

  it('by number mean the group in which the loop began', async () => {
    const dialogue = reader(
      `${group('a', 1, 3)}\nC: ARTICLE 1\nC: ARTICLE 2\n${article(1)}\nC: GROUP b\n${article(2)}\nS: 211 1 9 9 b\nC: GROUP a\nS: 211 3 1 3 a\nC: ARTICLE 3\n${article(3)}`,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a');
      const seen: string[] = [];
      for await (const item of nntp.articles([1, 2, 3], { window: 2 })) {
        if (!item.ok) throw item.error;
        seen.push(await text(item.article.body));
        if (item.id === 1) await nntp.group('b');
      }
      return [seen, nntp.selected?.name];
    });
    expect(result).toEqual([['body 1\r\n', 'body 2\r\n', 'body 3\r\n'], 'b']);
  });

  it('the current one is found again after a loop has moved the server', async () => {
    const dialogue = reader(
      `${group('a', 1, 3)}\nC: ARTICLE 1\n${article(1)}\n${group('b', 7, 9)}\nC: NEXT\nS: 223 8 <8@x>\nC: GROUP a\nS: 211 3 1 3 a\nC: ARTICLE 3\n${article(3)}\nC: GROUP b\nS: 211 3 7 9 b\nC: STAT 8\nS: 223 8 <8@x>\nC: NEXT\nS: 223 9 <9@x>\nC: NEXT\nS: 421 end\nC: LAST\nS: 223 8 <8@x>`,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a');
      const seen: unknown[] = [];
      for await (const item of nntp.articles([1, 3], { window: 1 })) {
        if (item.ok) seen.push(await text(item.article.body));
        if (item.id !== 1) continue;
        await nntp.group('b');
        seen.push((await nntp.next())?.number);
      }
      for (const step of [() => nntp.next(), () => nntp.next(), () => nntp.last()]) {
        seen.push((await step())?.number);
      }
      return seen;
    });
    expect(result).toEqual(['body 1\r\n', 8, 'body 3\r\n', 9, undefined, 8]);
  });
});

describe('calls at once and inside loops', () => {
  it('go out together, each with its own answer', async () => {
    const dialogue = reader(
      `${group('a', 1, 3)}\nC: STAT 1\nC: HEAD 2\nC: ARTICLE 3\nC: DATE\nS: 223 1 <1@x>\nS: 221 2 <2@x>\nS: Subject: s\nS: .\n${article(3)}\nS: 111 20260101000000`,
    );
    const result = await play(dialogue, async (nntp) => {
      const [, stat, head, body, date] = await Promise.all([
        nntp.group('a'),
        nntp.stat(1),
        nntp.head(2),
        nntp.article(3).then((found) => text(found.body)),
        nntp.date(),
      ]);
      return [stat.number, head.headers.get('subject'), body, date.getTime()];
    });
    expect(result).toEqual([1, 's', 'body 3\r\n', Date.UTC(2026, 0, 1)]);
  });

  it('an article whose body is not read is in no call’s way', async () => {
    const dialogue = reader(`C: ARTICLE <1@x>\n${article('1')}\nC: DATE\nS: 111 20260101000000`);
    const result = await play(dialogue, async (nntp) => {
      const { body } = await nntp.article('<1@x>');
      await nntp.date();
      return text(body);
    });
    expect(result).toBe('body 1\r\n');
  });

  it('GROUP that fails leaves the earlier group, selected anew', async () => {
    const dialogue = reader(
      `${group('a', 1, 3)}\nC: GROUP nope\nS: 411 no\nC: GROUP a\nS: 211 3 1 3 a\nC: STAT 1\nS: 223 1 <1@x>`,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a');
      const { code } = await failure(nntp.group('nope'));
      return [code, nntp.selected?.name, (await nntp.stat(1)).number];
    });
    expect(result).toEqual(['ERR_NOT_FOUND', 'a', 1]);
  });

  it('a listing that is left early is read to its end', async () => {
    const dialogue = reader(
      'C: LIST ACTIVE\nS: 215\nS: a 2 1 y\nS: b 2 1 y\nS: .\nC: DATE\nS: 111 20260101000000',
    );
    await play(dialogue, async (nntp) => {
      for await (const _ of nntp.listActive()) break;
      await nntp.date();
    });
  });

  it('wait for each other where pipelining is disabled', async () => {
    const dialogue = reader('C: DATE\nS: 111 20260101000000\nC: HELP\nS: 100\nS: .');
    await play(dialogue, (nntp) => Promise.all([nntp.date(), nntp.help()]), {
      disable: ['PIPELINING'],
    });
  });
});

describe('listings', () => {
  it('tell rows that can not be read by notices', async () => {
    const dialogue = reader('C: LIST ACTIVE comp.*\nS: 215\nS: a 2 1 y\nS: broken\nS: b 5 4\nS: .');
    const result = await play(dialogue, async (nntp) => {
      const found = await nntp.listActive({ wildmat: 'comp.*' }).toArray();
      nntp.close();
      const notices: string[] = [];
      for await (const { text: told } of nntp.notices) notices.push(told);
      return [found.map(({ name }) => name), notices];
    });
    expect(result).toEqual([['a'], ['LIST ACTIVE comp.*: broken', 'LIST ACTIVE comp.*: b 5 4']]);
  });

  it.each(['411 No such group: a.b 2-5', '501 syntax', '503 no'])(
    'LISTGROUP of a span that the server does not know (%s; Leafnode): of the whole list',
    async (refusal) => {
      const dialogue = reader(
        `C: LISTGROUP a.b 2-5\nS: ${refusal}\nC: LISTGROUP a.b\nS: 211 4 1 9 a.b\nS: 1\nS: 2\nS: 5\nS: 9\nS: .\nC: STAT 5\nS: 223 5 <a@x>`,
      );
      const result = await play(dialogue, async (nntp) => {
        const numbers = await nntp.listGroup('a.b', { from: 2, to: 5 }).toArray();
        await nntp.stat(5);
        return numbers;
      });
      expect(result).toEqual([2, 5]);
    },
  );

  it('LISTGROUP of a group that is none, with a span', async () => {
    const dialogue = reader('C: LISTGROUP a.b 2-\nS: 411 none\nC: LISTGROUP a.b\nS: 411 none');
    const result = await play(dialogue, async (nntp) => {
      const { code, command } = await failure(nntp.listGroup('a.b', { from: 2 }).toArray());
      return [code, command];
    });
    expect(result).toEqual(['ERR_NOT_FOUND', 'LISTGROUP a.b']);
  });

  it('LISTGROUP with and without figures', async () => {
    const dialogue = reader(
      'C: LISTGROUP a\nS: 211 2 1 4 a list\nS: 1\nS: 4\nS: .\nC: LISTGROUP a 2-3\nS: 211 list follows\nS: .\nC: LISTGROUP a 5-\nS: 211 2 1 4 a\nS: 0000000005\nS: .',
    );
    const result = await play(dialogue, async (nntp) => [
      await nntp.listGroup('a').toArray(),
      await nntp.listGroup('a', { from: 2, to: 3 }).toArray(),
      await nntp.listGroup('a', { from: 5 }).toArray(),
    ]);
    expect(result).toEqual([[1, 4], [], [5]]);
  });
});

describe('arguments', () => {
  it('are judged before an octet leaves (commons-net#400)', async () => {
    const dialogue = reader('C: DATE\nS: 111 20260101000000');
    const codes = await play(dialogue, async (nntp) => {
      const calls: ((client: NntpClient) => unknown)[] = [
        (n) => n.group('a\r\nQUIT'),
        (n) => n.group(''),
        (n) => n.group('a b'),
        (n) => n.group('*'),
        (n) => n.group(`${'g'.repeat(600)}`),
        (n) => n.group(5 as never),
        (n) => n.article('no.brackets'),
        (n) => n.article('<a b>'),
        (n) => n.article('<a>\r\nQUIT'),
        (n) => n.article(`<${'x'.repeat(250)}>`),
        (n) => n.article(-1),
        (n) => n.article(1.5),
        (n) => n.head({} as never),
        (n) => n.stat(Number.NaN),
        (n) => n.overview({ from: -1 }).toArray(),
        (n) => n.overview({ from: 1, to: 2 }, { window: 0 }).toArray(),
        (n) => n.header('Sub ject', { from: 1 }),
        (n) => n.header('X\r\nQUIT', { from: 1 }),
        (n) => n.listActive({ wildmat: 'a b' }),
        (n) => n.listActive({ wildmat: 'u[ks].*' }),
        (n) => n.newNews('', new Date()),
        (n) => n.newGroups(new Date(Number.NaN)),
        async (n) => {
          const { value } = await n.articles(['x']).next();
          if (value?.ok === false) throw value.error;
        },
        (n) => n.articles([1], { window: 0 }).next(),
        (n) => n.listHeaders('X' as never),
        (n) => n.command('GROUP', ['a']),
        (n) => n.command('AUTHINFO', ['USER', 'x']),
        (n) => n.command('MODE', ['STREAM']),
        (n) => n.command('DATE\r\nQUIT'),
        (n) => n.command('DATE', ['\ud800']),
        (n) => n.post(5 as never),
        (n) => n.group('a', { timeOut: 5 } as never),
        (n) => n.overview({ from: 1 }, { windows: 5 } as never),
        (n) => n.article(1, { signal: {} } as never),
        (n) => n.listActive({ pattern: '*' } as never),
        (n) => n.listGroup('a', { from: -1 }),
        (n) => n.command('DATE', 'x' as never),
        (n) => n.quit({ now: true } as never),
      ];
      const found: unknown[] = [];
      for (const call of calls) {
        found.push((await failure(Promise.resolve(nntp).then(call))).code);
      }
      await nntp.date();
      return found;
    });
    expect(codes).toEqual(codes.map(() => 'ERR_ARGUMENT'));
  });
});
