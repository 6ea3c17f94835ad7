/** What is known of watched mailboxes, and what has changed in them: kept from one connection to the next. */
import type { CallOptions } from './command.js';
import { isRefusedForGood } from './command-error.js';
import type { CommandRunner } from './command-runner.js';
import { fetchFlags } from './commands/fetch-flags.js';
import { present } from './commands/present.js';
import { search } from './commands/search.js';
import { status } from './commands/status.js';
import { withoutRecent } from './grammar/flags.js';
import { encodeMailboxName, type MailboxName } from './grammar/mailbox-name.js';
import { UidSet } from './grammar/sequence-set.js';
import type { MailboxChange, SelectedMailbox } from './session.js';
import type { MailboxEvent } from './watch.js';

/** Messages whose flags are kept for a consumer that does not come. */
export const mostFlags = 100_000;
const statusNames = ['messages', 'uidNext', 'uidValidity', 'unseen'] as const;

export class Watcher {
  readonly names: readonly [MailboxName, ...MailboxName[]];
  #from: number | undefined;
  #runner: CommandRunner | undefined;
  #selected: SelectedMailbox | undefined;
  #stopListening: () => void = () => {};
  #onNews: (() => void) | undefined;
  #uidValidity: number | undefined;
  #begun = false;
  /** The state up to which flags are known, where the server has CONDSTORE. */
  #modSeq: string | undefined;
  /** The UIDs in the mailbox, by which a sequence number becomes a UID. */
  #known: UidSet = UidSet.empty;
  /** Those of them that have gone away, and the flags of others, since the last events. */
  #gone: UidSet = UidSet.empty;
  readonly #flags = new Map<number, readonly string[]>();
  /** There were more than are kept: all are asked for. */
  #flagsAreLost = false;
  /** Those that have come. */
  #fresh: UidSet = UidSet.empty;
  /** What is to be told, and has not been: where the link dies before, it is told over the next. */
  readonly #events: MailboxEvent[] = [];
  /** What changed before this connection is being asked for. */
  #catchesUp = false;
  /** Where to look for messages that we do not know of. */
  #look: 'no' | 'behind' | 'everywhere' = 'everywhere';
  /** Further mailboxes in which something may have changed. */
  #others = new Set<MailboxName>();
  /** The one whose numbers are asked for: the next that come are taken for the answer. */
  #asking: MailboxName | undefined;
  readonly #statuses = new Map<MailboxName, string>();

  constructor(names: readonly [MailboxName, ...MailboxName[]], from: number | undefined) {
    this.names = names;
    this.#from = from;
  }

  attach(runner: CommandRunner): void {
    this.detach();
    this.#runner = runner;
    this.#selected = runner.session.selected;
    this.#look = 'everywhere';
    this.lookAtOthers();
    this.#stopListening = runner.session.onChange((change) => this.#note(change));
  }

  detach(): void {
    this.#stopListening();
    this.wake();
  }

  /** Calls back once when there is something to tell: at once where there is. */
  onNews(callback: (() => void) | undefined): void {
    this.#onNews = callback;
    if (this.hasNews) this.wake();
  }

  wake(): void {
    this.#onNews?.();
  }

  get hasNews(): boolean {
    return (
      this.#look !== 'no' ||
      this.#gone.size > 0 ||
      this.#flags.size > 0 ||
      this.#others.size > 0 ||
      this.#events.length > 0
    );
  }

  /** The mailbox has been looked at: what happens from now on is told. */
  get hasBegun(): boolean {
    return this.#begun;
  }

  lookAtOthers(): void {
    const [, ...others] = this.names;
    this.#others = new Set(others);
  }

  /** The first look over a connection. */
  async begin(uidValidity: number | undefined, call: CallOptions): Promise<MailboxEvent[]> {
    // UIDs without a UIDVALIDITY do not last.
    const isNew = !this.#begun || uidValidity === undefined || this.#uidValidity !== uidValidity;
    const before = this.#modSeq;
    const now =
      this.#selected?.highestModSeq ?? (this.#selected?.modSeqIsUnread ? before : undefined);
    this.#catchesUp = !isNew;
    if (isNew) await this.#beginAnew(uidValidity, call);
    else {
      await this.#lookAround(call);
      await this.#flagsSince(before, now, call);
    }
    this.#catchesUp = false;
    this.#modSeq = now;
    await this.#newStatuses(call);
    return this.#told();
  }

  /** What has changed so far, as events. */
  async changes(call: CallOptions): Promise<MailboxEvent[]> {
    await this.#lookAround(call);
    await this.#newStatuses(call);
    return this.#told();
  }

