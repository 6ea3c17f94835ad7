/** ENVELOPE and BODYSTRUCTURE with fields too few, too many or in another form: no value is lost, and none stands in another's place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attachments } from '../src/decoded-body.js';
import type { BodyPart } from '../src/grammar/body-structure.js';
import { parseEnvelopeSlice } from '../src/grammar/envelope.js';
import { rowOf, structure } from './support/fetch-row.js';

function envelope(value: string) {
  const notes: string[] = [];
  const { envelope: slice } = rowOf(`ENVELOPE ${value}`);
  return { ...parseEnvelopeSlice(slice as NonNullable<typeof slice>, notes).toJSON(), notes };
}

const al = '(("Al" NIL "al" "h"))';
const from = [{ name: 'Al', address: 'al@h' }];
const both = [...from, { name: 'B', address: 'b@h' }];
const rest = 'NIL NIL NIL NIL NIL NIL "<m>"';

it.each<[string, string, object]>([
  ['an address of two parts', `("d" "s" (("Al" "al@h")) ${rest})`, { from }],
  ['an address of five parts', `("d" "s" (("Al" NIL "al" "h" "x")("B" NIL "b" "h")) ${rest})`, { from: both }],
  ['two addresses in one', `("d" "s" (("Al" NIL "al" "h" "B" NIL "b" "h")) ${rest})`, { from: both }],
  ['addresses without their parentheses', `("d" "s" ("Al" NIL "al" "h" "B" NIL "b" "h") ${rest})`, { from: both }],
  ['parentheses around the addresses', `("d" "s" (${al}) ${rest})`, { from }],
  ['texts in place of addresses', `("d" "s" ("al@h" "Bo <b@h>") ${rest})`, { from: [{ name: '', address: 'al@h' }, { name: 'Bo', address: 'b@h' }] }],
  ['a header field in place of addresses', `("d" "s" "Al <al@h>, B <b@h>" ${rest})`, { from: both }],
  ['words in place of the subject', `("d" hello world ${al} ${rest})`, { from, subject: 'world' }],
  ['a literal announced short', `("d" {5}\r\nhello!! ${al} ${rest})`, { from, subject: 'hello!!' }],
  ['a literal announced short by words', `("d" {5}\r\nhello to you ${al} ${rest})`, { from, subject: 'hello' }],
  ['a literal in an address announced short', `("d" "s" (("Al" NIL "al" {1}\r\nh.example)) ${rest})`, { from: [{ name: 'Al', address: 'al@h.example' }] }],
  ['one field too many', `("d" "s" ${al} NIL NIL NIL NIL NIL NIL NIL "<m>")`, { from }],
  ['no bcc and no in-reply-to', `("d" "s" ${al} NIL NIL NIL NIL "<m>")`, { from }],
  ['no in-reply-to', `("d" "s" ${al} NIL NIL NIL NIL NIL "<m>")`, { from }],
  ['ids in a list', `("d" "s" ${al} NIL NIL NIL NIL NIL ("<r>" "<q>") ("<m>"))`, { from, inReplyTo: '<r> <q>' }],
  ['NIL in a list of ids', `("d" "s" ${al} NIL NIL NIL NIL NIL (NIL) "<m>")`, { from }],
])('ENVELOPE: %s', (_name, value, expected) => {
  const { notes, ...found } = envelope(value);
  expect(found).toEqual({ ...envelope(`("d" "s" NIL ${rest})`), ...expected, notes: undefined, subject: (expected as { subject?: string }).subject ?? 's' });
  expect(notes.length).toBeGreaterThan(0);
}); // biome-ignore format: a table

const plain = '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)';
const leaf = { part: '1', type: 'text/plain', encoding: '7bit', size: 5, lines: 1 };
const { lines: _, ...unlined } = leaf;
const attached = {
  disposition: { type: 'attachment', parameters: { filename: 'a' } },
  filename: 'a',
};

describe('BODYSTRUCTURE', () => {
  it.each<[string, string, object]>([
    ['sizes with an exponent (mail.ru)', '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 9.37e+06 1.2e+5)', { ...leaf, size: 9_370_000, lines: 120_000 }],
    ['NIL for the lines', '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 NIL NIL ("attachment" ("filename" "a")))', { ...unlined, ...attached }],
    ['no encoding', '("TEXT" "PLAIN" NIL NIL NIL 5 1)', { ...leaf, encoding: '' }],
    ['no id and no description', '("TEXT" "PLAIN" ("CHARSET" "x") "7BIT" 5 1)', { ...leaf, parameters: { charset: 'x' } }],
    ['no parameters, id or description', '("TEXT" "PLAIN" "7BIT" 5 1)', leaf],
    ['no description', '("TEXT" "PLAIN" NIL "<i>" "7BIT" 5 1)', { ...leaf, id: '<i>' }],
    ['parameters without parentheses', '("TEXT" "PLAIN" "CHARSET" "x" "NAME" "n" NIL NIL "7BIT" 5 1)', { ...leaf, parameters: { charset: 'x', name: 'n' } }],
    ['type and subtype in one', '("TEXT/PLAIN" NIL NIL NIL "7BIT" 5 1)', leaf],
    ['the disposition where md5 should be', '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 ("attachment" ("filename" "a")) NIL NIL)', { ...leaf, ...attached }],
    ['a literal announced short', '("TEXT" "PLAIN" ("NAME" {1}\r\nab.txt) NIL NIL "7BIT" 5 1)', { ...leaf, parameters: { name: 'ab.txt' }, filename: 'ab.txt' }],
    ['parentheses around it', `(${plain})`, leaf],
    ['parentheses around a multipart', `((${plain}${plain} "MIXED"))`, { part: '', type: 'multipart/mixed', parts: [leaf, { ...leaf, part: '2' }] }],
    ['parameters of a multipart without subtype', `(${plain}${plain} ("BOUNDARY" "b") NIL)`, { type: 'multipart/mixed', parameters: { boundary: 'b' }, parts: [leaf, { ...leaf, part: '2' }] }],
    ['parameters of a multipart without parentheses', `(${plain}${plain} "MIXED" "BOUNDARY" "b" NIL NIL)`, { parameters: { boundary: 'b' }, parts: [leaf, { ...leaf, part: '2' }] }],
  ])('%s', (_name, value, expected) => {
    const { part } = structure(value);
    expect(part).toMatchObject(expected);
    expect(part.md5).toBeUndefined();
    expect(part.extension).toBeUndefined();
    const last = '("IMAGE" "PNG" NIL NIL NIL "BASE64" 7)';
    // What stands beside it keeps its number.
    expect(structure(`(${value}${last} "MIXED")`).part.parts.map(({ part }) => part)).toEqual(['1', '2']);
  }); // biome-ignore format: a table

  it('an attachment has its name where the part ends before its extension', () => {
    for (const value of [
      '("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "BASE64" 5)',
      '("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "BASE64" 5 NIL)',
      '("TEXT" "CSV" ("NAME" "a.pdf") NIL NIL "BASE64" 5 1)',
      '("APPLICATION" "PDF" ("NAME" {5}\r\na.pdf) NIL NIL "BASE64" 5)',
      `("APPLICATION" "PDF" ("NAME*" "utf-8''a%2epdf") NIL NIL "BASE64" 5)`,
    ]) {
      const { part } = structure(value);
      expect(attachments(part).map(({ filename }) => filename)).toEqual(['a.pdf']);
    }
  });

  it('is the same with a space more, wherever the part ends', () => {
    const text = fc.constantFrom('NIL', '"x"', '"a b"');
    const parameters = fc.constantFrom('NIL', '("NAME" "n.txt")', '("CHARSET" "utf-8")', '("CHARSET" "utf-8" "NAME" "n")');
    const disposition = fc.constantFrom('NIL', '("attachment" NIL)', '("inline" ("filename" "f.txt"))', '("attachment" ("filename" "f"))');
    const language = fc.constantFrom('NIL', '"en"', '("en" "de")');
    const extension = fc.tuple(text, disposition, language, text).chain((all) => fc.nat(4).map((count) => all.slice(0, count)));
    const type = fc.constantFrom('"TEXT" "PLAIN"', '"IMAGE" "PNG"', '"MESSAGE" "DELIVERY-STATUS"', '"APPLICATION" "PDF"');
    const single = fc.tuple(type, parameters, text, text, fc.constantFrom('"7BIT"', '"BASE64"'), extension).map(([type, list, id, description, encoding, more]) =>
      `(${[type, list, id, description, encoding, '5', ...(type.startsWith('"TEXT') ? ['1'] : []), ...more].join(' ')})`);
    const multi = fc.tuple(single, single, parameters, extension).map(([a, b, list, [, ...more]]) => `(${a}${b} ${['"MIXED"', list, ...more].join(' ')})`);
    fc.assert(
      fc.property(fc.oneof(single, multi), (value) => {
        const same = (part: BodyPart): unknown => JSON.parse(JSON.stringify(part));
        const loose = structure(value.replace('(', '( '));
        expect(loose.notes).toEqual([]);
        expect(same(loose.part)).toEqual(same(structure(value).part));
      }),
    );
  }); // biome-ignore format: short
});

it.each<[string, string, object]>([
  ['a parameter without value at the end', '("TEXT" "PLAIN" ("CHARSET" "x" "FORMAT") NIL NIL "7BIT" 5 1)', { parameters: { charset: 'x', format: '' } }],
  ['a parameter without name', '("TEXT" "PLAIN" (NIL "x" "CHARSET" "y") NIL NIL "7BIT" 5 1)', { parameters: { charset: 'y' } }],
  ['a disposition of three values', '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL ("attachment" ("filename" "a") "x") ("de"))', { ...leaf, ...attached, language: ['de'] }],
  ['a word that is no disposition', '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL MODSEQ 5)', leaf],
])('BODYSTRUCTURE: %s is told, and costs nothing else', (_name, value, expected) => {
  const { part, notes } = structure(value);
  expect(part).toMatchObject(expected);
  expect('disposition' in expected || part.disposition === undefined).toBe(true);
  expect(notes.length).toBeGreaterThan(0);
}); // biome-ignore format: a table
