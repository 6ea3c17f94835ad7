import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAddressList } from '../src/imap/address-list.js';
import { parseArguments } from '../src/imap/arguments.js';
import { decodeMailboxName, encodeMailboxName, listPattern } from '../src/imap/mailbox-name.js';
import { parsePart } from '../src/imap/mime.js';
import { formatSequenceSet, parseSequenceSet } from '../src/imap/sequence-set.js';
import { startTestServers, type TestServers, type TestServersOptions } from '../src/index.js';
import { Client } from './client.js';

const crlf = (text: string) => text.replaceAll('\n', '\r\n');

const report = crlf(`Date: Tue, 24 Nov 2026 05:59:00 +0000
From: "Alice A." <alice@example.org>
To: bob@example.org, Friends: carol@example.org, dan@example.org;
Subject: Report
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

preamble
--b
Content-Type: text/plain; charset=utf-8

Hello
--b
Content-Type: application/pdf; name="r.pdf"
Content-Disposition: attachment; filename="r.pdf"
Content-Transfer-Encoding: base64

AAEC
--b
Content-Type: message/rfc822

Subject: inner
Content-Type: text/plain

inside
--b--
epilogue
`);

let servers: TestServers;
const clients: Client[] = [];
beforeEach(() => start());
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  expect(servers.problems).toEqual([]);
  await servers.close();
});

async function start(options: TestServersOptions = {}) {
  servers = await startTestServers({ users: { alice: 'secret' }, protocols: ['imap'], ...options });
}

/** A session that has logged in; every command takes the next tag. */
class Imap {
  readonly client: Client;
  #count = 0;

  constructor(client: Client) {
    this.client = client;
  }

  static async open(mailbox?: string): Promise<Imap> {
    const client = await Client.dial(servers.ports.imap.cleartext);
    clients.push(client);
    await client.line();
    const session = new Imap(client);
    await session.run('LOGIN alice secret');
    if (mailbox) await session.run(`SELECT ${mailbox}`);
    return session;
  }

  /** The responses, without the tag of the last. */
  async run(command: string): Promise<string[]> {
    const tag = `t${++this.#count}`;
    this.client.send(`${tag} ${command}\r\n`);
    const lines = await this.client.until(new RegExp(`^${tag} `));
    return [...lines.slice(0, -1), (lines.at(-1) as string).slice(tag.length + 1)];
  }
}

const inbox = () => servers.mail.inbox('alice');

