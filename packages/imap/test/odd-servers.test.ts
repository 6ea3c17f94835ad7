/** What servers send that no grammar allows, by the server's name: it costs what is broken, and nothing around it. */
import { describe, expect, it } from 'vitest';
import { ImapClient, type Mailbox } from '../src/index.js';
import { openedOn as at, noticesOf, opened } from './support/odd.js';
import { inClear, scriptedClient, streamPair } from './support/script.js';

describe('rows in which something is missing are delivered, with what is missing in problems', () => {
  it.each<[string, object, string, string[], object, string[]]>([
    [
      'a size of -1 (Dovecot, Exchange)',
      { size: true },
      'RFC822.SIZE',
      ['(UID 11 RFC822.SIZE -1)'],
      { size: 0 },
      ['RFC822.SIZE: the server does not know it (-1)'],
    ],
    [
      'no size',
      { size: true },
      'RFC822.SIZE',
      ['(UID 11)'],
      { size: 0 },
      ['RFC822.SIZE: the server did not send it'],
    ],
    [
      'THREADID NIL, which RFC 8474 asks for',
      { threadId: true },
      'THREADID',
      ['(UID 11 THREADID NIL)'],
      { threadId: undefined },
      [],
    ],
    [
      'THREADID (NIL) (Cyrus)',
      { threadId: true },
      'THREADID',
      ['(UID 11 THREADID (NIL))'],
      { threadId: undefined },
      [],
    ],
    [
      'THREADID',
      { threadId: true, emailId: true },
      'THREADID EMAILID',
      ['(UID 11 THREADID (T1) EMAILID (M1))'],
      { threadId: 'T1', emailId: 'M1' },
      [],
    ],
    [
      'no MODSEQ',
      { flags: true, modSeq: true },
      'FLAGS MODSEQ',
      ['(UID 11 FLAGS (\\Seen))'],
      { flags: ['\\Seen'], modSeq: undefined },
      ['MODSEQ: the server did not send it'],
    ],
    [
      'MODSEQ -1 (Zoho)',
      { modSeq: true },
      'MODSEQ',
      ['(UID 11 MODSEQ (-1))'],
      { modSeq: undefined },
      [expect.stringMatching(/^MODSEQ: /) as unknown as string],
    ],
    [
      'no labels',
      { gmailLabels: true },
      'X-GM-LABELS',
      ['(UID 11 FLAGS ())'],
      { gmailLabels: [] },
      ['X-GM-LABELS: the server did not send it'],
    ],
    [
      'labels in modified UTF-7 (Gmail)',
      { gmailLabels: true },
      'X-GM-LABELS',
      ['(X-GM-LABELS ("\\\\Inbox" "Entw&APw-rfe" {3}', 'a&-) UID 11)'],
      { gmailLabels: ['\\Inbox', 'Entwürfe', 'a&'] },
      [],
    ],
    [
      'SAVEDATE NIL',
      { saveDate: true },
      'SAVEDATE',
      ['(UID 11 SAVEDATE NIL)'],
      { saveDate: undefined },
      [],
    ],
    [
      'PREVIEW',
      { preview: true },
      'PREVIEW',
      ['(UID 11 PREVIEW "Gr\u00c3\u00bc\u00c3\u009fe")'],
      { preview: 'Grüße' },
      [],
    ],
    [
      'two rows (James)',
      { size: true, flags: true },
      'RFC822.SIZE FLAGS',
      ['(UID 11 FLAGS (\\Seen))', '* 1 FETCH (UID 11 RFC822.SIZE 5)'],
      { size: 5, flags: ['\\Seen'] },
      [],
    ],
    [
      'the second without UID',
      { size: true, flags: true },
      'RFC822.SIZE FLAGS',
      ['(UID 11 FLAGS (\\Seen))', '* 1 FETCH (RFC822.SIZE 5)'],
      { uid: 11, size: 5, flags: ['\\Seen'] },
      [],
    ],
    [
      'a size in scientific notation (mail.ru)',
      { size: true },
      'RFC822.SIZE',
      ['(UID 11 RFC822.SIZE 9.37e+06)'],
      { size: 9_370_000 },
      [],
    ],
    [
      'no UID (DavMail)',
      { size: true },
      'RFC822.SIZE',
      ['(RFC822.SIZE 5)'],
      { uid: 0, size: 5 },
      ['UID: the server did not send it'],
    ],
    [
      'no UID, flags alone (DavMail)',
      { flags: true },
      'FLAGS',
      ['(FLAGS (\\Seen))'],
      { uid: 0, flags: ['\\Seen'] },
      ['UID: the server did not send it'],
    ],
    [
      'ENVELOPE NIL',
      { envelope: true },
      'ENVELOPE',
      ['(UID 11 ENVELOPE NIL)'],
      { uid: 11 },
      ['ENVELOPE: NIL'],
    ],
    [
      'parentheses around an item (Domino)',
      { envelope: true, size: true },
      'ENVELOPE RFC822.SIZE',
      ['(UID 11 (ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL)) RFC822.SIZE 5)'],
      { size: 5, envelope: expect.objectContaining({ subject: 's' }) },
      [],
    ],
    [
      'an item in parentheses twice (Domino)',
      { envelope: true, size: true },
      'ENVELOPE RFC822.SIZE',
      ['(UID 11 ENVELOPE ((NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL)) RFC822.SIZE 5)'],
      { size: 5, envelope: expect.objectContaining({ subject: 's' }) },
      [],
    ],
    [
      'an item without its value, and an unknown one',
      { size: true, flags: true },
      'RFC822.SIZE FLAGS',
      ['(X-FOO UID 11 RFC822.SIZE FLAGS (\\Seen))'],
      { uid: 11, size: 0, flags: ['\\Seen'] },
      ['X-FOO: no value', 'RFC822.SIZE: no value'],
    ],
    [
      'a body without its value',
      { size: true, bodies: ['1'] },
      'RFC822.SIZE BODY.PEEK[1]<0.262144>',
      ['(BODY[1]<0> UID 11 RFC822.SIZE 5)'],
      { uid: 11, size: 5 },
      ['BODY[1]: no value'],
    ],
    [
      'the last item without its value',
      { flags: true, size: true },
      'FLAGS RFC822.SIZE',
      ['(UID 11 FLAGS (\\Seen) RFC822.SIZE)'],
      { uid: 11, flags: ['\\Seen'], size: 0 },
      ['RFC822.SIZE: no value'],
    ],
    [
      'UID 0',
      { size: true },
      'RFC822.SIZE',
      ['(UID 0 RFC822.SIZE 5)'],
      { uid: 0, size: 5 },
      ['UID: 0 is none (RFC 9051 §2.3.1.1)', 'UID: the server did not send it'],
    ],
    [
      'two UIDs',
      { size: true },
      'RFC822.SIZE',
      ['(UID 11 RFC822.SIZE 5 UID 12)'],
      { uid: 11, size: 5 },
      ['UID: 12, too'],
    ],
    [
      'numbers in quotes and as literals',
      { size: true },
      'RFC822.SIZE',
      ['(UID "11" RFC822.SIZE {1}', '5)'],
      { uid: 11, size: 5 },
      [],
    ],
    [
      'an unknown item',
      { size: true },
      'RFC822.SIZE',
      ['(UID 11 X-FOO ((a "b") NIL) RFC822.SIZE 5)'],
      { size: 5 },
      [],
    ],
  ])('%s', async (_name, items, wire, lines, expected, problems) => {
    const [first, ...others] = lines;
    const script = `
C: A2 UID FETCH 11 (UID ${wire})
S: * 1 FETCH ${first}
${others.map((line) => `S: ${line}`).join('\n')}
S: A2 OK done
`;
    const [found, ...rest] = await at(script, (box) => box.fetch(11, items).toArray());
    expect(found).toMatchObject(expected);
    expect(found?.problems).toEqual(problems);
    expect(rest).toEqual([]);
  });

  it('* is the last message, whatever its UID', async () => {
    const script = `
C: A2 UID FETCH * (UID FLAGS)
S: * 1 FETCH (FLAGS (\\Seen) UID 5)
S: * 3 FETCH (UID 77 FLAGS ())
S: A2 OK done
C: A3 UID FETCH 100:* (UID FLAGS)
S: * 3 FETCH (UID 77 FLAGS ())
S: A3 OK done
`;
    const found = await at(script, async (box) => [
      (await box.fetch('*', { flags: true }).toArray()).map(({ uid }) => uid),
      (await box.fetch('100:*', { flags: true }).toArray()).map(({ uid }) => uid),
    ]);
    expect(found).toEqual([[77], [77]]);
  });

  it('what the server says of other messages is no row', async () => {
    const script = `
C: A2 UID FETCH 11 (UID FLAGS)
S: * 2 FETCH (UID 12 FLAGS (\\Seen))
S: * 3 FETCH (FLAGS (\\Deleted))
S: * 1 FETCH (UID 11 FLAGS ())
S: A2 OK done
`;
    const found = await at(script, (box) => box.fetch(11, { flags: true }).toArray());
    expect(found.map(({ uid, flags }) => [uid, flags])).toEqual([[11, []]]);
  });

  it('NIL for a body is no empty body', async () => {
    const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[7]<0.262144>)
S: * 1 FETCH (UID 11 BODY[7]<0> NIL)
S: A2 OK done
C: A3 UID FETCH 11 (UID BODY.PEEK[])
S: * 1 FETCH (UID 11 BODY[] NIL)
S: A3 OK done
`;
    await at(script, async (box) => {
      const [found] = await box.fetch(11, { bodies: ['7'] }).toArray();
      expect(found?.problems).toEqual(['BODY[7]: NIL']);
      for (const part of ['7', '']) {
        const reading = found?.body(part).toArray();
        await expect(reading).rejects.toMatchObject({
          code: 'ERR_NOT_FOUND',
          connection: 'usable',
        });
      }
    });
  });

  it('a part that does not exist, and the body of a row without UID', async () => {
    const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[7]<0.262144>)
S: * 1 FETCH (UID 11)
S: A2 OK done
C: A3 UID FETCH 11 (UID FLAGS)
S: * 1 FETCH (FLAGS ())
S: A3 OK done
`;
    await at(script, async (box) => {
      const [found] = await box.fetch(11, { bodies: ['7'] }).toArray();
      expect(found?.problems).toEqual(['BODY[7]: the server did not send it']);
      const [nameless] = await box.fetch(11, { flags: true }).toArray();
      await expect(nameless?.body().toArray()).rejects.toMatchObject({ code: 'ERR_STATE' });
    });
  });

  it.each([
    ['modSeq', 'CONDSTORE'],
    ['emailId', 'OBJECTID'],
    ['threadId', 'OBJECTID'],
    ['saveDate', 'SAVEDATE'],
    ['preview', 'PREVIEW'],
    ['gmailLabels', 'X-GM-EXT-1'],
    ['gmailMessageId', 'X-GM-EXT-1'],
    ['gmailThreadId', 'X-GM-EXT-1'],
  ])('%s is not asked for without %s (IONOS says BAD)', async (item, capability) => {
    const { client } = await scriptedClient(opened, { disable: [capability] });
    const box = await client.open('INBOX');
    await expect(box.fetch('1:*', { [item]: true }).toArray()).rejects.toMatchObject({
      code: 'ERR_EXTENSION_REQUIRED',
      connection: 'usable',
      message: expect.stringContaining(capability),
    });
    client.close();
  });
});

