/** One odd item, in each place where an item can stand: it costs itself, with a word about it, and nothing around it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { parseOne } from './support/frames.js';
import { answering, noticesOf, openedOn } from './support/odd.js';

const items = {
  flags: true, size: true, internalDate: true, envelope: true, structure: true, modSeq: true, saveDate: true, preview: true,
  emailId: true, threadId: true, gmailMessageId: true, gmailThreadId: true, gmailLabels: true, headers: true,
} as const; // biome-ignore format: a table
const capabilities = 'CONDSTORE SAVEDATE PREVIEW OBJECTID X-GM-EXT-1';

/** As `toJSON` names it, its name on the wire, a value, and other values that are no flaw. */
const wire: [keyof typeof items, string, string, string[]?][] = [
  ['flags', 'FLAGS', '(\\Seen)', ['()', '(a b)', '(x)']],
  ['size', 'RFC822.SIZE', '5', ['7', '9.3e+06', '4294967296']],
  ['internalDate', 'INTERNALDATE', '"17-Jul-1996 02:44:25 -0700"'],
  ['envelope', 'ENVELOPE', '("Wed, 17 Jul 1996 02:23:25 -0700" "s" (("A" NIL "a" "h")) NIL NIL NIL NIL NIL NIL "<m>")'],
  ['structure', 'BODYSTRUCTURE', '("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 5 1 NIL NIL NIL NIL)', ['(x)']],
  ['modSeq', 'MODSEQ', '(77)'],
  ['saveDate', 'SAVEDATE', '"18-Jul-1996 02:44:25 -0700"', ['NIL']],
  ['preview', 'PREVIEW', '"hello"', ['NIL', '"text"', '""', '{2}\r\nxy', '"say "hi", you"', '"17-Xxx-1996 02:44:25 -0700"', '"a\\"']],
  ['emailId', 'EMAILID', '(M1)', ['(x)']],
  ['threadId', 'THREADID', '(T1)', ['NIL', '(NIL)', '(x)']],
  ['gmailMessageId', 'X-GM-MSGID', '1278455344230334865', ['7', '4294967296', '99999999999999999999']],
  ['gmailThreadId', 'X-GM-THRID', '1266894439832287888', ['7', '4294967296', '99999999999999999999']],
  ['gmailLabels', 'X-GM-LABELS', '(\\Inbox "x")', ['NIL', '()', '(a b)', '(x)']],
  ['headers', 'BODY[HEADER]', '{4}\r\na: b', ['"text"', '""', '{2}\r\nxy', '"say "hi", you"', '"17-Xxx-1996 02:44:25 -0700"', '"a\\"']],
]; // biome-ignore format: a table
const odd = [
  '', 'NIL', '-1', '7', 'atom', '"text"', '""', '()', '(())', '(x)', '(a b)', '{2}\r\nxy', '4294967296', '99999999999999999999', '9.3e+06', '0x10',
  '"17-Xxx-1996 02:44:25 -0700"', '"say "hi", you"', '\\Seen', '{}', '{-1}', '[x]', '%',
  '"a\\"', '"un', '(\\Seen', '(("a" NIL "b" "h")', '(a "b" NIL', '"un (',
]; // biome-ignore format: a table

/** What a row of UID 11 says, its items in this order, one with another value. */
const rowWith = (name?: string, value?: string, after = 'UID 11'): string => {
  const texts = wire.flatMap(([, item, good]) => {
    if (item !== name) return [`${item} ${good}`];
    return value === undefined ? [] : [`${item} ${value}`.trimEnd()];
  });
  return `(${[after, ...texts].join(' ')})`;
};

async function rowsOf(texts: readonly string[]): Promise<{ row: Record<string, unknown>; told: string }[]> {
  const found: { row: Record<string, unknown>; told: string }[] = [];
  await answering(
    capabilities,
    () => [`* 1 FETCH ${texts[found.length]}`],
    async (box) => {
      for (const text of texts) {
        const rows = await box.fetch(11, items).toArray();
        expect([text, rows.length]).toEqual([text, 1]);
        const { headers, ...row } = JSON.parse(JSON.stringify(rows[0])) as Record<string, unknown>;
        found.push({ row: { ...row, headers: rows[0]?.headers.get('a') }, told: rows[0]?.problems.join('\n') ?? '' });
      }
    },
  );
  return found;
} // biome-ignore format: short

