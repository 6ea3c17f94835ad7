/**
 * What changed in a mailbox since the last time: resumable after a kill at any point, with CONDSTORE (RFC 7162) and without.
 *
 * Which messages are there is asked with one search, so new and vanished ones are found on every server. With CONDSTORE only
 * flags that changed are fetched, else all. What is new to a caller is decided by comparison with the state.
 */
import { checkOptions } from 'tls-context-core';
import type { CallOptions } from './command.js';
import { unreadable } from './command-error.js';
import type { CommandRunner } from './command-runner.js';
import { enable } from './commands/enable.js';
import { fetchFlags } from './commands/fetch-flags.js';
import { planFetch } from './commands/fetch-plan.js';
import { present } from './commands/present.js';
import { mailbox } from './grammar/encoder.js';
import type { MailboxName } from './grammar/mailbox-name.js';
import type { UidSet } from './grammar/sequence-set.js';
import type { Mailbox } from './mailbox.js';
import type { OpenOptions } from './mailbox-lease.js';
import type { FetchItems, Message } from './message.js';
import { callRules } from './options.js';
import { checkState, SyncHistory, type SyncState, type SyncStep } from './sync-state.js';

/** A change. `state` is what to keep once it has been dealt with: the copy then has it, and all before it. */
export type SyncEvent<I extends FetchItems = FetchItems> = { readonly state: SyncState } & (
  | /** A message that the copy does not have. */
  { type: 'new'; uid: number; message: Message<I & { flags: true }> }
  /** The flags of a message of the copy, without \Recent. */
  | { type: 'flags'; uid: number; flags: readonly string[] }
  /** Messages of the copy that are gone. */
  | { type: 'vanished'; uids: UidSet }
  /** The mailbox has another UIDVALIDITY: everything in the copy is void (RFC 9051 §2.3.1.1). */
  | { type: 'reset'; uidValidity: number }
);

export interface SyncContext {
  runner: CommandRunner;
  open(name: MailboxName, options: OpenOptions): Promise<Mailbox>;
}

/** @throws UsageError `ERR_ARGUMENT` */
export function checkSync(
  name: MailboxName,
  state: SyncState | undefined,
  items: FetchItems = {},
  options: CallOptions = {},
): void {
  checkOptions(options, callRules);
  mailbox(name);
  checkState(state);
  planFetch(items);
}

/**
 * 0 for a mailbox that never had one. Where there was one, a SELECT without it says nothing: the copy is not void for that.
 * @throws RemoteProtocolError
 */
function validityOf(
  { connection, session }: CommandRunner,
  { uidValidity }: Mailbox,
  before: SyncState | undefined,
): number {
  if (uidValidity !== undefined) return uidValidity;
  if (!session.selected?.uidValidityIsUnread && !before?.uidValidity) return 0;
  throw connection.locate(unreadable('SELECT', 'no UIDVALIDITY that can be read'));
}

type WithoutState<E> = E extends unknown ? Omit<E, 'state'> : never;
interface Change<I extends FetchItems> {
  event: WithoutState<SyncEvent<I>>;
  step: SyncStep;
}

export async function* sync<const I extends FetchItems>(
  { runner, open }: SyncContext,
  name: MailboxName,
  before: SyncState | undefined,
  items: I,
  options: CallOptions,
): AsyncGenerator<SyncEvent<I>, void, undefined> {
  if (runner.session.selected === undefined) await enable(runner, ['CONDSTORE'], options);
  const mailbox = await open(name, { ...options, readOnly: true, wait: true });
  try {
    const uidValidity = validityOf(runner, mailbox, before);
    const until: Until = { modSeq: hasModSeq(runner) ? mailbox.highestModSeq : undefined };
    const history = new SyncHistory(before ?? { uidValidity, uids: '', flags: {} });
    const dated = (event: WithoutState<SyncEvent<I>>, steps: number): SyncEvent<I> =>
      ({
        ...event,
        get state() {
          return history.after(steps);
        },
      }) as SyncEvent<I>;
    // The last event carries the end of the whole run, so each is held back until there is another one.
    let held: { event: WithoutState<SyncEvent<I>>; steps: number } | undefined;
    const found = changes(runner, mailbox, uidValidity, history, before, items, until, options);
    for await (const { event, step } of found) {
      if (held !== undefined) yield dated(held.event, held.steps);
      held = { event, steps: history.add(step) };
    }
    if (held !== undefined)
      yield dated(held.event, history.add({ type: 'end', modSeq: until.modSeq }));
  } finally {
    await mailbox.close();
  }
}

/** Up to where the flags will be known when all events are through. */
interface Until {
  modSeq: string | undefined;
}

const isAtMost = (modSeq: string | undefined, highest: string): boolean =>
  modSeq !== undefined && BigInt(modSeq) <= BigInt(highest);

/** Messages that may have come or gone while the search was under way. */
const slack = 10_000;

const hasModSeq = ({ session: { capabilities } }: CommandRunner): boolean =>
  capabilities.has('CONDSTORE');

async function* changes<const I extends FetchItems>(
  runner: CommandRunner,
  mailbox: Mailbox,
  uidValidity: number,
  { now }: SyncHistory,
  before: SyncState | undefined,
  items: I,
  until: Until,
  options: CallOptions,
): AsyncGenerator<Change<I>, void, undefined> {
  const isReset = before !== undefined && before.uidValidity !== uidValidity;
  if (isReset) {
    const reset = { type: 'reset', uidValidity } as const;
    yield { event: reset, step: reset };
  }
  const known = now.uids;
  const there = await present(runner, options);
  // Each would cost a command: a server that finds far more than there is could keep us busy for ever.
  const { exists } = mailbox;
  if (
    exists !== undefined &&
    (there.size > exists * 2 + slack || (there.size === 0 && exists > 0))
  ) {
    throw runner.connection.fail(
      runner.connection.malformed(
        `about ${exists} messages, as EXISTS says`,
        `a search that finds ${there.size}`,
      ),
    );
  }
  const gone = known.without(there);
  if (gone.size > 0) {
    const vanished = { type: 'vanished', uids: gone } as const;
    yield { event: vanished, step: vanished };
  }
  const kept = known.without(gone);
  const highest = until.modSeq;
  // A mailbox that counts no changes (NOMODSEQ), or that was put back from an older copy, says nothing of those since.
  const since =
    isReset || highest === undefined || !isAtMost(before?.modSeq, highest)
      ? undefined
      : before?.modSeq;
  const unchanged = since !== undefined && since === highest;
  if (kept.size > 0 && !unchanged) {
    const unread = (): void => {
      until.modSeq = before?.modSeq; // what could not be read now has not been told: it is asked for again
    };
    for await (const { uid, flags } of fetchFlags(runner, kept, since, { ...options, unread })) {
      if (now.hasFlags(uid, flags)) continue;
      const changed = { type: 'flags', uid, flags } as const;
      yield { event: changed, step: changed };
    }
  }
  const fresh = there.without(known);
  if (fresh.size === 0) return;
  const wanted = { ...items, flags: true } as const;
  for await (const message of mailbox.fetch(fresh, wanted, options)) {
    const { uid, flags } = message as unknown as Message<{ flags: true }>;
    // Without a UID it cannot be told apart from others, so it cannot be kept.
    if (uid === 0 || now.has(uid)) continue;
    yield {
      event: { type: 'new', uid, message } as unknown as Change<I>['event'],
      step: { type: 'flags', uid, flags },
    };
  }
}
