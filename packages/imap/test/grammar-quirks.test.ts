/** How real servers deviate, and what we make of it. Each case names its server. */
import { expect, it } from 'vitest';
import {
  type BodyPart,
  leafParts,
  parseBodyStructureSlice,
} from '../src/grammar/body-structure.js';
import { parseEnvelopeSlice } from '../src/grammar/envelope.js';
import type { FetchData } from '../src/grammar/fetch-data.js';
import { parseOne } from './support/frames.js';

function row(text: string): FetchData {
  const response = parseOne(`* 1 FETCH ${text}\r\n`);
  if (response.type !== 'fetch') throw new Error(`${response.type}: ${JSON.stringify(response)}`);
  return response.row;
}
function structure(text: string): BodyPart {
  const { structure: slice, problems } = row(`(BODYSTRUCTURE ${text})`);
  expect(problems).toEqual([]);
  if (slice === undefined) throw new Error('no structure');
  return parseBodyStructureSlice(slice);
}
const envelope = (text: string) => {
  const { envelope: slice } = row(`(ENVELOPE ${text})`);
  if (slice === undefined) throw new Error('no envelope');
  return parseEnvelopeSlice(slice);
};

it('Gmail: a multipart without parts loses a level of parentheses', () => {
  const part = structure(
    '(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL NIL NIL)("ALTERNATIVE" ("BOUNDARY" "b") NIL NIL) "MIXED" NIL)',
  );
  expect(part.parts.map(({ part, type }) => [part, type])).toEqual([
    ['1', 'text/plain'],
    ['2', 'multipart/alternative'],
  ]);
});

it('Gmail: message/rfc822 in base64 comes as a basic part', () => {
  const part = structure(
    '(("MESSAGE" "RFC822" ("NAME" "a.eml") NIL NIL "BASE64" 1980 NIL ("ATTACHMENT" NIL) NIL) "MIXED" NIL)',
  );
  expect(part.parts[0]).toMatchObject({
    type: 'message/rfc822',
    size: 1980,
    parts: [],
    filename: 'a.eml',
  });
});

it('Gmail: HIGHESTMODSEQ without text; NIL for a body; brackets in flags', () => {
  expect(parseOne('* OK [HIGHESTMODSEQ 42]\r\n')).toMatchObject({
    code: { modSeq: '42' },
    text: '',
  });
  expect(row('(BODY[] NIL)').sections).toMatchObject([{ section: '', octets: null }]);
  expect(row('(FLAGS ([Gmail]/x \\Seen))').flags).toEqual(['[Gmail]/x', '\\Seen']);
});

it('Exchange: an unquoted tab as delimiter; a bare disposition; a part of NILs', () => {
  expect(parseOne('* LIST () \t INBOX\r\n')).toMatchObject({
    data: { delimiter: '\t', name: 'INBOX' },
  });
  expect(structure('("IMAGE" "PNG" NIL NIL NIL "BASE64" 9 NIL "inline" NIL)').disposition).toEqual({
    type: 'inline',
    parameters: {},
  });
  expect(structure('((NIL NIL NIL NIL NIL NIL NIL NIL NIL) "MIXED")').parts[0]?.type).toBe(
    'application/octet-stream',
  );
});

it('Exchange: COPYUID on a line of its own, and without its arguments', () => {
  expect(parseOne('[COPYUID 1 2:3 4:5] done\r\n')).toMatchObject({
    type: 'status',
    status: 'OK',
    code: { copies: [4, 5] },
  });
  expect(parseOne('a1 OK [COPYUID 701  ]\r\n')).toMatchObject({
    type: 'tagged',
    status: 'OK',
    code: { name: 'COPYUID' },
  });
});

it('Exchange: quotes inside a quoted string, not escaped', () => {
  expect(envelope('(NIL "say "hi", bob" NIL NIL NIL NIL NIL NIL NIL NIL)').subject).toBe(
    'say "hi", bob',
  );
  expect(structure('("TEXT" "PLAIN" ("NAME" """") NIL NIL "7BIT" 1 1)').parameters).toEqual({
    name: '""',
  });
});

it('Outlook.com: spaces between addresses; SmarterMail: NIL among them', () => {
  const people = '((NIL NIL "a" "x.test") (NIL NIL "b" "x.test") NIL)';
  expect(
    envelope(`(NIL NIL ${people} NIL NIL NIL NIL NIL NIL NIL)`).from.map(({ address }) => address),
  ).toEqual(['a@x.test', 'b@x.test']);
});

it('hMailServer: IMAPrev1; others: LITERAL + in two', () => {
  expect(parseOne('* CAPABILITY IMAPrev1 LITERAL + IDLE\r\n')).toMatchObject({
    capabilities: ['IMAP4REV1', 'LITERAL+', 'IDLE'],
  });
});

it('163.com: STATUS without a list', () => {
  expect(parseOne('* STATUS "INBOX"\r\n')).toMatchObject({
    type: 'status-data',
    data: { name: 'INBOX' },
  });
  expect(parseOne('* STATUS My Box (MESSAGES 3)\r\n')).toMatchObject({ data: { name: 'My Box' } });
});

it('Domino: an envelope wrapped twice, a date that is none', () => {
  expect(envelope('((NIL "hello" NIL NIL NIL NIL NIL NIL NIL "<i@x>"))').subject).toBe('hello');
  const { internalDate, uid, problems } = row('(INTERNALDATE "00-Jan-0000 00:00:00 +0000" UID 4)');
  expect({ internalDate, uid }).toEqual({ internalDate: undefined, uid: 4 });
  expect(problems).toHaveLength(1);
});

