/** Bodies asked for ahead of their consumer, given out in order: round trips overlap, memory stays bounded. */
import { isFivewireError, UsageError } from 'tls-context-core';
import { isIterable } from '../call-options.js';
import { aborted } from '../deadline.js';
import { onAbort } from '../on-abort.js';
import {
  type Answer,
  type Asked,
  AskedBatch,
  type Asker,
  type BatchSource,
  type PlainRun,
} from './asked-batch.js';
import { InTurn } from './in-turn.js';
import { afterItems, type ItemError, isItemError } from './item-error.js';
import { Keys } from './keys.js';
import { type BodyCommand, PacedBody, type PlainReply } from './paced-body.js';
import { ReplyBody } from './reply-body.js';

export interface AskAhead<K, H, T> extends BatchSource<K, H> {
  /** The command for a key. @throws UsageError for a key that is none */
  command: (key: K) => BodyCommand<H>;
  /** What the consumer gets of a body. */
  give: (key: K, body: PacedBody, head: H) => T;
  /** What the consumer gets of a refusal: the server's, or ours of a key that is none. */
  refuse: (key: K, error: ItemError) => T | Promise<T>;
  /** What the caller knows the keys as. */
  argument: string;
  /** The most commands under way. */
  window: number;
}

/** A window that overlaps round trips needs no more octets than this under way: more would only have to be drained. */
const octetsUnderWay = 1 << 20;

/** Commands before it is known how long bodies are. */
const firstWindow = 4;

/**
 * Asks for each key's body and yields what `give` and `refuse` make of them, in order. A body that the consumer does not
 * touch before it goes on is skipped. A broken connection throws, and the error's `given` says how many items the consumer had, and the
 * key of the last.
 *
 * @throws UsageError ERR_ARGUMENT at once where `keys` is no iterable
 */
export function askAhead<K, H, T>(
  keys: Iterable<K> | AsyncIterable<K>,
  options: AskAhead<K, H, T>,
): AsyncGenerator<T, void, undefined> {
  if (isIterable(keys)) return new AskAheadLoop(keys, options);
  const { argument } = options;
  throw new UsageError('ERR_ARGUMENT', `${argument} must be a list, or an iterable`, { argument });
}

type Result<T> = IteratorResult<T, void>;

/** An answer that is a body. */
type Given<K, H> = Required<Omit<Answer<K, H>, 'error'>>;

class AskAheadLoop<K, H, T> implements AsyncGenerator<T, void, undefined>, Asker<K, H> {
  /** The loop was left, or has failed. */
  gone = false;

  readonly #options: AskAhead<K, H, T>;
  readonly #keys: Keys<K>;
  /** `next()`, `return()` and `throw()` wait for the one before. */
  readonly #calls = new InTurn();
  /** Those that have replies to come, the first one first. */
  #batches: AskedBatch<K, H>[] = [];
  /** What has come and is not given yet. */
  #answers: Answer<K, H>[] = [];
  /** Plain replies that have come before those. */
  #run: PlainRun<K, H> | undefined;
  /** How many of these are given. */
  #ran = 0;
  /** Keys asked for and not given yet. */
  #asked = 0;
  /** The consumer has an item, with this body if any. */
  #hasGiven = false;
  #given: PacedBody | undefined;
  /** When so few are asked for and not given, more are. */
  #low = 0;
  #seen = 0;
  #octets = 0;
  #last: K | undefined;
  #error: unknown;
  /** What had come was dropped: nothing behind it may be given in its place. */
  #isAborted = false;
  /** The consumer waits for an answer. */
  #waits = false;
  /** Ends the wait for an answer. */
  #wake: (() => void) | undefined;
  /** Ends heeding the signal. */
  #deaf: (() => void) | undefined;

  constructor(keys: Iterable<K> | AsyncIterable<K>, options: AskAhead<K, H, T>) {
    this.#options = options;
    this.#keys = new Keys(keys);
  }

