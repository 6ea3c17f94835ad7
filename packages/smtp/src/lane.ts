/**
 * Many messages as one piece of work on the queue: written together as far as each may follow the one before, their replies taken
 * out of what has come without a wait for each. RFC 2920 §3.1.
 *
 * Only for bodies in memory, without a signal: such a message never waits for its caller. Those that are plain pass without a
 * transaction while their replies are plain too.
 */
import { isFivewireError, ReplyReader, type Turn, type Wait } from '@fivewire/line-protocol';
import type { OutgoingMessage } from './message.js';
import { type PlainMessage, plainAnswers, unfold } from './plain-message.js';
import { refuseClosing } from './replies.js';
import type { Settle } from './send-many.js';
import { patience, type Session } from './session.js';
import { type Need, type Steps, Transaction, turnToRead } from './transaction.js';
import { Progress } from './transaction-states.js';
import type { SendResult } from './types.js';

/** A message on its way. */
class Entry {
  /** What it waits for; `undefined` before its first step. */
  need: Need | undefined = undefined;
  transaction: Transaction | undefined = undefined;
  steps: Steps<SendResult> | undefined = undefined;
  /** Of a plain one that is written without a transaction, and whether RSET stands before it. */
  progress: Progress | undefined = undefined;
  cleared = false;
  readonly settle: Settle;
  readonly octets: number;
  /** While it is plain. */
  plain: PlainMessage | undefined;

  constructor(settle: Settle, octets: number, plain: PlainMessage | undefined) {
    this.settle = settle;
    this.octets = octets;
    this.plain = plain;
  }
}

