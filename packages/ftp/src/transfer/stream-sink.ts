/** A download into the caller's Writable, at its pace. */
import type { Writable } from 'node:stream';
import type { LocalError } from '@fivewire/line-protocol';
import { cannotBegin } from '../session/missing.js';
import { localFailure } from './local.js';
import type { Sink } from './sink.js';

export class StreamSink implements Sink {
  readonly start: number;
  readonly goesOn = false;
  readonly #stream: Writable;
  #failure: LocalError | undefined;

  constructor(stream: Writable, start: number) {
    this.#stream = stream;
    this.start = start;
    stream.on('error', this.#onError).on('close', this.#onClose);
    if (stream.destroyed || stream.writableEnded) this.#onClose();
  }

  async begin(): Promise<void> {}

  /** The caller asked for this start; there is no other. */
  async restart(size?: number): Promise<void> {
    throw cannotBegin(this.start, size);
  }

  take(piece: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#stream.write(piece) ? undefined : this.#drained();
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async finish(): Promise<void> {
    const stream = this.#stream;
    if (stream === process.stdout || stream === process.stderr) return this.#forget();
    await new Promise<void>((resolve, reject) => {
      stream.once('close', () => (this.#failure === undefined ? resolve() : reject(this.#failure)));
      stream.once('error', () => reject(this.#failure));
      stream.end(resolve);
    });
    this.#forget();
  }

  async abandon(error: unknown): Promise<false> {
    this.#failure ??= localFailure(error);
    const stream = this.#stream;
    if (stream === process.stdout || stream === process.stderr) this.#forget();
    else {
      // A caller that listens to the stream learns why; it need not listen.
      stream.once('close', () => this.#forget());
      stream.destroy(error instanceof Error ? error : undefined);
    }
    return false;
  }

  #drained(): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        stream.off('drain', onDrain).off('close', onClose);
      };
      const onDrain = (): void => {
        settle();
        resolve();
      };
      const onClose = (): void => {
        settle();
        reject(this.#failure);
      };
      stream.once('drain', onDrain).once('close', onClose);
    });
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= localFailure(error);
  };

  readonly #onClose = (): void => {
    if (!this.#stream.writableFinished) {
      this.#failure ??= localFailure(new Error('the target was closed'));
    }
  };

  #forget(): void {
    this.#stream.off('error', this.#onError).off('close', this.#onClose);
  }
}
