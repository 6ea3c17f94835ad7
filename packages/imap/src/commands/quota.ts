/** QUOTA, RFC 9208: GETQUOTAROOT, GETQUOTA, SETQUOTA. */
import { UsageError } from 'tls-context-core';
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
  const args = [mailbox(name)];
  requireCapability(runner, ['QUOTA'], 'quota');
  const found: Quota[] = [];
  await runner.run(
    {
      verb: 'GETQUOTAROOT',
      args,
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
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits)) {
    throw new UsageError('ERR_ARGUMENT', 'limits must be an object such as { STORAGE: 512_000 }', {
      argument: 'limits',
    });
  }
  const words = Object.entries(limits).flatMap(([name, limit]) => [
    atom(name, 'limits'),
    number(limit, `limits.${name}`),
  ]);
  const args = [string(root, 'root'), list(words)];
  requireCapability(runner, ['QUOTASET', 'QUOTA'], 'setQuota');
  await runner.run(
    {
      verb: 'SETQUOTA',
      args,
      claim: (response) => response.type === 'quota',
    },
    options,
  );
}
