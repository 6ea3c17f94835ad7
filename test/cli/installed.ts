/** The command line as a user has it: packed, installed into an empty project, run as a process. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterAll } from 'vitest';
import { packedProject } from '../packed-install/pack.js';

export const password = 'pa55-Wort-of-Alice';

/**
 * How much later each kill of a row comes than the one before. `FIVEWIRE_ALL_KILLS=1` walks through the command in small steps; by
 * default the row is short, since each kill costs a process: before anything is done, in the first batch, behind it, near the end.
 */
const killStep: number = process.env.FIVEWIRE_ALL_KILLS === '1' ? 1.18 : 4;

/** Milliseconds: a command that takes longer hangs, however busy the machine is. */
const within = 500_000;

export interface Ran {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  input?: string | Buffer;
  env?: Record<string, string>;
  /** Called with what it has said so far; true sends `signal`, or SIGINT. */
  stopWhen?: (stdout: string) => boolean;
  signal?: NodeJS.Signals;
  /**
   * In the process that runs one line after the other: the signal comes when so many lines were said, or before so many changes
   * of the disk, as `main` hands it on. SIGKILL ends the process there and then.
   */
  stopAt?: { lines?: number; changes?: number; signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' };
  /** Starts a process of its own, where that is the point. So does `stopWhen`. */
  process?: boolean;
}

export interface Cli {
  /** Holds `fivewire` for shells. */
  bin: string;
  home: string;
  close(): void;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** A shell line with `fivewire` in PATH. */
  sh(line: string, options?: RunOptions): Promise<Ran>;
  /** The same on a pseudo-terminal: stdout and stderr are one there. Undefined where this machine has no means for it. */
  pty(line: string, options?: RunOptions): Promise<Ran> | undefined;
  /** An empty folder. */
  folder(): string;
}

export interface Installed {
  cli: Cli;
  world: World;
}

/** The command line and its servers, for all tests of a file: they go after its last one. */
export async function installed(): Promise<Installed> {
  const cli = installCli();
  afterAll(() => cli.close());
  const world = await startWorld(cli.home);
  afterAll(() => world.servers.close());
  return { cli, world };
}

function installCli(): Cli {
  const home = mkdtempSync(join(tmpdir(), 'fivewire-cli-'));
  const { folder: project } = packedProject();
  const bin = join(project, 'node_modules', '.bin');
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: home, LANG: 'C.UTF-8', TERM: 'xterm' };
  const shared = sharedProcess(join(project, 'node_modules', 'fivewire', 'dist', 'index.js'));
  let folders = 0;
  const folder = (): string => {
    const path = join(home, `folder-${++folders}`);
    mkdirSync(path);
    return path;
  };
  const start = (command: string, args: readonly string[], options: RunOptions): Promise<Ran> =>
    collect(command, args, { ...options, env: { ...env, ...options.env } });
  const sh: Cli['sh'] = (line, options = {}) => start('/bin/sh', ['-c', line], options);
  return {
    bin,
    home,
    folder,
    close() {
      shared.close();
      rmSync(home, { recursive: true, force: true });
    },
    run(args, options = {}) {
      const { stopWhen, process: own = stopWhen !== undefined } = options;
      if (own) return start(join(bin, 'fivewire'), args, options);
      const { cwd = home, input, stopAt } = options;
      return shared.run({ args, cwd, env: { ...env, ...options.env }, input, stopAt });
    },
    sh,
    pty(line, options = {}) {
      const terminal = terminalFor(line);
      return terminal && start(terminal[0], terminal[1], options);
    },
  };
}

interface Job {
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  input: string | Buffer | undefined;
  stopAt: RunOptions['stopAt'];
}

/** A process that runs one command line after the other; see `one-process.mjs`. */
function sharedProcess(module: string): { run(job: Job): Promise<Ran>; close(): void } {
  let child: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const start = async (): Promise<ChildProcess> => {
    const started = fork(fileURLToPath(new URL('one-process.mjs', import.meta.url)), [module], {
      execArgv: [],
      serialization: 'advanced',
    });
    await answerOf(started);
    return started;
  };
  const one = async (job: Job): Promise<Ran> => {
    child ??= await start();
    const end = setTimeout(() => child?.kill('SIGKILL'), within);
    try {
      child.send(job);
      return (await answerOf(child)) as Ran;
    } catch (error) {
      child = undefined;
      if (job.stopAt?.signal !== 'SIGKILL') throw error;
      return { status: null, signal: 'SIGKILL', stdout: '', stderr: '' };
    } finally {
      clearTimeout(end);
    }
  };
  return {
    run(job) {
      const ran = last.then(() => one(job));
      last = ran.catch(() => {});
      return ran;
    },
    close: () => child?.kill(),
  };
}

