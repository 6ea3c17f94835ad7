/** Values in another form than the grammar gives them, but with a meaning that is plain: they are read, and where it is an oddity noted. */
import { expect, it } from 'vitest';
import type { FetchItems, Message } from '../src/index.js';
import { openedOn } from './support/odd.js';

it.each<[string, FetchItems, string, string, object, string[]]>([
  ['THREADID T1', { threadId: true }, 'THREADID', 'T1', { threadId: 'T1' }, ['THREADID: no parentheses']],
  ['THREADID "T1"', { threadId: true }, 'THREADID', '"T1"', { threadId: 'T1' }, ['THREADID: no parentheses']],
  ['THREADID ("T1")', { threadId: true }, 'THREADID', '("T1")', { threadId: 'T1' }, []],
  ['THREADID (nil)', { threadId: true }, 'THREADID', '(nil)', { threadId: undefined }, []],
  ['EMAILID M1', { emailId: true }, 'EMAILID', 'M1', { emailId: 'M1' }, ['EMAILID: no parentheses']],
  ['EMAILID (NIL)', { emailId: true }, 'EMAILID', '(NIL)', { emailId: undefined }, ['EMAILID: NIL']],
  ['MODSEQ 7', { modSeq: true }, 'MODSEQ', '7', { modSeq: '7' }, ['MODSEQ: no parentheses']],
  ['MODSEQ ("7")', { modSeq: true }, 'MODSEQ', '("7")', { modSeq: '7' }, []],
  ['X-GM-MSGID "7"', { gmailMessageId: true }, 'X-GM-MSGID', '"7"', { gmailMessageId: '7' }, []],
  ['PREVIEW (FUZZY "hi you")', { preview: true }, 'PREVIEW', '(FUZZY "hi you")', { preview: 'hi you' }, ['PREVIEW: a list in place of a string']],
  ['PREVIEW ("hi")', { preview: true }, 'PREVIEW', '("hi")', { preview: 'hi' }, ['PREVIEW: a list in place of a string']],
  ['PREVIEW (FUZZY NIL)', { preview: true }, 'PREVIEW', '(FUZZY NIL)', { preview: undefined }, ['PREVIEW: a list in place of a string']],
  ['PREVIEW ()', { preview: true }, 'PREVIEW', '()', { preview: undefined }, ['PREVIEW: a list in place of a string']],
  ['SAVEDATE (NIL)', { saveDate: true }, 'SAVEDATE', '(NIL)', { saveDate: undefined }, []],
  ['SAVEDATE ("01-Jan-2020 00:00:00 +0000")', { saveDate: true }, 'SAVEDATE', '("01-Jan-2020 00:00:00 +0000")', { saveDate: new Date('2020-01-01') }, []],
  ['FLAGS (NIL)', { flags: true }, 'FLAGS', '(NIL)', { flags: [] }, ['FLAGS: (NIL)']],
  ['FLAGS (nil)', { flags: true }, 'FLAGS', '(nil)', { flags: [] }, ['FLAGS: (NIL)']],
  ['FLAGS (NIL \\Seen)', { flags: true }, 'FLAGS', '(NIL \\Seen)', { flags: ['NIL', '\\Seen'] }, []],
])('%s', async (_name, items, asked, value, fields, problems) => {
  const script = `
C: A2 UID FETCH 1:* (UID ${asked})
S: * 1 FETCH (UID 11 ${asked} ${value})
S: A2 OK done
`;
  const rows = await openedOn(script, async (box) => {
    const all: Message[] = [];
    for await (const row of box.fetch('1:*', items)) all.push(row);
    return all;
  });
  expect(rows).toMatchObject([{ uid: 11, ...fields }]);
  expect(rows[0]?.problems).toEqual(problems);
}); // biome-ignore format: a table
