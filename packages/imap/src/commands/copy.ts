/** UID COPY and UID MOVE, RFC 9051 §6.4.7, §6.4.8; UID EXPUNGE, RFC 4315 §2.1. */

import type { CallOptions } from '../command.js';
import { halfDone, isNotUnderstood, requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { mailbox, uidSet } from '../grammar/encoder.js';
import type { MailboxName } from '../grammar/mailbox-name.js';
import type { ResponseCode } from '../grammar/response-code.js';
import { countOf, UidMap, UidSet } from '../grammar/sequence-set.js';
import { store } from './store.js';

export interface CopyResult {
  /** Which UID each message has at its new place; there where the server has UIDPLUS. */
  uids?: UidMap;
  /** UIDVALIDITY of the mailbox to which they went. */
  uidValidity?: number;
}

export const copy = (
  runner: CommandRunner,
  uids: UidSet,
  to: MailboxName,
  options?: CallOptions,
): Promise<CopyResult> => transfer(runner, 'UID COPY', uids, to, options);

/**
 * MOVE; where the server does not have it, or does not know it all the same: COPY, then, only after its OK, STORE \Deleted and UID EXPUNGE
 * of just these messages. Never a bare EXPUNGE, which removes what others have marked.
 */
export async function move(
  runner: CommandRunner,
  uids: UidSet,
  to: MailboxName,
  options?: CallOptions,
): Promise<CopyResult> {
  const { capabilities } = runner.session;
  if (capabilities.has('MOVE')) {
    try {
      return await transfer(runner, 'UID MOVE', uids, to, options);
    } catch (error) {
      // What was done in part has its refusal as the cause, and is not done again in another way.
      const isUnknown = isNotUnderstood(error) && (error as Error).cause === undefined;
      if (!isUnknown || !capabilities.has('UIDPLUS')) throw error;
    }
  }
  requireUidPlus(
    runner,
    'move',
    "copy() them and addFlags(uids, ['\\\\Deleted']), and leave it to the server to expunge.",
  );
  const result = await copy(runner, uids, to, options);
  // What COPYUID does not name may be gone, or may not be copied: it stays.
  const source = uids === UidSet.saved ? undefined : result.uids?.source;
  const others = source === undefined ? UidSet.empty : uids.without(source);
  if (others.size > 0) {
    const text = `UID MOVE: COPYUID does not name ${others}: where these messages exist they stay`;
    runner.session.notices.push({ kind: 'malformed', text });
  }
  await removeAfter(runner, 'UID MOVE', source ?? uids, findOut, options);
  return result;
}

/** Removes the originals of what is stored elsewhere by now. */
export async function removeAfter(
  runner: CommandRunner,
  command: string,
  uids: UidSet,
  howToFindOut: string,
  options?: CallOptions,
): Promise<void> {
  try {
    await store(runner, uids, '+FLAGS', ['\\Deleted'], options);
    await expunge(runner, uids, options);
  } catch (error) {
    const hint = runner.connection.isOpen ? copiesAreThere : howToFindOut;
    throw halfDone(runner, command, hint, error);
  }
}

const copiesAreThere =
  "What was to be stored is at the new place, and the old messages are still here: remove them with addFlags(uids, ['\\\\Deleted']) and expunge(uids). Doing all of it again would store it twice.";

const findOut =
  'Some or all of the messages may be at the new place: connect again and compare both mailboxes, by Message-ID for instance, before you do it once more.';

/** UID EXPUNGE: removes those of the messages that have \Deleted, and no others. */
export async function expunge(
  runner: CommandRunner,
  uids: UidSet,
  options?: CallOptions,
): Promise<void> {
  requireUidPlus(
    runner,
    'expunge',
    'This server can only expunge all \\Deleted messages at once, which this package never does.',
  );
  for (const piece of uids.pieces(runner.session.messageLimit, runner.session.setCharacters)) {
    await runner.run({ verb: 'UID EXPUNGE', args: [uidSet(piece)] }, options);
  }
}

/** COPYUID comes with the tagged OK of COPY and in an untagged OK before that of MOVE (RFC 6851 §4.3). */
async function transfer(
  runner: CommandRunner,
  verb: string,
  uids: UidSet,
  to: MailboxName,
  options?: CallOptions,
): Promise<CopyResult> {
  const from: number[] = [];
  const copies: number[] = [];
  let uidValidity: number | undefined;
  let told: string | undefined;
  const note = (code: ResponseCode | undefined): boolean => {
    // Some servers say it twice: before MOVE's OK and in it.
    if (code?.name !== 'COPYUID' || code.text === told) return false;
    told = code.text;
    if (code.uids === undefined || code.copies === undefined) return true;
    const problem =
      uidValidity !== undefined && code.number !== uidValidity
        ? `the UIDVALIDITY was ${uidValidity} before`
        : whyNot(code.uids, code.copies, uids, from);
    if (problem !== undefined) {
      runner.session.notices.push({ kind: 'malformed', text: `[COPYUID ${told}]: ${problem}` });
      return true;
    }
    uidValidity = code.number;
    from.push(...code.uids);
    copies.push(...code.copies);
    return true;
  };
  let done = false;
  for (const piece of uids.pieces(runner.session.messageLimit, runner.session.setCharacters)) {
    try {
      const { code } = await runner.run(
        {
          verb,
          args: [uidSet(piece), mailbox(to)],
          claim: (response) => response.type === 'status' && note(response.code),
          findOut,
        },
        options,
      );
      note(code);
    } catch (error) {
      // MOVE tells of what it has moved before it says that it can't go on (RFC 6851 §3.3).
      throw done || from.length > 0 ? halfDone(runner, verb, findOut, error) : error;
    }
    done = true;
  }
  return uidValidity === undefined || from.length === 0
    ? {}
    : { uids: new UidMap(from, copies), uidValidity };
}

/** Sequence numbers in place of UIDs, for instance: what names messages that nobody asked for says nothing about the others either. */
function whyNot(
  uids: readonly number[],
  copies: readonly number[],
  asked: UidSet,
  before: readonly number[],
): string | undefined {
  const source = UidSet.ofRanges([...before, ...uids]);
  if (source.size !== countOf(before) + countOf(uids)) return 'a message is named twice';
  if (UidSet.ofRanges([...copies]).size !== countOf(copies)) return 'two messages got the same UID';
  const isAsked = asked === UidSet.saved || source.without(asked).size === 0;
  return isAsked ? undefined : 'messages that were not asked for';
}

export function requireUidPlus(runner: CommandRunner, command: string, hint: string): void {
  requireCapability(runner, ['UIDPLUS'], command, hint);
}