/** @throws Error where the process ends in place of an answer */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const gone = new AbortController();
  const ended = once(child, 'exit', gone).then(([code, signal]) => {
    throw new Error(`The process of the command lines ended: ${code ?? signal}`);
  });
  try {
    return (await Promise.race([once(child, 'message', gone), ended]))[0];
  } finally {
    ended.catch(() => {});
    gone.abort();
  }
}

/** util-linux's script, else Python's pty. */
function terminalFor(line: string): [string, string[]] | undefined {
  if (existsSync('/usr/bin/script')) return ['/usr/bin/script', ['-qec', line, '/dev/null']];
  if (!existsSync('/usr/bin/python3')) return undefined;
  const code =
    'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["/bin/sh", "-c", sys.argv[1]])))';
  return ['/usr/bin/python3', ['-c', code, line]];
}

function collect(
  command: string,
  args: readonly string[],
  { cwd, env, input, stopWhen, signal = 'SIGINT' }: RunOptions & { env: Record<string, string> },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: cwd ?? env.HOME, env });
    const texts = { stdout: '', stderr: '' };
    let stopped = false;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
        if (!stopped && stopWhen?.(texts.stdout + texts.stderr)) {
          stopped = true;
          child.kill(signal);
        }
      });
    }
    const end = setTimeout(() => child.kill('SIGKILL'), within);
    child.stdin.on('error', () => {}).end(input);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(end);
      resolve({ status, signal, ...texts });
    });
  });
}

/**
 * SIGKILL again and again, at a line of the dialogue and at a change of the disk in turn, a little later each time, until it comes
 * to its end: before anything is done, in the midst of it, near the end, however fast the machine is.
 */
export async function killedAgain(
  run: (stopAt: NonNullable<RunOptions['stopAt']>) => Promise<Ran>,
  at: { lines?: number; changes?: number } = { lines: 8, changes: 2 },
): Promise<{ last: Ran; kills: number }> {
  const next = new Map(Object.entries(at));
  for (let kills = 0; ; ) {
    for (const [what, count] of next) {
      const ran = await run({ [what]: count, signal: 'SIGKILL' });
      if (ran.signal !== 'SIGKILL') return { last: ran, kills };
      next.set(what, Math.ceil(count * killStep));
      if (++kills > 60) throw new Error(`It never ends: ${JSON.stringify(at)}`);
    }
  }
}

/** Servers with one account, and the options that let the command line in. */
export interface World {
  servers: TestServers;
  ca: string;
  /** `--ca … --netrc-file …` */
  options: string[];
  /** The same for a shell line. */
  shell: string;
  url(scheme: string, path?: string, user?: string): string;
}

async function startWorld(home: string): Promise<World> {
  const servers = await startTestServers({
    users: { alice: password, bob: password },
    files: { '/pub/report.txt': 'All is well.\n', '/pub/more/notes.txt': 'Notes.\n' },
    groups: ['test.fivewire'],
    smtp: { refuseRecipients: { 'nobody@example.org': '550 5.1.1 No such user' } },
  });
  const ca = join(home, 'ca.pem');
  writeFileSync(ca, servers.ca.certificate);
  writeFileSync(join(home, 'password'), `${password}\n`, { mode: 0o600 });
  const netrc = join(home, 'netrc');
  const entries = ['alice', 'bob'].map(
    (user) => `machine localhost login ${user} password ${password}\n`,
  );
  writeFileSync(netrc, entries.join(''), { mode: 0o600 });
  const options = ['--ca', ca, '--netrc-file', netrc];
  return {
    servers,
    ca,
    options,
    shell: options.join(' '),
    url(scheme, path = '', user = 'alice') {
      const protocol = scheme.replace(/s$/, '') as keyof TestServers['ports'];
      const mode = scheme.endsWith('s') ? 'implicit-tls' : 'starttls';
      const login = user === '' ? '' : `${user}@`;
      return `${scheme}://${login}localhost:${servers.ports[protocol][mode]}/${path}`;
    },
  };
}
