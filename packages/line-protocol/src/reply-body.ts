/**
 * The body of a reply, as a `Readable` that is there before its turn: the command goes out at the first read, and the
 * consumer's pace holds the reading turn.
 *
 * Where a later call is waited for meanwhile, the body reads ahead so that the turn passes on; see `ReplyQueue.press`.
 */
import { Readable } from 'node:stream';
import { type FivewireError, LocalError } from 'tls-context-core';
import { type BodyDecoder, bodyPump } from './body.js';
import type { CommandLine } from './command-line.js';
import type { Wait } from './deadline.js';
import type { LineConnection } from './line-connection.js';
import type { Holder, ReplyQueue, Turn } from './reply-queue.js';

export interface BodyRequest<H> {
  queue: ReplyQueue;
  connection: LineConnection;
  line: CommandLine;
  /** Whether the next command may go out before this reply has come. */
  pipelined: boolean;
  /** What the protocol needs to have done before the command goes out, in the work's own turn. */
  prepare?: (turn: Turn) => Promise<void>;
  /** Reads what comes before the body. It throws where no body follows. */
  readHead: () => Promise<H>;
  /** Finds the body's end and takes off its encoding. */
  decoder: (head: H) => BodyDecoder;
  /** Silence inside the body. */
  wait: Wait;
  /** Octets that may be held for a consumer who is slow while later calls wait. */
  aheadOctets: number;
  /** Octets held already by others that share this allowance. Default: none. */
  held?: () => number;
  /** How much of a body that was given up is read and thrown away before the connection is closed instead. Default 1 MiB. */
  drainOctets?: number;
  signal?: AbortSignal | undefined;
}

/** How long a consumer may take nothing, with its allowance full, before those who wait behind it are told. */
export const deadlockAfter = 2_000;

export class ReplyBody<H = unknown> extends Readable implements Holder {
  /** Octets of content that have come. */
  octets = 0;
  /** True once the connection is past this body. */
  past = false;
  /** True when it was too long to be held and nobody had it yet: its octets are gone, ask again. */
  setAside = false;
  /** True once a consumer has it. Until then it may be set aside. */
  delivered = true;

  #request: BodyRequest<H>;
  #running: Promise<void> | undefined;
  #head: Promise<H> | undefined;
  #headReady!: (head: H) => void;
  #headFailed!: (error: unknown) => void;
  #pump: ((take: (content: Buffer) => boolean) => Promise<boolean>) | undefined;
  #leave!: { resolve: () => void; reject: (error: unknown) => void };
  #pumping = false;
  #asked = false;
  #relieve: (() => void) | undefined;
  #stuckTimer: NodeJS.Timeout | undefined;
  /** What was held when it was too much; the consumer has moved when it is less. */
  #stuckAt = Number.POSITIVE_INFINITY;
  #isStuck = false;
  #drainOctets: number;

  constructor(request: BodyRequest<H>) {
    super({ highWaterMark: 1 << 18 });
    this.#request = request;
    this.#drainOctets = request.drainOctets ?? 1 << 20;
    // A body that fails while nobody looks at it must not end the process: whoever reads it gets the error all the same.
    this.on('error', ignore);
  }

