/** Servers as users have met them, by name: each line here is one of them, and what we make of it. */
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Pop3Client } from '../src/index.js';
import { parseListRow, parseUidlRow } from '../src/listing.js';
import { connectError, failure, loggedIn, play } from './dialogue.js';

const capa = (...caps: string[]) =>
  ['C: CAPA', 'S: +OK', ...caps.map((cap) => `S: ${cap}`), 'S: .'].join('\n');
const login = 'C: USER alice\nS: +OK\nC: PASS secret\nS: +OK';
const retr = (n: number) => `S: +OK\nS: m${n}\nS: .`;

describe('capabilities', () => {
  it('Gmail, Zimbra (mail-api#50): PIPELINING shows only after the login', async () => {
    const dialogue = `S: +OK Gpop ready\n${capa('USER')}\n${login}\n${capa('USER', 'PIPELINING')}\nC: RETR 1\nC: RETR 2\n${retr(1)}\n${retr(2)}`;
    const result = await play(dialogue, async (pop) => {
      const seen: string[] = [];
      for await (const item of pop.retrieveAll([1, 2]))
        if (item.ok) seen.push(await text(item.message));
      return seen;
    });
    expect(result).toEqual(['m1\r\n', 'm2\r\n']);
  });

  it('neomutt#1427: UIDL works although it is not listed', async () => {
    const dialogue = loggedIn('C: UIDL\nS: +OK\nS: 1 a\nS: .', ['USER']);
    expect(await play(dialogue, (pop) => pop.uidl().toArray())).toEqual([
      { ok: true, number: 1, uid: 'a' },
    ]);
  });

  it.each(['-ERR unknown command', '-ERR'])(
    'servers of before RFC 2449 refuse CAPA (%s)',
    async (no) => {
      const dialogue = `S: +OK\nC: CAPA\nS: ${no}\n${login}\nC: CAPA\nS: ${no}\nC: NOOP\nS: +OK`;
      await play(dialogue, (pop) => pop.noop());
    },
  );
});

describe('status lines', () => {
  it('MailKit#1636: an empty line means nothing; where nothing else comes, that is a typed error', async () => {
    const dialogue = `S: \n${loggedIn('C: NOOP\nS: \nS: +OK\nS: \nC: RETR 1\nS: \nS: +OK\nS: m1\nS: .\nS: \nC: NOOP\nS: ')}`;
    const result = await play(dialogue, async (pop) => {
      await pop.noop();
      const message = await text(pop.retrieve(1));
      const { code, connection } = await failure(pop.noop());
      return { message, code, connection };
    });
    expect(result).toEqual({
      message: 'm1\r\n',
      code: 'ERR_CONNECTION_CLOSED',
      connection: 'closed',
    });
  });

  it('empty lines without end are a typed error', async () => {
    const error = await connectError(`S-raw: ${'\\r\\n'.repeat(101)}\nC-end`);
    expect(error).toMatchObject({ code: 'ERR_MALFORMED_RESPONSE', phase: 'greeting' });
  });

  it.each(['+OK<1.2@pop.example>', '+OK: ready', '+OK-ready', '+ok', '+OK\tready'])(
    'a status may stand without a blank behind it: %s',
    async (greeting) => {
      const raw = `S-raw: ${greeting.replace('\t', '\\t')}\\r\\n`;
      const dialogue = `${raw}\n${capa('USER')}\n${login}\n${capa('USER')}\nC: NOOP\nS: +OK`;
      await play(dialogue, (pop) => pop.noop());
    },
  );

  it.each([
    [
      'qpopper, Dovecot: another session has the lock',
      '-ERR [IN-USE] Do you have another POP session running?',
      true,
    ],
    [
      'a pause between logins',
      '-ERR [LOGIN-DELAY] minimum time between mail checks violation',
      true,
    ],
    ['a passing trouble', '-ERR [SYS/TEMP] disk', true],
    ['a lasting one', '-ERR [SYS/PERM] no mailbox', undefined],
  ])('%s', async (_, answer, transient) => {
    const dialogue = `S: +OK\n${capa('USER')}\nC: USER alice\nS: +OK\nC: PASS secret\nS: ${answer}`;
    const error = await connectError(dialogue);
    expect(error).toMatchObject({ connection: 'closed', reply: { code: '-ERR' } });
    expect(error.transient).toBe(transient);
  });
});