describe('FETCH', () => {
  it('describes a message', async () => {
    inbox().append(report, { date: new Date('2026-11-24T06:00:00Z'), flags: ['\\Flagged'] });
    const session = await Imap.open('INBOX');
    const address = (name: string, mailbox: string, host: string) =>
      `(${name} NIL ${mailbox} ${host})`;
    const alice = `(${address('"Alice A."', '"alice"', '"example.org"')})`;
    expect(await session.run('FETCH 1 ALL')).toEqual([
      `* 1 FETCH (INTERNALDATE "24-Nov-2026 06:00:00 +0000" RFC822.SIZE ${report.length} ENVELOPE (` +
        `"Tue, 24 Nov 2026 05:59:00 +0000" "Report" ${alice} ${alice} ${alice} (` +
        address('NIL', '"bob"', '"example.org"') +
        address('NIL', '"Friends"', 'NIL') +
        address('NIL', '"carol"', '"example.org"') +
        address('NIL', '"dan"', '"example.org"') +
        address('NIL', 'NIL', 'NIL') +
        ') NIL NIL NIL "<1@example.org>") FLAGS (\\Flagged))',
      'OK Done',
    ]);
    expect((await session.run('FETCH 1 BODYSTRUCTURE'))[0]).toBe(
      '* 1 FETCH (BODYSTRUCTURE (' +
        '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 5 0 NIL NIL NIL NIL)' +
        '("application" "pdf" ("name" "r.pdf") NIL NIL "base64" 4 NIL ("attachment" ("filename" "r.pdf")) NIL NIL)' +
        '("message" "rfc822" NIL NIL NIL "7bit" 50 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) ' +
        '("text" "plain" NIL NIL NIL "7bit" 6 0 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)' +
        ' "mixed" ("boundary" "b") NIL NIL NIL))',
    );
  });

  it.each([
    ['BODY.PEEK[1]', 'BODY[1] {5}', 'Hello'],
    ['BODY.PEEK[1.MIME]', 'BODY[1.MIME] {43}', 'Content-Type: text/plain; charset=utf-8\r\n\r\n'],
    ['BODY.PEEK[2]<1.2>', 'BODY[2]<1> {2}', 'AE'],
    ['BINARY.PEEK[2]', 'BINARY[2] ~{3}', '\0\x01\x02'],
    ['BODY.PEEK[3.1]', 'BODY[3.1] {6}', 'inside'],
    [
      'BODY.PEEK[3.HEADER.FIELDS (subject)]',
      'BODY[3.HEADER.FIELDS (subject)] {18}',
      'Subject: inner\r\n\r\n',
    ],
    [
      'BODY.PEEK[HEADER.FIELDS (SUBJECT X)]',
      'BODY[HEADER.FIELDS (SUBJECT X)] {19}',
      'Subject: Report\r\n\r\n',
    ],
    ['BODY.PEEK[TEXT]<0.8>', 'BODY[TEXT]<0> {8}', 'preamble'],
    [
      'RFC822.HEADER',
      `RFC822.HEADER {${report.indexOf('preamble')}}`,
      report.slice(0, report.indexOf('preamble')),
    ],
  ])('%s', async (item, label, octets) => {
    inbox().append(report);
    const session = await Imap.open('INBOX');
    const lines = await session.run(`FETCH 1 ${item}`);
    expect(lines.slice(0, -1).join('\r\n')).toBe(`* 1 FETCH (${label}\r\n${octets})`);
    expect(inbox().messages[0]?.flags.size).toBe(0);
  });

  it('says NIL for a part that is not there, and BAD for a section that is none', async () => {
    inbox().append(report);
    const session = await Imap.open('INBOX');
    expect(await session.run('FETCH 1 BODY.PEEK[7]')).toEqual([
      '* 1 FETCH (BODY[7] NIL)',
      'OK Done',
    ]);
    expect(await session.run('FETCH 1 BODY.PEEK[FROB]')).toEqual(['BAD Unknown section']);
    expect(await session.run('FETCH 9 FLAGS')).toEqual(['BAD No message with that number']);
    expect(await session.run('UID FETCH 9 FLAGS')).toEqual(['OK Done']);
  });

  it('marks as seen, unless it peeks or the mailbox is read-only', async () => {
    inbox().append(report);
    const session = await Imap.open();
    await session.run('EXAMINE INBOX');
    await session.run('FETCH 1 BODY[TEXT]');
    expect(inbox().messages[0]?.flags.has('\\Seen')).toBe(false);
    await session.run('SELECT INBOX');
    expect((await session.run('FETCH 1 (UID BODY[1])')).join()).toContain('FLAGS (\\Seen)');
    expect(inbox().messages[0]?.flags.has('\\Seen')).toBe(true);
  });
});

