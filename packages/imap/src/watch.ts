/**
 * What happens in mailboxes, as it happens: by NOTIFY (RFC 5465) where several are watched, else by IDLE (RFC 2177) for the
 * first and STATUS now and then for the others. A link that dies is made anew, and what happened meanwhile is found by
 * comparing UIDs and modification sequences.
 */
import { checkOptions, UsageError } from 'tls-context-core';
import type { CallOptions } from './command.js';
import type { CommandRunner } from './command-runner.js';
import { enable } from './commands/enable.js';
import { idle, idleRefresh } from './commands/idle.js';
import { notify, notifyNone } from './commands/notify.js';
import type { StatusResult } from './commands/status.js';
import { mailbox } from './grammar/encoder.js';
import type { MailboxName } from './grammar/mailbox-name.js';
import type { UidSet } from './grammar/sequence-set.js';
import type { Mailbox } from './mailbox.js';
import type { OpenOptions } from './mailbox-lease.js';
import { watchRules } from './options.js';
import { pauseBefore, pauseOf, survivable } from './reconnect.js';
import { Watcher } from './watcher.js';

/** What changed in a mailbox. `mailbox` is the name as it was given to `watch`. */
export type MailboxEvent =
  /** Messages that were not there before, ascending. */
  | { type: 'new'; mailbox: MailboxName; uids: UidSet; messages: number }
  /** Messages that are gone. */
  | { type: 'expunged'; mailbox: MailboxName; uids: UidSet; messages: number }
  /** A message's flags, as they are now, without \Recent. */
  | { type: 'flags'; mailbox: MailboxName; uid: number; flags: readonly string[] }
  /** After a new connection the mailbox has another UIDVALIDITY: all UIDs from before are void, and these are there now. */
  | { type: 'reset'; mailbox: MailboxName; uids: UidSet; messages: number }
  /** Something changed in one of the further mailboxes: these are its numbers now. */
  | { type: 'status'; mailbox: MailboxName; status: Partial<StatusResult> };

export interface WatchOptions extends CallOptions {
  /** Report messages with this UID and above as new at the start, if they are there already. Default: none. */
  from?: number;
  /** Restart IDLE after so many milliseconds, below the server's and any firewall's limit. Default 9 minutes. */
  refresh?: number;
  /**
   * Ask about the other mailboxes where the server has no NOTIFY, and about the first where it has no IDLE, so often. Default
   * 60,000 ms.
   */
  interval?: number;
  /**
   * Go on over a new connection when this one is lost. Default `true`, but for a session on a `stream` that was given. The
   * client itself stays closed; the new connection is the loop's own.
   */
  reconnect?: boolean;
}

/** Where a watch takes place. */
export interface WatchPlace {
  runner: CommandRunner;
  open(name: MailboxName, options: OpenOptions): Promise<Mailbox>;
  /** Lets the connection go. */
  leave(): Promise<void>;
}

export interface WatchContext extends WatchPlace {
  /** The user has said goodbye: the end of the connection is no failure. */
  left(): boolean;
  /** Connects as the first time. `undefined`: that cannot be done. */
  connect: ((signal: AbortSignal | undefined) => Promise<WatchPlace>) | undefined;
}

const longEnough = 60_000;

/** The names. @throws UsageError `ERR_ARGUMENT` */
export function checkWatch(
  names: MailboxName | readonly MailboxName[],
  options: WatchOptions = {},
): [MailboxName, ...MailboxName[]] {
  checkOptions(options, watchRules);
  const all = Array.isArray(names) ? names : [names];
  if (all.length === 0) {
    throw new UsageError('ERR_ARGUMENT', 'watch needs at least one mailbox', {
      argument: 'names',
    });
  }
  for (const name of all) mailbox(name);
  return all as [MailboxName, ...MailboxName[]];
}

