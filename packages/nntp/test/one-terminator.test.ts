/** A body ends in one way in a session: no octets inside an article ever reach another one, or pass for a response. */
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { play, reader } from './dialogue.js';

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
