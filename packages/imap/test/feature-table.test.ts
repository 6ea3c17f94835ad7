/** The README's table of extensions says what the code does: each row has its extension, its call and its tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const here = new URL('.', import.meta.url);
const readme = readFileSync(new URL('../README.md', here), 'utf8');
const sources = readdirSync(new URL('../src/', here), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => readFileSync(`${entry.parentPath ?? entry.path}/${entry.name}`, 'utf8'))
  .join('\n');

const section = readme.slice(readme.indexOf('\n## Extensions'));
/** `(x)` behind a file's name, in the text above the table. */
const files = Object.fromEntries(
  [...section.matchAll(/`([a-z-]+)` \(([a-z])\)/g)].map(([, file, letter]) => [letter, file]),
) as Record<string, string>;
const rows = [...section.matchAll(/^\| (?!extension).+$/gm)].map(([row]) => {
  const [, names = '', rfc = '', call = '', tests = '', tried = ''] = row
    .split('|')
    .map((cell) => cell.trim());
  const calls = [...call.matchAll(/`([a-zA-Z]+)/g)].map(([, word]) => word as string);
  return {
    names: names.split(', '),
    rfc: rfc.split(', '),
    call,
    calls,
    tests: tests.split(', '),
    tried,
  };
});
const known = rows.flatMap(({ names }) => names);

const has = (text: string, words: readonly string[]): boolean =>
  words.some((word) => text.toUpperCase().includes(word.toUpperCase()));

it('has every extension that the package promises', () => {
  const promised = `IMAP4rev1 IMAP4rev2 LITERAL+ LITERAL- SASL-IR IDLE NOTIFY ENABLE CONDSTORE QRESYNC UIDPLUS MOVE NAMESPACE SPECIAL-USE
    CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS STATUS=SIZE APPENDLIMIT ID COMPRESS=DEFLATE BINARY CATENATE MULTIAPPEND ESEARCH SEARCHRES
    SORT ESORT THREAD CONTEXT=SEARCH WITHIN SEARCH=FUZZY QUOTA ACL METADATA OBJECTID SAVEDATE PREVIEW REPLACE PARTIAL UIDONLY MESSAGELIMIT
    JMAPACCESS UTF8=ACCEPT X-GM-EXT-1 UNAUTHENTICATE`;
  expect(promised.split(/\s+/).filter((name) => !known.includes(name))).toEqual([]);
  expect(known).toHaveLength(new Set(known).size);
});

describe.each(rows)('$names', ({ names, rfc, call, calls, tests, tried }) => {
  it('is in the code', () => {
    expect(names.filter((name) => !has(sources, [name]))).toEqual([]);
    const numbers = rfc.filter((text) => text !== '–');
    expect(numbers.filter((number) => !new RegExp(`\\b${number}\\b`).test(sources))).toEqual([]);
  });

  it('has its call', () => {
    expect(calls.filter((word) => !has(sources, [word]))).toEqual([]);
    expect(calls.length > 0 || /^(all|sets are cut)/.test(call)).toBe(true);
  });

  it('has its tests', () => {
    expect(tests.length).toBeGreaterThan(0);
    const silent = tests.filter((letter) => {
      const text = readFileSync(new URL(`${files[letter]}.test.ts`, here), 'utf8');
      return !has(text, [...names, ...calls]);
    });
    expect(silent).toEqual([]);
  });

  it('says on which servers it was tried', () => {
    expect(tried).toMatch(/^(?:–|D|C|D, C)(?: \(rev1\))?$/);
  });
});
