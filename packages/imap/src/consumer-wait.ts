/** The reader waits for a consumer: for how long, and which commands wait with it (see `PendingCalls`). */
import {
  type Fifo,
  type FivewireError,
  type LineConnection,
  PendingCalls,
} from '@fivewire/line-protocol';
import type { Entry, Holder, StreamedBody, StreamedSink } from './command.js';
import type { ImapLimits } from './limits.js';

export class ConsumerWait {
  readonly #connection: LineConnection;
  readonly #limits: ImapLimits;
  readonly #queue: Fifo<Entry>;
  readonly #inFlight: ReadonlyMap<string, Entry>;
  readonly #calls: PendingCalls;
  /** Those of the queue that wait behind a body, and how that ends. */
  readonly #waiting = new Map<Entry, () => void>();
  #wake: (() => void) | undefined;
  #isUploading = false;

  constructor(
    connection: LineConnection,
    limits: ImapLimits,
    queue: Fifo<Entry>,
    inFlight: ReadonlyMap<string, Entry>,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#queue = queue;
    this.#inFlight = inFlight;
    this.#calls = new PendingCalls(connection.timeouts.stall);
  }

  /** A command has come to need the connection, or the connection has ended: look again. */
  review(): void {
    this.#wake?.();
    if (this.#isUploading) this.#register();
  }

  /** The consumer of a body has taken some of it. */
  taken(): void {
    this.#calls.taken();
  }

  /**
   * Waits until a body's consumer takes more. When another command waits for the connection meanwhile, the rest of the
   * body is read into memory if it is short enough; if it is not and the consumer takes nothing for `timeouts.stall`, the
   * others are refused: most likely it is the consumer itself that waits for them.
   */
  async room(sink: StreamedSink, left: number): Promise<void> {
    let isReady = false;
    const ready = sink.ready().then(() => {
      isReady = true;
    });
    this.#calls.hold({ what: this.#what() });
    try {
      while (!isReady) {
        if (!this.#connection.isOpen) throw this.#connection.lost();
        this.#register();
        const fits = sink.buffered + left <= this.#limits.bufferedOctets;
        if (fits && this.#calls.any) return;
        this.#calls.paused();
        await Promise.race([ready, this.#change()]);
      }
    } finally {
      this.#forget();
      this.#calls.hold(undefined);
    }
  }

  /** Writes a body at the pace of its source: the commands of the queue wait behind it. */
  async upload(entry: Entry, { pace }: StreamedBody, write: () => Promise<void>): Promise<void> {
    const what = `the source of ${entry.masked}`;
    pace.begin({ connection: this.#connection, calls: this.#calls, what });
    this.#isUploading = true;
    this.#register();
    try {
      await write();
    } finally {
      this.#isUploading = false;
      this.#forget();
      pace.end();
    }
  }

  /**
   * Waits until the consumer of rows has taken some, as long as no other command needs the connection: then reading goes
   * on, for the other's answer stands behind the rows. The rows on their way are few; a server that sends far more than
   * that ends the connection.
   */
  async rowsTaken(holder: Holder): Promise<void> {
    const { bufferedOctets } = this.#limits;
    if (holder.held <= bufferedOctets) return;
    if (holder.held > bufferedOctets * 4)
      throw this.#connection.exceeded('bufferedOctets', bufferedOctets);
    const others = [...this.#inFlight.values(), ...[...this.#queue].filter(isWaitedFor)];
    if (others.some(({ command }) => command.holder !== holder)) return;
    await Promise.race([holder.ready(), this.#change()]);
  }

  /** The commands behind the body for whose answer a caller waits now: those of the queue, and those that are out. */
  #register(): void {
    const behind = [...this.#inFlight.values()].filter(({ streams }) => !streams);
    const all = new Set([...behind, ...this.#queue]);
    for (const [entry, end] of this.#waiting) {
      if (isWaitedFor(entry) && all.has(entry)) continue;
      this.#waiting.delete(entry);
      end();
    }
    for (const entry of all) {
      if (this.#waiting.has(entry) || !isWaitedFor(entry)) continue;
      const { masked: command } = entry;
      const refuse = (error: Error): void => {
        this.#waiting.delete(entry);
        if (entry.place !== undefined) this.#queue.remove(entry.place);
        entry.reject(this.#connection.locate(error as FivewireError, { command }));
      };
      this.#waiting.set(entry, this.#calls.add({ command, refuse }));
    }
  }

  #forget(): void {
    for (const end of this.#waiting.values()) end();
    this.#waiting.clear();
  }

  /** For errors: what the body is of, that is read now. */
  #what(): string {
    const entry = [...this.#inFlight.values()].find(({ streams }) => streams);
    return `the body of ${entry?.masked ?? 'a message'}`;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

const isWaitedFor = ({ command }: Entry): boolean => !command.background?.();
