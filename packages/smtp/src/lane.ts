/**
 * Many messages as one piece of work on the queue: written together as far as each may follow the one before, their replies taken
 * out of what has come without a wait for each. RFC 2920 §3.1.
 *
 * Only for bodies in memory, without a signal: such a message never waits for its caller.
 */
import { isFivewireError, ReplyReader, type Turn, type Wait } from '@fivewire/line-protocol';
import type { OutgoingMessage } from './message.js';
import { refuseClosing } from './replies.js';
import type { Settle } from './send-many.js';
import type { Session } from './session.js';
import { type Need, type Steps, Transaction, turnToRead } from './transaction.js';
import type { SendResult } from './types.js';

interface Entry {
  transaction: Transaction;
  steps: Steps<SendResult>;
  settle: Settle;
  /** What it waits for; `undefined` before its first step. */
  need: Need | undefined;
}

/** Octets of messages that are written and not answered, beyond which no other message follows. */
const aheadOctets = 1024 * 1024;

export class Lane {
  readonly #session: Session;
  readonly #reader: ReplyReader;
  /** In their order; the first `#begun` of them are written, as far as they may be. */
  #entries: Entry[] = [];
  #begun = 0;
  #octetsAhead = 0;
  /** The one that was written last lets others write. */
  #mayWrite = true;
  /** `waiting`: for its turn. */
  #state: 'idle' | 'waiting' | 'running' = 'idle';
  /** Pieces of work of this lane on the queue: one that has just ended may still be there. */
  #runs = 0;
  /** Other work is behind this one: it takes no more, and lets the other write when it may. */
  #closed = false;
  #turn: Turn | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#reader = new ReplyReader(session.connection, 'smtp');
  }

  /** False where a message has to take its turn by itself: other work is before it. */
  get isFree(): boolean {
    return this.#state === 'idle' ? this.#session.queue.pending <= this.#runs : !this.#closed;
  }

  /** To be called while it {@link isFree}. */
  add(message: OutgoingMessage, settle: Settle): void {
    const transaction = new Transaction(this.#session, message);
    transaction.onMayFollow = this.#letFollow;
    this.#entries.push({ transaction, steps: transaction.run(), settle, need: undefined });
    if (this.#state === 'idle') this.#start();
    else this.#write();
  }

  #letFollow = (): void => {
    this.#mayWrite = true;
  };

  #start(): void {
    const { queue } = this.#session;
    this.#state = 'waiting';
    this.#closed = false;
    this.#runs++;
    queue
      .run(async (turn) => {
        this.#turn = turn;
        await turn.toRead();
        this.#state = 'running';
        await this.#run();
      })
      .catch(() => this.#refuseAll())
      .finally(() => {
        this.#runs--;
      });
    queue.onArrival = () => {
      this.#closed = true;
      this.#write();
    };
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#write();
      const [head] = this.#entries;
      if (head === undefined) break;
      const { need } = head;
      if (need === turnToRead) this.#step(head, undefined);
      else if (need instanceof Promise) await this.#awaitBody(head, need);
      else if (!this.#takeReply(head, need as Wait)) await this.#awaitReply(head, need as Wait);
    }
    this.#rest(); // at once: what comes from now on makes a new piece of work
  }

  #rest(): void {
    this.#state = 'idle';
    this.#turn = undefined;
    this.#session.queue.onArrival = undefined;
  }

  /** Writes as many more as may follow now. */
  #write(): void {
    if (this.#state !== 'running') return;
    while (this.#mayWrite && this.#begun < this.#entries.length) {
      if (this.#begun > 0 && this.#octetsAhead >= aheadOctets) return;
      if (this.#begun === 0) this.#session.queue.refuseStray(); // nothing is to come
      const entry = this.#entries[this.#begun++] as Entry;
      this.#octetsAhead += octetsOf(entry);
      this.#mayWrite = false;
      if (this.#session.connection.isOpen) this.#step(entry, undefined);
      else this.#break(entry, this.#lost(entry));
    }
    if (this.#closed && this.#mayWrite && this.#begun === this.#entries.length) this.#turn?.wrote();
  }

  /** @returns false when nothing, or not all of it, has come */
  #takeReply(entry: Entry, wait: Wait): boolean {
    const { connection } = this.#session;
    try {
      const reply = this.#reader.take(wait);
      if (reply === undefined) return false;
      refuseClosing(connection, reply, wait);
      this.#step(entry, reply);
    } catch (error) {
      this.#break(entry, error);
    }
    return true;
  }

  async #awaitReply(entry: Entry, wait: Wait): Promise<void> {
    try {
      await this.#session.connection.fill(wait);
    } catch (error) {
      this.#break(entry, error);
    }
  }

  async #awaitBody(entry: Entry, writing: Promise<unknown>): Promise<void> {
    let given: unknown;
    try {
      given = await writing;
    } catch (error) {
      this.#break(entry, error);
      return;
    }
    this.#step(entry, given);
  }

  /** Never throws. */
  #step(entry: Entry, given: unknown): void {
    this.#move(entry, () => entry.steps.next(given));
  }

  #break(entry: Entry, error: unknown): void {
    this.#move(entry, () => entry.steps.throw(error));
  }

  #move(entry: Entry, go: () => IteratorResult<Need, SendResult>): void {
    try {
      const step = go();
      if (!step.done) {
        entry.need = step.value;
        return;
      }
      this.#remove(entry);
      entry.settle.sent(step.value);
    } catch (error) {
      this.#remove(entry);
      const told = entry.transaction.explain(error);
      entry.settle.failed(isFivewireError(told) ? this.#session.connection.locate(told) : told);
    }
  }

  #remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry);
    if (at === 0) this.#entries.shift();
    else this.#entries.splice(at, 1);
    if (at >= this.#begun) return;
    this.#octetsAhead -= octetsOf(entry);
    this.#begun--;
    if (this.#begun === at) this.#mayWrite = true; // it was the last
  }

  /** The connection went before the turn came. */
  #refuseAll(): void {
    this.#rest();
    for (const entry of [...this.#entries]) this.#break(entry, this.#lost(entry));
  }

  #lost({ transaction }: Entry): Error {
    return this.#session.connection.lost({ command: transaction.message.mail });
  }
}

const octetsOf = ({ transaction }: Entry): number => transaction.message.source.whole?.length ?? 0;