describe('a row of FETCH', () => {
  it.each(wire)('%s: missing, or anything else', async (field, name, _good, fine = []) => {
    const [whole] = await rowsOf([rowWith()]);
    const { problems: none, ...expected } = whole?.row ?? {};
    expect(none).toBeUndefined();
    expect(expected).toMatchObject({ uid: 11, size: 5, preview: 'hello', headers: 'b' });
    const texts = [...odd, undefined].map((value) => rowWith(name, value));
    const others: Record<string, unknown> = { ...expected, [field]: undefined };
    for (const [i, { row, told }] of (await rowsOf(texts)).entries()) {
      const { problems: _, ...got } = row;
      expect({ value: odd[i], ...got, [field]: undefined }).toEqual({ value: odd[i], ...others });
      if (!fine.includes(odd[i] ?? '?')) expect([odd[i], told]).toEqual([odd[i], expect.stringContaining(name.replace('BODY[', '').replace(']', ''))]);
    }
  }); // biome-ignore format: short

  it('is nobody else’s: its UID is a whole number, and the only one', async () => {
    for (const uid of ['11.5', '11e0', '11x', '0x11', '-11', '"11x"', '(11)']) {
      const [found] = await rowsOf([rowWith('RFC822.SIZE', '5', `UID ${uid}`)]);
      expect([uid, found?.row.uid, found?.row.size]).toEqual([uid, 0, 5]);
      expect(found?.told).toContain('UID');
    }
    // Behind a string without end anything may be part of it.
    const [twice] = await rowsOf([rowWith('FLAGS', '"un UID 5', 'X-A 1').replace(/\)$/, ' UID 11)')]);
    expect(twice?.row.uid).toBe(11);
  }); // biome-ignore format: short

  it('with an item of an extension anywhere lacks nothing', async () => {
    const [whole] = await rowsOf([rowWith()]);
    const words = ['X-NEW 7', 'X-NEW ("a" (b) {1}\r\nc)', 'x-new NIL', 'X-NEW[1.2]<3> "y"', 'X-NEW ""'];
    const texts = words.flatMap((word) => wire.map(([, name]) => rowWith().replace(` ${name} `, ` ${word} ${name} `)));
    for (const { row } of await rowsOf(texts)) expect(row).toEqual(whole?.row);
  }); // biome-ignore format: short
});

