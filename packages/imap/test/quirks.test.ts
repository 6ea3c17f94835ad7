/** Each quirk of the field notes that a grammar test alone showed so far, as a dialogue of a whole client, by server and report. */
import { expect, it } from 'vitest';
import type { FetchItems } from '../src/index.js';
import { answering, noticesOf, openedOn } from './support/odd.js';
import { replayed, scriptedClient } from './support/script.js';

const text = '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)';
const rest = 'NIL NIL NIL NIL NIL NIL "<m>"';
const structure = { structure: true } as const;
const envelope = { envelope: true } as const;

it.each<[string, FetchItems, string, object, number]>([
  [
    'Gmail: an empty multipart loses a level of parentheses (MailKit#205, #777, #1841)',
    structure,
    `BODYSTRUCTURE (${text}("ALTERNATIVE" ("BOUNDARY" "b") NIL NIL) "MIXED" ("BOUNDARY" "c"))`,
    {
      structure: {
        parts: [{ part: '1' }, { part: '2', type: 'multipart/alternative', parts: [] }],
        parameters: { boundary: 'c' },
      },
    },
    0,
  ],
  [
    'Gmail: message/rfc822 in base64 is a basic part (MailKit#32, #59)',
    structure,
    `BODYSTRUCTURE (("MESSAGE" "RFC822" ("NAME" "a.eml") NIL NIL "BASE64" 1980 NIL ("ATTACHMENT" NIL) NIL)${text} "MIXED")`,
    {
      structure: {
        parts: [
          { type: 'message/rfc822', size: 1980, filename: 'a.eml', parts: [] },
          { part: '2' },
        ],
      },
    },
    0,
  ],
  [
    'Gmail: brackets in flags (net-imap#241)',
    { flags: true },
    'FLAGS ([Gmail]/x \\Seen a]b)',
    { flags: ['[Gmail]/x', '\\Seen', 'a]b'] },
    0,
  ],
  [
    'Exchange: a bare disposition (MailKit#919)',
    structure,
    `BODYSTRUCTURE (("IMAGE" "PNG" NIL "<i>" NIL "BASE64" 9 NIL "inline" NIL)${text} "RELATED")`,
    {
      structure: {
        parts: [{ id: '<i>', disposition: { type: 'inline', parameters: {} } }, { part: '2' }],
      },
    },
    0,
  ],
  [
    'Exchange: a part of NILs (MailKit#1446)',
    structure,
    `BODYSTRUCTURE ((NIL NIL NIL NIL NIL NIL NIL NIL NIL)${text} "MIXED")`,
    {
      structure: {
        parts: [{ type: 'application/octet-stream' }, { part: '2', type: 'text/plain' }],
      },
    },
    1,
  ],
  [
    'Exchange: quotes that nobody escaped (MailKit#485)',
    envelope,
    `ENVELOPE ("d" "say "hi", bob" ${`(("A "x" B" NIL "a" "h"))`} ${rest})`,
    {
      envelope: {
        subject: 'say "hi", bob',
        from: [{ name: 'A "x" B', address: 'a@h' }],
        messageId: '<m>',
      },
    },
    2,
  ],
  [
    'Outlook.com: spaces between addresses',
    envelope,
    `ENVELOPE ("d" "s" ((NIL NIL "a" "h") (NIL NIL "b" "h")) ${rest})`,
    { envelope: { from: [{ address: 'a@h' }, { address: 'b@h' }] } },
    0,
  ],
  [
    'SmarterMail: NIL among addresses (MailKit#991)',
    envelope,
    `ENVELOPE ("d" "s" ((NIL NIL "a" "h")NIL(NIL NIL "b" "h")) ${rest})`,
    { envelope: { from: [{ address: 'a@h' }, { address: 'b@h' }], messageId: '<m>' } },
    0,
  ],
  [
    'Dovecot, Exchange: MISSING_DOMAIN is none',
    envelope,
    `ENVELOPE ("d" "s" ((NIL NIL "root" "MISSING_DOMAIN")) ${rest})`,
    { envelope: { from: [{ name: '', address: 'root' }] } },
    0,
  ],
  [
    'Domino: parentheses around ENVELOPE (MailKit#943)',
    envelope,
    `(ENVELOPE ("d" "s" NIL ${rest}))`,
    { envelope: { subject: 's', messageId: '<m>' } },
    0,
  ],
  [
    'Domino: a date that is none',
    { internalDate: true },
    'INTERNALDATE "00-Jan-0000 00:00:00 +0000"',
    {},
    1,
  ],
  [
    'mail.ru: an exponent in a size',
    { size: true },
    'RFC822.SIZE 9.37e+06',
    { size: 9_370_000 },
    0,
  ],
  [
    'mail.ru: a boundary without value (himalaya#649)',
    structure,
    `BODYSTRUCTURE (${text} "MIXED" ("boundary" NIL) NIL)`,
    { structure: { type: 'multipart/mixed', parts: [{ part: '1' }] } },
    0,
  ],
  [
    'Dovecot, Exchange: a size of -1 (go-imap#534)',
    { size: true },
    'RFC822.SIZE -1',
    { size: 0 },
    1,
  ],
  [
    'Zoho: MODSEQ -1 (MailKit#1686)',
    { flags: true, modSeq: true },
    'FLAGS (\\Seen) MODSEQ (-1)',
    { flags: ['\\Seen'] },
    1,
  ],
  [
    'others: flags without spaces',
    { flags: true },
    'FLAGS (\\Seen\\Flagged)',
    { flags: ['\\Seen', '\\Flagged'] },
    0,
  ],
  [
    'others: keywords in lower case',
    { flags: true, size: true },
    'flags (\\seen) rfc822.size 5',
    { flags: ['\\Seen'], size: 5 },
    0,
  ],
  [
    '163.com: quotes in names (go-imap#659)',
    envelope,
    `ENVELOPE ("d" "s" ((""""a b"""" NIL "al" "h")) ${rest})`,
    { envelope: { from: [{ address: 'al@h' }], messageId: '<m>' } },
    0,
  ],
])('%s', async (_name, items, wire, expected, problems) => {
  await answering(
    'CONDSTORE',
    () => [`* 1 FETCH (UID 11 ${wire})`, '* 2 FETCH (FLAGS () UID 12)'],
    async (box) => {
      const [found] = await box.fetch(11, items).toArray();
      expect(found?.uid).toBe(11);
      const { problems: _, ...told } = JSON.parse(JSON.stringify(found));
      expect(told).toMatchObject(expected);
      expect(found?.problems).toHaveLength(problems);
    },
  );
});

