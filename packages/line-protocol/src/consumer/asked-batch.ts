/**
 * Commands that go out in one write, and whose replies are read one after the other in one turn: a head, and a body at its consumer's
 * pace. What comes before the loop wants it, since calls wait, is held for it.
 */
import { isFivewireError } from 'tls-context-core';
import type { Turn } from '../reply-queue.js';
import { pace, type Step } from './pace.js';
import { type BodyCommand, type BodyReader, type BodySource, PacedBody } from './paced-body.js';
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

export interface BatchSource extends BodySource {
  /** Whether commands may go out before the replies to those before them have come. */
  readonly pipelined: () => boolean;
}

/** The loop that asks. */
export interface Asker<K, H> {
  /** It waits for an answer, or has given up. */
  readonly wants: boolean;
  readonly gone: boolean;
  /** Octets of answers that it has not given out. */
  readonly held: number;
  answered(answer: Answer<K, H>): void;
  /** No answer will come to what is left of the batch. */
  broken(error: unknown): void;
}

export class AskedBatch<K, H> implements Holder, BodyReader {
  readonly #source: BatchSource;
  readonly #asked: readonly Asked<K, H>[];
  readonly #asker: Asker<K, H>;
  /** Replies read so far. */
  #at = 0;
  /** How many commands went out. */
  #sent = 0;
  /** The body that the connection is in, or was in last. */
  #body: PacedBody | undefined;
  #isOpen = false;
  /** Inside {@link advance}, which what it calls may call. */
  #advancing = false;
  #awaitsHead = false;
  #leave!: { resolve: () => void; reject: (error: unknown) => void };

  constructor(
    source: BatchSource,
    asked: readonly Asked<K, H>[],
    asker: Asker<K, H>,
  ) {
    this.#source = source;
    this.#asked = asked;
    this.#asker = asker;
    source.queue
      .run(this.#work, { background: true, command: this.command })
      .catch((error: unknown) => this.#asker.broken(error));
  }

  /** True where every reply has been read. */
  get isOver(): boolean {
    return this.#at === this.#asked.length;
  }

  /** The command whose reply comes next, or comes now; for errors. */
  get command(): string {
    return this.#asked[Math.min(this.#at, this.#asked.length - 1)]?.command?.line.masked ?? '';
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
    if (error === undefined) return this.advance();
    const { connection } = this.#source;
    // The body has its error; the loop gets one of its own.
    this.#leave.reject(connection.isOpen ? error : connection.lost({ command: this.command }));
  }

  /** Reads replies as far as the pace says. Where one is here already, the asker has it when this returns. */
  advance(): void {
    if (!this.#isOpen || this.#advancing || this.#awaitsHead || this.#body?.isOpen) return;
    this.#advancing = true;
    try {
      while (!this.isOver) {
        const step = this.#step();
        if (step === 'pause') return;
        const asked = this.#asked[this.#at] as Asked<K, H>;
        if (asked.command === undefined || this.#at >= this.#sent) {
          this.#at++;
          this.#asker.answered({ key: asked.key, error: asked.error });
          continue;
        }
        try {
          const head = asked.command.readHead();
          if (head instanceof Promise) {
            this.#readHead(head, asked);
            return;
          }
          if (!this.#begin(asked, head, step !== 'read')) return;
        } catch (error) {
          this.#refused(asked, error);
        }
      }
      this.#isOpen = false;
      this.#leave.resolve();
    } finally {
      this.#advancing = false;
    }
  }

  #step(): Step {
    const { calls } = this.#source.queue;
    const { gone, wants, held } = this.#asker;
    const step = pace({
      gone,
      wanted: wants,
      awaited: calls.any,
      held,
      allowance: this.#source.aheadOctets,
      repeatable: true,
    });
    if (step === 'pause') calls.paused();
    else calls.moved();
    return step;
  }

  #readHead(head: Promise<H>, asked: Asked<K, H>): void {
    this.#awaitsHead = true;
    head
      .then((value) => this.#begin(asked, value, this.#asker.gone))
      .catch((error: unknown) => this.#refused(asked, error))
      .finally(() => {
        this.#awaitsHead = false;
        this.advance();
      });
  }

  /** @returns whether the connection is past the body already */
  #begin(asked: Asked<K, H>, head: H, mayDrop: boolean): boolean {
    const command = asked.command as BodyCommand<H>;
    const body = new PacedBody(this.#source, command, Number.POSITIVE_INFINITY);
    body.delivered = this.#asker.wants;
    if (mayDrop) {
      body.setAside = true;
      body.destroy();
    }
    this.#body = body;
    body.begin(command.decoder(head, body), this);
    this.#at++;
    this.#asker.answered(body.setAside ? { key: asked.key } : { key: asked.key, head, body });
    if (!body.past) body.flow();
    return body.past;
  }

  #refused(asked: Asked<K, H>, error: unknown): void {
    this.#body = undefined;
    if (!this.#source.connection.isOpen) return this.#leave.reject(error);
    this.#at++;
    this.#asker.answered({ key: asked.key, error });
  }

  #work = async (turn: Turn): Promise<void> => {
    const { queue, connection } = this.#source;
    if (this.#asker.gone) return; // before anything was sent
    await this.#prepare(turn);
    const isPipelined = this.#source.pipelined();
    for (const { command } of this.#asked) {
      this.#sent++;
      if (command === undefined) continue;
      connection.send(command.line);
      if (!isPipelined) break; // it was when we asked: the others have to be asked again
    }
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
