/** A lock is one owner's, whoever finds that of a dead one at the same time. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockFile } from '../src/lock-file.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As one writes it whose process is beyond what Linux gives out. */
async function ofDead(): Promise<string> {
  const unlock = await lockFile(path, 'it', 0);
  const text = readFileSync(path, 'utf8');
  await unlock();
  return text.replace(/\d+/, '4194305');
}

it('of many at once one gets it, also where a dead one has it', async () => {
  const dead = await ofDead();
  for (let round = 0; round < 20; round++) {
    if (round % 2 === 0) writeFileSync(path, dead);
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => lockFile(path, 'it', 0)),
    );
    const got = tries.filter((one) => one.status === 'fulfilled');
    expect(got.length).toBe(1);
    for (const one of tries)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ exit: 75 });
    await got[0]?.value();
    expect(readdirSync(folder)).toEqual([]);
  }
});

it('one whose taker was killed as well is taken away', async () => {
  const dead = await ofDead();
  for (const guards of [['.taking'], ['.taking', '.taking.taking']]) {
    for (const end of ['', ...guards]) writeFileSync(`${path}${end}`, dead);
    await (await lockFile(path, 'it', 0))();
    expect(readdirSync(folder)).toEqual([]);
  }
});

it('one that another is taking away is not taken from under it', async () => {
  const dead = await ofDead();
  writeFileSync(path, dead);
  const taking = await lockFile(`${path}.taking`, 'it', 0);
  await expect(lockFile(path, 'it', 0)).rejects.toMatchObject({ exit: 75 });
  expect(readFileSync(path, 'utf8')).toBe(dead);
  await taking();
  await (await lockFile(path, 'it', 0))();
  expect(readdirSync(folder)).toEqual([]);
});

it('one of another machine, or of a container with process numbers of its own, stays', async () => {
  const dead = await ofDead();
  for (const text of [
    dead.replace(/\d+ \S+/, '4194305 elsewhere'),
    dead.replace(/\n/, '7\n'),
    'somebody else',
    '',
  ]) {
    writeFileSync(path, text);
    await expect(lockFile(path, 'it', 0)).rejects.toMatchObject({ exit: 75 });
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
});
