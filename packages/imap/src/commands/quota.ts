/** QUOTA, RFC 9208: GETQUOTAROOT, GETQUOTA, SETQUOTA. */
import type { CallOptions } from '../command.js';
import { requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import type { Quota } from '../grammar/account-data.js';
import { atom, list, mailbox, number, string } from '../grammar/encoder.js';
import type { MailboxName } from '../grammar/mailbox-name.js';

/** The quota roots that count what is stored in the mailbox. */
export async function quota(
  runner: CommandRunner,
  name: MailboxName,
  options?: CallOptions,
): Promise<Quota[]> {
  requireCapability(runner, ['QUOTA'], 'quota');
  const found: Quota[] = [];
  await runner.run(
    {
      verb: 'GETQUOTAROOT',
      args: [mailbox(name)],
      wire: { as: 'quota' },
      claim: (response) => {
        if (response.type === 'quota') found.push(response.quota);
        return response.type === 'quota' || response.type === 'quota-roots';
      },
    },
    options,
  );
  return found;
}

/** Sets the limits of a quota root, which needs an administrator's rights. Resources that are not named lose theirs. */
export async function setQuota(
  runner: CommandRunner,
  root: string,
  limits: Readonly<Record<string, number>>,
  options?: CallOptions,
): Promise<void> {
  requireCapability(runner, ['QUOTASET', 'QUOTA'], 'setQuota');
  const words = Object.entries(limits).flatMap(([name, limit]) => [
    atom(name, 'limits'),
    number(limit, `limits.${name}`),
  ]);
  await runner.run(
    {
      verb: 'SETQUOTA',
      args: [string(root, 'root'), list(words)],
      claim: (response) => response.type === 'quota',
    },
    options,
  );
}