describe('SEARCH', () => {
  beforeEach(() => {
    inbox().append(
      'From: a@x\r\nX-A: 1\r\nX-A: 2\r\nSubject: Été one\r\nDate: Thu, 1 Jan 2026 10:00:00 +0000\r\n\r\nbody\r\n',
      {
        date: new Date('2026-01-02T00:00:00Z'),
        flags: ['\\Seen', 'work'],
      },
    );
    inbox().append(`Subject: two\r\n\r\n${'x'.repeat(500)}`, {
      date: new Date('2026-02-01T00:00:00Z'),
    });
    inbox().append('Subject: three\r\n\r\n', { flags: ['\\Deleted'] });
    inbox().remove([2]);
    inbox().append('Subject: four\r\n\r\nbody\r\n');
  });

  it.each([
    ['ALL', '1 2 3'],
    ['UNSEEN', '2 3'],
    ['NOT SEEN SUBJECT four', '3'],
    ['OR SEEN DELETED', '1 2'],
    ['(KEYWORD work) UNDELETED', '1'],
    ['SENTON 1-Jan-2026', '1'],
    ['BEFORE 3-Jan-2026', '1'],
    ['SINCE 3-Jan-2026', '2 3'],
    ['BODY body', '1 3'],
    ['LARGER 40', '1'],
    ['UID 4:*', '3'],
    ['2:* NOT DELETED', '3'],
    ['HEADER Date ""', '1'],
    ['HEADER X-A 1', '1'],
    ['HEADER X-A 2', '1'],
    ['YOUNGER 60', '2 3'],
    ['FROM nobody', ''],
    ['CHARSET UTF-8 SUBJECT {5+}\r\n\xc3\x89t\xc3\xa9', '1'],
  ])('%s', async (query, expected) => {
    const session = await Imap.open('INBOX');
    const [line, done] = await sendLatin1(session, `SEARCH ${query}`);
    expect(line).toBe(`* SEARCH${expected ? ` ${expected}` : ''}`);
    expect(done).toBe('OK Done');
  });

  function sendLatin1(session: Imap, command: string): Promise<string[]> {
    const { send } = session.client;
    session.client.send = (text) => void session.client.socket.write(Buffer.from(text, 'latin1'));
    return session.run(command).finally(() => {
      session.client.send = send;
    });
  }

  it('answers as ESEARCH where asked, and remembers', async () => {
    const session = await Imap.open('INBOX');
    expect(await session.run('UID SEARCH RETURN (MIN MAX COUNT ALL) ALL')).toEqual([
      '* ESEARCH (TAG "t3") UID MIN 1 MAX 4 COUNT 3 ALL 1,3:4',
      'OK Done',
    ]);
    expect(await session.run('SEARCH RETURN (SAVE) UNSEEN')).toEqual(['OK Done']);
    expect((await session.run('FETCH $ UID')).slice(0, -1)).toEqual([
      '* 2 FETCH (UID 3)',
      '* 3 FETCH (UID 4)',
    ]);
    expect(await session.run('SEARCH FROB')).toEqual(['BAD Unknown search key']);
    expect(await session.run('SEARCH CHARSET KOI8-R ALL')).toEqual([
      'NO [BADCHARSET (UTF-8 US-ASCII)] Unknown charset',
    ]);
  });
});

describe('a mailbox that others change', () => {
  it('is told while idle', async () => {
    const session = await Imap.open('INBOX');
    session.client.send('x IDLE\r\n');
    expect(await session.client.line()).toBe('+ idling');
    servers.mail.deliver('alice', 'Subject: new\r\n\r\n');
    expect(await session.client.line()).toBe('* 1 EXISTS');
    inbox().setFlags(1, ['\\Seen']);
    expect(await session.client.line()).toBe('* 1 FETCH (UID 1 FLAGS (\\Seen))');
    inbox().remove([1]);
    expect(await session.client.line()).toBe('* 1 EXPUNGE');
    expect(await session.client.ask('DONE')).toBe('x OK Idle is over');
    // Nobody listens any more.
    servers.mail.deliver('alice', 'Subject: later\r\n\r\n');
    expect(await session.run('NOOP')).toEqual(['* 1 EXISTS', 'OK Done']);
  });

  it('keeps its numbers while FETCH, STORE and SEARCH run', async () => {
    for (const name of ['one', 'two', 'three']) inbox().append(`Subject: ${name}\r\n\r\n`);
    const session = await Imap.open('INBOX');
    inbox().remove([1]);
    expect((await session.run('FETCH 2 UID'))[0]).toBe('* 2 FETCH (UID 2)');
    expect(await session.run('SEARCH ALL')).toEqual(['* SEARCH 1 2 3', 'OK Done']);
    expect(await session.run('NOOP')).toEqual(['* 1 EXPUNGE', 'OK Done']);
    expect((await session.run('FETCH 2 UID'))[0]).toBe('* 2 FETCH (UID 3)');
  });
});

it('moves, copies, expunges and says to which UIDs', async () => {
  for (const name of ['one', 'two', 'three', 'four']) inbox().append(`Subject: ${name}\r\n\r\n`);
  const { uidValidity } = servers.mail.mailbox('alice', 'Trash') ?? { uidValidity: 0 };
  const session = await Imap.open('INBOX');
  expect(await session.run('UID MOVE 1,3 Trash')).toEqual([
    `* OK [COPYUID ${uidValidity} 1,3 1:2] Moved`,
    '* 3 EXPUNGE',
    '* 1 EXPUNGE',
    'OK Done',
  ]);
  expect(await session.run('COPY 1 Trash')).toEqual([`OK [COPYUID ${uidValidity} 2 3] Copied`]);
  expect(await session.run('COPY 1 Nowhere')).toEqual(['NO [TRYCREATE] No such mailbox']);
  await session.run('STORE 1:2 +FLAGS.SILENT (\\Deleted)');
  expect(await session.run('UID EXPUNGE 4')).toEqual(['* 2 EXPUNGE', 'OK Done']);
  await session.run('CLOSE');
  expect(inbox().messages).toEqual([]);
});

