/** Many messages, a few under way at once, their outcomes in order. */
import { checkOptions, rules, UsageError } from '@fivewire/line-protocol';
import { checkKeys } from './arguments.js';
import { BodySource } from './body-source.js';
import { sendManyRules } from './options.js';
import type { Message, SendManyOptions, SendOptions, SendOutcome, SendResult } from './types.js';

/** Told once what became of a message. */
export interface Settle {
  sent(result: SendResult): void;
  failed(error: unknown): void;
}

type Messages = Iterable<Message> | AsyncIterable<Message>;
type Send = (message: Message, options: SendOptions, settle: Settle) => void;

/**
 * Checks, then sends: the `sendMany` of client and pool.
 *
 * @param lost says why no further message can be sent, once that is so
 * @throws UsageError `ERR_ARGUMENT` at once for what is wrong with the list or the options
 */
export function sendEach(
  messages: Messages,
  manyOptions: SendManyOptions,
  send: Send,
  lost: () => Error | undefined = () => undefined,
): AsyncIterable<SendOutcome> {
  checkOptions(manyOptions, sendManyRules);
  if (!rules.isIterable(messages)) {
    throw new UsageError('ERR_ARGUMENT', 'messages must be a list, or an iterable of messages', {
      argument: 'messages',
    });
  }
  const { window = 1, ...options } = manyOptions;
  const sendOne = (message: Message, settle: Settle): void => {
    try {
      checkKeys(message, ['envelope', 'body', 'onRefused'], 'message');
      const { onRefused } = message;
      send(message, onRefused === undefined ? options : { ...options, onRefused }, settle);
    } catch (error) {
      letGo(message);
      settle.failed(error);
    }
  };
  return inOrder(() => new UnderWay(messages, window, sendOne, lost), lost);
}

/** A stream that is not sent has a listener too, and is destroyed. */
function letGo(message: Message): void {
  try {
    const source = new BodySource(message.body);
    source.begin();
    source.abandon();
  } catch {} // no body: nothing to let go
}

/** Messages that are taken before it is looked whether an outcome can be given. */
const takenAtOnce = 64;

/** A message that is taken, and its outcome once it is known. */
class Slot implements Settle {
  outcome: SendOutcome | undefined = undefined;
  readonly #index: number;
  readonly #changed: () => void;

  constructor(index: number, changed: () => void) {
    this.#index = index;
    this.#changed = changed;
  }

  sent(result: SendResult): void {
    this.outcome = { index: this.#index, ok: true, result };
    this.#changed();
  }

  failed(error: unknown): void {
    this.outcome = { index: this.#index, ok: false, error };
    this.#changed();
  }
}

/** What is taken from the source and has not given its outcome yet. */
class UnderWay {
  /** In their order. */
  readonly slots: Slot[] = [];
  /** What the source threw. */
  failure: { error: unknown } | undefined;
  /** The source has no more, or has failed. */
  over = false;
  readonly #source: Iterator<Message, unknown> | AsyncIterator<Message, unknown>;
  readonly #window: number;
  readonly #sendOne: (message: Message, settle: Settle) => void;
  readonly #lost: () => Error | undefined;
  #index = 0;
  /** A message of an asynchronous source is awaited. */
  #taking: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(
    messages: Messages,
    window: number,
    sendOne: (message: Message, settle: Settle) => void,
    lost: () => Error | undefined,
  ) {
    this.#source =
      Symbol.asyncIterator in messages
        ? messages[Symbol.asyncIterator]()
        : messages[Symbol.iterator]();
    this.#window = window;
    this.#sendOne = sendOne;
    this.#lost = lost;
  }

  /** The next outcome, where it is known, once the window is full. */
  next(): SendOutcome | undefined {
    this.#take();
    const outcome = this.slots[0]?.outcome;
    if (outcome !== undefined) this.slots.shift();
    return outcome;
  }

  /** Takes messages while the window has room; those of a synchronous source at once. */
  #take(): void {
    for (let taken = 0; taken < takenAtOnce; taken++) {
      if (this.over || this.slots.length >= this.#window || this.#taking !== undefined) return;
      if (this.#lost() !== undefined) return;
      try {
        const next = this.#source.next();
        if (isPromise(next)) this.#taking = this.#await(next);
        else this.#taken(next);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  async #await(next: PromiseLike<IteratorResult<Message, unknown>>): Promise<void> {
    try {
      this.#taken(await next);
    } catch (error) {
      this.#fail(error);
    }
    this.#taking = undefined;
    this.changed();
  }

  /** True when nothing will come any more. */
  get done(): boolean {
    return this.slots.length === 0 && this.#taking === undefined;
  }

  /** Resolves when an outcome, or a message of the source, has come. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Takes no more, and waits for those under way. */
  async end(): Promise<void> {
    const source = this.#source;
    const takes = !this.over && this.#taking === undefined;
    this.over = true;
    if (takes) await source.return?.();
    while (this.slots.some(({ outcome }) => outcome === undefined)) await this.change();
  }

  #taken({ value, done }: IteratorResult<Message, unknown>): void {
    if (this.over && !done) void this.#source.return?.(); // the loop was left while it was on its way
    if (this.over || done) {
      this.over = true;
      return;
    }
    const slot = new Slot(this.#index++, this.changed);
    this.slots.push(slot);
    this.#sendOne(value, slot);
  }

  #fail(error: unknown): void {
    this.over = true;
    this.failure = { error };
  }

  changed = (): void => {
    this.#wake?.();
    this.#wake = undefined;
  };
}

const isPromise = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof (value as PromiseLike<T>).then === 'function';

async function* inOrder(
  begin: () => UnderWay,
  lost: () => Error | undefined,
): AsyncGenerator<SendOutcome, void, undefined> {
  const underWay = begin();
  let all = false;
  try {
    for (;;) {
      const outcome = underWay.next();
      if (outcome !== undefined) yield outcome;
      else if (underWay.done) break;
      else await underWay.change();
    }
    all = underWay.over;
  } finally {
    await underWay.end();
  }
  if (underWay.failure !== undefined) throw underWay.failure.error;
  const error = lost();
  if (!all && error !== undefined) throw error;
}
