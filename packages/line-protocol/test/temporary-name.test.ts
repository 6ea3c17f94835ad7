import { expect, it } from 'vitest';
import { giveUpTemporary, isAbandoned, isTemporary, temporaryName } from '../src/index.js';

it('one that was given up may go, until its name is given again: the count comes round', () => {
  const first = temporaryName('f');
  expect(isTemporary(first)).toBe(true);
  expect(isAbandoned(first, undefined)).toBe(false); // this process writes it
  giveUpTemporary(first);
  expect(isAbandoned(first, undefined)).toBe(true);
  const names = Array.from({ length: 1_024 }, () => temporaryName('f'));
  expect(names.at(-1)).toBe(first);
  expect(new Set(names).size).toBe(1_024);
  expect(isAbandoned(first, undefined)).toBe(false);
});
