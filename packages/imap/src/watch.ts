/** What happens in mailboxes, as it happens: by IDLE (RFC 2177) for the first, by STATUS now and then for others. */
import { aborted } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import type { CallOptions } from './command.js';
import type { CommandRunner } from './command-runner.js';
import { idle, idleRefresh } from './commands/idle.js';
import { search } from './commands/search.js';
import { type StatusResult, status } from './commands/status.js';
import type { MailboxName } from './grammar/mailbox-name.js';
import { UidSet } from './grammar/sequence-set.js';
import type { Mailbox } from './mailbox.js';
import type { OpenOptions } from './mailbox-lease.js';
import type { MailboxChange } from './session.js';

/** What changed in a mailbox. `mailbox` is the name as it was given to `watch`. */
export type MailboxEvent =
  /** Messages that were not there before, ascending. */
  | { type: 'new'; mailbox: MailboxName; uids: UidSet; messages: number }
  /** Messages that are gone. */
  | { type: 'expunged'; mailbox: MailboxName; uids: UidSet; messages: number }
  /** A message's flags, as they are now. */
  | { type: 'flags'; mailbox: MailboxName; uid: number; flags: readonly string[] }
  /** Something changed in a mailbox that is watched by STATUS: these are its numbers now. */
  | { type: 'status'; mailbox: MailboxName; status: Partial<StatusResult> };

export interface WatchOptions extends CallOptions {
  /** Report messages with this UID and above as new at the start, if they are there already. Default: none. */
  from?: number;
  /** Restart IDLE after so many milliseconds, below the server's and any firewall's limit. Default 9 minutes. */
  refresh?: number;
  /** Ask about the other mailboxes, and about the first where the server has no IDLE, so often. Default 60,000 ms. */
  interval?: number;
}

export interface WatchContext {
  runner: CommandRunner;
  open(name: MailboxName, options: OpenOptions): Promise<Mailbox>;
  /** The user has said goodbye: the end of the connection is no failure. */
  left(): boolean;
}

/** @param names at least one, checked */
export async function* watch(
  context: WatchContext,
  names: readonly MailboxName[],
  options: WatchOptions,
): AsyncGenerator<MailboxEvent, void, undefined> {
  const [first, ...others] = names;
  if (first === undefined) return;
  const { signal, timeout } = options;
  const call = {
    ...(signal === undefined ? {} : { signal }),
    ...(timeout === undefined ? {} : { timeout }),
  };
  const mailbox = await context.open(first, { ...call, readOnly: true, wait: true });
  const watcher = new Watcher(context.runner, first, others, options);
  try {
    yield* watcher.events(call);
  } catch (error) {
    if (!context.left()) throw error;
  } finally {
    watcher.stop();
    await mailbox.close();
  }
}

/** Messages whose flags are kept for a consumer that does not come. */
const mostFlags = 100_000;
const statusNames = ['messages', 'uidNext', 'uidValidity', 'unseen'] as const;

class Watcher {
  readonly #runner: CommandRunner;
  readonly #name: MailboxName;
  readonly #others: readonly MailboxName[];
  readonly #options: WatchOptions;
  /** The UIDs in the mailbox, by which a sequence number becomes a UID. */
  #known: UidSet = UidSet.empty;
  /** Those of them that have gone away, and the flags of others, since the last events. */
  #gone: UidSet = UidSet.empty;
  readonly #flags = new Map<number, readonly string[]>();
  /** Where to look for messages that we do not know of. */
  #look: 'no' | 'behind' | 'everywhere' = 'everywhere';
  #statuses = new Map<MailboxName, string>();
  #wake: (() => void) | undefined;
  #stopListening: () => void;

  constructor(
    runner: CommandRunner,
    name: MailboxName,
    others: readonly MailboxName[],
    options: WatchOptions,
  ) {
    this.#runner = runner;
    this.#name = name;
    this.#others = others;
    this.#options = options;
    this.#stopListening = runner.session.onChange((change) => this.#note(change));
  }

  stop(): void {
    this.#stopListening();
    this.#wake?.();
  }