  #told(): MailboxEvent[] {
    return this.#events.splice(0);
  }

  /** Another mailbox than before, or the first: what it has is told, and not what has changed. */
  async #beginAnew(uidValidity: number | undefined, call: CallOptions): Promise<void> {
    const [mailbox] = this.names;
    this.#known = UidSet.empty;
    this.#flags.clear();
    while (this.#look !== 'no') await this.#search(call);
    this.#gone = UidSet.empty;
    this.#fresh = UidSet.empty;
    this.#uidValidity = uidValidity;
    const messages = this.#known.size;
    const [wasBegun, from] = [this.#begun, this.#from];
    this.#begun = true;
    this.#from = undefined;
    if (wasBegun) {
      // Of the mailbox that it was, there is nothing more to tell.
      const others = this.#told().filter(({ type }) => type === 'status');
      this.#events.push(...others, { type: 'reset', mailbox, uids: this.#known, messages });
    } else if (from !== undefined) {
      const uids = this.#known.without(from > 1 ? `1:${from - 1}` : UidSet.empty);
      if (uids.size > 0) this.#events.push({ type: 'new', mailbox, uids, messages });
    }
  }

  /** What is still to be told of flags, and is no longer so. */
  #dropOldFlags(): void {
    if (this.#events.length === 0) return;
    const isNow = (event: MailboxEvent): boolean =>
      event.type !== 'flags' || !this.#flags.has(event.uid);
    for (const event of this.#told().filter(isNow)) this.#events.push(event);
  }

  /** Flags that changed while there was no connection, where the server counts changes. */
  async #flagsSince(
    before: string | undefined,
    now: string | undefined,
    call: CallOptions,
  ): Promise<void> {
    const [mailbox] = this.names;
    const { capabilities } = this.#session();
    if (before === undefined || now === undefined || !capabilities.has('CONDSTORE')) return;
    const found: MailboxEvent[] = [];
    for await (const { uid, flags } of fetchFlags(this.#running(), UidSet.all, before, call))
      if (!isIn(this.#events, uid)) found.push({ type: 'flags', mailbox, uid, flags });
    for (const event of found) this.#events.push(event);
  }

  /** Looks where that is due, and makes events of what has come and gone. */
  async #lookAround(call: CallOptions): Promise<void> {
    while (this.#look !== 'no') this.#fresh = this.#fresh.union(await this.#search(call));
    const [mailbox] = this.names;
    if (this.#flagsAreLost) {
      const all = fetchFlags(this.#running(), UidSet.all, undefined, call);
      for await (const { uid, flags } of all) this.#flags.set(uid, flags);
      this.#flagsAreLost = false;
    }
    const gone = this.#gone.without(this.#fresh);
    const fresh = this.#fresh.without(this.#gone);
    this.#gone = UidSet.empty;
    this.#fresh = UidSet.empty;
    this.#dropOldFlags();
    for (const [uid, flags] of this.#flags)
      this.#events.push({ type: 'flags', mailbox, uid, flags });
    this.#flags.clear();
    const messages = this.#known.size;
    if (gone.size > 0) this.#events.push({ type: 'expunged', mailbox, uids: gone, messages });
    if (fresh.size > 0) this.#events.push({ type: 'new', mailbox, uids: fresh, messages });
  }

  /**
   * Keeps count when the server speaks, not when the consumer comes round: sequence numbers are about the mailbox as it
   * is at that moment, also in the middle of a search.
   */
  #note(change: MailboxChange): void {
    switch (change.type) {
      case 'reset':
      case 'unread':
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
      case 'fetch':
        this.#noteFlags(change.row.uid ?? this.#known.at(change.row.sequence - 1), change.row);
        break;
      case 'status': {
        const { utf8 } = this.#running();
        const [, ...others] = this.names;
        const name = others.find((other) => encodeMailboxName(other, utf8) === change.raw);
        if (name === undefined) break;
        if (name === this.#asking) this.#asking = undefined;
        else this.#others.add(name);
      }
    }
    if (this.hasNews) this.wake();
  }

  #noteFlags(
    uid: number | undefined,
    { flags, modSeq }: { flags: readonly string[] | undefined; modSeq: string | undefined },
  ): void {
    if (uid === undefined || flags === undefined) return;
    if (this.#flags.size >= mostFlags) {
      this.#flags.clear();
      this.#flagsAreLost = true;
    }
    this.#flags.delete(uid);
    this.#flags.set(uid, withoutRecent(flags));
    // What is asked for by this number has to be there first.
    if (this.#catchesUp) return;
    if (modSeq !== undefined && this.#modSeq !== undefined && BigInt(modSeq) > BigInt(this.#modSeq))
      this.#modSeq = modSeq;
  }

  /** A server may say that four thousand million messages vanished: only those count that were there. */
  #remove(uids: UidSet): void {
    const left = this.#known.without(uids);
    this.#gone = this.#gone.union(this.#known.without(left));
    this.#known = left;
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
      found =
        where === 'behind'
          ? await search(this.#running(), { uid: `${last + 1}:*` }, call)
          : await present(this.#running(), call);
    } catch (error) {
      this.#look = 'everywhere';
      // GreenMail has no such search (BAD): all messages, then.
      if (where !== 'behind' || !isRefusedForGood(error)) throw error;
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

  async #newStatuses(call: CallOptions): Promise<void> {
    for (const mailbox of this.#others) {
      this.#others.delete(mailbox);
      this.#asking = mailbox;
      const now = await status(this.#running(), mailbox, statusNames, call).catch((error) => {
        this.#others.add(mailbox);
        throw error;
      });
      this.#asking = undefined;
      const text = JSON.stringify(now);
      const before = this.#statuses.get(mailbox);
      this.#statuses.set(mailbox, text);
      if (before !== undefined && before !== text)
        this.#events.push({ type: 'status', mailbox, status: now });
    }
  }

  #running(): CommandRunner {
    return this.#runner as CommandRunner;
  }

  #session(): CommandRunner['session'] {
    return this.#running().session;
  }
}

/** Whether the events tell of this message already: as new, or with its flags. */
const isIn = (events: readonly MailboxEvent[], uid: number): boolean =>
  events.some((event) =>
    event.type === 'flags' ? event.uid === uid : event.type === 'new' && event.uids.has(uid),
  );
