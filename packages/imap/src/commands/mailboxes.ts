/** CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE: RFC 9051 §6.3.4 to §6.3.8; CREATE-SPECIAL-USE, RFC 6154 §3. */

import type { CallOptions } from '../command.js';
import { extensionRequired } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { flag, list, mailbox, syntax } from '../grammar/encoder.js';
import type { MailboxName } from '../grammar/mailbox-name.js';

export interface CreateOptions extends CallOptions {
  /** Such as `'\\Archive'` (CREATE-SPECIAL-USE). */
  specialUse?: string;
}

/** @returns the new mailbox's OBJECTID, where the server tells it */
export async function create(
  runner: CommandRunner,
  name: MailboxName,
  { specialUse, ...options }: CreateOptions = {},
): Promise<{ mailboxId?: string }> {
  const use = specialUse === undefined ? [] : [list([syntax('USE'), list([flag(specialUse)])])];
  if (specialUse !== undefined && !runner.session.capabilities.has('CREATE-SPECIAL-USE')) {
    throw extensionRequired(
      'CREATE-SPECIAL-USE',
      'create with specialUse',
      'Create the mailbox without `specialUse`.',
    );
  }
  const { code } = await runner.run(
    { verb: 'CREATE', args: [mailbox(name), ...use], findOut: lookAtList },
    options,
  );
  const mailboxId = code?.name === 'MAILBOXID' ? code.words?.[0] : undefined;
  return mailboxId === undefined ? {} : { mailboxId };
}

const lookAtList =
  'It may have been done: connect again and look with list() before you do it once more.';

const simple =
  (verb: string) =>
  async (runner: CommandRunner, name: MailboxName, options?: CallOptions): Promise<void> => {
    await runner.run({ verb, args: [mailbox(name)] }, options);
  };

/** With all messages in it. */
export const deleteMailbox: (
  runner: CommandRunner,
  name: MailboxName,
  options?: CallOptions,
) => Promise<void> = simple('DELETE');
export const subscribe: (
  runner: CommandRunner,
  name: MailboxName,
  options?: CallOptions,
) => Promise<void> = simple('SUBSCRIBE');
export const unsubscribe: (
  runner: CommandRunner,
  name: MailboxName,
  options?: CallOptions,
) => Promise<void> = simple('UNSUBSCRIBE');

export async function rename(
  runner: CommandRunner,
  from: MailboxName,
  to: MailboxName,
  options?: CallOptions,
): Promise<void> {
  await runner.run(
    { verb: 'RENAME', args: [mailbox(from), mailbox(to)], findOut: lookAtList },
    options,
  );
}