describe('a flaw in ENVELOPE costs the field in which it stands', () => {
  const address = '(("Al" NIL "al" "example.org"))';
  it.each<[string, string, object, number]>([
    [
      'nine fields (QQ, foxmail)',
      `("d" "s" ${address} NIL NIL ${address} NIL NIL NIL)`,
      {
        subject: 's',
        from: [{ name: 'Al', address: 'al@example.org' }],
        to: [{ name: 'Al', address: 'al@example.org' }],
      },
      1,
    ],
    [
      'no bcc',
      `("d" "s" ${address} NIL NIL NIL NIL "<r>" "<m>")`,
      { subject: 's', inReplyTo: '<r>', messageId: '<m>' },
      1,
    ],
    ['two fields', '("d" "s")', { subject: 's', from: [], messageId: undefined }, 8],
    ['none', '()', { subject: '' }, 10],
    [
      'more than ten',
      `(NIL "s" NIL NIL NIL NIL NIL NIL NIL "<m>" NIL (x))`,
      { subject: 's', messageId: '<m>' },
      2,
    ],
    [
      'a backslash before the last quote',
      `("d" "s" ((NIL NIL "al" "host\\")) NIL NIL NIL NIL NIL NIL "<m>")`,
      { subject: 's', from: [{ address: 'al@host\\' }], messageId: '<m>' },
      0,
    ],
    [
      'a list in place of the subject',
      `("d" ("x" (y)) ${address} NIL NIL NIL NIL NIL NIL "<m>")`,
      { subject: '', from: [{ name: 'Al' }], messageId: '<m>' },
      1,
    ],
    [
      'a list in an address',
      `(NIL "s" (("a" (x) "al" "h") ("b" NIL "b" "h")) NIL NIL NIL NIL NIL NIL "<m>")`,
      { from: [{ address: 'al@h' }, { address: 'b@h' }], messageId: '<m>' },
      1,
    ],
    [
      'a text among addresses',
      `(NIL "s" ("x" (NIL NIL "b" "h")) NIL NIL NIL NIL NIL NIL "<m>")`,
      { from: [{ address: 'b@h' }], messageId: '<m>' },
      1,
    ],
    [
      'NIL among addresses (SmarterMail)',
      `(NIL "s" (NIL (NIL NIL "b" "h")) NIL NIL NIL NIL NIL NIL "<m>")`,
      { from: [{ address: 'b@h' }], messageId: '<m>' },
      0,
    ],
    [
      'spaces between addresses (Outlook.com)',
      `(NIL "s" ((NIL NIL "a" "h") (NIL NIL "b" "h")) NIL NIL NIL NIL NIL NIL "<m>")`,
      { from: [{ address: 'a@h' }, { address: 'b@h' }] },
      0,
    ],
    [
      'quotes inside (Exchange)',
      `(NIL "say "hi", now" NIL NIL NIL NIL NIL NIL NIL "<m>")`,
      { subject: 'say "hi", now', messageId: '<m>' },
      0,
    ],
  ])('%s', async (_name, envelope, expected, problems) => {
    const script = `
C: A2 UID FETCH 11 (UID ENVELOPE RFC822.SIZE)
S: * 1 FETCH (UID 11 ENVELOPE ${envelope} RFC822.SIZE 5)
S: A2 OK done
`;
    const [found] = await at(script, (box) =>
      box.fetch(11, { envelope: true, size: true }).toArray(),
    );
    expect(found?.size).toBe(5);
    expect(found?.envelope.toJSON()).toMatchObject(expected);
    expect(found?.problems).toHaveLength(problems);
    expect(found?.problems.every((problem) => problem.startsWith('ENVELOPE: '))).toBe(true);
  });
});

