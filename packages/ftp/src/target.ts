/** From what the caller names to a sink: a file, or the caller's Writable. */
import type { Writable } from 'node:stream';
import { FileSink } from '@fivewire/line-protocol';
import { pathOf } from './local.js';
import type { Sink, SinkOptions } from './sink.js';
import { StreamSink } from './stream-sink.js';
import type { DownloadTarget } from './types.js';

export function isTarget(target: unknown): target is DownloadTarget {
  if (typeof target === 'string' || target instanceof URL) return true;
  const stream = target as Partial<Writable> | null | undefined;
  return typeof stream?.write === 'function' && typeof stream.end === 'function';
}

export async function openSink(target: DownloadTarget, options: SinkOptions): Promise<Sink> {
  if (typeof target === 'string' || target instanceof URL) {
    return FileSink.open(pathOf(target), options);
  }
  return new StreamSink(target, options.start);
}
