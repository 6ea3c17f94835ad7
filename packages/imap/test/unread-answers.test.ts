/**
 * What was not understood never looks like what is not there: an answer that is missing while something came that cannot be
 * read is an error, and the session goes on. (Decision 0048.)
 */
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { openedOn } from './support/odd.js';
import { scriptedClient } from './support/script.js';

type Work = (box: Mailbox, client: ImapClient) => Promise<unknown>;

interface Question {
  name: string;
  capabilities: string;
  command: string;
  work: Work;
  /** What it means that the server says nothing but OK. */
  nothing: unknown;
  /** Its own response, broken. */
  broken: string;
  /** One that can be read. */
  whole: string;
}

const questions: Question[] = [
  { name: 'search', capabilities: '', command: 'UID SEARCH SEEN', work: async (box) => String(await box.search({ seen: true })), nothing: '', broken: '* SEARCH 1 x', whole: '* SEARCH 1' },
  { name: 'count', capabilities: '', command: 'UID SEARCH SEEN', work: (box) => box.count({ seen: true }), nothing: 0, broken: '* SEARCH 1 (', whole: '* SEARCH 1' },
  { name: 'sort', capabilities: 'SORT', command: 'UID SORT (DATE) UTF-8 SEEN', work: (box) => box.sort('date', { seen: true }), nothing: [], broken: '* SORT 1 "2"', whole: '* SORT 1' },
  { name: 'thread', capabilities: 'THREAD=REFS', command: 'UID THREAD REFS UTF-8 SEEN', work: (box) => box.thread('REFS', { seen: true }), nothing: [], broken: '* THREAD (1 x)', whole: '* THREAD (1)' },
  { name: 'quota', capabilities: 'QUOTA', command: 'GETQUOTAROOT "x"', work: (_box, client) => client.quota('x'), nothing: [], broken: '* QUOTA "" (STORAGE 10 -1)', whole: '* QUOTA "" (STORAGE 10 20)' },
  { name: 'acl', capabilities: 'ACL', command: 'GETACL "x"', work: (_box, client) => client.acl('x'), nothing: {}, broken: '* ACL x alice (', whole: '* ACL x alice lr' },
  { name: 'myRights', capabilities: 'ACL', command: 'MYRIGHTS "x"', work: (_box, client) => client.myRights('x'), nothing: '', broken: '* MYRIGHTS x (lr', whole: '* MYRIGHTS x lr' },
  { name: 'listRights', capabilities: 'ACL', command: 'LISTRIGHTS "x" "bob"', work: (_box, client) => client.listRights('x', 'bob'), nothing: { required: '', optional: [] }, broken: '* LISTRIGHTS x bob (', whole: '* LISTRIGHTS x bob ""' },
  { name: 'metadata', capabilities: 'METADATA', command: 'GETMETADATA "x" ("/private/comment")', work: (_box, client) => client.metadata('x', ['/private/comment']), nothing: {}, broken: '* METADATA x (/private/comment', whole: '* METADATA x (/private/comment "y")' },
  { name: 'namespaces', capabilities: 'NAMESPACE', command: 'NAMESPACE', work: (_box, client) => client.namespaces(), nothing: { personal: [], otherUsers: [], shared: [] }, broken: '* NAMESPACE (("" "/"', whole: '* NAMESPACE (("" "/")) NIL NIL' },
  { name: 'personal', capabilities: 'NAMESPACE', command: 'NAMESPACE', work: (_box, client) => client.personal('y'), nothing: 'y', broken: '* NAMESPACE NIL', whole: '* NAMESPACE (("" "/")) NIL NIL' },
]; // biome-ignore format: a table

/** These give on what can be read: what is broken beside it is a notice. */
const forgiving: Question[] = [
  { name: 'list', capabilities: '', command: 'LIST "" "*"', work: async (_box, client) => (await client.list().toArray()).map(({ name }) => name), nothing: [], broken: '* LIST (\\Marked', whole: '* LIST () "/" INBOX' },
  { name: 'find', capabilities: '', command: 'LIST "" "*"', work: (_box, client) => client.find({ specialUse: '\\Sent' }), nothing: undefined, broken: '* LIST () "/"', whole: '* LIST () "/" INBOX' },
  { name: 'status', capabilities: '', command: 'STATUS "x" (MESSAGES)', work: (_box, client) => client.status('x', ['messages']), nothing: {}, broken: '* STATUS x (MESSAGES', whole: '* STATUS x (MESSAGES 1)' },
  { name: 'fetch', capabilities: '', command: 'UID FETCH 1 (UID RFC822.SIZE)', work: (box) => box.fetch(1, { size: true }).toArray(), nothing: [], broken: '* 1', whole: '* 1 FETCH (UID 1 RFC822.SIZE 5)' },
]; // biome-ignore format: a table