describe('a flaw in BODYSTRUCTURE costs the field or the part in which it stands', () => {
  const text = '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)';
  const leaf = { part: '1', type: 'text/plain', size: 5, encoding: '7bit', lines: 1 };
  it.each<[string, string, object, number]>([
    [
      'a list where md5 stands (GMX)',
      `(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 ("x" NIL) ("attachment" NIL)) "MIXED")`,
      { type: 'multipart/mixed', parts: [{ ...leaf, disposition: { type: 'attachment' } }] },
      1,
    ],
    ['() as location', `("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL NIL NIL ())`, leaf, 1],
    [
      '() as an embedded message',
      `(("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 () () 3) ${text} "MIXED")`,
      {
        parts: [
          { type: 'message/rfc822', size: 9, lines: 3, parts: [] },
          { ...leaf, part: '2' },
        ],
      },
      2,
    ],
    [
      'a broken part among others',
      `(${text} ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 99999999999999999999 1) ${text} "MIXED" ("BOUNDARY" "b"))`,
      { parts: [leaf, {}, { ...leaf, part: '3' }], parameters: { boundary: 'b' } },
      1,
    ],
    [
      'a text without subtype',
      `("TEXT" ("CHARSET" "x") NIL NIL "base64" 356 5)`,
      { type: 'text/plain', encoding: 'base64', size: 356, lines: 5, parameters: { charset: 'x' } },
      1,
    ],
    [
      'an attachment without subtype',
      `("APPLICATION" ("NAME" "x") NIL NIL "base64" 356)`,
      { type: 'application/octet-stream', encoding: 'base64', size: 356 },
      1,
    ],
    [
      'NIL for the parts',
      `(NIL "alternative" ("BOUNDARY" "b") NIL NIL)`,
      { type: 'multipart/alternative', parts: [], parameters: { boundary: 'b' } },
      0,
    ],
    [
      'a multipart without parts (Gmail)',
      `("MIXED" ("BOUNDARY" "b") NIL NIL)`,
      { type: 'multipart/mixed', parts: [] },
      0,
    ],
    [
      'NIL for the type (Exchange)',
      `(NIL NIL NIL NIL NIL NIL 5)`,
      { type: 'application/octet-stream', size: 5 },
      0,
    ],
    [
      'an envelope of nine fields inside',
      `("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 (NIL "in" NIL NIL NIL NIL NIL NIL NIL) ${text} 3)`,
      {
        type: 'message/rfc822',
        lines: 3,
        envelope: expect.objectContaining({ subject: 'in' }),
        parts: [{ ...leaf, part: '1.1' }],
      },
      1,
    ],
    [
      'a bare disposition (Exchange)',
      `("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL "inline")`,
      { ...leaf, disposition: { type: 'inline' } },
      0,
    ],
    [
      'a parameter without value (mail.ru)',
      `(${text} "MIXED" ("boundary" NIL) NIL)`,
      { parameters: { boundary: '' } },
      0,
    ],
    ['a size of -1', `("TEXT" "PLAIN" NIL NIL NIL "7BIT" -1 1)`, { ...leaf, size: 0 }, 1],
    [
      'a message in base64 (Gmail)',
      `("MESSAGE" "RFC822" NIL NIL NIL "BASE64" 9)`,
      { type: 'message/rfc822', size: 9, parts: [] },
      0,
    ],
  ])('%s', async (_name, structure, expected, problems) => {
    const script = `
C: A2 UID FETCH 11 (UID BODYSTRUCTURE RFC822.SIZE)
S: * 1 FETCH (UID 11 BODYSTRUCTURE ${structure} RFC822.SIZE 5)
S: A2 OK done
`;
    const [found] = await at(script, (box) =>
      box.fetch(11, { structure: true, size: true }).toArray(),
    );
    expect(found?.size).toBe(5);
    expect(found?.structure).toMatchObject(expected);
    expect(found?.problems).toHaveLength(problems);
  });
});

