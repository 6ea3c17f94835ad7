// A directory that several processes want and one is enough to make: each that makes it does so aside, and what is whole gets
// its name in one step. Whoever is second throws its own away. The lock saves work; nothing depends on it.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

const hour = 3_600_000;

/**
 * @param {string} place exists, and is whole, once this returns
 * @param {(aside: string) => void} make fills a directory, which is empty
 * @param {{ patience?: number }} [options] milliseconds that another process is waited for
 */
export function madeOnce(place, make, { patience = 120_000 } = {}) {
  const home = join(place, '..');
  mkdirSync(home, { recursive: true });
  const lock = `${place}.lock`;
  if (!existsSync(place)) {
    const isOurs = waitForTurn(lock, () => existsSync(place), patience);
    try {
      if (!existsSync(place)) {
        const aside = mkdtempSync(`${place}.aside-`);
        make(aside);
        become(aside, place);
      }
    } finally {
      if (isOurs) rmSync(lock, { force: true });
    }
  }
  const now = new Date();
  utimesSync(place, now, now);
  sweep(home);
}

/** What nobody has wanted for an hour. Renamed first: only one process can, so no two ever delete the same tree. */
function sweep(home) {
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Number.NaN };
    if (!(Date.now() - mtimeMs > hour)) continue;
    const taken = mkdtempSync(join(home, 'swept-'));
    try {
      renameSync(path, join(taken, basename(path)));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    rmSync(taken, { recursive: true, force: true });
  }
}

function become(aside, place) {
  try {
    renameSync(aside, place);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    rmSync(aside, { recursive: true, force: true });
  }
}

/** @returns whether the lock is ours: not where the work is done, or its holder is slow */
function waitForTurn(lock, isDone, patience) {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const end = Date.now() + patience;
  while (!isDone() && Date.now() <= end) {
    try {
      writeFileSync(lock, `${process.pid}`, { flag: 'wx' });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (holderLives(lock)) Atomics.wait(pause, 0, 0, 100);
    else rmSync(lock, { force: true });
  }
  return false;
}

function holderLives(lock) {
  try {
    const pid = Number(readFileSync(lock, 'latin1'));
    if (pid > 0) process.kill(pid, 0);
    return true; // one that is not written yet is being written
  } catch (error) {
    return error.code === 'EPERM' || error.code === 'ENOENT';
  }
}
