/** Tarballs as they would be published, and what is in them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/**
 * Packs every package with pnpm, which alone rewrites `workspace:` and `catalog:`.
 * @param folder below `.cache/`: one for each test file, for they run at once
 */
export function packAll(folder = 'packed'): Map<string, Packed> {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const destination = join(root, '.cache', folder);
  rmSync(destination, { recursive: true, force: true });
  mkdirSync(destination, { recursive: true });
  const filter = ['--filter', './packages/*', '-r'];
  execFileSync(
    'npx',
    ['--yes', packageManager, ...filter, 'pack', '--pack-destination', destination],
    { cwd: root, stdio: 'pipe' },
  );
  return new Map(
    readdirSync(destination).map((file) => {
      const packed = readTarball(join(destination, file));
      return [packed.name, packed];
    }),
  );
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

/** The tarballs that a package needs of ours, itself included. */
export function withOwnDependencies(name: string, packed: Map<string, Packed>): Packed[] {
  const wanted = new Set<string>();
  const visit = (one: string): void => {
    const entry = packed.get(one);
    if (entry === undefined || wanted.has(one)) return;
    wanted.add(one);
    for (const dependency of Object.keys((entry.manifest.dependencies as object | undefined) ?? {}))
      visit(dependency);
  };
  visit(name);
  return [...wanted].map((one) => packed.get(one) as Packed);
}
