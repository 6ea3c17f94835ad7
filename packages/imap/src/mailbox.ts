/** An open mailbox: what can be done with the messages in it. UIDs everywhere. */
import { type BodyInput, checkOptions, Rows } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import { BodyStream } from './body-stream.js';
import type { CallOptions } from './command.js';
import { requireCapability } from './command-error.js';
import type { CommandRunner } from './command-runner.js';
import { type AppendOptions, type AppendResult, replace } from './commands/append.js';
import { type CopyResult, copy, expunge, move } from './commands/copy.js';
import {
  type FetchContext,
  type FetchOptions,
  fetchModifiers,
  fetchRows,
} from './commands/fetch.js';
import { planFetch } from './commands/fetch-plan.js';
import { present } from './commands/present.js';
import {
  findsAll,
  type SearchOptions,
  type SearchSummary,
  search,
  summary,
} from './commands/search.js';
import type { Resync } from './commands/select.js';
import { type SortKey, sort, thread } from './commands/sort.js';
import { type StoreItem, type StoreOptions, type StoreResult, store } from './commands/store.js';
import { type FollowOptions, followed, type SearchChange } from './follow.js';
import { mailbox } from './grammar/encoder.js';
import type { MailboxName } from './grammar/mailbox-name.js';
import { type SearchQuery, searchProgram } from './grammar/search-key.js';
import { UidSet, type Uids } from './grammar/sequence-set.js';
import type { Thread } from './grammar/sort-data.js';
import type { Lease } from './mailbox-lease.js';
import type { FetchItems, Message } from './message.js';
import {
  callRules,
  fetchRules,
  followRules,
  replaceRules,
  searchRules,
  storeRules,
} from './options.js';
import type { SelectedMailbox } from './session.js';

/**
 * Made by `client.open()`. It leases the connection's one selected mailbox until {@link close}.
 *
 * Every method rejects with `ERR_STATE` after `close()`, and when the server gives the mailbox another UIDVALIDITY.
 */
export class Mailbox {
  readonly name: string;
  /** Together with a UID it names one message for ever (RFC 9051 §2.3.1.1); `undefined` where UIDs do not last. */
  readonly uidValidity: number | undefined;
  readonly #runner: CommandRunner;
  readonly #lease: Lease;
  readonly #release: (() => void)[];
  readonly #wantsReadOnly: boolean;
  readonly #resync: Resync | undefined;
  #closed = false;

  /** @internal */
  constructor(runner: CommandRunner, lease: Lease, readOnly: boolean, release: () => void) {
    this.#runner = runner;
    this.#lease = lease;
    this.#release = [release];
    this.#wantsReadOnly = readOnly;
    const selected = this.#selected();
    this.name = selected.name;
    this.uidValidity = selected.uidValidity;
    this.#resync = selected.resync;
  }

  /** Messages in it, kept up to date; `undefined` where what the server said of it cannot be read. */
  get exists(): number | undefined {
    return this.#selected().exists;
  }
  /** The UID that the next message will have at least, as it was when the mailbox was opened. */
  get uidNext(): number | undefined {
    return this.#selected().uidNext;
  }
  /** Flags that messages here have or can have. */
  get flags(): readonly string[] {
    return this.#selected().flags;
  }
  /** Flags that can be changed for good; `\*` among them: new keywords can be made. `undefined`: all. */
  get permanentFlags(): readonly string[] | undefined {
    return this.#selected().permanentFlags;
  }
  /** A decimal string, where the server has CONDSTORE. */
  get highestModSeq(): string | undefined {
    return this.#selected().highestModSeq;
  }
  /** OBJECTID. */
  get mailboxId(): string | undefined {
    return this.#selected().mailboxId;
  }
  /**
   * What happened since, where the mailbox was opened with `resync`. `undefined` without QRESYNC, where some of it could not be
   * read, and where the UIDVALIDITY is another one: `client.sync()` finds out in any case.
   */
  get resync(): Resync | undefined {
    return this.#resync;
  }
  /** Opened with `readOnly`, or by the server's decision. */
  get readOnly(): boolean {
    return this.#wantsReadOnly || this.#selected().readOnly;
  }

  /**
   * The messages among `uids` that exist, as they come, in the server's order. Only what `items` asks for is in the
   * type of a row. Iterating sends the commands; `toArray()` gives all rows at once.
   *
   * Other calls may be made inside the loop. Rows on their way are held meanwhile, about a thousand at most.
   *
   * @throws UsageError `ERR_ARGUMENT` at once; from the iteration CommandError and whatever ends the connection
   */
  fetch<const I extends FetchItems>(
    uids: Uids,
    items: I,
    options: FetchOptions = {},
  ): Rows<Message<I>> {
    checkOptions(options, fetchRules);
    const set = UidSet.from(uids);
    const plan = planFetch(items);
    fetchModifiers(options.changedSince, options.partial);
    this.#check(set);
    const context = this.#fetchContext();
    return new Rows(
      () =>
        fetchRows(context, plan, set, options) as unknown as AsyncIterator<
          Message<I>,
          void,
          undefined
        >,
    );
  }