describe('logins', () => {
  it('Gmail: `recent:` before the user name is passed as it is', async () => {
    const dialogue = `S: +OK\n${capa('USER')}\nC: USER recent:alice\nS: +OK\nC: PASS secret\nS: +OK\n${capa('USER')}\nC: NOOP\nS: +OK`;
    await play(dialogue, (pop) => pop.noop(), {
      auth: { user: 'recent:alice', password: 'secret' },
    });
  });

  it('Outlook.com (getmail6#256, mpop#11, vmime#267): OAuth in two lines, for it closes at one', async () => {
    const dialogue = `S: +OK\n${capa('SASL XOAUTH2')}\nC: AUTH XOAUTH2\nS: +\nC: ${Buffer.from('user=alice\x01auth=Bearer t\x01\x01').toString('base64')}\nS: +OK\n${capa('SASL XOAUTH2')}\nC: NOOP\nS: +OK`;
    await play(dialogue, (pop) => pop.noop(), { auth: { user: 'alice', accessToken: 't' } });
  });

  it.each([
    ['zmail#85', '-ERR duplicate login, mailbox is in use', 'busy'],
    ['a provider', '-ERR Download exceed the limit of today', 'quota'],
    ['qmail-pop3d', '-ERR this mailbox is locked by another session', 'busy'],
  ])('%s: %s is no wrong password', async (_, answer, reason) => {
    const dialogue = `S: +OK\n${capa('USER')}\nC: USER alice\nS: +OK\nC: PASS secret\nS: ${answer}`;
    expect(await connectError(dialogue)).toMatchObject({ reason, retry: 'later' });
  });

  it.each([
    ['LOGIN-DELAY 900', 'come back later', 900_000],
    ['LOGIN-DELAY 900 USER', 'wait 5 minutes', 300_000],
    ['UIDL', 'minimum time is 20 s', 20_000],
    ['UIDL', 'not so often', undefined],
  ])('LOGIN-DELAY says when to come again: %s, %s', async (told, says, retryAfter) => {
    const dialogue = `S: +OK\n${capa('USER', told)}\nC: USER alice\nS: +OK\nC: PASS secret\nS: -ERR [LOGIN-DELAY] ${says}`;
    expect(await connectError(dialogue)).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      retry: 'later',
      retryAfter,
    });
  });
});

describe('rows', () => {
  it('Fastmail: unique-ids of more than 70 octets; others that are empty, the same twice, or of 8-bit octets', async () => {
    const long = 'x'.repeat(120);
    const dialogue = loggedIn(
      `C: UIDL\nS: +OK\nS: 1 ${long}\nS: 2\nS: 3 same\nS: 4 same\nS-raw: 5 a\\xe9\\r\\n\nS: 6 \nS: .`,
    );
    const rows = await play(dialogue, (pop) => pop.uidl().toArray());
    expect(rows.map((row) => (row.ok ? row.uid : row.problem))).toEqual([
      long,
      'The row has no unique-id',
      'same',
      'same',
      'a\xe9',
      'The row has no unique-id',
    ]);
  });

  it('twisted#9104: the reply to UIDL of one message, without its number', async () => {
    const dialogue = loggedIn('C: UIDL 2\nS: +OK abc\nC: NOOP\nS: +OK');
    const { text } = await play(dialogue, async (pop) => {
      const result = await pop.command('UIDL', ['2']);
      await pop.noop();
      return result;
    });
    expect(text).toBe('abc');
  });

  it('k9#323: several spaces; getmail6#277: one bad row costs itself', async () => {
    const dialogue = loggedIn(
      'C: UIDL\nS: +OK\nS: 1   a\nS-raw: 2\\tb\\r\\n\nS: \nS: 3\nS: x y\nS: 4 d\nS: .',
    );
    const rows = await play(dialogue, (pop) => pop.uidl().toArray());
    expect(rows.map((row) => (row.ok ? row.uid : row.number))).toEqual([
      'a',
      'b',
      undefined,
      3,
      undefined,
      'd',
    ]);
  });

  it('a unique-id may end in the octet A0, which is no blank', async () => {
    const dialogue = loggedIn('C: UIDL\nS: +OK\nS-raw: 1 a\\xc3\\xa0\\r\\n2 a\\xc3 \\r\\n\nS: .');
    const rows = await play(dialogue, (pop) => pop.uidl().toArray());
    expect(rows.map((row) => row.ok && row.uid)).toEqual(['a\xc3\xa0', 'a\xc3']);
  });

  it('a row of LIST that ends in LF alone takes none with it in silence', async () => {
    const dialogue = loggedIn('C: LIST\nS: +OK\nS-raw: 1 100\\n2 200\\r\\n3 300\\r\\n\nS: .');
    const rows = await play(dialogue, (pop) => pop.list().toArray());
    expect(rows).toMatchObject([
      { ok: false, number: 1, raw: '1 100\n2 200' },
      { ok: true, number: 3, octets: 300 },
    ]);
  });

  it('CVE-2018-1060 (poplib): lines made to be slow are read like others', () => {
    const blanks = ' '.repeat(65_000);
    // Hours, were they read in more than linear time.
    for (let i = 0; i < 2_000; i++) {
      expect(parseUidlRow(`1 x${blanks}y`).ok).toBe(false);
      expect(parseListRow(`1 ${blanks}5${blanks}y`)).toEqual({ ok: true, number: 1, octets: 5 });
    }
  });

  it('Exchange: sizes that make no sense are left out', async () => {
    const dialogue = loggedIn(
      'C: LIST\nS: +OK\nS: 1 -5\nS: 2 99999999999999999999\nS: 3 7 more\nS: .',
    );
    const rows = await play(dialogue, (pop) => pop.list().toArray());
    expect(rows.map((row) => row.ok && row.octets)).toEqual([undefined, undefined, 7]);
  });
});

