// Installs and builds, each only when needed. Plain Node without a dependency: it is what a fresh clone runs first.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.bootstrap`;

const run = (command, args) => {
  // What an installer prints is talk: stdout belongs to the command that the user asked for.
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.error) process.stderr.write(`${command}: ${result.error.message}\n`);
  if (result.status !== 0) process.exit(result.status ?? 1);
};

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Fivewire needs Node 20.19 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
// With what the lock file was made from: one that lags behind is told at once, and not first in a fresh clone.
const sources = [
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'package.json',
  ...readdirSync(`${root}packages`).map((folder) => `packages/${folder}/package.json`),
];
const hash = createHash('sha256');
for (const name of sources) hash.update(readFileSync(`${root}${name}`));
const wanted = hash.digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  run('npx', ['--yes', manifest.packageManager, 'install', '--frozen-lockfile']);
  writeFileSync(stamp, wanted);
}
run(process.execPath, ['node_modules/typescript/bin/tsc', '-b']);

// Not before its dependencies are there.
const { bundlePackages } = await import('./bundle.mjs');
await bundlePackages();
