// The servers as this machine's own processes, on loopback, below one temporary directory.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { issueCertificates } from './certificates.mjs';
import { commandOf, placeholders, readTemplate, render } from './definitions.mjs';
import { installPackages, obstacle, searchPath, unpackPackages } from './install.mjs';
import { awaitGreetings, onFreePorts } from './readiness.mjs';

const host = '127.0.0.1';
const greetingWithin = 180_000;
const endWithin = 5_000;

/** Starts what it can. Resolves to `{ running, ca, stop }`; a server that could not start carries `unavailable`. */
export const startNative = async (asDefined, { extraPackages, keep, say, signal }) => {
  installPackages(asDefined, extraPackages, say);
  const definitions = await onFreePorts(asDefined, host);
  const base = mkdtempSync(join(tmpdir(), 'fivewire-servers-'));
  chmodSync(base, 0o755); // the daemons' own users pass through it
  const certificates = `${base}/certificates`;
  const servers = definitions.map((definition) => ({
    definition,
    prefix: `${base}/${definition.name}`,
    log: `${base}/${definition.name}/log`,
    children: [],
    systemFiles: [],
    unavailable: obstacle(definition),
  }));
  const stop = async () => {
    await Promise.all(servers.map(end));
    if (keep) say(`Kept ${base}`);
    else rmSync(base, { recursive: true, force: true });
  };
  try {
    issueCertificates(certificates, definitions);
    const ca = `${certificates}/ca.pem`;
    const bringUp = async (server) => {
      server.unavailable ??=
        requirement(server, servers) ?? start(server, definitions, certificates);
      await awaitServer(server, { ca, deadline: Date.now() + greetingWithin, signal });
      signal.throwIfAborted();
    };
    // Postfix gives up for a minute when it meets no Dovecot: what needs another server starts after it.
    const needing = servers.filter(({ definition }) => definition.needs !== undefined);
    await Promise.all(servers.filter((server) => !needing.includes(server)).map(bringUp));
    await Promise.all(needing.map(bringUp));
    return {
      ca,
      running: servers.map(({ definition, unavailable }) => ({ definition, host, unavailable })),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

const requirement = ({ definition }, servers) => {
  const lacking = servers.find(
    ({ definition: { name }, unavailable }) => definition.needs?.includes(name) && unavailable,
  );
  return lacking && `it needs ${lacking.definition.name}, which could not run`;
};

/** Returns why it could not start, if so. */
const start = (server, definitions, certificates) => {
  const { definition, prefix } = server;
  const root = `${prefix}/root`;
  const lacking = unpackPackages(definition.unpack ?? [], root);
  if (lacking !== undefined) return lacking;
  const values = placeholders(definition, definitions, {
    ...{ prefix, root, certificates, listen: host },
    hostOf: () => host,
  });
  const env = { PATH: searchPath, HOME: prefix, LC_ALL: 'C.UTF-8' };
  for (const [key, value] of Object.entries(definition.environment ?? {})) {
    env[key] = render(value, values);
  }
  const script = writeFiles(server, values);
  const prepared = spawnSync('/bin/sh', [script], { env, cwd: prefix, encoding: 'utf8' });
  if (prepared.status !== 0) return `prepare.sh failed: ${prepared.stderr.trim()}`;
  const log = openSync(server.log, 'a', 0o644);
  server.children = definition.processes.map((each) =>
    launch(commandOf(each, values), each.endSignal, { env, cwd: prefix, log }),
  );
  closeSync(log);
  return undefined;
};

const writeFiles = ({ definition, prefix, systemFiles }, values) => {
  const write = (template, place) => {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, render(readTemplate(definition, template), values));
    return place;
  };
  mkdirSync(values.data, { recursive: true });
  for (const [template, place] of Object.entries(definition.files)) {
    write(template, render(place, values));
  }
  // Their names carry a port that was free a moment ago: what lies there is the rest of a run that was killed.
  for (const [template, place] of Object.entries(definition.system ?? {})) {
    systemFiles.push(write(template, render(place, values)));
  }
  return write(definition.prepare, `${prefix}/prepare.sh`);
};

const launch = ([program, ...args], endSignal = 'SIGTERM', { env, cwd, log }) => {
  // Detached: the leader of a process group of its own, so that its end takes its children along.
  const child = spawn(program, args, { env, cwd, detached: true, stdio: ['ignore', log, log] });
  const process_ = { child, endSignal, how: undefined, ended: undefined };
  process_.ended = new Promise((resolve) => {
    const settle = (how) => {
      process_.how = how;
      resolve();
    };
    child.once('exit', (code, signal) => settle(signal ?? `exit status ${code}`));
    child.once('error', (error) => settle(error.message));
  });
  return process_;
};

const awaitServer = async (server, { ca, deadline, signal }) => {
  if (server.unavailable) return;
  const dead = () => server.children.find(({ how }) => how !== undefined);
  const complaints = await awaitGreetings(server.definition, {
    ...{ host, ca, deadline, internal: true },
    gone: () => dead() !== undefined || signal.aborted,
  });
  if (complaints.length === 0) return;
  if (dead()) complaints.push(`one of its processes ended: ${dead().how}`);
  server.unavailable = `${complaints.join('; ')}\n${tail(server.log)}`;
};

const tail = (file) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-10).join('\n');

/** Ends the processes that we started, and nothing else. */
const end = async ({ children, systemFiles }) => {
  await Promise.all(
    children.map(async ({ child, ended, endSignal }) => {
      if (child.pid === undefined) return;
      child.kill(endSignal);
      await Promise.race([ended, sleep(endWithin, undefined, { ref: false })]);
      killGroup(child.pid, 'SIGTERM');
      // What nobody has reaped yet still counts as alive, so the wait is short.
      for (let waited = 0; waited < 500 && groupLives(child.pid); waited += 50) await sleep(50);
      killGroup(child.pid, 'SIGKILL');
    }),
  );
  for (const path of systemFiles) rmSync(path, { force: true });
};

const killGroup = (leader, signal) => {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false; // nobody is left in it
  }
};

const groupLives = (leader) => killGroup(leader, 0);