describe('ENVELOPE with quotes that nobody escaped', () => {
  const from = '((NIL NIL "a" "h"))';
  const rest = `${from} NIL NIL NIL NIL NIL NIL "<m>"`;
  const read = async (envelope: string) => {
    const [found] = await openedOn(
      `
C: A2 UID FETCH 11 (UID ENVELOPE RFC822.SIZE)
S: * 1 FETCH (UID 11 ENVELOPE ${envelope} RFC822.SIZE 5)
S: A2 OK done
`,
      (box) => box.fetch(11, { envelope: true, size: true }).toArray(),
    );
    return { uid: found?.uid, size: found?.size, envelope: found?.envelope, problems: found?.problems };
  }; // biome-ignore format: short

  it.each([
    ['say "hi" now', 'say "hi" now'],
    ['"hi"', '"hi"'],
    ['a "b" (c)', 'a "b" (c)'],
    ['one " only', 'one " only'],
    ['at the end "', 'at the end "'],
    ['C:\\', 'C:\\'],
    ['"a" "b" c', '"a" "b" c'],
    ['(a) "b") c', '(a) "b") c'],
  ])('subject %s', async (written, subject) => {
    const { uid, size, envelope } = await read(`("d" "${written}" ${rest})`);
    expect([uid, size, envelope?.subject]).toEqual([11, 5, subject]);
    expect([envelope?.from[0]?.address, envelope?.messageId]).toEqual(['a@h', '<m>']);
  });

  it.each([
    ['(("Al "the man" Bo" NIL "al" "h"))', [{ name: 'Al "the man" Bo', address: 'al@h' }]],
    ['((""Al" Bo" NIL "al" "h")("C" NIL "c" "h"))', [{ name: '"Al" Bo', address: 'al@h' }, { name: 'C', address: 'c@h' }]],
    ['(("Al" NIL "al\\" "h"))', [{ name: 'Al', address: 'al\\@h' }]],
    ['(("Al" NIL "a"l" "h\\")("C" NIL "c" "h"))', [{ name: 'Al', address: 'a"l@h\\' }, { name: 'C', address: 'c@h' }]],
  ])('address %s', async (written, addresses) => {
    for (const place of [0, 1, 2, 3, 4, 5]) {
      const lists = Array.from({ length: 6 }, (_, i) => (i === place ? written : from));
      const { uid, size, envelope } = await read(`("d" "s" ${lists.join(' ')} NIL "<m>")`);
      expect([uid, size, envelope?.subject, envelope?.messageId]).toEqual([11, 5, 's', '<m>']);
      const all = [envelope?.from, envelope?.sender, envelope?.replyTo, envelope?.to, envelope?.cc, envelope?.bcc];
      for (const [i, list] of all.entries()) expect(list).toEqual(i === place ? addresses : [{ name: '', address: 'a@h' }]);
    }
  }); // biome-ignore format: short

  it('whatever the words: the row keeps its UID and its size, or says that it does not know', async () => {
    const word = fc.constantFrom('a', '"', '"b"', ' ', '(', ')', '\\', '\\"', 'NIL', ') UID 7', ' FLAGS (', '" "', '{3}', '")');
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 8 }), async (words) => {
        const { uid, size } = await read(`("d" "${words.join('')}" ${rest})`);
        expect([0, 11]).toContain(uid);
        expect([0, 5]).toContain(size);
      }),
      { numRuns: 150 },
    );
  }); // biome-ignore format: short
});

type Work = (box: Mailbox, client: ImapClient) => Promise<unknown>;

const list: Work = async (_box, client) =>
  JSON.parse(JSON.stringify(await client.list().toArray()));
const entry = (name: string, more: object = {}) => ({
  name,
  raw: name,
  delimiter: '/',
  attributes: [],
  selectable: true,
  ...more,
});
const status: Work = (_box, client) => client.status('x', ['messages', 'uidNext', 'unseen']);
const summary: Work = (box) => box.summary({ seen: true });
const listCommand = 'LIST "" "*"';
const statusCommand = 'STATUS "x" (MESSAGES UIDNEXT UNSEEN)';
const countCommand = 'UID SEARCH RETURN (MIN MAX COUNT) SEEN';
const entries = ['/private/a', '/private/b', '/private/c'];

