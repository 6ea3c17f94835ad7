/** Servers as they are: each answer here has been seen, and must neither end the session nor be taken for another. */
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { NntpClient } from '../src/index.js';
import { capabilities, failure, play, reader } from './dialogue.js';

const unknown = 'S: 200 ready\nC: CAPABILITIES\nS: 500 what?\nC: MODE READER\nS: 200 ok';
const date = 'C: DATE\nS: 111 20200101000000';
const group = 'C: GROUP a.b\nS: 211 3 1 9 a.b';

describe('what is older than RFC 3977', () => {
  it.each(['500 what', '501 syntax', '503 no', '400 Unrecognized command'])(
    'HDR unknown (%s): XHDR',
    async (refusal) => {
      const dialogue = `${unknown}\n${group}\nC: HDR Subject 1-9\nS: ${refusal}\nC: XHDR Subject 1-9\nS: 221 ok\nS: 1 one\nS: 2 (none)\nS: .\nC: XHDR From 1-9\nS: 221 ok\nS: .`;
      const result = await play(dialogue, async (nntp) => {
        await nntp.group('a.b');
        const found = await nntp.header('Subject', { from: 1, to: 9 }).toArray();
        await nntp.header('From', { from: 1, to: 9 }).toArray();
        return found.map(({ number, value }) => [number, value]);
      });
      expect(result).toEqual([
        [1, 'one'],
        [2, ''],
      ]);
    },
  );

  it.each(['500 what', '501 syntax', '503 no', '400 Unrecognized command'])(
    'OVER unknown (%s): XOVER',
    async (refusal) => {
      const dialogue = `${unknown}\n${group}\nC: LIST OVERVIEW.FMT\nS: ${refusal}\nC: OVER 1-9\nS: ${refusal}\nC: XOVER 1-9\nS: 224 ok\nS-raw: 1\\ts\\tf\\td\\t<a@x>\\t\\t1\\t2\\r\\n\nS: .\n${date}`;
      const result = await play(dialogue, async (nntp) => {
        await nntp.group('a.b');
        const found = await nntp.overview({ from: 1, to: 9 }).toArray();
        await nntp.date();
        return found.map(({ messageId }) => messageId);
      });
      expect(result).toEqual(['<a@x>']);
    },
  );

  it('HDR that is answered as XHDR is', async () => {
    const dialogue = `${unknown}\n${group}\nC: HDR Subject 1-9\nS: 221 Subject fields follow\nS: 1 one\nS: 2 (none)\nS: .\n${date}`;
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const found = await nntp.header('Subject', { from: 1, to: 9 }).toArray();
      await nntp.date();
      return found.map(({ number, value }) => [number, value]);
    });
    expect(result).toEqual([
      [1, 'one'],
      [2, ''],
    ]);
  });

  it('Leafnode: 430 to HDR of a span is said of the header, and no article is missing', async () => {
    const dialogue = reader(
      `${group}\nC: HDR X-None 1-9\nS: 430 No such header: X-None\nC: HDR X-None <a@x>\nS: 430 No such article\n${date}`,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const codes = [
        (await failure(nntp.header('X-None', { from: 1, to: 9 }).toArray())).code,
        (await failure(nntp.header('X-None', '<a@x>').toArray())).code,
      ];
      await nntp.date();
      return codes;
    });
    expect(result).toEqual(['ERR_EXTENSION_REQUIRED', 'ERR_NOT_FOUND']);
  });

  it('a refusal of both is the refusal of the older', async () => {
    const dialogue = `${unknown}\n${group}\nC: HDR Subject 1-9\nS: 500 what\nC: XHDR Subject 1-9\nS: 502 no\n${date}`;
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const { code, command } = await failure(nntp.header('Subject', { from: 1, to: 9 }).toArray());
      await nntp.date();
      return [code, command];
    });
    expect(result).toEqual(['ERR_COMMAND_REJECTED', 'XHDR Subject 1-9']);
  });
});

