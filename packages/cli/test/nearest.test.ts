import { expect, it } from 'vitest';
import { nearest } from '../src/nearest.js';

const words = ['delete', 'dry-run', 'limit', 'limit-rate', 'state'];
it.each([
  ['delte', 'delete'],
  ['dryrun', 'dry-run'],
  ['limit-rat', 'limit-rate'],
  ['stat', 'state'],
  ['nosuch', undefined],
  ['x', undefined],
])('%s is %s', (word, meant) => {
  expect(nearest(word, words)).toBe(meant);
});
