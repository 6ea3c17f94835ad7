/** QUOTA, RFC 9208: GETQUOTAROOT, GETQUOTA, SETQUOTA. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import { requireCapability, unreadable } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { extensionData, mailboxData } from '../extension-data.js';
import {
  parseQuota,
  parseQuotaRoots,
  type Quota,
  type QuotaRoots,
} from '../grammar/account-data.js';
import { type Argument, atom, list, mailbox, number, string } from '../grammar/encoder.js';
import { encodeMailboxName, type MailboxName } from '../grammar/mailbox-name.js';
import type { Response } from '../grammar/response.js';

/** The quota roots that count what is stored in the mailbox. */
export async function quota(
  runner: CommandRunner,
  name: MailboxName,
  options?: CallOptions,
): Promise<Quota[]> {
  const args = [mailbox(name)];
  const asked = encodeMailboxName(name, runner.utf8);
  requireCapability(runner, ['QUOTA'], 'quota');
  const found: Quota[] = [];
  const roots: QuotaRoots[] = [];
  let isOfAnother = false;
  await runner.run(
    {
      verb: 'GETQUOTAROOT',
      args,
      wire: { as: 'quota' },
      answeredBy: ['QUOTA', 'QUOTAROOT'],
      claim: (response, frame) => {
        const one = extensionData(runner, response, frame, 'QUOTA', parseQuota);
        if (one !== undefined) found.push(one);
        if (one !== undefined || !isOther(response, 'QUOTAROOT')) return one !== undefined;
        const root = mailboxData(runner, response, frame, 'QUOTAROOT', parseQuotaRoots, asked);
        if (root !== undefined) roots.push(root);
        else isOfAnother = true;
        return true;
      },
    },
    options,
  );
  // The QUOTAs behind it are of that mailbox as well.
  if (isOfAnother && roots.length === 0)
    throw runner.connection.locate(
      unreadable('GETQUOTAROOT', 'QUOTAROOT does not name its mailbox'),
    );
  return ownQuotas(runner, found, roots);
}

/** Those whose roots QUOTAROOT names; where it names none of them, or is not there, all of them. */
function ownQuotas(
  { session }: CommandRunner,
  found: readonly Quota[],
  given: readonly QuotaRoots[],
): Quota[] {
  const tell = (problem: string, root: string): void => {
    session.apply({ type: 'malformed', problem, text: `QUOTA "${root}"` });
  };
  const named = new Set(given.flatMap(({ roots }) => roots));
  const isNamed = ({ root }: Quota): boolean => named.has(root);
  const isClear = found.some(isNamed);
  for (const { root } of found) {
    if (given.length > 0 && !named.has(root)) tell('QUOTAROOT does not name its root', root);
  }
  for (const root of named) {
    if (!found.some((quota) => quota.root === root)) tell('it is missing', root);
  }
  return isClear ? found.filter(isNamed) : [...found];
}

/** @throws UsageError `ERR_ARGUMENT` */
export function quotaLimits(root: string, limits: Readonly<Record<string, number>>): Argument[] {
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits)) {
    throw new UsageError('ERR_ARGUMENT', 'limits must be an object such as { STORAGE: 512_000 }', {
      argument: 'limits',
    });
  }
  const words = Object.entries(limits).flatMap(([name, limit]) => [
    atom(name, 'limits'),
    number(limit, `limits.${name}`),
  ]);
  return [string(root, 'root'), list(words)];
}

/** Sets the limits of a quota root, which needs an administrator's rights. Resources that are not named lose theirs. */
export async function setQuota(
  runner: CommandRunner,
  root: string,
  limits: Readonly<Record<string, number>>,
  options?: CallOptions,
): Promise<void> {
  const args = quotaLimits(root, limits);
  const { capabilities } = runner.session;
  requireCapability(runner, ['QUOTA'], 'setQuota');
  // RFC 9208 §3.1: a server that names its resources names QUOTASET too; one of RFC 2087 knows neither.
  if ([...capabilities].some((name) => name.startsWith('QUOTA=RES-')))
    requireCapability(runner, ['QUOTASET'], 'setQuota');
  await runner.run(
    {
      verb: 'SETQUOTA',
      args,
      claim: (response) => isOther(response, 'QUOTA'),
    },
    options,
  );
}

const isOther = (response: Response, name: string): boolean =>
  response.type === 'other' && response.name === name;