it('XPAT gives what matches, and nothing where nothing does', async () => {
  const dialogue = reader(
    `${group}\nC: XPAT Subject 1-9 *node* *Node?js*\nS: 221 ok\nS: 3 node\nS: 12 outside\nS: .\nC: XPAT From <a@x> *me*\nS: 221 ok\nS: <a@x> me\nS: .\nC: XPAT Subject 1-9 x\nS: 423 none`,
  );
  const result = await play(dialogue, async (nntp) => {
    await nntp.group('a.b');
    const span = { from: 1, to: 9 };
    const all = [
      await nntp.xpat('Subject', span, ['*node*', '*Node?js*']).toArray(),
      await nntp.xpat('From', '<a@x>', '*me*').toArray(),
      await nntp.xpat('Subject', span, 'x').toArray(),
    ];
    return all.map((rows) => rows.map(({ number, value }) => [number, value]));
  });
  expect(result).toEqual([[[3, 'node']], [[0, 'me']], []]);
});

describe('one odd answer', () => {
  it('Cyrus: 501 to LIST is said of a keyword that it does not know', async () => {
    const dialogue = reader(
      `C: LIST COUNTS\nS: 501 Unrecognized LIST command\nC: NEWNEWS a.b 20200101 000000 GMT\nS: 501 Syntax\n${date}`,
    );
    const result = await play(dialogue, async (nntp) => {
      const codes = [
        (await failure(nntp.listCounts().toArray())).code,
        (await failure(nntp.newNews('a.b', new Date(Date.UTC(2020, 0))).toArray())).code,
      ];
      await nntp.date();
      return codes;
    });
    expect(result).toEqual(['ERR_EXTENSION_REQUIRED', 'ERR_COMMAND_REJECTED']);
  });

  it.each(['200-ready', '201', '200\tready'])('%j is a greeting', async (greeting) => {
    const raw = greeting.replace('\t', '\\t');
    const dialogue = `S-raw: ${raw}\\r\\n\n${capabilities(['VERSION 2', 'READER'])}\n${date}`;
    await play(dialogue, (nntp) => nntp.date());
  });

  it('an empty line before the greeting or between responses means nothing', async () => {
    const dialogue = reader(`C: GROUP a.b\nS: \nS: 211 3 1 9 a.b\nS: \n${date}`);
    expect(
      await play(`S: \n${dialogue}`, async (nntp) => {
        const { high } = await nntp.group('a.b');
        await nntp.date();
        return high;
      }),
    ).toBe(9);
  });

  it('OVER that was unknown is asked for again where a later login shows it', async () => {
    const row = 'S-raw: 1\\ts\\tf\\td\\t<a@x>\\t\\t1\\t2\\r\\n\nS: .';
    const login = 'C: AUTHINFO USER alice\nS: 381 more\nC: AUTHINFO PASS secret\nS: 281 welcome';
    const silent = 'C: CAPABILITIES\nS: 500 what\nC: MODE READER\nS: 200 hi';
    const unknownOver =
      'C: LIST OVERVIEW.FMT\nS: 503 no\nC: OVER 1-9\nS: 500 what\nC: XOVER 1-9\nS: 224 ok';
    const promised = capabilities(['VERSION 2', 'READER', 'OVER']);
    const again = `C: GROUP b.c\nS: 480 who\n${login}\n${promised}\nC: GROUP b.c\nS: 211 9 1 9 b.c`;
    const dialogue = `S: 200 hi\n${silent}\n${login}\n${silent}\n${group}\n${unknownOver}\n${row}\n${again}\nC: OVER 1-9\nS: 224 ok\n${row}`;
    const result = await play(
      dialogue,
      async (nntp) => {
        const counts: number[] = [];
        for (const name of ['a.b', 'b.c']) {
          await nntp.group(name);
          counts.push((await nntp.overview({ from: 1, to: 9 }).toArray()).length);
        }
        return counts;
      },
      { auth: { user: 'alice', password: 'secret' } },
    );
    expect(result).toEqual([1, 1]);
  });

  it('a high number below nothing is an empty group', async () => {
    const dialogue = reader('C: GROUP a.b\nS: 211 0 0 -1 a.b');
    const result = await play(dialogue, (nntp) => nntp.group('a.b'));
    expect(result).toEqual({ name: 'a.b', count: 0, low: 0, high: 0, empty: true });
  });

  it('GROUP without figures is a refusal, not the end', async () => {
    const dialogue = reader(`C: GROUP a.b\nS: 211 selected\n${date}`);
    const result = await play(dialogue, async (nntp) => {
      const { code, connection } = await failure(nntp.group('a.b'));
      await nntp.date();
      return { code, connection, selected: nntp.selected };
    });
    expect(result).toEqual({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'usable',
      selected: undefined,
    });
  });

  it.each(['20200101', '2020-01-01 00:00:00', '', 'noon'])(
    'DATE that can not be read (%j) costs its call',
    async (answer) => {
      const dialogue = reader(`C: DATE\nS: 111 ${answer}\n${date}`);
      const result = await play(dialogue, async (nntp) => {
        const { code, connection } = await failure(nntp.date());
        await nntp.date();
        return [code, connection];
      });
      expect(result).toEqual(['ERR_MALFORMED_RESPONSE', 'usable']);
    },
  );

  it.each([
    'removed on request',
    '',
    '0 <a@x> Article not available (DMCA)',
    'article unavailable',
    'Internal note: removed',
  ])('451 says that an article was removed (%s)', async (words) => {
    const dialogue = reader(`C: STAT <a@x>\nS: 451 ${words}`);
    const result = await play(dialogue, async (nntp) => {
      const { code, transient } = await failure(nntp.stat('<a@x>'));
      return { code, transient };
    });
    expect(result).toEqual({ code: 'ERR_NOT_FOUND', transient: false });
  });

  it.each([
    'Server error',
    'Server busy, try again later',
    'backend timed out',
    'temporary failure',
    'Local error in processing',
  ])('451 of a server in trouble (%s) says nothing about the article', async (words) => {
    const dialogue = reader(`C: STAT <a@x>\nS: 451 ${words}\n${date}`);
    const result = await play(dialogue, async (nntp) => {
      const { code, transient } = await failure(nntp.stat('<a@x>'));
      await nntp.date();
      return { code, transient };
    });
    expect(result).toEqual({ code: 'ERR_COMMAND_REJECTED', transient: true });
  });

  it('<0> is no message-id, and 223 without data no article', async () => {
    const dialogue = reader(`${group}\nC: STAT 5\nS: 223 5 <0>\nC: STAT 6\nS: 223\n${date}`);
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const found = await nntp.stat(5);
      const { code, connection } = await failure(nntp.stat(6));
      await nntp.date();
      return [found, code, connection];
    });
    expect(result).toEqual([{ number: 5, messageId: undefined }, 'ERR_NOT_FOUND', 'usable']);
  });

  it("disable: ['CAPABILITIES'] asks nothing", async () => {
    await play(`S: 200 hi\nC: MODE READER\nS: 200 ok\n${date}`, (nntp) => nntp.date(), {
      disable: ['CAPABILITIES'],
    });
  });
});

