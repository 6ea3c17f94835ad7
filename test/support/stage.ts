/** One process that runs programs one after the other, ES modules and CommonJS: a start of Node costs more than most of them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExampleWorld } from './example-runner.js';

export interface Told {
  stdout: string;
  stderr: string;
  /** What it would have ended its process with. */
  status: number;
  problem?: string;
  /** The process cannot run another one. */
  isSpoilt?: boolean;
}

const driver = fileURLToPath(new URL('driver.mjs', import.meta.url));
/** A program that says nothing for so long hangs. */
const within = 500_000;

const silent = { stdout: '', stderr: '', status: 255, isSpoilt: true };

export class Stage {
  #child: ChildProcess | undefined;
  readonly #redirect: string;
  readonly #env: Record<string, string>;

  /** @param world what the process begins with; each program brings its own environment */
  constructor({ redirect, env }: ExampleWorld) {
    this.#redirect = redirect;
    this.#env = env;
  }

  /** Runs `node file …args` in the folder. For one that `mustEnd`, what it leaves open is a problem: its process would not end. */
  async run(
    file: string,
    folder: string,
    env: Record<string, string>,
    { args = [], mustEnd = false }: { args?: readonly string[]; mustEnd?: boolean } = {},
  ): Promise<Told> {
    this.#child ??= fork(driver, {
      execArgv: ['--import', this.#redirect],
      env: this.#env,
      serialization: 'advanced',
    });
    const child = this.#child;
    const told = await new Promise<Told>((resolve) => {
      const timer = setTimeout(() => end({ ...silent, problem: 'did not end' }), within);
      const end = (one: Told): void => {
        clearTimeout(timer);
        child.off('exit', gone).off('message', end);
        resolve(one);
      };
      const gone = (code: number | null): void =>
        end({ ...silent, problem: `ended its process: ${code}` });
      child.once('message', end).once('exit', gone);
      child.send({ file, folder, env, args, mustEnd });
    });
    if (told.isSpoilt) this.end();
    return told;
  }

  end(): void {
    this.#child?.kill();
    this.#child = undefined;
  }
}