const asked = (
  { command, capabilities, work }: Pick<Question, 'command' | 'capabilities' | 'work'>,
  lines: string[],
  ok = 'OK done',
): Promise<unknown> =>
  openedOn(
    `
C: A2 ${command}
${lines.map((line) => `S: ${line}`).join('\n')}
S: A2 ${ok}
C: A3 NOOP
S: A3 OK done
`,
    async (box, client) => {
      const answer = work(box, client);
      await answer.catch(() => {});
      await client.noop();
      return answer;
    },
    { capabilities },
  );

const unread = {
  code: 'ERR_MALFORMED_RESPONSE',
  connection: 'usable',
  hint: expect.stringContaining('not known'),
};
const warning = 'Warning: gone in /var/www/imap.php on line 3';

describe.each([...questions, ...forgiving])('$name', (question) => {
  it('of OK alone is nothing, however much else is told', async () => {
    const others = ['* 3 EXISTS', '* OK [ALERT] so it is', '* XFOO bar', '* 2 FETCH (FLAGS ())'];
    expect(await asked(question, [])).toEqual(question.nothing);
    if (question.name !== 'fetch') expect(await asked(question, others)).toEqual(question.nothing);
  });

  it.each([
    ['its response is broken', question.broken],
    ['a line is no response', warning],
    ['a response has no name', '* (1 2 3)'],
  ])('is an error where %s, and there is no other', async (_name, line) => {
    await expect(asked(question, [line])).rejects.toMatchObject(unread);
  });

  it('lives with what is no part of its answer', async () => {
    const answer = await asked(question, [question.whole]);
    const among = [warning, '* (1 2 3)', question.whole, warning];
    expect(await asked(question, among)).toEqual(answer);
  });
});

it.each(questions)('$name: a part of the answer that is broken is missed', async (question) => {
  await expect(asked(question, [question.whole, question.broken])).rejects.toMatchObject(unread);
});

it.each(forgiving)('$name: a broken line costs no other', async (question) => {
  const answer = await asked(question, [question.whole]);
  expect(await asked(question, [question.broken, question.whole])).toEqual(answer);
});

it('a body is not called gone where its row cannot be read', async () => {
  const read = openedOn(
    `
C: A2 UID FETCH 1 (UID RFC822.SIZE)
S: * 1 FETCH (UID 1 RFC822.SIZE 5)
S: A2 OK done
C: A3 UID FETCH 1 (UID BODY.PEEK[])
S: * 1
S: A3 OK done
`,
    async (box) => {
      const [row] = await box.fetch(1, { size: true }).toArray();
      return text((row as NonNullable<typeof row>).body());
    },
  );
  await expect(read).rejects.toMatchObject(unread);
});

describe('ESEARCH', () => {
  const both = `
C: A2 UID SEARCH RETURN (ALL) SEEN
S: * ESEARCH (TAG "A2") UID ALL 1
S: * ESEARCH (TAG "A2") UID ALL 2,x
S: A2 OK done
`;

  it('of which a part is broken is asked for again in the old form', async () => {
    const script = `${both}C: A3 UID SEARCH SEEN
S: * SEARCH 1 2
S: A3 OK done
`;
    const capabilities = { capabilities: 'ESEARCH' };
    const found = await openedOn(script, (box) => box.search({ seen: true }), capabilities);
    expect(String(found)).toBe('1:2');
  });

  it('with SAVE has no old form: what the server keeps is not known', async () => {
    const script = both.replace('(ALL)', '(ALL SAVE)');
    const save = openedOn(script, (box) => box.search({ seen: true }, { save: true }), {
      capabilities: 'ESEARCH SEARCHRES',
    });
    await expect(save).rejects.toMatchObject(unread);
  });
});

it('what a search found piece by piece is all there, beside a thousand other responses', async () => {
  const flags = Array.from({ length: 1_500 }, () => 'S: * 1 FETCH (FLAGS ())').join('\n');
  const script = `
C: A2 UID SEARCH SEEN
${flags}
S: * SEARCH 1
S: * SEARCH 2
S: A2 OK done
`;
  const found = await openedOn(script, (box) => box.search({ seen: true }), { capabilities: '' });
  expect(String(found)).toBe('1:2');
});

