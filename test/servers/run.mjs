// node test/servers/run.mjs native|containers [--keep] [test file …]: starts the real servers, runs the suite, ends them.

import { startContainers } from './containers.mjs';
import { readDefinitions } from './definitions.mjs';
import { startNative } from './native.mjs';
import { runSuite } from './suite.mjs';

const runners = { native: startNative, containers: startContainers };
const say = (text) => process.stdout.write(`${text}\n`);

const main = async ([runner, ...rest]) => {
  const startServers = runners[runner];
  if (startServers === undefined) {
    process.stderr.write(
      `usage: run.mjs ${Object.keys(runners).join('|')} [--keep] [test file …]\n`,
    );
    return 64;
  }
  const started = await startServers(readDefinitions(), {
    // The foreign clients that prove the servers before ours are judged by them.
    extraPackages: ['curl', 'openssl', 'python3'],
    keep: rest.includes('--keep'),
    say,
  });
  let ending;
  const stop = () => {
    ending ??= started.stop();
    return ending;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => stop().finally(() => process.exit(130)));
  }
  try {
    for (const { definition, unavailable } of started.running) {
      say(`${definition.name}: ${unavailable ? `NOT RUNNING: ${unavailable}` : 'ready'}`);
    }
    const filters = rest.filter((word) => !word.startsWith('--'));
    const { passed, failed } = await runSuite({ runner, ...started }, filters);
    await stop();
    const missing = started.running.filter(({ unavailable }) => unavailable);
    for (const { definition, unavailable } of missing) {
      say(`NOT EXERCISED: ${definition.name}: ${unavailable.split('\n')[0]}`);
    }
    say(`${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0 && missing.length === 0 ? 0 : 1;
  } finally {
    await stop();
  }
};

process.exitCode = await main(process.argv.slice(2)).catch((error) => {
  say(`The test servers could not be started: ${error.stack}`);
  say('0 passed, 1 failed');
  return 1;
});
