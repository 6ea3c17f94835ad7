/** Runs programs that are not ours, and makes noise where they are absent. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The first of the commands that runs. Without any the test fails; with FIVEWIRE_NO_FOREIGN=1 it prints what is not tested, and
 * gives nothing.
 */
export function foreignProgram(
  what: string,
  ...probes: [string, ...string[]][]
): string | undefined {
  for (const [command, ...args] of probes)
    if (spawnSync(command, args, { stdio: 'ignore' }).status === 0) return command;
  const names = probes.map(([command]) => command).join(' or ');
  const message = `NOT TESTED: ${what} (${names} is absent or too new).`;
  if (process.env.FIVEWIRE_NO_FOREIGN !== '1')
    throw new Error(`${message} Install it, or set FIVEWIRE_NO_FOREIGN=1 to go without.`);
  console.warn(`\n*** ${message}\n`);
  return undefined;
}

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; the servers it talks to live in this process, so it must not block. */
export function run(command: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { timeout: 600_000, encoding: 'latin1', maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const status = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ status, stdout, stderr });
      },
    );
    child.stdin?.end(input, 'latin1');
  });
}

/** A folder for files that such programs read. */
export function scratchFolder(): { write(name: string, text: string): string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'fivewire-test-servers-'));
  return {
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
