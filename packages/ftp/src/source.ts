/** Where an upload comes from: content, a stream, or a file of this side. */
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type BodyInput, bodyOctets, isBodyInput, UsageError } from '@fivewire/line-protocol';
import type { Control } from './control.js';
import { localFailure, pathOf } from './local.js';
import { insideTransfer } from './reentrance.js';
import type { LocalFile, UploadSource } from './types.js';

export interface Source {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Octets, where known beforehand. */
  readonly size: number | undefined;
  close(): Promise<void>;
}

/** Read streams of clients, to know one that would wait for the upload that waits for it. */
export const readStreams: WeakMap<object, Control> = new WeakMap();

/** @throws UsageError for what is no source, and for a read stream of the same client. */
export function checkSource(source: UploadSource, control: Control): void {
  if (isLocalFile(source)) {
    pathOf(source.file);
    return;
  }
  if (!isBodyInput(source)) {
    throw new UsageError('ERR_ARGUMENT', 'The source is neither content, a stream nor { file }.', {
      protocol: 'ftp',
      argument: 'source',
    });
  }
  if (typeof source !== 'object' || readStreams.get(source) !== control) return;
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

export async function openSource(source: UploadSource, control: Control): Promise<Source> {
  if (isLocalFile(source)) return openFile(pathOf(source.file));
  const pieces = bodyOctets(source);
  return {
    pieces: callsBack(source) ? watched(pieces, control) : pieces,
    size: sizeOf(source),
    close: async () => {
      if (source instanceof Readable) source.destroy();
    },
  };
}

function isLocalFile(source: UploadSource): source is LocalFile {
  return typeof source === 'object' && source !== null && 'file' in source;
}

function sizeOf(source: BodyInput): number | undefined {
  if (typeof source === 'string') return Buffer.byteLength(source);
  return source instanceof Uint8Array ? source.length : undefined;
}

/** A generator's code runs while the upload waits for it, and may call this client. */
function callsBack(source: BodyInput): boolean {
  return (
    typeof source === 'object' && !(source instanceof Uint8Array || source instanceof Readable)
  );
}

async function* watched(
  pieces: AsyncGenerator<Uint8Array>,
  control: Control,
): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { done, value } = await insideTransfer(control, () => pieces.next());
      if (done) return;
      yield value;
    }
  } finally {
    await pieces.return(undefined);
  }
}

// Reads of 64 KiB, Node's default, cost twice the CPU.
const readOctets = 1 << 20;

async function openFile(path: string): Promise<Source> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw localFailure(error, path);
  }
  const { size } = await file.stat();
  const stream = file.createReadStream({ highWaterMark: readOctets });
  return {
    pieces: readFile(stream, path),
    size,
    close: async () => {
      stream.destroy();
    },
  };
}

async function* readFile(stream: Readable, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw localFailure(error, path);
  }
}
