/** A body of unknown size: IMAP announces the size of a literal before its octets (RFC 9051 §4.3), so it is read to its end first. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalError, UsageError } from 'tls-context-core';
import type { ImapLimits } from './limits.js';

export interface Spooled {
  octets: number;
  pieces: AsyncIterator<Uint8Array>;
  /** It was too long for memory, and lies in a temporary file until this is called. */
  close?: () => Promise<void>;
}

/** @throws UsageError `ERR_ARGUMENT` beyond `limits.spooledOctets`; LocalError `ERR_LOCAL_IO` where the file can't be written */
export async function spool(
  source: AsyncIterable<Uint8Array>,
  { bufferedOctets, spooledOctets }: ImapLimits,
): Promise<Spooled> {
  let held: Uint8Array[] = [];
  let octets = 0;
  let file: TemporaryFile | undefined;
  try {
    for await (const piece of source) {
      octets += piece.length;
      if (octets > Math.max(bufferedOctets, spooledOctets)) throw tooLong(spooledOctets);
      held.push(piece);
      if (octets <= bufferedOctets) continue;
      file ??= await TemporaryFile.create();
      await file.append(held);
      held = [];
    }
  } catch (error) {
    await file?.close();
    throw error;
  }
  if (file === undefined) return { octets, pieces: asynchronous(held) };
  const { close } = file;
  return { octets, pieces: file.contents(), close };
}

/** Readable by this user alone, and without a name where the system allows that: nothing is left behind, whatever happens. */
class TemporaryFile {
  readonly #file: FileHandle;
  /** Its name, as long as it has one. */
  readonly #path: string | undefined;

  private constructor(file: FileHandle, path: string | undefined) {
    this.#file = file;
    this.#path = path;
  }

  static async create(): Promise<TemporaryFile> {
    const path = join(tmpdir(), `fivewire-${randomBytes(12).toString('hex')}`);
    try {
      const file = await open(path, 'wx+', 0o600);
      const keepsName = process.platform === 'win32';
      if (!keepsName) await unlink(path);
      return new TemporaryFile(file, keepsName ? path : undefined);
    } catch (error) {
      throw failed(error);
    }
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    try {
      for (const piece of pieces) await this.#file.appendFile(piece);
    } catch (error) {
      throw failed(error);
    }
  }

  async *contents(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; ; ) {
      const piece = Buffer.allocUnsafe(pieceOctets);
      const { bytesRead } = await this.#file.read(piece, 0, pieceOctets, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  }

  close = async (): Promise<void> => {
    await this.#file.close().catch(() => {});
    if (this.#path !== undefined) await unlink(this.#path).catch(() => {});
  };
}

async function* asynchronous(
  pieces: readonly Uint8Array[],
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pieces;
}

const pieceOctets = 1 << 18;

const tooLong = (limit: number): UsageError =>
  new UsageError('ERR_ARGUMENT', `A stream of more than ${limit} octets needs a size`, {
    argument: 'size',
    hint: 'IMAP announces the size before the octets: give `size`, or raise limits.spooledOctets.',
  });

const failed = (cause: unknown): LocalError =>
  new LocalError(
    'ERR_LOCAL_IO',
    `A body without a size could not be spooled: ${cause instanceof Error ? cause.message : cause}`,
    {
      cause,
      hint: 'Give `size`, so that the body goes out as it comes; or make room in the directory for temporary files.',
    },
  );
