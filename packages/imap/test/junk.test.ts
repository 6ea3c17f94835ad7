/** A line that is no response, before each line that a server says after the login, changes nothing but the notices. */
import { expect, it } from 'vitest';
import type { ImapClient } from '../src/index.js';
import { scriptedClient } from './support/script.js';

const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS MOVE ESEARCH IDLE] hello
C: A1 LIST "" "*"
S: * LIST () "/" INBOX
S: A1 OK done
C: A2 STATUS "x" (MESSAGES)
S: * STATUS x (MESSAGES 4)
S: A2 OK done
C: A3 SELECT "INBOX"
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] x
S: A3 OK [READ-WRITE] done
C: A4 UID SEARCH RETURN (ALL) SUBJECT "x"
S: * ESEARCH (TAG "A4") UID ALL 4:6
S: A4 OK done
C: A5 UID FETCH 4:6 (UID RFC822.SIZE)
S: * 1 FETCH (UID 4 RFC822.SIZE 40)
S: * 2 FETCH (UID 5 RFC822.SIZE 50)
S: * 3 FETCH (UID 6 RFC822.SIZE 60)
S: A5 OK done
C: A6 UID STORE 5 +FLAGS.SILENT (\\Seen)
S: A6 OK done
C: A7 UID MOVE 6 "y"
S: * OK [COPYUID 9 6 60] x
S: * 3 EXPUNGE
S: A7 OK done
C: A8 APPEND "y" {2+}
C: hi
S: A8 OK [APPENDUID 9 61] done
C: A9 NOOP
S: A9 OK done
`.trim();

async function session(client: ImapClient): Promise<unknown[]> {
  const names = (await client.list().toArray()).map(({ name }) => name);
  const status = await client.status('x', ['messages']);
  const box = await client.open('INBOX');
  const found = await box.search({ subject: 'x' });
  const rows = await box.fetch(found, { size: true }).toArray();
  await box.addFlags(5, ['\\Seen']);
  const moved = await box.move(6, 'y');
  const { uid } = await client.append('y', 'hi');
  await client.noop();
  const sizes = rows.map((row) => [row.uid, row.size, row.problems]);
  return [names, status, String(found), sizes, String(moved.uids), uid, box.exists];
}

const expected = [['INBOX'], { messages: 4 }, '4:6', [[4, 40, []], [5, 50, []], [6, 60, []]], '6→60', 61, 2]; // biome-ignore format: one line

it.each([
  ['a PHP warning', 'Warning: gone in /var/www/imap.php on line 3'],
  ['the rest of a row', ')'],
  ['items of no row', ' FLAGS (\\Seen) RFC822.SIZE 5)'],
  ['ID without an asterisk', ' ID ("name" "bridge")'],
  ['a go-ahead', '+ go on'],
  ['a bare +', '+'],
  ['a second answer', 'A1 OK again'],
  ['an answer to a tag of no command', 'zz9 NO what'],
  ['an asterisk alone', '*'],
  ['an unknown response', '* XFOO (bar "baz")'],
  ['a broken row', '* 9 FETCH (UID 99 FLAGS'],
  ['an empty line', ''],
  ['octets', '\u00ff\u0000\u0001\u00fe'],
])('%s', async (_name, junk) => {
  const lines = script.split('\n');
  const places = lines.flatMap((line, i) => (line.startsWith('S: ') && i > 2 ? [i] : []));
  expect(places.length).toBeGreaterThan(15);
  for (const at of places) {
    const escaped = junk.replaceAll('\0', '\\0');
    const odd = [...lines.slice(0, at), `S> ${escaped}\\r\\n`, ...lines.slice(at)].join('\n');
    const { client, done } = await scriptedClient(odd);
    expect([lines[at], await session(client)]).toEqual([lines[at], expected]);
    client.close();
    await done;
  }
});
