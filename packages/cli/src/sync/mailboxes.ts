/** Which mailboxes are copied into which: one, or all of an account, level by level. */
import type { ImapClient } from '@fivewire/imap';
import type { Context } from '../context.js';
import { line } from '../output.js';

export interface ServerMailbox {
  name: string;
  levels: string[];
}

/** Mailboxes that show messages of others: copied too, each message would be there twice (RFC 6154 §2). */
const virtual = new Set(['\\All', '\\Flagged', '\\Important']);

export async function serverMailboxes(
  imap: ImapClient,
  { signal, out }: Context,
): Promise<ServerMailbox[]> {
  const found: ServerMailbox[] = [];
  for await (const { name, delimiter, selectable, specialUse } of imap.list({ signal })) {
    if (!selectable) continue;
    if (specialUse !== undefined && virtual.has(specialUse))
      out.detail(`${line(name)} shows messages of other mailboxes: left out`);
    else found.push({ name, levels: delimiter === null ? [name] : name.split(delimiter) });
  }
  return found;
}

/** What separates levels on a server; `/` where it has none, or none yet. */
export async function delimiterOf(imap: ImapClient, { signal }: Context): Promise<string> {
  for await (const { delimiter } of imap.list({ signal, pattern: '%' }))
    if (delimiter !== null) return delimiter;
  return '/';
}