/** Capabilities, command, work, the response with one flaw, what it gives all the same, and whether the flaw is noticed. */
const others: [string, string, Work, string, unknown, RegExp?][] = [
  ['', listCommand, list, 'LIST (\\Sent (x) \\HasNoChildren) "/" a', [entry('a', { attributes: ['\\Sent', '\\HasNoChildren'], specialUse: '\\Sent' })], /flag/],
  ['', listCommand, list, 'LIST NIL "/" a', [entry('a')]],
  ['', listCommand, list, 'LIST () "//" a', [entry('a', { delimiter: null })], /delimiter/],
  ['', listCommand, list, 'LIST () (x) a', [entry('a', { delimiter: null })], /delimiter/],
  ['', listCommand, list, 'LIST () word a', [entry('a', { delimiter: null })], /delimiter/],
  ['', listCommand, list, 'LIST () "\\" "a\\b"', [entry('a\\b', { delimiter: '\\' })]],
  ['', listCommand, list, 'LIST () {1}\nS: / a', [entry('a')]],
  ['', listCommand, list, 'LIST "/" a', [entry('a')], /parentheses/],
  ['', listCommand, list, 'LIST \\Sent \\HasNoChildren "/" a', [entry('a', { attributes: ['\\Sent', '\\HasNoChildren'], specialUse: '\\Sent' })], /parentheses/],
  ['', listCommand, list, 'LIST (Sent, NoSelect) "/" a', [entry('a', { attributes: ['Sent,', 'NoSelect'], specialUse: '\\Sent', selectable: false })]],
  ['', listCommand, list, 'LIST () "/" "a "b" c"', [entry('a "b" c')], /quotes/],
  ['', listCommand, list, 'LIST () "/" "a "b" c" ("OLDNAME" ("x"))', [entry('a "b" c', { oldName: 'x' })], /quotes/],
  ['', listCommand, list, 'LIST () 47 "a"', [entry('a', { delimiter: null })], /delimiter/],
  ['', listCommand, list, 'LIST () "/" a (CHILDINFO x OLDNAME ("b"))', [entry('a', { oldName: 'b' })], /CHILDINFO/],
  ['', listCommand, list, 'LIST () "/" a ((x) OLDNAME ("b"))', [entry('a', { oldName: 'b' })], /extended-item/],
  ['', listCommand, list, 'LIST () "/" a ("X-Y" (1 (2)) "CHILDINFO" ("SUBSCRIBED"))', [entry('a', { childInfo: ['SUBSCRIBED'] })]],
  ['', listCommand, list, 'LIST () "/" (x)\r\n* LIST () "/" b', [entry('b')], /mailbox/],
  ['', statusCommand, status, 'STATUS x (MESSAGES UIDNEXT 5 UNSEEN 2)', { uidNext: 5, unseen: 2 }, /MESSAGES/],
  ['', statusCommand, status, 'STATUS x (MESSAGES 3 UIDNEXT UNSEEN 2)', { messages: 3, unseen: 2 }, /UIDNEXT/],
  ['', statusCommand, status, 'STATUS x (MESSAGES 3 UIDNEXT 5 UNSEEN)', { messages: 3, uidNext: 5 }, /UNSEEN/],
  ['', statusCommand, status, 'STATUS x (MESSAGES 3 7 (a) NIL "b" UIDNEXT 5 UNSEEN 2)', { messages: 3, uidNext: 5, unseen: 2 }, /in place of an item/],
  ['', statusCommand, status, 'STATUS x ((MESSAGES 3 UIDNEXT 5 UNSEEN 2))', { messages: 3, uidNext: 5, unseen: 2 }],
  ['', statusCommand, status, 'STATUS x (MESSAGES 3, UIDNEXT 5.0, UNSEEN 1.2e+1)', { messages: 3, uidNext: 5, unseen: 12 }],
  ['', statusCommand, status, 'STATUS x (MESSAGES 3.5 UIDNEXT 5 UNSEEN 2)', { uidNext: 5, unseen: 2 }, /MESSAGES/],
  ['', statusCommand, status, 'STATUS x (MESSAGES (3 4) UIDNEXT "5" UNSEEN "x")', { uidNext: 5 }, /MESSAGES/],
  ['', statusCommand, status, 'STATUS x (MESSAGES 3 X-NEW ("a" (b)) UIDNEXT 5', { messages: 3, uidNext: 5 }, /no end/],
  ['', statusCommand, status, 'STATUS x (MESSAGES 3 UNSEEN "un', { messages: 3 }, /UNSEEN/],
  ['NAMESPACE', 'NAMESPACE', (_box, client) => client.namespaces(), 'NAMESPACE ((NIL) ("a." ".")) NIL NIL', { personal: [{ prefix: 'a.', delimiter: '.' }], otherUsers: [], shared: [] }, /namespace-descr/],
  ['NAMESPACE', 'NAMESPACE', (_box, client) => client.namespaces(), 'NAMESPACE (("" "/")) word (("s/" "/" "X" ("y")))', { personal: [{ prefix: '', delimiter: '/' }], otherUsers: [], shared: [{ prefix: 's/', delimiter: '/' }] }, /other users/],
  ['NAMESPACE', 'NAMESPACE', (_box, client) => client.namespaces(), 'NAMESPACE (("" "/")) NIL ("s/" "/")', { personal: [{ prefix: '', delimiter: '/' }], otherUsers: [], shared: [] }, /namespace-descr/],
  ['QUOTA', 'GETQUOTAROOT "x"', (_box, client) => client.quota('x'), 'QUOTA "" (STORAGE 10 -1 MESSAGE 5 9)', [{ root: '', resources: { MESSAGE: { usage: 5, limit: 9 } } }], /STORAGE/],
  ['QUOTA', 'GETQUOTAROOT "x"', (_box, client) => client.quota('x'), 'QUOTA "" (STORAGE 10 MESSAGE 5 9)', [{ root: '', resources: { MESSAGE: { usage: 5, limit: 9 } } }], /STORAGE/],
  ['QUOTA', 'GETQUOTAROOT "x"', (_box, client) => client.quota('x'), 'QUOTA "" (MESSAGE 5 9 STORAGE 10 18446744073709551615)', [{ root: '', resources: { MESSAGE: { usage: 5, limit: 9 } } }], /STORAGE/],
  ['QUOTA', 'GETQUOTAROOT "x"', (_box, client) => client.quota('x'), 'QUOTA "" ((x) MESSAGE 5 9 STORAGE "1" 2)', [{ root: '', resources: { MESSAGE: { usage: 5, limit: 9 }, STORAGE: { usage: 1, limit: 2 } } }], /quota-resource/],
  ['ACL', 'GETACL "x"', (_box, client) => client.acl('x'), 'ACL x alice (l r) bob lr', { bob: 'lr' }, /rights/],
  ['ACL', 'LISTRIGHTS "x" "bob"', (_box, client) => client.listRights('x', 'bob'), 'LISTRIGHTS x bob l (r) s', { required: 'l', optional: ['s'] }, /rights/],
  ['METADATA', `GETMETADATA "x" (${entries.map((name) => `"${name}"`).join(' ')})`, (_box, client) => client.metadata('x', entries), 'METADATA x (/private/a (x) /private/b "y" (z) /private/c NIL)', { '/private/b': Buffer.from('y'), '/private/c': null }, /private\/a/],
  ['ESEARCH', `${countCommand}\nS: * ESEARCH (TAG "A2") UID MIN NIL MAX 5 COUNT 2\nS: A2 OK done\nC: A3 UID SEARCH SEEN`, summary, 'SEARCH 3 5', { count: 2, min: 3, max: 5 }, /MIN/],
  ['ESEARCH', `${countCommand}\nS: * ESEARCH (TAG "A2") UID MIN 3 MAX COUNT 2\nS: A2 OK done\nC: A3 UID SEARCH SEEN`, summary, 'SEARCH 3 5', { count: 2, min: 3, max: 5 }],
  ['ESEARCH', countCommand, summary, 'ESEARCH (TAG "A2") UID MIN 3 X-NEW (a "b") MAX 5 COUNT 2 MODSEQ x', { count: 2, min: 3, max: 5 }, /MODSEQ/],
]; // biome-ignore format: a table

