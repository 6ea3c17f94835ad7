/**
 * Commands that go out in one write, and whose replies are read one after the other in one turn: a head, and a body at its consumer's
 * pace. What comes before the loop wants it, since calls wait, is held for it.
 */
import { isFivewireError } from 'tls-context-core';
import type { Wait } from '../deadline.js';
import type { Turn } from '../reply-queue.js';
import { pace, type Step } from './pace.js';
import {
  type BodyCommand,
  type BodyReader,
  type BodySource,
  PacedBody,
  type PlainReply,
} from './paced-body.js';
import type { Holder } from './pending-calls.js';

/** A key, with its command or why it has none. */
export interface Asked<K, H> {
  key: K;
  command?: BodyCommand<H> | undefined;
  error?: unknown;
}

/** What came of a key. Neither body nor error: ask again. */
export interface Answer<K, H> {
  key: K;
  head?: H;
  body?: PacedBody;
  error?: unknown;
}

/** Replies that were plain, one behind the other. */
export interface PlainRun<K, H> {
  asked: readonly Asked<K, H>[];
  /** Which was the first. */
  first: number;
  replies: readonly PlainReply<H>[];
}

export interface BatchSource<K, H> extends BodySource {
  readonly plain?: FindPlain<K, H>;
  /** Whether a plain reply begins at `at` whose end is not here, for all that can be seen. Its commands have a `headWait`. */
  readonly begun?: (octets: Buffer, at: number) => boolean;
  /** Whether commands may go out before the replies to those before them have come. */
  readonly pipelined: () => boolean;
}

/** The loop that asks. */
export interface Asker<K, H> {
  /** It waits for an answer. */
  readonly wants: boolean;
  /** It was left: what comes is of no use. */
  readonly gone: boolean;
  /** Octets of answers that it has not given out. */
  readonly held: number;
  /** An answer that it did not {@link AskedBatch.take}. */
  answered(answer: Answer<K, H>): void;
  /** More has come, in which plain replies may be. */
  came(): void;
  /** No answer will come to what is left of the batch. */
  broken(error: unknown): void;
}

/**
 * The replies that stand at `at`, one behind the other, as far as they are all here and as most are; what follows is read step by step.
 * @param asked to those from `first` on, before `end`
 */
export type FindPlain<K, H> = (
  octets: Buffer,
  at: number,
  asked: readonly Asked<K, H>[],
  first: number,
  end: number,
) => PlainReply<H>[];

/** The end of a plain reply is waited for while so little of it is here, and in so many pieces. Then its octets go on as they come. */
const mostBegun = 64 * 1024;
const mostPieces = 3;

