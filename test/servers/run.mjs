// node test/servers/run.mjs native|containers [--keep] [test file …]: starts the real servers, runs the suite, ends them.
// node test/servers/run.mjs image: our own test servers' image alone.

import { startContainers } from './containers.mjs';
import { readDefinitions } from './definitions.mjs';
import { driveImage } from './image.mjs';
import { startNative } from './native.mjs';
import { runSuite } from './suite.mjs';

const runners = { native: startNative, containers: startContainers };
const say = (text) => process.stdout.write(`${text}\n`);

const main = async ([runner, ...rest]) => {
  if (runner === 'image') {
    const { passed, failed } = await driveImage(say);
    say(`${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0 ? 0 : 1;
  }
  const startServers = runners[runner];
  if (startServers === undefined) {
    process.stderr.write(
      `usage: run.mjs ${Object.keys(runners).join('|')} [--keep] [test file …], run.mjs image\n`,
    );
    return 64;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
  }
  const { signal } = interrupted;
  const started = await startServers(readDefinitions(runner), {
    // The foreign clients that prove the servers before ours are judged by them, and the queue and the resolver that tests start by themselves.
    extraPackages: ['curl', 'openssl', 'python3', 'redis-server', 'unbound', 'ldnsutils'],
    keep: rest.includes('--keep'),
    ...{ say, signal },
  });
  const missing = started.running.filter(({ unavailable }) => unavailable);
  let sums;
  try {
    for (const { definition, unavailable } of started.running) {
      say(`${definition.name}: ${unavailable ? `NOT RUNNING: ${unavailable}` : 'ready'}`);
    }
    const filters = rest.filter((word) => !word.startsWith('--'));
    sums = await runSuite({ runner, ...started }, filters, signal);
  } finally {
    await started.stop();
  }
  if (runner === 'containers' && !signal.aborted) {
    const own = await driveImage(say);
    sums = { passed: sums.passed + own.passed, failed: sums.failed + own.failed };
  }
  for (const { definition, unavailable } of missing) {
    say(`NOT EXERCISED: ${definition.name}: ${unavailable.split('\n')[0]}`);
  }
  say(`${sums.passed} passed, ${sums.failed} failed`);
  return sums.failed === 0 && sums.passed > 0 && missing.length === 0 ? 0 : 1;
};

process.exitCode = await main(process.argv.slice(2)).catch((error) => {
  say(`The test servers: ${error.stack}`);
  say('0 passed, 1 failed');
  return 1;
});