describe('a line that is no response is a notice after the login', () => {
  it.each<[string, string[], RegExp]>([
    [
      'a PHP warning',
      ['Warning: mysql_connect(): gone in /var/www/imap.php on line 3'],
      /mysql_connect/,
    ],
    ['HTML', ['<br />'], /<br/],
    ['the rest of a row', [')'], /no response: \)/],
    ['items behind a row (Xeams)', [' FLAGS (\\Seen) RFC822.SIZE 5)'], /RFC822.SIZE/],
    ['ID without an asterisk (Proton Bridge)', [' ID ("name" "bridge")'], /bridge/],
    ['a stray +', ['+ go on'], /\+ go on/],
    ['a bare +', ['+'], /\+/],
    ['a second OK', ['A1 OK again'], /OK again/],
    ['an empty line', [''], /empty/],
  ])('%s', async (_name, lines, notice) => {
    const script = `
C: A2 UID FETCH 11 (UID RFC822.SIZE)
S: * 1 FETCH (UID 11 RFC822.SIZE 5)
${lines.map((line) => `S: ${line}`).join('\n')}
S: A2 OK done
C: A3 NOOP
S: A3 OK done
`;
    await at(script, async (box, client) => {
      const [found] = await box.fetch(11, { size: true }).toArray();
      expect(found).toMatchObject({ uid: 11, size: 5, problems: [] });
      await client.noop();
      const [said] = await noticesOf(client, 1);
      expect(said).toMatchObject({ kind: 'malformed', text: expect.stringMatching(notice) });
    });
  });

  it('a literal announced short by its last CRLF: the row goes on in the next line', async () => {
    const script = `
C: A2 UID FETCH 11 (UID RFC822.SIZE BODY.PEEK[]<0.262144>)
S: * 1 FETCH (UID 11 BODY[]<0> {5}
S: hello
S:  RFC822.SIZE 7)
S: A2 OK done
`;
    const [found] = await at(script, (box) =>
      box.fetch(11, { size: true, bodies: [''] }).toArray(),
    );
    expect(found?.uid).toBe(11);
    expect(found?.size).toBe(7);
    expect(found?.problems).toEqual([expect.stringMatching(/^row: it goes on in the next line/)]);
  });

  it('more than limits.junkLines between two answers end the session', async () => {
    const { client } = await scriptedClient(
      `${opened}C: A2 NOOP\n${'S: <br />\n'.repeat(3)}S: A2 OK done`,
      { limits: { junkLines: 2 } },
    );
    await client.open('INBOX');
    await expect(client.noop()).rejects.toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
      limit: 'junkLines',
    });
  });

  it('the answer to a command that has not gone out is still the end', async () => {
    const [stream, server] = streamPair();
    server.write('* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n');
    server.on('data', (octets: Buffer) => {
      const [, prefix, count] = /^([A-Z]+)(\d+) /.exec(String(octets)) ?? [];
      server.write(`${prefix}${Number(count) + 1} OK done\r\n`);
    });
    const client = await ImapClient.connect({ ...inClear, stream, id: false });
    await expect(client.noop()).rejects.toMatchObject({ code: 'ERR_MALFORMED_RESPONSE' });
  });
});

