/**
 * What the server says of one transfer, read from the command to the last word while octets move beside it, in whatever order it comes; see
 * `transfer-states.ts`.
 */
import { type CommandLine, deadline, type Reply, timedOut } from '@fivewire/line-protocol';
import { type Dialogue, noteReply } from '../session/dialogue.js';
import { rejected } from '../session/failures.js';
import type { Noops } from './noops.js';
import { eventOf, meaning, next, type State } from './transfer-states.js';
import { Unopened } from './unopened.js';

export class TransferReplies {
  /** The preliminary reply, where it came first. */
  opening: Reply | undefined;
  /** The preliminary reply, where something else came before: a positive reply, or octets. */
  lateOpening: Reply | undefined;
  /** The last reply. Rejects where the connection ends before. */
  readonly last: Promise<Reply>;
  readonly #dialogue: Dialogue;
  readonly #line: CommandLine;
  readonly #noops: Noops;
  readonly #first: Promise<unknown>;
  #state: State = 'asked';
  #unopened: Unopened | undefined;
  /** Ends the wait for a reply that is due. */
  #notDue: () => void = () => {};

  /** @param line is out */
  constructor(dialogue: Dialogue, line: CommandLine, noops: Noops) {
    this.#dialogue = dialogue;
    this.#line = line;
    this.#noops = noops;
    this.#due();
    const first = this.#readFirst();
    this.#first = first;
    this.last = first.then((reply) => this.#readLast(reply));
    this.last.catch(() => {}); // who waits for it hears of it
  }

  get state(): State {
    return this.#state;
  }

  /** What the state means. */
  get is(): (typeof meaning)[State] {
    return meaning[this.#state];
  }

  /**
   * Resolves when octets may move.
   *
   * @param silence resolves when they do though nothing was said
   * @throws CommandError for a refusal, RemoteProtocolError for what is no answer
   */
  async begun(silence: Promise<unknown> | undefined): Promise<void> {
    await (silence === undefined ? this.#first : Promise.race([this.#first, silence]));
    if (this.#state === 'asked') {
      this.#state = next(this.#state, 'silence');
      this.#notDue();
    }
    if (this.#state !== 'refused' || this.#unopened !== undefined) return;
    throw this.#dialogue.connection.locate(rejected(await this.last, this.#line.masked));
  }

  /**
   * No more octets are to come: what has not been said is due.
   *
   * @param asks whether, behind 2yz in place of 1yz, nothing but an answer to another command shows that no more replies are to come
   */
  dataOver(asks: boolean): void {
    this.#unopened?.over(asks);
    if (this.is.owesReply) this.#due();
  }

  /** No more octets are wanted: the last reply is the next that may be it. */
  givenUp(): void {
    this.#unopened?.over(false);
  }

  /** The call waits for it no more. */
  forget(): void {
    this.#notDue();
  }

  /** The first reply. A refusal that a preliminary reply stands right behind was another's notice. */
  async #readFirst(): Promise<Reply> {
    const { connection } = this.#dialogue;
    try {
      const first = await this.#dialogue.reply(this.#line, Number.POSITIVE_INFINITY);
      if (first.class < 4 || connection.buffered === 0) return this.#begin(first);
      const second = await this.#dialogue.nextOfAny(this.#line);
      noteReply(connection, second.class === 1 ? first : second);
      return this.#begin(second.class === 1 ? second : first);
    } finally {
      this.#notDue();
    }
  }

  #begin(first: Reply): Reply {
    if (first.class === 3) {
      const said = `${first.code} ${first.text}`;
      throw this.#dialogue.connection.malformed('1yz or 2yz', said);
    }
    if (first.class === 1 && this.#state === 'asked') this.opening = first;
    else if (first.class === 1) this.lateOpening = first;
    this.#state = next(this.#state, eventOf(first));
    if (this.#state === 'done-first') {
      this.#unopened = new Unopened(this.#dialogue, this.#line, first, (opening) => {
        this.lateOpening = opening;
        this.#state = next(this.#state, 'announce');
      });
    }
    return first;
  }

  async #readLast(first: Reply): Promise<Reply> {
    if (first.class !== 1 && this.#unopened === undefined) return first;
    const last = await (this.#unopened?.last ?? this.#readFinal());
    this.#state = next(this.#state, eventOf(last));
    return last;
  }

  /** Waits without a limit of its own: how long it may take depends on the data. Further preliminary replies are skipped. */
  async #readFinal(): Promise<Reply> {
    for (;;) {
      const reply = await this.#dialogue.reply(this.#line, Number.POSITIVE_INFINITY);
      if (reply.class !== 1 && !this.#noops.takes(reply)) return reply;
    }
  }

  #due(): void {
    const { connection, timeout } = this.#dialogue;
    const command = this.#line.masked;
    this.#notDue = deadline(timeout, () =>
      connection.fail(timedOut({ phase: 'command', timeout, command })),
    );
  }
}
