/**
 * The result of a search, kept up to date: by the server where it has CONTEXT=SEARCH (RFC 5267), else by searching again whenever
 * something has changed in the mailbox.
 */
import type { CallOptions } from './command.js';
import type { CommandRunner } from './command-runner.js';
import { idle, idleRefresh } from './commands/idle.js';
import { requireSearch, search } from './commands/search.js';
import { string, syntax } from './grammar/encoder.js';
import type { ExtendedSearchData } from './grammar/search-data.js';
import { type SearchQuery, searchProgram } from './grammar/search-key.js';
import { UidSet } from './grammar/sequence-set.js';
import type { MailboxChange } from './session.js';

/** A change of what is found. */
export interface SearchChange {
  /** All that is found now. */
  readonly uids: UidSet;
  readonly added: UidSet;
  readonly removed: UidSet;
}

export interface FollowOptions extends CallOptions {
  /** Where the server has no IDLE, ask it for news so often. Default 60,000 ms. */
  interval?: number;
}

/** Without end, but for `signal`, which ends it without an error. The first change is what is found at the beginning. */
export async function* followed(
  runner: CommandRunner,
  query: SearchQuery,
  check: () => void,
  options: FollowOptions,
): AsyncGenerator<SearchChange, void, undefined> {
  const context = new Context(runner, query);
  try {
    while (!options.signal?.aborted) {
      check();
      const change = await context.change(options);
      if (change !== undefined) yield change;
      else await context.news(options);
    }
  } catch (error) {
    if (!options.signal?.aborted) throw error;
  } finally {
    await context.leave();
  }
}

class Context {
  readonly #runner: CommandRunner;
  readonly #query: SearchQuery;
  readonly #forget: () => void;
  /** The tag of the search that the server keeps up to date. */
  #tag: string | undefined;
  /** What was told of the result, and what is so now. */
  #told: UidSet | undefined;
  #now: UidSet = UidSet.empty;
  /** Something happened of which the server does not say what it means for the result. */
  #stale = true;
  #wake: (() => void) | undefined;

  constructor(runner: CommandRunner, query: SearchQuery) {
    this.#runner = runner;
    this.#query = query;
    this.#forget = runner.session.onChange((change) => this.#take(change));
  }

  /** What has changed since the last time. */
  async change(options: FollowOptions): Promise<SearchChange | undefined> {
    if (this.#stale) await this.#search(options);
    const [told, now] = [this.#told, this.#now];
    const added = now.without(told ?? UidSet.empty);
    const removed = told?.without(now) ?? UidSet.empty;
    if (told !== undefined && added.size + removed.size === 0) return undefined;
    this.#told = now;
    return { uids: now, added, removed };
  }

  async news({ signal, timeout, interval = 60_000 }: FollowOptions): Promise<void> {
    const call = timeout === undefined ? {} : { timeout };
    const onNews = (wake: () => void): void => {
      this.#wake = wake;
      if (this.#stale || signal?.aborted || this.#told !== this.#now) wake();
    };
    const stop = (): void => this.#wake?.();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      if (this.#runner.session.capabilities.has('IDLE')) {
        await idle(this.#runner, idleRefresh, onNews, call);
        return;
      }
      let timer: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, interval);
        onNews(resolve);
      });
      await Promise.race([over, this.#runner.connection.closed]);
      clearTimeout(timer);
      if (!signal?.aborted) await this.#runner.run({ verb: 'NOOP', wire: { as: 'noop' } }, call);
    } finally {
      this.#wake = undefined;
      signal?.removeEventListener('abort', stop);
    }
  }

  async leave(): Promise<void> {
    this.#forget();
    const tag = this.#tag;
    if (tag === undefined || !this.#runner.connection.isOpen) return;
    await this.#runner.run({ verb: 'CANCELUPDATE', args: [string(tag)] }).catch(() => {});
  }

  async #search(options: FollowOptions): Promise<void> {
    const { interval: _, ...call } = options;
    this.#stale = false;
    const isKept = this.#runner.session.capabilities.has('CONTEXT=SEARCH');
    if (isKept && this.#tag === undefined && this.#told === undefined) {
      const found = await this.#searchKept(call);
      if (found !== undefined) {
        this.#now = found;
        return;
      }
    }
    this.#now = await search(this.#runner, this.#query, call);
  }

  /** @returns `undefined` where the answer does not name the search */
  async #searchKept(call: CallOptions): Promise<UidSet | undefined> {
    const runner = this.#runner;
    const program = searchProgram(this.#query, runner.utf8);
    requireSearch(runner, this.#query);
    let found: UidSet | undefined;
    const updates: NonNullable<ExtendedSearchData['updates']> = [];
    let tag = '';
    let refused = false;
    await runner.run(
      {
        verb: 'UID SEARCH',
        args: [syntax('RETURN (UPDATE ALL)'), ...program],
        onSent: (given) => {
          tag = given;
        },
        claim: (response) => {
          if (response.type === 'status' && response.code?.name === 'NOUPDATE') {
            refused = true;
            return true;
          }
          if (response.type !== 'esearch' || response.data.tag !== tag) return false;
          if (response.data.updates === undefined) found = response.data.all ?? UidSet.empty;
          else updates.push(...response.data.updates);
          return true;
        },
      },
      call,
    );
    if (!refused && found !== undefined) this.#tag = tag;
    return found && updated(found, updates);
  }

  #take(change: MailboxChange): void {
    if (change.type === 'context') {
      if (change.tag !== this.#tag) return;
      if (change.updates !== undefined) this.#now = updated(this.#now, change.updates);
      else {
        // The server has had enough: from now on we search.
        this.#tag = undefined;
        this.#stale = true;
      }
    } else if (change.type === 'vanished') this.#now = this.#now.without(change.uids);
    // Which UID a number stood for is not known here, so that an EXPUNGE costs a search.
    else if (this.#tag === undefined || change.type === 'expunge') this.#stale = true;
    else return;
    this.#wake?.();
  }
}

const updated = (before: UidSet, updates: NonNullable<ExtendedSearchData['updates']>): UidSet => {
  let now = before;
  for (const { added, uids } of updates) now = added ? now.union(uids) : now.without(uids);
  return now;
};
