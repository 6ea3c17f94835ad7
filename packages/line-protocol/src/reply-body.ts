/**
 * The body of a reply, as a `Readable` that is there before its turn: the command goes out at the first read, and the
 * consumer's pace holds the reading turn.
 *
 * Where a later call is waited for meanwhile, the body reads ahead so that the turn passes on; see `ReplyQueue.press`.
 */
import { Readable } from 'node:stream';
import { type FivewireError, LocalError } from 'tls-context-core';
import type { BodyDecoder } from './body.js';
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
  /** Reads what comes before the body. It throws where no body follows. Not a promise where all of it is here. */
  readHead: () => H | Promise<H>;
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
  /** There from the moment that the body's first octet is ours to read. */
  #decoder: BodyDecoder | undefined;
  #leave!: { resolve: () => void; reject: (error: unknown) => void };
  #flowing = false;
  #filling = false;
  /** A body of no octets ends before any has come. */
  #begun = false;
  /** The consumer wants more. */
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
      this.#flow();
    }
  }

  override _read(): void {
    this.#moved();
    this.#asked = true;
    this.ask();
    if (this.#decoder === undefined) this.#press();
    else this.#flow();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#moved();
    if (this.#running !== undefined) this.#flow();
    callback(error);
  }

  #work = async (turn: Turn): Promise<void> => {
    const { queue, connection, line, pipelined, prepare, readHead, decoder } = this.#request;
    if (this.destroyed) return; // given up before anything was sent
    if (prepare !== undefined) await prepare(turn);
    connection.send(line);
    if (pipelined) turn.wrote();
    await turn.toRead();
    this.#relieve?.();
    const read = readHead();
    const head = read instanceof Promise ? await read : read;
    const left = new Promise<void>((resolve, reject) => {
      this.#leave = { resolve, reject };
    });
    this.#decoder = decoder(head);
    this.#headReady(head);
    try {
      queue.hold(this);
      if (this.#asked || this.destroyed) this.#flow();
      await left;
    } finally {
      this.past = true;
      queue.hold(undefined);
      this.#moved();
    }
  };

  #press(): void {
    if (this.#decoder !== undefined || this.past || this.#relieve !== undefined) return;
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

  /**
   * Gives the consumer what is here, as far as it wants it, or more while somebody waits behind us; what was given up is
   * thrown away. Without promises, for most bodies are short and here already.
   */
  #flow(): void {
    const decoder = this.#decoder;
    if (decoder === undefined || this.past || this.#flowing || this.#filling) return;
    this.#flowing = true;
    try {
      do this.#asked = false;
      while (this.#give(decoder) && (this.#asked || this.destroyed));
    } catch (error) {
      this.#leave.reject(error);
    } finally {
      this.#flowing = false;
    }
  }

  /** @returns true where the consumer has enough for now */
  #give(decoder: BodyDecoder): boolean {
    const { connection, queue } = this.#request;
    for (;;) {
      const octets = connection.peekOctets() ?? (this.#begun ? undefined : nothing);
      this.#begun = true;
      if (octets === undefined) {
        this.#fill();
        return false;
      }
      const { used, content, done } = decoder.decode(octets);
      connection.consumeOctets(used);
      let more = true;
      for (const piece of content) if (piece.length > 0) more = this.#take(piece);
      if (done) {
        this.past = true;
        this.#leave.resolve();
        if (!this.destroyed) this.push(null);
        return false;
      }
      if (!more) {
        if (queue.underPressure) this.#full();
        return true;
      }
    }
  }

  #take(content: Buffer): boolean {
    this.octets += content.length;
    if (!this.destroyed) return this.push(content) || this.#mayReadAhead();
    this.#drainOctets -= content.length;
    if (this.#drainOctets >= 0) return true;
    throw this.#request.connection.fail(
      new LocalError('ERR_LOCAL_IO', 'A long body was given up; its connection is closed', {
        connection: 'closed',
        hint: 'Read the body to its end, or connect again.',
      }),
    );
  }

  #fill(): void {
    this.#filling = true;
    this.#request.connection.fill(this.#request.wait).then(
      () => {
        this.#filling = false;
        this.#flow();
      },
      (error: unknown) => {
        this.#filling = false;
        this.#leave.reject(error);
      },
    );
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
}

const ignore = (): void => {};
const nothing = Buffer.alloc(0);
