/**
 * Who wrote reads, in FIFO turn: the order of a connection whose replies carry no tag.
 *
 * Each piece of work gets two turns, one to write and one to read. Work that gives its turn to write back early is
 * pipelined: the next one writes while this one still waits for its replies.
 */
import type { ErrorContext } from 'tls-context-core';
import { abandonOnAbort, aborted } from './deadline.js';
import type { LineConnection } from './line-connection.js';
import { type Reply, ReplyParser, type ReplyStyle } from './reply.js';

export interface Turn {
  /** Ours alone to write now. Lets the next work write; more must not be written after it. */
  wrote(): void;
  /** Resolves when every reply to what was written before us has been read. */
  toRead(): Promise<void>;
}

export interface ReplyQueueOptions {
  style: ReplyStyle;
  /** Says what a reply means that nobody asked for: `'closing'`, or `'noted'` to go on. Default: malformed. */
  unsolicited?: (reply: Reply) => 'closing' | 'noted' | undefined;
}

export class ReplyQueue {
  #connection: LineConnection;
  #options: ReplyQueueOptions;
  #writable: Promise<void> = Promise.resolve();
  #readable: Promise<void> = Promise.resolve();
  #active = 0;
  #stray: ReplyParser;

  constructor(connection: LineConnection, options: ReplyQueueOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#stray = new ReplyParser(options.style);
    connection.onUnawaited = () => {
      if (this.#active === 0) this.#readStray();
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
    { signal, ...context }: ErrorContext & { signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
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
    this.#active++;
    const running = (async () => {
      try {
        await mayWrite;
        if (signal?.aborted) throw aborted(signal, context, 'usable');
        if (this.#active === 1) this.#readStray();
        if (this.#connection.error !== undefined) throw this.#connection.error;
        return await work({ wrote, toRead: () => mayRead });
      } finally {
        wrote();
        await mayRead;
        read();
        this.#active--;
        if (this.#active === 0) this.#readStray();
      }
    })();
    return abandonOnAbort(running, signal, context);
  }

  /**
   * Replies that nobody asked for: a goodbye, or a server that is out of step. Takes complete lines only: it never
   * waits, so that the next work finds no other reader.
   */
  #readStray(): void {
    const connection = this.#connection;
    try {
      for (let line = connection.takeLine(); line !== undefined; line = connection.takeLine()) {
        const reply = this.#stray.push(line);
        if (reply === undefined) continue;
        this.#stray = new ReplyParser(this.#options.style);
        const meaning = typeof reply === 'string' ? undefined : this.#options.unsolicited?.(reply);
        if (meaning === 'noted') continue;
        if (meaning === 'closing') throw connection.serverClosing(line);
        throw connection.malformed('no reply, for none was asked for', line);
      }
      // A piece of a line before the end is no reply any more.
      if (connection.hasEnded)
        void connection.fill({ phase: 'command', timeout: 0 }).catch(() => {});
    } catch {
      // The connection keeps its error and gives it to the next call.
    }
  }
}
