/** archive(): a newsgroup copied run after run. */
import { type AddressInfo, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type ArchiveState, NntpClient } from '../src/index.js';
import { failure, play, reader } from './dialogue.js';

const group = (low: number, high: number) =>
  `C: GROUP a.b\nS: 211 ${high - low + 1} ${low} ${high} a.b`;
const listed = (from: number, to: number, ...numbers: number[]) =>
  `C: LISTGROUP a.b ${from}-${to}\nS: 211 9 1 9 a.b\n${numbers.map((n) => `S: ${n}\n`).join('')}S: .`;
const asked = (...numbers: number[]) => numbers.map((n) => `C: ARTICLE ${n}`).join('\n');
const given = (n: number) => `S: 220 ${n} <${n}@x>\nS: Subject: ${n}\nS: \nS: ..body\nS: .`;

async function run(nntp: NntpClient, state?: ArchiveState, options = {}) {
  const seen: unknown[] = [];
  let last = state;
  for await (const item of nntp.archive('a.b', state, options)) {
    last = item.state;
    if (item.kind === 'article')
      seen.push([item.number, (await buffer(item.article.raw)).toString('latin1')]);
    else if (item.kind === 'failed') seen.push([item.number, item.error.code]);
    else seen.push([item.kind, item.from, item.to]);
  }
  return [seen, last];
}

const raw = (n: number) => `Subject: ${n}\r\n\r\n.body\r\n`;

