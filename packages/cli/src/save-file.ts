/**
 * A body into a file of this side, whatever stands under that name: through the clients' own file sink. It is there whole or as it
 * was; its mode and owner stay, a link keeps its place, and a device or a fifo is written to and never replaced.
 */
import { constants, copyFile, lstat, open, rename, stat, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FileSink, temporaryName } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import { exitCodes, Failure, isSystemError } from './exit-code.js';
import { syncDirectory, unwritable } from './local-files.js';

export interface SaveOptions {
  signal?: AbortSignal;
  /** What the octets pass through: a throttle, a meter. */
  through?: readonly NodeJS.ReadWriteStream[];
  /** When the content was last changed where it comes from. */
  modified?: Date | undefined;
  /** What happens to a file that is there. Default `replace`. */
  existing?: Existing;
  /** An earlier try was cut off: where `refuse` finds what it may have made, the same octets, that is done. */
  repeats?: boolean;
  /** Resolve when the disk has it. Default `false`. */
  durable?: boolean;
}

/** `refuse`: a Failure. `backup`: it is kept under its name and a tilde. */
export type Existing = 'replace' | 'refuse' | 'backup';

/** @throws Failure 73 or 74 for what the file system refused; what the body throws, as it is */
export async function saveFile(
  path: string,
  body: Readable,
  options: SaveOptions = {},
): Promise<void> {
  const { existing = 'replace', modified, durable = false, repeats = false } = options;
  try {
    const before = await stat(path).catch(() => undefined);
    const mayBeDone = existing === 'refuse' && repeats && before?.isFile() === true;
    if (!mayBeDone || !(await holds(path, body, options))) {
      if (existing === 'refuse') await refuseExisting(path);
      const backup = existing === 'backup' ? await startBackup(path) : undefined;
      try {
        await write(path, body, options, (written) => backup?.keep(written));
      } finally {
        await backup?.drop();
      }
    }
    if (modified !== undefined && (before === undefined || before.isFile()))
      await utimes(path, modified, modified);
    if (durable) await sync(path);
  } catch (error) {
    body.destroy();
    throw ofFileSystem(path, error);
  }
}

/** Where `--no-clobber` would refuse: known before anything is fetched. @throws Failure 73 */
export async function refuseExisting(path: string): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) !== undefined)
    throw new Failure(exitCodes.cannotCreate, `${path} is there already`, {
      code: 'EEXIST',
      hint: 'It was left as it is, because of --no-clobber.',
    });
}

export interface Backup {
  /**
   * What is there now is NAME~ from here on, in place of an older one.
   *
   * @param next what takes its place. Where it holds the same, as after a run that was cut off at its end, NAME~ stays what it was
   */
  keep(next: string): Promise<void>;
  /** A copy that is not kept goes. */
  drop(): Promise<void>;
}

/**
 * A copy of a file that is about to be replaced, on its way to NAME~: nothing older is lost for a file that never came.
 *
 * @returns nothing where there is no regular file
 * @throws Failure 73 or 74
 */
export async function startBackup(path: string): Promise<Backup | undefined> {
  if (!(await stat(path).catch(() => undefined))?.isFile()) return undefined;
  const name = `${path}~`;
  const there = await lstat(name).catch(() => undefined);
  if (there !== undefined && !there.isFile())
    throw new Failure(
      exitCodes.cannotCreate,
      `${name} is no regular file: no backup is kept there`,
      {
        code: 'EEXIST',
        hint: 'Move it away, or leave --backup out.',
      },
    );
  const copy = join(dirname(path), temporaryName(basename(name)));
  const drop = (): Promise<void> => unlink(copy).catch(() => {});
  try {
    await copyFile(path, copy, constants.COPYFILE_EXCL);
  } catch (error) {
    await drop();
    throw unwritable(name, error);
  }
  return {
    drop,
    async keep(next) {
      try {
        if (!(await holdTheSame(copy, next))) await rename(copy, name);
      } catch (error) {
        throw unwritable(name, error);
      }
    },
  };
}

const pieceOctets = 1 << 18;

async function holdTheSame(one: string, other: string): Promise<boolean> {
  if ((await stat(one)).size !== (await stat(other)).size) return false;
  const [first, second] = [await open(one, 'r'), await open(other, 'r')];
  try {
    const [a, b] = [Buffer.allocUnsafe(pieceOctets), Buffer.allocUnsafe(pieceOctets)];
    for (let at = 0; ; ) {
      const { bytesRead } = await first.read(a, 0, pieceOctets, at);
      const read = await second.read(b, 0, pieceOctets, at);
      if (bytesRead !== read.bytesRead) return false;
      if (bytesRead === 0) return true;
      if (!a.subarray(0, bytesRead).equals(b.subarray(0, bytesRead))) return false;
      at += bytesRead;
    }
  } finally {
    await first.close();
    await second.close();
  }
}

/** Whether a file is what the body brings. */
async function holds(path: string, body: Readable, options: SaveOptions): Promise<boolean> {
  const file = await open(path, 'r');
  let at = 0;
  let differs = false;
  async function compare(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of source) {
      const here = Buffer.alloc(piece.length);
      for (let read = 0; read < piece.length && !differs; ) {
        const { bytesRead } = await file.read(here, read, piece.length - read, at + read);
        differs = bytesRead === 0;
        read += bytesRead;
      }
      differs ||= !here.equals(piece);
      if (differs) return;
      at += piece.length;
    }
    differs = (await file.stat()).size !== at;
  }
  try {
    await flow(body, options, compare);
  } catch (error) {
    if (!differs) throw error; // that it was broken off is what followed
  } finally {
    await file.close();
  }
  return !differs;
}

/** All of the body through what stands between, to its consumer. */
const flow = (
  body: Readable,
  { signal, through = [] }: SaveOptions,
  consume: (source: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> =>
  pipeline([body, ...through, consume] as never, signal === undefined ? {} : { signal });

async function write(
  path: string,
  body: Readable,
  options: SaveOptions,
  beforeReplacing: (written: string) => Promise<void> | undefined,
): Promise<void> {
  const sink = await FileSink.open(path, { atomic: true, resume: false });
  let isBegun = false;
  async function fill(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of source) {
      if (!isBegun) await sink.begin();
      isBegun = true;
      await sink.take(piece);
    }
  }
  try {
    await flow(body, options, fill);
    if (!isBegun) await sink.begin();
    await sink.flush();
    await beforeReplacing(sink.path);
    await sink.finish();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(path));
}

/** What the sink says is said of the file, in the words of all commands. */
export function ofFileSystem(path: string, error: unknown): unknown {
  const cause = isFivewireError(error) && error.code === 'ERR_LOCAL_IO' ? error.cause : error;
  if (isFivewireError(error) && error.code === 'ERR_LOCAL_PATH') {
    const { message, hint, code } = error;
    return new Failure(exitCodes.cannotCreate, message, { hint, code, cause: error });
  }
  return isSystemError(cause) ? unwritable(path, cause) : error;
}
