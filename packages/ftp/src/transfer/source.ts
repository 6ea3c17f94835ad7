/** Where an upload comes from: content, a stream, or a file of this side. */
import { closeSync, createReadStream, fstatSync, open, read } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import {
  abandonOnAbort,
  type BodyInput,
  bodyOctets,
  isBodyInput,
  LocalError,
  refuseSpent,
  type SourcePace,
  UsageError,
} from '@fivewire/line-protocol';
import type { Control } from '../session/control.js';
import type { LocalFile, UploadSource } from '../types.js';
import { localFailure, pathOf } from './local.js';

export interface Source {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Octets, where known beforehand. */
  readonly size: number | undefined;
  close(): Promise<void>;
}

/** Read streams of clients, to know one that would wait for the upload that waits for it. */
export const readStreams: WeakMap<object, Control> = new WeakMap();

/** @throws UsageError for what is no source, and for a read stream of the same client. */
export function checkSource(source: UploadSource, control?: Control): void {
  if (isLocalFile(source)) {
    pathOf(source.file);
    return;
  }
  if (source instanceof Blob || source instanceof ArrayBuffer) return;
  if (!isBodyInput(source)) {
    throw new UsageError('ERR_ARGUMENT', 'The source is neither content, a stream nor { file }.', {
      protocol: 'ftp',
      argument: 'source',
    });
  }
  if (control === undefined || typeof source !== 'object') return;
  if (readStreams.get(source) !== control) return;
  throw new UsageError(
    'ERR_WOULD_DEADLOCK',
    'The stream is read on the connection that is to upload it.',
    {
      protocol: 'ftp',
      argument: 'source',
      hint: 'Copy between two clients, or through a local file.',
    },
  );
}

/**
 * Opens it and takes its first piece, so that a source that can't be read fails before a command has emptied the remote file.
 *
 * @param pace of the upload that holds the connection
 * @param signal gives up a source that gives nothing
 * @param start octets to leave out, of a file or of content; its `size` counts them
 * @throws LocalError for a directory, for what is not there or can't be read; what the caller's stream throws
 */
export async function openSource(
  given: UploadSource,
  pace: SourcePace,
  signal?: AbortSignal,
  start = 0,
): Promise<Source> {
  if (given instanceof Blob) {
    const opened = await openSource(Readable.fromWeb(given.stream() as WebStream), pace, signal);
    return { ...opened, size: given.size };
  }
  const source = given instanceof ArrayBuffer ? new Uint8Array(given) : given;
  if (isLocalFile(source)) return openedInTime(openFile(pathOf(source.file), start), signal);
  if (typeof source === 'string' || source instanceof Uint8Array) {
    const rest = start === 0 ? source : Buffer.from(source as Uint8Array).subarray(start);
    return { pieces: bodyOctets(rest), size: sizeOf(source), close: async () => {} };
  }
  refuseSpent(source);
  const pieces = bodyOctets(source, pace);
  const close = async () => {
    if (source instanceof Readable) source.destroy();
  };
  try {
    return { pieces: await begun(pieces, signal), size: undefined, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A named pipe opens when something writes to it; given up, it is closed when it does. */
async function openedInTime(
  opening: Promise<Source>,
  signal: AbortSignal | undefined,
): Promise<Source> {
  try {
    return await abandonOnAbort(opening, signal, {});
  } catch (error) {
    opening.then(
      (source) => source.close(),
      () => {},
    );
    throw error;
  }
}

/** The same pieces, the first of them taken already. */
async function begun(
  pieces: AsyncGenerator<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const first = await abandonOnAbort(firstPiece(pieces), signal, {});
  return (async function* () {
    try {
      if (first === undefined) return;
      yield first;
      yield* pieces;
    } finally {
      await pieces.return(undefined);
    }
  })();
}

async function firstPiece(pieces: AsyncGenerator<Uint8Array>): Promise<Uint8Array | undefined> {
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return undefined;
    if (value.length > 0) return value;
  }
}

export function isLocalFile(source: UploadSource): source is LocalFile {
  return typeof source === 'object' && source !== null && 'file' in source;
}

function sizeOf(source: BodyInput): number | undefined {
  if (typeof source === 'string') return Buffer.byteLength(source);
  return source instanceof Uint8Array ? source.length : undefined;
}

// Reads of 64 KiB, Node's default, cost twice the CPU.
const readOctets = 1 << 20;

async function openFile(path: string, start: number): Promise<Source> {
  let fd: number | undefined;
  try {
    fd = await opened(path);
    const about = fstatSync(fd); // of an open file: no disk is waited for
    if (about.isDirectory()) throw notAFile(path);
    const size = about.isFile() ? about.size : undefined;
    // An octet more than there is: that none comes in its place shows the end.
    const most = size === undefined ? readOctets : Math.max(0, size - start);
    const block = Buffer.allocUnsafe(Math.min(readOctets, most + 1));
    const first = await readInto(fd, block, size === undefined ? null : start);
    if (size !== undefined && first.length < block.length) {
      closeSync(fd);
      return { pieces: one(first), size, close: async () => {} };
    }
    return longFile(fd, first, size, path, start);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw localFailure(error, path);
  }
}

// By callbacks: the handles of `fs/promises` cost more than what they do for a small file.
const opened = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    open(path, 'r', (error, fd) => (error === null ? resolve(fd) : reject(error)));
  });

const readInto = (fd: number, block: Buffer, position: number | null): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    read(fd, block, 0, block.length, position, (error, octets) =>
      error === null ? resolve(block.subarray(0, octets)) : reject(error),
    );
  });

function notAFile(path: string): LocalError {
  return new LocalError('ERR_LOCAL_PATH', `${path} is a directory.`, {
    protocol: 'ftp',
    path,
    hint: 'Name a file; a directory and all in it is `uploadTree`.',
  });
}

async function* one(block: Buffer): AsyncGenerator<Uint8Array> {
  if (block.length > 0) yield block;
}

function longFile(
  fd: number,
  first: Buffer,
  size: number | undefined,
  path: string,
  start: number,
): Source {
  const stream = createReadStream(path, {
    fd,
    highWaterMark: readOctets,
    ...(size === undefined ? {} : { start: start + first.length }),
  });
  stream.on('error', () => {}); // the reader sees it
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (first.length > 0) yield first;
    try {
      if (first.length > 0) yield* stream as AsyncIterable<Buffer>;
    } catch (error) {
      throw localFailure(error, path);
    }
  }
  const close = async () => {
    stream.destroy();
  };
  return { pieces: pieces(), size, close };
}