describe('an answer to another question', () => {
  it.each([
    ['C: ARTICLE <a@x>', 'S: 220 0 <b@x>', (n: NntpClient) => n.article('<a@x>')],
    ['C: HEAD 5', 'S: 221 6 <b@x>', (n: NntpClient) => n.head(5)],
    ['C: BODY <a@x>', 'S: 222 0 <b@x>', (n: NntpClient) => n.body('<a@x>')],
    ['C: STAT 5', 'S: 223 6 <b@x>', (n: NntpClient) => n.stat(5)],
  ] as const)('%s, %s: nothing after it is trusted', async (asked, answer, call) => {
    const dialogue = reader(`${group}\n${asked}\n${answer}`);
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const { code, connection } = await failure(call(nntp) as Promise<unknown>);
      return { code, connection };
    });
    expect(result).toEqual({ code: 'ERR_MALFORMED_RESPONSE', connection: 'closed' });
  });

  it('rows outside the span are left out and told', async () => {
    const dialogue = reader(
      `${group}\nC: OVER 2-4\nS: 224\nS-raw: 1\\ts\\r\\n2\\ts\\r\\n4\\ts\\r\\n5\\ts\\r\\n\nS: .\nC: HDR Subject 2-4\nS: 225\nS: 3 s\nS: 7 s\nS: .\nC: LISTGROUP a.b 2-4\nS: 211 3 1 9 a.b\nS: 2\nS: 9\nS: .`,
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const span = { from: 2, to: 4 };
      const numbers = [
        (await nntp.overview(span).toArray()).map(({ number }) => number),
        (await nntp.header('Subject', span).toArray()).map(({ number }) => number),
        await nntp.listGroup('a.b', span).toArray(),
      ];
      nntp.close();
      const told: string[] = [];
      for await (const { kind, text } of nntp.notices) told.push(`${kind} ${text.split(':')[0]}`);
      return [numbers, told];
    });
    expect(result).toEqual([
      [[2, 4], [3], [2]],
      [
        'outside OVER 2-4',
        'outside OVER 2-4',
        'outside HDR Subject 2-4',
        'outside LISTGROUP a.b 2-4',
      ],
    ]);
  });
});