  /** Sends the command. Nobody waits for the reply yet. */
  ask(): void {
    if (this.#running !== undefined) return;
    const { queue, signal, line } = this.#request;
    this.#head = new Promise<H>((resolve, reject) => {
      this.#headReady = resolve;
      this.#headFailed = reject;
    });
    this.#head.catch(ignore);
    this.#running = queue.run(this.#work, { signal, patient: true, command: line.masked });
    this.#running.catch((error: FivewireError) => {
      this.#headFailed(error);
      this.#relieve?.();
      this.destroy(error);
    });
  }

  /** What comes before the body; rejects where there is none. Whoever calls this waits. */
  head(): Promise<H> {
    this.ask();
    this.#press();
    return this.#head as Promise<H>;
  }

  /** Gives the body up, however long: the iteration that asked for it goes on. */
  skip(): void {
    this.#drainOctets = Number.POSITIVE_INFINITY;
    this.destroy();
  }

  /** Whether a consumer has begun to read it, or is set to. */
  get touched(): boolean {
    return (
      this.readableFlowing !== null || this.readableDidRead || this.listenerCount('readable') > 0
    );
  }

  pressed(): void {
    if (this.#isStuck && this.readableLength >= this.#stuckAt) {
      queueMicrotask(() => this.#refuse());
    } else {
      this.#feed();
    }
  }

  override _read(): void {
    this.#moved();
    this.ask();
    if (this.#pump === undefined) this.#press();
    else if (this.#pumping) this.#asked = true;
    else this.#feed();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#moved();
    if (this.#running !== undefined) this.#feed();
    callback(error);
  }

  #work = async (turn: Turn): Promise<void> => {
    const { queue, connection, line, pipelined, prepare, readHead, decoder, wait } = this.#request;
    if (this.destroyed) return; // given up before anything was sent
    await prepare?.(turn);
    connection.send(line);
    if (pipelined) turn.wrote();
    await turn.toRead();
    this.#relieve?.();
    const head = await readHead();
    const left = new Promise<void>((resolve, reject) => {
      this.#leave = { resolve, reject };
    });
    this.#pump = bodyPump(connection, decoder(head), wait);
    this.#headReady(head);
    try {
      queue.hold(this);
      if (this.#asked || this.destroyed) this.#feed();
      await left;
    } finally {
      this.past = true;
      queue.hold(undefined);
      this.#moved();
    }
  };

  #press(): void {
    if (this.#pump !== undefined || this.past || this.#relieve !== undefined) return;
    this.#asked = true;
    const end = this.#request.queue.press((error) => this.#running && this.#deadlocked(error));
    this.#relieve = () => {
      end();
      this.#relieve = undefined;
    };
  }

  #deadlocked(error: FivewireError): void {
    this.#relieve?.();
    this.#headFailed(error);
    this.destroy(error);
  }

  /** Gives the consumer what it asks for, and more while somebody waits behind us. */
  #feed(): void {
    if (this.#pump === undefined || this.past || this.#pumping) return;
    this.#pumping = true;
    this.#flow(this.#pump).then(
      () => {
        this.#pumping = false;
        if (this.past) return;
        if (this.#asked || this.destroyed) this.#feed();
      },
      (error: Error) => {
        this.#pumping = false;
        this.#leave.reject(error);
      },
    );
  }

  async #flow(pump: (take: (content: Buffer) => boolean) => Promise<boolean>): Promise<void> {
    this.#asked = false;
    if (!this.destroyed) {
      const ended = await pump((content) => {
        this.octets += content.length;
        if (this.destroyed) return false;
        return this.push(content) || this.#mayReadAhead();
      });
      if (ended) {
        this.#leave.resolve();
        this.past = true;
        if (!this.destroyed) this.push(null);
        return;
      }
    }
    if (this.destroyed) await this.#drain(pump);
    else if (this.#request.queue.underPressure) this.#full();
  }

  #mayReadAhead(): boolean {
    const { queue, aheadOctets, held } = this.#request;
    return queue.underPressure && this.readableLength + (held?.() ?? 0) < aheadOctets;
  }

  /** Somebody waits behind us, the allowance is full, and the consumer is what everything depends on. */
  #full(): void {
    if (!this.delivered) {
      this.setAside = true;
      this.skip();
      return;
    }
    if (this.#stuckTimer !== undefined) return;
    this.#stuckAt = this.readableLength;
    // A pipe goes on by itself; a loop over this body may be what waits.
    const patience = this.listenerCount('data') > 0 ? this.#request.wait.timeout : deadlockAfter;
    this.#stuckTimer = setTimeout(() => {
      this.#stuckTimer = undefined;
      if (this.readableLength < this.#stuckAt) this.#full();
      else this.#refuse();
    }, patience);
  }

  #refuse(): void {
    if (this.past || this.destroyed) return;
    this.#isStuck = true;
    this.#request.queue.refusePressure(
      `the body of ${this.#request.line.masked} is in the way and nobody reads it`,
    );
  }

  #moved(): void {
    clearTimeout(this.#stuckTimer);
    this.#stuckTimer = undefined;
    this.#isStuck = false;
  }

  async #drain(pump: (take: (content: Buffer) => boolean) => Promise<boolean>): Promise<void> {
    let left = this.#drainOctets;
    const ended = await pump((content) => {
      left -= content.length;
      return left > 0;
    });
    if (ended) this.#leave.resolve();
    else {
      throw this.#request.connection.fail(
        new LocalError('ERR_LOCAL_IO', 'A long body was given up; its connection is closed', {
          connection: 'closed',
          hint: 'Read the body to its end, or connect again.',
        }),
      );
    }
  }
}

const ignore = (): void => {};
