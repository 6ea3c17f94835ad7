/** The polite end of a stream: ours first, then the peer's, within bounds. */
import type { Duplex } from 'node:stream';
import { deadline } from 'tls-context-core';

/** Ends our side and resolves when the peer has ended its own, or `timeout` milliseconds have gone by. */
export function farewell(stream: Duplex, timeout: number): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timely = deadline(timeout, resolve);
    stream.once('close', () => {
      timely();
      resolve();
    });
    stream.once('end', () => stream.destroy());
    stream.end();
  });
}