it('mail.ru: an exponent in a size; a boundary without value', () => {
  expect(row('(RFC822.SIZE 9.37e+06)').size).toBe(9_370_000);
  expect(
    structure('(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) "MIXED" ("boundary" NIL))').parameters,
  ).toEqual({ boundary: '' });
});

it('Dovecot, Exchange: size -1, MISSING_DOMAIN', () => {
  expect(row('(RFC822.SIZE -1 UID 3)')).toMatchObject({
    size: undefined,
    uid: 3,
    problems: ['RFC822.SIZE: the server does not know it (-1)'],
  });
  expect(
    envelope('(NIL NIL ((NIL NIL "root" "MISSING_DOMAIN")) NIL NIL NIL NIL NIL NIL NIL)').from,
  ).toEqual([{ name: '', address: 'root' }]);
});

it('Zoho: a MODSEQ of -1 costs the item, not the row', () => {
  const data = row('(UID 7 MODSEQ (-1) FLAGS (\\Seen))');
  expect(data).toMatchObject({ uid: 7, flags: ['\\Seen'], modSeq: undefined });
  expect(data.problems[0]).toContain('MODSEQ');
});

it('Courier: sequence number 0; others: flags without spaces, lower case, NUL padding, a huge UIDVALIDITY', () => {
  expect(parseOne('* 0 FETCH (FLAGS (\\Seen\\flagged))\r\n')).toMatchObject({
    row: { sequence: 0, flags: ['\\Seen', '\\Flagged'] },
  });
  expect(parseOne('* 3 exists\r\n')).toEqual({ type: 'exists', number: 3 });
  expect(parseOne('\0\0* 3 EXISTS\0\r\n')).toEqual({ type: 'exists', number: 3 });
  expect(parseOne('* OK [UIDVALIDITY 9007199254740991] x\r\n')).toMatchObject({
    code: { number: 9007199254740991 },
  });
});

it('one broken item costs itself', () => {
  const data = row(
    '(UID 9 ENVELOPE garbage BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) "MIXED") FLAGS (\\Seen))',
  );
  expect(data).toMatchObject({ uid: 9, flags: ['\\Seen'], envelope: undefined });
  expect(data.structure).toBeDefined();
  expect(data.problems).toHaveLength(1);
});

it('a broken line is no row at all, and the next one is', () => {
  expect(parseOne('* STATUS x (MESSAGES\r\n').type).toBe('malformed');
  expect(parseOne('* 5 FETCH UID 3\r\n')).toMatchObject({
    type: 'fetch',
    row: { problems: [expect.any(String)] },
  });
  expect(() => parseOne('HTTP/1.1 400 Bad Request\r\n')).toThrow(
    expect.objectContaining({ code: 'ERR_MALFORMED_RESPONSE' }),
  );
});

it('numbers the parts as BODY[…] does', () => {
  const text = '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)';
  const message = `("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) (${text}${text} "MIXED") 3)`;
  const single = `("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) ${text} 3)`;
  const tree = structure(`(${text}(${text}${text} "ALTERNATIVE")${message}${single} "MIXED")`);
  expect([...leafParts(tree)].map(({ part }) => part)).toEqual([
    '1',
    '2.1',
    '2.2',
    '3.1',
    '3.2',
    '4.1',
  ]);
  expect(tree.part).toBe('');
  expect(tree.parts[2]).toMatchObject({
    part: '3',
    type: 'message/rfc822',
    lines: 3,
    parts: [{ part: '3', type: 'multipart/mixed' }],
  });
  expect(structure(text).part).toBe('1');
});

it('literals stand where strings do', () => {
  const response = parseOne('* LIST () "/" {7}\r\nA"b\\c d\r\n');
  expect(response).toMatchObject({ type: 'list', data: { name: 'A"b\\c d' } });
  const data = row(
    '(BODY[HEADER.FIELDS ({4}\r\nDATE from)] {3}\r\nabc UID 3 BINARY[1]<5> ~{2}\r\n\0\x01)',
  );
  expect(data.uid).toBe(3);
  expect(data.sections).toEqual([
    {
      section: 'HEADER.FIELDS (DATE FROM)',
      binary: false,
      origin: undefined,
      octets: Buffer.from('abc'),
      size: 3,
    },
    { section: '1', binary: true, origin: 5, octets: Buffer.from([0, 1]), size: 2 },
  ]);
});

it('addresses: groups, empty groups, names in encoded words, raw UTF-8', () => {
  const list =
    '((NIL NIL "Team" NIL)("=?utf-8?q?J=C3=BCrgen?=" NIL "j" "x.test")(NIL NIL NIL NIL)(NIL NIL "hidden" NIL)(NIL NIL NIL NIL)("J\xc3\xb6rg" NIL "j" NIL))';
  expect(envelope(`(NIL NIL ${list} NIL NIL NIL NIL NIL NIL NIL)`).from).toEqual([
    { name: 'Jürgen', address: 'j@x.test', group: 'Team' },
    { name: '', address: '', group: 'hidden' },
    { name: 'Jörg', address: 'j' },
  ]);
});

it('a tagged OK in its plain form is what the forgiving reader makes of it', () => {
  for (const rest of [
    'done',
    '',
    '[APPENDUID 7 3] Append completed (0.001 secs).',
    '[APPENDUID 4294967295 4294967295] x',
    '[APPENDUID 7 0] zero is no UID',
    '[APPENDUID 7 3]',
    '[APPENDUID 7 3:4] two',
    '[appenduid 7 3] x',
    '[READ-WRITE] x',
    'grüße [x]',
    'a\tb',
  ])
    expect(parseOne(`A1 OK ${rest}\r\n`)).toEqual(parseOne(`A1  OK ${rest}\r\n`));
});