  async *events(call: CallOptions): AsyncGenerator<MailboxEvent, void, undefined> {
    while (this.#look !== 'no') await this.#search(call);
    this.#gone = UidSet.empty;
    const { from } = this.#options;
    if (from !== undefined) {
      const there = this.#known.without(from > 1 ? `1:${from - 1}` : UidSet.empty);
      if (there.size > 0)
        yield { type: 'new', mailbox: this.#name, uids: there, messages: this.#known.size };
    }
    await this.#newStatuses(call);
    for (;;) {
      yield* await this.#process(call);
      if (!this.#hasNews) await this.#wait(call);
      yield* await this.#newStatuses(call);
    }
  }

  /**
   * Keeps count when the server speaks, not when the consumer comes round: sequence numbers are about the mailbox as it
   * is at that moment, also in the middle of a search.
   */
  #note(change: MailboxChange): void {
    switch (change.type) {
      case 'reset':
        this.#look = 'everywhere';
        break;
      case 'exists':
        if (this.#look === 'no') this.#look = 'behind';
        break;
      case 'vanished':
        this.#remove(change.uids);
        break;
      case 'expunge': {
        const uid = this.#known.at(change.sequence - 1);
        // A message that was never told of went away: what a search finds meanwhile may still hold it.
        if (uid === undefined) this.#look = 'everywhere';
        else this.#remove(UidSet.from(uid));
        break;
      }
      case 'fetch': {
        const uid = change.row.uid ?? this.#known.at(change.row.sequence - 1);
        const { flags } = change.row;
        if (uid === undefined || flags === undefined) break;
        if (this.#flags.size >= mostFlags) this.#flags.clear();
        this.#flags.delete(uid);
        this.#flags.set(uid, flags);
        break;
      }
    }
    this.#wake?.();
  }

  #remove(uids: UidSet): void {
    this.#gone = this.#gone.union(uids);
    this.#known = this.#known.without(uids);
  }

  get #hasNews(): boolean {
    return this.#look !== 'no' || this.#gone.size > 0 || this.#flags.size > 0;
  }

  /** What has changed so far, as events. */
  async #process(call: CallOptions): Promise<MailboxEvent[]> {
    const mailbox = this.#name;
    let fresh: UidSet = UidSet.empty;
    while (this.#look !== 'no') fresh = fresh.union(await this.#search(call));
    const gone = this.#gone.without(fresh);
    fresh = fresh.without(this.#gone);
    this.#gone = UidSet.empty;
    const events: MailboxEvent[] = [...this.#flags].map(([uid, flags]) => ({
      type: 'flags',
      mailbox,
      uid,
      flags,
    }));
    this.#flags.clear();
    const messages = this.#known.size;
    if (gone.size > 0) events.push({ type: 'expunged', mailbox, uids: gone, messages });
    if (fresh.size > 0) events.push({ type: 'new', mailbox, uids: fresh, messages });
    return events;
  }

  /** Asks which messages there are, behind the last known one or everywhere. @returns those that are new */
  async #search(call: CallOptions): Promise<UidSet> {
    const where = this.#look;
    const before = this.#known;
    const goneBefore = this.#gone;
    this.#look = 'no';
    const last = before.last ?? 0;
    let found: UidSet;
    try {
      found = await search(this.#runner, where === 'behind' ? { uid: `${last + 1}:*` } : {}, call);
    } catch (error) {
      this.#look = 'everywhere';
      // GreenMail has no such search (BAD): all messages, then.
      if (where !== 'behind' || !isRejected(error)) throw error;
      return UidSet.empty;
    }
    // `n:*` always finds the last message, even when that is below n. What went away meanwhile has been counted.
    const meanwhile = this.#gone.without(goneBefore);
    const now = (
      where === 'behind'
        ? before.union(found.without(last > 0 ? `1:${last}` : UidSet.empty))
        : found
    ).without(meanwhile);
    this.#gone = this.#gone.union(before.without(now));
    this.#known = now;
    return now.without(before);
  }

  async #wait(call: CallOptions): Promise<void> {
    const { refresh = idleRefresh, interval = 60_000, signal } = this.#options;
    const stop = (): void => this.#wake?.();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      if (signal?.aborted)
        throw this.#runner.connection.locate(aborted(signal, { command: 'IDLE' }, 'usable'));
      if (this.#runner.session.capabilities.has('IDLE')) {
        const longest = this.#others.length > 0 ? Math.min(refresh, interval) : refresh;
        const { timeout } = call;
        await idle(
          this.#runner,
          longest,
          (wake) => this.#wakeBy(wake),
          timeout === undefined ? {} : { timeout },
        );
      } else {
        await this.#pause(interval);
        await this.#runner.run({ verb: 'NOOP', wire: { as: 'noop' } }, call);
      }
    } finally {
      this.#wake = undefined;
      signal?.removeEventListener('abort', stop);
    }
    if (signal?.aborted)
      throw this.#runner.connection.locate(aborted(signal, { command: 'IDLE' }, 'usable'));
  }

  /** A change may have come before there was anything to wake. */
  #wakeBy(wake: () => void): void {
    this.#wake = wake;
    if (this.#hasNews || this.#options.signal?.aborted) wake();
  }

  async #pause(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
      this.#wakeBy(resolve);
    });
    await Promise.race([over, this.#runner.connection.closed]);
    clearTimeout(timer);
  }

  async #newStatuses(call: CallOptions): Promise<MailboxEvent[]> {
    const events: MailboxEvent[] = [];
    for (const mailbox of this.#others) {
      const now = await status(this.#runner, mailbox, statusNames, call);
      const text = JSON.stringify(now);
      const before = this.#statuses.get(mailbox);
      this.#statuses.set(mailbox, text);
      if (before !== undefined && before !== text)
        events.push({ type: 'status', mailbox, status: now });
    }
    return events;
  }
}

const isRejected = (error: unknown): boolean =>
  isFivewireError(error) && error.code === 'ERR_COMMAND_REJECTED';
