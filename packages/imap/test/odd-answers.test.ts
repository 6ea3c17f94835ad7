/** Answers with an odd value, name or number: what is plain is read, what is not is told, and nothing stands in another's place. */
import { expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { answering, noticesOf, openedOn } from './support/odd.js';

type Work = (box: Mailbox, client: ImapClient) => Promise<unknown>;

const status: Work = (_box, client) => client.status('x', ['messages', 'unseen']);
const list: Work = async (_box, client) =>
  (await client.list().toArray()).map(({ name, delimiter }) => [name, delimiter]);
const search: Work = async (box) => String(await box.search({ seen: true }));
const rows: Work = async (box) =>
  (await box.fetch(11, { flags: true, size: true }).toArray()).map(({ uid, flags, size }) => [
    uid,
    flags,
    size,
  ]);
const quota: Work = (_box, client) => client.quota('x');
const namespaces: Work = (_box, client) => client.namespaces();
const acl: Work = (_box, client) => client.acl('x');
const rights: Work = (_box, client) => client.myRights('x');
const left: Work = async (box, client) => {
  await client.noop();
  return box.exists;
};

const both = { messages: 3, unseen: 1 };
const used = [{ root: '', resources: { STORAGE: { usage: 10, limit: 512 } } }];
const own = { personal: [{ prefix: '', delimiter: '/' }], otherUsers: [], shared: [] };
const none = 'ERR_MALFORMED_RESPONSE';

/** Capability, work, response, result or code, and what a notice says. */
it.each<[string, Work, string, unknown, RegExp?]>([
  ['', status, 'STATUS x MESSAGES 3 UNSEEN 1', both, /no parentheses/],
  ['', status, 'STATUS "x" MESSAGES 3 UNSEEN 1', both, /no parentheses/],
  ['', status, 'STATUS "x" MESSAGES 3 UNSEEN 1)', both, /no parentheses/],
  ['', status, 'STATUS {1}\r\nx MESSAGES 3 UNSEEN 1', both, /no parentheses/],
  ['', status, 'STATUS "x" MESSAGES 3', { messages: 3 }, /no parentheses/],
  ['', status, 'STATUS x UNSEEN 1', { unseen: 1 }, /no parentheses/],
  ['', status, 'STATUS x(MESSAGES 3 UNSEEN 1)', both],
  ['', status, 'STATUS "x"(MESSAGES 3 UNSEEN 1)', both],
  ['', status, 'STATUS x (MESSAGES=3 UNSEEN: 1)', both, /MESSAGES=/],
  ['', status, 'STATUS x', {}, /no list/],
  ['', list, 'LIST (\\HasNoChildren) abc', [['abc', null]], /no hierarchy delimiter/],
  ['', list, 'LIST (\\HasNoChildren) "abc"', [['abc', null]], /no hierarchy delimiter/],
  ['', list, 'LIST (\\HasNoChildren) "a"', [['a', null]], /no hierarchy delimiter/],
  ['', list, 'LIST () a', [['a', null]], /no hierarchy delimiter/],
  ['', list, 'LIST () "a b"', [['a b', null]], /no hierarchy delimiter/],
  ['', list, 'LIST () {3}\r\nabc', [['abc', null]], /no hierarchy delimiter/],
  ['', list, 'LIST () "abc" (CHILDINFO ("SUBSCRIBED"))', [['abc', null]], /no hierarchy delimiter/],
  ['', list, "LIST () '/' a", [['a', '/']], /delimiter/],
  ['', list, 'LIST () ("/") a', [['a', '/']], /delimiter/],
  ['', list, 'LIST ()"/""a b"', [['a b', '/']]],
  ['', list, 'LIST () "/"a', [['a', '/']]],
  ['', list, 'LIST () . a.b', [['a.b', '.']]],
  ['', list, 'LIST () "" a', [['a', null]]],
  ['', list, 'LIST () "NIL" a', [['a', null]], /delimiter/],
  ['', list, 'LIST () "/"', none, /mailbox/],
  ['', list, 'LIST () "/" ""', [['', '/']], /without a name/],
  ['', search, 'SEARCH (3 5)', '3,5', /parentheses/],
  ['', search, 'SEARCH "3" "5"', '3,5', /quotes/],
  ['', search, 'SEARCH NIL', ''],
  ['', search, 'SEARCH -1', none, /nz-number/],
  ['ESEARCH', search, 'ESEARCH UID ALL "3,5"', '3,5', /another form/],
  ['ESEARCH', search, 'ESEARCH UID ALL (3 5) COUNT 2', '3,5', /another form/],
  ['ESEARCH', search, 'ESEARCH UID ALL 3 5', '3,5', /another form/],
  ['ESEARCH', search, 'ESEARCH UID ALL 3:4 7', '3:4,7', /another form/],
  [
    '',
    rows,
    '1 FETCH (UID 11 FLAGS \\Seen \\Flagged RFC822.SIZE 5)',
    [[11, ['\\Seen', '\\Flagged'], 5]],
  ],
  [
    '',
    rows,
    '1 FETCH (UID 11 FLAGS (\\Seen, \\Flagged) RFC822.SIZE 5)',
    [[11, ['\\Seen', '\\Flagged'], 5]],
  ],
  [
    '',
    rows,
    '1 FETCH (UID 11 FLAGS (\\\\Seen \\\\Flagged) RFC822.SIZE 5)',
    [[11, ['\\Seen', '\\Flagged'], 5]],
  ],
  ['', rows, '1 FETCH (UID 11 FLAGS (über) RFC822.SIZE 5)', [[11, ['über'], 5]]],
  ['', rows, '1 FETCH (UID: 11 FLAGS: (\\Seen) RFC822.SIZE: 5)', [[11, ['\\Seen'], 5]]],
  ['', rows, '1 FETCH (UID 11, FLAGS (\\Seen), RFC822.SIZE 5)', [[11, ['\\Seen'], 5]]],
  ['', rows, '1 FETCH UID 11 FLAGS (\\Seen) RFC822.SIZE 5', [[11, ['\\Seen'], 5]]],
  ['', rows, '1 FETCH FLAGS (\\Seen) UID 11 RFC822.SIZE 5', [[11, ['\\Seen'], 5]]],
  ['', rows, '1 FETCH ()', [], /number 1/],
  ['', rows, '1 FETCH (X-A 1)', [], /number 1/],
  ['', left, '0 EXPUNGE', 100, /EXPUNGE/],
  ['', left, '101 EXPUNGE', 100, /EXPUNGE/],
  ['', left, 'VANISHED 1,,2', 98],
  ['QUOTA', quota, 'QUOTA (STORAGE 10 512)', used, /no root/],
  ['QUOTA', quota, 'QUOTA NIL (STORAGE 10 512)', used],
  ['QUOTA', quota, 'QUOTA "" STORAGE 10 512', used, /no parentheses/],
  ['QUOTA', quota, 'QUOTA "" ((STORAGE 10 512))', used],
  ['QUOTA', quota, 'QUOTA User quota (STORAGE 10 512)', [{ ...used[0], root: 'User quota' }]],
  ['QUOTA', quota, 'QUOTA ""', none, /quota-list/],
  ['NAMESPACE', namespaces, 'NAMESPACE (("" "/"))', own, /nothing is said/],
  ['NAMESPACE', namespaces, 'NAMESPACE (("" "/")) NIL', own, /nothing is said/],
  ['NAMESPACE', namespaces, 'NAMESPACE ((NIL "/")) NIL NIL', own],
  ['NAMESPACE', namespaces, 'NAMESPACE ((("" "/"))) NIL NIL', own],
  ['NAMESPACE', namespaces, 'NAMESPACE NIL', none, /three namespaces/],
  ['ACL', acl, 'ACL x alice', {}, /without its rights/],
  ['ACL', acl, 'ACL x alice NIL', { alice: '' }],
  ['ACL', acl, 'ACL x alice "" bob l', { alice: '', bob: 'l' }],
  ['ACL', acl, 'ACL x NIL lr', { NIL: 'lr' }],
  ['ACL', rights, 'MYRIGHTS x l r s', 'lrs', /more than one word/],
  ['ACL', rights, 'MYRIGHTS x NIL', ''],
  ['ACL', rights, 'MYRIGHTS lrs', none],
])('%s: %o %s', async (capability, work, response, expected, notice) => {
  await answering(
    capability,
    () => [`* ${response}`],
    async (box, client) => {
      const found = await work(box, client).catch(({ code, connection }) => {
        expect(connection).toBe('usable');
        return code;
      });
      expect(JSON.parse(JSON.stringify(found))).toEqual(expected);
      if (notice !== undefined) expect((await noticesOf(client, 1))[0]?.text).toMatch(notice);
    },
  );
});

it('ESEARCH that counts and names none is asked in the old form', async () => {
  for (const answer of ['COUNT 2', 'MIN 3', 'MIN 3 MAX 5 COUNT 2']) {
    const lines = (line: string) =>
      line.includes('RETURN')
        ? [`* ESEARCH (TAG "${line.split(' ')[0]}") UID ${answer}`]
        : ['* SEARCH 3 5'];
    await answering('ESEARCH', lines, async (box) =>
      expect(String(await box.search({ seen: true }))).toBe('3,5'),
    );
  }
});

it('an item that comes twice in one row is told, and the first counts', async () => {
  const day = (date: number) => `INTERNALDATE "${date}-Jul-1996 02:44:25 +0000"`;
  const row = (items: string) => [`* 1 FETCH (UID 11 ${items})`];
  const told = [expect.stringMatching(/it came twice$/)];
  await answering(
    '',
    () => row('FLAGS (\\Seen) FLAGS (\\Flagged)'),
    async (box) =>
      expect(await box.fetch(11, { flags: true }).toArray()).toMatchObject([
        { flags: ['\\Seen'], problems: told },
      ]),
  );
  await answering(
    '',
    () => row('RFC822.SIZE 5 RFC822.SIZE 6'),
    async (box) =>
      expect(await box.fetch(11, { size: true }).toArray()).toMatchObject([
        { size: 5, problems: told },
      ]),
  );
  await answering(
    '',
    () => row(`${day(17)} ${day(18)}`),
    async (box) =>
      expect(await box.fetch(11, { internalDate: true }).toArray()).toMatchObject([
        { internalDate: new Date('1996-07-17T02:44:25Z'), problems: told },
      ]),
  );
});

it('a zone that no place has is no date', async () => {
  for (const zone of ['+9999', '-1560', '+0099'])
    await answering(
      '',
      () => [`* 1 FETCH (UID 11 INTERNALDATE "17-Jul-1996 02:44:25 ${zone}")`],
      async (box) => {
        const [found] = await box.fetch(11, { internalDate: true }).toArray();
        expect([found?.internalDate, found?.problems.length]).toEqual([undefined, 1]);
      },
    );
});

it('codes: APPENDUID of more messages than one is told, and two blanks are one', async () => {
  const append = (
    code: string,
    work: (result: { uid?: number }, client: ImapClient) => Promise<void> | void,
  ) =>
    openedOn(
      `
C: A2 APPEND "x" {2+}
C: hi
S: A2 OK [${code}] done
`,
      async (_box, client) => work(await client.append('x', 'hi'), client),
    );
  await append('APPENDUID 7 3:5', async ({ uid }, client) => {
    expect(uid).toBeUndefined();
    expect((await noticesOf(client, 1))[0]?.text).toContain('APPENDUID 7 3:5');
  });
  await append('APPENDUID 7  3', ({ uid }) => expect(uid).toBe(3));
  await openedOn(
    `
C: A2 UID COPY 1:3 "x"
S: A2 OK [COPYUID 7  1:3  11:13] done
`,
    async (box) => expect(String((await box.copy('1:3', 'x')).uids)).toBe('1:3→11:13'),
  );
});
