/** Tarballs as they would be published, what is in them, and an empty project that has installed them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { madeOnce } from './made-once.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Packed {
  folder: string;
  name: string;
  tarball: string;
  /** Octets of the tarball. */
  size: number;
  files: string[];
  manifest: Record<string, unknown>;
}

export interface PackedProject {
  /** Where all packages are installed from their tarballs, as a user's project has them. */
  folder: string;
  /** Where the tarballs lie. */
  tarballs: string;
}

/**
 * Packs every package with pnpm, which alone rewrites `workspace:` and `catalog:`, and installs the tarballs into one empty
 * project. It is made once for one state of the packages: test files that run at once, and later runs, share it.
 */
export function packedProject(): PackedProject {
  const place = join(root, '.cache', 'packed', fingerprint());
  madeOnce(place, (aside) => {
    const [tarballs, folder] = partsOf(aside);
    mkdirSync(tarballs);
    mkdirSync(folder);
    const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const filter = ['--filter', './packages/*', '-r'];
    execFileSync(
      'npx',
      ['--yes', packageManager, ...filter, 'pack', '--pack-destination', tarballs],
      { cwd: root, stdio: 'pipe' },
    );
    writeFileSync(
      join(folder, 'package.json'),
      '{ "name": "user", "version": "1.0.0", "private": true }',
    );
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    execFileSync(
      'npm',
      [...install, ...readdirSync(tarballs).map((file) => join(tarballs, file))],
      { cwd: folder, stdio: 'pipe' },
    );
  });
  const [tarballs, folder] = partsOf(place);
  return { tarballs, folder };
}

/** What is in the tarballs, by the packages' names. */
export function readTarballs({ tarballs }: PackedProject): Map<string, Packed> {
  const packed = readdirSync(tarballs).map((file) => readTarball(join(tarballs, file)));
  return new Map(packed.map((one) => [one.name, one]));
}

const partsOf = (place: string) =>
  ['tarballs', 'project'].map((name) => join(place, name)) as [string, string];

/** Of everything that goes into a tarball. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const folder = join(root, 'packages', name);
    const dist = readdirSync(join(folder, 'dist'), { recursive: true }) as string[];
    const files = [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      ...dist.sort().map((file) => join('dist', file)),
    ];
    for (const path of files.map((file) => join(folder, file)))
      if (existsSync(path) && statSync(path).isFile()) hash.update(path).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

function readTarball(tarball: string): Packed {
  const list = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
  const manifest = JSON.parse(
    execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }),
  );
  return {
    folder: manifest.name === 'fivewire' ? 'cli' : manifest.name.replace(/^@fivewire\//, ''),
    name: manifest.name,
    tarball,
    size: readFileSync(tarball).length,
    files: list
      .split('\n')
      .filter(Boolean)
      .map((path) => path.replace(/^package\//, '')),
    manifest,
  };
}

interface Installed {
  name: string;
  /** Octets on disk. */
  size: number;
}

/** What `npm install NAME` alone would bring, by the manifests of what lies in the project. */
export function closureOf(name: string, { folder }: PackedProject): Installed[] {
  const found = new Map<string, Installed>();
  const visit = (one: string, from: string): void => {
    const place = [join(from, 'node_modules', one), join(folder, 'node_modules', one)].find(
      existsSync,
    );
    if (place === undefined) throw new Error(`${one} is not installed`);
    if (found.has(place)) return;
    const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    const files = (readdirSync(place, { recursive: true }) as string[]).map((file) =>
      statSync(join(place, file)),
    );
    found.set(place, {
      name: one,
      size: files.filter((file) => file.isFile()).reduce((sum, { size }) => sum + size, 0),
    });
    for (const dependency of Object.keys(manifest.dependencies ?? {})) visit(dependency, place);
  };
  visit(name, folder);
  return [...found.values()];
}

/** The packages that a tarball's code imports, by name: as it lies in the project that has installed it. */
export function importsOf({ name, files }: Packed, { folder }: PackedProject): string[] {
  const names = new Set<string>();
  for (const file of files.filter((path) => path.endsWith('.js'))) {
    const code = readFileSync(join(folder, 'node_modules', name, file), 'utf8');
    for (const [, from] of code.matchAll(
      /(?:^import\b[^;'"]*|^export\b[^;'"]*from |\bimport\()["']([^"'.][^"']*)["']/gm,
    ))
      if (!from?.startsWith('node:'))
        names.add(/^(?:@[^/]+\/)?[^/]+/.exec(from as string)?.[0] as string);
  }
  return [...names];
}
