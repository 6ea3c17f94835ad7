/** Flaws in ENVELOPE, BODYSTRUCTURE and labels: what stands around one is all there, and the flaw is noted. */
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { parseEnvelopeSlice } from '../src/grammar/envelope.js';
import { rowOf, structure } from './support/fetch-row.js';
import { scriptedClient } from './support/script.js';

const plain = '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 2)';

it('an address without parentheses of its own is one', () => {
  for (const [flat, name] of [['("A" NIL "a" "x.y")', 'A'], ['(NIL NIL "a" "x.y")', '']]) {
    const notes: string[] = [];
    const { envelope } = rowOf(`ENVELOPE ("d" "S" ${flat} NIL NIL (("B" NIL "b" "x.y")) NIL NIL NIL "<id@x>")`);
    const { from, to, messageId } = parseEnvelopeSlice(envelope as NonNullable<typeof envelope>, notes);
    expect([from, to[0]?.address, messageId, notes.length]).toEqual([[{ name, address: 'a@x.y' }], 'b@x.y', '<id@x>', 1]);
  }
}); // biome-ignore format: short

it('a parameter that is no text costs no other', () => {
  const value = '("IMAGE" "PNG" ("X" ("a" "b") "NAME" "a.png" ("c") "d") NIL NIL "BASE64" 7 NIL NIL ("en" ("x") "de"))';
  const { part, notes } = structure(value);
  expect(part).toMatchObject({ filename: 'a.png', size: 7, language: ['en', '', 'de'] });
  expect(notes.length).toBe(3);
  expect(structure('("TEXT" "PLAIN" (("CHARSET" "x")) NIL NIL "7BIT" 1 2)').part.parameters).toEqual({});
}); // biome-ignore format: short

it.each([
  ['the body stands in its place', `${plain} 9`, 9, 1],
  ['NIL stands in its place', `NIL ${plain} 9`, 9, 1],
  ['NIL, and a multipart', `NIL (${plain}${plain} "MIXED") 9`, 9, 1],
  ['NIL, and so is the body', 'NIL NIL 9', 9, 0],
  ['there is nothing', '', undefined, 0],
  ['it is a basic part with its extension', 'NIL NIL NIL', undefined, 0],
])('a message within a message without its envelope: %s', (_name, behind, lines, parts) => {
  const value = `(("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 100 ${behind})${plain} "MIXED")`;
  const [message, other] = structure(value).part.parts;
  expect(message?.envelope).toBeUndefined();
  expect([message?.size, message?.lines, message?.parts.length, message?.language]).toEqual([100, lines, parts, undefined]);
  expect(other).toMatchObject({ part: '2', type: 'text/plain', size: 1 });
}); // biome-ignore format: short

it('a label that is none costs no other, and NIL is none at all', () => {
  const odd = rowOf('X-GM-LABELS (\\Inbox "\\\\Sent" (a "b") &AOk- a]b \\*)');
  expect(odd.gmailLabels).toEqual(['\\Inbox', '\\Sent', 'é', 'a]b', '\\*']);
  expect(odd.problems).toEqual(['X-GM-LABELS: a list in place of a label']);
  const none = rowOf('X-GM-LABELS NIL');
  expect([none.gmailLabels, none.problems]).toEqual([[], []]);
});

it('a body in whose time the UIDVALIDITY changes is not taken for that of the message', async () => {
  for (const [before, after] of [['S: * OK [UIDVALIDITY 8] x\n', ''], ['', 'S: * OK [UIDVALIDITY 8] x\n']]) {
    const { client, done } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1] hello
C: A1 SELECT "INBOX"
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] x
S: A1 OK done
C: A2 UID FETCH 1 (UID RFC822.SIZE)
S: * 1 FETCH (UID 1 RFC822.SIZE 3)
S: A2 OK done
C: A3 UID FETCH 1 (UID BODY.PEEK[])
${before}S: * 1 FETCH (UID 1 BODY[] {3}
S: abc)
${after}S: A3 OK done
C: A4 NOOP
S: A4 OK done
`);
    const box = await client.open('INBOX');
    const [row] = await box.fetch(1, { size: true }).toArray();
    await expect(text((row as NonNullable<typeof row>).body())).rejects.toMatchObject({ code: 'ERR_STATE' });
    await client.noop();
    await done;
    client.close();
  }
}); // biome-ignore format: short