  /**
   * The UIDs of all messages that the query finds (RFC 9051 §6.4.4). `{}` finds all: a search for them that finds fewer than the server
   * has said that there are is not taken at its word.
   */
  async search(query: SearchQuery = {}, options: SearchOptions = {}): Promise<UidSet> {
    checkOptions(options, searchRules);
    this.#check();
    const { partial, save, ...call } = options;
    searchProgram(query, this.#runner.utf8);
    const isAll = findsAll(query) && partial === undefined && save !== true;
    const found = isAll ? present(this.#runner, call) : search(this.#runner, query, options);
    return this.#stillMeant(found);
  }

  /**
   * What the query finds, and each change of it, until the loop is left or `signal` aborts, which ends it without an error. The
   * server keeps the result up to date where it has CONTEXT=SEARCH (RFC 5267); else this side searches again when something has
   * changed. Other calls may be made meanwhile.
   */
  follow(query: SearchQuery, options: FollowOptions = {}): AsyncIterable<SearchChange> {
    checkOptions(options, followRules);
    this.#check();
    searchProgram(query, this.#runner.utf8);
    return followed(this.#runner, query, () => this.#check(), options);
  }

  /** How many messages the query finds. With ESEARCH only the number travels. */
  async count(query: SearchQuery = {}, options: CallOptions = {}): Promise<number> {
    return (await this.summary(query, options)).count;
  }

  /** How many messages the query finds, and the lowest and the highest UID among them (ESEARCH, RFC 4731). */
  async summary(query: SearchQuery = {}, options: CallOptions = {}): Promise<SearchSummary> {
    checkOptions(options, callRules);
    this.#check();
    return this.#stillMeant(summary(this.#runner, query, options));
  }

  /**
   * The UIDs of what the query finds, in order (SORT, RFC 5256): `sort(['-date', 'subject'], { seen: false })`.
   * @throws CommandError `ERR_EXTENSION_REQUIRED`
   */
  async sort(
    by: SortKey | readonly SortKey[],
    query: SearchQuery = {},
    options: CallOptions = {},
  ): Promise<number[]> {
    checkOptions(options, callRules);
    this.#check();
    return this.#stillMeant(sort(this.#runner, by, query, options));
  }

  /**
   * What the query finds as discussions (THREAD, RFC 5256).
   * @param algorithm `'REFERENCES'`, `'ORDEREDSUBJECT'` or another one of the server's `THREAD=` capabilities
   * @throws CommandError `ERR_EXTENSION_REQUIRED`
   */
  async thread(
    algorithm = 'REFERENCES',
    query: SearchQuery = {},
    options: CallOptions = {},
  ): Promise<Thread[]> {
    checkOptions(options, callRules);
    this.#check();
    return this.#stillMeant(thread(this.#runner, algorithm, query, options));
  }

  /** Sets flags and keywords, such as `'\\Seen'` or `'$Junk'`, and leaves the others. */
  addFlags(uids: Uids, flags: readonly string[], options: StoreOptions = {}): Promise<StoreResult> {
    return this.#store(uids, '+FLAGS', flags, options);
  }

  removeFlags(
    uids: Uids,
    flags: readonly string[],
    options: StoreOptions = {},
  ): Promise<StoreResult> {
    return this.#store(uids, '-FLAGS', flags, options);
  }

  /** Replaces all flags. */
  setFlags(uids: Uids, flags: readonly string[], options: StoreOptions = {}): Promise<StoreResult> {
    return this.#store(uids, 'FLAGS', flags, options);
  }

  /** Gmail's labels (X-GM-EXT-1): `'\\Starred'`, `'Rechnungen'`. @throws CommandError `ERR_EXTENSION_REQUIRED` */
  addLabels(
    uids: Uids,
    labels: readonly string[],
    options: StoreOptions = {},
  ): Promise<StoreResult> {
    return this.#store(uids, '+X-GM-LABELS', labels, options);
  }

  removeLabels(
    uids: Uids,
    labels: readonly string[],
    options: StoreOptions = {},
  ): Promise<StoreResult> {
    return this.#store(uids, '-X-GM-LABELS', labels, options);
  }

  setLabels(
    uids: Uids,
    labels: readonly string[],
    options: StoreOptions = {},
  ): Promise<StoreResult> {
    return this.#store(uids, 'X-GM-LABELS', labels, options);
  }

  /**
   * Puts a new version in the place of a message (REPLACE, RFC 8508). Without REPLACE: APPEND, and after its success
   * \\Deleted and UID EXPUNGE of the old one alone.
   *
   * @throws CommandError `ERR_EXTENSION_REQUIRED` without REPLACE and UIDPLUS; TransferError `ERR_OUTCOME_UNKNOWN`
   */
  async replace(
    uid: number,
    body: BodyInput,
    given: AppendOptions & { mailbox?: MailboxName } = {},
  ): Promise<AppendResult> {
    checkOptions(given, replaceRules);
    const { mailbox: to, ...options } = given;
    if (to !== undefined) mailbox(to);
    this.#mayWrite('replace', uid);
    return replace(this.#runner, uid, to ?? { raw: this.#selected().raw }, body, options);
  }

  /**
   * Moves messages (RFC 6851). Where the server has no MOVE: COPY, and after its success \Deleted and UID EXPUNGE of
   * these messages alone.
   *
   * @throws CommandError `ERR_EXTENSION_REQUIRED` without MOVE and UIDPLUS; `ERR_NOT_FOUND` where there is no mailbox `to`
   */
  async move(uids: Uids, to: MailboxName, options: CallOptions = {}): Promise<CopyResult> {
    checkOptions(options, callRules);
    const set = this.#mayWrite('move', uids);
    return set.size === 0 ? {} : move(this.#runner, set, to, options);
  }

  /** Copies messages, their flags and dates included (RFC 9051 §6.4.7). */
  async copy(uids: Uids, to: MailboxName, options: CallOptions = {}): Promise<CopyResult> {
    checkOptions(options, callRules);
    const set = UidSet.from(uids);
    this.#check(set);
    return set.size === 0 ? {} : copy(this.#runner, set, to, options);
  }

  /**
   * Removes for good those of `uids` that have \Deleted (UID EXPUNGE, RFC 4315). Messages that others have marked stay.
   *
   * @throws CommandError `ERR_EXTENSION_REQUIRED` without UIDPLUS
   */
  async expunge(uids: Uids, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    const set = this.#mayWrite('expunge', uids);
    if (set.size > 0) await expunge(this.#runner, set, options);
  }

  /** Gives the lease back. Nothing is sent and nothing expunged. Calling it again is harmless. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const release of this.#release) release();
  }

  /** @internal For the pool, whose connection goes back with the mailbox. */
  onClose(release: () => void): void {
    this.#release.push(release);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #store(
    uids: Uids,
    item: StoreItem,
    values: readonly string[],
    options: StoreOptions,
  ): Promise<StoreResult> {
    checkOptions(options, storeRules);
    const set = this.#mayWrite('change flags', uids);
    if (!Array.isArray(values))
      throw new UsageError('ERR_ARGUMENT', 'flags must be a list of flags', { argument: 'flags' });
    if (set.size === 0) return { modified: UidSet.empty };
    return store(this.#runner, set, item, values, options);
  }

  #mayWrite(what: string, uids: Uids): UidSet {
    const set = UidSet.from(uids);
    this.#check(set);
    if (this.readOnly) {
      throw new UsageError('ERR_STATE', `Cannot ${what} in ${this.name}: it is open read-only`, {
        hint: 'Open it without { readOnly: true }; if the server decided so, this account may only read it.',
      });
    }
    return set;
  }

  #selected(): SelectedMailbox {
    return this.#lease.selected as SelectedMailbox;
  }

  #check(uids?: UidSet): void {
    const selected = this.#selected();
    if (this.#closed) {
      throw new UsageError('ERR_STATE', `${this.name} is closed`, {
        hint: 'Open it again: client.open(name).',
      });
    }
    if (!this.#runner.connection.isOpen) return; // the call itself fails, and names its command
    if (selected.uidValidity !== this.uidValidity) {
      selected.invalidate(
        'has another UIDVALIDITY than when it was opened',
        'All UIDs that you know are void: open it again.',
      );
    }
    if (selected.invalid !== undefined) throw selected.invalid;
    if (uids === UidSet.saved)
      requireCapability(
        this.#runner,
        ['SEARCHRES'],
        'UidSet.saved',
        'Use the set that search() gives.',
      );
    const { session } = this.#runner;
    if (session.selected !== selected && session.selecting === undefined) {
      throw new UsageError('ERR_STATE', `${this.name} is no longer selected`, {
        hint: 'Open it again: client.open(name).',
      });
    }
  }

  /** UIDs that were found mean nothing where the UIDVALIDITY has changed meanwhile. */
  async #stillMeant<T>(result: Promise<T>): Promise<T> {
    const selected = this.#selected();
    const found = await result;
    if (selected.invalid === undefined) return found;
    throw selected.invalid;
  }

  #fetchContext(): FetchContext {
    const runner = this.#runner;
    const check = (): void => this.#check();
    const voided = (): UsageError | undefined => this.#selected().invalid;
    return {
      runner,
      check,
      isVoid: () => this.#selected().invalid !== undefined,
      exists: () => this.exists ?? 0,
      resolve: (uid, options) =>
        String(uid) === '1:*' ? present(runner, options) : search(runner, { uid }, options),
      unasked: (row) => runner.session.announce({ type: 'fetch', row }),
      askStructure: async (uid, options) => {
        const [row] = await this.fetch(uid, { structure: true }, options).toArray();
        return row?.structure;
      },
      openBinary: (uid, section, options) =>
        runner.session.capabilities.has('BINARY')
          ? new BodyStream(runner, { uid, section, check, voided, binary: true }, options)
          : undefined,
      openBody: (uid, section, head, options) =>
        new BodyStream(
          runner,
          { uid, section, check, voided, ...(head === undefined ? {} : { head }) },
          options,
        ),
    };
  }
}