describe('MESSAGELIMIT (RFC 9738): an OK for a part', () => {
  it.each([
    ['ESEARCH', 'RETURN (ALL) ', ['* ESEARCH (TAG "A2") UID ALL 7:9', '* ESEARCH (TAG "A3") UID ALL 4', '* ESEARCH (TAG "A4") UID']],
    ['', '', ['* SEARCH 7 8 9', '* SEARCH 4', '* SEARCH']],
  ])('of a search: the rest is asked for (%s)', async (capabilities, returns, [first, second, third]) => {
    const script = `
C: A2 UID SEARCH ${returns}SEEN
S: ${first}
S: A2 OK [MESSAGELIMIT 3 7] part
C: A3 UID SEARCH ${returns}SEEN UID 1:6
S: ${second}
S: A3 OK [MESSAGELIMIT 3 3] part
C: A4 UID SEARCH ${returns}SEEN UID 1:2
S: ${third}
S: A4 OK done
`;
    const found = await openedOn(script, (box) => box.search({ seen: true }), { capabilities });
    expect(String(found)).toBe('4,7:9');
  }); // biome-ignore format: a table

  it('of a count: the parts are added up', async () => {
    const script = `
C: A2 UID SEARCH RETURN (MIN MAX COUNT) SEEN
S: * ESEARCH (TAG "A2") UID MIN 7 MAX 9 COUNT 3
S: A2 OK [MESSAGELIMIT 3 7] part
C: A3 UID SEARCH RETURN (MIN MAX COUNT) SEEN UID 1:6
S: * ESEARCH (TAG "A3") UID MIN 2 MAX 4 COUNT 2
S: A3 OK done
`;
    const summary = await openedOn(script, (box) => box.summary({ seen: true }), {
      capabilities: 'ESEARCH',
    });
    expect(summary).toEqual({ count: 5, min: 2, max: 9 });
  });

  it.each<[string, string, string, Work]>([
    ['a search that goes in circles', '', 'UID SEARCH SEEN', (box) => box.search({ seen: true })],
    ['sort', 'SORT', 'UID SORT (DATE) UTF-8 SEEN', (box) => box.sort('date', { seen: true })],
    ['fetch', '', 'UID FETCH 1:2 (UID RFC822.SIZE)', (box) => box.fetch('1:2', { size: true }).toArray()],
    ['a change of flags', '', 'UID STORE 1:2 +FLAGS.SILENT (\\Seen)', (box) => box.addFlags('1:2', ['\\Seen'])],
    ['expunge', 'UIDPLUS', 'UID EXPUNGE 1:2', (box) => box.expunge('1:2')],
    ['move', 'MOVE', 'UID MOVE 1:2 "y"', (box) => box.move('1:2', 'y')],
  ])('of %s is an error that says so', async (name, capabilities, command, work) => {
    const code = name.includes('circles') ? '[MESSAGELIMIT 3]' : '[MESSAGELIMIT 1 2]';
    await expect(
      asked({ capabilities, command, work }, [], `OK ${code} part`),
    ).rejects.toMatchObject({ code: 'ERR_COMMAND_REJECTED', connection: 'usable', retry: 'never' });
  }); // biome-ignore format: a table
});

describe('a UIDVALIDITY that changes in the middle', () => {
  const changed = '* OK [UIDVALIDITY 8] restored';
  const selected = `
S: * PREAUTH [CAPABILITY IMAP4rev1 SORT] hello
C: A1 SELECT "INBOX"
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] x
S: A1 OK [READ-WRITE] done
`;

  it.each<[string, string, string, (box: Mailbox) => Promise<unknown>]>([
    ['search', 'UID SEARCH SEEN', '* SEARCH 1', (box) => box.search({ seen: true })],
    ['count', 'UID SEARCH SEEN', '* SEARCH 1', (box) => box.count({ seen: true })],
    ['sort', 'UID SORT (DATE) UTF-8 SEEN', '* SORT 1', (box) => box.sort('date', { seen: true })],
  ])('%s: what is found means nothing', async (_name, command, answer, work) => {
    for (const lines of [[changed, answer], [answer, changed]]) {
      const { client, done } = await scriptedClient(
        `${selected}C: A2 ${command}\n${lines.map((line) => `S: ${line}\n`).join('')}S: A2 OK done\n`,
      );
      await expect(work(await client.open('INBOX'))).rejects.toMatchObject({ code: 'ERR_STATE' });
      client.close();
      await done;
    }
  }); // biome-ignore format: a table

  it('fetch: rows from before are given, none from after', async () => {
    const { client, done } = await scriptedClient(`${selected}C: A2 UID FETCH 1:3 (UID RFC822.SIZE)
S: * 1 FETCH (UID 1 RFC822.SIZE 5)
S: ${changed}
S: * 2 FETCH (UID 2 RFC822.SIZE 5)
S: A2 OK done
`);
    const box = await client.open('INBOX');
    const uids: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const { uid } of box.fetch('1:3', { size: true })) uids.push(uid);
    };
    await expect(loop()).rejects.toMatchObject({ code: 'ERR_STATE' });
    expect(uids).toEqual([1]);
    client.close();
    await done;
  });
});
