/** `disable`: what it names is not used, by whatever name a server offers it, and within IMAP4rev2 neither (RFC 9051, Appendix E). */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ImapClient, type Mailbox, UidSet } from '../src/index.js';
import type { ImapOptions } from '../src/types.js';
import { inClear, streamPair } from './support/script.js';

/** A server that says OK to everything, and what it was told. */
async function agreeing(
  capabilities: string,
  disable: readonly string[],
  options: Partial<ImapOptions> = {},
): Promise<{ client: ImapClient; told: string[] }> {
  const [stream, server] = streamPair();
  const told: string[] = [];
  let tag = '';
  server.write(
    `* ${options.auth === undefined ? 'PREAUTH' : 'OK'} [CAPABILITY IMAP4rev1 ${capabilities}] hello\r\n`,
  );
  server.on('data', (octets: Buffer) => {
    for (const line of octets.toString('latin1').split('\r\n').slice(0, -1)) {
      const [, given = '', command = ''] = /^([A-Z]+\d+) (.*)/.exec(line) ?? [];
      if (given !== '') tag = given;
      if (command !== '') told.push(command);
      if (line.endsWith('+}')) continue;
      if (line.endsWith('}') || /^IDLE$|^AUTHENTICATE \S+$/.test(command)) server.write('+ \r\n');
      else if (/^SELECT|^EXAMINE/.test(command)) server.write(`* 1 EXISTS\r\n${tag} OK done\r\n`);
      else if (/UID (?:SEARCH|SORT) RETURN/.test(command))
        server.write(`* ESEARCH (TAG "${tag}") UID COUNT 1 ALL 1\r\n${tag} OK done\r\n`);
      else if (/BODYSTRUCTURE/.test(command))
        server.write(`* 1 FETCH (UID 1 BODYSTRUCTURE ${base64})\r\n${tag} OK done\r\n`);
      else if (/PEEK/.test(command)) {
        const item = command.includes('BINARY') ? 'BINARY' : 'BODY';
        server.write(`* 1 FETCH (UID 1 ${item}[1] "eA==")\r\n${tag} OK done\r\n`);
      } else if (/UID SEARCH/.test(command)) server.write(`* SEARCH 1\r\n${tag} OK done\r\n`);
      else if (/^LIST/.test(command))
        server.write(`* LIST () "/" INBOX\r\n* STATUS INBOX (MESSAGES 1)\r\n${tag} OK done\r\n`);
      else server.write(`${tag} OK done\r\n`);
    }
  });
  const client = await ImapClient.connect({ ...inClear, stream, id: false, disable, ...options });
  return { client, told };
}

const base64 = '("APPLICATION" "X" NIL NIL NIL "BASE64" 4)';

/** What the server was told but for SELECT, or the error's code. */
async function toldBy(
  capabilities: string,
  disable: readonly string[],
  work: (client: ImapClient, told: string[]) => Promise<unknown>,
  options?: Partial<ImapOptions>,
): Promise<string> {
  const { client, told } = await agreeing(capabilities, disable, options);
  try {
    await work(client, told);
    return told.filter((command) => !command.startsWith('SELECT')).join(', ');
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    client.close();
  }
}

const needed = 'ERR_EXTENSION_REQUIRED';

