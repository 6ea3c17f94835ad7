/** mkdir -p, and what it says where it can't. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeDirectories } from '../src/local-file/make-directories.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fivewire-directories-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('makes all that are missing, and is content with what is there', async () => {
  const deep = join(folder, 'a', 'b', 'c');
  await Promise.all([makeDirectories(deep), makeDirectories(join(folder, 'a', 'd'))]);
  await makeDirectories(deep);
  expect(statSync(deep).isDirectory()).toBe(true);
  symlinkSync('a', join(folder, 'link'));
  await makeDirectories(join(folder, 'link'));
  await makeDirectories('/');
  await makeDirectories('.');
});

it.each([
  ['a file', 'file', 'EEXIST'],
  ['below a file', 'file/below', 'ENOTDIR'],
  ['a link to nothing', 'dangling', 'EEXIST'],
])('%s is in the way', async (_, path, code) => {
  writeFileSync(join(folder, 'file'), 'x');
  symlinkSync('nowhere', join(folder, 'dangling'));
  await expect(makeDirectories(join(folder, path))).rejects.toMatchObject({ code });
});

it.each([
  ['read-only', 'ro', 'EROFS'],
  ['full', 'nr_inodes=1', 'ENOSPC'],
])('a file system that is %s is named so, however deep', async (_, options, code) => {
  const place = join(folder, 'disk');
  mkdirSync(place);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place], { stdio: 'pipe' });
  } catch (error) {
    console.warn(`NOT TESTED: a file system of its own: ${String(error).split('\n')[0]}`);
    return;
  }
  try {
    for (const path of ['one', 'one/two'])
      await expect(makeDirectories(join(place, path)), path).rejects.toMatchObject({ code });
  } finally {
    execFileSync('umount', ['-l', place]);
  }
});
