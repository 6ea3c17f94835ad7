/**
 * The body of a reply, as a `Readable` that is there before its turn: the command goes out at the first read, and the
 * consumer's pace holds the reading turn; see `pace.ts`.
 */
import type { FivewireError } from 'tls-context-core';
import type { Turn } from '../reply-queue.js';
import { type BodyCommand, type BodyReader, type BodySource, PacedBody } from './paced-body.js';

export class ReplyBody<H = unknown> extends PacedBody implements BodyReader {
  readonly #command: BodyCommand<H>;
  /** Whether the next command may go out before this reply has come. */
  readonly #pipelined: boolean;
  #running: Promise<void> | undefined;
  #head: Promise<H> | undefined;
  #headReady!: (head: H) => void;
  #headFailed!: (error: unknown) => void;
  #leave!: { resolve: () => void; reject: (error: unknown) => void };
  /** Ends this body's own wait behind another reader. */
  #turnHasCome: (() => void) | undefined;

  constructor(source: BodySource, command: BodyCommand<H>, pipelined: boolean) {
    super(source, command);
    this.#command = command;
    this.#pipelined = pipelined;
  }

  /** Sends the command. The consumer does not wait for the reply yet. */
  ask(): void {
    if (this.#running !== undefined) return;
    const { queue, signal } = this.source;
    const command = this.#command.text;
    this.#head = new Promise<H>((resolve, reject) => {
      this.#headReady = resolve;
      this.#headFailed = reject;
    });
    this.#head.catch(ignore);
    this.#running = queue.run(this.#work, { signal, background: true, command });
    this.#running.catch((error: FivewireError) => {
      this.#headFailed(error);
      this.#turnHasCome?.();
      this.destroy(error);
    });
  }

  /** What comes before the body; rejects where there is none. */
  head(): Promise<H> {
    this.ask();
    this.#awaitTurn();
    return this.#head as Promise<H>;
  }

  override _read(): void {
    this.#askAndWait();
    super._read();
  }

  protected override takeIn(): void {
    this.#askAndWait();
    super.takeIn();
  }

  heldByOthers(): number {
    return 0;
  }

  passed(error?: unknown): void {
    if (error === undefined) this.#leave.resolve();
    else this.#leave.reject(error);
  }

  #askAndWait(): void {
    this.ask();
    if (!this.isOpen) this.#awaitTurn();
  }

  #work = async (turn: Turn): Promise<void> => {
    const { queue, connection } = this.source;
    if (this.gone) return; // given up before anything was sent
    const command = this.#command;
    await command.prepare?.(turn);
    connection.sendText([command.text]);
    if (this.#pipelined) turn.wrote();
    await turn.toRead();
    this.#turnHasCome?.();
    const read = command.readHead();
    const head = read instanceof Promise ? await read : read;
    const left = new Promise<void>((resolve, reject) => {
      this.#leave = { resolve, reject };
    });
    this.#headReady(head);
    try {
      queue.calls.hold(this);
      this.begin(command.decoder(head, this), this);
      this.flow();
      if (!this.past) await left;
    } finally {
      this.past = true;
      this.isOpen = false;
      queue.calls.hold(undefined);
    }
  };

  /** The consumer waits for this body, and so for the reader that holds the connection now. */
  #awaitTurn(): void {
    if (this.isOpen || this.past || this.#turnHasCome !== undefined) return;
    this.wanted = true;
    const { queue, connection } = this.source;
    const end = queue.calls.add({
      command: this.#command.text,
      refuse: (error) => {
        this.#turnHasCome?.();
        this.#headFailed(connection.locate(error));
        this.destroy(error);
      },
    });
    this.#turnHasCome = () => {
      end();
      this.#turnHasCome = undefined;
    };
  }
}

const ignore = (): void => {};
