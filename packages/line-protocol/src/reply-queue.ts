/**
 * Who wrote reads, in FIFO turn: the order of a connection whose replies carry no tag.
 *
 * Each piece of work gets two turns, one to write and one to read. Work that gives its turn to write back early is
 * pipelined: the next one writes while this one still waits for its replies.
 */
import { type ErrorContext, type FivewireError, isFivewireError } from 'tls-context-core';
import { knownDeadlock } from './consumer/inside-transfer.js';
import { PendingCalls } from './consumer/pending-calls.js';
import { abandonOnAbort, aborted } from './deadline.js';
import type { LineConnection } from './line-connection.js';
import { type Reply, ReplyParser, type ReplyStyle } from './reply.js';

export interface Turn {
  /** Ours alone to write now. Lets the next work write; more must not be written after it. */
  wrote(): void;
  /** Resolves when every reply to what was written before us has been read. */
  toRead(): Promise<void>;
}

/** What a line means that answers no command: `'noted'` goes on; `undefined`: the server is out of step. */
export type StrayMeaning = 'closing' | 'noted' | undefined;

/** For three-digit replies. */
export interface ReplyQueueOptions {
  style: ReplyStyle;
  /** Says what a reply means that answers no command. Default: malformed. */
  unsolicited?: (reply: Reply) => StrayMeaning;
}

/** For protocols whose replies are no three-digit ones. */
export interface StrayLineOptions {
  stray: (line: string) => StrayMeaning;
}

export interface RunOptions extends ErrorContext {
  signal?: AbortSignal | undefined;
  /** No caller waits for this work yet: it is none of {@link ReplyQueue.calls}. */
  background?: boolean;
  /** The server speaks first (a greeting): what has come already is for this work. */
  unprompted?: boolean;
}

export class ReplyQueue {
  #connection: LineConnection;
  #stray: (line: string) => StrayMeaning;
  #writable: Promise<void> = Promise.resolve();
  #readable: Promise<void> = Promise.resolve();
  #active = 0;
  /** How many pieces of work have begun, and may have replies to come. */
  #begun = 0;
  /** Called when work has come: what goes on for long sees that other work is behind it. */
  onArrival: (() => void) | undefined;
  /** Who waits behind the reader that holds the connection for a consumer. */
  readonly calls: PendingCalls;

  constructor(connection: LineConnection, options: ReplyQueueOptions | StrayLineOptions) {
    this.#connection = connection;
    this.calls = new PendingCalls(connection.timeouts.stall);
    this.#stray = 'stray' in options ? options.stray : strayReplies(options);
    connection.onUnawaited = () => {
      if (this.#active === 0) this.refuseStray();
    };
  }

  /** How many pieces of work are waiting or running. */
  get pending(): number {
    return this.#active;
  }

  /**
   * Runs `work` in its turn. It starts when it may write; when it ends, whatever its result, both turns pass on.
   * Work that ends early without having read its replies must have ended the connection.
   *
   * With a signal: before its turn the work is dropped; afterwards the caller's promise rejects at once and the work
   * goes on reading its replies, so that the connection stays usable.
   */
  run<T>(
    work: (turn: Turn) => Promise<T>,
    { signal, background = false, unprompted = false, ...context }: RunOptions = {},
  ): Promise<T> {
    const deadlock = knownDeadlock(this.#connection, context.command);
    if (deadlock !== undefined) return Promise.reject(this.#connection.locate(deadlock, context));
    const mayWrite = this.#writable;
    const mayRead = this.#readable;
    let wrote!: () => void;
    let read!: () => void;
    this.#writable = new Promise((resolve) => {
      wrote = resolve;
    });
    this.#readable = new Promise((resolve) => {
      read = resolve;
    });
    let dropped: FivewireError | undefined;
    const waits = !background && this.#active > 0;
    this.#active++;
    this.onArrival?.();
    let begun = false;
    const running = (async () => {
      try {
        await mayWrite;
        if (signal?.aborted) throw aborted(signal, context, 'usable');
        if (dropped !== undefined) throw dropped;
        if (this.#begun === 0 && !unprompted) this.refuseStray();
        if (!this.#connection.isOpen) throw this.#connection.lost(context);
        begun = true;
        this.#begun++;
        return await work({ wrote, toRead: () => mayRead });
      } finally {
        if (begun) this.#begun--;
        wrote();
        await mayRead;
        read();
        this.#active--;
        if (this.#active === 0) this.refuseStray();
      }
    })();
    const call = abandonOnAbort(running, signal, context);
    if (!waits) return call;
    return new Promise<T>((resolve, reject) => {
      const turnHasCome = this.calls.add({
        command: context.command ?? '',
        refuse: (error) => {
          dropped = this.#connection.locate(error, context);
          reject(dropped);
        },
      });
      void mayRead.then(turnHasCome);
      call.then(resolve, reject).finally(turnHasCome);
    });
  }

  /**
   * Takes lines that answer no command, which may end the connection: to be called where no reply is to come. Complete ones only: it
   * never waits, so that the next work finds no other reader.
   */
  refuseStray(): void {
    const connection = this.#connection;
    try {
      for (let line = connection.takeLine(); line !== undefined; line = connection.takeLine()) {
        const meaning = this.#stray(line);
        if (meaning === 'noted') continue;
        if (meaning === 'closing') throw connection.serverClosing(line);
        throw connection.malformed('no reply, for none was asked for', line);
      }
      connection.unattended();
    } catch (error) {
      // The connection keeps its error and gives it to the next call.
      if (!isFivewireError(error)) throw error;
    }
  }
}

/** Collects stray lines into replies, which may have several. */
function strayReplies({ style, unsolicited }: ReplyQueueOptions): (line: string) => StrayMeaning {
  let parser = new ReplyParser(style);
  return (line) => {
    if (parser.passesOver(line)) return 'noted';
    const reply = parser.push(line);
    if (reply === undefined) return 'noted';
    parser = new ReplyParser(style);
    return typeof reply === 'string' ? undefined : unsolicited?.(reply);
  };
}
