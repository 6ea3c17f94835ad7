// Runs commands, one after the other unless they are checks of one kind, counts what passed and failed, and ends with the line that machines read.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Published test data lies beside the checkout, and not in a newcomer's clone: only there may a test be left out. */
const corpora = process.env.FIVEWIRE_CORPORA ?? `${root}../shared/corpora`;

/** Starts a report. `check` counts a command as one; `vitest` counts its tests; `count` adds what a command printed. */
export function createReport() {
  const sums = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const add = (title, passed, failed) => {
    sums.passed += passed;
    sums.failed += failed;
    if (failed > 0) failures.push(title);
  };

  const run = (title, command, args, options = {}) => {
    const start = Date.now();
    process.stdout.write(`\n── ${title}\n`);
    const result = spawnSync(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      ...options,
    });
    if (result.error) process.stdout.write(`${command}: ${result.error.message}\n`);
    process.stdout.write(
      `── ${title}: ${result.status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - start) / 1000).toFixed(1)} s\n`,
    );
    return result;
  };

  return {
    sums,
    check(title, command, args, options) {
      const ok = run(title, command, args, options).status === 0;
      add(title, ok ? 1 : 0, ok ? 0 : 1);
    },
    /** Checks that have nothing to do with each other: as many at once as there are cores, each counted as one. @param checks title, then arguments of Node */
    async checks(checks) {
      const left = [...checks];
      const work = async () => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const [title, args] = next;
          const start = Date.now();
          const { said, status } = await quietly(process.execPath, args);
          const ended = status === 0 ? 'ok' : 'FAILED';
          process.stdout.write(
            `\n${said.trimEnd()}\n── ${title}: ${ended} in ${((Date.now() - start) / 1000).toFixed(1)} s\n`,
          );
          add(title, status === 0 ? 1 : 0, status === 0 ? 0 : 1);
        }
      };
      await Promise.all(Array.from({ length: availableParallelism() }, work));
    },
    /** Counts tests, and a run that ended badly without a failed test as one failure. */
    vitest(title, args, { node = process.execPath, env = process.env } = {}) {
      const output = `${root}.cache/vitest-${process.pid}.json`;
      rmSync(output, { force: true });
      const result = run(
        title,
        node,
        [
          'node_modules/vitest/vitest.mjs',
          'run',
          '--reporter=default',
          '--reporter=json',
          `--outputFile.json=${output}`,
          ...args,
        ],
        { env },
      );
      let passed = 0;
      let failed = 0;
      let skipped = 0;
      try {
        const report = JSON.parse(readFileSync(output, 'utf8'));
        passed = report.numPassedTests;
        failed = report.numFailedTests;
        skipped = report.numPendingTests + report.numTodoTests;
      } catch (error) {
        process.stdout.write(`${title}: no report: ${error.message}\n`);
      }
      const excused = !existsSync(corpora);
      if (skipped > 0) {
        const why = excused ? `the published data is not at ${corpora}` : 'which counts as failed';
        process.stdout.write(`!!! ${title}: ${skipped} tests were SKIPPED: ${why}\n`);
      }
      if (excused) sums.skipped += skipped;
      if (passed + failed === 0) process.stdout.write(`${title}: no test ran\n`);
      const other = result.status !== 0 && failed === 0 ? 1 : 0;
      add(
        title,
        passed,
        failed + (excused ? 0 : skipped) + other + (passed + failed === 0 ? 1 : 0),
      );
    },
    /** A command that ends with `N passed, N failed` itself. */
    count(title, command, args, options) {
      const result = run(title, command, args, {
        ...options,
        stdio: ['ignore', 'pipe', 'inherit'],
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      process.stdout.write(result.stdout ?? '');
      const line = [...(result.stdout ?? '').matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1);
      const passed = Number(line?.[1] ?? 0);
      const failed = Number(line?.[2] ?? 0);
      add(
        title,
        passed,
        failed + (line === undefined || (result.status !== 0 && failed === 0) ? 1 : 0),
      );
    },
    /** Prints the sums and exits. */
    end() {
      for (const title of failures) process.stdout.write(`failed: ${title}\n`);
      const skipped = sums.skipped > 0 ? `, ${sums.skipped} skipped` : '';
      process.stdout.write(`\n${sums.passed} passed, ${sums.failed} failed${skipped}\n`);
      process.exit(sums.failed === 0 && sums.passed > 0 ? 0 : 1);
    },
  };
}

/** Runs a command and keeps what it says, so that two at once do not talk at once. */
function quietly(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // The compiler is written in Go, and ends before it needs its garbage collected.
      env: { ...process.env, GOGC: 'off', GOMEMLIMIT: '2GiB' },
    });
    const said = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (octets) => said.push(octets));
    child.on('error', (error) => said.push(Buffer.from(`${command}: ${error.message}\n`)));
    child.on('close', (status) => resolve({ said: Buffer.concat(said).toString(), status }));
  });
}
