/** What single servers do, by the server's name, as dialogues of a whole client. What no grammar allows is in `odd-servers`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImapClient } from '../src/index.js';
import { answering, noticesOf, openedOn } from './support/odd.js';
import { follow, inClear, replayed, scriptedClient } from './support/script.js';

const connected = (capabilities: string, greeting = 'hello'): string =>
  `S: * PREAUTH [CAPABILITY IMAP4rev1 ${capabilities}] ${greeting}\n`;

/** Runs work on a session in which no mailbox is open, whole and cut in all ways; the script has to be followed to its end. */
const on = <T>(script: string, work: (client: ImapClient) => Promise<T>): Promise<T> =>
  replayed(script, work);

describe('Exchange', () => {
  const uids = (result: { uids?: unknown }): string => String(result.uids);

  it('2003 ends the session at NAMESPACE (MailKit#1512): it is not asked for', async () => {
    const script = connected(
      'NAMESPACE',
      'Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail) ready.',
    );
    await on(script, async (client) => {
      expect(await client.personal('Archive/2026')).toBe('Archive/2026');
      await expect(client.namespaces()).rejects.toMatchObject({
        code: 'ERR_EXTENSION_REQUIRED',
        connection: 'usable',
      });
    });
    const other = `${connected('NAMESPACE', 'Microsoft Exchange Server 2007 IMAP4 service ready')}
C: A1 NAMESPACE
S: * NAMESPACE (("" "/")) NIL NIL
S: A1 OK done
`;
    expect(await on(other, (client) => client.personal('Archive'))).toBe('Archive');
  });

  it.each([
    ['in the tagged OK', '', 'S: A2 OK [COPYUID 7 1:2 11:12] done', '1:2→11:12'],
    [
      'on a line of its own (MailKit#115)',
      'S: [COPYUID 7 1:2 11:12]',
      'S: A2 OK done',
      '1:2→11:12',
    ],
    ['in an untagged OK', 'S: * OK [COPYUID 7 1:2 11:12] x', 'S: A2 OK done', '1:2→11:12'],
    ['without its sets', '', 'S: A2 OK [COPYUID 701  ] done', 'undefined'],
    ['with one of them', '', 'S: A2 OK [COPYUID 7 1:2] done', 'undefined'],
    ['with sets of two lengths', '', 'S: A2 OK [COPYUID 7 1:2 11] done', 'undefined'],
    ['with a letter in it', '', 'S: A2 OK [COPYUID 7 1:x 11:12] done', 'undefined'],
    ['with nothing at all', '', 'S: A2 OK [COPYUID] done', 'undefined'],
    ['not at all', '', 'S: A2 OK done', 'undefined'],
  ])('COPYUID %s: what is copied is copied', async (_name, before, answer, expected) => {
    const script = `
C: A2 UID COPY 1:2 "x"
${before}
${answer}
C: A3 NOOP
S: A3 OK done
`;
    await openedOn(script, async (box, client) => {
      expect(uids(await box.copy('1:2', 'x'))).toBe(expected);
      await client.noop();
    });
  });

  it('COPYUID said twice, before the OK and in it: each message once', async () => {
    const script = `
C: A2 UID MOVE 1:2 "x"
S: * OK [COPYUID 7 1:2 11:12] x
S: * 1 EXPUNGE
S: * 1 EXPUNGE
S: A2 OK [COPYUID 7 1:2 11:12] done
C: A3 UID MOVE 3:4 "x"
S: * OK [COPYUID 7 3:4 13:14] x
S: A3 OK [COPYUID 7 3:4 13:14] done
`;
    const capabilities = { capabilities: 'MOVE MESSAGELIMIT=2' };
    await openedOn(
      script,
      async (box) => expect(uids(await box.move('1:4', 'x'))).toBe('1:2,3:4→11:12,13:14'),
      capabilities,
    );
  });

  it('an unquoted tab as delimiter (MailKit#945)', async () => {
    const script = `${connected('')}
C: A1 LIST "" "*"
S: * LIST (\\HasChildren) "	" "Public Folders"
S: * LIST (\\HasNoChildren) 	 x
S: A1 OK done
`;
    const found = await on(script, (client) => client.list().toArray());
    expect(found.map(({ name, delimiter }) => [name, delimiter])).toEqual([
      ['Public Folders', '\t'],
      ['x', '\t'],
    ]);
  });

  it('a code with quotes in it (net-imap#597)', async () => {
    const script = `${connected('')}
C: A1 NOOP
S: A1 NO [Error="Microsoft.Exchange.Error: a \\"b\\" [c]" Rand=x] Server busy
`;
    const error = await on(script, (client) => client.noop().catch((thrown) => thrown.code));
    expect(error).toBe('ERR_COMMAND_REJECTED');
  });
});