  next(): Promise<Result<T>> {
    if (this.#calls.busy) return this.#calls.run(() => this.#next());
    try {
      return this.#take() ?? this.#calls.run(() => this.#later());
    } catch (error) {
      return this.#calls.run(() => this.#fail(error));
    }
  }

  return(): Promise<Result<T>> {
    return this.#calls.run(() => this.#leave().then(() => finished));
  }

  throw(error: unknown): Promise<Result<T>> {
    return this.#calls.run(() => this.#fail(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  // ── what batches ask and tell ────────────────────────────────────────────────────────────────────────────

  get wants(): boolean {
    return this.#waits && this.#run === undefined && this.#answers.length === 0;
  }

  get held(): number {
    let octets = 0;
    const replies = this.#run?.replies ?? [];
    for (let i = this.#ran; i < replies.length; i++) octets += replies[i]?.content.length ?? 0;
    for (const { body } of this.#answers) if (body !== undefined) octets += body.readableLength;
    return octets;
  }

  answered(answer: Answer<K, H>): void {
    if (this.gone) return;
    this.#answers.push(answer);
    this.#wake?.();
  }

  came(): void {
    this.#wake?.();
  }

  broken(error: unknown): void {
    this.#error ??= error;
    this.#wake?.();
  }

  // ── one item ─────────────────────────────────────────────────────────────────────────────────────────────

  /** The next item, where it is here already. */
  #take(): Promise<Result<T>> | undefined {
    if (this.gone) return Promise.resolve(finished);
    this.#passGiven();
    this.#endAborted();
    if (this.#asked <= this.#low) {
      if (this.#keys.isAsync) return undefined;
      this.#ask(this.#keys.now(this.#wanted));
    }
    const plain = this.#takePlain();
    if (plain !== undefined) return Promise.resolve(plain);
    let answer = this.#answers[0];
    if (answer !== undefined) {
      if (answer.body === undefined || answer.body.setAside) return undefined;
      this.#answers.shift();
    } else {
      answer = this.#readNow();
      if (answer === undefined) return undefined;
      if (answer.body === undefined) {
        this.#answers.push(answer);
        return undefined;
      }
    }
    return Promise.resolve(this.#give(answer as Given<K, H>));
  }

  /** The next item, where it comes of a plain reply that is here. */
  #takePlain(): Result<T> | undefined {
    this.#endAborted();
    if (this.#run === undefined) {
      if (this.#answers.length > 0) return undefined;
      this.#run = this.#batch?.takePlain();
      if (this.#run === undefined) return undefined;
      this.#ran = 0;
    }
    const { asked, first, replies } = this.#run;
    const { key, command } = asked[first + this.#ran] as Asked<K, H>;
    const { head, content } = replies[this.#ran] as PlainReply<H>;
    if (++this.#ran === replies.length) this.#run = undefined;
    const body = new PacedBody(this.#options, command as BodyCommand<H>, Number.POSITIVE_INFINITY);
    body.came(content);
    return this.#give({ key, head, body });
  }

  async #later(): Promise<Result<T>> {
    try {
      if (this.#asked <= this.#low) this.#ask(await this.#keys.later(this.#wanted));
      const plain = this.#takePlain();
      if (plain !== undefined) return plain;
      while (this.#answers.length === 0) {
        if (this.#error !== undefined) throw this.#error;
        if (this.#asked === 0) {
          await this.#leave();
          return finished;
        }
        await this.#answerComes();
        const come = this.#takePlain();
        if (come !== undefined) return come;
      }
      const answer = this.#answers.shift() as Answer<K, H>;
      if (answer.body !== undefined && !answer.body.setAside)
        return this.#give(answer as Given<K, H>);
      return await this.#settle(answer);
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** A refusal; or a body that had to make way, which is asked for again. */
  async #settle(answer: Answer<K, H>): Promise<Result<T>> {
    const options = this.#options;
    const { key } = answer;
    try {
      if (answer.error !== undefined) throw answer.error;
      const body = new ReplyBody<H>(options, options.command(key), options.pipelined());
      answer.head = await body.head();
      answer.body = body;
      return this.#give(answer as Given<K, H>);
    } catch (error) {
      if (!isItemError(error)) throw error;
      const value = await options.refuse(key, error);
      this.#count(key, undefined);
      return { done: false, value };
    }
  }

  #give({ key, head, body }: Given<K, H>): Result<T> {
    body.delivered = true;
    this.#count(key, body);
    return { done: false, value: this.#options.give(key, body, head) };
  }

  #count(key: K, body: PacedBody | undefined): void {
    this.#asked--;
    this.#last = key;
    this.#hasGiven = true;
    this.#given = body;
  }

  /** The consumer goes on. */
  #passGiven(): void {
    if (!this.#hasGiven) return;
    const body = this.#given;
    this.#hasGiven = false;
    this.#given = undefined;
    this.#seen++;
    if (body !== undefined) {
      this.#octets += body.octets;
      if (!body.touched) body.skip();
    }
    if (this.#seen === 1 && !this.#keys.exhausted) this.#low = this.#depth >> 1;
  }

  // ── asking ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Few at first, until it shows how long they are. */
  get #depth(): number {
    const { pipelined, window } = this.#options;
    if (!pipelined()) return 1;
    if (this.#seen === 0) return Math.min(window, firstWindow);
    const fitting = Math.floor(octetsUnderWay / (this.#octets / this.#seen + 1));
    return Math.max(1, Math.min(window, fitting));
  }

  /** How many more may be asked for. */
  get #wanted(): number {
    return this.#depth - this.#asked;
  }

  #ask(keys: readonly K[]): void {
    // Refilled by halves, so that many commands share a write.
    this.#low = this.#keys.exhausted ? -1 : this.#depth >> 1;
    if (keys.length === 0 || this.#error !== undefined) return;
    this.#heed();
    this.#asked += keys.length;
    const asked = keys.map((key) => this.#command(key));
    this.#batches.push(new AskedBatch(this.#options, asked, this));
  }

  #command(key: K): Asked<K, H> {
    try {
      return { key, command: this.#options.command(key) };
    } catch (error) {
      return { key, command: undefined, error };
    }
  }

  /** Reads what is here of the next reply. */
  #readNow(): Answer<K, H> | undefined {
    const batch = this.#batch;
    if (batch === undefined || batch.mayBecomePlain) return undefined;
    this.#waits = true;
    const answer = batch.take();
    this.#waits = false;
    return answer;
  }

  /** The one whose replies come next. */
  get #batch(): AskedBatch<K, H> | undefined {
    while (this.#batches[0]?.isOver) this.#batches.shift();
    return this.#batches[0];
  }

  /** Waits for the next reply, and so perhaps for another reader that holds the connection. */
  async #answerComes(): Promise<void> {
    const { queue, connection } = this.#options;
    const batch = this.#batch;
    this.#waits = true;
    await new Promise<void>((resolve) => {
      let ends: (() => void) | undefined;
      this.#wake = () => {
        this.#wake = undefined;
        this.#waits = false;
        ends?.();
        resolve();
      };
      // A call that waits has the batch go on, and what is here may be an answer.
      ends = queue.calls.add({
        command: batch?.command ?? '',
        refuse: (error) => this.broken(connection.locate(error)),
      });
      if (this.#wake === undefined) ends();
      else batch?.advance();
    });
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────

  async #fail(error: unknown): Promise<never> {
    await this.#leave();
    throw isFivewireError(error) ? afterItems(error, this.#seen, this.#last) : error;
  }

  /** What is under way is read and thrown away. */
  async #leave(): Promise<void> {
    if (this.gone) return;
    this.#passGiven();
    this.gone = true;
    this.#deaf?.();
    this.#dropAnswers();
    for (const batch of this.#batches) batch.advance();
    await this.#keys.leave();
  }

  #dropAnswers(): void {
    for (const { body } of this.#answers) body?.skip();
    this.#answers = [];
    this.#run = undefined;
  }

  /** Heeds the signal, from the first command on. */
  #heed(): void {
    const { signal } = this.#options;
    if (signal === undefined || this.#deaf !== undefined) return;
    this.#deaf = onAbort(signal, this.#abort);
    if (signal.aborted) this.#abort();
  }

  #abort = (): void => {
    const command = this.#batches[0]?.command ?? '';
    const error = aborted(this.#options.signal as AbortSignal, { command }, 'usable');
    const body = this.#given;
    if (body?.isOpen) body.destroy(error);
    this.#dropAnswers();
    this.#isAborted = true;
    this.broken(error);
  };

  #endAborted(): void {
    if (this.#isAborted) throw this.#error;
  }

  async #next(): Promise<Result<T>> {
    try {
      return (await this.#take()) ?? (await this.#later());
    } catch (error) {
      return this.#fail(error);
    }
  }
}

const finished: { done: true; value: undefined } = { done: true, value: undefined };
