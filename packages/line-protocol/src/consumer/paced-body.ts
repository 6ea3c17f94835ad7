/**
 * The body of one reply while the connection is at it: octets are taken from the connection at the consumer's pace, see `pace.ts`.
 * Who has the reading turn begins it, and is told when the connection is past it.
 */
import { LocalError } from 'tls-context-core';
import type { BodyDecoder } from '../body.js';
import type { Wait } from '../deadline.js';
import type { Found, LineConnection } from '../line-connection.js';
import type { ReplyQueue, Turn } from '../reply-queue.js';
import { DirectReadable } from './direct-readable.js';
import { gatheredOctets } from './gathering-readable.js';
import { pace } from './pace.js';
import type { Holder } from './pending-calls.js';

/** A whole reply as most are: all of it here, nothing odd about it. */
export interface PlainReply<H> extends Found {
  head: H;
  content: Buffer;
}

/** A command whose reply is a head and a body. */
export interface BodyCommand<H> {
  /** The command without its CRLF; no secret, and checked. */
  readonly text: string;
  /** What must have been done before the command goes out, in its own turn. Not a promise where nothing is to be done. */
  prepare?(turn: Turn): Promise<void> | undefined;
  /** Reads what comes before the body. It throws where no body follows. Not a promise where all of it is here. */
  readHead(): H | Promise<H>;
  /** Finds the body's end and takes off its encoding. @param body to tell a problem of */
  decoder(head: H, body: PacedBody): BodyDecoder;
  /** Silence inside the body. */
  readonly wait: Wait;
  /** Silence before the head, of commands whose replies may be found several at a time. */
  readonly headWait?: Wait;
}

/** What a body knows of its command. */
export type BodyOf = Pick<BodyCommand<never>, 'text' | 'wait'>;

/** Where bodies come from, and what they share. */
export interface BodySource {
  readonly queue: ReplyQueue;
  readonly connection: LineConnection;
  /** Octets that may be held for a consumer who is slow while later calls wait. */
  readonly aheadOctets: number;
  readonly signal?: AbortSignal | undefined;
}

/** Who has the turn in which a body is read. */
export interface BodyReader {
  /** Octets held by other bodies that share the allowance. */
  heldByOthers(body: PacedBody): number;
  /** The connection is past the body, or broke inside it. */
  passed(error?: unknown): void;
}

export class PacedBody extends DirectReadable implements Holder {
  /** Octets of content that have come. */
  octets = 0;
  /** True once the connection is past this body. */
  past = false;
  /** From its first octet to its last: the connection waits for its consumer. */
  isOpen = false;
  /** True when it was too long to be held and no consumer had it yet: its octets are gone, ask again. */
  setAside = false;
  /** True once a consumer has it. Until then it may be set aside. */
  delivered = true;
  /** What was wrong with it, known at its end; `undefined` where all is well. */
  problem: string | undefined = undefined;

  protected readonly source: BodySource;
  protected readonly command: BodyOf;
  /** The consumer wants more. */
  protected wanted = false;
  /** How much of a body that was given up is read and thrown away before the connection is closed instead. */
  #drainOctets: number;
  #decoder: BodyDecoder | undefined = undefined;
  #reader: BodyReader | undefined = undefined;
  #flowing = false;
  #filling = false;

  constructor(source: BodySource, command: BodyOf, drainOctets: number = shortOctets) {
    super();
    this.source = source;
    this.command = command;
    this.#drainOctets = drainOctets;
  }

  get what(): string {
    return `the body of ${this.command.text}`;
  }

  /** The connection is at its first octet. What is here of it is taken in: most bodies are short, and here whole. */
  begin(decoder: BodyDecoder, reader: BodyReader): void {
    // A body of no octets ends before any has come.
    if (this.#takeFrom(decoder, this.source.connection.peekOctets() ?? nothing)) {
      this.#close();
      return;
    }
    this.#decoder = decoder;
    this.#reader = reader;
    this.isOpen = true;
  }

  /** All of it is here already, and the connection is past it. */
  came(content: Buffer): void {
    this.octets = content.length;
    this.past = true;
    this.whole = true;
    if (content.length > 0) this.keep(content);
  }

