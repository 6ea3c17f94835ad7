// `npm run release`, in the release workflow: publishes what the changesets have named. Provenance demands that each package says
// where it lies; that is known here alone, so it is written into the manifests and not kept.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
if (!server || !name) {
  process.stderr.write(
    'Releases are made by .github/workflows/release.yml, which knows the repository.\n',
  );
  process.exit(1);
}
for (const folder of readdirSync(`${root}packages`)) {
  const file = `${root}packages/${folder}/package.json`;
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const repository = {
    type: 'git',
    url: `git+${server}/${name}.git`,
    directory: `packages/${folder}`,
  };
  writeFileSync(file, `${JSON.stringify({ ...manifest, repository }, null, 2)}\n`);
}
const { status } = spawnSync('npx', ['changeset', 'publish'], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
