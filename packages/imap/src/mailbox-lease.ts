/**
 * Who uses the selected mailbox. IMAP selects one at a time on a connection, so a mailbox is leased: several holders of
 * one name share it, another name has to wait or goes to another connection.
 */
import { abandonOnAbort } from '@fivewire/line-protocol';
import { checkOptions, UsageError } from 'tls-context-core';
import type { CallOptions } from './command.js';
import type { CommandRunner } from './command-runner.js';
import { type KnownMailbox, resyncParameter, select } from './commands/select.js';
import { mailbox } from './grammar/encoder.js';
import { encodeMailboxName, type MailboxName } from './grammar/mailbox-name.js';
import { openRules } from './options.js';
import type { SelectedMailbox } from './session.js';

export interface OpenOptions extends CallOptions {
  /** EXAMINE instead of SELECT: nothing can change, \Recent included. Default `false`. */
  readOnly?: boolean;
  /** Wait while another mailbox is open on this connection, instead of `ERR_WOULD_DEADLOCK`. Default `false`. */
  wait?: boolean;
  /**
   * What is known of the mailbox from before: the server then tells what changed since (QRESYNC, RFC 7162), see
   * `mailbox.resync`. Enables QRESYNC where the server has it.
   */
  resync?: KnownMailbox;
}

/** @throws UsageError `ERR_ARGUMENT` */
export function checkOpen(name: MailboxName, options: OpenOptions): void {
  checkOptions(options, openRules);
  mailbox(name);
  if (options.resync !== undefined) resyncParameter(options.resync);
}

/** The connection's one selected mailbox, leased by its holders. */
export class Lease {
  readonly raw: string;
  selected: SelectedMailbox | undefined;
  holders = 0;
  /** The SELECT on its way. */
  opening: Promise<void> = Promise.resolve();

  constructor(raw: string) {
    this.raw = raw;
  }
}

export class MailboxLeases {
  readonly #runner: CommandRunner;
  #lease: Lease | undefined;
  #released: (() => void)[] = [];

  constructor(runner: CommandRunner) {
    this.#runner = runner;
  }

  /** The raw name of the mailbox that has holders. */
  get held(): string | undefined {
    return this.#lease?.raw;
  }

  /**
   * Selects the mailbox, or joins those who have it. Give the lease back with {@link release}.
   * @throws UsageError `ERR_WOULD_DEADLOCK` while another one is leased, without `wait`
   */
  async take(
    name: MailboxName,
    { readOnly = false, wait = false, ...options }: OpenOptions,
  ): Promise<Lease> {
    const raw = encodeMailboxName(name, this.#runner.utf8);
    for (let lease = this.#lease; lease !== undefined && lease.raw !== raw; lease = this.#lease) {
      if (!wait) throw wouldDeadlock(lease.raw, raw);
      const released = new Promise<void>((resolve) => this.#released.push(resolve));
      await abandonOnAbort(released, options.signal, { command: 'SELECT' });
    }
    const lease = this.#lease ?? new Lease(raw);
    this.#lease = lease;
    lease.holders++;
    // One after the other: whoever joins sees what the one before has selected, and may need more than that.
    const before = lease.opening;
    const opening = before
      .catch(() => {})
      .then(() => this.#ensureSelected(lease, name, readOnly, options));
    lease.opening = opening;
    opening.catch(() => {});
    try {
      await opening;
      return lease;
    } catch (error) {
      this.release(lease);
      throw error;
    }
  }

  release(lease: Lease): void {
    if (--lease.holders > 0 || this.#lease !== lease) return;
    this.#lease = undefined;
    for (const resolve of this.#released.splice(0)) resolve();
  }

  async #ensureSelected(
    lease: Lease,
    name: MailboxName,
    readOnly: boolean,
    options: CallOptions & { resync?: KnownMailbox },
  ): Promise<void> {
    const { session } = this.#runner;
    const isSelected =
      lease.selected !== undefined &&
      options.resync === undefined &&
      session.selected === lease.selected &&
      !lease.selected.invalid;
    // A holder who reads only must not keep the next one from writing: the mailbox is selected anew.
    if (isSelected && (readOnly || !lease.selected?.examined)) return;
    lease.selected = await select(this.#runner, name, readOnly, options);
  }
}

const wouldDeadlock = (held: string, wanted: string): UsageError =>
  new UsageError(
    'ERR_WOULD_DEADLOCK',
    `${wanted} cannot be opened while ${held} is open on this connection`,
    {
      command: 'SELECT',
      argument: 'name',
      hint: 'close() the other mailbox first, pass { wait: true } if another holder will, or use createImapPool: its open() takes another connection.',
    },
  );
