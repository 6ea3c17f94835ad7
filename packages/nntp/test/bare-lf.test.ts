/** A bare LF inside a row of a session whose lines end in CRLF: the row behind it is told, and becomes no part of another one. */
import { describe, expect, it } from 'vitest';
import type { NntpClient } from '../src/index.js';
import { capabilities, play, reader } from './dialogue.js';

const everything = async (rows: AsyncIterable<unknown>): Promise<unknown[]> => {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
};
const span = { from: 1, to: 9 };
const since = new Date(Date.UTC(2020, 0));

/** @returns what the client makes of it, then what it is told */
const told = async (
  nntp: NntpClient,
  act: () => Promise<unknown>,
): Promise<[unknown, { kind: string; text: string }[]]> => {
  const result = await act();
  await nntp.date(); // in step
  nntp.close();
  return [result, (await everything(nntp.notices)) as { kind: string; text: string }[]];
};

const date = 'C: DATE\nS: 111 20200101000000';

describe('the row before it is given, and all of it is told', () => {
  it.each<[string, string, string[], (nntp: NntpClient) => AsyncIterable<unknown>, unknown[]]>([
    [
      'LIST ACTIVE',
      '215 list',
      ['a.b 2 1 y', 'a.c 3 1 n', 'a.d 4 1 m'],
      (nntp) => nntp.listActive(),
      [
        { name: 'a.b', low: 1, high: 2, status: 'y' },
        { name: 'a.d', low: 1, high: 4, status: 'm' },
      ],
    ],
    [
      'LIST NEWSGROUPS',
      '215 list',
      ['a.b One', 'a.c Two', 'a.d Three'],
      (nntp) => nntp.listNewsgroups(),
      [
        { name: 'a.b', description: 'One' },
        { name: 'a.d', description: 'Three' },
      ],
    ],
    [
      'LIST SUBSCRIPTIONS',
      '215 list',
      ['a.b', 'a.c', 'a.d'],
      (nntp) => nntp.listSubscriptions(),
      ['a.b', 'a.d'],
    ],
    [
      'LIST MODERATORS',
      '215 list',
      ['a.b:%s@x', 'a.c:%s@y', 'a.d:%s@z'],
      (nntp) => nntp.listModerators(),
      [
        { group: 'a.b', template: '%s@x' },
        { group: 'a.d', template: '%s@z' },
      ],
    ],
    ['LISTGROUP a.b', '211 3 1 3 a.b', ['1', '2', '3'], (nntp) => nntp.listGroup('a.b'), [1, 3]],
    [
      'NEWGROUPS 20200101 000000 GMT',
      '231 list',
      ['a.b 2 1 y', 'a.c 3 1 n', 'a.d 4 1 m'],
      (nntp) => nntp.newGroups(since),
      [
        { name: 'a.b', low: 1, high: 2, status: 'y' },
        { name: 'a.d', low: 1, high: 4, status: 'm' },
      ],
    ],
    [
      'NEWNEWS * 20200101 000000 GMT',
      '230 list',
      ['<1@x>', '<2@x>', '<3@x>'],
      (nntp) => nntp.newNews('*', since),
      ['<1@x>', '<3@x>'],
    ],
  ])('%s', async (command, head, [one, two, three], list, rows) => {
    const dialogue = reader(
      `C: ${command}\nS: ${head}\nS-raw: ${one}\\n${two}\\r\\n\nS: ${three}\nS: .\n${date}`,
    );
    const [result, notices] = await play(dialogue, (nntp) =>
      told(nntp, () => everything(list(nntp))),
    );
    expect(result).toEqual(rows);
    expect(notices).toEqual([{ kind: 'bare-lf', text: `${command}: ${one}\\u{a}${two}` }]);
  });
});

