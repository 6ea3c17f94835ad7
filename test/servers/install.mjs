// Debian's packages, for a root on Debian; elsewhere, what is there.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { readTemplate } from './definitions.mjs';

const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The caller's PATH, and the places where daemons live, which an ordinary PATH leaves out. */
export const searchPath = [...(process.env.PATH ?? '').split(delimiter), ...systemPath].join(
  delimiter,
);

/** Where a program is, or undefined. */
export const findProgram = (program) => {
  const candidates = isAbsolute(program)
    ? [program]
    : searchPath.split(delimiter).map((directory) => join(directory, program));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
};

export const isRoot = () => process.getuid?.() === 0;

const isDebian = () => existsSync('/etc/debian_version') && findProgram('apt-get') !== undefined;

/** Installs what the definitions and the suite's foreign clients miss. Says so where it may not. */
export const installPackages = (definitions, extra, say) => {
  const packages = [...new Set([...definitions.flatMap((each) => each.packages), ...extra])];
  if (!isDebian()) {
    say('This is not Debian: using what is installed.');
    return;
  }
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (!isRoot()) {
    say(`Not root, so not installing ${missing.join(' ')}: using what is installed.`);
    return;
  }
  say(`Installing ${missing.join(' ')} …`);
  preseed(definitions);
  withoutServiceStarts(() => {
    apt(['update'], say);
    if (apt(['install', ...missing], say)) return;
    // One package that fails must not take the other servers with it.
    for (const name of missing) apt(['install', name], say);
  });
};

const isInstalled = (name) => {
  const query = spawnSync(findProgram('dpkg'), ['-s', name], { encoding: 'utf8' });
  return query.status === 0 && /^Status: .* installed$/m.test(query.stdout);
};

const apt = ([verb, ...names], say) => {
  const settings = ['Dpkg::Options::=--force-confold', 'DPkg::Lock::Timeout=300']; // another apt-get may be at work
  const options = [
    '-q',
    '-y',
    '--no-install-recommends',
    ...settings.flatMap((one) => ['-o', one]),
  ];
  const result = spawnSync(findProgram('apt-get'), [verb, ...options, ...names], {
    encoding: 'utf8',
    env: { ...process.env, PATH: searchPath, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status !== 0) {
    const lines = `${result.stdout ?? ''}${result.stderr ?? result.error?.message ?? ''}`.trim();
    say(`apt-get ${verb} ${names.join(' ')} failed:\n${lines.split('\n').slice(-15).join('\n')}`);
  }
  return result.status === 0;
};

/** Lays packages out below a folder without installing them. Returns why it could not, if so. */
export const unpackPackages = (names, folder) => {
  if (names.length === 0) return undefined;
  if (!isDebian()) return `it is unpacked from Debian's packages: ${names.join(' ')}`;
  mkdirSync(folder, { recursive: true });
  const run = (program, args) =>
    spawnSync(findProgram(program), args, { cwd: folder, encoding: 'utf8' });
  const download = run('apt-get', ['-q', 'download', ...names]);
  if (download.status !== 0) return `apt-get download failed: ${download.stderr.trim()}`;
  for (const archive of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    const unpacked = run('dpkg', ['--extract', archive, '.']);
    if (unpacked.status !== 0) return `dpkg --extract ${archive} failed: ${unpacked.stderr.trim()}`;
    rmSync(join(folder, archive));
  }
  return undefined;
};

const preseed = (definitions) => {
  for (const definition of definitions) {
    for (const [template, place] of Object.entries(definition.preseed ?? {})) {
      if (existsSync(place)) continue;
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, readTemplate(definition, template));
    }
  }
};

// Debian asks policy-rc.d before a package starts its daemon; 101 means no.
const withoutServiceStarts = (work) => {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
};

/** Why a server cannot run here, or undefined. */
export const obstacle = (definition) => {
  if (!isRoot()) return 'it needs root: it starts as root and changes to its own users';
  const absent = definition.programs.filter((program) => findProgram(program) === undefined);
  if (absent.length > 0) {
    return `not installed: ${absent.join(', ')} (Debian: ${definition.packages.join(' ')})`;
  }
  return undefined;
};
