/** The reader waits for a consumer: for how long, and who must not wait with it. */
import { deadlockAfter, type LineConnection } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import type { Entry, Holder, StreamedSink } from './command.js';
import type { ImapLimits } from './limits.js';

export class ConsumerWait {
  readonly #connection: LineConnection;
  readonly #limits: ImapLimits;
  readonly #queue: Entry[];
  readonly #inFlight: ReadonlyMap<string, Entry>;
  #wake: (() => void) | undefined;

  constructor(
    connection: LineConnection,
    limits: ImapLimits,
    queue: Entry[],
    inFlight: ReadonlyMap<string, Entry>,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#queue = queue;
    this.#inFlight = inFlight;
  }

  /** Somebody else needs the connection, or it has ended: look again. */
  press(): void {
    this.#wake?.();
  }

  /**
   * Waits until a body's consumer takes more. When another command waits for the connection meanwhile, the rest of the
   * body is read into memory if it is short enough; if it is not and the consumer does not move, the others are
   * refused: most likely it is the consumer itself that waits for them.
   */
  async room(sink: StreamedSink, left: number): Promise<void> {
    const ready = sink.ready().then(() => 'ready' as const);
    while (this.#connection.isOpen) {
      const pressed = this.#pressing().length > 0;
      if (pressed && sink.buffered + left <= this.#limits.bufferedOctets) return;
      // A pipe moves by itself, if slowly.
      const patience = sink.independent ? this.#connection.timeouts.stall : deadlockAfter;
      let timer: NodeJS.Timeout | undefined;
      const other = new Promise<'pressed' | 'motionless'>((resolve) => {
        this.#wake = () => resolve('pressed');
        if (pressed) timer = setTimeout(resolve, patience, 'motionless');
      });
      const what = await Promise.race([ready, other]);
      clearTimeout(timer);
      this.#wake = undefined;
      if (what === 'ready') return;
      if (what === 'motionless') this.#refuse(left);
    }
    throw this.#connection.lost();
  }

  /**
   * Waits until the consumer of rows has taken some, as long as nobody else needs the connection: then reading goes on,
   * for the other's answer stands behind the rows. The rows on their way are few; a server that sends far more than
   * that ends the connection.
   */
  async relief(holder: Holder): Promise<void> {
    const { bufferedOctets } = this.#limits;
    if (holder.held <= bufferedOctets) return;
    if (holder.held > bufferedOctets * 4)
      throw this.#connection.exceeded('bufferedOctets', bufferedOctets);
    const others = [...this.#inFlight.values(), ...this.#pressing()];
    if (others.some(({ command }) => command.holder !== holder)) return;
    const pressed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([holder.ready(), pressed]);
    this.#wake = undefined;
  }

  /** Those in the queue for whom somebody waits. */
  #pressing(): Entry[] {
    return this.#queue.filter(({ command }) => !command.background?.());
  }

  #refuse(left: number): void {
    for (const entry of this.#pressing()) {
      this.#queue.splice(this.#queue.indexOf(entry), 1);
      entry.reject(this.#connection.locate(wouldDeadlock(entry.masked, left)));
    }
  }
}

const wouldDeadlock = (command: string, left: number): UsageError =>
  new UsageError(
    'ERR_WOULD_DEADLOCK',
    `${command} waits behind a body of which ${left} octets are unread`,
    {
      command,
      hint: 'Read the body to its end (or destroy it) before the call, or make the call on another connection (createImapPool).',
    },
  );
