/** No document is left out. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { documentsOf, type Lane, laneNames } from './lanes.js';
import { documents, root } from './markdown.js';

it('each lane has a test file, and each document a lane', () => {
  const files = readdirSync(`${root}test/docs`).filter((name) => name.startsWith('snippets-'));
  expect(files.sort()).toEqual(laneNames.map((name) => `snippets-${name}.test.ts`).sort());
  for (const name of laneNames)
    expect(readFileSync(`${root}test/docs/snippets-${name}.test.ts`, 'utf8')).toContain(
      `testSnippets(documentsOf('${name}'))`,
    );
  const found = laneNames.flatMap((name) => documentsOf(name as Lane));
  expect(found.sort()).toEqual(documents().sort());
});