describe('the outcome of what must not be done twice is unknown when its answer is lost', () => {
  type Work = (box: Mailbox, client: ImapClient) => Promise<unknown>;
  it.each<[string, string, Work]>([
    ['APPEND', 'C: A2 APPEND "x" {2+}\nC: hi\nEND', (_box, client) => client.append('x', 'hi')],
    [
      'APPEND, and BYE',
      'C: A2 APPEND "x" {2+}\nC: hi\nS: * BYE sorry\nEND',
      (_box, client) => client.append('x', 'hi'),
    ],
    ['COPY', 'C: A2 UID COPY 1 "x"\nEND', (box) => box.copy(1, 'x')],
    ['MOVE', 'C: A2 UID MOVE 1 "x"\nEND', (box) => box.move(1, 'x')],
    ['CREATE', 'C: A2 CREATE "x"\nEND', (_box, client) => client.create('x')],
    ['RENAME', 'C: A2 RENAME "x" "y"\nEND', (_box, client) => client.rename('x', 'y')],
  ])('%s', async (_name, script, work) => {
    const { client } = await scriptedClient(opened + script);
    const box = await client.open('INBOX');
    await expect(work(box, client)).rejects.toMatchObject({
      code: 'ERR_OUTCOME_UNKNOWN',
      connection: 'closed',
      retry: 'never',
      hint: expect.stringMatching(/before you/),
      cause: { connection: 'closed' },
    });
  });

  it('MOVE by COPY, when the connection ends after the COPY', async () => {
    const { client } = await scriptedClient(
      `${opened}C: A2 UID COPY 1 "x"\nS: A2 OK done\nC: A3 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nEND`,
      { disable: ['MOVE'] },
    );
    const box = await client.open('INBOX');
    await expect(box.move(1, 'x')).rejects.toMatchObject({
      code: 'ERR_OUTCOME_UNKNOWN',
      retry: 'never',
    });
  });

  it('an APPEND that never went out whole is plain loss', async () => {
    const { client } = await scriptedClient(`${opened}C: A2 APPEND "x" {2}\nEND`, {
      disable: ['LITERAL+'],
    });
    await client.open('INBOX');
    await expect(client.append('x', 'hi')).rejects.toMatchObject({
      code: 'ERR_CONNECTION_CLOSED',
    });
  });
});