describe('messages', () => {
  it('qmail-pop3d: an empty line too many is kept, and nothing is lost after it', async () => {
    const dialogue = loggedIn(
      'C: RETR 1\nS: +OK\nS: Subject: s\nS: \nS: b\nS: \nS: .\nC: NOOP\nS: +OK',
      ['USER'],
    );
    const result = await play(dialogue, async (pop) => {
      const message = await text(pop.retrieve(1));
      await pop.noop();
      return message;
    });
    expect(result).toBe('Subject: s\r\n\r\nb\r\n\r\n');
  });

  it('cyrus#4717: `.CR` at the end of a packet is not the end', async () => {
    const dialogue = loggedIn(
      'C: RETR 1\nS-raw: +OK\\r\\nx\\r\\n..\\ry\\r\\n.\\r\\n\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => {
      const message = await text(pop.retrieve(1));
      await pop.noop();
      return message;
    });
    expect(result).toBe('x\r\n.\ry\r\n');
  });

  it('node-pop3: a segment that holds one dot, or a terminator in two, is no other end; 8-bit octets stay', async () => {
    const dialogue = loggedIn(
      'C: RETR 1\nS-raw: +OK\\r\\na\\xff\\r\\n..\\r\\n...b\\r\\n.\\r\\n\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => {
      const message = await buffer(pop.retrieve(1));
      await pop.noop();
      return message.toString('latin1');
    });
    expect(result).toBe('a\xff\r\n.\r\n..b\r\n');
  });

  it('node-pop3, yapople: a password with a line break is no second command', async () => {
    const refused = { code: 'ERR_ARGUMENT' };
    await expect(
      Pop3Client.connect({
        host: '127.0.0.1',
        port: 9,
        security: 'cleartext',
        allowCleartextAuth: true,
        auth: { user: 'alice', password: 'p\r\nDELE 1' },
      }),
    ).rejects.toMatchObject(refused);
  });

  it('Courier: a message with 8-bit headers comes wrapped in another, unless UTF8 is in effect; LIST has its own size', async () => {
    const wrapped = [
      'S: +OK 35 octets follow.',
      'S: Subject: Cannot display Unicode content',
      'S: Content-Type: message/global',
      'S: ',
      'S-raw: Subject: thr\\xc3\\xa9\\r\\n',
      'S: .',
    ].join('\n');
    const dialogue = loggedIn(
      `C: LIST\nS: +OK\nS: 1 35\nS: .\nC: RETR 1\n${wrapped}\nC: STAT\nS: +OK 1 35\nC: NOOP\nS: +OK`,
    );
    const problem = await play(dialogue, async (pop) => {
      await pop.list().toArray();
      const message = pop.retrieve(1);
      await buffer(message);
      await pop.noop();
      return message.problem;
    });
    expect(problem).toMatch(/^message 1 has \d+ octets, and LIST said 35$/);
  });

  it('Maillennium, SpryNet: TOP marks or cuts, so a message is never had by it', async () => {
    const dialogue = loggedIn('C: RETR 1\nS: -ERR no\nC: NOOP\nS: +OK');
    await play(dialogue, async (pop) => {
      expect((await failure(text(pop.retrieve(1)))).code).toBe('ERR_COMMAND_REJECTED');
      await pop.noop();
    });
  });
});
