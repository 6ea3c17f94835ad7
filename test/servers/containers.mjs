// The servers as containers, from the compose.yaml and the Dockerfiles beside this file.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificates } from './certificates.mjs';
import { folder, portNumbers } from './definitions.mjs';
import { findProgram } from './install.mjs';
import { awaitGreetings, isFree } from './readiness.mjs';

const host = '127.0.0.1';
const project = 'fivewire-test-servers';
const greetingWithin = 60_000;

// The first engine that answers, with a compose that it has.
const engines = [
  { answers: ['docker', 'info'], compose: ['docker', 'compose'] },
  { answers: ['docker', 'info'], compose: ['docker-compose'] },
  { answers: ['podman', 'info'], compose: ['podman-compose'] },
  { answers: ['podman', 'info'], compose: ['podman', 'compose'] },
];

/** Builds and starts all. Resolves to the same as startNative. */
export const startContainers = async (definitions, { keep, say, signal }) => {
  const compose = findCompose();
  say(`Using ${compose.join(' ')}.`);
  const free = await Promise.all(
    definitions.flatMap(portNumbers).map((port) => isFree(port, host)),
  );
  if (!free.every(Boolean))
    throw new Error('a port of the test servers is taken: see the ports in README.md');
  if (findProgram('openssl') === undefined) throw new Error('the openssl program is not installed');
  const base = mkdtempSync(join(tmpdir(), 'fivewire-containers-'));
  chmodSync(base, 0o755);
  issueCertificates(base, definitions);
  const [program, ...words] = compose;
  const run = (args, stdio) =>
    spawnSync(program, [...words, '-f', `${folder}compose.yaml`, '-p', project, ...args], {
      cwd: folder,
      env: { ...process.env, FIVEWIRE_CERTIFICATES: base },
      ...{ stdio, encoding: 'utf8' },
    });
  const stop = async () => {
    if (keep)
      return say(`Left running: ${compose.join(' ')} -p ${project} ps; certificates in ${base}`);
    run(['down', '-t', '1'], 'ignore');
    rmSync(base, { recursive: true, force: true });
  };
  try {
    for (const step of [['build'], ['up', '-d']]) {
      const { status } = run(step, ['ignore', 'inherit', 'inherit']);
      if (status !== 0)
        throw new Error(`${compose.join(' ')} ${step.join(' ')} ended with ${status}`);
    }
    const ca = `${base}/ca.pem`;
    const deadline = Date.now() + greetingWithin;
    const running = await Promise.all(
      definitions.map(async (definition) => {
        const peer = { host, ca, deadline, internal: false, gone: () => signal.aborted };
        const complaints = await awaitGreetings(definition, peer);
        if (complaints.length === 0) return { definition, host };
        const logs = run(['logs', definition.name], 'pipe');
        const tail = `${logs.stdout}${logs.stderr}`.trimEnd().split('\n').slice(-10).join('\n');
        return { definition, unavailable: `${complaints.join('; ')}\n${tail}` };
      }),
    );
    signal.throwIfAborted();
    return { ca, running, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const findCompose = () => {
  const works = ([program, ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
  const found = engines.find(
    ({ answers, compose }) => works(answers) && works([...compose, 'version']),
  );
  if (found === undefined) {
    throw new Error(
      'no container engine answered: start Docker with its compose plugin, or install podman and podman-compose',
    );
  }
  return found.compose;
};
