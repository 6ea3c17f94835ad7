/** Tried as a new user would: pack, install the tarballs in an empty project, run the README's first example. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExampleWorld, startExampleWorld } from '../support/example-runner.js';
import { Stage } from '../support/stage.js';
import {
  closureOf,
  importsOf,
  type Packed,
  type PackedProject,
  packedProject,
  readTarballs,
} from './pack.js';
import { asCommonJs, firstExample } from './readme.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const run = promisify(execFile);
const packages = [
  'tls-context-core',
  '@fivewire/line-protocol',
  '@fivewire/sasl',
  '@fivewire/ftp',
  '@fivewire/imap',
  '@fivewire/pop3',
  '@fivewire/smtp',
  '@fivewire/nntp',
  '@fivewire/test-servers',
  '@fivewire/compose',
  '@fivewire/jobs',
  'fivewire',
];

/** Octets of a tarball. A package that grows past it should know why. */
const sizeBudget = 180_000;

let project: PackedProject;
let packed: ReadonlyMap<string, Packed>;
let world: ExampleWorld;
let stage: Stage;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'fivewire-packed-'));
  project = packedProject();
  packed = readTarballs(project);
  world = await startExampleWorld(home);
  stage = new Stage(world);
});

afterAll(async () => {
  stage?.end();
  await world?.servers.close();
  rmSync(home, { recursive: true, force: true });
});

/** A place of its own inside the project, where all packages are found. */
function place(name: string): string {
  const folder = join(project.folder, 'tried', name.replaceAll('/', '-'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Something for each example to find. */
function makeContent(folder: string): void {
  const { mail, news } = world.servers;
  const text = 'From: bob@example.org\r\nTo: alice@example.org\r\nSubject: Hello\r\n';
  for (const user of ['alice', 'alice@example.org']) mail.deliver(user, `${text}\r\nHi.\r\n`);
  const id = `${Date.now()}@example.org`;
  news.add(`${text}Newsgroups: comp.lang.javascript\r\nMessage-ID: <${id}>\r\n\r\nHi.\r\n`);
  writeFileSync(join(folder, 'report.csv'), 'a;b\r\n1;2\r\n');
}

it('packs every package', () => {
  expect([...packed.keys()].sort()).toEqual([...packages].sort());
});

describe.each(packages)('%s', (name) => {
  it('packs what a user needs, and no more', () => {
    const { files, manifest, size } = packed.get(name) as Packed;
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'LICENSE',
        'dist/index.js',
        'dist/index.d.ts',
      ]),
    );
    expect(
      files.filter(
        (file) =>
          !/^(dist\/.*\.(js|js\.map|d\.ts)|dist\/LICENSES\.txt|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(
            file,
          ),
      ),
    ).toEqual([]);
    expect(JSON.stringify(manifest)).not.toMatch(/workspace:|catalog:/);
    expect(manifest).toMatchObject({
      type: 'module',
      license: 'MIT',
      engines: { node: '>=20.19.0' },
    });
    expect(size).toBeLessThan(sizeBudget);
  });

  it('names every package that its code imports', () => {
    const one = packed.get(name) as Packed;
    const { dependencies = {}, peerDependencies = {} } = one.manifest as Record<string, object>;
    const named = Object.keys({ ...dependencies, ...peerDependencies });
    expect(importsOf(one, project).filter((from) => !named.includes(from))).toEqual([]);
  });

  it('gives its types to ES modules and CommonJS', async () => {
    const { tarball } = packed.get(name) as Packed;
    const octets = new Uint8Array(readFileSync(tarball));
    const result = await checkPackage(createPackageFromTarballData(octets));
    expect(result.types).toBeTruthy();
    const problems = 'problems' in result ? result.problems : [];
    // A package of ES modules: resolutions that know none are not ours to mend.
    const left = ['node10', 'node16-cjs'];
    expect(
      problems.filter((one) => !('resolutionKind' in one) || !left.includes(one.resolutionKind)),
    ).toEqual([]);
  });

  it('runs its README by import and by require', async () => {
    const folder = place(name);
    const readme = readFileSync(
      new URL(`../../packages/${packed.get(name)?.folder}/README.md`, import.meta.url),
      'utf8',
    );
    const example = firstExample(readme);
    expect(example.split('\n').length, 'the first example fits on a screen').toBeLessThan(45);
    writeFileSync(join(folder, 'example.mjs'), example);
    writeFileSync(join(folder, 'example.cjs'), asCommonJs(example));
    for (const file of ['example.mjs', 'example.cjs']) {
      makeContent(folder);
      const { stdout, stderr, problem } = await stage.run(join(folder, file), folder, world.env, {
        mustEnd: true,
      });
      expect({ stderr, problem }, `${file} of ${name}`).toEqual({ stderr: '', problem: undefined });
      expect(stdout.length, `${file} of ${name} prints something`).toBeGreaterThan(0);
    }
  });
});

it('is one and the same by import and by require', async () => {
  const folder = place('same');
  writeFileSync(
    join(folder, 'same.cjs'),
    `const required = require('@fivewire/imap');
     import('@fivewire/imap').then((imported) => console.log(required.ImapClient === imported.ImapClient));`,
  );
  expect((await run(process.execPath, ['same.cjs'], { cwd: folder })).stdout).toBe('true\n');
});

it('has source maps that lead a stack trace to the lines of the sources', async () => {
  const folder = place('mapped');
  writeFileSync(
    join(folder, 'mapped.mjs'),
    `import { ImapClient } from '@fivewire/imap';
     await ImapClient.connect({ host: 'localhost', bogus: 1 }).catch((error) => console.log(error.stack));`,
  );
  const { stdout } = await run(process.execPath, ['--enable-source-maps', 'mapped.mjs'], {
    cwd: folder,
  });
  const frames = [...stdout.matchAll(/\/(?:@fivewire\/)?([\w-]+)\/src\/([\w/-]+\.ts):(\d+)/g)].map(
    ([, name, file, line]) => ({
      name,
      text: readFileSync(join(repository, 'packages', `${name}`, 'src', `${file}`), 'utf8').split(
        '\n',
      )[Number(line) - 1],
    }),
  );
  expect(frames[0], stdout).toEqual({
    name: 'tls-context-core',
    text: expect.stringContaining('unknownOption'),
  });
  expect(frames, stdout).toContainEqual({
    name: 'imap',
    text: expect.stringContaining('forProtocol('),
  });
});

/** Packages that `npm install` brings, and octets: what is needed for few sessions is an optional peer. */
const budgets = {
  '@fivewire/pop3': { packages: 4, octets: 1_300_000 },
  '@fivewire/smtp': { packages: 4, octets: 1_300_000 },
  '@fivewire/imap': { packages: 6, octets: 1_300_000 },
  '@fivewire/ftp': { packages: 6, octets: 1_300_000 },
  '@fivewire/nntp': { packages: 6, octets: 1_300_000 },
  // A certificate authority brings most of them, and a parser of messages.
  '@fivewire/test-servers': { packages: 23, octets: 4_000_000 },
};

it.each(Object.entries(budgets))('keeps %s light', (name, budget) => {
  const brought = closureOf(name, project);
  const octets = brought.reduce((sum, { size }) => sum + size, 0);
  expect(brought.length, brought.map((one) => one.name).join(' ')).toBeLessThanOrEqual(
    budget.packages,
  );
  expect(octets, JSON.stringify(brought)).toBeLessThanOrEqual(budget.octets);
});
