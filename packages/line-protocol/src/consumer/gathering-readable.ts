/**
 * A Readable that gives a consumer who is slower than the wire all that has gathered meanwhile in one piece, up to 256 KiB:
 * TLS and sockets give 16 KiB and less, and a file written in such pieces costs several times the CPU. One that keeps up
 * gets the pieces as they come.
 */
import type { Readable, ReadableOptions } from 'node:stream';
import { checkOptions } from 'tls-context-core';
import { type SaveOptions, saveRules, saveTo } from '../local-file/save-to.js';
import { LateReadable } from './late-readable.js';
import { PieceIterator } from './piece-iterator.js';

/** Octets after which we stop reading for a consumer who does not take them, and the largest piece. */
export const gatheredOctets: number = 1 << 18;

export abstract class GatheringReadable extends LateReadable {
  /** True once the last octet is here, taken or not. */
  whole = false;

  protected override get streamOptions(): ReadableOptions {
    return streamOptions;
  }

  /** A stream that fails while its consumer does not look must not end the process: the consumer gets the error all the same. */
  override destroy(error?: Error): this {
    if (error && this.listenerCount('error') === 0) this.on('error', ignore);
    return super.destroy(error);
  }

  /** The consumer has taken a piece. */
  protected taken?(): void;

  /**
   * Writes all of it into a file, in place of reading it: much cheaper than a pipe, and the file is there whole or as it was.
   *
   * @param path a path, or a `file:` URL
   * @returns the octets written
   * @throws LocalError ERR_LOCAL_PATH for a directory, ERR_LOCAL_IO; and whatever breaks the body
   */
  async saveTo(path: string | URL, options: SaveOptions = {}): Promise<number> {
    checkOptions(options, saveRules);
    return saveTo(this, path, options);
  }

  /** What a loop gets next; `null` where nothing is here. */
  takePiece(): Buffer | null {
    return this.destroyed ? null : (this.read() as Buffer | null);
  }

  /** A loop has got all of it. */
  isTaken(): boolean {
    return this.readableEnded;
  }

  /** Resolves when {@link takePiece} is worth another try; `undefined` where events say so. */
  pieceComes(): Promise<void> | undefined {
    return undefined;
  }

  override push(piece: Buffer | Uint8Array | string | null, encoding?: BufferEncoding): boolean {
    if (piece === null) this.whole = true;
    return super.push(piece, encoding);
  }

  override read(size?: number): ReturnType<Readable['read']> {
    const held = this.readableLength;
    // In flowing mode Node takes piece by piece; a loop takes all that is there by itself.
    const all = size === undefined && this.readableFlowing === true && held > 0;
    const piece: unknown = super.read(all ? Math.min(held, gatheredOctets) : size);
    if (piece !== null && size !== 0) this.taken?.();
    return piece;
  }

  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Buffer> {
    return new PieceIterator(this);
  }
}

const streamOptions = { highWaterMark: gatheredOctets };
const ignore = (): void => {};
