// `npm test`: everything that needs no network and no server of others. `npm test -- FILTER` runs matching tests only.
import { mkdirSync, readdirSync } from 'node:fs';
import { createReport, root } from './report.mjs';

mkdirSync(`${root}.cache`, { recursive: true });
const filters = process.argv.slice(2);
const report = createReport();
const bin = (name, path) => `${root}node_modules/${name}/${path}`;

if (filters.length === 0) {
  report.check('types of the tests', process.execPath, [
    bin('typescript', 'bin/tsc'),
    '-p',
    'tsconfig.tests.json',
  ]);
  report.check('lint and format', process.execPath, [
    bin('@biomejs/biome', 'bin/biome'),
    'check',
    '--error-on-warnings',
  ]);
  report.check('unused files, exports and dependencies', process.execPath, [
    bin('knip', 'bin/knip.js'),
  ]);
  for (const folder of readdirSync(`${root}packages`)) {
    report.check(`package.json of ${folder}`, process.execPath, [
      bin('publint', 'src/cli.js'),
      `packages/${folder}`,
      '--strict',
      '--pack',
      'false',
    ]);
  }
}
report.vitest('tests', filters);
report.end();
