/** SORT, THREAD, ESORT, PARTIAL, COPYUID and groups in odd forms: nothing vanishes, and nothing stands in another's place without a word. */
import { expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { answering, noticesOf, openedOn } from './support/odd.js';

type Work = (box: Mailbox, client: ImapClient) => Promise<unknown>;

const sort: Work = (box) => box.sort('arrival', { seen: true });
const thread: Work = (box) => box.thread('REFS', { seen: true });
const part: Work = async (box) => String(await box.search({ seen: true }, { partial: [1, 2] }));
const rights = ['SORT THREAD=REFS', 'ESEARCH SORT ESORT', 'ESEARCH PARTIAL'];
const none = 'ERR_MALFORMED_RESPONSE';
const leaf = (uid?: number, ...children: unknown[]) =>
  uid === undefined ? { children } : { uid, children };

/** Which capabilities, work, responses, result or code, and what the first notice says. */
it.each<[number, Work, string, unknown, RegExp?]>([
  [0, sort, 'SORT 5 3', [5, 3]],
  [0, sort, 'SORT (5 3)', [5, 3], /parentheses/],
  [0, sort, 'SORT "5 3"', [5, 3], /parentheses/],
  [0, sort, 'SORT 5,3', none, /nz-number/],
  [0, sort, 'SORT "5" "3"', [5, 3], /quotes/],
  [0, sort, 'SORT 5 3 (MODSEQ 7)', [5, 3]],
  [0, sort, 'SORT 5 0 3', [5, 3], /0 is none/],
  [0, sort, 'SORT 5 3 5', [5, 3], /5 comes twice/],
  [0, sort, 'SORT NIL', []],
  [0, sort, 'SORT 5 x', none, /nz-number/],
  [0, sort, 'SORT 5 -3', none, /nz-number/],
  [0, thread, 'THREAD NIL', []],
  [0, thread, 'THREAD (3 5)', [leaf(3, leaf(5))]],
  [0, thread, 'THREAD (3 0)', [leaf(3, leaf())], /0 is none/],
  [0, thread, 'THREAD (3)(5 3)', [leaf(3), leaf(5, leaf(3))], /3 comes twice/],
  [0, thread, 'THREAD (3 5', none, /thread-list/],
  [0, thread, 'THREAD 3 5', none, /thread-list/],
  [1, sort, 'ESEARCH (TAG "T") UID ALL "5,3"', [5, 3], /another form/],
  [1, sort, 'ESEARCH (TAG "T") UID ALL (5 3) COUNT 2', [5, 3], /another form/],
  [1, sort, 'ESEARCH (TAG "T") UID ALL 5 3', [5, 3], /another form/],
  [1, sort, 'ESEARCH (TAG "T") UID ALL 5,5,3', [5, 3]],
  [1, sort, 'ESEARCH (TAG "T") UID ALL 5:4,5:3', [5, 4, 3]],
  [2, part, 'ESEARCH (TAG "T") UID PARTIAL (1:2 3,5)', '3,5'],
  [2, part, 'ESEARCH (TAG "T") UID PARTIAL (2:1 3,5)', '3,5'],
  [2, part, 'ESEARCH (TAG "T") UID ALL 3,5,7', '3,5'],
  [2, part, 'SEARCH 3 5 7', '3,5'],
  [2, part, 'ESEARCH (TAG "T") UID PARTIAL (1:2 3,5)\r\n* ESEARCH (TAG "T") UID COUNT 9', '3,5'],
])('%i %o %s', async (which, work, response, expected, notice) => {
  const lines = (line: string) => [`* ${response}`.replaceAll('"T"', `"${line.split(' ')[0]}"`)];
  await answering(rights[which] as string, lines, async (box, client) => {
    const found = await work(box, client).catch(({ code }) => code);
    expect(JSON.parse(JSON.stringify(found))).toEqual(expected);
    if (notice !== undefined) expect((await noticesOf(client, 1))[0]?.text).toMatch(notice);
  });
}); // biome-ignore format: a table

it('PARTIAL of another window, or of more than it holds, is asked in the old form', async () => {
  for (const answer of ['(3:4 7,9)', '(1:2 3,5,7)', '(-1:-2 3,5)', '(x 3)']) {
    const lines = (line: string) =>
      line.includes('RETURN')
        ? [`* ESEARCH (TAG "${line.split(' ')[0]}") UID PARTIAL ${answer}`]
        : ['* SEARCH 3 5 7'];
    await answering('ESEARCH PARTIAL', lines, async (box, client) => {
      expect(String(await box.search({ seen: true }, { partial: [1, 2] }))).toBe('3,5');
      expect((await noticesOf(client, 1))[0]?.text).toMatch(/ESEARCH/);
    });
  }
});

it('COPYUID of two UIDVALIDITYs: the second is told, and maps nothing', async () => {
  const script = `
C: A2 UID MOVE 3:4 "x"
S: * OK [COPYUID 7 3 13] moved
S: * OK [COPYUID 8 4 14] moved
S: A2 OK done
`;
  await openedOn(script, async (box, client) => {
    const { uids, uidValidity } = await box.move('3:4', 'x');
    expect([String(uids), uidValidity]).toEqual(['3→13', 7]);
    expect((await noticesOf(client, 1))[0]?.text).toMatch(/UIDVALIDITY was 7/);
  });
});

it('COPYUID once more and of something else is told', async () => {
  const script = `
C: A2 UID MOVE 3 "x"
S: * OK [COPYUID 7 3 13] moved
S: A2 OK [COPYUID 7 3 14] done
`;
  await openedOn(script, async (box, client) => {
    expect(String((await box.move(3, 'x')).uids)).toBe('3→13');
    expect((await noticesOf(client, 1))[0]?.text).toMatch(/named twice/);
  });
});

it('a move by COPY removes only what COPYUID says is copied', async () => {
  const script = `
C: A2 UID COPY 3:4 "x"
S: A2 OK [COPYUID 7 3 13] done
C: A3 UID STORE 3 +FLAGS.SILENT (\\Deleted)
S: A3 OK done
C: A4 UID EXPUNGE 3
S: A4 OK done
`;
  const work = async (box: Mailbox, client: ImapClient): Promise<void> => {
    expect(String((await box.move('3:4', 'x')).uids)).toBe('3→13');
    expect((await noticesOf(client, 1))[0]?.text).toMatch(/does not name 4/);
  };
  await openedOn(script, work, { capabilities: 'UIDPLUS' });
});

const to = '((NIL NIL "NAME" NIL)(NIL NIL "al" "h")(NIL NIL "bo" "h"))';
it.each([
  ['words', 'old friends', [{ name: '', address: 'al@h', group: 'old friends' }, { name: '', address: 'bo@h', group: 'old friends' }]],
  ['a word', 'friends', [{ name: '', address: 'friends' }, { name: '', address: 'al@h' }, { name: '', address: 'bo@h' }]],
])('a group without its end, named by %s, is told', async (_name, name, expected) => {
  const envelope = `("d" "s" NIL NIL NIL ${to.replace('NAME', name)} NIL NIL NIL "<m>")`;
  await answering('', () => [`* 1 FETCH (UID 11 ENVELOPE ${envelope})`], async (box) => {
    const [row] = await box.fetch(11, { envelope: true }).toArray();
    expect(row?.envelope.to).toEqual(expected);
    expect(row?.problems).toEqual([expect.stringMatching(/to: a group without its end/)]);
  });
}); // biome-ignore format: short

const taken = (line: string, by: number, body = 'hello') =>
  `* 1 FETCH (UID 11 RFC822.SIZE 7 BODY[]<0> {${body.length + 3 + by}}\r\n${body})\r\n${line}`;

it.each([1, 2, 5, 9, 12, 17, 20])('a literal that takes %i octets of the next row gives them back', async (by) => {
  for (const next of ['* 2 FETCH (UID 12 RFC822.SIZE 6 BODY[]<0> {5}\r\nworld)', '* 2 FETCH (RFC822.SIZE 6 UID 12 BODY[]<0> "world")'])
    for (const more of ['', ' FLAGS (\\Seen)']) {
      const answer = [taken(next, by).replace(/\{(\d+)\}\r\nhello/, (_all, n) => `{${Number(n) + more.length}}\r\nhello${more}`)];
      await answering('', () => answer, async (box) => {
        const rows: unknown[] = [];
        for await (const row of box.fetch('11:12', { size: true, bodies: [''] }))
          rows.push([row.uid, row.size, String(Buffer.concat(await row.body('').toArray())), row.problems.length]);
        expect(rows).toEqual([[11, 7, 'hello', 1], [12, 6, 'world', 1]]);
      });
    }
}); // biome-ignore format: short

it('a literal that takes whole rows and part of one gives all of them back', async () => {
  const rows = [2, 3, 4].map((n) => `* ${n} FETCH (UID ${n + 10} RFC822.SIZE ${n} BODY[]<0> "w")`);
  const by = (rows[0] as string).length + (rows[1] as string).length + 4 + 9;
  await answering('', () => [taken(rows.join('\r\n'), by)], async (box) => {
    const found = await box.fetch('11:14', { size: true, bodies: [''] }).toArray();
    expect(found.map(({ uid, size, problems }) => [uid, size, problems.length > 0])).toEqual([[11, 7, true], [12, 2, true], [13, 3, true], [14, 4, true]]);
  });
}); // biome-ignore format: short

it('what looks like the next row inside a body is the body', async () => {
  const body = 'a)\r\n* 2 FETCH (UID 12';
  await answering('', () => [`* 1 FETCH (UID 11 BODY[]<0> {${body.length}}\r\n${body} RFC822.SIZE x)`], async (box) => {
    const [row] = await box.fetch(11, { size: true, bodies: [''] }).toArray();
    expect(String(Buffer.concat((await row?.body('').toArray()) ?? []))).toBe(body);
  });
}); // biome-ignore format: short
