/**
 * The body of a reply, as a `Readable` that is there before its turn: the command goes out at the first read, and the
 * consumer's pace holds the reading turn; see `pace.ts`.
 */
import { type FivewireError, LocalError } from 'tls-context-core';
import type { BodyDecoder } from '../body.js';
import type { CommandLine } from '../command-line.js';
import type { Wait } from '../deadline.js';
import type { LineConnection } from '../line-connection.js';
import type { ReplyQueue, Turn } from '../reply-queue.js';
import { GatheringReadable } from './gathering-readable.js';
import { pace } from './pace.js';
import type { Holder } from './pending-calls.js';

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

export class ReplyBody<H = unknown> extends GatheringReadable implements Holder {
  /** Octets of content that have come. */
  octets = 0;
  /** True once the connection is past this body. */
  past = false;
  /** True when it was too long to be held and no consumer had it yet: its octets are gone, ask again. */
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
  #wanted = false;
  /** Ends this body's own wait behind another reader. */
  #turnHasCome: (() => void) | undefined;
  #drainOctets: number;

  constructor(request: BodyRequest<H>) {
    super();
    this.#request = request;
    this.#drainOctets = request.drainOctets ?? 1 << 20;
  }

  get what(): string {
    return `the body of ${this.#request.line.masked}`;
  }

  /** Sends the command. No one waits for the reply yet. */
  ask(): void {
    if (this.#running !== undefined) return;
    const { queue, signal, line } = this.#request;
    this.#head = new Promise<H>((resolve, reject) => {
      this.#headReady = resolve;
      this.#headFailed = reject;
    });
    this.#head.catch(ignore);
    this.#running = queue.run(this.#work, { signal, background: true, command: line.masked });
    this.#running.catch((error: FivewireError) => {
      this.#headFailed(error);
      this.#turnHasCome?.();
      this.destroy(error);
    });
  }

  /** What comes before the body; rejects where there is none. */
  head(): Promise<H> {
    this.ask();
    this.#awaitTurn();
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

  awaited(): void {
    this.#flow();
  }

  protected override taken(): void {
    if (this.#decoder === undefined || this.past) return;
    const { calls } = this.#request.queue;
    calls.moved();
    if (calls.any) this.#flow();
  }

  override _read(): void {
    this.#wanted = true;
    this.ask();
    if (this.#decoder === undefined) this.#awaitTurn();
    else this.#flow();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
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
    this.#turnHasCome?.();
    const read = readHead();
    const head = read instanceof Promise ? await read : read;
    const left = new Promise<void>((resolve, reject) => {
      this.#leave = { resolve, reject };
    });
    this.#decoder = decoder(head);
    this.#headReady(head);
    try {
      queue.calls.hold(this);
      this.#flow();
      await left;
    } finally {
      this.past = true;
      queue.calls.hold(undefined);
    }
  };

  /** The consumer waits for this body, and so for the reader that holds the connection now. */
  #awaitTurn(): void {
    if (this.#decoder !== undefined || this.past || this.#turnHasCome !== undefined) return;
    this.#wanted = true;
    const { queue, line } = this.#request;
    const end = queue.calls.add({
      command: line.masked,
      refuse: (error) => this.#refused(error),
    });
    this.#turnHasCome = () => {
      end();
      this.#turnHasCome = undefined;
    };
  }

  #refused(error: FivewireError): void {
    this.#turnHasCome?.();
    this.#headFailed(this.#request.connection.locate(error));
    this.destroy(error);
  }

  /** Does what the pace says, without promises: most bodies are short and here already. */
  #flow(): void {
    const decoder = this.#decoder;
    if (decoder === undefined || this.past || this.#flowing || this.#filling) return;
    const { queue, aheadOctets, held } = this.#request;
    this.#flowing = true;
    try {
      for (;;) {
        const step = pace({
          gone: this.destroyed,
          wanted: this.#wanted,
          awaited: queue.calls.any,
          held: this.readableLength + (held?.() ?? 0),
          allowance: aheadOctets,
          repeatable: !this.delivered,
        });
        if (step === 'pause') {
          queue.calls.paused();
          return;
        }
        queue.calls.moved();
        if (step === 'set-aside') {
          this.setAside = true;
          this.skip();
        } else if (!this.#step(decoder)) return;
      }
    } catch (error) {
      this.#leave.reject(error);
    } finally {
      this.#flowing = false;
    }
  }

  /** Takes what is here. @returns false where the body is over, or octets must come first */
  #step(decoder: BodyDecoder): boolean {
    const { connection } = this.#request;
    if (this.octets > longOctets) connection.joinOctets();
    const octets = connection.peekOctets() ?? (this.#begun ? undefined : nothing);
    this.#begun = true;
    if (octets === undefined) {
      this.#fill();
      return false;
    }
    const { used, content, done } = decoder.decode(octets);
    connection.consumeOctets(used);
    for (const piece of content) if (piece.length > 0) this.#take(piece);
    if (!done) return true;
    this.past = true;
    this.#leave.resolve();
    if (!this.destroyed) this.push(null);
    return false;
  }

  #take(content: Buffer): void {
    this.octets += content.length;
    if (!this.destroyed) {
      this.#wanted = this.push(content);
      return;
    }
    this.#drainOctets -= content.length;
    if (this.#drainOctets >= 0) return;
    throw this.#request.connection.fail(
      new LocalError('ERR_LOCAL_IO', 'A long body was given up; its connection is closed', {
        connection: 'closed',
        hint: 'Read the body to its end, or connect again.',
      }),
    );
  }

  #fill(): void {
    this.#filling = true;
    this.#request.connection.fill(this.#request.wait, this.octets > longOctets).then(
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
}

/** A body of more octets is taken in large pieces. */
const longOctets = 1 << 16;
const ignore = (): void => {};
const nothing = Buffer.alloc(0);
