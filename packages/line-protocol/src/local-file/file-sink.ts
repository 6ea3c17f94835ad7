/**
 * Octets into a file: written a mebibyte at a time, and under its name only when all of it is there. What can't be replaced (see
 * `place.ts`) is written through.
 */
import { constants } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { LocalError } from 'tls-context-core';
import { openBeside, takePlace } from './beside.js';
import { Descriptor } from './descriptor.js';
import { localFailure } from './local-failure.js';
import { type Place, placeOf, refuseDirectory } from './place.js';

// TLS gives pieces of 16 KiB. A write each would cost more than all the rest; a mebibyte at a time costs little.
const batchOctets = 1 << 20;
const batchPieces = 512;

export interface FileSinkOptions {
  /** Beside the file first, under its name at the end. */
  atomic: boolean;
  /** Goes on with what an earlier try has left, `<name>.part`, and leaves it where this one fails. */
  resume: boolean;
}

export class FileSink {
  readonly #place: Place;
  readonly #target: string;
  readonly #path: string;
  readonly #keep: boolean;
  readonly #file: Descriptor;
  #start: number;
  #position: number;
  #pieces: Buffer[] = [];
  #held = 0;
  readonly #writes = new Set<Promise<void>>();
  readonly #writesInFlight: number;
  readonly #isFile: boolean;
  #failure: LocalError | undefined;
  /** Up to where the file is known to be good, once a write has failed. */
  #goodUntil = Infinity;
  #closed = false;
  /** Whether nothing had the name before. */
  #isNew = false;
  /** Written in place, and nothing is written yet. */
  #isUntouched = false;

  /** @throws LocalError ERR_LOCAL_PATH for a directory; ERR_LOCAL_IO */
  static async open(name: string, { atomic, resume }: FileSinkOptions): Promise<FileSink> {
    let path = name;
    try {
      const place = await placeOf(name);
      refuseDirectory(name, place);
      const isBeside = atomic && (place.replaceable || place.refillable);
      // What is written through (a device, a fifo) has no part to go on with.
      if (resume && (isBeside || (!atomic && (place.replaceable || place.file?.isFile())))) {
        path = atomic ? `${place.path}.part` : place.path;
        const file = await openPart(path);
        const { size } = await file.stat();
        const sink = new FileSink(place, path, file, size, true);
        sink.#isNew = place.file === undefined;
        return sink;
      }
      if (!isBeside) return await FileSink.#openInPlace(place);
      const beside = await openBeside(place);
      return new FileSink(place, beside.path, beside.file, 0, false);
    } catch (error) {
      throw localFailure(error, path);
    }
  }

  /** The file keeps what it holds until the first octet is there to be written. */
  static async #openInPlace(place: Place): Promise<FileSink> {
    const { path, file: before } = place;
    const file = await Descriptor.open(path, constants.O_WRONLY | constants.O_CREAT, 0o666);
    const isFile = (await file.stat()).isFile();
    const sink = new FileSink(place, path, file, 0, false, isFile);
    sink.#isNew = before === undefined;
    sink.#isUntouched = true;
    return sink;
  }

  private constructor(
    place: Place,
    path: string,
    file: Descriptor,
    start: number,
    keep: boolean,
    isFile = true,
  ) {
    this.#place = place;
    this.#target = place.path;
    this.#isFile = isFile;
    this.#path = path;
    this.#file = file;
    this.#start = start;
    this.#position = start;
    this.#keep = keep;
    // A part must not have holes when this process dies, and what is no file has no positions: then writes keep their order.
    this.#writesInFlight = keep || !isFile ? 1 : 2;
  }

  /** Where the octets are until it is finished: beside the file, or in it. */
  get path(): string {
    return this.#path;
  }

  get start(): number {
    return this.#start;
  }

  /** Whether what has come stays for a later try. */
  get goesOn(): boolean {
    return this.#keep;
  }

  /** The first octet is there: what stood in the file before may go now, and no earlier. */
  async begin(): Promise<void> {
    if (!this.#isUntouched) return;
    this.#isUntouched = false;
    try {
      if (this.#isFile) await this.#file.truncate(0);
    } catch (error) {
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
      if (this.#path === this.#target) return;
      await takePlace(this.#path, this.#place);
    } catch (error) {
      throw localFailure(error, this.#target);
    }
  }

  /** @returns whether a part stays */
  async abandon(): Promise<boolean> {
    if (this.#keep && this.#held > 0 && !this.#closed) this.#write();
    await Promise.all(this.#writes);
    const isPart = this.#keep && (await this.#cutBack()) && this.#position > 0;
    await this.#close().catch(() => {});
    // In place, nothing but an empty file would be left of it.
    const isEmpty = this.#isNew && (this.#isUntouched || (this.#keep && !isPart));
    const isBeside = this.#path !== this.#target && !isPart;
    if (isEmpty || isBeside) await unlink(this.#path).catch(() => {});
    return isPart;
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
    let good = position;
    const wrote = (octets: number): void => {
      good += octets;
    };
    const writing = writeAll(this.#file, pieces, this.#isFile ? position : undefined, wrote)
      .catch((error: unknown) => {
        this.#failure ??= localFailure(error, this.#path);
        this.#goodUntil = Math.min(this.#goodUntil, good);
      })
      .finally(() => this.#writes.delete(writing));
    this.#writes.add(writing);
  }
}

/** `writev` may write less than all: a disk about to be full does. */
async function writeAll(
  file: Descriptor,
  pieces: Buffer[],
  position: number | undefined,
  wrote: (octets: number) => void,
): Promise<void> {
  let left = pieces;
  let at = position;
  while (left.length > 0) {
    const octets = await file.write(left, at);
    wrote(octets);
    if (at !== undefined) at += octets;
    left = rest(left, octets);
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

/** An existing part, but no link to elsewhere; or a new one. */
export async function openPart(path: string): Promise<Descriptor> {
  const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
  const before = await lstat(path).catch(() => undefined);
  if (before !== undefined && !before.isFile()) {
    throw new LocalError('ERR_LOCAL_PATH', `${path} is no plain file to go on with.`, {
      path,
      hint: 'Remove it, or download without `resume`.',
    });
  }
  return Descriptor.open(path, flags, 0o666);
}
