/** The page of error codes has every code there is, each with cause, advice and an example that fails with it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root, snippetsOf } from './markdown.js';

const page = 'docs/site/errors.md';
const text = readFileSync(root + page, 'utf8');
const source = readFileSync(`${root}packages/tls-context-core/src/errors.ts`, 'utf8');
const codes = [...new Set([...source.matchAll(/'(ERR_[A-Z_]+)'/g)].map(([, code]) => code))].sort();
const sections = text.split(/^### /m).slice(1);

it('has a section for each code, and no other', () => {
  expect(codes.length).toBeGreaterThan(30);
  expect(sections.map((section) => /^ERR_[A-Z_]+/.exec(section)?.[0]).sort()).toEqual(codes);
});

it.each(codes)('%s: cause, advice, example', (code) => {
  const section = sections.find((one) => one.startsWith(`${code} `)) ?? '';
  expect(section).toMatch(/^\*\*Cause\.\*\* \S/m);
  expect(section).toMatch(/^\*\*What to do\.\*\* \S/m);
  const examples = snippetsOf(page).filter(({ options }) => options.get('throws') === code);
  expect(examples).toHaveLength(1);
  expect(section).toContain(examples[0]?.code);
});
