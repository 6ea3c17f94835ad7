/** A download into a file: written a mebibyte at a time, and named only when it is proven whole. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LocalError } from '@fivewire/line-protocol';
import { localFailure } from './local.js';
import type { Sink, SinkOptions } from './sink.js';

// TLS gives pieces of 16 KiB. A write each would cost more than all the rest; a mebibyte at a time costs little.
const batchOctets = 1 << 20;
const batchPieces = 512;

export class FileSink implements Sink {
  readonly #target: string;
  readonly #path: string;
  readonly #keep: boolean;
  readonly #file: FileHandle;
  #start: number;
  #position: number;
  #pieces: Buffer[] = [];
  #held = 0;
  readonly #writes = new Set<Promise<void>>();
  readonly #writesInFlight: number;
  #failure: LocalError | undefined;
  /** Up to where the file is known to be good, once a write has failed. */
  #goodUntil = Infinity;
  #closed = false;
  /** Written in place, and nothing is written yet: whether the file was there before. */
  #untouched: 'new' | 'old' | undefined;

  static async open(target: string, { atomic, resume }: SinkOptions): Promise<FileSink> {
    await refuseDirectory(target);
    const path = atomic ? temporaryName(target, resume) : target;
    try {
      if (resume) {
        const file = await openPart(path);
        const { size } = await file.stat();
        return new FileSink(target, path, file, size, true);
      }
      // Exclusive: nobody may have laid a link where our file of a random name is to be.
      if (atomic) return new FileSink(target, path, await open(path, 'wx'), 0, false);
      return await FileSink.#openInPlace(target);
    } catch (error) {
      throw localFailure(error, path);
    }
  }

  /** The file keeps what it holds until the server has begun to send. */
  static async #openInPlace(target: string): Promise<FileSink> {
    const isNew = (await lstat(target).catch(() => undefined)) === undefined;
    const file = await open(target, constants.O_WRONLY | constants.O_CREAT, 0o666);
    const sink = new FileSink(target, target, file, 0, false);
    sink.#untouched = isNew ? 'new' : 'old';
    return sink;
  }

  private constructor(
    target: string,
    path: string,
    file: FileHandle,
    start: number,
    keep: boolean,
  ) {
    this.#target = target;
    this.#path = path;
    this.#file = file;
    this.#start = start;
    this.#position = start;
    this.#keep = keep;
    // A part must not have holes when this process dies: then writes keep their order.
    this.#writesInFlight = keep ? 1 : 2;
  }

  get start(): number {
    return this.#start;
  }

  async begin(): Promise<void> {
    if (this.#untouched === undefined) return;
    this.#untouched = undefined;
    try {
      await this.#file.truncate(0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return; // a device or a pipe has nothing to cut
      throw localFailure(error, this.#path);
    }
  }

  async restart(): Promise<void> {
    try {
      await this.#file.truncate(0);
    } catch (error) {
      throw localFailure(error, this.#path);
    }
    this.#start = 0;
    this.#position = 0;
  }

  take(piece: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw localFailure(new Error('the download was given up'), this.#target);
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held < batchOctets && this.#pieces.length < batchPieces) return undefined;
    this.#write();
    return this.#writes.size < this.#writesInFlight ? undefined : this.#oneWritten();
  }

  async flush(): Promise<void> {
    if (this.#held > 0) this.#write();
    await Promise.all(this.#writes);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async finish(): Promise<void> {
    await this.flush();
    try {
      await this.#close();
      if (this.#path !== this.#target) await rename(this.#path, this.#target);
    } catch (error) {
      throw localFailure(error, this.#target);
    }
  }

  async abandon(): Promise<void> {
    if (this.#keep && this.#held > 0 && !this.#closed) this.#write();
    await Promise.all(this.#writes);
    const isPart = this.#keep && (await this.#cutBack()) && this.#position > 0;
    await this.#close().catch(() => {});
    if (this.#untouched === 'new') await unlink(this.#path).catch(() => {});
    if (this.#path !== this.#target && !isPart) await unlink(this.#path).catch(() => {});
  }

  /** Takes off what stands behind a write that failed, for there may be a hole. False where nothing good is left. */
  async #cutBack(): Promise<boolean> {
    if (this.#goodUntil === Infinity || this.#closed) return true;
    try {
      await this.#file.truncate(this.#goodUntil);
      return this.#goodUntil > 0;
    } catch {
      return false;
    }
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }

  async #oneWritten(): Promise<void> {
    await Promise.race(this.#writes);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Each write has its own position, so that two may be under way. Its failure is kept for the next call. */
  #write(): void {
    const pieces = this.#pieces;
    const position = this.#position;
    this.#position += this.#held;
    this.#pieces = [];
    this.#held = 0;
    const writing = writeAll(this.#file, pieces, position)
      .catch((error: unknown) => {
        this.#failure ??= localFailure(error, this.#path);
        this.#goodUntil = Math.min(this.#goodUntil, position);
      })
      .finally(() => this.#writes.delete(writing));
    this.#writes.add(writing);
  }
}

/** `writev` may write less than all: a disk about to be full does. */
async function writeAll(file: FileHandle, pieces: Buffer[], position: number): Promise<void> {
  let left = pieces;
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    left = rest(left, bytesWritten);
  }
}

function rest(pieces: Buffer[], octets: number): Buffer[] {
  let skip = octets;
  let index = 0;
  for (; index < pieces.length; index += 1) {
    const { length } = pieces[index] as Buffer;
    if (skip < length) break;
    skip -= length;
  }
  if (index === pieces.length) return [];
  return [(pieces[index] as Buffer).subarray(skip), ...pieces.slice(index + 1)];
}

/** Seen before anything is fetched: a rename onto a directory would fail at the very end. */
async function refuseDirectory(target: string): Promise<void> {
  const there = await stat(target).catch(() => undefined);
  if (there === undefined || !there.isDirectory()) return;
  throw new LocalError('ERR_LOCAL_PATH', `${target} is a directory.`, {
    protocol: 'ftp',
    path: target,
    hint: 'Name the file in it that the download is to become.',
  });
}

/** In the same directory: a rename within it can't fail for space or file systems. */
function temporaryName(target: string, resume: boolean): string {
  if (resume) return `${target}.part`;
  return join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.part`);
}

/** An existing part, but no link to elsewhere; or a new one. */
async function openPart(path: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
  const before = await lstat(path).catch(() => undefined);
  if (before !== undefined && !before.isFile()) {
    throw new LocalError('ERR_LOCAL_PATH', `${path} is no plain file to go on with.`, {
      protocol: 'ftp',
      path,
      hint: 'Remove it, or download without `resume`.',
    });
  }
  return open(path, flags, 0o666);
}
