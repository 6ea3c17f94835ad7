/** NOTIFY, RFC 5465: the server reports on several mailboxes by itself. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { list, mailbox, syntax } from '../grammar/encoder.js';
import type { MailboxName } from '../grammar/mailbox-name.js';

/** @returns false where the server does not have it, says no, or another watch uses it: a session has one setting */
export async function notify(
  runner: CommandRunner,
  names: readonly MailboxName[],
  options?: CallOptions,
): Promise<boolean> {
  const { session } = runner;
  if (!session.capabilities.has('NOTIFY') || session.notifies) return false;
  session.notifies = true;
  const { response } = await runner.runAnyway(
    {
      verb: 'NOTIFY',
      args: [
        syntax('SET (SELECTED (MessageNew MessageExpunge FlagChange)) (MAILBOXES'),
        list(names.map((name) => mailbox(name))),
        syntax('(MessageNew MessageExpunge FlagChange))'),
      ],
    },
    options,
  );
  session.notifies = response.status === 'OK';
  return session.notifies;
}

export async function notifyNone(runner: CommandRunner): Promise<void> {
  runner.session.notifies = false;
  if (runner.connection.isOpen) await runner.run({ verb: 'NOTIFY', args: [syntax('NONE')] });
}
