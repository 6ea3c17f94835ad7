/** Article numbers above 2^31 and 2^32, wherever a number stands. */
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { play, reader } from './dialogue.js';

it.each([2 ** 31, 2 ** 32, 9_007_199_254_740_000])('%d and the next one', async (low) => {
  const high = low + 1;
  const article = `<a@x>\nS: Subject: s\nS: \nS: b\nS: .`;
  const dialogue = reader(
    [
      `C: GROUP a.b\nS: 211 2 ${low} ${high} a.b`,
      `C: LISTGROUP a.b ${low}-${high}\nS: 211 2 ${low} ${high} a.b\nS: ${low}\nS: ${high}\nS: .`,
      `C: OVER ${low}-${high}\nS: 224\nS-raw: ${low}\\ts\\r\\n${high}\\ts\\r\\n\nS: .`,
      `C: HDR Subject ${low}-${high}\nS: 225\nS: ${low} s\nS: ${high} s\nS: .`,
      `C: XPAT Subject ${low}-${high} *\nS: 221\nS: ${high} s\nS: .`,
      `C: STAT ${low}\nS: 223 ${low} <a@x>`,
      `C: NEXT\nS: 223 ${high} <b@x>`,
      `C: LAST\nS: 223 ${low} <a@x>`,
      `C: ARTICLE ${low}\nC: ARTICLE ${high}\nS: 220 ${low} ${article}\nS: 423 no`,
      `C: LIST ACTIVE\nS: 215\nS: a.b ${high} ${low} y\nS: .`,
      `C: LIST COUNTS\nS: 215\nS: a.b ${high} ${low} ${high} y\nS: .`,
    ].join('\n'),
  );
  const span = { from: low, to: high };
  const result = await play(dialogue, async (nntp) => {
    const group = await nntp.group('a.b');
    const listed = await nntp.listGroup('a.b', span).toArray();
    const rows = (await nntp.overview(span, { window: 2 ** 40 }).toArray()).map(
      ({ number }) => number,
    );
    const headers = (await nntp.header('Subject', span).toArray()).map(({ number }) => number);
    const matching = (await nntp.xpat('Subject', span, '*').toArray()).map(({ number }) => number);
    const moved = [await nntp.stat(low), await nntp.next(), await nntp.last()].map(
      (found) => found?.number,
    );
    const articles: unknown[] = [];
    for await (const item of nntp.articles([low, high])) {
      articles.push(
        item.ok ? [item.article.number, await text(item.article.body)] : [item.id, item.error.code],
      );
    }
    const [active] = await nntp.listActive().toArray();
    const [counts] = await nntp.listCounts().toArray();
    return { group, listed, rows, headers, matching, moved, articles, active, counts };
  });
  expect(result).toEqual({
    group: { name: 'a.b', count: 2, low, high, empty: false },
    listed: [low, high],
    rows: [low, high],
    headers: [low, high],
    matching: [high],
    moved: [low, high, low],
    articles: [
      [low, 'b\r\n'],
      [high, 'ERR_NOT_FOUND'],
    ],
    active: { name: 'a.b', low, high, status: 'y' },
    counts: { name: 'a.b', low, high, count: high, status: 'y' },
  });
});
