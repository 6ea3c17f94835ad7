/** The first example of every README as a TypeScript program, of packages as they are installed, as strict as projects are. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packedProject, readTarballs } from './pack.js';
import { firstExample } from './readme.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let names: string[];

beforeAll(() => {
  const made = packedProject();
  const { folder: project } = made;
  const packed = readTarballs(made);
  folder = mkdtempSync(join(tmpdir(), 'fivewire-types-'));
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  const readmes = [
    'README.md',
    ...[...packed.values()].map((one) => `packages/${one.folder}/README.md`),
  ];
  names = readmes.map((path) => {
    const name = `${path.replaceAll('/', '-').replace(/\.md$/, '')}.mts`;
    writeFileSync(join(folder, name), firstExample(readFileSync(join(root, path), 'utf8')));
    return name;
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])('--module %s --moduleResolution %s', (module, moduleResolution) => {
  const compilerOptions = {
    ...{
      module,
      moduleResolution,
      strict: true,
      skipLibCheck: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    },
    ...{
      noUncheckedIndexedAccess: true,
      target: 'es2022',
      lib: ['es2023'],
    },
    ...{ typeRoots: [join(root, 'node_modules/@types')], types: ['node'] },
  };
  const config = join(folder, `${moduleResolution}.json`);
  writeFileSync(config, JSON.stringify({ compilerOptions, files: names }));
  let said = '';
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { stdio: 'pipe' });
  } catch (error) {
    said = String((error as { stdout?: Buffer }).stdout ?? error);
  }
  expect(said).toBe('');
});
