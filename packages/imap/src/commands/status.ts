/** STATUS, RFC 9051 §6.3.11; SIZE, RFC 8438; HIGHESTMODSEQ, RFC 7162; MAILBOXID, RFC 8474. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, list, mailbox, syntax } from '../grammar/encoder.js';
import type { StatusData } from '../grammar/mailbox-data.js';
import type { MailboxName } from '../grammar/mailbox-name.js';

export interface StatusResult {
  messages: number;
  recent: number;
  uidNext: number;
  uidValidity: number;
  unseen: number;
  deleted: number;
  /** Octets of all messages. */
  size: number;
  /** A decimal string. */
  highestModSeq: string;
  mailboxId: string;
}

export type StatusItem = keyof StatusResult;

const wireNames: Record<StatusItem, string> = {
  messages: 'MESSAGES',
  recent: 'RECENT',
  uidNext: 'UIDNEXT',
  uidValidity: 'UIDVALIDITY',
  unseen: 'UNSEEN',
  deleted: 'DELETED',
  size: 'SIZE',
  highestModSeq: 'HIGHESTMODSEQ',
  mailboxId: 'MAILBOXID',
};

/** The parenthesised list of items. */
export function statusItems(items: readonly StatusItem[]): Argument {
  if (
    !Array.isArray(items) ||
    items.length === 0 ||
    items.some((item) => typeof item !== 'string' || !Object.hasOwn(wireNames, item))
  ) {
    throw new UsageError(
      'ERR_ARGUMENT',
      `status items must be some of ${Object.keys(wireNames).join(', ')}`,
      {
        argument: 'items',
      },
    );
  }
  return list(items.map((item) => syntax(wireNames[item as StatusItem])));
}

export function toStatus({ items }: StatusData): Partial<StatusResult> {
  const status: Partial<Record<StatusItem, number | string>> = {};
  for (const [item, name] of Object.entries(wireNames) as [StatusItem, string][]) {
    const value = items.get(name);
    if (value !== undefined) status[item] = item === 'highestModSeq' ? String(value) : value;
  }
  return status as Partial<StatusResult>;
}

/** What a server leaves out is missing in the result. */
export async function status(
  runner: CommandRunner,
  name: MailboxName,
  items: readonly StatusItem[],
  options?: CallOptions,
): Promise<Partial<StatusResult>> {
  let found: Partial<StatusResult> | undefined;
  await runner.run(
    {
      verb: 'STATUS',
      args: [mailbox(name), statusItems(items)],
      claim: (response) => {
        if (response.type !== 'status-data' || found !== undefined) return false;
        found = toStatus(response.data);
        return true;
      },
    },
    options,
  );
  return found ?? {};
}
