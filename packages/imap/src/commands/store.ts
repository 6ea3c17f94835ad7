/** UID STORE, RFC 9051 §6.4.6; UNCHANGEDSINCE and MODIFIED, RFC 7162 §3.1.3; Gmail's labels. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import { halfDone, requireCapability, unreadable } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, flag, list, mailbox, syntax, uidSet } from '../grammar/encoder.js';
import { UidSet } from '../grammar/sequence-set.js';

export interface StoreOptions extends CallOptions {
  /** Only messages that have not changed since this MODSEQ, a decimal string (CONDSTORE). */
  unchangedSince?: string;
}

export interface StoreResult {
  /** Messages that had changed since `unchangedSince`: they are as they were. */
  modified: UidSet;
}

/** What is stored: `+` adds, `-` takes away, without a sign it replaces. */
export type StoreItem = `${'+' | '-' | ''}${'FLAGS' | 'X-GM-LABELS'}`;

/** Silent: the server does not repeat to us what we said. */
export async function store(
  runner: CommandRunner,
  uids: UidSet,
  item: StoreItem,
  values: readonly string[],
  { unchangedSince, ...options }: StoreOptions = {},
): Promise<StoreResult> {
  const isLabels = item.endsWith('X-GM-LABELS');
  const names = list(values.map(isLabels ? label : flag));
  if (isLabels) requireCapability(runner, ['X-GM-EXT-1'], 'storing labels');
  if (values.length === 0 && /^[+-]/.test(item)) return { modified: UidSet.empty };
  const condition = unchangedSince === undefined ? [] : [since(runner, unchangedSince)];
  const pieces = [...uids.pieces(runner.session.messageLimit, runner.session.setCharacters)];
  const answers = await Promise.allSettled(
    pieces.map((piece) =>
      runner
        .run(
          {
            verb: 'UID STORE',
            args: [uidSet(piece), ...condition, syntax(`${item}.SILENT`), names],
            wire: { as: 'store', uids: piece },
            // So it may be answered where some of the messages are gone meanwhile (RFC 7162 §3.1.3).
            answersByNo: ({ code }) => code?.name === 'MODIFIED',
            // With a condition it can't be done again: the second time our own change counts as somebody else's.
            ...(condition.length > 0 ? { findOut: changedBySelf } : {}),
          },
          options,
        )
        .then(({ code }) => {
          if (code?.name !== 'MODIFIED') return [];
          const told = UidSet.ofRanges([...(code.uids ?? [])]);
          const isAsked = piece === UidSet.saved || told.without(piece).size === 0;
          if (told.size > 0 && isAsked) return code.uids ?? [];
          throw runner.connection.locate(
            unreadable(
              'UID STORE',
              `[MODIFIED ${code.text}] does not say which of them`,
              changedBySelf,
            ),
          );
        }),
    ),
  );
  const modified: number[] = [];
  let done = 0;
  for (const answer of answers) {
    if (answer.status === 'rejected') continue;
    modified.push(...answer.value);
    done++;
  }
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed !== undefined) {
    throw done > 0 && condition.length > 0
      ? halfDone(runner, 'UID STORE', changedBySelf, failed.reason)
      : failed.reason;
  }
  return { modified: UidSet.ofRanges(modified) };
}

const changedBySelf =
  'Some of the messages are changed, and have another MODSEQ by that: fetch `flags` and `modSeq` again before you go on.';

/** `\Inbox` and its like go as they are, everything else as text. */
const label = (text: string): Argument =>
  typeof text === 'string' && text.startsWith('\\') ? flag(text) : mailbox(text);

function since(runner: CommandRunner, modSeq: string): Argument {
  if (!/^\d{1,20}$/.test(modSeq)) {
    throw new UsageError('ERR_ARGUMENT', 'unchangedSince must be a MODSEQ, a decimal string', {
      argument: 'unchangedSince',
    });
  }
  requireCapability(runner, ['CONDSTORE'], 'unchangedSince');
  return syntax(`(UNCHANGEDSINCE ${modSeq})`);
}
