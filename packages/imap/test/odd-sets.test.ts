/** VANISHED (RFC 7162 §3.2.10) whose set has another form; and one that cannot be read is not none. */
import { expect, it } from 'vitest';
import { parseOne } from './support/frames.js';
import { scriptedClient } from './support/script.js';

it.each([
  ['11:12', '11:12'],
  ['12:11', '11:12'],
  ['5', '5'],
  ['11 12 13', '11:13'],
  ['11, 12', '11:12'],
  ['11,12,', '11:12'],
  ['"11:12"', '11:12'],
  ['11:*', '11:4294967295'],
  ['0:11', '1:11'],
  ['0,5', '5'],
  ['1:4294967295', '1:4294967295'],
])('VANISHED %s', (text, uids) => {
  for (const [before, earlier] of [['', false], ['(EARLIER) ', true]] as const) {
    const response = parseOne(`* VANISHED ${before}${text}\r\n`);
    expect(response).toMatchObject({ type: 'vanished', data: { earlier } });
    expect(response.type === 'vanished' && String(response.data.uids)).toBe(uids);
  }
}); // biome-ignore format: short

it.each(['', '0', 'NIL', '-11', '11,x,13', '99999999999999999999', '11:12:13'])(
  'VANISHED %j is no set',
  (text) => expect(parseOne(`* VANISHED ${text}\r\n`).type).toBe('malformed'),
);

it.each([
  ['* VANISHED (EARLIER) 2', '2'],
  ['* VANISHED (EARLIER) 2,x', undefined],
  ['* 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (9))', ''],
  ['* 1 FETCH (UID 5 FLAGS \\Seen MODSEQ (9))', undefined],
  ['* 1 FETCH (UID x FLAGS (\\Seen) MODSEQ (9))', undefined],
  ['* 1 FETCH FLAGS', undefined],
])('resync told by %s', async (line, vanished) => {
  const { client, done } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC] hello
C: A1 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: A1 OK done
C: A2 SELECT "INBOX" (QRESYNC (7 5))
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] x
S: * OK [HIGHESTMODSEQ 9] x
S: ${line}
S: A2 OK done
`);
  const { resync } = await client.open('INBOX', { resync: { uidValidity: 7, modSeq: '5' } });
  expect(resync && String(resync.vanished)).toBe(vanished);
  client.close();
  await done;
});
