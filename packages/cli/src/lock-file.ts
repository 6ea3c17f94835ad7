/**
 * A lock file, as mail programs have it: made exclusively, naming its owner, so that a dead owner's can be seen. It is
 * written beside and linked into place: a kill never leaves one without a name in it.
 */
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, Failure, isSystemError } from './exit-code.js';
import { unwritable } from './local-files.js';

const pause = 100;

/**
 * @param what is locked, for the error
 * @param patience milliseconds to wait for another owner
 * @returns how to give it back
 * @throws Failure 75 while another process has it
 */
export async function lockFile(
  path: string,
  what: string,
  patience: number,
): Promise<() => Promise<void>> {
  const owner = `fivewire ${process.pid} ${hostname()}\n`;
  for (let waited = 0; ; waited += pause) {
    try {
      await create(path, owner);
      return () => unlink(path).catch(() => {});
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw unwritable(path, error);
    }
    if (await isAbandoned(path)) await unlink(path).catch(() => {});
    else if (waited >= patience)
      throw new Failure(exitCodes.temporary, `${what} is in use: ${path} exists`, {
        hint: 'Another run is at work; run it again later.',
        code: 'ERR_LOCKED',
      });
    else await sleep(pause);
  }
}

/** Throws EEXIST where there is one. File systems without hard links get it written in place. */
async function create(path: string, owner: string): Promise<void> {
  const beside = `${path}.${process.pid}`;
  try {
    await writeFile(beside, owner);
    await link(beside, path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) throw error;
    await writeFile(path, owner, { flag: 'wx' }).catch(async (problem) => {
      // Without its owner's name it would stay for ever.
      if (problem.code !== 'EEXIST') await unlink(path).catch(() => {});
      throw problem;
    });
  } finally {
    await unlink(beside).catch(() => {});
  }
}

/** Of a process of ours, on this machine, that is no more. Another process's lock stays. */
async function isAbandoned(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, pid, host] = /^fivewire (\d+) (\S+)\n$/.exec(text) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
