// `fivewire` as a process against the real servers, which may be killed at a counted line of its dialogue.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { authorityPath, port, server } from './servers.js';

const bin = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));

/** How much later each kill comes than the one before; FIVEWIRE_ALL_KILLS=1 walks in small steps. */
const killStep = process.env.FIVEWIRE_ALL_KILLS === '1' ? 1.18 : 2.2;

export interface Ran {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Fivewire {
  /** @param lines it is killed when it has said so many lines of its dialogue */
  run(args: readonly string[], lines?: number): Promise<Ran>;
  /** Killed at a later line each time, `between` after each, until it is through: that run. */
  killed(args: readonly string[], between?: () => unknown): Promise<Ran>;
}

/** In that directory, which is the place of its state as well. */
export function fivewireIn(cwd: string, names: string): Fivewire {
  const more = ['--password-command', 'echo secret', '--trace'];
  const run: Fivewire['run'] = (args, lines = Number.POSITIVE_INFINITY) =>
    new Promise((resolve) => {
      const trust = ['--ca', authorityPath(), '--server-hostname', server(names).serverHostname];
      const env = { ...process.env, XDG_STATE_HOME: join(cwd, 'state') };
      const child = spawn(process.execPath, [bin, ...args, ...trust, ...more], { cwd, env });
      const said = { stdout: '', stderr: '' };
      let seen = 0;
      child.stdout.on('data', (text) => {
        said.stdout += text;
      });
      child.stderr.on('data', (text) => {
        said.stderr += text;
        seen += String(text).split('\n').length - 1;
        if (seen > lines) child.kill('SIGKILL');
      });
      child.on('close', (status, signal) => resolve({ status, signal, ...said }));
    });
  return {
    run,
    async killed(args, between = () => {}) {
      let kills = 0;
      for (let lines = 8; ; lines = Math.ceil(lines * killStep)) {
        const ran = await run(args, lines);
        await between();
        if (ran.signal !== 'SIGKILL') {
          expect(kills).toBeGreaterThan(1);
          return ran;
        }
        expect(++kills).toBeLessThan(60);
      }
    },
  };
}

export const urlOf = (name: string, key: string, scheme: string, path = ''): string =>
  `${scheme}://alice@${server(name).host}:${port(name, key)}/${path}`;