describe('IMAP4rev2 has within it, unless it is disabled,', () => {
  it.each<[string, (client: ImapClient) => Promise<unknown>, used: string, unused: string]>([
    ['MOVE', async (client) => (await client.open('x')).move(1, 'y'), 'UID MOVE 1 "y"', 'UID COPY 1 "y", UID STORE 1 +FLAGS.SILENT (\\Deleted), UID EXPUNGE 1'],
    ['UIDPLUS', async (client) => (await client.open('x')).expunge(1), 'UID EXPUNGE 1', needed],
    ['ESEARCH', async (client) => (await client.open('x')).search(), 'UID SEARCH RETURN (ALL) ALL', 'UID SEARCH ALL'],
    ['SEARCHRES', async (client) => (await client.open('x')).search({}, { save: true }), 'UID SEARCH RETURN (ALL SAVE) ALL', needed],
    ['NAMESPACE', (client) => client.namespaces(), 'NAMESPACE', needed],
    ['LIST-EXTENDED', (client) => client.list({ subscribed: true, recursiveMatch: true }).toArray(), 'LIST (SUBSCRIBED RECURSIVEMATCH) "" "*"', needed],
    ['LIST-STATUS', (client) => client.list({ status: ['messages'] }).toArray(), 'LIST "" "*" RETURN (STATUS (MESSAGES))', 'LIST "" "*", STATUS "INBOX" (MESSAGES)'],
    ['STATUS=SIZE', (client) => client.status('x', ['size']), 'STATUS "x" (SIZE)', needed],
    ['LITERAL-', (client) => client.append('x', 'hi'), 'APPEND "x" {2+}', 'APPEND "x" {2}'],
    ['UNSELECT', async (client) => (await client.open('x')).close().then(() => client.delete('x')), 'UNSELECT, DELETE "x"', 'DELETE "x"'],
  ])('%s', async (name, work, used, unused) => {
    const all = await toldBy('IMAP4rev2', [], work);
    const without = await toldBy('IMAP4rev2', [name], work);
    expect([all, without]).toEqual([used, unused]);
  }); // biome-ignore format: a table

  it('IDLE', async () => {
    const waits = async (disable: string[]): Promise<string[]> => {
      const { client, told } = await agreeing('IMAP4rev2', disable);
      const watching = client
        .watch('x', { interval: 5, refresh: 5 })
        [Symbol.asyncIterator]()
        .next();
      watching.catch(() => {});
      await expect.poll(() => told.length).toBeGreaterThan(5);
      client.close();
      return told;
    };
    expect(await waits([])).toContain('IDLE');
    const without = await waits(['IDLE']);
    expect([without.includes('IDLE'), without.includes('NOOP')]).toEqual([false, true]);
  });
});

type Row = [
  name: string,
  offered: string,
  work: (client: ImapClient, told: string[]) => Promise<unknown>,
  used: string,
  unused: string,
  options?: Partial<ImapOptions>,
];
const nothing = async (): Promise<void> => {};
/** Until the server has been told that we wait. */
const watched =
  (...names: string[]) =>
  async (client: ImapClient, told: string[]): Promise<void> => {
    const [first = '', ...others] = names;
    const events = client.watch([first, ...others], { interval: 5 })[Symbol.asyncIterator]();
    events.next().catch(() => {});
    await expect.poll(() => told.find((line) => /IDLE|NOTIFY|NOOP/.test(line))).toBeDefined();
    told.splice(0, told.length, told.find((line) => /IDLE|NOTIFY|NOOP/.test(line)) as string);
  };
const inbox = (work: (box: Mailbox) => Promise<unknown>) => async (client: ImapClient) =>
  work(await client.open('x'));
