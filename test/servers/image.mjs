// The test servers' own container image: `node test/servers/image.mjs [TAG]` builds it; test:containers builds and drives it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findEngine } from './containers.mjs';
import { checks } from './image-checks.mjs';
import { installPackages } from './install.mjs';
import { isFree } from './readiness.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const home = `${root}packages/test-servers`;
const ports = [
  ...[3025, 3587, 3465, 3143, 3144, 3993, 3110, 3111, 3995, 3020, 3021, 3990, 3119, 3120, 3563],
  3080,
];
const name = 'fivewire-own-image-test';

const insist = (command, args, options = {}) => {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')}:\n${result.stdout ?? ''}${result.stderr ?? ''}`);
  return result.stdout ?? '';
};

/** Builds the image. `FIVEWIRE_NODE_IMAGE` names another base than node:22-alpine. */
export const buildImage = (tag, { engine, build }) => {
  const context = mkdtempSync(join(tmpdir(), 'fivewire-image-'));
  try {
    const app = join(context, 'app');
    mkdirSync(app);
    insist('npx', ['--yes', packageManager(), 'pack', '--pack-destination', app], { cwd: home });
    const [tarball] = readdirSync(app);
    writeFileSync(join(app, 'package.json'), '{ "private": true }');
    const quiet = ['--omit=dev', '--omit=peer', '--ignore-scripts', '--no-audit', '--no-fund'];
    insist('npm', ['install', ...quiet, `./${tarball}`], { cwd: app });
    rmSync(join(app, tarball));
    copyFileSync(`${home}/Dockerfile`, join(context, 'Dockerfile'));
    const base = process.env.FIVEWIRE_NODE_IMAGE;
    const given = base === undefined ? [] : ['--build-arg', `BASE=${base}`];
    insist(engine, [...build, ...given, '-t', tag, context]);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
};

const packageManager = () =>
  JSON.parse(
    insist('node', ['-p', `JSON.stringify(require('${root}package.json').packageManager)`]),
  );

/** Builds it, runs it, and has it used from outside. Resolves to sums. */
export const driveImage = async (say) => {
  const sums = { passed: 0, failed: 0 };
  const check = async (title, work) => {
    try {
      const found = await work();
      sums.passed++;
      say(`ok      image: ${title}${typeof found === 'string' ? `: ${found}` : ''}`);
    } catch (error) {
      sums.failed++;
      say(`FAILED  image: ${title}: ${error.message}`);
    }
  };
  installPackages([], ['curl', 'lftp', 'python3'], say);
  const { engine, build } = findEngine();
  const run = (...args) => insist(engine, args);
  const volume = `${name}-ca`;
  const start = () => {
    const published = [...ports, '3200-3219'].flatMap((port) => [
      '-p',
      `127.0.0.1:${port}:${port}`,
    ]);
    run('run', '-d', '--name', name, '-v', `${volume}:/ca`, ...published, name);
  };
  const remove = () => spawnSync(engine, ['rm', '-f', name], { stdio: 'ignore' });
  try {
    for (const port of ports)
      if (!(await isFree(port, '127.0.0.1'))) throw new Error(`port ${port} is taken`);
    buildImage(name, { engine, build });
    remove();
    start();
    const world = {
      exec: (...args) => run('exec', name, ...args).trim(),
      logs: () => run('logs', name),
      startedAt: () =>
        Number(run('inspect', '--format', '{{.State.StartedAt.UnixMilli}}', name).trim()),
      image: () => JSON.parse(run('image', 'inspect', name))[0],
      restart: () => {
        remove();
        start();
      },
    };
    for (const [title, work] of checks) await check(title, () => work(world));
  } catch (error) {
    await check('builds and starts', () => Promise.reject(error));
  } finally {
    remove();
    for (const args of [
      ['volume', 'rm', '-f', volume],
      ['image', 'rm', '-f', name],
    ])
      spawnSync(engine, args, { stdio: 'ignore' });
  }
  return sums;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , tag = 'fivewire/test-servers'] = process.argv;
  buildImage(tag, findEngine());
  process.stdout.write(`${tag}\n`);
}
