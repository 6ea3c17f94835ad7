/** README's table of features: every extension of the protocol's clients is in it, and the test that each row names is one of it. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const here = new URL('.', import.meta.url);
const readme = readFileSync(new URL('../README.md', here), 'utf8');
const section = readme.split('\n## Features\n')[1]?.split('\n## ')[0] ?? '';
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| extension'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, extension = '', , call = '', tests = '']) => ({
    extension,
    // What the test says for it: the call, or the word that the server offers.
    words: [...call.matchAll(/`(\w+)[^`]*`/g)].map(([, word = '']) => word),
    keyword: /^[A-Z0-9-]{3,}/.exec(extension)?.[0],
    files: [...tests.matchAll(/`([\w-]+)\.test`/g)].map(([, name]) => `${name}.test.ts`),
  }));

describe('each row', () => {
  test.each(rows)('$extension', ({ words, keyword, files }) => {
    expect(files).not.toEqual([]);
    const texts = files.map((file) => {
      expect(existsSync(new URL(file, here))).toBe(true);
      return readFileSync(new URL(file, here), 'utf8');
    });
    const names = [...words, ...(keyword === undefined ? [] : [keyword])];
    expect(names.filter((name) => texts.some((text) => text.includes(name)))).not.toEqual([]);
  });
});

test.each([
  'EHLO', 'HELO', 'LHLO', 'STARTTLS', 'AUTH', 'PIPELINING', 'CHUNKING', 'BINARYMIME', '8BITMIME', 'SIZE', 'SMTPUTF8', 'IDNA', 'DSN',
  'ENHANCEDSTATUSCODES', 'REQUIRETLS', 'DELIVERBY', 'FUTURERELEASE', 'MT-PRIORITY', 'RRVS', 'LIMITS', 'AUTH=', 'BURL', 'VRFY', 'EXPN',
  'HELP', 'NOOP', 'RSET', 'ETRN', 'XCLIENT', 'LMTP', 'MTA-STS', 'DANE', 'null MX',
])('%s has one', (name) => {
  expect(rows.some(({ extension }) => extension.split(/, | on /).some((one) => one.startsWith(name)))).toBe(true);
}); // biome-ignore format: one list