describe('free text keeps it, and says so', () => {
  const selected = (more: string) =>
    reader(`C: GROUP a.b\nS: 211 3 1 3 a.b\n${more}\nS: 3 three\nS: .\n${date}`);

  it.each<[string, string, (nntp: NntpClient) => AsyncIterable<{ value: string }>]>([
    ['HDR Subject 1-9', '225 rows', (nntp) => nntp.header('Subject', span)],
    ['XPAT Subject 1-9 *', '221 rows', (nntp) => nntp.xpat('Subject', span, '*')],
  ])('%s', async (command, head, list) => {
    const dialogue = selected(`C: ${command}\nS: ${head}\nS-raw: 1 one\\n2 two\\r\\n`);
    const [result, notices] = await play(dialogue, (nntp) =>
      told(nntp, async () => {
        await nntp.group('a.b');
        return (await everything(list(nntp))).map((row) => (row as { value: string }).value);
      }),
    );
    expect(result).toEqual(['one\n2 two', 'three']);
    expect(notices).toEqual([{ kind: 'bare-lf', text: `${command}: 1 one\\u{a}2 two` }]);
  });

  it('OVER, by the problem of the row too', async () => {
    const row = (n: number) => `${n}\\tS${n}\\tf\\td\\t<${n}@x>\\t\\t7\\t1`;
    const dialogue = reader(
      `C: GROUP a.b\nS: 211 3 1 3 a.b\nC: OVER 1-9\nS: 224 rows\nS-raw: ${row(1)}\\n${row(2)}\\r\\n${row(3)}\\r\\n\nS: .\n${date}`,
    );
    const [result, notices] = await play(dialogue, (nntp) =>
      told(nntp, async () => {
        await nntp.group('a.b');
        const rows = await nntp.overview(span).toArray();
        return rows.map(({ number, subject, problem }) => [number, subject, problem]);
      }),
    );
    expect(result).toEqual([
      [1, 'S1', expect.stringContaining('another row may stand behind a bare LF')],
      [3, 'S3', undefined],
    ]);
    expect(notices.map(({ kind }) => kind)).toEqual(['bare-lf']);
  });
});

describe('names stand on both sides of it', () => {
  it('CAPABILITIES', async () => {
    const dialogue = `S: 200 hi\nC: CAPABILITIES\nS: 101 list\nS: VERSION 2\nS-raw: READER\\nOVER\\n.\\nHDR\\r\\n\nS: .\n${date}`;
    const [result, notices] = await play(dialogue, (nntp) =>
      told(nntp, async () => [...nntp.capabilities]),
    );
    expect(result).toEqual(['VERSION', 'READER', 'OVER', 'HDR']);
    expect(notices).toEqual([
      { kind: 'bare-lf', text: 'CAPABILITIES: READER\\u{a}OVER\\u{a}.\\u{a}HDR' },
    ]);
  });

  it('LIST OVERVIEW.FMT', async () => {
    const dialogue = `S: 200 hi\n${capabilities(['VERSION 2', 'READER', 'OVER', 'LIST ACTIVE OVERVIEW.FMT'])}\nC: GROUP a.b\nS: 211 3 1 3 a.b\nC: LIST OVERVIEW.FMT\nS: 215 list\nS-raw: Subject:\\nFrom:\\r\\nDate:\\r\\nMessage-ID:\\r\\nReferences:\\r\\n:bytes\\r\\n:lines\\r\\n\nS: .\nC: OVER 1-9\nS: 224 rows\nS-raw: 1\\tS\\tf\\td\\t<1@x>\\t\\t7\\t1\\r\\n\nS: .\n${date}`;
    const [result, notices] = await play(dialogue, (nntp) =>
      told(nntp, async () => {
        await nntp.group('a.b');
        const [row] = await nntp.overview(span).toArray();
        return [row?.messageId, row?.bytes, row?.problem];
      }),
    );
    expect(result).toEqual(['<1@x>', 7, undefined]);
    expect(notices.map(({ kind }) => kind)).toEqual(['bare-lf']);
  });
});
