/** Whole dialogues, each replayed whole, octet by octet and cut at random: the results must not differ. */
import { describe, expect, it } from 'vitest';
import type { ImapClient } from '../src/index.js';
import { noticesOf } from './support/odd.js';
import { greeted, replayed, scriptedClient } from './support/script.js';

const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });

const selected = `
${greeted}
C: A1 SELECT "INBOX"
S: * 3 EXISTS
S: * 0 RECENT
S: * FLAGS (\\Answered \\Seen \\Deleted)
S: * OK [PERMANENTFLAGS (\\Seen \\Deleted \\*)] Limited
S: * OK [UIDVALIDITY 99] UIDs valid
S: * OK [UIDNEXT 31] Predicted
S: A1 OK [READ-WRITE] SELECT completed
`;
const inbox = (client: ImapClient) => client.open('INBOX');

describe('logging in', () => {
  it('PLAIN with an initial response, and the capabilities that come with the OK', async () => {
    const script = `
S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready
C: A1 AUTHENTICATE PLAIN AGFsAHB3
S: A1 OK [CAPABILITY IMAP4rev1 IDLE] in
`;
    const result = await replayed(
      script,
      async (client) => [[...client.capabilities], client.authenticated],
      {
        auth: { user: 'al', password: 'pw' },
      },
    );
    expect(result).toEqual([['IMAP4REV1', 'IDLE'], true]);
  });

  it('without SASL-IR the response waits for the challenge; without told capabilities they are asked again', async () => {
    const script = `
S: * OK ready
C: A1 CAPABILITY
S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
S: A1 OK done
C: A2 AUTHENTICATE PLAIN
S: + 
C: AGFsAHB3
S: A2 OK in
C: A3 CAPABILITY
S: * CAPABILITY IMAP4rev1 MOVE ID
S: A3 OK done
C: A4 ID ("name" "me")
S: * ID ("name" "srv" "x" NIL)
S: A4 OK done
`;
    const result = await replayed(
      script,
      async (client) => [[...client.capabilities], client.serverId],
      {
        auth: { user: 'al', password: 'pw' },
        id: { name: 'me' },
      },
    );
    expect(result).toEqual([['IMAP4REV1', 'MOVE', 'ID'], { name: 'srv', x: null }]);
  });

  it('LOGIN where there is no AUTH=PLAIN; never when LOGINDISABLED', async () => {
    const script = `
S: * OK [CAPABILITY IMAP4rev1] ready
C: A1 LOGIN "al" "p\\"w"
S: A1 OK [CAPABILITY IMAP4rev1] in
`;
    await replayed(script, async (client) => client.authenticated, {
      auth: { user: 'al', password: 'p"w' },
    });
    await expect(
      scriptedClient('S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready', {
        auth: { user: 'al', password: 'x' },
      }),
    ).rejects.toEqual(code('ERR_NO_COMMON_MECHANISM', { connection: 'closed' }));
  });

  it.each<[string, string[], string]>([
    ['SCRAM before it by default', ['AUTH=SCRAM-SHA-1'], 'A1 AUTHENTICATE SCRAM-SHA-1'],
    ['before CRAM-MD5 on verified TLS alone', ['AUTH=CRAM-MD5'], 'A1 AUTHENTICATE CRAM-MD5'],
  ])('the LOGIN command: %s', async (_, offer, line) => {
    const script = `S: * OK [CAPABILITY IMAP4rev1 ${offer.join(' ')}] ready\nC: ${line}\nS: A1 NO [UNAVAILABLE] not now`;
    await expect(
      scriptedClient(script, { auth: { user: 'al', password: 'x' } }),
    ).rejects.toMatchObject({ retry: 'later', reason: 'later' });
  });

  it.each<[string[], string, string]>([
    [['PLAIN'], 'IMAP4rev1 AUTH=SCRAM-SHA-1', 'LOGIN "al" "x"'],
    [['LOGIN'], 'IMAP4rev1 AUTH=SCRAM-SHA-1', 'LOGIN "al" "x"'],
    [['login', 'plain'], 'IMAP4rev1', 'LOGIN "al" "x"'],
    [['LOGIN'], 'IMAP4rev1 AUTH=LOGIN', 'AUTHENTICATE LOGIN'],
    [['PLAIN'], 'IMAP4rev1 SASL-IR LOGINDISABLED', 'AUTHENTICATE PLAIN AGFsAHg='],
  ])('%j at %s is %s', async (mechanisms, offer, line) => {
    const script = `S: * OK [CAPABILITY ${offer}] ready\nC: A1 ${line}\nS: A1 NO no`;
    await expect(
      scriptedClient(script, { auth: { user: 'al', password: 'x' }, mechanisms }),
    ).rejects.toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED' });
  });

  it('a refusal says so, shows no password and closes', async () => {
    const script = `
S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready
C: A1 AUTHENTICATE PLAIN AGFsAHMzY3IzdA==
S: A1 NO [AUTHENTICATIONFAILED] wrong
`;
    const log: string[] = [];
    const error = await scriptedClient(script, {
      auth: { user: 'al', password: 's3cr3t' },
      log: ({ text }) => log.push(text),
    }).catch((thrown: unknown) => thrown);
    expect(error).toEqual(
      code('ERR_AUTHENTICATION_FAILED', { connection: 'closed', mechanism: 'PLAIN' }),
    );
    const shown = `${JSON.stringify(error)}${String(error)}${log.join('\n')}`;
    expect(shown).not.toContain('s3cr3t');
    expect(shown).not.toContain('AGFsAHMzY3IzdA==');
  });

  it('credentials stay here in clear unless both switches say otherwise', async () => {
    await expect(
      scriptedClient('S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready', {
        auth: { user: 'al', password: 'x' },
        allowCleartextAuth: false,
      }),
    ).rejects.toEqual(code('ERR_CLEARTEXT_AUTH_REFUSED'));
  });

  it.each([
    ['* BYE too many connections', 'ERR_SERVER_CLOSING'],
    ['* NO not today', 'ERR_SERVER_CLOSING'],
    ['* 5 EXISTS', 'ERR_MALFORMED_RESPONSE'],
    ['A1 OK hello', 'ERR_MALFORMED_RESPONSE'],
    ['+ OK', 'ERR_MALFORMED_RESPONSE'],
    ['220 smtp.example.org ESMTP', 'ERR_MALFORMED_RESPONSE'],
  ])('the greeting %j is refused', async (greeting, expected) => {
    await expect(scriptedClient(`S-raw: ${greeting}\\r\\n`)).rejects.toEqual(
      code(expected, { connection: 'closed', phase: 'greeting' }),
    );
  });
});

