/** One process that runs snippets of JavaScript one after the other, in both forms: a start of Node costs more than most of them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExampleWorld } from '../support/example-runner.js';

export interface Told {
  stdout: string;
  stderr: string;
  problem?: string;
  /** The process cannot run another one. */
  isSpoilt?: boolean;
}

const driver = fileURLToPath(new URL('driver.mjs', import.meta.url));
/** A program that says nothing for so long hangs. */
const within = 500_000;

export class Stage {
  #child: ChildProcess | undefined;
  readonly #redirect: string;
  readonly #env: Record<string, string>;

  /** @param world what the process begins with; each snippet brings its own environment */
  constructor({ redirect, env }: ExampleWorld) {
    this.#redirect = redirect;
    this.#env = env;
  }

  async run(file: string, folder: string, env: Record<string, string>): Promise<Told> {
    this.#child ??= fork(driver, {
      execArgv: ['--import', this.#redirect],
      env: this.#env,
      serialization: 'advanced',
    });
    const child = this.#child;
    const told = await new Promise<Told>((resolve) => {
      const timer = setTimeout(
        () => end({ stdout: '', stderr: '', problem: 'did not end', isSpoilt: true }),
        within,
      );
      const end = (one: Told): void => {
        clearTimeout(timer);
        child.off('exit', gone).off('message', end);
        resolve(one);
      };
      const gone = (code: number | null): void =>
        end({ stdout: '', stderr: '', problem: `ended its process: ${code}`, isSpoilt: true });
      child.once('message', end).once('exit', gone);
      child.send({ file, folder, env });
    });
    if (told.isSpoilt) this.end();
    return told;
  }

  end(): void {
    this.#child?.kill();
    this.#child = undefined;
  }
}
