/**
 * What comes off the stream: kept until a caller takes it, left in the socket where too much is kept, and gathered where the reader
 * wants all that comes in a turn of the event loop.
 */
import type { Duplex } from 'node:stream';
import { InputBuffer } from './input-buffer.js';
import type { PeerWait } from './peer-wait.js';

/** Octets after which we stop reading from the socket until a caller takes them. */
const highWater = 256 * 1024;

/** Octets that are enough for a reader who gathers. */
const gatheredOctets = 128 * 1024;

/** Whose stream it is. */
export interface Receiver {
  /** Octets come. */
  arriving(): void;
  /** Octets have come, or the peer has ended, and no caller waits for them. */
  unawaited(): void;
  /** The peer has ended, and there is nothing left to take, or a caller waits for more. */
  over(): void;
  failed(error: Error): void;
}

export class Incoming {
  readonly buffer: InputBuffer = new InputBuffer();
  /** The peer has ended: what is kept is all there will be. */
  ended = false;

  readonly #receiver: Receiver;
  readonly #reader: PeerWait;
  #stream: Duplex | undefined;
  #paused = false;
  /** The reader wants all that comes in a turn, and some of it is here. */
  #gathers = false;
  #gathering = false;

  constructor(receiver: Receiver, reader: PeerWait) {
    this.#receiver = receiver;
    this.#reader = reader;
  }

  /** Begins with a stream: the first one, or what was built on the one before. */
  attach(stream: Duplex): void {
    this.#stream = stream;
    this.#paused = false;
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.on('error', this.#onError);
    stream.on('close', this.#onEnd);
    // A stream that died before we came will not tell us again.
    if (stream.destroyed || stream.readableEnded) process.nextTick(this.#onEnd);
    stream.resume(); // it may have been paused on its way to us
  }

  detach(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.off('data', this.#onData);
    stream?.off('end', this.#onEnd);
    stream?.off('error', this.#onError);
    stream?.off('close', this.#onEnd);
  }

  /** A reader will wait. @param gather for all that comes in a turn */
  wanted(gather: boolean): void {
    this.#gathers = gather;
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream?.resume();
  }

  #onData = (chunk: Buffer): void => {
    this.#receiver.arriving();
    this.buffer.push(chunk);
    if (this.buffer.size > highWater) {
      this.#paused = true;
      this.#stream?.pause();
    }
    if (!this.#reader.pending) {
      this.#receiver.unawaited();
    } else if (!this.#gathers || this.#paused || this.buffer.size >= gatheredOctets) {
      this.#reader.settle();
    } else {
      this.#reader.heard();
      if (!this.#gathering) setImmediate(this.#gathered);
      this.#gathering = true;
    }
  };

  /** All that came in this turn of the event loop is here. */
  #gathered = (): void => {
    this.#gathering = false;
    this.#reader.settle();
  };

  #onEnd = (): void => {
    this.ended = true;
    // What has gathered is given out first; the next wait says that there is no more.
    if (this.#gathering && this.#reader.pending) {
      this.#reader.settle();
      return;
    }
    if (!this.#reader.pending) this.#receiver.unawaited();
    // What came before the end may still be taken; the next wait says that there is no more.
    if (this.#reader.pending || this.buffer.size === 0) this.#receiver.over();
  };

  #onError = (error: Error): void => {
    if (this.#gathering && this.#reader.pending) {
      this.#reader.settle();
      setImmediate(() => this.#receiver.failed(error));
      return;
    }
    this.#receiver.failed(error);
  };
}
