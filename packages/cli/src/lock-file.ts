/**
 * A lock file, as mail programs have it: made exclusively, naming its owner, so that a dead owner's can be seen. It is
 * written beside and linked into place: a kill never leaves one without a name in it.
 */
import { readlinkSync } from 'node:fs';
import { link, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, Failure, isSystemError } from './exit-code.js';
import { unwritable } from './local-files.js';

const pause = 100;

/** Several runs of one process may want the same lock. */
let count = 0;

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
  for (let waited = 0; ; waited += pause) {
    try {
      await create(path);
      return () => unlink(path).catch(() => {});
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw unwritable(path, error);
    }
    if ((await isAbandoned(path)) && (await takeAway(path))) continue;
    if (waited >= patience)
      throw new Failure(exitCodes.temporary, `${what} is in use: ${path} exists`, {
        hint: 'Another run is at work; run it again later.',
        code: 'ERR_LOCKED',
      });
    await sleep(pause);
  }
}

/** Throws EEXIST where there is one. File systems without hard links get it written in place. */
async function create(path: string): Promise<void> {
  const owner = `fivewire ${process.pid} ${machine()}\n`;
  const beside = `${path}.${process.pid}-${++count}`;
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

/**
 * Takes away one that was seen to be abandoned; but another run may have done so meanwhile, and made its own. So whoever takes one away
 * has a lock on that, and looks again: until it is given back, nobody else can put another in its place.
 *
 * @returns whether it has gone, by this run or another; false while another is at it
 */
async function takeAway(path: string): Promise<boolean> {
  const guard = `${path}.taking`;
  try {
    await create(guard);
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw unwritable(path, error);
    return (await isAbandoned(guard)) && (await takeAway(guard));
  }
  try {
    if (await isAbandoned(path)) await rm(path, { force: true });
    return true;
  } catch (error) {
    throw unwritable(path, error);
  } finally {
    await unlink(guard).catch(() => {});
  }
}

/** And in containers, of what its process numbers mean: one that mean others cannot be asked about. */
function machine(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname(); // no Linux
  }
}

/** Of a process of ours, on this machine, that is no more. Another process's lock stays. */
async function isAbandoned(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, pid, where] = /^fivewire (\d+) (.+)\n$/.exec(text) ?? [];
  if (pid === undefined || where !== machine()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
