// The servers as containers, from the compose.yaml and the Dockerfiles beside this file.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { folder, portVariables } from './definitions.mjs';
import { installPackages } from './install.mjs';
import { awaitGreetings, onFreePorts } from './readiness.mjs';

const host = '127.0.0.1';
const project = 'fivewire-test-servers';
const greetingWithin = 180_000;
/** Packages are fetched, unpacked and written, containers wait for their disks: two cores are busy with three. */
const atOnce = 3;

// The first engine that answers, with a compose that it has. podman's own network may reach no package archive.
const engines = [
  { engine: 'docker', build: ['build'], composes: [['docker', 'compose'], ['docker-compose']] },
  {
    engine: 'podman',
    build: ['build', '--network=host'],
    composes: [['podman-compose'], ['podman', 'compose']],
  },
];

/** Builds and starts all. Resolves to the same as startNative. */
export const startContainers = async (asDefined, { extraPackages, keep, say, signal }) => {
  installPackages([], extraPackages, say);
  const { engine, build, compose } = findEngine();
  say(`Using ${compose.join(' ')}.`);
  const definitions = await onFreePorts(asDefined, host);
  const base = mkdtempSync(join(tmpdir(), 'fivewire-containers-'));
  chmodSync(base, 0o755);
  const env = {
    ...process.env,
    ...portVariables(definitions),
    FIVEWIRE_CERTIFICATES: base,
  };
  const run = ([program, ...args], stdio) =>
    spawnSync(program, args, { cwd: folder, env, stdio, encoding: 'utf8' });
  const withProject = (...args) => [
    ...compose,
    '-f',
    `${folder}compose.yaml`,
    '-p',
    project,
    ...args,
  ];
  const stop = async () => {
    if (keep)
      return say(`Left running: ${compose.join(' ')} -p ${project} ps; certificates in ${base}`);
    run(withProject('down', '-t', '1'), 'ignore');
    run([engine, 'network', 'rm', `${project}_default`], 'ignore'); // podman-compose 1.0 leaves it
    rmSync(base, { recursive: true, force: true });
  };
  try {
    // Built by the engine itself: podman-compose 1.0 reports a failed build as a success, and starts an older image. And each
    // started by a compose of its own: that one starts them one after the other.
    const began = Date.now();
    const clock = () => `${Math.round((Date.now() - began) / 1000)} s`;
    const image = async (name) => {
      const tag = ['-t', `fivewire-test-${name}`];
      await quietly([engine, ...build, ...tag, `${folder}${name}`], { signal });
    };
    const container = async (name) => {
      await quietly(withProject('up', '-d', '--no-build', '--no-deps', name), {
        signal,
        env,
        cwd: folder,
      });
    };
    // Alone: its first steps are everyone's, and are taken over from then on; its network is, too.
    await image('authority');
    await container('authority');
    const names = definitions.map(({ name }) => name);
    await each(names, image);
    say(`Built ${names.length + 1} images: ${clock()}.`);
    await each(names, container);
    say(`Started them: ${clock()}.`);
    const ca = `${base}/ca.pem`;
    const deadline = Date.now() + greetingWithin;
    while (!existsSync(ca) && Date.now() < deadline && !signal.aborted) await sleep(100);
    if (!existsSync(ca)) throw new Error('the container that makes the certificates made none');
    const running = await Promise.all(
      definitions.map(async (definition) => {
        const peer = { host, ca, deadline, internal: false, gone: () => signal.aborted };
        const complaints = await awaitGreetings(definition, peer);
        if (complaints.length === 0) return { definition, host };
        const logs = run(withProject('logs', definition.name), 'pipe');
        const tail = `${logs.stdout}${logs.stderr}`.trimEnd().split('\n').slice(-10).join('\n');
        return { definition, unavailable: `${complaints.join('; ')}\n${tail}` };
      }),
    );
    signal.throwIfAborted();
    say(`All have greeted, or never will: ${clock()}.`);
    return { ca, running, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Does the work for each name, a few at a time. */
const each = async (names, work) => {
  const waiting = [...names];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await work(name);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};

/** Says what the program said if it failed. */
const quietly = async (command, options) => {
  const [program, ...args] = command;
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (octets) => (said += octets));
  const [status] = await once(child, 'close');
  if (status !== 0)
    throw new Error(`${command.join(' ')} ended with ${status}:\n${said.slice(-4000)}`);
};

/** The engine that answers, with how it builds and its compose. */
export const findEngine = () => {
  const works = (...command) =>
    spawnSync(command[0], command.slice(1), { stdio: 'ignore' }).status === 0;
  for (const { engine, build, composes } of engines) {
    if (!works(engine, 'info')) continue;
    const compose = composes.find((each) => works(...each, 'version'));
    if (compose !== undefined) return { engine, build, compose };
  }
  throw new Error(
    'no container engine answered: start Docker with its compose plugin, or install podman and podman-compose',
  );
};
