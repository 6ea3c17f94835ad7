/** STATUS, RFC 9051 §6.3.11; SIZE, RFC 8438; HIGHESTMODSEQ, RFC 7162; MAILBOXID, RFC 8474. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import { requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, list, mailbox, syntax } from '../grammar/encoder.js';
import type { StatusData } from '../grammar/mailbox-data.js';
import {
  decodeMailboxName,
  encodeMailboxName,
  type MailboxName,
  mayBeSame,
} from '../grammar/mailbox-name.js';
import type { WireUse } from '../wire-sharing.js';

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

/** Items of extensions, and the capabilities of which one has to be there. */
const needs: Partial<Record<StatusItem, readonly string[]>> = {
  size: ['STATUS=SIZE'],
  deleted: ['QUOTA=RES-MESSAGE', 'IMAP4REV2'],
  highestModSeq: ['CONDSTORE'],
  mailboxId: ['OBJECTID'],
};

/** @throws CommandError `ERR_EXTENSION_REQUIRED`: servers answer BAD to items that they do not know */
export function requireStatusItems(runner: CommandRunner, items: readonly StatusItem[]): void {
  for (const item of items) {
    const anyOf = needs[item];
    if (anyOf !== undefined)
      requireCapability(runner, anyOf, `status with ${item}`, 'Leave the item out.');
  }
}

export function toStatus({ items }: StatusData): Partial<StatusResult> {
  const status: Partial<Record<StatusItem, number | string>> = {};
  for (const [item, name] of Object.entries(wireNames) as [StatusItem, string][]) {
    const value = items.get(name);
    if (value === undefined) continue;
    if (item === 'highestModSeq' || item === 'mailboxId') status[item] = String(value);
    else if (typeof value === 'number') status[item] = value;
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
  const wanted = statusItems(items);
  const raw = sameName(encodeMailboxName(name, runner.utf8));
  requireStatusItems(runner, items);
  const wires: WireUse[] = [{ as: 'status', mailbox: raw }, { as: 'status' }];
  for (const wire of wires) {
    let found: Partial<StatusResult> | undefined;
    let unclear = false;
    const unread: string[] = [];
    let told = 0;
    await runner.run(
      {
        verb: 'STATUS',
        args: [mailbox(name), wanted],
        wire,
        answeredBy: [],
        claim: (response, _frame, sole) => {
          if (response.type !== 'status-data' || ++told > mostTold) return false;
          const { data } = response;
          // Servers write names in their own way, in another normal form for instance. Alone, what may be the answer is it.
          if (sameName(data.raw) !== raw && !(sole() && mayBeSame(data.raw, raw))) {
            unclear ||= mayBeSame(data.raw, raw);
            return false;
          }
          unread.push(...data.unread);
          // Another one may be NOTIFY's, with items of its own choice.
          found = { ...found, ...toStatus(data) };
          return true;
        },
      },
      options,
    );
    if (found === undefined && unclear && wire.mailbox !== undefined) continue;
    tellMissing(runner, raw, items, found, unread);
    return found ?? {};
  }
  return {};
}

/**
 * A notice for each item that was asked for and has not come.
 * @param unread the names of those that came and could not be read, which is told already
 */
export function tellMissing(
  { session }: CommandRunner,
  raw: string,
  items: readonly StatusItem[],
  found: Partial<StatusResult> = {},
  unread: readonly string[] = [],
): void {
  for (const item of items) {
    const name = wireNames[item];
    if (found[item] !== undefined || unread.includes(name)) continue;
    session.apply({
      type: 'malformed',
      problem: `${name} is missing`,
      text: `STATUS ${decodeMailboxName(raw)}`,
    });
  }
}

/** One is the answer; more may be NOTIFY's. */
const mostTold = 100;

/** INBOX in any case is the same mailbox (RFC 9051 §5.1). */
export const sameName = (raw: string): string => (/^inbox$/i.test(raw) ? 'INBOX' : raw);
