/** The end of the data while a piece is still being kept: nothing watches the server from then on. */
import { Duplex } from 'node:stream';
import { PendingCalls } from '@fivewire/line-protocol';
import { replaceClock } from 'tls-context-core';
import { expect, it } from 'vitest';
import { receive } from '../src/transfer/data-flow.js';
import { StallWatch } from '../src/transfer/deadline.js';

it('an end that comes while the last piece is being written leaves no deadline behind', async () => {
  const timers = new Set<() => void>();
  const putBack = replaceClock({
    now: () => 0,
    after(_, callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    afterInput: (callback) => void setImmediate(callback),
  });
  try {
    const watch = new StallWatch(60_000, new PendingCalls(60_000), () => {});
    const stream = new Duplex({ read() {} });
    let kept = (): void => {};
    const take = () =>
      new Promise<void>((resolve) => {
        kept = resolve;
      });
    const received = receive(stream, take, watch);
    stream.push('the last piece');
    await new Promise(setImmediate);
    expect(stream.isPaused()).toBe(true);
    stream.push(null);
    stream.read(0); // as sockets do when the peer's end comes
    await received;
    watch.stop();
    kept();
    await new Promise(setImmediate);
    expect(timers.size).toBe(0);
  } finally {
    putBack();
  }
});