describe('manners', () => {
  it("Microsoft 365's Suggested Backoff Time is retryAfter, in milliseconds", async () => {
    const script = `
C: A2 NOOP
S: A2 BAD Request is throttled. Suggested Backoff Time: 90000 milliseconds
`;
    await at(script, async (_box, client) => {
      await expect(client.noop()).rejects.toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        transient: true,
        retry: 'later',
        retryAfter: 90_000,
      });
    });
  });

  it('Microsoft 365 is given the time where it is no longer than `timeout`, and asked again', async () => {
    const script = `
C: A2 NOOP
S: A2 BAD Request is throttled. Suggested Backoff Time: 5 milliseconds
C: A3 NOOP
S: A3 NO Request is throttled. Suggested Backoff Time: 7 milliseconds
C: A4 NOOP
S: A4 OK done
C: A5 UID FETCH 1:* (UID FLAGS)
S: * 1 FETCH (UID 4 FLAGS ())
S: A5 NO Request is throttled. Suggested Backoff Time: 5 milliseconds
`;
    await at(script, async (box, client) => {
      await client.noop();
      // What has given rows on is not repeated.
      await expect(box.fetch('1:*', { flags: true }).toArray()).rejects.toMatchObject({
        retryAfter: 5,
      });
    });
  });

  it('Microsoft 365 is not given the time over and over: all waits together are no longer than `timeout`', async () => {
    const script = `
C: A2 NOOP
S: A2 BAD Request is throttled. Suggested Backoff Time: 30 milliseconds
C: A3 NOOP
S: A3 BAD Request is throttled. Suggested Backoff Time: 30 milliseconds
`;
    await at(script, async (_box, client) => {
      await expect(client.noop({ timeout: 50 })).rejects.toMatchObject({ retryAfter: 30 });
    });
  });

  it('IceWarp greets with NO: a server that closes, no broken one', async () => {
    await expect(scriptedClient('S: * NO too many connections\nEND')).rejects.toMatchObject({
      code: 'ERR_SERVER_CLOSING',
      phase: 'greeting',
      serverText: 'too many connections',
    });
  });

  it('a UidMap shows what it is', async () => {
    const script = `
C: A2 UID COPY 1:3 "x"
S: A2 OK [COPYUID 7 1:3 11:13] done
`;
    const { uids } = await at(script, (box) => box.copy('1:3', 'x'));
    expect(String(uids)).toBe('1:3→11:13');
    expect(JSON.stringify({ uids })).toBe('{"uids":{"source":"1:3","destination":"11:13"}}');
  });

  it('GreenMail knows no UID SEARCH UID n:*: watch asks for all', async () => {
    const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE] hello
C: A1 EXAMINE "INBOX"
S: * 1 EXISTS
S: A1 OK done
C: A2 UID SEARCH ALL
S: * SEARCH 5
S: A2 OK done
C: A3 IDLE
S: + idling
S: * 2 EXISTS
C: DONE
S: A3 OK done
C: A4 UID SEARCH UID 6:*
S: A4 BAD no such thing
C: A5 UID SEARCH ALL
S: * SEARCH 5 6
S: A5 OK done
`;
    const { client, done } = await scriptedClient(script);
    const events = client.watch('INBOX')[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ type: 'new', messages: 2 });
    client.close();
    await done;
  });
});

describe('MOVE that is announced and not known', () => {
  it('is done by COPY, STORE and UID EXPUNGE', async () => {
    const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1 MOVE UIDPLUS] hello
C: A1 SELECT "INBOX"
S: * 2 EXISTS
S: * OK [UIDVALIDITY 7] x
S: A1 OK done
C: A2 UID MOVE 5 "y"
S: A2 BAD unknown command
C: A3 UID COPY 5 "y"
S: A3 OK [COPYUID 9 5 21] done
C: A4 UID STORE 5 +FLAGS.SILENT (\\Deleted)
S: A4 OK done
C: A5 UID EXPUNGE 5
S: * 2 EXPUNGE
S: A5 OK done
`;
    const { client, done } = await scriptedClient(script);
    const box = await client.open('INBOX');
    expect((await box.move(5, 'y')).uids?.get(5)).toBe(21);
    client.close();
    await done;
  });

  it('is not done again where a part of it was', async () => {
    const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1 MOVE UIDPLUS] hello
C: A1 SELECT "INBOX"
S: * 2 EXISTS
S: * OK [UIDVALIDITY 7] x
S: A1 OK done
C: A2 UID MOVE 5:6 "y"
S: * OK [COPYUID 9 5 21] moved
S: * 1 EXPUNGE
S: A2 BAD stopped
C: A3 NOOP
S: A3 OK done
`;
    const { client, done } = await scriptedClient(script);
    const box = await client.open('INBOX');
    await expect(box.move([5, 6], 'y')).rejects.toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      retry: 'never',
      message: expect.stringContaining('done in part'),
    });
    await client.noop();
    client.close();
    await done;
  });
});

describe('a flaw in BODYSTRUCTURE costs the field in which it stands', () => {
  const text = (more = '', size = '5 1') => `("text" "plain" NIL NIL NIL "7bit" ${size}${more})`;
  const leaf = { part: '1', type: 'text/plain', encoding: '7bit', size: 5, lines: 1 };
  const html = '("text" "html" NIL NIL NIL "7bit" 5 1)';
  it.each<[string, string, object, string[]]>([
    [
      '() as disposition',
      text(' NIL () ("de") "loc"'),
      { ...leaf, language: ['de'], location: 'loc' },
      [],
    ],
    [
      'parameters of the disposition without a list',
      text(' NIL ("attachment" "filename" "a.pdf") ("de")'),
      { ...leaf, language: ['de'], filename: 'a.pdf', disposition: { type: 'attachment' } },
      ['BODYSTRUCTURE: parameters without parentheses'],
    ],
    [
      'a list of lists as disposition',
      text(' NIL (("attachment")) ("de")'),
      { ...leaf, language: ['de'] },
      [expect.stringMatching(/^BODYSTRUCTURE: body-fld-dsp: /) as unknown as string],
    ],
    ['sizes in quotes', text('', '"5" "1"'), leaf, []],
    [
      'a word as size',
      text('', 'x 1'),
      { ...leaf, size: 0 },
      ['BODYSTRUCTURE: body-fld-octets is no number'],
    ],
    [
      'a multipart without subtype',
      `(${text()}${html})`,
      { type: 'multipart/mixed', parts: [{ part: '1' }, { part: '2', type: 'text/html' }] },
      ['BODYSTRUCTURE: media-subtype is missing'],
    ],
    [
      'NIL in place of the first part',
      `(NIL ${html} "alternative")`,
      { type: 'multipart/alternative', parts: [{ part: '1' }, { part: '2', type: 'text/html' }] },
      ['BODYSTRUCTURE: NIL in place of part 1'],
    ],
    [
      'NIL in place of a later part',
      `(${text()} NIL ${html} "mixed")`,
      { type: 'multipart/mixed', parts: [leaf, { part: '2' }, { part: '3', type: 'text/html' }] },
      ['BODYSTRUCTURE: NIL in place of part 2'],
    ],
  ])('%s', async (_name, wire, expected, problems) => {
    const script = `
C: A2 UID FETCH 11 (UID BODYSTRUCTURE RFC822.SIZE)
S: * 1 FETCH (UID 11 BODYSTRUCTURE ${wire} RFC822.SIZE 7)
S: A2 OK done
`;
    await at(script, async (box) => {
      const [found] = await box.fetch(11, { structure: true, size: true }).toArray();
      expect(found?.structure).toMatchObject(expected);
      expect(found?.size).toBe(7);
      expect(found?.problems).toEqual(problems);
    });
  });

  it('a text in place of addresses is that field, where ten are there', async () => {
    const script = `
C: A2 UID FETCH 11 (UID ENVELOPE)
S: * 1 FETCH (UID 11 ENVELOPE ("d" "s" NIL NIL NIL "a@example.org" NIL NIL "<r>" "<m>"))
S: A2 OK done
`;
    await at(script, async (box) => {
      const [found] = await box.fetch(11, { envelope: true }).toArray();
      expect(found?.envelope).toMatchObject({
        subject: 's',
        to: [{ name: '', address: 'a@example.org' }],
        inReplyTo: '<r>',
        messageId: '<m>',
      });
      expect(found?.problems).toEqual(['ENVELOPE: a text in place of env-to']);
    });
  });
});

it('INBOX in another case in LIST and in STATUS is one mailbox (RFC 9051 §5.1)', async () => {
  const { client, done } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS ACL] hello
C: A1 LIST "" "*" RETURN (STATUS (MESSAGES) MYRIGHTS)
S: * LIST () "/" Inbox
S: * STATUS INBOX (MESSAGES 4)
S: * MYRIGHTS "INBOX" lr
S: * LIST () "/" "Entw&APw-rfe"
S: * STATUS {12}
S: Entw&APw-rfe (MESSAGES 2)
S: * MYRIGHTS Entw&APw-rfe lrs
S: * LIST () "/" INBOX/x
S: * STATUS INBOX/x (MESSAGES 1)
S: * MYRIGHTS INBOX/x l
S: A1 OK done
`);
  const found = await client.list({ status: ['messages'], myRights: true }).toArray();
  const told = found.map(({ name, status, myRights }) => [name, status?.messages, myRights]);
  expect(told).toEqual([
    ['INBOX', 4, 'lr'],
    ['Entwürfe', 2, 'lrs'],
    ['INBOX/x', 1, 'l'],
  ]);
  client.close();
  await done;
});
