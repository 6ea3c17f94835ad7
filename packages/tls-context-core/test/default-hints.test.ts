import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultHints } from '../src/default-hints.js';
import { FivewireError } from '../src/index.js';

const text = readFileSync(new URL('../../../docs/site/errors.md', import.meta.url), 'utf8');
const codes = [...text.matchAll(/^### (ERR_\w+)/gm)].map(([, code]) => code ?? '');

it('knows something to do about every code', () => {
  expect(Object.keys(defaultHints).sort()).toEqual(codes.sort());
  for (const hint of Object.values(defaultHints)) expect(hint).toMatch(/^[A-Z].* .*\.$/);
});

it.each(codes)(
  '%s says it where its thrower says nothing, and leaves its word where it has one',
  (code) => {
    expect(new FivewireError(code, 'x').hint).toBe(defaultHints[code]);
    expect(new FivewireError(code, 'x', { hint: '' }).hint).toBe(defaultHints[code]);
    expect(new FivewireError(code, 'x', { hint: 'Better.' }).hint).toBe('Better.');
  },
);