/** @param names at least one, checked */
export async function* watch(
  context: WatchContext,
  names: readonly [MailboxName, ...MailboxName[]],
  options: WatchOptions,
): AsyncGenerator<MailboxEvent, void, undefined> {
  const { signal, reconnect = true } = options;
  const watcher = new Watcher(names, options.from);
  let place: WatchPlace | undefined = context;
  let attempts = 0;
  let begunAt = performance.now();
  try {
    for (;;) {
      try {
        if (place === undefined) {
          await pauseBefore(attempts++, signal);
          if (signal?.aborted) return;
          place = await context.connect?.(signal);
          if (place === undefined) return;
        }
        begunAt = performance.now();
        for await (const event of events(place, watcher, options)) {
          yield event;
        }
        return;
      } catch (error) {
        if (signal?.aborted || context.left()) return;
        // What held for a while was good: it is tried at once again.
        if (performance.now() - begunAt > longEnough) attempts = 0;
        const pause = watcher.hasBegun ? pauseOf(error) : undefined;
        if (pause !== undefined) {
          await pauseBefore(attempts++, signal, pause);
          continue;
        }
        if (!reconnect || context.connect === undefined || !survivable(error)) throw error;
        // The client's own link is lost, and not left: leaving is what the user does.
        if (place !== context) await place?.leave();
        place = undefined;
      }
    }
  } finally {
    watcher.detach();
    if (place !== context) await place?.leave();
  }
}

/** The events of one connection, without end. */
async function* events(
  { runner, open }: WatchPlace,
  watcher: Watcher,
  { signal, timeout, refresh = idleRefresh, interval = 60_000 }: WatchOptions,
): AsyncGenerator<MailboxEvent, void, undefined> {
  const call: CallOptions = {
    ...(signal === undefined ? {} : { signal }),
    ...(timeout === undefined ? {} : { timeout }),
  };
  const [first, ...others] = watcher.names;
  if (runner.session.selected === undefined) await enable(runner, ['CONDSTORE'], call);
  const mailbox = await open(first, { ...call, readOnly: true, wait: true });
  let notified = false;
  try {
    watcher.attach(runner);
    yield* await watcher.begin(mailbox.uidValidity, call);
    notified = others.length > 0 && (await notify(runner, others, call));
    for (;;) {
      yield* await watcher.changes(call);
      if (watcher.hasNews) continue;
      await wait(
        runner,
        watcher,
        { notified, refresh, interval, several: others.length > 0 },
        call,
      );
      if (!notified) watcher.lookAtOthers();
    }
  } finally {
    watcher.detach();
    if (notified) await notifyNone(runner).catch(() => {});
    await mailbox.close();
  }
}

interface Waiting {
  /** The server speaks by itself. */
  notified: boolean;
  refresh: number;
  interval: number;
  /** There are mailboxes that IDLE says nothing about. */
  several: boolean;
}

async function wait(
  runner: CommandRunner,
  watcher: Watcher,
  { notified, refresh, interval, several }: Waiting,
  { signal, timeout }: CallOptions,
): Promise<void> {
  const call = timeout === undefined ? {} : { timeout };
  const stop = (): void => watcher.wake();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    const wake = (resolve: () => void): void => {
      watcher.onNews(resolve);
      if (signal?.aborted) resolve();
    };
    if (!notified && runner.session.capabilities.has('IDLE'))
      await idle(runner, several ? Math.min(refresh, interval) : refresh, wake, call);
    else if (!(await pause(runner, notified ? refresh : interval, wake)))
      await runner.run({ verb: 'NOOP', wire: { as: 'noop' } }, call);
  } finally {
    watcher.onNews(undefined);
    signal?.removeEventListener('abort', stop);
  }
  signal?.throwIfAborted();
}

/** @returns whether it was cut short by news */
async function pause(
  runner: CommandRunner,
  milliseconds: number,
  wake: (resolve: () => void) => void,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
    wake(() => resolve(true));
  });
  const woken = await Promise.race([over, runner.connection.closed.then(() => false)]);
  clearTimeout(timer);
  return woken;
}