describe('rows of which none can be read are no empty listing', () => {
  const nothing = { code: 'ERR_MALFORMED_RESPONSE', connection: 'usable' };
  const junk = 'S: <br />\nS: Warning: disk\nS: .\nC: DATE\nS: 111 20200101000000';

  it.each<[string, string, (nntp: NntpClient) => AsyncIterable<unknown>]>([
    ['LISTGROUP', 'C: LISTGROUP a.b\nS: 211 2 1 2 a.b', (nntp) => nntp.listGroup('a.b')],
    ['LIST ACTIVE', 'C: LIST ACTIVE\nS: 215 list', (nntp) => nntp.listActive()],
    ['LIST COUNTS', 'C: LIST COUNTS\nS: 215 list', (nntp) => nntp.listCounts()],
    [
      'NEWGROUPS',
      'C: NEWGROUPS 20200101 000000 GMT\nS: 231 list',
      (nntp) => nntp.newGroups(new Date('2020-01-01T00:00:00Z')),
    ],
    [
      'NEWNEWS',
      'C: NEWNEWS * 20200101 000000 GMT\nS: 230 list',
      (nntp) => nntp.newNews('*', new Date('2020-01-01T00:00:00Z')),
    ],
  ])('%s', async (_what, asked, list) => {
    await play(reader(`${asked}\n${junk}`), async (nntp) => {
      const read = async () => {
        for await (const _ of list(nntp));
      };
      const error = await failure(read());
      expect(error).toMatchObject(nothing);
      expect(String(error.message)).toContain('<br />');
      await nntp.date();
    });
  });

  it('OVER', async () => {
    const dialogue = reader(`C: GROUP a.b\nS: 211 2 1 2 a.b\nC: OVER 1-2\nS: 224 rows\n${junk}`);
    await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      expect(await failure(nntp.overview({ from: 1, to: 2 }).toArray())).toMatchObject(nothing);
      await nntp.date();
    });
  });

  it('one that can be read is a row, the others are notices; empty lines are nothing', async () => {
    const some = reader('C: LISTGROUP a.b\nS: 211 2 1 2 a.b\nS: what\nS: 2\nS: .');
    expect(await play(some, (nntp) => nntp.listGroup('a.b').toArray())).toEqual([2]);
    const empty = reader('C: LISTGROUP a.b\nS: 211 0 0 0 a.b\nS: \nS: .');
    expect(await play(empty, (nntp) => nntp.listGroup('a.b').toArray())).toEqual([]);
  });
});

