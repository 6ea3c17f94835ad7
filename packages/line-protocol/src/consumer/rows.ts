/**
 * A listing that ends in a line with a lone dot, as rows: the command goes out at the first `next()`, rows are taken
 * from the connection one by one as the consumer asks, and nothing else is held but for calls that wait; see `pace.ts`.
 */
import type { FivewireError } from 'tls-context-core';
import type { CommandLine } from '../command-line.js';
import type { Wait } from '../deadline.js';
import type { LineConnection } from '../line-connection.js';
import type { ReplyQueue, Turn } from '../reply-queue.js';
import { pace } from './pace.js';
import type { Holder } from './pending-calls.js';

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
  prepare?: (turn: Turn) => Promise<void> | undefined;
  /** Reads what comes before the rows. False: no rows follow. It throws where the command was refused. */
  readHead: () => Promise<boolean>;
  /** A row without dot stuffing, each character an octet. `undefined` leaves it out. It must not throw. */
  parse: (line: string) => T | undefined;
  /** Judges the listing when all of it has been read: the consumer gets the error in place of the end. */
  atEnd?: () => FivewireError | undefined;
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
  /** True when the rest of the listing was thrown away because later calls waited (`mayCut`). */
  cut = false;

  #request: RowsRequest<T>;
  #phase: 'new' | 'asked' | 'open' | 'past' = 'new';
  /** What comes is thrown away: the consumer has left, or was cut off. */
  #discard = false;
  #error: FivewireError | undefined;
  /** Rows read for a consumer who is slow. */
  #ahead = new LineStore();
  #rows = 0;
  #filling = false;
  #wakers: (() => void)[] = [];
  #begun: Promise<void> | undefined;
  #leave: { resolve: () => void; reject: (error: FivewireError) => void } | undefined;

  constructor(request: RowsRequest<T>) {
    this.#request = request;
  }

  get what(): string {
    return `the rows of ${this.#request.line.masked}`;
  }

  next(): Promise<IteratorResult<T, void>> {
    try {
      const result = this.take();
      return result === undefined ? this.#nextLater() : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What `next()` would give, where that is here already; else `undefined`. */
  take(): IteratorResult<T, void> | undefined {
    if (this.#phase === 'open') this.#request.queue.calls.moved();
    return this.#take();
  }

  /** The consumer wants no more. The rest is read and thrown away. */
  return(): Promise<IteratorResult<T, void>> {
    this.#ahead.clear();
    this.#discard = true;
    if (this.#phase === 'new') this.#phase = 'past';
    this.#readAhead();
    return Promise.resolve(finished);
  }

  awaited(): void {
    this.#readAhead();
  }

  async #nextLater(): Promise<IteratorResult<T, void>> {
    this.#begun ??= this.#ask();
    await this.#begun;
    for (;;) {
      const result = this.take();
      if (result !== undefined) return result;
      this.#fill();
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
  }

  /** A row, or the end; `undefined` when octets must come first. */
  #take(): IteratorResult<T, void> | undefined {
    const { connection, parse, maxRows } = this.#request;
    for (;;) {
      let line = this.#ahead.shift();
      if (line === undefined) {
        if (this.#error !== undefined) throw this.#error;
        if (this.#phase === 'past' || this.#discard) return this.#over();
        if (this.#phase !== 'open') return undefined;
        try {
          line = connection.takeBodyLine();
        } catch (error) {
          throw this.#fail(error as FivewireError);
        }
        if (line === undefined) return undefined;
        if (line === '.') {
          this.#end();
          return this.#over();
        }
      }
      if (++this.#rows > maxRows) throw this.#fail(connection.exceeded('rows', maxRows));
      const value = parse(line.charCodeAt(0) === dot ? line.slice(1) : line);
      if (value !== undefined) return { done: false, value };
    }
  }

  /** Sends the command and waits until its rows begin, behind the reader that holds the connection now. */
  #ask(): Promise<void> {
    const { queue, connection, signal, line } = this.#request;
    this.#phase = 'asked';
    return new Promise<void>((resolve, reject) => {
      const turnHasCome = queue.calls.add({
        command: line.masked,
        refuse: (error) => {
          this.#discard = true;
          reject(connection.locate(error));
        },
      });
      const begun = (): void => {
        turnHasCome();
        resolve();
      };
      queue
        .run((turn) => this.#work(turn, begun), { signal, background: true, command: line.masked })
        .catch((error: FivewireError) => {
          turnHasCome();
          reject(this.#fail(error));
        });
    });
  }

  async #work(turn: Turn, begun: () => void): Promise<void> {
    const { queue, connection, line, pipelined, prepare, readHead } = this.#request;
    if (this.#discard) return; // given up before anything was sent
    await prepare?.(turn);
    connection.send(line);
    if (pipelined) turn.wrote();
    await turn.toRead();
    if (!(await readHead())) {
      this.#phase = 'past';
      return begun();
    }
    const left = new Promise<void>((resolve, reject) => {
      this.#leave = { resolve, reject };
    });
    this.#phase = 'open';
    begun();
    try {
      if (this.#discard) this.#readAhead();
      queue.calls.hold(this);
      await left;
    } finally {
      queue.calls.hold(undefined);
    }
  }

  /** Waits for octets; then those who need them look again. */
  #fill(): void {
    if (this.#filling || this.#phase !== 'open') return;
    this.#filling = true;
    const { connection, wait } = this.#request;
    connection.fill(wait).then(
      () => {
        this.#filling = false;
        this.#wake();
        this.#readAhead();
      },
      (error: FivewireError) => {
        this.#filling = false;
        this.#fail(error);
      },
    );
  }

  /** Does what the pace says where the consumer does not ask: for calls that wait, or to be rid of what is not wanted. */
  #readAhead(): void {
    if (this.#phase !== 'open') return;
    const { connection, queue, aheadOctets, mayCut = false } = this.#request;
    try {
      for (;;) {
        const step = pace({
          gone: this.#discard,
          wanted: false, // a consumer that waits takes its rows itself
          awaited: queue.calls.any,
          held: this.#ahead.octets,
          allowance: aheadOctets,
          repeatable: mayCut,
        });
        if (step === 'pause') {
          if (this.#wakers.length === 0) queue.calls.paused();
          return;
        }
        queue.calls.moved();
        if (step === 'set-aside') {
          this.cut = true;
          this.#discard = true;
          continue;
        }
        const line = connection.takeBodyLine();
        if (line === undefined) {
          this.#fill();
          return;
        }
        if (line === '.') {
          this.#end();
          return;
        }
        if (step === 'read') this.#ahead.push(line);
      }
    } catch (error) {
      this.#fail(error as FivewireError);
    }
  }

  /** Nothing is left for the consumer. */
  #over(): IteratorResult<T, void> {
    if (this.#discard) return finished;
    this.#discard = true;
    this.#error = this.#request.atEnd?.();
    if (this.#error !== undefined) throw this.#error;
    return finished;
  }

  #end(): void {
    this.#phase = 'past';
    this.#leave?.resolve();
    this.#wake();
  }

  /** Keeps the error for the consumer. Abandoned by its signal, it must still get past its rows. */
  #fail(error: FivewireError): FivewireError {
    this.#error ??= error;
    this.#discard = true;
    if (error.connection === 'closed') {
      this.#phase = 'past';
      this.#leave?.reject(error);
    } else {
      this.#readAhead();
    }
    this.#wake();
    return error;
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

/** Lines first in, first out, and how much memory they take. */
class LineStore {
  octets = 0;
  #lines: string[] = [];
  #at = 0;
  push(line: string): void {
    this.#lines.push(line);
    this.octets += line.length + lineOverhead;
  }
  shift(): string | undefined {
    if (this.#at === this.#lines.length) return undefined;
    const line = this.#lines[this.#at++] as string;
    this.octets -= line.length + lineOverhead;
    if (this.#at === this.#lines.length) this.clear();
    return line;
  }
  clear(): void {
    this.#lines = [];
    this.#at = 0;
    this.octets = 0;
  }
}

const dot = 46;
/** What V8 needs for a string beside its characters, roughly. */
const lineOverhead = 32;
const finished: { done: true; value: undefined } = { done: true, value: undefined };
