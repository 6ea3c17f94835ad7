// `npm test`: everything that needs no network and no server of others. `npm test -- FILTER` runs matching tests only.
import { mkdirSync, readdirSync } from 'node:fs';
import { createReport, root } from './report.mjs';

mkdirSync(`${root}.cache`, { recursive: true });
const filters = process.argv.slice(2);
const report = createReport();
const bin = (name, path) => `${root}node_modules/${name}/${path}`;

if (filters.length === 0) {
  await report.checks([
    ['unused files, exports and dependencies', [bin('knip', 'bin/knip.js')]],
    ['lint and format', [bin('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings']],
    // By one checker: several check much of the program each.
    [
      'types of the tests',
      [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.tests.json', '--singleThreaded'],
    ],
    ...readdirSync(`${root}packages`).map((folder) => [
      `package.json of ${folder}`,
      [bin('publint', 'src/cli.js'), `packages/${folder}`, '--strict', '--pack', 'false'],
    ]),
  ]);
}
report.vitest('tests', filters);
report.end();