describe('archive()', () => {
  it('gives all, octet by octet, and tells gaps and refusals', async () => {
    const dialogue = reader(
      `${group(2, 9)}\n${listed(2, 9, 2, 3, 6, 8)}\n${asked(2, 3, 6, 8)}\n${given(2)}\nS: 423 gone\n${given(6)}\n${given(8)}`,
    );
    expect(await play(dialogue, (nntp) => run(nntp))).toEqual([
      [
        [2, raw(2)],
        [3, 'ERR_NOT_FOUND'],
        ['gap', 4, 5],
        [6, raw(6)],
        ['gap', 7, 7],
        [8, raw(8)],
        ['gap', 9, 9],
      ],
      { group: 'a.b', low: 2, high: 9, last: 9 },
    ]);
  });

  it('goes on where it was, and tells what has expired meanwhile', async () => {
    const state = { group: 'a.b', low: 1, high: 4, last: 4 };
    const dialogue = reader(
      `${group(7, 8)}\n${listed(7, 8, 7, 8)}\n${asked(7, 8)}\n${given(7)}\n${given(8)}`,
    );
    expect(await play(dialogue, (nntp) => run(nntp, state))).toEqual([
      [
        ['expired', 5, 6],
        [7, raw(7)],
        [8, raw(8)],
      ],
      { group: 'a.b', low: 7, high: 8, last: 8 },
    ]);
  });

  it('has nothing to do in a group that is empty, or known to its end; limit ends it early', async () => {
    const state = { group: 'a.b', low: 1, high: 9, last: 9 };
    expect(await play(reader(group(1, 9)), (nntp) => run(nntp, state))).toEqual([[], state]);
    const empty = reader('C: GROUP a.b\nS: 211 0 10 9 a.b');
    expect(await play(empty, (nntp) => run(nntp, state))).toEqual([[], state]);
    for (const figures of ['0 0 0', '0 1 0', '0 0 -1'])
      expect(
        await play(reader(`C: GROUP a.b\nS: 211 ${figures} a.b`), (nntp) => run(nntp, state)),
      ).toEqual([[], state]);
    const some = reader(`${group(1, 9)}\n${listed(1, 2, 1)}\n${asked(1)}\n${given(1)}`);
    expect(await play(some, (nntp) => run(nntp, undefined, { limit: 2 }))).toEqual([
      [
        [1, raw(1)],
        ['gap', 2, 2],
      ],
      { group: 'a.b', low: 1, high: 9, last: 2 },
    ]);
  });

  describe('a number that was not listed is no gap before it was asked for', () => {
    const all = `${asked(1, 2, 3)}\n${given(1)}\nS: 423 no such number\n${given(3)}`;

    it.each<[string, string]>([
      ['no LISTGROUP', 'C: LISTGROUP a.b 1-3\nS: 500 what?\nC: GROUP a.b\nS: 211 3 1 3 a.b'],
      [
        'no LISTGROUP of a span',
        'C: LISTGROUP a.b 1-3\nS: 501 syntax\nC: GROUP a.b\nS: 211 3 1 3 a.b',
      ],
      [
        'LISTGROUP for others',
        'C: LISTGROUP a.b 1-3\nS: 503 not here\nC: GROUP a.b\nS: 211 3 1 3 a.b',
      ],
      [
        'Leafnode: a span taken for part of the name',
        'C: LISTGROUP a.b 1-3\nS: 411 No such group: a.b 1-3\nC: GROUP a.b\nS: 211 3 1 3 a.b',
      ],
      ['a row that can not be read', 'C: LISTGROUP a.b 1-3\nS: 211 3 1 3 a.b\nS: 1\nS: #3\nS: .'],
      [
        'rows of which none can be read',
        'C: LISTGROUP a.b 1-3\nS: 211 3 1 3 a.b\nS: #1\nS: #3\nS: .',
      ],
      ['no rows at all', 'C: LISTGROUP a.b 1-3\nS: 211 3 1 3 a.b\nS: .'],
    ])('%s', async (_what, list) => {
      expect(await play(reader(`${group(1, 3)}\n${list}\n${all}`), (nntp) => run(nntp))).toEqual([
        [
          [1, raw(1)],
          ['gap', 2, 2],
          [3, raw(3)],
        ],
        { group: 'a.b', low: 1, high: 3, last: 3 },
      ]);
    });

    it('what a server refuses for another reason is no gap', async () => {
      const dialogue = `${group(1, 2)}\nC: LISTGROUP a.b 1-2\nS: 500 what?\n${group(1, 2)}\n${asked(1, 2)}\nS: 423 none\nS: 403 disk`;
      expect(await play(reader(dialogue), (nntp) => run(nntp))).toEqual([
        [
          ['gap', 1, 1],
          [2, 'ERR_COMMAND_REJECTED'],
        ],
        { group: 'a.b', low: 1, high: 2, last: 2 },
      ]);
    });
  });

  it('a server without LISTGROUP is asked for it once, however many spans there are', async () => {
    const lines: string[] = [];
    const server = createServer((socket) => {
      let input = '';
      socket.write('200 ready\r\n');
      socket.on('data', (octets) => {
        const all = (input + octets).split('\r\n');
        input = all.pop() ?? '';
        const answers = all.map((line) => {
          const verb = line.split(' ')[0] ?? '';
          if (verb !== 'ARTICLE') lines.push(line);
          return (
            { GROUP: '211 3 1 10005 a.b', ARTICLE: '423 none', QUIT: '205 bye' }[verb] ??
            '500 what?'
          );
        });
        socket.write(`${answers.join('\r\n')}\r\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const nntp = await NntpClient.connect({ host: '127.0.0.1', port, security: 'cleartext' });
    const seen = [];
    for await (const { kind, state } of nntp.archive('a.b')) seen.push([kind, state.last]);
    expect(seen).toEqual([
      ['gap', 10_000],
      ['gap', 10_005],
    ]);
    expect(lines.filter((line) => line.startsWith('LISTGROUP'))).toEqual(['LISTGROUP a.b 1-10000']);
    await nntp.quit();
    server.close();
  });

  it('refuses to guess where the group was numbered anew, or the state is another one', async () => {
    const state = { group: 'a.b', low: 1, high: 90, last: 90 };
    const code = await play(
      reader(group(1, 9)),
      async (nntp) => (await failure(run(nntp, state))).code,
    );
    expect(code).toBe('ERR_STATE');
    await play(reader('C: DATE\nS: 111 20200101000000'), async (nntp) => {
      for (const bad of [{ ...state, group: 'x' }, { ...state, last: -1 }, 'a.b'])
        expect(() => nntp.archive('a.b', bad as never)).toThrow(
          expect.objectContaining({ code: 'ERR_ARGUMENT' }),
        );
      await nntp.date();
    });
  });

  it('says how far it came when the connection breaks: the state of the item before', async () => {
    const dialogue = reader(
      `${group(1, 2)}\n${listed(1, 2, 1, 2)}\n${asked(1, 2)}\n${given(1)}\nCLOSE`,
    );
    const result = await play(dialogue, async (nntp) => {
      let state: ArchiveState | undefined;
      const loop = async () => {
        for await (const item of nntp.archive('a.b')) {
          if (item.kind === 'article') await buffer(item.article.raw);
          state = item.state;
        }
      };
      return [(await failure(loop())).code, state?.last];
    });
    expect(result).toEqual(['ERR_CONNECTION_CLOSED', 1]);
  });
});
