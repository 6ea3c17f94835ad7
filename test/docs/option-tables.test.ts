/** What the pages on coming from another library call ours is a name that our sources have. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documents, root } from './markdown.js';

const sources = readdirSync(`${root}packages`)
  .flatMap((name) =>
    readdirSync(`${root}packages/${name}/src`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(`${root}packages/${name}/src/${file}`, 'utf8')),
  )
  .join('\n');
const words = new Set(sources.match(/[A-Za-z_$][\w$]*/g));

/** Names that are a reader's own, or Node's. */
const others = new Set([
  ...[
    'allowFiles',
    'const',
    'event',
    'for',
    'await',
    'of',
    'true',
    'false',
    'client',
    'context',
    'NODE_DEBUG',
  ],
  ...[
    'createReadStream',
    'path',
    'directory',
    'SYST',
    'STAT',
    'SITE',
    'names',
    'date',
    'NO',
    'HASH',
  ],
]);

for (const document of documents().filter((name) => name.startsWith('docs/site/migrate/'))) {
  const rows = readFileSync(root + document, 'utf8')
    .split('\n')
    .filter((line) => /^\| .* \| .* \|$/.test(line))
    .map((line) => line.slice(2, -2).split(' | '))
    .filter(([, ours]) => ours !== 'Fivewire');

  describe(document, () => {
    it('has a table of options', () => expect(rows.length).toBeGreaterThan(8));

    it.each(rows)('%s → %s', (_, ours = '') => {
      const code = [...ours.matchAll(/`([^`]+)`/g)].map(([, text = '']) =>
        text.replace(/'[^']*'/g, ''),
      );
      const names = code.flatMap((text) => text.match(/[A-Za-z_$][\w$]*/g) ?? []);
      expect(names.filter((name) => !words.has(name) && !others.has(name))).toEqual([]);
    });
  });
}
