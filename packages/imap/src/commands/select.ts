/** SELECT, EXAMINE and UNSELECT, RFC 9051 §6.3.2, §6.3.3, §6.4.2; with what changed since the last time, RFC 7162 §3.2.5. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, mailbox, syntax } from '../grammar/encoder.js';
import { withoutRecent } from '../grammar/flags.js';
import { decodeMailboxName, encodeMailboxName, type MailboxName } from '../grammar/mailbox-name.js';
import type { Response } from '../grammar/response.js';
import { UidSet, type Uids } from '../grammar/sequence-set.js';
import { SelectedMailbox } from '../session.js';
import { enable } from './enable.js';

/** What the caller knows of a mailbox from before. */
export interface KnownMailbox {
  uidValidity: number;
  /** The highest MODSEQ that was seen, a decimal string: `mailbox.highestModSeq`. */
  modSeq: string;
  /** The messages that the caller knows. Default: all. */
  uids?: Uids;
}

/** What happened since, as the server told with SELECT. */
export interface Resync {
  /** Messages that are gone. It may name some that the caller never knew. */
  readonly vanished: UidSet;
  /** New messages, and those whose flags changed: their flags now, without \Recent. */
  readonly changed: readonly {
    uid: number;
    flags: readonly string[];
    modSeq: string | undefined;
  }[];
}

/** Selects a mailbox. What was selected before is so no longer, whether this works or not (RFC 9051 §6.3.2). */
export async function select(
  runner: CommandRunner,
  name: MailboxName,
  readOnly: boolean,
  { resync, ...options }: CallOptions & { resync?: KnownMailbox } = {},
): Promise<SelectedMailbox> {
  const { session } = runner;
  const parameter = resync === undefined ? undefined : resyncParameter(resync);
  if (parameter !== undefined) await enable(runner, ['QRESYNC'], options);
  const asks = parameter !== undefined && session.enabled.has('QRESYNC');
  const told = new ToldSince(runner);
  const raw = encodeMailboxName(name, runner.utf8);
  const selecting = new SelectedMailbox(
    typeof name === 'string' ? name : decodeMailboxName(raw),
    raw,
    readOnly,
  );
  let accepted = false;
  try {
    await runner.run(
      {
        verb: readOnly ? 'EXAMINE' : 'SELECT',
        args: [mailbox(name), ...(asks ? [parameter] : [])],
        ...(asks
          ? { claim: (response: Response) => told.claim(response, selecting.exists ?? 0) }
          : {}),
        // Before the first response to this command, what comes is still about the old mailbox.
        onSent: () => session.select(selecting),
      },
      options,
    );
    accepted = true;
    // Of another UIDVALIDITY the server tells nothing: what is known is void.
    // What cannot be read may be any change: then nothing is known of those since.
    if (asks && selecting.uidValidity === resync?.uidValidity && !told.isUnread)
      selecting.resync = told;
    return selecting;
  } finally {
    session.selectEnds(accepted);
  }
}

/** "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] ")". @throws UsageError `ERR_ARGUMENT` */
export function resyncParameter({ uidValidity, modSeq, uids }: KnownMailbox): Argument {
  if (!Number.isSafeInteger(uidValidity) || uidValidity < 1)
    throw wrong('uidValidity must be that of the mailbox');
  if (typeof modSeq !== 'string' || !/^[1-9]\d{0,19}$/.test(modSeq))
    throw wrong('modSeq must be a MODSEQ, a decimal string');
  const known = uids === undefined ? undefined : UidSet.from(uids);
  if (known === UidSet.saved || known?.last === Number.POSITIVE_INFINITY)
    throw wrong('uids must be the UIDs that are known, without *');
  const words = [uidValidity, modSeq, ...(known === undefined || known.size === 0 ? [] : [known])];
  return syntax(`(QRESYNC (${words.join(' ')}))`);
}

const wrong = (message: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `resync: ${message}`, { argument: 'resync' });

/** Collects what the server tells about the time since. */
class ToldSince implements Resync {
  vanished: UidSet = UidSet.empty;
  readonly changed: { uid: number; flags: readonly string[]; modSeq: string | undefined }[] = [];
  readonly #runner: CommandRunner;
  #isUnread = false;

  constructor(runner: CommandRunner) {
    this.#runner = runner;
  }

  /** Something of it could not be read. */
  get isUnread(): boolean {
    return this.#isUnread;
  }

  claim(response: Response, exists: number): boolean {
    if (response.type === 'vanished' && response.data.earlier) {
      this.vanished = this.vanished.union(response.data.uids);
      return true;
    }
    if (response.type === 'malformed' && /^(?:VANISHED|\d+ +(?:UID)?FETCH)\b/i.test(response.text))
      this.#isUnread = true;
    if (response.type !== 'fetch') return false;
    if (response.row.problems.length > 0) this.#isUnread = true;
    if (response.row.uid === undefined) {
      this.#isUnread = true;
      return false;
    }
    const { uid, flags, modSeq } = response.row;
    const { connection, limits } = this.#runner;
    const most = Math.max(exists, limits.unsolicited);
    if (this.changed.length >= most) throw connection.exceeded('unsolicited', limits.unsolicited);
    if (flags !== undefined) this.changed.push({ uid, flags: withoutRecent(flags), modSeq });
    return true;
  }
}

/** Leaves the selected mailbox without expunging anything. Without UNSELECT (RFC 3691) the next SELECT does it. */
export async function unselect(runner: CommandRunner, options?: CallOptions): Promise<void> {
  const { session } = runner;
  if (session.selected === undefined) return;
  if (!session.capabilities.has('UNSELECT')) return;
  await runner.run({ verb: 'UNSELECT' }, options);
  session.unselect();
}