it('Gmail: HIGHESTMODSEQ without text (defects#28)', async () => {
  const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE] hello
C: A1 SELECT "x"
S: * 1 EXISTS
S: * OK [UIDVALIDITY 7]
S: * OK [HIGHESTMODSEQ 42]
S: A1 OK [READ-WRITE]
`;
  await replayed(script, async (client) => {
    const { highestModSeq, uidValidity } = await client.open('x');
    expect([highestModSeq, uidValidity]).toEqual(['42', 7]);
  });
});

it.each([
  [
    'hMailServer greets IMAPrev1, others split LITERAL+',
    '* OK [CAPABILITY IMAPrev1 LITERAL + UIDPLUS ] hello',
  ],
  ['NUL around lines', '\\0* OK [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS] hello\\0\\0'],
  ['lower case', '* ok [capability imap4rev1 literal+ uidplus] hello'],
])('%s: the extensions are used all the same', async (_name, greeting) => {
  const { client, done } = await scriptedClient(
    `
S> ${greeting}\\r\\n
C: A1 APPEND "x" {2+}
C: hi
S: a1 ok [appenduid 7 3] done
`
      .replace('S: a1', 'S: A1')
      .replace('S> * PREAUTH', 'S> * PREAUTH')
      .replace('* OK', '* PREAUTH')
      .replace('* ok', '* preauth'),
  );
  expect(await client.append('x', 'hi')).toMatchObject({ uid: 3, uidValidity: 7 });
  client.close();
  await done;
});

it('UIDVALIDITY of more than 32 bits (neomutt#3830), and of 0 (defects#52), is compared as it is', async () => {
  for (const value of ['9007199254740991', '4294967296', '0']) {
    const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1] hello
C: A1 SELECT "x"
S: * 1 EXISTS
S: * OK [UIDVALIDITY ${value}] x
S: A1 OK done
`;
    await replayed(script, async (client) => {
      expect((await client.open('x')).uidValidity).toBe(Number(value));
    });
  }
});

it('Courier: number 0 is no message, and the row of it is no other one', async () => {
  const script = `
C: A2 UID FETCH 11:12 (UID FLAGS)
S: * 0 FETCH (FLAGS (\\Seen))
S: * 1 FETCH (UID 11 FLAGS ())
S: * 2 FETCH (UID 12 FLAGS ())
S: A2 OK done
`;
  const found = await openedOn(script, (box) => box.fetch('11:12', { flags: true }).toArray());
  expect(found.map(({ uid, flags }) => [uid, flags])).toEqual([
    [11, []],
    [12, []],
  ]);
});

it('Strato: an empty ESEARCH in a mailbox with messages is not believed (imapflow#411)', async () => {
  const script = `
C: A2 UID SEARCH RETURN (ALL) SEEN
S: * ESEARCH (TAG "A2") UID
S: A2 OK done
C: A3 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "A3") UID
S: A3 OK done
C: A4 UID SEARCH SEEN
S: * SEARCH 2
S: A4 OK done
`;
  await openedOn(
    script,
    async (box, client) => {
      expect(String(await box.search({ seen: true }))).toBe('2');
      expect((await noticesOf(client, 1))[0]?.text).toMatch(/^ESEARCH/);
    },
    { capabilities: 'ESEARCH' },
  );
});

it('iCloud says OK to ENABLE and no ENABLED (MailKit#1871): it is taken at its word', async () => {
  const { client, done } = await scriptedClient(
    `
S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC] hello
C: A1 ENABLE QRESYNC
S: A1 OK done
C: A2 SELECT "x"
S: * 2 EXISTS
S: A2 OK done
`,
    { enable: ['QRESYNC'] },
  );
  expect((await client.open('x')).exists).toBe(2);
  client.close();
  await done;
});