describe('overview rows', () => {
  const row = async (line: string, caps: string[] = [], format: string[] = []) => {
    const asked =
      format.length > 0
        ? `C: LIST OVERVIEW.FMT\nS: 215\n${format.map((f) => `S: ${f}`).join('\n')}\nS: .\n`
        : '';
    const dialogue = reader(`${group}\n${asked}C: OVER 1-9\nS: 224\nS-raw: ${line}\\r\\n\nS: .`, [
      'VERSION 2',
      'READER',
      'OVER',
      ...caps,
    ]);
    return play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const [found] = await nntp.overview({ from: 1, to: 9 }).toArray();
      return {
        subject: found?.subject,
        from: found?.from,
        messageId: found?.messageId,
        bytes: found?.bytes,
        xref: found?.get('Xref'),
        problem: found?.problem,
      };
    });
  };

  it('a tab in the Subject is told, and the columns found again', async () => {
    expect(await row('1\\ta\\tb\\tme@x\\tMon\\t<a@x>\\t\\t17\\t2')).toEqual({
      subject: 'a\tb',
      from: 'me@x',
      messageId: '<a@x>',
      bytes: 17,
      xref: undefined,
      problem: 'column 4 is no message-id: 1 tab too many before it, taken for part of the subject',
    });
  });

  it('a Subject that holds the columns of another article is told too', async () => {
    const forged = '1\\ta\\tyou@x\\tMon\\t<victim@x>\\tme@x\\tTue\\t<a@x>\\t<r@x> <s@x>\\t17\\t2';
    expect(await row(forged)).toEqual({
      subject: 'a\tyou@x\tMon\t<victim@x>',
      from: 'me@x',
      messageId: '<a@x>',
      bytes: 17,
      xref: undefined,
      problem:
        'column 4 is not the message-id: 3 tabs too many before it, taken for part of the subject',
    });
    // Columns that the format does not name are none of that.
    expect(await row('1\\ta\\tme@x\\tMon\\t<a@x>\\t<r@x>\\t17\\t2\\textra\\t<b@x>')).toMatchObject({
      messageId: '<a@x>',
      problem: undefined,
    });
  });

  it('a row without a message-id says so; <0> stands for none', async () => {
    expect(await row('1\\ta\\tme@x\\tMon\\tnone\\t\\t17\\t2')).toMatchObject({
      from: 'me@x',
      problem: 'column 4 is no message-id',
    });
    expect(await row('1\\ta\\tme@x\\tMon\\t<0>\\t\\t17\\t2')).toMatchObject({
      messageId: '',
      problem: undefined,
    });
  });

  it.each([
    ['References', '1\\ts\\tme@x\\tMon\\t<a@x>\\t17\\t2'],
    ['Date', '1\\ts\\tme@x\\t<a@x>\\t<r@x>\\t17\\t2'],
    [':lines', '1\\ts\\tme@x\\tMon\\t<a@x>\\t<r@x>\\t17'],
  ])('a column that is missing (%s) is told', async (_, line) => {
    expect((await row(line)).problem).toMatch(/^6 columns came, and there should be 7/);
  });

  it('tabs among the References are told, and the figures found again', async () => {
    const line = '1\\ts\\tme@x\\tMon\\t<a@x>\\t<r@x>\\t<s@x> <t@x>\\t<u@x>\\t17\\t2';
    expect(await row(line)).toMatchObject({
      messageId: '<a@x>',
      bytes: 17,
      problem: '2 tabs too many among the references',
    });
  });

  it.each<[string, string]>([
    ['column 6 should be :bytes, and is no number', '-5\\t2'],
    ['column 6 should be :bytes, and is no number', '1,000\\t2'],
    ['column 7 should be :lines, and is no number', '17\\tmany'],
    ['column 6 should be :bytes, and is no number', '<s@x>\\t17'],
  ])('a figure that is none is told: %s', async (problem, figures) => {
    expect((await row(`1\\ts\\tme@x\\tMon\\t<a@x>\\t<r@x>\\t${figures}`)).problem).toBe(problem);
    expect((await row('1\\ts\\tme@x\\tMon\\t<a@x>\\t<r@x>\\t\\t')).problem).toBeUndefined();
  });

  it('a message-id that is none moves no column where there is none too many', async () => {
    expect(await row('1\\ta\\tme@x\\tMon\\t<a@x> <b@x>\\t<r@x>\\t17\\t2')).toMatchObject({
      subject: 'a',
      from: 'me@x',
      bytes: 17,
      problem: 'column 4 is no message-id',
    });
  });

  describe('a header behind the seven bears its name', () => {
    const seven = ['Subject:', 'From:', 'Date:', 'Message-ID:', 'References:', ':bytes', ':lines'];
    const caps = ['LIST OVERVIEW.FMT'];
    const cells = '1\\ts\\tf\\td\\t<a@x>\\t\\t1\\t2';

    it.each<[string, string[]]>([
      ['not in the format', seven],
      ['in another order', [...seven, 'Newsgroups:full', 'Xref:full']],
      ['in the format by a name in other letters', [...seven, 'XREF:FULL']],
      ['in a format that is empty', []],
    ])('%s', async (_, format) => {
      const line = `${cells}\\tXref: h a:1\\tNewsgroups: a`;
      expect((await row(line, format.length > 0 ? caps : [], format)).xref).toBe('h a:1');
    });

    it('what bears another name is not it', async () => {
      const format = [...seven, 'Xref:full', 'Newsgroups:full'];
      expect((await row(`${cells}\\tNewsgroups: a`, caps, format)).xref).toBe(undefined);
      expect((await row(`${cells}\\th a:1`, caps, format)).xref).toBe('h a:1');
    });
  });

  it('a server that lists no column has the seven of RFC 3977', async () => {
    const dialogue = reader(
      `${group}\nC: LIST OVERVIEW.FMT\nS: 215\nS: .\nC: OVER 1-9\nS: 224\nS-raw: 1\\ts\\tf\\td\\t<a@x>\\t\\t1\\t2\\r\\n\nS: .`,
      ['VERSION 2', 'READER', 'OVER', 'LIST OVERVIEW.FMT'],
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      return (await nntp.overview({ from: 1, to: 9 }).toArray()).map((each) => each.toJSON());
    });
    expect(result).toMatchObject([{ subject: 's', messageId: '<a@x>', bytes: 1, lines: 2 }]);
  });

  it('an Xref that is not there is not an empty one', async () => {
    const caps = ['LIST OVERVIEW.FMT'];
    const format = [
      'Subject:',
      'From:',
      'Date:',
      'Message-ID:',
      'References:',
      ':bytes',
      ':lines',
      'Xref:full',
    ];
    const cells = '1\\ts\\tf\\td\\t<a@x>\\t\\t1\\t2\\t';
    expect((await row(cells, caps, format)).xref).toBe(undefined);
    expect((await row(`${cells}Xref:`, caps, format)).xref).toBe('');
    expect((await row(`${cells}Xref: h a:1`, caps, format)).xref).toBe('h a:1');
  });
});

