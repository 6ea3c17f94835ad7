/** Each extension as it goes over the wire, and what happens where the server does not have it. */
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ImapClient, type Mailbox, partUrl, UidSet } from '../src/index.js';
import type { ImapOptions } from '../src/types.js';
import { inClear, replayed, scriptedClient, streamPair } from './support/script.js';

type Work = (client: ImapClient, box: Mailbox) => Promise<unknown>;

const hello = (capabilities: string): string =>
  `S: * PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ ${capabilities}] hello\n`;
const select = `C: A1 SELECT "INBOX"
S: * 9 EXISTS
S: * OK [UIDVALIDITY 7] valid
S: A1 OK [READ-WRITE] done
`;

const selected = (capabilities: string, dialogue: string, work: Work): Promise<unknown> =>
  replayed(hello(capabilities) + select + dialogue, async (client) =>
    work(client, await client.open('INBOX')),
  );

describe('searching', () => {
  it('ESEARCH: count, lowest and highest without the numbers', async () => {
    const found = await selected(
      'ESEARCH',
      `C: A2 UID SEARCH RETURN (MIN MAX COUNT) UNSEEN
S: * ESEARCH (TAG "A2") UID MIN 2 MAX 99 COUNT 17
S: A2 OK done
C: A3 UID SEARCH RETURN (MIN MAX COUNT) ALL
S: * ESEARCH (TAG "A3") UID COUNT 0
S: A3 OK done
`,
      async (_client, box) => [await box.summary({ seen: false }), await box.count()],
    );
    expect(found).toEqual([{ min: 2, max: 99, count: 17 }, 0]);
  });

  it('without ESEARCH the numbers are counted here', async () => {
    const found = await selected(
      '',
      'C: A2 UID SEARCH UNSEEN\nS: * SEARCH 2 5 9\nS: A2 OK done\n',
      (_client, box) => box.summary({ seen: false }),
    );
    expect(found).toEqual({ min: 2, max: 9, count: 3 });
  });

  it.each([
    ['PARTIAL', 'PARTIAL', [-1, -2] as const, '5,9'],
    ['CONTEXT=SEARCH', 'CONTEXT=SEARCH', [2, 3] as const, '3:4'],
  ])('%s: the server counts', async (_name, capability, partial, answer) => {
    const range = partial.join(':');
    const found = await selected(
      `ESEARCH ${capability}`,
      `C: A2 UID SEARCH RETURN (PARTIAL ${range}) SEEN
S: * ESEARCH (TAG "A2") UID PARTIAL (${range} ${answer})
S: A2 OK done
C: A3 UID SEARCH RETURN (PARTIAL ${range}) FLAGGED
S: * ESEARCH (TAG "A3") UID PARTIAL (${range} NIL)
S: A3 OK done
`,
      async (_client, box) => [
        String(await box.search({ seen: true }, { partial })),
        String(await box.search({ flagged: true }, { partial })),
      ],
    );
    expect(found).toEqual([answer, '']);
  });

  it('without PARTIAL this side counts', async () => {
    const found = await selected(
      '',
      'C: A2 UID SEARCH SEEN\nS: * SEARCH 2 5 9 11\nS: A2 OK done\n'.repeat(1) +
        'C: A3 UID SEARCH SEEN\nS: * SEARCH 2 5 9 11\nS: A3 OK done\n' +
        'C: A4 UID SEARCH SEEN\nS: * SEARCH 2 5 9 11\nS: A4 OK done\n',
      async (_client, box) => [
        String(await box.search({ seen: true }, { partial: [2, 3] })),
        String(await box.search({ seen: true }, { partial: [-1, -2] })),
        String(await box.search({ seen: true }, { partial: [5, 9] })),
      ],
    );
    expect(found).toEqual(['5,9', '9,11', '']);
  });

  it('SEARCHRES: what was found goes by the name of $', async () => {
    await selected(
      'ESEARCH SEARCHRES',
      `C: A2 UID SEARCH RETURN (ALL SAVE) SEEN
S: * ESEARCH (TAG "A2") UID ALL 5,7
S: A2 OK done
C: A3 UID FETCH $ (UID FLAGS)
S: * 1 FETCH (UID 5 FLAGS ())
S: * 3 FETCH (UID 7 FLAGS ())
S: A3 OK done
C: A4 UID STORE $ +FLAGS.SILENT (\\Seen)
S: A4 OK done
`,
      async (_client, box) => {
        expect(String(await box.search({ seen: true }, { save: true }))).toBe('5,7');
        const rows = await box.fetch(UidSet.saved, { flags: true }).toArray();
        expect(rows.map(({ uid }) => uid)).toEqual([5, 7]);
        await box.addFlags('$', ['\\Seen']);
      },
    );
    expect(() => UidSet.saved.union(5)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  it('SORT, in the order of the server', async () => {
    const found = await selected(
      'SORT SORT=DISPLAY',
      `C: A2 UID SORT (REVERSE DATE DISPLAYFROM) UTF-8 UNSEEN
S: * SORT 5 3 4 1
S: A2 OK done
`,
      (_client, box) => box.sort(['-date', 'displayFrom'], { seen: false }),
    );
    expect(found).toEqual([5, 3, 4, 1]);
  });

  it('ESORT: ranges up and down', async () => {
    const found = await selected(
      'SORT ESORT ESEARCH',
      `C: A2 UID SORT RETURN (ALL) (ARRIVAL) UTF-8 ALL
S: * ESEARCH (TAG "A2") UID ALL 5:3,9,10:11
S: A2 OK done
`,
      (_client, box) => box.sort('arrival'),
    );
    expect(found).toEqual([5, 4, 3, 9, 10, 11]);
  });

  it('THREAD as a tree', async () => {
    const found = await selected(
      'THREAD=REFERENCES',
      `C: A2 UID THREAD REFERENCES UTF-8 ALL
S: * THREAD (2)(3 6 (4 23)(44 7 96))((11)(12))
S: A2 OK done
`,
      (_client, box) => box.thread(),
    );
    const leaf = (uid: number) => ({ uid, children: [] });
    expect(found).toEqual([
      leaf(2),
      {
        uid: 3,
        children: [
          {
            uid: 6,
            children: [
              { uid: 4, children: [leaf(23)] },
              { uid: 44, children: [{ uid: 7, children: [leaf(96)] }] },
            ],
          },
        ],
      },
      { children: [leaf(11), leaf(12)] },
    ]);
  });

  it('conditions of WITHIN, SAVEDATE, FUZZY, OBJECTID, CONDSTORE', async () => {
    await selected(
      'WITHIN SAVEDATE SEARCH=FUZZY OBJECTID CONDSTORE',
      `C: A2 UID SEARCH YOUNGER 60 SAVEDSINCE 2-Jan-2026 FUZZY (SUBJECT "a" BODY "b") EMAILID M1 MODSEQ 5
S: * SEARCH 3 (MODSEQ 7)
S: A2 OK done
`,
      async (_client, box) => {
        const found = await box.search({
          younger: 60,
          savedSince: '2026-01-02',
          fuzzy: { subject: 'a', body: 'b' },
          emailId: 'M1',
          modSeq: '5',
        });
        expect(String(found)).toBe('3');
      },
    );
  });
});

describe('changing', () => {
  it('CONDSTORE: changedSince, unchangedSince and who had changed', async () => {
    const found = await selected(
      'CONDSTORE',
      `C: A2 UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 17)
S: * 2 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (18))
S: A2 OK done
C: A3 UID STORE 5:9 (UNCHANGEDSINCE 17) +FLAGS.SILENT (\\Seen)
S: A3 OK [MODIFIED 5,7:8] some
`,
      async (_client, box) => [
        (await box.fetch('1:*', { flags: true }, { changedSince: '17' }).toArray()).map(
          ({ uid }) => uid,
        ),
        String((await box.addFlags('5:9', ['\\Seen'], { unchangedSince: '17' })).modified),
      ],
    );
    expect(found).toEqual([[5], '5,7:8']);
  });

  it('PARTIAL of a fetch', async () => {
    await selected(
      'PARTIAL',
      `C: A2 UID FETCH 1:* (UID) (PARTIAL -1:-30)
S: * 9 FETCH (UID 90)
S: A2 OK done
`,
      async (_client, box) => {
        const rows = await box.fetch('1:*', {}, { partial: [-1, -30] }).toArray();
        expect(rows.map(({ uid }) => uid)).toEqual([90]);
      },
    );
  });

  it('MESSAGELIMIT: no command is about more messages than that', async () => {
    await selected(
      'MESSAGELIMIT=2',
      `C: A2 UID FETCH 1:2 (UID)
C: A3 UID FETCH 4:5 (UID)
S: * 1 FETCH (UID 1)
S: * 2 FETCH (UID 2)
S: A2 OK done
S: * 3 FETCH (UID 4)
S: * 4 FETCH (UID 5)
S: A3 OK done
C: A4 UID STORE 1:2 +FLAGS.SILENT (\\Seen)
C: A5 UID STORE 4 +FLAGS.SILENT (\\Seen)
S: A4 OK done
S: A5 OK done
`,
      async (_client, box) => {
        const rows = await box.fetch([1, 2, 4, 5], {}).toArray();
        expect(rows.map(({ uid }) => uid)).toEqual([1, 2, 4, 5]);
        await box.addFlags([1, 2, 4], ['\\Seen']);
      },
    );
  });

  it('Gmail labels', async () => {
    await selected(
      'X-GM-EXT-1',
      `C: A2 UID STORE 5 +X-GM-LABELS.SILENT (\\Starred "Entw&APw-rfe")
S: A2 OK done
C: A3 UID STORE 5 -X-GM-LABELS.SILENT ("x")
S: A3 OK done
C: A4 UID STORE 5 X-GM-LABELS.SILENT ()
S: A4 OK done
`,
      async (_client, box) => {
        await box.addLabels(5, ['\\Starred', 'Entwürfe']);
        await box.removeLabels(5, ['x']);
        await box.setLabels(5, []);
      },
    );
  });

  it('REPLACE; else APPEND, \\Deleted and UID EXPUNGE of the old one', async () => {
    const replaced = await selected(
      'REPLACE UIDPLUS',
      `C: A2 UID REPLACE 5 "INBOX" (\\Draft) {2+}
C: hi
S: * OK [APPENDUID 7 12] replaced
S: * 5 EXPUNGE
S: A2 OK done
`,
      (_client, box) => box.replace(5, 'hi', { flags: ['\\Draft'] }),
    );
    expect(replaced).toEqual({ size: 2, uid: 12, uidValidity: 7 });
    const appended = await selected(
      'UIDPLUS',
      `C: A2 APPEND "INBOX" {2+}
C: hi
S: A2 OK [APPENDUID 7 12] done
C: A3 UID STORE 5 +FLAGS.SILENT (\\Deleted)
S: A3 OK done
C: A4 UID EXPUNGE 5
S: A4 OK done
`,
      (_client, box) => box.replace(5, 'hi'),
    );
    expect(appended).toEqual({ size: 2, uid: 12, uidValidity: 7 });
  });

  it('MULTIAPPEND: one command; else one each', async () => {
    const work: Work = (client) =>
      client.appendMany('x', [
        { body: 'one', flags: ['\\Seen'] },
        {
          body: (async function* () {
            yield Buffer.from('three');
          })(),
          size: 5,
        },
      ]);
    const results = [
      { size: 3, uid: 20, uidValidity: 7 },
      { size: 5, uid: 21, uidValidity: 7 },
    ];
    const many = `C: A1 APPEND "x" (\\Seen) {3+}
C: one {5+}
C: three
S: A1 OK [APPENDUID 7 20:21] done
`;
    expect(
      await replayed(hello('MULTIAPPEND UIDPLUS') + many, (client) => work(client, {} as Mailbox)),
    ).toEqual(results);
    const each = `C: A1 APPEND "x" (\\Seen) {3+}
C: one
S: A1 OK [APPENDUID 7 20] done
C: A2 APPEND "x" {5+}
C: three
S: A2 OK [APPENDUID 7 21] done
`;
    expect(
      await replayed(hello('UIDPLUS') + each, (client) => work(client, {} as Mailbox)),
    ).toEqual(results);
  });

  it('CATENATE: text, and parts that the server has', async () => {
    const url = partUrl('Entwürfe/a b', 7, 20, '1.2');
    expect(url).toBe('/Entw%C3%BCrfe%2Fa%20b;UIDVALIDITY=7/;UID=20/;SECTION=1.2');
    const result = await replayed(
      `${hello('CATENATE')}C: A1 APPEND "x" CATENATE (TEXT {2+}
C: hi URL "${url}")
S: A1 OK [APPENDUID 7 30] done
`,
      (client) => client.catenate('x', [{ text: 'hi' }, { url }]),
    );
    expect(result).toEqual({ size: 2, uid: 30, uidValidity: 7 });
  });
});

describe('accounts', () => {
  it('QUOTA', async () => {
    const found = await replayed(
      `${hello('QUOTA QUOTASET')}C: A1 GETQUOTAROOT "INBOX"
S: * QUOTAROOT INBOX "" "my root"
S: * QUOTA "" (STORAGE 10 512 MESSAGE 3 1000)
S: * QUOTA "my root" ()
S: A1 OK done
C: A2 SETQUOTA "" (STORAGE 600)
S: * QUOTA "" (STORAGE 10 600)
S: A2 OK done
`,
      async (client) => {
        const quotas = await client.quota();
        await client.setQuota('', { STORAGE: 600 });
        return quotas;
      },
    );
    expect(found).toEqual([
      {
        root: '',
        resources: { STORAGE: { usage: 10, limit: 512 }, MESSAGE: { usage: 3, limit: 1000 } },
      },
      { root: 'my root', resources: {} },
    ]);
  });

  it('ACL', async () => {
    const found = await replayed(
      `${hello('ACL')}C: A1 GETACL "x"
S: * ACL x "alice a" lrs anyone ""
S: A1 OK done
C: A2 MYRIGHTS "x"
S: * MYRIGHTS x lrswi
S: A2 OK done
C: A3 LISTRIGHTS "x" "bob"
S: * LISTRIGHTS x bob l r s kx
S: A3 OK done
C: A4 SETACL "x" "bob" "+w"
S: A4 OK done
C: A5 DELETEACL "x" "bob"
S: A5 OK done
`,
      async (client) => {
        const all = [
          await client.acl('x'),
          await client.myRights('x'),
          await client.listRights('x', 'bob'),
        ];
        await client.setRights('x', 'bob', '+w');
        await client.deleteRights('x', 'bob');
        return all;
      },
    );
    expect(found).toEqual([
      { 'alice a': 'lrs', anyone: '' },
      'lrswi',
      { required: 'l', optional: ['r', 's', 'kx'] },
    ]);
  });

  it('METADATA', async () => {
    const found = await replayed(
      `${hello('METADATA')}C: A1 GETMETADATA (MAXSIZE 100 DEPTH 1) "x" ("/private/comment")
S: * METADATA x (/private/comment {3}
S-raw: a"b /private/none NIL)\\r\\n
S: A1 OK done
C: A2 SETMETADATA "" ("/shared/admin" "me" "/private/comment" NIL)
S: A2 OK done
`,
      async (client) => {
        const entries = await client.metadata('x', ['/private/comment'], {
          maxSize: 100,
          depth: 1,
        });
        await client.setMetadata('', { '/shared/admin': 'me', '/private/comment': null });
        return Object.entries(entries).map(([name, value]) => [name, value && String(value)]);
      },
    );
    expect(found).toEqual([
      ['/private/comment', 'a"b'],
      ['/private/none', null],
    ]);
  });

  it('JMAPACCESS', async () => {
    const url = await replayed(
      `${hello('JMAPACCESS')}C: A1 GETJMAPACCESS
S: * JMAPACCESS "https://example.org/.well-known/jmap"
S: A1 OK done
`,
      (client) => client.jmapAccess(),
    );
    expect(url).toBe('https://example.org/.well-known/jmap');
  });
});

describe('names', () => {
  it('LIST-EXTENDED: several patterns, what to choose, what to tell', async () => {
    const found = await replayed(
      `${hello('LIST-EXTENDED LIST-STATUS SPECIAL-USE LIST-MYRIGHTS ACL')}C: A1 LIST (SUBSCRIBED RECURSIVEMATCH) "" ("a%" "b%") RETURN (SPECIAL-USE STATUS (MESSAGES) MYRIGHTS CHILDREN)
S: * LIST (\\Subscribed \\HasChildren) "/" "a" ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" ("z"))
S: * STATUS "a" (MESSAGES 3)
S: * MYRIGHTS "a" lrs
S: A1 OK done
`,
      (client) =>
        client
          .list({
            pattern: ['a%', 'b%'],
            subscribed: true,
            recursiveMatch: true,
            children: true,
            myRights: true,
            status: ['messages'],
          })
          .toArray(),
    );
    expect(found).toMatchObject([
      {
        name: 'a',
        subscribed: true,
        childInfo: ['SUBSCRIBED'],
        oldName: 'z',
        myRights: 'lrs',
        status: { messages: 3 },
      },
    ]);
  });

  it('without LIST-EXTENDED: one LIST a pattern, doubles once', async () => {
    const found = await replayed(
      `${hello('')}C: A1 LIST "" "a%"
S: * LIST () "/" "ab"
S: A1 OK done
C: A2 LIST "" "%b"
S: * LIST () "/" "ab"
S: * LIST () "/" "bb"
S: A2 OK done
`,
      (client) => client.list({ pattern: ['a%', '%b'] }).toArray(),
    );
    expect(found).toMatchObject([{ name: 'ab' }, { name: 'bb' }]);
  });

  it('Strato leaves INBOX out of LIST with RETURN: the plain form has it', async () => {
    const found = await replayed(
      `${hello('LIST-EXTENDED LIST-STATUS')}C: A1 LIST "" "*" RETURN (STATUS (MESSAGES))
S: * LIST () "/" "Sent"
S: * STATUS "Sent" (MESSAGES 1)
S: A1 OK done
C: A2 LIST "" "*"
S: * LIST () "/" "INBOX"
S: * LIST () "/" "Sent"
S: A2 OK done
`,
      (client) => client.list({ status: ['messages'] }).toArray(),
    );
    expect(found).toMatchObject([{ name: 'Sent', status: { messages: 1 } }, { name: 'INBOX' }]);
  });

  it('the personal namespace: its prefix and its delimiter', async () => {
    const names = await replayed(
      `${hello('NAMESPACE')}C: A1 NAMESPACE
S: * NAMESPACE (("INBOX." ".")) NIL NIL
S: A1 OK done
`,
      async (client) => [
        await client.personal('Archive/2026'),
        await client.personal('INBOX.Sent'),
        await client.personal('inbox'),
      ],
    );
    expect(names).toEqual(['INBOX.Archive.2026', 'INBOX.Sent', 'INBOX']);
  });

  it('a mailbox by its use, told or by its usual name', async () => {
    const told = `${hello('SPECIAL-USE LIST-EXTENDED')}C: A1 LIST "" "*" RETURN (SPECIAL-USE)
S: * LIST () "/" INBOX
S: * LIST () "/" Sent
S: * LIST (\\Sent) "/" Gesendet
S: A1 OK done
`;
    expect(await replayed(told, (client) => client.find({ specialUse: '\\sent' }))).toMatchObject({
      name: 'Gesendet',
    });
    const guessed = `${hello('')}C: A1 LIST "" "*"
S: * LIST () "." INBOX
S: * LIST () "." "INBOX.Sent Items"
S: A1 OK done
C: A2 LIST "" "*"
S: * LIST () "." INBOX
S: A2 OK done
`;
    expect(
      await replayed(guessed, async (client) => [
        (await client.find({ specialUse: '\\Sent' }))?.name,
        await client.find({ specialUse: '\\Junk' }),
      ]),
    ).toEqual(['INBOX.Sent Items', undefined]);
  });
});

describe('the session', () => {
  it('ENABLE: what the caller names and the server has', async () => {
    const script = `${hello('ENABLE UTF8=ACCEPT QRESYNC')}C: A1 ENABLE UTF8=ACCEPT QRESYNC
S: * ENABLED UTF8=ACCEPT QRESYNC
S: A1 OK done
C: A2 CREATE {9+}
C: Entw\u00c3\u00bcrfe
S: A2 OK done
`;
    const enabled = { enable: ['UTF8=ACCEPT', 'QRESYNC', 'UIDONLY'] };
    await replayed(script, (client) => client.create('Entwürfe'), enabled);
  });

  it('iCloud says OK to ENABLE and tells nothing', async () => {
    const script = `${hello('ENABLE UTF8=ACCEPT')}C: A1 ENABLE UTF8=ACCEPT
S: A1 OK done
C: A2 CREATE {3+}
C: \u00c3\u00bcx
S: A2 OK done
`;
    await replayed(script, (client) => client.create('üx'), { enable: ['UTF8=ACCEPT'] });
  });

  it('COMPRESS=DEFLATE: everything behind the OK is compressed', async () => {
    const [stream, server] = streamPair();
    const inflate = createInflateRaw();
    const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
    inflate.on('error', () => {}); // the client leaves in the middle of the compressed stream
    const said: string[] = [];
    server.write('* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hello\r\n');
    server.once('data', (octets: Buffer) => {
      const [tag] = String(octets).split(' ');
      said.push(String(octets).slice(tag?.length));
      server.pipe(inflate);
      server.write(`${tag} OK go\r\n`);
      deflate.pipe(server);
    });
    inflate.on('data', (octets: Buffer) => {
      const [tag] = String(octets).split(' ');
      said.push(String(octets).slice(tag?.length));
      deflate.write(`* STATUS INBOX (MESSAGES 3)\r\n${tag} OK done\r\n`);
    });
    const client = await ImapClient.connect({ ...inClear, stream, id: false, compress: true });
    expect(await client.status('INBOX', ['messages'])).toEqual({ messages: 3 });
    expect(said).toEqual([' COMPRESS DEFLATE\r\n', ' STATUS "INBOX" (MESSAGES)\r\n']);
    client.close();
  });
});

describe('ERR_EXTENSION_REQUIRED, before anything goes out, where the server does not have it', () => {
  it.each<[string, string, Work]>([
    ['SORT', 'SORT', (_client, box) => box.sort('date')],
    ['SORT=DISPLAY', 'SORT=DISPLAY', (_client, box) => box.sort('displayTo')],
    ['THREAD', 'THREAD=REFS', (_client, box) => box.thread('REFS')],
    ['WITHIN', 'WITHIN', (_client, box) => box.search({ not: { or: [{ younger: 5 }] } })],
    ['FUZZY', 'SEARCH=FUZZY', (_client, box) => box.search({ fuzzy: { body: 'x' } })],
    ['SAVEDATE', 'SAVEDATE', (_client, box) => box.count({ and: [{ savedOn: '2026-01-01' }] })],
    ['SEARCHRES', 'SEARCHRES', (_client, box) => box.search({}, { save: true })],
    ['$', 'SEARCHRES', (_client, box) => box.addFlags('$', ['\\Seen'])],
    [
      'CONDSTORE',
      'CONDSTORE',
      (_client, box) => box.addFlags(5, ['\\Seen'], { unchangedSince: '1' }),
    ],
    [
      'changedSince',
      'CONDSTORE',
      (_client, box) => box.fetch(5, {}, { changedSince: '1' }).toArray(),
    ],
    ['PARTIAL', 'PARTIAL', (_client, box) => box.fetch(5, {}, { partial: [1, 2] }).toArray()],
    ['labels', 'X-GM-EXT-1', (_client, box) => box.addLabels(5, ['x'])],
    ['REPLACE', 'UIDPLUS', (_client, box) => box.replace(5, 'x')],
    ['CATENATE', 'CATENATE', (client) => client.catenate('x', [{ text: 'x' }])],
    ['QUOTA', 'QUOTA', (client) => client.quota()],
    ['ACL', 'ACL', (client) => client.myRights('x')],
    ['LIST with rights', 'ACL', (client) => client.list({ myRights: true }).toArray()],
    ['LIST with uses', 'SPECIAL-USE', (client) => client.list({ specialUse: true }).toArray()],
    ['METADATA', 'METADATA', (client) => client.metadata('x', ['/private/comment'])],
    ['STATUS of a size', 'STATUS=SIZE', (client) => client.status('x', ['size'])],
    ['LIST with sizes', 'STATUS=SIZE', (client) => client.list({ status: ['size'] }).toArray()],
    ['STATUS of an id', 'OBJECTID', (client) => client.status('x', ['mailboxId'])],
    ['JMAPACCESS', 'JMAPACCESS', (client) => client.jmapAccess()],
  ])('%s', async (_name, capability, work) => {
    const all =
      'ENABLE ESEARCH SORT SORT=DISPLAY THREAD=REFS WITHIN SEARCH=FUZZY SAVEDATE SEARCHRES CONDSTORE PARTIAL X-GM-EXT-1 ' +
      'UIDPLUS CATENATE QUOTA ACL SPECIAL-USE METADATA STATUS=SIZE OBJECTID JMAPACCESS';
    const options: Partial<ImapOptions> = { disable: [capability] };
    const { client, done } = await scriptedClient(hello(all) + select, options);
    const box = await client.open('INBOX');
    await expect(work(client, box)).rejects.toMatchObject({
      code: 'ERR_EXTENSION_REQUIRED',
      connection: 'usable',
      message: expect.stringContaining(capability),
      hint: expect.any(String),
    });
    await done;
    client.close();
  });
});
