// `npm run docs`: the API reference of all packages, into docs/api. Installs TypeDoc beside this file at first use.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

const run = (command, args, cwd) => {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
if (!existsSync(`${here}node_modules/typedoc`)) {
  run('npx', ['--yes', packageManager, 'install', '--ignore-workspace', '--frozen-lockfile'], here);
}
run(
  process.execPath,
  [`${here}node_modules/typedoc/bin/typedoc`, '--options', `${here}typedoc.json`],
  root,
);
