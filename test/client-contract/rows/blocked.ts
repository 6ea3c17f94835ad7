import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ManualClock,
  manualClock,
} from '../../../packages/tls-context-core/test/manual-clock.js';
import { createPeer, type Peer } from '../peer.js';
import { inClear, quiet } from '../session.js';
import type { Client, Options, Subject } from '../subject.js';
import { securedPeer } from './secured.js';

/** Milliseconds: longer than any deadline of connecting. */
const long = 60_000;

/** A deadline counts the peer's silence, not time in which our own event loop was blocked: each phase of connecting has one. */
export function describeBlocked<C extends Client>(subject: Subject<C>): void {
  let clock: ManualClock;

  const connect = async (options: Options): Promise<C> =>
    (await subject.Client.connect(options as never)) as C;

  /** Blocks once, when the client has begun its handshake and the server's answer is on its way. */
  const blockingDial =
    (peer: Peer): Peer['dial'] =>
    async (target) => {
      const stream: Duplex = await peer.dial(target);
      const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
      let over = false;
      stream.write = (...args: unknown[]): boolean => {
        const hello = Buffer.isBuffer(args[0]) && args[0][0] === handshakeRecord;
        if (hello && !over) process.nextTick(() => clock.block(long));
        over ||= hello;
        return write(...args);
      };
      return stream;
    };

  describe('synchronous work longer than the deadline breaks no connection', () => {
    beforeEach(() => {
      clock = manualClock();
    });
    afterEach(() => clock.restore());

    it('while it is dialled', async () => {
      const peer = createPeer(subject.speaker);
      let connecting: Promise<C> | undefined;
      let answer = (): void => {};
      const dialled = new Promise<void>((resolve) => {
        const answered = new Promise<void>((resolve) => {
          answer = resolve;
        });
        connecting = connect({
          ...inClear(peer),
          dial: async (target) => {
            resolve();
            await answered;
            return peer.dial(target);
          },
        });
      });
      await dialled;
      clock.block(long);
      answer();
      (await connecting)?.close();
    });

    it('before the greeting', async () => {
      const peer = createPeer(subject.speaker);
      peer.on('greeting', 'silence');
      const connecting = connect(inClear(peer));
      await quiet();
      clock.block(long);
      peer.latest.say(subject.speaker.greeting);
      (await connecting).close();
    });

    it.each(['implicit-tls', 'starttls'] as const)('in the handshake of %s', async (mode) => {
      const { peer, options } = await securedPeer(subject, mode);
      const client = await connect({ ...options, dial: blockingDial(peer) });
      expect(client.security.verified).toBe(true);
      client.close();
    });
  });
}

/** The type of a TLS record that holds a handshake message, RFC 8446 §5.1. */
const handshakeRecord = 22;
