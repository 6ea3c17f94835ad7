// `npm run docs`: the site, into docs/site/.vitepress/dist, then its check. The API part is TypeDoc's, as Markdown.
// What builds it lies beside the pages and is installed at first use: no package pulls it in, and TypeDoc reads another
// TypeScript than the one that builds the packages. Once installed it needs no network.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkSite } from './check.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const site = `${root}docs/site/`;
const stamp = `${site}node_modules/.installed`;

const run = (command, args, cwd) => {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error) process.stderr.write(`${command}: ${error.message}\n`);
  if (status !== 0) process.exit(status ?? 1);
};

const wanted = createHash('sha256')
  .update(readFileSync(`${site}pnpm-lock.yaml`))
  .digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  run('npx', ['--yes', packageManager, 'install', '--ignore-workspace', '--frozen-lockfile'], site);
  writeFileSync(stamp, wanted);
}
rmSync(`${site}api`, { recursive: true, force: true });
run(process.execPath, ['node_modules/typedoc/bin/typedoc', '--options', 'typedoc.json'], site);
run(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build'], site);

const { pages, links, octets, problems } = checkSite(`${site}.vitepress/dist`);
for (const problem of problems) console.error(problem);
console.log(
  `${pages} pages, ${links} links, ${(octets / 1e6).toFixed(1)} MB in docs/site/.vitepress/dist`,
);
if (problems.length > 0) process.exit(1);