it.each(others)('%s %s: one odd item', async (capabilities, command, work, response, expected, notice) => {
  const tag = /A3/.test(command) ? 'A3' : 'A2';
  const lines = response.split('\r\n* ').map((line) => `S: * ${line}`).join('\n');
  await openedOn(`\nC: A2 ${command}\n${lines}\nS: ${tag} OK done\n`, async (box, client) => {
    expect(await work(box, client)).toEqual(expected);
    if (notice !== undefined) expect((await noticesOf(client, 1))[0]?.text).toMatch(notice);
  }, { capabilities });
}); // biome-ignore format: short

it('ID: one odd item', () => {
  const id = (text: string): unknown => parseOne(`* ID ${text}\r\n`);
  expect(id('("name" (x) "version" "1" "os" 7)')).toMatchObject({ id: { name: null, version: '1', os: '7' }, notes: [{}, {}].map(() => expect.any(String)) });
  expect(id('("name" "a" (x) "1" "os" "b")')).toMatchObject({ id: { name: 'a', os: 'b' } });
}); // biome-ignore format: short

it('rights that cannot be read are not none', async () => {
  for (const line of ['MYRIGHTS x (lr)', 'MYRIGHTS x (lr) s']) {
    const asked = openedOn(`\nC: A2 MYRIGHTS "x"\nS: * ${line}\nS: A2 OK done\n`, (_box, client) => client.myRights('x'), { capabilities: 'ACL' });
    await expect(asked).rejects.toMatchObject({ code: 'ERR_MALFORMED_RESPONSE', connection: 'usable' });
  }
}); // biome-ignore format: short

