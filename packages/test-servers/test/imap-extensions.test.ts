import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseSubject } from '../src/imap/base-subject.js';
import { decodeWords } from '../src/imap/encoded-words.js';
import { startTestServers, type TestServers } from '../src/index.js';
import { Client } from './client.js';

let servers: TestServers;
const clients: Client[] = [];
beforeEach(async () => {
  servers = await startTestServers({
    users: { alice: 'secret', bob: 'secret' },
    protocols: ['imap', 'smtp'],
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  expect(servers.problems).toEqual([]);
  await servers.close();
});

async function open(mailbox?: string) {
  const client = await Client.dial(servers.ports.imap.cleartext);
  clients.push(client);
  await client.line();
  const run = async (command: string): Promise<string[]> => {
    client.send(`t ${command}\r\n`);
    const lines = await client.until(/^t /);
    return [...lines.slice(0, -1), (lines.at(-1) as string).slice(2)];
  };
  await run('LOGIN alice secret');
  if (mailbox) await run(`SELECT ${mailbox}`);
  return { run, client };
}

const inbox = () => servers.mail.inbox('alice');
const add = (fields: Record<string, string>, date?: Date) =>
  inbox().append(
    `${Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\nText\r\n`,
    date ? { date } : {},
  );

describe('SORT, RFC 5256', () => {
  beforeEach(() => {
    add(
      {
        From: 'Zoë <anna@x>',
        To: 'b@x',
        Subject: 'Re: [list] Beta',
        Date: '1 Jan 2026 00:00 +0000',
      },
      new Date(3_000),
    );
    add(
      { From: 'Bert <zeno@x>', Cc: 'c@x', Subject: 'alpha', Date: '3 Jan 2026 00:00 +0000' },
      new Date(1_000),
    );
    add(
      { From: '=?utf-8?Q?=C3=84rger?= <mia@x>', Subject: 'Fwd: beta', Date: 'none', 'X-Long': 'x' },
      new Date(2_000),
    );
  });

  it.each([
    ['(ARRIVAL) UTF-8 ALL', '2 3 1'],
    ['(REVERSE ARRIVAL) UTF-8 ALL', '1 3 2'],
    ['(DATE) US-ASCII ALL', '3 1 2'],
    ['(FROM) UTF-8 ALL', '1 3 2'],
    ['(DISPLAYFROM) UTF-8 ALL', '2 1 3'],
    ['(SUBJECT) UTF-8 ALL', '2 1 3'],
    ['(SUBJECT REVERSE DATE) UTF-8 ALL', '2 1 3'],
    ['(SIZE) UTF-8 ALL', '2 3 1'],
    ['(TO CC) UTF-8 2:*', '3 2'],
    ['(ARRIVAL) UTF-8 FROM mia', '3'],
  ])('%s', async (program, expected) => {
    const { run } = await open('INBOX');
    expect(await run(`UID SORT ${program}`)).toEqual([`* SORT ${expected}`, 'OK Done']);
  });

  it('answers with ESEARCH when asked, and with nothing but SORT when nothing fits', async () => {
    const { run } = await open('INBOX');
    expect(await run('UID SORT RETURN (ALL COUNT MIN) (ARRIVAL) UTF-8 ALL')).toEqual([
      '* ESEARCH (TAG "t") UID MIN 2 COUNT 3 ALL 2:3,1',
      'OK Done',
    ]);
    expect(await run('SORT (ARRIVAL) UTF-8 KEYWORD none')).toEqual(['* SORT', 'OK Done']);
  });

  it.each([
    ['() UTF-8 ALL', 'BAD A sort key'],
    ['(REVERSE) UTF-8 ALL', 'BAD A sort key'],
    ['(REVERSE REVERSE DATE) UTF-8 ALL', 'BAD Unknown sort key'],
    ['(COLOUR) UTF-8 ALL', 'BAD Unknown sort key'],
    ['(DATE) KOI8-R ALL', 'NO [BADCHARSET'],
    ['(DATE) UTF-8', 'BAD A search key'],
  ])('refuses %s', async (program, expected) => {
    const { run } = await open('INBOX');
    expect((await run(`SORT ${program}`)).at(-1)).toContain(expected);
  });
});

it.each([
  ['Re: [list] Re[2]: hello (fwd)', 'HELLO', true],
  ['[fwd: RE: hello ]', 'HELLO', true],
  ['=?utf-8?B?UmU6IGdyw7zDn2U=?=', 'GRÜSSE', true],
  ['[only]', '[ONLY]', false],
  ['hello  [x]  world', 'HELLO [X] WORLD', false],
  ['', '', false],
  ['Re:', '', true],
])('the base of the subject %j', (subject, base, isReply) => {
  expect(baseSubject(subject)).toEqual({ base, isReply });
});

it('decodes encoded words, and leaves what is none', () => {
  expect(decodeWords('=?iso-8859-1?q?a=E4_b?= =?UTF-8*de?B?w6Q=?= c')).toBe('aä bä c');
  expect(decodeWords('=?nope?q?x?= =?utf-8?x?y?=')).toBe('=?nope?q?x?= =?utf-8?x?y?=');
});

describe('THREAD, RFC 5256', () => {
  const at = (day: number) => `${day} Jan 2026 00:00 +0000`;

  it('by references: answers, forks, a message that is not here, a subject in common', async () => {
    add({ 'Message-ID': '<a>', Subject: 'One', Date: at(1) }); // 1
    add({ 'Message-ID': '<b>', References: '<a>', Subject: 'Re: One', Date: at(2) }); // 2
    add({ 'Message-ID': '<c>', References: '<a> <b>', Subject: 'Re: One', Date: at(4) }); // 3
    add({ 'Message-ID': '<d>', 'In-Reply-To': '<b> <x>', Subject: 'Re: One', Date: at(3) }); // 4
    add({ 'Message-ID': '<f>', References: '<gone>', Subject: 'Two', Date: at(6) }); // 5
    add({ 'Message-ID': '<g>', References: '<gone>', Subject: 'Three', Date: at(5) }); // 6
    add({ Subject: 'Re: one', Date: at(7) }); // 7: by its subject
    add({ 'Message-ID': '<a>', Subject: 'Other', Date: at(8) }); // 8: an id that is taken
    const { run } = await open('INBOX');
    expect(await run('UID THREAD REFERENCES UTF-8 ALL')).toEqual([
      '* THREAD (1 (2 (4)(3))(7))((6)(5))(8)',
      'OK Done',
    ]);
    expect(await run('THREAD REFERENCES UTF-8 3:4')).toEqual(['* THREAD ((4)(3))', 'OK Done']);
    expect(await run('THREAD REFERENCES UTF-8 KEYWORD none')).toEqual(['* THREAD', 'OK Done']);
  });

  it('stands circles and two roots of one subject', async () => {
    add({ 'Message-ID': '<a>', References: '<b>', Subject: 'X', Date: at(1) });
    add({ 'Message-ID': '<b>', References: '<a>', Subject: 'X', Date: at(2) });
    add({ 'Message-ID': '<c>', Subject: 'Same', Date: at(3) });
    add({ 'Message-ID': '<d>', Subject: 'Same', Date: at(4) });
    add({ 'Message-ID': '<e>', Subject: 'Same', Date: at(5) });
    const { run } = await open('INBOX');
    expect((await run('THREAD REFERENCES UTF-8 ALL'))[0]).toBe('* THREAD (2 1)((3)(4)(5))');
  });

  it('by subject', async () => {
    add({ Subject: 'One', Date: at(2) });
    add({ Subject: 'Two', Date: at(1) });
    add({ Subject: 'Re: one', Date: at(3) });
    add({ Subject: 'Fwd: One', Date: at(4) });
    const { run } = await open('INBOX');
    expect(await run('THREAD ORDEREDSUBJECT UTF-8 ALL')).toEqual([
      '* THREAD (2)(1 (3)(4))',
      'OK Done',
    ]);
    expect(await run('THREAD MAGIC UTF-8 ALL')).toEqual(['BAD Unknown threading algorithm']);
  });

  it('takes a discussion of thousands', async () => {
    for (let n = 1; n <= 3_000; n++)
      add({ 'Message-ID': `<${n}>`, References: n > 1 ? `<${n - 1}>` : '', Date: at(1) });
    const { run } = await open('INBOX');
    const [answer] = await run('THREAD REFERENCES UTF-8 ALL');
    expect(answer).toBe(`* THREAD (${Array.from({ length: 3_000 }, (_, n) => n + 1).join(' ')})`);
  });
});

describe('QUOTA, RFC 9208', () => {
  it('shows limits and use, and refuses what is more', async () => {
    servers.mail.setQuota({ octets: 4_096, messages: 3 }, 'alice');
    inbox().append('x'.repeat(2_000));
    const { run, client } = await open('INBOX');
    expect(await run('GETQUOTAROOT INBOX')).toEqual([
      '* QUOTAROOT "INBOX" ""',
      '* QUOTA "" (STORAGE 2 4 MESSAGE 1 3)',
      'OK Done',
    ]);
    expect((await run('GETQUOTA "x"')).at(-1)).toContain('NO [NONEXISTENT]');
    client.send(`t APPEND INBOX {3000+}\r\n${'x'.repeat(3_000)}\r\n`);
    expect(await client.line()).toMatch(/^t NO \[OVERQUOTA\]/);
    expect((await run('COPY 1 Sent')).at(-1)).toMatch(/^OK \[COPYUID/);
    expect((await run('COPY 1 Sent')).at(-1)).toMatch(/^NO \[OVERQUOTA\]/);
    expect((await run('MOVE 1 Sent')).at(-1)).toMatch(/^OK/);
    expect(await run('SETQUOTA "" (MESSAGE 9)')).toEqual(['* QUOTA "" (MESSAGE 2 9)', 'OK Done']);
    expect((await run('SETQUOTA "" (COLOUR 9)')).at(-1)).toMatch(/^NO/);
    expect((await run('SETQUOTA "" (MESSAGE)')).at(-1)).toMatch(/^BAD/);
    expect(await run('SETQUOTA "" ()')).toEqual(['* QUOTA "" ()', 'OK Done']);
  });

  it('holds for what comes by SMTP', async () => {
    servers.mail.setQuota({ octets: 1_000 });
    const client = await Client.dial(servers.ports.smtp.cleartext);
    clients.push(client);
    await client.line();
    client.send('EHLO x\r\n');
    await client.until(/^250 /);
    await client.ask('MAIL FROM:<a@x> SIZE=2000');
    expect(await client.ask('RCPT TO:<alice@y>')).toBe('552 5.2.2 Mailbox full');
    await client.ask('RSET');
    await client.ask('MAIL FROM:<a@x>');
    expect(await client.ask('RCPT TO:<alice@y>')).toMatch(/^250/);
    await client.ask('DATA');
    client.send(`${'x'.repeat(1_200)}\r\n`);
    expect(await client.ask('.')).toBe('552 5.2.2 Mailbox full');
    expect(inbox().messages).toHaveLength(0);
  });
});

describe('ACL, RFC 4314', () => {
  it('grants, takes away and shows', async () => {
    const { run } = await open();
    expect(await run('MYRIGHTS INBOX')).toEqual(['* MYRIGHTS "INBOX" lrswipkxtea', 'OK Done']);
    await run('SETACL INBOX bob lr');
    await run('SETACL INBOX bob +s');
    await run('SETACL INBOX bob -r');
    expect((await run('GETACL INBOX'))[0]).toBe('* ACL "INBOX" "alice" "lrswipkxtea" "bob" "ls"');
    await run('DELETEACL INBOX bob');
    expect((await run('GETACL INBOX'))[0]).toBe('* ACL "INBOX" "alice" "lrswipkxtea"');
    expect((await run('LISTRIGHTS INBOX alice'))[0]).toBe(
      '* LISTRIGHTS "INBOX" "alice" "la" r s w i p k x t e',
    );
    expect((await run('SETACL INBOX bob q')).at(-1)).toBe('BAD Unknown right');
  });

  it('is heeded for one’s own rights, of which administration stays', async () => {
    inbox().append('one');
    const { run } = await open('INBOX');
    await run('SETACL INBOX alice r');
    expect((await run('MYRIGHTS INBOX'))[0]).toBe('* MYRIGHTS "INBOX" lra');
    for (const command of [
      'STORE 1 +FLAGS (\\Seen)',
      'STORE 1 +FLAGS (\\Deleted)',
      'STORE 1 +FLAGS (mine)',
      'EXPUNGE',
      'MOVE 1 Sent',
      'DELETE INBOX',
      'RENAME INBOX Old',
      'COPY 1 INBOX',
    ])
      expect((await run(command)).at(-1), command).toBe('NO [NOPERM] Permission denied');
    await run('SETACL INBOX alice ""');
    expect((await run('SELECT INBOX')).at(-1)).toBe('NO [NOPERM] Permission denied');
    expect((await run('STATUS INBOX (MESSAGES)')).at(-1)).toBe('NO [NOPERM] Permission denied');
    await run('SETACL INBOX alice +r');
    expect((await run('SELECT INBOX')).at(-1)).toMatch(/^OK/);
  });
});

describe('NOTIFY, RFC 5465', () => {
  it('tells of the selected mailbox and of others, between commands', async () => {
    const { run, client } = await open('INBOX');
    const set =
      'NOTIFY SET STATUS (SELECTED (MessageNew (UID) MessageExpunge FlagChange)) (MAILBOXES (Sent) (MessageNew MessageExpunge))';
    expect(await run(set)).toEqual([
      expect.stringMatching(
        /^\* STATUS "Sent" \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+ UNSEEN 0 HIGHESTMODSEQ 1\)$/,
      ),
      'OK Done',
    ]);
    inbox().append('one');
    expect(await client.line()).toBe('* 1 EXISTS');
    inbox().setFlags(1, ['\\Seen']);
    expect(await client.line()).toBe('* 1 FETCH (UID 1 FLAGS (\\Seen))');
    servers.mail.deliver('alice', 'two', { mailbox: 'Sent' });
    expect(await client.line()).toMatch(/^\* STATUS "Sent" \(MESSAGES 1 UIDNEXT 2 /);
    inbox().remove([1]);
    expect(await client.line()).toBe('* 1 EXPUNGE');
    servers.mail.deliver('alice', 'three', { mailbox: 'Trash' });
    expect(await run('NOOP')).toEqual(['OK Done']);
    expect(await run('NOTIFY NONE')).toEqual(['OK Done']);
    servers.mail.deliver('alice', 'four', { mailbox: 'Sent' });
    expect(await run('CHECK')).toEqual(['OK Done']);
  });

  it('tells during IDLE too', async () => {
    const { run, client } = await open('INBOX');
    await run(
      'NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (SUBTREE Sent (MessageNew MessageExpunge))',
    );
    client.send('i IDLE\r\n');
    expect(await client.line()).toBe('+ idling');
    servers.mail.deliver('alice', 'two', { mailbox: 'Sent/2026' });
    expect(await client.line()).toMatch(/^\* STATUS "Sent\/2026" /);
    inbox().append('one');
    expect(await client.line()).toBe('* 1 EXISTS');
    client.send('DONE\r\n');
    expect(await client.line()).toBe('i OK Idle is over');
  });

  it.each([
    ['NOTIFY', 'BAD An argument'],
    ['NOTIFY SET', 'BAD NOTIFY NONE'],
    ['NOTIFY SET (PLANETS (MessageNew))', 'BAD Unknown filter'],
    ['NOTIFY SET (INBOXES (Weather))', 'NO [BADEVENT (MESSAGENEW'],
    ['NOTIFY SET (INBOXES NONE) (PERSONAL (MailboxName))', 'OK Done'],
    ['NOTIFY SET (SELECTED-DELAYED (MessageNew)) (SUBSCRIBED (MessageNew))', 'OK Done'],
  ])('%s', async (command, expected) => {
    const { run } = await open('INBOX');
    expect((await run(command)).at(-1)).toContain(expected);
  });
});