export class AskedBatch<K, H> implements Holder, BodyReader {
  readonly #source: BatchSource<K, H>;
  readonly #asked: readonly Asked<K, H>[];
  readonly #asker: Asker<K, H>;
  /** Replies begun. */
  #at = 0;
  /** Commands that went out, and keys without one that stand before them. */
  #sent = 0;
  /** The body that the connection is in, or was in last. */
  #body: PacedBody | undefined;
  /** Its turn has come, and a reply may be read. */
  #isOpen = false;
  #awaitsHead = false;
  /** Pieces of the next reply that were waited for, in case it is plain. */
  #pieces = 0;
  #advancing = false;
  #leave: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(source: BatchSource<K, H>, asked: readonly Asked<K, H>[], asker: Asker<K, H>) {
    this.#source = source;
    this.#asked = asked;
    this.#asker = asker;
    source.queue
      .run(this.#work, { background: true, command: this.command })
      .catch((error: unknown) => this.#asker.broken(error));
  }

  /** True where every reply has begun. */
  get isOver(): boolean {
    return this.#at === this.#asked.length;
  }

  /** The command whose reply comes next; for errors. */
  get command(): string {
    return this.#asked[Math.min(this.#at, this.#asked.length - 1)]?.command?.text ?? '';
  }

  get what(): string {
    return this.#body?.isOpen ? this.#body.what : `the reply to ${this.command}`;
  }

  awaited(): void {
    if (this.#body?.isOpen) this.#body.flow();
    else this.advance();
  }

  heldByOthers(body: PacedBody): number {
    return this.#asker.held - (body.delivered ? 0 : body.readableLength);
  }

  passed(error?: unknown): void {
    if (error === undefined) {
      this.advance();
      return;
    }
    const { connection } = this.#source;
    // The body has its error; the loop gets one of its own.
    this.#leave?.reject(connection.isOpen ? error : connection.lost({ command: this.command }));
  }

  /** The next replies that are plain, for the loop that wants one. */
  takePlain(): PlainRun<K, H> | undefined {
    if (!this.#isOpen || this.#awaitsHead || this.#body?.isOpen) return undefined;
    const { queue, connection, plain } = this.#source;
    if (plain === undefined) return undefined;
    const asked = this.#asked;
    const first = this.#at;
    if (connection.buffered <= mostBegun) connection.joinOctets();
    const replies = connection.takeRun((octets, at) => plain(octets, at, asked, first, this.#sent));
    if (replies.length === 0) return undefined;
    queue.calls.moved();
    this.#at += replies.length;
    this.#pieces = 0;
    if (this.isOver) this.advance();
    return { asked, first, replies };
  }

  /** Whether the next reply may be a plain one whose end is not here: for the loop that wants one, and found none. */
  get mayBecomePlain(): boolean {
    if (!this.#isOpen || this.#awaitsHead || this.#body?.isOpen || this.#at >= this.#sent)
      return false;
    const { connection, begun } = this.#source;
    if (begun === undefined || this.#pieces === mostPieces || connection.hasEnded) return false;
    if (this.#asked[this.#at]?.command?.headWait === undefined) return false;
    return connection.buffered === 0 || connection.takesUp(mostBegun, begun);
  }

  /** The next answer, where it is here already: for the loop that wants one. */
  take(): Answer<K, H> | undefined {
    if (!this.#isOpen || this.#awaitsHead || this.#body?.isOpen) return undefined;
    this.#source.queue.calls.moved();
    const answer = this.#read(false);
    if (this.#body?.isOpen) this.#body.flow();
    else if (this.#at === this.#asked.length) this.advance();
    return answer;
  }

  /** Reads replies as far as the pace says. */
  advance(): void {
    if (!this.#isOpen || this.#advancing) return;
    this.#advancing = true;
    try {
      while (!this.#awaitsHead && !this.#body?.isOpen) {
        if (this.isOver) {
          this.#isOpen = false;
          this.#leave?.resolve();
          return;
        }
        const step = this.#step();
        if (step === 'pause') return;
        if (step === 'read' && this.#asker.wants && this.mayBecomePlain) {
          this.#awaitsHead = true;
          void this.#more(this.#asked[this.#at] as Asked<K, H>);
          return;
        }
        const answer = this.#read(step !== 'read');
        if (answer !== undefined) this.#asker.answered(answer);
        if (this.#body?.isOpen) this.#body.flow();
      }
    } finally {
      this.#advancing = false;
    }
  }

  #step(): Step {
    const { calls } = this.#source.queue;
    const { gone, wants, held } = this.#asker;
    const { aheadOctets: allowance } = this.#source;
    const situation = {
      gone,
      wanted: wants,
      awaited: calls.any,
      held,
      allowance,
      repeatable: true,
    };
    const step = pace(situation);
    if (step === 'pause') calls.paused();
    else calls.moved();
    return step;
  }

  /** Reads one reply; `undefined` while its head is not here. @param mayDrop what comes can't be held */
  #read(mayDrop: boolean): Answer<K, H> | undefined {
    const asked = this.#asked[this.#at] as Asked<K, H>;
    const { command } = asked;
    if (command === undefined || this.#at >= this.#sent) {
      this.#at++;
      return { key: asked.key, error: asked.error };
    }
    try {
      const head = command.readHead();
      if (!(head instanceof Promise)) return this.#begin(asked.key, command, head, mayDrop);
      this.#awaitsHead = true;
      void this.#readLater(asked.key, command, head, mayDrop);
      return undefined;
    } catch (error) {
      return this.#refused(asked.key, error);
    }
  }

  /** Waits for a piece more of a reply that may be plain. */
  async #more({ key, command }: Asked<K, H>): Promise<void> {
    const { connection } = this.#source;
    const { headWait, wait } = command as BodyCommand<H>;
    this.#pieces++;
    let answer: Answer<K, H> | undefined;
    try {
      await connection.fill(connection.buffered > 0 ? wait : (headWait as Wait), true);
      connection.joinOctets();
    } catch (error) {
      // What has come of it goes on as it is; its end will be the error of its body.
      if (connection.buffered > 0) this.#pieces = mostPieces;
      else answer = this.#refused(key, error);
    }
    this.#awaitsHead = false;
    if (answer !== undefined) this.#asker.answered(answer);
    else if (this.#asker.wants) this.#asker.came();
    else this.advance();
  }

  async #readLater(
    key: K,
    command: BodyCommand<H>,
    coming: Promise<H>,
    mayDrop: boolean,
  ): Promise<void> {
    let answer: Answer<K, H> | undefined;
    try {
      const head = await coming;
      const { gone, wants } = this.#asker;
      answer = this.#begin(key, command, head, gone || (mayDrop && !wants));
    } catch (error) {
      answer = this.#refused(key, error);
    }
    this.#awaitsHead = false;
    if (answer !== undefined) this.#asker.answered(answer);
    if (this.#body?.isOpen) this.#body.flow();
    this.advance();
  }

  #begin(key: K, command: BodyCommand<H>, head: H, mayDrop: boolean): Answer<K, H> {
    const body = new PacedBody(this.#source, command, Number.POSITIVE_INFINITY);
    body.delivered = this.#asker.wants;
    if (mayDrop) {
      body.setAside = true;
      body.destroy();
    }
    body.begin(command.decoder(head, body), this);
    this.#body = body;
    this.#at++;
    this.#pieces = 0;
    return mayDrop ? { key } : { key, head, body };
  }

  #refused(key: K, error: unknown): Answer<K, H> | undefined {
    this.#body = undefined;
    if (this.#source.connection.isOpen) {
      this.#at++;
      return { key, error };
    }
    this.#isOpen = false;
    this.#leave?.reject(error);
    return undefined;
  }

  #work = async (turn: Turn): Promise<void> => {
    const { queue, connection, pipelined } = this.#source;
    if (this.#asker.gone) return; // before anything was sent
    await this.#prepare(turn);
    const isPipelined = pipelined();
    const texts: string[] = [];
    for (const { command } of this.#asked) {
      this.#sent++;
      if (command === undefined) continue;
      texts.push(command.text);
      if (!isPipelined) break; // it was when we asked: the others have to be asked again
    }
    connection.sendText(texts);
    if (isPipelined) turn.wrote();
    await turn.toRead();
    const left = new Promise<void>((resolve, reject) => {
      this.#leave = { resolve, reject };
    });
    this.#isOpen = true;
    try {
      queue.calls.hold(this);
      this.advance();
      await left;
    } finally {
      this.#isOpen = false;
      queue.calls.hold(undefined);
    }
  };

  /** Before the first command goes out. What a command can't do without is its own trouble. */
  async #prepare(turn: Turn): Promise<void> {
    for (const asked of this.#asked) {
      const prepared = asked.command?.prepare?.(turn);
      if (prepared === undefined) continue;
      try {
        await prepared;
      } catch (error) {
        if (!isFivewireError(error) || error.connection !== 'usable') throw error;
        asked.command = undefined;
        asked.error = error;
      }
    }
  }
}
