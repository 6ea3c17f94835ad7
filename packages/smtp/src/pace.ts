/**
 * When a pool's next message may go: no more of them, and of recipients, in any time than was asked for, and fewer while the
 * server says that it is too much for it now.
 *
 * Messages pass one by one, in the order of their calls, and count at the moment when they have their connection: who counts
 * before it, lets all that waited for a connection go at once.
 */
import {
  aborted,
  badOption,
  ConnectionError,
  errorAgain,
  Fifo,
  growingPause,
  isFivewireError,
  onAbort,
  type Queued,
  UsageError,
} from '@fivewire/line-protocol';

/** At most so much in any `per` milliseconds, for messages that `send` and `sendMany` send. */
export interface RateLimit {
  messages?: number;
  /** Recipients as the envelopes name them, refused ones too. */
  recipients?: number;
  /** Milliseconds: 1,000 is a second, 3,600,000 an hour. */
  per: number;
}

export interface Clock {
  /** Milliseconds, never going back. */
  now(): number;
  /** @returns what takes it back */
  after(milliseconds: number, then: () => void): () => void;
}

const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, then) {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** While the server wants less, in milliseconds. */
const pauses = { first: 50, longest: 30_000 };
/** What setTimeout() can wait; a longer time is waited for in parts. */
const longestWait = 2 ** 31 - 1;

export class Pace {
  readonly #limits: readonly Window[];
  readonly #clock: Clock;
  /** Of messages that need a connection, and of those on a connection that their caller holds. */
  readonly #toConnect = new Turns();
  readonly #held = new Turns();
  /** End what those whose turn it is wait for, on a change. */
  readonly #wakes = new Set<() => void>();
  /** Of the message that has room and waits for its connection. */
  #reserved = none;
  #closed = false;
  /** Refusals of the server's own making since it took a message last. */
  #refusals = 0;
  #pausedUntil = 0;
  /** The last of them, and when the first came. */
  #trouble: { since: number; error: unknown } | undefined;
  /** Why no connection could be had, from when on, and until when it is known. */
  #outage: { since: number; at: number; error: unknown } | undefined;
  /** Messages that have passed and have not come to their end. */
  #underWay = 0;

  constructor(limits: readonly RateLimit[], clock: Clock = systemClock) {
    this.#limits = limits.map((limit) => new Window(limit));
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.now();
  }

  /** @throws UsageError `ERR_ARGUMENT`: it would have to wait for ever */
  check(recipients: number): void {
    const limit = Math.min(...this.#limits.map((one) => one.mostRecipients));
    if (recipients <= limit) return;
    throw badOption(
      'envelope.to',
      `names ${recipients} recipients, and the rate allows ${limit}`,
      'Send it several times, to some of them each.',
    );
  }

  /**
   * Waits until one more may go, and for its connection.
   *
   * @param begin gets the connection
   * @param patience milliseconds of the server's trouble that it waits through
   * @throws what `begin` throws; AbortedError; UsageError `ERR_STATE` on a closed pool; ConnectionError `ERR_CONNECTION_CLOSED`
   * when the pool is closed while this waits; what the server said last, when its trouble outlasts the patience
   */
  async pass<T>(
    recipients: number,
    begin: (patience: number) => Promise<T>,
    patience: number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (this.#closed)
      throw new UsageError('ERR_STATE', 'The pool is closed', { hint: 'Make another one.' });
    const called = this.#clock.now();
    await this.#toConnect.take(signal);
    try {
      await this.#room(recipients, none, (since) => Math.max(since, called) + patience, signal);
      this.#checkOpen(); // it may have been closed since
      this.#reserved = { messages: 1, recipients };
      const begun = await this.#connect(begin, called, patience);
      this.#count(recipients);
      return begun;
    } finally {
      this.#reserved = none;
      this.#toConnect.pass();
    }
  }

  /** Those that waited behind one that got no connection have waited as long: it is not each one's turn to wait again. */
  async #connect<T>(
    begin: (patience: number) => Promise<T>,
    called: number,
    patience: number,
  ): Promise<T> {
    const from = this.#clock.now();
    let left = patience;
    if (this.#outage !== undefined && called <= this.#outage.at) {
      const { since, error } = this.#outage;
      left = isHopeless(error) ? 0 : Math.max(since, called) + patience - from;
      if (left <= 0) throw isFivewireError(error) ? errorAgain(error, {}) : error;
    }
    try {
      const begun = await begin(left);
      this.#outage = undefined;
      return begun;
    } catch (error) {
      const all = isFivewireError(error) && error.code !== 'ERR_ABORTED' && this.#underWay === 0;
      if (all) this.#outage = { since: this.#outage?.since ?? from, at: this.#clock.now(), error };
      throw error;
    }
  }

  /**
   * {@link pass} for a message on a connection that its caller holds: it does not wait behind those that wait for a connection, which
   * may be this one.
   */
  async passHeld(
    recipients: number,
    patience: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const called = this.#clock.now();
    await this.#held.take(signal);
    try {
      const endOf = (since: number): number => Math.max(since, called) + patience;
      await this.#room(recipients, undefined, endOf, signal);
      this.#count(recipients);
    } finally {
      this.#held.pass();
    }
  }

  #count(recipients: number): void {
    const now = this.#clock.now();
    for (const limit of this.#limits) limit.count(now, recipients);
    this.#underWay++;
  }

  /** What has passed has come to its end. @param wish what that says about the next one: `less` by this error */
  over(wish: 'more' | 'nothing' | { less: unknown }): void {
    this.#underWay--;
    if (wish === 'more') {
      this.#refusals = 0;
      this.#trouble = undefined;
    } else if (wish !== 'nothing') {
      const now = this.#clock.now();
      this.#refusals++;
      this.#pausedUntil = now + growingPause(this.#refusals, pauses);
      this.#trouble = { since: this.#trouble?.since ?? now, error: wish.less };
    }
    for (const wake of [...this.#wakes]) wake();
  }

  /** No more messages: those that wait are refused. */
  close(): void {
    this.#closed = true;
    for (const wake of [...this.#wakes]) wake();
    this.#toConnect.passAll();
    this.#held.passAll();
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new ConnectionError('ERR_CONNECTION_CLOSED', 'The pool was closed', { retry: 'never' });
  }

  async #room(
    recipients: number,
    /** Default: what is reserved when it is looked. */
    reserved: Count | undefined,
    endOf: (since: number) => number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (;;) {
      this.#checkOpen();
      if (signal?.aborted) throw aborted(signal, { command: 'send' }, 'usable');
      const { messages, recipients: taken } = reserved ?? this.#reserved;
      const wait = this.#waitFor(messages + 1, taken + recipients);
      if (wait <= 0) return;
      const { since, error } = this.#trouble ?? { since: Infinity, error: undefined };
      const left = endOf(since) - this.#clock.now();
      if (left <= 0) throw isFivewireError(error) ? errorAgain(error, {}) : error;
      await this.#change(Math.min(wait, left), signal);
    }
  }

  /** Milliseconds; Infinity: until something changes. */
  #waitFor(messages: number, recipients: number): number {
    const now = this.#clock.now();
    // A server in trouble is asked by one message at a time.
    if (this.#refusals > 0 && this.#underWay > 0) return Infinity;
    const pause = this.#refusals > 0 ? this.#pausedUntil - now : 0;
    return this.#limits.reduce(
      (most, one) => Math.max(most, one.waitFor(now, messages, recipients)),
      pause,
    );
  }

  #change(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const cancel =
        milliseconds === Infinity
          ? undefined
          : this.#clock.after(Math.min(Math.ceil(milliseconds), longestWait), () => go());
      const go = (): void => {
        cancel?.();
        this.#wakes.delete(go);
        leave?.();
        resolve();
      };
      this.#wakes.add(go);
      const leave = signal && onAbort(signal, go);
    });
  }
}

/** No other attempt will do. */
const isHopeless = (error: unknown): boolean => isFivewireError(error) && error.retry === 'never';

interface Count {
  readonly messages: number;
  readonly recipients: number;
}

const none: Count = { messages: 0, recipients: 0 };

/** One after the other, in the order of their calls. */
class Turns {
  readonly #queue = new Fifo<() => void>();
  #busy = false;

  /** @throws AbortError */
  async take(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#busy) {
      this.#busy = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        leave?.();
        resolve();
      };
      let leave: (() => void) | undefined;
      let place: Queued<() => void> | undefined;
      const stop = (): void => {
        if (place !== undefined) this.#queue.remove(place);
        reject(aborted(signal as AbortSignal, { command: 'send' }, 'usable'));
      };
      if (signal?.aborted) return stop();
      leave = signal && onAbort(signal, stop);
      place = this.#queue.push(done);
    });
  }

  /** Handed on: a call that is made before the next one goes on must find it taken. */
  pass(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#busy = false;
    else next();
  }

  passAll(): void {
    for (const next of this.#queue.take(() => true)) next();
  }
}

/** What went in the last `per` milliseconds. */
class Window {
  readonly mostRecipients: number;
  readonly #messages: number;
  readonly #per: number;
  /** In their order. */
  #past: { at: number; recipients: number }[] = [];
  #recipients = 0;

  constructor({ messages = Infinity, recipients = Infinity, per }: RateLimit) {
    this.#messages = messages;
    this.mostRecipients = recipients;
    this.#per = per;
  }

  count(now: number, recipients: number): void {
    this.#past.push({ at: now, recipients });
    this.#recipients += recipients;
  }

  /** Milliseconds until so many more may go; 0: now. */
  waitFor(now: number, some: number, recipients: number): number {
    let gone = 0;
    for (const { at, recipients: past } of this.#past) {
      if (at + this.#per > now) break;
      this.#recipients -= past;
      gone++;
    }
    if (gone > 0) this.#past = this.#past.slice(gone);
    let messages = this.#past.length + some;
    let sum = this.#recipients + recipients;
    for (const { at, recipients: past } of this.#past) {
      if (messages <= this.#messages && sum <= this.mostRecipients) return 0;
      messages--;
      sum -= past;
      if (messages <= this.#messages && sum <= this.mostRecipients) return at + this.#per - now;
    }
    return 0;
  }
}