describe('two rows with one UID', () => {
  const rows = (second: string, between = '') => `
C: A2 UID FETCH 11 (UID RFC822.SIZE)
S: * 1 FETCH (UID 11 RFC822.SIZE 5)
${between}S: ${second}
S: A2 OK done
`;

  it('are two messages where they have two numbers', async () => {
    await openedOn(rows('* 2 FETCH (UID 11 RFC822.SIZE 7)'), async (box, client) => {
      const found = await box.fetch(11, { size: true }).toArray();
      expect(found.map(({ sequence, size, problems }) => [sequence, size, problems.length])).toEqual([[1, 5, 0], [2, 7, 1]]);
      expect((await noticesOf(client, 1))[0]?.text).toContain('two rows with UID 11');
    });
  }); // biome-ignore format: short

  it.each([
    ['the same number', '* 1 FETCH (UID 11 RFC822.SIZE 7)', ''],
    ['a number from after an EXPUNGE', '* 1 FETCH (UID 11 RFC822.SIZE 7)', 'S: * 1 EXPUNGE\n'],
  ])('are one message, and a notice, with %s', async (_name, second, between) => {
    await openedOn(rows(second, between), async (box, client) => {
      expect((await box.fetch(11, { size: true }).toArray()).map(({ size }) => size)).toEqual([5]);
      expect((await noticesOf(client, 1))[0]?.text).toContain('two rows with UID 11');
    });
  });
});

describe('UIDs that nobody asked about', () => {
  it.each<[string, string, Work, string[]]>([
    ['COPYUID of sequence numbers', 'UID COPY 2,5 "y"', (box) => box.copy('2,5', 'y'), ['OK [COPYUID 9 1,2 21,22] done']],
    ['COPYUID of more', 'UID COPY 2,5 "y"', (box) => box.copy('2,5', 'y'), ['OK [COPYUID 9 2,5:6 21:23] done']],
    ['COPYUID of one twice', 'UID COPY 2,5 "y"', (box) => box.copy('2,5', 'y'), ['OK [COPYUID 9 2,2 21,22] done']],
    ['COPYUID to one twice', 'UID COPY 2,5 "y"', (box) => box.copy('2,5', 'y'), ['OK [COPYUID 9 2,5 21,21] done']],
    ['COPYUID of all there are', 'UID COPY 2,5 "y"', (box) => box.copy('2,5', 'y'), ['OK [COPYUID 9 1:4294967295 1:4294967295] done']],
    ['COPYUID of MOVE', 'UID MOVE 2,5 "y"', (box) => box.move('2,5', 'y'), ['* OK [COPYUID 9 7 21] moved', 'OK done']],
  ])('%s are not passed on, but a notice is', async (_name, command, work, lines) => {
    const script = `\nC: A2 ${command}\n${lines.map((line) => `S: ${line.startsWith('*') ? '' : 'A2 '}${line}`).join('\n')}\n`;
    await openedOn(script, async (box, client) => {
      expect(await work(box, client)).toEqual({});
      expect((await noticesOf(client, 1))[0]?.text).toContain('COPYUID');
    });
  }); // biome-ignore format: a table

  it('MODIFIED of sequence numbers is an error: what was changed is not known', async () => {
    const script = '\nC: A2 UID STORE 5 (UNCHANGEDSINCE 7) +FLAGS.SILENT (\\Seen)\nS: A2 OK [MODIFIED 1] done\n';
    const stored = openedOn(script, (box) => box.addFlags(5, ['\\Seen'], { unchangedSince: '7' }));
    await expect(stored).rejects.toMatchObject({ code: 'ERR_MALFORMED_RESPONSE', connection: 'usable' });
  }); // biome-ignore format: short

  it('APPENDUID of more or fewer messages than went out says nothing about any', async () => {
    for (const uids of ['7', '7:9']) {
      const script = `\nC: A2 APPEND "y" {1+}\nC: a {1+}\nC: b\nS: A2 OK [APPENDUID 9 ${uids}] done\n`;
      const stored = await openedOn(script, (_box, client) => client.appendMany('y', [{ body: 'a' }, { body: 'b' }]), { capabilities: 'MULTIAPPEND LITERAL+' });
      expect(stored).toEqual([{ size: 1 }, { size: 1 }]);
    }
  }); // biome-ignore format: short
});
