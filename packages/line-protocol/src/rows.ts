/**
 * A listing that ends in a line with a lone dot, as rows: the command goes out at the first `next()`, rows are taken
 * from the connection one by one as the consumer asks, and nothing else is held.
 *
 * Where a later call is waited for meanwhile, the listing reads ahead so that the turn passes on; see `ReplyQueue.press`.
 */
import type { FivewireError } from 'tls-context-core';
import type { CommandLine } from './command-line.js';
import type { Wait } from './deadline.js';
import type { LineConnection } from './line-connection.js';
import { deadlockAfter } from './reply-body.js';
import type { Holder, ReplyQueue } from './reply-queue.js';

/** Rows of unknown number: `for await (const row of rows)`, or all at once. Iterating twice asks the server twice. */
export class Rows<T> implements AsyncIterable<T> {
  #open: () => AsyncIterator<T, void, undefined>;
  constructor(open: () => AsyncIterator<T, void, undefined>) {
    this.#open = open;
  }
  [Symbol.asyncIterator](): AsyncIterator<T, void, undefined> {
    return this.#open();
  }
  /** All rows, in memory. */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const row of this) all.push(row);
    return all;
  }
}

export interface RowsRequest<T> {
  queue: ReplyQueue;
  connection: LineConnection;
  line: CommandLine;
  /** Whether the next command may go out before this reply has come. */
  pipelined: boolean;
  /** What the protocol needs to have done before the command goes out, in the work's own turn. */
  prepare?: () => Promise<void>;
  /** Reads what comes before the rows. False: no rows follow. It throws where the command was refused. */
  readHead: () => Promise<boolean>;
  /** A row without dot stuffing, each character an octet. `undefined` leaves it out. It must not throw. */
  parse: (line: string) => T | undefined;
  /** Silence inside the listing. */
  wait: Wait;
  /** Octets that may be held for a consumer who is slow while later calls wait. */
  aheadOctets: number;
  /** The most rows to take; more are `ERR_LIMIT_EXCEEDED`, `limits.rows`. */
  maxRows: number;
  /** The caller can ask again from where it was: what can't be held is thrown away, and `cut` says so. */
  mayCut?: boolean;
  signal?: AbortSignal | undefined;
}

/** One listing, read once. */
export class RowReader<T> implements AsyncIterator<T, void, undefined>, Holder {
  /** True when the end of the listing was thrown away because later calls waited (`mayCut`). */
  cut = false;

  #request: RowsRequest<T>;
  #state: 'new' | 'asked' | 'open' | 'discarding' | 'past' = 'new';
  #ahead: string[] = [];
  #aheadAt = 0;
  #aheadOctets = 0;
  #rows = 0;
  #error: FivewireError | undefined;
  #leave: (() => void) | undefined;
  #break: ((error: FivewireError) => void) | undefined;
  /** The consumer waits in `next()`. */
  #waiting = false;
  #wake: (() => void) | undefined;
  #filling = false;
  #reading = false;
  #stuckTimer: NodeJS.Timeout | undefined;
  #isStuck = false;
  #last: Promise<unknown> | undefined;

  constructor(request: RowsRequest<T>) {
    this.#request = request;
  }

