/** Lines in another form than RFC 9051 gives them: tabs for spaces, two responses on one line, literals of another length than announced. */
import { describe, expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { answering, noticesOf, openedOn } from './support/odd.js';

type Work = (box: Mailbox, client: ImapClient) => Promise<unknown>;

const capabilities = 'ESEARCH UIDPLUS';
const row = (uid: number, more = ''): string =>
  `* ${uid - 10} FETCH (UID ${uid} FLAGS (\\Seen) RFC822.SIZE 5${more})`;
const both: Work = (box) => box.fetch('11:13', { flags: true, size: true }).toArray();
const rows = (...uids: number[]) =>
  uids.map((uid) => expect.objectContaining({ uid, flags: ['\\Seen'], size: 5, problems: [] }));
const list: Work = async (_box, client) =>
  (await client.list().toArray()).map(({ name, delimiter }) => [name, delimiter]);
const status: Work = (_box, client) => client.status('x', ['messages', 'unseen']);
const search: Work = async (box) => String(await box.search({ seen: true }));
const count: Work = async (_box, client) => {
  await client.noop();
  return _box.exists;
};
const envelope: Work = async (box) => {
  const [found] = await box.fetch(11, { envelope: true, size: true }).toArray();
  return [
    found?.envelope.subject,
    found?.envelope.from[0]?.address,
    found?.envelope.messageId,
    found?.size,
  ];
};

const run = (answer: string[], work: Work, given = capabilities): Promise<unknown> =>
  answering(given, () => answer, work);

describe('tabs between tokens', () => {
  it.each<[string, string, Work, unknown]>([
    ['a row', row(11), both, rows(11)],
    [
      'ENVELOPE',
      '* 1 FETCH (UID 11 ENVELOPE ("d" "s" (("A" NIL "a" "h")) NIL NIL NIL NIL NIL NIL "<m>") RFC822.SIZE 5)',
      envelope,
      ['s', 'a@h', '<m>', 5],
    ],
    ['LIST', '* LIST (\\HasChildren \\Sent) "/" "a"', list, [['a', '/']]],
    ['STATUS', '* STATUS x (MESSAGES 3 UNSEEN 1)', status, { messages: 3, unseen: 1 }],
    ['SEARCH', '* SEARCH 3 5', search, '3,5'],
    ['ESEARCH', '* ESEARCH UID ALL 3,5', search, '3,5'],
    ['EXISTS', '* 9 EXISTS', count, 9],
  ])('%s', async (_name, line, work, expected) => {
    const given = line.includes(' SEARCH') ? '' : capabilities;
    for (const blank of ['\t', '\t\t', ' \t', '\t ', '  '])
      expect([blank, await run([line.replaceAll(' ', blank)], work, given)]).toEqual([
        blank,
        expected,
      ]);
  });

  it('a tab in a string stays, and so does one that is a delimiter', async () => {
    const answer = [
      '* 1 FETCH (UID 11\tENVELOPE ("d"\t"a\tb" NIL NIL NIL NIL NIL NIL NIL "<m>") RFC822.SIZE 5)',
    ];
    expect(await run(answer, envelope)).toEqual(['a\tb', undefined, '<m>', 5]);
    expect(await run(['* LIST () \t INBOX', '*\tLIST\t()\t"\t"\t"a\tb"'], list)).toEqual([
      ['INBOX', '\t'],
      ['a\tb', '\t'],
    ]);
  });

  it('in a tagged answer and its code', async () => {
    const script = `
C: A2 UID COPY 1:2 "x"
S: A2 OK\t[COPYUID\t7\t1:2\t11:12]\tdone
`;
    await openedOn(script, async (box) =>
      expect(String((await box.copy('1:2', 'x')).uids)).toBe('1:2→11:12'),
    );
  });

  it('before a body, and in the tagged answer', async () => {
    const answer = (line: string) =>
      line.includes('FETCH')
        ? [
            `*\t1\tFETCH\t(UID\t11\tRFC822.SIZE 7\tBODY[]<0>\t{5}\r\nhello)`,
            `${line.split(' ')[0]}\tOK\tdone`,
          ]
        : [];
    await answering('', answer, async (box) => {
      const [found] = await box.fetch(11, { size: true, bodies: [''] }).toArray();
      expect([
        found?.uid,
        found?.size,
        String(Buffer.concat((await found?.body('').toArray()) ?? [])),
      ]).toEqual([11, 7, 'hello']);
    });
  });
});

describe('two responses on one line', () => {
  it.each<[string, string[], Work, unknown]>([
    ['rows', [`${row(11)} ${row(12)}`], both, rows(11, 12)],
    ['rows without a space', [`${row(11)}${row(12)}${row(13)}`], both, rows(11, 12, 13)],
    ['rows and a line of their own', [`${row(11)} ${row(12)}`, row(13)], both, rows(11, 12, 13)],
    [
      'EXISTS behind a row',
      [`${row(11)} * 7 EXISTS`],
      async (box, client) => [await both(box, client), box.exists],
      [rows(11), 7],
    ],
    ['EXISTS and RECENT', ['* 7 EXISTS * 1 RECENT'], count, 7],
    ['RECENT and EXISTS', ['* 1 RECENT * 7 EXISTS'], count, 7],
    ['EXPUNGE twice', ['* 1 EXPUNGE * 1 EXPUNGE'], count, 98],
    [
      'LIST',
      ['* LIST () "/" "a" * LIST () "." "b"'],
      list,
      [
        ['a', '/'],
        ['b', '.'],
      ],
    ],
    [
      'STATUS',
      ['* STATUS x (MESSAGES 3) * STATUS x (UNSEEN 1)'],
      status,
      { messages: 3, unseen: 1 },
    ],
    [
      'STATUS without parentheses',
      ['* STATUS x MESSAGES 3 * STATUS x UNSEEN 1'],
      status,
      { messages: 3, unseen: 1 },
    ],
  ])('%s', async (_name, answer, work, expected) => {
    expect(await run(answer, work)).toEqual(expected);
  });

  it('SEARCH', async () => {
    expect(await run(['* SEARCH 3 5 * SEARCH 7'], search, '')).toBe('3,5,7');
  });

  it('a row with a flaw, and one without', async () => {
    const answer = [
      '* 1 FETCH (UID 11 FLAGS (\\Seen) RFC822.SIZE x) * 2 FETCH (UID 12 FLAGS (\\Seen) RFC822.SIZE 5)',
    ];
    const found = (await run(answer, both)) as { uid: number; problems: string[] }[];
    expect(found.map(({ uid, problems }) => [uid, problems.length])).toEqual([
      [11, 1],
      [12, 0],
    ]);
  });

  it('the tagged OK behind a row', async () => {
    await answering(
      '',
      (line) => [`${row(11)} ${line.split(' ')[0]} OK done`],
      async (box, client) => {
        expect(await both(box, client)).toEqual(rows(11));
        await client.noop();
      },
    );
  });

  it('bodies, each to its own message', async () => {
    const answer = (line: string): string[] => {
      if (line.includes('BODY.PEEK[]<0'))
        return [
          '* 1 FETCH (UID 11 BODY[]<0> {5}\r\nhello) * 2 FETCH (UID 12 BODY[]<0> {5}\r\nworld)',
        ];
      if (line.includes('BODY.PEEK[]'))
        return [
          `* 1 FETCH (UID 11 FLAGS ()) * 2 FETCH (UID 12 BODY[] {9000}\r\n${'w'.repeat(9_000)})`,
        ];
      return [row(12)];
    };
    await answering(
      '',
      answer,
      async (box) => {
        const found: [number, string][] = [];
        for await (const message of box.fetch('11:12', { bodies: [''] }))
          found.push([message.uid, String(Buffer.concat(await message.body('').toArray()))]);
        expect(found).toEqual([
          [11, 'hello'],
          [12, 'world'],
        ]);
        const [other] = await box.fetch(12, { flags: true }).toArray();
        expect(Buffer.concat((await other?.body('').toArray()) ?? []).length).toBe(9_000);
      },
      { limits: { literalOctets: 5_000 } },
    );
  });
});

describe('a literal announced longer than it is', () => {
  const rest = '(("A" NIL "a" "h")) NIL NIL NIL NIL NIL NIL "<m>"';
  const announced = (more: number): string =>
    `* 1 FETCH (UID 11 ENVELOPE ("d" {${5 + more}}\r\nhello ${rest}) RFC822.SIZE 5)`;

  it('in ENVELOPE: what stands behind it is read where it stands', async () => {
    for (const more of [1, 2, 3, 4, 5])
      expect([more, await run([announced(more)], envelope)]).toEqual([
        more,
        ['hello', 'a@h', '<m>', 5],
      ]);
  });

  it('in ENVELOPE, by NIL', async () => {
    const nils = 'NIL NIL NIL NIL NIL NIL';
    for (const more of [1, 2, 3, 4, 8]) {
      const answer = [
        `* 1 FETCH (UID 11 ENVELOPE ("d" {${5 + more}}\r\nhello ${nils} (("A" NIL "a" "h")) "<m>") RFC822.SIZE 5)`.replace(
          `${nils} (("A" NIL "a" "h"))`,
          `${nils} NIL`,
        ),
      ];
      await answering(
        '',
        () => answer,
        async (box) => {
          const [found] = await box.fetch(11, { envelope: true, size: true }).toArray();
          expect([more, found?.envelope.subject, found?.envelope.messageId, found?.size]).toEqual([
            more,
            'hello',
            '<m>',
            5,
          ]);
          expect(found?.problems.length).toBe(1);
        },
      );
    }
  });

  it('in an address', async () => {
    for (const more of [1, 2, 3, 4]) {
      const answer = [
        `* 1 FETCH (UID 11 ENVELOPE ("d" "s" (({${2 + more}}\r\nAl NIL "a" "h")) NIL NIL NIL NIL NIL NIL "<m>") RFC822.SIZE 5)`,
      ];
      expect([more, await run(answer, envelope)]).toEqual([more, ['s', 'a@h', '<m>', 5]]);
    }
  });

  const bodies = async (box: Mailbox) => {
    const found: unknown[] = [];
    for await (const message of box.fetch('11:12', { size: true, bodies: [''] }))
      found.push([
        message.uid,
        message.size,
        String(Buffer.concat(await message.body('').toArray())),
        message.problems.length > 0,
      ]);
    return found.sort();
  };
  const next = '* 2 FETCH (UID 12 RFC822.SIZE 6 BODY[]<0> {5}\r\nworld)';

  it.each([
    ['by a space', 1, 'hello'],
    ['into an item', 4, 'hello'],
  ])('in BODY[], %s: nothing is lost', async (_name, more, body) => {
    for (const items of [
      'RFC822.SIZE 7',
      'FLAGS (a) RFC822.SIZE 7',
      'INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 7',
    ]) {
      const answer = [`* 1 FETCH (UID 11 BODY[]<0> {${5 + more}}\r\nhello ${items})`, next];
      expect(await run(answer, bodies)).toEqual([
        [11, 7, body, true],
        [12, 6, 'world', false],
      ]);
    }
    const answer = [
      `* 1 FETCH (RFC822.SIZE 7 BODY[]<0> {${5 + Math.min(more, 2)}}\r\nhello UID 11)`,
      next,
    ];
    expect(await run(answer, bodies)).toEqual([
      [11, 7, body, true],
      [12, 6, 'world', false],
    ]);
  });

  it.each([
    ['the parenthesis', 1, 'hello)'],
    ['the whole end', 3, 'hello)\r\n'],
  ])('in BODY[], by %s: the next row is no part of this one', async (_name, more, body) => {
    const answer = [`* 1 FETCH (UID 11 RFC822.SIZE 7 BODY[]<0> {${5 + more}}\r\nhello)`, next];
    expect(await run(answer, bodies)).toEqual([
      [11, 7, body, true],
      [12, 6, 'world', false],
    ]);
  });

  it('in a name: LIST', async () => {
    const answer = ['* LIST () "/" {5}\r\nabc', '* LIST () "/" b'];
    expect(await run(answer, list)).toEqual([
      ['abc', '/'],
      ['b', '/'],
    ]);
  });

  it('and shorter: the row says so', async () => {
    for (const less of [1, 2, 3]) {
      const answer = [`* 1 FETCH (UID 11 BODY[]<0> {${5 - less}}\r\nhello RFC822.SIZE 7)`, next];
      expect(await run(answer, bodies)).toEqual([
        [11, 7, 'hello'.slice(0, 5 - less), true],
        [12, 6, 'world', false],
      ]);
    }
  });
});

it('what stands behind the end of a response and is none is a notice', async () => {
  for (const line of ['* 5 EXISTS messages', '* 1 RECENT (x)', '* FLAGS (a) (b)'])
    await answering('', () => [line], async (_box, client) => {
      await client.noop();
      expect((await noticesOf(client, 1))[0]?.text).toMatch(/behind its end/);
    });
}); // biome-ignore format: short
