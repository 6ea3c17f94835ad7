// One suite for both runners: it is told where the servers are by a file that FIVEWIRE_SERVERS names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folder } from './definitions.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs vitest over the suite; resolves to true sums. What did not run counts as failed. `signal` ends it. */
export const runSuite = async ({ runner, ca, running }, filters, signal) => {
  const directory = mkdtempSync(join(tmpdir(), 'fivewire-suite-'));
  const results = `${directory}/results.json`;
  const servers = Object.fromEntries(
    running.map((server) => [server.definition.name, address(server)]),
  );
  writeFileSync(`${directory}/servers.json`, JSON.stringify({ runner, ca, servers }, null, 2));
  try {
    const child = spawn(
      process.execPath,
      [
        ...[
          `${root}node_modules/vitest/vitest.mjs`,
          'run',
          '--config',
          `${folder}vitest.config.ts`,
        ],
        ...['--reporter=verbose', '--reporter=json', `--outputFile.json=${results}`, ...filters],
      ],
      {
        cwd: root,
        stdio: 'inherit',
        signal,
        env: {
          ...process.env,
          FIVEWIRE_SERVERS: `${directory}/servers.json`,
          FIVEWIRE_RUNNER: runner,
        },
      },
    );
    const [status] = await once(child, 'exit');
    return sums(results, status);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const address = ({ definition, host, unavailable }) =>
  unavailable
    ? { unavailable }
    : {
        host,
        serverHostname: definition.names[0],
        ports: Object.fromEntries(
          Object.entries(definition.ports).map(([key, { port }]) => [key, port]),
        ),
      };

const sums = (results, status) => {
  if (!existsSync(results)) return { passed: 0, failed: 1 };
  const { testResults } = JSON.parse(readFileSync(results, 'utf8'));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  // A file that could not be loaded has no tests to count: it is one failure.
  const broken = testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length;
  const failed = tests.length - passed + broken;
  // An unhandled rejection fails the run without failing a test.
  return { passed, failed: failed === 0 && status !== 0 ? 1 : failed };
};
