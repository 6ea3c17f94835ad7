// `npm run test:mutants`: takes each guard out, in a copy of the sources, and demands that tests turn red.
// `npm run test:mutants -- WORD` runs those whose guard or file has that word.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mutants } from './mutants.mjs';
import { root } from './report.mjs';

const word = process.argv[2] ?? '';
const wanted = mutants.filter((mutant) => `${mutant.guard} ${mutant.in}`.includes(word));
const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
const counts = { passed: 0, failed: 0 };

process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

copySources();
const whole = [...new Set(wanted.flatMap(({ red }) => red))].filter(isGreen);
for (const mutant of wanted) judge(mutant);
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

/** The working tree is left alone: what is mutated is a copy, with the same dependencies beneath. */
function copySources() {
  const leftOut = new Set(['node_modules', 'dist', 'servers', 'bench']);
  const filter = (path) => !leftOut.has(basename(path)) && !path.endsWith('.tsbuildinfo');
  for (const name of ['packages', 'test', 'package.json', 'tsconfig.base.json', 'vitest.config.ts'])
    cpSync(join(root, name), join(copy, name), { recursive: true, filter });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const folder of readdirSync(join(root, 'packages'))) {
    const modules = join(root, 'packages', folder, 'node_modules');
    if (existsSync(modules)) symlinkSync(modules, join(copy, 'packages', folder, 'node_modules'));
  }
}

/** A test that fails by itself proves nothing. */
function isGreen(file) {
  const { failed, passed, status } = run(file, []);
  const green = status === 0 && failed === 0 && passed > 0;
  report(green, `unmutated: ${file}`, `${passed} passed, ${failed} failed, exit status ${status}`);
  return green;
}

function judge({ guard, in: file, take, put, red }) {
  const path = join(copy, 'packages', file);
  const source = readFileSync(path, 'utf8');
  const found = source.split(take).length - 1;
  if (found !== 1) {
    report(false, guard, `its text stands ${found} times in ${file}`);
    return;
  }
  writeFileSync(
    path,
    source.replace(take, () => put),
  );
  const runs = red
    .filter((test) => whole.includes(test))
    .map((test) => ({ test, ...run(test, ['--bail=1']) }))
    .filter(({ failed }) => failed === 0);
  const blind = runs.filter(({ passed }) => passed > 0).map(({ test }) => test);
  const unfinished = runs.filter(({ passed }) => passed === 0).map(({ test }) => test);
  const useless = red.filter((test) => !whole.includes(test));
  writeFileSync(path, source);
  report(
    runs.length + useless.length === 0,
    guard,
    [
      blind.length > 0 && `without it still green: ${blind.join(', ')}`,
      unfinished.length > 0 && `not run to its end: ${unfinished.join(', ')}`,
      useless.length > 0 && `red before: ${useless.join(', ')}`,
    ]
      .filter(Boolean)
      .join('; '),
  );
}

/** One test file in the copy. Only tests that ran and failed count; a file that can't be loaded does not. */
function run(file, args) {
  const output = join(copy, '.cache', 'report.json');
  mkdirSync(join(copy, '.cache'), { recursive: true });
  rmSync(output, { force: true });
  const { status } = spawnSync(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=json',
      `--outputFile.json=${output}`,
      '--testTimeout=10000',
      ...args,
      file,
    ],
    { cwd: copy, env: { ...process.env, CI: '1', FIVEWIRE_CORPORA: corpora() }, timeout: 900_000 },
  );
  if (!existsSync(output)) return { passed: 0, failed: 0, status };
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(
    readFileSync(output, 'utf8'),
  );
  return { passed, failed, status };
}

function corpora() {
  return process.env.FIVEWIRE_CORPORA ?? join(root, '../shared/corpora');
}

function report(ok, title, why) {
  counts[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? '✓' : '✗'} ${title}${ok ? '' : `\n  ${why}`}`);
}