it('stores flags, conditionally too', async () => {
  inbox().append('Subject: one\r\n\r\n');
  const session = await Imap.open('INBOX');
  expect(await session.run('STORE 1 FLAGS (\\seen work)')).toEqual([
    '* 1 FETCH (UID 1 FLAGS (\\Seen work))',
    'OK Done',
  ]);
  expect(await session.run('STORE 1 -FLAGS work')).toEqual([
    '* 1 FETCH (UID 1 FLAGS (\\Seen))',
    'OK Done',
  ]);
  const { modSeq } = inbox().messages[0] ?? { modSeq: 0 };
  expect(
    await session.run(`UID STORE 1 (UNCHANGEDSINCE ${modSeq - 1}) +FLAGS.SILENT (late)`),
  ).toEqual(['OK [MODIFIED 1] Some had changed']);
  expect(await session.run(`UID FETCH 1 FLAGS (CHANGEDSINCE ${modSeq})`)).toEqual(['OK Done']);
  expect(await session.run(`UID FETCH 1 FLAGS (CHANGEDSINCE ${modSeq - 1})`)).toEqual([
    `* 1 FETCH (UID 1 MODSEQ (${modSeq}) FLAGS (\\Seen))`,
    'OK Done',
  ]);
});

it('lists in every way, with names in any script', async () => {
  const session = await Imap.open();
  await session.run('CREATE "Entw&APw-rfe/Alt"');
  expect([...servers.mail.mailboxes('alice').keys()]).toContain('Entwürfe/Alt');
  expect(await session.run('LIST "" "Entw*"')).toEqual([
    '* LIST (\\HasChildren) "/" "Entw&APw-rfe"',
    '* LIST (\\HasNoChildren) "/" "Entw&APw-rfe/Alt"',
    'OK Done',
  ]);
  expect((await session.run('LIST "" %')).join()).not.toContain('/Alt');
  expect(
    await session.run(
      'LIST (SPECIAL-USE) "" ("T*" "S*") RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT))',
    ),
  ).toEqual([
    '* LIST (\\HasNoChildren \\Sent \\Subscribed) "/" "Sent"',
    '* STATUS "Sent" (MESSAGES 0 UIDNEXT 1)',
    '* LIST (\\HasNoChildren \\Trash \\Subscribed) "/" "Trash"',
    '* STATUS "Trash" (MESSAGES 0 UIDNEXT 1)',
    'OK Done',
  ]);
  await session.run('UNSUBSCRIBE Trash');
  expect((await session.run('LSUB "" *')).join()).not.toContain('Trash');
  expect(await session.run('LIST "" ""')).toEqual(['* LIST (\\Noselect) "/" ""', 'OK Done']);
  await session.run('ENABLE UTF8=ACCEPT');
  expect((await session.run('LIST "" Entw%'))[0]).toBe(`* LIST (\\HasChildren) "/" {9}`);
  expect(await session.run('DELETE INBOX')).toEqual(['NO [CANNOT] INBOX stays']);
  expect(await session.run('SELECT Nowhere')).toEqual(['NO [NONEXISTENT] No such mailbox']);
});

describe('literals', () => {
  it('come after a continuation request, or at once', async () => {
    const session = await Imap.open();
    const { uidValidity } = inbox();
    session.client.send('x APPEND INBOX (\\Seen) {3}\r\n');
    expect(await session.client.line()).toBe('+ Go on');
    expect(await session.client.ask('abc')).toBe(`x OK [APPENDUID ${uidValidity} 1] Appended`);
    expect(await session.run('APPEND INBOX ~{4+}\r\n\0\r\n!')).toEqual([
      `OK [APPENDUID ${uidValidity} 2] Appended`,
    ]);
    expect(inbox().messages.map(({ octets }) => octets.toString())).toEqual(['abc', '\0\r\n!']);
  });

  it('that are too big are refused before they come', async () => {
    await servers.close();
    await start({ imap: { maxLiteralOctets: 100 } });
    const session = await Imap.open();
    expect(await session.run('APPEND INBOX {1000}')).toEqual([
      'NO [TOOBIG] That literal is too big',
    ]);
    session.client.send('x APPEND INBOX {1000+}\r\n');
    expect(await session.client.line()).toMatch(/^\* BYE/);
    await session.client.ended;
  });
});

