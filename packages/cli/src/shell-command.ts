/** A shell command that gets something on stdin, and the rest by its environment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** @returns its exit status, or the signal that ended it */
export async function runShell(
  command: string,
  input: string,
  variables: Readonly<Record<string, string>>,
): Promise<number | NodeJS.Signals> {
  const child = spawn('/bin/sh', ['-c', command], {
    env: { ...process.env, ...variables },
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  child.stdin.on('error', () => {}); // it may have seen enough
  child.stdin.end(input);
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return signal ?? status ?? 1;
}