describe('articles()', () => {
  it('an id that is none is told by its item', async () => {
    const long = `<${'x'.repeat(257)}@y>`;
    const dialogue = reader('C: ARTICLE <a@x>\nC: ARTICLE <b@x>\nS: 430 no\nS: 430 no');
    const result = await play(dialogue, async (nntp) => {
      const seen: unknown[] = [];
      for await (const item of nntp.articles(['<a@x>', long, '<b@x>'])) {
        seen.push(item.ok ? 'ok' : item.error.code);
      }
      return seen;
    });
    expect(result).toEqual(['ERR_NOT_FOUND', 'ERR_ARGUMENT', 'ERR_NOT_FOUND']);
  });

  it('four refused for want of a login need one login', async () => {
    const auth = { user: 'fred', password: 'secret' };
    const ids = ['<1@x>', '<2@x>', '<3@x>', '<4@x>'];
    const caps = capabilities(['VERSION 2', 'READER', 'AUTHINFO USER']);
    const login = `C: AUTHINFO USER fred\nS: 381\nC: AUTHINFO PASS secret\nS: 281\n${caps}`;
    const asked = ids.map((id) => `C: ARTICLE ${id}`).join('\n');
    const again = ids
      .map((id) => `C: ARTICLE ${id}\nS: 220 0 ${id}\nS: Subject: ${id}\nS: \nS: .`)
      .join('\n');
    const dialogue = `S: 200 hi\n${caps}\n${login}\n${asked}\n${ids.map(() => 'S: 480 again').join('\n')}\n${login}\n${again}`;
    const result = await play(
      dialogue,
      async (nntp) => {
        const seen: unknown[] = [];
        for await (const item of nntp.articles(ids)) {
          if (!item.ok) throw item.error;
          await text(item.article.body);
          seen.push(item.article.headers.get('Subject'));
        }
        return seen;
      },
      { auth },
    );
    expect(result).toEqual(ids);
  });
});

describe('post()', () => {
  const article = 'From: a@x\nMessage-ID: <ours@x>\nSubject: s\n\nb\n';
  const sent = 'C: From: a@x\nC: Message-ID: <ours@x>\nC: Subject: s\nC: \nC: b\nC: .';

  it.each([
    [
      'S: 340 ok, recommended message-ID <rec@x>',
      'S: 240 Article received <theirs@x>',
      '<theirs@x>',
    ],
    ['S: 340 ok, recommended message-ID <rec@x>', 'S: 240 ok', '<ours@x>'],
  ])('%s, %s', async (go, done, messageId) => {
    const dialogue = reader(`C: POST\n${go}\n${sent}\n${done}`);
    expect(await play(dialogue, (nntp) => nntp.post(article))).toMatchObject({ messageId });
  });

  it('takes the recommended id where the article has none', async () => {
    const dialogue = reader(
      'C: POST\nS: 340 ok, recommended message-ID <rec@x>\nC: Subject: s\nC: \nC: Message-ID: <body@x>\nC: .\nS: 240 ok',
    );
    expect(
      await play(dialogue, (nntp) => nntp.post('Subject: s\n\nMessage-ID: <body@x>\n')),
    ).toMatchObject({ messageId: '<rec@x>' });
  });

  it('again: a refusal as a duplicate says that it is there', async () => {
    const dialogue = reader(`C: POST\nS: 340\n${sent}\nS: 441 435 Duplicate`);
    expect(await play(dialogue, (nntp) => nntp.post(article, { again: true }))).toEqual({
      messageId: '<ours@x>',
      duplicate: true,
      text: '435 Duplicate',
    });
    expect(await play(dialogue, async (nntp) => (await failure(nntp.post(article))).code)).toBe(
      'ERR_COMMAND_REJECTED',
    );
  });
});