const auth = { user: 'u', password: 'p' };
const rows: Row[] = [
  ['LITERAL+', 'LITERAL+', (client) => client.append('x', 'hi'), 'APPEND "x" {2+}', 'APPEND "x" {2}'],
  ['ENABLE', 'ENABLE QRESYNC', (client) => client.open('x', { resync: { uidValidity: 1, modSeq: '5' } }), 'ENABLE QRESYNC', ''],
  ['QRESYNC', 'ENABLE QRESYNC', (client) => client.open('x', { resync: { uidValidity: 1, modSeq: '5' } }), 'ENABLE QRESYNC', ''],
  ['SPECIAL-USE', 'SPECIAL-USE LIST-EXTENDED', (client) => client.list({ specialUse: true }).toArray(), 'LIST (SPECIAL-USE) "" "*"', needed],
  ['SPECIAL-USE', 'SPECIAL-USE LIST-EXTENDED', (client) => client.find({ specialUse: '\\Sent' }), 'LIST "" "*" RETURN (SPECIAL-USE)', 'LIST "" "*"'],
  ['CREATE-SPECIAL-USE', 'CREATE-SPECIAL-USE', (client) => client.create('x', { specialUse: '\\Sent' }), 'CREATE "x" (USE (\\Sent))', needed],
  ['LIST-EXTENDED', 'LIST-EXTENDED', (client) => client.list({ subscribed: true }).toArray(), 'LIST (SUBSCRIBED) "" "*"', 'LSUB "" "*"'],
  ['LIST-MYRIGHTS', 'LIST-EXTENDED LIST-MYRIGHTS ACL', (client) => client.list({ myRights: true }).toArray(), 'LIST "" "*" RETURN (MYRIGHTS), MYRIGHTS "INBOX"', 'LIST "" "*", MYRIGHTS "INBOX"'],
  ['MULTIAPPEND', 'MULTIAPPEND LITERAL+', (client) => client.appendMany('x', [{ body: 'a' }, { body: 'b' }]), 'APPEND "x" {1+}', 'APPEND "x" {1+}, APPEND "x" {1+}'],
  ['CATENATE', 'CATENATE LITERAL+', (client) => client.catenate('x', [{ text: 'a' }]), 'APPEND "x" CATENATE (TEXT {1+}', needed],
  ['REPLACE', 'REPLACE LITERAL+ UIDPLUS', inbox((box) => box.replace(1, 'a')), 'UID REPLACE 1 "x" {1+}', 'APPEND "x" {1+}, UID STORE 1 +FLAGS.SILENT (\\Deleted), UID EXPUNGE 1'],
  ['APPENDLIMIT', 'APPENDLIMIT=1 LITERAL+', (client) => client.append('x', 'hi'), 'ERR_COMMAND_REJECTED', 'APPEND "x" {2+}'],
  ['ESEARCH', 'ESEARCH', inbox((box) => box.summary({ seen: true })), 'UID SEARCH RETURN (MIN MAX COUNT) SEEN', 'UID SEARCH SEEN'],
  ['MOVE', 'MOVE UIDPLUS', inbox((box) => box.move(1, 'y')), 'UID MOVE 1 "y"', 'UID COPY 1 "y", UID STORE 1 +FLAGS.SILENT (\\Deleted), UID EXPUNGE 1'],
  ['UIDPLUS', 'UIDPLUS', inbox((box) => box.move(1, 'y')), 'UID COPY 1 "y", UID STORE 1 +FLAGS.SILENT (\\Deleted), UID EXPUNGE 1', needed],
  ['UNSELECT', 'UNSELECT', async (client) => (await client.open('x')).close().then(() => client.delete('x')), 'UNSELECT, DELETE "x"', 'DELETE "x"'],
  ['LIST-STATUS', 'LIST-EXTENDED LIST-STATUS', (client) => client.list({ status: ['messages'] }).toArray(), 'LIST "" "*" RETURN (STATUS (MESSAGES))', 'LIST "" "*", STATUS "INBOX" (MESSAGES)'],
  ['STATUS=SIZE', 'STATUS=SIZE', (client) => client.status('x', ['size']), 'STATUS "x" (SIZE)', needed],
  ['LITERAL-', 'LITERAL-', (client) => client.append('x', 'hi'), 'APPEND "x" {2+}', 'APPEND "x" {2}'],
  ['SEARCHRES', 'ESEARCH SEARCHRES', inbox((box) => box.fetch(UidSet.saved, { size: true }).toArray()), 'UID FETCH $ (UID RFC822.SIZE)', needed],
  ['PARTIAL', 'ESEARCH PARTIAL', inbox((box) => box.search({ seen: true }, { partial: [-1, -2] })), 'UID SEARCH RETURN (PARTIAL -1:-2) SEEN', 'UID SEARCH RETURN (ALL) SEEN'],
  ['PARTIAL', 'ESEARCH PARTIAL', inbox((box) => box.fetch('1:9', { size: true }, { partial: [1, 2] }).toArray()), 'UID FETCH 1:9 (UID RFC822.SIZE) (PARTIAL 1:2)', needed],
  ['CONTEXT', 'ESEARCH CONTEXT=SEARCH', inbox((box) => box.search({ seen: true }, { partial: [1, 2] })), 'UID SEARCH RETURN (PARTIAL 1:2) SEEN', 'UID SEARCH RETURN (ALL) SEEN'],
  ['SORT', 'SORT', inbox((box) => box.sort('date')), 'UID SORT (DATE) UTF-8 ALL', needed],
  ['SORT=DISPLAY', 'SORT SORT=DISPLAY', inbox((box) => box.sort('displayFrom')), 'UID SORT (DISPLAYFROM) UTF-8 ALL', needed],
  ['ESORT', 'SORT ESORT ESEARCH', inbox((box) => box.sort('date')), 'UID SORT RETURN (ALL) (DATE) UTF-8 ALL', 'UID SORT (DATE) UTF-8 ALL'],
  ['THREAD', 'THREAD=REFERENCES', inbox((box) => box.thread()), 'UID THREAD REFERENCES UTF-8 ALL', needed],
  ['WITHIN', 'WITHIN', inbox((box) => box.search({ younger: 9 })), 'UID SEARCH YOUNGER 9', needed],
  ['SEARCH=FUZZY', 'SEARCH=FUZZY', inbox((box) => box.search({ fuzzy: { subject: 'x' } })), 'UID SEARCH FUZZY (SUBJECT "x")', needed],
  ['CONDSTORE', 'CONDSTORE', inbox((box) => box.fetch(1, { flags: true }, { changedSince: '5' }).toArray()), 'UID FETCH 1 (UID FLAGS) (CHANGEDSINCE 5)', needed],
  ['CONDSTORE', 'CONDSTORE', inbox((box) => box.addFlags(1, ['\\Seen'], { unchangedSince: '5' })), 'UID STORE 1 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen)', needed],
  ['CONDSTORE', 'CONDSTORE', inbox((box) => box.fetch(1, { modSeq: true }).toArray()), 'UID FETCH 1 (UID MODSEQ)', needed],
  ['OBJECTID', 'OBJECTID', inbox((box) => box.fetch(1, { emailId: true }).toArray()), 'UID FETCH 1 (UID EMAILID)', needed],
  ['OBJECTID', 'OBJECTID', (client) => client.status('x', ['mailboxId']), 'STATUS "x" (MAILBOXID)', needed],
  ['SAVEDATE', 'SAVEDATE', inbox((box) => box.fetch(1, { saveDate: true }).toArray()), 'UID FETCH 1 (UID SAVEDATE)', needed],
  ['SAVEDATE', 'SAVEDATE', inbox((box) => box.search({ savedSince: '2026-01-01' })), 'UID SEARCH SAVEDSINCE 1-Jan-2026', needed],
  ['PREVIEW', 'PREVIEW', inbox((box) => box.fetch(1, { preview: true }).toArray()), 'UID FETCH 1 (UID PREVIEW)', needed],
  ['QUOTA', 'QUOTA', (client) => client.quota('x'), 'GETQUOTAROOT "x"', needed],
  ['QUOTA', 'QUOTA QUOTASET', (client) => client.setQuota('x', { STORAGE: 1 }), 'SETQUOTA "x" (STORAGE 1)', needed],
  ['ACL', 'ACL', (client) => client.acl('x'), 'GETACL "x"', needed],
  ['METADATA', 'METADATA', (client) => client.metadata('x', ['/private/comment']), 'GETMETADATA "x" ("/private/comment")', needed],
  ['MESSAGELIMIT', 'MESSAGELIMIT=1 UIDPLUS', inbox((box) => box.expunge('1:2')), 'UID EXPUNGE 1, UID EXPUNGE 2', 'UID EXPUNGE 1:2'],
  ['UIDONLY', 'ENABLE UIDONLY', nothing, 'ENABLE UIDONLY', '', { enable: ['UIDONLY'] }],
  ['UTF8=ACCEPT', 'ENABLE UTF8=ACCEPT', nothing, 'ENABLE UTF8=ACCEPT', '', { enable: ['UTF8=ACCEPT'] }],
  ['IMAP4rev2', 'ENABLE IMAP4rev2', nothing, 'ENABLE IMAP4REV2', '', { enable: ['IMAP4rev2'] }],
  ['QRESYNC', 'ENABLE QRESYNC', nothing, 'ENABLE QRESYNC', '', { enable: ['QRESYNC'] }],
  ['SASL-IR', 'SASL-IR AUTH=PLAIN', nothing, 'AUTHENTICATE PLAIN AHUAcA==, CAPABILITY', 'AUTHENTICATE PLAIN, CAPABILITY', { auth }],
  ['COMPRESS', 'COMPRESS=DEFLATE', nothing, 'COMPRESS DEFLATE', '', { compress: true }],
  ['NOTIFY', 'NOTIFY IDLE', watched('x', 'y'), 'NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange)) (MAILBOXES ("y") (MessageNew MessageExpunge FlagChange))', 'IDLE'],
  ['IDLE', 'IDLE', watched('x'), 'IDLE', 'NOOP'],
  ['BINARY', 'BINARY', inbox(async (box) => {
    const [row] = await box.fetch(1, { structure: true }).toArray();
    return text((row as NonNullable<typeof row>).body('1').decoded());
  }), 'UID FETCH 1 (UID BODYSTRUCTURE), UID FETCH 1 (UID BINARY.PEEK[1])', 'UID FETCH 1 (UID BODYSTRUCTURE), UID FETCH 1 (UID BODY.PEEK[1])'],
  ['CONDSTORE', 'ENABLE CONDSTORE QRESYNC', inbox((box) => box.fetch(1, { modSeq: true }).toArray()), 'UID FETCH 1 (UID MODSEQ)', needed],
  ['CONDSTORE', 'ENABLE CONDSTORE QRESYNC', (client) => client.open('x', { resync: { uidValidity: 1, modSeq: '5' } }), 'ENABLE QRESYNC', ''],
  ['UNAUTHENTICATE', 'UNAUTHENTICATE', (client) => client.unauthenticate(), 'UNAUTHENTICATE, CAPABILITY', needed],
  ['JMAPACCESS', 'JMAPACCESS', (client) => client.jmapAccess(), 'GETJMAPACCESS', needed],
  ['X-GM-EXT-1', 'X-GM-EXT-1', inbox((box) => box.fetch(1, { gmailLabels: true }).toArray()), 'UID FETCH 1 (UID X-GM-LABELS)', needed],
  ['X-GM-EXT-1', 'X-GM-EXT-1', inbox((box) => box.addLabels(1, ['y'])), 'UID STORE 1 +X-GM-LABELS.SILENT ("y")', needed],
  ['X-GM-EXT-1', 'X-GM-EXT-1', inbox((box) => box.search({ gmailRaw: 'y' })), 'UID SEARCH X-GM-RAW "y"', needed],
  ['NAMESPACE', 'NAMESPACE', (client) => client.personal('a/b'), 'NAMESPACE', ''],
  ['ID', 'ID', nothing, 'ID ("name" "x")', '', { id: { name: 'x' } }],
]; // biome-ignore format: a table

