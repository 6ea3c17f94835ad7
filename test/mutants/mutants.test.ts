/** The guards of `npm run test:mutants` stand where the table says: it runs for long, and a guard that has moved is seen here at once. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mutants } from '../../tools/mutants.mjs';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);

it.each(mutants)('$guard', ({ in: file, take, put, red }) => {
  const source = readFileSync(at(`packages/${file}`), 'utf8');
  expect(source.split(take).length - 1, `its text in ${file}`).toBe(1);
  expect(put).not.toBe(take);
  expect(red.length).toBeGreaterThan(0);
  for (const test of red) expect(existsSync(at(test)), test).toBe(true);
});
