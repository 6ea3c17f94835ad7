/** Saving never puts a file in the place of something else, and a file that is replaced stays what it was but for its content. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveFile } from '../src/save-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'save-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const body = (text = 'new') => Readable.from([Buffer.from(text)]);
const isRoot = process.getuid?.() === 0;

describe('a regular file', () => {
  it.each([0o600, 0o640, 0o755])('keeps mode %o', async (mode) => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old and longer');
    chmodSync(path, mode);
    await saveFile(path, body());
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o7777).toBe(mode);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it.runIf(isRoot)('keeps its owner', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    chownSync(path, 1234, 2345);
    await saveFile(path, body());
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 2345 });
  });

  it('keeps its other names', async () => {
    const [path, other] = [join(folder, 'file'), join(folder, 'other')];
    writeFileSync(path, 'old and longer');
    linkSync(path, other);
    await saveFile(path, body());
    expect(readFileSync(other, 'utf8')).toBe('new');
  });

  it.each([1, 2])('of %i names stays as it was when the body breaks off', async (names) => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    if (names > 1) linkSync(path, join(folder, 'other'));
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('n');
        throw new Error('cut');
      })(),
    );
    await expect(saveFile(path, broken)).rejects.toThrow('cut');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => name !== 'other')).toEqual(['file']);
  });

  it('is left alone, or kept under another name, where that is wished', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    await expect(saveFile(path, body(), { existing: 'refuse' })).rejects.toMatchObject({
      exit: 73,
    });
    expect(readFileSync(path, 'utf8')).toBe('old');
    await saveFile(path, body(), { existing: 'backup' });
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readFileSync(`${path}~`, 'utf8')).toBe('old');
  });

  it('a repeat of what was to clobber nothing is done where the same octets are there', async () => {
    const path = join(folder, 'file');
    const modified = new Date('2001-02-03T04:05:06Z');
    const refuse = { existing: 'refuse', repeats: true, modified } as const;
    await saveFile(path, body(), refuse);
    const { ino } = statSync(path);
    utimesSync(path, new Date(), new Date());
    await saveFile(path, Readable.from([Buffer.from('n'), Buffer.from('ew')]), refuse);
    expect(statSync(path)).toMatchObject({ ino, mtime: modified });
    for (const other of ['ne', 'neW', 'new and more', '', 'other']) {
      writeFileSync(path, other);
      await expect(saveFile(path, body(), refuse), other).rejects.toMatchObject({ exit: 73 });
      expect(readFileSync(path, 'utf8')).toBe(other);
    }
    rmSync(path);
    symlinkSync('nowhere', path);
    await expect(saveFile(path, body(), refuse)).rejects.toMatchObject({ exit: 73 });
    await expect(saveFile(folder, body(), refuse)).rejects.toMatchObject({ exit: 73 });
  });

  describe('a backup', () => {
    const breaking = () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('half');
          throw new Error('broken');
        })(),
      );
    it('is the content of what a link leads to', async () => {
      const [path, link] = [join(folder, 'file'), join(folder, 'link')];
      writeFileSync(path, 'old');
      symlinkSync('file', link);
      await saveFile(link, body(), { existing: 'backup' });
      expect(readFileSync(path, 'utf8')).toBe('new');
      expect(readFileSync(`${link}~`, 'utf8')).toBe('old');
    });

    it('of the same content is none: what a run that was cut off at its end has kept stays', async () => {
      const path = join(folder, 'file');
      writeFileSync(path, 'old');
      for (let run = 0; run < 3; run++) await saveFile(path, body(), { existing: 'backup' });
      expect(readFileSync(`${path}~`, 'utf8')).toBe('old');
      await saveFile(path, body('nEw'), { existing: 'backup' });
      expect(readFileSync(`${path}~`, 'utf8')).toBe('new');
      expect(readdirSync(folder).sort()).toEqual(['file', 'file~']);
    });

    it('of a file with several names is a file of its own', async () => {
      const [path, other] = [join(folder, 'file'), join(folder, 'other')];
      writeFileSync(path, 'old');
      linkSync(path, other);
      await saveFile(path, body(), { existing: 'backup' });
      expect([path, other, `${path}~`].map((one) => readFileSync(one, 'utf8'))).toEqual([
        'new',
        'new',
        'old',
      ]);
    });

    it('takes the place of an older one only where the file is replaced', async () => {
      const path = join(folder, 'file');
      writeFileSync(path, 'old');
      writeFileSync(`${path}~`, 'older');
      await expect(saveFile(path, breaking(), { existing: 'backup' })).rejects.toThrow('broken');
      expect(readdirSync(folder).sort()).toEqual(['file', 'file~']);
      expect(readFileSync(`${path}~`, 'utf8')).toBe('older');
      await saveFile(path, body(), { existing: 'backup' });
      expect(readFileSync(`${path}~`, 'utf8')).toBe('old');
      expect(readdirSync(folder).sort()).toEqual(['file', 'file~']);
    });

    it.each([
      ['a directory', (name: string) => mkdirSync(name)],
      ['a link', (name: string) => symlinkSync('elsewhere', name)],
      ['a fifo', (name: string) => execFileSync('mkfifo', [name])],
    ])('goes into no %s', async (_, make) => {
      const path = join(folder, 'file');
      writeFileSync(path, 'old');
      make(`${path}~`);
      const before = lstatSync(`${path}~`).mode;
      await expect(saveFile(path, body(), { existing: 'backup' })).rejects.toMatchObject({
        exit: 73,
      });
      expect(readFileSync(path, 'utf8')).toBe('old');
      expect(lstatSync(`${path}~`).mode).toBe(before);
    });
  });

  it('gets the time that it has elsewhere', async () => {
    const modified = new Date('2001-02-03T04:05:06Z');
    await saveFile(join(folder, 'file'), body(), { modified });
    expect(statSync(join(folder, 'file')).mtime).toEqual(modified);
  });
});

describe('a link', () => {
  it('stays, and what it leads to is replaced', async () => {
    mkdirSync(join(folder, 'there'));
    writeFileSync(join(folder, 'there', 'file'), 'old', { mode: 0o600 });
    symlinkSync('there/file', join(folder, 'link'));
    await saveFile(join(folder, 'link'), body());
    expect(readlinkSync(join(folder, 'link'))).toBe('there/file');
    expect(readFileSync(join(folder, 'there', 'file'), 'utf8')).toBe('new');
    expect(statSync(join(folder, 'there', 'file')).mode & 0o777).toBe(0o600);
  });

  it('to nothing makes what it leads to', async () => {
    symlinkSync('absent', join(folder, 'link'));
    await saveFile(join(folder, 'link'), body());
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'absent'), 'utf8')).toBe('new');
  });

  it('that leads round in a circle is 73', async () => {
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    await expect(saveFile(join(folder, 'a'), body())).rejects.toMatchObject({ exit: 73 });
  });
});

describe('what is no regular file', () => {
  it('a fifo is written to', async () => {
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', [path]);
    const [read] = await Promise.all([readFile(path, 'utf8'), saveFile(path, body())]);
    expect(read).toBe('new');
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  it('a device is written to', async () => {
    symlinkSync('/dev/null', join(folder, 'null'));
    await saveFile(join(folder, 'null'), body());
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(readlinkSync(join(folder, 'null'))).toBe('/dev/null');
  });

  it('a directory is refused', async () => {
    await expect(saveFile(folder, body())).rejects.toMatchObject({ exit: 73 });
  });
});
