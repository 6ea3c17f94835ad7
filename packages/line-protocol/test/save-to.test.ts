/** Bodies into files: new ones, regular ones, links, fifos, devices, and what fails on the way. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSink, GatheringReadable } from '../src/index.js';

class Body extends GatheringReadable {
  readonly #pieces: (Buffer | Error)[];
  constructor(...pieces: (string | Buffer | Error)[]) {
    super();
    this.#pieces = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
  }
  override _read(): void {
    setImmediate(() => {
      const piece = this.#pieces.shift();
      if (piece instanceof Error) this.destroy(piece);
      else this.push(piece ?? null);
    });
  }
}

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fivewire-save-'));
  file = join(folder, 'f');
});
afterEach(() => rmSync(folder, { recursive: true }));

const names = (): string[] => readdirSync(folder).sort();
const broken = new Error('the body broke');
const posix = process.platform !== 'win32';

describe('saveTo', () => {
  it.each([[[]], [['one']], [['one', 'two']], [[Buffer.alloc(3_000_000, 'x'), 'end']]])(
    'writes a new file',
    async (pieces) => {
      const expected = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
      expect(await new Body(...pieces).saveTo(file)).toBe(expected.length);
      expect(readFileSync(file).equals(expected)).toBe(true);
      expect(names()).toEqual(['f']);
    },
  );

  it('takes a file: URL', async () => {
    await new Body('x').saveTo(pathToFileURL(file));
    expect(readFileSync(file, 'utf8')).toBe('x');
  });

  it('leaves the file as it was, and nothing beside it, when the body breaks', async () => {
    writeFileSync(file, 'before');
    await expect(new Body('half', broken).saveTo(file)).rejects.toBe(broken);
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(names()).toEqual(['f']);
    const body = new Body('half', 'rest');
    const saving = body.saveTo(file);
    body.destroy();
    await expect(saving).rejects.toThrow('destroyed');
    expect(names()).toEqual(['f']);
  });

  it.runIf(posix)('keeps the mode and the owner of the file that it replaces', async () => {
    writeFileSync(file, 'before');
    chmodSync(file, 0o640);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(file, 1234, 2345);
    const { ino } = statSync(file);
    await new Body('after').saveTo(file);
    const now = statSync(file);
    expect(now.mode & 0o7777).toBe(0o640);
    expect(now.ino).not.toBe(ino);
    if (isRoot) expect([now.uid, now.gid]).toEqual([1234, 2345]);
    expect(readFileSync(file, 'utf8')).toBe('after');
  });

  it.runIf(posix)('leaves links in their place, dangling ones too', async () => {
    const target = join(folder, 'target');
    symlinkSync('target', file);
    await new Body('one').saveTo(file);
    expect(readFileSync(target, 'utf8')).toBe('one');
    await new Body('two').saveTo(file);
    expect(readFileSync(target, 'utf8')).toBe('two');
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(names()).toEqual(['f', 'target']);
  });

  it.runIf(posix)(
    'a file with several names keeps them, and its content until all is there',
    async () => {
      const other = join(folder, 'g');
      writeFileSync(file, 'something long');
      linkSync(file, other);
      for (const pieces of [[broken], ['half', broken], ['h'.repeat(3_000_000), broken]])
        await expect(new Body(...pieces).saveTo(file)).rejects.toBe(broken);
      expect(readFileSync(other, 'utf8')).toBe('something long');
      for (const content of ['shorter', 'as long as one can say', '', 'something']) {
        await new Body(content).saveTo(file);
        expect(readFileSync(other, 'utf8')).toBe(content);
      }
      expect(statSync(file).ino).toBe(statSync(other).ino);
      expect(names()).toEqual(['f', 'g']);
    },
  );

  it.runIf(posix)('a file with several names is gone on with as others are', async () => {
    writeFileSync(file, 'before');
    linkSync(file, join(folder, 'g'));
    const options = { atomic: true, resume: true };
    const first = await FileSink.open(file, options);
    await first.begin();
    void first.take(Buffer.from('half '));
    expect(await first.abandon()).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('before');
    const second = await FileSink.open(file, options);
    expect(second.start).toBe(5);
    void second.take(Buffer.from('whole'));
    await second.finish();
    expect(readFileSync(join(folder, 'g'), 'utf8')).toBe('half whole');
    expect(names()).toEqual(['f', 'g']);
  });

  it.runIf(posix)('writes through a file with several names', async () => {
    const other = join(folder, 'g');
    writeFileSync(file, 'something long');
    linkSync(file, other);
    await new Body('after').saveTo(file);
    expect(readFileSync(other, 'utf8')).toBe('after');
    // A first piece that is written at once is not written while the file is being emptied.
    await new Body(Buffer.alloc(3_000_000, 'y'), 'z').saveTo(file);
    expect(statSync(other).size).toBe(3_000_001);
  });

  it.runIf(posix)('writes through devices and fifos', async () => {
    await new Body('x'.repeat(100)).saveTo('/dev/null');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    execFileSync('mkfifo', [file]);
    const reading = import('node:fs/promises').then(({ readFile }) => readFile(file, 'utf8'));
    await new Body(Buffer.alloc(2_500_000, 'y'), 'z').saveTo(file);
    expect(await reading).toHaveLength(2_500_001);
    expect(lstatSync(file).isFIFO()).toBe(true);
  });

  it('in place keeps what the file holds until the first octet has come', async () => {
    writeFileSync(file, 'before');
    await expect(new Body(broken).saveTo(file, { atomic: false })).rejects.toBe(broken);
    expect(readFileSync(file, 'utf8')).toBe('before');
    await expect(new Body(broken).saveTo(join(folder, 'new'), { atomic: false })).rejects.toBe(
      broken,
    );
    expect(existsSync(join(folder, 'new'))).toBe(false);
    await new Body('x').saveTo(file, { atomic: false });
    expect(readFileSync(file, 'utf8')).toBe('x');
    await new Body().saveTo(file, { atomic: false });
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('refuses a directory, a folder that is not there, a read body and unknown options', async () => {
    mkdirSync(file);
    const body = new Body('x');
    await expect(body.saveTo(file)).rejects.toMatchObject({ code: 'ERR_LOCAL_PATH' });
    expect(body.destroyed).toBe(true);
    const nowhere = join(folder, 'no', 'f');
    await expect(new Body('x').saveTo(nowhere)).rejects.toMatchObject({ code: 'ERR_LOCAL_IO' });
    const read = new Body('x');
    read.resume();
    await expect(read.saveTo(join(folder, 'g'))).rejects.toMatchObject({ code: 'ERR_STATE' });
    const unknown = { atomc: false } as object;
    await expect(new Body('x').saveTo(join(folder, 'g'), unknown)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
    });
    await expect(new Body('x').saveTo('')).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(names()).toEqual(['f']);
  });
});