it('greets with PREAUTH, and hides what it is told to hide', async () => {
  await servers.close();
  await start({ imap: { preauth: 'alice', hide: ['IDLE', 'MOVE'] } });
  const client = await Client.dial(servers.ports.imap.starttls);
  clients.push(client);
  expect(await client.line()).toBe('* PREAUTH Hello alice');
  client.send('a CAPABILITY\r\n');
  expect((await client.until(/^a /))[0]).not.toMatch(/IDLE|MOVE/);
  expect(await client.ask('b IDLE')).toBe('b BAD Unknown command');
});

it.each([
  ['', '* BAD That is no command'],
  ['a', '* BAD That is no command'],
  ['a FROB', 'a BAD Unknown command'],
  ['a FETCH 1 ALL', 'a BAD Not in the state not-authenticated'],
  ['a LOGIN alice', 'a BAD LOGIN takes a user and a password'],
  ['a LOGIN "alice', 'a BAD Syntax error'],
  ['a LOGIN alice wrong', 'a NO [AUTHENTICATIONFAILED] Authentication failed'],
])('answers %j', async (command, expected) => {
  const client = await Client.dial(servers.ports.imap.cleartext);
  clients.push(client);
  await client.line();
  expect(await client.ask(command)).toBe(expected);
});

describe('grammar', () => {
  it('mailbox names survive modified UTF-7', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const encoded = encodeMailboxName(name);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeMailboxName(encoded)).toBe(name);
      }),
    );
    expect(encodeMailboxName('~peter/mail/台北/日本語')).toBe('~peter/mail/&U,BTFw-/&ZeVnLIqe-');
    expect(decodeMailboxName('A & B')).toBe('A & B');
  });

  it('sequence sets survive', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1 }), (numbers) => {
        const sorted = numbers.sort((a, b) => a - b);
        const set = parseSequenceSet(formatSequenceSet(sorted), 500);
        const listed = set.flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_none, at) => from + at),
        );
        expect(listed).toEqual(sorted);
      }),
    );
    expect(parseSequenceSet('5:*,*', 3)).toEqual([
      [3, 5],
      [3, 3],
    ]);
    expect(() => parseSequenceSet('1:', 3)).toThrow('BAD');
  });

  it('arguments are read or refused, and never anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseArguments(text);
        } catch (error) {
          expect((error as Error).message).toMatch(/^BAD /);
        }
      }),
    );
    expect(() => parseArguments('('.repeat(10_000))).toThrow('BAD Nested too deep');
  });

  it('messages of any shape become parts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        parsePart(Buffer.from(octets));
      }),
    );
    const nested = 'Content-Type: message/rfc822\r\n\r\n'.repeat(1_000);
    expect(parsePart(Buffer.from(nested)).message?.type).toBe('message');
  });

  it.each([
    ['a@b', [{ name: undefined, mailbox: 'a', host: 'b' }]],
    [
      '"Last, First" <a@b>, c@d (Comment)',
      [
        { name: 'Last, First', mailbox: 'a', host: 'b' },
        { name: 'Comment', mailbox: 'c', host: 'd' },
      ],
    ],
    ['"odd @ local"@b', [{ name: undefined, mailbox: 'odd @ local', host: 'b' }]],
    [
      'undisclosed:;',
      [
        { name: undefined, mailbox: 'undisclosed', host: undefined },
        { name: undefined, mailbox: undefined, host: undefined },
      ],
    ],
    ['', []],
  ])('address list %s', (text, expected) => {
    expect(parseAddressList(text)).toEqual(expected);
  });

  it('patterns match as RFC 9051 has it', () => {
    expect(listPattern('', '*').test('a/b')).toBe(true);
    expect(listPattern('', '%').test('a/b')).toBe(false);
    expect(listPattern('a/', '%').test('a/b')).toBe(true);
    expect(listPattern('', 'inbox').test('INBOX')).toBe(true);
    expect(listPattern('', 'a.b').test('aXb')).toBe(false);
  });
});