it('every extension of the README has its row', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const table = readme.slice(readme.indexOf('\n## Extensions'));
  const names = [...table.matchAll(/^\| ([A-Z][^|]*) \|/gm)].flatMap(([, cell = '']) =>
    cell.split(', '),
  );
  const known = new Set(rows.flatMap(([name]) => [name, name.replace(/=.*/, '')]));
  expect(names.length).toBeGreaterThan(45);
  const without = names.filter((name) => !known.has(name) && !known.has(name.replace(/=.*/, '')));
  expect(without).toEqual(['IMAP4rev1']);
});

it.each(rows)('%s of %s', async (name, offered, work, used, unused, options) => {
  const told = [
    await toldBy(offered, [], work, options),
    await toldBy(offered, [name], work, options),
  ];
  expect(told).toEqual([used, unused]);
});

it.each([
  ['THREAD', 'THREAD=REFERENCES THREAD=ORDEREDSUBJECT'],
  ['SORT', 'SORT SORT=DISPLAY'],
  ['APPENDLIMIT', 'APPENDLIMIT=9'],
  ['MESSAGELIMIT', 'MESSAGELIMIT=1'],
  ['quota', 'QUOTA QUOTA=RES-STORAGE'],
  ['IMAP4rev2', 'IMAP4rev2'],
])('%s stands for all its forms', async (name, offered) => {
  const { client } = await agreeing(offered, [name]);
  expect([...client.capabilities]).toEqual(['IMAP4REV1']);
  client.close();
});
