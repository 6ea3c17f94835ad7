/**
 * The first example of every README as a TypeScript program, of packages as they are installed, as strict as projects are; and all
 * snippets that run, as JavaScript whose types are checked.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { documents, type Snippet, snippetsOf } from '../docs/markdown.js';
import { asModule } from '../docs/program.js';
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
  const said = check(moduleResolution, names, {
    ...{ module, moduleResolution },
    ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  });
  expect(said).toBe('');
});

it('every snippet that runs', () => {
  // What shows that an argument is refused is wrong for the compiler as well.
  const isChecked = ({ language, options }: Snippet) =>
    language === 'js' &&
    !['shown', 'file'].some((option) => options.has(option)) &&
    options.get('throws') !== 'ERR_ARGUMENT';
  const snippets = documents().flatMap((path) => snippetsOf(path).filter(isChecked));
  expect(snippets.length).toBeGreaterThan(100);
  const files = snippets.map((snippet) => {
    const name = `${snippet.file.replaceAll('/', '-')}-${snippet.line}.mjs`;
    writeFileSync(join(folder, name), `${asModule(snippet)}\nexport {};\n`);
    return name;
  });
  // Modules of others, which pages of migration begin with, and variables that are said to be set.
  const others = snippets
    .flatMap(({ code }) => [...code.matchAll(/^import .* from '([^'.]+)';$/gm)])
    .map(([, name = '']) => name)
    .filter((name) => !/^(?:node:|@fivewire\/|fivewire$|tls-context-core$)/.test(name));
  const known = ['namespace NodeJS { interface ProcessEnv { [name: string]: string } }'];
  for (const name of new Set(others)) known.push(`module '${name}';`);
  writeFileSync(join(folder, 'known.d.ts'), known.map((one) => `declare ${one}\n`).join(''));
  const said = check('snippets', [...files, 'known.d.ts'], {
    ...{ module: 'nodenext', moduleResolution: 'nodenext', checkJs: true },
    ...{ noImplicitAny: false, useUnknownInCatchVariables: false },
  });
  expect(said).toBe('');
});

/** What the compiler has against the files. */
function check(name: string, files: readonly string[], options: object): string {
  const compilerOptions = {
    ...{ strict: true, skipLibCheck: true, noEmit: true },
    ...{ target: 'es2022', lib: ['es2023'] },
    ...{ typeRoots: [join(root, 'node_modules/@types')], types: ['node'] },
    ...options,
  };
  const config = join(folder, `${name}.json`);
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return String((error as { stdout?: Buffer }).stdout ?? error);
  }
}
