/** SELECT, EXAMINE and UNSELECT, RFC 9051 §6.3.2, §6.3.3, §6.4.2. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { mailbox } from '../grammar/encoder.js';
import { decodeMailboxName, encodeMailboxName, type MailboxName } from '../grammar/mailbox-name.js';
import { SelectedMailbox } from '../session.js';

/** Selects a mailbox. What was selected before is so no longer, whether this works or not (RFC 9051 §6.3.2). */
export async function select(
  runner: CommandRunner,
  name: MailboxName,
  readOnly: boolean,
  options?: CallOptions,
): Promise<SelectedMailbox> {
  const { session } = runner;
  const raw = encodeMailboxName(name, runner.utf8);
  const selecting = new SelectedMailbox(
    typeof name === 'string' ? name : decodeMailboxName(raw),
    raw,
    readOnly,
  );
  try {
    await runner.run(
      {
        verb: readOnly ? 'EXAMINE' : 'SELECT',
        args: [mailbox(name)],
        // Before the first response to this command, what comes is still about the old mailbox.
        onSent: () => {
          session.selecting = selecting;
        },
      },
      options,
    );
    session.selected = selecting;
    return selecting;
  } catch (error) {
    session.selected = undefined;
    throw error;
  } finally {
    session.selecting = undefined;
    session.announce({ type: 'reset' });
  }
}

/** Leaves the selected mailbox without expunging anything. Without UNSELECT the next SELECT does it. */
export async function unselect(runner: CommandRunner, options?: CallOptions): Promise<void> {
  const { session } = runner;
  if (session.selected === undefined) return;
  if (!session.capabilities.has('UNSELECT') && !session.capabilities.has('IMAP4REV2')) return;
  await runner.run({ verb: 'UNSELECT' }, options);
  session.selected = undefined;
}