describe('mailboxes', () => {
  it('LIST with names of all kinds', async () => {
    const script = `
${greeted}
C: A1 LIST "" "*"
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\Noselect) "/" "Entw&APw-rfe"
S: * LIST (\\Sent) NIL {8}
S-raw: a "b" \\\\\\\\c\\r\\n
S: A1 OK done
`;
    const boxes = await replayed(script, (client) => client.list().toArray());
    expect(boxes).toEqual([
      {
        name: 'INBOX',
        raw: 'INBOX',
        delimiter: '/',
        attributes: ['\\HasNoChildren'],
        selectable: true,
      },
      {
        name: 'Entwürfe',
        raw: 'Entw&APw-rfe',
        delimiter: '/',
        attributes: ['\\Noselect'],
        selectable: false,
      },
      {
        name: 'a "b" \\\\',
        raw: 'a "b" \\\\',
        delimiter: null,
        attributes: ['\\Sent'],
        selectable: true,
        specialUse: '\\Sent',
      },
    ]);
  });

  it('STATUS of each where there is no LIST-STATUS; an entry names its mailbox by its octets', async () => {
    const script = `
${greeted}
C: A1 LIST "" "%"
S: * LIST () "/" "a&b"
S: * LIST (\\NonExistent) "/" x
S: A1 OK done
C: A2 STATUS "a&b" (MESSAGES UNSEEN)
S: * STATUS "a&b" (MESSAGES 2 UNSEEN 1 FOO (x))
S: A2 OK done
`;
    const boxes = await replayed(script, (client) =>
      client.list({ pattern: '%', status: ['messages', 'unseen'] }).toArray(),
    );
    expect(boxes[0]).toMatchObject({ name: 'a&b', status: { messages: 2, unseen: 1 } });
    expect(boxes[1]).not.toHaveProperty('status');
  });

  it.each(['NO no such mailbox', 'NO [UNAVAILABLE] try later', 'BAD odd name'])(
    'STATUS or MYRIGHTS that one mailbox refuses (%s) costs that mailbox alone',
    async (refusal) => {
      const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1 ACL] hello
C: A1 LIST "" "*"
S: * LIST () "/" a
S: * LIST () "/" b
S: A1 OK done
C: A2 STATUS "a" (MESSAGES)
S: A2 ${refusal}
C: A3 MYRIGHTS "a"
S: A3 ${refusal}
C: A4 STATUS "b" (MESSAGES)
S: * STATUS b (MESSAGES 7)
S: A4 OK done
C: A5 MYRIGHTS "b"
S: * MYRIGHTS b lr
S: A5 OK done
`;
      const { boxes, notices } = await replayed(script, async (client) => {
        const found = await client.list({ status: ['messages'], myRights: true }).toArray();
        return { boxes: found, notices: await noticesOf(client, 2) };
      });
      expect(boxes[0]).not.toHaveProperty('status');
      expect(boxes[0]).not.toHaveProperty('myRights');
      expect(boxes[1]).toMatchObject({ name: 'b', status: { messages: 7 }, myRights: 'lr' });
      expect(notices.map(({ kind }) => kind)).toEqual(['refused', 'refused']);
    },
  );

  it('LIST-STATUS, SUBSCRIBED and SPECIAL-USE in one command', async () => {
    const script = `
S: * OK [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE] ready
C: A1 LIST (SUBSCRIBED) "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES))
S: * LIST (\\Subscribed \\Junk) "/" spam
S: * STATUS spam (MESSAGES 7)
S: A1 OK done
`;
    const boxes = await replayed(script, (client) =>
      client.list({ subscribed: true, status: ['messages'] }).toArray(),
    );
    expect(boxes).toMatchObject([
      { name: 'spam', subscribed: true, specialUse: '\\Junk', status: { messages: 7 } },
    ]);
  });

  it('CREATE, RENAME, SUBSCRIBE, DELETE; a NO with its code and hint leaves the connection usable', async () => {
    const script = `
${greeted}
C: A1 CREATE "a"
S: A1 OK [MAILBOXID (F1)] created
C: A2 RENAME "a" "b"
S: A2 OK renamed
C: A3 SUBSCRIBE "b"
S: A3 OK ok
C: A4 UNSUBSCRIBE "b"
S: A4 OK ok
C: A5 DELETE "b"
S: A5 NO [NONEXISTENT] gone
C: A6 NOOP
S: A6 OK still here
`;
    await replayed(script, async (client) => {
      expect(await client.create('a')).toEqual({ mailboxId: 'F1' });
      await client.rename('a', 'b');
      await client.subscribe('b');
      await client.unsubscribe('b');
      await expect(client.delete('b')).rejects.toEqual(
        code('ERR_NOT_FOUND', {
          connection: 'usable',
          command: 'DELETE "b"',
          reply: { code: 'NO', enhanced: 'NONEXISTENT', text: 'gone' },
          hint: expect.stringContaining('list()'),
        }),
      );
      await client.noop();
    });
  });

  it('SELECT and what it tells; a mailbox leases the connection', async () => {
    const script = `
${selected}
C: A2 SELECT "other"
S: * 1 EXISTS
S: A2 OK [READ-ONLY] done
`;
    await replayed(script, async (client) => {
      const box = await inbox(client);
      expect([
        box.name,
        box.exists,
        box.uidValidity,
        box.uidNext,
        box.readOnly,
        box.permanentFlags,
      ]).toEqual(['INBOX', 3, 99, 31, false, ['\\Seen', '\\Deleted', '\\*']]);
      const again = await client.open('inbox');
      await expect(client.open('other')).rejects.toEqual(
        code('ERR_WOULD_DEADLOCK', { connection: 'usable' }),
      );
      const waiting = client.open('other', { wait: true });
      await box.close();
      await box.close();
      await again.close();
      const other = await waiting;
      expect([other.name, other.exists, other.readOnly]).toEqual(['other', 1, true]);
      await expect(other.addFlags(1, ['\\Seen'])).rejects.toEqual(code('ERR_STATE'));
      await expect(box.search()).rejects.toEqual(code('ERR_STATE'));
    });
  });

  it('a reader does not keep a writer out: the mailbox is selected anew', async () => {
    const script = `
${greeted}
C: A1 EXAMINE "x"
S: * 1 EXISTS
S: * OK [UIDVALIDITY 5] ok
S: A1 OK [READ-ONLY] done
C: A2 SELECT "x"
S: * 1 EXISTS
S: * OK [UIDVALIDITY 6] ok
S: A2 OK [READ-WRITE] done
C: A3 UID STORE 4 +FLAGS.SILENT (\\Seen)
S: A3 OK done
`;
    await replayed(script, async (client) => {
      const reader = await client.open('x', { readOnly: true });
      const writer = await client.open('x');
      await writer.addFlags(4, ['\\Seen']);
      await expect(reader.addFlags(4, ['\\Seen'])).rejects.toEqual(code('ERR_STATE'));
      // It was opened under another UIDVALIDITY: its UIDs are void.
      await expect(reader.search()).rejects.toEqual(
        code('ERR_STATE', { message: expect.stringContaining('UIDVALIDITY') }),
      );
    });
  });

  it('a UIDVALIDITY that changes while the mailbox is open rejects every call', async () => {
    const script = `
${selected}
C: A2 NOOP
S: * OK [UIDVALIDITY 100] changed
S: A2 OK done
`;
    await replayed(script, async (client) => {
      const box = await inbox(client);
      await client.noop();
      for (const call of [
        box.search(),
        box.addFlags(1, ['x']),
        box.move(1, 'y'),
        box.copy(1, 'y'),
        box.expunge(1),
      ]) {
        await expect(call).rejects.toEqual(code('ERR_STATE'));
      }
      expect(() => box.fetch(1, { flags: true })).toThrow(code('ERR_STATE'));
    });
  });
});

describe('messages', () => {
  it('FETCH with literals, flags that no call asked for, rows in two parts, and rows that are not ours', async () => {
    const script = `
${selected}
C: A2 UID FETCH 1:30 (UID FLAGS ENVELOPE BODY.PEEK[HEADER.FIELDS (subject)] BODY.PEEK[1]<0.262144>)
S: * 1 FETCH (UID 10 FLAGS (\\seen) ENVELOPE (NIL {5}
S-raw: a"\\r\\nb NIL NIL NIL NIL NIL NIL NIL "<m@x>") BODY[HEADER.FIELDS ("SUBJECT")] {14}\\r\\nSubject: a b\\r\\n)\\r\\n
S: * 2 FETCH (FLAGS (\\Deleted))
S: * 1 FETCH (UID 10 BODY[1]<0> {3}
S-raw: xyz)\\r\\n
S: * 4 EXISTS
S: * 3 FETCH (BODY[1]<0> "q" UID 12 FLAGS () BODY[HEADER.FIELDS (SUBJECT)] NIL ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))
S: * 2 FETCH (UID 11 FLAGS (\\Answered))
S: A2 OK done
C: A3 UID FETCH 11 (UID BODY.PEEK[1])
S: A3 OK done
`;
    const rows = await replayed(script, async (client) => {
      const box = await inbox(client);
      const rows: unknown[] = [];
      for await (const message of box.fetch('1:30', {
        flags: true,
        envelope: true,
        headers: ['subject'],
        bodies: ['1'],
      })) {
        const { uid, flags, envelope, headers, problems } = message;
        let text = '';
        try {
          for await (const chunk of message.body('1')) text += chunk;
        } catch (error) {
          text = (error as { code: string }).code;
        }
        rows.push([
          uid,
          flags,
          envelope.subject,
          envelope.messageId,
          headers.get('SUBJECT'),
          text,
          problems,
        ]);
      }
      expect(box.exists).toBe(4);
      return rows;
    });
    expect(rows).toEqual([
      [10, ['\\Seen'], 'a"\r\nb', '<m@x>', 'a b', 'xyz', []],
      [12, [], '', undefined, undefined, 'q', []],
      [
        11,
        ['\\Answered'],
        '',
        undefined,
        undefined,
        'ERR_NOT_FOUND',
        [
          'ENVELOPE: the server did not send it',
          'HEADER: the server did not send it',
          'BODY[1]: the server did not send it',
        ],
      ],
    ]);
  });

  it('a broken item costs itself; a broken line a notice', async () => {
    const script = `
${selected}
C: A2 UID FETCH 10:11 (UID ENVELOPE BODYSTRUCTURE)
S: * 1 FETCH (UID 10 ENVELOPE 7 BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) "MIXED"))
S: * 2 FETCH (UID 11 ENVELOPE (NIL "ok" NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE (1 2 3))
S: * STATUS x (MESSAGES
S: A2 OK done
`;
    await replayed(script, async (client) => {
      const box = await inbox(client);
      const [first, second] = await box
        .fetch([11, 10], { envelope: true, structure: true })
        .toArray();
      expect([first?.envelope.subject, first?.structure.type, first?.problems.length]).toEqual([
        '',
        'multipart/mixed',
        1,
      ]);
      expect([second?.envelope.subject, second?.structure.type]).toEqual(['ok', '1/2']);
      for await (const notice of client.notices) {
        expect(notice.kind).toBe('malformed');
        break;
      }
    });
  });

  it('a line break inside a quoted string: Exchange', async () => {
    const script = `
${selected}
C: A2 UID FETCH 10:12 (UID ENVELOPE)
S: * 1 FETCH (UID 10 ENVELOPE (NIL "two
S: lines" NIL NIL NIL NIL NIL NIL NIL "<i>"))
S: * 2 FETCH (UID 11 ENVELOPE (NIL "torn
S: * 3 FETCH (UID 12 ENVELOPE (NIL "whole" NIL NIL NIL NIL NIL NIL NIL NIL))
S: A2 OK done
`;
    const rows = await replayed(script, async (client) => {
      const box = await inbox(client);
      const all = await box.fetch('10:12', { envelope: true }).toArray();
      return all.map(({ uid, envelope, problems }) => [uid, envelope.subject, problems.length]);
    });
    expect(rows).toEqual([
      [10, 'two\r\nlines', 0],
      [11, '', 2],
      [12, 'whole', 0],
    ]);
  });

  it('SEARCH, plain and extended, with CHARSET where it is needed', async () => {
    const plain = `
${selected}
C: A2 UID SEARCH UNSEEN FROM "al"
S: * SEARCH 5 3 4
S: A2 OK done
C: A3 UID SEARCH CHARSET UTF-8 SUBJECT {5+}
S-raw: 
C: gr\u00c3\u00bcn
S: * SEARCH
S: A3 OK done
`;
    await replayed(plain, async (client) => {
      const box = await inbox(client);
      expect(String(await box.search({ seen: false, from: 'al' }))).toBe('3:5');
      expect((await box.search({ subject: 'grün' })).size).toBe(0);
    });
    const extended = `
S: * OK [CAPABILITY IMAP4rev1 ESEARCH] ready
C: A1 SELECT "INBOX"
S: * 9 EXISTS
S: A1 OK done
C: A2 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "A2") UID ALL 1:4294967295
S: A2 OK done
`;
    await replayed(extended, async (client) => {
      const box = await inbox(client);
      expect((await box.search()).size).toBe(4294967295);
    });
  });

  it('STORE, COPY, MOVE, EXPUNGE by UID', async () => {
    const script = `
${selected}
C: A2 UID STORE 1:3 +FLAGS.SILENT (\\Seen $x)
S: A2 OK done
C: A3 UID STORE 5 -FLAGS.SILENT (\\Seen)
S: A3 OK done
C: A4 UID STORE 5 FLAGS.SILENT ()
S: A4 OK done
C: A5 UID COPY 1,3 "b"
S: A5 OK [COPYUID 7 1,3 11:12] done
C: A6 UID MOVE 1 "b"
S: * OK [COPYUID 7 1 13] moved
S: * 1 EXPUNGE
S: A6 OK done
C: A7 UID EXPUNGE 3
S: * 1 EXPUNGE
S: A7 OK done
`;
    await replayed(script, async (client) => {
      const box = await inbox(client);
      await box.addFlags([3, 2, 1], ['\\Seen', '$x']);
      await box.removeFlags(5, ['\\Seen']);
      await box.setFlags(5, []);
      await box.addFlags([], ['\\Seen']);
      const { uids, uidValidity } = await box.copy([1, 3], 'b');
      expect([[...(uids ?? [])], uidValidity]).toEqual([
        [
          [1, 11],
          [3, 12],
        ],
        7,
      ]);
      expect((await box.move(1, 'b')).uids?.get(1)).toBe(13);
      await box.expunge(3);
      expect(box.exists).toBe(1);
    });
  });

  it('MOVE without MOVE is COPY, STORE and UID EXPUNGE, in this order; a failed COPY removes nothing', async () => {
    const capabilities =
      'S: * OK [CAPABILITY IMAP4rev1 UIDPLUS] ready\nC: A1 SELECT "INBOX"\nS: * 3 EXISTS\nS: A1 OK done\n';
    const script = `
${capabilities}
C: A2 UID COPY 2 "b"
S: A2 NO [TRYCREATE] no b
C: A3 UID COPY 2 "b"
S: A3 OK [COPYUID 1 2 9] done
C: A4 UID STORE 2 +FLAGS.SILENT (\\Deleted)
S: A4 OK done
C: A5 UID EXPUNGE 2
S: * 2 EXPUNGE
S: A5 OK done
`;
    await replayed(script, async (client) => {
      const box = await inbox(client);
      await expect(box.move(2, 'b')).rejects.toEqual(
        code('ERR_NOT_FOUND', { hint: expect.stringContaining('create()') }),
      );
      expect((await box.move(2, 'b')).uids?.get(2)).toBe(9);
    });
    const bare =
      'S: * OK [CAPABILITY IMAP4rev1] ready\nC: A1 SELECT "INBOX"\nS: * 3 EXISTS\nS: A1 OK done\n';
    await replayed(bare, async (client) => {
      const box = await inbox(client);
      await expect(box.move(2, 'b')).rejects.toEqual(code('ERR_EXTENSION_REQUIRED'));
      await expect(box.expunge(2)).rejects.toEqual(code('ERR_EXTENSION_REQUIRED'));
    });
  });

  it('APPEND: at once with LITERAL+, on the go-ahead without; a NO to the literal sends no octet of it', async () => {
    const plus = `
${greeted}
C: A1 APPEND "x" (\\Seen) " 2-Jan-2024 03:04:05 +0000" {5+}
C: a
C: bc
S: A1 OK [APPENDUID 7 21] done
`;
    const date = new Date('2024-01-02T03:04:05Z');
    const result = await replayed(plus, (client) =>
      client.append('x', 'a\r\nbc', { flags: ['\\Seen'], date }),
    );
    expect(result).toEqual({ size: 5, uid: 21, uidValidity: 7 });
    const sync = `
S: * OK [CAPABILITY IMAP4rev1] ready
C: A1 APPEND "x" {3}
S: A1 NO [OVERQUOTA] full
C: A2 APPEND "x" {3}
S: + go on
C: abc
S: A2 OK done
`;
    await replayed(sync, async (client) => {
      await expect(client.append('x', 'abc')).rejects.toEqual(
        code('ERR_COMMAND_REJECTED', { connection: 'usable' }),
      );
      expect(await client.append('x', Buffer.from('abc'))).toEqual({ size: 3 });
    });
    const limited = 'S: * OK [CAPABILITY IMAP4rev1 APPENDLIMIT=4] ready';
    await replayed(limited, async (client) => {
      await expect(client.append('x', 'abcde')).rejects.toEqual(code('ERR_COMMAND_REJECTED'));
    });
  });
});

describe('the session', () => {
  it('alerts are notices; a BYE names its reason to whoever waits', async () => {
    const script = `
${greeted}
C: A1 NOOP
S: * OK [ALERT] Disk almost\x1b[0m full
S: * NO careful
S: A1 OK done
C: A2 NOOP
S: * BYE going down
`;
    await replayed(script, async (client) => {
      await client.noop();
      await expect(client.noop()).rejects.toEqual(
        code('ERR_SERVER_CLOSING', { serverText: 'going down', connection: 'closed' }),
      );
      expect(await client.closed).toMatchObject({
        reason: 'error',
        error: { code: 'ERR_SERVER_CLOSING' },
      });
      const notices: unknown[] = [];
      for await (const notice of client.notices) notices.push(notice);
      expect(notices).toEqual([
        { kind: 'ALERT', text: 'Disk almost\\u{1b}[0m full' },
        { kind: 'NO', text: 'careful' },
        { kind: 'BYE', text: 'going down' },
      ]);
    });
  });

  it('LOGOUT, and the end', async () => {
    const script = `
${greeted}
C: A1 LOGOUT
S: * BYE bye
S: A1 OK done
END
`;
    await replayed(script, async (client) => {
      await Promise.all([client.quit(), client.quit()]);
      expect(await client.closed).toEqual({ reason: 'quit' });
      await expect(client.noop()).rejects.toEqual(code('ERR_CONNECTION_CLOSED'));
    });
    await replayed(`${greeted}\nC: A1 LOGOUT\nS: * BYE bye\nEND`, async (client) => {
      await client[Symbol.asyncDispose]();
      expect((await client.closed).reason).toBe('server');
    });
  });

  it('command() sends what has no method, and refuses what would break the session', async () => {
    const script = `
${greeted}
C: A1 UID X-FOO "a \\"b" 7 (at "x" 1:2)
S: * X-FOO (1 {3}
S-raw: abc)\\r\\n
S: * 4 EXISTS
S: A1 OK [X-CODE y] fine
`;
    await replayed(script, async (client) => {
      const { UidSet } = await import('../src/index.js');
      expect(
        await client.command('uid x-foo', ['a "b', 7, [{ atom: 'at' }, 'x', UidSet.from('1:2')]]),
      ).toEqual({
        text: 'fine',
        code: { name: 'X-CODE', text: 'y' },
        responses: [{ text: 'X-FOO (1 {3})', literals: [Buffer.from('abc')] }],
      });
      for (const verb of [
        'LOGIN',
        'authenticate',
        'STARTTLS',
        'SELECT',
        'CLOSE',
        'COMPRESS',
        'ENABLE',
        'IDLE',
        'A B\r\n',
      ]) {
        await expect(client.command(verb)).rejects.toEqual(code('ERR_ARGUMENT'));
      }
      await expect(client.command('X', ['a\r\nb'])).rejects.toEqual(code('ERR_ARGUMENT'));
      await expect(client.command('X', [{ atom: 'a b' }])).rejects.toEqual(code('ERR_ARGUMENT'));
    });
  });

  it('disable hides a capability', async () => {
    const script = `
${greeted}
C: A1 APPEND "x" {3}
S: + go
C: abc
S: A1 OK done
`;
    await replayed(script, (client) => client.append('x', 'abc'), { disable: ['literal+'] });
  });

  it.each([
    ['an unknown tag', 'S: XYZ99 OK done'],
    ['a go-ahead that no command waits for', 'S: + go on'],
    ['no response at all', 'S: HTTP/1.1 200 OK'],
    ['a tagged response without status', 'S: A1 MAYBE'],
  ])('%s ends the session', async (_name, answer) => {
    const { client } = await scriptedClient(`${greeted}\nC: A1 NOOP\n${answer}`);
    await expect(client.noop()).rejects.toEqual(
      code('ERR_MALFORMED_RESPONSE', { connection: 'closed' }),
    );
  });

  it('an OK before the command was sent whole is forged', async () => {
    const { client } = await scriptedClient(
      'S: * OK [CAPABILITY IMAP4rev1] x\nC: A1 APPEND "x" {3}\nS: A1 OK done\n',
    );
    await expect(client.append('x', 'abc')).rejects.toEqual(
      code('ERR_MALFORMED_RESPONSE', { connection: 'closed' }),
    );
  });
});
