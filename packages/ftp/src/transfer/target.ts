/** From what the caller names to a sink: a file, or the caller's Writable. */
import { Writable } from 'node:stream';
import { FileSink } from '@fivewire/line-protocol';
import type { DownloadTarget } from '../types.js';
import { pathOf } from './local.js';
import type { Sink, SinkOptions } from './sink.js';
import { StreamSink } from './stream-sink.js';

export function isTarget(target: unknown): target is DownloadTarget {
  if (typeof target === 'string' || target instanceof URL) return true;
  // The global, for Node loads the web's streams when it is first looked at.
  return isWritable(target) || target instanceof globalThis.WritableStream;
}

export async function openSink(target: DownloadTarget, options: SinkOptions): Promise<Sink> {
  if (typeof target === 'string' || target instanceof URL) {
    return FileSink.open(pathOf(target), options);
  }
  const stream = isWritable(target) ? target : Writable.fromWeb(target);
  return new StreamSink(stream, options.start);
}

function isWritable(target: unknown): target is Writable {
  const stream = target as Partial<Writable> | null | undefined;
  return typeof stream?.write === 'function' && typeof stream.end === 'function';
}