  next(): Promise<IteratorResult<T, void>> {
    this.#unstick();
    const { connection } = this.#request;
    if (this.#state === 'open' && !this.#waiting && !this.#reading && this.#error === undefined) {
      try {
        const result = this.#take(() => connection.takeLine());
        if (result !== undefined) return Promise.resolve(result);
      } catch (error) {
        return Promise.reject(this.#fail(error));
      }
    }
    // Calls that overlap are answered one after the other.
    const result =
      this.#last === undefined ? this.#nextLater() : this.#last.then(() => this.#nextLater());
    const settled = result.then(
      () => {
        if (this.#last === settled) this.#last = undefined;
      },
      () => {},
    );
    this.#last = settled;
    return result;
  }

  /** The consumer wants no more. The rest is read and thrown away. */
  return(): Promise<IteratorResult<T, void>> {
    this.#unstick();
    this.#ahead = [];
    this.#aheadAt = 0;
    if (this.#state === 'new') this.#state = 'past';
    else if (this.#state !== 'past') {
      const open = this.#state === 'open';
      this.#state = 'discarding';
      if (open) void this.#readAhead();
    }
    this.#wake?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  pressed(): void {
    if (this.#isStuck) queueMicrotask(() => this.#refuse());
    else if (!this.#waiting) void this.#readAhead();
  }

  async #nextLater(): Promise<IteratorResult<T, void>> {
    if (this.#state === 'new') await this.#ask();
    const { connection } = this.#request;
    this.#waiting = true;
    try {
      for (;;) {
        if (this.#error !== undefined) throw this.#error;
        const result = this.#take(() => (this.#reading ? undefined : connection.takeLine()));
        if (result !== undefined) return result;
        await this.#more();
      }
    } catch (error) {
      throw this.#fail(error);
    } finally {
      this.#waiting = false;
      if (this.#request.queue.underPressure) void this.#readAhead();
    }
  }

  /** A row, or the end; `undefined` when octets must come first. */
  #take(takeLine: () => string | undefined): IteratorResult<T, void> | undefined {
    for (;;) {
      let line: string | undefined;
      if (this.#aheadAt < this.#ahead.length) line = this.#ahead[this.#aheadAt++] as string;
      else if (this.#state === 'past') return { done: true, value: undefined };
      else if (this.#state === 'discarding') return { done: true, value: undefined };
      else line = takeLine();
      if (line === undefined) return undefined;
      if (line === '.') {
        this.#end();
        return { done: true, value: undefined };
      }
      if (++this.#rows > this.#request.maxRows) {
        throw this.#request.connection.exceeded('rows', this.#request.maxRows);
      }
      const value = this.#request.parse(line.charCodeAt(0) === 46 ? line.slice(1) : line);
      if (value !== undefined) return { done: false, value };
    }
  }

  /** Sends the command and waits until its reply has begun. */
  async #ask(): Promise<void> {
    const { queue, signal, line } = this.#request;
    this.#state = 'asked';
    await new Promise<void>((resolve, reject) => {
      const relieve = queue.press((error) => {
        this.#state = 'discarding';
        reject(error);
      });
      const running = queue.run((turn) => this.#work(turn, relieve, resolve), {
        signal,
        patient: true,
        command: line.masked,
      });
      running.catch((error: FivewireError) => {
        relieve();
        reject(error);
        this.#fail(error);
        // Abandoned by its signal, it must still get past its rows.
        if (this.#state === 'open') void this.return();
        else if (this.#state === 'asked') this.#state = 'discarding';
      });
    });
  }

  #work = async (
    turn: { wrote(): void; toRead(): Promise<void> },
    relieve: () => void,
    begun: () => void,
  ): Promise<void> => {
    const { queue, connection, line, pipelined, prepare, readHead } = this.#request;
    if (this.#state === 'discarding') return; // given up before anything was sent
    await prepare?.();
    connection.send(line);
    if (pipelined) turn.wrote();
    await turn.toRead();
    relieve();
    if (!(await readHead())) {
      this.#state = 'past';
      return begun();
    }
    const left = new Promise<void>((resolve, reject) => {
      this.#leave = resolve;
      this.#break = reject;
    });
    if (this.#state === 'asked') this.#state = 'open';
    begun();
    queue.hold(this);
    if (this.#state === 'discarding') void this.#readAhead();
    try {
      await left;
    } finally {
      queue.hold(undefined);
      this.#unstick();
    }
  };

  /** Reads while nobody asks: for those who wait behind us, or to be rid of what the consumer does not want. */
  async #readAhead(): Promise<void> {
    const { queue, connection, aheadOctets } = this.#request;
    if (this.#reading) return;
    this.#reading = true;
    try {
      for (;;) {
        if (this.#state !== 'discarding' && !(this.#state === 'open' && queue.underPressure)) break;
        if (this.#state === 'open' && this.#aheadOctets > aheadOctets) {
          this.#full();
          if (!this.cut) break;
        }
        const line = connection.takeLine();
        if (line === undefined) {
          this.#wake?.();
          await this.#more();
        } else if (line === '.') {
          this.#end();
          break;
        } else if (this.#state === 'open') {
          if (this.#aheadAt > 1_000 && this.#aheadAt * 2 > this.#ahead.length) {
            this.#ahead = this.#ahead.slice(this.#aheadAt);
            this.#aheadAt = 0;
          }
          this.#ahead.push(line);
          this.#aheadOctets += line.length + 32;
        }
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#reading = false;
      this.#wake?.();
    }
  }
}