/** Octets of messages that are written and not answered, beyond which no other message follows. */
const aheadOctets = 1024 * 1024;
/** Plain messages are copied into pieces of this size: a piece costs more than copying it. */
const pieceOctets = 64 * 1024;
/** Of what has come, looked at in one step for plain replies. */
const lookedAt = 16 * 1024;

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
  /** Plain ones have come, and are written when this turn of the event loop is over. */
  #gathers = false;
  /** Where plain messages are put together: its first `#pieceEnd` octets are to be written. */
  #piece: Buffer = nothing;
  #pieceEnd = 0;

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
    const entry = new Entry(settle, message.source.whole?.length ?? 0, undefined);
    this.#begin(entry, new Transaction(this.#session, message));
    this.#entries.push(entry);
    if (this.#state === 'idle') this.#start();
    else this.#write();
  }

  /** As {@link add}. */
  addPlain(plain: PlainMessage, settle: Settle): void {
    this.#entries.push(new Entry(settle, plain.whole.length, plain));
    if (this.#state === 'idle') this.#start();
    if (this.#gathers || this.#state === 'waiting') return;
    this.#gathers = true;
    process.nextTick(this.#write);
  }

  #begin(entry: Entry, transaction: Transaction): Steps<SendResult> {
    transaction.onMayFollow = this.#letFollow;
    entry.transaction = transaction;
    entry.steps = transaction.run();
    return entry.steps;
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
      const { need, plain } = head;
      if (plain !== undefined) {
        if (this.#takePlain()) continue;
        if (this.#session.connection.buffered > 0) this.#unfold(head, plain);
        else await this.#awaitReply(head, this.#firstWait(head, plain));
      } else if (need === turnToRead) this.#step(head, undefined);
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
  #write = (): void => {
    this.#gathers = false;
    if (this.#state !== 'running') return;
    const { connection, queue } = this.#session;
    const plainly = !connection.isLogged;
    while (this.#mayWrite && this.#begun < this.#entries.length) {
      if (this.#begun > 0 && this.#octetsAhead >= aheadOctets) break;
      if (this.#begun === 0) queue.refuseStray(); // nothing is to come
      const entry = this.#entries[this.#begun++] as Entry;
      this.#octetsAhead += entry.octets;
      if (plainly && entry.plain !== undefined && connection.isOpen) {
        this.#writePlain(entry, entry.plain);
        continue;
      }
      this.#mayWrite = false;
      if (connection.isOpen) this.#step(entry, undefined);
      else this.#break(entry, this.#lost(entry));
    }
    this.#flush();
    if (this.#closed && this.#mayWrite && this.#begun === this.#entries.length) this.#turn?.wrote();
  };

  // ── messages that are plain ──────────────────────────────────────────────────────────────────────────────────

  #writePlain(entry: Entry, { commands, whole }: PlainMessage): void {
    const session = this.#session;
    entry.cleared = session.before?.meaning.resetFirst === true;
    entry.progress = session.before = new Progress('sent');
    const text = entry.cleared ? `RSET\r\n${commands}` : commands;
    const octets = text.length + whole.length;
    if (this.#pieceEnd + octets > this.#piece.length) {
      this.#flush();
      this.#piece = Buffer.allocUnsafe(Math.max(octets, pieceOctets));
    }
    this.#piece.write(text, this.#pieceEnd, 'latin1');
    this.#piece.set(whole, this.#pieceEnd + text.length);
    this.#pieceEnd += octets;
  }

  #flush(): void {
    const octets = this.#piece.subarray(0, this.#pieceEnd);
    this.#piece = this.#piece.subarray(this.#pieceEnd);
    this.#pieceEnd = 0;
    const { connection } = this.#session;
    if (octets.length > 0 && connection.isOpen) connection.send({ octets, masked: '' });
  }

  /** @returns false where what has come is not all the replies to a message, or not plain */
  #takePlain(): boolean {
    const { connection } = this.#session;
    const { lineOctets, replyOctets } = connection.limits;
    const longest = Math.min(lineOctets, replyOctets - 2);
    const results: SendResult[] = [];
    connection.takeRun((octets, from) => {
      const text = octets.toString('latin1', from, from + lookedAt);
      return [{ used: plainAnswers(text, this.#entries, this.#begun, longest, results) }];
    });
    const answered = this.#entries.splice(0, results.length);
    this.#begun -= answered.length;
    if (this.#begun === 0) this.#mayWrite = true;
    for (let i = 0; i < answered.length; i++) {
      const { octets, progress, settle } = answered[i] as Entry;
      this.#octetsAhead -= octets;
      if (progress === this.#session.before) progress?.to('fate'); // no one looks at the others any more
      settle.sent(results[i] as SendResult);
    }
    return answered.length > 0;
  }

  /** For the first of its replies. */
  #firstWait({ cleared }: Entry, plain: PlainMessage): Wait {
    const timeout = patience(this.#session, 'reply', plain.options);
    return { phase: 'command', timeout, command: cleared ? 'RSET' : mailOf(plain) };
  }

  /** From here on it goes the way of all others. */
  #unfold(entry: Entry, plain: PlainMessage): Steps<SendResult> {
    const { progress, cleared } = entry;
    const transaction = new Transaction(this.#session, unfold(plain), progress);
    entry.plain = undefined;
    if (progress === undefined) return this.#begin(entry, transaction);
    const steps = transaction.hear(cleared);
    entry.need = steps.next().value as Need; // its first wait
    entry.transaction = transaction;
    entry.steps = steps;
    return steps;
  }

  // ── all others ───────────────────────────────────────────────────────────────────────────────────────────────

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
    this.#flush(); // what it writes comes after
    this.#move(entry, (steps) => steps.next(given));
  }

  #break(entry: Entry, error: unknown): void {
    this.#move(entry, (steps) => steps.throw(error));
  }

  #move(entry: Entry, go: (steps: Steps<SendResult>) => IteratorResult<Need, SendResult>): void {
    try {
      const step = go(entry.steps ?? this.#unfold(entry, entry.plain as PlainMessage));
      if (!step.done) {
        entry.need = step.value;
        return;
      }
      this.#remove(entry);
      entry.settle.sent(step.value);
    } catch (error) {
      this.#remove(entry);
      const told = entry.transaction?.explain(error) ?? error;
      entry.settle.failed(isFivewireError(told) ? this.#session.connection.locate(told) : told);
    }
  }

  #remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry);
    if (at === 0) this.#entries.shift();
    else this.#entries.splice(at, 1);
    if (at >= this.#begun) return;
    this.#octetsAhead -= entry.octets;
    this.#begun--;
    if (this.#begun === at) this.#mayWrite = true; // it was the last
  }

  /** The connection went before the turn came. */
  #refuseAll(): void {
    this.#rest();
    for (const entry of [...this.#entries]) this.#break(entry, this.#lost(entry));
  }

  #lost({ plain, transaction }: Entry): Error {
    const command = plain === undefined ? transaction?.message.mail : mailOf(plain);
    return this.#session.connection.lost(command === undefined ? {} : { command });
  }
}

const mailOf = ({ commands }: PlainMessage): string => commands.slice(0, commands.indexOf('\r\n'));

const nothing = Buffer.alloc(0);