it('a header of another article than the one asked for is none', async () => {
  const dialogue = reader(
    'C: XHDR Subject <a@x>\nS: 221\nS: <b@x> not this\nS: .\nC: XHDR Subject <a@x>\nS: 221\nS: <A@X> this\nS: .',
    ['VERSION 2', 'READER'],
  );
  await play(dialogue, async (nntp) => {
    expect(await failure(nntp.header('Subject', '<a@x>').toArray())).toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
      connection: 'usable',
    });
    expect(await nntp.header('Subject', '<a@x>').toArray()).toMatchObject([{ value: 'this' }]);
  });
});

it('a response that names an article by its message-id alone', async () => {
  const dialogue = reader(
    'C: STAT <a@x>\nS: 223 <a@x>\nC: ARTICLE\nS: 220 <b@x> article\nS: A: b\nS: \nS: .\nC: STAT <a@x>\nS: 223 <z@x>',
  );
  await play(dialogue, async (nntp) => {
    expect(await nntp.stat('<a@x>')).toEqual({ number: undefined, messageId: '<a@x>' });
    const { messageId, body } = await nntp.article();
    expect([messageId, await text(body)]).toEqual(['<b@x>', '']);
    expect(await failure(nntp.stat('<a@x>'))).toMatchObject({ code: 'ERR_MALFORMED_RESPONSE' });
  });
});

it('a tab behind the code', async () => {
  const dialogue = reader('C: STAT <a@x>\nS: 223\t5\t<a@x>\nC: STAT <b@x>\nS: 430\tno');
  const result = await play(dialogue, async (nntp) => [
    await nntp.stat('<a@x>'),
    (await failure(nntp.stat('<b@x>'))).code,
  ]);
  expect(result).toEqual([{ number: 5, messageId: '<a@x>' }, 'ERR_NOT_FOUND']);
});

describe('a duplicate header is no duplicate article', () => {
  const article = 'A: b\r\nMessage-ID: <o@x>\r\n\r\nx\r\n';
  const sent = 'C: A: b\nC: Message-ID: <o@x>\nC: \nC: x\nC: .';
  it.each(['Duplicate "Subject" header field', 'Duplicate "Path"', 'Date header already there'])(
    '441 %s',
    async (words) => {
      const dialogue = reader(`C: POST\nS: 340\n${sent}\nS: 441 ${words}`);
      const result = await play(
        dialogue,
        async (nntp) => (await failure(nntp.post(article, { again: true }))).code,
      );
      expect(result).toBe('ERR_COMMAND_REJECTED');
    },
  );

  it('439 of a feed', async () => {
    const dialogue = reader(
      `C: TAKETHIS <o@x>\n${sent}\nS: 439 <o@x> Duplicate "Subject" header field`,
      ['VERSION 2', 'IHAVE', 'STREAMING'],
    );
    const result = await play(dialogue, async (nntp) => {
      const outcomes: string[] = [];
      for await (const fed of nntp.feed([{ messageId: '<o@x>', article }], { check: false }))
        outcomes.push(fed.outcome);
      return outcomes;
    });
    expect(result).toEqual(['rejected']);
  });

  it('441 with the code of IHAVE behind its own is one', async () => {
    const dialogue = reader(`C: POST\nS: 340\n${sent}\nS: 441 441 435 <o@x>`);
    const { duplicate } = await play(dialogue, (nntp) => nntp.post(article, { again: true }));
    expect(duplicate).toBe(true);
  });
});