describe('Microsoft 365', () => {
  it('is authenticated but not connected: the hint says what the token lacks (node-imap#689)', async () => {
    const script = `${connected('')}
C: A1 SELECT "INBOX"
S: A1 BAD User is authenticated but not connected.
`;
    const { client } = await scriptedClient(script);
    await expect(client.open('INBOX')).rejects.toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      hint: expect.stringContaining('IMAP.AccessAsUser.All'),
    });
    client.close();
  });
});

describe('Outlook.com', () => {
  it('says NO to what goes past the last message (MailKit#1652): sets end in *', async () => {
    const script = `
C: A2 UID FETCH 1:* (UID FLAGS)
S: * 1 FETCH (UID 4 FLAGS ())
S: A2 OK done
`;
    const found = await openedOn(script, (box) => box.fetch('1:*', { flags: true }).toArray());
    expect(found.map(({ uid }) => uid)).toEqual([4]);
  });
});

describe('Gmail', () => {
  it('tells of other messages inside a FETCH (imapflow#426): rows go by UID', async () => {
    const script = `
C: A2 UID FETCH 11 (UID FLAGS RFC822.SIZE)
S: * 3 FETCH (UID 13 FLAGS (\\Seen))
S: * 1 FETCH (UID 11 RFC822.SIZE 5)
S: * 1 FETCH (UID 11 FLAGS (\\Flagged))
S: A2 OK done
`;
    const found = await openedOn(script, (box) =>
      box.fetch(11, { flags: true, size: true }).toArray(),
    );
    expect(found.map(({ uid, flags, size }) => [uid, flags, size])).toEqual([
      [11, ['\\Flagged'], 5],
    ]);
  });

  it('NIL for header fields that are not there is an empty header', async () => {
    const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[HEADER.FIELDS (List-Id)])
S: * 1 FETCH (UID 11 BODY[HEADER.FIELDS (LIST-ID)] NIL)
S: A2 OK done
`;
    const [found] = await openedOn(script, (box) =>
      box.fetch(11, { headers: ['List-Id'] }).toArray(),
    );
    expect(found?.headers.get('list-id')).toBeUndefined();
    expect(found?.problems).toEqual([]);
  });
});

describe('Yahoo', () => {
  const uids = Array.from({ length: 2_000 }, (_, i) => 1_000_000 + i * 3);

  it('takes commands of about 1,000 octets: sets are cut', async () => {
    const lengths: number[] = [];
    const found = await answering(
      'XYMHIGHESTMODSEQ',
      (line) => {
        lengths.push(line.length);
        return [];
      },
      (box) => box.addFlags(uids, ['\\Seen']),
    );
    expect(found).toEqual({ modified: expect.anything() });
    expect(Math.max(...lengths)).toBeLessThan(1_000);
    expect(lengths.length).toBeGreaterThan(10);
  });

  it('[SERVERBUG] passes: later it works', async () => {
    const script = `
C: A2 UID SEARCH ALL
S: A2 NO [SERVERBUG] SEARCH Server error - Please try again later
`;
    await openedOn(script, (box) =>
      expect(box.search()).rejects.toMatchObject({ transient: true, retry: 'later' }),
    );
  });

  it('HIGHESTMODSEQ without CONDSTORE: nothing of CONDSTORE is asked for', async () => {
    const script = `${connected('XYMHIGHESTMODSEQ')}
C: A1 EXAMINE "INBOX"
S: * 1 EXISTS
S: * OK [UIDVALIDITY 7] x
S: * OK [UIDNEXT 6] x
S: * OK [HIGHESTMODSEQ 99] x
S: A1 OK done
C: A2 UID SEARCH ALL
S: * SEARCH 5
S: A2 OK done
C: A3 UID FETCH 5 (UID FLAGS)
S: * 1 FETCH (UID 5 FLAGS (\\Seen))
S: A3 OK done
`;
    const state = { uidValidity: 7, uidNext: 6, modSeq: '98', uids: '5', flags: { '': '5' } };
    const { client } = await scriptedClient(script);
    const told = await client.sync('INBOX', state as never).toArray();
    expect(told.map(({ type }) => type)).toEqual(['flags']);
    client.close();
  });
});

describe('QQ and NetEase (163, 126, 188)', () => {
  it('say BAD to descending sets (defects#40): ours ascend, however they were given', async () => {
    const sets: string[] = [];
    const note = (line: string): string[] => {
      sets.push(line.split(' ')[3] as string);
      return [];
    };
    await answering('', note, async (box) => {
      await box.addFlags([9, 3, 5], ['\\Seen']);
      await box.addFlags('9:3', ['\\Seen']);
      await box.addFlags('*:3', ['\\Seen']);
      await box.addFlags('12,9:7,1', ['\\Seen']);
      await box.fetch([8, 2], { flags: true }).toArray();
    });
    expect(sets).toEqual(['3,5,9', '3:9', '3:*', '1,7:9,12', '2,8']);
  });

  it('163 wants to know who asks before SELECT ("Unsafe Login")', async () => {
    const { stream, done } = follow(`
S: * OK [CAPABILITY IMAP4rev1 ID AUTH=PLAIN SASL-IR] Coremail
C: A1 AUTHENTICATE PLAIN AHUAcA==
S: A1 OK [CAPABILITY IMAP4rev1 ID] in
C: A2 ID ("name" "fivewire")
S: * ID ("name" "Coremail Imap")
S: A2 OK done
C: A3 SELECT "INBOX"
S: A3 NO SELECT Unsafe Login. Please contact kefu@188.com for help
`);
    const client = await ImapClient.connect({
      ...inClear,
      stream,
      auth: { user: 'u', password: 'p' },
    });
    await expect(client.open('INBOX')).rejects.toMatchObject({
      hint: expect.stringContaining('NetEase'),
    });
    await done;
    client.close();
  });

  it.each([
    ['a list without items', '* STATUS "INBOX" ()', {}],
    ['no list (defects#15)', '* STATUS "INBOX"', {}],
    ['no STATUS at all', '* NO later', {}],
    ['half of what was asked', '* STATUS "INBOX" (MESSAGES 3)', { messages: 3 }],
    ['a space at the end', '* STATUS "INBOX" (MESSAGES 3 UNSEEN 1 ) ', { messages: 3, unseen: 1 }],
  ])('163 answers STATUS with %s', async (_name, answer, expected) => {
    const script = `${connected('')}
C: A1 STATUS "INBOX" (MESSAGES UNSEEN)
S: ${answer}
S: A1 OK done
`;
    expect(await on(script, (client) => client.status('INBOX', ['messages', 'unseen']))).toEqual(
      expected,
    );
  });

  it('163 does not escape quotes in names (go-imap#659)', async () => {
    const script = `
C: A2 UID FETCH 11 (UID ENVELOPE RFC822.SIZE)
S: * 1 FETCH (UID 11 ENVELOPE (NIL "s" ((""""a b"""" NIL "al" "example.org")) NIL NIL NIL NIL NIL NIL "<m>") RFC822.SIZE 5)
S: A2 OK done
`;
    const [found] = await openedOn(script, (box) =>
      box.fetch(11, { envelope: true, size: true }).toArray(),
    );
    expect(found?.envelope).toMatchObject({ subject: 's', messageId: '<m>' });
    expect(found?.envelope.from[0]).toMatchObject({ address: 'al@example.org' });
    expect(found?.size).toBe(5);
  });
});

describe('hMailServer', () => {
  it('greets IMAPrev1, and says BAD to n:n-1 (MailKit#1150): no such range goes out', async () => {
    const ranges: string[] = [];
    const note = (line: string): string[] => {
      ranges.push(...(line.match(/\d+:\d+/g) ?? []));
      return [];
    };
    await answering('', note, async (box) => {
      for (const set of ['5:4', '5:5', [5, 4], '1:*', '2:1,4:3'])
        await box.fetch(set, { flags: true }).toArray();
      await box.search({ uid: '7:6' });
    });
    for (const range of ranges) {
      const [from = 0, to = 0] = range.split(':').map(Number);
      expect(from).toBeLessThan(to);
    }
    const { client } = await scriptedClient(
      'S: * OK IMAPrev1\nC: A1 CAPABILITY\nS: * CAPABILITY IMAP4 IMAP4rev1 CHILDREN\nS: A1 OK done\nC: A2 NOOP\nS: A2 OK done',
    );
    await client.noop();
    client.close();
  });
});

describe('Strato', () => {
  it('leaves INBOX out of LIST with RETURN, and of LIST-STATUS: the plain form has it', async () => {
    const script = `${connected('LIST-EXTENDED LIST-STATUS SPECIAL-USE')}
C: A1 LIST "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES))
S: * LIST (\\Sent) "/" Sent
S: * STATUS Sent (MESSAGES 4)
S: A1 OK done
C: A2 LIST "" "*"
S: * LIST () "/" INBOX
S: * LIST () "/" Sent
S: A2 OK done
`;
    const found = await on(script, async (client) => {
      const names: string[] = [];
      for await (const { name } of client.list({ status: ['messages'] })) names.push(name);
      return names;
    });
    expect(found).toEqual(['Sent', 'INBOX']);
  });
});

describe("Proton's Bridge", () => {
  const plain = `
C: A2 LIST "" "*"
S: * LIST () "/" INBOX
S: * LIST (\\HasNoChildren \\Sent) "/" Sent
S: A2 OK done
`;

  it('says BAD to LIST (SPECIAL-USE) (MailKit#674): asked once more in the plain form, and from then on', async () => {
    const script = `${connected('LIST-EXTENDED SPECIAL-USE')}
C: A1 LIST (SPECIAL-USE) "" "*"
S: A1 BAD syntax
${plain}
C: A3 LIST "" "*"
S: * LIST (\\Sent) "/" Sent
S: A3 OK done
`;
    await on(script, async (client) => {
      const found = await client.list({ specialUse: true }).toArray();
      expect(found.map(({ name }) => name)).toEqual(['Sent']);
      expect(await client.find({ specialUse: '\\Sent' })).toMatchObject({ name: 'Sent' });
      const [said] = await noticesOf(client, 1);
      expect(said?.text).toMatch(/^LIST-EXTENDED/);
    });
  });

  it.each([
    ['find()', 'RETURN (SPECIAL-USE)', (client: ImapClient) => client.find({ specialUse: '\\Sent' })],
    ['list() with children', 'RETURN (SPECIAL-USE CHILDREN)', (client: ImapClient) => client.list({ children: true }).toArray()],
  ])('the same for RETURN (Zoho): %s', async (_name, words, work) => {
    const script = `${connected('LIST-EXTENDED SPECIAL-USE')}
C: A1 LIST "" "*" ${words}
S: A1 BAD syntax
${plain}
`;
    const found = [await on(script, work as (client: ImapClient) => Promise<object>)].flat();
    expect(found.at(-1)).toMatchObject({ name: 'Sent', specialUse: '\\Sent' });
  }); // biome-ignore format: a table

  it('a NO is an answer, and so is a BAD of a busy server; what has no plain form stays BAD', async () => {
    const script = `${connected('LIST-EXTENDED SPECIAL-USE')}
C: A1 LIST (SPECIAL-USE) "" "*"
S: A1 NO not now
C: A2 LIST (SPECIAL-USE) "" "*"
S: A2 BAD Request is throttled
C: A3 LIST (REMOTE) "" "*"
S: A3 BAD syntax
`;
    await on(script, async (client) => {
      const refused = expect.objectContaining({ code: 'ERR_COMMAND_REJECTED' });
      for (let i = 0; i < 2; i++)
        await expect(client.list({ specialUse: true }).toArray()).rejects.toEqual(refused);
      await expect(client.list({ remote: true }).toArray()).rejects.toEqual(refused);
    });
  });

  it('refuses UID EXPUNGE in old versions (proton-bridge#123): the copies are there, and the error says so', async () => {
    const script = `
C: A2 UID COPY 1 "x"
S: A2 OK done
C: A3 UID STORE 1 +FLAGS.SILENT (\\Deleted)
S: A3 OK done
C: A4 UID EXPUNGE 1
S: A4 BAD unknown
`;
    await openedOn(
      script,
      async (box) => {
        await expect(box.move(1, 'x')).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
          retry: 'never',
          hint: expect.stringContaining('store it twice'),
        });
      },
      { capabilities: 'UIDPLUS' },
    );
  });

  it('expunges and tells flags inside a FETCH (proton-bridge#219)', async () => {
    const script = `
C: A2 UID FETCH 11:13 (UID FLAGS)
S: * 1 FETCH (UID 11 FLAGS ())
S: * 2 EXPUNGE
S: * 3 EXISTS
S: * 2 FETCH (UID 13 FLAGS (\\Seen))
S: * OK busy
S: A2 OK done
`;
    const found = await openedOn(script, (box) => box.fetch('11:13', { flags: true }).toArray());
    expect(found.map(({ uid }) => uid)).toEqual([11, 13]);
  });

  it('gave messages new UIDs under the same UIDVALIDITY (proton-bridge#220): they are others to sync() and to fetch()', async () => {
    const script = `${connected('')}
C: A1 EXAMINE "x"
S: * 2 EXISTS
S: * OK [UIDVALIDITY 7] x
S: A1 OK done
C: A2 UID SEARCH ALL
S: * SEARCH 8 9
S: A2 OK done
C: A3 UID FETCH 8:9 (UID FLAGS)
S: * 1 FETCH (UID 8 FLAGS ())
S: * 2 FETCH (UID 9 FLAGS (\\Seen))
S: A3 OK done
C: A4 EXAMINE "x"
S: * 2 EXISTS
S: * OK [UIDVALIDITY 7] x
S: A4 OK done
C: A5 UID FETCH 3:4 (UID FLAGS)
S: * 1 FETCH (UID 8 FLAGS ())
S: * 2 FETCH (UID 9 FLAGS (\\Seen))
S: A5 OK done
`;
    await on(script, async (client) => {
      const state = { uidValidity: 7, uids: '3:4', flags: {} };
      const events = await client.sync('x', state).toArray();
      const told = events.map((event) => `${event.type} ${'uid' in event ? event.uid : ''}`.trim());
      expect(told).toEqual(['vanished', 'new 8', 'new 9']);
      expect(events.at(-1)?.state.uids).toBe('8:9');
      const box = await client.open('x', { readOnly: true });
      expect(await box.fetch('3:4', { flags: true }).toArray()).toEqual([]);
    });
  });
});

describe('Yandex', () => {
  it('leaves the literal of a section out (MailKit#1708): the row is there, and says so', async () => {
    const script = `
C: A2 UID FETCH 11:12 (UID BODY.PEEK[HEADER.FIELDS (Subject)] FLAGS)
S: * 1 FETCH (UID 11 BODY[HEADER.FIELDS (SUBJECT)] FLAGS (\\Seen))
S: * 2 FETCH (UID 12 FLAGS () BODY[HEADER.FIELDS (SUBJECT)])
S: A2 OK done
`;
    const found = await openedOn(script, (box) =>
      box.fetch('11:12', { headers: ['Subject'], flags: true }).toArray(),
    );
    const missing = [expect.stringMatching(/SUBJECT/), 'HEADER: the server did not send it'];
    expect(found.map(({ uid, flags, problems }) => [uid, flags, problems])).toEqual([
      [11, ['\\Seen'], missing],
      [12, [], missing],
    ]);
  });

  const byes = 'S: * BYE IMAP4rev1 Server logging out\n'.repeat(500);

  it('repeats BYE until the end: LOGOUT ends well', async () => {
    const { client, done } = await scriptedClient(
      `${connected('')}C: A1 LOGOUT\n${byes}S: A1 OK done\n${byes}END`,
    );
    await client.quit();
    await expect(client.closed).resolves.toEqual({ reason: 'quit' });
    await done;
  });

  it('repeats BYE in the middle: one reason for all who wait', async () => {
    const { client, done } = await scriptedClient(`${connected('')}C: A1 NOOP\n${byes}END`);
    const closing = { code: 'ERR_SERVER_CLOSING', connection: 'closed' };
    await expect(client.noop()).rejects.toMatchObject(closing);
    await done;
    await expect(client.noop()).rejects.toMatchObject({ connection: 'closed' });
  });
});

describe('Zimbra', () => {
  it('rejects two spaces in SEARCH: whatever is searched for, words stand one space apart', async () => {
    const date = fc.date({ min: new Date(0), max: new Date(2e12), noInvalidDate: true });
    const leaf = {
      subject: fc.constantFrom('a', 'b c', 'ü', ''),
      from: fc.constantFrom('a@b', ''),
      seen: fc.boolean(),
      flagged: fc.boolean(),
      keyword: fc.constant('$x'),
      since: date,
      before: date,
      larger: fc.nat(),
      uid: fc.constantFrom('1:5', '*'),
      header: fc.constant({ 'X-A': 'b', 'X-B': '' }),
    };
    const some = { requiredKeys: [] };
    const below = fc.array(fc.record(leaf, some), { minLength: 1, maxLength: 3 });
    const not = fc.record(leaf, some);
    const query = fc.record({ ...leaf, or: below, and: below, not }, some);
    const lines: string[] = [];
    await answering(
      '',
      (line) => {
        lines.push(line);
        return ['* SEARCH'];
      },
      async (box) => {
        await fc.assert(
          fc.asyncProperty(query as fc.Arbitrary<object>, async (one) => {
            await box.search(one).catch((error) => {
              expect(error.code).toBe('ERR_ARGUMENT');
            });
          }),
          { numRuns: 200 },
        );
      },
    );
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines)
      expect(line.replace(/"(?:[^"\\]|\\.)*"/g, '""')).not.toMatch(/ {2}|\( | \)/);
  });
});

describe('iCloud', () => {
  it('gives no body for RFC822 (defects#36): BODY.PEEK[] is asked for', async () => {
    const lines: string[] = [];
    await answering(
      '',
      (line) => {
        lines.push(line);
        return [];
      },
      async (box) => {
        const [found] = await box.fetch(1, { flags: true }).toArray();
        expect(found).toBeUndefined();
        await box.fetch(1, { bodies: [''], headers: true }).toArray();
      },
    );
    expect(lines.join()).not.toMatch(/RFC822(?!\.SIZE)/);
    expect(lines.join()).toContain('BODY.PEEK[]');
  });

  it('offers ANNOTATE and breaks it: no annotation is ever asked for, and one that comes costs nothing', async () => {
    const lines: string[] = [];
    const whole = '* 3 FETCH (UID 3 ANNOTATION (/comment (value.priv NIL)) RFC822.SIZE 7 FLAGS ())';
    const broken =
      '* 1 FETCH (UID 1 ANNOTATION (/comment (value.priv NIL) "x) RFC822.SIZE 5 FLAGS ())';
    await answering(
      'ANNOTATE-EXPERIMENT-1 ANNOTATE CONDSTORE ESEARCH MOVE',
      (line) => {
        lines.push(line);
        return line.includes('FETCH')
          ? [whole, broken, '* 2 FETCH (UID 2 RFC822.SIZE 6 FLAGS ())']
          : [];
      },
      async (box) => {
        const rows = await box.fetch('1:3', { flags: true, size: true }).toArray();
        const told = rows.map(({ uid, size, problems }) => [uid, size, problems.length > 0]);
        expect(told).toEqual([
          [3, 7, false],
          [1, 5, true], // its string has no end
          [2, 6, false],
        ]);
        await box.addFlags(1, ['\\Seen']);
        await box.copy(1, 'y');
        await box.move(1, 'y');
      },
    );
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join()).not.toMatch(/ANNOTAT/i);
  });
});

describe('Courier', () => {
  it('takes tokens of 16 KB: no set is longer', async () => {
    const tokens: number[] = [];
    await answering(
      'LITERAL+',
      (line) => {
        for (const token of line.match(/"[^"]*"|\S+/g) ?? []) tokens.push(token.length);
        return [];
      },
      async (box) => {
        await box.addFlags(
          Array.from({ length: 9_000 }, (_, i) => 1_000_000_000 + i * 3),
          ['\\Seen'],
        );
      },
    );
    expect(tokens.length).toBeGreaterThan(50);
    expect(Math.max(...tokens)).toBeLessThan(16_384);
  });

  it('* 0 FETCH is no row of any message', async () => {
    const script = `
C: A2 UID FETCH 11 (UID FLAGS)
S: * 0 FETCH (FLAGS ())
S: * 1 FETCH (UID 11 FLAGS ())
S: A2 OK done
`;
    const found = await openedOn(script, (box) => box.fetch(11, { flags: true }).toArray());
    expect(found.map(({ uid }) => uid)).toEqual([11]);
  });
});

describe('James', () => {
  it('leaves sections out: they are asked for when they are read', async () => {
    const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[]<0.262144>)
S: * 1 FETCH (UID 11)
S: A2 OK done
C: A3 UID FETCH 11 (UID BODY.PEEK[])
S: * 1 FETCH (UID 11 BODY[] {5}
S: hello)
S: A3 OK done
`;
    const body = await openedOn(script, async (box) => {
      const [found] = await box.fetch(11, { bodies: [''] }).toArray();
      return Buffer.concat((await found?.body().toArray()) ?? []).toString();
    });
    expect(body).toBe('hello');
  });
});

describe('servers that ignore <partial> (imapflow#396)', () => {
  it('the whole body comes with the row, and once', async () => {
    const whole = 'x'.repeat(300_000);
    const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[]<0.262144>)
S: * 1 FETCH (UID 11 BODY[] {300000}
S: ${whole})
S: A2 OK done
`;
    const body = await openedOn(script, async (box) => {
      const [found] = await box.fetch(11, { bodies: [''] }).toArray();
      return Buffer.concat((await found?.body().toArray()) ?? []).toString();
    });
    expect(body).toBe(whole);
  });
});

describe('UIDVALIDITY', () => {
  it.each([
    ['0 (defects#52)', '0', 0],
    ['of 64 bits (neomutt#3830)', '1099511627776', 1_099_511_627_776],
  ])('%s', async (_name, told, expected) => {
    const script = `${connected('')}
C: A1 SELECT "INBOX"
S: * 1 EXISTS
S: * OK [UIDVALIDITY ${told}] x
S: A1 OK [READ-WRITE] done
`;
    const { client } = await scriptedClient(script);
    expect((await client.open('INBOX')).uidValidity).toBe(expected);
    client.close();
  });
});