  /** Gives the body up, however long: the iteration that asked for it goes on. */
  skip(): void {
    this.#drainOctets = Number.POSITIVE_INFINITY;
    this.destroy();
  }

  /** Whether a consumer has begun to read it, or is set to. */
  get touched(): boolean {
    return (
      this.looped ||
      this.readableFlowing !== null ||
      this.readableDidRead ||
      this.listenerCount('readable') > 0
    );
  }

  awaited(): void {
    this.flow();
  }

  protected override taken(): void {
    if (!this.isOpen) return;
    const { calls } = this.source.queue;
    calls.moved();
    if (calls.any) this.flow();
  }

  override _read(): void {
    this.wanted = true;
    if (!this.stream()) this.wanted = false;
    else if (this.isOpen) this.flow();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.isOpen) this.flow();
    this.wake();
    callback(error);
  }

  protected override takeIn(): void {
    if (!this.isOpen) return;
    this.wanted = true;
    this.flow();
  }

  protected override waitForMore(): void {
    this.wanted = true;
    if (this.isOpen) this.flow();
  }

  /** Does what the pace says, without promises: most bodies are short and here already. */
  flow(): void {
    const decoder = this.#decoder;
    if (!this.isOpen || decoder === undefined || this.#flowing || this.#filling) return;
    const { queue, connection, aheadOctets } = this.source;
    this.#flowing = true;
    try {
      for (;;) {
        const step = pace({
          gone: this.gone,
          wanted: this.wanted,
          awaited: queue.calls.any,
          held: this.readableLength + (this.#reader as BodyReader).heldByOthers(this),
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
          continue;
        }
        if (this.streams && this.octets > longOctets) connection.joinOctets();
        const octets = connection.peekOctets();
        if (octets === undefined) {
          if (this.kept === 0 || !this.wanted) {
            this.#fill();
            return;
          }
          // A loop gets what there is.
          this.wanted = false;
          this.wake();
        } else if (this.#takeFrom(decoder, octets)) {
          this.#end();
          return;
        }
      }
    } catch (error) {
      this.#end(error);
    } finally {
      this.#flowing = false;
    }
  }

  /** @returns whether the body is over */
  #takeFrom(decoder: BodyDecoder, octets: Buffer): boolean {
    const { used, content, done } = decoder.decode(octets);
    this.source.connection.consumeOctets(used);
    for (const piece of content) if (piece.length > 0) this.#take(piece);
    return done;
  }

  #take(content: Buffer): void {
    this.octets += content.length;
    if (this.gone) this.#drain(content.length);
    else if (this.streams) this.wanted = this.push(content);
    else {
      this.keep(content);
      if (this.kept < gatheredOctets) return;
      this.wanted = false;
      this.wake();
    }
  }

  #drain(octets: number): void {
    this.#drainOctets -= octets;
    if (this.#drainOctets >= 0) return;
    throw this.source.connection.fail(
      new LocalError('ERR_LOCAL_IO', 'A long body was given up; its connection is closed', {
        connection: 'closed',
        hint: 'Read the body to its end, or connect again.',
      }),
    );
  }

  /** The connection is past it, or broke inside it: who reads the connection goes on. */
  #end(error?: unknown): void {
    this.#close(error);
    (this.#reader as BodyReader).passed(error);
  }

  #close(error?: unknown): void {
    this.past = true;
    this.isOpen = false;
    if (error !== undefined) this.destroy(error as Error);
    else if (!this.streams) this.whole = true;
    else if (!this.gone) this.push(null);
    this.wake();
  }

  #fill(): void {
    this.#filling = true;
    const { connection } = this.source;
    connection.fill(this.command.wait, this.octets > longOctets).then(
      () => {
        this.#filling = false;
        this.flow();
      },
      (error: unknown) => {
        this.#filling = false;
        this.#end(error);
      },
    );
  }
}

/** So much is drained of a body that no iteration asked for. */
const shortOctets = 1 << 20;
/** A body of more octets is taken in large pieces. */
const longOctets = 1 << 16;
const nothing = Buffer.alloc(0);
